/*
 * settler.c - what is posted is settled, once, whichever thread posts it; and
 * what could not be counted where it belongs (late.c) gets there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/settler.h"

#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"

#define THREADS 4
#define CALLS 200
#define RESERVED 100
#define USED 7
#define ENDED_MS INT64_C(1600000020000) /* 20 s into a minute */

static struct settings settings;
static struct gateway gateway = { .settings = &settings };
static char folder[64];
static struct str name = STR("budget/1/10-20");

static int begin(void **state)
{
	struct error err;

	(void)state;
	settings_init(&settings);
	snprintf(folder, sizeof(folder), "/dev/shm/settler-XXXXXX");
	assert_non_null(mkdtemp(folder));
	settings.hot_dir = str_of(folder);
	if (!hot_open(&settings, true, &gateway.hot, &err) ||
		!limits_open(&settings, gateway.hot, &gateway.limits, &err))
		fail_msg("%s", error_detail(&err));
	gateway.local_limits = gateway.limits;
	if (!settler_start(&gateway, &gateway.settler, &err))
		fail_msg("%s", error_detail(&err));
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	settler_stop(gateway.settler);
	if (gateway.local_limits != gateway.limits)
		limits_close(gateway.local_limits);
	limits_close(gateway.limits);
	hot_close(gateway.hot);
	for (const char *const *file = (const char *const[]){ "data.mdb",
		     "lock.mdb", "late.lock", NULL };
		*file; file++) {
		snprintf(command, sizeof(command), "%s/%s", folder, *file);
		unlink(command);
	}
	rmdir(folder);
	return 0;
}

static struct limit amount_limit(void)
{
	return (struct limit){ .kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.name = name,
		.max = -1,
		.amount = RESERVED,
		.ends_ms = clock_unix_ms() + 3600000,
		.must_be_begun = true };
}

static int64_t used_of(struct str counter)
{
	struct limit limit = amount_limit();
	struct limit_state now;
	struct error err;

	limit.name = counter;
	if (!limits_peek(gateway.limits, &limit, clock_unix_ms(), &now, &err))
		fail_msg("%s", error_detail(&err));
	return now.used;
}

static int64_t used(void)
{
	return used_of(name);
}

static void begin_amount(int64_t amount)
{
	struct error err;

	if (!limits_begin_amount(
		    gateway.limits, name, amount, amount_limit().ends_ms, &err))
		fail_msg("%s", error_detail(&err));
}

static void *call_often(void *context)
{
	int thread = (int)(intptr_t)context;

	for (int i = 0; i < CALLS; i++) {
		const struct limit limit = amount_limit();
		const struct limit_use use = { 0, USED };
		struct limit_outcome outcome;
		struct error err;
		char id[32];

		snprintf(id, sizeof(id), "call-%d-%d", thread, i);
		assert_true(limits_reserve(gateway.limits, str_of(id), &limit,
			1, S(""), clock_unix_ms(), &outcome, &err));
		settler_post(gateway.settler, str_of(id), gateway.limits, &use,
			0, NULL, 0);
		/* Twice is once. */
		settler_post_if_calm(
			gateway.settler, str_of(id), gateway.limits);
	}
	return NULL;
}

static void test_posts_of_many_threads(void **state)
{
	pthread_t threads[THREADS];
	int64_t until_ms = clock_monotonic_ms() + 20000;

	(void)state;
	begin_amount(0);
	for (int i = 0; i < THREADS; i++)
		pthread_create(
			&threads[i], NULL, call_often, (void *)(intptr_t)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (used() != THREADS * CALLS * USED &&
		clock_monotonic_ms() < until_ms)
		usleep(1000);
	assert_int_equal(used(), THREADS * CALLS * USED);
}

static struct late late_of_budget(void)
{
	return (struct late){ .name = name,
		.unit = LIMIT_PICOUSD,
		.starts_ms = 10,
		.ends_ms = clock_unix_ms() + 3600000,
		.of = { .scope = SPEND_USER, .id = 1, .user = S("ann") },
		.ended_unix_ms = ENDED_MS };
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
	struct error err;
	int count = 0;

	if (!hot_each(gateway.hot, HOT_LATE, count_record, &count, &err))
		fail_msg("%s", error_detail(&err));
	return count;
}

/* On one machine the log is asked when the counter is begun. */
static void test_late_and_not_begun(void **state)
{
	const struct late late = late_of_budget();

	(void)state;
	late_count(&gateway, &late, 5);
	assert_int_equal(waiting(), 0);
	assert_int_equal(used(), -1);
}

/* Another's store, as it were. */
static void share_store(void)
{
	struct error err;

	if (!limits_open(&settings, gateway.hot, &gateway.local_limits, &err))
		fail_msg("%s", error_detail(&err));
}

static void bring(void)
{
	struct error err;

	if (!late_bring(&gateway, &err))
		fail_msg("%s", error_detail(&err));
	assert_int_equal(waiting(), 0);
}

/* Begun with what ended before. */
static void begin_marked(int64_t amount, int64_t mark)
{
	const struct late late = late_of_budget();
	struct error err;
	int64_t is;

	if (!late_mark(&gateway, &late, mark, &is, &err))
		fail_msg("%s", error_detail(&err));
	assert_int_equal(is, mark);
	begin_amount(amount);
}

static void test_late_waits_and_is_brought_once(void **state)
{
	const struct late late = late_of_budget();
	struct late next = late;

	(void)state;
	share_store();
	next.ended_unix_ms++;
	late_count(&gateway, &late, 5);
	late_count(&gateway, &late, 6);
	late_count(&gateway, &late, 0);
	late_count(&gateway, &next, 7);
	assert_int_equal(waiting(), 2);
	begin_marked(100, ENDED_MS);
	bring();
	assert_int_equal(used(), 118);
	bring();
	assert_int_equal(used(), 118);
	late_count(&gateway, &late, 1);
	bring();
	assert_int_equal(used(), 119);
}

/* The log had them: counted once more they would be counted twice. */
static void test_late_that_the_log_had(void **state)
{
	const struct late late = late_of_budget();
	struct late next = late;

	(void)state;
	share_store();
	next.ended_unix_ms++;
	late_count(&gateway, &late, 5);
	late_count(&gateway, &next, 7);
	begin_marked(100, ENDED_MS + 1);
	bring();
	assert_int_equal(used(), 107);
}

/* However long the store is away, what waits stays little. */
static void test_late_is_summed_up(void **state)
{
	struct limits *here = gateway.limits;
	struct settings away = settings;
	struct error err;

	(void)state;
	share_store();
	away.limits_shared = S("redis");
	away.redis_url = S("redis://127.0.0.1:1");
	away.redis_timeout_ms = 100;
	if (!limits_open(&away, gateway.hot, &gateway.limits, &err))
		fail_msg("%s", error_detail(&err));
	for (int i = 0; i < CALLS; i++) {
		struct late late = late_of_budget();

		late.ended_unix_ms += i;
		late_count(&gateway, &late, USED);
	}
	assert_int_equal(waiting(), CALLS);
	assert_false(late_bring(&gateway, &err));
	assert_int_equal(err.kind, ERR_LIMITS_UNKNOWN);
	assert_int_equal(waiting(), 1);
	limits_close(gateway.limits);
	gateway.limits = here;
	begin_marked(100, ENDED_MS);
	bring();
	assert_int_equal(used(), 100 + CALLS * USED);
}

/* Of a call that runs, until it ends or is found dead. */
static void test_promises_are_kept_once(void **state)
{
	const struct late late = late_of_budget();
	const struct limit_use most = { 9, 60 };
	const struct limit_use use = { 3, 40 };
	const struct limit_use unknown = { -1, -1 };
	struct late tokens = late;
	struct error err;
	int64_t mark;

	(void)state;
	share_store();
	tokens.unit = LIMIT_TOKENS;
	tokens.name = S("quota/1/tokens/10-20");
	begin_marked(100, ENDED_MS);
	late_promise(&gateway, S("call-1"), &late, &most);
	late_promise(&gateway, S("call-1"), &tokens, &most);
	late_promise(&gateway, S("call-10"), &late, &most);
	assert_int_equal(waiting(), 0);
	late_keep_promises(&gateway, S("call-1"), ENDED_MS, &use);
	late_keep_promises(&gateway, S("call-1"), ENDED_MS, &use);
	assert_int_equal(waiting(), 2);
	late_keep_promises(&gateway, S("call-10"), ENDED_MS, &unknown);
	assert_true(late_mark(&gateway, &tokens, ENDED_MS, &mark, &err));
	assert_true(limits_begin_amount(
		gateway.limits, tokens.name, 1000, tokens.ends_ms, &err));
	bring();
	assert_int_equal(used(), 200);
	assert_int_equal(used_of(tokens.name), 1003);
}

/* A mark that is there stays, whoever comes next. */
static void test_first_mark_stays(void **state)
{
	const struct late late = late_of_budget();
	struct error err;
	int64_t mark;

	(void)state;
	share_store();
	assert_true(late_mark(&gateway, &late, 50, &mark, &err));
	assert_int_equal(mark, 50);
	assert_true(late_mark(&gateway, &late, 60, &mark, &err));
	assert_int_equal(mark, 50);
	/* Of a counter that was forgotten since. */
	assert_true(late_mark_now(&gateway, &late, &mark, &err));
	assert_in_range(mark, clock_unix_ms() - 1000, clock_unix_ms());
}

/* Ends a reservation that is not there, of a store that began at `since`. */
static void settle_missing(int64_t since_ms)
{
	const struct limit_use use = { 3, 40 };
	const struct late late[] = { late_of_budget() };
	int64_t until_ms = clock_monotonic_ms() + 20000;
	struct limit marker = amount_limit();
	struct limit_outcome outcome;
	struct limit_state state;
	struct error err;

	settler_post(gateway.settler, S("gone"), gateway.limits, &use, since_ms,
		late, 1);
	/* They are settled in their order. */
	marker.name = S("budget/2/10-20");
	marker.must_be_begun = false;
	assert_true(limits_reserve(gateway.limits, S("there"), &marker, 1,
		S(""), clock_unix_ms(), &outcome, &err));
	settler_post(
		gateway.settler, S("there"), gateway.limits, &use, 0, NULL, 0);
	do {
		usleep(1000);
		assert_true(limits_peek(gateway.limits, &marker,
			clock_unix_ms(), &state, &err));
	} while (state.used != 40 && clock_monotonic_ms() < until_ms);
	assert_int_equal(state.used, 40);
}

/* Nobody else would count it. */
static void test_reservation_lost_with_its_store(void **state)
{
	struct error err;
	int64_t since;

	(void)state;
	share_store();
	begin_marked(2, ENDED_MS);
	assert_true(limits_since(gateway.limits, &since, &err));
	settle_missing(since - 1);
	bring();
	assert_int_equal(used(), 42);
}

/* And here it would be counted twice. */
static void test_reservation_settled_before(void **state)
{
	struct error err;
	int64_t since;

	(void)state;
	share_store();
	begin_marked(2, ENDED_MS);
	assert_true(limits_since(gateway.limits, &since, &err));
	settle_missing(since);
	bring();
	assert_int_equal(used(), 2);
}

static void test_complaints_are_rare(void **state)
{
	(void)state;
	assert_true(settler_may_complain(gateway.settler));
	assert_false(settler_may_complain(gateway.settler));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_posts_of_many_threads, begin, end),
		cmocka_unit_test_setup_teardown(
			test_late_and_not_begun, begin, end),
		cmocka_unit_test_setup_teardown(
			test_late_waits_and_is_brought_once, begin, end),
		cmocka_unit_test_setup_teardown(
			test_late_that_the_log_had, begin, end),
		cmocka_unit_test_setup_teardown(
			test_first_mark_stays, begin, end),
		cmocka_unit_test_setup_teardown(
			test_late_is_summed_up, begin, end),
		cmocka_unit_test_setup_teardown(
			test_promises_are_kept_once, begin, end),
		cmocka_unit_test_setup_teardown(
			test_reservation_lost_with_its_store, begin, end),
		cmocka_unit_test_setup_teardown(
			test_reservation_settled_before, begin, end),
		cmocka_unit_test_setup_teardown(
			test_complaints_are_rare, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
