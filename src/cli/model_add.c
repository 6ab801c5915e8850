/*
 * model_add.c - add a model of a provider, or change one; what is not given
 * stays as it was.
 */
#include "catalog/catalog.h"
#include "cli/command.h"

#define MAX_TOKENS INT64_C(1000000000)
#define MAX_SPEED 1000000
#define MAX_EQUIVALENCE_BYTES 64

static const struct option_row options[] = {
	{ "provider", "PROVIDER", "who serves it" },
	{ "upstream", "NAME", "what the provider calls it (default: ID)" },
	{ "context", "TOKENS", "its context window" },
	{ "max-output", "TOKENS", "the longest answer" },
	{ "input-price", "USD", "for a million tokens of prompt" },
	{ "output-price", "USD", "for a million tokens of answer" },
	{ "cached-price", "USD", "of the prompt, read from the cache" },
	{ "cache-write-price", "USD", "of the prompt, written to the cache" },
	{ "reasoning-price", "USD", "of the answer, spent on reasoning" },
	{ "image-price", "USD",
		"for an image that is made, where its tokens are not told" },
	{ "quality", "0-100", "how good its answers are" },
	{ "speed", "TOKENS", "of answer in a second" },
	{ "kind", "KIND",
		"chat (default), completion, embedding, moderation, rerank, "
		"image or audio" },
	{ "modalities", "WORD[,WORD...]",
		"what it reads: text, image, audio, video, file" },
	{ "output-modalities", "WORD[,WORD...]", "what it answers with" },
	{ "capabilities", "WORD[,WORD...]",
		"tools, parallel_tools, json_schema, reasoning, streaming; "
		"'none' for none" },
	{ "equivalence", "WORD",
		"models of one word stand in for each other; '' for none" },
	{ NULL, NULL, NULL },
};

static bool read_change(struct session *session, struct model_change *change,
	struct error *err);
static bool read_abilities(const struct arguments *arguments,
	struct model_change *change, struct error *err);
static bool read_flags(const struct arguments *arguments, const char *name,
	const struct flag_name *table, int64_t *out, struct error *err);
static bool bad_usage(struct error *err);
static bool find_provider(struct session *session, struct model_change *change,
	struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct model_change change = model_change_none();
	bool created;
	int64_t id;

	if (!read_change(session, &change, err) ||
		!session_begin_change(session, err) ||
		!find_provider(session, &change, err) ||
		!model_save(session->db, &change, &id, &created, err))
		return false;
	output_int(output, "id", id);
	output_str(output, "name", change.name);
	output_str(output, "provider",
		arguments_text(&session->arguments, "provider"));
	output_usd_per_million(output, "input_price", change.input_picousd);
	output_usd_per_million(output, "output_price", change.output_picousd);
	output_bool(output, "created", created);
	return session_commit_change(
		session, "model.add", id, change.name, err);
}

static bool read_change(
	struct session *session, struct model_change *change, struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	const struct {
		const char *name;
		int64_t *picousd;
	} prices[] = {
		{ "input-price", &change->input_picousd },
		{ "output-price", &change->output_picousd },
		{ "cached-price", &change->cached_picousd },
		{ "cache-write-price", &change->cache_write_picousd },
		{ "reasoning-price", &change->reasoning_picousd },
	};

	change->name = session_operand(session, 0);
	change->upstream_name = arguments_text(arguments, "upstream");
	change->sets_equivalence = arguments_has(arguments, "equivalence");
	change->equivalence = arguments_text(arguments, "equivalence");
	if (change->equivalence.n > MAX_EQUIVALENCE_BYTES)
		return error_refuse(err, ERR_BAD_REQUEST, "equivalence",
			"--equivalence has at most %d bytes.",
			MAX_EQUIVALENCE_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(prices); i++) {
		if (!arguments_usd_per_million(
			    arguments, prices[i].name, prices[i].picousd, err))
			return false;
	}
	return arguments_usd(
		       arguments, "image-price", &change->image_picousd, err) &&
	       read_abilities(arguments, change, err) &&
	       arguments_int(arguments, "speed", 1, MAX_SPEED,
		       &change->speed_tps, err) &&
	       arguments_int(arguments, "context", 1, MAX_TOKENS,
		       &change->context_tokens, err) &&
	       arguments_int(arguments, "max-output", 1, MAX_TOKENS,
		       &change->max_output_tokens, err) &&
	       arguments_int(
		       arguments, "quality", 0, 100, &change->quality, err);
}

static bool read_abilities(const struct arguments *arguments,
	struct model_change *change, struct error *err)
{
	struct str kind_name = arguments_text(arguments, "kind");
	enum model_kind kind;

	if (kind_name.n) {
		if (!model_kind_read(kind_name, &kind, err))
			return bad_usage(err);
		change->kind = (int64_t)kind;
	}
	return read_flags(arguments, "modalities", modality_names,
		       &change->input_modalities, err) &&
	       read_flags(arguments, "output-modalities", modality_names,
		       &change->output_modalities, err) &&
	       read_flags(arguments, "capabilities", capability_names,
		       &change->capabilities, err);
}

static bool read_flags(const struct arguments *arguments, const char *name,
	const struct flag_name *table, int64_t *out, struct error *err)
{
	struct str list = arguments_text(arguments, name);
	unsigned flags = 0;

	if (list.n == 0)
		return true;
	if (table == capability_names && str_equal(list, S("none")))
		list.n = 0;
	if (!flags_read(table, name, list, &flags, err))
		return bad_usage(err);
	*out = (int64_t)flags;
	return true;
}

/* A word of the command line that means nothing. */
static bool bad_usage(struct error *err)
{
	err->kind = ERR_BAD_REQUEST;
	return false;
}

static bool find_provider(
	struct session *session, struct model_change *change, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "provider");
	const struct provider *provider;
	struct catalog *catalog;

	if (name.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "provider",
			"Give --provider: who serves this model.");
	if (!catalog_load(session->db, &catalog, err))
		return false;
	provider = catalog_find_provider(catalog, name);
	change->provider_id = provider ? provider->id : 0;
	catalog_free(catalog);
	return provider ||
	       error_refuse(err, ERR_NOT_FOUND, "provider",
		       "There is no provider '%.*s'.", STR_ARG(name));
}

const struct command command_model_add = {
	.words = "model add",
	.operands = "ID",
	.help = "add a model of a provider, or change one",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
