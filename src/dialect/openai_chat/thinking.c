/*
 * thinking.c - what a model thought, in the spellings of those
 * who show it: OpenRouter's `reasoning_details` and Mistral's parts of the
 * content. The plain texts `reasoning_content` (DeepSeek) and `reasoning`
 * are members of the message.
 *
 * `reasoning_details` is a list in which a stream's clients may have kept
 * every piece by itself: pieces of one thought become one part again, and in
 * its own words the list is written as it came.
 * https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/signature.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}
#define TYPE PART("type", SHAPE_TEXT, type)

static bool read_thinking(struct json value, void *into, struct arena *arena);
static void write_thinking(const void *from, const struct shape_out *out);
static bool read_signature(struct json value, void *into, struct arena *arena);
static void write_signature(const void *from, const struct shape_out *out);
static bool read_data(struct json value, void *into, struct arena *arena);
static void write_data(const void *from, const struct shape_out *out);

#define SIGNATURE                                                              \
	{                                                                      \
		"signature", SHAPE_SPECIAL, 0, read_signature, write_signature \
	}

static const struct shape_row thinking_rows[] = {
	TYPE,
	{ "thinking", SHAPE_SPECIAL, 0, read_thinking, write_thinking },
	SIGNATURE,
};
static const struct shape_row detail_text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
	SIGNATURE,
	PART("id", SHAPE_TEXT, id),
};
static const struct shape_row detail_summary_rows[] = {
	TYPE,
	PART("summary", SHAPE_TEXT, text),
	PART("id", SHAPE_TEXT, id),
};
static const struct shape_row detail_encrypted_rows[] = {
	TYPE,
	{ "data", SHAPE_SPECIAL, 0, read_data, write_data },
	PART("id", SHAPE_TEXT, id),
};
const struct shape openai_chat_thinking_shape = SHAPE_OF(thinking_rows);
const struct shape openai_chat_detail_text_shape = SHAPE_OF(detail_text_rows);
const struct shape openai_chat_detail_summary_shape =
	SHAPE_OF(detail_summary_rows);
const struct shape openai_chat_detail_encrypted_shape =
	SHAPE_OF(detail_encrypted_rows);

/* The part whose pieces are being collected. */
struct thought {
	struct chat_part *part;
	struct buf text;
};

static bool is_known_detail(struct json item);
static void join(struct thought *thought, struct chat_message *message,
	struct chat_part *before, struct arena *arena);
static bool may_join(
	const struct chat_part *before, const struct chat_part *part);
static void settle(struct thought *thought, struct arena *arena);

bool openai_chat_read_details(
	struct json list, struct arena *arena, struct chat_message *message)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	struct thought thought = { NULL, BUF_INIT(SIZE_MAX) };
	struct chat_part *before = message->last_part;
	struct chat_part *first;

	if (list.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item)) {
		struct chat_part *last = message->last_part;

		if (!is_known_detail(item.value))
			continue;
		openai_chat_read_part(
			item.value, S("reasoning_details"), arena, message);
		join(&thought, message, last, arena);
	}
	settle(&thought, arena);
	first = before ? before->next : message->parts;
	if (first)
		first->json = list.text;
	return first != NULL;
}

static bool is_known_detail(struct json item)
{
	static const struct str types[] = { STR("reasoning.text"),
		STR("reasoning.summary"), STR("reasoning.encrypted") };
	struct json type = json_find(item, S("type"));

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (json_text_is(type, types[i]))
			return true;
	return false;
}

/* Take the message's last part into the one before it, if it goes on there;
 * else it is the one that may go on. */
static void join(struct thought *thought, struct chat_message *message,
	struct chat_part *before, struct arena *arena)
{
	const struct chat_part *part = message->last_part;

	if (!thought->part || !may_join(thought->part, part)) {
		settle(thought, arena);
		thought->part = message->last_part;
		return;
	}
	if (!thought->text.p)
		buf_append(&thought->text, thought->part->text);
	buf_append(&thought->text, part->text);
	thought->part->signature = part->signature;
	before->next = NULL;
	message->last_part = before;
}

/* A signature ends a thought. */
static bool may_join(
	const struct chat_part *before, const struct chat_part *part)
{
	return str_equal(before->type, S("reasoning.text")) &&
	       str_equal(part->type, S("reasoning.text")) &&
	       !before->signature.text.p;
}

static void settle(struct thought *thought, struct arena *arena)
{
	if (thought->text.p)
		thought->part->text =
			arena_copy(arena, buf_str(&thought->text));
	buf_release(&thought->text);
}

static bool read_signature(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	part->signature = signature_read(text, S(OPENAI_CHAT_NAME));
	return true;
}

static void write_signature(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->signature.text.p)
		openai_chat_write_signature("signature", &part->signature, out);
}

void openai_chat_write_signature(const char *name,
	const struct chat_signature *signature, const struct shape_out *out)
{
	struct buf text = BUF_INIT(SIZE_MAX);

	signature_append(signature, S(OPENAI_CHAT_NAME), &text);
	out->w->out->failed |= text.failed;
	json_member_str(out->w, name, buf_str(&text));
	buf_release(&text);
}

/* Sealed thinking is a signature without a text. */
static bool read_data(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct chat_signature sealed;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	sealed = signature_read(text, S(OPENAI_CHAT_NAME));
	part->data = sealed.text;
	part->signature.origin = sealed.origin;
	return true;
}

static void write_data(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct chat_signature sealed = { part->data, part->signature.origin };

	if (part->data.p)
		openai_chat_write_signature("data", &sealed, out);
}

/* Mistral's list of text parts; its texts together are the thinking. */
static bool read_thinking(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct buf text = BUF_INIT(value.text.n);

	if (value.type == JSON_TYPE_STRING)
		return json_text(value, arena, &part->text);
	if (value.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item)) {
		struct str more;

		if (json_text(json_find(item.value, S("text")), arena, &more))
			buf_append(&text, more);
	}
	part->text = arena_copy(arena, buf_str(&text));
	part->json = value.text;
	buf_release(&text);
	return true;
}

static void write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->json.p)
		json_member_raw(out->w, "thinking", part->json);
	else if (part->text.p)
		json_member_str(out->w, "thinking", part->text);
}
