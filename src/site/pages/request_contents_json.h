/*
 * request_contents_json.h - the bodies of a call, for who may read them: an
 * admin of its project, or of the organisation.
 */
#ifndef SITE_PAGES_REQUEST_CONTENTS_JSON_H
#define SITE_PAGES_REQUEST_CONTENTS_JSON_H

#include "ledger/request_log.h"
#include "site/page.h"

/*
 * Put "contents": its "state" is "none" (nothing was kept), "hidden" (the role
 * does not see it), "sealed" (the master key it was sealed with is gone) or
 * "shown"; then "request" and "response" have "headers", "kept" (as
 * contents_body_name() says) and "body", null where it is not text. Pages get
 * the body's "text" with JSON indented, too. ERR_DATABASE.
 */
MUST_USE bool request_contents_put(struct site_request *request,
	const struct request_row *row, json_t *out, struct error *err);

#endif
