/*
 * cache_count.c - what the cache was good for: counts and a list of shares.
 */
#include "hot/cache_tables.h"

#include <endian.h>

/* "provider/model" behind the project's id, whose highest byte comes first:
 * so their order is that of the ids. */
#define NAME_BYTES 500

struct count_name {
	uint8_t bytes[8 + NAME_BYTES];
	size_t n;
};

struct listing {
	struct arena *arena;
	struct cache_share *first;
};

static struct count_name count_name(
	int64_t project_id, struct str provider, struct str model);
static int count(struct cache *cache, MDB_txn *txn,
	const struct count_name *name, const struct cache_counts *more);
static void add(struct cache_counts *sum, const struct cache_counts *more);
static int counts_get(MDB_val data, struct cache_counts *out);
static int list_counts(struct cache *cache, MDB_txn *txn, int64_t project_id,
	struct listing *listing);
static void list_answer(
	struct str provider, struct str model, int64_t bytes, void *context);
static struct cache_share *share_of(
	struct listing *listing, struct str provider, struct str model);
static int compare(struct str a, struct str b);

bool cache_count(struct cache *cache, int64_t project_id, struct str provider,
	struct str model, const struct cache_counts *more, struct error *err)
{
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (!failed)
		failed = cache_end(cache, txn,
			cache_count_in(
				cache, txn, project_id, provider, model, more));
	return cache_check(failed, "count", err);
}

int cache_count_in(struct cache *cache, MDB_txn *txn, int64_t project_id,
	struct str provider, struct str model, const struct cache_counts *more)
{
	struct count_name name = count_name(project_id, provider, model);

	return count(cache, txn, &name, more);
}

static struct count_name count_name(
	int64_t project_id, struct str provider, struct str model)
{
	uint64_t bits = htobe64((uint64_t)project_id);
	struct count_name name;
	int n;

	memcpy(name.bytes, &bits, 8);
	n = snprintf((char *)name.bytes + 8, NAME_BYTES, "%.*s/%.*s",
		STR_ARG(provider), STR_ARG(model));
	name.n = 8 + (n < NAME_BYTES ? (size_t)n : NAME_BYTES - 1);
	return name;
}

static int count(struct cache *cache, MDB_txn *txn,
	const struct count_name *name, const struct cache_counts *more)
{
	MDB_val key = cache_val(name->bytes, name->n);
	struct cache_counts sum = { 0 };
	MDB_val data;
	int failed = mdb_get(txn, cache->tables[TABLE_COUNTS], &key, &data);

	if (!failed)
		failed = counts_get(data, &sum);
	else if (failed == MDB_NOTFOUND)
		failed = MDB_SUCCESS;
	if (failed)
		return failed;
	add(&sum, more);
	data = cache_val(&sum, sizeof(sum));
	return mdb_put(txn, cache->tables[TABLE_COUNTS], &key, &data, 0);
}

static void add(struct cache_counts *sum, const struct cache_counts *more)
{
	sum->hits += more->hits;
	sum->coalesced += more->coalesced;
	sum->misses += more->misses;
	if (__builtin_add_overflow(sum->saved_picousd, more->saved_picousd,
		    &sum->saved_picousd))
		sum->saved_picousd = INT64_MAX;
}

static int counts_get(MDB_val data, struct cache_counts *out)
{
	if (data.mv_size != sizeof(*out))
		return MDB_CORRUPTED;
	copy_page(out, data.mv_data, sizeof(*out));
	return MDB_SUCCESS;
}

bool cache_shares(struct cache *cache, int64_t project_id, int64_t now_unix_ms,
	struct arena *arena, struct cache_share **out, struct error *err)
{
	struct listing listing = { .arena = arena };
	MDB_txn *txn;
	int failed = cache_look(cache, &txn);

	if (!failed) {
		failed = list_counts(cache, txn, project_id, &listing);
		if (!failed)
			failed = cache_each(cache, txn, project_id, now_unix_ms,
				list_answer, &listing);
		readers_end(txn);
	}
	*out = listing.first;
	return cache_check(failed, "list answers", err);
}

static int list_counts(struct cache *cache, MDB_txn *txn, int64_t project_id,
	struct listing *listing)
{
	struct count_name from = count_name(project_id, S(""), S(""));
	MDB_val key = cache_val(from.bytes, 8);
	MDB_val data;
	MDB_cursor *cursor;
	int failed = mdb_cursor_open(txn, cache->tables[TABLE_COUNTS], &cursor);

	if (failed)
		return failed;
	failed = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (!failed && key.mv_size > 8 &&
		(project_id == CACHE_ALL_PROJECTS ||
			memcmp(key.mv_data, from.bytes, 8) == 0)) {
		struct str name = { (char *)key.mv_data + 8, key.mv_size - 8 };
		size_t slash = str_index(name, '/');
		struct cache_share *share = share_of(listing,
			str_head(name, slash), str_from(name, slash + 1));
		struct cache_counts counts;

		failed = counts_get(data, &counts);
		if (!failed)
			add(&share->counts, &counts);
		if (!failed)
			failed = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

static void list_answer(
	struct str provider, struct str model, int64_t bytes, void *context)
{
	struct cache_share *share = share_of(context, provider, model);

	share->entries++;
	share->bytes += bytes;
}

/* In the order of the names; made when it is not there yet. A project uses
 * few models. */
static struct cache_share *share_of(
	struct listing *listing, struct str provider, struct str model)
{
	struct cache_share **place = &listing->first;
	struct cache_share *share;
	int order = -1;

	for (; *place; place = &(*place)->next) {
		order = compare((*place)->provider, provider);
		if (order == 0)
			order = compare((*place)->model, model);
		if (order >= 0)
			break;
	}
	share = *place;
	if (share && order == 0)
		return share;
	share = ARENA_NEW(listing->arena, struct cache_share);
	share->provider = arena_copy(listing->arena, provider);
	share->model = arena_copy(listing->arena, model);
	share->next = *place;
	*place = share;
	return share;
}

static int compare(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}
