/*
 * cache.h - what the commands on the response cache share.
 */
#ifndef CLI_CACHE_H
#define CLI_CACHE_H

#include "accounts/project.h"
#include "cli/command.h"
#include "hot/cache_fleet.h"

/* Open the cache of those who serve, NULL when there is none, and find what
 * --project names: CACHE_ALL_PROJECTS when it is not given. */
MUST_USE bool cache_session_open(struct session *session, struct cache **cache,
	int64_t *project_id, struct error *err);

#endif
