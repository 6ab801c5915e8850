/*
 * stream.c - a stream for a client that speaks Responses.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/openai_responses/answer.h"

static void release(void *thing);
static void write_own_event(const struct chat_event *event, struct buf *out);
static void write_news(struct answer *answer, const struct chat_event *event);
static void begin_stream(struct answer *answer);
static void end_stream(struct answer *answer, struct str metadata);
static void fail_stream(struct answer *answer, const struct error *err);

void *openai_responses_writer_new(
	const struct chat_start *start, struct arena *arena)
{
	struct answer *answer = ARENA_NEW(arena, struct answer);
	struct chat_response named = { .id = start->request_id,
		.created_unix_s = start->created_unix_s,
		.model = start->model };

	openai_responses_answer_init(answer);
	openai_responses_answer_name(answer, &named);
	arena_defer(arena, release, answer);
	return answer;
}

static void release(void *thing)
{
	openai_responses_answer_release(thing);
}

void openai_responses_write_event(
	const struct chat_event *event, void *writer, struct buf *out)
{
	struct answer *answer = writer;
	struct str dialect = event->delta.dialect;
	struct error err = { .kind = ERR_UPSTREAM_STATUS };

	if (answer->ended)
		return;
	answer->out = out;
	if (event->kind == CHAT_EVENT_ERROR) {
		/* Always in our words: what came may quote a key. */
		failure_fit(
			event->error_message, err.message, sizeof(err.message));
		err.http_status = event->error_status;
		fail_stream(answer, &err);
	} else if (str_equal(dialect, S(OPENAI_RESPONSES_NAME))) {
		write_own_event(event, out);
	} else if (event->kind != CHAT_EVENT_NOTHING) {
		write_news(answer, event);
	}
	answer->out = NULL;
}

static void write_own_event(const struct chat_event *event, struct buf *out)
{
	size_t begin;

	if (event->kind == CHAT_EVENT_DONE && !event->json.p) {
		buf_append(out, S("data: [DONE]\n\n"));
		return;
	}
	if (event->json.n == 0)
		return;
	if (event->name.n > 0)
		buf_printf(out, "event: %.*s\n", STR_ARG(event->name));
	buf_append(out, S("data: "));
	begin = out->n;
	buf_append(out, event->json);
	for (size_t i = begin; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	buf_append(out, S("\n\n"));
}

static void write_news(struct answer *answer, const struct chat_event *event)
{
	const struct chat_response *delta = &event->delta;
	bool is_last = event->kind == CHAT_EVENT_DONE || event->done;

	if (!answer->began) {
		openai_responses_answer_name(answer, delta);
		/* Azure's first chunk has no choices and no model's name:
		 * the client is told of one that is true. */
		if (delta->choice_count > 0 || is_last)
			begin_stream(answer);
	}
	openai_responses_answer_add(answer, delta);
	if (is_last)
		end_stream(answer, event->metadata);
}

static void begin_stream(struct answer *answer)
{
	answer->began = true;
	openai_responses_tell_response(
		answer, "response.created", "in_progress", S(""));
	openai_responses_tell_response(
		answer, "response.in_progress", "in_progress", S(""));
}

static void end_stream(struct answer *answer, struct str metadata)
{
	bool is_cut;

	openai_responses_answer_close(answer);
	is_cut = strcmp(openai_responses_answer_status(answer), "incomplete") ==
		 0;
	openai_responses_tell_response(answer,
		is_cut ? "response.incomplete" : "response.completed", NULL,
		metadata);
	answer->ended = true;
}

void openai_responses_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out)
{
	struct answer *answer = writer;
	struct chat_response named = { .id = request_id, .created_unix_s = -1 };

	if (answer->ended)
		return;
	if (answer->id.n == 0)
		openai_responses_answer_name(answer, &named);
	answer->out = out;
	fail_stream(answer, err);
	answer->out = NULL;
}

static void fail_stream(struct answer *answer, const struct error *err)
{
	openai_responses_tell_failure(answer, err);
	answer->ended = true;
}
