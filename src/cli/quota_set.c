/*
 * quota_set.c - how many requests and tokens may be used in a period, and how
 * many requests may run at once.
 */
#include "accounts/quota.h"
#include "cli/command.h"
#include "cli/limit_scope.h"

#define MAX_LIMIT INT64_C(1000000000000)

static const struct option_row options[] = {
	LIMIT_SCOPE_OPTIONS,
	{ "rpm", "N", "requests in any minute" },
	{ "tpm", "N", "tokens in any minute" },
	{ "requests-daily", "N", "requests in a day" },
	{ "requests-monthly", "N", "requests in a month" },
	{ "tokens-daily", "N", "tokens in a day" },
	{ "tokens-monthly", "N", "tokens in a month" },
	{ "concurrent", "N", "requests that run at once" },
	{ NULL, NULL, NULL },
};

/* What the options say of one period. */
static const struct {
	enum limit_period period;
	const char *requests;
	const char *tokens; /* or NULL */
} periods[] = {
	{ PERIOD_MINUTE, "rpm", "tpm" },
	{ PERIOD_DAILY, "requests-daily", "tokens-daily" },
	{ PERIOD_MONTHLY, "requests-monthly", "tokens-monthly" },
	{ PERIOD_AT_ONCE, "concurrent", NULL },
};

#define PERIODS ARRAY_LEN(periods)

static bool read_quotas(const struct arguments *arguments,
	struct quota quotas[PERIODS], struct error *err);
static bool save(struct session *session, const struct quota *quota,
	struct str name, int64_t *id, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct quota quotas[PERIODS] = { 0 };
	const struct quota *last = NULL;
	struct limit_target target;
	int64_t id = 0;

	if (!read_quotas(&session->arguments, quotas, err) ||
		!session_begin_change(session, err) ||
		!limit_scope_choose(session, &target, err))
		return false;
	session->organisation_id = target.owner.organisation_id;
	output_list(&session->output);
	for (size_t i = 0; i < PERIODS; i++) {
		if (quotas[i].limit_requests + quotas[i].limit_tokens == 0)
			continue;
		if (last && !session_note_change(
				    session, "quota.set", id, target.name, err))
			return false;
		last = &quotas[i];
		quotas[i].owner = target.owner;
		if (!save(session, last, target.name, &id, err))
			return false;
	}
	if (target.no_use)
		fprintf(stderr, "llm-gateway: %s\n", target.no_use);
	return session_commit_change(
		session, "quota.set", id, target.name, err);
}

static bool read_quotas(const struct arguments *arguments,
	struct quota quotas[PERIODS], struct error *err)
{
	bool any = false;

	for (size_t i = 0; i < PERIODS; i++) {
		struct quota *quota = &quotas[i];

		quota->period = periods[i].period;
		if (!arguments_int(arguments, periods[i].requests, 1, MAX_LIMIT,
			    &quota->limit_requests, err) ||
			(periods[i].tokens &&
				!arguments_int(arguments, periods[i].tokens, 1,
					MAX_LIMIT, &quota->limit_tokens, err)))
			return false;
		any |= quota->limit_requests + quota->limit_tokens > 0;
	}
	return any || error_refuse(err, ERR_BAD_REQUEST, NULL,
			      "Give a limit, as in --rpm 10 or --tokens-daily "
			      "100000.");
}

static bool save(struct session *session, const struct quota *quota,
	struct str name, int64_t *id, struct error *err)
{
	struct output *output = &session->output;
	bool created;

	if (!quota_set(session->db, quota, id, &created, err))
		return false;
	output_row(output);
	output_int(output, "id", *id);
	limit_scope_show(output, &quota->owner, name);
	output_str(output, "period", limit_period_name(quota->period));
	output_int_or_null(output, "requests", quota->limit_requests);
	output_int_or_null(output, "tokens", quota->limit_tokens);
	output_bool(output, "created", created);
	return true;
}

const struct command command_quota_set = {
	.words = "quota set",
	.operands = "",
	.help = "set how many requests and tokens may be used",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
