/*
 * costs.c - GET /api/llm/costs/summary, /history and /users: what the calls
 * of the key's project cost, out of the rollups.
 *
 * Rollups are by minute, hour and day of UTC: a span is answered by the
 * coarsest that fits it exactly. A long one with odd ends is widened to whole
 * hours or days, and the answer says what it is of.
 */
#include "base/clock.h"
#include "base/money.h"
#include "gateway/stages.h"
#include "http/query.h"
#include "ledger/cost.h"

#define MAX_PAGE_BYTES (32 << 20)
#define DAY_MS (24 * INT64_C(3600000))
#define DEFAULT_DAYS 30
/* So many buckets are added up, or listed, at most. */
#define MAX_BUCKETS 5000

struct cost_query {
	struct usage_scope scope;
	struct str project; /* its name */
};

static enum verdict run(struct call *call, struct db *db);
static bool read_query(
	struct call *call, struct db *db, struct cost_query *query);
static bool read_project(
	struct call *call, struct db *db, struct cost_query *query);
static bool read_time(
	struct call *call, const char *name, int64_t otherwise, int64_t *out);
static bool read_step(struct call *call, struct usage_scope *scope);
static enum usage_step exact_step(const struct usage_scope *scope);
static void widen(struct usage_scope *scope);
static int64_t buckets(const struct usage_scope *scope);
static bool write_summary(struct call *call, struct db *db,
	const struct cost_query *query, struct json_writer *w);
static bool write_history(struct call *call, struct db *db,
	const struct cost_query *query, struct json_writer *w);
static bool write_users(struct call *call, struct db *db,
	const struct cost_query *query, struct json_writer *w);
static void write_head(const struct cost_query *query, struct json_writer *w);
static void write_sum(const struct usage_sum *sum, struct json_writer *w);
static void write_model(const struct usage_sum *sum, struct json_writer *w);
static void write_cost(
	const char *kind, const struct cost *cost, struct json_writer *w);
static void write_name(
	struct json_writer *w, const char *name, struct str text);
static void write_time(
	struct json_writer *w, const char *name, int64_t unix_ms);
static void write_usd(struct json_writer *w, const char *name, int64_t picousd);

static const struct view {
	struct str name;
	bool (*write)(struct call *call, struct db *db,
		const struct cost_query *query, struct json_writer *w);
} views[] = {
	{ STR("summary"), write_summary },
	{ STR("history"), write_history },
	{ STR("users"), write_users },
};

static const struct str step_names[] = {
	[USAGE_MINUTES] = STR("minute"),
	[USAGE_HOURS] = STR("hour"),
	[USAGE_DAYS] = STR("day"),
};

enum verdict list_costs(struct call *call)
{
	struct db *db;

	if (!call->x->on_worker)
		return NEEDS_WORKER;
	if (!db_take(call->gateway->db, &db, &call->error))
		return FAILED;
	return run(call, db);
}

/* Gives the connection back before the call ends. */
static enum verdict run(struct call *call, struct db *db)
{
	const struct view *view = views;
	struct buf body = BUF_INIT(MAX_PAGE_BYTES);
	struct cost_query query;
	struct json_writer w;
	bool ok;

	while (!str_equal(view->name, call->listed_id))
		view++;
	json_writer_init(&w, &body);
	json_begin_object(&w);
	ok = read_query(call, db, &query);
	if (ok)
		write_head(&query, &w);
	ok = ok && view->write(call, db, &query, &w);
	json_end_object(&w);
	db_give(call->gateway->db, db);
	if (ok)
		return answer_json(call, &body);
	buf_release(&body);
	return FAILED;
}

static bool read_query(
	struct call *call, struct db *db, struct cost_query *query)
{
	int64_t now = call->x->arrived_unix_ms;
	struct usage_scope *scope = &query->scope;

	*query =
		(struct cost_query){ .scope = {
					     .organisation_id =
						     call->key->organisation_id,
					     .project_id =
						     call->key->project_id,
				     } };
	if (!read_project(call, db, query) ||
		!read_time(call, "to", now + 1, &scope->to_ms) ||
		!read_time(call, "from",
			(scope->to_ms - 1) / DAY_MS * DAY_MS -
				(DEFAULT_DAYS - 1) * DAY_MS,
			&scope->from_ms))
		return false;
	if (scope->from_ms < 0 || scope->from_ms >= scope->to_ms)
		return error_refuse(&call->error, ERR_BAD_FIELD, "from",
			"'from' must be before 'to'.");
	/* Nothing is known of what is to come. */
	if (scope->to_ms > now && scope->from_ms <= now)
		scope->to_ms = (now / DAY_MS + 1) * DAY_MS;
	return read_step(call, scope);
}

/* A key sees its own project. */
static bool read_project(
	struct call *call, struct db *db, struct cost_query *query)
{
	struct str wanted =
		query_param(call->x->query, S("project"), call->arena);
	struct project_row row;

	if (!project_find_id(db, call->key->organisation_id,
		    call->key->project_id, call->arena, &row, &call->error))
		return false;
	query->project = row.name;
	if (wanted.n == 0 || str_equal(wanted, row.name))
		return true;
	return error_refuse(&call->error, ERR_NOT_FOUND, "project",
		"There is no project '%.*s' here, or this key is not one of "
		"its.",
		STR_ARG(str_head(wanted, 100)));
}

static bool read_time(
	struct call *call, const char *name, int64_t otherwise, int64_t *out)
{
	struct str text =
		query_param(call->x->query, str_of(name), call->arena);

	*out = otherwise;
	if (text.n == 0 || (clock_parse(text, out) && *out >= 0))
		return true;
	return error_refuse(&call->error, ERR_BAD_FIELD, name,
		"'%s' must be a day or a time of UTC, such as 2026-11-21 or "
		"2026-11-21T08:30:00Z.",
		name);
}

/* As asked for, else the one that answers best. */
static bool read_step(struct call *call, struct usage_scope *scope)
{
	struct str text =
		query_param(call->x->query, S("interval"), call->arena);
	bool is_history = str_equal(call->listed_id, S("history"));

	scope->step = exact_step(scope);
	if (str_equal(call->listed_id, S("users")))
		scope->step = USAGE_DAYS;
	if (is_history && text.n > 0) {
		unsigned i = 0;

		while (i < ARRAY_LEN(step_names) &&
			!str_equal(text, step_names[i]))
			i++;
		if (i == ARRAY_LEN(step_names))
			return error_refuse(&call->error, ERR_BAD_FIELD,
				"interval",
				"'interval' must be minute, hour or day.");
		scope->step = i;
		widen(scope);
		if (buckets(scope) > MAX_BUCKETS)
			return error_refuse(&call->error, ERR_BAD_FIELD,
				"interval",
				"There are more than %d such intervals from "
				"'from' to 'to': take longer ones.",
				MAX_BUCKETS);
	}
	while (scope->step < USAGE_DAYS && buckets(scope) > MAX_BUCKETS)
		scope->step++;
	widen(scope);
	return true;
}

static enum usage_step exact_step(const struct usage_scope *scope)
{
	enum usage_step step = USAGE_DAYS;

	while (step > USAGE_MINUTES &&
		(scope->from_ms % usage_step_ms(step) ||
			scope->to_ms % usage_step_ms(step)))
		step--;
	return step;
}

static void widen(struct usage_scope *scope)
{
	int64_t step_ms = usage_step_ms(scope->step);

	scope->from_ms -= scope->from_ms % step_ms;
	scope->to_ms += step_ms - 1;
	scope->to_ms -= scope->to_ms % step_ms;
}

static int64_t buckets(const struct usage_scope *scope)
{
	return (scope->to_ms - scope->from_ms) / usage_step_ms(scope->step);
}

static bool write_summary(struct call *call, struct db *db,
	const struct cost_query *query, struct json_writer *w)
{
	struct usage_sum all, *models;
	struct cost *providers;
	size_t model_count, provider_count;

	if (!usage_sum_all(db, &query->scope, &all, &call->error) ||
		!usage_sum_by_model(db, &query->scope, call->arena, &models,
			&model_count, &call->error) ||
		!cost_by_provider(db, &query->scope, call->arena, &providers,
			&provider_count, &call->error))
		return false;
	json_name(w, "total");
	json_begin_object(w);
	write_sum(&all, w);
	json_end_object(w);
	json_name(w, "providers");
	json_begin_array(w);
	for (size_t i = 0; i < provider_count; i++)
		write_cost("provider", &providers[i], w);
	json_end_array(w);
	json_name(w, "models");
	json_begin_array(w);
	for (size_t i = 0; i < model_count; i++)
		write_model(&models[i], w);
	json_end_array(w);
	return true;
}

static bool write_history(struct call *call, struct db *db,
	const struct cost_query *query, struct json_writer *w)
{
	struct usage_sum *points;
	size_t count;

	if (!usage_sum_over_time(db, &query->scope, call->arena, &points,
		    &count, &call->error))
		return false;
	json_member_str(w, "interval", step_names[query->scope.step]);
	json_name(w, "points");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w);
		write_time(w, "time", points[i].bucket_ms);
		write_sum(&points[i], w);
		json_end_object(w);
	}
	json_end_array(w);
	return true;
}

static bool write_users(struct call *call, struct db *db,
	const struct cost_query *query, struct json_writer *w)
{
	struct cost *users;
	size_t count;

	if (!cost_by_user(db, &query->scope, call->arena, &users, &count,
		    &call->error))
		return false;
	json_name(w, "users");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		write_cost("user", &users[i], w);
	json_end_array(w);
	json_member_bool(w, "truncated", count == COST_MAX_ROWS);
	return true;
}

static void write_head(const struct cost_query *query, struct json_writer *w)
{
	json_member_str(w, "project", query->project);
	write_time(w, "from", query->scope.from_ms);
	write_time(w, "to", query->scope.to_ms);
}

static void write_sum(const struct usage_sum *sum, struct json_writer *w)
{
	json_member_int(w, "requests", sum->requests);
	json_member_int(w, "errors", sum->errors);
	json_member_int(w, "cache_hits", sum->cache_hits);
	json_member_int(w, "prompt_tokens", sum->prompt_tokens);
	json_member_int(w, "completion_tokens", sum->completion_tokens);
	write_usd(w, "cost_usd", sum->cost_picousd);
	write_usd(w, "saved_usd", sum->saved_picousd);
}

static void write_model(const struct usage_sum *sum, struct json_writer *w)
{
	size_t slash = str_index(sum->model, '/');

	json_begin_object(w);
	write_name(w, "model", str_from(sum->model, slash + 1));
	write_name(w, "provider", str_head(sum->model, slash));
	write_sum(sum, w);
	json_end_object(w);
}

static void write_cost(
	const char *kind, const struct cost *cost, struct json_writer *w)
{
	json_begin_object(w);
	write_name(w, kind, cost->name);
	json_member_int(w, "requests", cost->requests);
	json_member_int(w, "errors", cost->errors);
	json_member_int(w, "prompt_tokens", cost->prompt_tokens);
	json_member_int(w, "completion_tokens", cost->completion_tokens);
	write_usd(w, "cost_usd", cost->cost_picousd);
	json_end_object(w);
}

/* What was removed since has no name. */
static void write_name(struct json_writer *w, const char *name, struct str text)
{
	if (text.n > 0)
		json_member_str(w, name, text);
	else
		json_member_null(w, name);
}

static void write_time(struct json_writer *w, const char *name, int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	clock_format(unix_ms, text);
	json_member_str(w, name, str_of(text));
}

static void write_usd(struct json_writer *w, const char *name, int64_t picousd)
{
	char text[MONEY_TEXT_BYTES];

	money_format_usd(picousd, text);
	json_member_str(w, name, str_of(text));
}
