/*
 * attempt.c - one attempt: open the sealed key, write the body, send.
 *
 * The provider's key exists in the clear from here until libcurl has it; it
 * is in no log and no error.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "catalog/base_url.h"
#include "crypto/aws_sign.h"
#include "crypto/seal.h"
#include "dialect/origin.h"

#define MAX_HEADERS 24

/* Headers of a request under construction, in the call's arena. */
struct headers {
	const char *lines[MAX_HEADERS];
	size_t count;
};

static bool choose_dialect(struct call *call);
static bool write_body(struct call *call);
static const char *url_of(struct call *call);
static const char *type_header(struct call *call);
static const char *accept_header(struct call *call);
static bool add_key_header(
	struct call *call, const char *url, struct headers *headers);
static bool sign(struct call *call, struct str secret, const char *url,
	struct headers *headers);
static void add_header(struct headers *headers, const char *line);
static void forward_headers(struct call *call, struct headers *headers);
static void forward(
	struct call *call, struct str name, struct headers *headers);
static bool has_header(const struct headers *headers, const char *line);
static const char *client_header(
	struct arena *arena, const struct http_exchange *x, struct str name);
static struct upstream_limits limits_of(const struct call *call);
static int64_t either(int64_t own, int64_t general);

bool attempt_start(struct call *call)
{
	struct headers headers = { .count = 0 };
	struct upstream_request request;

	if (call->service ? !call_service_write_body(call)
			  : !choose_dialect(call) || !write_body(call))
		return false;
	request.url = url_of(call);
	add_header(&headers, type_header(call));
	add_header(&headers, accept_header(call));
	add_header(&headers, "Expect:");
	forward_headers(call, &headers);
	if (!add_key_header(call, request.url, &headers))
		return false;
	request = (struct upstream_request){
		.url = request.url,
		.headers = headers.lines,
		.header_count = headers.count,
		.body = call->upstream_body.pieces,
		.body_count = call->upstream_body.count,
		.is_stream = call->head.stream,
		.limits = limits_of(call),
	};
	call->upstream = upstream_start(
		call->x->upstreams, &request, &relay_events, call);
	return true;
}

static bool choose_dialect(struct call *call)
{
	const struct provider *provider = call->target->provider;

	call->upstream_dialect = provider_dialect_for(provider, call->dialect);
	if (call->upstream_dialect)
		return true;
	call->upstream_dialect = call->dialect;
	return error_refuse(&call->error, ERR_UNSUPPORTED, "model",
		"The provider '%.*s' takes no chats.", STR_ARG(provider->name));
}

static bool write_body(struct call *call)
{
	const struct model *model = call->target;
	const struct quirks *quirks = &model->provider->quirks;

	if (is_translated(call))
		return translate_request(call);
	if (origin_may_be_foreign(call->head.body, call->dialect))
		return translate_home(call);
	call->dialect->splice_request(&call->head, model->upstream_name,
		quirks->stream_usage == STREAM_USAGE_ASK, call->arena,
		&call->upstream_body);
	return true;
}

static const char *url_of(struct call *call)
{
	const struct model *model = call->target;
	struct buf url = BUF_INIT(8192), path = BUF_INIT(4096);
	const char *copy;

	if (call->service)
		buf_append(&path, call->service_call.path);
	else if (call->is_count)
		call->upstream_dialect->write_count_path(
			model->upstream_name, &path);
	else
		call->upstream_dialect->write_path(
			model->upstream_name, call->head.stream, &path);
	/* Gemini's other form of a stream: the same address, no "alt=sse". */
	if (call->as_array && !is_translated(call))
		path.n = str_index(buf_str(&path), '?');
	base_url_join(
		call->base_url, model->upstream_name, buf_str(&path), &url);
	copy = arena_cstr(call->arena, buf_str(&url));
	buf_release(&path);
	buf_release(&url);
	return copy;
}

static const char *type_header(struct call *call)
{
	if (!call->service)
		return "Content-Type: application/json";
	return arena_printf(call->arena, "Content-Type: %.*s",
		STR_ARG(call->service_call.content_type))
		.p;
}

static const char *accept_header(struct call *call)
{
	if (call->service)
		return "Accept: */*";
	if (!call->head.stream || call->as_array)
		return "Accept: application/json";
	return arena_printf(
		call->arena, "Accept: %s", call->upstream_dialect->stream_type)
		.p;
}

static bool add_key_header(
	struct call *call, const char *url, struct headers *headers)
{
	const struct provider *provider = call->target->provider;
	struct buf secret = BUF_INIT(PROVIDER_KEY_MAX_BYTES);
	bool bearer = str_equal(provider->auth, S("bearer"));
	bool ok = true;

	if (!call->provider_key)
		return true;
	if (!attempt_open_key(call, &secret, &call->error))
		return false;
	if (str_equal(provider->auth, S("aws")))
		ok = sign(call, buf_str(&secret), url, headers);
	else
		add_header(headers, arena_printf(call->arena, "%.*s: %s%.*s",
					    STR_ARG(bearer ? S("Authorization")
							   : provider->auth),
					    bearer ? "Bearer " : "",
					    STR_ARG(buf_str(&secret)))
					    .p);
	vault_wipe(&secret);
	return ok;
}

/* For providers on AWS: the key signs, and is not sent itself. */
static bool sign(struct call *call, struct str secret, const char *url,
	struct headers *headers)
{
	struct aws_request request = {
		.method = S("POST"),
		.url = str_of(url),
		.service = S("bedrock"),
		.body = call->upstream_body.pieces,
		.body_count = call->upstream_body.count,
		.unix_s = clock_unix_ms() / 1000,
	};
	struct aws_credentials credentials;
	struct aws_signature signature;

	/* A proxy of one's own says nothing of regions. */
	if (!aws_region_of(request.url, &request.region))
		request.region = S("us-east-1");
	if (!aws_credentials_read(secret, &credentials, &call->error) ||
		!aws_sign(&request, &credentials, call->arena, &signature,
			&call->error))
		return error_set(&call->error, ERR_CRYPTO,
			"provider key %" PRId64 " cannot sign",
			call->provider_key->id);
	for (size_t i = 0; i < signature.count; i++)
		add_header(headers, signature.lines[i].p);
	return true;
}

bool attempt_open_key(
	const struct call *call, struct buf *secret, struct error *err)
{
	return provider_key_open(
		call->gateway->vault, call->provider_key, secret, err);
}

static void add_header(struct headers *headers, const char *line)
{
	if (headers->count < MAX_HEADERS)
		headers->lines[headers->count++] = line;
}

/*
 * The client's headers that this provider's row asks for, and those that
 * belong to the dialect where both sides speak it. Then the dialect's own,
 * unless the client had something to say about them.
 */
static void forward_headers(struct call *call, struct headers *headers)
{
	const struct provider *provider = call->target->provider;
	const struct dialect *dialect = call->upstream_dialect;

	for (size_t i = 0; i < provider->forward_header_count; i++)
		forward(call, provider->forward_headers[i], headers);
	if (!dialect)
		return;
	for (size_t i = 0; dialect->forwards && dialect->forwards[i]; i++)
		if (!is_foreign(call))
			forward(call, str_of(dialect->forwards[i]), headers);
	for (size_t i = 0; dialect->headers && dialect->headers[i]; i++)
		if (!has_header(headers, dialect->headers[i]))
			add_header(headers, dialect->headers[i]);
}

static void forward(struct call *call, struct str name, struct headers *headers)
{
	const char *line = client_header(call->arena, call->x, name);

	if (line && !has_header(headers, line))
		add_header(headers, line);
}

/* One of the same name as this line's. */
static bool has_header(const struct headers *headers, const char *line)
{
	struct str name = str_head(str_of(line), str_index(str_of(line), ':'));

	for (size_t i = 0; i < headers->count; i++) {
		struct str other = str_of(headers->lines[i]);

		if (str_equal_nocase(
			    name, str_head(other, str_index(other, ':'))))
			return true;
	}
	return false;
}

/* "Name: value" of a header of the client; NULL when it sent none. */
static const char *client_header(
	struct arena *arena, const struct http_exchange *x, struct str name)
{
	char *param = arena_cstr(arena, name);
	struct str value;

	for (char *c = param; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	value = http_param(x, arena_printf(arena, "HTTP_%s", param));
	if (value.n == 0)
		return NULL;
	return arena_printf(arena, "%.*s: %.*s", STR_ARG(name), STR_ARG(value))
		.p;
}

static struct upstream_limits limits_of(const struct call *call)
{
	const struct provider *provider = call->target->provider;
	struct upstream_limits limits =
		attempt_general_limits(call->gateway, provider);
	int64_t left_ms =
		call_deadline_ms(call, provider) - clock_monotonic_ms();

	limits.first_byte_timeout_ms = either(
		call->key->first_byte_timeout_ms, limits.first_byte_timeout_ms);
	/* What other attempts and waits have left of it. */
	limits.total_timeout_ms = left_ms > 0 ? left_ms : 1;
	return limits;
}

struct upstream_limits attempt_general_limits(
	const struct gateway *gateway, const struct provider *provider)
{
	const struct settings *settings = gateway->settings;
	const struct provider_timeouts *own = &provider->timeouts;

	return (struct upstream_limits){
		.connect_timeout_ms =
			either(own->connect_ms, settings->connect_timeout_ms),
		.first_byte_timeout_ms = either(
			own->first_byte_ms, settings->first_byte_timeout_ms),
		.idle_timeout_ms =
			either(own->idle_ms, settings->idle_timeout_ms),
		.total_timeout_ms =
			either(own->total_ms, settings->total_timeout_ms),
		.allow_private = settings->allow_private_upstreams,
	};
}

static int64_t either(int64_t own, int64_t general)
{
	return own > 0 ? own : general;
}
