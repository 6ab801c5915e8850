/*
 * budget.c - one budget: a new one, another limit for it, its end.
 */
#include "accounts/budget.h"
#include "base/money.h"
#include "site/change.h"
#include "site/format.h"
#include "site/pages/limit_form.h"
#include "site/pages/pages.h"

static bool show_new(
	struct site_request *request, json_t *out, struct error *err);
static bool create(
	struct site_request *request, json_t *out, struct error *err);
static bool show_one(
	struct site_request *request, json_t *out, struct error *err);
static bool change(
	struct site_request *request, json_t *out, struct error *err);
static bool remove_one(
	struct site_request *request, json_t *out, struct error *err);
static bool find(struct site_request *request, struct budget_row *out,
	struct error *err);
static bool read_amounts(const struct site_request *request,
	struct budget *budget, struct error *err);
static bool save(struct site_request *request, const char *action,
	json_t *before, const struct budget_row *row, json_t *out,
	struct error *err);
static json_t *budget_json(
	struct site_request *request, const struct budget_row *row);
static void put_values(struct site_request *request, struct str limit_usd,
	bool is_hard, int64_t threshold, json_t *out);

/* `needed`: a form that is sent has them; one that is asked for may. */
#define AMOUNT_FIELDS(needed)                                            \
	{ .name = "limit_usd", .required = needed, .max_bytes = 40 },    \
		{ .name = "mode",                                        \
			.type = SITE_CHOICE,                             \
			.choices = "hard|soft",                          \
			.required = needed },                            \
	{                                                                \
		.name = "threshold_percent", .type = SITE_INT, .min = 1, \
		.max = 100                                               \
	}

#define PERIOD_FIELD(needed)                                   \
	{                                                      \
		.name = "period", .type = SITE_CHOICE,         \
		.choices = "daily|monthly", .required = needed \
	}

static const struct site_field new_query[] = {
	LIMIT_FORM_FIELDS,
	PERIOD_FIELD(false),
	AMOUNT_FIELDS(false),
	{ .name = NULL },
};

static const struct site_field query[] = {
	AMOUNT_FIELDS(false),
	{ .name = NULL },
};

static const struct site_field new_fields[] = {
	LIMIT_FORM_FIELDS,
	PERIOD_FIELD(true),
	AMOUNT_FIELDS(true),
	{ .name = NULL },
};

static const struct site_field fields[] = {
	AMOUNT_FIELDS(true),
	{ .name = NULL },
};

#define ADMIN_ROW(where, how, function) \
	.path = STR(where), .method = how, .who = SITE_ADMIN, .load = function

const struct site_page pages_budget[] = {
	{ ADMIN_ROW("/budgets/new", SITE_GET, show_new), .fields = new_query,
		.template = "budget", .title = "budget.new", .nav = "budgets" },
	{ ADMIN_ROW("/budgets/new", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("/budgets", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("/budgets/{id}", SITE_GET, show_one), .fields = query,
		.template = "budget", .title = "budget.change",
		.nav = "budgets" },
	{ ADMIN_ROW("/budgets/{id}", SITE_POST, change), .fields = fields },
	{ ADMIN_ROW("/budgets/{id}", SITE_PUT, change), .fields = fields },
	{ ADMIN_ROW("/budgets/{id}/remove", SITE_POST, remove_one) },
	{ ADMIN_ROW("/budgets/{id}", SITE_DELETE, remove_one) },
	{ .path = STR("") },
};

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	site_put_bool(out, "is_new", true);
	site_put_bool(out, "is_monthly",
		!str_equal(site_text(request, "period"), S("daily")));
	put_values(request, S(""), true, BUDGET_DEFAULT_THRESHOLD_PERCENT, out);
	return limit_form_put_owners(request, out, err);
}

/* One that is there is changed by its own page: nobody shall overwrite it
 * unseen. */
static bool create(struct site_request *request, json_t *out, struct error *err)
{
	struct budget_row row = { 0 };
	struct budget *budget = &row.budget;
	bool created;

	budget->period = str_equal(site_text(request, "period"), S("daily"))
				 ? PERIOD_DAILY
				 : PERIOD_MONTHLY;
	budget->threshold_percent = BUDGET_DEFAULT_THRESHOLD_PERCENT;
	if (!read_amounts(request, budget, err) ||
		!limit_form_read_owner(
			request, &budget->owner, &row.owner, err) ||
		!db_begin(request->db, err) ||
		!budget_set(request->db, budget, &budget->id, &created, err))
		return false;
	if (!created)
		return error_refuse(err, ERR_DUPLICATE, "period",
			"There is a budget of this period already: change "
			"that one.");
	return save(request, "budget.set", NULL, &row, out, err);
}

static bool show_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct budget_row row;
	json_t *json;
	char limit[MONEY_TEXT_BYTES];

	if (!find(request, &row, err))
		return false;
	money_format_usd(row.budget.limit_picousd, limit);
	json = budget_json(request, &row);
	json_object_update_new(out, json);
	limit_form_put_scope_text(request, row.budget.owner.scope, out);
	limit_form_put_period_text(request, row.budget.period, out);
	put_values(request, str_of(limit), row.budget.is_hard,
		row.budget.threshold_percent, out);
	return true;
}

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct budget_row row;
	json_t *before;

	if (!db_begin(request->db, err) || !find(request, &row, err))
		return false;
	before = budget_json(request, &row);
	if (read_amounts(request, &row.budget, err) &&
		budget_change(request->db, &row.budget, err))
		return save(request, "budget.set", before, &row, out, err);
	json_decref(before);
	return false;
}

static bool remove_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct budget_row row;

	if (!db_begin(request->db, err) || !find(request, &row, err) ||
		!budget_remove(request->db, row.budget.owner.organisation_id,
			row.budget.id, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					row.budget.owner.organisation_id,
				.action = "budget.remove",
				.object_id = row.budget.id,
				.object_name = row.owner.name,
				.before = budget_json(request, &row),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", row.budget.id);
	site_put_bool(out, "removed", true);
	site_redirect(request, S("/budgets"), "flash.removed");
	return true;
}

static bool find(
	struct site_request *request, struct budget_row *out, struct error *err)
{
	int64_t id;

	if (!str_to_int64_in(request->id, 1, INT64_MAX, &id))
		return error_refuse(
			err, ERR_NOT_FOUND, "id", "There is no such budget.");
	return budget_find(request->db, request->session.organisation_id, id,
		       request->arena, out, err) &&
	       limit_form_check(request, &out->budget.owner, &out->owner, err);
}

static bool read_amounts(const struct site_request *request,
	struct budget *budget, struct error *err)
{
	struct str limit = site_text(request, "limit_usd");

	if (!money_parse_usd(limit, &budget->limit_picousd))
		return error_refuse(err, ERR_BAD_FIELD, "limit_usd",
			"Give an amount in US dollars, as in 12.50.");
	budget->is_hard = str_equal(site_text(request, "mode"), S("hard"));
	if (site_has(request, "threshold_percent"))
		budget->threshold_percent =
			site_int(request, "threshold_percent");
	return true;
}

/* The last steps; takes `before` over. */
static bool save(struct site_request *request, const char *action,
	json_t *before, const struct budget_row *row, json_t *out,
	struct error *err)
{
	json_t *after = budget_json(request, row);

	json_object_set(out, "budget", after);
	if (!site_change_note(request,
		    &(struct site_change){
			    .organisation_id =
				    row->budget.owner.organisation_id,
			    .action = action,
			    .object_id = row->budget.id,
			    .object_name = row->owner.name,
			    .before = before,
			    .after = after,
		    },
		    err) ||
		!site_change_commit(request, err))
		return false;
	site_redirect(request, S("/budgets"), "flash.saved");
	return true;
}

static json_t *budget_json(
	struct site_request *request, const struct budget_row *row)
{
	const struct budget *budget = &row->budget;
	char limit[MONEY_TEXT_BYTES];
	json_t *json = json_object();

	money_format_usd(budget->limit_picousd, limit);
	site_put_int(json, "id", budget->id);
	limit_form_put_owner(request->arena, &budget->owner, &row->owner, json);
	site_put(json, "period", limit_period_name(budget->period));
	site_put(json, "limit_usd", str_of(limit));
	site_put(json, "mode", budget->is_hard ? S("hard") : S("soft"));
	site_put_int(json, "threshold_percent", budget->threshold_percent);
	return json;
}

/* What the form begins with: what was sent goes before what is. */
static void put_values(struct site_request *request, struct str limit_usd,
	bool is_hard, int64_t threshold, json_t *out)
{
	struct str mode = site_text(request, "mode");
	json_t *value = json_object();

	site_put(value, "limit_usd",
		site_has(request, "limit_usd") ? site_text(request, "limit_usd")
					       : limit_usd);
	site_put_bool(value, "is_soft",
		mode.n ? str_equal(mode, S("soft")) : !is_hard);
	site_put(value, "threshold_percent",
		site_has(request, "threshold_percent")
			? site_text(request, "threshold_percent")
			: arena_printf(request->arena, "%" PRId64, threshold));
	json_object_set_new(out, "value", value);
}
