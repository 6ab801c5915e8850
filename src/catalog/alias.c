/*
 * alias.c - the tables aliases and alias_targets.
 */
#include "catalog/alias.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/model.h"
#include "db/stmt.h"

static const char *const strategies[] = {
	[ALIAS_ORDERED] = "ordered",
	[ALIAS_WEIGHTED] = "weighted",
	[ALIAS_LEAST_LATENCY] = "least_latency",
	[ALIAS_AUTO] = "auto",
};

static bool check_targets(struct str name, const struct str *models,
	size_t count, struct error *err);
static bool save_row(struct db *db, const struct alias_change *change,
	int64_t *id, bool *created, struct error *err);
static bool delete_targets(struct db *db, int64_t id, struct error *err);
static bool insert_target(struct db *db, int64_t id,
	const struct alias_change *change, size_t index, struct error *err);

bool alias_set(struct db *db, const struct alias_change *change, int64_t *id,
	bool *created, struct error *err)
{
	if (!model_name_check(change->name, err) ||
		!check_targets(
			change->name, change->models, change->count, err) ||
		!save_row(db, change, id, created, err) ||
		!delete_targets(db, *id, err))
		return false;
	for (size_t i = 0; i < change->count; i++) {
		if (!insert_target(db, *id, change, i, err))
			return false;
	}
	return catalog_changed(db, err);
}

const char *alias_strategy_name(enum alias_strategy strategy)
{
	return strategies[strategy];
}

bool alias_strategy_read(
	struct str name, enum alias_strategy *out, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_LEN(strategies); i++) {
		if (str_equal(name, str_of(strategies[i]))) {
			*out = i;
			return true;
		}
	}
	return error_refuse(err, ERR_BAD_FIELD, "strategy",
		"A strategy is ordered, weighted, least_latency or auto, not "
		"'%.*s'.",
		STR_ARG(str_head(name, 60)));
}

static bool check_targets(struct str name, const struct str *models,
	size_t count, struct error *err)
{
	if (count == 0)
		return error_refuse(err, ERR_BAD_FIELD, "models",
			"The alias '%.*s' needs a model.", STR_ARG(name));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (str_equal(models[i], models[j]))
				return error_refuse(err, ERR_BAD_FIELD,
					"models", "'%.*s' is named twice.",
					STR_ARG(models[i]));
		}
	}
	return true;
}

static bool save_row(struct db *db, const struct alias_change *change,
	int64_t *id, bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO aliases (project_id, name, strategy, "
		    "created_ms) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
		    "id = LAST_INSERT_ID(id), strategy = VALUES(strategy)",
		    err))
		return false;
	stmt_bind_int(stmt, change->project_id);
	stmt_bind_str(stmt, change->name);
	stmt_bind_str(stmt, str_of(strategies[change->strategy]));
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	*created = stmt_affected_rows(stmt) == 1;
	return true;
}

static bool delete_targets(struct db *db, int64_t id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "DELETE FROM alias_targets WHERE alias_id = ?", err))
		return false;
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

static bool insert_target(struct db *db, int64_t id,
	const struct alias_change *change, size_t index, struct error *err)
{
	bool is_shared = change->strategy == ALIAS_WEIGHTED;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alias_targets (alias_id, position, model, "
		    "weight) VALUES (?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, is_shared ? 0 : (int64_t)index);
	stmt_bind_str(stmt, change->models[index]);
	stmt_bind_int(stmt, change->weights ? change->weights[index] : 1);
	return stmt_run(stmt, err);
}
