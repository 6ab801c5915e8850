/*
 * stream.c - writes events of the neutral form as a stream.
 *
 * Of another dialect's, each choice's role is told once, its finish once, and
 * the usage at the very end, where OpenAI's clients expect it; every chunk has
 * the same id, time and model. An event of this dialect is written as it came.
 */
#include "dialect/openai_chat/openai_chat.h"

#define MAX_CHOICES 128 /* the most that OpenAI's specification allows */
#define MAX_CUSTOM_CALLS 64
#define MAX_HELD_BYTES (1u << 16)

struct choice_state {
	bool began;    /* its role is told */
	bool finished; /* its finish is told: a second one is ignored */
	int64_t call_count;
	uint64_t custom_calls; /* a bit for each that is one */
	int64_t characters;    /* of its text */
};

struct writer {
	struct buf id; /* every chunk has the same three */
	struct buf model;
	int64_t created_unix_s;
	bool wants_usage;
	bool has_usage;
	struct chat_usage usage;
	struct buf metadata;
	struct str dialect; /* of the event that is being written */
	bool began;
	bool ended;
	struct buf choices;   /* struct choice_state, by their index */
	struct arena scratch; /* for the event that is being written */
};

static void release_buf(void *buf);
static void release_arena(void *arena);
static void hold(struct buf *buf, struct str text, struct arena *arena);
static void write_own(const struct chat_event *event, struct buf *out);
static void write_foreign(
	struct writer *writer, const struct chat_event *event, struct buf *out);
static void make_one_line(struct buf *out, size_t from);
static void write_failure_event(
	const struct chat_event *event, struct buf *out);
static void write_delta(struct writer *writer,
	const struct chat_response *delta, struct buf *out);
static void hear(struct writer *writer, const struct chat_response *delta);
static void hold_other(struct buf *buf, struct str text);
static void write_choice(struct writer *writer,
	const struct chat_choice *choice, struct buf *out);
static struct choice_state *state_of(struct writer *writer, int64_t index);
static bool tells_something(
	const struct choice_state *state, const struct chat_choice *choice);
static void adapt_choice(struct writer *writer, struct choice_state *state,
	struct chat_choice *choice);
static void adapt_call(struct writer *writer, struct choice_state *state,
	struct chat_part *part);
static void write_chunk(struct writer *writer, struct chat_response *chunk,
	int64_t text_before, struct buf *out);
static void add_metadata(const struct writer *writer, struct buf *out);
static void write_end(struct writer *writer, struct buf *out);
static void write_finishes(struct writer *writer, struct buf *out);

void *openai_chat_writer_new(
	const struct chat_start *start, struct arena *arena)
{
	struct writer *writer = ARENA_NEW(arena, struct writer);

	hold(&writer->id, start->request_id, arena);
	hold(&writer->model, start->model, arena);
	hold(&writer->metadata, S(""), arena);
	writer->created_unix_s = start->created_unix_s;
	writer->wants_usage = start->wants_usage;
	chat_usage_init(&writer->usage);
	buf_init(&writer->choices, MAX_CHOICES * sizeof(struct choice_state));
	arena_defer(arena, release_buf, &writer->choices);
	arena_init(&writer->scratch, 2048);
	arena_defer(arena, release_arena, &writer->scratch);
	return writer;
}

static void hold(struct buf *buf, struct str text, struct arena *arena)
{
	buf_init(buf, MAX_HELD_BYTES);
	buf_append(buf, text);
	arena_defer(arena, release_buf, buf);
}

static void release_buf(void *buf)
{
	buf_release(buf);
}

static void release_arena(void *arena)
{
	arena_release(arena);
}

void openai_chat_write_event(
	const struct chat_event *event, void *memory, struct buf *out)
{
	struct writer *writer = memory;

	if (event->kind == CHAT_EVENT_NOTHING)
		return;
	if (event->kind == CHAT_EVENT_ERROR) {
		write_failure_event(event, out);
		writer->ended = true;
	} else if (str_equal(event->delta.dialect, S(OPENAI_CHAT_NAME))) {
		write_own(event, out);
	} else if (!writer->ended) {
		write_foreign(writer, event, out);
	}
}

static void write_foreign(
	struct writer *writer, const struct chat_event *event, struct buf *out)
{
	writer->dialect = event->delta.dialect;
	if (event->metadata.n > 0)
		hold_other(&writer->metadata, event->metadata);
	if (event->kind == CHAT_EVENT_DELTA)
		write_delta(writer, &event->delta, out);
	if (event->kind == CHAT_EVENT_DONE || event->done)
		write_end(writer, out);
	arena_reset(&writer->scratch);
}

static void write_own(const struct chat_event *event, struct buf *out)
{
	size_t begin = out->n;

	if (event->name.n > 0) {
		buf_append(out, S("event: "));
		buf_append(out, event->name);
		buf_append(out, S("\n"));
		begin = out->n;
	}
	buf_append(out, S("data: "));
	buf_append(out, event->json.n > 0 ? event->json : S("[DONE]"));
	make_one_line(out, begin);
	buf_append(out, S("\n\n"));
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
	struct error err = { .kind = ERR_UPSTREAM_STATUS,
		.http_status = event->error_status };

	failure_fit(event->error_message, err.message, sizeof(err.message));
	openai_chat_write_stream_failure(&err, S(""), NULL, out);
}

static void write_delta(struct writer *writer,
	const struct chat_response *delta, struct buf *out)
{
	hear(writer, delta);
	for (size_t i = 0; i < delta->choice_count; i++)
		write_choice(writer, &delta->choices[i], out);
}

/* What is told later, or in every chunk. */
static void hear(struct writer *writer, const struct chat_response *delta)
{
	if (delta->has_usage) {
		writer->has_usage = true;
		chat_usage_merge(&writer->usage, &delta->usage);
	}
	if (writer->began)
		return;
	hold_other(&writer->id, delta->id);
	hold_other(&writer->model, delta->model);
	if (delta->created_unix_s >= 0)
		writer->created_unix_s = delta->created_unix_s;
}

/* Unless there is none. */
static void hold_other(struct buf *buf, struct str text)
{
	if (text.n == 0)
		return;
	buf_clear(buf);
	buf_append(buf, text);
}

static void write_choice(struct writer *writer,
	const struct chat_choice *choice, struct buf *out)
{
	struct chat_choice ours = *choice;
	struct chat_response chunk;
	struct choice_state *state;
	int64_t text_before;

	if (ours.index < 0)
		ours.index = 0;
	if (ours.index >= MAX_CHOICES)
		return; /* nobody may ask for as many */
	state = state_of(writer, ours.index);
	if (!tells_something(state, choice))
		return;
	text_before = state->characters;
	adapt_choice(writer, state, &ours);
	chat_response_init(&chunk, writer->dialect);
	chunk.choices = &ours;
	chunk.choice_count = 1;
	write_chunk(writer, &chunk, text_before, out);
}

/* Of a choice that has not been heard of, all zero. */
static struct choice_state *state_of(struct writer *writer, int64_t index)
{
	static const struct choice_state none;
	const struct str empty = { (const char *)&none, sizeof(none) };
	struct buf *choices = &writer->choices;

	while (choices->n / sizeof(none) <= (size_t)index)
		buf_append(choices, empty);
	assert(!choices->failed);
	return (struct choice_state *)(void *)choices->p + index;
}

static bool tells_something(
	const struct choice_state *state, const struct chat_choice *choice)
{
	return !state->began || choice->message.parts || choice->logprobs.p ||
	       choice->message.citations ||
	       (choice->finish != CHAT_FINISH_UNSET && !state->finished);
}

static void adapt_choice(struct writer *writer, struct choice_state *state,
	struct chat_choice *choice)
{
	struct chat_message message = choice->message;

	message.role = state->began ? CHAT_ROLE_UNSET : CHAT_ASSISTANT;
	message.parts = message.last_part = NULL;
	state->began = true;
	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next) {
		struct chat_part *ours = chat_message_add(
			&message, part->kind, &writer->scratch);

		*ours = *part;
		ours->next = NULL;
		if (part->kind == CHAT_TOOL_CALL)
			adapt_call(writer, state, ours);
		else if (part->kind == CHAT_TEXT)
			state->characters +=
				openai_chat_count_characters(part->text);
	}
	choice->message = message;
	if (state->finished)
		choice->finish = CHAT_FINISH_UNSET;
	state->finished |= choice->finish != CHAT_FINISH_UNSET;
}

/* A call's first piece has all its members, the later ones its arguments. */
static void adapt_call(struct writer *writer, struct choice_state *state,
	struct chat_part *part)
{
	struct chat_call *call = &part->call;
	bool is_custom = openai_chat_is_custom(part);
	uint64_t bit;

	if (call->index < 0)
		call->index = state->call_count;
	bit = UINT64_C(1) << call->index % MAX_CUSTOM_CALLS;
	if (call->index < state->call_count) {
		call->id = call->type = call->name = (struct str){ NULL, 0 };
		part->type = state->custom_calls & bit ? S("custom") : S("");
		return;
	}
	state->call_count = call->index + 1;
	state->custom_calls &= ~bit;
	state->custom_calls |= is_custom ? bit : 0;
	call->type = is_custom ? S("custom") : S("function");
	if (call->id.n == 0)
		call->id = arena_printf(&writer->scratch, "call_%.*s_%" PRId64,
			STR_ARG(buf_str(&writer->id)), call->index);
	if (!call->name.p)
		call->name = S("");
	if (!call->arguments.p)
		call->arguments = S("");
}

static void write_chunk(struct writer *writer, struct chat_response *chunk,
	int64_t text_before, struct buf *out)
{
	struct openai_chat_out how = { .shape.is_reply = true,
		.shape.is_delta = true,
		.dialect = chunk->dialect,
		.text_before = text_before };
	size_t begin = out->n;

	writer->began = true;
	chunk->id = buf_str(&writer->id);
	chunk->model = buf_str(&writer->model);
	chunk->created_unix_s = writer->created_unix_s;
	buf_append(out, S("data: "));
	openai_chat_write_object(chunk, &how, out);
	if (chunk->has_usage)
		add_metadata(writer, out);
	make_one_line(out, begin);
	buf_append(out, S("\n\n"));
}

/* As the last member of the object that was written. */
static void add_metadata(const struct writer *writer, struct buf *out)
{
	if (writer->metadata.n == 0 || out->failed)
		return;
	assert(out->p[out->n - 1] == '}');
	out->n--;
	buf_append(out, S(",\"metadata\":"));
	buf_append(out, buf_str(&writer->metadata));
	buf_append_char(out, '}');
}

static void write_end(struct writer *writer, struct buf *out)
{
	struct chat_response chunk;

	write_finishes(writer, out);
	chat_response_init(&chunk, writer->dialect);
	chunk.has_usage = true;
	chunk.usage = writer->usage;
	if (writer->has_usage && writer->wants_usage)
		write_chunk(writer, &chunk, 0, out);
	buf_append(out, S("data: [DONE]\n\n"));
	writer->ended = true;
}

/* Of choices whose provider forgot it. */
static void write_finishes(struct writer *writer, struct buf *out)
{
	int64_t count =
		(int64_t)(writer->choices.n / sizeof(struct choice_state));

	for (int64_t i = 0; i < count; i++) {
		const struct choice_state *state = state_of(writer, i);
		struct chat_choice choice = { .index = i };
		struct chat_response chunk;

		if (!state->began || state->finished)
			continue;
		chat_response_init(&chunk, writer->dialect);
		chat_message_init(&choice.message);
		choice.finish = state->call_count > 0 ? CHAT_FINISH_TOOL_CALLS
						      : CHAT_FINISH_STOP;
		chunk.choices = &choice;
		chunk.choice_count = 1;
		write_chunk(writer, &chunk, 0, out);
	}
}
