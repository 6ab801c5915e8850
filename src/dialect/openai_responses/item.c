/*
 * item.c - the items of the model's turn (what it thought,
 * said and called) to the neutral form, and back in own words.
 *
 * See openai_responses.h for how items and messages belong together.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/signature.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}

static bool read_seal(struct json value, void *into, struct arena *arena);
static void write_seal(const void *from, const struct shape_out *out);

static const struct shape_row reasoning_rows[] = {
	PART("id", SHAPE_TEXT, id),
	{ "encrypted_content", SHAPE_SPECIAL, 0, read_seal, write_seal },
};
static const struct shape reasoning_shape = SHAPE_OF(reasoning_rows);

static const struct shape_row function_rows[] = {
	PART("call_id", SHAPE_TEXT, call.id),
	PART("name", SHAPE_TEXT, call.name),
	PART("arguments", SHAPE_TEXT, call.arguments),
};
static const struct shape function_shape = SHAPE_OF(function_rows);

static const struct shape_row custom_rows[] = {
	PART("call_id", SHAPE_TEXT, call.id),
	PART("name", SHAPE_TEXT, call.name),
	PART("input", SHAPE_TEXT, call.arguments),
};
static const struct shape custom_shape = SHAPE_OF(custom_rows);

static bool read_content(struct json value, void *into, struct arena *arena);

static const struct shape_row said_rows[] = {
	{ "content", SHAPE_SPECIAL, 0, read_content, NULL },
};
static const struct shape said_shape = SHAPE_OF(said_rows);

/* Members that nobody misses: what an item is, the neutral form says too, and
 * a reasoning item's text is taken from its lists. */
static const struct str call_idle[] = { STR("type"), STR("id"), STR("status") };
static const struct str reasoning_idle[] = { STR("type"), STR("status"),
	STR("summary"), STR("content") };

static const struct {
	struct str type;
	enum openai_responses_kind kind;
} item_types[] = {
	{ STR("message"), OPENAI_RESPONSES_MESSAGE },
	{ STR("reasoning"), OPENAI_RESPONSES_REASONING },
	{ STR("function_call"), OPENAI_RESPONSES_FUNCTION },
	{ STR("custom_tool_call"), OPENAI_RESPONSES_CUSTOM },
	{ STR("function_call_output"), OPENAI_RESPONSES_RESULT },
	{ STR("custom_tool_call_output"), OPENAI_RESPONSES_RESULT },
};

static const struct {
	struct str word;
	enum chat_role role;
} roles[] = {
	{ STR("user"), CHAT_USER },
	{ STR("assistant"), CHAT_ASSISTANT },
	{ STR("system"), CHAT_SYSTEM },
	{ STR("developer"), CHAT_DEVELOPER },
};

static void read_reasoning(
	struct json item, struct arena *arena, struct chat_message *message);
static struct str joined_texts(struct json list, struct arena *arena);
static void settle_seal(struct chat_part *part);
static bool is_seal_of_next(const struct chat_part *part);
static void read_call(struct json item, bool is_custom, struct arena *arena,
	struct chat_message *message);
static void take_seal(struct chat_message *message, struct chat_part *call);
static void read_said(
	struct json item, struct arena *arena, struct chat_message *message);

static const struct chat_part *write_said(
	const struct chat_part *part, const struct shape_out *out);
static bool begins_item(const struct chat_part *part);

enum openai_responses_kind openai_responses_kind_of(struct json item)
{
	struct json type = json_find(item, S("type"));

	for (size_t i = 0; i < ARRAY_LEN(item_types); i++)
		if (json_text_is(type, item_types[i].type))
			return item_types[i].kind;
	if (type.type != JSON_TYPE_NONE && type.type != JSON_TYPE_NULL)
		return OPENAI_RESPONSES_OTHER;
	return openai_responses_role_of(item) == CHAT_ROLE_UNSET
		       ? OPENAI_RESPONSES_OTHER
		       : OPENAI_RESPONSES_MESSAGE;
}

enum chat_role openai_responses_role_of(struct json item)
{
	struct json role = json_find(item, S("role"));

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (json_text_is(role, roles[i].word))
			return roles[i].role;
	return CHAT_ROLE_UNSET;
}

void openai_responses_read_item(
	struct json item, struct arena *arena, struct chat_message *message)
{
	switch (openai_responses_kind_of(item)) {
	case OPENAI_RESPONSES_REASONING:
		read_reasoning(item, arena, message);
		return;
	case OPENAI_RESPONSES_FUNCTION:
		read_call(item, false, arena, message);
		return;
	case OPENAI_RESPONSES_CUSTOM:
		read_call(item, true, arena, message);
		return;
	case OPENAI_RESPONSES_MESSAGE: read_said(item, arena, message); return;
	case OPENAI_RESPONSES_RESULT:
	case OPENAI_RESPONSES_OTHER: break;
	}
	chat_message_add(message, CHAT_OTHER, arena)->json = item.text;
}

static void read_reasoning(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct chat_part *part =
		chat_message_add(message, CHAT_THINKING, arena);

	shape_read(&reasoning_shape, item, part, &part->extra, arena);
	OPENAI_RESPONSES_SET_IDLE(
		&part->extra, &part->idle_extra, reasoning_idle);
	part->text = openai_responses_thinking(item, arena);
	settle_seal(part);
	if (is_seal_of_next(part))
		part->json = item.text;
}

struct str openai_responses_thinking(struct json item, struct arena *arena)
{
	struct str text = joined_texts(json_find(item, S("summary")), arena);

	if (text.n == 0)
		text = joined_texts(json_find(item, S("content")), arena);
	return text;
}

static struct str joined_texts(struct json list, struct arena *arena)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	struct buf joined = BUF_INIT(SIZE_MAX);
	struct str text;

	while (json_next(&cursor, &item)) {
		if (!json_text(json_find(item.value, S("text")), arena, &text))
			continue;
		if (joined.n > 0 && text.n > 0)
			buf_append(&joined, S(OPENAI_RESPONSES_PARAGRAPH));
		buf_append(&joined, text);
	}
	text = arena_copy(arena, buf_str(&joined));
	buf_release(&joined);
	return text;
}

static bool read_seal(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	part->signature = signature_read(text, S(OPENAI_RESPONSES_NAME));
	/* Our own name in front of it would be somebody's joke. */
	if (signature_is_from(&part->signature, S(OPENAI_RESPONSES_NAME)))
		part->signature.text = text;
	return true;
}

static void write_seal(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct buf text = BUF_INIT(SIZE_MAX);

	if (!part->signature.text.p)
		return;
	signature_append(&part->signature, S(OPENAI_RESPONSES_NAME), &text);
	json_member_str(out->w, "encrypted_content", buf_str(&text));
	buf_release(&text);
}

/* Sealed thinking of another dialect that went through a client of ours. */
static void settle_seal(struct chat_part *part)
{
	struct str mark = S(OPENAI_RESPONSES_SEALED);

	if (signature_is_from(&part->signature, S(OPENAI_RESPONSES_NAME)) ||
		!str_starts(part->signature.text, mark))
		return;
	part->kind = CHAT_REDACTED_THINKING;
	part->data = str_from(part->signature.text, mark.n);
}

static bool is_seal_of_next(const struct chat_part *part)
{
	return part && part->kind == CHAT_THINKING &&
	       !signature_is_from(&part->signature, S(OPENAI_RESPONSES_NAME)) &&
	       str_starts(part->signature.text, S(OPENAI_RESPONSES_NEXT));
}

static void read_call(struct json item, bool is_custom, struct arena *arena,
	struct chat_message *message)
{
	struct chat_part *before = message->last_part;
	struct chat_part *part =
		chat_message_add(message, CHAT_TOOL_CALL, arena);

	part->type = is_custom ? S("custom_tool_call") : S("function_call");
	part->call.type = is_custom ? S("custom") : S("function");
	shape_read(is_custom ? &custom_shape : &function_shape, item, part,
		&part->extra, arena);
	OPENAI_RESPONSES_SET_IDLE(&part->extra, &part->idle_extra, call_idle);
	if (is_seal_of_next(before))
		take_seal(message, before);
}

/* The item before the call was made by us, to carry the call's signature:
 * both are one part, that keeps the first item as it came. */
static void take_seal(struct chat_message *message, struct chat_part *seal)
{
	struct chat_part *call = message->last_part;

	call->signature = seal->signature;
	call->signature.text = str_from(
		seal->signature.text, sizeof(OPENAI_RESPONSES_NEXT) - 1);
	call->json = seal->json;
	call->next = NULL;
	*seal = *call;
	message->last_part = seal;
}

/* A message item of the model's turn. */
static void read_said(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct chat_part *before = message->last_part;
	struct chat_extra extra = { .within = NULL };
	struct chat_part *first;

	shape_read(&said_shape, item, message, &extra, arena);
	if (message->last_part == before)
		chat_message_add(message, CHAT_TEXT, arena);
	first = before ? before->next : message->parts;
	first->inner_extra = extra;
	openai_responses_set_message_idle(
		&first->inner_extra, &first->idle_extra);
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	return openai_responses_read_content(value, arena, into);
}

/* An item of the model's turn; returns the part behind it. */
const struct chat_part *openai_responses_write_item(
	const struct chat_part *part, const struct shape_out *out)
{
	const struct shape *shape = &reasoning_shape;

	if (part->kind == CHAT_OTHER && !part->member.p) {
		json_write_raw(out->w, part->json);
		return part->next;
	}
	if (part->kind == CHAT_TOOL_CALL) {
		shape = str_equal(part->type, S("custom_tool_call"))
				? &custom_shape
				: &function_shape;
		if (part->json.p)
			json_write_raw(out->w, part->json);
	} else if (part->kind != CHAT_THINKING &&
		   part->kind != CHAT_REDACTED_THINKING) {
		return write_said(part, out);
	}
	json_begin_object(out->w);
	shape_write(shape, part, &part->extra, out);
	chat_extra_write(&part->idle_extra, out->w);
	json_end_object(out->w);
	return part->next;
}

static const struct chat_part *write_said(
	const struct chat_part *part, const struct shape_out *out)
{
	json_begin_object(out->w);
	chat_extra_write(&part->idle_extra, out->w);
	chat_extra_write(&part->inner_extra, out->w);
	if (!part->type.p && part->kind == CHAT_TEXT) {
		if (part->text.p)
			json_member_str(out->w, "content", part->text);
		part = part->next;
	} else {
		json_name(out->w, "content");
		json_begin_array(out->w);
		do {
			openai_responses_write_part(part, true, out);
			part = part->next;
		} while (part && !begins_item(part));
		json_end_array(out->w);
	}
	json_end_object(out->w);
	return part;
}

static bool begins_item(const struct chat_part *part)
{
	return part->kind == CHAT_THINKING ||
	       part->kind == CHAT_REDACTED_THINKING ||
	       part->kind == CHAT_TOOL_CALL || part->idle_extra.first ||
	       (part->kind == CHAT_OTHER && !part->member.p);
}
