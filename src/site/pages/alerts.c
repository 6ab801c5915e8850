/*
 * alerts.c - /alerts: what is watched, where it is told, and what happened.
 */
#include "ledger/alert.h"

#include "site/access.h"
#include "site/format.h"
#include "site/pages/alert_json.h"
#include "site/pages/pages.h"

#define PAGE_ALERTS 25

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool put_rules(
	struct site_request *request, json_t *out, struct error *err);
static bool put_channels(
	struct site_request *request, json_t *out, struct error *err);
static bool put_log(
	struct site_request *request, json_t *out, struct error *err);
static json_t *alert_json(const struct site_request *request,
	const struct format *format, const struct alert_log_row *row);
static json_t *message_json(const struct site_request *request,
	const struct format *format, const struct alert_log_row *row);

static const struct site_field fields[] = {
	{ .name = "before", .type = SITE_INT, .min = 1, .max = INT64_MAX },
	{ .name = NULL },
};

const struct site_page pages_alerts[] = {
	{ .path = STR("/alerts"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.of_organisation = true,
		.fields = fields,
		.load = show,
		.template = "alerts",
		.title = "alerts.title",
		.nav = "alerts" },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	site_put_bool(out, "may_change",
		request->session.organisation_role >= ROLE_ADMIN);
	site_put_bool(out, "is_first", !site_has(request, "before"));
	return put_rules(request, out, err) &&
	       put_channels(request, out, err) && put_log(request, out, err);
}

static bool put_rules(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	json_t *list = json_array();
	struct alert_rule *rules;
	size_t count;

	json_object_set_new(out, "rules", list);
	if (!alert_rule_list(request->db, request->session.organisation_id,
		    request->arena, &rules, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *json;

		if (!alert_rule_load_channels(
			    request->db, request->arena, &rules[i], err))
			return false;
		json = alert_rule_json(&rules[i]);
		alert_rule_put_texts(request, &format, &rules[i], json);
		json_array_append_new(list, json);
	}
	return true;
}

static bool put_channels(
	struct site_request *request, json_t *out, struct error *err)
{
	json_t *list = json_array();
	struct alert_channel *channels;
	size_t count;

	json_object_set_new(out, "channels", list);
	if (!alert_channel_list(request->db, request->session.organisation_id,
		    request->arena, &channels, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *json = alert_channel_json(&channels[i], request->arena);

		alert_put_text(request, "kinds",
			alert_channel_kind_name(channels[i].kind), "kind_text",
			json);
		json_array_append_new(list, json);
	}
	return true;
}

/* One alert more than is shown tells whether there is another page. */
static bool put_log(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	json_t *list = json_array();
	struct alert_log_row *rows;
	json_t *alert = NULL;
	int64_t id = 0;
	size_t count;

	json_object_set_new(out, "alerts", list);
	if (!alert_log_page(request->db, request->session.organisation_id,
		    site_int(request, "before"), PAGE_ALERTS + 1,
		    request->arena, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].alert.id != id &&
			json_array_size(list) == PAGE_ALERTS) {
			site_put_int(out, "next", id);
			break;
		}
		if (rows[i].alert.id != id) {
			alert = alert_json(request, &format, &rows[i]);
			json_array_append_new(list, alert);
			id = rows[i].alert.id;
		}
		if (rows[i].channel.n > 0)
			json_array_append_new(
				json_object_get(alert, "messages"),
				message_json(request, &format, &rows[i]));
	}
	return true;
}

static json_t *alert_json(const struct site_request *request,
	const struct format *format, const struct alert_log_row *row)
{
	const struct alert *alert = &row->alert;
	bool is_test = str_equal(alert->subject, S(ALERT_TEST_SUBJECT));
	json_t *json = json_object();

	site_put_int(json, "id", alert->id);
	site_put(json, "rule", row->rule);
	site_put(json, "kind", alert_kind_facts(row->kind)->name);
	alert_put_text(request, "rule_kinds",
		is_test ? S("test") : alert_kind_facts(row->kind)->name,
		"kind_text", json);
	site_put_bool(json, "is_test", is_test);
	site_put(json, "summary", alert->summary);
	format_put_time(format, json, "opened", alert->opened_ms);
	if (alert->closed_ms > 0)
		format_put_time(format, json, "closed", alert->closed_ms);
	else
		json_object_set_new(json, "closed", json_null());
	site_put_bool(json, "is_open",
		alert->closed_ms == 0 && alert_kind_facts(row->kind)->ends);
	json_object_set_new(json, "messages", json_array());
	return json;
}

static json_t *message_json(const struct site_request *request,
	const struct format *format, const struct alert_log_row *row)
{
	bool waits = str_equal(row->state, S("waiting"));
	json_t *json = json_object();

	site_put(json, "channel", row->channel);
	site_put(json, "event", row->event);
	site_put_bool(json, "is_end", str_equal(row->event, S("closed")));
	site_put(json, "state", row->state);
	alert_put_text(request, "states", row->state, "state_text", json);
	site_put_bool(json, "is_sent", str_equal(row->state, S("sent")));
	site_put_bool(json, "is_waiting", waits);
	site_put_bool(
		json, "is_given_up", str_equal(row->state, S("given_up")));
	site_put_int(json, "attempts", row->attempts);
	if (row->sent_ms > 0)
		format_put_time(format, json, "sent", row->sent_ms);
	if (waits)
		format_put_time(
			format, json, "next_attempt", row->next_attempt_ms);
	site_put(json, "error", row->last_error);
	return json;
}
