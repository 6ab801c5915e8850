/*
 * anthropic.c - the text of Anthropic's Messages.
 * https://docs.claude.com/en/api/messages, /en/docs/build-with-claude/streaming
 */
#include "anthropic.h"

#include "signature.h"

static bool read_messages(struct ask *ask, struct error *err);
static bool read_count_tokens(struct ask *ask, struct error *err);
static void read_tool_choice(struct ask *ask);
static bool ends_in_result(struct json messages);
static void write_whole(struct completion *c, struct buf *out);
static void write_block(
	struct json_writer *w, struct completion *c, const struct piece *piece);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_message_start(struct completion *c, struct buf *out);
static void write_block_start(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_ping(struct completion *c, struct buf *out);
static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_signature_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_block_stop(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_message_delta(struct completion *c, struct buf *out);
static void write_message_stop(struct completion *c, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void event_begin(struct json_writer *w, struct completion *c,
	struct str type, struct buf *out);
static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out);
static void begin_delta(
	struct json_writer *w, const struct piece *piece, struct str type);
static void write_message_head(struct json_writer *w, struct completion *c);
static void write_stop_reason(struct json_writer *w, const char *reason);
static void write_usage(
	struct json_writer *w, const struct completion *c, bool is_start);
static void write_signature(struct json_writer *w, const struct completion *c);
static const char *stop_reason(const struct completion *c);
static void answer_count_tokens(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);

const struct operation anthropic_messages = {
	.dialect = &anthropic_dialect,
	.read = read_messages,
	.check = anthropic_check_messages,
	.write = write_whole,
	.write_piece = write_piece,
	.write_failure = write_failure,
	.delta_event = STR("content_block_delta"),
};

const struct operation anthropic_count_tokens = {
	.dialect = &anthropic_dialect,
	.read = read_count_tokens,
	.check = anthropic_check_count_tokens,
	.answer = answer_count_tokens,
};

static bool read_messages(struct ask *ask, struct error *err)
{
	struct json thinking;

	if (!read_count_tokens(ask, err) ||
		!ask_read_flag(ask, S("stream"), &ask->stream, err))
		return false;
	thinking = json_find(json_find(ask->root, S("thinking")), S("type"));
	ask->wants_thinking = json_text_is(thinking, S("enabled")) ||
			      json_text_is(thinking, S("adaptive"));
	ask_read_tools(ask, json_find(ask->root, S("tools")), S(""), S("name"));
	read_tool_choice(ask);
	ask->ends_in_result = ends_in_result(ask->messages);
	return true;
}

static bool read_count_tokens(struct ask *ask, struct error *err)
{
	if (!anthropic_read_head(ask, err) || !ask_read_object(ask, err))
		return false;
	if (json_find(ask->root, S("model")).type == JSON_TYPE_NONE)
		return error_refuse(err, ERR_MISSING_FIELD, "model",
			"model: Field required");
	ask->messages = json_find(ask->root, S("messages"));
	return ask_read_model(ask, err);
}

static void read_tool_choice(struct ask *ask)
{
	struct json type =
		json_find(json_find(ask->root, S("tool_choice")), S("type"));

	if (json_text_is(type, S("none")))
		ask->tool_choice = ASK_CHOICE_NONE;
	else if (json_text_is(type, S("any")) || json_text_is(type, S("tool")))
		ask->tool_choice = ASK_CHOICE_REQUIRED;
}

static bool ends_in_result(struct json messages)
{
	struct json_cursor cursor = json_members(messages);
	struct json_member message;
	struct json last = { JSON_TYPE_NONE, S("") };

	while (json_next(&cursor, &message))
		last = json_find(message.value, S("content"));
	cursor = json_members(last);
	while (json_next(&cursor, &message)) {
		if (json_text_is(json_find(message.value, S("type")),
			    S("tool_result")))
			return true;
	}
	return false;
}

static void write_whole(struct completion *c, struct buf *out)
{
	struct json_writer w;
	struct piece piece;
	char room[WORD_MAX_BYTES];

	json_writer_init(&w, out);
	json_begin_object(&w);
	write_message_head(&w, c);
	json_name(&w, "content");
	json_begin_array(&w);
	while (completion_next(c, &piece, room)) {
		if (piece.kind == PIECE_BLOCK_END)
			write_block(&w, c, &piece);
	}
	json_end_array(&w);
	write_stop_reason(&w, stop_reason(c));
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c, false);
	json_end_object(&w);
}

static void write_block(
	struct json_writer *w, struct completion *c, const struct piece *piece)
{
	json_begin_object(w);
	switch (piece->block) {
	case BLOCK_THINKING:
		json_member_str(w, "type", S("thinking"));
		json_name(w, "thinking");
		break;
	case BLOCK_TEXT:
		json_member_str(w, "type", S("text"));
		json_name(w, "text");
		break;
	case BLOCK_CALL:
		json_member_str(w, "type", S("tool_use"));
		buf_printf(w->out, ",\"id\":\"toolu_sim%" PRIu64 "%c\"", c->id,
			'a' + piece->call);
		json_member_str(w, "name", c->tools[piece->call]);
		json_name(w, "input");
		break;
	}
	if (piece->block == BLOCK_CALL)
		completion_append(c, BLOCK_CALL, piece->call, w->out);
	else
		completion_append_quoted(c, piece->block, 0, w->out);
	w->needs_comma = true;
	if (piece->block == BLOCK_THINKING)
		write_signature(w, c);
	json_end_object(w);
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_BEGIN: write_message_start(c, out); break;
	case PIECE_BLOCK:
		write_block_start(c, piece, out);
		if (piece->index == 0)
			write_ping(c, out);
		break;
	case PIECE_DELTA: write_delta(c, piece, out); break;
	case PIECE_BLOCK_END:
		if (piece->block == BLOCK_THINKING)
			write_signature_delta(c, piece, out);
		write_block_stop(c, piece, out);
		break;
	case PIECE_FINISH: write_message_delta(c, out); break;
	case PIECE_USAGE: break;
	case PIECE_DONE: write_message_stop(c, out); break;
	}
}

static void write_message_start(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("message_start"), out);
	json_name(&w, "message");
	json_begin_object(&w);
	write_message_head(&w, c);
	json_name(&w, "content");
	json_begin_array(&w);
	json_end_array(&w);
	write_stop_reason(&w, NULL);
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c, true);
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_block_start(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("content_block_start"), out);
	json_member_int(&w, "index", piece->index);
	json_name(&w, "content_block");
	json_begin_object(&w);
	switch (piece->block) {
	case BLOCK_THINKING:
		json_member_str(&w, "type", S("thinking"));
		json_member_str(&w, "thinking", S(""));
		json_member_str(&w, "signature", S(""));
		break;
	case BLOCK_TEXT:
		json_member_str(&w, "type", S("text"));
		json_member_str(&w, "text", S(""));
		break;
	case BLOCK_CALL:
		json_member_str(&w, "type", S("tool_use"));
		buf_printf(out, ",\"id\":\"toolu_sim%" PRIu64 "%c\"", c->id,
			'a' + piece->call);
		json_member_str(&w, "name", c->tools[piece->call]);
		json_member_raw(&w, "input", S("{}"));
		break;
	}
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_ping(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("ping"), out);
	event_end(&w, c, out);
}

static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	static const struct {
		struct str type;
		const char *member;
	} kinds[] = {
		[BLOCK_THINKING] = { STR("thinking_delta"), "thinking" },
		[BLOCK_TEXT] = { STR("text_delta"), "text" },
		[BLOCK_CALL] = { STR("input_json_delta"), "partial_json" },
	};
	struct json_writer w;

	event_begin(&w, c, S("content_block_delta"), out);
	begin_delta(&w, piece, kinds[piece->block].type);
	json_member_str(&w, kinds[piece->block].member, piece->text);
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_signature_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("content_block_delta"), out);
	begin_delta(&w, piece, S("signature_delta"));
	write_signature(&w, c);
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_block_stop(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("content_block_stop"), out);
	json_member_int(&w, "index", piece->index);
	event_end(&w, c, out);
}

static void write_message_delta(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("message_delta"), out);
	json_name(&w, "delta");
	json_begin_object(&w);
	write_stop_reason(&w, stop_reason(c));
	json_end_object(&w);
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c, false);
	event_end(&w, c, out);
}

static void write_message_stop(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("message_stop"), out);
	event_end(&w, c, out);
}

static void write_failure(struct completion *c, struct buf *out)
{
	framing_begin(&c->framing, S("error"), out);
	anthropic_dialect.write_error(529, c->id, out);
	framing_end(&c->framing, out);
}

static void event_begin(struct json_writer *w, struct completion *c,
	struct str type, struct buf *out)
{
	framing_begin(&c->framing, type, out);
	json_writer_init(w, out);
	json_begin_object(w);
	json_member_str(w, "type", type);
}

static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out)
{
	json_end_object(w);
	framing_end(&c->framing, out);
}

static void begin_delta(
	struct json_writer *w, const struct piece *piece, struct str type)
{
	json_member_int(w, "index", piece->index);
	json_name(w, "delta");
	json_begin_object(w);
	json_member_str(w, "type", type);
}

static void write_message_head(struct json_writer *w, struct completion *c)
{
	json_member_raw(w, "model", c->model_json);
	buf_printf(w->out, ",\"id\":\"msg_sim%" PRIu64 "\"", c->id);
	json_member_str(w, "type", S("message"));
	json_member_str(w, "role", S("assistant"));
}

static void write_stop_reason(struct json_writer *w, const char *reason)
{
	if (reason)
		json_member_str(w, "stop_reason", str_of(reason));
	else
		json_member_null(w, "stop_reason");
	json_member_null(w, "stop_sequence");
}

/* What came from the cache, or went there, is not among input_tokens. */
static void write_usage(
	struct json_writer *w, const struct completion *c, bool is_start)
{
	struct completion_usage usage = completion_usage(c);
	int fresh = usage.prompt - usage.cached - usage.cache_write;

	json_name(w, "usage");
	json_begin_object(w);
	json_member_int(w, "input_tokens", fresh > 0 ? fresh : 0);
	json_member_int(w, "cache_creation_input_tokens", usage.cache_write);
	json_member_int(w, "cache_read_input_tokens", usage.cached);
	json_name(w, "cache_creation");
	json_begin_object(w);
	json_member_int(w, "ephemeral_5m_input_tokens", usage.cache_write);
	json_member_int(w, "ephemeral_1h_input_tokens", 0);
	json_end_object(w);
	json_member_int(w, "output_tokens",
		is_start ? 1 : usage.text + usage.reasoning);
	json_member_str(w, "service_tier", S("standard"));
	json_end_object(w);
}

/* Over what was thought: a block that was changed is refused later. */
static void write_signature(struct json_writer *w, const struct completion *c)
{
	struct buf thought = BUF_INIT(SIZE_MAX / 4);

	completion_append(c, BLOCK_THINKING, 0, &thought);
	json_name(w, "signature");
	buf_append_char(w->out, '"');
	signature_append(S("anthropic"), buf_str(&thought), w->out);
	buf_append_char(w->out, '"');
	w->needs_comma = true;
	buf_release(&thought);
}

static const char *stop_reason(const struct completion *c)
{
	static const char *const reasons[] = {
		[FINISH_STOP] = "end_turn",
		[FINISH_TOOL_CALLS] = "tool_use",
		[FINISH_CUT] = "max_tokens",
		[FINISH_FILTERED] = "refusal",
	};

	return reasons[completion_finish(c)];
}

static void answer_count_tokens(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	buf_printf(out, "{\"input_tokens\":%d}",
		ask_prompt_tokens(ask, behaviour));
}
