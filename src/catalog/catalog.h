/*
 * catalog.h - everything that can be asked for, for the hot path.
 *
 * Loaded whole, never changed, freed whole; a process swaps it when the
 * version in the database has moved, and a call keeps the one it began with.
 * All that the functions give is valid as long as the catalogue. "Offered"
 * is a model that is enabled and whose provider is.
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "base/arena.h"
#include "catalog/alias.h"
#include "catalog/model.h"
#include "catalog/provider.h"
#include "db/pool.h"

#define CATALOG_NEAR_NAMES 3

struct catalog {
	struct arena arena;
	int64_t version;
	const struct provider **providers; /* all, by id */
	size_t provider_count;
	const struct model **models; /* all, by id */
	size_t model_count;
	const struct model **offered; /* by name, then by provider's id */
	size_t offered_count;
	const struct alias **aliases; /* by name, then by project */
	size_t alias_count;
};

/* ERR_DATABASE. A provider whose row is not understood is loaded disabled,
 * with a line in the log. */
MUST_USE bool catalog_load(
	struct db *db, struct catalog **out, struct error *err);
/* Safe with NULL. */
void catalog_free(struct catalog *catalog);

/*
 * The one that "provider/name" means; or, when there is none, the offered
 * models of that name, one for each provider: a provider that resells others'
 * may call its own "provider/name". 0: *out is of no use.
 */
size_t catalog_find_models(const struct catalog *catalog, struct str name,
	const struct model *const **out);

/* The project's own alias, else the one of every project; or NULL. */
const struct alias *catalog_find_alias(
	const struct catalog *catalog, int64_t project_id, struct str name);

const struct provider *catalog_find_provider(
	const struct catalog *catalog, struct str name);

/*
 * Names of offered models, and of aliases that the project sees, that may
 * have been meant; the nearest first. `allows` (NULL: all) keeps a key from
 * learning names that it may not use. Gives how many were found.
 */
size_t catalog_near_names(const struct catalog *catalog, int64_t project_id,
	struct str name, bool (*allows)(const void *context, struct str name),
	const void *context, struct str out[CATALOG_NEAR_NAMES]);

/* The version in the database. */
MUST_USE bool catalog_version_now(
	struct db *db, int64_t *version, struct error *err);
/* Raise it, in the transaction that changes the catalogue. */
MUST_USE bool catalog_changed(struct db *db, struct error *err);

#endif
