/*
 * format.c - what kind of answer is wanted, and how much thinking for
 * it, to and from the neutral form.
 */
#include "dialect/cohere/cohere.h"

static bool read_format_type(
	struct json value, void *into, struct arena *arena);
static void write_format_type(const void *from, const struct shape_out *out);
static bool read_json_schema(
	struct json value, void *into, struct arena *arena);
static void write_json_schema(const void *from, const struct shape_out *out);
static bool read_schema(struct json value, void *into, struct arena *arena);
static void write_schema(const void *from, const struct shape_out *out);

/* The schema's name was "schema" first, and still is taken. */
static const struct shape_row format_rows[] = {
	{ "type", SHAPE_SPECIAL_TEXT, 0, read_format_type, write_format_type },
	{ "json_schema", SHAPE_SPECIAL_OBJECT, 0, read_json_schema,
		write_json_schema },
	{ "schema", SHAPE_SPECIAL_OBJECT, 0, read_schema, write_schema },
};
static const struct shape format_shape = SHAPE_OF(format_rows);

static bool read_thinking_type(
	struct json value, void *into, struct arena *arena);
static void write_thinking_type(const void *from, const struct shape_out *out);

static const struct shape_row thinking_rows[] = {
	{ "type", SHAPE_SPECIAL_TEXT, 0, read_thinking_type,
		write_thinking_type },
	{ "token_budget", SHAPE_COUNT,
		offsetof(struct chat_reasoning, budget_tokens), NULL, NULL },
};
static const struct shape thinking_shape = SHAPE_OF(thinking_rows);

static struct chat_losses *losses_of(const struct shape_out *out);
static const char *word_of(
	const struct chat_losses *losses, enum chat_field field);
static struct chat_reasoning translate_thinking(
	const struct chat_reasoning *reasoning, struct chat_losses *losses);

bool cohere_read_format(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_format format = { .kind = CHAT_FORMAT_UNSET,
		.extra.within = "response_format" };

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	shape_read(&format_shape, value, &format, &format.extra, arena);
	if (format.kind == CHAT_FORMAT_UNSET)
		return false;
	request->format = format;
	return true;
}

void cohere_write_format(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_format *format = &request->format;

	if (format->kind == CHAT_FORMAT_UNSET)
		return;
	json_name(out->w, "response_format");
	json_begin_object(out->w);
	shape_write(&format_shape, format, &format->extra, out);
	json_end_object(out->w);
}

static bool read_format_type(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	(void)arena;
	if (json_text_is(value, S("json_object")))
		format->kind = CHAT_FORMAT_JSON;
	else if (json_text_is(value, S("text")))
		format->kind = CHAT_FORMAT_TEXT;
	return format->kind != CHAT_FORMAT_UNSET;
}

static void write_format_type(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;

	json_member_str(out->w, "type",
		format->kind == CHAT_FORMAT_TEXT ? S("text")
						 : S("json_object"));
}

static bool read_json_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	if (!read_schema(value, format, arena))
		return false;
	format->has_inner = true;
	return true;
}

static bool read_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT || format->kind != CHAT_FORMAT_JSON)
		return false;
	format->kind = CHAT_FORMAT_SCHEMA;
	format->schema = value.text;
	return true;
}

/* The answer follows a schema always, so `strict` asks for nothing; its name
 * is a handle that no answer shows. */
static void write_json_schema(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;
	struct chat_losses *losses;
	const char *word;

	if (!format->schema.p || format->kind != CHAT_FORMAT_SCHEMA)
		return;
	if (out->own_words) {
		if (format->has_inner)
			json_member_raw(out->w, "json_schema", format->schema);
		return;
	}
	losses = losses_of(out);
	word = word_of(losses, FIELD_FORMAT_SCHEMA);
	if (losses && format->description.n > 0)
		chat_losses_add(losses, "%s.description", word);
	json_name(out->w, "json_schema");
	cohere_write_schema(format->schema, losses, word, out->w);
}

static void write_schema(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;

	if (out->own_words && format->schema.p && !format->has_inner)
		json_member_raw(out->w, "schema", format->schema);
}

static struct chat_losses *losses_of(const struct shape_out *out)
{
	return CONTAINER_OF(out, struct cohere_out, to)->losses;
}

/* What the client calls it. */
static const char *word_of(
	const struct chat_losses *losses, enum chat_field field)
{
	const char *word = losses ? losses->from->words[field] : NULL;

	return word ? word : "";
}

bool cohere_read_thinking(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	reasoning->member = S("thinking");
	reasoning->extra.within = "thinking";
	shape_read(&thinking_shape, value, reasoning, &reasoning->extra, arena);
	return true;
}

void cohere_write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	struct chat_reasoning ours = request->reasoning;

	if (!out->own_words)
		ours = translate_thinking(&ours, losses_of(out));
	else if (!ours.member.p)
		return;
	if (!out->own_words && ours.enabled == CHAT_UNSET)
		return;
	json_name(out->w, "thinking");
	json_begin_object(out->w);
	shape_write(&thinking_shape, &ours, &request->reasoning.extra, out);
	json_end_object(out->w);
}

/*
 * The format can turn thinking on and off and limit it. How hard to think it
 * cannot say: "high" is what it does anyway, less is named as lost.
 */
static struct chat_reasoning translate_thinking(
	const struct chat_reasoning *reasoning, struct chat_losses *losses)
{
	struct chat_reasoning ours = { .budget_tokens = -1,
		.enabled = reasoning->enabled };
	const char *word = word_of(losses, FIELD_REASONING);
	bool has_effort = reasoning->effort.p;

	if (str_equal(reasoning->effort, S("none")) ||
		reasoning->budget_tokens == 0)
		ours.enabled = CHAT_NO;
	else if (ours.enabled == CHAT_UNSET &&
		 (has_effort || reasoning->budget_tokens != -1))
		ours.enabled = CHAT_YES;
	if (ours.enabled != CHAT_YES)
		return ours;
	if (reasoning->budget_tokens > 0)
		ours.budget_tokens = reasoning->budget_tokens;
	else if (losses && has_effort &&
		 !str_equal(reasoning->effort, S("high")))
		chat_losses_add(losses, "%s", word);
	if (losses && reasoning->exclude == CHAT_YES)
		chat_losses_add(losses, "%s.exclude", word);
	return ours;
}

static bool read_thinking_type(
	struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	(void)arena;
	if (json_text_is(value, S("enabled")))
		reasoning->enabled = CHAT_YES;
	else if (json_text_is(value, S("disabled")))
		reasoning->enabled = CHAT_NO;
	return reasoning->enabled != CHAT_UNSET;
}

static void write_thinking_type(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;

	if (reasoning->enabled != CHAT_UNSET)
		json_member_str(out->w, "type",
			reasoning->enabled == CHAT_YES ? S("enabled")
						       : S("disabled"));
}
