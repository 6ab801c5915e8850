/*
 * quirks.c - the table of quirks.
 */
#include "catalog/quirks.h"

#include "base/json.h"

#define MAX_WORDS 4

struct quirk {
	const char *name;
	const char *words[MAX_WORDS]; /* the word of value 0 comes first */
	unsigned (*get)(const struct quirks *quirks);
	void (*set)(struct quirks *quirks, unsigned value);
};

static unsigned get_stream_usage(const struct quirks *quirks);
static void set_stream_usage(struct quirks *quirks, unsigned value);
static bool apply(struct quirks *quirks, struct str name, struct str word,
	struct error *err);
static bool refuse_name(struct str name, struct error *err);
static bool apply_word(const struct quirk *quirk, struct quirks *quirks,
	struct str word, struct error *err);

static const struct quirk table[] = {
	{ "stream_usage", { "ask", "always" }, get_stream_usage,
		set_stream_usage },
};

bool quirks_read(struct str text, struct quirks *out, struct error *err)
{
	struct json object;
	struct json_cursor cursor;
	struct json_member member;

	*out = (struct quirks){ .stream_usage = STREAM_USAGE_ASK };
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

void quirks_write(const struct quirks *quirks, struct buf *out)
{
	struct json_writer writer;

	json_writer_init(&writer, out);
	json_begin_object(&writer);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		unsigned value = table[i].get(quirks);

		assert(value < MAX_WORDS && table[i].words[value]);
		if (value != 0)
			json_member_str(&writer, table[i].name,
				str_of(table[i].words[value]));
	}
	json_end_object(&writer);
}

static unsigned get_stream_usage(const struct quirks *quirks)
{
	return quirks->stream_usage;
}

static void set_stream_usage(struct quirks *quirks, unsigned value)
{
	quirks->stream_usage = (enum stream_usage)value;
}

static bool apply(struct quirks *quirks, struct str name, struct str word,
	struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (str_equal(name, str_of(table[i].name)))
			return apply_word(&table[i], quirks, word, err);
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
	for (unsigned i = 0; i < MAX_WORDS && quirk->words[i]; i++) {
		if (str_equal(word, str_of(quirk->words[i]))) {
			quirk->set(quirks, i);
			return true;
		}
	}
	return error_refuse(err, ERR_BAD_FIELD, "quirk",
		"Quirk '%s' cannot be '%.*s'; it is '%s' or '%s'.", quirk->name,
		STR_ARG(word), quirk->words[0], quirk->words[1]);
}
