/*
 * across.h - recordings of one dialect, translated into another one and read
 * again there: the same must be said.
 *
 *	across_run(&from, &to, files, ARRAY_LEN(files), exceptions, count);
 *
 * Requests go through chat_losses_find() and write_request(), answers through
 * write_response(), streams event by event through write_event(). What was
 * named as lost is not compared. A recording that differs must be named among
 * the exceptions (by the beginning of its name), with the reason; one that
 * does not differ must not.
 */
#ifndef TESTS_UNIT_DIALECT_ACROSS_H
#define TESTS_UNIT_DIALECT_ACROSS_H

#include "suite.h"

struct across {
	struct suite suite; /* for its messages and exceptions */
	const struct dialect *from;
	const struct dialect *to;
	size_t requests;
	size_t refused;
	size_t lost; /* requests of which something was named as lost */
	size_t replies;
	size_t streams;
};

/* Refused for what the other format does not have: said in words. */
static inline void across_refuse(struct across *a, const struct error *err)
{
	a->refused++;
	if ((err->kind != ERR_UNSUPPORTED && err->kind != ERR_BAD_FIELD) ||
		!err->param[0])
		suite_fail(&a->suite, "refused: %s (%s)", error_message(err),
			err->param);
}

/*
 * The same in other words: no choice of a tool is to let the model choose; a
 * tool by its name may be that tool alone, of which one is required; and none
 * may be no tools at all.
 */
static inline void across_settle_choice(
	struct chat_request *said, struct chat_request *heard)
{
	bool is_alone = heard->tool_count == 1 &&
			str_equal(heard->tools[0].name, said->tool_choice_name);

	if (said->tool_choice == CHAT_CHOICE_AUTO &&
		heard->tool_choice == CHAT_CHOICE_UNSET)
		heard->tool_choice = CHAT_CHOICE_AUTO;
	if (said->tool_choice == CHAT_CHOICE_NONE && heard->tool_count == 0)
		said->tool_count = 0;
	if (said->tool_choice != CHAT_CHOICE_NAMED || !is_alone ||
		heard->tool_choice != CHAT_CHOICE_REQUIRED)
		return;
	heard->tool_choice = CHAT_CHOICE_NAMED;
	heard->tool_choice_name = said->tool_choice_name;
	for (size_t i = 0; i < said->tool_count; i++)
		if (str_equal(said->tools[i].name, said->tool_choice_name))
			said->tools[0] = said->tools[i];
	said->tool_count = 1;
}

static inline void across_compare_requests(struct across *a,
	struct chat_request *said, struct str written,
	const struct chat_losses *losses, struct arena *arena)
{
	struct buf before = BUF_INIT(SUITE_MAX), after = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_request heard;
	struct chat_head head;

	if (!a->to->read_head(written, arena, &head, &err) ||
		!a->to->read_request(&head, arena, &heard, &err)) {
		suite_fail(&a->suite, "%s (%s): %.*s", error_message(&err),
			err.param, STR_ARG(str_head(written, 500)));
		return;
	}
	across_settle_choice(said, &heard);
	meaning_of_request(said, said, losses, true, &before);
	meaning_of_request(&heard, said, losses, true, &after);
	suite_compare(&a->suite, buf_str(&after), buf_str(&before));
	buf_release(&before);
	buf_release(&after);
}

static inline void across_request(struct across *a, const struct recording *r)
{
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct buf out = BUF_INIT(SUITE_MAX);
	struct chat_request said;
	struct chat_head head;
	struct arena arena;

	arena_init(&arena, 65536);
	chat_losses_init(&losses, a->from);
	suite_begin(&a->suite, "request");
	if (a->from->read_head(r->request, &arena, &head, &err) &&
		a->from->read_request(&head, &arena, &said, &err)) {
		a->requests++;
		if (chat_losses_find(&said, a->to, NULL, &losses, &err) &&
			a->to->write_request(&said, NULL, &losses, &out, &err))
			across_compare_requests(
				a, &said, buf_str(&out), &losses, &arena);
		else
			across_refuse(a, &err);
		a->lost += losses.names.n > 0;
	}
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

/* Cohere and Ollama have no word for an answer that was held back. */
static inline void across_settle_finish(
	const struct dialect *to, struct heard *heard)
{
	bool has_filter = strcmp(to->name, "cohere") != 0 &&
			  strcmp(to->name, "ollama") != 0;

	for (size_t i = 0; i < heard->choice_count; i++)
		if (!has_filter &&
			heard->choices[i].finish == CHAT_FINISH_FILTER)
			heard->choices[i].finish = CHAT_FINISH_STOP;
}

static inline void across_compare_heard(
	struct across *a, struct heard *first, struct heard *second)
{
	struct buf before = BUF_INIT(SUITE_MAX), after = BUF_INIT(SUITE_MAX);

	size_t count = first->choice_count;

	/* A format that has one answer tells the first. */
	if (!a->to->words[FIELD_N] && count > 1)
		first->choice_count = 1;
	/* Nor is there one that has none. */
	if (first->choice_count == 0)
		second->choice_count = 0;
	heard_settle(first, second);
	across_settle_finish(a->to, first);
	/* Not every format names the model in its answers, nor how far an
	 * answer came that failed. */
	if (!second->model[0])
		first->model[0] = 0;
	if (first->failed && first->choice_count > 0 &&
		second->choice_count > 0)
		first->choices[0].finish = second->choices[0].finish;
	meaning_of_heard(first, true, &before);
	meaning_of_heard(second, true, &after);
	suite_compare(&a->suite, buf_str(&after), buf_str(&before));
	first->choice_count = count;
	buf_release(&before);
	buf_release(&after);
}

static inline void across_reply(struct across *a, const struct recording *r)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT(SUITE_MAX);
	struct chat_response said, heard;
	struct heard first, second;
	struct arena arena;

	arena_init(&arena, 65536);
	heard_init(&first);
	heard_init(&second);
	suite_begin(&a->suite, "reply");
	if (a->from->read_response(r->response, &arena, &said, &err)) {
		a->replies++;
		a->to->write_response(&said, &out);
		if (out.failed || !a->to->read_response(buf_str(&out), &arena,
					  &heard, &err)) {
			suite_fail(&a->suite, "%s", error_detail(&err));
		} else {
			heard_add_response(&first, &said, false);
			heard_add_response(&second, &heard, false);
			across_compare_heard(a, &first, &second);
		}
	}
	heard_release(&first);
	heard_release(&second);
	buf_release(&out);
	arena_release(&arena);
}

/* A stream on its way from one dialect to another. */
struct across_relay {
	struct across *a;
	const struct dialect *reads;
	void *reader;
	void *writer; /* of a->to; NULL on the way back */
	struct buf *out;
	struct heard heard;
};

static inline void across_relay_frame(const struct frame *frame, void *context)
{
	struct across_relay *relay = context;
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena scratch;

	arena_init(&scratch, 4096);
	if (!relay->reads->read_event(
		    frame, relay->reader, &scratch, &event, &err)) {
		suite_fail(&relay->a->suite, "%s: %.*s", error_detail(&err),
			STR_ARG(str_head(frame->data, 300)));
	} else if (!relay->heard.failed) {
		heard_add_event(&relay->heard, &event);
		if (relay->out)
			relay->a->to->write_event(
				&event, relay->writer, relay->out);
	}
	arena_release(&scratch);
}

/* Gemini's streams end where the connection does. */
static inline bool across_tells_its_end(const struct dialect *dialect)
{
	return strcmp(dialect->name, "gemini") != 0;
}

static inline void across_end(struct across_relay *relay)
{
	struct chat_event done = { .kind = CHAT_EVENT_DONE };

	chat_response_init(&done.delta, S("another"));
	if (!relay->heard.done && !relay->heard.failed)
		relay->a->to->write_event(&done, relay->writer, relay->out);
}

static inline void across_stream(struct across *a, const struct recording *r)
{
	struct chat_start start = { .request_id = S("req-1"),
		.created_unix_s = 1700000000,
		.model = S(SUITE_MODEL),
		.wants_usage = true };
	struct buf out = BUF_INIT(SUITE_MAX);
	struct across_relay there = { .a = a, .reads = a->from, .out = &out };
	struct across_relay back = { .a = a, .reads = a->to };
	struct arena memory;
	bool failed;

	arena_init(&memory, 4096);
	if (a->from->reader_new)
		there.reader = a->from->reader_new(&memory);
	if (a->to->reader_new)
		back.reader = a->to->reader_new(&memory);
	if (a->to->writer_new)
		there.writer = a->to->writer_new(&start, &memory);
	heard_init(&there.heard);
	heard_init(&back.heard);
	suite_begin(&a->suite, "stream");
	a->streams++;
	suite_cut(r->response,
		suite_is_array(r) ? FRAMING_JSON_ARRAY : a->from->framing, 0,
		across_relay_frame, &there, &failed);
	across_end(&there);
	suite_cut(buf_str(&out), a->to->framing, 0, across_relay_frame, &back,
		&failed);
	if (failed || (across_tells_its_end(a->to) &&
			      back.heard.done == back.heard.failed))
		suite_fail(&a->suite, "the stream does not end");
	if (back.heard.fault)
		suite_fail(&a->suite, "%s", back.heard.fault);
	across_compare_heard(a, &there.heard, &back.heard);
	heard_release(&there.heard);
	heard_release(&back.heard);
	arena_release(&memory);
	buf_release(&out);
}

static inline void across_visit(const struct recording *r, void *context)
{
	struct across *a = context;

	a->suite.recording = r;
	if (r->request.p)
		across_request(a, r);
	if (!r->response.p || r->status >= 400)
		return;
	if (suite_is_stream(r))
		across_stream(a, r);
	else
		across_reply(a, r);
}

static inline void across_run(const struct dialect *from,
	const struct dialect *to, const char *const *files, size_t file_count,
	struct suite_exception *exceptions, size_t exception_count)
{
	struct across a = { .suite = { .dialect = to,
				    .exceptions = exceptions,
				    .exception_count = exception_count },
		.from = from,
		.to = to };

	for (size_t i = 0; i < file_count; i++)
		assert_true(
			recordings_visit_file(files[i], across_visit, &a) > 0);
	print_message("%s -> %s: %zu requests (%zu refused, %zu with losses), "
		      "%zu replies, %zu streams\n",
		from->name, to->name, a.requests, a.refused, a.lost, a.replies,
		a.streams);
	for (size_t i = 0; i < exception_count; i++)
		if (!exceptions[i].seen)
			fail_msg("%s passes %s: strike it from the exceptions",
				exceptions[i].name, exceptions[i].check);
	if (a.suite.failed > 0)
		fail_msg("%zu checks failed, see above", a.suite.failed);
}

#endif
