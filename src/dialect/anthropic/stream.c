/*
 * stream.c - neutral events, as a stream of ours.
 *
 * A message's blocks come one after the other, numbered, each opened before
 * and closed after its pieces. So the writer remembers which block is open,
 * and begins another one when the next piece is of another kind. How it
 * ended and what it cost go out together at the end, because other dialects
 * tell them apart.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/failure.h"
#include "dialect/signature.h"

enum open { OPEN_NONE, OPEN_TEXT, OPEN_THINKING, OPEN_REDACTED, OPEN_CALL };

struct writer {
	struct str request_id; /* where the provider tells no id */
	struct str model;      /* nor a model */
	struct buf told_id;
	struct buf told_model;
	bool has_started; /* message_start is out */
	bool has_ended;   /* message_stop, or an error */
	enum open open;
	bool is_signed;      /* the open block is thinking, and done */
	int64_t block_count; /* begun so far */
	struct buf calls;    /* the block of each call, as int64_t */
	enum chat_finish finish;
	struct buf stop_sequence;
	struct chat_usage usage;
	struct buf metadata; /* json */
};

/* One event that is being written. */
struct event_writer {
	struct writer *memory;
	struct buf *out;
	struct json_writer w;
};

static void release(void *memory);
static void write_own(const struct chat_event *event, struct buf *out);
static void write_error(struct event_writer *e, const struct chat_event *event);
static void write_delta(struct event_writer *e, const struct chat_event *event);
static void write_message(
	struct event_writer *e, const struct chat_message *message);
static void remember(struct writer *memory, const struct chat_event *event);
static void start(struct event_writer *e);
static void write_part(struct event_writer *e, const struct chat_part *part);
static void write_text(struct event_writer *e, const struct chat_part *part);
static void write_citations(
	struct event_writer *e, const struct chat_citation *citations);
static void write_thinking(
	struct event_writer *e, const struct chat_part *part);
static void write_signature(
	struct event_writer *e, const struct chat_signature *signature);
static void write_redacted(
	struct event_writer *e, const struct chat_part *part);
static void write_tag(struct event_writer *e, const struct chat_part *part);
static void write_call(struct event_writer *e, const struct chat_part *part);
static void start_call(struct event_writer *e, const struct chat_part *part);
static void open_block(struct event_writer *e, enum open kind);
static void close_block(struct event_writer *e);
static void end(struct event_writer *e);
static void begin(struct event_writer *e, const char *name);
static void begin_block(struct event_writer *e);
static void begin_piece(
	struct event_writer *e, int64_t block, const char *type);
static void finish_piece(struct event_writer *e);
static void finish(struct event_writer *e);

void *anthropic_writer_new(const struct chat_start *first, struct arena *arena)
{
	struct writer *memory = ARENA_NEW(arena, struct writer);

	memory->request_id = arena_copy(arena, first->request_id);
	memory->model = arena_copy(arena, first->model);
	buf_init(&memory->told_id, SIZE_MAX);
	buf_init(&memory->told_model, SIZE_MAX);
	memory->has_started = first->began;
	chat_usage_init(&memory->usage);
	buf_init(&memory->calls, SIZE_MAX);
	buf_init(&memory->stop_sequence, SIZE_MAX);
	buf_init(&memory->metadata, SIZE_MAX);
	arena_defer(arena, release, memory);
	return memory;
}

static void release(void *memory)
{
	struct writer *writer = memory;

	buf_release(&writer->told_id);
	buf_release(&writer->told_model);
	buf_release(&writer->calls);
	buf_release(&writer->stop_sequence);
	buf_release(&writer->metadata);
}

void anthropic_write_event(
	const struct chat_event *event, void *writer, struct buf *out)
{
	bool is_own = str_equal(event->delta.dialect, S(ANTHROPIC_NAME));
	struct event_writer e = { .memory = writer, .out = out };

	if (event->kind == CHAT_EVENT_ERROR)
		write_error(&e, event);
	else if (is_own)
		write_own(event, out);
	else if (event->kind == CHAT_EVENT_DELTA)
		write_delta(&e, event);
	else if (event->kind == CHAT_EVENT_DONE)
		end(&e);
}

/* As it came, on one line. */
static void write_own(const struct chat_event *event, struct buf *out)
{
	size_t begin_of_data;

	if (!event->json.p)
		return;
	if (event->name.n > 0) {
		buf_append(out, S("event: "));
		buf_append(out, event->name);
		buf_append_char(out, '\n');
	}
	buf_append(out, S("data: "));
	begin_of_data = out->n;
	buf_append(out, event->json);
	for (size_t i = begin_of_data; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	buf_append(out, S("\n\n"));
}

/* Always in our words: what the provider sent may quote a key. */
static void write_error(struct event_writer *e, const struct chat_event *event)
{
	struct error err = { .kind = ERR_UPSTREAM_STATUS };

	err.http_status = event->error_status >= 400 ? event->error_status : 0;
	failure_fit(event->error_message, err.message, sizeof(err.message));
	anthropic_write_stream_failure(&err, S(""), e->memory, e->out);
	e->memory->has_ended = true;
}

static void write_delta(struct event_writer *e, const struct chat_event *event)
{
	const struct chat_response *delta = &event->delta;

	if (e->memory->has_ended)
		return;
	remember(e->memory, event);
	for (size_t i = 0; i < delta->choice_count; i++) {
		const struct chat_choice *choice = &delta->choices[i];

		if (choice->index > 0)
			continue;
		write_message(e, &choice->message);
	}
	if (event->done)
		end(e);
}

/* Sources of the whole answer go to the text they come with, or to the one
 * before. */
static void write_message(
	struct event_writer *e, const struct chat_message *message)
{
	bool is_first = !message->parts || message->parts->text.n == 0;

	if (is_first)
		write_citations(e, message->citations);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		write_part(e, part);
	if (!is_first)
		write_citations(e, message->citations);
}

/* What goes out at the end. The first finish counts. */
static void remember(struct writer *memory, const struct chat_event *event)
{
	const struct chat_response *delta = &event->delta;

	if (memory->told_id.n == 0)
		buf_append(&memory->told_id, delta->id);
	if (memory->told_model.n == 0)
		buf_append(&memory->told_model, delta->model);
	if (delta->has_usage)
		chat_usage_merge(&memory->usage, &delta->usage);
	if (event->metadata.p) {
		buf_clear(&memory->metadata);
		buf_append(&memory->metadata, event->metadata);
	}
	for (size_t i = 0; i < delta->choice_count; i++) {
		const struct chat_choice *choice = &delta->choices[i];

		if (choice->index > 0 || choice->finish == CHAT_FINISH_UNSET ||
			memory->finish != CHAT_FINISH_UNSET)
			continue;
		memory->finish = choice->finish;
		buf_append(&memory->stop_sequence, choice->stop_sequence);
	}
}

/* Not before there is something to say: some providers tell the model only
 * then. */
static void start(struct event_writer *e)
{
	struct writer *memory = e->memory;
	struct str id = buf_str(&memory->told_id);
	struct str model = buf_str(&memory->told_model);

	if (memory->has_started)
		return;
	memory->has_started = true;
	begin(e, "message_start");
	json_name(&e->w, "message");
	json_begin_object(&e->w);
	json_member_str(&e->w, "id", id.n > 0 ? id : memory->request_id);
	json_member_str(&e->w, "type", S("message"));
	json_member_str(&e->w, "role", S("assistant"));
	json_member_str(&e->w, "model", model.n > 0 ? model : memory->model);
	json_name(&e->w, "content");
	json_begin_array(&e->w);
	json_end_array(&e->w);
	json_member_null(&e->w, "stop_reason");
	json_member_null(&e->w, "stop_sequence");
	json_member_null(&e->w, "stop_details");
	json_name(&e->w, "usage");
	json_begin_object(&e->w);
	anthropic_write_usage(&memory->usage, &e->w);
	json_end_object(&e->w);
	json_end_object(&e->w);
	finish(e);
}

static void write_part(struct event_writer *e, const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL:
	case CHAT_AUDIO: write_text(e, part); break;
	case CHAT_THINKING: write_thinking(e, part); break;
	case CHAT_REDACTED_THINKING: write_redacted(e, part); break;
	case CHAT_TOOL_CALL: write_call(e, part); break;
	default: break; /* answers of ours have no such blocks */
	}
}

static void write_text(struct event_writer *e, const struct chat_part *part)
{
	if (part->signature.text.p)
		write_tag(e, part);
	if (part->text.n > 0) {
		open_block(e, OPEN_TEXT);
		begin_piece(e, e->memory->block_count - 1, "text_delta");
		json_member_str(&e->w, "text", part->text);
		finish_piece(e);
	}
	if (part->citations) /* which may come before their text */
		open_block(e, OPEN_TEXT);
	write_citations(e, part->citations);
}

/* To the text that is open; without one they say nothing. */
static void write_citations(
	struct event_writer *e, const struct chat_citation *citations)
{
	for (; citations; citations = citations->next) {
		if (e->memory->open != OPEN_TEXT || citations->url.n == 0)
			continue;
		begin_piece(e, e->memory->block_count - 1, "citations_delta");
		json_name(&e->w, "citation");
		anthropic_write_citation(citations, false, &e->w);
		finish_piece(e);
	}
}

/* What comes after its signature is another thought. */
static void write_thinking(struct event_writer *e, const struct chat_part *part)
{
	struct writer *memory = e->memory;

	if (part->text.n == 0 && !part->signature.text.p)
		return;
	if (memory->open == OPEN_THINKING && memory->is_signed)
		close_block(e);
	open_block(e, OPEN_THINKING);
	if (part->text.n > 0) {
		begin_piece(e, memory->block_count - 1, "thinking_delta");
		json_member_str(&e->w, "thinking", part->text);
		finish_piece(e);
	}
	if (part->signature.text.p)
		write_signature(e, &part->signature);
}

static void write_signature(
	struct event_writer *e, const struct chat_signature *signature)
{
	struct buf text = BUF_INIT(SIZE_MAX);

	signature_append(signature, S(ANTHROPIC_NAME), &text);
	begin_piece(e, e->memory->block_count - 1, "signature_delta");
	json_member_str(&e->w, "signature", buf_str(&text));
	finish_piece(e);
	e->memory->is_signed = true;
	buf_release(&text);
}

/* The signature of a text or a call, in a thinking block before it. */
static void write_tag(struct event_writer *e, const struct chat_part *part)
{
	close_block(e);
	open_block(e, OPEN_THINKING);
	write_signature(e, &part->signature);
	close_block(e);
}

static void write_redacted(struct event_writer *e, const struct chat_part *part)
{
	struct shape_out out = { .w = &e->w, .is_reply = true };

	close_block(e);
	begin_block(e);
	anthropic_write_block(part, &out);
	finish(e);
	e->memory->open = OPEN_REDACTED;
	close_block(e);
}

static void write_call(struct event_writer *e, const struct chat_part *part)
{
	struct writer *memory = e->memory;
	int64_t count = (int64_t)(memory->calls.n / sizeof(int64_t));
	int64_t index = part->call.index, block;

	if (index < 0)
		index = part->call.name.p || count == 0 ? count : count - 1;
	if (index >= count) {
		start_call(e, part);
		index = count;
	}
	if (part->call.arguments.n == 0 || memory->calls.failed)
		return;
	memcpy(&block, memory->calls.p + (size_t)index * sizeof(block),
		sizeof(block));
	begin_piece(e, block, "input_json_delta");
	json_member_str(&e->w, "partial_json", part->call.arguments);
	finish_piece(e);
}

static void start_call(struct event_writer *e, const struct chat_part *part)
{
	struct writer *memory = e->memory;
	int64_t block;

	if (part->signature.text.p)
		write_tag(e, part);
	close_block(e);
	block = memory->block_count;
	buf_append(&memory->calls,
		(struct str){ (const char *)&block, sizeof(block) });
	begin_block(e);
	json_begin_object(&e->w);
	json_member_str(&e->w, "type", S("tool_use"));
	json_member_str(&e->w, "id", part->call.id);
	json_member_str(&e->w, "name", part->call.name);
	json_member_raw(&e->w, "input", S("{}"));
	json_end_object(&e->w);
	finish(e);
	memory->open = OPEN_CALL;
}

/* A block of that kind, unless it is open. */
static void open_block(struct event_writer *e, enum open kind)
{
	if (e->memory->open == kind)
		return;
	close_block(e);
	begin_block(e);
	json_begin_object(&e->w);
	if (kind == OPEN_TEXT) {
		json_member_str(&e->w, "type", S("text"));
		json_member_str(&e->w, "text", S(""));
	} else {
		json_member_str(&e->w, "type", S("thinking"));
		json_member_str(&e->w, "thinking", S(""));
		json_member_str(&e->w, "signature", S(""));
	}
	json_end_object(&e->w);
	finish(e);
	e->memory->open = kind;
	e->memory->is_signed = false;
}

static void close_block(struct event_writer *e)
{
	if (e->memory->open == OPEN_NONE)
		return;
	begin(e, "content_block_stop");
	json_member_int(&e->w, "index", e->memory->block_count - 1);
	finish(e);
	e->memory->open = OPEN_NONE;
}

/* A client may find nothing but this in the stream. */
static void end(struct event_writer *e)
{
	struct writer *memory = e->memory;
	struct str met = buf_str(&memory->stop_sequence);

	if (memory->has_ended)
		return;
	memory->has_ended = true;
	start(e);
	close_block(e);
	begin(e, "message_delta");
	json_name(&e->w, "delta");
	json_begin_object(&e->w);
	anthropic_write_stop(memory->finish,
		met.n > 0 ? met : (struct str){ NULL, 0 }, memory->calls.n > 0,
		&e->w);
	json_end_object(&e->w);
	json_name(&e->w, "usage");
	json_begin_object(&e->w);
	anthropic_write_usage(&memory->usage, &e->w);
	json_end_object(&e->w);
	if (memory->metadata.n > 0)
		json_member_raw(&e->w, "metadata", buf_str(&memory->metadata));
	finish(e);
	begin(e, "message_stop");
	finish(e);
}

static void begin(struct event_writer *e, const char *name)
{
	buf_printf(e->out, "event: %s\ndata: ", name);
	json_writer_init(&e->w, e->out);
	json_begin_object(&e->w);
	json_member_str(&e->w, "type", str_of(name));
}

static void finish(struct event_writer *e)
{
	json_end_object(&e->w);
	buf_append(e->out, S("\n\n"));
}

/* The block's own object comes next. */
static void begin_block(struct event_writer *e)
{
	start(e);
	begin(e, "content_block_start");
	json_member_int(&e->w, "index", e->memory->block_count++);
	json_name(&e->w, "content_block");
}

static void begin_piece(struct event_writer *e, int64_t block, const char *type)
{
	begin(e, "content_block_delta");
	json_member_int(&e->w, "index", block);
	json_name(&e->w, "delta");
	json_begin_object(&e->w);
	json_member_str(&e->w, "type", str_of(type));
}

static void finish_piece(struct event_writer *e)
{
	json_end_object(&e->w);
	finish(e);
}
