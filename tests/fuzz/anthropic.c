/*
 * anthropic/anthropic.c - any bytes as a request, as an answer, as an error and
 * as a stream of Anthropic's Messages format.
 *
 * What is accepted comes back equal, in Jansson's eyes; written as another
 * dialect's it is still valid JSON that is read again, and a stream still a
 * stream that ends.
 */
#include "dialect/anthropic/anthropic.h"

/* Jansson has these names too. Only its functions are used below. */
#include <jansson.h>

#define MAX_BYTES (64u << 20)
#define MODEL "a/\"new\"\n-model"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(struct str body, struct arena *arena);
static void try_splice(const struct chat_head *head, struct arena *arena);
static void try_neutral_request(
	const struct chat_head *head, struct arena *arena);
static void try_foreign_request(
	struct chat_request *request, struct arena *arena);
static void try_reply(struct str body, struct arena *arena);
static void try_failure(struct str body);
static void try_stream(struct str bytes, struct arena *arena);
static void assert_equal(struct str written, struct str original);
static void assert_valid(struct str text);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, 4096);
	try_request(body, &arena);
	try_reply(body, &arena);
	try_failure(body);
	try_stream(body, &arena);
	arena_release(&arena);
	return 0;
}

static void try_request(struct str body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!anthropic_read_head(body, arena, &head, &err)) {
		assert(err.kind != ERR_NONE);
		assert(error_http_status(&err) == 400);
		return;
	}
	assert(head.message_count > 0 && head.n == 1);
	assert(head.max_tokens >= -1);
	assert(head.prompt_bytes >= head.prompt_text_bytes);
	assert((size_t)head.prompt_text_bytes <= body.n);
	try_splice(&head, arena);
	try_neutral_request(&head, arena);
}

static void try_splice(const struct chat_head *head, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head again;
	struct splice splice;

	anthropic.splice_request(head, S(MODEL), true, arena, &splice);
	assert(anthropic_read_head(
		splice_join(&splice, arena), arena, &again, &err));
	assert(str_equal(again.model, S(MODEL)));
	assert(again.stream == head->stream);
	assert(again.message_count == head->message_count);
	assert(again.max_tokens == head->max_tokens);
}

static void try_neutral_request(
	const struct chat_head *head, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_request request;

	if (!anthropic_read_request(head, arena, &request, &err)) {
		assert(err.kind == ERR_MISSING_FIELD && err.param[0]);
		return;
	}
	assert(anthropic_write_request(&request, NULL, NULL, &out, &err));
	assert(!out.failed);
	assert_equal(buf_str(&out), head->body);
	buf_release(&out);
	try_foreign_request(&request, arena);
}

static void try_foreign_request(
	struct chat_request *request, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request again;
	struct chat_head head;

	request->dialect = S("another");
	chat_losses_init(&losses, &anthropic);
	if (chat_losses_find(request, &anthropic, NULL, &losses, &err) &&
		anthropic_write_request(request, NULL, &losses, &out, &err)) {
		assert(!out.failed);
		assert_valid(buf_str(&out));
		assert(anthropic_read_head(buf_str(&out), arena, &head, &err));
		assert(anthropic_read_request(&head, arena, &again, &err));
	} else {
		assert(err.kind == ERR_UNSUPPORTED && err.param[0]);
	}
	chat_losses_release(&losses);
	buf_release(&out);
}

static void try_reply(struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct chat_facts facts;
	struct splice splice;

	chat_facts_init(&facts);
	if (!anthropic_read_reply(body, arena, &facts, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	assert(facts.output_bytes >= 0);
	assert(facts.usage.prompt >= -1 && facts.usage.completion >= -1);
	facts_splice_reply(body, &facts, S("{\"a\":1}"), &splice);
	assert_valid(splice_join(&splice, arena));
	assert(anthropic_read_response(body, arena, &response, &err));
	anthropic_write_response(&response, &out);
	assert(!out.failed);
	assert_equal(buf_str(&out), body);
	buf_clear(&out);
	response.dialect = S("another");
	anthropic_write_response(&response, &out);
	assert(!out.failed);
	assert_valid(buf_str(&out));
	buf_release(&out);
}

static void try_failure(struct str body)
{
	struct failure failure;

	failure_read(529, body, body, &failure);
	assert(failure.status == 529);
	assert(memchr(failure.message, 0, sizeof(failure.message)));
}

/* A stream on its way, in its own words and as another dialect's. */
struct relay {
	void *reader;
	void *own_writer;
	void *foreign_writer;
	struct buf own;
	struct buf foreign;
	bool has_ended;
};

static void relay_frame(struct relay *relay, const struct frame *frame)
{
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct chat_facts facts;
	struct arena scratch;

	arena_init(&scratch, 1024);
	chat_facts_init(&facts);
	if (anthropic_read_event(
		    frame, relay->reader, &scratch, &event, &err)) {
		anthropic_write_event(&event, relay->own_writer, &relay->own);
		event.delta.dialect = S("another");
		anthropic_write_event(
			&event, relay->foreign_writer, &relay->foreign);
		relay->has_ended |= event.kind == CHAT_EVENT_ERROR;
	} else {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
	}
	if (!anthropic_read_frame(frame, &facts, &scratch, &err))
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
	arena_release(&scratch);
}

static void cut(struct str bytes, struct relay *relay)
{
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;

	frames_init(&frames, FRAMING_SSE, MAX_BYTES);
	frames_feed(&frames, bytes);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT)
		relay_frame(relay, &frame);
	if (frames_finish(&frames, &frame))
		relay_frame(relay, &frame);
	frames_release(&frames);
}

static void try_stream(struct str bytes, struct arena *arena)
{
	struct chat_start start = { .request_id = S("r"), .model = S("m") };
	struct chat_event done = { .kind = CHAT_EVENT_DONE };
	struct relay relay = { .reader = anthropic_reader_new(arena) };
	struct str last = S("data: {\"type\":\"message_stop\"}\n\n");

	relay.own_writer = anthropic_writer_new(&start, arena);
	relay.foreign_writer = anthropic_writer_new(&start, arena);
	buf_init(&relay.own, MAX_BYTES);
	buf_init(&relay.foreign, MAX_BYTES);
	cut(bytes, &relay);
	chat_response_init(&done.delta, S("another"));
	anthropic_write_event(&done, relay.foreign_writer, &relay.foreign);
	assert(!relay.own.failed && !relay.foreign.failed);
	assert(relay.has_ended || str_ends(buf_str(&relay.foreign), last));
	buf_release(&relay.own);
	buf_release(&relay.foreign);
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
