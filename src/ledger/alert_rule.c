/*
 * alert_rule.c - the tables alert_rules and alert_rule_channels.
 */
#include "ledger/alert_rule.h"

#include "base/clock.h"
#include "db/stmt.h"

/* The histogram of usage_minute tells nothing above a minute. */
#define LATENCY_MAX_MS 60000

static const struct alert_kind_facts kinds[ALERT_KINDS] = {
	[ALERT_BUDGET] = { STR("budget"),
		"percent of the budget; 0: each budget's own",
		ALERT_THRESHOLD_OWN, 0, 100, 0, false },
	[ALERT_ERROR_RATE] = { STR("error_rate"), "errors per 10,000 calls",
		500, 1, 10000, 20, true },
	[ALERT_PROVIDER_DOWN] = { STR("provider_down"),
		"percent of a provider's calls that fail", 50, 1, 100, 5,
		true },
	[ALERT_LATENCY] = { STR("latency"),
		"milliseconds that one call in 20 takes longer than", 10000, 1,
		LATENCY_MAX_MS, 20, true },
	[ALERT_CATALOG] = { STR("catalog"), "changes of one update", 1, 1,
		1000000, 0, false },
};

static bool save_channels(
	struct db *db, const struct alert_rule *rule, struct error *err);
static bool add_channel(struct db *db, const struct alert_rule *rule,
	struct str name, struct error *err);
static void read_rule(
	struct stmt *stmt, struct arena *arena, struct alert_rule *rule);
static struct alert_rule *grow(struct arena *arena, struct alert_rule *rules,
	size_t count, size_t *room);
static bool find_rule(struct db *db, int64_t organisation_id, struct str name,
	int64_t *id, bool *built_in, struct error *err);

const struct alert_kind_facts *alert_kind_facts(enum alert_kind kind)
{
	return &kinds[kind];
}

bool alert_kind_find(struct str name, enum alert_kind *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_equal(name, kinds[i].name)) {
			*out = (enum alert_kind)i;
			return true;
		}
	}
	return false;
}

bool alert_rule_save(struct db *db, struct alert_rule *rule, bool *created,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alert_rules (organisation_id, project_id,"
		    " name, kind, threshold, window_ms, quiet_ms, conditions,"
		    " created_ms) VALUES (?, ?, ?, ?, ?, ?, ?,"
		    " JSON_OBJECT('minimum_calls', ?), ?)"
		    " ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id),"
		    " project_id = VALUES(project_id), kind = VALUES(kind),"
		    " threshold = VALUES(threshold),"
		    " window_ms = VALUES(window_ms),"
		    " quiet_ms = VALUES(quiet_ms),"
		    " conditions = VALUES(conditions), enabled = 1",
		    err))
		return false;
	stmt_bind_int(stmt, rule->organisation_id);
	stmt_bind_int_or_null(stmt, rule->project_id);
	stmt_bind_str(stmt, rule->name);
	stmt_bind_str(stmt, kinds[rule->kind].name);
	stmt_bind_int(stmt, rule->threshold);
	stmt_bind_int(stmt, rule->window_ms);
	stmt_bind_int(stmt, rule->quiet_ms);
	stmt_bind_int(stmt, rule->minimum_calls);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	/* 1: inserted; 0 or 2: it was there. */
	*created = stmt_affected_rows(stmt) == 1;
	rule->id = stmt_insert_id(stmt);
	return save_channels(db, rule, err);
}

bool alert_rule_change(
	struct db *db, const struct alert_rule *rule, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_rules SET project_id = ?, name = ?, kind = ?,"
		    " threshold = ?, window_ms = ?, quiet_ms = ?,"
		    " conditions = JSON_OBJECT('minimum_calls', ?),"
		    " enabled = ? WHERE id = ? AND organisation_id = ?",
		    err))
		return false;
	stmt_bind_int_or_null(stmt, rule->project_id);
	stmt_bind_str(stmt, rule->name);
	stmt_bind_str(stmt, kinds[rule->kind].name);
	stmt_bind_int(stmt, rule->threshold);
	stmt_bind_int(stmt, rule->window_ms);
	stmt_bind_int(stmt, rule->quiet_ms);
	stmt_bind_int(stmt, rule->minimum_calls);
	stmt_bind_int(stmt, rule->enabled);
	stmt_bind_int(stmt, rule->id);
	stmt_bind_int(stmt, rule->organisation_id);
	if (stmt_run(stmt, err))
		return save_channels(db, rule, err);
	return err->kind == ERR_DUPLICATE &&
	       error_refuse(err, ERR_DUPLICATE, "name",
		       "There is an alert rule '%.*s' already.",
		       STR_ARG(rule->name));
}

bool alert_rule_find(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct alert_rule *out, struct error *err)
{
	struct alert_rule *rules;
	size_t count;

	/* They are few. */
	if (!alert_rule_list(db, organisation_id, arena, &rules, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rules[i].id != id)
			continue;
		*out = rules[i];
		return alert_rule_load_channels(db, arena, out, err);
	}
	return error_refuse(
		err, ERR_NOT_FOUND, "id", "There is no such alert rule.");
}

static bool save_channels(
	struct db *db, const struct alert_rule *rule, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "DELETE FROM alert_rule_channels WHERE rule_id = ?", err))
		return false;
	stmt_bind_int(stmt, rule->id);
	if (!stmt_run(stmt, err))
		return false;
	for (size_t i = 0; i < rule->channel_count; i++) {
		if (!add_channel(db, rule, rule->channels[i], err))
			return false;
	}
	return true;
}

static bool add_channel(struct db *db, const struct alert_rule *rule,
	struct str name, struct error *err)
{
	struct stmt *stmt;
	int64_t channel_id;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM alert_channels WHERE organisation_id = ?"
		    " AND name = ?",
		    err))
		return false;
	stmt_bind_int(stmt, rule->organisation_id);
	stmt_bind_str(stmt, name);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "channels",
			"There is no channel '%.*s'.", STR_ARG(name));
	channel_id = stmt_int(stmt, 0);
	if (!stmt_prepare(db, &stmt,
		    "INSERT IGNORE INTO alert_rule_channels"
		    " (rule_id, channel_id) VALUES (?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, rule->id);
	stmt_bind_int(stmt, channel_id);
	return stmt_run(stmt, err);
}

bool alert_rule_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct alert_rule **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	size_t room = 0;
	bool more;

	*out = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT r.id, r.organisation_id, r.project_id, p.name,"
		    " r.name, r.kind, r.threshold, r.window_ms, r.quiet_ms,"
		    " CAST(JSON_VALUE(r.conditions, '$.minimum_calls')"
		    " AS SIGNED), r.created_ms, r.enabled, r.built_in"
		    " FROM alert_rules r"
		    " LEFT JOIN projects p ON p.id = r.project_id"
		    " WHERE r.organisation_id = ? OR ? = 0"
		    " ORDER BY r.name, r.id",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = grow(arena, *out, *count, &room);
		read_rule(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

static void read_rule(
	struct stmt *stmt, struct arena *arena, struct alert_rule *rule)
{
	bool known;

	rule->id = stmt_int(stmt, 0);
	rule->organisation_id = stmt_int(stmt, 1);
	rule->project_id = stmt_int(stmt, 2);
	rule->project = arena_copy(arena, stmt_str(stmt, 3));
	rule->name = arena_copy(arena, stmt_str(stmt, 4));
	known = alert_kind_find(stmt_str(stmt, 5), &rule->kind);
	assert(known);
	rule->threshold = stmt_int(stmt, 6);
	rule->window_ms = stmt_int(stmt, 7);
	rule->quiet_ms = stmt_int(stmt, 8);
	rule->minimum_calls = stmt_int(stmt, 9);
	rule->created_ms = stmt_int(stmt, 10);
	rule->enabled = stmt_int(stmt, 11) != 0;
	rule->built_in = stmt_int(stmt, 12) != 0;
}

static struct alert_rule *grow(struct arena *arena, struct alert_rule *rules,
	size_t count, size_t *room)
{
	struct alert_rule *wider;

	if (count < *room)
		return rules;
	*room = *room ? 2 * *room : 16;
	wider = ARENA_ARRAY(arena, struct alert_rule, *room);
	if (count > 0)
		memcpy(wider, rules, count * sizeof(*rules));
	return wider;
}

bool alert_rule_load_channels(struct db *db, struct arena *arena,
	struct alert_rule *rule, struct error *err)
{
	struct stmt *stmt;
	struct str *names;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    "SELECT c.name, COUNT(*) OVER () FROM alert_rule_channels l"
		    " JOIN alert_channels c ON c.id = l.channel_id"
		    " WHERE l.rule_id = ? ORDER BY c.name",
		    err))
		return false;
	stmt_bind_int(stmt, rule->id);
	rule->channels = names = NULL;
	rule->channel_count = 0;
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (!names)
			rule->channels = names = ARENA_ARRAY(
				arena, struct str, (size_t)stmt_int(stmt, 1));
		names[rule->channel_count++] =
			arena_copy(arena, stmt_str(stmt, 0));
	}
	return false;
}

bool alert_rule_remove(struct db *db, int64_t organisation_id, struct str name,
	int64_t *id, struct error *err)
{
	struct stmt *stmt;
	bool built_in = false;

	if (!find_rule(db, organisation_id, name, id, &built_in, err))
		return false;
	if (!(built_in ? stmt_prepare(db, &stmt,
				 "UPDATE alert_rules SET enabled = 0"
				 " WHERE id = ?",
				 err)
		       : stmt_prepare(db, &stmt,
				 "DELETE FROM alert_rules WHERE id = ?", err)))
		return false;
	stmt_bind_int(stmt, *id);
	return stmt_run(stmt, err);
}

static bool find_rule(struct db *db, int64_t organisation_id, struct str name,
	int64_t *id, bool *built_in, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id, built_in FROM alert_rules"
		    " WHERE organisation_id = ? AND name = ? FOR UPDATE",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_str(stmt, name);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "name",
			"There is no alert rule '%.*s'.", STR_ARG(name));
	*id = stmt_int(stmt, 0);
	*built_in = stmt_int(stmt, 1) != 0;
	return true;
}

bool alert_rule_take_turn(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, int64_t interval_ms, bool *taken, struct error *err)
{
	struct stmt *stmt;

	/* A little less than the interval: clocks and timers are not exact.
	 * A time to come is from a clock that was set back. */
	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_rules SET looked_ms = ? WHERE id = ?"
		    " AND (looked_ms <= ? OR looked_ms > ?)",
		    err))
		return false;
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, rule->id);
	stmt_bind_int(stmt, now_ms - interval_ms * 3 / 4);
	stmt_bind_int(stmt, now_ms);
	if (!stmt_run(stmt, err))
		return false;
	*taken = stmt_affected_rows(stmt) == 1;
	return true;
}

bool alert_rule_make_built_in(
	struct db *db, int64_t organisation_id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alert_rules (organisation_id, name, kind,"
		    " threshold, window_ms, quiet_ms, built_in, created_ms)"
		    " SELECT ?, '" ALERT_BUILT_IN_NAME "', 'budget', 0, 0, 0,"
		    " 1, ? FROM DUAL WHERE NOT EXISTS (SELECT 1"
		    " FROM alert_rules WHERE organisation_id = ?"
		    " AND (built_in = 1 OR name = '" ALERT_BUILT_IN_NAME "'))",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, organisation_id);
	return stmt_run(stmt, err);
}
