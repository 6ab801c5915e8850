/*
 * tokenizer.c - both vocabularies, and the models that have them.
 */
#include "tokens/tokenizer.h"

#include "tokens/vocabulary.h"

enum { O200K, CL100K, VOCABULARIES };

struct tokenizer {
	struct characters characters;
	struct vocabulary vocabularies[VOCABULARIES];
};

static const struct {
	const char *name;
	split_next *split;
} kinds[VOCABULARIES] = {
	[O200K] = { "o200k_base", split_o200k },
	[CL100K] = { "cl100k_base", split_cl100k },
};

/*
 * How names begin, the longer one before the shorter; what follows is the end
 * of the name or begins with '-', '.' or ':'. From
 * https://github.com/openai/tiktoken, tiktoken/model.py.
 */
static const struct {
	struct str prefix;
	int vocabulary;
} models[] = {
	{ STR("gpt-5"), O200K },
	{ STR("gpt-4o"), O200K },
	{ STR("gpt-4.1"), O200K },
	{ STR("gpt-4.5"), O200K },
	{ STR("chatgpt-4o"), O200K },
	{ STR("o1"), O200K },
	{ STR("o3"), O200K },
	{ STR("o4"), O200K },
	{ STR("gpt-oss"), O200K },
	{ STR("gpt-audio"), O200K },
	{ STR("gpt-realtime"), O200K },
	{ STR("codex-mini"), O200K },
	{ STR("computer-use-preview"), O200K },
	{ STR("gpt-4"), CL100K },
	{ STR("gpt-3.5"), CL100K },
	{ STR("gpt-35"), CL100K },
	{ STR("text-embedding-ada-002"), CL100K },
	{ STR("text-embedding-3"), CL100K },
	{ STR("davinci-002"), CL100K },
	{ STR("babbage-002"), CL100K },
};

static struct str bare_name(struct str model);
static bool name_begins(struct str name, struct str prefix);

bool tokenizer_open(
	const char *folder, struct tokenizer **out, struct error *err)
{
	struct tokenizer *tokenizer = calloc(1, sizeof(*tokenizer));
	bool ok = tokenizer != NULL;

	if (!ok)
		error_set(err, ERR_INTERNAL, "no memory");
	ok = ok && characters_open(folder, &tokenizer->characters, err);
	for (int i = 0; ok && i < VOCABULARIES; i++)
		ok = vocabulary_open(folder, kinds[i].name, kinds[i].split,
			&tokenizer->characters, &tokenizer->vocabularies[i],
			err);
	if (!ok)
		tokenizer_close(tokenizer);
	*out = ok ? tokenizer : NULL;
	return ok;
}

void tokenizer_close(struct tokenizer *tokenizer)
{
	if (!tokenizer)
		return;
	for (int i = 0; i < VOCABULARIES; i++)
		vocabulary_close(&tokenizer->vocabularies[i]);
	characters_close(&tokenizer->characters);
	free(tokenizer);
}

bool tokenizer_check(const struct tokenizer *tokenizer, struct error *err)
{
	if (!mapped_file_is_whole(&tokenizer->characters.file))
		return error_set(err, ERR_CONFIG,
			"characters.table is damaged: its sum is wrong");
	for (int i = 0; i < VOCABULARIES; i++)
		if (!mapped_file_is_whole(&tokenizer->vocabularies[i].file))
			return error_set(err, ERR_CONFIG,
				"%s.tokens is damaged: its sum is wrong",
				kinds[i].name);
	return true;
}

const struct vocabulary *tokenizer_encoding(
	const struct tokenizer *tokenizer, struct str name)
{
	for (int i = 0; i < VOCABULARIES; i++)
		if (str_equal(name, str_of(kinds[i].name)))
			return &tokenizer->vocabularies[i];
	return NULL;
}

const struct vocabulary *tokenizer_vocabulary(
	const struct tokenizer *tokenizer, struct str model)
{
	struct str name = bare_name(model);

	for (size_t i = 0; i < ARRAY_LEN(models); i++)
		if (name_begins(name, models[i].prefix))
			return &tokenizer->vocabularies[models[i].vocabulary];
	return NULL;
}

/* "openai/gpt-4o" and "ft:gpt-4o:acme::id" are both gpt-4o. */
static struct str bare_name(struct str model)
{
	if (str_starts(model, S("openai/")))
		model = str_from(model, S("openai/").n);
	if (str_starts(model, S("ft:")))
		model = str_from(model, S("ft:").n);
	return model;
}

static bool name_begins(struct str name, struct str prefix)
{
	if (!str_starts(name, prefix))
		return false;
	if (name.n == prefix.n)
		return true;
	switch (name.p[prefix.n]) {
	case '-':
	case '.':
	case ':': return true;
	default: return false;
	}
}
