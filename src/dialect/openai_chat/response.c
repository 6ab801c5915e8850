/*
 * response.c - whole answers, to and from the neutral form. A
 * stream's chunk is an answer whose choices hold what is new.
 */
#include "dialect/openai_chat/openai_chat.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_choices(struct json value, void *into, struct arena *arena);
static bool read_pieces(struct json value, void *into, struct arena *arena);
static void write_choices(const void *from, const struct shape_out *out);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);
static bool read_tier(struct json value, void *into, struct arena *arena);
static void write_tier(const void *from, const struct shape_out *out);

/* clang-format off */
#define RESPONSE_ROWS(read_the_choices)                                       \
	RESPONSE("id", SHAPE_TEXT, id),                                       \
	RESPONSE("created", SHAPE_COUNT, created_unix_s),                     \
	RESPONSE("model", SHAPE_TEXT, model),                                 \
	{ "choices", SHAPE_SPECIAL, 0, read_the_choices, write_choices },     \
	{ "usage", SHAPE_SPECIAL, 0, read_usage, write_usage },               \
	{ "service_tier", SHAPE_SPECIAL, 0, read_tier, write_tier }
/* clang-format on */

static const struct shape_row whole_rows[] = { RESPONSE_ROWS(read_choices) };
static const struct shape whole_shape = SHAPE_OF(whole_rows);
static const struct shape_row chunk_rows[] = { RESPONSE_ROWS(read_pieces) };
static const struct shape chunk_shape = SHAPE_OF(chunk_rows);

#define CHOICE(name, kind, field)                                           \
	{                                                                   \
		name, kind, offsetof(struct chat_choice, field), NULL, NULL \
	}

static bool read_delta(struct json value, void *into, struct arena *arena);
static bool read_message(struct json value, void *into, struct arena *arena);
static void write_message(const void *from, const struct shape_out *out);
static bool read_finish(struct json value, void *into, struct arena *arena);
static void write_finish(const void *from, const struct shape_out *out);
static bool read_logprobs(struct json value, void *into, struct arena *arena);
static void write_logprobs(const void *from, const struct shape_out *out);
static bool read_safety(struct json value, void *into, struct arena *arena);
static void write_safety(const void *from, const struct shape_out *out);

/* The first of two messages is taken: Perplexity's chunks have a `message`
 * beside their `delta`, which repeats what came before, and its whole answers
 * an empty `delta` beside the `message`. content_filter_results is Azure's. */
/* clang-format off */
#define CHOICE_ROWS(first, read_first, second, read_second)                   \
	CHOICE("index", SHAPE_COUNT, index),                                  \
	{ first, SHAPE_SPECIAL, 0, read_first, write_message },               \
	{ second, SHAPE_SPECIAL, 0, read_second, NULL },                      \
	{ "finish_reason", SHAPE_SPECIAL, 0, read_finish, write_finish },     \
	{ "logprobs", SHAPE_SPECIAL, 0, read_logprobs, write_logprobs },      \
	{ "content_filter_results", SHAPE_SPECIAL, 0, read_safety,            \
		write_safety }
/* clang-format on */

static const struct shape_row choice_rows[] = { CHOICE_ROWS(
	"message", read_message, "delta", read_delta) };
static const struct shape choice_shape = SHAPE_OF(choice_rows);
static const struct shape_row piece_rows[] = { CHOICE_ROWS(
	"delta", read_delta, "message", read_message) };
static const struct shape piece_shape = SHAPE_OF(piece_rows);

/* The first word of each meaning is the one that is written. */
static const struct {
	struct str word;
	enum chat_finish finish;
} finish_words[] = {
	{ STR("stop"), CHAT_FINISH_STOP },
	{ STR("length"), CHAT_FINISH_LENGTH },
	{ STR("tool_calls"), CHAT_FINISH_TOOL_CALLS },
	{ STR("content_filter"), CHAT_FINISH_FILTER },
	{ STR("stop"), CHAT_FINISH_OTHER },
	{ STR("function_call"), CHAT_FINISH_TOOL_CALLS },
	{ STR("eos"), CHAT_FINISH_STOP },            /* Together */
	{ STR("model_length"), CHAT_FINISH_LENGTH }, /* Mistral */
};

static bool read_each(const struct shape *shape, struct json value,
	struct chat_response *response, struct arena *arena);
static bool read_member(struct json value, struct str member,
	struct chat_choice *choice, struct arena *arena);
static void write_counts(const struct chat_usage *usage, struct json_writer *w);
static void write_details(const char *name, const char *const names[],
	const int64_t *const counts[], size_t count, struct json_writer *w);

bool openai_chat_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	chat_response_init(out, S(OPENAI_CHAT_NAME));
	shape_read(&whole_shape, root, out, &out->extra, arena);
	return true;
}

void openai_chat_read_chunk(
	struct json root, struct arena *arena, struct chat_response *out)
{
	chat_response_init(out, S(OPENAI_CHAT_NAME));
	shape_read(&chunk_shape, root, out, &out->extra, arena);
}

void openai_chat_write_response(
	const struct chat_response *response, struct buf *out)
{
	struct openai_chat_out how = { .shape.is_reply = true,
		.dialect = response->dialect };

	how.shape.own_words = str_equal(response->dialect, S(OPENAI_CHAT_NAME));
	openai_chat_write_object(response, &how, out);
}

/* `object` is what a client insists on and another dialect does not have. */
void openai_chat_write_object(const struct chat_response *response,
	const struct openai_chat_out *how, struct buf *out)
{
	struct json_writer w;
	struct openai_chat_out to = *how;

	json_writer_init(&w, out);
	to.shape.w = &w;
	json_begin_object(&w);
	if (!to.shape.own_words)
		json_member_str(&w, "object",
			to.shape.is_delta ? S("chat.completion.chunk")
					  : S("chat.completion"));
	shape_write(&whole_shape, response, &response->extra, &to.shape);
	json_end_object(&w);
}

static bool read_choices(struct json value, void *into, struct arena *arena)
{
	return read_each(&choice_shape, value, into, arena);
}

static bool read_pieces(struct json value, void *into, struct arena *arena)
{
	return read_each(&piece_shape, value, into, arena);
}

static bool read_each(const struct shape *shape, struct json value,
	struct chat_response *response, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	response->choice_count = json_length(value);
	response->choices =
		ARENA_ARRAY(arena, struct chat_choice, response->choice_count);
	cursor = json_members(value);
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		struct chat_choice *choice = &response->choices[i];

		choice->index = -1;
		chat_message_init(&choice->message);
		shape_read(shape, item.value, choice, &choice->extra, arena);
	}
	return true;
}

static void write_choices(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (response->choice_count == 0 && out->own_words)
		return;
	json_name(out->w, "choices");
	json_begin_array(out->w);
	for (size_t i = 0; i < response->choice_count; i++) {
		struct chat_choice choice = response->choices[i];

		if (!out->own_words && choice.index < 0)
			choice.index = (int64_t)i;
		json_begin_object(out->w);
		shape_write(&choice_shape, &choice, &choice.extra, out);
		json_end_object(out->w);
	}
	json_end_array(out->w);
}

static bool read_delta(struct json value, void *into, struct arena *arena)
{
	return read_member(value, S("delta"), into, arena);
}

static bool read_message(struct json value, void *into, struct arena *arena)
{
	return read_member(value, S("message"), into, arena);
}

static bool read_member(struct json value, struct str member,
	struct chat_choice *choice, struct arena *arena)
{
	if (value.type != JSON_TYPE_OBJECT || choice->message_member.p)
		return false;
	choice->message_member = member;
	openai_chat_read_message(value, arena, &choice->message);
	return true;
}

static void write_message(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;
	struct chat_message message = choice->message;
	bool is_delta = str_equal(choice->message_member, S("delta"));

	if (out->own_words && !choice->message_member.p)
		return; /* null: it stands among the extras */
	if (!out->own_words) {
		is_delta = out->is_delta;
		message.role = is_delta ? message.role : CHAT_ASSISTANT;
	}
	json_name(out->w, is_delta ? "delta" : "message");
	openai_chat_write_message(&message, out);
}

static bool read_finish(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;

	/* Some say "" until they know. */
	if (json_text_is(value, S("")) ||
		!json_text(value, arena, &choice->finish_word))
		return false;
	choice->finish = CHAT_FINISH_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (str_equal(choice->finish_word, finish_words[i].word) &&
			finish_words[i].finish != CHAT_FINISH_OTHER)
			choice->finish = finish_words[i].finish;
	return true;
}

static void write_finish(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;
	enum chat_finish finish = choice->finish;

	if (out->own_words) {
		if (choice->finish_word.p)
			json_member_str(
				out->w, "finish_reason", choice->finish_word);
		return;
	}
	/* A whole answer has ended. */
	if (finish == CHAT_FINISH_UNSET && !out->is_delta)
		finish = CHAT_FINISH_STOP;
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++) {
		if (finish_words[i].finish != finish)
			continue;
		json_member_str(out->w, "finish_reason", finish_words[i].word);
		return;
	}
	json_member_null(out->w, "finish_reason");
}

static bool read_logprobs(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;

	(void)arena;
	if (value.type == JSON_TYPE_OBJECT)
		choice->logprobs = value.text;
	return value.type == JSON_TYPE_OBJECT;
}

static void write_logprobs(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;

	if (choice->logprobs.p)
		json_member_raw(out->w, "logprobs", choice->logprobs);
	else if (!out->own_words && !out->is_delta)
		json_member_null(out->w, "logprobs");
}

static bool read_safety(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;

	(void)arena;
	if (value.type == JSON_TYPE_OBJECT)
		choice->safety = value.text;
	return value.type == JSON_TYPE_OBJECT;
}

/* Each provider's ratings have a shape of their own. */
static void write_safety(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;

	if (out->own_words && choice->safety.p)
		json_member_raw(
			out->w, "content_filter_results", choice->safety);
}

static bool read_tier(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	return json_text(value, arena, &response->service_tier);
}

/* Another provider's tier only where OpenAI has one of that name: its clients
 * check. */
static void write_tier(const void *from, const struct shape_out *out)
{
	static const struct str tiers[] = { STR("auto"), STR("default"),
		STR("flex"), STR("scale"), STR("priority") };
	const struct chat_response *response = from;
	bool is_known = out->own_words;

	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		is_known |= str_equal(response->service_tier, tiers[i]);
	if (response->service_tier.p && is_known)
		json_member_str(out->w, "service_tier", response->service_tier);
}

static bool read_usage(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->has_usage = true;
	response->usage_json = value.text;
	openai_chat_read_usage(value, &response->usage);
	return true;
}

static void write_usage(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (!response->has_usage)
		return;
	if (out->own_words) {
		json_member_raw(out->w, "usage", response->usage_json);
		return;
	}
	json_name(out->w, "usage");
	json_begin_object(out->w);
	write_counts(&response->usage, out->w);
	json_end_object(out->w);
}

/* OpenAI's clients expect the three counts; what is not known is none. */
static void write_counts(const struct chat_usage *usage, struct json_writer *w)
{
	static const char *const prompt_names[] = { "cached_tokens",
		"cache_write_tokens", "audio_tokens" };
	static const char *const completion_names[] = { "reasoning_tokens",
		"audio_tokens" };
	const int64_t *const prompt[] = { &usage->cached, &usage->cache_write,
		&usage->audio_prompt };
	const int64_t *const completion[] = { &usage->reasoning,
		&usage->audio_completion };
	int64_t in = usage->prompt > 0 ? usage->prompt : 0;
	int64_t out = usage->completion > 0 ? usage->completion : 0;

	json_member_int(w, "prompt_tokens", in);
	json_member_int(w, "completion_tokens", out);
	json_member_int(w, "total_tokens", in + out);
	write_details("prompt_tokens_details", prompt_names, prompt,
		ARRAY_LEN(prompt), w);
	write_details("completion_tokens_details", completion_names, completion,
		ARRAY_LEN(completion), w);
}

static void write_details(const char *name, const char *const names[],
	const int64_t *const counts[], size_t count, struct json_writer *w)
{
	bool has_any = false;

	for (size_t i = 0; i < count; i++)
		has_any |= *counts[i] >= 0;
	if (!has_any)
		return;
	json_name(w, name);
	json_begin_object(w);
	for (size_t i = 0; i < count; i++)
		if (*counts[i] >= 0)
			json_member_int(w, names[i], *counts[i]);
	json_end_object(w);
}
