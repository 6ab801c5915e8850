/*
 * openai_chat.c - the text of OpenAI's Chat Completions. The one hard thing:
 * it feeds benchmarks, so it appends literals and words that need no escaping
 * and formats nothing.
 */
#include "openai_chat.h"

#include "openai.h"

/* Members of a request; those that are read have a name here. */
enum member {
	MEMBER_MODEL,
	MEMBER_MESSAGES,
	MEMBER_STREAM,
	MEMBER_STREAM_OPTIONS,
	MEMBER_TOOLS,
	MEMBER_TOOL_CHOICE,
};

/* https://platform.openai.com/docs/api-reference/chat/create */
static const struct str members[] = {
	[MEMBER_MODEL] = STR("model"),
	[MEMBER_MESSAGES] = STR("messages"),
	[MEMBER_STREAM] = STR("stream"),
	[MEMBER_STREAM_OPTIONS] = STR("stream_options"),
	[MEMBER_TOOLS] = STR("tools"),
	[MEMBER_TOOL_CHOICE] = STR("tool_choice"),
	STR("max_tokens"),
	STR("max_completion_tokens"),
	STR("temperature"),
	STR("top_p"),
	STR("n"),
	STR("stop"),
	STR("user"),
	STR("seed"),
	STR("response_format"),
	STR("reasoning_effort"),
	STR("parallel_tool_calls"),
	STR("presence_penalty"),
	STR("frequency_penalty"),
	STR("logprobs"),
	STR("top_logprobs"),
	STR("logit_bias"),
	STR("metadata"),
	STR("store"),
	STR("modalities"),
	STR("audio"),
	STR("prediction"),
	STR("moderation"),
	STR("service_tier"),
	STR("safety_identifier"),
	STR("prompt_cache_key"),
	STR("prompt_cache_options"),
	STR("prompt_cache_retention"),
	STR("verbosity"),
	STR("web_search_options"),
	STR("functions"),
	STR("function_call"),
};

static bool read(struct ask *ask, struct error *err);
static bool read_member(
	struct ask *ask, struct json_member member, struct error *err);
static size_t member_index(struct json_member member);
static bool read_model(struct ask *ask, struct json value, struct error *err);
static void read_tool_choice(struct ask *ask, struct json value);
static bool ends_in_result(struct json messages);
static void write_whole(struct completion *c, struct buf *out);
static void write_content(struct completion *c, struct buf *out);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void write_start(
	const struct completion *c, struct str object, struct buf *out);
static void write_call(const struct completion *c, int call, struct buf *out);
static void write_call_head(
	const struct completion *c, int call, struct buf *out);
static void write_usage(const struct completion *c, struct buf *out);
static void append_member(struct buf *out, struct str name, int value);
static void write_role(struct completion *c, struct buf *out);
static void write_text_delta(struct completion *c, struct str member,
	struct str text, struct buf *out);
static void write_call_delta(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_finish(struct completion *c, struct buf *out);
static void write_usage_frame(struct completion *c, struct buf *out);
static void delta_begin(struct completion *c, struct buf *out);
static void delta_end(struct completion *c, struct str finish, struct buf *out);
static struct str finish_reason(const struct completion *c);

const struct operation openai_chat = {
	.dialect = &openai_dialect,
	.read = read,
	.check = openai_chat_check,
	.write = write_whole,
	.write_piece = write_piece,
	.write_failure = write_failure,
};

static bool read(struct ask *ask, struct error *err)
{
	struct json_cursor cursor;
	struct json_member member;

	if (!json_check(ask->body, JSON_MAX_DEPTH, &ask->root, err))
		return false;
	cursor = json_members(ask->root);
	while (json_next(&cursor, &member)) {
		if (!read_member(ask, member, err))
			return false;
	}
	if (ask->model.n == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "model",
			"The request names no model.");
	/* Few ask for tools, and only then it matters. */
	if (ask->tools[0].n > 0)
		ask->ends_in_result = ends_in_result(ask->messages);
	return true;
}

static bool read_member(
	struct ask *ask, struct json_member member, struct error *err)
{
	switch (member_index(member)) {
	case MEMBER_MODEL: return read_model(ask, member.value, err);
	case MEMBER_MESSAGES: ask->messages = member.value; return true;
	case MEMBER_STREAM:
		if (member.value.type == JSON_TYPE_NULL ||
			json_bool(member.value, &ask->stream))
			return true;
		return error_refuse(err, ERR_BAD_FIELD, "stream",
			"'stream' must be true or false.");
	case MEMBER_STREAM_OPTIONS:
		ask->wants_usage =
			json_find(member.value, S("include_usage")).type ==
			JSON_TYPE_TRUE;
		return true;
	case MEMBER_TOOLS:
		ask_read_tools(ask, member.value, S("function"), S("name"));
		return true;
	case MEMBER_TOOL_CHOICE:
		read_tool_choice(ask, member.value);
		return true;
	case ARRAY_LEN(members): ask->unknown = member.name; return true;
	default: return true;
	}
}

static size_t member_index(struct json_member member)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (str_equal(member.name, members[i]))
			return i;
	}
	/* Written with escapes, perhaps. */
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (json_name_is(member, members[i]))
			return i;
	}
	return ARRAY_LEN(members);
}

static bool read_model(struct ask *ask, struct json value, struct error *err)
{
	if (json_text(value, ask->arena, &ask->model) &&
		ask->model.n <= ASK_MAX_MODEL_BYTES)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "model",
		"'model' must be a string of up to %d bytes.",
		ASK_MAX_MODEL_BYTES);
}

static void read_tool_choice(struct ask *ask, struct json value)
{
	if (json_text_is(value, S("none")))
		ask->tool_choice = ASK_CHOICE_NONE;
	else if (json_text_is(value, S("required")) ||
		 value.type == JSON_TYPE_OBJECT)
		ask->tool_choice = ASK_CHOICE_REQUIRED;
}

static bool ends_in_result(struct json messages)
{
	struct json_cursor cursor = json_members(messages);
	struct json_member message;
	struct json last = { JSON_TYPE_NONE, S("") };

	while (json_next(&cursor, &message))
		last = message.value;
	return json_text_is(json_find(last, S("role")), S("tool"));
}

static void write_whole(struct completion *c, struct buf *out)
{
	write_start(c, S("chat.completion"), out);
	buf_append(out, S(",\"choices\":[{\"index\":0,\"message\":"
			  "{\"role\":\"assistant\",\"content\":"));
	write_content(c, out);
	buf_append(out, S(",\"refusal\":null,\"annotations\":[]}"
			  ",\"logprobs\":null,\"finish_reason\":"));
	buf_append(out, finish_reason(c));
	buf_append(out, S("}]"));
	if (c->behaviour->usage != USAGE_NO) {
		buf_append(out, S(",\"usage\":"));
		write_usage(c, out);
	}
	buf_append(out, S(",\"service_tier\":\"default\","
			  "\"system_fingerprint\":\"fp_simulator\"}\n"));
}

/* The value of "content", and what belongs beside it. */
static void write_content(struct completion *c, struct buf *out)
{
	struct piece piece;
	char room[WORD_MAX_BYTES];
	bool has_text = c->call_count == 0 || c->behaviour->preface;

	buf_append(out, has_text ? S("\"") : S("null"));
	while (completion_next(c, &piece, room)) {
		if (piece.kind == PIECE_DELTA && piece.block == BLOCK_TEXT)
			buf_append(out, piece.text);
	}
	if (has_text)
		buf_append_char(out, '"');
	if (c->blocks[0] == BLOCK_THINKING && c->block_count > 0) {
		buf_append(out, S(",\"reasoning_content\":"));
		completion_append_quoted(c, BLOCK_THINKING, 0, out);
	}
	for (int i = 0; i < c->call_count; i++) {
		buf_append(out, i ? S(",") : S(",\"tool_calls\":["));
		write_call(c, i, out);
	}
	if (c->call_count > 0)
		buf_append_char(out, ']');
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_BEGIN: write_role(c, out); break;
	case PIECE_BLOCK:
		if (piece->block == BLOCK_CALL)
			write_call_delta(c, piece, out);
		break;
	case PIECE_DELTA:
		if (piece->block == BLOCK_CALL)
			write_call_delta(c, piece, out);
		else if (piece->block == BLOCK_TEXT)
			write_text_delta(
				c, S("\"content\":\""), piece->text, out);
		else
			write_text_delta(c, S("\"reasoning_content\":\""),
				piece->text, out);
		break;
	case PIECE_BLOCK_END: break;
	case PIECE_FINISH: write_finish(c, out); break;
	case PIECE_USAGE: write_usage_frame(c, out); break;
	case PIECE_DONE:
		framing_begin(&c->framing, S(""), out);
		buf_append(out, S("[DONE]"));
		framing_end(&c->framing, out);
		break;
	}
}

static void write_failure(struct completion *c, struct buf *out)
{
	framing_begin(&c->framing, S(""), out);
	openai_write_error(500, c->id, out);
	framing_end(&c->framing, out);
}

static void write_start(
	const struct completion *c, struct str object, struct buf *out)
{
	buf_append(out, S("{\"id\":\"chatcmpl-sim"));
	buf_append_int(out, (int64_t)c->id);
	buf_append(out, S("\",\"object\":\""));
	buf_append(out, object);
	buf_append(out, S("\",\"created\":"));
	buf_append_int(out, c->created_unix_ms / 1000);
	buf_append(out, S(",\"model\":"));
	buf_append(out, c->model_json);
}

static void write_call(const struct completion *c, int call, struct buf *out)
{
	buf_append_char(out, '{');
	write_call_head(c, call, out);
	completion_append_quoted(c, BLOCK_CALL, call, out);
	buf_append(out, S("}}"));
}

/* Up to the value of the arguments. */
static void write_call_head(
	const struct completion *c, int call, struct buf *out)
{
	buf_append(out, S("\"id\":\"call_sim"));
	buf_append_int(out, (int64_t)c->id);
	buf_append_char(out, (char)('a' + call));
	buf_append(out, S("\",\"type\":\"function\",\"function\":{\"name\":"));
	json_append_quoted(out, c->tools[call]);
	buf_append(out, S(",\"arguments\":"));
}

static void write_usage(const struct completion *c, struct buf *out)
{
	struct completion_usage usage = completion_usage(c);
	int completion = usage.text + usage.reasoning;

	buf_append(out, S("{\"prompt_tokens\":"));
	buf_append_int(out, usage.prompt);
	append_member(out, S("completion_tokens"), completion);
	append_member(out, S("total_tokens"), usage.prompt + completion);
	buf_append(out, S(",\"prompt_tokens_details\":{\"cached_tokens\":"));
	buf_append_int(out, usage.cached);
	append_member(out, S("audio_tokens"), 0);
	buf_append(out,
		S("},\"completion_tokens_details\":{\"reasoning_tokens\":"));
	buf_append_int(out, usage.reasoning);
	buf_append(out, S(",\"audio_tokens\":0,"
			  "\"accepted_prediction_tokens\":0,"
			  "\"rejected_prediction_tokens\":0}}"));
}

static void append_member(struct buf *out, struct str name, int value)
{
	buf_append(out, S(",\""));
	buf_append(out, name);
	buf_append(out, S("\":"));
	buf_append_int(out, value);
}

static void write_role(struct completion *c, struct buf *out)
{
	bool has_text = c->call_count == 0 || c->behaviour->preface;

	delta_begin(c, out);
	buf_append(out, S("\"role\":\"assistant\",\"content\":"));
	buf_append(out, has_text ? S("\"\"") : S("null"));
	buf_append(out, S(",\"refusal\":null"));
	delta_end(c, S("null"), out);
}

/* `member` goes as far as the quote that opens the text. */
static void write_text_delta(struct completion *c, struct str member,
	struct str text, struct buf *out)
{
	delta_begin(c, out);
	buf_append(out, member);
	buf_append(out, text);
	buf_append_char(out, '"');
	delta_end(c, S("null"), out);
}

static void write_call_delta(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	delta_begin(c, out);
	buf_append(out, S("\"tool_calls\":[{\"index\":"));
	buf_append_int(out, piece->call);
	buf_append_char(out, ',');
	if (piece->kind == PIECE_BLOCK) {
		write_call_head(c, piece->call, out);
		buf_append(out, S("\"\""));
	} else {
		buf_append(out, S("\"function\":{\"arguments\":"));
		json_append_quoted(out, piece->text);
	}
	buf_append(out, S("}}]"));
	delta_end(c, S("null"), out);
}

static void write_finish(struct completion *c, struct buf *out)
{
	delta_begin(c, out);
	delta_end(c, finish_reason(c), out);
}

static void write_usage_frame(struct completion *c, struct buf *out)
{
	int usage = c->behaviour->usage;

	if (usage == USAGE_NO || (usage != USAGE_ALWAYS && !c->wants_usage))
		return;
	framing_begin(&c->framing, S(""), out);
	write_start(c, S("chat.completion.chunk"), out);
	buf_append(out, S(",\"service_tier\":\"default\","
			  "\"system_fingerprint\":\"fp_simulator\","
			  "\"choices\":[],\"usage\":"));
	write_usage(c, out);
	buf_append_char(out, '}');
	framing_end(&c->framing, out);
}

static void delta_begin(struct completion *c, struct buf *out)
{
	framing_begin(&c->framing, S(""), out);
	write_start(c, S("chat.completion.chunk"), out);
	buf_append(out, S(",\"service_tier\":\"default\","
			  "\"system_fingerprint\":\"fp_simulator\","
			  "\"choices\":[{\"index\":0,\"delta\":{"));
}

static void delta_end(struct completion *c, struct str finish, struct buf *out)
{
	buf_append(out, S("},\"logprobs\":null,\"finish_reason\":"));
	buf_append(out, finish);
	buf_append(out, S("}]"));
	if (c->wants_usage)
		buf_append(out, S(",\"usage\":null"));
	buf_append_char(out, '}');
	framing_end(&c->framing, out);
}

static struct str finish_reason(const struct completion *c)
{
	static const struct str reasons[] = {
		[FINISH_STOP] = STR("\"stop\""),
		[FINISH_TOOL_CALLS] = STR("\"tool_calls\""),
		[FINISH_CUT] = STR("\"length\""),
		[FINISH_FILTERED] = STR("\"content_filter\""),
	};

	return reasons[completion_finish(c)];
}
