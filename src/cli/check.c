/*
 * check.c - would `serve` work? Every fault is found and told in one run:
 * settings, master key, database, schema, stored provider keys.
 */
#include "catalog/provider.h"
#include "cli/command.h"
#include "cli/sql_directory.h"
#include "db/migrate.h"

struct check {
	const char *part;
	MUST_USE bool (*look)(struct session *session, struct error *err);
};

static bool look_at_schema(struct session *session, struct error *err);
static bool look_at_provider_keys(struct session *session, struct error *err);
static bool can_look(const struct session *session, const struct check *check);
static void report(struct session *session, const struct check *check,
	const struct error *err);

/* In this order: a check needs what those before it opened. */
static const struct check checks[] = {
	{ "settings", session_read_settings },
	{ "master_key", session_open_vault },
	{ "database", session_open_database },
	{ "schema", look_at_schema },
	{ "provider_keys", look_at_provider_keys },
};

static bool run(struct session *session, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		*err = (struct error)ERROR_INIT;
		if (!can_look(session, &checks[i])) {
			output_str(&session->output, checks[i].part,
				S("not checked"));
			continue;
		}
		if (!checks[i].look(session, err))
			ok = false;
		report(session, &checks[i], err);
	}
	output_bool(&session->output, "ok", ok);
	session->exit_status = ok ? 0 : 1;
	return true;
}

static bool look_at_schema(struct session *session, struct error *err)
{
	unsigned count;

	if (!migrate_pending(session->db, sql_directory(session), &count, err))
		return false;
	session->has_schema = count == 0;
	return session->has_schema ||
	       error_refuse(err, ERR_CONFIG, NULL,
		       "%u migrations have not run; run 'llm-gateway migrate'.",
		       count);
}

static bool look_at_provider_keys(struct session *session, struct error *err)
{
	size_t count;

	return provider_keys_check(session->db, session->vault, &count, err);
}

static bool can_look(const struct session *session, const struct check *check)
{
	if (check->look == session_read_settings)
		return true;
	if (check->look == look_at_schema)
		return session->db != NULL;
	if (check->look == look_at_provider_keys)
		return session->has_schema && session->vault;
	return session->has_settings;
}

static void report(struct session *session, const struct check *check,
	const struct error *err)
{
	struct str message = S("ok");

	if (err->kind != ERR_NONE) {
		message = err->detail[0]
				  ? arena_printf(&session->arena, "%s (%s)",
					    error_message(err), err->detail)
				  : arena_copy(&session->arena,
					    str_of(error_message(err)));
		fprintf(stderr, "llm-gateway: %s: %.*s\n", check->part,
			STR_ARG(message));
	}
	if (err->kind != ERR_NONE && !session->output.json)
		message = S("failed"); /* the line above tells why */
	output_str(&session->output, check->part, message);
}

const struct command command_check = {
	.words = "check",
	.operands = "",
	.help = "look for whatever would keep the gateway from working",
	.options = sql_directory_options,
	.needs = NEEDS_NOTHING,
	.run = run,
};
