/*
 * openai_chat_response.c - whole answers and stream events, to and from the
 * neutral form. A stream's chunk is an answer whose choices hold what is new.
 */
#include "dialect/openai_chat.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_choices(struct json value, void *into, struct arena *arena);
static void write_choices(const void *from, const struct shape_out *out);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);

static const struct shape_row response_rows[] = {
	RESPONSE("id", SHAPE_TEXT, id),
	RESPONSE("created", SHAPE_COUNT, created_unix_s),
	RESPONSE("model", SHAPE_TEXT, model),
	{ "choices", SHAPE_SPECIAL, 0, read_choices, write_choices },
	{ "usage", SHAPE_SPECIAL, 0, read_usage, write_usage },
	RESPONSE("service_tier", SHAPE_TEXT, service_tier),
};
static const struct shape response_shape = SHAPE_OF(response_rows);

#define CHOICE(name, kind, field)                                           \
	{                                                                   \
		name, kind, offsetof(struct chat_choice, field), NULL, NULL \
	}

static bool read_delta(struct json value, void *into, struct arena *arena);
static bool read_message(struct json value, void *into, struct arena *arena);
static void write_message(const void *from, const struct shape_out *out);
static bool read_finish(struct json value, void *into, struct arena *arena);
static void write_finish(const void *from, const struct shape_out *out);

/* delta first: Perplexity's chunks have a message beside it, which repeats
 * what came before. */
static const struct shape_row choice_rows[] = {
	CHOICE("index", SHAPE_COUNT, index),
	{ "delta", SHAPE_SPECIAL, 0, read_delta, write_message },
	{ "message", SHAPE_SPECIAL, 0, read_message, NULL },
	{ "finish_reason", SHAPE_SPECIAL, 0, read_finish, write_finish },
	CHOICE("logprobs", SHAPE_OBJECT, logprobs),
	CHOICE("content_filter_results", SHAPE_OBJECT, safety), /* Azure */
};
static const struct shape choice_shape = SHAPE_OF(choice_rows);

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

static void read_object(
	struct json root, struct arena *arena, struct chat_response *out);
static void read_failure_event(
	struct json root, struct arena *arena, struct chat_event *out);
static void write_object(
	const struct chat_response *response, bool is_delta, struct buf *out);
static bool read_member(struct json value, struct str member,
	struct chat_choice *choice, struct arena *arena);
static void write_counts(const struct chat_usage *usage, struct json_writer *w);
static void write_details(const char *name, const char *const names[],
	const int64_t *const counts[], size_t count, struct json_writer *w);
static void make_one_line(struct buf *out, size_t from);
static void write_failure_event(
	const struct chat_event *event, struct buf *out);

bool openai_chat_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct json root;

	if (!openai_chat_check(body, &root, err))
		return false;
	read_object(root, arena, out);
	return true;
}

static void read_object(
	struct json root, struct arena *arena, struct chat_response *out)
{
	chat_response_init(out, S(OPENAI_CHAT_NAME));
	shape_read(&response_shape, root, out, &out->extra, arena);
}

void openai_chat_write_response(
	const struct chat_response *response, struct buf *out)
{
	write_object(response, false, out);
}

/* What a client insists on and another dialect does not have. */
static void write_object(
	const struct chat_response *response, bool is_delta, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { &w, false, true, is_delta };

	json_writer_init(&w, out);
	to.own_words = str_equal(response->dialect, S(OPENAI_CHAT_NAME));
	json_begin_object(&w);
	if (!to.own_words)
		json_member_str(&w, "object",
			is_delta ? S("chat.completion.chunk")
				 : S("chat.completion"));
	shape_write(&response_shape, response, &response->extra, &to);
	json_end_object(&w);
}

static bool read_choices(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	if (value.type != JSON_TYPE_ARRAY || json_length(value) == 0)
		return false;
	response->choice_count = json_length(value);
	response->choices =
		ARENA_ARRAY(arena, struct chat_choice, response->choice_count);
	cursor = json_members(value);
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		struct chat_choice *choice = &response->choices[i];

		choice->index = -1;
		chat_message_init(&choice->message);
		shape_read(&choice_shape, item.value, choice, &choice->extra,
			arena);
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

	if (!json_text(value, arena, &choice->finish_word))
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

	if (out->own_words) {
		if (choice->finish_word.p)
			json_member_str(
				out->w, "finish_reason", choice->finish_word);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++) {
		if (finish_words[i].finish != choice->finish)
			continue;
		json_member_str(out->w, "finish_reason", finish_words[i].word);
		return;
	}
	json_member_null(out->w, "finish_reason");
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

bool openai_chat_read_event(const struct frame *frame, struct arena *arena,
	struct chat_event *out, struct error *err)
{
	struct str data = str_trim(frame->data);
	struct json root;

	*out = (struct chat_event){ .kind = CHAT_EVENT_NOTHING };
	chat_response_init(&out->delta, S(OPENAI_CHAT_NAME));
	if (data.n == 0)
		return true;
	if (str_equal(data, S("[DONE]"))) {
		out->kind = CHAT_EVENT_DONE;
		return true;
	}
	if (!openai_chat_check(frame->data, &root, err))
		return false;
	if (openai_chat_is_failure(root) ||
		str_equal(frame->event, S("error"))) {
		read_failure_event(root, arena, out);
		return true;
	}
	out->kind = CHAT_EVENT_DELTA;
	read_object(root, arena, &out->delta);
	return true;
}

static void read_failure_event(
	struct json root, struct arena *arena, struct chat_event *out)
{
	struct failure failure;

	openai_chat_read_failure_json(200, root, arena, &failure);
	out->kind = CHAT_EVENT_ERROR;
	out->error_message = arena_copy(arena, str_of(failure.message));
}

void openai_chat_write_event(const struct chat_event *event, struct buf *out)
{
	size_t begin = out->n;

	switch (event->kind) {
	case CHAT_EVENT_NOTHING: break;
	case CHAT_EVENT_DONE: buf_append(out, S("data: [DONE]\n\n")); break;
	case CHAT_EVENT_ERROR: write_failure_event(event, out); break;
	case CHAT_EVENT_DELTA:
		buf_append(out, S("data: "));
		write_object(&event->delta, true, out);
		make_one_line(out, begin);
		buf_append(out, S("\n\n"));
		break;
	}
}

/* What was kept as it came may have line ends between its tokens. */
static void make_one_line(struct buf *out, size_t from)
{
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
}

/* Always in our words: what the provider sent may quote a key. */
static void write_failure_event(const struct chat_event *event, struct buf *out)
{
	struct error err = { .kind = ERR_UPSTREAM_STATUS };

	openai_chat_fit(event->error_message, err.message, sizeof(err.message));
	openai_chat_write_stream_failure(&err, S(""), out);
}
