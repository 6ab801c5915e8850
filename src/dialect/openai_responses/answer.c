/*
 * answer.c - the items of an answer in the making, and the
 * objects that are written of them.
 *
 * The objects have all members that OpenAI's schema requires of them. What
 * the request said is not known here: its echoes are the defaults.
 */
#include "dialect/openai_responses/answer.h"

#include "dialect/openai_responses/openai_responses.h"

#define MAX_ITEMS 4096

static uint64_t hash_of(struct str text);
static void write_message(
	const struct answer_item *item, struct json_writer *w);
static void write_reasoning(
	const struct answer_item *item, struct json_writer *w);
static void write_call(
	const struct answer *answer, size_t index, struct json_writer *w);
static void write_list(
	const char *name, const struct buf *items, struct json_writer *w);
static void write_incomplete(
	const struct answer *answer, const char *status, struct json_writer *w);
static void write_output(const struct answer *answer, struct json_writer *w);
static void write_defaults(struct json_writer *w);
static void write_usage(const struct answer *answer, struct json_writer *w);
static int64_t known(int64_t count);

void openai_responses_answer_init(struct answer *answer)
{
	*answer = (struct answer){ .said = -1 };
	buf_init(&answer->id, 512);
	buf_init(&answer->model, 512);
	buf_init(&answer->service_tier, 64);
	buf_init(&answer->items, MAX_ITEMS * sizeof(struct answer_item));
	chat_usage_init(&answer->usage);
}

void openai_responses_answer_release(struct answer *answer)
{
	for (size_t i = 0; i < openai_responses_answer_count(answer); i++) {
		struct answer_item *item =
			openai_responses_answer_item(answer, i);

		buf_release(&item->text);
		buf_release(&item->annotations);
		buf_release(&item->logprobs);
		buf_release(&item->texts);
		buf_release(&item->signature);
		buf_release(&item->call_id);
		buf_release(&item->name);
	}
	buf_release(&answer->items);
	buf_release(&answer->id);
	buf_release(&answer->model);
	buf_release(&answer->service_tier);
}

size_t openai_responses_answer_count(const struct answer *answer)
{
	return answer->items.n / sizeof(struct answer_item);
}

struct answer_item *openai_responses_answer_item(
	const struct answer *answer, size_t index)
{
	assert(index < openai_responses_answer_count(answer));
	return (struct answer_item *)(void *)answer->items.p + index;
}

struct answer_item *openai_responses_answer_new(
	struct answer *answer, enum answer_item_kind kind, size_t *index)
{
	struct answer_item *item = (struct answer_item *)(void *)buf_reserve(
		&answer->items, sizeof(struct answer_item));

	if (!item)
		return NULL;
	*index = openai_responses_answer_count(answer);
	buf_advance(&answer->items, sizeof(struct answer_item));
	*item = (struct answer_item){
		.kind = kind, .status = "in_progress", .call_index = -1
	};
	buf_init(&item->text, OPENAI_RESPONSES_MAX_KEPT);
	buf_init(&item->annotations, OPENAI_RESPONSES_MAX_KEPT);
	buf_init(&item->logprobs, OPENAI_RESPONSES_MAX_KEPT);
	/* Escaped, a text is up to six times as long. */
	buf_init(&item->texts, 7u * OPENAI_RESPONSES_MAX_KEPT);
	buf_init(&item->signature, OPENAI_RESPONSES_MAX_KEPT);
	buf_init(&item->call_id, 1024);
	buf_init(&item->name, 1024);
	return item;
}

struct answer_id openai_responses_answer_id(
	const struct answer *answer, size_t index)
{
	static const char *const prefixes[] = {
		[ANSWER_REASONING] = "rs",
		[ANSWER_MESSAGE] = "msg",
		[ANSWER_FUNCTION_CALL] = "fc",
		[ANSWER_CUSTOM_CALL] = "ctc",
		[ANSWER_IMAGE] = "ig",
	};
	struct answer_id id;

	/* OpenAI refuses ids of more than 64 characters, should a client send
	 * these there; so they do not have the answer's own in them. */
	snprintf(id.text, sizeof(id.text), "%s_%016" PRIx64 "%04zx",
		prefixes[openai_responses_answer_item(answer, index)->kind],
		hash_of(buf_str(&answer->id)), index);
	return id;
}

/* FNV-1a */
static uint64_t hash_of(struct str text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) *
		       UINT64_C(1099511628211);
	return hash;
}

void openai_responses_answer_write_item(
	const struct answer *answer, size_t index, struct json_writer *w)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);

	json_begin_object(w);
	json_member_str(w, "id",
		str_of(openai_responses_answer_id(answer, index).text));
	switch (item->kind) {
	case ANSWER_REASONING: write_reasoning(item, w); break;
	case ANSWER_MESSAGE: write_message(item, w); break;
	case ANSWER_FUNCTION_CALL:
	case ANSWER_CUSTOM_CALL: write_call(answer, index, w); break;
	case ANSWER_IMAGE:
		json_member_str(w, "type", S("image_generation_call"));
		json_member_str(w, "result", buf_str(&item->text));
		break;
	}
	json_member_str(w, "status", str_of(item->status));
	json_end_object(w);
}

static void write_message(const struct answer_item *item, struct json_writer *w)
{
	json_member_str(w, "type", S("message"));
	json_member_str(w, "role", S("assistant"));
	write_list("content", &item->texts, w);
}

static void write_reasoning(
	const struct answer_item *item, struct json_writer *w)
{
	json_member_str(w, "type", S("reasoning"));
	write_list("summary", &item->texts, w);
	if (item->signature.n > 0)
		json_member_str(
			w, "encrypted_content", buf_str(&item->signature));
}

static void write_call(
	const struct answer *answer, size_t index, struct json_writer *w)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);
	bool is_custom = item->kind == ANSWER_CUSTOM_CALL;
	struct answer_id id = openai_responses_answer_id(answer, index);

	json_member_str(w, "type",
		is_custom ? S("custom_tool_call") : S("function_call"));
	json_member_str(w, "call_id",
		item->call_id.n > 0 ? buf_str(&item->call_id)
				    : str_of(id.text));
	json_member_str(w, "name", buf_str(&item->name));
	json_member_str(
		w, is_custom ? "input" : "arguments", buf_str(&item->text));
}

static void write_list(
	const char *name, const struct buf *items, struct json_writer *w)
{
	json_name(w, name);
	json_begin_array(w);
	if (items->n > 0)
		json_write_raw(w, buf_str(items));
	json_end_array(w);
}

void openai_responses_answer_write_text(
	const struct answer_item *item, struct json_writer *w)
{
	json_begin_object(w);
	if (item->kind == ANSWER_REASONING) {
		json_member_str(w, "type", S("summary_text"));
		json_member_str(w, "text", buf_str(&item->text));
	} else if (item->is_refusal) {
		json_member_str(w, "type", S("refusal"));
		json_member_str(w, "refusal", buf_str(&item->text));
	} else {
		json_member_str(w, "type", S("output_text"));
		write_list("annotations", &item->annotations, w);
		write_list("logprobs", &item->logprobs, w);
		json_member_str(w, "text", buf_str(&item->text));
	}
	json_end_object(w);
}

void openai_responses_answer_write_object(const struct answer *answer,
	const char *status, struct str error, struct json_writer *w)
{
	if (!status)
		status = openai_responses_answer_status(answer);
	json_begin_object(w);
	json_member_str(w, "id", buf_str(&answer->id));
	json_member_str(w, "object", S("response"));
	json_member_int(w, "created_at", known(answer->created_unix_s));
	json_member_str(w, "status", str_of(status));
	json_member_raw(w, "error", error.n > 0 ? error : S("null"));
	write_incomplete(answer, status, w);
	json_member_str(w, "model", buf_str(&answer->model));
	write_output(answer, w);
	write_defaults(w);
	/* Other providers' tiers mean nothing to a client of this format. */
	if (openai_responses_has_tier(buf_str(&answer->service_tier)))
		json_member_str(
			w, "service_tier", buf_str(&answer->service_tier));
	write_usage(answer, w);
	json_end_object(w);
}

const char *openai_responses_answer_status(const struct answer *answer)
{
	bool is_cut = answer->finish == CHAT_FINISH_LENGTH ||
		      answer->finish == CHAT_FINISH_FILTER;

	return is_cut ? "incomplete" : "completed";
}

static void write_incomplete(
	const struct answer *answer, const char *status, struct json_writer *w)
{
	bool is_length = answer->finish == CHAT_FINISH_LENGTH;

	if (strcmp(status, "incomplete") != 0) {
		json_member_null(w, "incomplete_details");
		return;
	}
	json_name(w, "incomplete_details");
	json_begin_object(w);
	json_member_str(w, "reason",
		is_length ? S("max_output_tokens") : S("content_filter"));
	json_end_object(w);
}

static void write_output(const struct answer *answer, struct json_writer *w)
{
	json_name(w, "output");
	json_begin_array(w);
	for (size_t i = 0; i < openai_responses_answer_count(answer); i++)
		openai_responses_answer_write_item(answer, i, w);
	json_end_array(w);
}

static void write_defaults(struct json_writer *w)
{
	static const struct {
		const char *name;
		struct str value;
	} defaults[] = {
		{ "instructions", STR("null") },
		{ "tools", STR("[]") },
		{ "tool_choice", STR("\"auto\"") },
		{ "parallel_tool_calls", STR("true") },
		{ "max_output_tokens", STR("null") },
		{ "previous_response_id", STR("null") },
		{ "reasoning", STR("{\"effort\":null,\"summary\":null}") },
		{ "store", STR("false") },
		{ "background", STR("false") },
		{ "temperature", STR("null") },
		{ "top_p", STR("null") },
		{ "text", STR("{\"format\":{\"type\":\"text\"}}") },
		{ "truncation", STR("\"disabled\"") },
		{ "metadata", STR("{}") },
	};

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		json_member_raw(w, defaults[i].name, defaults[i].value);
}

static void write_usage(const struct answer *answer, struct json_writer *w)
{
	const struct chat_usage *usage = &answer->usage;

	if (!answer->has_usage)
		return;
	json_name(w, "usage");
	json_begin_object(w);
	json_member_int(w, "input_tokens", known(usage->prompt));
	json_name(w, "input_tokens_details");
	json_begin_object(w);
	json_member_int(w, "cached_tokens", known(usage->cached));
	json_member_int(w, "cache_write_tokens", known(usage->cache_write));
	json_end_object(w);
	json_member_int(w, "output_tokens", known(usage->completion));
	json_name(w, "output_tokens_details");
	json_begin_object(w);
	json_member_int(w, "reasoning_tokens", known(usage->reasoning));
	json_end_object(w);
	json_member_int(w, "total_tokens",
		known(usage->prompt) + known(usage->completion));
	json_end_object(w);
}

/* The counts must be there; what is not known is none. */
static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}
