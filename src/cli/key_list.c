/*
 * key_list.c - all gateway keys; of their text only the first characters.
 */
#include "accounts/gateway_key.h"
#include "base/clock.h"
#include "cli/command.h"

static void show(
	struct output *output, const struct gateway_key_row *row, int64_t now);
static struct str status_of(const struct gateway_key *key, int64_t now);

static bool run(struct session *session, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct gateway_key_row *rows;
	size_t count;

	if (!gateway_key_list(session->db, &session->arena, &rows, &count, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < count; i++)
		show(&session->output, &rows[i], now);
	return true;
}

static void show(
	struct output *output, const struct gateway_key_row *row, int64_t now)
{
	const struct gateway_key *key = &row->key;

	output_row(output);
	output_int(output, "id", key->id);
	output_str(output, "name", key->name);
	output_str(output, "project", row->project);
	output_str(output, "prefix", row->prefix);
	output_str(output, "status", status_of(key, now));
	output_time(output, "created", row->created_ms);
	output_time(output, "expires", key->expires_ms);
	output_time(output, "last_used", row->last_used_ms);
	output_int_or_null(output, "rpm", key->limits.requests_per_minute);
	output_int_or_null(output, "tpm", key->limits.tokens_per_minute);
	output_int_or_null(output, "concurrent", key->limits.concurrent);
	output_usd(output, "budget_daily_usd", row->daily_picousd);
	output_usd(output, "budget_monthly_usd", row->monthly_picousd);
	output_names(output, "models", key->allowed_models.names,
		key->allowed_models.count);
	output_bool(output, "strict", key->is_strict);
}

static struct str status_of(const struct gateway_key *key, int64_t now)
{
	struct error err;

	if (gateway_key_check(key, now, &err))
		return S("active");
	return err.kind == ERR_KEY_REVOKED ? S("revoked") : S("expired");
}

const struct command command_key_list = {
	.words = "key list",
	.operands = "",
	.help = "list the gateway keys",
	.needs = NEEDS_DATABASE,
	.run = run,
};
