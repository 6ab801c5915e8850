/*
 * alias.h - a name of our own that stands for models, tried in order.
 */
#ifndef CATALOG_ALIAS_H
#define CATALOG_ALIAS_H

#include "catalog/alias_condition.h"
#include "db/pool.h"

/* How the first of an alias's targets is found; the rest follow in the same
 * way. Targets of one position share by weight, whatever the strategy. */
enum alias_strategy {
	ALIAS_ORDERED,       /* by position */
	ALIAS_WEIGHTED,      /* all are of one position */
	ALIAS_LEAST_LATENCY, /* who answered most quickly lately */
	ALIAS_AUTO,          /* the router says */
	ALIAS_CASCADE,       /* by position; a poor answer of the first one is
				not given, and the next one is asked: once */
};

struct alias_target {
	struct str model; /* a name of the catalogue or "provider/name" */
	int64_t position; /* lower ones first; equal ones share by weight */
	int64_t weight;
	/* When it counts; NULL: always. */
	const struct alias_condition *condition;
	/* What the table says of that cannot be understood: never. */
	bool is_off;
	struct alias_target *next;
};

struct alias {
	int64_t id;
	struct str name;
	int64_t project_id; /* 0: in every project */
	enum alias_strategy strategy;
	struct alias_target *targets;
	size_t target_count;
};

/* What an alias is to be. */
struct alias_change {
	int64_t project_id;
	struct str name;
	enum alias_strategy strategy;
	const struct str *models;
	const int64_t *weights; /* one for each model; NULL: all 1 */
	/* One for each model; NULL: none has any. */
	const struct alias_condition *conditions;
	size_t count;
};

/*
 * Make the alias or give it other targets, one position each in the order
 * given (weighted: one for all), within the caller's transaction. The caller
 * has seen to it that the models exist. ERR_BAD_FIELD, also for conditions
 * that leave some requests without a model; ERR_DATABASE.
 */
MUST_USE bool alias_set(struct db *db, const struct alias_change *change,
	int64_t *id, bool *created, struct error *err);

#define ALIAS_MAX_WEIGHT 1000000

struct catalog;

/* Are these models of the catalogue, and no aliases? ERR_MODEL_NOT_FOUND says
 * what may have been meant. */
MUST_USE bool alias_check_models(const struct catalog *catalog,
	const struct str *models, size_t count, struct error *err);

/* Within the caller's transaction; calls that name it find nothing then.
 * ERR_NOT_FOUND. */
MUST_USE bool alias_remove(struct db *db, int64_t id, struct error *err);

const char *alias_strategy_name(enum alias_strategy strategy);
/* ERR_BAD_FIELD names those there are. */
MUST_USE bool alias_strategy_read(
	struct str name, enum alias_strategy *out, struct error *err);

#endif
