/*
 * pool.c - what is known of the hosts of pools.
 */
#include "gateway/pool.h"

#include <pthread.h>

#include "base/clock.h"
#include "dialect/facts.h"
#include "gateway/affinity.h"
#include "gateway/call.h"

/* How long a host that fails is left alone: doubled each time. */
#define FIRST_REST_MS 2000
#define MAX_DOUBLINGS 5
#define MAX_LIST_BYTES (1 << 20)

struct host {
	struct str url;
	int64_t rests_until_ms; /* monotonic; 0: it does not rest */
	unsigned failures;      /* in a row */
	bool is_listed;
	struct buf models; /* '\n' before and after each name */
};

struct pool {
	pthread_mutex_t lock;
	struct host **hosts;
	size_t count;
};

/* From the best to the worst. */
enum rank { LISTS_IT, MAY_HAVE_IT, RESTS, LACKS_IT };

struct candidate {
	struct str url;
	enum rank rank;
	int64_t weight;
	double draw; /* the smaller the sooner */
};

static struct host *find_host(struct pool *pool, struct str url);
static struct host *find_or_add_host(struct pool *pool, struct str url);
static struct candidate candidate_of(
	struct pool *pool, struct str url, int64_t weight, struct str model);
static void draw(struct call *call, const struct model *model,
	struct candidate *all, size_t count);
static enum rank rank_of(const struct host *host, struct str model);
static bool lists(const struct host *host, struct str model);
static size_t find_name(struct str list, struct str name);
static int compare(const void *a, const void *b);
static void add_name(struct json entry, struct arena *arena, struct buf *out);

struct pool *pool_new(void)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		abort();
	pthread_mutex_init(&pool->lock, NULL);
	return pool;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->count; i++) {
		buf_release(&pool->hosts[i]->models);
		free(pool->hosts[i]);
	}
	free(pool->hosts);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

size_t pool_order(struct call *call, const struct model *model, struct str *out)
{
	struct pool *pool = call->gateway->pool;
	const struct provider *provider = model->provider;
	struct candidate all[1 + PROVIDER_HOSTS];
	size_t count = 0, kept = 0;

	assert(provider->host_count <= PROVIDER_HOSTS);
	pthread_mutex_lock(&pool->lock);
	all[count++] =
		candidate_of(pool, provider->base_url, 1, model->upstream_name);
	for (const struct provider_host *host = provider->hosts; host;
		host = host->next)
		all[count++] = candidate_of(pool, host->base_url, host->weight,
			model->upstream_name);
	pthread_mutex_unlock(&pool->lock);
	qsort(all, count, sizeof(all[0]), compare);
	draw(call, model, all, count);
	qsort(all, count, sizeof(all[0]), compare);
	while (kept < count && all[kept].rank != LACKS_IT) {
		out[kept] = all[kept].url;
		kept++;
	}
	return kept;
}

static struct candidate candidate_of(
	struct pool *pool, struct str url, int64_t weight, struct str model)
{
	const struct host *host = find_host(pool, url);

	return (struct candidate){ url,
		host ? rank_of(host, model) : MAY_HAVE_IT, weight, 0 };
}

/* Among those of each rank; they stand in order of rank. */
static void draw(struct call *call, const struct model *model,
	struct candidate *all, size_t count)
{
	struct affinity_choice choices[1 + PROVIDER_HOSTS];

	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && all[to].rank == all[from].rank;
			to++)
			choices[to] = (struct affinity_choice){ .model = model,
				.base_url = all[to].url,
				.weight = (double)all[to].weight };
		affinity_draw(call, AFFINITY_HOST, &choices[from], to - from);
		for (size_t i = from; i < to; i++)
			all[i].draw = choices[i].draw;
	}
}

static enum rank rank_of(const struct host *host, struct str model)
{
	if (host->is_listed && !lists(host, model))
		return LACKS_IT;
	if (host->rests_until_ms > clock_monotonic_ms())
		return RESTS;
	return host->is_listed ? LISTS_IT : MAY_HAVE_IT;
}

/* Ollama says "llama3:latest" of what is also called "llama3". */
static bool lists(const struct host *host, struct str model)
{
	struct str list = { host->models.p, host->models.n };
	struct str latest = S(":latest");
	char longer[300];

	if (find_name(list, model) < list.n)
		return true;
	if (str_ends(model, latest))
		return find_name(list, str_head(model, model.n - latest.n)) <
		       list.n;
	snprintf(longer, sizeof(longer), "%.*s:latest", STR_ARG(model));
	return find_name(list, str_of(longer)) < list.n;
}

/* Where "\nname\n" begins; the list's length when it is not there. */
static size_t find_name(struct str list, struct str name)
{
	char line[300];

	snprintf(line, sizeof(line), "\n%.*s\n", STR_ARG(name));
	return str_find(list, str_of(line));
}

static int compare(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return left->draw < right->draw ? -1 : left->draw > right->draw;
}

void pool_succeeded(struct pool *pool, struct str base_url)
{
	struct host *host;

	pthread_mutex_lock(&pool->lock);
	host = find_host(pool, base_url);
	if (host)
		host->failures = 0;
	if (host)
		host->rests_until_ms = 0;
	pthread_mutex_unlock(&pool->lock);
}

void pool_failed(struct pool *pool, struct str base_url)
{
	struct host *host;
	unsigned doublings;

	pthread_mutex_lock(&pool->lock);
	host = find_or_add_host(pool, base_url);
	doublings =
		host->failures < MAX_DOUBLINGS ? host->failures : MAX_DOUBLINGS;
	host->failures++;
	host->rests_until_ms =
		clock_monotonic_ms() + ((int64_t)FIRST_REST_MS << doublings);
	pthread_mutex_unlock(&pool->lock);
}

void pool_lacks(struct pool *pool, struct str base_url, struct str model)
{
	struct host *host;

	pthread_mutex_lock(&pool->lock);
	host = find_host(pool, base_url);
	if (host && host->is_listed) {
		struct str list = buf_str(&host->models);
		size_t at = find_name(list, model);

		if (at < list.n) {
			memmove(host->models.p + at,
				host->models.p + at + model.n + 1,
				list.n - at - model.n - 1);
			host->models.n -= model.n + 1;
		}
	}
	pthread_mutex_unlock(&pool->lock);
}

bool pool_take_list(struct pool *pool, struct str base_url, struct str body,
	struct error *err)
{
	struct buf names = BUF_INIT(MAX_LIST_BYTES);
	struct json_cursor cursor;
	struct json_member item;
	struct json root, list;
	struct arena arena;
	struct host *host;

	if (!facts_check(body, &root, err))
		return false;
	list = json_find(root, S("models"));
	if (list.type != JSON_TYPE_ARRAY)
		list = json_find(root, S("data"));
	if (list.type != JSON_TYPE_ARRAY)
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the answer has no list of models");
	arena_init(&arena, 4096);
	buf_append_char(&names, '\n');
	cursor = json_members(list);
	while (json_next(&cursor, &item))
		add_name(item.value, &arena, &names);
	arena_release(&arena);
	pthread_mutex_lock(&pool->lock);
	host = find_or_add_host(pool, base_url);
	buf_release(&host->models);
	host->models = names;
	host->is_listed = !names.failed;
	pthread_mutex_unlock(&pool->lock);
	return true;
}

/* Ollama: {"name", "model"}; OpenAI: {"id"}. */
static void add_name(struct json entry, struct arena *arena, struct buf *out)
{
	struct json id = json_find(entry, S("id"));
	struct str name;

	if (id.type != JSON_TYPE_STRING)
		id = json_find(entry, S("name"));
	if (!json_text(id, arena, &name) || str_index(name, '\n') < name.n)
		return;
	buf_append(out, name);
	buf_append_char(out, '\n');
}

static struct host *find_host(struct pool *pool, struct str url)
{
	for (size_t i = 0; i < pool->count; i++)
		if (str_equal(pool->hosts[i]->url, url))
			return pool->hosts[i];
	return NULL;
}

static struct host *find_or_add_host(struct pool *pool, struct str url)
{
	struct host *host = find_host(pool, url);
	char *text;

	if (host)
		return host;
	host = calloc(1, sizeof(*host) + url.n);
	pool->hosts =
		realloc(pool->hosts, (pool->count + 1) * sizeof(struct host *));
	if (!host || !pool->hosts)
		abort();
	text = (char *)(host + 1);
	memcpy(text, url.p, url.n);
	host->url = (struct str){ text, url.n };
	buf_init(&host->models, MAX_LIST_BYTES);
	pool->hosts[pool->count++] = host;
	return host;
}
