/*
 * health.h - is this process alive, and what it stands on?
 *
 * The first page is for load balancers: it is open to everybody, costs
 * nothing, and says 503 as soon as the process is asked to end. The others
 * are the operator's (server/page.h) and may block: they run on workers.
 */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "gateway/gateway.h"

#define LLM_GATEWAY_VERSION "0.1.0"

/* GET /v1/health, /api/health */
void health_serve(struct http_exchange *x);

/* GET /api/health/detailed, and so on. Those on dependencies answer 503 when
 * one is down that calls need. */
void health_detailed_page(struct http_exchange *x);
void health_dependencies_page(struct http_exchange *x);
void health_providers_page(struct http_exchange *x);
void health_cache_page(struct http_exchange *x);
void health_costs_page(struct http_exchange *x);
/* GET /api/llm-proxy/status */
void health_status_page(struct http_exchange *x);

#endif
