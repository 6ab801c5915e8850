/*
 * message.c - messages in our own words, to and from the neutral
 * form.
 *
 * The hard part: tool results stand among the blocks of a user's message,
 * and are messages of their own in the neutral form. So one message here is
 * a run of neutral ones there, all but the first marked `same_turn`, and what
 * belongs to the message as a whole stays with the first.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/head.h"

struct reader {
	struct arena *arena;
	struct error *err;
	struct chat_message *messages; /* room for all of them */
	size_t count;
	size_t index; /* of the message that is being read, on the wire */
};

static const struct role {
	struct str name;
	enum chat_role role;
	enum anthropic_place place;
} roles[] = {
	{ STR("user"), CHAT_USER, ANTHROPIC_IN_USER },
	{ STR("assistant"), CHAT_ASSISTANT, ANTHROPIC_IN_ASSISTANT },
	{ STR("system"), CHAT_SYSTEM, ANTHROPIC_IN_SYSTEM },
	{ STR("user"), CHAT_TOOL, ANTHROPIC_IN_RESULT },
};

static bool accept(struct json value, void *into, struct arena *arena);
static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static bool read_cache(struct json value, void *into, struct arena *arena);
static void write_cache(const void *from, const struct shape_out *out);

/* What a message has besides these is kept. */
static const struct shape_row message_rows[] = {
	{ "role", SHAPE_SPECIAL, 0, accept, NULL },
	{ "content", SHAPE_SPECIAL, 0, accept, NULL },
};
static const struct shape message_shape = SHAPE_OF(message_rows);

#define RESULT(name, kind, field)                                            \
	{                                                                    \
		name, kind, offsetof(struct chat_message, field), NULL, NULL \
	}

/* content before cache_control, whose place depends on it. */
static const struct shape_row result_rows[] = {
	{ "type", SHAPE_SPECIAL, 0, accept, NULL },
	RESULT("tool_use_id", SHAPE_TEXT, tool_call_id),
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
	RESULT("is_error", SHAPE_FLAG, is_error),
	{ "cache_control", SHAPE_SPECIAL, 0, read_cache, write_cache },
};
static const struct shape result_shape = SHAPE_OF(result_rows);

static struct chat_message read_system(struct json system, struct arena *arena);
static void read_plain(
	struct json text, struct arena *arena, struct chat_message *message);
static size_t count_messages(struct json list);
static size_t count_runs(struct json content);
static bool is_result(struct json block);
static const struct role *find_role(struct json role);
static bool read_message(struct reader *r, struct json object);
static bool read_list(
	struct reader *r, const struct role *role, struct json list);
static struct chat_message *begin_message(
	struct reader *r, enum chat_role role, bool same_turn);
static bool read_block(struct reader *r, const struct role *role,
	struct json block, size_t index);
static bool read_result(struct reader *r, struct json block, size_t index);
static bool check_parts(const struct chat_message *message, const char *list,
	size_t index, struct error *err);
static size_t end_of_turn(const struct chat_request *request, size_t begin);
static void write_turn(const struct chat_request *request, size_t begin,
	size_t end, const struct shape_out *out);
static void write_run(
	const struct chat_message *message, const struct shape_out *out);
static void write_blocks(
	const struct chat_message *message, const struct shape_out *out);

bool anthropic_read_messages(const struct chat_head *head, struct json system,
	struct arena *arena, struct chat_request *out, struct error *err)
{
	struct json_cursor cursor = json_members(head->messages);
	struct reader r = { .arena = arena, .err = err };
	struct json_member item;

	r.messages = ARENA_ARRAY(
		arena, struct chat_message, count_messages(head->messages) + 1);
	if (anthropic_has_system(system)) {
		r.messages[r.count] = read_system(system, arena);
		if (!check_parts(&r.messages[r.count++], "system", 0, err))
			return false;
	}
	for (; json_next(&cursor, &item); r.index++)
		if (!read_message(&r, item.value))
			return false;
	out->messages = r.messages;
	out->message_count = r.count;
	return true;
}

static size_t count_messages(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	size_t count = 0;

	while (json_next(&cursor, &item))
		count += count_runs(json_find(item.value, S("content")));
	return count;
}

/* How many neutral messages the blocks become: one for each result, and one
 * for what stands between results; at least one. */
static size_t count_runs(struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct json_member block;
	bool in_run = false;
	size_t count = 0;

	while (json_next(&cursor, &block)) {
		bool ends = is_result(block.value);

		count += ends || !in_run;
		in_run = !ends;
	}
	return count > 0 ? count : 1;
}

static bool is_result(struct json block)
{
	return json_text_is(json_find(block, S("type")), S("tool_result"));
}

bool anthropic_has_system(struct json system)
{
	return system.type == JSON_TYPE_STRING ||
	       (anthropic_is_block_list(system) && !json_is_empty(system));
}

static struct chat_message read_system(struct json system, struct arena *arena)
{
	struct json_cursor cursor = json_members(system);
	struct json_member block;
	struct chat_message message;

	chat_message_init(&message);
	message.role = CHAT_SYSTEM;
	message.member = S("system");
	message.content_is_list = system.type == JSON_TYPE_ARRAY;
	if (!message.content_is_list)
		read_plain(system, arena, &message);
	while (json_next(&cursor, &block))
		anthropic_read_block(
			block.value, ANTHROPIC_IN_SYSTEM, arena, &message);
	return message;
}

static void read_plain(
	struct json text, struct arena *arena, struct chat_message *message)
{
	struct chat_part *part = chat_message_add(message, CHAT_TEXT, arena);
	bool is_text = json_text(text, arena, &part->text);

	assert(is_text);
}

static bool read_message(struct reader *r, struct json object)
{
	const struct role *role = find_role(json_find(object, S("role")));
	struct json content = json_find(object, S("content"));
	struct chat_message *first = &r->messages[r->count];

	if (content.type == JSON_TYPE_STRING)
		read_plain(
			content, r->arena, begin_message(r, role->role, false));
	else if (!read_list(r, role, content))
		return false;
	shape_read(&message_shape, object, first, &first->extra, r->arena);
	return true;
}

/* read_head() has seen that there is one. */
static const struct role *find_role(struct json role)
{
	size_t i = 0;

	while (i < ARRAY_LEN(roles) && !json_text_is(role, roles[i].name))
		i++;
	assert(i < ARRAY_LEN(roles));
	return &roles[i];
}

static bool read_list(
	struct reader *r, const struct role *role, struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member block;
	size_t first = r->count, index = 0;
	bool in_run = false;

	for (; json_next(&cursor, &block); index++) {
		bool is_tool =
			role->role == CHAT_USER && is_result(block.value);

		if (is_tool || !in_run)
			begin_message(r, is_tool ? CHAT_TOOL : role->role,
				r->count > first);
		in_run = !is_tool;
		if (is_tool ? !read_result(r, block.value, index)
			    : !read_block(r, role, block.value, index))
			return false;
	}
	if (index == 0)
		begin_message(r, role->role, false);
	for (size_t i = first; i < r->count; i++) {
		struct chat_message *message = &r->messages[i];

		if (message->role != CHAT_TOOL)
			message->content_is_list = true;
		anthropic_join_tags(message);
	}
	return true;
}

static struct chat_message *begin_message(
	struct reader *r, enum chat_role role, bool same_turn)
{
	struct chat_message *message = &r->messages[r->count++];

	chat_message_init(message);
	message->role = role;
	message->same_turn = same_turn;
	message->wire_index = (int64_t)r->index;
	return message;
}

static bool read_block(struct reader *r, const struct role *role,
	struct json block, size_t index)
{
	struct chat_message *message = &r->messages[r->count - 1];
	struct head_path list = head_path("messages[%zu].content", r->index);
	struct chat_message alone; /* to be checked by itself */

	chat_message_init(&alone);
	anthropic_read_block(block, role->place, r->arena, &alone);
	if (!check_parts(&alone, list.text, index, r->err))
		return false;
	if (message->last_part)
		message->last_part->next = alone.parts;
	else
		message->parts = alone.parts;
	message->last_part = alone.last_part;
	return true;
}

static bool read_result(struct reader *r, struct json block, size_t index)
{
	struct chat_message *message = &r->messages[r->count - 1];
	struct head_path path =
		head_path("messages[%zu].content[%zu]", r->index, index);
	struct head_path id = head_path("%s.tool_use_id", path.text);
	struct head_path list = head_path("%s.content", path.text);

	shape_read(
		&result_shape, block, message, &message->inner_extra, r->arena);
	if (!message->tool_call_id.p)
		return head_refuse_missing(r->err, id.text,
			"say which tool call this is the result of.");
	return check_parts(message, list.text, 0, r->err);
}

/* `index` is where the first of the parts stands in that list. */
static bool check_parts(const struct chat_message *message, const char *list,
	size_t index, struct error *err)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next, index++) {
		const char *member = anthropic_missing_member(part);
		struct head_path path;

		if (!member)
			continue;
		path = head_path("%s[%zu].%s", list, index, member);
		return error_refuse(err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing, or of another type than a block of "
			"this kind needs.",
			path.text);
	}
	return true;
}

static bool accept(struct json value, void *into, struct arena *arena)
{
	(void)value;
	(void)into;
	(void)arena;
	return true;
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct json_cursor cursor = json_members(value);
	struct json_member block;

	if (value.type == JSON_TYPE_STRING) {
		read_plain(value, arena, message);
		return true;
	}
	if (!anthropic_is_block_list(value) || json_is_empty(value))
		return false;
	while (json_next(&cursor, &block))
		anthropic_read_block(
			block.value, ANTHROPIC_IN_RESULT, arena, message);
	message->content_is_list = true;
	return true;
}

/* A result that is one string has no block that could hold it. */
static bool read_cache(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT || message->content_is_list ||
		!message->parts)
		return false;
	message->parts->cache_control = value.text;
	return true;
}

static void write_cache(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (!message->content_is_list && message->parts &&
		message->parts->cache_control.p)
		json_member_raw(
			out->w, "cache_control", message->parts->cache_control);
}

static void write_content(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (!message->parts)
		return;
	if (!message->content_is_list) {
		json_member_str(out->w, "content", message->parts->text);
		return;
	}
	json_name(out->w, "content");
	json_begin_array(out->w);
	write_blocks(message, out);
	json_end_array(out->w);
}

void anthropic_write_system(
	const struct chat_request *request, const struct shape_out *out)
{
	const struct chat_message *message = request->messages;

	if (request->message_count == 0 || !message->member.p)
		return;
	if (!message->content_is_list) {
		json_member_str(out->w, "system", message->parts->text);
		return;
	}
	json_name(out->w, "system");
	json_begin_array(out->w);
	write_blocks(message, out);
	json_end_array(out->w);
}

void anthropic_write_messages(
	const struct chat_request *request, const struct shape_out *out)
{
	size_t end;

	json_name(out->w, "messages");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->message_count; i = end) {
		end = end_of_turn(request, i);
		if (!request->messages[i].member.p)
			write_turn(request, i, end, out);
	}
	json_end_array(out->w);
}

static size_t end_of_turn(const struct chat_request *request, size_t begin)
{
	size_t end = begin + 1;

	while (end < request->message_count && request->messages[end].same_turn)
		end++;
	return end;
}

static void write_turn(const struct chat_request *request, size_t begin,
	size_t end, const struct shape_out *out)
{
	const struct chat_message *first = &request->messages[begin];
	const struct role *role = roles;

	while (role->role != first->role)
		role++;
	json_begin_object(out->w);
	json_member_str(out->w, "role", role->name);
	if (first->role != CHAT_TOOL && !first->content_is_list) {
		json_member_str(out->w, "content", first->parts->text);
	} else {
		json_name(out->w, "content");
		json_begin_array(out->w);
		for (size_t i = begin; i < end; i++)
			write_run(&request->messages[i], out);
		json_end_array(out->w);
	}
	chat_extra_write(&first->extra, out->w);
	json_end_object(out->w);
}

static void write_run(
	const struct chat_message *message, const struct shape_out *out)
{
	if (message->role != CHAT_TOOL) {
		write_blocks(message, out);
		return;
	}
	json_begin_object(out->w);
	json_member_str(out->w, "type", S("tool_result"));
	shape_write(&result_shape, message, &message->inner_extra, out);
	json_end_object(out->w);
}

static void write_blocks(
	const struct chat_message *message, const struct shape_out *out)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		anthropic_write_block(part, out);
}
