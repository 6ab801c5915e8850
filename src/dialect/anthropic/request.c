/*
 * request.c - the members of a request in our own words, to and
 * from the neutral form. Another dialect's request is translate.c's
 * matter.
 */
#include "dialect/anthropic/anthropic.h"

#define REQUEST(name, kind, field)                                           \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static bool accept(struct json value, void *into, struct arena *arena);
static bool accept_system(struct json value, void *into, struct arena *arena);
static void write_system(const void *from, const struct shape_out *out);
static void write_messages(const void *from, const struct shape_out *out);
static bool read_metadata(struct json value, void *into, struct arena *arena);
static void write_metadata(const void *from, const struct shape_out *out);
static bool read_tier(struct json value, void *into, struct arena *arena);
static void write_tier(const void *from, const struct shape_out *out);
static void write_stop(const void *from, const struct shape_out *out);

/* output_config before output_format, which it has replaced. */
static const struct shape_row request_rows[] = {
	REQUEST("model", SHAPE_TEXT, model),
	REQUEST("max_tokens", SHAPE_COUNT, max_tokens),
	{ "system", SHAPE_SPECIAL, 0, accept_system, write_system },
	{ "messages", SHAPE_SPECIAL, 0, accept, write_messages },
	REQUEST("stream", SHAPE_FLAG, stream),
	REQUEST("temperature", SHAPE_NUMBER, temperature),
	REQUEST("top_p", SHAPE_NUMBER, top_p),
	REQUEST("top_k", SHAPE_NUMBER, top_k),
	{ "stop_sequences", SHAPE_SPECIAL_TEXTS, 0, chat_read_stops,
		write_stop },
	{ "tools", SHAPE_SPECIAL, 0, anthropic_read_tools,
		anthropic_write_tools },
	{ "tool_choice", SHAPE_SPECIAL_KNOWN, 0, anthropic_read_tool_choice,
		anthropic_write_tool_choice },
	{ "thinking", SHAPE_SPECIAL_KNOWN, 0, anthropic_read_thinking,
		anthropic_write_thinking },
	{ "output_config", SHAPE_SPECIAL, 0, anthropic_read_output_config,
		anthropic_write_output_config },
	{ "output_format", SHAPE_SPECIAL, 0, anthropic_read_output_format,
		anthropic_write_output_format },
	{ "metadata", SHAPE_SPECIAL, 0, read_metadata, write_metadata },
	{ "service_tier", SHAPE_SPECIAL_TEXT, 0, read_tier, write_tier },
	REQUEST("cache_control", SHAPE_OBJECT, cache_control),
};
static const struct shape request_shape = SHAPE_OF(request_rows);

/* OpenAI's words for the same two things come first. */
static const struct {
	struct str neutral;
	struct str word;
} tiers[] = {
	{ STR("auto"), STR("auto") },
	{ STR("default"), STR("standard_only") },
};

static const struct shape_row metadata_rows[] = {
	REQUEST("user_id", SHAPE_TEXT, user),
};
static const struct shape metadata_shape = SHAPE_OF(metadata_rows);

bool anthropic_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	struct json system = json_find(head->root, S("system"));

	chat_request_init(out, S(ANTHROPIC_NAME));
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	return anthropic_read_messages(head, system, arena, out, err);
}

bool anthropic_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .own_words = true };

	if (!str_equal(request->dialect, S(ANTHROPIC_NAME)))
		return anthropic_translate(request, traits, losses, out, err);
	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &to);
	json_end_object(&w);
	return true;
}

/* anthropic_read_messages() reads it, and can say what is wrong. */
static bool accept(struct json value, void *into, struct arena *arena)
{
	(void)value;
	(void)into;
	(void)arena;
	return true;
}

static bool accept_system(struct json value, void *into, struct arena *arena)
{
	(void)into;
	(void)arena;
	return anthropic_has_system(value);
}

static void write_system(const void *from, const struct shape_out *out)
{
	anthropic_write_system(from, out);
}

static void write_messages(const void *from, const struct shape_out *out)
{
	anthropic_write_messages(from, out);
}

/* An object without members could not be told from none. */
static bool read_metadata(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (value.type != JSON_TYPE_OBJECT || json_is_empty(value))
		return false;
	request->inner_extra.within = "metadata";
	shape_read(
		&metadata_shape, value, request, &request->inner_extra, arena);
	return true;
}

static void write_metadata(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!request->user.p && !request->inner_extra.first)
		return;
	json_name(out->w, "metadata");
	json_begin_object(out->w);
	shape_write(&metadata_shape, request, &request->inner_extra, out);
	json_end_object(out->w);
}

static bool read_tier(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++) {
		if (!json_text_is(value, tiers[i].word))
			continue;
		request->service_tier = tiers[i].neutral;
		return true;
	}
	return false;
}

static void write_tier(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	struct str word = anthropic_tier(request->service_tier);

	if (word.p)
		json_member_str(out->w, "service_tier", word);
}

struct str anthropic_tier(struct str neutral)
{
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (str_equal(tiers[i].neutral, neutral))
			return tiers[i].word;
	return (struct str){ NULL, 0 };
}

static void write_stop(const void *from, const struct shape_out *out)
{
	chat_write_stops("stop_sequences", from, out->w);
}
