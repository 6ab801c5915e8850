/*
 * cache_fleet.c - answers by way of a Redis: they come back as they were,
 * only to their project, and a Redis that is away is nobody's fault.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/cache_fleet.h"

#include <pthread.h>

#include "../private_redis.h"

#define PROJECT 7
#define HOUR 3600000
#define THREADS 4
#define PUTS 100

static struct private_redis server;

static int set_up(void **state)
{
	(void)state;
	private_redis_start(&server, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	private_redis_stop(&server);
	return 0;
}

static struct cache_fleet *open_fleet(void)
{
	struct error err = ERROR_INIT;
	struct settings settings;
	struct cache_fleet *fleet;

	private_redis_settings(&server, &settings);
	settings.cache_strategy = S("hybrid");
	if (!cache_fleet_open(&settings, &fleet, &err))
		fail_msg("%s %s", error_message(&err), error_detail(&err));
	assert_non_null(fleet);
	return fleet;
}

static struct cache_answer answer_of(struct str bytes)
{
	return (struct cache_answer){
		.project_id = PROJECT,
		.stored_unix_ms = clock_unix_ms(),
		.expires_unix_ms = clock_unix_ms() + HOUR,
		.cost_picousd = 99,
		.is_stream = true,
		.tokens = { 1, 2, -1, 0, 5 },
		.provider = S("openai"),
		.model = S("gpt-4o-mini"),
		.dialect = S("openai_chat"),
		.content_type = S("text/event-stream"),
		.dropped = S(""),
		.bytes = bytes,
	};
}

static bool find(struct cache_fleet *fleet, int64_t project_id,
	const uint8_t *key, int64_t now, struct str *bytes)
{
	struct buf memory;
	struct cache_answer answer;
	struct error err = ERROR_INIT;
	bool found = false;

	if (!cache_fleet_find(fleet, project_id, key, now, &memory, &answer,
		    &found, &err))
		fail_msg("%s", error_detail(&err));
	if (found && bytes)
		assert_true(str_equal(answer.bytes, *bytes));
	buf_release(&memory);
	return found;
}

static void flush(struct cache_fleet *fleet)
{
	struct error err = ERROR_INIT;

	if (!cache_fleet_flush(fleet, clock_unix_ms(), &err))
		fail_msg("%s", error_detail(&err));
}

static void test_another_host_finds_it(void **state)
{
	static const uint8_t key[CACHE_KEY_BYTES] = { 1, 0, 255 };
	struct cache_fleet *one = open_fleet(), *other = open_fleet();
	struct str bytes = { "a\0b\r\n", 5 };
	struct cache_answer answer = answer_of(bytes);
	int64_t now = clock_unix_ms();
	struct error err = ERROR_INIT;

	(void)state;
	assert_false(find(other, PROJECT, key, now, NULL));
	cache_fleet_put(one, key, &answer);
	assert_false(find(other, PROJECT, key, now, NULL));
	flush(one);
	assert_true(find(other, PROJECT, key, now, &bytes));
	assert_false(find(other, PROJECT + 1, key, now, NULL));
	assert_false(find(other, PROJECT, key, now + 2 * HOUR, NULL));
	/* 7 is not 70. */
	assert_true(cache_fleet_clear(one, PROJECT * 10, &err));
	assert_true(find(other, PROJECT, key, now, NULL));
	assert_true(cache_fleet_clear(one, PROJECT, &err));
	assert_false(find(other, PROJECT, key, now, NULL));
	cache_fleet_close(one);
	cache_fleet_close(other);
}

static void test_packed_and_damaged(void **state)
{
	struct cache_answer answer = answer_of(S("bytes")), back;
	struct buf packed = BUF_INIT(65536);

	(void)state;
	cache_pack(&answer, &packed);
	assert_true(cache_unpack(buf_str(&packed), &back));
	assert_true(str_equal(back.model, answer.model));
	assert_true(str_equal(back.bytes, answer.bytes));
	assert_memory_equal(back.tokens, answer.tokens, sizeof(back.tokens));
	for (size_t n = 0; n < packed.n; n++)
		assert_false(
			cache_unpack(str_head(buf_str(&packed), n), &back));
	buf_append_char(&packed, 'x');
	assert_false(cache_unpack(buf_str(&packed), &back));
	packed.p[0] = 'x';
	assert_false(cache_unpack(buf_str(&packed), &back));
	buf_release(&packed);
}

static void *put_many(void *fleet)
{
	for (int i = 0; i < PUTS; i++) {
		struct cache_answer answer = answer_of(S("x"));
		uint8_t key[CACHE_KEY_BYTES] = { (uint8_t)i };

		cache_fleet_put(fleet, key, &answer);
	}
	return NULL;
}

/* Loops put, the janitor writes. */
static void test_many_threads(void **state)
{
	struct cache_fleet *fleet = open_fleet();
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, put_many, fleet), 0);
	for (int i = 0; i < 20; i++)
		flush(fleet);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	flush(fleet);
	for (int i = 0; i < PUTS; i++) {
		uint8_t key[CACHE_KEY_BYTES] = { (uint8_t)i };

		assert_true(find(fleet, PROJECT, key, clock_unix_ms(), NULL));
	}
	cache_fleet_close(fleet);
}

static void test_a_full_queue(void **state)
{
	struct cache_fleet *fleet = open_fleet();
	char *large = calloc(1, 1 << 20);

	(void)state;
	/* What does not fit is dropped; what is queued is lost at the end. */
	for (int i = 0; i < 100; i++) {
		struct cache_answer answer =
			answer_of((struct str){ large, 1 << 20 });
		uint8_t key[CACHE_KEY_BYTES] = { (uint8_t)i, 9 };

		cache_fleet_put(fleet, key, &answer);
	}
	cache_fleet_close(fleet);
	free(large);
}

static void test_settings(void **state)
{
	struct error err = ERROR_INIT;
	struct cache_fleet *fleet;
	struct settings settings;

	(void)state;
	settings_init(&settings);
	assert_true(cache_fleet_open(&settings, &fleet, &err));
	assert_null(fleet);
	cache_fleet_close(fleet);
	settings.cache_strategy = S("redis");
	assert_false(cache_fleet_open(&settings, &fleet, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

static void test_redis_is_away(void **state)
{
	static const uint8_t key[CACHE_KEY_BYTES] = { 2 };
	struct cache_fleet *fleet = open_fleet();
	struct cache_answer answer = answer_of(S("x")), found_answer;
	struct error err = ERROR_INIT;
	struct buf memory;
	bool found;

	(void)state;
	private_redis_stop(&server);
	cache_fleet_put(fleet, key, &answer);
	assert_false(cache_fleet_flush(fleet, clock_unix_ms(), &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_false(cache_fleet_find(fleet, PROJECT, key, clock_unix_ms(),
		&memory, &found_answer, &found, &err));
	buf_release(&memory);
	cache_fleet_close(fleet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_host_finds_it),
		cmocka_unit_test(test_packed_and_damaged),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_a_full_queue),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_redis_is_away),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
