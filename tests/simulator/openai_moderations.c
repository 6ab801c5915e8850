/*
 * openai_moderations.c - OpenAI's moderations. A text that says "kill" or
 * "harm" is violent, any other is fine.
 * https://platform.openai.com/docs/api-reference/moderations
 */
#include "fields.h"
#include "openai.h"
#include "openai_others.h"

static const char *const categories[] = { "harassment",
	"harassment/threatening", "sexual", "hate", "hate/threatening",
	"illicit", "illicit/violent", "self-harm/intent",
	"self-harm/instructions", "self-harm", "sexual/minors", "violence",
	"violence/graphic" };

static bool read(struct ask *ask, struct error *err);
static bool check(const struct ask *ask, struct error *err);
static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct buf *out);
static bool is_one_input(struct json input);
static void write_result(struct json_writer *w, struct json input);
static bool is_violent(struct str text);

const struct operation openai_moderations = {
	.dialect = &openai_dialect,
	.read = read,
	.check = check,
	.answer = answer,
};

/* The model may be left out. */
static bool read(struct ask *ask, struct error *err)
{
	if (!ask_read_object(ask, err))
		return false;
	return json_find(ask->root, S("model")).type == JSON_TYPE_NONE ||
	       ask_read_model(ask, err);
}

static bool check(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("model"), STR("input") };

	if (!OPENAI_CHECK_NAMES(ask, names, err))
		return false;
	return !fields_absent(json_find(ask->root, S("input"))) ||
	       openai_refuse(err, "missing_required_parameter", "input",
		       "Missing required parameter: 'input'.");
}

static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct buf *out)
{
	struct json input = json_find(ask->root, S("input"));
	struct json_cursor items = json_members(input);
	struct json_member item;
	struct json_writer w;
	struct str model = ask_model_name(ask);

	(void)behaviour;
	json_writer_init(&w, out);
	json_begin_object(&w);
	buf_printf(out, "\"id\":\"modr-sim%" PRIu64 "\"", ask->id);
	w.needs_comma = true;
	json_member_str(
		&w, "model", model.n ? model : S("omni-moderation-latest"));
	json_name(&w, "results");
	json_begin_array(&w);
	if (is_one_input(input)) {
		write_result(&w, input);
	} else {
		while (json_next(&items, &item))
			write_result(&w, item.value);
	}
	json_end_array(&w);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

/* A list of parts is one input, a list of strings is several. */
static bool is_one_input(struct json input)
{
	struct json_cursor items = json_members(input);
	struct json_member first;

	return input.type != JSON_TYPE_ARRAY || !json_next(&items, &first) ||
	       first.value.type == JSON_TYPE_OBJECT;
}

static void write_result(struct json_writer *w, struct json input)
{
	bool violent = is_violent(input.text);

	json_begin_object(w);
	json_member_bool(w, "flagged", violent);
	json_name(w, "categories");
	json_begin_object(w);
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		json_member_bool(w, categories[i],
			violent && str_equal(str_of(categories[i]),
					   S("violence")));
	json_end_object(w);
	json_name(w, "category_scores");
	json_begin_object(w);
	for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
		bool high = violent &&
			    str_equal(str_of(categories[i]), S("violence"));

		json_member_raw(w, categories[i],
			high ? S("0.9945721030235291") : S("0.000012"));
	}
	json_end_object(w);
	json_name(w, "category_applied_input_types");
	json_begin_object(w);
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		json_member_raw(w, categories[i], S("[\"text\"]"));
	json_end_object(w);
	json_end_object(w);
}

static bool is_violent(struct str text)
{
	return str_find(text, S("kill")) < text.n ||
	       str_find(text, S("harm")) < text.n;
}
