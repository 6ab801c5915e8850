/*
 * check.c - would `serve` work? Every fault is found and told in one run:
 * settings, master key, database, schema, stored secrets, Redis, alerts.
 */
#include "base/data_directory.h"
#include "catalog/provider.h"
#include "cli/command.h"
#include "cli/sql_directory.h"
#include "db/migrate.h"
#include "hot/cache.h"
#include "hot/redis.h"
#include "ledger/alert_channel.h"
#include "server/alert_send.h"
#include "tokens/tokenizer.h"
#include "site/file.h"
#include "site/folder.h"
#include "site/templates.h"

struct check {
	const char *part;
	MUST_USE bool (*look)(struct session *session, struct error *err);
};

static bool look_at_schema(struct session *session, struct error *err);
static bool look_at_provider_keys(struct session *session, struct error *err);
static bool look_at_alert_channels(struct session *session, struct error *err);
static bool look_at_alerts(struct session *session, struct error *err);
static bool look_at_dashboard(struct session *session, struct error *err);
static bool look_at_vocabularies(struct session *session, struct error *err);
static bool look_at_cache(struct session *session, struct error *err);
static bool look_at_redis(struct session *session, struct error *err);
static bool uses_redis(const struct settings *settings);
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
	{ "alert_channels", look_at_alert_channels },
	{ "alerts", look_at_alerts },
	{ "dashboard", look_at_dashboard },
	{ "vocabularies", look_at_vocabularies },
	{ "cache", look_at_cache },
	{ "redis", look_at_redis },
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

static bool look_at_alert_channels(struct session *session, struct error *err)
{
	size_t count;

	return alert_channels_check(session->db, session->vault, &count, err);
}

static bool look_at_alerts(struct session *session, struct error *err)
{
	struct alert_sender sender;

	return alert_sender_open(&sender, &session->settings, session->vault,
		NULL, &session->arena, err);
}

/* Its templates and files, where it is installed. */
static bool look_at_dashboard(struct session *session, struct error *err)
{
	const char *folder = site_folder(&session->settings);
	struct templates *templates;
	struct site_files *files;

	if (!site_is_installed(&session->settings))
		return true;
	if (!templates_open(folder, false, &templates, err))
		return false;
	templates_close(templates);
	if (!site_files_open(folder, &files, err))
		return false;
	site_files_close(files);
	return true;
}

static bool look_at_vocabularies(struct session *session, struct error *err)
{
	struct tokenizer *tokenizer = NULL;
	char path[PATH_MAX];
	bool ok = data_directory_path(
			  session->settings.data_dir, "tokens", path, err) &&
		  tokenizer_open(path, &tokenizer, err) &&
		  tokenizer_check(tokenizer, err);

	tokenizer_close(tokenizer);
	return ok;
}

static bool look_at_cache(struct session *session, struct error *err)
{
	return cache_check_settings(&session->settings, err);
}

static bool look_at_redis(struct session *session, struct error *err)
{
	struct redis *redis;
	bool answers;

	if (!redis_open(&session->settings, &redis, err))
		return false;
	answers = redis_check(redis, err);
	redis_close(redis);
	return answers;
}

static bool uses_redis(const struct settings *settings)
{
	return settings->redis_url.n > 0 ||
	       str_equal(settings->limits_shared, S("redis"));
}

static bool can_look(const struct session *session, const struct check *check)
{
	if (check->look == session_read_settings)
		return true;
	if (check->look == look_at_schema)
		return session->db != NULL;
	if (check->look == look_at_provider_keys ||
		check->look == look_at_alert_channels)
		return session->has_schema && session->vault;
	if (check->look == look_at_redis)
		return session->has_settings && uses_redis(&session->settings);
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
