/*
 * stream.c - a stream in Cohere's events, from the neutral form.
 *
 * Of another dialect's stream each text, thought and call is a block with a
 * beginning and an end; the writer remembers which one is open. How it
 * finished and its usage come in one event at the end, so they wait for it.
 */
#include "dialect/cohere/cohere.h"

#define MAX_METADATA_BYTES (1 << 20)

enum block { NO_BLOCK, TEXT_BLOCK, THINKING_BLOCK, CALL_BLOCK };

struct writer {
	struct str id; /* for a provider that gives none */
	bool began;
	bool ended;
	enum block open;
	int64_t content_index; /* of the block, or the next one */
	int64_t call_index;    /* of the call that is open */
	int64_t citation_index;
	enum chat_finish finish;
	bool stop_sequence;
	bool has_usage;
	struct chat_usage usage;
	struct buf metadata; /* to go out with the usage */
};

/* One event that is being written. */
struct event_out {
	struct buf *out;
	size_t from;
	struct json_writer w;
};

static void release_metadata(void *writer);
static void write_own(
	const struct chat_event *event, struct writer *writer, struct buf *out);
static void add_delta(
	const struct chat_event *event, struct writer *writer, struct buf *out);
static void add_choice(const struct chat_choice *choice, struct writer *writer,
	struct buf *out);
static void add_part(const struct chat_part *part, struct str logprobs,
	struct writer *writer, struct buf *out);
static void add_text(const struct chat_part *part, enum block block,
	struct str logprobs, struct writer *writer, struct buf *out);
static void add_plan(
	const struct chat_part *part, struct writer *writer, struct buf *out);
static void add_call(
	const struct chat_part *part, struct writer *writer, struct buf *out);
static void begin_call(
	const struct chat_part *part, struct writer *writer, struct buf *out);
static void add_citations(const struct chat_citation *citation,
	struct writer *writer, struct buf *out);
static void begin_message(
	struct str id, struct writer *writer, struct buf *out);
static void begin_content(
	enum block block, struct writer *writer, struct buf *out);
static void end_block(struct writer *writer, struct buf *out);
static void end_message(
	struct str error, struct writer *writer, struct buf *out);
static struct event_out begin_event(const char *type, struct buf *out);
static void begin_delta(struct event_out *e, int64_t index);
static void end_delta(struct event_out *e);
static void end_event(struct event_out *e);
static void make_one_line(struct buf *out, size_t from);

void *cohere_writer_new(const struct chat_start *start, struct arena *arena)
{
	struct writer *writer = ARENA_NEW(arena, struct writer);

	writer->id = arena_copy(arena, start->request_id);
	writer->began = start->began;
	writer->call_index = -1;
	chat_usage_init(&writer->usage);
	buf_init(&writer->metadata, MAX_METADATA_BYTES);
	arena_defer(arena, release_metadata, writer);
	return writer;
}

static void release_metadata(void *writer)
{
	buf_release(&((struct writer *)writer)->metadata);
}

void cohere_write_event(
	const struct chat_event *event, void *writer, struct buf *out)
{
	struct writer *ours = writer;
	bool own = str_equal(event->delta.dialect, S(COHERE_NAME));

	if (event->metadata.p) {
		buf_clear(&ours->metadata);
		buf_append(&ours->metadata, event->metadata);
	}
	if (event->kind == CHAT_EVENT_ERROR) {
		cohere_write_stream_error(
			event->error_message, S(""), ours, out);
	} else if (own && event->json.p) {
		write_own(event, ours, out);
	} else if (!ours->ended) {
		if (event->kind == CHAT_EVENT_DELTA)
			add_delta(event, ours, out);
		if (event->kind == CHAT_EVENT_DONE || event->done) {
			begin_message(S(""), ours, out);
			end_message((struct str){ NULL, 0 }, ours, out);
		}
	}
}

/* As it came. */
static void write_own(
	const struct chat_event *event, struct writer *writer, struct buf *out)
{
	size_t from = out->n;

	writer->began = true;
	writer->ended |= event->done || event->kind == CHAT_EVENT_DONE;
	if (event->name.n > 0) {
		buf_append(out, S("event: "));
		buf_append(out, event->name);
		make_one_line(out, from);
		buf_append_char(out, '\n');
	}
	buf_append(out, S("data: "));
	from = out->n;
	buf_append(out, event->json);
	make_one_line(out, from);
	buf_append(out, S("\n\n"));
}

static void add_delta(
	const struct chat_event *event, struct writer *writer, struct buf *out)
{
	const struct chat_response *delta = &event->delta;

	begin_message(delta->id, writer, out);
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
	struct str logprobs = choice->logprobs;

	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next) {
		add_part(part, logprobs, writer, out);
		if (part->kind == CHAT_TEXT)
			logprobs = (struct str){ NULL, 0 };
		add_citations(part->citations, writer, out);
	}
	add_citations(choice->message.citations, writer, out);
	if (writer->finish != CHAT_FINISH_UNSET)
		return;
	writer->finish = choice->finish;
	writer->stop_sequence = choice->stop_sequence.p != NULL;
}

static void add_part(const struct chat_part *part, struct str logprobs,
	struct writer *writer, struct buf *out)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL:
		add_text(part, TEXT_BLOCK, logprobs, writer, out);
		break;
	case CHAT_THINKING:
		if (str_equal(part->member, S("tool_plan")))
			add_plan(part, writer, out);
		else
			add_text(part, THINKING_BLOCK, (struct str){ NULL, 0 },
				writer, out);
		break;
	case CHAT_TOOL_CALL: add_call(part, writer, out); break;
	default: break; /* an answer of this format has nothing else */
	}
}

static void add_text(const struct chat_part *part, enum block block,
	struct str logprobs, struct writer *writer, struct buf *out)
{
	struct event_out e;

	if (part->text.n == 0)
		return;
	if (writer->open != block) {
		end_block(writer, out);
		begin_content(block, writer, out);
	}
	e = begin_event("content-delta", out);
	begin_delta(&e, writer->content_index);
	json_name(&e.w, "content");
	json_begin_object(&e.w);
	json_member_str(
		&e.w, block == TEXT_BLOCK ? "text" : "thinking", part->text);
	json_end_object(&e.w);
	end_delta(&e);
	if (logprobs.p) {
		json_name(&e.w, "logprobs");
		cohere_write_logprob(logprobs, part->text, &e.w);
	}
	end_event(&e);
}

static void add_plan(
	const struct chat_part *part, struct writer *writer, struct buf *out)
{
	struct event_out e;

	end_block(writer, out);
	e = begin_event("tool-plan-delta", out);
	begin_delta(&e, -1);
	json_member_str(&e.w, "tool_plan", part->text);
	end_delta(&e);
	end_event(&e);
}

static void add_call(
	const struct chat_part *part, struct writer *writer, struct buf *out)
{
	struct event_out e;

	if (part->call.index > writer->call_index)
		begin_call(part, writer, out);
	if (part->call.arguments.n == 0)
		return;
	e = begin_event("tool-call-delta", out);
	begin_delta(&e, part->call.index);
	json_name(&e.w, "tool_calls");
	json_begin_object(&e.w);
	json_name(&e.w, "function");
	json_begin_object(&e.w);
	json_member_str(&e.w, "arguments", part->call.arguments);
	json_end_object(&e.w);
	json_end_object(&e.w);
	end_delta(&e);
	end_event(&e);
}

static void begin_call(
	const struct chat_part *part, struct writer *writer, struct buf *out)
{
	struct event_out e;

	end_block(writer, out);
	writer->open = CALL_BLOCK;
	writer->call_index = part->call.index;
	e = begin_event("tool-call-start", out);
	begin_delta(&e, writer->call_index);
	json_name(&e.w, "tool_calls");
	json_begin_object(&e.w);
	json_member_str(&e.w, "id", part->call.id);
	json_member_str(&e.w, "type", S("function"));
	json_name(&e.w, "function");
	json_begin_object(&e.w);
	json_member_str(&e.w, "name", part->call.name);
	json_member_str(&e.w, "arguments", S(""));
	json_end_object(&e.w);
	json_end_object(&e.w);
	end_delta(&e);
	end_event(&e);
}

/* They belong to the text that is open. */
static void add_citations(const struct chat_citation *citation,
	struct writer *writer, struct buf *out)
{
	for (; citation; citation = citation->next) {
		struct event_out e = begin_event("citation-start", out);
		const struct shape_out to = { .w = &e.w, .is_reply = true };

		begin_delta(&e, writer->citation_index);
		json_name(&e.w, "citations");
		cohere_write_citation(citation, writer->content_index, &to);
		end_delta(&e);
		end_event(&e);
		e = begin_event("citation-end", out);
		json_member_int(&e.w, "index", writer->citation_index++);
		end_event(&e);
	}
}

static void begin_message(struct str id, struct writer *writer, struct buf *out)
{
	struct event_out e;

	if (writer->began)
		return;
	writer->began = true;
	e = begin_event("message-start", out);
	json_member_str(&e.w, "id", id.n > 0 ? id : writer->id);
	begin_delta(&e, -1);
	json_member_str(&e.w, "role", S("assistant"));
	json_name(&e.w, "content");
	json_begin_array(&e.w);
	json_end_array(&e.w);
	json_member_str(&e.w, "tool_plan", S(""));
	json_name(&e.w, "tool_calls");
	json_begin_array(&e.w);
	json_end_array(&e.w);
	json_name(&e.w, "citations");
	json_begin_array(&e.w);
	json_end_array(&e.w);
	end_delta(&e);
	end_event(&e);
}

static void begin_content(
	enum block block, struct writer *writer, struct buf *out)
{
	const char *type = block == TEXT_BLOCK ? "text" : "thinking";
	struct event_out e = begin_event("content-start", out);

	writer->open = block;
	begin_delta(&e, writer->content_index);
	json_name(&e.w, "content");
	json_begin_object(&e.w);
	json_member_str(&e.w, "type", str_of(type));
	json_member_str(&e.w, type, S(""));
	json_end_object(&e.w);
	end_delta(&e);
	end_event(&e);
}

static void end_block(struct writer *writer, struct buf *out)
{
	bool is_call = writer->open == CALL_BLOCK;
	struct event_out e;

	if (writer->open == NO_BLOCK)
		return;
	e = begin_event(is_call ? "tool-call-end" : "content-end", out);
	json_member_int(&e.w, "index",
		is_call ? writer->call_index : writer->content_index++);
	end_event(&e);
	writer->open = NO_BLOCK;
}

/* `error` is absent when there was none. "[DONE]" follows in all that was
 * recorded of api.cohere.com. */
static void end_message(
	struct str error, struct writer *writer, struct buf *out)
{
	struct event_out e;

	end_block(writer, out);
	e = begin_event("message-end", out);
	json_name(&e.w, "delta");
	json_begin_object(&e.w);
	if (error.p)
		json_member_str(&e.w, "error", error);
	json_member_str(&e.w, "finish_reason",
		error.p ? S("ERROR")
			: cohere_finish_word(
				  writer->finish, writer->stop_sequence));
	if (writer->has_usage) {
		json_name(&e.w, "usage");
		cohere_write_usage(&writer->usage, &e.w);
	}
	json_end_object(&e.w);
	if (writer->metadata.n > 0)
		json_member_raw(&e.w, "metadata", buf_str(&writer->metadata));
	end_event(&e);
	buf_append(out, S("data: [DONE]\n\n"));
	writer->ended = true;
}

void cohere_write_stream_error(
	struct str message, struct str id, void *writer, struct buf *out)
{
	struct writer *ours = writer;

	if (ours->ended)
		return;
	begin_message(id, ours, out);
	end_message(message.p ? message : S(""), ours, out);
}

static struct event_out begin_event(const char *type, struct buf *out)
{
	struct event_out e = { .out = out };

	buf_printf(out, "event: %s\ndata: ", type);
	e.from = out->n;
	json_writer_init(&e.w, out);
	json_begin_object(&e.w);
	json_member_str(&e.w, "type", str_of(type));
	return e;
}

/* The index goes before; -1: it has none. */
static void begin_delta(struct event_out *e, int64_t index)
{
	if (index >= 0)
		json_member_int(&e->w, "index", index);
	json_name(&e->w, "delta");
	json_begin_object(&e->w);
	json_name(&e->w, "message");
	json_begin_object(&e->w);
}

static void end_delta(struct event_out *e)
{
	json_end_object(&e->w);
	json_end_object(&e->w);
}

static void end_event(struct event_out *e)
{
	json_end_object(&e->w);
	make_one_line(e->out, e->from);
	buf_append(e->out, S("\n\n"));
}

/* What was kept as it came may have line ends between its tokens. */
static void make_one_line(struct buf *out, size_t from)
{
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
}
