/*
 * gemini.c - the text of Gemini's generateContent.
 * https://ai.google.dev/api/generate-content
 */
#include "gemini.h"

#include "signature.h"

#define MAX_BODY_BYTES (HTTP_MAX_BODY_BYTES + (4 << 20))

static bool read_generate(struct ask *ask, struct error *err);
static bool read_stream(struct ask *ask, struct error *err);
static void read_functions(struct ask *ask);
static void read_mode(struct ask *ask);
static bool ends_in_response(struct json contents);
static bool read_count_tokens(struct ask *ask, struct error *err);
static void answer_count_tokens(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_whole(struct completion *c, struct buf *out);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_chunk(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void begin_body(struct json_writer *w, struct buf *compact);
static void end_body(
	struct json_writer *w, const struct completion *c, const char *finish);
static void write_part(struct json_writer *w, const struct completion *c,
	const struct piece *piece, struct str text);
static void write_call(
	struct json_writer *w, const struct completion *c, int call);
static void write_last_part(struct json_writer *w, const struct completion *c);
static void write_signature(struct json_writer *w, struct str text);
static void write_usage(struct json_writer *w, const struct completion *c);
static void write_modality(struct json_writer *w, const char *name, int count);
static const char *finish_reason(const struct completion *c);

const struct operation gemini_generate = {
	.dialect = &gemini_dialect,
	.read = read_generate,
	.check = gemini_check_generate,
	.write = write_whole,
};

const struct operation gemini_stream_generate = {
	.dialect = &gemini_dialect,
	.read = read_stream,
	.check = gemini_check_generate,
	.write_piece = write_piece,
	.write_failure = write_failure,
};

const struct operation gemini_count_tokens = {
	.dialect = &gemini_dialect,
	.read = read_count_tokens,
	.answer = answer_count_tokens,
};

static bool read_generate(struct ask *ask, struct error *err)
{
	struct json config;
	struct json thinking;

	if (!gemini_read(ask, err))
		return false;
	config = gemini_find(ask->root, S("generationConfig"));
	thinking = gemini_find(config, S("thinkingConfig"));
	ask->messages = json_find(ask->root, S("contents"));
	ask->wants_thinking =
		gemini_find(thinking, S("includeThoughts")).type ==
		JSON_TYPE_TRUE;
	ask->ends_in_result = ends_in_response(ask->messages);
	read_functions(ask);
	read_mode(ask);
	return true;
}

static bool read_stream(struct ask *ask, struct error *err)
{
	struct str alt = http_find_query(ask->http, S("alt"), ask->arena);

	ask->stream = true;
	ask->framing = str_equal(alt, S("sse")) ? FRAMING_SSE : FRAMING_ARRAY;
	return read_generate(ask, err);
}

/* The first of all tools' functions. */
static void read_functions(struct ask *ask)
{
	struct json_cursor tools =
		json_members(json_find(ask->root, S("tools")));
	struct json_member tool;
	int count = 0;

	while (json_next(&tools, &tool)) {
		struct json_cursor functions = json_members(
			gemini_find(tool.value, S("functionDeclarations")));
		struct json_member function;

		while (count < ASK_TOOLS && json_next(&functions, &function))
			ask->tools[count++] = ask_text(
				ask, json_find(function.value, S("name")));
	}
}

static void read_mode(struct ask *ask)
{
	struct json config =
		gemini_find(gemini_find(ask->root, S("toolConfig")),
			S("functionCallingConfig"));
	struct json mode = json_find(config, S("mode"));

	if (json_text_is(mode, S("NONE")))
		ask->tool_choice = ASK_CHOICE_NONE;
	else if (json_text_is(mode, S("ANY")))
		ask->tool_choice = ASK_CHOICE_REQUIRED;
}

static bool ends_in_response(struct json contents)
{
	struct json_cursor cursor = json_members(contents);
	struct json_member item;
	struct json last = { JSON_TYPE_NONE, S("") };

	while (json_next(&cursor, &item))
		last = json_find(item.value, S("parts"));
	cursor = json_members(last);
	while (json_next(&cursor, &item)) {
		if (gemini_find(item.value, S("functionResponse")).type !=
			JSON_TYPE_NONE)
			return true;
	}
	return false;
}

static bool read_count_tokens(struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("contents"),
		STR("generateContentRequest") };

	return gemini_read(ask, err) &&
	       GEMINI_CHECK_NAMES(ask->root, names, S(""), err);
}

static void answer_count_tokens(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct buf compact = BUF_INIT(4096);
	struct json_writer w;
	int tokens = ask_prompt_tokens(ask, behaviour);

	json_writer_init(&w, &compact);
	json_begin_object(&w);
	json_member_int(&w, "totalTokens", tokens);
	write_modality(&w, "promptTokensDetails", tokens);
	json_end_object(&w);
	gemini_append_styled(buf_str(&compact), GEMINI_LINES, out);
	buf_append_char(out, '\n');
	buf_release(&compact);
}

static void write_whole(struct completion *c, struct buf *out)
{
	struct buf compact = BUF_INIT(MAX_BODY_BYTES);
	struct buf text = BUF_INIT(MAX_BODY_BYTES);
	struct json_writer w;
	struct piece piece;
	char room[WORD_MAX_BYTES];

	begin_body(&w, &compact);
	while (completion_next(c, &piece, room)) {
		if (piece.kind == PIECE_DELTA && piece.block != BLOCK_CALL)
			buf_append(&text, piece.text);
		if (piece.kind != PIECE_BLOCK_END)
			continue;
		write_part(&w, c, &piece, buf_str(&text));
		buf_clear(&text);
	}
	end_body(&w, c, finish_reason(c));
	gemini_append_styled(buf_str(&compact), GEMINI_LINES, out);
	buf_append_char(out, '\n');
	buf_release(&text);
	buf_release(&compact);
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	bool is_call = piece->block == BLOCK_CALL;

	switch (piece->kind) {
	case PIECE_DELTA:
		if (!is_call)
			write_chunk(c, piece, out);
		break;
	case PIECE_BLOCK_END:
		/* A call comes in one piece. */
		if (is_call)
			write_chunk(c, piece, out);
		break;
	case PIECE_FINISH: write_chunk(c, piece, out); break;
	case PIECE_BEGIN:
	case PIECE_BLOCK:
	case PIECE_USAGE:
	case PIECE_DONE: break;
	}
}

static void write_chunk(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	struct buf compact = BUF_INIT(MAX_BODY_BYTES);
	struct json_writer w;
	bool is_last = piece->kind == PIECE_FINISH;
	enum gemini_style style =
		c->framing.kind == FRAMING_ARRAY ? GEMINI_LINES : GEMINI_SPACED;

	begin_body(&w, &compact);
	if (is_last)
		write_last_part(&w, c);
	else
		write_part(&w, c, piece, piece->text);
	end_body(&w, c, is_last ? finish_reason(c) : NULL);
	framing_begin(&c->framing, S(""), out);
	gemini_append_styled(buf_str(&compact), style, out);
	framing_end(&c->framing, out);
	buf_release(&compact);
}

static void write_failure(struct completion *c, struct buf *out)
{
	struct buf pretty = BUF_INIT(4096);
	struct str line;
	struct str rest;

	gemini_dialect.write_error(503, c->id, &pretty);
	rest = buf_str(&pretty);
	framing_begin(&c->framing, S(""), out);
	/* A frame of SSE is one line. */
	while (str_next_field(&rest, '\n', &line)) {
		buf_append(out, str_trim(line));
		if (c->framing.kind == FRAMING_ARRAY && rest.n > 0)
			buf_append_char(out, '\n');
	}
	framing_end(&c->framing, out);
	buf_release(&pretty);
}

/* Up to the first part. */
static void begin_body(struct json_writer *w, struct buf *compact)
{
	json_writer_init(w, compact);
	json_begin_object(w);
	json_name(w, "candidates");
	json_begin_array(w);
	json_begin_object(w);
	json_name(w, "content");
	json_begin_object(w);
	json_name(w, "parts");
	json_begin_array(w);
}

static void end_body(
	struct json_writer *w, const struct completion *c, const char *finish)
{
	json_end_array(w);
	json_member_str(w, "role", S("model"));
	json_end_object(w);
	if (finish)
		json_member_str(w, "finishReason", str_of(finish));
	json_member_int(w, "index", 0);
	json_end_object(w);
	json_end_array(w);
	if (c->behaviour->usage != USAGE_NO)
		write_usage(w, c);
	json_member_raw(w, "modelVersion", c->model_json);
	buf_printf(w->out, ",\"responseId\":\"sim%" PRIu64 "\"", c->id);
	json_end_object(w);
}

static void write_part(struct json_writer *w, const struct completion *c,
	const struct piece *piece, struct str text)
{
	json_begin_object(w);
	switch (piece->block) {
	case BLOCK_THINKING:
		json_member_str(w, "text", text);
		json_member_bool(w, "thought", true);
		break;
	case BLOCK_TEXT: json_member_str(w, "text", text); break;
	case BLOCK_CALL: write_call(w, c, piece->call); break;
	}
	json_end_object(w);
}

/* Only the first of parallel calls is signed.
 * https://ai.google.dev/gemini-api/docs/thought-signatures */
static void write_call(
	struct json_writer *w, const struct completion *c, int call)
{
	json_name(w, "functionCall");
	json_begin_object(w);
	json_member_str(w, "name", c->tools[call]);
	json_name(w, "args");
	completion_append(c, BLOCK_CALL, call, w->out);
	w->needs_comma = true;
	if (gemini_is_3(c->model))
		buf_printf(w->out, ",\"id\":\"sim%" PRIu64 "%c\"", c->id,
			'a' + call);
	json_end_object(w);
	if (call == 0)
		write_signature(w, c->tools[0]);
}

/* Gemini 3 signs what it said at its very end. */
static void write_last_part(struct json_writer *w, const struct completion *c)
{
	json_begin_object(w);
	json_member_str(w, "text", S(""));
	if (gemini_is_3(c->model) && c->call_count == 0)
		write_signature(w, S(""));
	json_end_object(w);
}

static void write_signature(struct json_writer *w, struct str text)
{
	json_name(w, "thoughtSignature");
	buf_append_char(w->out, '"');
	signature_append(S("gemini"), text, w->out);
	buf_append_char(w->out, '"');
	w->needs_comma = true;
}

static void write_usage(struct json_writer *w, const struct completion *c)
{
	struct completion_usage usage = completion_usage(c);

	json_name(w, "usageMetadata");
	json_begin_object(w);
	json_member_int(w, "promptTokenCount", usage.prompt);
	json_member_int(w, "candidatesTokenCount", usage.text);
	json_member_int(w, "totalTokenCount",
		usage.prompt + usage.text + usage.reasoning);
	if (usage.cached > 0)
		json_member_int(w, "cachedContentTokenCount", usage.cached);
	write_modality(w, "promptTokensDetails", usage.prompt);
	if (usage.cached > 0)
		write_modality(w, "cacheTokensDetails", usage.cached);
	if (usage.reasoning > 0)
		json_member_int(w, "thoughtsTokenCount", usage.reasoning);
	json_end_object(w);
}

static void write_modality(struct json_writer *w, const char *name, int count)
{
	json_name(w, name);
	json_begin_array(w);
	json_begin_object(w);
	json_member_str(w, "modality", S("TEXT"));
	json_member_int(w, "tokenCount", count);
	json_end_object(w);
	json_end_array(w);
}

/* A call has no reason of its own. */
static const char *finish_reason(const struct completion *c)
{
	static const char *const reasons[] = {
		[FINISH_STOP] = "STOP",
		[FINISH_TOOL_CALLS] = "STOP",
		[FINISH_CUT] = "MAX_TOKENS",
		[FINISH_FILTERED] = "SAFETY",
	};

	return reasons[completion_finish(c)];
}
