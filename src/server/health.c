/*
 * health.c - liveness: a process that answers is alive.
 */
#include "server/health.h"

void health_serve(struct http_exchange *x)
{
	http_begin(x, 200, "application/json");
	http_header(x, "Cache-Control", S("no-store"));
	http_body(x, S("{\"status\":\"ok\",\"version\":\"" LLM_GATEWAY_VERSION
		       "\"}\n"));
	http_end(x);
	http_push(x);
}
