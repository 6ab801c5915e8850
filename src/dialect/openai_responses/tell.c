/*
 * tell.c - the events that tell a client of an answer in the
 * making. Without a stream there are none.
 */
#include "dialect/openai_responses/answer.h"

#include "dialect/openai_chat/openai_chat.h"

/* An event that is being written. */
struct event_writer {
	struct json_writer w;
	struct answer *answer;
	size_t begin;
};

/* What the events of an item's text are called. */
struct text_words {
	const char *delta;
	const char *done;
	const char *whole; /* the member of `done` with all of it */
	const char *index; /* the member that counts the texts */
	const char *added;
	const char *closed;
};

static const struct text_words words[] = {
	[ANSWER_REASONING] = { "response.reasoning_summary_text.delta",
		"response.reasoning_summary_text.done", "text", "summary_index",
		"response.reasoning_summary_part.added",
		"response.reasoning_summary_part.done" },
	[ANSWER_MESSAGE] = { "response.output_text.delta",
		"response.output_text.done", "text", "content_index",
		"response.content_part.added", "response.content_part.done" },
	[ANSWER_FUNCTION_CALL] = { "response.function_call_arguments.delta",
		"response.function_call_arguments.done", "arguments", NULL,
		NULL, NULL },
	[ANSWER_CUSTOM_CALL] = { "response.custom_tool_call_input.delta",
		"response.custom_tool_call_input.done", "input", NULL, NULL,
		NULL },
};
static const struct text_words refusal_words = { "response.refusal.delta",
	"response.refusal.done", "refusal", "content_index",
	"response.content_part.added", "response.content_part.done" };

static bool begin_event(
	struct event_writer *e, struct answer *answer, const char *type);
static void end_event(struct event_writer *e);
static void write_failed(struct answer *answer, const struct error *err);
static bool begin_text_event(struct event_writer *e, struct answer *answer,
	size_t index, const char *type);
static const struct text_words *words_of(const struct answer_item *item);
static void write_logprobs(const struct answer_item *item, struct str items,
	struct json_writer *w);

void openai_responses_tell_response(struct answer *answer, const char *type,
	const char *status, struct str metadata)
{
	struct event_writer e;

	if (!begin_event(&e, answer, type))
		return;
	json_name(&e.w, "response");
	openai_responses_answer_write_object(answer, status, S(""), &e.w);
	if (metadata.n > 0)
		json_member_raw(&e.w, "metadata", metadata);
	end_event(&e);
}

/* False: no events are wanted. */
static bool begin_event(
	struct event_writer *e, struct answer *answer, const char *type)
{
	if (!answer->out)
		return false;
	e->answer = answer;
	buf_printf(answer->out, "event: %s\ndata: ", type);
	e->begin = answer->out->n;
	json_writer_init(&e->w, answer->out);
	json_begin_object(&e->w);
	json_member_str(&e->w, "type", str_of(type));
	json_member_int(&e->w, "sequence_number", answer->sequence++);
	return true;
}

/* What was kept as it came may have line ends between its tokens. */
static void end_event(struct event_writer *e)
{
	struct buf *out = e->answer->out;

	json_end_object(&e->w);
	for (size_t i = e->begin; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	buf_append(out, S("\n\n"));
}

/*
 * The members of `error` stand twice: OpenAI's schema has them at the top,
 * its recorded streams in an object, which its SDKs look for (openai-node,
 * src/core/streaming.ts). Then comes what ends a stream without an SDK.
 */
void openai_responses_tell_failure(
	struct answer *answer, const struct error *err)
{
	struct buf body = BUF_INIT(16384);
	struct event_writer e;

	openai_chat_write_failure(err, S(""), &body);
	if (begin_event(&e, answer, "error")) {
		json_member_str(&e.w, "code", str_of(error_name(err->kind)));
		json_member_str(&e.w, "message", str_of(error_message(err)));
		if (err->param[0])
			json_member_str(&e.w, "param", str_of(err->param));
		else
			json_member_null(&e.w, "param");
		/* {"error": {...}}, without its own braces. */
		json_write_raw(&e.w,
			str_head(str_from(buf_str(&body), 1), body.n - 2));
		end_event(&e);
	}
	buf_release(&body);
	write_failed(answer, err);
}

static void write_failed(struct answer *answer, const struct error *err)
{
	bool is_limit = error_http_status(err) == 429;
	struct buf error = BUF_INIT(16384);
	struct json_writer w;
	struct event_writer e;

	json_writer_init(&w, &error);
	json_begin_object(&w);
	/* Words of OpenAI's list: its clients may know no others. */
	json_member_str(&w, "code",
		is_limit ? S("rate_limit_exceeded") : S("server_error"));
	json_member_str(&w, "message", str_of(error_message(err)));
	json_end_object(&w);
	if (begin_event(&e, answer, "response.failed")) {
		json_name(&e.w, "response");
		openai_responses_answer_write_object(
			answer, "failed", buf_str(&error), &e.w);
		end_event(&e);
	}
	buf_release(&error);
}

void openai_responses_tell_item(
	struct answer *answer, size_t index, const char *type)
{
	struct event_writer e;

	if (!begin_event(&e, answer, type))
		return;
	json_member_int(&e.w, "output_index", (int64_t)index);
	json_name(&e.w, "item");
	openai_responses_answer_write_item(answer, index, &e.w);
	end_event(&e);
}

void openai_responses_tell_part(
	struct answer *answer, size_t index, bool is_closed)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);
	const struct text_words *names = words_of(item);
	struct event_writer e;

	if (!begin_text_event(&e, answer, index,
		    is_closed ? names->closed : names->added))
		return;
	json_name(&e.w, "part");
	openai_responses_answer_write_text(item, &e.w);
	end_event(&e);
}

static bool begin_text_event(struct event_writer *e, struct answer *answer,
	size_t index, const char *type)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);
	const char *count = words_of(item)->index;
	struct answer_id id;

	if (!begin_event(e, answer, type))
		return false;
	id = openai_responses_answer_id(answer, index);
	json_member_str(&e->w, "item_id", str_of(id.text));
	json_member_int(&e->w, "output_index", (int64_t)index);
	if (count)
		json_member_int(&e->w, count, item->text_index);
	return true;
}

static const struct text_words *words_of(const struct answer_item *item)
{
	if (item->kind == ANSWER_MESSAGE && item->is_refusal)
		return &refusal_words;
	return &words[item->kind];
}

void openai_responses_tell_delta(struct answer *answer, size_t index,
	struct str delta, struct str logprobs)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);
	struct event_writer e;

	if (!begin_text_event(&e, answer, index, words_of(item)->delta))
		return;
	json_member_str(&e.w, "delta", delta);
	write_logprobs(item, logprobs, &e.w);
	end_event(&e);
}

/* Texts must have them. */
static void write_logprobs(
	const struct answer_item *item, struct str items, struct json_writer *w)
{
	if (item->kind != ANSWER_MESSAGE || item->is_refusal)
		return;
	json_name(w, "logprobs");
	json_begin_array(w);
	if (items.n > 0)
		json_write_raw(w, items);
	json_end_array(w);
}

void openai_responses_tell_whole(struct answer *answer, size_t index)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);
	const struct text_words *names = words_of(item);
	struct event_writer e;

	if (!begin_text_event(&e, answer, index, names->done))
		return;
	json_member_str(&e.w, names->whole, buf_str(&item->text));
	if (item->kind == ANSWER_FUNCTION_CALL)
		json_member_str(&e.w, "name", buf_str(&item->name));
	write_logprobs(item, buf_str(&item->logprobs), &e.w);
	end_event(&e);
}

void openai_responses_tell_citation(
	struct answer *answer, size_t index, struct str citation)
{
	const struct answer_item *item =
		openai_responses_answer_item(answer, index);
	struct event_writer e;

	if (!begin_text_event(
		    &e, answer, index, "response.output_text.annotation.added"))
		return;
	json_member_int(&e.w, "annotation_index", item->annotation_count);
	json_member_raw(&e.w, "annotation", citation);
	end_event(&e);
}
