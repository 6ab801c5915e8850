/*
 * block.c - content blocks, to and from the neutral form.
 *
 * What a block is, its `type` says; each type has a table of its members. A
 * block of a type that is not in the table, or that stands where it means
 * something else, is kept whole.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/signature.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}
#define TYPE PART("type", SHAPE_TEXT, type)
#define CACHE PART("cache_control", SHAPE_OBJECT, cache_control)

static bool read_citations(struct json value, void *into, struct arena *arena);
static void write_citations(const void *from, const struct shape_out *out);
static bool read_source(struct json value, void *into, struct arena *arena);
static void write_source(const void *from, const struct shape_out *out);
static bool read_signature(struct json value, void *into, struct arena *arena);
static void write_signature(const void *from, const struct shape_out *out);
static bool read_sealed(struct json value, void *into, struct arena *arena);
static void write_sealed(const void *from, const struct shape_out *out);
static bool read_input(struct json value, void *into, struct arena *arena);
static void write_input(const void *from, const struct shape_out *out);

static const struct shape_row text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
	{ "citations", SHAPE_SPECIAL, 0, read_citations, write_citations },
	CACHE,
};
static const struct shape_row image_rows[] = {
	TYPE,
	{ "source", SHAPE_SPECIAL, 0, read_source, write_source },
	CACHE,
};
static const struct shape_row document_rows[] = {
	TYPE,
	{ "source", SHAPE_SPECIAL, 0, read_source, write_source },
	PART("title", SHAPE_TEXT, name),
	CACHE,
};
static const struct shape_row thinking_rows[] = {
	TYPE,
	PART("thinking", SHAPE_TEXT, text),
	{ "signature", SHAPE_SPECIAL, 0, read_signature, write_signature },
};
static const struct shape_row redacted_rows[] = {
	TYPE,
	{ "data", SHAPE_SPECIAL, 0, read_sealed, write_sealed },
};
static const struct shape_row call_rows[] = {
	TYPE,
	PART("id", SHAPE_TEXT, call.id),
	PART("name", SHAPE_TEXT, call.name),
	{ "input", SHAPE_SPECIAL, 0, read_input, write_input },
	CACHE,
};

static const struct block_type {
	struct str type;
	enum chat_part_kind kind;
	unsigned places; /* where it may stand */
	struct shape shape;
} types[] = {
	{ STR("text"), CHAT_TEXT, ~0U, SHAPE_OF(text_rows) },
	{ STR("tool_use"), CHAT_TOOL_CALL, ANTHROPIC_IN_ASSISTANT,
		SHAPE_OF(call_rows) },
	{ STR("thinking"), CHAT_THINKING, ANTHROPIC_IN_ASSISTANT,
		SHAPE_OF(thinking_rows) },
	{ STR("redacted_thinking"), CHAT_REDACTED_THINKING,
		ANTHROPIC_IN_ASSISTANT, SHAPE_OF(redacted_rows) },
	{ STR("image"), CHAT_IMAGE, ANTHROPIC_IN_USER | ANTHROPIC_IN_RESULT,
		SHAPE_OF(image_rows) },
	{ STR("document"), CHAT_FILE, ANTHROPIC_IN_USER | ANTHROPIC_IN_RESULT,
		SHAPE_OF(document_rows) },
};

static const struct block_type *find_type(
	struct json item, enum anthropic_place place);
static bool is_tag(const struct chat_part *part);
static bool has_signature(const struct chat_part *part);
static bool is_tag_alone(
	const struct chat_part *part, const struct shape_out *out);
static void write_tag(const struct chat_part *part, struct json_writer *w);

bool anthropic_is_block_list(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	return list.type == JSON_TYPE_ARRAY;
}

void anthropic_read_block(struct json item, enum anthropic_place place,
	struct arena *arena, struct chat_message *message)
{
	const struct block_type *type = find_type(item, place);
	struct chat_part *part;

	part = chat_message_add(message, type ? type->kind : CHAT_OTHER, arena);
	if (type)
		shape_read(&type->shape, item, part, &part->extra, arena);
	else
		part->json = item.text;
	if (part->kind == CHAT_TOOL_CALL)
		part->call.type = S("function");
}

/* NULL: it must be kept whole. */
static const struct block_type *find_type(
	struct json item, enum anthropic_place place)
{
	struct json type = json_find(item, S("type"));

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		bool has_source = types[i].kind == CHAT_IMAGE ||
				  types[i].kind == CHAT_FILE;

		if (!json_text_is(type, types[i].type))
			continue;
		if (!(types[i].places & place) ||
			(has_source && !anthropic_knows_source(
					       json_find(item, S("source")))))
			return NULL;
		return &types[i];
	}
	return NULL;
}

const char *anthropic_missing_member(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT: return part->text.p ? NULL : "text";
	case CHAT_THINKING: return part->text.p ? NULL : "thinking";
	case CHAT_REDACTED_THINKING: return part->data.p ? NULL : "data";
	case CHAT_TOOL_CALL:
		if (!part->call.id.p)
			return "id";
		if (!part->call.name.p)
			return "name";
		return part->call.arguments.p ? NULL : "input";
	default: return NULL;
	}
}

/* The signature of a text or a call goes to the block before which it stands.
 * At the end it is that of a text which has nothing more to say. */
void anthropic_join_tags(struct chat_message *message)
{
	struct chat_part **link = &message->parts;

	while (*link) {
		struct chat_part *tag = *link, *next = tag->next;

		if (!is_tag(tag) || (next && !has_signature(next))) {
			link = &tag->next;
		} else if (!next) {
			tag->kind = CHAT_TEXT;
			link = &tag->next;
		} else {
			next->signature = tag->signature;
			*link = next;
		}
	}
}

/* Gemini alone signs texts and calls. Others sign their thinking, which may
 * show no text either. */
static bool is_tag(const struct chat_part *part)
{
	return part->kind == CHAT_THINKING && part->text.n == 0 &&
	       !part->extra.first &&
	       signature_is_from(&part->signature, S("gemini"));
}

static bool has_signature(const struct chat_part *part)
{
	return part->kind == CHAT_TEXT || part->kind == CHAT_TOOL_CALL;
}

void anthropic_write_block(
	const struct chat_part *part, const struct shape_out *out)
{
	const struct block_type *type = types;
	struct chat_part ours = *part;

	if (part->kind == CHAT_OTHER) {
		json_write_raw(out->w, part->json);
		return;
	}
	if (has_signature(part) && part->signature.text.p)
		write_tag(part, out->w);
	if (is_tag_alone(part, out))
		return;
	while (type->kind != part->kind)
		type++;
	ours.type = type->type;
	json_begin_object(out->w);
	shape_write(&type->shape, &ours, &part->extra, out);
	json_end_object(out->w);
}

/* A text that says nothing, but was not a text block when it came. */
static bool is_tag_alone(
	const struct chat_part *part, const struct shape_out *out)
{
	bool was_text = out->own_words && str_equal(part->type, S("text"));

	return part->kind == CHAT_TEXT && part->text.n == 0 &&
	       part->signature.text.p && !was_text;
}

static void write_tag(const struct chat_part *part, struct json_writer *w)
{
	struct shape_out out = { .w = w };

	json_begin_object(w);
	json_member_str(w, "type", S("thinking"));
	json_member_str(w, "thinking", S(""));
	write_signature(part, &out);
	json_end_object(w);
}

static bool read_citations(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	return anthropic_read_citations(value, arena, &part->citations);
}

static void write_citations(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	anthropic_write_citations(part->citations, out->own_words, out->w);
}

static bool read_source(struct json value, void *into, struct arena *arena)
{
	anthropic_read_source(value, arena, into);
	return true;
}

/* In our own words; for others turn.c asks what can be sent. */
static void write_source(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	json_member_raw(out->w, "source", part->json);
}

static bool read_signature(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	part->signature = signature_read(text, S(ANTHROPIC_NAME));
	return true;
}

/* The format wants one, be it empty. */
static void write_signature(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct buf text = BUF_INIT(SIZE_MAX);

	if (!part->signature.text.p && out->own_words)
		return;
	signature_append(&part->signature, S(ANTHROPIC_NAME), &text);
	json_member_str(out->w, "signature", buf_str(&text));
	buf_release(&text);
}

/* Sealed thinking proves its origin as a signature does. */
static bool read_sealed(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct chat_signature sealed;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	sealed = signature_read(text, S(ANTHROPIC_NAME));
	part->signature.origin = sealed.origin;
	part->data = sealed.text;
	return true;
}

static void write_sealed(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct chat_signature sealed = { part->data, part->signature.origin };
	struct buf text = BUF_INIT(SIZE_MAX);

	signature_append(&sealed, S(ANTHROPIC_NAME), &text);
	json_member_str(out->w, "data", buf_str(&text));
	buf_release(&text);
}

static bool read_input(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	part->call.arguments = value.text;
	return true;
}

static void write_input(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->call.arguments.p || !out->own_words) {
		json_name(out->w, "input");
		chat_write_arguments(&part->call, out->w);
	}
}
