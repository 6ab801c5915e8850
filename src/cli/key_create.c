/*
 * key_create.c - a new gateway key, shown this once.
 *
 * Without --json the key stands alone on standard output, so that a script
 * can take it as it is.
 */
#include "accounts/budget.h"
#include "accounts/gateway_key.h"
#include "base/clock.h"
#include "cli/command.h"

#define MAX_LIMIT INT64_C(4000000000)
#define MAX_TIMEOUT_MS 3600000
#define MAX_CACHE_TTL_S 31536000

static const struct option_row options[] = {
	{ "name", "NAME", "what it is for" },
	{ "project", "PROJECT", "whose it is (default: default)" },
	{ "rpm", "N", "requests it may make in a minute" },
	{ "tpm", "N", "tokens it may use in a minute" },
	{ "concurrent", "N", "calls it may have running at once" },
	{ "budget-daily", "USD", "what it may spend in a day" },
	{ "budget-monthly", "USD", "what it may spend in a month" },
	{ "models", "MODEL[,MODEL...]", "what it may use; '*' is a pattern" },
	{ "providers", "NAME[,NAME...]", "who may serve it" },
	{ "origins", "ORIGIN[,ORIGIN...]",
		"make a publishable key, for pages of these origins alone" },
	{ "tags", "TAG[,TAG...]", "what conditions of aliases look at" },
	{ "expires", "DATE", "when it ends (UTC)" },
	{ "metadata", "off|on|default", "the metadata member of answers" },
	{ "cache", "on|off|default",
		"may answers be given again; default: as cache.enabled says" },
	{ "cache-ttl", "SECONDS", "for how long (default: cache.ttl_ms)" },
	{ "first-byte-timeout-ms", "MS",
		"how long it waits for an answer to begin" },
	{ "total-timeout-ms", "MS", "how long its calls may take in all" },
	{ "strict", NULL, "refuse what a translation would have to leave out" },
	{ NULL, NULL, NULL },
};

/* BUDGET_NONE is none. */
struct own_budgets {
	int64_t daily_picousd;
	int64_t monthly_picousd;
};

static bool read_key(
	struct session *session, struct gateway_key *key, struct error *err);
static bool read_limits(const struct arguments *arguments,
	struct gateway_key *key, struct error *err);
static bool read_budgets(const struct arguments *arguments,
	struct own_budgets *budgets, struct error *err);
static bool read_lists(
	struct session *session, struct gateway_key *key, struct error *err);
static bool read_metadata(const struct arguments *arguments,
	struct gateway_key *key, struct error *err);
static bool read_cache(const struct arguments *arguments,
	struct gateway_key *key, struct error *err);
static bool find_project(
	struct session *session, struct gateway_key *key, struct error *err);
static bool set_budgets(struct session *session, const struct gateway_key *key,
	const struct own_budgets *budgets, int64_t id, struct error *err);
static bool set_budget(struct session *session, const struct gateway_key *key,
	enum limit_period period, int64_t picousd, int64_t id,
	struct error *err);
static void show(struct session *session, const struct gateway_key *key,
	const struct own_budgets *budgets, int64_t id);

static bool run(struct session *session, struct error *err)
{
	struct gateway_key key = { .kind = GATEWAY_KEY_SECRET };
	struct own_budgets budgets = { BUDGET_NONE, BUDGET_NONE };
	char *text = session->secret;
	int64_t id;

	if (!read_key(session, &key, err) ||
		!read_budgets(&session->arguments, &budgets, err) ||
		!session_begin_change(session, err))
		return false;
	gateway_key_make(key.kind, text);
	if (!find_project(session, &key, err) ||
		!gateway_key_create(
			session->db, &key, str_of(text), &id, err) ||
		!set_budgets(session, &key, &budgets, id, err))
		return false;
	session->organisation_id = key.organisation_id;
	show(session, &key, &budgets, id);
	if (!session_commit_change(session, "key.create", id, key.name, err))
		return false;
	output_str(&session->output, "key", str_of(text));
	output_alone(&session->output);
	return true;
}

static bool read_key(
	struct session *session, struct gateway_key *key, struct error *err)
{
	const struct arguments *arguments = &session->arguments;

	key->name = arguments_text(arguments, "name");
	key->is_strict = arguments_has(arguments, "strict");
	if (arguments_has(arguments, "origins"))
		key->kind = GATEWAY_KEY_PUBLISHABLE;
	if (key->name.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "name",
			"Give --name: what this key is for.");
	if (!arguments_time(arguments, "expires", &key->expires_ms, err) ||
		!read_limits(arguments, key, err) ||
		!read_lists(session, key, err) ||
		!read_metadata(arguments, key, err) ||
		!read_cache(arguments, key, err))
		return false;
	if (key->expires_ms && key->expires_ms <= clock_unix_ms())
		fprintf(stderr, "llm-gateway: this key has expired already\n");
	return true;
}

static bool read_limits(const struct arguments *arguments,
	struct gateway_key *key, struct error *err)
{
	return arguments_int(arguments, "rpm", 1, MAX_LIMIT,
		       &key->limits.requests_per_minute, err) &&
	       arguments_int(arguments, "tpm", 1, MAX_LIMIT,
		       &key->limits.tokens_per_minute, err) &&
	       arguments_int(arguments, "first-byte-timeout-ms", 10,
		       MAX_TIMEOUT_MS, &key->first_byte_timeout_ms, err) &&
	       arguments_int(arguments, "total-timeout-ms", 10, MAX_TIMEOUT_MS,
		       &key->total_timeout_ms, err) &&
	       arguments_int(arguments, "concurrent", 1, MAX_LIMIT,
		       &key->limits.concurrent, err);
}

static bool read_budgets(const struct arguments *arguments,
	struct own_budgets *budgets, struct error *err)
{
	return arguments_usd(arguments, "budget-daily", &budgets->daily_picousd,
		       err) &&
	       arguments_usd(arguments, "budget-monthly",
		       &budgets->monthly_picousd, err);
}

static bool read_lists(
	struct session *session, struct gateway_key *key, struct error *err)
{
	struct arguments *arguments = &session->arguments;

	return name_list_split(arguments_text(arguments, "models"), "models",
		       &session->arena, &key->allowed_models, err) &&
	       name_list_split(arguments_text(arguments, "providers"),
		       "providers", &session->arena, &key->allowed_providers,
		       err) &&
	       name_list_split(arguments_text(arguments, "origins"), "origins",
		       &session->arena, &key->allowed_origins, err) &&
	       name_list_split(arguments_text(arguments, "tags"), "tags",
		       &session->arena, &key->tags, err);
}

static bool read_metadata(const struct arguments *arguments,
	struct gateway_key *key, struct error *err)
{
	struct str mode = arguments_text(arguments, "metadata");

	if (str_equal(mode, S("off")))
		key->metadata_mode = METADATA_OFF;
	else if (str_equal(mode, S("on")))
		key->metadata_mode = METADATA_ON;
	else if (mode.n && !str_equal(mode, S("default")))
		return error_refuse(err, ERR_BAD_REQUEST, "metadata",
			"--metadata is off, on or default.");
	return true;
}

static bool read_cache(const struct arguments *arguments,
	struct gateway_key *key, struct error *err)
{
	struct str policy = arguments_text(arguments, "cache");
	int64_t seconds = 0;

	if (str_equal(policy, S("on")))
		key->cache_policy = CACHE_POLICY_ON;
	else if (str_equal(policy, S("off")))
		key->cache_policy = CACHE_POLICY_OFF;
	else if (policy.n && !str_equal(policy, S("default")))
		return error_refuse(err, ERR_BAD_REQUEST, "cache",
			"--cache is on, off or default.");
	if (!arguments_int(
		    arguments, "cache-ttl", 1, MAX_CACHE_TTL_S, &seconds, err))
		return false;
	key->cache_ttl_ms = seconds * 1000;
	return true;
}

static bool find_project(
	struct session *session, struct gateway_key *key, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "project");
	struct project project;

	if (name.n == 0 || str_equal(name, S("default"))) {
		if (!project_default(session->db, &project, err))
			return false;
	} else if (!project_find(session->db, name, &project, err)) {
		return false;
	}
	key->project_id = project.id;
	key->organisation_id = project.organisation_id;
	return true;
}

static bool set_budgets(struct session *session, const struct gateway_key *key,
	const struct own_budgets *budgets, int64_t id, struct error *err)
{
	return set_budget(session, key, PERIOD_DAILY, budgets->daily_picousd,
		       id, err) &&
	       set_budget(session, key, PERIOD_MONTHLY,
		       budgets->monthly_picousd, id, err);
}

static bool set_budget(struct session *session, const struct gateway_key *key,
	enum limit_period period, int64_t picousd, int64_t id,
	struct error *err)
{
	struct budget budget = {
		.owner = { key->organisation_id, SCOPE_KEY, id, S("") },
		.period = period,
		.limit_picousd = picousd,
		.is_hard = true,
		.threshold_percent = BUDGET_DEFAULT_THRESHOLD_PERCENT,
	};
	int64_t budget_id;
	bool created;

	return picousd == BUDGET_NONE ||
	       budget_set(session->db, &budget, &budget_id, &created, err);
}

static void show(struct session *session, const struct gateway_key *key,
	const struct own_budgets *budgets, int64_t id)
{
	struct str project = arguments_text(&session->arguments, "project");
	struct output *output = &session->output;

	output_int(output, "id", id);
	output_str(output, "name", key->name);
	output_str(output, "project", project.n ? project : S("default"));
	output_int_or_null(output, "rpm", key->limits.requests_per_minute);
	output_int_or_null(output, "tpm", key->limits.tokens_per_minute);
	output_int_or_null(output, "concurrent", key->limits.concurrent);
	output_usd(output, "budget_daily_usd", budgets->daily_picousd);
	output_usd(output, "budget_monthly_usd", budgets->monthly_picousd);
	output_names(output, "models", key->allowed_models.names,
		key->allowed_models.count);
	output_names(output, "providers", key->allowed_providers.names,
		key->allowed_providers.count);
	output_time(output, "expires", key->expires_ms);
	output_int_or_null(
		output, "first_byte_timeout_ms", key->first_byte_timeout_ms);
	output_int_or_null(output, "total_timeout_ms", key->total_timeout_ms);
	output_bool(output, "strict", key->is_strict);
}

const struct command command_key_create = {
	.words = "key create",
	.operands = "",
	.help = "make a gateway key and print it, this once",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
