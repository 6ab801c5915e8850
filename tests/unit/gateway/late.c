/*
 * late.c - what waits gets to a shared counter once, though those who bring it
 * are killed while they do. The counter is in a real Redis.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/late.h"

#include "../private_redis.h"

#define RECORDS 300
#define AMOUNT 7
#define BEGUN 100
#define ENDED_MS INT64_C(1600000020000)
#define MOST_MS 120000

static struct private_redis redis;
static struct settings settings;
static char folder[64];
static struct str name = STR("budget/1/10-20");

/* A process's own, of one that serves. */
static void open_gateway(struct gateway *gateway)
{
	struct settings alone = settings;
	struct error err;

	*gateway = (struct gateway){ .settings = &settings };
	alone.limits_shared = S("no");
	if (!hot_open(&settings, true, &gateway->hot, &err) ||
		!limits_open(&settings, gateway->hot, &gateway->limits, &err) ||
		!limits_open(
			&alone, gateway->hot, &gateway->local_limits, &err))
		fail_msg("%s", error_detail(&err));
}

static void close_gateway(struct gateway *gateway)
{
	limits_close(gateway->local_limits);
	limits_close(gateway->limits);
	hot_close(gateway->hot);
}

static int begin(void **state)
{
	(void)state;
	private_redis_start(&redis, NULL);
	private_redis_settings(&redis, &settings);
	snprintf(folder, sizeof(folder), "/dev/shm/late-XXXXXX");
	assert_non_null(mkdtemp(folder));
	settings.hot_dir = str_of(folder);
	settings.limits_shared = S("redis");
	return 0;
}

static int end(void **state)
{
	(void)state;
	private_redis_stop(&redis);
	nftw(folder, private_redis_unlink, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static struct late late_of(int number)
{
	return (struct late){ .name = name,
		.unit = LIMIT_PICOUSD,
		.starts_ms = 10,
		.ends_ms = clock_unix_ms() + 3600000,
		.of = { .scope = SPEND_KEY, .id = 1 },
		.ended_unix_ms = ENDED_MS + number };
}

static bool count_record(struct str found, struct str value, void *context)
{
	(void)found;
	(void)value;
	++*(int *)context;
	return true;
}

static int waiting(void)
{
	struct gateway gateway;
	struct error err;
	int count = 0;

	open_gateway(&gateway);
	if (!hot_each(gateway.hot, HOT_LATE, count_record, &count, &err))
		fail_msg("%s", error_detail(&err));
	close_gateway(&gateway);
	return count;
}

static int64_t used(void)
{
	struct limit limit = { .kind = LIMIT_AMOUNT,
		.name = name,
		.max = -1,
		.ends_ms = clock_unix_ms() + 3600000,
		.must_be_begun = true };
	struct limit_state now;
	struct gateway gateway;
	struct error err;

	open_gateway(&gateway);
	if (!limits_peek(gateway.limits, &limit, clock_unix_ms(), &now, &err))
		fail_msg("%s", error_detail(&err));
	close_gateway(&gateway);
	return now.used;
}

static void let_wait(void)
{
	struct gateway gateway;
	struct error err;
	int64_t mark;

	open_gateway(&gateway);
	for (int i = 0; i < RECORDS; i++) {
		struct late late = late_of(i);

		late_count(&gateway, &late, AMOUNT);
	}
	if (!late_mark(&gateway,
		    &(struct late){
			    .name = name, .ends_ms = late_of(0).ends_ms },
		    ENDED_MS, &mark, &err) ||
		!limits_begin_amount(
			gateway.limits, name, BEGUN, late_of(0).ends_ms, &err))
		fail_msg("%s", error_detail(&err));
	close_gateway(&gateway);
}

/* It says that it begins, and is killed so long after; false: it ended. */
static bool bring_and_die(int64_t after_us)
{
	int ready[2];
	int status;
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct gateway gateway;
		struct error err;

		open_gateway(&gateway);
		if (write(ready[1], "", 1) != 1)
			_exit(2);
		_exit(late_bring(&gateway, &err) ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	usleep((useconds_t)after_us);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(ready[0]);
	close(ready[1]);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static void test_bringers_that_are_killed(void **state)
{
	int64_t until_ms = clock_monotonic_ms() + MOST_MS;
	int64_t after_us = 0;
	int half_way = 0;
	int left = RECORDS;

	(void)state;
	let_wait();
	assert_int_equal(waiting(), RECORDS);
	for (int round = 0; left > 0; round++) {
		bool was_killed = bring_and_die(after_us + round % 40 * 97);
		int now = waiting();

		/* A busy machine gets nowhere in that time. */
		after_us = now < left ? 0 : after_us + 300;
		half_way += was_killed && now < left && now > 0;
		left = now;
		/* Whatever is half done, is never too much. */
		assert_in_range(used(), BEGUN + (RECORDS - left) * AMOUNT,
			BEGUN + (RECORDS - left + 1) * AMOUNT);
		assert_true(clock_monotonic_ms() < until_ms);
	}
	assert_true(half_way > 3);
	assert_int_equal(used(), BEGUN + RECORDS * AMOUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_bringers_that_are_killed, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
