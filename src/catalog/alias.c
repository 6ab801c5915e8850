/*
 * alias.c - the tables aliases and alias_targets.
 */
#include "catalog/alias.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/model.h"
#include "db/stmt.h"

static bool check_targets(struct str name, const struct str *models,
	size_t count, struct error *err);
static bool save_row(struct db *db, int64_t project_id, struct str name,
	int64_t *id, bool *created, struct error *err);
static bool delete_targets(struct db *db, int64_t id, struct error *err);
static bool insert_target(struct db *db, int64_t id, int64_t position,
	struct str model, struct error *err);

bool alias_set(struct db *db, int64_t project_id, struct str name,
	const struct str *models, size_t count, int64_t *id, bool *created,
	struct error *err)
{
	if (!model_name_check(name, err) ||
		!check_targets(name, models, count, err) ||
		!save_row(db, project_id, name, id, created, err) ||
		!delete_targets(db, *id, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!insert_target(db, *id, (int64_t)i, models[i], err))
			return false;
	}
	return catalog_changed(db, err);
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

static bool save_row(struct db *db, int64_t project_id, struct str name,
	int64_t *id, bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO aliases (project_id, name, created_ms) "
		    "VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE "
		    "id = LAST_INSERT_ID(id)",
		    err))
		return false;
	stmt_bind_int(stmt, project_id);
	stmt_bind_str(stmt, name);
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

static bool insert_target(struct db *db, int64_t id, int64_t position,
	struct str model, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alias_targets (alias_id, position, model) "
		    "VALUES (?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, position);
	stmt_bind_str(stmt, model);
	return stmt_run(stmt, err);
}
