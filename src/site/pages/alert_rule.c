/*
 * alert_rule.c - one alert rule: a new one, a change, its end.
 *
 * The built-in rule keeps what it is: only whom it tells, and whether it
 * speaks at all, can be changed.
 */
#include "ledger/alert_rule.h"

#include "accounts/member.h"
#include "accounts/names.h"
#include "site/access.h"
#include "site/change.h"
#include "site/pages/alert_json.h"
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
static bool find(struct site_request *request, struct alert_rule *out,
	struct error *err);
static bool read_rule(struct site_request *request, struct alert_rule *rule,
	struct error *err);
static bool read_numbers(const struct site_request *request,
	struct alert_rule *rule, struct error *err);
static bool read_threshold(const struct site_request *request,
	struct alert_rule *rule, struct error *err);
static bool read_project(struct site_request *request, struct alert_rule *rule,
	struct error *err);
static bool read_channels(struct site_request *request, struct alert_rule *rule,
	struct error *err);
static bool finish(struct site_request *request, const char *action,
	const struct alert_rule *rule, json_t *before, json_t *after,
	struct error *err);
static bool put_offers(struct site_request *request, int64_t chosen,
	json_t *out, struct error *err);
static void put_kinds(
	const struct site_request *request, struct str chosen, json_t *out);
static void put_values(struct site_request *request,
	const struct alert_rule *rule, json_t *out);
static void put_number(struct site_request *request, const char *name,
	int64_t number, json_t *out);

#define KINDS "budget|error_rate|provider_down|latency|catalog"

#define RULE_FIELDS                                                           \
	{ .name = "name", .max_bytes = 191 },                                 \
		{ .name = "threshold", .type = SITE_INT, .max = INT64_MAX },  \
		{ .name = "window_minutes",                                   \
			.type = SITE_INT,                                     \
			.min = 1,                                             \
			.max = ALERT_MAX_WINDOW_MINUTES },                    \
		{ .name = "quiet_minutes",                                    \
			.type = SITE_INT,                                     \
			.max = ALERT_MAX_QUIET_MINUTES },                     \
		{ .name = "minimum_calls",                                    \
			.type = SITE_INT,                                     \
			.min = 1,                                             \
			.max = ALERT_MAX_CALLS },                             \
		{ .name = "project_id", .type = SITE_INT, .max = INT64_MAX }, \
		{ .name = "channels", .max_bytes = 4000 },                    \
	{                                                                     \
		.name = "enabled", .type = SITE_CHOICE, .choices = "on|off"   \
	}

static const struct site_field query[] = {
	{ .name = "kind", .type = SITE_CHOICE, .choices = KINDS },
	RULE_FIELDS,
	{ .name = NULL },
};

static const struct site_field new_fields[] = {
	{ .name = "kind",
		.type = SITE_CHOICE,
		.choices = KINDS,
		.required = true },
	RULE_FIELDS,
	{ .name = NULL },
};

static const struct site_field fields[] = {
	RULE_FIELDS,
	{ .name = NULL },
};

#define ADMIN_ROW(where, how, function)                                       \
	.path = STR("/alerts/rules" where), .method = how, .who = SITE_ADMIN, \
	.load = function, .nav = "alerts"

const struct site_page pages_alert_rule[] = {
	{ ADMIN_ROW("/new", SITE_GET, show_new), .fields = query,
		.template = "alert_rule", .title = "alert_rule.new" },
	{ ADMIN_ROW("/new", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("/{id}", SITE_GET, show_one), .fields = fields,
		.template = "alert_rule", .title = "alert_rule.change" },
	{ ADMIN_ROW("/{id}", SITE_POST, change), .fields = fields },
	{ ADMIN_ROW("/{id}", SITE_PUT, change), .fields = fields },
	{ ADMIN_ROW("/{id}/remove", SITE_POST, remove_one) },
	{ ADMIN_ROW("/{id}", SITE_DELETE, remove_one) },
	{ .path = STR("") },
};

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	struct alert_rule rule = { .kind = ALERT_ERROR_RATE,
		.window_ms = ALERT_DEFAULT_WINDOW_MINUTES * ALERT_MINUTE_MS,
		.quiet_ms = ALERT_DEFAULT_QUIET_MINUTES * ALERT_MINUTE_MS,
		.enabled = true };
	struct str kind = site_text(request, "kind");

	if (kind.n > 0 && !alert_kind_find(kind, &rule.kind))
		abort(); /* it is one of the choices */
	rule.threshold = alert_kind_facts(rule.kind)->threshold;
	rule.minimum_calls = alert_kind_facts(rule.kind)->minimum_calls;
	site_put_bool(out, "is_new", true);
	put_kinds(request, alert_kind_facts(rule.kind)->name, out);
	put_values(request, &rule, out);
	return site_check_organisation(request, ROLE_ADMIN, err) &&
	       put_offers(request, site_int(request, "project_id"), out, err);
}

/* As alert_channel.c: a form that says "new" shall overwrite nothing. */
static bool create(struct site_request *request, json_t *out, struct error *err)
{
	struct alert_rule rule = {
		.organisation_id = request->session.organisation_id,
		.enabled = true,
	};
	json_t *after;
	bool created;

	if (!site_check_organisation(request, ROLE_ADMIN, err))
		return false;
	if (!alert_kind_find(site_text(request, "kind"), &rule.kind))
		abort(); /* it is one of the choices */
	rule.threshold = alert_kind_facts(rule.kind)->threshold;
	rule.minimum_calls = alert_kind_facts(rule.kind)->minimum_calls;
	rule.window_ms = ALERT_DEFAULT_WINDOW_MINUTES * ALERT_MINUTE_MS;
	rule.quiet_ms = ALERT_DEFAULT_QUIET_MINUTES * ALERT_MINUTE_MS;
	if (!read_rule(request, &rule, err) || !db_begin(request->db, err) ||
		!alert_rule_save(request->db, &rule, &created, err))
		return false;
	if (!created)
		return error_refuse(err, ERR_DUPLICATE, "name",
			"There is an alert rule of this name already.");
	after = alert_rule_json(&rule);
	json_object_set(out, "rule", after);
	return finish(request, "alert.add", &rule, NULL, after, err);
}

static bool show_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct alert_rule rule;
	json_t *json;

	if (!find(request, &rule, err))
		return false;
	json = alert_rule_json(&rule);
	alert_rule_put_texts(request, &format, &rule, json);
	json_object_update_new(out, json);
	put_values(request, &rule, out);
	return put_offers(request,
		site_has(request, "project_id")
			? site_int(request, "project_id")
			: rule.project_id,
		out, err);
}

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct alert_rule rule;
	json_t *before, *after;
	bool ok;

	if (!db_begin(request->db, err) || !find(request, &rule, err))
		return false;
	before = alert_rule_json(&rule);
	ok = rule.built_in ? read_channels(request, &rule, err)
			   : read_rule(request, &rule, err);
	if (site_has(request, "enabled"))
		rule.enabled =
			str_equal(site_text(request, "enabled"), S("on"));
	if (!ok || !alert_rule_change(request->db, &rule, err)) {
		json_decref(before);
		return false;
	}
	after = alert_rule_json(&rule);
	json_object_set(out, "rule", after);
	return finish(request, "alert.change", &rule, before, after, err);
}

static bool remove_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct alert_rule rule;
	int64_t id;

	if (!db_begin(request->db, err) || !find(request, &rule, err) ||
		!alert_rule_remove(
			request->db, rule.organisation_id, rule.name, &id, err))
		return false;
	site_put_int(out, "id", id);
	site_put_bool(out, "removed", true);
	return finish(request, "alert.remove", &rule, alert_rule_json(&rule),
		NULL, err);
}

static bool find(
	struct site_request *request, struct alert_rule *out, struct error *err)
{
	int64_t id;

	if (!str_to_int64_in(request->id, 1, INT64_MAX, &id))
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no such alert rule.");
	return site_check_organisation(request, ROLE_ADMIN, err) &&
	       alert_rule_find(request->db, request->session.organisation_id,
		       id, request->arena, out, err);
}

/* What was not sent stays as it is. */
static bool read_rule(struct site_request *request, struct alert_rule *rule,
	struct error *err)
{
	if (site_has(request, "name") || rule->id == 0)
		rule->name = site_text(request, "name");
	return name_check(rule->name, "name", err) &&
	       read_numbers(request, rule, err) &&
	       read_project(request, rule, err) &&
	       read_channels(request, rule, err);
}

/* What would change nothing is passed over: one form has the fields of all
 * kinds. */
static bool read_numbers(const struct site_request *request,
	struct alert_rule *rule, struct error *err)
{
	if (alert_kind_facts(rule->kind)->ends) {
		if (site_has(request, "window_minutes"))
			rule->window_ms = site_int(request, "window_minutes") *
					  ALERT_MINUTE_MS;
		if (site_has(request, "quiet_minutes"))
			rule->quiet_ms = site_int(request, "quiet_minutes") *
					 ALERT_MINUTE_MS;
		if (site_has(request, "minimum_calls"))
			rule->minimum_calls =
				site_int(request, "minimum_calls");
	}
	return !site_has(request, "threshold") ||
	       read_threshold(request, rule, err);
}

static bool read_threshold(const struct site_request *request,
	struct alert_rule *rule, struct error *err)
{
	const struct alert_kind_facts *kind = alert_kind_facts(rule->kind);

	rule->threshold = site_int(request, "threshold");
	return (rule->threshold >= kind->min && rule->threshold <= kind->max) ||
	       error_refuse(err, ERR_BAD_FIELD, "threshold",
		       "The threshold of such a rule is %" PRId64 " to %" PRId64
		       ": %s.",
		       kind->min, kind->max, kind->unit);
}

static bool read_project(struct site_request *request, struct alert_rule *rule,
	struct error *err)
{
	const struct site_session *session = &request->session;
	struct member_project *projects;
	size_t count;

	if (!site_has(request, "project_id"))
		return true;
	rule->project_id = site_int(request, "project_id");
	rule->project = S("");
	if (rule->project_id == 0)
		return true;
	if (rule->kind == ALERT_CATALOG)
		return error_refuse(err, ERR_BAD_FIELD, "project_id",
			"The catalogue is the same for all projects.");
	if (!member_projects(request->db, session->user_id,
		    session->organisation_id, request->arena, &projects, &count,
		    err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (projects[i].id != rule->project_id)
			continue;
		rule->project = projects[i].name;
		return true;
	}
	return error_refuse(
		err, ERR_BAD_FIELD, "project_id", "There is no such project.");
}

/* An empty list is one of all channels. */
static bool read_channels(struct site_request *request, struct alert_rule *rule,
	struct error *err)
{
	struct name_list names;

	if (!name_list_split(site_text(request, "channels"), "channels",
		    request->arena, &names, err))
		return false;
	rule->channels = names.names;
	rule->channel_count = names.count;
	return true;
}

/* Takes both over, but for what `out` holds of them. */
static bool finish(struct site_request *request, const char *action,
	const struct alert_rule *rule, json_t *before, json_t *after,
	struct error *err)
{
	if (!site_change_note(request,
		    &(struct site_change){
			    .organisation_id = rule->organisation_id,
			    .action = action,
			    .object_id = rule->id,
			    .object_name = rule->name,
			    .before = before,
			    .after = after,
		    },
		    err) ||
		!site_change_commit(request, err))
		return false;
	site_redirect(
		request, S("/alerts"), after ? "flash.saved" : "flash.removed");
	return true;
}

/* The projects and the channels that there are. */
static bool put_offers(struct site_request *request, int64_t chosen,
	json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	json_t *list = json_array(), *names = json_array();
	struct alert_channel *channels;
	struct member_project *projects;
	size_t count;

	json_object_set_new(out, "projects", list);
	json_object_set_new(out, "channel_names", names);
	if (!member_projects(request->db, session->user_id,
		    session->organisation_id, request->arena, &projects, &count,
		    err))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		site_put_int(item, "id", projects[i].id);
		site_put(item, "name", projects[i].name);
		site_put_bool(item, "is_chosen", projects[i].id == chosen);
		json_array_append_new(list, item);
	}
	if (!alert_channel_list(request->db, session->organisation_id,
		    request->arena, &channels, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		json_array_append_new(names,
			json_stringn(channels[i].name.p, channels[i].name.n));
	return true;
}

static void put_kinds(
	const struct site_request *request, struct str chosen, json_t *out)
{
	json_t *list = json_array();

	for (enum alert_kind kind = 0; kind < ALERT_KINDS; kind++) {
		struct str name = alert_kind_facts(kind)->name;
		json_t *item = json_object();

		site_put(item, "kind", name);
		alert_put_text(request, "rule_kinds", name, "name", item);
		site_put_bool(item, "is_chosen", str_equal(name, chosen));
		json_array_append_new(list, item);
	}
	json_object_set_new(out, "kinds", list);
}

/* What the form begins with: what was sent goes before what is. */
static void put_values(struct site_request *request,
	const struct alert_rule *rule, json_t *out)
{
	struct str enabled = site_text(request, "enabled");
	json_t *value = json_object();
	struct buf names = BUF_INIT(8192);

	for (size_t i = 0; i < rule->channel_count; i++)
		buf_printf(&names, "%s%.*s", i ? ", " : "",
			STR_ARG(rule->channels[i]));
	site_put(value, "name",
		site_has(request, "name") ? site_text(request, "name")
					  : rule->name);
	site_put(value, "channels",
		site_has(request, "channels") ? site_text(request, "channels")
					      : buf_str(&names));
	put_number(request, "threshold", rule->threshold, value);
	put_number(request, "window_minutes", rule->window_ms / ALERT_MINUTE_MS,
		value);
	put_number(request, "quiet_minutes", rule->quiet_ms / ALERT_MINUTE_MS,
		value);
	put_number(request, "minimum_calls", rule->minimum_calls, value);
	site_put_bool(value, "enabled",
		enabled.n ? str_equal(enabled, S("on")) : rule->enabled);
	json_object_set_new(out, "value", value);
	site_put(out, "kind", alert_kind_facts(rule->kind)->name);
	site_put_bool(out, "counts_calls", alert_kind_facts(rule->kind)->ends);
	site_put_bool(out, "has_project", rule->kind != ALERT_CATALOG);
	alert_put_text(request, "threshold_hints",
		alert_kind_facts(rule->kind)->name, "threshold_hint", out);
	buf_release(&names);
}

static void put_number(struct site_request *request, const char *name,
	int64_t number, json_t *out)
{
	struct str text = site_text(request, name);

	if (text.n == 0 && number >= 0)
		text = arena_printf(request->arena, "%" PRId64, number);
	site_put(out, name, text);
}
