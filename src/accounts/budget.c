/*
 * budget.c - writes budgets; key_set.c and gateway_key.c read a key's own
 * with the key.
 */
#include "accounts/budget.h"

#include "base/clock.h"
#include "db/stmt.h"

static const struct str period_names[] = {
	[BUDGET_DAILY] = STR("daily"),
	[BUDGET_MONTHLY] = STR("monthly"),
};

bool budget_set_for_key(struct db *db, int64_t organisation_id, int64_t key_id,
	enum budget_period period, int64_t limit_picousd, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO budgets (organisation_id, scope_kind, "
		    "scope_id, period, limit_picousd, created_ms) "
		    "VALUES (?, 'key', ?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
		    "limit_picousd = VALUES(limit_picousd), hard = 1",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, key_id);
	stmt_bind_str(stmt, period_names[period]);
	stmt_bind_int(stmt, limit_picousd);
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err);
}
