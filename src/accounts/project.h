/*
 * project.h - organisations and their projects.
 *
 * An installation that nobody has divided has one organisation and in it one
 * project, both called "default"; they are made when first needed.
 */
#ifndef ACCOUNTS_PROJECT_H
#define ACCOUNTS_PROJECT_H

#include "base/error.h"
#include "base/time_zone.h"
#include "db/pool.h"

struct project {
	int64_t id;
	int64_t organisation_id;
	/* Of its days and months; UTC where it is not known here. */
	const struct time_zone *zone;
};

/* The oldest organisation; makes "default" when there is none. */
MUST_USE bool organisation_default(
	struct db *db, int64_t *id, struct error *err);

/* Find or make the project of that name. *created says which. */
MUST_USE bool project_add(struct db *db, int64_t organisation_id,
	struct str name, struct project *out, bool *created, struct error *err);

/* From now on its days and months are those of that zone, and all processes
 * load their key_set anew. ERR_BAD_FIELD. */
MUST_USE bool project_set_time_zone(struct db *db, struct project *project,
	struct str zone, struct error *err);

/* The project of that name in the default organisation. ERR_NOT_FOUND. */
MUST_USE bool project_find(
	struct db *db, struct str name, struct project *out, struct error *err);

/* The project "default", made when there is none. */
MUST_USE bool project_default(
	struct db *db, struct project *out, struct error *err);

#endif
