/*
 * turn.c - another dialect's conversation as our messages.
 *
 * Here user and assistant take turns, and the user begins. So messages of one
 * side that follow each other are one, system prompts stand apart, results of
 * tools come before what else the user says, and a turn that has nothing to
 * say is left out. The rules are the service's own, which answers 400: "A
 * conversation must start with a user message", "roles must alternate between
 * user and assistant", "The text field in the ContentBlock object is blank".
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/signature.h"

/* What the user says where something must be said: white space alone would be
 * refused. */
#define OPENING S(".")

struct turns {
	struct bedrock_translation *t;
	bool any;
	bool open;
	enum chat_role role; /* of the turn that is open */
	bool has_text;
	bool has_document;
	/* Names of the documents so far, each with a line end: the service
	 * wants them to differ. */
	struct buf document_names;
};

static bool is_system(const struct chat_message *message);
static bool is_blank(const struct chat_part *part);
static bool write_system(struct turns *turns);
static bool write_system_parts(
	struct turns *turns, const struct chat_message *message, bool *any);
static bool write_groups(struct turns *turns);
static bool write_group(struct turns *turns, size_t begin, size_t end);
static enum chat_role side_of(const struct chat_message *message);
static void open_turn(struct turns *turns, enum chat_role role);
static void write_opening(struct turns *turns);
static void close_turn(struct turns *turns);

static bool write_message(
	struct turns *turns, const struct chat_message *message);
static bool write_part(struct turns *turns, const struct chat_message *message,
	const struct chat_part *part);
static bool is_mine(const struct chat_part *part);
static void write_text(struct turns *turns, const struct chat_message *message,
	const struct chat_part *part);
static size_t trailing_space(struct str text);
static bool is_last_word(const struct chat_request *request,
	const struct chat_message *message, const struct chat_part *part);
static bool check_media(struct turns *turns, const struct chat_message *message,
	const struct chat_part *part);
static void write_document(struct turns *turns, const struct chat_part *part);
static void name_document(
	struct turns *turns, struct str name, struct buf *out);
static void write_call(struct turns *turns, const struct chat_part *part);
static bool write_result(
	struct turns *turns, const struct chat_message *message);
static bool write_result_part(struct turns *turns,
	const struct chat_message *message, const struct chat_part *part);
static void write_cache_point(struct turns *turns,
	const struct chat_message *message, const struct chat_part *part);

bool bedrock_translate_turns(struct bedrock_translation *t)
{
	struct turns turns = { .t = t };
	bool ok;

	if (!write_system(&turns))
		return false;
	buf_init(&turns.document_names, SIZE_MAX);
	json_name(t->out.w, "messages");
	json_begin_array(t->out.w);
	ok = write_groups(&turns);
	if (!turns.any)
		write_opening(&turns);
	close_turn(&turns);
	json_end_array(t->out.w);
	buf_release(&turns.document_names);
	return ok;
}

static bool is_system(const struct chat_message *message)
{
	return message->role == CHAT_SYSTEM || message->role == CHAT_DEVELOPER;
}

static bool is_blank(const struct chat_part *part)
{
	return str_trim(part->text).n == 0;
}

/* All of them; what stands behind the first turn loses its place. */
static bool write_system(struct turns *turns)
{
	struct bedrock_translation *t = turns->t;
	bool began = false, any = false;

	for (size_t i = 0; i < t->request->message_count; i++) {
		const struct chat_message *message = &t->request->messages[i];

		began |= !is_system(message);
		if (!is_system(message))
			continue;
		if (began && t->losses)
			chat_losses_add_in(t->losses, message, S("role"));
		if (!write_system_parts(turns, message, &any))
			return false;
	}
	if (any)
		json_end_array(t->out.w);
	return true;
}

/* `any` tells whether the member has begun. */
static bool write_system_parts(
	struct turns *turns, const struct chat_message *message, bool *any)
{
	struct json_writer *w = turns->t->out.w;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (part->kind != CHAT_TEXT)
			return bedrock_refuse(turns->t, message,
				"is a system prompt, and not of text alone");
		if (is_blank(part))
			continue;
		if (!*any) {
			json_name(w, "system");
			json_begin_array(w);
		}
		*any = true;
		bedrock_write_text(part->text, w);
		write_cache_point(turns, message, part);
	}
	return true;
}

static bool write_groups(struct turns *turns)
{
	const struct chat_request *request = turns->t->request;
	size_t end;

	for (size_t begin = 0; begin < request->message_count; begin = end) {
		enum chat_role side = side_of(&request->messages[begin]);

		end = begin + 1;
		while (end < request->message_count &&
			(is_system(&request->messages[end]) ||
				side_of(&request->messages[end]) == side))
			end++;
		if (!write_group(turns, begin, end))
			return false;
	}
	return true;
}

/* One side's messages: the results of tools first. */
static bool write_group(struct turns *turns, size_t begin, size_t end)
{
	const struct chat_message *messages = turns->t->request->messages;

	for (size_t i = begin; i < end; i++)
		if (messages[i].role == CHAT_TOOL &&
			!write_result(turns, &messages[i]))
			return false;
	for (size_t i = begin; i < end; i++)
		if (messages[i].role != CHAT_TOOL && !is_system(&messages[i]) &&
			!write_message(turns, &messages[i]))
			return false;
	return true;
}

static enum chat_role side_of(const struct chat_message *message)
{
	return message->role == CHAT_ASSISTANT ? CHAT_ASSISTANT : CHAT_USER;
}

static void open_turn(struct turns *turns, enum chat_role role)
{
	struct json_writer *w = turns->t->out.w;

	if (turns->open && turns->role == role)
		return;
	close_turn(turns);
	if (!turns->any && role == CHAT_ASSISTANT)
		write_opening(turns);
	turns->any = turns->open = true;
	turns->role = role;
	json_begin_object(w);
	json_member_str(
		w, "role", role == CHAT_USER ? S("user") : S("assistant"));
	json_name(w, "content");
	json_begin_array(w);
}

static void write_opening(struct turns *turns)
{
	open_turn(turns, CHAT_USER);
	bedrock_write_text(OPENING, turns->t->out.w);
	close_turn(turns);
}

/* "If you include a ContentBlock with a document field in the array, you must
 * also include a ContentBlock with a text field." */
static void close_turn(struct turns *turns)
{
	struct json_writer *w = turns->t->out.w;

	if (!turns->open)
		return;
	if (turns->has_document && !turns->has_text)
		bedrock_write_text(OPENING, w);
	json_end_array(w);
	json_end_object(w);
	turns->open = turns->has_text = turns->has_document = false;
}

static bool write_message(
	struct turns *turns, const struct chat_message *message)
{
	if (message->role == CHAT_FUNCTION)
		return bedrock_refuse(turns->t, message,
			"is the result of a function that no call asked for");
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (!write_part(turns, message, part))
			return false;
	if (message->citations)
		bedrock_lose(turns->t, message, FIELD_CITATIONS);
	return true;
}

static bool write_part(struct turns *turns, const struct chat_message *message,
	const struct chat_part *part)
{
	struct bedrock_translation *t = turns->t;
	bool is_thought = part->kind == CHAT_THINKING ||
			  part->kind == CHAT_REDACTED_THINKING;

	switch (part->kind) {
	case CHAT_OTHER:
		return bedrock_refuse(
			t, message, "has a part that there are no words for");
	case CHAT_TEXT:
	case CHAT_REFUSAL: write_text(turns, message, part); return true;
	case CHAT_TOOL_CALL: write_call(turns, part); break;
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING:
		if (!is_mine(part) || !bedrock_carries(t, FIELD_THINKING)) {
			if (t->losses)
				chat_losses_add_thought(
					t->losses, message, part);
			return true;
		}
		break;
	default:
		if (!check_media(turns, message, part))
			return false;
		break;
	}
	open_turn(turns, side_of(message));
	turns->has_document |= part->kind == CHAT_FILE;
	if (part->kind == CHAT_FILE)
		write_document(turns, part);
	else if (part->kind != CHAT_TOOL_CALL)
		bedrock_write_block(part, &t->out);
	if (!is_thought)
		write_cache_point(turns, message, part);
	return true;
}

/* What the model thought, it takes back only with its own proof. */
static bool is_mine(const struct chat_part *part)
{
	if (part->kind == CHAT_REDACTED_THINKING)
		return bedrock_has_block(part);
	return signature_is_from(&part->signature, S(BEDROCK_NAME)) &&
	       bedrock_has_block(part);
}

static void write_text(struct turns *turns, const struct chat_message *message,
	const struct chat_part *part)
{
	struct bedrock_translation *t = turns->t;
	struct str text = part->text;

	if (part->citations)
		bedrock_lose(t, message, FIELD_CITATIONS);
	if (is_blank(part))
		return;
	/* "final assistant content cannot end with trailing whitespace" */
	if (is_last_word(t->request, message, part))
		text.n -= trailing_space(text);
	open_turn(turns, side_of(message));
	turns->has_text = true;
	bedrock_write_text(text, t->out.w);
	write_cache_point(turns, message, part);
}

static size_t trailing_space(struct str text)
{
	struct str trimmed = str_trim(text);

	return (size_t)(text.p + text.n - (trimmed.p + trimmed.n));
}

static bool is_last_word(const struct chat_request *request,
	const struct chat_message *message, const struct chat_part *part)
{
	return message->role == CHAT_ASSISTANT && !part->next &&
	       message == &request->messages[request->message_count - 1];
}

static bool check_media(struct turns *turns, const struct chat_message *message,
	const struct chat_part *part)
{
	if (part->file_id.p || !bedrock_has_source(part))
		return bedrock_refuse(turns->t, message,
			"has an image or a file that is not sent with it; "
			"addresses may be S3's (s3://) only");
	if (!bedrock_media_format(part).p)
		return bedrock_refuse(turns->t, message,
			"has an image or a file of a type that is not taken");
	if (message->role == CHAT_ASSISTANT)
		return bedrock_refuse(turns->t, message,
			"is the assistant's, and has an image or a file");
	return true;
}

static void write_document(struct turns *turns, const struct chat_part *part)
{
	struct chat_part named = *part;
	struct buf name = BUF_INIT(SIZE_MAX);

	name_document(turns, part->name, &name);
	named.name = buf_str(&name);
	bedrock_write_block(&named, &turns->t->out);
	buf_release(&name);
}

/* "report", "report 2", ... */
static void name_document(struct turns *turns, struct str name, struct buf *out)
{
	struct str rest = buf_str(&turns->document_names);
	struct buf clean = BUF_INIT(SIZE_MAX);
	struct str earlier;
	unsigned count = 1;

	bedrock_document_name(name, &clean);
	while (str_next_field(&rest, '\n', &earlier))
		count += str_equal(earlier, buf_str(&clean));
	buf_append(out, buf_str(&clean));
	if (count > 1)
		buf_printf(out, " %u", count);
	buf_append(&turns->document_names, buf_str(&clean));
	buf_append_char(&turns->document_names, '\n');
	buf_release(&clean);
}

static void write_call(struct turns *turns, const struct chat_part *part)
{
	struct json_writer *w = turns->t->out.w;
	char id[BEDROCK_ID_BYTES];

	open_turn(turns, CHAT_ASSISTANT);
	bedrock_call_id(turns->t->request, &part->call, id);
	json_begin_object(w);
	json_name(w, "toolUse");
	json_begin_object(w);
	json_member_str(w, "toolUseId", str_of(id));
	json_member_str(w, "name", part->call.name);
	json_name(w, "input");
	chat_write_arguments(&part->call, w);
	json_end_object(w);
	json_end_object(w);
}

static bool write_result(
	struct turns *turns, const struct chat_message *message)
{
	struct bedrock_translation *t = turns->t;
	struct json_writer *w = t->out.w;
	char id[BEDROCK_ID_BYTES];

	open_turn(turns, CHAT_USER);
	bedrock_result_id(t->request, message, id);
	json_begin_object(w);
	json_name(w, "toolResult");
	json_begin_object(w);
	json_member_str(w, "toolUseId", str_of(id));
	json_name(w, "content");
	json_begin_array(w);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (!write_result_part(turns, message, part))
			return false;
	json_end_array(w);
	if (message->is_error == CHAT_YES && !t->model.takes_result_status)
		bedrock_lose(t, message, FIELD_TOOL_RESULT_ERROR);
	else if (message->is_error == CHAT_YES &&
		 bedrock_carries(t, FIELD_TOOL_RESULT_ERROR))
		json_member_str(w, "status", S("error"));
	json_end_object(w);
	json_end_object(w);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->cache_control.p) {
			write_cache_point(turns, message, part);
			break;
		}
	return true;
}

static bool write_result_part(struct turns *turns,
	const struct chat_message *message, const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
		if (!is_blank(part))
			bedrock_write_text(part->text, turns->t->out.w);
		return true;
	case CHAT_IMAGE:
	case CHAT_VIDEO:
	case CHAT_FILE:
		if (!check_media(turns, message, part))
			return false;
		if (part->kind == CHAT_FILE)
			write_document(turns, part);
		else
			bedrock_write_block(part, &turns->t->out);
		return true;
	default:
		return bedrock_refuse(turns->t, message,
			"is a tool's result that is neither text, image nor "
			"document");
	}
}

static void write_cache_point(struct turns *turns,
	const struct chat_message *message, const struct chat_part *part)
{
	struct bedrock_translation *t = turns->t;

	if (!part->cache_control.p || !bedrock_carries(t, FIELD_CACHE_CONTROL))
		return;
	if (t->model.caches)
		bedrock_write_cache_point(part->cache_control, t->out.w);
	else
		bedrock_lose(t, message, FIELD_CACHE_CONTROL);
}
