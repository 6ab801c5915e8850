/*
 * cors.c - who may, and what a browser asks before.
 */
#include "server/cors.h"

/* A browser need not ask again for so long; they keep it for two hours at
 * most. */
#define MAX_AGE_S 7200

void cors_allow(struct http_exchange *x, const struct settings *settings)
{
	struct str origin = http_param(x, S("HTTP_ORIGIN"));
	struct str rest = settings->cors_origins;
	struct str allowed;

	if (origin.n == 0)
		return;
	if (str_equal(rest, S("*")))
		x->allow_origin = rest;
	while (str_next_field(&rest, ',', &allowed))
		if (str_equal(str_trim(allowed), origin))
			x->allow_origin = origin;
}

void cors_allow_keys(struct http_exchange *x, struct snapshots *snapshots)
{
	struct str origin = http_param(x, S("HTTP_ORIGIN"));
	struct snapshot *snapshot;

	if (origin.n == 0 || x->allow_origin.n > 0)
		return;
	snapshot = snapshot_pin(snapshots);
	if (!snapshot)
		return;
	if (key_set_serves_origin(snapshot->keys, origin, x->arrived_unix_ms))
		x->allow_origin = origin;
	snapshot_unpin(snapshots, snapshot);
}

void cors_answer_options(struct http_exchange *x, struct str methods)
{
	struct str headers =
		http_param(x, S("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"));

	http_begin(x, 204, NULL);
	http_header(x, "Allow", methods);
	if (x->allow_origin.n > 0) {
		http_header(x, "Access-Control-Allow-Methods", methods);
		/* A '*' would not stand for Authorization. */
		if (headers.n > 0)
			http_header(x, "Access-Control-Allow-Headers", headers);
		http_header_int(x, "Access-Control-Max-Age", MAX_AGE_S);
	}
	http_end(x);
	http_push(x);
}
