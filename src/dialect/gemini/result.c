/*
 * result.c - results of functions, to and from the neutral form.
 *
 * A result is an object here and a text everywhere else. {"result": "text"},
 * {"output": "text"} and {"error": ...} are the ways in which Google's guides
 * and SDKs wrap a text; anything else is told as JSON.
 */
#include "dialect/gemini/gemini.h"

#define MEMBER "functionResponse"

/* The message, and its first part: that one is the response itself; others
 * are the media beside it. */
static bool read_response_part(
	struct json value, void *into, struct arena *arena);
static void write_response_part(const void *from, const struct shape_out *out);
static bool read_signature(struct json value, void *into, struct arena *arena);
static void write_signature(const void *from, const struct shape_out *out);

static const struct shape_row part_rows[] = {
	{ MEMBER, SHAPE_SPECIAL, 0, read_response_part, write_response_part },
	{ "thoughtSignature", SHAPE_SPECIAL, 0, read_signature,
		write_signature },
};
static const struct shape part_shape = SHAPE_OF(part_rows);

static bool read_id(struct json value, void *into, struct arena *arena);
static void write_id(const void *from, const struct shape_out *out);
static bool read_response(struct json value, void *into, struct arena *arena);
static void write_response(const void *from, const struct shape_out *out);
static bool read_media(struct json value, void *into, struct arena *arena);
static void write_media(const void *from, const struct shape_out *out);

static const struct shape_row result_rows[] = {
	{ "id", SHAPE_SPECIAL, 0, read_id, write_id },
	{ "name", SHAPE_TEXT, offsetof(struct chat_message, name), NULL, NULL },
	{ "response", SHAPE_SPECIAL, 0, read_response, write_response },
	{ "parts", SHAPE_SPECIAL, 0, read_media, write_media },
};
static const struct shape result_shape = SHAPE_OF(result_rows);

static void unwrap(struct json response, struct arena *arena,
	struct chat_message *message);
static void write_wrapped(
	const struct chat_message *message, struct json_writer *w);
static bool is_media(const struct chat_part *part);

void gemini_read_result(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct chat_part *part = chat_message_add(message, CHAT_TEXT, arena);

	message->role = CHAT_TOOL;
	part->member = S(MEMBER);
	part->text = S("");
	gemini_read_shape(&part_shape, item, message, &part->extra, arena);
}

void gemini_write_result(
	const struct chat_message *message, const struct shape_out *out)
{
	json_begin_object(out->w);
	gemini_write_shape(&part_shape, message, &message->parts->extra, out);
	json_end_object(out->w);
}

static bool read_response_part(
	struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	gemini_read_shape(&result_shape, value, message,
		&message->parts->inner_extra, arena);
	return true;
}

static void write_response_part(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	gemini_write_inner(MEMBER, &result_shape, message,
		&message->parts->inner_extra, out);
}

static bool read_signature(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	message->parts->signature = gemini_read_signature(text, arena);
	return true;
}

static void write_signature(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	gemini_write_signature(&message->parts->signature, out->w);
}

static bool read_id(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	return json_text(value, arena, &message->parts->id);
}

static void write_id(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (message->parts->id.p)
		json_member_str(out->w, "id", message->parts->id);
}

static bool read_response(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	message->parts->json = value.text;
	unwrap(value, arena, message);
	return true;
}

static void unwrap(
	struct json response, struct arena *arena, struct chat_message *message)
{
	struct json_cursor cursor = json_members(response);
	struct str *text = &message->parts->text;
	struct json_member only;

	*text = response.text;
	if (json_length(response) != 1 || !json_next(&cursor, &only))
		return;
	if (json_name_is(only, S("error"))) {
		message->is_error = CHAT_YES;
		if (!json_text(only.value, arena, text))
			*text = only.value.text;
	} else if (json_name_is(only, S("result")) ||
		   json_name_is(only, S("output"))) {
		if (!json_text(only.value, arena, text))
			*text = response.text;
	}
}

static void write_response(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (message->parts->json.p)
		json_member_raw(out->w, "response", message->parts->json);
}

static bool read_media(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	while (json_next(&cursor, &item))
		gemini_read_part(item.value, arena, message);
	return true;
}

static void write_media(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	const struct chat_part *part = message->parts->next;

	if (!part)
		return;
	json_name(out->w, "parts");
	json_begin_array(out->w);
	for (; part; part = part->next)
		gemini_write_part(part, out);
	json_end_array(out->w);
}

/* https://ai.google.dev/gemini-api/docs/function-calling: media that Gemini 3
 * takes with a result stand inside it. */
void gemini_write_foreign_result(
	const struct gemini_result *result, struct json_writer *w)
{
	const struct chat_message *message = result->message;
	const struct shape_out to = { .w = w };
	bool has_media = false;

	json_begin_object(w);
	json_name(w, MEMBER);
	json_begin_object(w);
	if (result->id.p)
		json_member_str(w, "id", result->id);
	json_member_str(w, "name", result->name);
	json_name(w, "response");
	write_wrapped(message, w);
	for (const struct chat_part *part = message->parts;
		part && result->with_media; part = part->next) {
		if (!is_media(part))
			continue;
		if (!has_media) {
			json_name(w, "parts");
			json_begin_array(w);
		}
		has_media = true;
		gemini_write_part(part, &to);
	}
	if (has_media)
		json_end_array(w);
	json_end_object(w);
	json_end_object(w);
}

static bool is_media(const struct chat_part *part)
{
	return part->kind != CHAT_TEXT && part->data.p &&
	       gemini_can_write(part, false);
}

/* A JSON object as it is, any other text as {"result": text}. */
static void write_wrapped(
	const struct chat_message *message, struct json_writer *w)
{
	bool failed = message->is_error == CHAT_YES;
	struct buf text = BUF_INIT(SIZE_MAX);
	struct error ignored = ERROR_INIT;
	struct json root;
	bool is_object;

	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TEXT)
			buf_append(&text, part->text);
	w->out->failed |= text.failed;
	is_object =
		json_check(buf_str(&text), JSON_MAX_DEPTH, &root, &ignored) &&
		root.type == JSON_TYPE_OBJECT;
	if (is_object && !failed) {
		json_write_raw(w, root.text);
	} else {
		json_begin_object(w);
		json_name(w, failed ? "error" : "result");
		if (is_object)
			json_write_raw(w, root.text);
		else
			json_write_str(w, buf_str(&text));
		json_end_object(w);
	}
	buf_release(&text);
}
