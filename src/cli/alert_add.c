/*
 * alert_add.c - a rule: what is watched, and who is told.
 */
#include "accounts/names.h"
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert_rule.h"

static const struct option_row options[] = {
	{ "kind", "budget|error_rate|provider_down|latency|catalog",
		"what is watched" },
	{ "threshold", "N",
		"percent of a budget (0: its own); errors per 10,000 calls; "
		"percent of a provider's calls that fail; milliseconds that "
		"one call in 20 exceeds; changes of the catalogue" },
	{ "window-minutes", "N", "how far it looks back (default: 5)" },
	{ "quiet-minutes", "N",
		"how long it is silent after an alert (default: 60)" },
	{ "minimum-calls", "N", "fewer calls in the window prove nothing" },
	{ "project", "PROJECT", "look at this project's calls alone" },
	{ "channels", "NAME[,NAME...]", "who is told (default: all channels)" },
	{ NULL, NULL, NULL },
};

static bool read_rule(
	struct session *session, struct alert_rule *rule, struct error *err);
static bool read_numbers(const struct arguments *arguments,
	struct alert_rule *rule, struct error *err);
static bool check_numbers(const struct arguments *arguments,
	const struct alert_rule *rule, struct error *err);
static bool find_places(
	struct session *session, struct alert_rule *rule, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct alert_rule rule = { .name = session_operand(session, 0) };
	bool created;

	if (!read_rule(session, &rule, err) ||
		!session_begin_change(session, err) ||
		!find_places(session, &rule, err) ||
		!alert_rule_save(session->db, &rule, &created, err))
		return false;
	session->organisation_id = rule.organisation_id;
	output_int(output, "id", rule.id);
	output_str(output, "name", rule.name);
	output_str(output, "kind", alert_kind_facts(rule.kind)->name);
	output_int(output, "threshold", rule.threshold);
	output_int(output, "window_minutes", rule.window_ms / ALERT_MINUTE_MS);
	output_int(output, "quiet_minutes", rule.quiet_ms / ALERT_MINUTE_MS);
	output_int_or_null(output, "minimum_calls", rule.minimum_calls);
	output_names(output, "channels", rule.channels, rule.channel_count);
	output_bool(output, "created", created);
	return session_commit_change(
		session, "alert.add", rule.id, rule.name, err);
}

static bool read_rule(
	struct session *session, struct alert_rule *rule, struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	struct name_list channels;

	if (!alert_kind_find(arguments_text(arguments, "kind"), &rule->kind))
		return error_refuse(err, ERR_BAD_REQUEST, "kind",
			"Give --kind: budget, error_rate, provider_down, "
			"latency or catalog.");
	if (!name_check(rule->name, "name", err) ||
		!read_numbers(arguments, rule, err) ||
		!check_numbers(arguments, rule, err) ||
		!name_list_split(arguments_text(arguments, "channels"),
			"channels", &session->arena, &channels, err))
		return false;
	rule->channels = channels.names;
	rule->channel_count = channels.count;
	return true;
}

static bool read_numbers(const struct arguments *arguments,
	struct alert_rule *rule, struct error *err)
{
	const struct alert_kind_facts *kind = alert_kind_facts(rule->kind);
	int64_t window = ALERT_DEFAULT_WINDOW_MINUTES;
	int64_t quiet = ALERT_DEFAULT_QUIET_MINUTES;

	rule->threshold = kind->threshold;
	rule->minimum_calls = kind->minimum_calls;
	if (!arguments_int(arguments, "threshold", kind->min, kind->max,
		    &rule->threshold, err) ||
		!arguments_int(arguments, "window-minutes", 1,
			ALERT_MAX_WINDOW_MINUTES, &window, err) ||
		!arguments_int(arguments, "quiet-minutes", 0,
			ALERT_MAX_QUIET_MINUTES, &quiet, err) ||
		!arguments_int(arguments, "minimum-calls", 1, ALERT_MAX_CALLS,
			&rule->minimum_calls, err))
		return false;
	rule->window_ms = window * ALERT_MINUTE_MS;
	rule->quiet_ms = quiet * ALERT_MINUTE_MS;
	return true;
}

/* What would change nothing is refused. */
static bool check_numbers(const struct arguments *arguments,
	const struct alert_rule *rule, struct error *err)
{
	static const char *const of_calls[] = { "window-minutes",
		"quiet-minutes", "minimum-calls" };

	for (size_t i = 0; i < ARRAY_LEN(of_calls); i++) {
		if (!alert_kind_facts(rule->kind)->ends &&
			arguments_has(arguments, of_calls[i]))
			return error_refuse(err, ERR_BAD_REQUEST, of_calls[i],
				"--%s means nothing to a rule about budgets "
				"or the catalogue.",
				of_calls[i]);
	}
	if (rule->kind == ALERT_CATALOG && arguments_has(arguments, "project"))
		return error_refuse(err, ERR_BAD_REQUEST, "project",
			"The catalogue is the same for all projects.");
	return true;
}

static bool find_places(
	struct session *session, struct alert_rule *rule, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "project");
	struct project project;

	if (!organisation_default(session->db, &rule->organisation_id, err))
		return false;
	if (name.n == 0)
		return true;
	if (!project_find(session->db, name, &project, err))
		return false;
	rule->project_id = project.id;
	return true;
}

const struct command command_alert_add = {
	.words = "alert add",
	.operands = "NAME",
	.help = "add an alert rule, or change one",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
