/*
 * health.c - liveness: a process that answers is alive.
 */
#include "server/health.h"

#include "server/page.h"

void health_serve(struct http_exchange *x)
{
	const struct gateway *gateway = x->app;

	if (__atomic_load_n(&gateway->is_draining, __ATOMIC_RELAXED))
		page_answer_json(x, 503,
			S("{\"status\":\"draining\",\"version\":"
			  "\"" LLM_GATEWAY_VERSION "\"}\n"));
	else
		page_answer_json(x, 200,
			S("{\"status\":\"ok\",\"version\":"
			  "\"" LLM_GATEWAY_VERSION "\"}\n"));
}
