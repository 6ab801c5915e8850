/*
 * facts.c - what the gateway must know of a provider's answer,
 * whole or event by event, and the answer with `metadata` in it.
 *
 * This runs for every event of every stream: the bytes are checked once, then
 * only the members on the way to usage, finish reason and text are walked.
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/pick.h"

#define PICK(type, field)                                 \
	{                                                 \
		STR(#field), offsetof(struct type, field) \
	}

/* The top-level members of an answer or chunk that matter here. */
struct answer {
	struct json choices;
	struct json model;
	struct json usage;
	struct json metadata;
	struct json error;
	struct json object;
	struct json service_tier;
	struct json x_groq;
	bool is_whole; /* and no chunk of a stream */
	bool is_failure;
	bool is_empty;
};

static const struct pick_row answer_rows[] = {
	PICK(answer, choices),
	PICK(answer, model),
	PICK(answer, usage),
	PICK(answer, metadata),
	PICK(answer, error),
	PICK(answer, object),
	PICK(answer, service_tier),
	PICK(answer, x_groq),
};

struct choice {
	struct json delta;
	struct json message;
	struct json finish_reason;
};

static const struct pick_row choice_rows[] = {
	PICK(choice, delta),
	PICK(choice, message),
	PICK(choice, finish_reason),
};

/* What a message or delta may say something in. */
struct message {
	struct json content;
	struct json tool_calls;
	struct json refusal;
	struct json reasoning;
	struct json reasoning_content;
	struct json function_call;
};

static const struct pick_row message_rows[] = {
	PICK(message, content),
	PICK(message, tool_calls),
	PICK(message, refusal),
	PICK(message, reasoning),
	PICK(message, reasoning_content),
	PICK(message, function_call),
};

static const struct count_row usage_counts[] = {
	COUNT_ROW("prompt_tokens", prompt),
	COUNT_ROW("completion_tokens", completion),
	COUNT_ROW("prompt_cache_hit_tokens", cached), /* DeepSeek */
	COUNT_ROW("cached_tokens", cached),           /* Moonshot, Together */
	COUNT_ROW("num_cached_tokens", cached),       /* Mistral */
	COUNT_ROW("reasoning_tokens", reasoning),
};
static const struct count_row prompt_counts[] = {
	COUNT_ROW("cached_tokens", cached),
	COUNT_ROW("cache_write_tokens", cache_write),
	COUNT_ROW("audio_tokens", audio_prompt),
};
static const struct count_row completion_counts[] = {
	COUNT_ROW("reasoning_tokens", reasoning),
	COUNT_ROW("audio_tokens", audio_completion),
};

static void view_answer(struct json root, struct answer *view);
static void read_answer(struct str text, struct json root,
	const struct answer *view, struct chat_facts *facts,
	struct arena *scratch);
static enum frame_kind classify(const struct answer *view);

static void read_choice(struct json object, bool is_whole,
	struct chat_facts *facts, struct arena *scratch);
static bool is_plain_reason(struct json reason);
static void hear_message(
	struct json object, struct chat_facts *facts, struct arena *scratch);
static void hear_content(
	struct json content, struct chat_facts *facts, struct arena *scratch);
static void hear_thinking(
	struct json thinking, struct chat_facts *facts, struct arena *scratch);
static void hear_calls(
	struct json calls, struct chat_facts *facts, struct arena *scratch);
static void hear_call(
	struct json function, struct chat_facts *facts, struct arena *scratch);
static void hear(
	struct json string, struct chat_facts *facts, struct arena *scratch);
static int64_t string_bytes(struct json string);

static void settle_total(
	struct chat_usage *usage, int64_t total, bool heard_audio);

bool openai_chat_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err)
{
	struct answer view;
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	view_answer(root, &view);
	view.is_whole = true;
	out->is_plain = true;
	read_answer(body, root, &view, out, arena);
	return true;
}

bool openai_chat_read_frame(const struct frame *frame, struct chat_facts *facts,
	struct arena *scratch, struct error *err)
{
	struct str data = str_trim(frame->data);
	struct answer view;
	struct json root;

	facts->frame = FRAME_OTHER;
	if (data.n == 0) {
		if (frame->has_comment && !frame->has_data)
			facts->frame = FRAME_COMMENT;
		return true;
	}
	if (str_equal(data, S("[DONE]"))) {
		facts->frame = FRAME_DONE;
		facts->done = true;
		return true;
	}
	if (!facts_check(frame->data, &root, err))
		return false;
	view_answer(root, &view);
	view.is_failure |= str_equal(frame->event, S("error"));
	facts->frame = classify(&view);
	read_answer(frame->data, root, &view, facts, scratch);
	return true;
}

static void view_answer(struct json root, struct answer *view)
{
	size_t members =
		pick_members(root, answer_rows, ARRAY_LEN(answer_rows), view);

	view->is_whole = false;
	view->is_empty = members == 0;
	/* {"error": ...}, or {"object": "error", ...} of Mistral and vLLM. */
	view->is_failure = (view->error.type != JSON_TYPE_NONE &&
				   view->error.type != JSON_TYPE_NULL) ||
			   json_text_is(view->object, S("error"));
	/* Groq's streams told usage here, in the last chunk, before they
	 * learned stream_options. */
	if (view->usage.type != JSON_TYPE_OBJECT)
		view->usage = json_find(view->x_groq, S("usage"));
}

bool openai_chat_is_failure(struct json root)
{
	struct answer view;

	view_answer(root, &view);
	return view.is_failure;
}

static void read_answer(struct str text, struct json root,
	const struct answer *view, struct chat_facts *facts,
	struct arena *scratch)
{
	struct json_cursor cursor = json_members(view->choices);
	struct json_member item;
	struct str model, tier;

	facts->last_brace = (size_t)(root.text.p + root.text.n - 1 - text.p);
	facts->is_empty = view->is_empty;
	facts->has_metadata = view->metadata.type != JSON_TYPE_NONE;
	if (facts->model[0] == 0 && json_text(view->model, scratch, &model))
		failure_fit(model, facts->model, sizeof(facts->model));
	if (json_text(view->service_tier, scratch, &tier))
		failure_fit(
			tier, facts->service_tier, sizeof(facts->service_tier));
	if (view->usage.type == JSON_TYPE_OBJECT) {
		facts->has_usage = true;
		openai_chat_read_usage(view->usage, &facts->usage);
	}
	if (view->is_failure) {
		facts->failed = true;
		failure_read_json(200, root, scratch, &facts->failure);
	}
	facts->is_plain &= !view->is_failure;
	if (!json_next(&cursor, &item)) {
		facts->is_plain = false;
		return;
	}
	do
		read_choice(item.value, view->is_whole, facts, scratch);
	while (json_next(&cursor, &item));
}

static enum frame_kind classify(const struct answer *view)
{
	if (view->is_failure)
		return FRAME_ERROR;
	if (!json_is_empty(view->choices))
		return FRAME_CONTENT;
	return view->usage.type == JSON_TYPE_OBJECT ? FRAME_USAGE_ONLY
						    : FRAME_OTHER;
}

/* Perplexity has both: response.c. */
static void read_choice(struct json object, bool is_whole,
	struct chat_facts *facts, struct arena *scratch)
{
	struct choice choice;
	struct json first, second;
	struct str reason;

	pick_members(object, choice_rows, ARRAY_LEN(choice_rows), &choice);
	first = is_whole ? choice.message : choice.delta;
	second = is_whole ? choice.delta : choice.message;
	hear_message(first.type == JSON_TYPE_OBJECT ? first : second, facts,
		scratch);
	if (json_text(choice.finish_reason, scratch, &reason))
		failure_fit(reason, facts->finish_reason,
			sizeof(facts->finish_reason));
	facts->is_plain &= is_plain_reason(choice.finish_reason);
}

/* Of the reasons that response.c knows, those that most have. */
static bool is_plain_reason(struct json reason)
{
	return json_text_is(reason, S("stop")) ||
	       json_text_is(reason, S("length")) ||
	       json_text_is(reason, S("tool_calls"));
}

static void hear_message(
	struct json object, struct chat_facts *facts, struct arena *scratch)
{
	struct message message;

	pick_members(object, message_rows, ARRAY_LEN(message_rows), &message);
	/* Some send the same text under both names. */
	hear(string_bytes(message.reasoning) <
				string_bytes(message.reasoning_content)
			? message.reasoning_content
			: message.reasoning,
		facts, scratch);
	hear_content(message.content, facts, scratch);
	hear_calls(message.tool_calls, facts, scratch);
	hear(message.refusal, facts, scratch);
	hear_call(message.function_call, facts, scratch);
	/* One of the parts of a list may be a refusal. */
	facts->is_plain &= message.refusal.type != JSON_TYPE_STRING &&
			   message.content.type != JSON_TYPE_ARRAY;
}

/* A string, or Mistral's list of text and thinking parts. */
static void hear_content(
	struct json content, struct chat_facts *facts, struct arena *scratch)
{
	struct json_cursor cursor = json_members(content);
	struct json_member part;

	hear(content, facts, scratch);
	while (content.type == JSON_TYPE_ARRAY && json_next(&cursor, &part)) {
		hear(json_find(part.value, S("text")), facts, scratch);
		hear_thinking(
			json_find(part.value, S("thinking")), facts, scratch);
	}
}

static void hear_thinking(
	struct json thinking, struct chat_facts *facts, struct arena *scratch)
{
	struct json_cursor cursor = json_members(thinking);
	struct json_member part;

	hear(thinking, facts, scratch);
	while (thinking.type == JSON_TYPE_ARRAY && json_next(&cursor, &part))
		hear(json_find(part.value, S("text")), facts, scratch);
}

static void hear_calls(
	struct json calls, struct chat_facts *facts, struct arena *scratch)
{
	struct json_cursor cursor = json_members(calls);
	struct json_member call;

	while (json_next(&cursor, &call)) {
		hear_call(json_find(call.value, S("function")), facts, scratch);
		hear_call(json_find(call.value, S("custom")), facts, scratch);
	}
}

static void hear_call(
	struct json function, struct chat_facts *facts, struct arena *scratch)
{
	if (function.type != JSON_TYPE_OBJECT)
		return;
	hear(json_find(function, S("name")), facts, scratch);
	hear(json_find(function, S("arguments")), facts, scratch);
	hear(json_find(function, S("input")), facts, scratch);
}

/* The text itself is made only for who listens. */
static void hear(
	struct json string, struct chat_facts *facts, struct arena *scratch)
{
	struct str text;

	if (!facts->listener)
		facts->output_bytes += string_bytes(string);
	else if (json_text(string, scratch, &text))
		chat_facts_hear(facts, text);
}

/* Bytes of a string's value, its escapes resolved; 0 of anything else. */
static int64_t string_bytes(struct json string)
{
	const char *p = string.text.p;
	size_t end = string.text.n - 1;
	int64_t bytes = 0;

	if (string.type != JSON_TYPE_STRING)
		return 0;
	if (str_index(string.text, '\\') == string.text.n)
		return (int64_t)string.text.n - 2;
	for (size_t i = 1; i < end; bytes++) {
		if (p[i] != '\\') {
			i++;
		} else if (p[i + 1] != 'u') {
			i += 2;
		} else {
			/* One, two or three bytes; half of a pair has two. */
			bool is_ascii = p[i + 2] == '0' && p[i + 3] == '0' &&
					p[i + 4] < '8';
			bool is_short = p[i + 2] == '0' && p[i + 3] < '8';
			bool is_half =
				(p[i + 2] | 0x20) == 'd' && p[i + 3] >= '8';

			bytes += is_ascii ? 0 : is_short || is_half ? 1 : 2;
			i += 6;
		}
	}
	return bytes;
}

void openai_chat_read_usage(struct json object, struct chat_usage *usage)
{
	struct json heard = json_find(object, S("prompt_audio_seconds"));
	int64_t total = -1;

	facts_read_counts(object, usage_counts, ARRAY_LEN(usage_counts), usage);
	facts_read_counts(json_find(object, S("prompt_tokens_details")),
		prompt_counts, ARRAY_LEN(prompt_counts), usage);
	facts_read_counts(json_find(object, S("completion_tokens_details")),
		completion_counts, ARRAY_LEN(completion_counts), usage);
	facts_read_count(json_find(object, S("total_tokens")), &total);
	settle_total(usage, total, heard.type == JSON_TYPE_NUMBER);
	/* Azure's Grok leaves what it had cached out of the prompt. */
	if (usage->prompt >= 0 && usage->cached > usage->prompt)
		usage->prompt += usage->cached;
}

/*
 * Tokens that only the total counts. Mistral leaves what it heard out of the
 * prompt (it says how many seconds it heard). xAI and Gemini leave what they
 * thought out of the completion, though it is billed as such.
 */
static void settle_total(
	struct chat_usage *usage, int64_t total, bool heard_audio)
{
	int64_t missing = total - usage->prompt - usage->completion;

	if (usage->prompt < 0 || usage->completion < 0 || missing <= 0)
		return;
	if (heard_audio)
		usage->prompt += missing;
	else
		usage->completion += missing;
}
