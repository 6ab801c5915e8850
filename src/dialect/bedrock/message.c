/*
 * message.c - messages in our own words, to and from the neutral
 * form.
 *
 * A user's message may hold results of tools among other blocks. Each result
 * is a message of its own in the neutral form, and so is what stands before,
 * between and behind them; `same_turn` joins them again. The first of them
 * has the members of the whole in `extra`, and a result has its own in
 * `inner_extra`.
 */
#include "dialect/bedrock/bedrock.h"

static const struct {
	struct str name;
	enum chat_role role;
} roles[] = {
	{ STR("user"), CHAT_USER },
	{ STR("assistant"), CHAT_ASSISTANT },
	{ STR("system"), CHAT_SYSTEM },
};

static bool read_role(struct json value, void *into, struct arena *arena);
static void write_role(const void *from, const struct shape_out *out);
static bool read_content(struct json value, void *into, struct arena *arena);

static const struct shape_row answer_rows[] = {
	{ "role", SHAPE_SPECIAL, 0, read_role, write_role },
	{ "content", SHAPE_SPECIAL, 0, read_content, NULL },
};
static const struct shape answer_shape = SHAPE_OF(answer_rows);

static bool read_status(struct json value, void *into, struct arena *arena);
static void write_status(const void *from, const struct shape_out *out);
static bool read_results(struct json value, void *into, struct arena *arena);
static void write_results(const void *from, const struct shape_out *out);

static const struct shape_row result_rows[] = {
	{ "toolUseId", SHAPE_TEXT, offsetof(struct chat_message, tool_call_id),
		NULL, NULL },
	{ "content", SHAPE_SPECIAL, 0, read_results, write_results },
	{ "status", SHAPE_SPECIAL, 0, read_status, write_status },
};
static const struct shape result_shape = SHAPE_OF(result_rows);

/* Where the reader of one message stands. */
struct turn_reader {
	struct chat_request *request;
	struct arena *arena;
	enum chat_role role; /* who speaks, when it is no tool */
	int64_t wire_index;
	bool began;
};

static size_t most_messages(struct json list);
static void read_message(struct turn_reader *r, struct json object);
static void read_extra(
	struct json object, struct chat_message *into, struct arena *arena);
static void read_block(struct turn_reader *r, struct json block);
static bool read_result(struct turn_reader *r, struct json block);
static struct chat_message *add_message(
	struct turn_reader *r, enum chat_role role);
static struct chat_message *last_message(const struct turn_reader *r);
static bool attach_cache_point(struct chat_message *message, struct json block);
static size_t write_message(const struct chat_request *request, size_t index,
	const struct shape_out *out);
static void write_blocks(
	const struct chat_message *message, const struct shape_out *out);
static void write_result(
	const struct chat_message *message, const struct shape_out *out);
static void write_answer_part(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out);
static bool is_last_text(const struct chat_part *part);

void bedrock_read_messages(
	struct json list, struct arena *arena, struct chat_request *request)
{
	struct turn_reader r = { .request = request, .arena = arena };
	struct chat_message *earlier = request->messages;
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	request->messages = ARENA_ARRAY(arena, struct chat_message,
		request->message_count + most_messages(list));
	if (earlier)
		memcpy(request->messages, earlier,
			request->message_count * sizeof(*earlier));
	for (; json_next(&cursor, &item); r.wire_index++) {
		r.began = false;
		read_message(&r, item.value);
	}
}

/* No block is more than one message, and no message without blocks. */
static size_t most_messages(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	size_t count = 0;

	while (json_next(&cursor, &item))
		count += 1 + json_length(json_find(item.value, S("content")));
	return count;
}

static void read_message(struct turn_reader *r, struct json object)
{
	struct json_cursor blocks =
		json_members(json_find(object, S("content")));
	size_t first = r->request->message_count;
	struct json_member block;
	struct chat_message role;

	chat_message_init(&role);
	read_role(json_find(object, S("role")), &role, r->arena);
	r->role = role.role;
	while (json_next(&blocks, &block))
		read_block(r, block.value);
	if (!r->began)
		add_message(r, r->role);
	read_extra(object, &r->request->messages[first], r->arena);
}

static void read_extra(
	struct json object, struct chat_message *into, struct arena *arena)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		if (!json_name_is(member, S("role")) &&
			!json_name_is(member, S("content")))
			chat_extra_add(&into->extra, &member, arena);
}

static void read_block(struct turn_reader *r, struct json block)
{
	struct chat_message *message = r->began ? last_message(r) : NULL;

	if (message && attach_cache_point(message, block))
		return;
	if (r->role == CHAT_USER && read_result(r, block))
		return;
	if (!message || message->role == CHAT_TOOL)
		message = add_message(r, r->role);
	bedrock_read_block(block, BEDROCK_IN_MESSAGE, r->arena, message);
}

static bool read_result(struct turn_reader *r, struct json block)
{
	struct json result =
		bedrock_only_member(block, S("toolResult"), JSON_TYPE_OBJECT);
	struct chat_message *message;

	if (json_find(result, S("content")).type != JSON_TYPE_ARRAY ||
		json_find(result, S("toolUseId")).type != JSON_TYPE_STRING)
		return false;
	message = add_message(r, CHAT_TOOL);
	shape_read(&result_shape, result, message, &message->inner_extra,
		r->arena);
	return true;
}

static struct chat_message *add_message(
	struct turn_reader *r, enum chat_role role)
{
	struct chat_message *message =
		&r->request->messages[r->request->message_count++];

	chat_message_init(message);
	message->role = role;
	message->wire_index = r->wire_index;
	message->content_is_list = true;
	message->same_turn = r->began;
	r->began = true;
	return message;
}

static struct chat_message *last_message(const struct turn_reader *r)
{
	return &r->request->messages[r->request->message_count - 1];
}

static bool attach_cache_point(struct chat_message *message, struct json block)
{
	struct chat_part *part = message->last_part;
	struct str cache_control;

	if (!part || part->cache_control.p ||
		!bedrock_read_cache_point(block, &cache_control))
		return false;
	part->cache_control = cache_control;
	return true;
}

static bool read_role(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (!json_text_is(value, roles[i].name))
			continue;
		message->role = roles[i].role;
		return true;
	}
	return false;
}

static void write_role(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	enum chat_role role =
		message->role == CHAT_TOOL ? CHAT_USER : message->role;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (roles[i].role == role)
			json_member_str(out->w, "role", roles[i].name);
}

static bool read_results(struct json value, void *into, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	while (json_next(&cursor, &item))
		bedrock_read_block(item.value, BEDROCK_IN_RESULT, arena, into);
	return true;
}

static void write_results(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	json_name(out->w, "content");
	json_begin_array(out->w);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		bedrock_write_block(part, out);
	json_end_array(out->w);
}

static bool read_status(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	(void)arena;
	if (json_text_is(value, S("error")))
		message->is_error = CHAT_YES;
	else if (json_text_is(value, S("success")))
		message->is_error = CHAT_NO;
	return message->is_error != CHAT_UNSET;
}

static void write_status(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (message->is_error != CHAT_UNSET)
		json_member_str(out->w, "status",
			message->is_error == CHAT_YES ? S("error")
						      : S("success"));
}

bool bedrock_read_system(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct chat_message *message;
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	message = ARENA_NEW(arena, struct chat_message);
	chat_message_init(message);
	message->role = CHAT_SYSTEM;
	message->member = S("system");
	message->content_is_list = true;
	while (json_next(&cursor, &item))
		if (!attach_cache_point(message, item.value))
			bedrock_read_block(
				item.value, BEDROCK_IN_MESSAGE, arena, message);
	request->messages = message;
	request->message_count = 1;
	return true;
}

void bedrock_write_system(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->message_count == 0 || !request->messages[0].member.p)
		return;
	json_name(out->w, "system");
	json_begin_array(out->w);
	write_blocks(&request->messages[0], out);
	json_end_array(out->w);
}

void bedrock_write_messages(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	size_t i = 0;

	if (request->message_count > 0 && request->messages[0].member.p)
		i = 1;
	json_name(out->w, "messages");
	json_begin_array(out->w);
	while (i < request->message_count)
		i = write_message(request, i, out);
	json_end_array(out->w);
}

/* All of one turn; gives the index of the next one. */
static size_t write_message(const struct chat_request *request, size_t index,
	const struct shape_out *out)
{
	const struct chat_message *first = &request->messages[index];

	json_begin_object(out->w);
	write_role(first, out);
	json_name(out->w, "content");
	json_begin_array(out->w);
	do {
		const struct chat_message *message = &request->messages[index];

		if (message->role == CHAT_TOOL)
			write_result(message, out);
		else
			write_blocks(message, out);
		index++;
	} while (index < request->message_count &&
		 request->messages[index].same_turn);
	json_end_array(out->w);
	chat_extra_write(&first->extra, out->w);
	json_end_object(out->w);
	return index;
}

static void write_blocks(
	const struct chat_message *message, const struct shape_out *out)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		bedrock_write_block(part, out);
		if (part->cache_control.p)
			bedrock_write_cache_point(part->cache_control, out->w);
	}
}

/* A cache point cannot stand within a result, only behind it. */
static void write_result(
	const struct chat_message *message, const struct shape_out *out)
{
	const struct chat_part *last = message->last_part;

	json_begin_object(out->w);
	json_name(out->w, "toolResult");
	json_begin_object(out->w);
	shape_write(&result_shape, message, &message->inner_extra, out);
	json_end_object(out->w);
	json_end_object(out->w);
	if (last && last->cache_control.p)
		bedrock_write_cache_point(last->cache_control, out->w);
}

void bedrock_read_answer(
	struct json object, struct arena *arena, struct chat_message *out)
{
	chat_message_init(out);
	shape_read(&answer_shape, object, out, &out->extra, arena);
}

/* Blocks of an answer are never points of a cache. */
static bool read_content(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item))
		bedrock_read_block(
			item.value, BEDROCK_IN_MESSAGE, arena, message);
	message->content_is_list = true;
	return true;
}

void bedrock_write_answer(
	const struct chat_message *message, const struct shape_out *out)
{
	json_begin_object(out->w);
	if (message->content_is_list || !out->own_words) {
		json_name(out->w, "content");
		json_begin_array(out->w);
		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			write_answer_part(message, part, out);
		json_end_array(out->w);
	}
	shape_write(&answer_shape, message, &message->extra, out);
	json_end_object(out->w);
}

/* Of another dialect's answer, what this format has a block for: what was
 * said aloud is its words, and sources of the whole are those of its end. */
static void write_answer_part(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out)
{
	struct chat_part ours = *part;

	if (!out->own_words && part->kind == CHAT_AUDIO && part->text.n > 0)
		ours.kind = CHAT_TEXT;
	if (!out->own_words && ours.kind == CHAT_TEXT && !ours.citations &&
		is_last_text(part))
		ours.citations = message->citations;
	if (out->own_words || bedrock_has_block(&ours))
		bedrock_write_block(&ours, out);
}

static bool is_last_text(const struct chat_part *part)
{
	while ((part = part->next))
		if (part->kind == CHAT_TEXT)
			return false;
	return true;
}
