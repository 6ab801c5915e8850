/*
 * gateway_key_rotate.c - a key's successor, and its own budgets and quotas.
 */
#include "accounts/budget.h"
#include "accounts/gateway_key.h"
#include "accounts/key_set.h"
#include "accounts/quota.h"
#include "base/clock.h"
#include "db/stmt.h"

static bool check(
	const struct gateway_key_row *old, int64_t now_ms, struct error *err);
static bool copy_budgets(struct db *db, const struct gateway_key *from,
	int64_t to, struct arena *arena, struct error *err);
static bool copy_quotas(struct db *db, const struct gateway_key *from,
	int64_t to, struct arena *arena, struct error *err);
static bool retire(struct db *db, int64_t id, int64_t successor,
	int64_t expires_ms, struct error *err);

bool gateway_key_rotate(struct db *db, const struct gateway_key_row *old,
	int64_t grace_ms, int64_t by, struct str text, struct arena *arena,
	int64_t *id, struct error *err)
{
	int64_t now_ms = clock_unix_ms();
	int64_t expires_ms = now_ms + grace_ms;
	struct gateway_key key = old->key;

	assert(grace_ms >= 0 && grace_ms <= GATEWAY_KEY_MAX_GRACE_MS);
	if (old->key.expires_ms && old->key.expires_ms < expires_ms)
		expires_ms = old->key.expires_ms;
	key.created_by = by;
	return check(old, now_ms, err) &&
	       gateway_key_create(db, &key, text, id, err) &&
	       copy_budgets(db, &old->key, *id, arena, err) &&
	       copy_quotas(db, &old->key, *id, arena, err) &&
	       retire(db, old->key.id, *id, expires_ms, err);
}

bool gateway_key_set_budget(struct db *db, const struct gateway_key_row *row,
	enum limit_period period, int64_t picousd, struct error *err)
{
	bool is_daily = period == PERIOD_DAILY;
	int64_t now = is_daily ? row->daily_picousd : row->monthly_picousd;
	int64_t id = is_daily ? row->daily_budget_id : row->monthly_budget_id;
	struct budget budget = {
		.owner = { row->key.organisation_id, SCOPE_KEY, row->key.id,
			S("") },
		.period = period,
		.limit_picousd = picousd,
		.is_hard = true,
		.threshold_percent = BUDGET_DEFAULT_THRESHOLD_PERCENT,
	};
	bool created;

	/* What else is set of that budget stays as it is. */
	if (picousd == now)
		return true;
	return picousd == BUDGET_NONE
		       ? budget_remove(db, row->key.organisation_id, id, err)
		       : budget_set(db, &budget, &id, &created, err);
}

static bool check(
	const struct gateway_key_row *old, int64_t now_ms, struct error *err)
{
	struct error unusable;

	if (old->rotated_to)
		return error_refuse(err, ERR_BAD_REQUEST, "id",
			"This key was rotated before: key %" PRId64
			" took its place.",
			old->rotated_to);
	return gateway_key_check(&old->key, now_ms, &unusable) ||
	       error_refuse(err, ERR_BAD_REQUEST, "id", "%s",
		       "A key that is revoked or expired is not rotated: make "
		       "a new one.");
}

static bool copy_budgets(struct db *db, const struct gateway_key *from,
	int64_t to, struct arena *arena, struct error *err)
{
	struct budget_row *rows;
	size_t count;

	if (!budget_list(db, from->organisation_id, arena, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct budget budget = rows[i].budget;
		int64_t id;
		bool created;

		if (budget.owner.scope != SCOPE_KEY ||
			budget.owner.scope_id != from->id)
			continue;
		budget.owner.scope_id = to;
		if (!budget_set(db, &budget, &id, &created, err))
			return false;
	}
	return true;
}

static bool copy_quotas(struct db *db, const struct gateway_key *from,
	int64_t to, struct arena *arena, struct error *err)
{
	struct quota_row *rows;
	size_t count;

	if (!quota_list(db, from->organisation_id, arena, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct quota quota = rows[i].quota;
		int64_t id;
		bool created;

		if (quota.owner.scope != SCOPE_KEY ||
			quota.owner.scope_id != from->id)
			continue;
		quota.owner.scope_id = to;
		if (!quota_set(db, &quota, &id, &created, err))
			return false;
	}
	return true;
}

/* Not while another rotation of it is under way. */
static bool retire(struct db *db, int64_t id, int64_t successor,
	int64_t expires_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE gateway_keys SET rotated_to = ?, expires_ms = ? "
		    "WHERE id = ? AND rotated_to IS NULL AND "
		    "revoked_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, successor);
	stmt_bind_int(stmt, expires_ms);
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err))
		return false;
	if (stmt_affected_rows(stmt) == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "id", "%s",
			"This key was just rotated or revoked by somebody "
			"else.");
	return key_set_changed(db, err);
}
