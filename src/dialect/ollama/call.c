/*
 * call.c - tool calls, to and from the neutral form, and the ids that
 * join results to them.
 *
 * The arguments are an object here and a text everywhere else. Ids came late
 * (https://github.com/ollama/ollama/pull/12956); without them a result belongs
 * to the first call of its tool's name that has none yet, or to the first of
 * all.
 */
#include "dialect/ollama/ollama.h"

/* How far a result looks for a call of its name. */
#define MAX_LOOK 256

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}

static bool read_function(struct json value, void *into, struct arena *arena);
static bool read_arguments(struct json value, void *into, struct arena *arena);

/* For reading: in own words a call goes out as it came. */
static const struct shape_row call_rows[] = {
	PART("id", SHAPE_TEXT, call.id),
	PART("type", SHAPE_TEXT, call.type),
	{ "function", SHAPE_SPECIAL, 0, read_function, NULL },
};
static const struct shape call_shape = SHAPE_OF(call_rows);

static const struct shape_row function_rows[] = {
	PART("index", SHAPE_COUNT, call.index),
	PART("name", SHAPE_TEXT, call.name),
	{ "arguments", SHAPE_SPECIAL, 0, read_arguments, NULL },
};
static const struct shape function_shape = SHAPE_OF(function_rows);

/* The calls of a turn that wait for their results. */
struct waiting {
	struct chat_part **calls; /* NULL where the result has come */
	size_t count;
	size_t first; /* those before it all have theirs */
};

static void make_ids(
	struct chat_message *message, size_t index, struct arena *arena);
static struct waiting wait_for(
	const struct chat_message *message, struct arena *arena);
static void take_result(struct waiting *waiting, struct chat_message *result);
static size_t find_waiting(
	const struct waiting *waiting, const struct chat_message *result);

void ollama_read_call(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct chat_part *part =
		chat_message_add(message, CHAT_TOOL_CALL, arena);

	part->member = S("tool_calls");
	part->json = item.text;
	shape_read(&call_shape, item, part, &part->extra, arena);
	part->call.type = S("function");
	if (json_find(json_find(item, S("function")), S("arguments")).type ==
		JSON_TYPE_NONE)
		part->call.arguments = S("{}");
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	shape_read(&function_shape, value, part, &part->inner_extra, arena);
	return true;
}

/* Null is none, as it is to Go. */
static bool read_arguments(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	(void)arena;
	if (value.type == JSON_TYPE_NULL)
		part->call.arguments = S("{}");
	else if (value.type == JSON_TYPE_OBJECT)
		part->call.arguments = value.text;
	else
		return false;
	return true;
}

void ollama_write_call(const struct chat_call *call, int64_t index,
	const struct shape_out *out)
{
	struct json_writer *w = out->w;

	json_begin_object(w);
	if (call->id.n > 0)
		json_member_str(w, "id", call->id);
	if (!out->is_reply)
		json_member_str(w, "type", S("function"));
	json_name(w, "function");
	json_begin_object(w);
	json_member_int(w, "index", index);
	json_member_str(w, "name", call->name);
	json_name(w, "arguments");
	chat_write_arguments(call, w);
	json_end_object(w);
	json_end_object(w);
}

void ollama_make_call_ids(struct chat_request *request, struct arena *arena)
{
	struct waiting waiting = { NULL, 0, 0 };

	for (size_t i = 0; i < request->message_count; i++) {
		struct chat_message *message = &request->messages[i];

		make_ids(message, i, arena);
		if (message->role == CHAT_ASSISTANT)
			waiting = wait_for(message, arena);
		else if (message->role == CHAT_TOOL)
			take_result(&waiting, message);
	}
}

static void make_ids(
	struct chat_message *message, size_t index, struct arena *arena)
{
	size_t place = 0;

	for (struct chat_part *part = message->parts; part; part = part->next) {
		if (part->kind != CHAT_TOOL_CALL)
			continue;
		if (part->call.id.n == 0)
			part->call.id = arena_printf(
				arena, "call_%zu_%zu", index, place);
		place++;
	}
}

static struct waiting wait_for(
	const struct chat_message *message, struct arena *arena)
{
	struct waiting waiting = { NULL, 0, 0 };
	size_t at = 0;

	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		waiting.count += part->kind == CHAT_TOOL_CALL;
	if (waiting.count == 0)
		return waiting;
	waiting.calls = ARENA_ARRAY(arena, struct chat_part *, waiting.count);
	for (struct chat_part *part = message->parts; part; part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			waiting.calls[at++] = part;
	return waiting;
}

static void take_result(struct waiting *waiting, struct chat_message *result)
{
	size_t at = find_waiting(waiting, result);

	if (at < waiting->count) {
		if (result->tool_call_id.n == 0)
			result->tool_call_id = waiting->calls[at]->call.id;
		waiting->calls[at] = NULL;
	}
	while (waiting->first < waiting->count &&
		!waiting->calls[waiting->first])
		waiting->first++;
}

/* By its id, else by the tool's name, else the first; waiting->count: none. */
static size_t find_waiting(
	const struct waiting *waiting, const struct chat_message *result)
{
	bool has_id = result->tool_call_id.n > 0;
	size_t end = waiting->first + MAX_LOOK;

	if (end > waiting->count)
		end = waiting->count;
	for (size_t i = waiting->first; i < end; i++) {
		const struct chat_part *part = waiting->calls[i];

		if (part &&
			(has_id ? str_equal(part->call.id, result->tool_call_id)
				: str_equal(part->call.name, result->name)))
			return i;
	}
	return has_id ? waiting->count : waiting->first;
}
