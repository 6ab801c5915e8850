/*
 * quirks.c - the table of quirks.
 */
#include "catalog/quirks.h"

#include "base/json.h"

#define MAX_WORDS 4

/* A quirk is one word of several, or a set of fields. */
struct quirk {
	const char *name;
	const char *words[MAX_WORDS]; /* the word of value 0 comes first */
	size_t offset; /* of the unsigned, or of the set, in struct quirks */
	bool is_set;
};

/* Enumerations are kept as unsigned here. */
#define WORDS(name, member, ...)                                              \
	{                                                                     \
		name, { __VA_ARGS__ }, offsetof(struct quirks, member), false \
	}

static const struct quirk table[] = {
	WORDS("stream_usage", stream_usage, "ask", "always"),
	WORDS("on_disconnect", on_disconnect, "cancel", "drain"),
	WORDS("prompt_cache", prompt_cache, "5m", "1h", "24h", "none"),
	WORDS("max_tokens", traits.max_tokens, "max_tokens",
		"max_completion_tokens"),
	WORDS("reasoning", traits.reasoning, "reasoning_effort", "reasoning",
		"thinking", "high_or_none"),
	WORDS("audio", traits.audio, "object", "text"),
	{ "unsupported", { NULL }, offsetof(struct quirks, traits.unsupported),
		true },
};

static bool apply(struct quirks *quirks, struct str name, struct str word,
	struct error *err);
static bool refuse_name(struct str name, struct error *err);
static bool apply_word(const struct quirk *quirk, struct quirks *quirks,
	struct str word, struct error *err);
static bool apply_set(const struct quirk *quirk, struct quirks *quirks,
	struct str names, struct error *err);
static uint64_t fields_called(struct str name);
static void write_set(uint64_t set, struct buf *out);

static inline unsigned *word_of(
	const struct quirk *quirk, const struct quirks *quirks)
{
	return (unsigned *)(uintptr_t)((const char *)quirks + quirk->offset);
}

static inline uint64_t *set_of(
	const struct quirk *quirk, const struct quirks *quirks)
{
	return (uint64_t *)(uintptr_t)((const char *)quirks + quirk->offset);
}

bool quirks_read(struct str text, struct quirks *out, struct error *err)
{
	struct json object;
	struct json_cursor cursor;
	struct json_member member;

	*out = (struct quirks){ 0 };
	if (text.n == 0)
		return true;
	if (!json_check(text, 2, &object, err))
		return false;
	if (object.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, "quirks",
			"Quirks are a JSON object, not a JSON %s.",
			json_type_name(object.type));
	cursor = json_members(object);
	while (json_next(&cursor, &member)) {
		struct str word = member.value.text;

		if (member.value.type == JSON_TYPE_STRING)
			word = (struct str){ word.p + 1, word.n - 2 };
		if (!apply(out, member.name, word, err))
			return false;
	}
	return true;
}

bool quirks_set(struct quirks *quirks, struct str assignment, struct error *err)
{
	size_t equals = str_index(assignment, '=');

	if (equals == assignment.n)
		return error_refuse(err, ERR_BAD_FIELD, "quirk",
			"'%.*s': a quirk is written name=value.",
			STR_ARG(assignment));
	return apply(quirks, str_head(assignment, equals),
		str_from(assignment, equals + 1), err);
}

int64_t quirks_prompt_cache_ms(const struct quirks *quirks)
{
	static const int64_t minutes[] = {
		[PROMPT_CACHE_5M] = 5,
		[PROMPT_CACHE_1H] = 60,
		[PROMPT_CACHE_24H] = 24 * 60,
		[PROMPT_CACHE_NONE] = 0,
	};

	return minutes[quirks->prompt_cache] * 60000;
}

void quirks_write(const struct quirks *quirks, struct buf *out)
{
	struct json_writer writer;

	json_writer_init(&writer, out);
	json_begin_object(&writer);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct quirk *quirk = &table[i];
		struct buf names = BUF_INIT(1024);

		if (quirk->is_set)
			write_set(*set_of(quirk, quirks), &names);
		else if (*word_of(quirk, quirks) != 0)
			buf_append(&names,
				str_of(quirk->words[*word_of(quirk, quirks)]));
		if (names.n > 0)
			json_member_str(&writer, quirk->name, buf_str(&names));
		buf_release(&names);
	}
	json_end_object(&writer);
}

static void write_set(uint64_t set, struct buf *out)
{
	const char *const *words = dialect_find(S("openai_chat"))->words;
	const char *last = NULL;

	for (unsigned i = 0; i < CHAT_FIELDS; i++) {
		if (!(set & UINT64_C(1) << i) ||
			(last && strcmp(last, words[i]) == 0))
			continue;
		buf_printf(out, "%s%s", out->n ? "+" : "", words[i]);
		last = words[i];
	}
}

static bool apply(struct quirks *quirks, struct str name, struct str word,
	struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!str_equal(name, str_of(table[i].name)))
			continue;
		return table[i].is_set
			       ? apply_set(&table[i], quirks, word, err)
			       : apply_word(&table[i], quirks, word, err);
	}
	return refuse_name(name, err);
}

static bool refuse_name(struct str name, struct error *err)
{
	struct buf known = BUF_INIT(1024);

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		buf_printf(&known, "%s%s", i ? ", " : "", table[i].name);
	error_refuse(err, ERR_BAD_FIELD, "quirk",
		"There is no quirk '%.*s'; known are: %s.", STR_ARG(name),
		buf_cstr(&known));
	buf_release(&known);
	return false;
}

static bool apply_word(const struct quirk *quirk, struct quirks *quirks,
	struct str word, struct error *err)
{
	struct buf known = BUF_INIT(1024);

	for (unsigned i = 0; i < MAX_WORDS && quirk->words[i]; i++) {
		if (str_equal(word, str_of(quirk->words[i]))) {
			*word_of(quirk, quirks) = i;
			buf_release(&known);
			return true;
		}
		buf_printf(&known, "%s'%s'", i ? " or " : "", quirk->words[i]);
	}
	error_refuse(err, ERR_BAD_FIELD, "quirk",
		"Quirk '%s' cannot be '%.*s'; it is %s.", quirk->name,
		STR_ARG(word), buf_cstr(&known));
	buf_release(&known);
	return false;
}

/* "seed+logit_bias"; "" is none. */
static bool apply_set(const struct quirk *quirk, struct quirks *quirks,
	struct str names, struct error *err)
{
	uint64_t set = 0;

	while (names.n > 0) {
		struct str name = str_head(names, str_index(names, '+'));
		uint64_t fields = fields_called(name);

		if (!fields)
			return error_refuse(err, ERR_BAD_FIELD, "quirk",
				"Quirk '%s': a chat request has no member "
				"'%.*s'.",
				quirk->name, STR_ARG(name));
		set |= fields;
		names = str_from(names, name.n + 1);
	}
	*set_of(quirk, quirks) = set;
	return true;
}

/* By OpenAI's words; one may stand for several fields. */
static uint64_t fields_called(struct str name)
{
	const char *const *words = dialect_find(S("openai_chat"))->words;
	uint64_t set = 0;

	for (unsigned i = 0; i < CHAT_FIELDS; i++)
		if (words[i] && str_equal(name, str_of(words[i])))
			set |= UINT64_C(1) << i;
	return set;
}
