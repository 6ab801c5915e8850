/*
 * pool_watch.c - asks the hosts of pools for their models, again and again.
 *
 * A host that cannot be asked rests like one that failed a call; one that
 * answers is well again. So hosts that come back are found without a client
 * having to try them.
 */
#include "gateway/pool.h"

#include "base/log.h"

#define MAX_LIST_BYTES (1 << 20)

/* One host being asked. */
struct listing {
	struct listing *next;
	struct pool_watch *watch;
	struct upstream *upstream;
	struct arena arena; /* holds this and all it needs */
	struct str base_url;
	struct buf reply;
	int status;
};

struct pool_watch {
	struct pool_setup setup;
	struct timer timer;
	struct listing *listings; /* those under way */
};

static void on_timer(struct timer *timer);
static void ask_provider(
	struct pool_watch *watch, const struct provider *provider);
static void ask(struct pool_watch *watch, const struct provider *provider,
	struct str base_url);
static bool is_asked(const struct pool_watch *watch, struct str base_url);
static const char *key_line(const struct pool_watch *watch,
	const struct provider *provider, struct arena *arena);
static void on_head(void *owner, int status);
static enum upstream_flow on_body(void *owner, struct str bytes);
static void on_done(void *owner, const struct upstream_result *result);
static void take(struct listing *listing, const struct upstream_result *result);
static void end(struct listing *listing);

static const struct upstream_events events = {
	.head = on_head,
	.body = on_body,
	.done = on_done,
};

struct pool_watch *pool_watch_new(const struct pool_setup *setup)
{
	struct pool_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		abort();
	watch->setup = *setup;
	watch->timer.expired = on_timer;
	loop_timer_set(setup->loop, &watch->timer, 0);
	return watch;
}

void pool_watch_free(struct pool_watch *watch)
{
	if (!watch)
		return;
	loop_timer_clear(watch->setup.loop, &watch->timer);
	while (watch->listings) {
		upstream_cancel(watch->listings->upstream);
		end(watch->listings);
	}
	free(watch);
}

static void on_timer(struct timer *timer)
{
	struct pool_watch *watch =
		CONTAINER_OF(timer, struct pool_watch, timer);
	struct snapshots *snapshots = watch->setup.snapshots;
	struct snapshot *snapshot = snapshot_pin(snapshots);

	for (size_t i = 0; snapshot && i < snapshot->catalog->provider_count;
		i++)
		ask_provider(watch, snapshot->catalog->providers[i]);
	if (snapshot)
		snapshot_unpin(snapshots, snapshot);
	loop_timer_set(watch->setup.loop, timer, watch->setup.interval_ms);
}

/* A provider with one host is no pool: there is nothing to choose. */
static void ask_provider(
	struct pool_watch *watch, const struct provider *provider)
{
	if (!provider->enabled || provider->host_count == 0)
		return;
	ask(watch, provider, provider->base_url);
	for (const struct provider_host *host = provider->hosts; host;
		host = host->next)
		ask(watch, provider, host->base_url);
}

static void ask(struct pool_watch *watch, const struct provider *provider,
	struct str base_url)
{
	bool is_ollama =
		str_equal(provider_first_dialect(provider), S("ollama"));
	struct upstream_request
		request = { .limits = {
				    .connect_timeout_ms =
					    watch->setup.timeout_ms,
				    .first_byte_timeout_ms =
					    watch->setup.timeout_ms,
				    .idle_timeout_ms = watch->setup.timeout_ms,
				    .total_timeout_ms = watch->setup.timeout_ms,
				    .allow_private = watch->setup.allow_private,
			    } };
	struct listing *listing;
	struct arena arena;
	const char **lines;

	if (is_asked(watch, base_url))
		return;
	arena_init(&arena, 1024);
	listing = ARENA_NEW(&arena, struct listing);
	lines = ARENA_ARRAY(&arena, const char *, 2);
	lines[0] = "Accept: application/json";
	lines[1] = key_line(watch, provider, &arena);
	request.headers = lines;
	request.header_count = lines[1] ? 2 : 1;
	request.url = arena_printf(&arena, "%.*s%s", STR_ARG(base_url),
		is_ollama ? "/api/tags" : "/models")
			      .p;
	listing->base_url = arena_copy(&arena, base_url);
	listing->arena = arena;
	listing->watch = watch;
	buf_init(&listing->reply, MAX_LIST_BYTES);
	listing->next = watch->listings;
	watch->listings = listing;
	listing->upstream = upstream_start(
		watch->setup.upstreams, &request, &events, listing);
}

static bool is_asked(const struct pool_watch *watch, struct str base_url)
{
	for (const struct listing *listing = watch->listings; listing;
		listing = listing->next)
		if (str_equal(listing->base_url, base_url))
			return true;
	return false;
}

/* NULL: no key is needed, or it does not open, which calls will tell. */
static const char *key_line(const struct pool_watch *watch,
	const struct provider *provider, struct arena *arena)
{
	struct buf secret = BUF_INIT(PROVIDER_KEY_MAX_BYTES);
	const char *line = NULL;
	struct error err;

	if (provider->keys && str_equal(provider->auth, S("bearer")) &&
		provider_key_open(
			watch->setup.vault, provider->keys, &secret, &err))
		line = arena_printf(arena, "Authorization: Bearer %.*s",
			STR_ARG(buf_str(&secret)))
			       .p;
	vault_wipe(&secret);
	return line;
}

static void on_head(void *owner, int status)
{
	struct listing *listing = owner;

	listing->status = status;
}

static enum upstream_flow on_body(void *owner, struct str bytes)
{
	struct listing *listing = owner;

	buf_append(&listing->reply, bytes);
	return UPSTREAM_GO_ON;
}

static void on_done(void *owner, const struct upstream_result *result)
{
	take(owner, result);
	end(owner);
}

static void take(struct listing *listing, const struct upstream_result *result)
{
	struct pool *pool = listing->watch->setup.pool;
	struct error err = ERROR_INIT;

	if (!result->ok || listing->status >= 500) {
		pool_failed(pool, listing->base_url);
		return;
	}
	pool_succeeded(pool, listing->base_url);
	if (listing->status == 200 && !listing->reply.failed &&
		!pool_take_list(pool, listing->base_url,
			buf_str(&listing->reply), &err))
		log_debug("%.*s does not list its models: %s",
			STR_ARG(listing->base_url), error_detail(&err));
}

static void end(struct listing *listing)
{
	struct listing **at = &listing->watch->listings;
	struct arena arena = listing->arena;

	while (*at != listing)
		at = &(*at)->next;
	*at = listing->next;
	buf_release(&listing->reply);
	arena_release(&arena);
}
