/*
 * attempt.c - one attempt: open the sealed key, write the body, send.
 *
 * The provider's key exists in the clear from here until libcurl has it; it
 * is in no log and no error.
 */
#include "gateway/stages.h"

#include "crypto/seal.h"

#define MAX_HEADERS 24

/* Headers of a request under construction, in the call's arena. */
struct headers {
	const char *lines[MAX_HEADERS];
	size_t count;
};

static bool check_dialect(struct call *call);
static const struct provider_key *pick_key(const struct provider *provider);
static bool add_key_header(struct call *call, struct headers *headers);
static void add_header(struct headers *headers, const char *line);
static void forward_headers(struct call *call, struct headers *headers);
static const char *client_header(
	struct arena *arena, const struct http_exchange *x, struct str name);
static struct upstream_limits limits_of(const struct call *call);
static int64_t either(int64_t own, int64_t general);

bool attempt_start(struct call *call)
{
	const struct model *model = call->target;
	const struct provider *provider = model->provider;
	bool ask_usage = provider->quirks.stream_usage == STREAM_USAGE_ASK;
	struct headers headers = { .count = 0 };
	struct upstream_request request;

	if (!check_dialect(call) || !add_key_header(call, &headers))
		return false;
	add_header(&headers, "Content-Type: application/json");
	add_header(&headers, call->head.stream ? "Accept: text/event-stream"
					       : "Accept: application/json");
	add_header(&headers, "Expect:");
	forward_headers(call, &headers);
	call->dialect->splice_request(&call->head, model->upstream_name,
		ask_usage, call->arena, &call->upstream_body);
	request = (struct upstream_request){
		.url = arena_printf(call->arena, "%.*s%s",
			STR_ARG(provider->base_url), call->dialect->path)
			       .p,
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

static bool check_dialect(struct call *call)
{
	const struct provider *provider = call->target->provider;

	if (dialect_find(provider->dialect) == call->dialect)
		return true;
	return error_set(&call->error, ERR_NO_TARGET,
		"provider %.*s speaks '%.*s', which this call cannot be "
		"translated to",
		STR_ARG(provider->name), STR_ARG(provider->dialect));
}

/* By weight, at random; NULL when the provider needs no key. */
static const struct provider_key *pick_key(const struct provider *provider)
{
	int64_t total = 0;
	uint32_t random;
	int64_t at;

	for (const struct provider_key *k = provider->keys; k; k = k->next)
		total += k->weight;
	if (total <= 0 || provider->key_count < 2)
		return provider->keys;
	random_bytes(&random, sizeof(random));
	at = (int64_t)(random % (uint64_t)total);
	for (const struct provider_key *k = provider->keys; k; k = k->next) {
		at -= k->weight;
		if (at < 0)
			return k;
	}
	return provider->keys;
}

static bool add_key_header(struct call *call, struct headers *headers)
{
	const struct provider *provider = call->target->provider;
	struct buf secret = BUF_INIT(PROVIDER_KEY_MAX_BYTES);
	bool bearer = str_equal(provider->auth, S("bearer"));

	call->provider_key = pick_key(provider);
	if (!call->provider_key)
		return true;
	if (!attempt_open_key(call, &secret, &call->error))
		return false;
	add_header(headers,
		arena_printf(call->arena, "%.*s: %s%.*s",
			STR_ARG(bearer ? S("Authorization") : provider->auth),
			bearer ? "Bearer " : "", STR_ARG(buf_str(&secret)))
			.p);
	vault_wipe(&secret);
	return true;
}

bool attempt_open_key(
	const struct call *call, struct buf *secret, struct error *err)
{
	char context[PROVIDER_KEY_CONTEXT_BYTES];

	return vault_open(call->gateway->vault,
		provider_key_context(call->provider_key->id, context),
		call->provider_key->sealed, secret, err);
}

static void add_header(struct headers *headers, const char *line)
{
	if (headers->count < MAX_HEADERS)
		headers->lines[headers->count++] = line;
}

/* The client's headers that this provider's row asks for. */
static void forward_headers(struct call *call, struct headers *headers)
{
	const struct provider *provider = call->target->provider;

	for (size_t i = 0; i < provider->forward_header_count; i++) {
		const char *line = client_header(
			call->arena, call->x, provider->forward_headers[i]);

		if (line)
			add_header(headers, line);
	}
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
	const struct settings *settings = call->gateway->settings;
	const struct provider_timeouts *own = &call->target->provider->timeouts;

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
