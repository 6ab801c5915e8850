/*
 * message.c - the request's list of items to messages of the
 * neutral form, and back in own words.
 *
 * Items of the model that follow each other are one message. Messages of
 * others and results of tools are one each.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/signature.h"

static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static void write_output(const void *from, const struct shape_out *out);

static const struct shape_row message_rows[] = {
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
};
static const struct shape message_shape = SHAPE_OF(message_rows);

static const struct shape_row result_rows[] = {
	{ "call_id", SHAPE_TEXT, offsetof(struct chat_message, tool_call_id),
		NULL, NULL },
	{ "name", SHAPE_TEXT, offsetof(struct chat_message, name), NULL, NULL },
	{ "output", SHAPE_SPECIAL, 0, read_content, write_output },
};
static const struct shape result_shape = SHAPE_OF(result_rows);

/* Members that nobody misses: what an item is, the neutral form says too. */
static const struct str message_idle[] = { STR("type"), STR("role"), STR("id"),
	STR("status"), STR("content") };
static const struct str result_idle[] = { STR("type"), STR("id"), STR("status"),
	STR("output") };

static struct chat_message *begin_message(
	struct chat_request *request, enum chat_role role, int64_t wire_index);
static void read_turn_item(
	struct json item, struct arena *arena, struct chat_message *turn);
static void read_message(
	struct json item, struct arena *arena, struct chat_message *message);
static void read_result(
	struct json item, struct arena *arena, struct chat_message *message);
static void write_parts(const struct chat_message *message, const char *name,
	const struct shape_out *out);

void openai_responses_read_input(
	struct json items, struct chat_request *request, struct arena *arena)
{
	struct json_cursor cursor = json_members(items);
	struct json_member item;
	struct chat_message *turn = NULL; /* the next item may join it */

	for (int64_t i = 0; json_next(&cursor, &item); i++) {
		enum openai_responses_kind kind =
			openai_responses_kind_of(item.value);
		enum chat_role role = CHAT_ASSISTANT;
		bool joins;

		if (kind == OPENAI_RESPONSES_MESSAGE)
			role = openai_responses_role_of(item.value);
		else if (kind == OPENAI_RESPONSES_RESULT)
			role = CHAT_TOOL;
		joins = role == CHAT_ASSISTANT &&
			kind != OPENAI_RESPONSES_OTHER;
		if (!turn || !joins)
			turn = begin_message(request, role, i);
		if (role == CHAT_ASSISTANT)
			read_turn_item(item.value, arena, turn);
		else if (role == CHAT_TOOL)
			read_result(item.value, arena, turn);
		else
			read_message(item.value, arena, turn);
		if (!joins)
			turn = NULL;
	}
}

static struct chat_message *begin_message(
	struct chat_request *request, enum chat_role role, int64_t wire_index)
{
	struct chat_message *message =
		&request->messages[request->message_count++];

	chat_message_init(message);
	message->role = role;
	message->wire_index = wire_index;
	return message;
}

/* A reasoning item that has nothing but what OpenAI sealed, only OpenAI can
 * read. One of another dialect's is a thought that was not shown. */
static void read_turn_item(
	struct json item, struct arena *arena, struct chat_message *turn)
{
	struct chat_part *part;

	openai_responses_read_item(item, arena, turn);
	part = turn->last_part;
	if (part->kind == CHAT_THINKING && part->text.n == 0 &&
		signature_is_from(&part->signature, S(OPENAI_RESPONSES_NAME)))
		part->kind = CHAT_REDACTED_THINKING;
}

static void read_message(
	struct json item, struct arena *arena, struct chat_message *message)
{
	shape_read(&message_shape, item, message, &message->extra, arena);
	openai_responses_set_message_idle(
		&message->extra, &message->idle_extra);
}

void openai_responses_set_message_idle(
	struct chat_extra *extra, struct chat_extra *idle)
{
	OPENAI_RESPONSES_SET_IDLE(extra, idle, message_idle);
}

static void read_result(
	struct json item, struct arena *arena, struct chat_message *message)
{
	shape_read(&result_shape, item, message, &message->extra, arena);
	OPENAI_RESPONSES_SET_IDLE(
		&message->extra, &message->idle_extra, result_idle);
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	return openai_responses_read_content(value, arena, into);
}

void openai_responses_write_items(
	const struct chat_message *message, const struct shape_out *out)
{
	const struct chat_part *part = message->parts;
	bool is_result = message->role == CHAT_TOOL;

	if (message->role == CHAT_ASSISTANT) {
		while (part)
			part = openai_responses_write_item(part, out);
		return;
	}
	json_begin_object(out->w);
	shape_write(is_result ? &result_shape : &message_shape, message,
		&message->extra, out);
	chat_extra_write(&message->idle_extra, out->w);
	json_end_object(out->w);
}

static void write_content(const void *from, const struct shape_out *out)
{
	write_parts(from, "content", out);
}

static void write_output(const void *from, const struct shape_out *out)
{
	write_parts(from, "output", out);
}

static void write_parts(const struct chat_message *message, const char *name,
	const struct shape_out *out)
{
	const struct chat_part *part = message->parts;

	if (!part)
		return; /* it stands among the members */
	if (!message->content_is_list) {
		json_member_str(out->w, name, part->text);
		return;
	}
	json_name(out->w, name);
	json_begin_array(out->w);
	for (; part; part = part->next)
		openai_responses_write_part(part, false, out);
	json_end_array(out->w);
}
