/*
 * alert_list.c - the alert rules.
 */
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert_rule.h"

static void show(struct output *output, const struct alert_rule *rule);

static bool run(struct session *session, struct error *err)
{
	struct alert_rule *rules;
	int64_t organisation_id;
	size_t count;

	if (!organisation_default(session->db, &organisation_id, err) ||
		!alert_rule_list(session->db, organisation_id, &session->arena,
			&rules, &count, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < count; i++) {
		if (!alert_rule_load_channels(
			    session->db, &session->arena, &rules[i], err))
			return false;
		show(&session->output, &rules[i]);
	}
	return true;
}

/* A window says nothing where no calls are looked at. */
static void show(struct output *output, const struct alert_rule *rule)
{
	bool has_window = alert_kind_facts(rule->kind)->ends;

	output_row(output);
	output_int(output, "id", rule->id);
	output_str(output, "name", rule->name);
	output_str(output, "kind", alert_kind_facts(rule->kind)->name);
	output_int(output, "threshold", rule->threshold);
	output_str(output, "unit", str_of(alert_kind_facts(rule->kind)->unit));
	output_int_or_null(output, "window_minutes",
		has_window ? rule->window_ms / ALERT_MINUTE_MS : 0);
	output_int_or_null(output, "quiet_minutes",
		has_window ? rule->quiet_ms / ALERT_MINUTE_MS : 0);
	output_int_or_null(output, "minimum_calls", rule->minimum_calls);
	output_str(output, "project", rule->project);
	output_names(output, "channels", rule->channels, rule->channel_count);
	output_bool(output, "built_in", rule->built_in);
	output_bool(output, "enabled", rule->enabled);
}

const struct command command_alert_list = {
	.words = "alert list",
	.operands = "",
	.help = "list the alert rules",
	.needs = NEEDS_DATABASE,
	.run = run,
};
