/*
 * alert_queue.c - the table alert_deliveries.
 */
#include "ledger/alert_queue.h"

#include "db/stmt.h"
#include "ledger/column.h"

#define ERROR_MAX_CHARACTERS 512

static bool find_due(struct db *db, int64_t now_ms, struct arena *arena,
	struct alert_delivery *out, int64_t *due_ms, bool *found,
	struct error *err);
static void read_delivery(
	struct stmt *stmt, struct arena *arena, struct alert_delivery *out);
static bool take(struct db *db, struct alert_delivery *delivery, int64_t due_ms,
	int64_t lease_ms, bool *taken, struct error *err);

int64_t alert_queue_wait_ms(
	const struct alert_patience *patience, int64_t attempts)
{
	int64_t wait_ms = patience->retry_ms;

	assert(attempts >= 1);
	while (--attempts > 0 && wait_ms < ALERT_MAX_WAIT_MS)
		wait_ms *= 2;
	return wait_ms < ALERT_MAX_WAIT_MS ? wait_ms : ALERT_MAX_WAIT_MS;
}

bool alert_queue_claim(struct db *db, int64_t now_ms, int64_t lease_ms,
	struct arena *arena, struct alert_delivery *out, bool *found,
	struct error *err)
{
	bool taken = false;
	int64_t due_ms;

	/* Whoever was quicker has moved it out of sight: look again. */
	do {
		if (!find_due(db, now_ms, arena, out, &due_ms, found, err))
			return false;
		if (*found && !take(db, out, due_ms, lease_ms, &taken, err))
			return false;
	} while (*found && !taken);
	return true;
}

static bool find_due(struct db *db, int64_t now_ms, struct arena *arena,
	struct alert_delivery *out, int64_t *due_ms, bool *found,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT d.id, d.event = 'closed', d.attempts,"
		    " d.next_attempt_ms, a.id, a.subject, a.occasion,"
		    " a.opened_ms, a.closed_ms, a.summary, a.facts, r.kind,"
		    " IF(a.subject = '" ALERT_TEST_SUBJECT "',"
		    " '" ALERT_TEST_RULE "', r.name),"
		    " c.id, c.name, c.kind, c.target, c.sealed"
		    " FROM alert_deliveries d"
		    " JOIN alerts a ON a.id = d.alert_id"
		    " JOIN alert_rules r ON r.id = a.rule_id"
		    " JOIN alert_channels c ON c.id = d.channel_id"
		    " WHERE d.state = 'waiting' AND d.next_attempt_ms <= ?"
		    " AND c.enabled = 1 AND (d.event = 'opened' OR NOT EXISTS ("
		    "SELECT 1 FROM alert_deliveries e"
		    " WHERE e.alert_id = d.alert_id"
		    " AND e.channel_id = d.channel_id AND e.event = 'opened'"
		    " AND e.state = 'waiting'))"
		    " ORDER BY d.next_attempt_ms, d.id LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, now_ms);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (!*found)
		return true;
	*due_ms = stmt_int(stmt, 3);
	read_delivery(stmt, arena, out);
	return true;
}

static void read_delivery(
	struct stmt *stmt, struct arena *arena, struct alert_delivery *out)
{
	bool known = alert_kind_find(stmt_str(stmt, 11), &out->kind);

	assert(known);
	known = alert_channel_kind_find(stmt_str(stmt, 15), &out->channel.kind);
	assert(known);
	out->id = stmt_int(stmt, 0);
	out->is_closed = stmt_int(stmt, 1) != 0;
	out->attempts = stmt_int(stmt, 2) + 1;
	out->alert.id = stmt_int(stmt, 4);
	out->alert.subject = arena_copy(arena, stmt_str(stmt, 5));
	out->alert.occasion = arena_copy(arena, stmt_str(stmt, 6));
	out->alert.opened_ms = stmt_int(stmt, 7);
	out->alert.closed_ms = stmt_int(stmt, 8);
	out->alert.summary = arena_copy(arena, stmt_str(stmt, 9));
	out->alert.facts = arena_copy(arena, stmt_str(stmt, 10));
	out->rule = arena_copy(arena, stmt_str(stmt, 12));
	out->channel.id = stmt_int(stmt, 13);
	out->channel.name = arena_copy(arena, stmt_str(stmt, 14));
	out->channel.target = arena_copy(arena, stmt_str(stmt, 16));
	out->channel.sealed = arena_copy(arena, stmt_str(stmt, 17));
}

static bool take(struct db *db, struct alert_delivery *delivery, int64_t due_ms,
	int64_t lease_ms, bool *taken, struct error *err)
{
	struct stmt *stmt;

	assert(lease_ms > due_ms);
	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_deliveries SET next_attempt_ms = ?,"
		    " attempts = attempts + 1 WHERE id = ?"
		    " AND state = 'waiting' AND next_attempt_ms = ?",
		    err))
		return false;
	stmt_bind_int(stmt, lease_ms);
	stmt_bind_int(stmt, delivery->id);
	stmt_bind_int(stmt, due_ms);
	if (!stmt_run(stmt, err))
		return false;
	*taken = stmt_affected_rows(stmt) == 1;
	delivery->lease_ms = lease_ms;
	return true;
}

bool alert_queue_sent(struct db *db, const struct alert_delivery *delivery,
	int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	/* Also when the claim was lost: it has arrived. */
	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_deliveries SET state = 'sent', sent_ms = ?,"
		    " last_error = '' WHERE id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, delivery->id);
	return stmt_run(stmt, err);
}

bool alert_queue_failed(struct db *db, const struct alert_delivery *delivery,
	const struct alert_patience *patience, struct str reason,
	int64_t now_ms, bool *given_up, struct error *err)
{
	bool is_last = delivery->attempts >= patience->attempts;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_deliveries SET state = ?, last_error = ?,"
		    " next_attempt_ms = ? WHERE id = ? AND state = 'waiting'"
		    " AND next_attempt_ms = ?",
		    err))
		return false;
	stmt_bind_str(stmt, is_last ? S("given_up") : S("waiting"));
	stmt_bind_str(stmt, column_text(reason, ERROR_MAX_CHARACTERS));
	stmt_bind_int(stmt,
		now_ms + alert_queue_wait_ms(patience, delivery->attempts));
	stmt_bind_int(stmt, delivery->id);
	stmt_bind_int(stmt, delivery->lease_ms);
	if (!stmt_run(stmt, err))
		return false;
	*given_up = is_last && stmt_affected_rows(stmt) == 1;
	return true;
}

bool alert_queue_release(struct db *db, const struct alert_delivery *delivery,
	int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_deliveries SET next_attempt_ms = ?,"
		    " attempts = attempts - 1 WHERE id = ?"
		    " AND state = 'waiting' AND next_attempt_ms = ?",
		    err))
		return false;
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, delivery->id);
	stmt_bind_int(stmt, delivery->lease_ms);
	return stmt_run(stmt, err);
}
