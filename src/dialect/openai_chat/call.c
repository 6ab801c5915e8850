/*
 * call.c - tool calls, to and from the neutral form.
 *
 * A call is of a function, with JSON as its arguments, or of a custom tool,
 * with a text as its input. In a stream only the first piece of one says
 * which by its `type`; the later ones tell it by their member.
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/signature.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}

static bool read_function(struct json value, void *into, struct arena *arena);
static void write_function(const void *from, const struct shape_out *out);
static bool read_custom(struct json value, void *into, struct arena *arena);
static void write_custom(const void *from, const struct shape_out *out);
static bool read_extra_content(
	struct json value, void *into, struct arena *arena);
static void write_extra_content(const void *from, const struct shape_out *out);

static const struct shape_row call_rows[] = {
	PART("index", SHAPE_COUNT, call.index),
	PART("id", SHAPE_TEXT, call.id),
	PART("type", SHAPE_TEXT, call.type),
	{ "function", SHAPE_SPECIAL, 0, read_function, write_function },
	{ "custom", SHAPE_SPECIAL, 0, read_custom, write_custom },
	{ "extra_content", SHAPE_SPECIAL, 0, read_extra_content,
		write_extra_content },
};
const struct shape openai_chat_call_shape = SHAPE_OF(call_rows);

static const struct shape_row function_rows[] = {
	PART("name", SHAPE_TEXT, call.name),
	PART("arguments", SHAPE_TEXT, call.arguments),
};
const struct shape openai_chat_function_shape = SHAPE_OF(function_rows);

static const struct shape_row custom_rows[] = {
	PART("name", SHAPE_TEXT, call.name),
	PART("input", SHAPE_TEXT, call.arguments),
};
static const struct shape custom_shape = SHAPE_OF(custom_rows);

static bool has_extra_content(const struct chat_part *part);

bool openai_chat_is_custom(const struct chat_part *part)
{
	return str_equal(part->call.type, S("custom")) ||
	       str_equal(part->type, S("custom"));
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT || openai_chat_is_custom(part))
		return false;
	part->json = value.text;
	shape_read(&openai_chat_function_shape, value, part, &part->inner_extra,
		arena);
	return true;
}

static void write_function(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (!openai_chat_is_custom(part) && (part->json.p || !out->own_words))
		openai_chat_write_inner("function", &openai_chat_function_shape,
			part, &part->inner_extra, out);
}

static bool read_custom(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	bool may_be = openai_chat_is_custom(part) || !part->call.type.p;

	/* A call is one of the two; the other one stays as it is. */
	if (value.type != JSON_TYPE_OBJECT || !may_be || part->json.p)
		return false;
	part->json = value.text;
	part->type = S("custom");
	shape_read(&custom_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_custom(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (openai_chat_is_custom(part) && (part->json.p || !out->own_words))
		openai_chat_write_inner(
			"custom", &custom_shape, part, &part->inner_extra, out);
}

/*
 * Gemini's signature of a call, where Google puts it in this format
 * ({"google": {"thought_signature": "..."}}), and wants it back:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 * With other members it stays as it is, too.
 */
static bool read_extra_content(
	struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct json google = json_find(value, S("google"));
	struct str text;

	if (!json_text(json_find(google, S("thought_signature")), arena, &text))
		return false;
	part->signature = signature_read(text, S(OPENAI_CHAT_NAME));
	return json_length(value) == 1 && json_length(google) == 1;
}

static void write_extra_content(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (!part->signature.text.p ||
		(out->own_words && has_extra_content(part)))
		return;
	json_name(out->w, "extra_content");
	json_begin_object(out->w);
	json_name(out->w, "google");
	json_begin_object(out->w);
	openai_chat_write_signature("thought_signature", &part->signature, out);
	json_end_object(out->w);
	json_end_object(out->w);
}

static bool has_extra_content(const struct chat_part *part)
{
	for (const struct chat_member *kept = part->extra.first; kept;
		kept = kept->next)
		if (json_name_is(kept->member, S("extra_content")))
			return true;
	return false;
}
