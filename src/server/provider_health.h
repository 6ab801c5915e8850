/*
 * provider_health.h - how each provider does.
 */
#ifndef SERVER_PROVIDER_HEALTH_H
#define SERVER_PROVIDER_HEALTH_H

#include "base/json.h"
#include "gateway/gateway.h"

/*
 * An array of {"name","enabled","dialect","status","last_success_age_ms",
 * "last_failure_age_ms","recent":{"minutes","requests","errors",
 * "error_share"},"breakers":[],"resting_keys":[]}. `recent` comes from the
 * rollups, and is null without the database. status is "up", "failing" (the
 * last thing heard of it was a failure, or a breaker is open), "unknown" or
 * "disabled". Blocks. ERR_IO, ERR_DATABASE (nothing is known of providers yet).
 */
MUST_USE bool provider_health_write(struct gateway *gateway,
	struct arena *arena, struct json_writer *w, struct error *err);

#endif
