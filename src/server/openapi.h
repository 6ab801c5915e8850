/*
 * openapi.h - the document at /openapi.json: every address, for people and
 * programs (https://spec.openapis.org/oas/v3.1.1).
 *
 * What apps call is described in conf/openapi.json, by hand, for its bodies
 * are the providers'. The pages of the dashboard, which are the management
 * API under /api/v1, are added from their own rows (site/page.h). A test
 * holds it against the table of routes.
 */
#ifndef SERVER_OPENAPI_H
#define SERVER_OPENAPI_H

#include "base/error.h"
#include "base/settings.h"
#include "http/exchange.h"

/* Make the document; the caller frees it with free(). ERR_CONFIG, ERR_IO. */
MUST_USE bool openapi_make(
	const struct settings *settings, char **out, struct error *err);

/* GET /openapi.json; x->app is the gateway. */
void openapi_page(struct http_exchange *x);

#endif
