/*
 * openai_chat/openai_chat.c - any bytes as a request, as an answer and as an
 * error.
 *
 * A request that is accepted goes out as valid JSON with the new model name,
 * and reads the same the second time. Requests and answers that pass through
 * the neutral form must be equal to what came, in Jansson's eyes; written as
 * another dialect's they must be understood again. Streams are in frames.c.
 */
#include "dialect/check.h"
#include "dialect/losses.h"

/* Jansson has these names too. Only its functions are used below. */
#include <jansson.h>

#define MAX_BYTES (64u << 20)
#define MODEL "a/\"new\"\n-model"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(
	const struct dialect *d, struct str body, struct arena *arena);
static void try_splice(const struct dialect *d, const struct chat_head *head,
	struct arena *arena);
static void try_neutral_request(const struct dialect *d,
	const struct chat_head *head, struct arena *arena);
static void try_foreign_request(const struct dialect *d,
	const struct chat_request *request, const struct dialect_traits *traits,
	struct arena *arena);
static void try_reply(
	const struct dialect *d, struct str body, struct arena *arena);
static void try_neutral_reply(
	const struct dialect *d, struct str body, struct arena *arena);
static void try_failure(struct str body);
static void assert_equal(struct str written, struct str original);
static void assert_valid(struct str text);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dialect *d = dialect_find(S("openai_chat"));
	struct str body = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, 4096);
	try_request(d, body, &arena);
	try_reply(d, body, &arena);
	try_failure(body);
	arena_release(&arena);
	return 0;
}

static void try_request(
	const struct dialect *d, struct str body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!d->read_head(body, arena, &head, &err)) {
		assert(err.kind != ERR_NONE);
		assert(error_http_status(&err) == 400);
		return;
	}
	assert(head.message_count > 0);
	assert(head.n >= 1 && head.max_tokens != 0);
	assert(head.prompt_bytes >= head.prompt_text_bytes);
	assert((size_t)head.prompt_text_bytes <= body.n);
	try_splice(d, &head, arena);
	try_neutral_request(d, &head, arena);
}

static void try_splice(const struct dialect *d, const struct chat_head *head,
	struct arena *arena)
{
	struct splice splice;
	struct chat_head again;
	struct error err = ERROR_INIT;
	struct str joined;

	d->splice_request(head, S(MODEL), true, arena, &splice);
	joined = splice_join(&splice, arena);
	assert(joined.n == splice.bytes);
	assert(d->read_head(joined, arena, &again, &err));
	assert(str_equal(again.model, S(MODEL)));
	assert(again.stream == head->stream);
	assert(again.wants_usage == (head->wants_usage || head->stream));
	assert(again.message_count == head->message_count);
	assert(again.max_tokens == head->max_tokens && again.n == head->n);
	d->splice_request(&again, S(MODEL), true, arena, &splice);
	assert(splice.count == 1 && splice.pieces[0].p == joined.p);
}

static void try_neutral_request(const struct dialect *d,
	const struct chat_head *head, struct arena *arena)
{
	static const struct dialect_traits traits[] = {
		{ .reasoning = REASONING_EFFORT },
		{ .reasoning = REASONING_OBJECT,
			.max_tokens = MAX_TOKENS_COMPLETION },
		{ .reasoning = REASONING_THINKING, .unsupported = UINT64_MAX },
	};
	struct buf out = BUF_INIT(MAX_BYTES);
	struct chat_request request;
	struct error err = ERROR_INIT;

	if (!d->read_request(head, arena, &request, &err)) {
		assert(err.kind == ERR_MISSING_FIELD ||
			err.kind == ERR_BAD_FIELD);
		assert(err.param[0]);
		return;
	}
	assert(d->write_request(&request, NULL, NULL, &out, &err));
	assert(!out.failed);
	assert_equal(buf_str(&out), head->body);
	buf_release(&out);
	if (!chat_request_check(&request, d, &err)) {
		assert(err.kind == ERR_BAD_FIELD && err.param[0]);
		return;
	}
	request.dialect = S("another");
	for (size_t i = 0; i < ARRAY_LEN(traits); i++)
		try_foreign_request(d, &request, &traits[i], arena);
}

static void try_foreign_request(const struct dialect *d,
	const struct chat_request *request, const struct dialect_traits *traits,
	struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_request again;
	struct chat_losses losses;
	struct chat_head head;

	chat_losses_init(&losses, d);
	if (!chat_losses_find(request, d, traits, &losses, &err) ||
		!d->write_request(request, traits, &losses, &out, &err)) {
		assert(err.kind == ERR_UNSUPPORTED && err.param[0]);
	} else {
		assert(!out.failed);
		assert(d->read_head(buf_str(&out), arena, &head, &err));
		assert(d->read_request(&head, arena, &again, &err));
	}
	chat_losses_release(&losses);
	buf_release(&out);
}

static void try_reply(
	const struct dialect *d, struct str body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_facts facts;
	struct splice splice;

	chat_facts_init(&facts);
	if (!d->read_reply(body, arena, &facts, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	assert(facts.output_bytes >= 0);
	assert((size_t)facts.output_bytes <= body.n);
	facts_splice_reply(body, &facts, S("{\"a\":1}"), &splice);
	assert_valid(splice_join(&splice, arena));
	assert(facts.has_metadata == (splice.count == 1));
	try_neutral_reply(d, body, arena);
}

static void try_neutral_reply(
	const struct dialect *d, struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct chat_response response;
	struct error err = ERROR_INIT;

	assert(d->read_response(body, arena, &response, &err));
	d->write_response(&response, &out);
	assert(!out.failed);
	assert_equal(buf_str(&out), body);
	buf_clear(&out);
	response.dialect = S("another");
	d->write_response(&response, &out);
	assert(!out.failed);
	assert(d->read_response(buf_str(&out), arena, &response, &err));
	buf_release(&out);
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
