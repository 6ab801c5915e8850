/*
 * ollama.c - the text of Ollama's chat: a line of JSON a piece.
 * https://github.com/ollama/ollama/blob/main/docs/api.md
 */
#include "ollama.h"

#include "base/clock.h"
#include "fields.h"

#define NS_PER_TOKEN 20000000
#define LOAD_NS 4000000

static bool read(struct ask *ask, struct error *err);
static bool ends_in_result(struct json messages);
static void write_whole(struct completion *c, struct buf *out);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_call_line(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_last(struct completion *c, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void begin_line(
	struct json_writer *w, struct completion *c, struct buf *out);
static void begin_message(struct json_writer *w);
static void write_call(
	struct json_writer *w, const struct completion *c, int call);
static void write_outcome(struct json_writer *w, const struct completion *c);

const struct operation ollama_chat = {
	.dialect = &ollama_dialect,
	.read = read,
	.check = ollama_check_chat,
	.write = write_whole,
	.write_piece = write_piece,
	.write_failure = write_failure,
};

static bool read(struct ask *ask, struct error *err)
{
	struct json think;

	if (!ask_read_object(ask, err))
		return false;
	ask->stream = true;
	ask->framing = FRAMING_LINES;
	if (!ask_read_model(ask, err) ||
		!ask_read_flag(ask, S("stream"), &ask->stream, err))
		return false;
	think = json_find(ask->root, S("think"));
	ask->wants_thinking =
		!fields_absent(think) && think.type != JSON_TYPE_FALSE;
	ask->content_type = OLLAMA_JSON_TYPE;
	ask->messages = json_find(ask->root, S("messages"));
	ask->ends_in_result = ends_in_result(ask->messages);
	ask_read_tools(ask, json_find(ask->root, S("tools")), S("function"),
		S("name"));
	return true;
}

static bool ends_in_result(struct json messages)
{
	struct json_cursor cursor = json_members(messages);
	struct json_member message;
	struct json role = { JSON_TYPE_NONE, S("") };

	while (json_next(&cursor, &message))
		role = json_find(message.value, S("role"));
	return json_text_is(role, S("tool"));
}

static void write_whole(struct completion *c, struct buf *out)
{
	struct json_writer w;
	struct piece piece;
	char room[WORD_MAX_BYTES];

	begin_line(&w, c, out);
	begin_message(&w);
	json_name(&w, "content");
	buf_append_char(out, '"');
	while (completion_next(c, &piece, room)) {
		if (piece.kind == PIECE_DELTA && piece.block == BLOCK_TEXT)
			buf_append(out, piece.text);
	}
	buf_append_char(out, '"');
	w.needs_comma = true;
	if (c->block_count > 0 && c->blocks[0] == BLOCK_THINKING) {
		json_name(&w, "thinking");
		completion_append_quoted(c, BLOCK_THINKING, 0, out);
		w.needs_comma = true;
	}
	if (c->call_count > 0) {
		json_name(&w, "tool_calls");
		json_begin_array(&w);
		for (int i = 0; i < c->call_count; i++)
			write_call(&w, c, i);
		json_end_array(&w);
	}
	json_end_object(&w);
	write_outcome(&w, c);
	json_end_object(&w);
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	bool is_call = piece->block == BLOCK_CALL;

	switch (piece->kind) {
	case PIECE_DELTA:
		if (!is_call)
			write_delta(c, piece, out);
		break;
	case PIECE_BLOCK_END:
		/* A call comes in one piece. */
		if (is_call)
			write_call_line(c, piece, out);
		break;
	case PIECE_DONE: write_last(c, out); break;
	case PIECE_BEGIN:
	case PIECE_BLOCK:
	case PIECE_FINISH:
	case PIECE_USAGE: break;
	}
}

static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;
	bool is_text = piece->block == BLOCK_TEXT;

	framing_begin(&c->framing, S(""), out);
	begin_line(&w, c, out);
	begin_message(&w);
	json_member_str(&w, "content", is_text ? piece->text : S(""));
	if (!is_text)
		json_member_str(&w, "thinking", piece->text);
	json_end_object(&w);
	json_member_bool(&w, "done", false);
	json_end_object(&w);
	framing_end(&c->framing, out);
}

static void write_call_line(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	framing_begin(&c->framing, S(""), out);
	begin_line(&w, c, out);
	begin_message(&w);
	json_member_str(&w, "content", S(""));
	json_name(&w, "tool_calls");
	json_begin_array(&w);
	write_call(&w, c, piece->call);
	json_end_array(&w);
	json_end_object(&w);
	json_member_bool(&w, "done", false);
	json_end_object(&w);
	framing_end(&c->framing, out);
}

static void write_last(struct completion *c, struct buf *out)
{
	struct json_writer w;

	framing_begin(&c->framing, S(""), out);
	begin_line(&w, c, out);
	begin_message(&w);
	json_member_str(&w, "content", S(""));
	json_end_object(&w);
	write_outcome(&w, c);
	json_end_object(&w);
	framing_end(&c->framing, out);
}

static void write_failure(struct completion *c, struct buf *out)
{
	framing_begin(&c->framing, S(""), out);
	buf_append(out, S("{\"error\":\"an error was encountered while running "
			  "the model\"}"));
	framing_end(&c->framing, out);
}

static void begin_line(
	struct json_writer *w, struct completion *c, struct buf *out)
{
	char now[CLOCK_TEXT_BYTES];

	clock_format(clock_unix_ms(), now);
	json_writer_init(w, out);
	json_begin_object(w);
	json_member_raw(w, "model", c->model_json);
	json_member_str(w, "created_at", str_of(now));
}

static void begin_message(struct json_writer *w)
{
	json_name(w, "message");
	json_begin_object(w);
	json_member_str(w, "role", S("assistant"));
}

static void write_call(
	struct json_writer *w, const struct completion *c, int call)
{
	json_begin_object(w);
	buf_printf(
		w->out, "\"id\":\"call_sim%" PRIu64 "%c\"", c->id, 'a' + call);
	w->needs_comma = true;
	json_name(w, "function");
	json_begin_object(w);
	json_member_int(w, "index", call);
	json_member_str(w, "name", c->tools[call]);
	json_name(w, "arguments");
	completion_append(c, BLOCK_CALL, call, w->out);
	w->needs_comma = true;
	json_end_object(w);
	json_end_object(w);
}

/* A call has no reason of its own; thinking counts as text. */
static void write_outcome(struct json_writer *w, const struct completion *c)
{
	struct completion_usage usage = completion_usage(c);
	int64_t eval = (int64_t)(usage.text + usage.reasoning) * NS_PER_TOKEN;

	json_member_str(w, "done_reason",
		completion_finish(c) == FINISH_CUT ? S("length") : S("stop"));
	json_member_bool(w, "done", true);
	json_member_int(w, "total_duration", LOAD_NS + eval);
	json_member_int(w, "load_duration", LOAD_NS);
	if (c->behaviour->usage == USAGE_NO)
		return;
	json_member_int(w, "prompt_eval_count", usage.prompt);
	json_member_int(w, "prompt_eval_duration", LOAD_NS);
	json_member_int(w, "eval_count", usage.text + usage.reasoning);
	json_member_int(w, "eval_duration", eval);
}
