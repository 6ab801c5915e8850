/*
 * health.h - is this process alive? For load balancers; takes no key.
 */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "http/exchange.h"

#define LLM_GATEWAY_VERSION "0.1.0"

void health_serve(struct http_exchange *x);

#endif
