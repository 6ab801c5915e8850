/*
 * usage.c - /usage: who used what in a span of time, by project, key, user,
 * model or provider, with the budgets of each row beside it.
 */
#include "accounts/budget.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/money.h"
#include "ledger/usage_list.h"
#include "site/form.h"
#include "site/pages/limit_form.h"
#include "site/pages/pages.h"
#include "site/range.h"
#include "site/standing.h"
#include "site/templates.h"

#define PAGE_ROWS 50
#define MAX_PAGES 2000
#define FILE_ROWS 100000
#define FILE_MAX_BYTES (64 << 20)
#define DAY_MS INT64_C(86400000)

/* What rows are of. */
struct subject {
	const char *name;   /* of the choice; its text is usage.by.NAME */
	const char *filter; /* the parameter of /requests; NULL: none */
	enum usage_by by;
	enum limit_scope scope; /* of its budgets, where has_budgets */
	bool has_budgets;
};

static const struct subject subjects[] = {
	{ "project", NULL, USAGE_BY_PROJECT, SCOPE_PROJECT, true },
	{ "key", "key", USAGE_BY_KEY, SCOPE_KEY, true },
	{ "user", "user", USAGE_BY_USER, SCOPE_USER, true },
	{ "model", "model", USAGE_BY_MODEL, SCOPE_PROJECT, false },
	{ "provider", "provider", USAGE_BY_PROVIDER, SCOPE_PROJECT, false },
};

static const struct {
	const char *name;
	enum usage_order order;
} orders[] = {
	{ "cost", USAGE_DEAREST },
	{ "requests", USAGE_MOST_REQUESTS },
	{ "tokens", USAGE_MOST_TOKENS },
	{ "errors", USAGE_MOST_ERRORS },
};

struct usage_page {
	struct site_request *request;
	struct format format;
	struct range range;
	const struct subject *subject;
	size_t order; /* in orders[] */
	struct usage_scope scope;
	struct budget_row *budgets;
	size_t budget_count;
};

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool export_csv(
	struct site_request *request, json_t *out, struct error *err);
static bool begin(struct site_request *request, struct usage_page *page,
	struct error *err);
static bool load_budgets(struct usage_page *page, struct error *err);
static void put_choices(const struct usage_page *page, json_t *out);
static json_t *choice_json(const struct usage_page *page, const char *kind,
	const char *name, bool is_current, struct str query);
static struct str query_of(const struct usage_page *page, const char *by,
	const char *sort, int64_t number);
static void put_pages(const struct usage_page *page, int64_t number,
	bool has_more, json_t *out);
static void put_total(const struct usage_page *page,
	const struct usage_sum *sum, json_t *out);
static bool put_row(const struct usage_page *page, const struct usage_row *row,
	const struct usage_sum *all, json_t *list, struct error *err);
static void put_requests_link(const struct usage_page *page,
	const struct usage_row *row, json_t *out);
static bool put_budgets(const struct usage_page *page,
	const struct usage_row *row, json_t *out, struct error *err);
static bool is_of(const struct usage_page *page,
	const struct limit_owner *owner, const struct usage_row *row);
static bool put_budget(const struct usage_page *page, struct budget budget,
	const struct usage_row *row, json_t *list, struct error *err);
static void write_csv_row(struct buf *csv, const struct usage_row *row);

#define USAGE_FIELDS                                                    \
	RANGE_FIELDS,                                                   \
		{ .name = "by",                                         \
			.type = SITE_CHOICE,                            \
			.choices = "project|key|user|model|provider" }, \
	{                                                               \
		.name = "sort", .type = SITE_CHOICE,                    \
		.choices = "cost|requests|tokens|errors"                \
	}

static const struct site_field show_fields[] = {
	USAGE_FIELDS,
	{ .name = "page", .type = SITE_INT, .min = 1, .max = MAX_PAGES },
	{ .name = NULL },
};

static const struct site_field export_fields[] = {
	USAGE_FIELDS,
	{ .name = NULL },
};

const struct site_page pages_usage[] = {
	{ .path = STR("/usage"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = show_fields,
		.load = show,
		.template = "usage",
		.title = "usage.title",
		.nav = "usage" },
	{ .path = STR("/usage/export/csv"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = export_fields,
		.load = export_csv },
	{ .path = STR("") },
};

/* One row more than is shown tells whether there is another page. */
static bool show(struct site_request *request, json_t *out, struct error *err)
{
	int64_t number =
		site_has(request, "page") ? site_int(request, "page") : 1;
	json_t *list = json_array();
	struct usage_page page;
	struct usage_row *rows;
	struct usage_sum all;
	size_t count;

	json_object_set_new(out, "rows", list);
	if (!begin(request, &page, err) || !load_budgets(&page, err) ||
		!usage_sum_all(request->db, &page.scope, &all, err) ||
		!usage_list(request->db, &page.scope, page.subject->by,
			orders[page.order].order,
			(size_t)(number - 1) * PAGE_ROWS, PAGE_ROWS + 1,
			request->arena, &rows, &count, err))
		return false;
	range_put(request, &page.format, &page.range, out);
	put_choices(&page, out);
	put_pages(&page, number, count > PAGE_ROWS, out);
	put_total(&page, &all, out);
	for (size_t i = 0; i < count && i < PAGE_ROWS; i++)
		if (!put_row(&page, &rows[i], &all, list, err))
			return false;
	return true;
}

static bool export_csv(
	struct site_request *request, json_t *out, struct error *err)
{
	struct buf csv = BUF_INIT(FILE_MAX_BYTES);
	struct usage_page page;
	struct usage_row *rows;
	size_t count;

	(void)out;
	if (!begin(request, &page, err) ||
		!usage_list(request->db, &page.scope, page.subject->by,
			orders[page.order].order, 0, FILE_ROWS, request->arena,
			&rows, &count, err))
		return false;
	buf_printf(&csv,
		"%s,project,requests,errors,cache_hits,prompt_tokens,"
		"completion_tokens,cost_usd,saved_usd\r\n",
		page.subject->name);
	for (size_t i = 0; i < count; i++)
		write_csv_row(&csv, &rows[i]);
	if (!csv.failed)
		site_download(request, "text/csv; charset=utf-8",
			arena_printf(request->arena, "usage-by-%s-%s.csv",
				page.subject->name, page.range.name),
			arena_copy(request->arena, buf_str(&csv)));
	buf_release(&csv);
	return !csv.failed ||
	       error_refuse(err, ERR_TOO_LARGE, "by",
		       "That is too much for one file: choose a project.");
}

static bool begin(struct site_request *request, struct usage_page *page,
	struct error *err)
{
	struct str by = site_text(request, "by");
	struct str sort = site_text(request, "sort");
	int64_t from_ms;

	*page = (struct usage_page){ .request = request,
		.format = format_of(request),
		.subject = &subjects[0] };
	if (!range_read(request, &page->format, "30d", &page->range, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
		if (str_equal(by, str_of(subjects[i].name)))
			page->subject = &subjects[i];
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (str_equal(sort, str_of(orders[i].name)))
			page->order = i;
	from_ms = page->range.from_ms;
	/* Of users there are days only: whole ones. */
	if (page->subject->by == USAGE_BY_USER) {
		page->range.step = USAGE_DAYS;
		from_ms -= from_ms % DAY_MS;
	}
	page->scope = (struct usage_scope){
		.organisation_id = request->session.organisation_id,
		.project_id = request->session.project_id,
		.step = page->range.step,
		.from_ms = from_ms,
		.to_ms = page->range.to_ms,
	};
	return true;
}

static bool load_budgets(struct usage_page *page, struct error *err)
{
	return !page->subject->has_budgets ||
	       budget_list(page->request->db,
		       page->request->session.organisation_id,
		       page->request->arena, &page->budgets,
		       &page->budget_count, err);
}

/* By what, and in which order, as links. */
static void put_choices(const struct usage_page *page, json_t *out)
{
	const char *by = page->subject->name;
	const char *sort = orders[page->order].name;
	json_t *subjects_json = json_array();
	json_t *orders_json = json_object();

	site_put(out, "by", str_of(by));
	site_put(out, "sort", str_of(sort));
	site_put(out, "by_text",
		template_text(page->request->texts,
			arena_printf(page->request->arena, "usage.by.%s", by)));
	site_put_bool(out, "has_budgets", page->subject->has_budgets);
	site_put_bool(out, "is_by_days", page->subject->by == USAGE_BY_USER);
	site_put_bool(out, "has_project",
		page->subject->by == USAGE_BY_KEY ||
			page->subject->by == USAGE_BY_USER);
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
		json_array_append_new(subjects_json,
			choice_json(page, "by", subjects[i].name,
				&subjects[i] == page->subject,
				query_of(page, subjects[i].name, sort, 1)));
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		json_object_set_new(orders_json, orders[i].name,
			choice_json(page, "sort", orders[i].name,
				i == page->order,
				query_of(page, by, orders[i].name, 1)));
	json_object_set_new(out, "choices", subjects_json);
	json_object_set_new(out, "orders", orders_json);
	site_put(out, "query", query_of(page, by, sort, 1));
	site_put(out, "csv",
		arena_printf(page->request->arena, "/usage/export/csv%.*s",
			STR_ARG(query_of(page, by, sort, 1))));
}

static json_t *choice_json(const struct usage_page *page, const char *kind,
	const char *name, bool is_current, struct str query)
{
	json_t *choice = json_object();

	site_put(choice, "name", str_of(name));
	site_put(choice, "label",
		template_text(page->request->texts,
			arena_printf(page->request->arena, "usage.%s.%s", kind,
				name)));
	site_put_bool(choice, "is_current", is_current);
	site_put(choice, "href",
		arena_printf(
			page->request->arena, "/usage%.*s", STR_ARG(query)));
	return choice;
}

/* "?range=30d&by=key&sort=cost&page=2" */
static struct str query_of(const struct usage_page *page, const char *by,
	const char *sort, int64_t number)
{
	const struct site_request *request = page->request;
	static const char *const times[] = { "range", "from", "to" };
	struct buf query = BUF_INIT(4096);
	struct str copy;

	buf_printf(&query, "?by=%s&sort=%s", by, sort);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (!site_has(request, times[i]))
			continue;
		buf_printf(&query, "&%s=", times[i]);
		form_encode(&query, site_text(request, times[i]));
	}
	if (number > 1)
		buf_printf(&query, "&page=%" PRId64, number);
	copy = arena_copy(request->arena, buf_str(&query));
	buf_release(&query);
	return copy;
}

static void put_pages(const struct usage_page *page, int64_t number,
	bool has_more, json_t *out)
{
	const char *by = page->subject->name;
	const char *sort = orders[page->order].name;

	site_put_int(out, "page", number);
	if (number > 1)
		site_put(out, "previous",
			arena_printf(page->request->arena, "/usage%.*s",
				STR_ARG(query_of(page, by, sort, number - 1))));
	if (has_more && number < MAX_PAGES)
		site_put(out, "next",
			arena_printf(page->request->arena, "/usage%.*s",
				STR_ARG(query_of(page, by, sort, number + 1))));
}

static void put_total(
	const struct usage_page *page, const struct usage_sum *sum, json_t *out)
{
	const struct format *format = &page->format;
	json_t *total = json_object();

	format_put_usd(format, total, "cost", sum->cost_picousd);
	format_put_usd(format, total, "saved", sum->saved_picousd);
	format_put_usd(format, total, "route_saved", sum->route_saved_picousd);
	format_put_count(format, total, "requests", sum->requests);
	format_put_count(format, total, "errors", sum->errors);
	format_put_share(
		format, total, "error_rate", sum->errors, sum->requests);
	format_put_count(format, total, "prompt_tokens", sum->prompt_tokens);
	format_put_count(
		format, total, "completion_tokens", sum->completion_tokens);
	format_put_count(format, total, "tokens",
		sum->prompt_tokens + sum->completion_tokens);
	json_object_set_new(out, "total", total);
}

static bool put_row(const struct usage_page *page, const struct usage_row *row,
	const struct usage_sum *all, json_t *list, struct error *err)
{
	const struct format *format = &page->format;
	json_t *json = json_object();

	json_array_append_new(list, json);
	site_put_int(json, "id", row->id);
	site_put(json, "name", row->name);
	site_put_bool(json, "is_none",
		row->id == 0 && page->subject->by != USAGE_BY_USER);
	site_put(json, "project", row->project);
	format_put_count(format, json, "requests", row->requests);
	format_put_count(format, json, "errors", row->errors);
	format_put_share(
		format, json, "error_rate", row->errors, row->requests);
	format_put_count(format, json, "cache_hits", row->cache_hits);
	format_put_count(format, json, "prompt_tokens", row->prompt_tokens);
	format_put_count(
		format, json, "completion_tokens", row->completion_tokens);
	format_put_count(format, json, "tokens",
		row->prompt_tokens + row->completion_tokens);
	format_put_usd(format, json, "cost", row->cost_picousd);
	format_put_usd(format, json, "saved", row->saved_picousd);
	format_put_share(
		format, json, "share", row->cost_picousd, all->cost_picousd);
	put_requests_link(page, row, json);
	return !page->subject->has_budgets || put_budgets(page, row, json, err);
}

static void put_requests_link(
	const struct usage_page *page, const struct usage_row *row, json_t *out)
{
	const char *filter = page->subject->filter;
	struct buf link = BUF_INIT(4096);

	if (!filter || row->name.n == 0)
		return;
	buf_printf(&link, "/requests?%s=", filter);
	if (page->subject->by == USAGE_BY_KEY)
		buf_append_int(&link, row->id);
	else
		form_encode(&link, row->name);
	if (!site_has(page->request, "from") && !site_has(page->request, "to"))
		buf_printf(&link, "&range=%s", page->range.name);
	site_put(out, "requests_link",
		link.failed ? S("/requests") : buf_str(&link));
	buf_release(&link);
}

static bool put_budgets(const struct usage_page *page,
	const struct usage_row *row, json_t *out, struct error *err)
{
	json_t *list = json_array();

	json_object_set_new(out, "budgets", list);
	for (size_t i = 0; i < page->budget_count; i++) {
		const struct budget *budget = &page->budgets[i].budget;

		if (is_of(page, &budget->owner, row) &&
			!put_budget(page, *budget, row, list, err))
			return false;
	}
	return true;
}

static bool is_of(const struct usage_page *page,
	const struct limit_owner *owner, const struct usage_row *row)
{
	bool is_user = page->subject->by == USAGE_BY_USER;

	if (owner->scope != page->subject->scope)
		return false;
	if (!is_user)
		return owner->scope_id == row->id;
	return owner->scope_id == row->project_id &&
	       (owner->user.n == 0 || str_equal(owner->user, row->name));
}

/* A budget for each user alone is looked at as this user's. */
static bool put_budget(const struct usage_page *page, struct budget budget,
	const struct usage_row *row, json_t *list, struct error *err)
{
	const struct format *format = &page->format;
	struct budget_row asked = { .budget = budget };
	struct budget_standing *standing;
	json_t *json;

	if (page->subject->by == USAGE_BY_USER)
		asked.budget.owner.user = row->name;
	if (!budget_standing_load(page->request->db, NULL, &asked, 1,
		    page->request->arena, &standing, err))
		return false;
	json = json_object();
	site_put_int(json, "id", budget.id);
	site_put(json, "period", limit_period_name(budget.period));
	limit_form_put_period_text(page->request, budget.period, json);
	format_put_usd(format, json, "limit", budget.limit_picousd);
	format_put_usd(format, json, "spent", standing->spent_picousd);
	site_put_int(json, "percent", standing->spent_percent);
	/* As parts/key_spent shows it. */
	site_put(json, "text", format_usd(format, standing->spent_picousd));
	site_put(json, "of", format_usd(format, budget.limit_picousd));
	format_put_share(format, json, "share",
		standing->spent_percent < 100 ? standing->spent_percent : 100,
		100);
	site_put_bool(json, "is_over", standing->spent_percent >= 100);
	site_put_bool(json, "is_near",
		standing->spent_percent >= budget.threshold_percent &&
			standing->spent_percent < 100);
	json_array_append_new(list, json);
	return true;
}

static void write_csv_row(struct buf *csv, const struct usage_row *row)
{
	const int64_t counts[] = { row->requests, row->errors, row->cache_hits,
		row->prompt_tokens, row->completion_tokens };
	char cost[MONEY_TEXT_BYTES], saved[MONEY_TEXT_BYTES];

	csv_append_text(csv, row->name);
	buf_append_char(csv, ',');
	csv_append_text(csv, row->project);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		buf_append_char(csv, ',');
		buf_append_int(csv, counts[i]);
	}
	money_format_usd(row->cost_picousd, cost);
	money_format_usd(row->saved_picousd, saved);
	buf_printf(csv, ",%s,%s\r\n", cost, saved);
}
