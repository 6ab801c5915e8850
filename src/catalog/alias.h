/*
 * alias.h - a name of our own that stands for models, tried in order.
 */
#ifndef CATALOG_ALIAS_H
#define CATALOG_ALIAS_H

#include "base/error.h"
#include "db/pool.h"

struct alias_target {
	struct str model; /* a name of the catalogue or "provider/name" */
	int64_t position; /* lower ones first; equal ones share by weight */
	int64_t weight;
	struct alias_target *next;
};

struct alias {
	int64_t id;
	struct str name;
	int64_t project_id; /* 0: in every project */
	struct alias_target *targets;
	size_t target_count;
};

/*
 * Make the alias or give it other targets, one position each in the order
 * given, within the caller's transaction. The caller has seen to it that the
 * models exist. ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool alias_set(struct db *db, int64_t project_id, struct str name,
	const struct str *models, size_t count, int64_t *id, bool *created,
	struct error *err);

#endif
