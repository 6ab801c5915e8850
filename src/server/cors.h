/*
 * cors.h - pages of other origins that call the API from a browser.
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 *
 * Those of server.cors_origins and of publishable keys may. They send a key in
 * a header: cookies are never allowed, so that no page can act for somebody who
 * is logged in here.
 */
#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include "base/settings.h"
#include "gateway/snapshot.h"
#include "http/exchange.h"

/* Let the page that asks read the answer, where it may. */
void cors_allow(struct http_exchange *x, const struct settings *settings);

/* The same for a page that one of the publishable keys is for; which key may
 * do what there, the call itself finds out. */
void cors_allow_keys(struct http_exchange *x, struct snapshots *snapshots);

/* Answer an OPTIONS request for an address that takes these methods, such as
 * "GET, HEAD, OPTIONS". After cors_allow(). */
void cors_answer_options(struct http_exchange *x, struct str methods);

#endif
