/*
 * answer.c - what the client reads: headers, metadata, errors.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "base/money.h"
#include "gateway/cascade.h"

static void add_metadata(
	struct call *call, struct str body, struct splice *splice);
static bool is_open(const struct call *call);
static void request_id_headers(
	struct http_exchange *x, const struct dialect *dialect, struct str id);
static void begin_error(struct call *call, int status, const char *type);
static int64_t latency_ms(const struct call *call);
static unsigned retry_after(const struct error *err);

void answer_headers(struct call *call)
{
	struct http_exchange *x = call->x;

	request_id_headers(x, call->dialect, str_of(call->request_id));
	http_header(x, "Cache-Control", S("no-store"));
	admit_headers(call);
	route_headers(call);
	if (!call->target || (is_open(call) && call->error.kind == ERR_NONE))
		return;
	http_header(x, "X-Gateway-Model", call->target->name);
	http_header(x, "X-Gateway-Provider", call->target->provider->name);
	cache_headers(call);
	if (call->attempts > 1)
		http_header_int(
			x, "X-Gateway-Attempts", (int64_t)call->attempts);
	if (call->losses.names.n > 0 && call->error.kind == ERR_NONE)
		http_header(
			x, "X-Gateway-Dropped", buf_str(&call->losses.names));
}

/* A stream may have to begin before it is known who serves it. */
static bool is_open(const struct call *call)
{
	bool is_silent = call->head.stream && !call->has_told &&
			 call->upstream_status == 0;

	if (cascade_is_checking(call))
		return true;
	for (size_t i = 1; is_silent && i < call->target_count; i++)
		if (call->targets[i].model != call->target)
			return true;
	return false;
}

/* Anthropic's SDKs look for theirs:
 * https://platform.claude.com/docs/en/api/errors#request-id */
static void request_id_headers(
	struct http_exchange *x, const struct dialect *dialect, struct str id)
{
	http_header(x, "X-Request-Id", id);
	if (strcmp(dialect->name, "anthropic") == 0)
		http_header(x, "Request-Id", id);
}

void answer_failure(struct call *call)
{
	struct http_exchange *x = call->x;
	struct buf body = BUF_INIT(16384);
	struct str id = str_of(call->request_id);

	assert(call->error.kind != ERR_NONE);
	if (x->began) {
		call->dialect->write_stream_failure(
			&call->error, id, translate_writer(call), &body);
	} else {
		call->dialect->write_failure(&call->error, id, &body);
		begin_error(call, error_http_status(&call->error),
			"application/json");
		http_header_int(x, "Content-Length", (int64_t)body.n);
	}
	http_body(x, buf_str(&body));
	buf_release(&body);
	call_end(call);
}

void answer_refusal(struct call *call)
{
	struct http_exchange *x = call->x;
	struct str type = upstream_header(call->upstream, S("content-type"));
	struct str body = answer_without_key(call, buf_str(&call->reply));

	if (x->began || body.n == 0 || is_foreign(call)) {
		/* Nothing of it can be passed on as it is. */
		answer_failure(call);
		return;
	}
	begin_error(call, call->upstream_status,
		type.n ? arena_cstr(call->arena, type) : "application/json");
	http_header_int(x, "Content-Length", (int64_t)body.n);
	http_body(x, body);
	call_end(call);
}

void answer_whole(struct call *call, struct str body)
{
	struct http_exchange *x = call->x;
	struct str type = call->reply_type;
	char cost[MONEY_TEXT_BYTES];
	struct splice splice;

	if (call->facts.failed)
		body = answer_without_key(call, body);
	call->complete = true;
	meter(call);
	splice_make(&splice, body, NULL, 0);
	if (answer_wants_metadata(call))
		add_metadata(call, body, &splice);
	call->status = call->upstream_status;
	if (is_foreign(call))
		type = S("");
	http_begin(x, call->status,
		type.n ? arena_cstr(call->arena, type) : "application/json");
	answer_headers(call);
	if (call->price) {
		money_format_usd(call->cost_picousd, cost);
		http_header(x, "X-Gateway-Cost-Usd", str_of(cost));
	}
	http_header_int(x, "X-Gateway-Latency-Ms", latency_ms(call));
	http_header_int(x, "Content-Length", (int64_t)splice.bytes);
	for (unsigned i = 0; i < splice.count; i++)
		http_body(x, splice.pieces[i]);
	call_end(call);
}

static void add_metadata(
	struct call *call, struct str body, struct splice *splice)
{
	struct error ignored;
	struct json root;

	if (is_translated(call) || call->service) {
		if (!facts_check(body, &root, &ignored))
			return;
		facts_find_end(&call->facts, body, root);
	}
	facts_splice_reply(body, &call->facts, answer_metadata(call), splice);
}

enum verdict answer_json(struct call *call, struct buf *body)
{
	call->status = 200;
	call->complete = true;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	http_header_int(call->x, "Content-Length", (int64_t)body->n);
	http_body(call->x, buf_str(body));
	buf_release(body);
	call_end(call);
	return ANSWERED;
}

void answer_begin_stream(struct call *call)
{
	struct http_exchange *x = call->x;
	struct str type = S("");

	if (call->is_stream_reply && !is_translated(call))
		type = call->reply_type;
	else if (call->as_array)
		type = S("application/json");
	call->status = call->is_stream_reply ? call->upstream_status : 200;
	http_begin(x, call->status,
		type.n ? arena_cstr(call->arena, type)
		       : call->dialect->stream_type);
	answer_headers(call);
	/* nginx would collect the events into its buffers. */
	http_header(x, "X-Accel-Buffering", S("no"));
}

struct str answer_metadata(struct call *call)
{
	struct buf *out = ARENA_NEW(call->arena, struct buf);
	char cost[MONEY_TEXT_BYTES];
	struct json_writer w;
	struct str text;

	buf_init(out, 4096);
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "model_used", call->target->name);
	json_member_str(&w, "provider", call->target->provider->name);
	if (call->price) {
		money_format_usd(call->cost_picousd, cost);
		json_member_str(&w, "cost_usd", str_of(cost));
	} else {
		json_member_null(&w, "cost_usd");
	}
	json_member_int(&w, "latency_ms", latency_ms(call));
	json_member_bool(&w, "cache_hit", call->cache_state == CACHE_HIT);
	if (call->is_classified)
		json_member_str(&w, "complexity",
			str_of(complexity_name(
				call->classification.complexity)));
	else
		json_member_null(&w, "complexity");
	json_member_str(&w, "request_id", str_of(call->request_id));
	json_end_object(&w);
	text = arena_copy(call->arena, buf_str(out));
	buf_release(out);
	return text;
}

bool answer_wants_metadata(const struct call *call)
{
	struct str header = http_param(call->x, S("HTTP_X_GATEWAY_METADATA"));

	if (str_equal_nocase(header, S("off")) || call->is_count)
		return false;
	if (str_equal_nocase(header, S("on")))
		return true;
	if (call->key->metadata_mode == METADATA_DEFAULT)
		return call->gateway->settings->metadata;
	return call->key->metadata_mode == METADATA_ON;
}

static void begin_error(struct call *call, int status, const char *type)
{
	unsigned seconds = retry_after(&call->error);

	call->status = status;
	http_begin(call->x, status, type);
	answer_headers(call);
	if (status == 401)
		http_header(call->x, "WWW-Authenticate", S("Bearer"));
	if (seconds > 0)
		http_header_int(call->x, "Retry-After", seconds);
}

struct str answer_without_key(struct call *call, struct str text)
{
	struct buf secret = BUF_INIT(PROVIDER_KEY_MAX_BYTES);
	struct str key;
	struct error err;
	char *copy = NULL;

	if (!call->provider_key || !attempt_open_key(call, &secret, &err))
		return text;
	key = buf_str(&secret);
	for (size_t at = 0; key.n > 0 && at < text.n;) {
		size_t found = at + str_find(str_from(text, at), key);

		if (found >= text.n)
			break;
		if (!copy)
			copy = arena_cstr(call->arena, text);
		memset(copy + found, '*', key.n);
		at = found + key.n;
	}
	vault_wipe(&secret);
	return copy ? (struct str){ copy, text.n } : text;
}

static int64_t latency_ms(const struct call *call)
{
	return (clock_monotonic_ns() - call->x->arrived_ns) / 1000000;
}

static unsigned retry_after(const struct error *err)
{
	if (err->retry_after_seconds > 0)
		return err->retry_after_seconds;
	switch (err->kind) {
	case ERR_OVERLOADED:
	case ERR_DRAINING:
	case ERR_DATABASE:
	case ERR_NO_TARGET: return 1;
	default: return 0;
	}
}

void gateway_refuse(struct http_exchange *x, const struct dialect *dialect,
	const struct error *err)
{
	struct buf body = BUF_INIT(16384);
	char id[REQUEST_ID_BYTES];
	unsigned seconds = retry_after(err);

	random_request_id(id);
	dialect->write_failure(err, str_of(id), &body);
	http_begin(x, error_http_status(err), "application/json");
	request_id_headers(x, dialect, str_of(id));
	if (seconds > 0)
		http_header_int(x, "Retry-After", seconds);
	http_header_int(x, "Content-Length", (int64_t)body.n);
	http_body(x, buf_str(&body));
	buf_release(&body);
	http_end(x);
	http_push(x);
}
