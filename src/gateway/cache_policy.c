/*
 * cache_policy.c - which calls the cache is for, and what they are equal by:
 * chats, and of the other services embeddings.
 *
 * The key of a call is the digest of whose it is, what it names, which
 * headers of its own reach the provider, and what it asks (digest.h). The
 * names behind an alias are part of it: to change an alias is to begin anew.
 */
#include "gateway/cache.h"

#include "crypto/digest.h"
#include "dialect/digest.h"

/* Raise it when the same request may mean something else. */
#define FORMAT 1

/* What the client's Cache-Control says. */
struct wishes {
	bool no_cache;
	bool no_store;
	int64_t max_age_ms; /* -1: not said */
};

static bool is_repeatable(const struct call *call);
static bool is_on(const struct call *call);
static struct wishes read_wishes(const struct http_exchange *x);
static bool is_cacheable(struct call *call);
static bool is_cool(const struct call *call);
static void make_cache(struct call *call, const struct wishes *wishes);
static void make_key(struct call *call);
static void add_embeddings(struct call *call, struct digest *digest);
static void add_names(struct call *call, struct digest *digest);
static void add_headers(struct call *call, struct digest *digest);
static void add_header(
	struct call *call, struct digest *digest, struct str name);
static void release(void *thing);

bool cache_allows(struct call *call)
{
	struct wishes wishes;

	call->cache_state = CACHE_OFF;
	if (!call->gateway->cache || !is_repeatable(call) || !is_on(call))
		return false;
	call->cache_state = CACHE_BYPASS;
	wishes = read_wishes(call->x);
	if (wishes.no_store || !is_cacheable(call))
		return false;
	if (!wishes.no_cache)
		call->cache_state = CACHE_MISS;
	make_cache(call, &wishes);
	return true;
}

static bool is_repeatable(const struct call *call)
{
	return !call->service || call->service->service == SERVICE_EMBEDDINGS;
}

static bool is_on(const struct call *call)
{
	switch (call->key->cache_policy) {
	case CACHE_POLICY_ON: return true;
	case CACHE_POLICY_OFF: return false;
	case CACHE_POLICY_DEFAULT: break;
	}
	return call->gateway->settings->cache_enabled;
}

/* RFC 9111, section 5.2.1; what is not known there is passed over. */
static struct wishes read_wishes(const struct http_exchange *x)
{
	struct str rest = http_param(x, S("HTTP_CACHE_CONTROL"));
	struct wishes wishes = { .max_age_ms = -1 };
	struct str field;
	int64_t seconds;

	while (str_next_field(&rest, ',', &field)) {
		struct str name =
			str_trim(str_head(field, str_index(field, '=')));
		struct str value =
			str_trim(str_from(field, str_index(field, '=') + 1));

		if (str_equal_nocase(name, S("no-cache")))
			wishes.no_cache = true;
		else if (str_equal_nocase(name, S("no-store")))
			wishes.no_store = true;
		else if (str_equal_nocase(name, S("max-age")) &&
			 str_to_int64_in(value, 0, INT32_MAX, &seconds))
			wishes.max_age_ms = seconds * 1000;
	}
	return wishes;
}

static bool is_cacheable(struct call *call)
{
	const struct settings *settings = call->gateway->settings;

	struct error ignored;

	if (call->service)
		return true;
	if (call->head.has_tools && !settings->cache_tools)
		return false;
	/* One that we do not understand, the provider may: not for us. */
	return translate_read_request(call, &ignored) && is_cool(call) &&
	       (call->request->tool_count == 0 || settings->cache_tools);
}

/* Who wants a new answer each time asks for chance. */
static bool is_cool(const struct call *call)
{
	const struct settings *settings = call->gateway->settings;
	double most = strtod(settings->cache_max_temperature.p, NULL);
	struct json number = { JSON_TYPE_NUMBER, call->request->temperature };
	double asked;

	if (number.text.p)
		return json_double(number, &asked) && asked <= most;
	return call->key->cache_policy == CACHE_POLICY_ON ||
	       strtod(settings->cache_assume_temperature.p, NULL) <= most;
}

static void make_cache(struct call *call, const struct wishes *wishes)
{
	const struct settings *settings = call->gateway->settings;
	struct call_cache *cache = ARENA_NEW(call->arena, struct call_cache);

	call->cache = cache;
	cache->may_read = !wishes->no_cache;
	/* An answer that is too old for this client is not for those who
	 * would wait for it either. */
	cache->may_wait = settings->cache_coalesce && cache->may_read &&
			  wishes->max_age_ms < 0;
	cache->max_age_ms = wishes->max_age_ms;
	cache->ttl_ms = call->key->cache_ttl_ms > 0 ? call->key->cache_ttl_ms
						    : settings->cache_ttl_ms;
	buf_init(&cache->bytes, (size_t)settings->cache_max_answer_bytes);
	buf_init(&cache->memory, 0);
	arena_defer(call->arena, release, cache);
	make_key(call);
}

static void make_key(struct call *call)
{
	struct digest digest;

	digest_init(&digest, call->arena);
	digest_add_int(&digest, "format", FORMAT);
	digest_add_int(&digest, "project", call->key->project_id);
	digest_add_int(&digest, "strict", call_is_strict(call));
	add_names(call, &digest);
	add_headers(call, &digest);
	if (call->service)
		add_embeddings(call, &digest);
	else
		digest_add_request(&digest, call->request);
	digest_sha256_parts(digest.parts, digest.count, call->cache->key);
}

/* The vectors of one format are another answer in the next, which may not
 * even have words for them. So each format has answers of its own. */
static void add_embeddings(struct call *call, struct digest *digest)
{
	static const char *const nothing[] = { "model", "user", NULL };

	digest_add(digest, "embeddings", str_of(call->service->name));
	digest_add_members(digest, call->head.root, nothing);
}

static void add_names(struct call *call, struct digest *digest)
{
	digest_add(digest, "model", call->head.model);
	/* What another model would answer is another answer. */
	if (call->routing && call->target_count > 0)
		digest_add_int(digest, "chosen", call->targets[0].model->id);
	if (!call->alias)
		return;
	for (const struct alias_target *t = call->alias->targets; t;
		t = t->next)
		digest_add(digest, "target", t->model);
}

/* Those that a provider may get to see. Which version of its own format a
 * client speaks says nothing about the answer. */
static void add_headers(struct call *call, struct digest *digest)
{
	const char *const *forwards = call->dialect->forwards;

	for (size_t i = 0; forwards && forwards[i]; i++)
		if (strcmp(forwards[i], "anthropic-version") != 0)
			add_header(call, digest, str_of(forwards[i]));
	for (size_t i = 0; i < call->target_count; i++) {
		const struct provider *provider =
			call->targets[i].model->provider;

		for (size_t k = 0; k < provider->forward_header_count; k++)
			add_header(call, digest, provider->forward_headers[k]);
		/* Its streams tell usage to none but who asks. */
		if (provider->quirks.stream_usage != STREAM_USAGE_ASK)
			digest_add_int(digest, "usage", call->head.wants_usage);
	}
}

static void add_header(
	struct call *call, struct digest *digest, struct str name)
{
	char *param = arena_cstr(call->arena, name);
	struct str value;

	for (char *c = param; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	value = http_param(
		call->x, arena_printf(call->arena, "HTTP_%s", param));
	if (value.n == 0)
		return;
	digest_add(digest, "header", str_of(param));
	digest_add(digest, "value", value);
}

static void release(void *thing)
{
	struct call_cache *cache = thing;

	buf_release(&cache->bytes);
	buf_release(&cache->memory);
}
