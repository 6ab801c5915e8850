/*
 * quota_list.c - all quotas, with what the log says was used of a day or a
 * month.
 */
#include "accounts/quota.h"
#include "cli/command.h"
#include "cli/limit_scope.h"
#include "site/standing.h"

static void show(struct session *session, const struct quota_row *row,
	const struct quota_standing *standing);
static void show_used(
	struct output *output, const struct quota_standing *standing);

static bool run(struct session *session, struct error *err)
{
	struct quota_standing *standings;
	struct quota_row *rows;
	size_t count;

	if (!quota_list(session->db, 0, &session->arena, &rows, &count, err) ||
		!quota_standing_load(session->db, rows, count, &session->arena,
			&standings, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < count; i++)
		show(session, &rows[i], &standings[i]);
	return true;
}

static void show(struct session *session, const struct quota_row *row,
	const struct quota_standing *standing)
{
	const struct quota *quota = &row->quota;
	struct output *output = &session->output;

	output_row(output);
	output_int(output, "id", quota->id);
	limit_scope_show(output, &quota->owner, row->owner.name);
	output_str(output, "period", limit_period_name(quota->period));
	output_int_or_null(output, "requests", quota->limit_requests);
	output_int_or_null(output, "tokens", quota->limit_tokens);
	show_used(output, standing);
	output_str(output, "time_zone", time_zone_name(quota->zone));
	output_str(output, "status",
		row->owner.is_inactive ? S("no use") : S("active"));
}

/* Of any minute, and of each user alone, there is no one number. */
static void show_used(
	struct output *output, const struct quota_standing *standing)
{
	if (!standing->is_known) {
		output_null(output, "requests_used");
		output_null(output, "tokens_used");
		output_null(output, "resets");
		return;
	}
	output_int(output, "requests_used", standing->requests);
	output_int(output, "tokens_used", standing->tokens);
	output_time(output, "resets", standing->ends_ms);
}

const struct command command_quota_list = {
	.words = "quota list",
	.operands = "",
	.help = "list the quotas and what was used of them",
	.needs = NEEDS_DATABASE,
	.run = run,
};
