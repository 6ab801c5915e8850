/*
 * responses.c - OpenAI's Responses: the request, and the objects of the
 * answer. https://platform.openai.com/docs/api-reference/responses
 */
#include "responses.h"

#include "fields.h"
#include "openai.h"
#include "signature.h"

/* A stream says the whole text again, three times at once. */
#define MAX_TEXT_BYTES (8 << 20)

static bool read(struct ask *ask, struct error *err);
static void read_reasoning(struct ask *ask);
static void read_tool_choice(struct ask *ask);
static bool ends_in_output(struct json input);
static struct str echo_of(const struct ask *ask);
static void append_line(struct str json, struct buf *out);
static void write_whole(struct completion *c, struct buf *out);
static void write_outcome(struct json_writer *w, const struct completion *c,
	enum responses_status status);
static void write_output(struct json_writer *w, const struct completion *c);
static void write_reasoning_item(
	struct json_writer *w, const struct completion *c, bool is_complete);
static void write_message_item(
	struct json_writer *w, const struct completion *c, bool is_complete);
static void write_call_item(struct json_writer *w, const struct completion *c,
	int call, bool is_complete);
static void write_item_status(struct json_writer *w, bool is_complete);
static void write_usage(struct json_writer *w, const struct completion *c);

const struct operation responses = {
	.dialect = &openai_dialect,
	.read = read,
	.check = responses_check,
	.write = write_whole,
	.write_piece = responses_write_piece,
	.write_failure = responses_write_failure,
	.delta_event = STR("response.output_text.delta"),
	.max_text_bytes = MAX_TEXT_BYTES,
};

static bool read(struct ask *ask, struct error *err)
{
	if (!ask_read_object(ask, err) || !ask_read_model(ask, err) ||
		!ask_read_flag(ask, S("stream"), &ask->stream, err))
		return false;
	ask->messages = json_find(ask->root, S("input"));
	ask->ends_in_result = ends_in_output(ask->messages);
	ask->echo = echo_of(ask);
	ask_read_tools(ask, json_find(ask->root, S("tools")), S(""), S("name"));
	read_reasoning(ask);
	read_tool_choice(ask);
	return true;
}

static void read_reasoning(struct ask *ask)
{
	struct json reasoning = json_find(ask->root, S("reasoning"));
	struct json effort = json_find(reasoning, S("effort"));
	struct json_cursor include =
		json_members(json_find(ask->root, S("include")));
	struct json_member item;

	while (json_next(&include, &item)) {
		if (json_text_is(item.value, S("reasoning.encrypted_content")))
			ask->wants_encryption = true;
	}
	ask->wants_summary = !fields_absent(json_find(reasoning, S("summary")));
	ask->wants_thinking =
		ask->wants_summary || ask->wants_encryption ||
		(!fields_absent(effort) && !json_text_is(effort, S("none")));
}

static void read_tool_choice(struct ask *ask)
{
	struct json choice = json_find(ask->root, S("tool_choice"));

	if (json_text_is(choice, S("none")))
		ask->tool_choice = ASK_CHOICE_NONE;
	else if (json_text_is(choice, S("required")) ||
		 choice.type == JSON_TYPE_OBJECT)
		ask->tool_choice = ASK_CHOICE_REQUIRED;
}

static bool ends_in_output(struct json input)
{
	struct json_cursor items = json_members(input);
	struct json_member item;
	struct json type = { JSON_TYPE_NONE, S("") };

	while (json_next(&items, &item))
		type = json_find(item.value, S("type"));
	return json_text_is(type, S("function_call_output"));
}

/* What was asked for stands in the answer, or what was taken for it. */
static struct str echo_of(const struct ask *ask)
{
	static const struct {
		const char *name;
		struct str otherwise;
	} members[] = {
		{ "instructions", STR("null") },
		{ "max_output_tokens", STR("null") },
		{ "max_tool_calls", STR("null") },
		{ "parallel_tool_calls", STR("true") },
		{ "previous_response_id", STR("null") },
		{ "prompt_cache_key", STR("null") },
		{ "reasoning", STR("{\"effort\":null,\"summary\":null}") },
		{ "safety_identifier", STR("null") },
		{ "store", STR("true") },
		{ "temperature", STR("1.0") },
		{ "text", STR("{\"format\":{\"type\":\"text\"},"
			      "\"verbosity\":\"medium\"}") },
		{ "tool_choice", STR("\"auto\"") },
		{ "tools", STR("[]") },
		{ "top_logprobs", STR("0") },
		{ "top_p", STR("1.0") },
		{ "truncation", STR("\"disabled\"") },
		{ "user", STR("null") },
		{ "metadata", STR("{}") },
	};
	struct buf out = BUF_INIT(HTTP_MAX_BODY_BYTES);
	struct str echo;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct json value =
			json_find(ask->root, str_of(members[i].name));

		buf_printf(&out, ",\"%s\":", members[i].name);
		append_line(fields_absent(value) ? members[i].otherwise
						 : value.text,
			&out);
	}
	echo = arena_copy(ask->arena, buf_str(&out));
	buf_release(&out);
	return echo;
}

/* Without line ends, which can only stand between values: an event is one
 * line. */
static void append_line(struct str json, struct buf *out)
{
	for (size_t i = 0; i < json.n; i++) {
		if (json.p[i] != '\n' && json.p[i] != '\r')
			buf_append_char(out, json.p[i]);
	}
}

static void write_whole(struct completion *c, struct buf *out)
{
	struct json_writer w;
	struct piece piece;
	char room[WORD_MAX_BYTES];

	while (completion_next(c, &piece, room))
		;
	json_writer_init(&w, out);
	responses_write(&w, c, responses_status(c));
	buf_append_char(out, '\n');
}

void responses_write(struct json_writer *w, const struct completion *c,
	enum responses_status status)
{
	static const char *const words[] = {
		[RESPONSES_IN_PROGRESS] = "in_progress",
		[RESPONSES_COMPLETED] = "completed",
		[RESPONSES_INCOMPLETE] = "incomplete",
		[RESPONSES_FAILED] = "failed",
	};
	bool is_over =
		status == RESPONSES_COMPLETED || status == RESPONSES_INCOMPLETE;

	json_begin_object(w);
	buf_printf(w->out, "\"id\":\"resp_sim%" PRIu64 "\"", c->id);
	w->needs_comma = true;
	json_member_str(w, "object", S("response"));
	json_member_int(w, "created_at", c->created_unix_ms / 1000);
	json_member_str(w, "status", str_of(words[status]));
	json_member_bool(w, "background", false);
	write_outcome(w, c, status);
	json_member_raw(w, "model", c->model_json);
	json_name(w, "output");
	json_begin_array(w);
	if (is_over)
		write_output(w, c);
	json_end_array(w);
	buf_append(w->out, c->echo);
	json_member_str(w, "service_tier", is_over ? S("default") : S("auto"));
	json_name(w, "usage");
	if (is_over && c->behaviour->usage != USAGE_NO)
		write_usage(w, c);
	else
		json_write_null(w);
	json_end_object(w);
}

void responses_write_item(struct json_writer *w, const struct completion *c,
	enum block block, int call, bool is_complete)
{
	json_begin_object(w);
	buf_append(w->out, S("\"id\":\""));
	responses_append_item_id(c, block, call, w->out);
	buf_append_char(w->out, '"');
	w->needs_comma = true;
	switch (block) {
	case BLOCK_THINKING: write_reasoning_item(w, c, is_complete); break;
	case BLOCK_TEXT: write_message_item(w, c, is_complete); break;
	case BLOCK_CALL: write_call_item(w, c, call, is_complete); break;
	}
	json_end_object(w);
}

void responses_write_part(
	struct json_writer *w, const struct completion *c, bool is_complete)
{
	json_begin_object(w);
	json_member_str(w, "type", S("output_text"));
	json_member_raw(w, "annotations", S("[]"));
	json_member_raw(w, "logprobs", S("[]"));
	json_name(w, "text");
	if (is_complete)
		completion_append_quoted(c, BLOCK_TEXT, 0, w->out);
	else
		buf_append(w->out, S("\"\""));
	w->needs_comma = true;
	json_end_object(w);
}

void responses_append_item_id(
	const struct completion *c, enum block block, int call, struct buf *out)
{
	static const char *const prefixes[] = {
		[BLOCK_THINKING] = "rs",
		[BLOCK_TEXT] = "msg",
		[BLOCK_CALL] = "fc",
	};

	buf_printf(out, "%s_sim%" PRIu64, prefixes[block], c->id);
	if (block == BLOCK_CALL)
		buf_append_char(out, (char)('a' + call));
}

enum responses_status responses_status(const struct completion *c)
{
	enum finish finish = completion_finish(c);

	return finish == FINISH_CUT || finish == FINISH_FILTERED
		       ? RESPONSES_INCOMPLETE
		       : RESPONSES_COMPLETED;
}

static void write_outcome(struct json_writer *w, const struct completion *c,
	enum responses_status status)
{
	json_name(w, "error");
	if (status == RESPONSES_FAILED) {
		json_begin_object(w);
		json_member_str(w, "code", S("server_error"));
		json_member_str(
			w, "message", str_of(openai_error_message(500)));
		json_end_object(w);
	} else {
		json_write_null(w);
	}
	json_name(w, "incomplete_details");
	if (status == RESPONSES_INCOMPLETE) {
		json_begin_object(w);
		json_member_str(w, "reason",
			completion_finish(c) == FINISH_CUT
				? S("max_output_tokens")
				: S("content_filter"));
		json_end_object(w);
	} else {
		json_write_null(w);
	}
}

static void write_output(struct json_writer *w, const struct completion *c)
{
	int call = 0;

	for (int i = 0; i < c->block_count; i++) {
		responses_write_item(w, c, c->blocks[i], call, true);
		call += c->blocks[i] == BLOCK_CALL;
	}
}

static void write_reasoning_item(
	struct json_writer *w, const struct completion *c, bool is_complete)
{
	json_member_str(w, "type", S("reasoning"));
	json_name(w, "summary");
	json_begin_array(w);
	if (is_complete && c->wants_summary) {
		json_begin_object(w);
		json_member_str(w, "type", S("summary_text"));
		json_name(w, "text");
		completion_append_quoted(c, BLOCK_THINKING, 0, w->out);
		w->needs_comma = true;
		json_end_object(w);
	}
	json_end_array(w);
	if (!c->wants_encryption)
		return;
	buf_append(w->out, S(",\"encrypted_content\":\""));
	signature_append(S("openai"), S(""), w->out);
	buf_append_char(w->out, '"');
}

static void write_message_item(
	struct json_writer *w, const struct completion *c, bool is_complete)
{
	json_member_str(w, "type", S("message"));
	write_item_status(w, is_complete);
	json_member_str(w, "role", S("assistant"));
	json_name(w, "content");
	json_begin_array(w);
	if (is_complete)
		responses_write_part(w, c, true);
	json_end_array(w);
}

static void write_call_item(struct json_writer *w, const struct completion *c,
	int call, bool is_complete)
{
	json_member_str(w, "type", S("function_call"));
	write_item_status(w, is_complete);
	json_name(w, "arguments");
	if (is_complete)
		completion_append_quoted(c, BLOCK_CALL, call, w->out);
	else
		buf_append(w->out, S("\"\""));
	buf_printf(w->out, ",\"call_id\":\"call_sim%" PRIu64 "%c\"", c->id,
		'a' + call);
	w->needs_comma = true;
	json_member_str(w, "name", c->tools[call]);
}

static void write_item_status(struct json_writer *w, bool is_complete)
{
	json_member_str(
		w, "status", is_complete ? S("completed") : S("in_progress"));
}

static void write_usage(struct json_writer *w, const struct completion *c)
{
	struct completion_usage usage = completion_usage(c);
	int output = usage.text + usage.reasoning;

	json_begin_object(w);
	json_member_int(w, "input_tokens", usage.prompt);
	json_name(w, "input_tokens_details");
	json_begin_object(w);
	json_member_int(w, "cached_tokens", usage.cached);
	json_end_object(w);
	json_member_int(w, "output_tokens", output);
	json_name(w, "output_tokens_details");
	json_begin_object(w);
	json_member_int(w, "reasoning_tokens", usage.reasoning);
	json_end_object(w);
	json_member_int(w, "total_tokens", usage.prompt + output);
	json_end_object(w);
}
