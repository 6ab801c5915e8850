/*
 * content.c - contents, to and from the neutral form.
 *
 * The hard part: results of functions are parts here and messages of their
 * own in the neutral form, and calls often have no ids. Then an id is made of
 * the call's place, the same every time, and a result answers the first call
 * of its name that has no answer yet.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/head.h"

/* Calls of one turn that a result is compared with: more is no conversation,
 * but an attack on our time. */
#define MAX_WAITING 256

/* Messages that are one content. */
struct turn {
	struct chat_message *first;
	size_t count;
};

static bool read_role(struct json value, void *into, struct arena *arena);
static bool read_parts(struct json value, void *into, struct arena *arena);
static void write_parts(const void *from, const struct shape_out *out);

static const struct shape_row content_rows[] = {
	{ "parts", SHAPE_SPECIAL, 0, read_parts, write_parts },
	{ "role", SHAPE_SPECIAL, GEMINI_KEPT, read_role, NULL },
};
static const struct shape content_shape = SHAPE_OF(content_rows);

/* Google's documents have the first two; its SDKs' and older examples the
 * others, and capitals. */
static const struct {
	struct str name;
	enum chat_role role;
} roles[] = {
	{ STR("user"), CHAT_USER },
	{ STR("model"), CHAT_ASSISTANT },
	{ STR("function"), CHAT_USER },
	{ STR("tool"), CHAT_USER },
};

/* A call that waits for its result. */
struct waiting {
	struct waiting *next;
	const struct chat_call *call;
};

struct reader {
	struct arena *arena;
	struct error *err;
	struct chat_request *out;
	struct waiting *waiting;
	struct waiting **end;
	size_t content; /* its index */
	size_t part;
};

static size_t count_messages(struct json content);
static void read_system(struct reader *r, struct json content);
static bool read_content(struct reader *r, struct json content);
static bool find_role(
	struct reader *r, struct json content, enum chat_role *out);
static struct chat_message *begin_message(
	struct reader *r, struct chat_message *first, enum chat_role role);
static bool read_item(
	struct reader *r, struct json item, struct chat_message *message);
static void settle_call(struct reader *r, struct chat_call *call);
static void settle_result(struct reader *r, struct chat_message *message);
static const struct chat_call *take_call(
	struct reader *r, struct str id, struct str name);
static bool is_result(const struct chat_message *message);

bool gemini_read_messages(struct json root, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	struct reader r = { .arena = arena, .err = err, .out = out };
	struct json contents = json_find(root, S("contents"));
	struct json system = gemini_find(root, "systemInstruction");
	struct gemini_items items = gemini_items(contents);
	struct json content;
	size_t count = system.type == JSON_TYPE_OBJECT;

	r.end = &r.waiting;
	while (gemini_next(&items, &content))
		count += count_messages(content);
	out->messages = ARENA_ARRAY(arena, struct chat_message, count);
	if (system.type == JSON_TYPE_OBJECT)
		read_system(&r, system);
	items = gemini_items(contents);
	for (; gemini_next(&items, &content); r.content++)
		if (!read_content(&r, content))
			return false;
	assert(out->message_count == count);
	if (contents.type == JSON_TYPE_OBJECT)
		out->messages[count - 1].member = S("contents");
	return true;
}

/* One for each run of ordinary parts, and one for each result. */
static size_t count_messages(struct json content)
{
	struct gemini_items items =
		gemini_items(json_find(content, S("parts")));
	struct json item;
	bool in_run = false;
	size_t count = 0;

	while (gemini_next(&items, &item)) {
		bool result = gemini_is_result(item);

		count += result || !in_run;
		in_run = !result;
	}
	return count > 0 ? count : 1;
}

static void read_system(struct reader *r, struct json content)
{
	struct chat_message *message = &r->out->messages[0];

	gemini_read_content(content, r->arena, message);
	message->role = CHAT_SYSTEM;
	message->member = S("systemInstruction");
	r->out->message_count = 1;
}

void gemini_read_content(
	struct json content, struct arena *arena, struct chat_message *out)
{
	struct gemini_items items =
		gemini_items(json_find(content, S("parts")));
	struct turn turn = { out, 1 };
	struct json item;

	chat_message_init(out);
	out->role = CHAT_ASSISTANT;
	while (gemini_next(&items, &item))
		gemini_read_part(item, arena, out);
	gemini_read_shape(&content_shape, content, &turn, &out->extra, arena);
}

static bool read_content(struct reader *r, struct json content)
{
	struct chat_message *first = &r->out->messages[r->out->message_count];
	struct gemini_items items =
		gemini_items(json_find(content, S("parts")));
	struct turn turn = { first, 1 };
	struct chat_message *message;
	enum chat_role role;
	struct json item;

	if (!find_role(r, content, &role))
		return false;
	message = begin_message(r, first, role);
	for (r->part = 0; gemini_next(&items, &item); r->part++) {
		if (message->parts &&
			(gemini_is_result(item) || is_result(message)))
			message = begin_message(r, first, role);
		if (!read_item(r, item, message))
			return false;
	}
	gemini_read_shape(
		&content_shape, content, &turn, &first->extra, r->arena);
	return true;
}

static bool find_role(
	struct reader *r, struct json content, enum chat_role *out)
{
	struct json role = json_find(content, S("role"));
	struct head_path path = head_path("contents[%zu].role", r->content);
	struct str name;

	*out = CHAT_USER;
	if (!json_text(role, r->arena, &name) || name.n == 0)
		return true; /* absent or null */
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (!str_equal_nocase(name, roles[i].name))
			continue;
		*out = roles[i].role;
		return true;
	}
	return error_refuse(r->err, ERR_BAD_FIELD, path.text,
		"'%s' must be \"user\" or \"model\".", path.text);
}

static struct chat_message *begin_message(
	struct reader *r, struct chat_message *first, enum chat_role role)
{
	struct chat_message *message =
		&r->out->messages[r->out->message_count++];

	chat_message_init(message);
	message->role = role;
	message->wire_index = (int64_t)r->content;
	message->same_turn = message != first;
	return message;
}

static bool read_item(
	struct reader *r, struct json item, struct chat_message *message)
{
	const struct chat_part *part;
	struct head_path path;

	if (gemini_is_result(item)) {
		gemini_read_result(item, r->arena, message);
		settle_result(r, message);
		return true;
	}
	gemini_read_part(item, r->arena, message);
	part = message->last_part;
	if (part->kind != CHAT_TOOL_CALL)
		return true;
	settle_call(r, &message->last_part->call);
	path = head_path("contents[%zu].parts[%zu].functionCall.name",
		r->content, r->part);
	return part->call.name.n > 0 ||
	       head_refuse_missing(
		       r->err, path.text, "say which function was called.");
}

static bool is_result(const struct chat_message *message)
{
	return message->role == CHAT_TOOL;
}

static void settle_call(struct reader *r, struct chat_call *call)
{
	struct waiting *waiting = ARENA_NEW(r->arena, struct waiting);

	if (call->id.n == 0)
		call->id = arena_printf(
			r->arena, "call_%zu_%zu", r->content, r->part);
	waiting->call = call;
	*r->end = waiting;
	r->end = &waiting->next;
}

static void settle_result(struct reader *r, struct chat_message *message)
{
	struct str none = { NULL, 0 };
	struct str id = message->parts->id;
	const struct chat_call *call = NULL;

	if (id.n > 0)
		call = take_call(r, id, none);
	if (!call)
		call = take_call(r, none, message->name);
	if (call)
		message->tool_call_id = call->id;
	else if (id.n > 0)
		message->tool_call_id = id;
	else
		message->tool_call_id = arena_printf(
			r->arena, "call_%zu_%zu", r->content, r->part);
}

/* The first that has this id, or else this name. */
static const struct chat_call *take_call(
	struct reader *r, struct str id, struct str name)
{
	struct waiting **at = &r->waiting;

	for (int i = 0; *at && i < MAX_WAITING; i++, at = &(*at)->next) {
		const struct chat_call *call = (*at)->call;

		if (!(id.p ? str_equal(call->id, id)
			   : str_equal(call->name, name)))
			continue;
		if (r->end == &(*at)->next)
			r->end = at;
		*at = (*at)->next;
		return call;
	}
	return NULL;
}

static bool read_role(struct json value, void *into, struct arena *arena)
{
	(void)into;
	(void)arena;
	return value.type == JSON_TYPE_STRING; /* understood before */
}

static bool read_parts(struct json value, void *into, struct arena *arena)
{
	struct turn *turn = into;

	(void)arena;
	turn->first->content_is_list = value.type == JSON_TYPE_ARRAY;
	return gemini_length(value) > 0;
}

static void write_parts(const void *from, const struct shape_out *out)
{
	const struct turn *turn = from;

	if (!turn->first->parts)
		return;
	json_name(out->w, "parts");
	if (turn->first->content_is_list)
		json_begin_array(out->w);
	for (size_t i = 0; i < turn->count; i++) {
		const struct chat_message *message = &turn->first[i];

		if (is_result(message)) {
			gemini_write_result(message, out);
			continue;
		}
		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			gemini_write_part(part, out);
	}
	if (turn->first->content_is_list)
		json_end_array(out->w);
}

void gemini_write_content(
	const struct chat_message *message, const struct shape_out *out)
{
	struct turn turn = { (struct chat_message *)message, 1 };

	gemini_write_inner(
		"content", &content_shape, &turn, &message->extra, out);
}

void gemini_write_contents(
	const struct chat_request *request, const struct shape_out *out)
{
	struct turn turn = { .count = 0 };
	size_t count = request->message_count;
	bool is_single = count > 0 && request->messages[count - 1].member.p &&
			 request->messages[count - 1].wire_index >= 0;

	json_name(out->w, "contents");
	if (!is_single)
		json_begin_array(out->w);
	for (size_t i = 0; i < count; i += turn.count) {
		turn = (struct turn){ &request->messages[i], 1 };
		while (i + turn.count < count &&
			request->messages[i + turn.count].same_turn)
			turn.count++;
		if (turn.first->wire_index < 0)
			continue; /* systemInstruction */
		json_begin_object(out->w);
		gemini_write_shape(
			&content_shape, &turn, &turn.first->extra, out);
		json_end_object(out->w);
	}
	if (!is_single)
		json_end_array(out->w);
}

void gemini_write_system(
	const struct chat_request *request, const struct shape_out *out)
{
	const struct chat_message *message = request->messages;
	struct turn turn = { (struct chat_message *)message, 1 };

	if (request->message_count > 0 && message->wire_index < 0)
		gemini_write_inner("systemInstruction", &content_shape, &turn,
			&message->extra, out);
}
