/*
 * proxy.h - the names that POST /api/llm-proxy and GET /api/quota give to a
 * tenant's users.
 */
#ifndef GATEWAY_PROXY_H
#define GATEWAY_PROXY_H

#include "gateway/call.h"

/* Of each of the two. */
#define PROXY_NAME_BYTES 100

/* "TENANT/USER", or "TENANT" without a user, in the arena. ERR_MISSING_FIELD,
 * ERR_BAD_FIELD. */
MUST_USE bool proxy_user(struct arena *arena, struct str tenant,
	struct str user, struct str *out, struct error *err);

#endif
