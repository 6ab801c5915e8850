/*
 * turn.c - another dialect's conversation as our messages.
 *
 * User and assistant take turns, the user begins, and the results of a turn's
 * calls open the user's answer. So messages of one side that follow each
 * other are joined, results are brought to the front of theirs, and what may
 * not stand (empty texts, thinking that Anthropic did not sign) is left out.
 * System prompts have one place, before the conversation: the schema has them
 * within it, too, but most models refuse that ("role 'system' is not
 * supported on this model").
 */
#include "dialect/anthropic/anthropic.h"

/* Opens a conversation that the assistant begins: white space alone would be
 * refused. */
#define OPENING "."

enum side { SIDE_NONE, SIDE_USER, SIDE_ASSISTANT };

static bool write_system(struct anthropic_translation *t);
static bool check_system(struct anthropic_translation *t, size_t *part_count);
static bool is_system(const struct chat_message *message);
static void write_system_parts(struct anthropic_translation *t, bool as_list);
static enum side side_of(const struct chat_message *message);
static bool is_result(const struct chat_message *message);
static bool is_said(const struct chat_part *part);
static bool is_blank(struct str text);
static size_t next_said(const struct chat_request *request, size_t from);
static void write_opening(struct json_writer *w);
static bool write_turn(struct anthropic_translation *t, enum side side,
	size_t begin, size_t end);
static bool write_message(struct anthropic_translation *t, size_t index);
static bool write_part(struct anthropic_translation *t, size_t index,
	const struct chat_part *part);
static void write_text(struct anthropic_translation *t, size_t index,
	const struct chat_part *part);
static void write_thinking(struct anthropic_translation *t,
	const struct chat_message *message, const struct chat_part *part);
static bool write_media(struct anthropic_translation *t,
	const struct chat_message *message, const struct chat_part *part);
static void write_call(struct anthropic_translation *t, size_t index,
	const struct chat_part *part);
static bool write_result(struct anthropic_translation *t, size_t index);
static bool write_result_parts(struct anthropic_translation *t, size_t index);
static void write_cache(
	struct anthropic_translation *t, const struct chat_part *part);

bool anthropic_write_conversation(struct anthropic_translation *t)
{
	const struct chat_request *request = t->request;
	size_t begin = 0, at = next_said(request, 0), end;

	if (!write_system(t))
		return false;
	json_name(t->w, "messages");
	json_begin_array(t->w);
	if (at == request->message_count ||
		side_of(&request->messages[at]) == SIDE_ASSISTANT)
		write_opening(t->w);
	for (; at < request->message_count; begin = at = end) {
		enum side side = side_of(&request->messages[at]);

		end = next_said(request, at + 1);
		while (end < request->message_count &&
			side_of(&request->messages[end]) == side)
			end = next_said(request, end + 1);
		if (!write_turn(t, side, begin, end))
			return false;
	}
	json_end_array(t->w);
	return true;
}

static bool write_system(struct anthropic_translation *t)
{
	size_t part_count;

	if (!check_system(t, &part_count))
		return false;
	if (part_count == 0)
		return true;
	json_name(t->w, "system");
	if (part_count > 1)
		json_begin_array(t->w);
	write_system_parts(t, part_count > 1);
	if (part_count > 1)
		json_end_array(t->w);
	return true;
}

/* One part more is counted when the only one has a cache_control, which a
 * string cannot have. */
static bool check_system(struct anthropic_translation *t, size_t *part_count)
{
	bool has_begun = false;

	*part_count = 0;
	for (size_t i = 0; i < t->request->message_count; i++) {
		const struct chat_message *message = &t->request->messages[i];

		has_begun |= side_of(message) != SIDE_NONE;
		if (is_system(message) && has_begun)
			chat_losses_add_in(t->losses, message, S("role"));
		for (const struct chat_part *part = message->parts;
			part && is_system(message); part = part->next) {
			if (part->kind != CHAT_TEXT)
				return chat_losses_refuse(t->losses, message,
					t->err,
					"has more than text, and the provider "
					"of the chosen model takes only text "
					"as a system prompt");
			if (is_said(part))
				*part_count += part->cache_control.p ? 2 : 1;
		}
	}
	return true;
}

static bool is_system(const struct chat_message *message)
{
	return message->role == CHAT_SYSTEM || message->role == CHAT_DEVELOPER;
}

static void write_system_parts(struct anthropic_translation *t, bool as_list)
{
	for (size_t i = 0; i < t->request->message_count; i++) {
		const struct chat_message *message = &t->request->messages[i];

		for (const struct chat_part *part = message->parts;
			part && is_system(message); part = part->next) {
			if (!is_said(part))
				continue;
			if (as_list)
				write_text(t, i, part);
			else
				json_write_str(t->w, part->text);
		}
	}
}

/* SIDE_NONE: it says nothing, or not here. */
static enum side side_of(const struct chat_message *message)
{
	if (is_result(message))
		return SIDE_USER;
	if (is_system(message))
		return SIDE_NONE;
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (is_said(part))
			return message->role == CHAT_ASSISTANT ? SIDE_ASSISTANT
							       : SIDE_USER;
	return SIDE_NONE;
}

static bool is_result(const struct chat_message *message)
{
	return message->role == CHAT_TOOL || message->role == CHAT_FUNCTION;
}

static bool is_said(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL: return !is_blank(part->text);
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING: return anthropic_can_send_thinking(part);
	default: return true;
	}
}

/* "text content blocks must contain non-whitespace text", says the API. */
static bool is_blank(struct str text)
{
	return str_trim(text).n == 0;
}

static size_t next_said(const struct chat_request *request, size_t from)
{
	while (from < request->message_count &&
		side_of(&request->messages[from]) == SIDE_NONE)
		from++;
	return from;
}

static void write_opening(struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "role", S("user"));
	json_member_str(w, "content", S(OPENING));
	json_end_object(w);
}

/* Messages that say nothing are among them, so that what they lose is named
 * with the rest. */
static bool write_turn(struct anthropic_translation *t, enum side side,
	size_t begin, size_t end)
{
	const struct chat_message *messages = t->request->messages;

	json_begin_object(t->w);
	json_member_str(
		t->w, "role", side == SIDE_USER ? S("user") : S("assistant"));
	json_name(t->w, "content");
	json_begin_array(t->w);
	for (size_t i = begin; i < end; i++)
		if (is_result(&messages[i]) && !write_result(t, i))
			return false;
	for (size_t i = begin; i < end; i++)
		if (!is_result(&messages[i]) && !is_system(&messages[i]) &&
			!write_message(t, i))
			return false;
	json_end_array(t->w);
	json_end_object(t->w);
	return true;
}

static bool write_message(struct anthropic_translation *t, size_t index)
{
	const struct chat_message *message = &t->request->messages[index];

	if (message->citations)
		chat_losses_add_field(t->losses, message, FIELD_CITATIONS);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (!write_part(t, index, part))
			return false;
	return true;
}

static bool write_part(struct anthropic_translation *t, size_t index,
	const struct chat_part *part)
{
	const struct chat_message *message = &t->request->messages[index];
	bool is_assistant = message->role == CHAT_ASSISTANT;

	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL: write_text(t, index, part); return true;
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING:
		write_thinking(t, message, part);
		return true;
	case CHAT_TOOL_CALL:
		if (!is_assistant)
			break;
		write_call(t, index, part);
		return true;
	case CHAT_IMAGE:
	case CHAT_FILE:
		if (is_assistant)
			break;
		return write_media(t, message, part);
	default: break;
	}
	return chat_losses_refuse(t->losses, message, t->err,
		"has a part that the provider of the chosen model does not "
		"take there");
}

/* What the assistant is to continue must not end in white space. */
static void write_text(struct anthropic_translation *t, size_t index,
	const struct chat_part *part)
{
	const struct chat_request *request = t->request;
	const struct chat_message *message = &request->messages[index];
	struct str text = part->text;

	if (part->citations) /* of a search that Anthropic did not make */
		chat_losses_add_field(t->losses, message, FIELD_CITATIONS);
	if (!is_said(part))
		return;
	if (message->role == CHAT_ASSISTANT && !part->next &&
		next_said(request, index + 1) == request->message_count)
		text.n = (size_t)(str_trim(text).p + str_trim(text).n - text.p);
	json_begin_object(t->w);
	json_member_str(t->w, "type", S("text"));
	json_member_str(t->w, "text", text);
	write_cache(t, part);
	json_end_object(t->w);
}

static void write_thinking(struct anthropic_translation *t,
	const struct chat_message *message, const struct chat_part *part)
{
	enum chat_field field = part->kind == CHAT_THINKING
					? FIELD_THINKING
					: FIELD_REDACTED_THINKING;
	struct shape_out out = { .w = t->w };

	if (!anthropic_can_send_thinking(part))
		chat_losses_add_thought(t->losses, message, part);
	else if (anthropic_carries(t, field))
		anthropic_write_block(part, &out);
}

static bool write_media(struct anthropic_translation *t,
	const struct chat_message *message, const struct chat_part *part)
{
	bool is_image = part->kind == CHAT_IMAGE;
	char path[96];

	chat_message_path(t->losses->from, message, path, sizeof(path));
	json_begin_object(t->w);
	json_member_str(t->w, "type", is_image ? S("image") : S("document"));
	if (!anthropic_write_source(part, path, t->w, t->err))
		return false;
	if (!is_image && part->name.n > 0)
		json_member_str(t->w, "title", part->name);
	write_cache(t, part);
	json_end_object(t->w);
	return true;
}

static void write_call(struct anthropic_translation *t, size_t index,
	const struct chat_part *part)
{
	struct buf id = BUF_INIT(SIZE_MAX);

	anthropic_append_call_id(t->request, index, part, &id);
	json_begin_object(t->w);
	json_member_str(t->w, "type", S("tool_use"));
	json_member_str(t->w, "id", buf_str(&id));
	json_member_str(t->w, "name", part->call.name);
	json_name(t->w, "input");
	chat_write_arguments(&part->call, t->w);
	write_cache(t, part);
	json_end_object(t->w);
	buf_release(&id);
}

static bool write_result(struct anthropic_translation *t, size_t index)
{
	const struct chat_message *message = &t->request->messages[index];
	struct buf id = BUF_INIT(SIZE_MAX);
	bool has_call = anthropic_append_result_id(t->request, index, &id);

	if (has_call) {
		json_begin_object(t->w);
		json_member_str(t->w, "type", S("tool_result"));
		json_member_str(t->w, "tool_use_id", buf_str(&id));
		if (message->is_error == CHAT_YES &&
			anthropic_carries(t, FIELD_TOOL_RESULT_ERROR))
			json_member_bool(t->w, "is_error", true);
	}
	buf_release(&id);
	if (!has_call)
		return chat_losses_refuse(t->losses, message, t->err,
			"is the result of a tool, but of no call before it");
	if (!write_result_parts(t, index))
		return false;
	json_end_object(t->w);
	return true;
}

static bool write_result_parts(struct anthropic_translation *t, size_t index)
{
	const struct chat_message *message = &t->request->messages[index];
	const struct chat_part *part = message->parts;

	while (part && !is_said(part))
		part = part->next;
	if (!part)
		return true;
	json_name(t->w, "content");
	if (part->kind == CHAT_TEXT && !part->next && !part->cache_control.p) {
		json_write_str(t->w, part->text);
		return true;
	}
	json_begin_array(t->w);
	for (; part; part = part->next)
		if (!write_part(t, index, part))
			return false;
	json_end_array(t->w);
	return true;
}

static void write_cache(
	struct anthropic_translation *t, const struct chat_part *part)
{
	if (part->cache_control.p && anthropic_carries(t, FIELD_CACHE_CONTROL))
		json_member_raw(t->w, "cache_control", part->cache_control);
}
