/*
 * limit_rows.c - budgets and quotas, sorted by owner: then a set is but views
 * of rows that stand next to each other.
 */
#include "accounts/limit_rows.h"

#include "accounts/limit_owner.h"
#include "base/log.h"
#include "db/stmt.h"

struct project_limits {
	int64_t id;
	const struct time_zone *zone;
	const struct time_zone *organisation_zone;
	const struct limit_set *set; /* NULL: no key has asked for it yet */
};

struct limit_rows {
	struct project_limits *projects; /* in the order of their ids */
	size_t project_count;
	struct project_limits *last; /* keys of one project come together */
	struct budget *budgets;
	size_t budget_count;
	struct quota *quotas;
	size_t quota_count;
};

/* Reads the current row into the next struct. */
typedef bool take_row(
	struct stmt *stmt, struct arena *arena, void *out, struct error *err);

static const struct limit_set *make_shared(struct limit_rows *rows,
	struct arena *arena, const struct limit_key *key,
	const struct time_zone *zone);
static bool load_projects(struct db *db, struct arena *arena,
	struct limit_rows *rows, struct error *err);
static bool load_budgets(struct db *db, struct arena *arena,
	struct limit_rows *rows, struct error *err);
static bool load_quotas(struct db *db, struct arena *arena,
	struct limit_rows *rows, struct error *err);
static void *take_rows(struct stmt *stmt, struct arena *arena, size_t size,
	take_row *take, size_t *count, struct error *err);
static take_row take_project, take_budget, take_quota;
static const struct time_zone *zone_of(
	const char *what, struct str name, struct str zone);
static int by_budget_owner(const void *a, const void *b);
static int by_quota_owner(const void *a, const void *b);
static struct project_limits *find_project(struct limit_rows *rows, int64_t id);
static struct budget_rows budgets_of(struct limit_rows *rows,
	enum limit_scope scope, int64_t id, const struct time_zone *zone);
static struct quota_rows quotas_of(struct limit_rows *rows,
	enum limit_scope scope, int64_t id, const struct time_zone *zone);
static bool is_of(
	const struct limit_owner *owner, enum limit_scope scope, int64_t id);
static size_t find_first(const struct limit_owner *owners, size_t count,
	size_t stride, enum limit_scope scope, int64_t id);

bool limit_rows_load(struct db *db, struct arena *arena,
	struct limit_rows **out, struct error *err)
{
	struct limit_rows *rows = ARENA_NEW(arena, struct limit_rows);

	*out = rows;
	if (!load_projects(db, arena, rows, err) ||
		!load_budgets(db, arena, rows, err) ||
		!load_quotas(db, arena, rows, err))
		return false;
	qsort(rows->budgets, rows->budget_count, sizeof(*rows->budgets),
		by_budget_owner);
	qsort(rows->quotas, rows->quota_count, sizeof(*rows->quotas),
		by_quota_owner);
	return true;
}

const struct limit_set *limit_rows_find_set(struct limit_rows *rows,
	struct arena *arena, const struct limit_key *key)
{
	struct project_limits *project = find_project(rows, key->project_id);
	/* A project that came after they were read is loaded next. */
	const struct time_zone *zone =
		project ? project->zone : time_zone_utc();
	struct budget_rows budgets = budgets_of(rows, SCOPE_KEY, key->id, zone);
	struct quota_rows quotas = quotas_of(rows, SCOPE_KEY, key->id, zone);
	const struct limit_set *shared = project ? project->set : NULL;
	struct limit_set *own;

	if (!shared)
		shared = make_shared(rows, arena, key, zone);
	if (project)
		project->set = shared;
	if (budgets.count + quotas.count == 0)
		return shared;
	own = ARENA_NEW(arena, struct limit_set);
	*own = *shared;
	own->budgets[SCOPE_KEY] = budgets;
	own->quotas[SCOPE_KEY] = quotas;
	return own;
}

/* For all keys of a project that have no rows of their own. */
static const struct limit_set *make_shared(struct limit_rows *rows,
	struct arena *arena, const struct limit_key *key,
	const struct time_zone *zone)
{
	struct limit_set *set = ARENA_NEW(arena, struct limit_set);
	const struct project_limits *project =
		find_project(rows, key->project_id);
	const struct time_zone *organisation_zone =
		project ? project->organisation_zone : time_zone_utc();

	set->organisation_id = key->organisation_id;
	set->project_id = key->project_id;
	set->zone = zone;
	set->budgets[SCOPE_ORGANISATION] = budgets_of(rows, SCOPE_ORGANISATION,
		key->organisation_id, organisation_zone);
	set->quotas[SCOPE_ORGANISATION] = quotas_of(rows, SCOPE_ORGANISATION,
		key->organisation_id, organisation_zone);
	set->budgets[SCOPE_PROJECT] =
		budgets_of(rows, SCOPE_PROJECT, key->project_id, zone);
	set->quotas[SCOPE_PROJECT] =
		quotas_of(rows, SCOPE_PROJECT, key->project_id, zone);
	set->budgets[SCOPE_USER] =
		budgets_of(rows, SCOPE_USER, key->project_id, zone);
	set->quotas[SCOPE_USER] =
		quotas_of(rows, SCOPE_USER, key->project_id, zone);
	return set;
}

static bool load_projects(struct db *db, struct arena *arena,
	struct limit_rows *rows, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT p.id, p.name, p.time_zone, o.name, o.time_zone "
		    "FROM projects p JOIN organisations o "
		    "ON o.id = p.organisation_id ORDER BY p.id",
		    err) ||
		!stmt_run(stmt, err))
		return false;
	rows->projects = take_rows(stmt, arena, sizeof(*rows->projects),
		take_project, &rows->project_count, err);
	return rows->projects != NULL;
}

static bool load_budgets(struct db *db, struct arena *arena,
	struct limit_rows *rows, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id, organisation_id, scope_kind, scope_id, "
		    "user_name, period, created_ms, limit_picousd, hard, "
		    "alert_threshold_percent FROM budgets",
		    err) ||
		!stmt_run(stmt, err))
		return false;
	rows->budgets = take_rows(stmt, arena, sizeof(*rows->budgets),
		take_budget, &rows->budget_count, err);
	return rows->budgets != NULL;
}

static bool load_quotas(struct db *db, struct arena *arena,
	struct limit_rows *rows, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id, organisation_id, scope_kind, scope_id, "
		    "user_name, period, created_ms, limit_requests, "
		    "limit_tokens FROM quotas",
		    err) ||
		!stmt_run(stmt, err))
		return false;
	rows->quotas = take_rows(stmt, arena, sizeof(*rows->quotas), take_quota,
		&rows->quota_count, err);
	return rows->quotas != NULL;
}

/* An array of them, also of none; NULL when it failed. */
static void *take_rows(struct stmt *stmt, struct arena *arena, size_t size,
	take_row *take, size_t *count, struct error *err)
{
	size_t room = 64;
	char *rows = arena_alloc_array(arena, room, size);
	bool more;

	*count = 0;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return rows;
		rows = arena_widen(arena, rows, *count, &room, size);
		if (!take(stmt, arena, rows + (*count)++ * size, err))
			return NULL;
	}
	return NULL;
}

static bool take_project(
	struct stmt *stmt, struct arena *arena, void *out, struct error *err)
{
	struct project_limits *project = out;

	(void)arena;
	(void)err;
	project->id = stmt_int(stmt, 0);
	project->zone =
		zone_of("project", stmt_str(stmt, 1), stmt_str(stmt, 2));
	project->organisation_zone =
		zone_of("organisation", stmt_str(stmt, 3), stmt_str(stmt, 4));
	return true;
}

static const struct time_zone *zone_of(
	const char *what, struct str name, struct str zone)
{
	const struct time_zone *found;
	struct error err;

	if (time_zone_load(zone, &found, &err))
		return found;
	log_error("%s %.*s: %s Its days and months are those of UTC.", what,
		STR_ARG(name), error_message(&err));
	return time_zone_utc();
}

static bool take_budget(
	struct stmt *stmt, struct arena *arena, void *out, struct error *err)
{
	struct budget *budget = out;

	budget->id = stmt_int(stmt, 0);
	budget->created_ms = stmt_int(stmt, 6);
	budget->limit_picousd = stmt_int(stmt, 7);
	budget->is_hard = stmt_int(stmt, 8) != 0;
	budget->threshold_percent = stmt_int(stmt, 9);
	return limit_owner_read(
		stmt, arena, &budget->owner, &budget->period, err);
}

static bool take_quota(
	struct stmt *stmt, struct arena *arena, void *out, struct error *err)
{
	struct quota *quota = out;

	quota->id = stmt_int(stmt, 0);
	quota->created_ms = stmt_int(stmt, 6);
	quota->limit_requests = stmt_int(stmt, 7);
	quota->limit_tokens = stmt_int(stmt, 8);
	return limit_owner_read(
		stmt, arena, &quota->owner, &quota->period, err);
}

static int by_budget_owner(const void *a, const void *b)
{
	const struct budget *x = a, *y = b;
	int order = limit_owner_compare(&x->owner, &y->owner);

	return order != 0 ? order
			  : (x->period > y->period) - (x->period < y->period);
}

static int by_quota_owner(const void *a, const void *b)
{
	const struct quota *x = a, *y = b;
	int order = limit_owner_compare(&x->owner, &y->owner);

	return order != 0 ? order
			  : (x->period > y->period) - (x->period < y->period);
}

static struct project_limits *find_project(struct limit_rows *rows, int64_t id)
{
	size_t low = 0, high = rows->project_count;

	if (rows->last && rows->last->id == id)
		return rows->last;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->projects[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == rows->project_count || rows->projects[low].id != id)
		return NULL;
	rows->last = &rows->projects[low];
	return rows->last;
}

/* They learn their calendar here: the row itself does not name it. */
static struct budget_rows budgets_of(struct limit_rows *rows,
	enum limit_scope scope, int64_t id, const struct time_zone *zone)
{
	struct budget *list = rows->budgets;
	size_t first = find_first(
		&list->owner, rows->budget_count, sizeof(*list), scope, id);
	size_t end = first;

	for (; end < rows->budget_count && is_of(&list[end].owner, scope, id);
		end++)
		list[end].zone = zone;
	return (struct budget_rows){ list + first, end - first };
}

static struct quota_rows quotas_of(struct limit_rows *rows,
	enum limit_scope scope, int64_t id, const struct time_zone *zone)
{
	struct quota *list = rows->quotas;
	size_t first = find_first(
		&list->owner, rows->quota_count, sizeof(*list), scope, id);
	size_t end = first;

	for (; end < rows->quota_count && is_of(&list[end].owner, scope, id);
		end++)
		list[end].zone = zone;
	return (struct quota_rows){ list + first, end - first };
}

static bool is_of(
	const struct limit_owner *owner, enum limit_scope scope, int64_t id)
{
	return owner->scope == scope && owner->scope_id == id;
}

/* The first that is not before those of the scope; owners stand `stride`
 * bytes apart. */
static size_t find_first(const struct limit_owner *owners, size_t count,
	size_t stride, enum limit_scope scope, int64_t id)
{
	const struct limit_owner wanted = { 0, scope, id, S("") };
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct limit_owner *owner =
			(const void *)((const char *)owners + middle * stride);

		if (limit_owner_compare(owner, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
