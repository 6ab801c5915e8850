/*
 * alert_log.c - what happened, who was told, and who could not be.
 */
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert.h"

#define DEFAULT_ROWS 100
#define MAX_ROWS 10000

static const struct option_row options[] = {
	{ "limit", "N", "messages, the newest (default: 100)" },
	{ NULL, NULL, NULL },
};

static void show(struct output *output, const struct alert_log_row *row);

static bool run(struct session *session, struct error *err)
{
	struct alert_log_row *rows;
	int64_t limit = DEFAULT_ROWS;
	int64_t organisation_id;
	size_t count;

	if (!arguments_int(
		    &session->arguments, "limit", 1, MAX_ROWS, &limit, err) ||
		!organisation_default(session->db, &organisation_id, err) ||
		!alert_log(session->db, organisation_id, limit, &session->arena,
			&rows, &count, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < count; i++)
		show(&session->output, &rows[i]);
	return true;
}

static void show(struct output *output, const struct alert_log_row *row)
{
	const struct alert *alert = &row->alert;
	bool waits = str_equal(row->state, S("waiting"));

	output_row(output);
	output_int(output, "id", alert->id);
	output_str(output, "rule", row->rule);
	output_str(output, "kind", alert_kind_facts(row->kind)->name);
	output_str(output, "occasion", alert->occasion);
	output_time(output, "opened", alert->opened_ms);
	output_time(output, "closed", alert->closed_ms);
	output_str(output, "summary", alert->summary);
	output_json(output, "facts", alert->facts);
	output_str(output, "channel", row->channel);
	output_str(output, "event", row->event);
	output_str(output, "state", row->state);
	output_int(output, "attempts", row->attempts);
	output_time(output, "sent", row->sent_ms);
	output_time(output, "next_attempt", waits ? row->next_attempt_ms : 0);
	output_str(output, "error", row->last_error);
}

const struct command command_alert_log = {
	.words = "alert log",
	.operands = "",
	.help = "list what happened and who was told",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
