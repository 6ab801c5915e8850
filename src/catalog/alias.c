/*
 * alias.c - the tables aliases and alias_targets.
 */
#include "catalog/alias.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/model.h"
#include "db/stmt.h"

#define MAX_CONDITION_BYTES 8192
#define ALL_COMPLEXITIES 7U

static const char *const strategies[] = {
	[ALIAS_ORDERED] = "ordered",
	[ALIAS_WEIGHTED] = "weighted",
	[ALIAS_LEAST_LATENCY] = "least_latency",
	[ALIAS_AUTO] = "auto",
	[ALIAS_CASCADE] = "cascade",
};

static bool refuse_model(
	const struct catalog *catalog, struct str name, struct error *err);
static bool is_alias(const struct catalog *catalog, struct str name);
static bool is_model(const void *catalog, struct str name);
static bool check_targets(struct str name, const struct str *models,
	size_t count, struct error *err);
static bool check_change(const struct alias_change *change, struct error *err);
static bool serves_all(const struct alias_change *change);
static bool save_row(struct db *db, const struct alias_change *change,
	int64_t *id, bool *created, struct error *err);
static bool delete_targets(struct db *db, int64_t id, struct error *err);
static bool insert_target(struct db *db, int64_t id,
	const struct alias_change *change, size_t index, struct error *err);

bool alias_set(struct db *db, const struct alias_change *change, int64_t *id,
	bool *created, struct error *err)
{
	/* It may stand for what the router would choose. */
	if ((!str_equal(change->name, S("auto")) &&
		    !model_name_check(change->name, err)) ||
		!check_targets(
			change->name, change->models, change->count, err) ||
		!check_change(change, err) ||
		!save_row(db, change, id, created, err) ||
		!delete_targets(db, *id, err))
		return false;
	for (size_t i = 0; i < change->count; i++) {
		if (!insert_target(db, *id, change, i, err))
			return false;
	}
	return catalog_changed(db, err);
}

bool alias_remove(struct db *db, int64_t id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, "DELETE FROM aliases WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err))
		return false;
	if (stmt_affected_rows(stmt) == 0)
		return error_refuse(
			err, ERR_NOT_FOUND, "alias", "There is no such alias.");
	return catalog_changed(db, err);
}

bool alias_check_models(const struct catalog *catalog, const struct str *models,
	size_t count, struct error *err)
{
	const struct model *const *found;

	for (size_t i = 0; i < count; i++) {
		if (!catalog_find_models(catalog, models[i], &found))
			return refuse_model(catalog, models[i], err);
	}
	return true;
}

static bool refuse_model(
	const struct catalog *catalog, struct str name, struct error *err)
{
	struct str near[CATALOG_NEAR_NAMES];

	if (is_alias(catalog, name))
		return error_refuse(err, ERR_MODEL_NOT_FOUND, "models",
			"'%.*s' is an alias: an alias stands for models, not "
			"for other aliases.",
			STR_ARG(name));
	if (catalog_near_names(catalog, 0, name, is_model, catalog, near) == 0)
		return error_refuse(err, ERR_MODEL_NOT_FOUND, "models",
			"There is no model '%.*s'.", STR_ARG(name));
	return error_refuse(err, ERR_MODEL_NOT_FOUND, "models",
		"There is no model '%.*s'. Did you mean '%.*s'?", STR_ARG(name),
		STR_ARG(near[0]));
}

static bool is_alias(const struct catalog *catalog, struct str name)
{
	for (size_t i = 0; i < catalog->alias_count; i++)
		if (str_equal(catalog->aliases[i]->name, name))
			return true;
	return false;
}

static bool is_model(const void *catalog, struct str name)
{
	const struct model *const *found;

	return catalog_find_models(catalog, name, &found) > 0;
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
		"A strategy is ordered, weighted, least_latency, auto or "
		"cascade, not '%.*s'.",
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

static bool check_change(const struct alias_change *change, struct error *err)
{
	if (change->strategy == ALIAS_CASCADE && change->count < 2)
		return error_refuse(err, ERR_BAD_FIELD, "models",
			"A cascade needs a model for its first answer and one "
			"for those that are poor.");
	if (!serves_all(change))
		return error_refuse(err, ERR_BAD_FIELD, "when",
			"With these conditions some requests have no model: "
			"leave one model without any.");
	return true;
}

/* Is there a model for every request, whatever holds? */
static bool serves_all(const struct alias_change *change)
{
	unsigned complexities = 0;

	if (!change->conditions)
		return true;
	for (size_t i = 0; i < change->count; i++) {
		struct alias_condition rest = change->conditions[i];

		if (alias_condition_is_empty(&rest))
			return true;
		rest.complexities = 0;
		if (alias_condition_is_empty(&rest))
			complexities |= change->conditions[i].complexities;
	}
	return complexities == ALL_COMPLEXITIES;
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
	const struct alias_condition *condition =
		change->conditions ? &change->conditions[index] : NULL;
	struct buf json = BUF_INIT(MAX_CONDITION_BYTES);
	struct stmt *stmt;
	bool ok;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alias_targets (alias_id, position, model, "
		    "weight, conditions) VALUES (?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, is_shared ? 0 : (int64_t)index);
	stmt_bind_str(stmt, change->models[index]);
	stmt_bind_int(stmt, change->weights ? change->weights[index] : 1);
	if (condition && !alias_condition_is_empty(condition)) {
		alias_condition_write(condition, &json);
		stmt_bind_str(stmt, buf_str(&json));
	} else {
		stmt_bind_null(stmt);
	}
	ok = stmt_run(stmt, err);
	buf_release(&json);
	return ok;
}
