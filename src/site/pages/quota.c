/*
 * quota.c - one quota: a new one, other limits for it, its end.
 */
#include "accounts/quota.h"
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
static bool find(
	struct site_request *request, struct quota_row *out, struct error *err);
static void read_amounts(
	const struct site_request *request, struct quota *quota);
static bool save(struct site_request *request, const char *action,
	json_t *before, const struct quota_row *row, json_t *out,
	struct error *err);
static json_t *quota_json(
	struct site_request *request, const struct quota_row *row);
static void put_values(
	struct site_request *request, const struct quota *quota, json_t *out);
static void put_value(struct site_request *request, const char *name,
	int64_t number, json_t *out);

/* The largest limit: the command line's, too. */
#define MAX_LIMIT INT64_C(1000000000000)

#define AMOUNT_FIELDS                                                          \
	{ .name = "requests", .type = SITE_INT, .min = 1, .max = MAX_LIMIT },  \
	{                                                                      \
		.name = "tokens", .type = SITE_INT, .min = 1, .max = MAX_LIMIT \
	}

/* `needed`: a form that is sent has it; one that is asked for may. */
#define PERIOD_FIELD(needed)                                    \
	{                                                       \
		.name = "period", .type = SITE_CHOICE,          \
		.choices = "minute|hour|daily|monthly|at_once", \
		.required = needed                              \
	}

static const struct site_field new_query[] = {
	LIMIT_FORM_FIELDS,
	PERIOD_FIELD(false),
	AMOUNT_FIELDS,
	{ .name = NULL },
};

static const struct site_field new_fields[] = {
	LIMIT_FORM_FIELDS,
	PERIOD_FIELD(true),
	AMOUNT_FIELDS,
	{ .name = NULL },
};

static const struct site_field fields[] = {
	AMOUNT_FIELDS,
	{ .name = NULL },
};

#define ADMIN_ROW(where, how, function) \
	.path = STR(where), .method = how, .who = SITE_ADMIN, .load = function

const struct site_page pages_quota[] = {
	{ ADMIN_ROW("/quotas/new", SITE_GET, show_new), .fields = new_query,
		.template = "quota", .title = "quota.new", .nav = "budgets" },
	{ ADMIN_ROW("/quotas/new", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("/quotas", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("/quotas/{id}", SITE_GET, show_one), .fields = fields,
		.template = "quota", .title = "quota.change",
		.nav = "budgets" },
	{ ADMIN_ROW("/quotas/{id}", SITE_POST, change), .fields = fields },
	{ ADMIN_ROW("/quotas/{id}", SITE_PUT, change), .fields = fields },
	{ ADMIN_ROW("/quotas/{id}/remove", SITE_POST, remove_one) },
	{ ADMIN_ROW("/quotas/{id}", SITE_DELETE, remove_one) },
	{ .path = STR("") },
};

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	json_t *is = json_object();
	struct str period = site_text(request, "period");

	site_put_bool(out, "is_new", true);
	if (period.n > 0)
		site_put_bool(is, arena_cstr(request->arena, period), true);
	json_object_set_new(out, "is_period", is);
	put_values(request, &(struct quota){ 0 }, out);
	return limit_form_put_owners(request, out, err);
}

/* As budget.c: one that is there is changed by its own page. */
static bool create(struct site_request *request, json_t *out, struct error *err)
{
	struct quota_row row = { 0 };
	struct quota *quota = &row.quota;
	bool created;

	read_amounts(request, quota);
	if (!limit_period_read(
		    site_text(request, "period"), &quota->period, err) ||
		!limit_form_read_owner(
			request, &quota->owner, &row.owner, err) ||
		!db_begin(request->db, err) ||
		!quota_set(request->db, quota, &quota->id, &created, err))
		return false;
	if (!created)
		return error_refuse(err, ERR_DUPLICATE, "period",
			"There is a quota of this period already: change "
			"that one.");
	return save(request, "quota.set", NULL, &row, out, err);
}

static bool show_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct quota_row row;
	json_t *json;

	if (!find(request, &row, err))
		return false;
	json = quota_json(request, &row);
	json_object_update_new(out, json);
	limit_form_put_scope_text(request, row.quota.owner.scope, out);
	limit_form_put_period_text(request, row.quota.period, out);
	put_values(request, &row.quota, out);
	return true;
}

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct quota_row row;
	json_t *before;

	if (!db_begin(request->db, err) || !find(request, &row, err))
		return false;
	before = quota_json(request, &row);
	read_amounts(request, &row.quota);
	if (quota_change(request->db, &row.quota, err))
		return save(request, "quota.set", before, &row, out, err);
	json_decref(before);
	return false;
}

static bool remove_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct quota_row row;

	if (!db_begin(request->db, err) || !find(request, &row, err) ||
		!quota_remove(request->db, row.quota.owner.organisation_id,
			row.quota.id, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					row.quota.owner.organisation_id,
				.action = "quota.remove",
				.object_id = row.quota.id,
				.object_name = row.owner.name,
				.before = quota_json(request, &row),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", row.quota.id);
	site_put_bool(out, "removed", true);
	site_redirect(request, S("/budgets"), "flash.removed");
	return true;
}

static bool find(
	struct site_request *request, struct quota_row *out, struct error *err)
{
	int64_t id;

	if (!str_to_int64_in(request->id, 1, INT64_MAX, &id))
		return error_refuse(
			err, ERR_NOT_FOUND, "id", "There is no such quota.");
	return quota_find(request->db, request->session.organisation_id, id,
		       request->arena, out, err) &&
	       limit_form_check(request, &out->quota.owner, &out->owner, err);
}

/* What is not filled in is no limit. */
static void read_amounts(
	const struct site_request *request, struct quota *quota)
{
	quota->limit_requests = site_int(request, "requests");
	quota->limit_tokens = site_int(request, "tokens");
}

/* The last steps; takes `before` over. */
static bool save(struct site_request *request, const char *action,
	json_t *before, const struct quota_row *row, json_t *out,
	struct error *err)
{
	json_t *after = quota_json(request, row);

	json_object_set(out, "quota", after);
	if (!site_change_note(request,
		    &(struct site_change){
			    .organisation_id = row->quota.owner.organisation_id,
			    .action = action,
			    .object_id = row->quota.id,
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

static json_t *quota_json(
	struct site_request *request, const struct quota_row *row)
{
	const struct quota *quota = &row->quota;
	json_t *json = json_object();

	site_put_int(json, "id", quota->id);
	limit_form_put_owner(request->arena, &quota->owner, &row->owner, json);
	site_put(json, "period", limit_period_name(quota->period));
	if (quota->limit_requests > 0)
		site_put_int(json, "requests", quota->limit_requests);
	if (quota->limit_tokens > 0)
		site_put_int(json, "tokens", quota->limit_tokens);
	return json;
}

/* What the form begins with: what was sent goes before what is. */
static void put_values(
	struct site_request *request, const struct quota *quota, json_t *out)
{
	json_t *value = json_object();

	put_value(request, "requests", quota->limit_requests, value);
	put_value(request, "tokens", quota->limit_tokens, value);
	json_object_set_new(out, "value", value);
}

static void put_value(struct site_request *request, const char *name,
	int64_t number, json_t *out)
{
	struct str text = site_text(request, name);

	if (text.n == 0 && number > 0)
		text = arena_printf(request->arena, "%" PRId64, number);
	site_put(out, name, text);
}
