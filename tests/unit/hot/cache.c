/*
 * cache.c - answers that processes share: they come back as they were kept
 * and no longer than they may, those that are used stay when room is needed,
 * a full store is nobody's error, and whoever is killed leaves it whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/cache.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/digest.h"

#define PROJECT 7
#define OTHER_PROJECT 8
#define NOW INT64_C(1800000000000)
#define HOUR 3600000
#define SMALL_STORE (4 << 20)
#define KILLS 30
#define WRITERS 3

struct fixture {
	char folder[64]; /* server.hot_dir */
	struct settings settings;
	volatile int64_t *shared; /* with children */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/dev/shm/gateway-cache-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	settings_init(&f->settings);
	f->settings.hot_dir = str_of(f->folder);
	f->settings.cache_max_bytes = SMALL_STORE;
	f->settings.cache_max_answer_bytes = SMALL_STORE / 8;
	f->shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true((void *)f->shared != MAP_FAILED);
	/* What blocks must not block for ever. */
	alarm(120);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "cache/data.mdb", "cache/lock.mdb",
		"cache/fills" };
	struct fixture *f = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/cache", f->folder);
	rmdir(path);
	assert_int_equal(rmdir(f->folder), 0);
	munmap((void *)f->shared, 4096);
	free(f);
	alarm(0);
	return 0;
}

static struct cache *open_cache(struct fixture *f)
{
	struct error err = ERROR_INIT;
	struct cache *cache;

	if (!cache_open(&f->settings, true, &cache, &err))
		fail_msg("%s %s", error_message(&err), error_detail(&err));
	assert_non_null(cache);
	return cache;
}

struct key {
	uint8_t bytes[CACHE_KEY_BYTES];
};

static struct key key_of(int64_t number)
{
	struct key key;

	digest_sha256((struct str){ (const char *)&number, sizeof(number) },
		key.bytes);
	return key;
}

/* What an answer of that number and size holds; the caller frees it. */
static struct str content_of(int64_t number, size_t size)
{
	char *bytes = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(number + (int64_t)(i * 7 + i / 251));
	return (struct str){ bytes, size };
}

static struct cache_answer answer_of(struct str bytes)
{
	return (struct cache_answer){
		.project_id = PROJECT,
		.stored_unix_ms = NOW,
		.expires_unix_ms = NOW + HOUR,
		.cost_picousd = 12345678901,
		.is_priced = true,
		.tokens = { 1, 2, -1, 0, 5 },
		.tokens_source = 2,
		.is_stream = true,
		.provider = S("openai"),
		.model = S("gpt-4o-mini"),
		.dialect = S("openai_chat"),
		.content_type = S("text/event-stream"),
		.dropped = S("seed"),
		.bytes = bytes,
	};
}

static bool put_one(struct cache *cache, const struct key *key,
	const struct cache_answer *answer, bool is_miss, struct error *err)
{
	struct cache_item item = { .answer = *answer, .is_miss = is_miss };

	memcpy(item.key, key->bytes, sizeof(item.key));
	return cache_put(cache, &item, 1, err);
}

static void put(struct cache *cache, int64_t number, size_t size, int64_t now)
{
	struct str bytes = content_of(number, size);
	struct cache_answer answer = answer_of(bytes);
	struct key key = key_of(number);
	struct error err = ERROR_INIT;

	answer.stored_unix_ms = now;
	answer.expires_unix_ms = now + HOUR;
	if (!put_one(cache, &key, &answer, false, &err))
		fail_msg("%s", error_detail(&err));
	free((char *)bytes.p);
}

static bool find_at(struct cache *cache, int64_t number, int64_t now)
{
	struct buf memory = BUF_INIT(0);
	struct key key = key_of(number);
	struct cache_answer found;
	bool is_there = cache_find(cache, key.bytes, now, &memory, &found);

	if (is_there) {
		struct str bytes = content_of(number, found.bytes.n);

		assert_true(str_equal(found.bytes, bytes));
		free((char *)bytes.p);
	}
	buf_release(&memory);
	return is_there;
}

static bool find(struct cache *cache, int64_t number)
{
	return find_at(cache, number, NOW);
}

static size_t clear(struct cache *cache, int64_t project_id, cache_fits *fits,
	void *context)
{
	struct error err = ERROR_INIT;
	size_t removed;

	if (!cache_clear(cache, project_id, fits, context, &removed, &err))
		fail_msg("%s", error_detail(&err));
	return removed;
}

/* --- one answer --- */

static void test_it_comes_back_as_it_was(void **state)
{
	struct cache *cache = open_cache(*state);
	struct str bytes = content_of(1, 100000);
	struct cache_answer answer = answer_of(bytes), found;
	struct buf memory = BUF_INIT(0);
	struct error err = ERROR_INIT;
	struct key key = key_of(1);

	assert_false(cache_find(cache, key.bytes, NOW, &memory, &found));
	assert_true(put_one(cache, &key, &answer, false, &err));
	assert_true(cache_find(cache, key.bytes, NOW, &memory, &found));
	assert_int_equal(found.project_id, PROJECT);
	assert_int_equal(found.stored_unix_ms, NOW);
	assert_int_equal(found.expires_unix_ms, NOW + HOUR);
	assert_int_equal(found.cost_picousd, 12345678901);
	assert_true(found.is_priced && found.is_stream);
	assert_memory_equal(found.tokens, answer.tokens, sizeof(found.tokens));
	assert_int_equal(found.tokens_source, 2);
	assert_true(str_equal(found.provider, answer.provider));
	assert_true(str_equal(found.model, answer.model));
	assert_true(str_equal(found.dialect, answer.dialect));
	assert_true(str_equal(found.content_type, answer.content_type));
	assert_true(str_equal(found.dropped, answer.dropped));
	assert_true(str_equal(found.bytes, bytes));
	buf_release(&memory);
	cache_close(cache);
	free((char *)bytes.p);
}

static void test_the_newer_one_counts(void **state)
{
	struct cache *cache = open_cache(*state);
	struct str bytes = content_of(2, 10);
	struct cache_answer answer = answer_of(bytes), found;
	struct buf memory = BUF_INIT(0);
	struct error err = ERROR_INIT;
	struct key key = key_of(1);

	put(cache, 1, 5000, NOW);
	assert_true(put_one(cache, &key, &answer, false, &err));
	assert_true(cache_find(cache, key.bytes, NOW, &memory, &found));
	assert_true(str_equal(found.bytes, bytes));
	assert_int_equal(clear(cache, PROJECT, NULL, NULL), 1);
	buf_release(&memory);
	cache_close(cache);
	free((char *)bytes.p);
}

static void test_its_time_ends(void **state)
{
	struct cache *cache = open_cache(*state);
	struct error err = ERROR_INIT;

	put(cache, 1, 10, NOW);
	put(cache, 2, 10, NOW + HOUR);
	assert_true(find_at(cache, 1, NOW + HOUR - 1));
	assert_false(find_at(cache, 1, NOW + HOUR));
	/* What is over goes, what is not stays. */
	assert_true(cache_sweep(cache, NOW + HOUR + 2000, &err));
	assert_false(find_at(cache, 1, NOW));
	assert_true(find_at(cache, 2, NOW + HOUR));
	assert_int_equal(clear(cache, PROJECT, NULL, NULL), 1);
	cache_close(cache);
}

/* What is over goes, wherever it stands among what is not. */
static void test_sweeping_many(void **state)
{
	struct cache *cache = open_cache(*state);
	struct error err = ERROR_INIT;

	for (int64_t i = 0; i < 6000; i++)
		put(cache, i, 10, i % 3 ? NOW : NOW + HOUR);
	/* One sweep looks at a part: the next one goes on there. */
	for (int i = 0; i < 2; i++)
		assert_true(cache_sweep(cache, NOW + HOUR, &err));
	for (int64_t i = 0; i < 6000; i++)
		assert_int_equal(find_at(cache, i, NOW), i % 3 == 0);
	assert_int_equal(clear(cache, PROJECT, NULL, NULL), 2000);
	/* After the last one it begins with the first. */
	assert_true(cache_sweep(cache, NOW + HOUR, &err));
	put(cache, 1, 10, NOW);
	assert_true(cache_sweep(cache, NOW + HOUR, &err));
	assert_false(find_at(cache, 1, NOW));
	cache_close(cache);
}

static void test_it_outlives_the_process(void **state)
{
	struct cache *cache = open_cache(*state);

	put(cache, 1, 10, NOW);
	cache_close(cache);
	cache = open_cache(*state);
	assert_true(find(cache, 1));
	cache_close(cache);
}

/* --- room --- */

static int64_t file_bytes(struct fixture *f)
{
	struct stat status;
	char path[128];

	snprintf(path, sizeof(path), "%s/cache/data.mdb", f->folder);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* Ten times as much as fits: the newest are there, the oldest are not. */
static void test_the_oldest_go(void **state)
{
	struct fixture *f = *state;
	struct cache *cache = open_cache(f);
	int64_t count = 10 * SMALL_STORE / 20000;
	int64_t kept = 0;

	for (int64_t i = 0; i < count; i++)
		put(cache, i, 20000, NOW + i * 1000);
	for (int64_t i = 0; i < count; i++)
		kept += find_at(cache, i, NOW + i * 1000);
	assert_true(find_at(cache, count - 1, NOW + count * 1000));
	assert_false(find_at(cache, 0, NOW));
	/* Half of the store at least is of use. */
	assert_true(kept * 20000 > SMALL_STORE / 2);
	assert_true(kept * 20000 < SMALL_STORE);
	assert_true(file_bytes(f) <= SMALL_STORE);
	for (int64_t i = count - kept; i < count; i++)
		assert_true(find_at(cache, i, NOW + i * 1000));
	cache_close(cache);
}

static void test_what_is_used_stays(void **state)
{
	struct cache *cache = open_cache(*state);
	struct key key = key_of(0);
	struct error err = ERROR_INIT;

	put(cache, 0, 20000, NOW);
	for (int64_t i = 1; i < 2 * SMALL_STORE / 20000; i++) {
		int64_t now = NOW + i * 10000;

		put(cache, i, 20000, now);
		assert_true(cache_touch(cache, key.bytes, now, &err));
	}
	assert_true(find_at(cache, 0, NOW + 1));
	assert_false(find_at(cache, 1, NOW + 1));
	/* It is still one answer, which can go like any other. */
	assert_true(clear(cache, PROJECT, NULL, NULL) > 1);
	assert_false(find_at(cache, 0, NOW + 1));
	cache_close(cache);
}

/* All sizes, the largest too, in any order: LMDB's free pages are soon in
 * small pieces. */
static void test_no_size_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct cache *cache = open_cache(f);
	uint32_t random = 1;

	for (int64_t i = 0; i < 1500; i++) {
		size_t size;

		random = random * 1664525 + 1013904223;
		size = random >> 8 & 0xfff;
		if (i % 5 == 0)
			size *= 20;
		if (i % 50 == 0)
			size = (size_t)f->settings.cache_max_answer_bytes;
		put(cache, i, size, NOW + i * 1000);
		assert_true(find_at(cache, i, NOW + i * 1000));
	}
	assert_true(file_bytes(f) <= SMALL_STORE);
	cache_close(cache);
}

/* The store of a program with a smaller bound is just as good. */
static void test_an_answer_that_never_fits(void **state)
{
	struct fixture *f = *state;
	struct cache *cache = open_cache(f);
	struct str bytes = content_of(1, 2 * SMALL_STORE);
	struct cache_answer answer = answer_of(bytes);
	struct error err = ERROR_INIT;
	struct key key = key_of(1);

	put(cache, 2, 10, NOW);
	assert_false(put_one(cache, &key, &answer, false, &err));
	assert_int_equal(err.kind, ERR_IO);
	put(cache, 3, 10, NOW);
	assert_true(find(cache, 3));
	cache_close(cache);
	free((char *)bytes.p);
}

static void test_settings_that_contradict(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct cache *cache;

	f->settings.cache_max_answer_bytes = SMALL_STORE / 8 + 1;
	assert_false(cache_open(&f->settings, true, &cache, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_string_equal(err.param, "cache.max_answer_bytes");
}

static void test_without_a_store(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct cache *cache;

	assert_true(cache_open(&f->settings, false, &cache, &err));
	assert_null(cache);
	cache_close(cache);
}

static void test_damaged_files_are_made_anew(void **state)
{
	struct fixture *f = *state;
	struct cache *cache = open_cache(f);
	char path[128];
	FILE *file;

	put(cache, 1, 10, NOW);
	cache_close(cache);
	snprintf(path, sizeof(path), "%s/cache/data.mdb", f->folder);
	file = fopen(path, "r+");
	assert_non_null(file);
	for (int i = 0; i < 2 * 4096; i++)
		fputc('x', file);
	assert_int_equal(fclose(file), 0);
	cache = open_cache(f);
	assert_false(find(cache, 1));
	put(cache, 1, 10, NOW);
	assert_true(find(cache, 1));
	cache_close(cache);
}

/* --- whose --- */

static void put_named(struct cache *cache, int64_t number, int64_t project_id,
	const char *provider, const char *model)
{
	struct str bytes = content_of(number, 100);
	struct cache_answer answer = answer_of(bytes);
	struct key key = key_of(number);
	struct error err = ERROR_INIT;

	answer.project_id = project_id;
	answer.provider = str_of(provider);
	answer.model = str_of(model);
	assert_true(put_one(cache, &key, &answer, false, &err));
	free((char *)bytes.p);
}

static bool begins_with(struct str name, const void *context)
{
	return str_starts(name, str_of(context));
}

static void test_clearing_a_part(void **state)
{
	struct cache *cache = open_cache(*state);

	put_named(cache, 1, PROJECT, "openai", "a");
	put_named(cache, 2, PROJECT, "openai", "b");
	put_named(cache, 3, PROJECT, "anthropic", "a");
	put_named(cache, 4, OTHER_PROJECT, "openai", "a");
	put_named(cache, 5, INT64_MAX, "openai", "a");
	assert_int_equal(clear(cache, PROJECT, begins_with, "openai/"), 2);
	assert_false(find(cache, 1) || find(cache, 2));
	assert_true(find(cache, 3) && find(cache, 4) && find(cache, 5));
	assert_int_equal(clear(cache, PROJECT, NULL, NULL), 1);
	assert_true(find(cache, 4) && find(cache, 5));
	assert_int_equal(clear(cache, CACHE_ALL_PROJECTS, NULL, NULL), 2);
	cache_close(cache);
}

static void test_clearing_many(void **state)
{
	struct cache *cache = open_cache(*state);

	for (int64_t i = 0; i < 1000; i++)
		put_named(cache, i, i % 2 ? PROJECT : OTHER_PROJECT, "p", "m");
	assert_int_equal(clear(cache, PROJECT, NULL, NULL), 500);
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(find(cache, i), i % 2 == 0);
	cache_close(cache);
}

static void add_counts(struct cache *cache, int64_t project_id,
	const char *model, struct cache_counts counts)
{
	struct error err = ERROR_INIT;

	if (!cache_count(
		    cache, project_id, S("p"), str_of(model), &counts, &err))
		fail_msg("%s", error_detail(&err));
}

static void test_shares(void **state)
{
	struct cache *cache = open_cache(*state);
	struct error err = ERROR_INIT;
	struct cache_share *share;
	struct arena arena;

	arena_init(&arena, 4096);
	put_named(cache, 1, PROJECT, "p", "b");
	put_named(cache, 2, PROJECT, "p", "b");
	put_named(cache, 3, PROJECT, "p", "c/d");
	put_named(cache, 4, OTHER_PROJECT, "p", "b");
	add_counts(cache, PROJECT, "a", (struct cache_counts){ 0, 0, 1, 0 });
	add_counts(cache, PROJECT, "b", (struct cache_counts){ 1, 0, 0, 30 });
	add_counts(cache, PROJECT, "b",
		(struct cache_counts){ 1, 1, 0, INT64_MAX });
	add_counts(
		cache, OTHER_PROJECT, "b", (struct cache_counts){ 9, 9, 9, 9 });
	assert_true(cache_shares(cache, PROJECT, NOW, &arena, &share, &err));
	assert_true(str_equal(share->model, S("a")));
	assert_int_equal(share->entries, 0);
	assert_int_equal(share->counts.misses, 1);
	share = share->next;
	assert_true(str_equal(share->model, S("b")));
	assert_int_equal(share->entries, 2);
	assert_int_equal(share->bytes, 200);
	assert_int_equal(share->counts.hits, 2);
	assert_int_equal(share->counts.coalesced, 1);
	assert_int_equal(share->counts.saved_picousd, INT64_MAX);
	share = share->next;
	assert_true(str_equal(share->model, S("c/d")));
	assert_null(share->next);
	/* What is over is not counted, and everybody's is the sum. */
	assert_true(cache_shares(
		cache, CACHE_ALL_PROJECTS, NOW + HOUR, &arena, &share, &err));
	share = share->next;
	assert_int_equal(share->entries, 0);
	assert_int_equal(share->counts.hits, 11);
	arena_release(&arena);
	cache_close(cache);
}

/* --- who fetches --- */

enum { me = 1, you = 2 };

static void test_one_owner(void **state)
{
	struct cache *cache = open_cache(*state);
	struct key other = key_of(2);
	struct key mine = key_of(1);
	const uint8_t *key = mine.bytes;

	assert_int_equal(cache_fill_look(cache, key, NOW), CACHE_FILL_FREE);
	assert_int_equal(cache_fill_take(cache, key, me, NOW), CACHE_FILL_MINE);
	assert_int_equal(
		cache_fill_take(cache, key, you, NOW), CACHE_FILL_OTHERS);
	assert_int_equal(cache_fill_look(cache, key, NOW), CACHE_FILL_OTHERS);
	assert_int_equal(
		cache_fill_take(cache, other.bytes, you, NOW), CACHE_FILL_MINE);
	/* Another's end is not mine. */
	cache_fill_end(cache, key, you, false, NOW);
	assert_int_equal(cache_fill_look(cache, key, NOW), CACHE_FILL_OTHERS);
	cache_fill_end(cache, key, me, false, NOW);
	assert_int_equal(cache_fill_look(cache, key, NOW), CACHE_FILL_FREE);
	assert_int_equal(
		cache_fill_take(cache, key, you, NOW), CACHE_FILL_MINE);
	cache_close(cache);
}

/* An owner may die between keeping its answer and ending. */
static void test_an_answer_beside_its_fetch(void **state)
{
	struct cache *cache = open_cache(*state);
	struct key key = key_of(1);

	assert_int_equal(
		cache_fill_take(cache, key.bytes, me, NOW), CACHE_FILL_MINE);
	put(cache, 1, 10, NOW);
	assert_int_equal(
		cache_fill_look(cache, key.bytes, NOW), CACHE_FILL_OTHERS);
	assert_int_equal(cache_fill_look(cache, key.bytes, NOW + CACHE_FILL_MS),
		CACHE_FILL_DONE);
	cache_close(cache);
}

static void test_many_fetches(void **state)
{
	enum { MANY = 1000 };
	struct cache *cache = open_cache(*state);

	for (int64_t i = 0; i < MANY; i++)
		assert_int_equal(cache_fill_take(cache, key_of(i).bytes,
					 (uint32_t)i + 1, NOW),
			CACHE_FILL_MINE);
	for (int64_t i = 0; i < MANY; i++) {
		assert_int_equal(cache_fill_take(cache, key_of(i).bytes,
					 (uint32_t)i + 2, NOW),
			CACHE_FILL_OTHERS);
		cache_fill_end(
			cache, key_of(i).bytes, (uint32_t)i + 1, false, NOW);
		assert_int_equal(cache_fill_look(cache, key_of(i).bytes, NOW),
			CACHE_FILL_FREE);
	}
	cache_close(cache);
}

/* --- several answers at once --- */

static void test_several_at_once(void **state)
{
	struct cache *cache = open_cache(*state);
	struct cache_item items[3];
	struct str bytes[3];
	struct cache_share *share;
	struct arena arena;
	struct error err;

	for (int64_t i = 0; i < 3; i++) {
		bytes[i] = content_of(i, 100);
		items[i] = (struct cache_item){ .answer = answer_of(bytes[i]),
			.is_miss = i > 0 };
		memcpy(items[i].key, key_of(i).bytes, CACHE_KEY_BYTES);
		items[i].answer.stored_unix_ms = NOW;
		items[i].answer.expires_unix_ms = NOW + HOUR;
	}
	assert_true(cache_put(cache, items, 3, &err));
	for (int64_t i = 0; i < 3; i++) {
		assert_true(find(cache, i));
		free((char *)bytes[i].p);
	}
	arena_init(&arena, 1024);
	assert_true(cache_shares(cache, PROJECT, NOW, &arena, &share, &err));
	assert_int_equal(share->entries, 3);
	assert_int_equal(share->counts.misses, 2);
	arena_release(&arena);
	cache_close(cache);
}

/* Of two with the same key the later one. */
static void test_the_same_twice_at_once(void **state)
{
	struct cache *cache = open_cache(*state);
	struct cache_item items[2] = { { .answer = answer_of(S("earlier")) },
		{ .answer = answer_of(S("later")) } };
	struct buf memory = BUF_INIT(0);
	struct cache_answer found;
	struct key key = key_of(1);
	struct error err;

	memcpy(items[0].key, key.bytes, CACHE_KEY_BYTES);
	memcpy(items[1].key, key.bytes, CACHE_KEY_BYTES);
	assert_true(cache_put(cache, items, 2, &err));
	assert_true(cache_find(cache, key.bytes, NOW, &memory, &found));
	assert_true(str_equal(found.bytes, S("later")));
	assert_int_equal(clear(cache, PROJECT, NULL, NULL), 1);
	buf_release(&memory);
	cache_close(cache);
}

/* One that does not fit leaves the others out, too. */
static void test_all_or_none(void **state)
{
	struct fixture *f = *state;
	struct cache *cache = open_cache(f);
	struct str large = content_of(2, 2 * SMALL_STORE);
	struct cache_item items[2] = { { .answer = answer_of(S("kept")) },
		{ .answer = answer_of(large) } };
	struct error err;

	memcpy(items[0].key, key_of(1).bytes, CACHE_KEY_BYTES);
	memcpy(items[1].key, key_of(2).bytes, CACHE_KEY_BYTES);
	assert_false(cache_put(cache, items, 2, &err));
	assert_false(find(cache, 1));
	free((char *)large.p);
	cache_close(cache);
}

static void test_an_owner_that_falls_silent(void **state)
{
	struct cache *cache = open_cache(*state);
	struct key key = key_of(1);
	int64_t later = NOW + CACHE_FILL_MS;

	assert_int_equal(
		cache_fill_take(cache, key.bytes, me, NOW), CACHE_FILL_MINE);
	assert_int_equal(cache_fill_take(cache, key.bytes, me, NOW + 1),
		CACHE_FILL_MINE);
	assert_int_equal(
		cache_fill_look(cache, key.bytes, later), CACHE_FILL_OTHERS);
	assert_int_equal(cache_fill_take(cache, key.bytes, you, later + 1),
		CACHE_FILL_MINE);
	assert_int_equal(cache_fill_take(cache, key.bytes, me, later + 2),
		CACHE_FILL_OTHERS);
	/* A clock that was put back does not make it immortal. */
	assert_int_equal(
		cache_fill_look(cache, key.bytes, NOW - HOUR), CACHE_FILL_FREE);
	cache_close(cache);
}

static void test_how_a_fetch_ends(void **state)
{
	struct cache *cache = open_cache(*state);
	struct error err = ERROR_INIT;
	struct key key = key_of(1);

	assert_int_equal(
		cache_fill_take(cache, key.bytes, me, NOW), CACHE_FILL_MINE);
	put(cache, 1, 10, NOW);
	cache_fill_end(cache, key.bytes, me, false, NOW);
	assert_int_equal(
		cache_fill_look(cache, key.bytes, NOW), CACHE_FILL_DONE);
	assert_int_equal(
		cache_fill_take(cache, key.bytes, you, NOW), CACHE_FILL_DONE);
	/* An answer that is over is none. */
	assert_int_equal(cache_fill_take(cache, key.bytes, you, NOW + HOUR),
		CACHE_FILL_MINE);
	cache_fill_end(cache, key.bytes, you, true, NOW + HOUR);
	assert_int_equal(cache_fill_look(cache, key.bytes, NOW + HOUR),
		CACHE_FILL_REFUSED);
	assert_int_equal(cache_fill_take(cache, key.bytes, me, NOW + HOUR),
		CACHE_FILL_REFUSED);
	assert_true(
		cache_sweep(cache, NOW + HOUR + CACHE_FILL_REFUSED_MS, &err));
	assert_int_equal(cache_fill_take(cache, key.bytes, me,
				 NOW + HOUR + CACHE_FILL_REFUSED_MS),
		CACHE_FILL_MINE);
	cache_close(cache);
}

/* --- several processes --- */

static pid_t start(struct fixture *f, void (*run)(struct fixture *, int64_t),
	int64_t number)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		run(f, number);
		_exit(0);
	}
	return pid;
}

static void await(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void write_some(struct fixture *f, int64_t number)
{
	struct cache *cache = open_cache(f);

	for (int64_t i = 0; i < 50; i++)
		put(cache, number * 1000 + i, 300, NOW + i);
	cache_close(cache);
}

static void test_several_processes(void **state)
{
	struct fixture *f = *state;
	pid_t pids[WRITERS];
	struct cache *cache;

	for (int64_t i = 0; i < WRITERS; i++)
		pids[i] = start(f, write_some, i);
	for (int i = 0; i < WRITERS; i++)
		await(pids[i]);
	cache = open_cache(f);
	for (int64_t i = 0; i < WRITERS * 50; i++)
		assert_true(find(cache, i / 50 * 1000 + i % 50));
	cache_close(cache);
}

/* Each takes what is free, a hundred times: nobody takes twice. */
static void take_all(struct fixture *f, int64_t number)
{
	struct cache *cache = open_cache(f);
	uint32_t owner = (uint32_t)number + 1;

	for (int64_t i = 0; i < 100; i++) {
		struct key key = key_of(i);

		if (cache_fill_take(cache, key.bytes, owner, NOW) ==
			CACHE_FILL_MINE)
			__atomic_add_fetch(&f->shared[i], 1, __ATOMIC_RELAXED);
	}
	cache_close(cache);
}

static void test_one_owner_among_processes(void **state)
{
	struct fixture *f = *state;
	pid_t pids[WRITERS];

	for (int64_t i = 0; i < WRITERS; i++)
		pids[i] = start(f, take_all, i);
	for (int i = 0; i < WRITERS; i++)
		await(pids[i]);
	for (int i = 0; i < 100; i++)
		assert_int_equal(f->shared[i], 1);
}

static void write_for_ever(struct fixture *f, int64_t number)
{
	struct cache *cache = open_cache(f);
	struct error err = ERROR_INIT;

	for (int64_t i = 0;; i++) {
		/* Later than what was there: the oldest make room. */
		put(cache, number * 1000000 + i, (size_t)(i * 997 % 30000),
			NOW + (number * 100000 + i) * 1000);
		f->shared[number] = i + 1;
		if (i % 7 == 0 && !cache_sweep(cache, NOW, &err))
			_exit(1);
	}
}

/* Killed at any point, it leaves a store that is whole: what was kept before
 * is there as it was kept, and the next one goes on at once. */
static void test_killed_while_writing(void **state)
{
	struct fixture *f = *state;
	struct cache *cache = open_cache(f);

	for (int64_t i = 0; i < KILLS; i++) {
		pid_t pid = start(f, write_for_ever, i);
		int64_t wanted = 3 + i;
		int64_t last;
		int status;

		while (f->shared[i] < wanted)
			usleep(200);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		last = i * 1000000 + f->shared[i] - 1;
		assert_true(find_at(cache, last, NOW));
		/* Later than all that it wrote, or it would go at once. */
		put(cache, -1 - i, 5000, NOW + 1000 * (int64_t)HOUR + i * 1000);
		assert_true(find(cache, -1 - i));
	}
	cache_close(cache);
	cache = open_cache(f);
	assert_true(find(cache, -KILLS));
	assert_true(clear(cache, PROJECT, NULL, NULL) > 0);
	cache_close(cache);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_it_comes_back_as_it_was),
		CASE(test_the_newer_one_counts),
		CASE(test_its_time_ends),
		CASE(test_sweeping_many),
		CASE(test_it_outlives_the_process),
		CASE(test_the_oldest_go),
		CASE(test_what_is_used_stays),
		CASE(test_no_size_is_an_error),
		CASE(test_an_answer_that_never_fits),
		CASE(test_settings_that_contradict),
		CASE(test_without_a_store),
		CASE(test_damaged_files_are_made_anew),
		CASE(test_clearing_a_part),
		CASE(test_clearing_many),
		CASE(test_shares),
		CASE(test_one_owner),
		CASE(test_an_answer_beside_its_fetch),
		CASE(test_many_fetches),
		CASE(test_several_at_once),
		CASE(test_the_same_twice_at_once),
		CASE(test_all_or_none),
		CASE(test_an_owner_that_falls_silent),
		CASE(test_how_a_fetch_ends),
		CASE(test_several_processes),
		CASE(test_one_owner_among_processes),
		CASE(test_killed_while_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
