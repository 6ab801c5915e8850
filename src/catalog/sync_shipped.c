/*
 * sync_shipped.c - a sync of the installed list that only adds.
 */
#include "catalog/sync_shipped.h"

#include "base/clock.h"
#include "base/log.h"
#include "catalog/sync_sources.h"

bool sync_add_shipped(struct db *db, const struct settings *settings,
	struct str provider, struct arena *arena, size_t *added,
	struct error *err)
{
	const struct sync_request request = { .adds_to = provider,
		.only_adds = true,
		.now_ms = clock_unix_ms() };
	struct sync_sources sources = { .count = 0 };
	struct error why = ERROR_INIT;
	struct catalog *catalog = NULL;
	struct sync_plan plan;
	int64_t sync_id;
	bool ok;

	*added = 0;
	if (!sync_sources_add_shipped(&sources, settings, arena, &why) ||
		!sync_sources_read(&sources, settings, NULL, NULL,
			request.now_ms, arena, &why)) {
		log_warn("provider %.*s got no models: %s", STR_ARG(provider),
			error_message(&why));
		sync_sources_release(&sources);
		return true;
	}
	ok = catalog_load(db, &catalog, err) &&
	     sync_plan_make(&plan, arena, catalog, &sources.entries,
		     sources.items, sources.count, &request, err) &&
	     (plan.count == 0 ||
		     sync_plan_apply(db, &plan, sources.items, sources.count,
			     request.now_ms, &sync_id, err));
	if (ok)
		*added = plan.counts[SYNC_ADDED];
	catalog_free(catalog);
	sync_sources_release(&sources);
	return ok;
}
