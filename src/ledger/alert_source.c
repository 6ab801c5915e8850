/*
 * alert_source.c - reads the tables budgets and catalog_changes, which other
 * files own and write.
 */
#include "ledger/alert_source.h"

#include "base/time_zone.h"
#include "crypto/digest.h"
#include "db/stmt.h"
#include "ledger/spend.h"

#define DAY_MS INT64_C(86400000)
#define LOOK_BACK_MS (7 * DAY_MS)
/* Of a budget for each user. */
#define MAX_USERS 1000
#define USER_KEY_BYTES 8

/* A row of budgets. */
struct row {
	int64_t id;
	struct spend_of of;
	struct str scope;
	struct str name;
	struct str period;
	int64_t limit_picousd;
	int64_t threshold;
	struct str time_zone;
	struct row *next;
};

/* The list that grows. */
struct list {
	struct arena *arena;
	struct alert_budget *budgets;
	size_t count;
	size_t room;
};

static bool read_rows(struct db *db, const struct alert_rule *rule,
	struct arena *arena, struct row **out, struct error *err);
static struct row *read_row(
	struct stmt *stmt, const struct alert_rule *rule, struct arena *arena);
static enum spend_scope scope_of(struct str name);
static bool add_row(struct db *db, const struct row *row, int64_t now_ms,
	struct list *list, struct error *err);
static int64_t period_start(const struct row *row, int64_t now_ms);
static bool add_users(struct db *db, const struct row *row, int64_t start_ms,
	struct list *list, struct error *err);
static bool add_budget(struct db *db, const struct row *row, struct spend_of of,
	int64_t start_ms, struct list *list, struct error *err);
static struct str user_key(
	const struct row *row, struct str user, struct arena *arena);
static struct alert_budget *list_add(struct list *list);

bool alert_source_budgets(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct alert_budget **out,
	size_t *count, struct error *err)
{
	struct list list = { .arena = arena };
	struct row *row;

	if (!read_rows(db, rule, arena, &row, err))
		return false;
	for (; row; row = row->next) {
		if (!add_row(db, row, now_ms, &list, err))
			return false;
	}
	*out = list.budgets;
	*count = list.count;
	return true;
}

static bool read_rows(struct db *db, const struct alert_rule *rule,
	struct arena *arena, struct row **out, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = NULL;
	if (!stmt_prepare(db, &stmt,
		    "SELECT b.id, b.scope_kind, b.scope_id, b.user_name,"
		    " b.period, b.limit_picousd, b.alert_threshold_percent,"
		    " COALESCE(p.time_zone, o.time_zone), CASE b.scope_kind"
		    " WHEN 'organisation' THEN o.name WHEN 'project' THEN"
		    " p.name WHEN 'key' THEN k.name ELSE b.user_name END"
		    " FROM budgets b"
		    " JOIN organisations o ON o.id = b.organisation_id"
		    " LEFT JOIN gateway_keys k ON b.scope_kind = 'key'"
		    " AND k.id = b.scope_id"
		    " LEFT JOIN projects p ON p.id = CASE b.scope_kind"
		    " WHEN 'key' THEN k.project_id WHEN 'organisation' THEN 0"
		    " ELSE b.scope_id END"
		    " WHERE b.organisation_id = ? AND b.limit_picousd > 0"
		    " AND (? = 0 OR p.id = ?) AND (? = 0 OR NOT EXISTS ("
		    "SELECT 1 FROM alert_rules r WHERE"
		    " r.organisation_id = b.organisation_id"
		    " AND r.kind = 'budget' AND r.enabled = 1"
		    " AND r.built_in = 0 AND (r.project_id IS NULL"
		    " OR r.project_id = p.id)))"
		    " ORDER BY b.id DESC",
		    err))
		return false;
	stmt_bind_int(stmt, rule->organisation_id);
	stmt_bind_int(stmt, rule->project_id);
	stmt_bind_int(stmt, rule->project_id);
	stmt_bind_int(stmt, rule->built_in);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		struct row *row;

		if (!more)
			return true;
		row = read_row(stmt, rule, arena);
		row->next = *out;
		*out = row;
	}
	return false;
}

static struct row *read_row(
	struct stmt *stmt, const struct alert_rule *rule, struct arena *arena)
{
	struct row *row = ARENA_NEW(arena, struct row);

	row->id = stmt_int(stmt, 0);
	row->scope = arena_copy(arena, stmt_str(stmt, 1));
	row->of.scope = scope_of(row->scope);
	row->of.id = stmt_int(stmt, 2);
	row->of.user = arena_copy(arena, stmt_str(stmt, 3));
	row->period = arena_copy(arena, stmt_str(stmt, 4));
	row->limit_picousd = stmt_int(stmt, 5);
	row->threshold = rule->threshold != ALERT_THRESHOLD_OWN
				 ? rule->threshold
				 : stmt_int(stmt, 6);
	if (row->threshold <= 0)
		row->threshold = 100; /* no warning ahead of it */
	row->time_zone = arena_copy(arena, stmt_str(stmt, 7));
	row->name = arena_copy(arena, stmt_str(stmt, 8));
	return row;
}

static enum spend_scope scope_of(struct str name)
{
	if (str_equal(name, S("organisation")))
		return SPEND_ORGANISATION;
	if (str_equal(name, S("project")))
		return SPEND_PROJECT;
	return str_equal(name, S("key")) ? SPEND_KEY : SPEND_USER;
}

static bool add_row(struct db *db, const struct row *row, int64_t now_ms,
	struct list *list, struct error *err)
{
	int64_t start_ms = period_start(row, now_ms);

	if (row->of.scope == SPEND_USER && row->of.user.n == 0)
		return add_users(db, row, start_ms, list, err);
	return add_budget(db, row, row->of, start_ms, list, err);
}

/* A zone that this machine does not know counts as UTC: better an alert at
 * another hour than none. */
static int64_t period_start(const struct row *row, int64_t now_ms)
{
	const struct time_zone *zone;
	struct error err;

	if (row->time_zone.n == 0 ||
		!time_zone_load(row->time_zone, &zone, &err))
		zone = time_zone_utc();
	return str_equal(row->period, S("daily"))
		       ? time_zone_day_start(zone, now_ms)
		       : time_zone_month_start(zone, now_ms);
}

/* Whole UTC days find everybody who may have reached the threshold. */
static bool add_users(struct db *db, const struct row *row, int64_t start_ms,
	struct list *list, struct error *err)
{
	struct stmt *stmt;
	struct str users[MAX_USERS];
	size_t count = 0;
	bool more = true;

	if (!stmt_prepare(db, &stmt,
		    "SELECT user, SUM(charged_picousd) charged"
		    " FROM usage_user_day"
		    " WHERE project_id = ? AND bucket_ms >= ? GROUP BY user"
		    " HAVING charged >= ? ORDER BY charged DESC LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, row->of.id);
	stmt_bind_int(stmt, start_ms - start_ms % DAY_MS);
	stmt_bind_int(stmt, row->limit_picousd / 100 * row->threshold);
	stmt_bind_int(stmt, MAX_USERS);
	if (!stmt_run(stmt, err))
		return false;
	while (more) {
		if (!stmt_fetch(stmt, &more, err))
			return false;
		if (more)
			users[count++] =
				arena_copy(list->arena, stmt_str(stmt, 0));
	}
	for (size_t i = 0; i < count; i++) {
		struct spend_of of = { SPEND_USER, row->of.id, users[i] };

		if (!add_budget(db, row, of, start_ms, list, err))
			return false;
	}
	return true;
}

static bool add_budget(struct db *db, const struct row *row, struct spend_of of,
	int64_t start_ms, struct list *list, struct error *err)
{
	struct alert_budget *budget;
	struct spend spend;

	if (!spend_since(db, of, start_ms, &spend, err))
		return false;
	budget = list_add(list);
	*budget = (struct alert_budget){
		.key = user_key(row, of.user, list->arena),
		.scope = row->scope,
		.name = row->name.n ? row->name : of.user,
		.period = row->period,
		.limit_picousd = row->limit_picousd,
		.spent_picousd = spend.charged_picousd,
		.period_start_ms = start_ms,
		.threshold = row->threshold,
	};
	return true;
}

/* The budget's id; where it is each user's own, also who that is. */
static struct str user_key(
	const struct row *row, struct str user, struct arena *arena)
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * USER_KEY_BYTES + 1];

	if (row->of.scope != SPEND_USER || row->of.user.n > 0)
		return arena_printf(arena, "%" PRId64, row->id);
	digest_sha256(user, digest);
	digest_hex(digest, USER_KEY_BYTES, hex);
	return arena_printf(arena, "%" PRId64 ":%s", row->id, hex);
}

static struct alert_budget *list_add(struct list *list)
{
	struct alert_budget *wider;

	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		wider = ARENA_ARRAY(
			list->arena, struct alert_budget, list->room);
		if (list->count > 0)
			memcpy(wider, list->budgets,
				list->count * sizeof(*wider));
		list->budgets = wider;
	}
	return &list->budgets[list->count++];
}

bool alert_source_syncs(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct alert_sync **out,
	size_t *count, struct error *err)
{
	int64_t since_ms = now_ms - LOOK_BACK_MS;
	struct stmt *stmt;
	bool more;

	*out = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT s.id, s.source, SUM(c.kind = 'model_added'),"
		    " SUM(c.kind = 'model_changed'),"
		    " SUM(c.kind = 'model_deprecated'),"
		    " SUM(c.kind = 'price_changed'), COUNT(*) OVER ()"
		    " FROM catalog_syncs s"
		    " JOIN catalog_changes c ON c.sync_id = s.id"
		    " WHERE s.started_ms >= ? AND s.result = 'applied'"
		    " GROUP BY s.id, s.source ORDER BY s.id",
		    err))
		return false;
	stmt_bind_int(stmt,
		rule->created_ms > since_ms ? rule->created_ms : since_ms);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		struct alert_sync *sync;

		if (!more)
			return true;
		if (!*out)
			*out = ARENA_ARRAY(arena, struct alert_sync,
				(size_t)stmt_int(stmt, 6));
		sync = &(*out)[(*count)++];
		sync->id = stmt_int(stmt, 0);
		sync->source = arena_copy(arena, stmt_str(stmt, 1));
		sync->added = stmt_int(stmt, 2);
		sync->changed = stmt_int(stmt, 3);
		sync->deprecated = stmt_int(stmt, 4);
		sync->prices = stmt_int(stmt, 5);
	}
	return false;
}
