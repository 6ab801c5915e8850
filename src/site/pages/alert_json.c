/*
 * alert_json.c - rules and channels as JSON.
 */
#include "site/pages/alert_json.h"

#include "site/templates.h"

static struct str threshold_text(const struct site_request *request,
	const struct format *format, const struct alert_rule *rule);

json_t *alert_rule_json(const struct alert_rule *rule)
{
	const struct alert_kind_facts *kind = alert_kind_facts(rule->kind);
	json_t *channels = json_array();
	json_t *json = json_object();

	site_put_int(json, "id", rule->id);
	site_put(json, "name", rule->name);
	site_put(json, "kind", kind->name);
	site_put_int(json, "threshold", rule->threshold);
	if (kind->ends) {
		site_put_int(json, "window_minutes",
			rule->window_ms / ALERT_MINUTE_MS);
		site_put_int(json, "quiet_minutes",
			rule->quiet_ms / ALERT_MINUTE_MS);
		site_put_int(json, "minimum_calls", rule->minimum_calls);
	}
	site_put_int(json, "project_id", rule->project_id);
	site_put(json, "project", rule->project);
	for (size_t i = 0; i < rule->channel_count; i++)
		json_array_append_new(channels,
			json_stringn(rule->channels[i].p, rule->channels[i].n));
	json_object_set_new(json, "channels", channels);
	site_put_bool(json, "built_in", rule->built_in);
	site_put_bool(json, "enabled", rule->enabled);
	return json;
}

json_t *alert_channel_json(
	const struct alert_channel *channel, struct arena *arena)
{
	json_t *json = json_object();

	site_put_int(json, "id", channel->id);
	site_put(json, "name", channel->name);
	site_put(json, "kind", alert_channel_kind_name(channel->kind));
	site_put(json, "target", alert_channel_hint(channel, arena));
	site_put_bool(json, "is_signed", channel->kind == CHANNEL_WEBHOOK);
	site_put_bool(json, "enabled", channel->enabled);
	return json;
}

void alert_rule_put_texts(const struct site_request *request,
	const struct format *format, const struct alert_rule *rule, json_t *out)
{
	struct buf names = BUF_INIT(8192);

	for (size_t i = 0; i < rule->channel_count; i++)
		buf_printf(&names, "%s%.*s", i ? ", " : "",
			STR_ARG(rule->channels[i]));
	site_put(out, "channels_text", buf_str(&names));
	buf_release(&names);
	alert_put_text(request, "rule_kinds",
		alert_kind_facts(rule->kind)->name, "kind_text", out);
	site_put(out, "threshold_text", threshold_text(request, format, rule));
}

void alert_put_text(const struct site_request *request, const char *group,
	struct str word, const char *name, json_t *out)
{
	site_put(out, name,
		template_text(request->texts,
			arena_printf(request->arena, "alerts.%s.%.*s", group,
				STR_ARG(word))));
}

/* Errors are stored per 10,000, and read in percent. */
static struct str threshold_text(const struct site_request *request,
	const struct format *format, const struct alert_rule *rule)
{
	struct str unit = alert_kind_facts(rule->kind)->name;
	struct str number = format_count(format, rule->threshold);

	if (rule->kind == ALERT_BUDGET &&
		rule->threshold == ALERT_THRESHOLD_OWN)
		return template_text(request->texts, S("alerts.units.own"));
	if (rule->kind == ALERT_ERROR_RATE)
		number = format_share(format, rule->threshold, 10000);
	return arena_printf(request->arena, "%.*s %.*s", STR_ARG(number),
		STR_ARG(template_text(request->texts,
			arena_printf(request->arena, "alerts.units.%.*s",
				STR_ARG(unit)))));
}
