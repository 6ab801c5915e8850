/*
 * gemini/gemini.c - any bytes as a request, an answer, a stream and an error in
 * Google's format.
 *
 * Requests and answers that pass through the neutral form must be equal to
 * what came, in Jansson's eyes; written as another dialect's they must still
 * be valid JSON, and be read again. So must the events of a stream, of which
 * the writer must make one that its reader takes.
 */
#include "dialect/gemini/gemini.h"
#include "dialect/losses.h"
#include "dialect/signature.h"

/* Jansson has these names too. Only its functions are used below. */
#include <jansson.h>

#define MAX_BYTES (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(struct str body, struct arena *arena);
static void try_neutral_request(
	const struct chat_head *head, struct arena *arena);
static void try_foreign_request(
	struct chat_request *request, struct arena *arena);
static void try_losses(const struct chat_request *request);
static bool has_joined_thoughts(const struct chat_request *request);
static void try_reply(struct str body, struct arena *arena);
static void try_stream(struct str bytes, enum framing framing, bool foreign);
static void read_back(struct str stream, enum framing framing);
static void try_failure(struct str body);
static void assert_equal(struct str written, struct str original);
static void assert_valid(struct str text);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, 4096);
	try_request(body, &arena);
	try_reply(body, &arena);
	try_stream(body, FRAMING_SSE, false);
	try_stream(body, FRAMING_SSE, true);
	try_stream(body, FRAMING_JSON_ARRAY, true);
	try_failure(body);
	arena_release(&arena);
	return 0;
}

static void try_request(struct str body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!gemini.read_head(body, arena, &head, &err)) {
		assert(err.kind != ERR_NONE);
		assert(error_http_status(&err) == 400);
		return;
	}
	assert(head.message_count > 0);
	assert(head.n >= 1 && head.max_tokens != 0);
	assert(head.prompt_bytes >= head.prompt_text_bytes);
	assert((size_t)head.prompt_text_bytes <= body.n);
	try_neutral_request(&head, arena);
}

static void try_neutral_request(
	const struct chat_head *head, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct chat_request request;
	struct error err = ERROR_INIT;

	if (!gemini.read_request(head, arena, &request, &err)) {
		assert(err.param[0] && error_http_status(&err) == 400);
		return;
	}
	assert(gemini.write_request(&request, NULL, NULL, &out, &err));
	assert(!out.failed);
	assert_valid(buf_str(&out));
	if (!has_joined_thoughts(&request))
		assert_equal(buf_str(&out), head->root.text);
	buf_release(&out);
	try_losses(&request);
	try_foreign_request(&request, arena);
}

/* Whatever another format lacks has a name in this one. */
static void try_losses(const struct chat_request *request)
{
	const struct dialect_traits nothing = { .unsupported = UINT64_MAX };
	struct error err = ERROR_INIT;
	struct chat_losses losses;

	chat_losses_init(&losses, &gemini);
	if (!chat_losses_find(request, &gemini, &nothing, &losses, &err))
		assert(err.kind == ERR_UNSUPPORTED && err.param[0]);
	chat_losses_release(&losses);
}

static void try_foreign_request(
	struct chat_request *request, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_head again;

	request->dialect = S("another");
	chat_losses_init(&losses, &gemini);
	if (gemini.write_request(request, NULL, &losses, &out, &err)) {
		assert(!out.failed);
		assert_valid(buf_str(&out));
		err = (struct error)ERROR_INIT;
		if (!gemini.read_head(buf_str(&out), arena, &again, &err))
			assert(err.kind == ERR_TOO_DEEP ||
				strcmp(err.param, "contents") == 0);
	} else {
		assert(err.kind == ERR_BAD_FIELD && err.param[0]);
	}
	chat_losses_release(&losses);
	buf_release(&out);
}

/* Another provider's signature was put on the thought before it. */
static bool has_joined_thoughts(const struct chat_request *request)
{
	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			if (part->signature.text.p &&
				!signature_is_from(
					&part->signature, S(GEMINI_NAME)))
				return true;
	return false;
}

static void try_reply(struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct chat_response response;
	struct error err = ERROR_INIT;

	if (!gemini.read_response(body, arena, &response, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	gemini.write_response(&response, &out);
	assert(!out.failed);
	assert_equal(buf_str(&out), body);
	buf_clear(&out);
	response.dialect = S("another");
	gemini.write_response(&response, &out);
	assert(!out.failed);
	assert_valid(buf_str(&out));
	buf_release(&out);
}

/* As the relay does it: nothing of an event outlives it. */
static void try_stream(struct str bytes, enum framing framing, bool foreign)
{
	const struct chat_start start = { .request_id = S("r"),
		.as_array = framing == FRAMING_JSON_ARRAY };
	struct chat_event event;
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct arena memory, scratch;
	struct frames frames;
	struct frame frame;
	void *reader, *writer;
	bool done = false;

	arena_init(&memory, 4096);
	reader = gemini.reader_new(&memory);
	writer = gemini.writer_new(&start, &memory);
	frames_init(&frames, framing, MAX_BYTES);
	frames_feed(&frames, bytes);
	while (!done && frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		arena_init(&scratch, 4096);
		if (gemini.read_event(&frame, reader, &scratch, &event, &err)) {
			if (foreign)
				event.delta.dialect = S("another");
			gemini.write_event(&event, writer, &out);
			done = event.kind == CHAT_EVENT_DONE ||
			       event.kind == CHAT_EVENT_ERROR;
		}
		arena_release(&scratch);
	}
	event = (struct chat_event){ .kind = CHAT_EVENT_DONE };
	chat_response_init(&event.delta, S("another"));
	if (!done)
		gemini.write_event(&event, writer, &out);
	frames_release(&frames);
	arena_release(&memory);
	assert(!out.failed);
	read_back(buf_str(&out), framing);
	if (framing == FRAMING_JSON_ARRAY)
		assert_valid(buf_str(&out));
	buf_release(&out);
}

static void read_back(struct str stream, enum framing framing)
{
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct frames frames;
	struct frame frame;
	struct arena arena;
	void *reader;

	arena_init(&arena, 4096);
	reader = gemini.reader_new(&arena);
	frames_init(&frames, framing, MAX_BYTES);
	frames_feed(&frames, stream);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT)
		if (!gemini.read_event(&frame, reader, &arena, &event, &err))
			/* A part stands deeper in ours than in the first. */
			assert(strstr(err.detail, "deep"));
	assert(err.kind == ERR_NONE || err.kind == ERR_UPSTREAM_GARBAGE);
	frames_release(&frames);
	arena_release(&arena);
}

static void try_failure(struct str body)
{
	struct failure failure;

	failure_read(429, body, body, &failure);
	assert(failure.status == 429);
	assert(failure.retry_after_ms >= -1);
	assert(memchr(failure.message, 0, sizeof(failure.message)));
	assert(memchr(failure.code, 0, sizeof(failure.code)));
}

/* Jansson refuses some JSON (lone surrogates, large numbers); then there is
 * nothing to compare, but it must be JSON. */
static void assert_equal(struct str written, struct str original)
{
	const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *a = json_loadb(written.p, written.n, flags, NULL);
	json_t *b = json_loadb(original.p, original.n, flags, NULL);

	assert_valid(written);
	assert(!b || (a && json_equal(a, b)));
	json_decref(a);
	json_decref(b);
}

static void assert_valid(struct str text)
{
	struct error err = ERROR_INIT;
	struct json value;

	assert(json_check(text, JSON_DEPTH_LIMIT, &value, &err));
}
