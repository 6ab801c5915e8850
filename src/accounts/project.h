/*
 * project.h - organisations and their projects.
 *
 * An installation that nobody has divided has one organisation and in it one
 * project, both called "default"; they are made when first needed.
 */
#ifndef ACCOUNTS_PROJECT_H
#define ACCOUNTS_PROJECT_H

#include "accounts/capture_policy.h"
#include "accounts/routing_policy.h"
#include "base/arena.h"
#include "base/time_zone.h"
#include "db/pool.h"

struct project {
	int64_t id;
	int64_t organisation_id;
	/* Of its days and months; UTC where it is not known here. */
	const struct time_zone *zone;
};

/* A project as lists show it. */
struct project_row {
	struct project project;
	struct str name;
	struct str time_zone; /* its name, as it is stored */
	int64_t created_ms;
	int64_t archived_ms; /* 0: not */
	int64_t keys;        /* that may be used */
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

/* From now on the router prefers that for its calls; all processes load their
 * key_set anew. */
MUST_USE bool project_set_routing(struct db *db, const struct project *project,
	const struct routing_policy *policy, struct error *err);

/* What the router prefers for its calls; not set where the installation's
 * preset counts. ERR_NOT_FOUND. */
MUST_USE bool project_routing(struct db *db, int64_t project_id,
	struct routing_policy *out, struct error *err);
/* From now on the installation's preset counts. */
MUST_USE bool project_unset_routing(
	struct db *db, int64_t project_id, struct error *err);

/* What is kept of its calls. ERR_NOT_FOUND. */
MUST_USE bool project_capture(struct db *db, int64_t project_id,
	struct capture_policy *out, struct error *err);
/* From now on; all processes load their key_set anew. */
MUST_USE bool project_set_capture(struct db *db, int64_t project_id,
	const struct capture_policy *policy, struct error *err);

/* The project of that name in the default organisation. ERR_NOT_FOUND. */
MUST_USE bool project_find(
	struct db *db, struct str name, struct project *out, struct error *err);

/* All of the organisation, by name, those that are archived last; in the
 * arena. */
MUST_USE bool project_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct project_row **out, size_t *count,
	struct error *err);
/* One of the organisation's, archived or not. ERR_NOT_FOUND. */
MUST_USE bool project_find_id(struct db *db, int64_t organisation_id,
	int64_t id, struct arena *arena, struct project_row *out,
	struct error *err);

/* ERR_BAD_FIELD, ERR_DUPLICATE. */
MUST_USE bool project_rename(struct db *db, const struct project *project,
	struct str name, struct error *err);
/* The keys of one that is archived are refused, until it is so no more. */
MUST_USE bool project_set_archived(struct db *db, const struct project *project,
	bool is_archived, struct error *err);

/* The project "default", made when there is none. */
MUST_USE bool project_default(
	struct db *db, struct project *out, struct error *err);

#endif
