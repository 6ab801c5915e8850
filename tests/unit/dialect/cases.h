/*
 * cases.h - small cases by hand, as tables: what is said in one dialect, and
 * what must be written in another one.
 *
 * JSON is compared by its value, streams byte by byte.
 */
#ifndef TESTS_UNIT_DIALECT_CASES_H
#define TESTS_UNIT_DIALECT_CASES_H

#include "recordings.h"

#include "dialect/losses.h"

#define CASES_MAX (16u << 20)

/* --- requests that come back as they were --- */

static inline void cases_read_request(const struct dialect *d, struct str body,
	struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!d->read_head(body, arena, &head, &err) ||
		!d->read_request(&head, arena, out, &err))
		fail_msg("%s (%s): %.*s", error_message(&err), err.param,
			STR_ARG(body));
}

static inline void cases_same_requests(
	const struct dialect *d, const char *const *bodies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf out = BUF_INIT(CASES_MAX);
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct arena arena;

		arena_init(&arena, 65536);
		cases_read_request(d, str_of(bodies[i]), &arena, &request);
		assert_true(d->write_request(&request, NULL, NULL, &out, &err));
		assert_same_json(buf_str(&out), str_of(bodies[i]), bodies[i]);
		buf_release(&out);
		arena_release(&arena);
	}
}

/* --- requests that are refused, as the client's fault --- */

struct refused_case {
	const char *body;
	enum error_kind kind;
	const char *param;
};

static inline void cases_refused(
	const struct dialect *d, const struct refused_case *c, size_t count)
{
	for (; count > 0; count--, c++) {
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct chat_head head;
		struct arena arena;

		arena_init(&arena, 65536);
		if (d->read_head(str_of(c->body), &arena, &head, &err) &&
			d->read_request(&head, &arena, &request, &err))
			fail_msg("accepted: %s", c->body);
		if (err.kind != c->kind || strcmp(err.param, c->param) != 0)
			fail_msg("%s: %s: %s: %s", c->body,
				error_name(err.kind), err.param,
				error_message(&err));
		assert_int_equal(error_http_status(&err), 400);
		arena_release(&arena);
	}
}

/* --- requests of another dialect --- */

struct request_case {
	const char *said;
	const char *written; /* NULL: ERR_UNSUPPORTED */
	const char *losses;  /* or, when it is refused, the param */
};

static inline void cases_check_request(const struct dialect *from,
	const struct dialect *to, const struct request_case *c)
{
	struct buf out = BUF_INIT(CASES_MAX);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request request;
	struct arena arena;

	arena_init(&arena, 65536);
	chat_losses_init(&losses, from);
	cases_read_request(from, str_of(c->said), &arena, &request);
	if (chat_losses_find(&request, to, NULL, &losses, &err) &&
		to->write_request(&request, NULL, &losses, &out, &err)) {
		assert_non_null(c->written);
		assert_same_json(buf_str(&out), str_of(c->written), c->said);
		assert_string_equal(buf_cstr(&losses.names), c->losses);
	} else {
		if (c->written)
			fail_msg("%s: %s", c->said, error_message(&err));
		assert_true(err.kind == ERR_UNSUPPORTED ||
			    err.kind == ERR_BAD_FIELD);
		assert_string_equal(err.param, c->losses);
	}
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

static inline void cases_requests(const struct dialect *from,
	const struct dialect *to, const struct request_case *c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cases_check_request(from, to, &c[i]);
}

/* --- answers --- */

struct reply_case {
	const char *said;
	const char *written;
};

static inline void cases_replies(const struct dialect *from,
	const struct dialect *to, const struct reply_case *c, size_t count)
{
	for (; count > 0; count--, c++) {
		struct buf out = BUF_INIT(CASES_MAX);
		struct error err = ERROR_INIT;
		struct chat_response response;
		struct arena arena;

		arena_init(&arena, 65536);
		if (!from->read_response(
			    str_of(c->said), &arena, &response, &err))
			fail_msg("%s: %s", c->said, error_detail(&err));
		to->write_response(&response, &out);
		assert_false(out.failed);
		assert_same_json(buf_str(&out), str_of(c->written), c->said);
		buf_release(&out);
		arena_release(&arena);
	}
}

static inline void cases_same_replies(
	const struct dialect *d, const char *const *bodies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct reply_case same = { bodies[i], bodies[i] };

		cases_replies(d, d, &same, 1);
	}
}

/* --- streams --- */

/* The whole stream as the other dialect's, event by event. `done`: add the
 * end that a broken stream lacks. */
static inline void cases_write_stream(const struct dialect *from,
	const struct dialect *to, const char *said, bool done, struct buf *out)
{
	struct chat_start start = { .request_id = S("req-1"),
		.created_unix_s = 1700000000,
		.model = S("a-model"),
		.wants_usage = true };
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;
	struct chat_event event;
	struct arena memory, scratch;
	void *reader, *writer;

	arena_init(&memory, 4096);
	reader = from->reader_new ? from->reader_new(&memory) : NULL;
	writer = to->writer_new ? to->writer_new(&start, &memory) : NULL;
	frames_init(&frames, from->framing, CASES_MAX);
	frames_feed(&frames, str_of(said));
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		arena_init(&scratch, 4096);
		if (!from->read_event(&frame, reader, &scratch, &event, &err))
			fail_msg("%s: %.*s", error_detail(&err),
				STR_ARG(frame.data));
		to->write_event(&event, writer, out);
		arena_release(&scratch);
	}
	event = (struct chat_event){ .kind = CHAT_EVENT_DONE };
	chat_response_init(&event.delta, S("another"));
	if (done)
		to->write_event(&event, writer, out);
	frames_release(&frames);
	arena_release(&memory);
	assert_false(out->failed);
}

struct stream_case {
	const char *said;
	const char *written;
	bool is_broken; /* the gateway must end it */
};

static inline void cases_streams(const struct dialect *from,
	const struct dialect *to, const struct stream_case *c, size_t count)
{
	for (; count > 0; count--, c++) {
		struct buf out = BUF_INIT(CASES_MAX);

		cases_write_stream(from, to, c->said, c->is_broken, &out);
		if (!str_equal(buf_str(&out), str_of(c->written)))
			fail_msg("%s\n--- became ---\n%.*s--- not ---\n%s",
				c->said, STR_ARG(buf_str(&out)), c->written);
		buf_release(&out);
	}
}

#endif
