/*
 * response.c - whole answers, to and from the neutral form.
 *
 * An answer is one choice. How it ended follows from its status, its reason
 * for being incomplete and what it holds; in own words these members stay
 * among the extras. An answer for a client of ours is made in
 * answer.c, as the last event of a stream is.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/openai_responses/answer.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_output(struct json value, void *into, struct arena *arena);
static void write_output(const void *from, const struct shape_out *out);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);

static const struct shape_row response_rows[] = {
	RESPONSE("id", SHAPE_TEXT, id),
	RESPONSE("created_at", SHAPE_COUNT, created_unix_s),
	RESPONSE("model", SHAPE_TEXT, model),
	{ "usage", SHAPE_SPECIAL, 0, read_usage, write_usage },
	RESPONSE("service_tier", SHAPE_TEXT, service_tier),
	{ "output", SHAPE_SPECIAL, 0, read_output, write_output },
};
static const struct shape response_shape = SHAPE_OF(response_rows);
/* All but the output. */
static const struct shape envelope_shape = { response_rows,
	ARRAY_LEN(response_rows) - 1 };

static const struct count_row usage_counts[] = {
	COUNT_ROW("input_tokens", prompt),
	COUNT_ROW("output_tokens", completion),
};
static const struct count_row input_counts[] = {
	COUNT_ROW("cached_tokens", cached),
	COUNT_ROW("cache_write_tokens", cache_write),
};
static const struct count_row output_counts[] = {
	COUNT_ROW("reasoning_tokens", reasoning),
};

/* Codes of errors that stand inside an answer or a stream, which has no
 * status of its own. */
static const struct {
	const char *code;
	int status;
} code_statuses[] = {
	{ "rate_limit_exceeded", 429 },
	{ "insufficient_quota", 429 },
	{ "server_error", 500 },
	{ "invalid_prompt", 400 },
	{ "context_length_exceeded", 400 },
};

static bool has_calls(const struct chat_message *message);
static void read_logprobs(struct chat_choice *choice, struct arena *arena);

bool openai_responses_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err)
{
	struct chat_response response;
	struct json root, error;

	if (!facts_check(body, &root, err))
		return false;
	if (!openai_responses_read_response(body, arena, &response, err))
		return false;
	facts_find_end(out, body, root);
	chat_facts_add_response(out, &response);
	error = json_find(root, S("error"));
	if (error.type != JSON_TYPE_NONE && error.type != JSON_TYPE_NULL) {
		out->failed = true;
		openai_responses_read_error(root, arena, &out->failure);
	}
	return true;
}

void openai_responses_read_error(
	struct json object, struct arena *arena, struct failure *out)
{
	failure_read_json(200, object, arena, out);
	for (size_t i = 0; i < ARRAY_LEN(code_statuses); i++)
		if (strcmp(out->code, code_statuses[i].code) == 0)
			out->status = code_statuses[i].status;
}

bool openai_responses_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct chat_choice *choice;
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	chat_response_init(out, S(OPENAI_RESPONSES_NAME));
	choice = out->choices = ARENA_NEW(arena, struct chat_choice);
	out->choice_count = 1;
	chat_message_init(&choice->message);
	choice->message.role = CHAT_ASSISTANT;
	shape_read(&response_shape, root, out, &out->extra, arena);
	openai_responses_read_finish(
		root, has_calls(&choice->message), arena, choice);
	read_logprobs(choice, arena);
	return true;
}

void openai_responses_read_envelope(
	struct json object, struct arena *arena, struct chat_response *out)
{
	struct chat_extra ignored = { .within = NULL };

	shape_read(&envelope_shape, object, out, &ignored, arena);
}

static bool read_output(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = ((struct chat_response *)into)->choices;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY)
		return false;
	choice->message_member = S("output");
	while (json_next(&cursor, &item))
		openai_responses_read_item(item.value, arena, &choice->message);
	return true;
}

static bool has_calls(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			return true;
	return false;
}

void openai_responses_read_finish(struct json object, bool calls,
	struct arena *arena, struct chat_choice *choice)
{
	struct json details = json_find(object, S("incomplete_details"));
	struct str status, reason;

	if (!json_text(json_find(object, S("status")), arena, &status))
		status = S("completed"); /* some providers leave it out */
	choice->finish_word = status;
	choice->finish = CHAT_FINISH_OTHER;
	if (str_equal(status, S("completed"))) {
		choice->finish =
			calls ? CHAT_FINISH_TOOL_CALLS : CHAT_FINISH_STOP;
	} else if (str_equal(status, S("incomplete"))) {
		if (json_text(json_find(details, S("reason")), arena, &reason))
			choice->finish_word = reason;
		choice->finish =
			str_equal(choice->finish_word, S("content_filter"))
				? CHAT_FINISH_FILTER
				: CHAT_FINISH_LENGTH;
	}
}

/* Each text has its own; other formats have one list. */
static void read_logprobs(struct chat_choice *choice, struct arena *arena)
{
	struct buf list = BUF_INIT(SIZE_MAX);

	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next) {
		struct str items = part->json;

		if (part->kind != CHAT_TEXT || !items.p)
			continue;
		buf_append(&list, list.n ? S(",") : S("{\"content\":["));
		buf_append(&list, str_head(str_from(items, 1), items.n - 2));
	}
	if (list.n > 0) {
		buf_append(&list, S("],\"refusal\":null}"));
		choice->logprobs = arena_copy(arena, buf_str(&list));
	}
	buf_release(&list);
}

static bool read_usage(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;
	struct chat_usage *usage = &response->usage;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->has_usage = true;
	response->usage_json = value.text;
	facts_read_counts(value, usage_counts, ARRAY_LEN(usage_counts), usage);
	facts_read_counts(json_find(value, S("input_tokens_details")),
		input_counts, ARRAY_LEN(input_counts), usage);
	facts_read_counts(json_find(value, S("output_tokens_details")),
		output_counts, ARRAY_LEN(output_counts), usage);
	return true;
}

void openai_responses_write_response(
	const struct chat_response *response, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .own_words = true, .is_reply = true };

	if (!str_equal(response->dialect, S(OPENAI_RESPONSES_NAME))) {
		openai_responses_answer_write(response, out);
		return;
	}
	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&response_shape, response, &response->extra, &to);
	json_end_object(&w);
}

static void write_output(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;
	const struct chat_choice *choice = response->choices;

	if (response->choice_count == 0 || !choice->message_member.p)
		return;
	json_name(out->w, "output");
	json_begin_array(out->w);
	openai_responses_write_items(&choice->message, out);
	json_end_array(out->w);
}

static void write_usage(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (response->has_usage)
		json_member_raw(out->w, "usage", response->usage_json);
}
