/*
 * bedrock.c - the text of Bedrock's Converse and ConverseStream.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/
 * (Converse, ConverseStream)
 */
#include "bedrock.h"

#include "signature.h"

static bool read_converse(struct ask *ask, struct error *err);
static bool read_stream(struct ask *ask, struct error *err);
static bool wants_thinking(const struct ask *ask);
static bool ends_in_result(struct json messages);
static void write_whole(struct completion *c, struct buf *out);
static void write_block(
	struct json_writer *w, struct completion *c, const struct piece *piece);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_message_start(struct completion *c, struct buf *out);
static void write_call_start(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_signature_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_block_stop(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_message_stop(struct completion *c, struct buf *out);
static void write_metadata(struct completion *c, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void event_begin(struct json_writer *w, struct completion *c,
	struct str name, struct buf *out);
static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out);
static void begin_delta(
	struct json_writer *w, const struct piece *piece, const char *name);
static void write_call_names(
	struct json_writer *w, const struct completion *c, int call);
static void write_signature(struct json_writer *w, const struct completion *c);
static void write_metrics(struct json_writer *w);
static void write_usage(struct json_writer *w, const struct completion *c);
static const char *stop_reason(const struct completion *c);

const struct operation bedrock_converse = {
	.dialect = &bedrock_dialect,
	.read = read_converse,
	.check = bedrock_check,
	.write = write_whole,
};

const struct operation bedrock_converse_stream = {
	.dialect = &bedrock_dialect,
	.read = read_stream,
	.check = bedrock_check,
	.write_piece = write_piece,
	.write_failure = write_failure,
	.delta_event = STR("contentBlockDelta"),
};

static bool read_converse(struct ask *ask, struct error *err)
{
	struct json config;
	struct json choice;

	if (!bedrock_check_key(ask, err) || !ask_read_object(ask, err))
		return false;
	if (ask->route_model.n > ASK_MAX_MODEL_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The provided model identifier is invalid.");
	ask->model = ask->route_model;
	ask->messages = json_find(ask->root, S("messages"));
	ask->ends_in_result = ends_in_result(ask->messages);
	ask->wants_thinking = wants_thinking(ask);
	config = json_find(ask->root, S("toolConfig"));
	ask_read_tools(
		ask, json_find(config, S("tools")), S("toolSpec"), S("name"));
	choice = json_find(config, S("toolChoice"));
	if (json_find(choice, S("any")).type != JSON_TYPE_NONE ||
		json_find(choice, S("tool")).type != JSON_TYPE_NONE)
		ask->tool_choice = ASK_CHOICE_REQUIRED;
	return true;
}

static bool read_stream(struct ask *ask, struct error *err)
{
	ask->stream = true;
	ask->framing = FRAMING_EVENTS;
	return read_converse(ask, err);
}

/* Converse has no word for it: it is the model's own. */
static bool wants_thinking(const struct ask *ask)
{
	static const char *const names[] = { "thinking", "reasoning_config",
		"reasoningConfig" };
	struct json fields =
		json_find(ask->root, S("additionalModelRequestFields"));

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json type = json_find(
			json_find(fields, str_of(names[i])), S("type"));

		if (json_text_is(type, S("enabled")) ||
			json_text_is(type, S("adaptive")))
			return true;
	}
	return false;
}

static bool ends_in_result(struct json messages)
{
	struct json_cursor cursor = json_members(messages);
	struct json_member item;
	struct json last = { JSON_TYPE_NONE, S("") };

	while (json_next(&cursor, &item))
		last = json_find(item.value, S("content"));
	cursor = json_members(last);
	while (json_next(&cursor, &item)) {
		if (json_find(item.value, S("toolResult")).type !=
			JSON_TYPE_NONE)
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
	write_metrics(&w);
	json_name(&w, "output");
	json_begin_object(&w);
	json_name(&w, "message");
	json_begin_object(&w);
	json_name(&w, "content");
	json_begin_array(&w);
	while (completion_next(c, &piece, room)) {
		if (piece.kind == PIECE_BLOCK_END)
			write_block(&w, c, &piece);
	}
	json_end_array(&w);
	json_member_str(&w, "role", S("assistant"));
	json_end_object(&w);
	json_end_object(&w);
	json_member_str(&w, "stopReason", str_of(stop_reason(c)));
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c);
	json_end_object(&w);
}

static void write_block(
	struct json_writer *w, struct completion *c, const struct piece *piece)
{
	json_begin_object(w);
	switch (piece->block) {
	case BLOCK_THINKING:
		json_name(w, "reasoningContent");
		json_begin_object(w);
		json_name(w, "reasoningText");
		json_begin_object(w);
		write_signature(w, c);
		json_name(w, "text");
		break;
	case BLOCK_TEXT: json_name(w, "text"); break;
	case BLOCK_CALL:
		json_name(w, "toolUse");
		json_begin_object(w);
		write_call_names(w, c, piece->call);
		json_name(w, "input");
		break;
	}
	if (piece->block == BLOCK_CALL)
		completion_append(c, BLOCK_CALL, piece->call, w->out);
	else
		completion_append_quoted(c, piece->block, 0, w->out);
	w->needs_comma = true;
	if (piece->block == BLOCK_THINKING)
		json_end_object(w);
	if (piece->block != BLOCK_TEXT)
		json_end_object(w);
	json_end_object(w);
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_BEGIN: write_message_start(c, out); break;
	case PIECE_BLOCK:
		/* Only a call has something to say at its start. */
		if (piece->block == BLOCK_CALL)
			write_call_start(c, piece, out);
		break;
	case PIECE_DELTA: write_delta(c, piece, out); break;
	case PIECE_BLOCK_END:
		if (piece->block == BLOCK_THINKING)
			write_signature_delta(c, piece, out);
		write_block_stop(c, piece, out);
		break;
	case PIECE_FINISH: write_message_stop(c, out); break;
	case PIECE_USAGE:
		if (c->behaviour->usage != USAGE_NO)
			write_metadata(c, out);
		break;
	case PIECE_DONE: break;
	}
}

static void write_message_start(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("messageStart"), out);
	json_member_str(&w, "role", S("assistant"));
	event_end(&w, c, out);
}

static void write_call_start(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("contentBlockStart"), out);
	json_member_int(&w, "contentBlockIndex", piece->index);
	json_name(&w, "start");
	json_begin_object(&w);
	json_name(&w, "toolUse");
	json_begin_object(&w);
	write_call_names(&w, c, piece->call);
	json_end_object(&w);
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("contentBlockDelta"), out);
	switch (piece->block) {
	case BLOCK_THINKING:
		begin_delta(&w, piece, "reasoningContent");
		json_member_str(&w, "text", piece->text);
		json_end_object(&w);
		break;
	case BLOCK_TEXT:
		begin_delta(&w, piece, NULL);
		json_member_str(&w, "text", piece->text);
		break;
	case BLOCK_CALL:
		begin_delta(&w, piece, "toolUse");
		json_member_str(&w, "input", piece->text);
		json_end_object(&w);
		break;
	}
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_signature_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("contentBlockDelta"), out);
	begin_delta(&w, piece, "reasoningContent");
	write_signature(&w, c);
	json_end_object(&w);
	json_end_object(&w);
	event_end(&w, c, out);
}

static void write_block_stop(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("contentBlockStop"), out);
	json_member_int(&w, "contentBlockIndex", piece->index);
	event_end(&w, c, out);
}

static void write_message_stop(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("messageStop"), out);
	json_member_str(&w, "stopReason", str_of(stop_reason(c)));
	event_end(&w, c, out);
}

static void write_metadata(struct completion *c, struct buf *out)
{
	struct json_writer w;

	event_begin(&w, c, S("metadata"), out);
	write_metrics(&w);
	write_usage(&w, c);
	event_end(&w, c, out);
}

static void write_failure(struct completion *c, struct buf *out)
{
	framing_begin_exception(&c->framing, S("internalServerException"), out);
	bedrock_dialect.write_error(500, c->id, out);
	framing_end(&c->framing, out);
}

static void event_begin(struct json_writer *w, struct completion *c,
	struct str name, struct buf *out)
{
	framing_begin(&c->framing, name, out);
	json_writer_init(w, out);
	json_begin_object(w);
}

/* "p" is padding, so that the length of a frame does not tell that of the
 * text; ours tells nothing either. */
static void event_end(
	struct json_writer *w, struct completion *c, struct buf *out)
{
	json_member_str(w, "p", S("abcdefghij"));
	json_end_object(w);
	framing_end(&c->framing, out);
}

static void begin_delta(
	struct json_writer *w, const struct piece *piece, const char *name)
{
	json_member_int(w, "contentBlockIndex", piece->index);
	json_name(w, "delta");
	json_begin_object(w);
	if (!name)
		return;
	json_name(w, name);
	json_begin_object(w);
}

static void write_call_names(
	struct json_writer *w, const struct completion *c, int call)
{
	json_member_str(w, "name", c->tools[call]);
	buf_printf(w->out, ",\"toolUseId\":\"tooluse_sim%" PRIu64 "%c\"", c->id,
		'a' + call);
}

/* Over what was thought: a block that was changed is refused later. */
static void write_signature(struct json_writer *w, const struct completion *c)
{
	struct buf thought = BUF_INIT(SIZE_MAX / 4);

	completion_append(c, BLOCK_THINKING, 0, &thought);
	json_name(w, "signature");
	buf_append_char(w->out, '"');
	signature_append(S("bedrock"), buf_str(&thought), w->out);
	buf_append_char(w->out, '"');
	w->needs_comma = true;
	buf_release(&thought);
}

static void write_metrics(struct json_writer *w)
{
	json_name(w, "metrics");
	json_begin_object(w);
	json_member_int(w, "latencyMs", 361);
	json_end_object(w);
}

/* What came from the cache, or went there, is not among inputTokens. */
static void write_usage(struct json_writer *w, const struct completion *c)
{
	struct completion_usage usage = completion_usage(c);
	int cache = usage.cached + usage.cache_write;
	int fresh = usage.prompt > cache ? usage.prompt - cache : 0;
	int output = usage.text + usage.reasoning;

	json_name(w, "usage");
	json_begin_object(w);
	json_member_int(w, "inputTokens", fresh);
	json_member_int(w, "outputTokens", output);
	json_member_int(w, "totalTokens", fresh + cache + output);
	json_member_int(w, "cacheReadInputTokens", usage.cached);
	json_member_int(w, "cacheWriteInputTokens", usage.cache_write);
	json_end_object(w);
}

static const char *stop_reason(const struct completion *c)
{
	static const char *const reasons[] = {
		[FINISH_STOP] = "end_turn",
		[FINISH_TOOL_CALLS] = "tool_use",
		[FINISH_CUT] = "max_tokens",
		[FINISH_FILTERED] = "content_filtered",
	};

	return reasons[completion_finish(c)];
}
