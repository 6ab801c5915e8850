/*
 * provider_add.c - add a provider, or change one; what is not given stays as
 * it was, or comes from the table of known providers.
 */
#include "catalog/provider.h"
#include "cli/command.h"

#define MAX_WEIGHT 1000000
#define MAX_RATE INT64_C(4000000000)

static const struct option_row options[] = {
	{ "dialect", "NAME[,NAME...]",
		"what it speaks, as in openai_chat; the first is for what "
		"must be translated" },
	{ "base-url", "URL", "as in https://api.example.com/v1" },
	{ "auth", "bearer|aws|HEADER",
		"how its key is sent (default: bearer)" },
	{ "quirk", "NAME=VALUE",
		"where it differs, as in stream_usage=always; may be "
		"repeated" },
	{ "weight", "N", "its share among providers of one model" },
	{ "rpm", "N", "requests that it allows in a minute; 0: no limit" },
	{ "tpm", "N", "tokens that it allows in a minute; 0: no limit" },
	{ "concurrent", "N", "requests that it answers at once; 0: no limit" },
	{ "key-stdin", NULL, "read its API key from standard input" },
	{ "key-name", "NAME", "which of its keys (default: default)" },
	{ "key-weight", "N", "the key's share among its keys" },
	{ "no-models", NULL,
		"do not add the models that are known of a known provider" },
	{ NULL, NULL, NULL },
};

static bool apply_arguments(
	struct session *session, struct provider *provider, struct error *err);
static bool save_key(struct session *session, int64_t provider_id,
	struct str auth, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct provider provider = { .name = session_operand(session, 0) };
	bool with_key = arguments_has(&session->arguments, "key-stdin");
	bool no_models = arguments_has(&session->arguments, "no-models");
	size_t models = 0;
	bool created;
	int64_t id;

	if (!session_begin_change(session, err) ||
		!provider_prefill(session->db, provider.name, &session->arena,
			&provider, err) ||
		!apply_arguments(session, &provider, err) ||
		!provider_save(session->db, &provider, &id, &created, err) ||
		(with_key && !save_key(session, id, provider.auth, err)) ||
		(created && !no_models &&
			!provider_add_models(session->db, &session->settings,
				&provider, &session->arena, &models, err)))
		return false;
	output_int(output, "id", id);
	output_str(output, "name", provider.name);
	output_str(output, "dialect", provider.dialect);
	output_str(output, "base_url", provider.base_url);
	output_int_or_null(output, "rpm", provider.requests_per_minute);
	output_int_or_null(output, "tpm", provider.tokens_per_minute);
	output_int_or_null(output, "concurrent", provider.concurrent);
	output_bool(output, "key_set", with_key);
	output_int(output, "models_added", (int64_t)models);
	output_bool(output, "created", created);
	return session_commit_change(
		session, "provider.add", id, provider.name, err);
}

static bool apply_arguments(
	struct session *session, struct provider *provider, struct error *err)
{
	struct arguments *arguments = &session->arguments;
	struct str quirk;
	size_t at = 0;

	if (arguments_has(arguments, "dialect"))
		provider->dialect = arguments_text(arguments, "dialect");
	if (arguments_has(arguments, "base-url"))
		provider->base_url = arguments_text(arguments, "base-url");
	if (arguments_has(arguments, "auth"))
		provider->auth = arguments_text(arguments, "auth");
	while (arguments_next(arguments, "quirk", &at, &quirk)) {
		if (!quirks_set(&provider->quirks, quirk, err))
			return false;
	}
	return arguments_int(arguments, "weight", 0, MAX_WEIGHT,
		       &provider->weight, err) &&
	       arguments_int(arguments, "rpm", 0, MAX_RATE,
		       &provider->requests_per_minute, err) &&
	       arguments_int(arguments, "tpm", 0, MAX_RATE,
		       &provider->tokens_per_minute, err) &&
	       arguments_int(arguments, "concurrent", 0, MAX_RATE,
		       &provider->concurrent, err) &&
	       provider_check_form(provider,
		       session->settings.allow_private_upstreams,
		       &session->arena, err);
}

/* The vault is opened here: a provider without a key needs no master key. */
static bool save_key(struct session *session, int64_t provider_id,
	struct str auth, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "key-name");
	int64_t weight = 1;
	struct str text;

	if (name.n == 0)
		name = S("default");
	return arguments_int(&session->arguments, "key-weight", 0, MAX_WEIGHT,
		       &weight, err) &&
	       session_open_vault(session, err) &&
	       session_read_secret(session, "key", &text, err) &&
	       provider_key_check_form(auth, text, err) &&
	       provider_key_save(session->db, session->vault, provider_id, name,
		       text, weight, err);
}

const struct command command_provider_add = {
	.words = "provider add",
	.operands = "NAME",
	.help = "add a provider, or change one",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
