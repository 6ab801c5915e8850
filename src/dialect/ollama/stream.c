/*
 * stream.c - a stream of lines, from the neutral form.
 *
 * A call goes out whole in this format, and its arguments as an object. So of
 * another dialect's stream the calls are held until it is done; texts and
 * thoughts go out as they come.
 */
#include "dialect/ollama/ollama.h"

#define MAX_CALLS 1024
#define MAX_HELD_BYTES (16u << 20) /* of one call, or of the metadata */

struct held_call {
	struct buf id;
	struct buf name;
	struct buf arguments;
	bool is_custom; /* they are a text */
};

struct writer {
	struct str model; /* for a provider that gives none */
	int64_t created_unix_s;
	bool ended;
	enum chat_finish finish;
	bool has_usage;
	struct chat_usage usage;
	struct buf metadata; /* to go out with the usage */
	struct buf calls;    /* struct held_call */
	struct buf last_model;
};

static void release(void *writer);
static void end_with_error(
	struct str message, struct writer *writer, struct buf *out);
static void write_own(
	const struct chat_event *event, struct writer *writer, struct buf *out);
static void add_delta(
	const struct chat_event *event, struct writer *writer, struct buf *out);
static void add_choice(const struct chat_choice *choice, struct writer *writer,
	struct buf *out);
static bool is_new(const struct chat_part *part);
static void write_line(const struct chat_choice *choice, struct writer *writer,
	struct buf *out);
static void hold_call(const struct chat_part *part, struct writer *writer);
static struct held_call *find_call(int64_t index, struct writer *writer);
static size_t call_count(const struct writer *writer);
static void end_stream(struct writer *writer, struct buf *out);
static void write_calls(struct writer *writer, struct buf *out);
static void begin_line(
	struct writer *writer, struct json_writer *w, struct buf *out);
static void end_line(size_t from, struct json_writer *w, struct buf *out);
static void make_one_line(struct buf *out, size_t from);

void *ollama_writer_new(const struct chat_start *start, struct arena *arena)
{
	struct writer *writer = ARENA_NEW(arena, struct writer);

	writer->model = arena_copy(arena, start->model);
	writer->created_unix_s = start->created_unix_s;
	chat_usage_init(&writer->usage);
	buf_init(&writer->metadata, MAX_HELD_BYTES);
	buf_init(&writer->calls, MAX_CALLS * sizeof(struct held_call));
	buf_init(&writer->last_model, 4096);
	arena_defer(arena, release, writer);
	return writer;
}

static void release(void *writer)
{
	struct writer *ours = writer;
	struct held_call *calls = (struct held_call *)(void *)ours->calls.p;

	for (size_t i = 0; i < call_count(ours); i++) {
		buf_release(&calls[i].id);
		buf_release(&calls[i].name);
		buf_release(&calls[i].arguments);
	}
	buf_release(&ours->calls);
	buf_release(&ours->metadata);
	buf_release(&ours->last_model);
}

void ollama_write_event(
	const struct chat_event *event, void *writer, struct buf *out)
{
	struct writer *ours = writer;
	bool own = str_equal(event->delta.dialect, S(OLLAMA_NAME));

	if (event->metadata.p) {
		buf_clear(&ours->metadata);
		buf_append(&ours->metadata, event->metadata);
	}
	if (event->kind == CHAT_EVENT_ERROR) {
		end_with_error(event->error_message, ours, out);
	} else if (own && event->json.p) {
		write_own(event, ours, out);
	} else if (!ours->ended) {
		if (event->kind == CHAT_EVENT_DELTA)
			add_delta(event, ours, out);
		if (event->kind == CHAT_EVENT_DONE || event->done)
			end_stream(ours, out);
	}
}

/* Always in our words: the provider's may quote a key. */
static void end_with_error(
	struct str message, struct writer *writer, struct buf *out)
{
	if (writer->ended)
		return;
	ollama_write_error(message, out);
	buf_append_char(out, '\n');
	writer->ended = true;
}

/* As it came. */
static void write_own(
	const struct chat_event *event, struct writer *writer, struct buf *out)
{
	size_t from = out->n;

	writer->ended |= event->done;
	buf_append(out, event->json);
	make_one_line(out, from);
	buf_append_char(out, '\n');
}

static void add_delta(
	const struct chat_event *event, struct writer *writer, struct buf *out)
{
	const struct chat_response *delta = &event->delta;

	if (delta->model.n > 0) {
		buf_clear(&writer->last_model);
		buf_append(&writer->last_model, delta->model);
	}
	if (delta->created_unix_s > 0)
		writer->created_unix_s = delta->created_unix_s;
	/* The format has one answer. */
	for (size_t i = 0; i < delta->choice_count; i++)
		if (delta->choices[i].index <= 0)
			add_choice(&delta->choices[i], writer, out);
	if (delta->has_usage) {
		writer->has_usage = true;
		chat_usage_merge(&writer->usage, &delta->usage);
	}
}

static void add_choice(const struct chat_choice *choice, struct writer *writer,
	struct buf *out)
{
	bool has_new = false;

	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next) {
		if (part->kind == CHAT_TOOL_CALL)
			hold_call(part, writer);
		has_new |= is_new(part);
	}
	if (has_new)
		write_line(choice, writer, out);
	if (writer->finish == CHAT_FINISH_UNSET)
		writer->finish = choice->finish;
}

/* What a line can say, but for calls. */
static bool is_new(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_THINKING:
	case CHAT_REFUSAL: return part->text.n > 0;
	case CHAT_IMAGE: return part->data.n > 0;
	default: return false;
	}
}

static void write_line(const struct chat_choice *choice, struct writer *writer,
	struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .is_reply = true, .is_delta = true };
	struct chat_message message = choice->message;
	size_t from = out->n;

	message.role = CHAT_ASSISTANT;
	message.name = (struct str){ NULL, 0 };
	begin_line(writer, &w, out);
	json_name(&w, "message");
	ollama_write_message(&message, &to);
	if (choice->logprobs.p)
		ollama_write_logprobs(choice->logprobs, &w);
	json_member_bool(&w, "done", false);
	end_line(from, &w, out);
}

static void hold_call(const struct chat_part *part, struct writer *writer)
{
	struct held_call *call = find_call(part->call.index, writer);

	if (!call)
		return;
	if (call->id.n == 0)
		buf_append(&call->id, part->call.id);
	buf_append(&call->name, part->call.name);
	call->is_custom |= str_equal(part->call.type, S("custom"));
	buf_append(&call->arguments, part->call.arguments);
}

/* NULL: more of them than a model makes. */
static struct held_call *find_call(int64_t index, struct writer *writer)
{
	struct held_call *calls;
	struct held_call call = {
		.id = BUF_INIT(4096),
		.name = BUF_INIT(4096),
		.arguments = BUF_INIT(MAX_HELD_BYTES),
	};

	while (index >= (int64_t)call_count(writer) && !writer->calls.failed)
		buf_append(&writer->calls,
			(struct str){ (const char *)&call, sizeof(call) });
	calls = (struct held_call *)(void *)writer->calls.p;
	if (index < 0 || index >= (int64_t)call_count(writer))
		return NULL;
	return &calls[index];
}

static size_t call_count(const struct writer *writer)
{
	return writer->calls.n / sizeof(struct held_call);
}

static void end_stream(struct writer *writer, struct buf *out)
{
	struct json_writer w;
	size_t from;

	if (call_count(writer) > 0)
		write_calls(writer, out);
	from = out->n;
	begin_line(writer, &w, out);
	json_name(&w, "message");
	json_begin_object(&w);
	json_member_str(&w, "role", S("assistant"));
	json_member_str(&w, "content", S(""));
	json_end_object(&w);
	ollama_write_end(
		writer->finish, writer->has_usage ? &writer->usage : NULL, &w);
	if (writer->metadata.n > 0)
		json_member_raw(&w, "metadata", buf_str(&writer->metadata));
	end_line(from, &w, out);
	writer->ended = true;
}

static void write_calls(struct writer *writer, struct buf *out)
{
	const struct held_call *calls =
		(const struct held_call *)(const void *)writer->calls.p;
	struct json_writer w;
	const struct shape_out to = { .w = &w, .is_reply = true };
	size_t from = out->n;

	begin_line(writer, &w, out);
	json_name(&w, "message");
	json_begin_object(&w);
	json_member_str(&w, "role", S("assistant"));
	json_member_str(&w, "content", S(""));
	json_name(&w, "tool_calls");
	json_begin_array(&w);
	for (size_t i = 0; i < call_count(writer); i++) {
		const struct chat_call call = { .id = buf_str(&calls[i].id),
			.type = calls[i].is_custom ? S("custom")
						   : S("function"),
			.name = buf_str(&calls[i].name),
			.arguments = buf_str(&calls[i].arguments) };

		ollama_write_call(&call, (int64_t)i, &to);
	}
	json_end_array(&w);
	json_end_object(&w);
	json_member_bool(&w, "done", false);
	end_line(from, &w, out);
}

static void begin_line(
	struct writer *writer, struct json_writer *w, struct buf *out)
{
	struct str model = buf_str(&writer->last_model);

	json_writer_init(w, out);
	json_begin_object(w);
	json_member_str(w, "model", model.n > 0 ? model : writer->model);
	json_name(w, "created_at");
	ollama_write_time(writer->created_unix_s, w);
}

static void end_line(size_t from, struct json_writer *w, struct buf *out)
{
	json_end_object(w);
	make_one_line(out, from);
	buf_append_char(out, '\n');
}

/* What was kept as it came may have line ends between its tokens. */
static void make_one_line(struct buf *out, size_t from)
{
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
}
