/*
 * response.c - whole answers, to and from the neutral form.
 *
 * The one answer stands in `output`, how it ended beside it. inputTokens are
 * those that no cache had a part in; ours are all of them.
 */
#include "dialect/bedrock/bedrock.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_output(struct json value, void *into, struct arena *arena);
static void write_output(const void *from, const struct shape_out *out);
static bool read_stop(struct json value, void *into, struct arena *arena);
static void write_stop(const void *from, const struct shape_out *out);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);
static bool read_tier(struct json value, void *into, struct arena *arena);
static void write_tier(const void *from, const struct shape_out *out);

static const struct shape_row response_rows[] = {
	{ "output", SHAPE_SPECIAL, 0, read_output, write_output },
	{ "stopReason", SHAPE_SPECIAL, 0, read_stop, write_stop },
	{ "usage", SHAPE_SPECIAL, 0, read_usage, write_usage },
	{ "serviceTier", SHAPE_SPECIAL, 0, read_tier, write_tier },
};
static const struct shape response_shape = SHAPE_OF(response_rows);

static bool read_message(struct json value, void *into, struct arena *arena);
static void write_message(const void *from, const struct shape_out *out);

static const struct shape_row output_rows[] = {
	{ "message", SHAPE_SPECIAL, 0, read_message, write_message },
};
static const struct shape output_shape = SHAPE_OF(output_rows);

/* The first word of each meaning is the one that is written. */
static const struct {
	struct str word;
	enum chat_finish finish;
} finish_words[] = {
	{ STR("end_turn"), CHAT_FINISH_STOP },
	{ STR("max_tokens"), CHAT_FINISH_LENGTH },
	{ STR("tool_use"), CHAT_FINISH_TOOL_CALLS },
	{ STR("content_filtered"), CHAT_FINISH_FILTER },
	{ STR("end_turn"), CHAT_FINISH_OTHER },
	{ STR("end_turn"), CHAT_FINISH_UNSET },
	{ STR("stop_sequence"), CHAT_FINISH_STOP },
	{ STR("model_context_window_exceeded"), CHAT_FINISH_LENGTH },
	{ STR("guardrail_intervened"), CHAT_FINISH_FILTER },
};

static const struct count_row count_rows[] = {
	COUNT_ROW("inputTokens", prompt),
	COUNT_ROW("outputTokens", completion),
	COUNT_ROW("cacheReadInputTokens", cached),
	COUNT_ROW("cacheWriteInputTokens", cache_write),
};

static bool is_answer(struct json output);
static int64_t known(int64_t count);

bool bedrock_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	chat_response_init(out, S(BEDROCK_NAME));
	out->choice_count = 1;
	out->choices = ARENA_NEW(arena, struct chat_choice);
	chat_message_init(&out->choices->message);
	shape_read(&response_shape, root, out, &out->extra, arena);
	return true;
}

void bedrock_write_response(
	const struct chat_response *response, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .is_reply = true };

	to.own_words = str_equal(response->dialect, S(BEDROCK_NAME));
	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&response_shape, response, &response->extra, &to);
	json_end_object(&w);
}

/* {"message": {...}} */
static bool read_output(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;
	struct chat_choice *choice = response->choices;

	if (!is_answer(value))
		return false;
	shape_read(&output_shape, value, choice, &choice->extra, arena);
	return true;
}

static bool is_answer(struct json output)
{
	return json_find(output, S("message")).type == JSON_TYPE_OBJECT;
}

static void write_output(const void *from, const struct shape_out *out)
{
	static const struct chat_choice nothing = { .index = 0 };
	const struct chat_response *response = from;
	const struct chat_choice *choice =
		response->choice_count > 0 ? response->choices : &nothing;

	if (out->own_words && !choice->message_member.p)
		return;
	json_name(out->w, "output");
	json_begin_object(out->w);
	shape_write(&output_shape, choice, &choice->extra, out);
	json_end_object(out->w);
}

static bool read_message(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;

	choice->message_member = S("message");
	bedrock_read_answer(value, arena, &choice->message);
	return true;
}

static void write_message(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;
	struct chat_message message = choice->message;

	if (!out->own_words)
		message.role = CHAT_ASSISTANT;
	json_name(out->w, "message");
	bedrock_write_answer(&message, out);
}

static bool read_stop(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = ((struct chat_response *)into)->choices;

	if (!json_text(value, arena, &choice->finish_word))
		return false;
	choice->finish = bedrock_finish_of(choice->finish_word);
	return true;
}

enum chat_finish bedrock_finish_of(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (str_equal(word, finish_words[i].word))
			return finish_words[i].finish;
	return CHAT_FINISH_OTHER;
}

static void write_stop(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;
	struct str word = S("end_turn");

	if (response->choice_count > 0 && out->own_words)
		word = response->choices->finish_word;
	else if (response->choice_count > 0)
		word = bedrock_finish_word(response->choices);
	if (word.p)
		json_member_str(out->w, "stopReason", word);
}

struct str bedrock_finish_word(const struct chat_choice *choice)
{
	if (choice->finish == CHAT_FINISH_STOP && choice->stop_sequence.p)
		return S("stop_sequence");
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (finish_words[i].finish == choice->finish)
			return finish_words[i].word;
	return S("end_turn");
}

static bool read_usage(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->has_usage = true;
	response->usage_json = value.text;
	bedrock_read_usage(value, &response->usage);
	return true;
}

void bedrock_read_usage(struct json object, struct chat_usage *usage)
{
	struct json_cursor details =
		json_members(json_find(object, S("cacheDetails")));
	struct json_member detail;

	chat_usage_init(usage);
	facts_read_counts(object, count_rows, ARRAY_LEN(count_rows), usage);
	while (json_next(&details, &detail))
		if (json_text_is(json_find(detail.value, S("ttl")), S("1h")))
			facts_read_count(
				json_find(detail.value, S("inputTokens")),
				&usage->cache_write_1h);
	if (usage->prompt >= 0)
		usage->prompt +=
			known(usage->cached) + known(usage->cache_write);
}

static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}

static void write_usage(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (!response->has_usage)
		return;
	json_name(out->w, "usage");
	if (out->own_words)
		json_write_raw(out->w, response->usage_json);
	else
		bedrock_write_usage(&response->usage, out->w);
}

void bedrock_write_usage(const struct chat_usage *usage, struct json_writer *w)
{
	int64_t apart = known(usage->cached) + known(usage->cache_write);
	int64_t all = known(usage->prompt);

	json_begin_object(w);
	json_member_int(w, "inputTokens", all > apart ? all - apart : 0);
	json_member_int(w, "outputTokens", known(usage->completion));
	json_member_int(w, "totalTokens", all + known(usage->completion));
	if (usage->cached >= 0)
		json_member_int(w, "cacheReadInputTokens", usage->cached);
	if (usage->cache_write >= 0)
		json_member_int(w, "cacheWriteInputTokens", usage->cache_write);
	if (usage->cache_write_1h > 0) {
		json_name(w, "cacheDetails");
		json_begin_array(w);
		json_begin_object(w);
		json_member_str(w, "ttl", S("1h"));
		json_member_int(w, "inputTokens", usage->cache_write_1h);
		json_end_object(w);
		json_end_array(w);
	}
	json_end_object(w);
}

static bool read_tier(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	return bedrock_read_tier(value, &response->service_tier, arena);
}

/* Of another dialect's tiers not all are ours. */
static void write_tier(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (out->own_words)
		bedrock_write_tier(response->service_tier, out->w);
}
