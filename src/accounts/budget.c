/*
 * budget.c - the table budgets, but for what limit_rows.c reads.
 */
#include "accounts/budget.h"

#include "accounts/key_set.h"
#include "base/clock.h"
#include "db/stmt.h"

#define SELECT                                                      \
	"SELECT " LIMIT_OWNER_COLUMNS ", l.limit_picousd, l.hard, " \
	"l.alert_threshold_percent FROM budgets" LIMIT_OWNER_JOINS

static bool check(const struct budget *budget, struct error *err);
static bool read_row(struct stmt *stmt, struct arena *arena,
	struct budget_row *row, struct error *err);

bool budget_set(struct db *db, const struct budget *budget, int64_t *id,
	bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!check(budget, err) ||
		!stmt_prepare(db, &stmt,
			"INSERT INTO budgets (organisation_id, scope_kind, "
			"scope_id, user_name, period, limit_picousd, hard, "
			"alert_threshold_percent, created_ms) "
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
			"ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), "
			"limit_picousd = VALUES(limit_picousd), "
			"hard = VALUES(hard), alert_threshold_percent = "
			"VALUES(alert_threshold_percent)",
			err))
		return false;
	limit_owner_bind(stmt, &budget->owner, budget->period);
	stmt_bind_int(stmt, budget->limit_picousd);
	stmt_bind_int(stmt, budget->is_hard);
	stmt_bind_int(stmt, budget->threshold_percent);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	*created = stmt_affected_rows(stmt) == 1;
	return key_set_changed(db, err);
}

bool budget_change(
	struct db *db, const struct budget *budget, struct error *err)
{
	struct stmt *stmt;

	if (!check(budget, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE budgets SET limit_picousd = ?, hard = ?, "
			"alert_threshold_percent = ? WHERE id = ? AND "
			"organisation_id = ?",
			err))
		return false;
	stmt_bind_int(stmt, budget->limit_picousd);
	stmt_bind_int(stmt, budget->is_hard);
	stmt_bind_int(stmt, budget->threshold_percent);
	stmt_bind_int(stmt, budget->id);
	stmt_bind_int(stmt, budget->owner.organisation_id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}

bool budget_find(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct budget_row *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    SELECT " WHERE l.id = ? AND "
			   "(? = 0 OR l.organisation_id = ?)",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no budget %" PRId64 ".", id);
	return read_row(stmt, arena, out, err);
}

bool budget_remove(
	struct db *db, int64_t organisation_id, int64_t id, struct error *err)
{
	return limit_owner_remove(db,
		"DELETE FROM budgets WHERE id = ? AND "
		"(? = 0 OR organisation_id = ?)",
		"budget", organisation_id, id, err);
}

bool budget_list(struct db *db, int64_t organisation_id, struct arena *arena,
	struct budget_row **out, size_t *count, struct error *err)
{
	struct stmt *stmt;
	size_t room = 16;
	bool more;

	*out = ARENA_ARRAY(arena, struct budget_row, room);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    SELECT " WHERE ? = 0 OR l.organisation_id = ? "
			   "ORDER BY l.id",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		if (!read_row(stmt, arena, &(*out)[(*count)++], err))
			return false;
	}
	return false;
}

static bool check(const struct budget *budget, struct error *err)
{
	assert(budget->period == PERIOD_DAILY ||
		budget->period == PERIOD_MONTHLY);
	assert(budget->limit_picousd >= 0);
	if (budget->threshold_percent < 1 || budget->threshold_percent > 100)
		return error_refuse(err, ERR_BAD_FIELD, "threshold",
			"A budget's threshold is 1 to 100 percent.");
	return limit_owner_check(&budget->owner, err);
}

static bool read_row(struct stmt *stmt, struct arena *arena,
	struct budget_row *row, struct error *err)
{
	struct budget *budget = &row->budget;

	budget->id = stmt_int(stmt, 0);
	budget->created_ms = stmt_int(stmt, 6);
	budget->limit_picousd = stmt_int(stmt, LIMIT_OWNER_NEXT);
	budget->is_hard = stmt_int(stmt, LIMIT_OWNER_NEXT + 1) != 0;
	budget->threshold_percent = stmt_int(stmt, LIMIT_OWNER_NEXT + 2);
	limit_owner_read_row(stmt, arena, &row->owner, &budget->zone);
	return limit_owner_read(
		stmt, arena, &budget->owner, &budget->period, err);
}
