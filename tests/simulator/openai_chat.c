/*
 * openai_chat.c - the text of OpenAI's Chat Completions. The one hard thing:
 * it feeds benchmarks, so it appends literals and words that need no escaping
 * and formats nothing.
 */
#include "openai_chat.h"

#include "base/clock.h"
#include "base/json.h"
#include "openai.h"

#define MAX_MODEL_BYTES 512
#define HUGE_FRAME_BYTES (1024 * 1024)

enum phase {
	PHASE_ROLE,
	PHASE_TEXT,
	PHASE_CALL,
	PHASE_FINISH,
	PHASE_USAGE,
	PHASE_DONE,
};

#define FRAGMENTS 5

/* Arguments of tool calls, escaped for a JSON string, cut into deltas. */
static const struct str call_fragments[2][OPENAI_CHAT_TOOLS][FRAGMENTS] = {
	[WORDS_PLAIN] = {
		{ STR("{\\\"city\\\""), STR(":\\\"Lis"), STR("bon\\\","),
			STR("\\\"days\\\""), STR(":3}") },
		{ STR("{\\\"city\\\""), STR(":\\\"Os"), STR("lo\\\","),
			STR("\\\"days\\\""), STR(":5}") },
	},
	[WORDS_UNICODE] = {
		{ STR("{\\\"city\\\""), STR(":\\\"Zür"), STR("ich\\\","),
			STR("\\\"days\\\""), STR(":3}") },
		{ STR("{\\\"city\\\""), STR(":\\\"東"), STR("京\\\","),
			STR("\\\"days\\\""), STR(":5}") },
	},
};

static bool read_member(struct json_member member, struct arena *arena,
	struct openai_chat_request *out, struct error *err);
static void read_tools(struct json tools, struct arena *arena,
	struct openai_chat_request *out);
static struct str quoted(struct arena *arena, struct str text);
static enum fault stream_fault(int fault);
static void write_start(
	const struct openai_chat *chat, struct str object, struct buf *out);
static void write_message(struct openai_chat *chat, struct buf *out);
static void write_call(
	const struct openai_chat *chat, int call, struct buf *out);
static void write_call_head(
	const struct openai_chat *chat, int call, struct buf *out);
static void write_usage(const struct openai_chat *chat, struct buf *out);
static void append_member(struct buf *out, struct str name, int value);
static bool is_half(const struct openai_chat *chat);
static enum openai_chat_frame write_fault(
	struct openai_chat *chat, struct buf *out);
static void write_phase(struct openai_chat *chat, struct buf *out);
static void write_role(struct openai_chat *chat, struct buf *out);
static void write_text(struct openai_chat *chat, struct buf *out);
static void write_call_delta(struct openai_chat *chat, struct buf *out);
static void write_finish(struct openai_chat *chat, struct buf *out);
static void write_usage_frame(struct openai_chat *chat, struct buf *out);
static void write_huge_frame(struct openai_chat *chat, struct buf *out);
static void delta_begin(const struct openai_chat *chat, struct buf *out);
static void delta_end(
	const struct openai_chat *chat, struct str finish, struct buf *out);
static void end_frame(const struct openai_chat *chat, struct buf *out);
static int call_count(const struct openai_chat *chat);
static struct str finish_reason(const struct openai_chat *chat);

bool openai_chat_read(struct str body, struct arena *arena,
	struct openai_chat_request *out, struct error *err)
{
	struct json request;
	struct json_cursor members;
	struct json_member member;

	*out = (struct openai_chat_request){ .body_bytes = body.n };
	if (!json_check(body, JSON_MAX_DEPTH, &request, err))
		return false;
	members = json_members(request);
	while (json_next(&members, &member)) {
		if (!read_member(member, arena, out, err))
			return false;
	}
	if (out->model.n == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "model",
			"The request names no model.");
	return true;
}

void openai_chat_init(struct openai_chat *chat,
	const struct openai_chat_request *request, struct str model,
	const struct behaviour *behaviour, uint64_t id, struct arena *arena)
{
	*chat = (struct openai_chat){
		.behaviour = behaviour,
		.model = quoted(arena, model),
		.id = id,
		.created = clock_unix_ms() / 1000,
		.prompt_tokens = behaviour->prompt_tokens,
		.usage_member = request->include_usage,
		.usage_frame = behaviour->usage == USAGE_ALWAYS ||
			       (request->include_usage &&
				       behaviour->usage != USAGE_NO),
		.phase = PHASE_ROLE,
		.fault = stream_fault(behaviour->fault),
	};
	if (chat->prompt_tokens < 0)
		chat->prompt_tokens = (int)(request->body_bytes / 4);
	for (int i = 0; behaviour->tool && i < OPENAI_CHAT_TOOLS; i++)
		chat->tools[i] =
			quoted(arena, request->tools[i].n ? request->tools[i]
							  : S("get_weather"));
	words_init(&chat->text, behaviour);
}

void openai_chat_write(struct openai_chat *chat, struct buf *out)
{
	write_start(chat, S("chat.completion"), out);
	buf_append(out, S(",\"choices\":[{\"index\":0,\"message\":"));
	write_message(chat, out);
	buf_append(out, S(",\"logprobs\":null,\"finish_reason\":"));
	buf_append(out, finish_reason(chat));
	buf_append(out, S("}]"));
	if (chat->behaviour->usage != USAGE_NO) {
		buf_append(out, S(",\"usage\":"));
		write_usage(chat, out);
	}
	buf_append(out, S(",\"service_tier\":\"default\","
			  "\"system_fingerprint\":\"fp_simulator\"}\n"));
}

enum openai_chat_frame openai_chat_next(
	struct openai_chat *chat, struct buf *out)
{
	bool is_last;

	if (chat->fault != FAULT_NONE && is_half(chat))
		return write_fault(chat, out);
	if (chat->behaviour->comment) {
		buf_append(out, S(": the simulator is thinking"));
		end_frame(chat, out);
	}
	is_last = chat->phase == PHASE_DONE;
	buf_append(out, S("data: "));
	write_phase(chat, out);
	end_frame(chat, out);
	return is_last ? OPENAI_CHAT_LAST : OPENAI_CHAT_FRAME;
}

static bool read_member(struct json_member member, struct arena *arena,
	struct openai_chat_request *out, struct error *err)
{
	if (json_name_is(member, S("model"))) {
		if (!json_text(member.value, arena, &out->model) ||
			out->model.n > MAX_MODEL_BYTES)
			return error_refuse(err, ERR_BAD_FIELD, "model",
				"'model' must be a string of up to %d bytes.",
				MAX_MODEL_BYTES);
	} else if (json_name_is(member, S("stream"))) {
		if (member.value.type != JSON_TYPE_NULL &&
			!json_bool(member.value, &out->stream))
			return error_refuse(err, ERR_BAD_FIELD, "stream",
				"'stream' must be true or false.");
	} else if (json_name_is(member, S("stream_options"))) {
		out->include_usage =
			json_find(member.value, S("include_usage")).type ==
			JSON_TYPE_TRUE;
	} else if (json_name_is(member, S("tools"))) {
		read_tools(member.value, arena, out);
	}
	return true;
}

static void read_tools(
	struct json tools, struct arena *arena, struct openai_chat_request *out)
{
	struct json_cursor items = json_members(tools);
	struct json_member item;

	for (int i = 0; i < OPENAI_CHAT_TOOLS && json_next(&items, &item);
		i++) {
		struct json function = json_find(item.value, S("function"));
		struct json name = json_find(function, S("name"));

		if (!json_text(name, arena, &out->tools[i]))
			out->tools[i].n = 0;
	}
}

static struct str quoted(struct arena *arena, struct str text)
{
	struct buf json = BUF_INIT(MAX_MODEL_BYTES * 6 + 2);
	struct str copy;

	json_append_quoted(&json, str_head(text, MAX_MODEL_BYTES));
	copy = arena_copy(arena, buf_str(&json));
	buf_release(&json);
	return copy;
}

/* The faults of a connection's or a whole answer's are not ours. */
static enum fault stream_fault(int fault)
{
	switch (fault) {
	case FAULT_RESET_BODY:
	case FAULT_STALL_STREAM:
	case FAULT_HALF_BODY:
	case FAULT_CUT:
	case FAULT_NO_DONE:
	case FAULT_STREAM_ERROR:
	case FAULT_BAD_FRAME:
	case FAULT_HUGE_FRAME: return (enum fault)fault;
	default: return FAULT_NONE;
	}
}

static void write_start(
	const struct openai_chat *chat, struct str object, struct buf *out)
{
	buf_append(out, S("{\"id\":\"chatcmpl-sim"));
	buf_append_int(out, (int64_t)chat->id);
	buf_append(out, S("\",\"object\":\""));
	buf_append(out, object);
	buf_append(out, S("\",\"created\":"));
	buf_append_int(out, chat->created);
	buf_append(out, S(",\"model\":"));
	buf_append(out, chat->model);
}

static void write_message(struct openai_chat *chat, struct buf *out)
{
	char room[WORD_MAX_BYTES];

	buf_append(out, S("{\"role\":\"assistant\",\"content\":"));
	if (chat->behaviour->tool) {
		buf_append(out, S("null,\"tool_calls\":["));
		for (int i = 0; i < call_count(chat); i++)
			write_call(chat, i, out);
		buf_append_char(out, ']');
	} else {
		buf_append_char(out, '"');
		while (!words_over(&chat->text))
			buf_append(out, words_next(&chat->text, room));
		buf_append_char(out, '"');
	}
	buf_append(out, S(",\"refusal\":null,\"annotations\":[]}"));
}

static void write_call(
	const struct openai_chat *chat, int call, struct buf *out)
{
	if (call > 0)
		buf_append_char(out, ',');
	buf_append_char(out, '{');
	write_call_head(chat, call, out);
	for (int i = 0; i < FRAGMENTS; i++)
		buf_append(
			out, call_fragments[chat->behaviour->words][call][i]);
	buf_append(out, S("\"}}"));
}

/* Up to and including the quote that opens the arguments. */
static void write_call_head(
	const struct openai_chat *chat, int call, struct buf *out)
{
	buf_append(out, S("\"id\":\"call_sim"));
	buf_append_int(out, (int64_t)chat->id);
	buf_append_char(out, (char)('a' + call));
	buf_append(out, S("\",\"type\":\"function\",\"function\":{\"name\":"));
	buf_append(out, chat->tools[call]);
	buf_append(out, S(",\"arguments\":\""));
}

static void write_usage(const struct openai_chat *chat, struct buf *out)
{
	const struct behaviour *behaviour = chat->behaviour;
	/* `tokens` stands for a tool call, whose text has no words. */
	int text = behaviour->tool ? behaviour->tokens : chat->text.count;
	int completion = text + behaviour->reasoning;

	buf_append(out, S("{\"prompt_tokens\":"));
	buf_append_int(out, chat->prompt_tokens);
	append_member(out, S("completion_tokens"), completion);
	append_member(out, S("total_tokens"), chat->prompt_tokens + completion);
	buf_append(out, S(",\"prompt_tokens_details\":{\"cached_tokens\":"));
	buf_append_int(out, behaviour->cached);
	append_member(out, S("audio_tokens"), 0);
	buf_append(out,
		S("},\"completion_tokens_details\":{\"reasoning_tokens\":"));
	buf_append_int(out, behaviour->reasoning);
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

static bool is_half(const struct openai_chat *chat)
{
	int frames = call_count(chat) * (FRAGMENTS + 1);
	int frame = chat->call * (FRAGMENTS + 1) + chat->fragment;

	if (chat->phase == PHASE_TEXT)
		return words_half(&chat->text);
	if (chat->phase == PHASE_CALL)
		return frame >= frames / 2;
	return chat->phase > PHASE_CALL;
}

static enum openai_chat_frame write_fault(
	struct openai_chat *chat, struct buf *out)
{
	enum fault fault = chat->fault;

	chat->fault = FAULT_NONE;
	if (fault != FAULT_STREAM_ERROR && fault != FAULT_BAD_FRAME &&
		fault != FAULT_HUGE_FRAME)
		return OPENAI_CHAT_BREAK;
	buf_append(out, S("data: "));
	if (fault == FAULT_STREAM_ERROR)
		openai_write_error(out, 500);
	else if (fault == FAULT_HUGE_FRAME)
		write_huge_frame(chat, out);
	else
		buf_append(out, S("{\"id\":\"chatcmpl-sim\",\"choices\":[{"));
	end_frame(chat, out);
	return fault == FAULT_STREAM_ERROR ? OPENAI_CHAT_LAST
					   : OPENAI_CHAT_FRAME;
}

/* What stands after "data: ", and on to the next phase. */
static void write_phase(struct openai_chat *chat, struct buf *out)
{
	switch ((enum phase)chat->phase) {
	case PHASE_ROLE: write_role(chat, out); break;
	case PHASE_TEXT: write_text(chat, out); break;
	case PHASE_CALL: write_call_delta(chat, out); break;
	case PHASE_FINISH: write_finish(chat, out); break;
	case PHASE_USAGE: write_usage_frame(chat, out); break;
	case PHASE_DONE: buf_append(out, S("[DONE]")); break;
	}
}

static void write_role(struct openai_chat *chat, struct buf *out)
{
	bool tool = chat->behaviour->tool;

	delta_begin(chat, out);
	buf_append(out, S("\"role\":\"assistant\",\"content\":"));
	buf_append(out, tool ? S("null") : S("\"\""));
	buf_append(out, S(",\"refusal\":null"));
	delta_end(chat, S("null"), out);
	if (tool)
		chat->phase = PHASE_CALL;
	else
		chat->phase =
			words_over(&chat->text) ? PHASE_FINISH : PHASE_TEXT;
}

static void write_text(struct openai_chat *chat, struct buf *out)
{
	char room[WORD_MAX_BYTES];

	delta_begin(chat, out);
	buf_append(out, S("\"content\":\""));
	buf_append(out, words_next(&chat->text, room));
	buf_append_char(out, '"');
	delta_end(chat, S("null"), out);
	if (words_over(&chat->text))
		chat->phase = PHASE_FINISH;
}

static void write_call_delta(struct openai_chat *chat, struct buf *out)
{
	const struct str *fragments =
		call_fragments[chat->behaviour->words][chat->call];

	delta_begin(chat, out);
	buf_append(out, S("\"tool_calls\":[{\"index\":"));
	buf_append_int(out, chat->call);
	buf_append_char(out, ',');
	if (chat->fragment == 0) {
		write_call_head(chat, chat->call, out);
	} else {
		buf_append(out, S("\"function\":{\"arguments\":\""));
		buf_append(out, fragments[chat->fragment - 1]);
	}
	buf_append(out, S("\"}}]"));
	delta_end(chat, S("null"), out);
	if (++chat->fragment > FRAGMENTS) {
		chat->fragment = 0;
		chat->call++;
	}
	if (chat->call == call_count(chat))
		chat->phase = PHASE_FINISH;
}

static void write_finish(struct openai_chat *chat, struct buf *out)
{
	delta_begin(chat, out);
	delta_end(chat, finish_reason(chat), out);
	chat->phase = chat->usage_frame ? PHASE_USAGE : PHASE_DONE;
}

static void write_usage_frame(struct openai_chat *chat, struct buf *out)
{
	write_start(chat, S("chat.completion.chunk"), out);
	buf_append(out, S(",\"service_tier\":\"default\","
			  "\"system_fingerprint\":\"fp_simulator\","
			  "\"choices\":[],\"usage\":"));
	write_usage(chat, out);
	buf_append_char(out, '}');
	chat->phase = PHASE_DONE;
}

static void write_huge_frame(struct openai_chat *chat, struct buf *out)
{
	char *room;

	delta_begin(chat, out);
	buf_append(out, S("\"content\":\""));
	room = buf_reserve(out, HUGE_FRAME_BYTES);
	if (room) {
		memset(room, 'x', HUGE_FRAME_BYTES);
		buf_advance(out, HUGE_FRAME_BYTES);
	}
	buf_append_char(out, '"');
	delta_end(chat, S("null"), out);
}

static void delta_begin(const struct openai_chat *chat, struct buf *out)
{
	write_start(chat, S("chat.completion.chunk"), out);
	buf_append(out, S(",\"service_tier\":\"default\","
			  "\"system_fingerprint\":\"fp_simulator\","
			  "\"choices\":[{\"index\":0,\"delta\":{"));
}

static void delta_end(
	const struct openai_chat *chat, struct str finish, struct buf *out)
{
	buf_append(out, S("},\"logprobs\":null,\"finish_reason\":"));
	buf_append(out, finish);
	buf_append(out, S("}]"));
	if (chat->usage_member)
		buf_append(out, S(",\"usage\":null"));
	buf_append_char(out, '}');
}

static void end_frame(const struct openai_chat *chat, struct buf *out)
{
	buf_append(out, chat->behaviour->crlf ? S("\r\n\r\n") : S("\n\n"));
}

static int call_count(const struct openai_chat *chat)
{
	if (!chat->behaviour->tool)
		return 0;
	return chat->behaviour->parallel ? 2 : 1;
}

static struct str finish_reason(const struct openai_chat *chat)
{
	return chat->behaviour->tool ? S("\"tool_calls\"") : S("\"stop\"");
}
