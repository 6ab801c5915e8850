/*
 * responses_stream.c - the events of a stream of OpenAI's Responses. Each has
 * a number; what was said in deltas is said once more when it is complete.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
#include "openai.h"
#include "responses.h"

static void write_begin(struct completion *c, struct buf *out);
static void write_block(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_block_end(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_done(struct completion *c, struct buf *out);
static void write_item_event(struct completion *c, const char *type,
	const struct piece *piece, bool is_complete, struct buf *out);
static void write_part_event(struct completion *c, const char *type,
	const struct piece *piece, bool is_complete, struct buf *out);
static void write_summary_part(
	struct json_writer *w, const struct completion *c, bool is_complete);
static void write_said(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_response_event(struct completion *c, const char *type,
	enum responses_status status, struct buf *out);
static void event_begin(struct json_writer *w, struct completion *c,
	const char *type, struct buf *out);
static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out);
static void write_place(struct json_writer *w, const struct completion *c,
	const struct piece *piece);

void responses_write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_BEGIN: write_begin(c, out); break;
	case PIECE_BLOCK: write_block(c, piece, out); break;
	case PIECE_DELTA: write_delta(c, piece, out); break;
	case PIECE_BLOCK_END: write_block_end(c, piece, out); break;
	case PIECE_FINISH:
	case PIECE_USAGE: break;
	case PIECE_DONE: write_done(c, out); break;
	}
}

/* As in recorded streams: an event of its own, then the failed response. */
void responses_write_failure(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, "error", out);
	json_name(&w, "error");
	json_begin_object(&w);
	json_member_str(&w, "type", S("server_error"));
	json_member_str(&w, "code", S("server_error"));
	json_member_str(&w, "message", str_of(openai_error_message(500)));
	json_member_null(&w, "param");
	json_end_object(&w);
	event_end(&w, c, out);
	write_response_event(c, "response.failed", RESPONSES_FAILED, out);
}

static void write_begin(struct completion *c, struct buf *out)
{
	write_response_event(c, "response.created", RESPONSES_IN_PROGRESS, out);
	write_response_event(
		c, "response.in_progress", RESPONSES_IN_PROGRESS, out);
}

static void write_block(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	write_item_event(c, "response.output_item.added", piece, false, out);
	if (piece->block == BLOCK_TEXT)
		write_part_event(
			c, "response.content_part.added", piece, false, out);
	else if (piece->block == BLOCK_THINKING && c->wants_summary)
		write_part_event(c, "response.reasoning_summary_part.added",
			piece, false, out);
}

static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	static const char *const types[] = {
		[BLOCK_THINKING] = "response.reasoning_summary_text.delta",
		[BLOCK_TEXT] = "response.output_text.delta",
		[BLOCK_CALL] = "response.function_call_arguments.delta",
	};
	struct json_writer w;

	if (piece->block == BLOCK_THINKING && !c->wants_summary)
		return;
	event_begin(&w, c, types[piece->block], out);
	write_place(&w, c, piece);
	json_member_str(&w, "delta", piece->text);
	if (piece->block == BLOCK_TEXT)
		json_member_raw(&w, "logprobs", S("[]"));
	event_end(&w, c, out);
}

static void write_block_end(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	if (piece->block != BLOCK_THINKING || c->wants_summary)
		write_said(c, piece, out);
	if (piece->block == BLOCK_TEXT)
		write_part_event(
			c, "response.content_part.done", piece, true, out);
	else if (piece->block == BLOCK_THINKING && c->wants_summary)
		write_part_event(c, "response.reasoning_summary_part.done",
			piece, true, out);
	write_item_event(c, "response.output_item.done", piece, true, out);
}

static void write_done(struct completion *c, struct buf *out)
{
	enum responses_status status = responses_status(c);

	write_response_event(c,
		status == RESPONSES_COMPLETED ? "response.completed"
					      : "response.incomplete",
		status, out);
}

static void write_item_event(struct completion *c, const char *type,
	const struct piece *piece, bool is_complete, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, type, out);
	json_member_int(&w, "output_index", piece->index);
	json_name(&w, "item");
	responses_write_item(&w, c, piece->block, piece->call, is_complete);
	event_end(&w, c, out);
}

static void write_part_event(struct completion *c, const char *type,
	const struct piece *piece, bool is_complete, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, type, out);
	write_place(&w, c, piece);
	json_name(&w, "part");
	if (piece->block == BLOCK_TEXT)
		responses_write_part(&w, c, is_complete);
	else
		write_summary_part(&w, c, is_complete);
	event_end(&w, c, out);
}

static void write_summary_part(
	struct json_writer *w, const struct completion *c, bool is_complete)
{
	json_begin_object(w);
	json_member_str(w, "type", S("summary_text"));
	json_name(w, "text");
	if (is_complete)
		completion_append_quoted(c, BLOCK_THINKING, 0, w->out);
	else
		buf_append(w->out, S("\"\""));
	w->needs_comma = true;
	json_end_object(w);
}

/* All the deltas together. */
static void write_said(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	static const struct {
		const char *type;
		const char *member;
	} events[] = {
		[BLOCK_THINKING] = { "response.reasoning_summary_text.done",
			"text" },
		[BLOCK_TEXT] = { "response.output_text.done", "text" },
		[BLOCK_CALL] = { "response.function_call_arguments.done",
			"arguments" },
	};
	struct json_writer w;

	event_begin(&w, c, events[piece->block].type, out);
	write_place(&w, c, piece);
	json_name(&w, events[piece->block].member);
	completion_append_quoted(c, piece->block, piece->call, out);
	w.needs_comma = true;
	if (piece->block == BLOCK_TEXT)
		json_member_raw(&w, "logprobs", S("[]"));
	event_end(&w, c, out);
}

static void write_response_event(struct completion *c, const char *type,
	enum responses_status status, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, type, out);
	json_name(&w, "response");
	responses_write(&w, c, status);
	event_end(&w, c, out);
}

static void event_begin(struct json_writer *w, struct completion *c,
	const char *type, struct buf *out)
{
	framing_begin(&c->framing, str_of(type), out);
	json_writer_init(w, out);
	json_begin_object(w);
	json_member_str(w, "type", str_of(type));
	json_member_int(w, "sequence_number", c->sequence++);
}

static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out)
{
	json_end_object(w);
	framing_end(&c->framing, out);
}

/* Which item, and what of it. */
static void write_place(struct json_writer *w, const struct completion *c,
	const struct piece *piece)
{
	buf_append(w->out, S(",\"item_id\":\""));
	responses_append_item_id(c, piece->block, piece->call, w->out);
	buf_append_char(w->out, '"');
	json_member_int(w, "output_index", piece->index);
	if (piece->block == BLOCK_TEXT)
		json_member_int(w, "content_index", 0);
	else if (piece->block == BLOCK_THINKING)
		json_member_int(w, "summary_index", 0);
}
