/*
 * dialect.h - any bytes as a request, an answer, a stream and an error of one
 * dialect: what its own fuzz target does with them.
 *
 * A request that is accepted, and an answer, come back equal through the
 * neutral form, in Jansson's eyes; written as if they were another dialect's
 * they are read again. A stream that is read is written again, both ways.
 */
#ifndef TESTS_FUZZ_DIALECT_H
#define TESTS_FUZZ_DIALECT_H

#include "dialect/dialect.h"
#include "dialect/losses.h"

/* Jansson has these names too. Only its functions are used below. */
#include <jansson.h>

#define FUZZ_MAX_BYTES (64u << 20)
#define FUZZ_MODEL "a/\"new\"\n-model"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void assert_valid(struct str text)
{
	struct error err = ERROR_INIT;
	struct json value;

	assert(json_check(text, JSON_DEPTH_LIMIT, &value, &err));
}

/* Jansson refuses some JSON (lone surrogates, large numbers); then there is
 * nothing to compare, but it must be JSON. */
static inline void assert_equal(struct str written, struct str original)
{
	const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *a = json_loadb(written.p, written.n, flags, NULL);
	json_t *b = json_loadb(original.p, original.n, flags, NULL);

	assert_valid(written);
	assert(!b || (a && json_equal(a, b)));
	json_decref(a);
	json_decref(b);
}

static inline void try_splice(const struct dialect *d,
	const struct chat_head *head, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head again;
	struct splice splice;
	struct str joined;

	d->splice_request(head, S(FUZZ_MODEL), true, arena, &splice);
	joined = splice_join(&splice, arena);
	assert(d->read_head(joined, arena, &again, &err));
	assert(str_equal(again.model, S(FUZZ_MODEL)));
	assert(again.stream == head->stream);
	assert(again.message_count == head->message_count);
	assert(again.max_tokens == head->max_tokens);
}

static inline void try_foreign_request(const struct dialect *d,
	struct chat_request *request, struct arena *arena)
{
	struct buf out = BUF_INIT(FUZZ_MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request again;
	struct chat_head head;

	request->dialect = S("another");
	chat_losses_init(&losses, d);
	if (!chat_losses_find(request, d, NULL, &losses, &err) ||
		!d->write_request(request, NULL, &losses, &out, &err)) {
		assert(err.kind == ERR_UNSUPPORTED ||
			err.kind == ERR_BAD_FIELD);
		assert(err.param[0]);
	} else {
		assert(!out.failed);
		err.kind = ERR_NONE;
		/* Of a turn that was empty nothing may be left. */
		if (d->read_head(buf_str(&out), arena, &head, &err))
			assert(d->read_request(&head, arena, &again, &err));
		else
			assert(err.kind == ERR_BAD_FIELD);
		assert_valid(buf_str(&out));
	}
	chat_losses_release(&losses);
	buf_release(&out);
}

static inline void try_request(
	const struct dialect *d, struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(FUZZ_MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct chat_head head;

	if (!d->read_head(body, arena, &head, &err)) {
		assert(error_http_status(&err) == 400);
		return;
	}
	assert(head.message_count > 0 && head.max_tokens != 0);
	assert(head.prompt_bytes >= head.prompt_text_bytes);
	assert((size_t)head.prompt_bytes <= body.n);
	try_splice(d, &head, arena);
	if (!d->read_request(&head, arena, &request, &err)) {
		assert(err.kind == ERR_BAD_FIELD ||
			err.kind == ERR_MISSING_FIELD);
		assert(err.param[0]);
		return;
	}
	assert(d->write_request(&request, NULL, NULL, &out, &err));
	assert(!out.failed);
	assert_equal(buf_str(&out), body);
	buf_release(&out);
	try_foreign_request(d, &request, arena);
}

static inline void try_reply(
	const struct dialect *d, struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(FUZZ_MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_response response, again;
	struct chat_facts facts;

	chat_facts_init(&facts);
	if (!d->read_response(body, arena, &response, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	assert(facts_read_reply(d, body, arena, &facts, &err));
	assert((size_t)facts.output_bytes <= body.n + 64);
	d->write_response(&response, &out);
	assert(!out.failed);
	assert_equal(buf_str(&out), body);
	buf_clear(&out);
	response.dialect = S("another");
	d->write_response(&response, &out);
	assert(!out.failed);
	assert(d->read_response(buf_str(&out), arena, &again, &err));
	buf_release(&out);
}

/* Read a stream, and write it as it came or as if from another dialect. */
static inline void try_stream(const struct dialect *d, struct str bytes,
	bool foreign, struct buf *out)
{
	struct chat_start start = {
		.request_id = S("req-1"), .created_unix_s = 1, .model = S("m")
	};
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct frames frames;
	struct frame frame;
	struct arena memory;
	void *reader, *writer;

	arena_init(&memory, 4096);
	reader = d->reader_new ? d->reader_new(&memory) : NULL;
	writer = d->writer_new ? d->writer_new(&start, &memory) : NULL;
	frames_init(&frames, d->framing, 1 << 20);
	frames_feed(&frames, bytes);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		struct arena scratch;

		arena_init(&scratch, 4096);
		if (d->read_event(&frame, reader, &scratch, &event, &err)) {
			if (foreign)
				event.delta.dialect = S("another");
			d->write_event(&event, writer, out);
		}
		arena_release(&scratch);
	}
	event = (struct chat_event){ .kind = CHAT_EVENT_DONE };
	chat_response_init(&event.delta, S("another"));
	d->write_event(&event, writer, out);
	assert(!out->failed);
	frames_release(&frames);
	arena_release(&memory);
}

/* What was written is a stream of this dialect, to its end. */
static inline void assert_stream(const struct dialect *d, struct str bytes)
{
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct frames frames;
	struct frame frame;
	struct arena memory;
	void *reader;
	bool ended = false;

	arena_init(&memory, 4096);
	reader = d->reader_new ? d->reader_new(&memory) : NULL;
	frames_init(&frames, d->framing, FUZZ_MAX_BYTES);
	frames_feed(&frames, bytes);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		assert(d->read_event(&frame, reader, &memory, &event, &err));
		ended |= event.kind == CHAT_EVENT_DONE ||
			 event.kind == CHAT_EVENT_ERROR || event.done;
	}
	assert(ended);
	frames_release(&frames);
	arena_release(&memory);
}

static inline void try_streams(const struct dialect *d, struct str bytes)
{
	struct buf out = BUF_INIT(FUZZ_MAX_BYTES);

	try_stream(d, bytes, false, &out);
	buf_clear(&out);
	try_stream(d, bytes, true, &out);
	assert_stream(d, buf_str(&out));
	buf_release(&out);
}

static inline void try_dialect(const struct dialect *d, struct str bytes)
{
	struct arena arena;

	arena_init(&arena, 4096);
	try_request(d, bytes, &arena);
	try_reply(d, bytes, &arena);
	try_streams(d, bytes);
	arena_release(&arena);
}

#endif
