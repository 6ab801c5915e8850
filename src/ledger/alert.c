/*
 * alert.c - the table alerts, and the rows that enter alert_deliveries.
 */
#include "ledger/alert.h"

#include "db/stmt.h"
#include "ledger/column.h"

#define SUMMARY_MAX_CHARACTERS 512

static bool insert_alert(struct db *db, const struct alert_rule *rule,
	struct alert *alert, struct error *err);
static bool update_closed(struct db *db, int64_t alert_id, int64_t closed_ms,
	bool *changed, struct error *err);
static bool queue_messages(struct db *db, int64_t rule_id, int64_t alert_id,
	struct str event, int64_t now_ms, struct error *err);
static bool queue_test(struct db *db, int64_t channel_id, int64_t alert_id,
	int64_t now_ms, struct error *err);
static void read_alert(
	struct stmt *stmt, struct arena *arena, struct alert *alert);
static void read_log_row(
	struct stmt *stmt, struct arena *arena, struct alert_log_row *row);

#define COLUMNS                                                              \
	"a.id, a.subject, a.occasion, a.opened_ms, a.closed_ms, a.summary, " \
	"a.facts"
#define COLUMN_COUNT 7
#define LOG_COLUMNS                                                            \
	COLUMNS ", IF(a.subject = '" ALERT_TEST_SUBJECT "', '" ALERT_TEST_RULE \
		"', r.name), r.kind, c.name, d.event,"                         \
		" d.state, d.attempts, d.sent_ms, d.next_attempt_ms,"          \
		" d.last_error"

bool alert_open(struct db *db, const struct alert_rule *rule,
	struct alert *alert, struct error *err)
{
	alert->id = 0;
	if (!db_begin(db, err))
		return false;
	if (!insert_alert(db, rule, alert, err)) {
		db_rollback(db);
		return err->kind == ERR_DUPLICATE;
	}
	if (queue_messages(db, rule->id, alert->id, S("opened"),
		    alert->opened_ms, err) &&
		db_commit(db, err))
		return true;
	db_rollback(db);
	return false;
}

static bool insert_alert(struct db *db, const struct alert_rule *rule,
	struct alert *alert, struct error *err)
{
	struct stmt *stmt;

	assert(alert->subject.n <= ALERT_SUBJECT_MAX_BYTES &&
		alert->occasion.n <= ALERT_OCCASION_MAX_BYTES);
	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alerts (rule_id, subject, occasion,"
		    " opened_ms, closed_ms, summary, facts)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, rule->id);
	stmt_bind_str(stmt, alert->subject);
	stmt_bind_str(stmt, alert->occasion);
	stmt_bind_int(stmt, alert->opened_ms);
	stmt_bind_int_or_null(stmt, alert->closed_ms);
	stmt_bind_str(
		stmt, column_text(alert->summary, SUMMARY_MAX_CHARACTERS));
	stmt_bind_str(stmt, alert->facts);
	if (!stmt_run(stmt, err))
		return false;
	alert->id = stmt_insert_id(stmt);
	return true;
}

bool alert_close(struct db *db, int64_t rule_id, int64_t alert_id,
	int64_t closed_ms, bool tell, struct error *err)
{
	bool changed;

	if (!db_begin(db, err))
		return false;
	if (update_closed(db, alert_id, closed_ms, &changed, err) &&
		(!changed || !tell ||
			queue_messages(db, rule_id, alert_id, S("closed"),
				closed_ms, err)) &&
		db_commit(db, err))
		return true;
	db_rollback(db);
	return false;
}

static bool update_closed(struct db *db, int64_t alert_id, int64_t closed_ms,
	bool *changed, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE alerts SET closed_ms = ?"
		    " WHERE id = ? AND closed_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, closed_ms);
	stmt_bind_int(stmt, alert_id);
	if (!stmt_run(stmt, err))
		return false;
	*changed = stmt_affected_rows(stmt) == 1;
	return true;
}

/* To the rule's channels, or to all of its organisation if it names none. */
static bool queue_messages(struct db *db, int64_t rule_id, int64_t alert_id,
	struct str event, int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alert_deliveries (alert_id, channel_id, event,"
		    " next_attempt_ms) SELECT ?, c.id, ?, ?"
		    " FROM alert_channels c JOIN alert_rules r"
		    " ON r.organisation_id = c.organisation_id"
		    " WHERE r.id = ? AND c.enabled = 1 AND (NOT EXISTS ("
		    "SELECT 1 FROM alert_rule_channels l"
		    " WHERE l.rule_id = r.id) OR EXISTS ("
		    "SELECT 1 FROM alert_rule_channels l"
		    " WHERE l.rule_id = r.id AND l.channel_id = c.id))",
		    err))
		return false;
	stmt_bind_int(stmt, alert_id);
	stmt_bind_str(stmt, event);
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, rule_id);
	return stmt_run(stmt, err);
}

bool alert_find_last(struct db *db, int64_t rule_id, struct str subject,
	struct arena *arena, struct alert *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	memset(out, 0, sizeof(*out));
	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM alerts a WHERE a.rule_id = ?"
		    " AND a.subject = ? ORDER BY a.id DESC LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, rule_id);
	stmt_bind_str(stmt, subject);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (found)
		read_alert(stmt, arena, out);
	return true;
}

bool alert_list_open(struct db *db, int64_t rule_id, struct arena *arena,
	struct alert **out, size_t *count, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS ", COUNT(*) OVER () FROM alerts a"
		    " WHERE a.rule_id = ? AND a.closed_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, rule_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (!*out)
			*out = ARENA_ARRAY(arena, struct alert,
				(size_t)stmt_int(stmt, COLUMN_COUNT));
		read_alert(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

static void read_alert(
	struct stmt *stmt, struct arena *arena, struct alert *alert)
{
	alert->id = stmt_int(stmt, 0);
	alert->subject = arena_copy(arena, stmt_str(stmt, 1));
	alert->occasion = arena_copy(arena, stmt_str(stmt, 2));
	alert->opened_ms = stmt_int(stmt, 3);
	alert->closed_ms = stmt_int(stmt, 4);
	alert->summary = arena_copy(arena, stmt_str(stmt, 5));
	alert->facts = arena_copy(arena, stmt_str(stmt, 6));
}

bool alert_log(struct db *db, int64_t organisation_id, int64_t max_rows,
	struct arena *arena, struct alert_log_row **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = ARENA_ARRAY(arena, struct alert_log_row, (size_t)max_rows);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT " LOG_COLUMNS " FROM alerts a"
		    " JOIN alert_rules r ON r.id = a.rule_id"
		    " LEFT JOIN alert_deliveries d ON d.alert_id = a.id"
		    " LEFT JOIN alert_channels c ON c.id = d.channel_id"
		    " WHERE r.organisation_id = ?"
		    " ORDER BY a.opened_ms DESC, a.id DESC, d.id DESC LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, max_rows);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		read_log_row(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

bool alert_log_page(struct db *db, int64_t organisation_id, int64_t before_id,
	int64_t max_alerts, struct arena *arena, struct alert_log_row **out,
	size_t *count, struct error *err)
{
	struct stmt *stmt;
	size_t room = 0;
	bool more;

	*out = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT " LOG_COLUMNS ", COUNT(*) OVER () FROM (SELECT x.*"
		    " FROM alerts x JOIN alert_rules y ON y.id = x.rule_id"
		    " WHERE y.organisation_id = ? AND (? = 0 OR x.id < ?)"
		    " ORDER BY x.id DESC LIMIT ?) a"
		    " JOIN alert_rules r ON r.id = a.rule_id"
		    " LEFT JOIN alert_deliveries d ON d.alert_id = a.id"
		    " LEFT JOIN alert_channels c ON c.id = d.channel_id"
		    " ORDER BY a.id DESC, d.id",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, before_id);
	stmt_bind_int(stmt, before_id);
	stmt_bind_int(stmt, max_alerts);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (room == 0) {
			room = (size_t)stmt_int(stmt, COLUMN_COUNT + 9);
			*out = ARENA_ARRAY(arena, struct alert_log_row, room);
		}
		read_log_row(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

/* Under the built-in rule, which each organisation with a channel has. */
bool alert_test(struct db *db, const struct alert_channel *channel,
	int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	if (!channel->enabled)
		return error_refuse(err, ERR_BAD_FIELD, "enabled",
			"This channel is switched off: switch it on first.");
	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alerts (rule_id, subject, occasion, opened_ms,"
		    " closed_ms, summary, facts) SELECT MIN(id),"
		    " '" ALERT_TEST_SUBJECT
		    "', CONCAT('test/', ?, '/', UUID()),"
		    " ?, ?, '" ALERT_TEST_SUMMARY "', '{\"test\":true}'"
		    " FROM alert_rules WHERE organisation_id = ?"
		    " AND (built_in = 1 OR name = '" ALERT_BUILT_IN_NAME "')",
		    err))
		return false;
	stmt_bind_int(stmt, channel->id);
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, channel->organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	return queue_test(db, channel->id, stmt_insert_id(stmt), now_ms, err);
}

static bool queue_test(struct db *db, int64_t channel_id, int64_t alert_id,
	int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alert_deliveries (alert_id, channel_id, event,"
		    " next_attempt_ms) VALUES (?, ?, 'opened', ?)",
		    err))
		return false;
	stmt_bind_int(stmt, alert_id);
	stmt_bind_int(stmt, channel_id);
	stmt_bind_int(stmt, now_ms);
	return stmt_run(stmt, err);
}

static void read_log_row(
	struct stmt *stmt, struct arena *arena, struct alert_log_row *row)
{
	bool known =
		alert_kind_find(stmt_str(stmt, COLUMN_COUNT + 1), &row->kind);

	assert(known);
	read_alert(stmt, arena, &row->alert);
	row->rule = arena_copy(arena, stmt_str(stmt, COLUMN_COUNT));
	row->channel = arena_copy(arena, stmt_str(stmt, COLUMN_COUNT + 2));
	row->event = arena_copy(arena, stmt_str(stmt, COLUMN_COUNT + 3));
	row->state = arena_copy(arena, stmt_str(stmt, COLUMN_COUNT + 4));
	row->attempts = stmt_int(stmt, COLUMN_COUNT + 5);
	row->sent_ms = stmt_int(stmt, COLUMN_COUNT + 6);
	row->next_attempt_ms = stmt_int(stmt, COLUMN_COUNT + 7);
	row->last_error = arena_copy(arena, stmt_str(stmt, COLUMN_COUNT + 8));
}
