/*
 * sync_shipped.h - the models of a provider that was just added, from the list
 * that was installed with the program.
 */
#ifndef CATALOG_SYNC_SHIPPED_H
#define CATALOG_SYNC_SHIPPED_H

#include "base/settings.h"
#include "catalog/sync.h"

/*
 * Add them, in the caller's transaction, and change nothing else; *added is 0
 * also when the list knows none or is not there, which the log tells.
 */
MUST_USE bool sync_add_shipped(struct db *db, const struct settings *settings,
	struct str provider, struct arena *arena, size_t *added,
	struct error *err);

#endif
