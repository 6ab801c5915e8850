/*
 * alias_condition.c - conditions as words, as JSON, and whether they hold.
 */
#include "catalog/alias_condition.h"

#include "base/json.h"
#include "crypto/digest.h"

#define MAX_TOKENS 1000000000

static bool add_complexities(struct alias_condition *condition,
	struct str words, struct arena *arena, struct error *err);
static bool add_min_tokens(struct alias_condition *condition, struct str word,
	struct arena *arena, struct error *err);
static bool add_max_tokens(struct alias_condition *condition, struct str word,
	struct arena *arena, struct error *err);
static bool add_tags(struct alias_condition *condition, struct str words,
	struct arena *arena, struct error *err);
static bool set_percent(struct alias_condition *condition, struct str word,
	struct arena *arena, struct error *err);

/* As words and as members. */
static const struct kind {
	const char *name;
	bool (*add)(struct alias_condition *condition, struct str words,
		struct arena *arena, struct error *err);
} kinds[] = {
	{ "complexity", add_complexities },
	{ "min_tokens", add_min_tokens },
	{ "max_tokens", add_max_tokens },
	{ "tags", add_tags },
	{ "percent", set_percent },
};

static const struct kind *find_kind(struct str name);
static bool check_tokens(
	const struct alias_condition *condition, struct error *err);
static struct str words_of(struct json value, struct arena *arena);
static bool has_tag(const struct alias_condition *condition,
	const struct alias_facts *facts);
static bool is_drawn(const struct alias_condition *condition, struct str who,
	struct str salt);

void alias_condition_init(struct alias_condition *condition)
{
	*condition = (struct alias_condition){ .percent = ALIAS_EVERYBODY };
}

bool alias_condition_is_empty(const struct alias_condition *condition)
{
	return !condition->complexities && !condition->min_tokens &&
	       !condition->max_tokens && condition->tag_count == 0 &&
	       condition->percent == ALIAS_EVERYBODY;
}

bool alias_condition_add(struct alias_condition *condition, struct str words,
	struct arena *arena, struct error *err)
{
	struct str word;

	while (str_next_field(&words, ';', &word)) {
		size_t equals = str_index(word, '=');
		const struct kind *kind =
			find_kind(str_trim(str_head(word, equals)));

		if (!kind || equals == word.n)
			return error_refuse(err, ERR_BAD_FIELD, "when",
				"'%.*s' is no condition: say complexity=, "
				"min_tokens=, max_tokens=, tags= or percent=.",
				STR_ARG(str_head(word, 60)));
		if (!kind->add(condition, str_trim(str_from(word, equals + 1)),
			    arena, err))
			return false;
	}
	return check_tokens(condition, err);
}

bool alias_condition_read(struct str json, struct arena *arena,
	struct alias_condition *out, struct error *err)
{
	struct json_cursor cursor;
	struct json_member member;
	struct json root;

	alias_condition_init(out);
	if (json.n == 0)
		return true;
	if (!json_check(json, 2, &root, err))
		return false;
	if (root.type != JSON_TYPE_OBJECT)
		return error_set(err, ERR_BAD_FIELD, "conditions are a JSON %s",
			json_type_name(root.type));
	cursor = json_members(root);
	while (json_next(&cursor, &member)) {
		const struct kind *kind = find_kind(member.name);

		if (!kind)
			return error_set(err, ERR_BAD_FIELD,
				"the condition '%.*s' is not known",
				STR_ARG(str_head(member.name, 60)));
		if (!kind->add(out, words_of(member.value, arena), arena, err))
			return false;
	}
	return check_tokens(out, err);
}

void alias_condition_write(
	const struct alias_condition *condition, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	if (condition->complexities) {
		json_name(&w, "complexity");
		json_begin_array(&w);
		for (unsigned i = 0; i <= COMPLEXITY_COMPLEX; i++)
			if (condition->complexities & 1U << i)
				json_write_str(&w, str_of(complexity_name(i)));
		json_end_array(&w);
	}
	if (condition->min_tokens)
		json_member_int(&w, "min_tokens", condition->min_tokens);
	if (condition->max_tokens)
		json_member_int(&w, "max_tokens", condition->max_tokens);
	if (condition->tag_count > 0) {
		json_name(&w, "tags");
		json_begin_array(&w);
		for (size_t i = 0; i < condition->tag_count; i++)
			json_write_str(&w, condition->tags[i]);
		json_end_array(&w);
	}
	if (condition->percent != ALIAS_EVERYBODY)
		json_member_int(&w, "percent", condition->percent);
	json_end_object(&w);
}

const char *alias_condition_fails(const struct alias_condition *condition,
	const struct alias_facts *facts, struct str salt)
{
	if (condition->complexities &&
		!(condition->complexities & 1U << facts->complexity))
		return "complexity";
	if (facts->prompt_tokens < condition->min_tokens)
		return "min_tokens";
	if (condition->max_tokens &&
		facts->prompt_tokens > condition->max_tokens)
		return "max_tokens";
	if (condition->tag_count > 0 && !has_tag(condition, facts))
		return "tags";
	if (condition->percent != ALIAS_EVERYBODY &&
		!is_drawn(condition, facts->who, salt))
		return "percent";
	return NULL;
}

static const struct kind *find_kind(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_equal(name, str_of(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

static bool check_tokens(
	const struct alias_condition *condition, struct error *err)
{
	if (!condition->max_tokens ||
		condition->min_tokens <= condition->max_tokens)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "when",
		"No prompt has at least %" PRId64 " tokens and at most %" PRId64
		".",
		condition->min_tokens, condition->max_tokens);
}

/* A number, a text or a list of texts, as it would be on the command line. */
static struct str words_of(struct json value, struct arena *arena)
{
	struct buf words = BUF_INIT(65536);
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct str text = value.text;

	if (value.type != JSON_TYPE_ARRAY) {
		if (value.type == JSON_TYPE_STRING &&
			!json_text(value, arena, &text))
			text = S("");
		return text;
	}
	while (json_next(&cursor, &item)) {
		if (words.n > 0)
			buf_append_char(&words, ',');
		if (json_text(item.value, arena, &text))
			buf_append(&words, text);
	}
	text = arena_copy(arena, buf_str(&words));
	buf_release(&words);
	return text;
}

static bool add_complexities(struct alias_condition *condition,
	struct str words, struct arena *arena, struct error *err)
{
	struct str word;

	(void)arena;
	while (str_next_field(&words, ',', &word)) {
		unsigned found = 0;

		for (unsigned i = 0; i <= COMPLEXITY_COMPLEX; i++)
			if (str_equal(
				    str_trim(word), str_of(complexity_name(i))))
				found = 1U << i;
		if (!found)
			return error_refuse(err, ERR_BAD_FIELD, "when",
				"A complexity is simple, medium or complex, "
				"not '%.*s'.",
				STR_ARG(str_head(word, 60)));
		condition->complexities |= found;
	}
	return condition->complexities ||
	       error_refuse(err, ERR_BAD_FIELD, "when",
		       "complexity= needs simple, medium or complex.");
}

static bool read_number(struct str word, const char *name, int64_t min,
	int64_t max, int64_t *out, struct error *err)
{
	return str_to_int64_in(word, min, max, out) ||
	       error_refuse(err, ERR_BAD_FIELD, "when",
		       "%s= is a whole number from %" PRId64 " to %" PRId64
		       ", not '%.*s'.",
		       name, min, max, STR_ARG(str_head(word, 60)));
}

static bool add_min_tokens(struct alias_condition *condition, struct str word,
	struct arena *arena, struct error *err)
{
	(void)arena;
	return read_number(
		word, "min_tokens", 1, MAX_TOKENS, &condition->min_tokens, err);
}

static bool add_max_tokens(struct alias_condition *condition, struct str word,
	struct arena *arena, struct error *err)
{
	(void)arena;
	return read_number(
		word, "max_tokens", 1, MAX_TOKENS, &condition->max_tokens, err);
}

static bool set_percent(struct alias_condition *condition, struct str word,
	struct arena *arena, struct error *err)
{
	(void)arena;
	return read_number(word, "percent", 0, 100, &condition->percent, err);
}

static bool add_tags(struct alias_condition *condition, struct str words,
	struct arena *arena, struct error *err)
{
	struct str word;

	while (str_next_field(&words, ',', &word)) {
		struct str tag = str_trim(word);

		if (tag.n == 0 || tag.n > 64)
			return error_refuse(err, ERR_BAD_FIELD, "when",
				"A tag has 1 to 64 characters.");
		if (condition->tag_count == ALIAS_TAGS)
			return error_refuse(err, ERR_BAD_FIELD, "when",
				"A condition has at most %d tags.", ALIAS_TAGS);
		condition->tags[condition->tag_count++] =
			arena_copy(arena, tag);
	}
	return condition->tag_count > 0 ||
	       error_refuse(err, ERR_BAD_FIELD, "when", "tags= needs a tag.");
}

static bool has_tag(const struct alias_condition *condition,
	const struct alias_facts *facts)
{
	for (size_t i = 0; i < condition->tag_count; i++)
		for (size_t k = 0; k < facts->tag_count; k++)
			if (str_equal(condition->tags[i], facts->tags[k]))
				return true;
	return false;
}

static bool is_drawn(const struct alias_condition *condition, struct str who,
	struct str salt)
{
	const struct str parts[] = { salt, S("\n"), who };
	uint8_t digest[SHA256_BYTES];
	uint32_t draw;

	digest_sha256_parts(parts, ARRAY_LEN(parts), digest);
	memcpy(&draw, digest, sizeof(draw));
	return draw % 100 < (uint64_t)condition->percent;
}
