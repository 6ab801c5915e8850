/*
 * cohere.c - the text of Cohere's chat. What is said before a tool is called
 * is a plan, not content. https://docs.cohere.com/v2/reference/chat-stream
 */
#include "cohere.h"

static bool read(struct ask *ask, struct error *err);
static bool ends_in_result(struct json messages);
static void write_whole(struct completion *c, struct buf *out);
static void write_content(struct json_writer *w, struct completion *c);
static void write_calls(struct json_writer *w, const struct completion *c);
static bool is_plan(const struct completion *c, enum block block);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_start(struct completion *c, struct buf *out);
static void write_block_start(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_block_end(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_end(struct completion *c, const char *error, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void event_begin(struct json_writer *w, struct completion *c,
	const char *type, struct buf *out);
static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out);
static void begin_delta(struct json_writer *w);
static void end_delta(struct json_writer *w);
static void write_call_head(
	struct json_writer *w, const struct completion *c, int call);
static void write_usage(struct json_writer *w, const struct completion *c);
static void write_tokens(
	struct json_writer *w, const char *name, int input, int output);
static const char *finish_reason(const struct completion *c);

const struct operation cohere_chat = {
	.dialect = &cohere_dialect,
	.read = read,
	.check = cohere_check_chat,
	.write = write_whole,
	.write_piece = write_piece,
	.write_failure = write_failure,
	.delta_event = STR("content-delta"),
};

static bool read(struct ask *ask, struct error *err)
{
	struct json choice;

	if (!cohere_read(ask, err) ||
		!ask_read_flag(ask, S("stream"), &ask->stream, err))
		return false;
	ask->messages = json_find(ask->root, S("messages"));
	ask->ends_in_result = ends_in_result(ask->messages);
	ask->wants_thinking = json_text_is(
		json_find(json_find(ask->root, S("thinking")), S("type")),
		S("enabled"));
	ask_read_tools(ask, json_find(ask->root, S("tools")), S("function"),
		S("name"));
	choice = json_find(ask->root, S("tool_choice"));
	if (json_text_is(choice, S("NONE")))
		ask->tool_choice = ASK_CHOICE_NONE;
	else if (json_text_is(choice, S("REQUIRED")))
		ask->tool_choice = ASK_CHOICE_REQUIRED;
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

	json_writer_init(&w, out);
	json_begin_object(&w);
	buf_printf(out, "\"id\":\"sim%" PRIu64 "\"", c->id);
	w.needs_comma = true;
	json_name(&w, "message");
	json_begin_object(&w);
	json_member_str(&w, "role", S("assistant"));
	write_content(&w, c);
	if (c->call_count > 0)
		write_calls(&w, c);
	json_end_object(&w);
	json_member_str(&w, "finish_reason", str_of(finish_reason(c)));
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c);
	json_end_object(&w);
}

static void write_content(struct json_writer *w, struct completion *c)
{
	struct piece piece;
	char room[WORD_MAX_BYTES];
	bool has_plan = false;
	bool began = false;

	while (completion_next(c, &piece, room)) {
		bool is_text = piece.block == BLOCK_TEXT;

		if (piece.kind != PIECE_BLOCK_END || piece.block == BLOCK_CALL)
			continue;
		if (is_plan(c, piece.block)) {
			has_plan = true;
			continue;
		}
		if (!began) {
			json_name(w, "content");
			json_begin_array(w);
		}
		began = true;
		json_begin_object(w);
		json_member_str(w, "type", is_text ? S("text") : S("thinking"));
		json_name(w, is_text ? "text" : "thinking");
		completion_append_quoted(c, piece.block, 0, w->out);
		w->needs_comma = true;
		json_end_object(w);
	}
	if (began)
		json_end_array(w);
	if (!has_plan)
		return;
	json_name(w, "tool_plan");
	completion_append_quoted(c, BLOCK_TEXT, 0, w->out);
	w->needs_comma = true;
}

static void write_calls(struct json_writer *w, const struct completion *c)
{
	json_name(w, "tool_calls");
	json_begin_array(w);
	for (int i = 0; i < c->call_count; i++) {
		json_begin_object(w);
		write_call_head(w, c, i);
		completion_append_quoted(c, BLOCK_CALL, i, w->out);
		w->needs_comma = true;
		json_end_object(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static bool is_plan(const struct completion *c, enum block block)
{
	return block == BLOCK_TEXT && c->call_count > 0;
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_BEGIN: write_start(c, out); break;
	case PIECE_BLOCK: write_block_start(c, piece, out); break;
	case PIECE_DELTA: write_delta(c, piece, out); break;
	case PIECE_BLOCK_END: write_block_end(c, piece, out); break;
	case PIECE_FINISH: write_end(c, NULL, out); break;
	case PIECE_USAGE: break;
	case PIECE_DONE:
		framing_begin(&c->framing, S(""), out);
		buf_append(out, S("[DONE]"));
		framing_end(&c->framing, out);
		break;
	}
}

static void write_start(struct completion *c, struct buf *out)
{
	framing_begin(&c->framing, S("message-start"), out);
	buf_printf(out,
		"{\"id\":\"sim%" PRIu64 "\",\"type\":\"message-start\","
		"\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[],"
		"\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}}}",
		c->id);
	framing_end(&c->framing, out);
}

static void write_block_start(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;
	bool is_call = piece->block == BLOCK_CALL;

	if (is_plan(c, piece->block))
		return;
	event_begin(&w, c, is_call ? "tool-call-start" : "content-start", out);
	json_member_int(&w, "index", is_call ? piece->call : piece->index);
	begin_delta(&w);
	json_name(&w, is_call ? "tool_calls" : "content");
	json_begin_object(&w);
	if (is_call) {
		write_call_head(&w, c, piece->call);
		json_write_str(&w, S(""));
		json_end_object(&w);
	} else if (piece->block == BLOCK_TEXT) {
		json_member_str(&w, "type", S("text"));
		json_member_str(&w, "text", S(""));
	} else {
		json_member_str(&w, "type", S("thinking"));
		json_member_str(&w, "thinking", S(""));
	}
	json_end_object(&w);
	end_delta(&w);
	event_end(&w, c, out);
}

static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	if (is_plan(c, piece->block)) {
		event_begin(&w, c, "tool-plan-delta", out);
		begin_delta(&w);
		json_member_str(&w, "tool_plan", piece->text);
	} else if (piece->block == BLOCK_CALL) {
		event_begin(&w, c, "tool-call-delta", out);
		json_member_int(&w, "index", piece->call);
		begin_delta(&w);
		json_name(&w, "tool_calls");
		json_begin_object(&w);
		json_name(&w, "function");
		json_begin_object(&w);
		json_member_str(&w, "arguments", piece->text);
		json_end_object(&w);
		json_end_object(&w);
	} else {
		event_begin(&w, c, "content-delta", out);
		json_member_int(&w, "index", piece->index);
		begin_delta(&w);
		json_name(&w, "content");
		json_begin_object(&w);
		json_member_str(&w,
			piece->block == BLOCK_TEXT ? "text" : "thinking",
			piece->text);
		json_end_object(&w);
	}
	end_delta(&w);
	event_end(&w, c, out);
}

static void write_block_end(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;
	bool is_call = piece->block == BLOCK_CALL;

	if (is_plan(c, piece->block))
		return;
	event_begin(&w, c, is_call ? "tool-call-end" : "content-end", out);
	json_member_int(&w, "index", is_call ? piece->call : piece->index);
	event_end(&w, c, out);
}

/* `error` is NULL when all went well. */
static void write_end(struct completion *c, const char *error, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, "message-end", out);
	json_name(&w, "delta");
	json_begin_object(&w);
	if (error)
		json_member_str(&w, "error", str_of(error));
	json_member_str(&w, "finish_reason",
		error ? S("ERROR") : str_of(finish_reason(c)));
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c);
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_failure(struct completion *c, struct buf *out)
{
	write_end(c, "internal server error", out);
}

static void event_begin(struct json_writer *w, struct completion *c,
	const char *type, struct buf *out)
{
	framing_begin(&c->framing, str_of(type), out);
	json_writer_init(w, out);
	json_begin_object(w);
	json_member_str(w, "type", str_of(type));
}

static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out)
{
	json_end_object(w);
	framing_end(&c->framing, out);
}

static void begin_delta(struct json_writer *w)
{
	json_name(w, "delta");
	json_begin_object(w);
	json_name(w, "message");
	json_begin_object(w);
}

static void end_delta(struct json_writer *w)
{
	json_end_object(w);
	json_end_object(w);
}

/* Up to the value of the arguments; two objects are to be closed. */
static void write_call_head(
	struct json_writer *w, const struct completion *c, int call)
{
	struct buf id = BUF_INIT(1024);

	buf_printf(&id, "%.*s_sim%" PRIu64 "%c",
		STR_ARG(str_head(c->tools[call], 200)), c->id, 'a' + call);
	json_member_str(w, "id", buf_str(&id));
	json_member_str(w, "type", S("function"));
	json_name(w, "function");
	json_begin_object(w);
	json_member_str(w, "name", c->tools[call]);
	json_name(w, "arguments");
	buf_release(&id);
}

static void write_usage(struct json_writer *w, const struct completion *c)
{
	struct completion_usage usage = completion_usage(c);
	int output = usage.text + usage.reasoning;

	json_name(w, "usage");
	json_begin_object(w);
	write_tokens(w, "billed_units", usage.prompt, output);
	json_end_object(w);
	write_tokens(w, "tokens", usage.prompt, output);
	if (usage.reasoning > 0)
		json_member_int(w, "reasoning_tokens", usage.reasoning);
	json_end_object(w);
	json_member_int(w, "cached_tokens", usage.cached);
	json_end_object(w);
}

/* The object is left open. */
static void write_tokens(
	struct json_writer *w, const char *name, int input, int output)
{
	json_name(w, name);
	json_begin_object(w);
	json_member_int(w, "input_tokens", input);
	json_member_int(w, "output_tokens", output);
}

static const char *finish_reason(const struct completion *c)
{
	static const char *const reasons[] = {
		[FINISH_STOP] = "COMPLETE",
		[FINISH_TOOL_CALLS] = "TOOL_CALL",
		[FINISH_CUT] = "MAX_TOKENS",
		[FINISH_FILTERED] = "ERROR_TOXIC",
	};

	return reasons[completion_finish(c)];
}
