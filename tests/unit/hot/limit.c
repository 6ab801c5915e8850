/*
 * limit.c - which body it is, and that it is reached.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "limit_store.h"

#include <sys/wait.h>

#include "base/clock.h"

static struct limit_store store;

static int set_up(void **state)
{
	(void)state;
	limit_store_make(&store);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	limit_store_remove(&store);
	return 0;
}

static struct limits *open_as(const char *shared)
{
	struct error err = ERROR_INIT;
	struct limits *limits;

	store.settings.limits_shared = str_of(shared);
	if (!limits_open(&store.settings, store.hot, &limits, &err))
		fail_msg("%s", error_detail(&err));
	return limits;
}

static void one_machine_counts_in_the_store(void **state)
{
	static const char *const words[] = { "no", "mariadb" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct limits *limits = open_as(words[i]);

		assert_false(limits_may_wait(limits));
		limits_close(limits);
	}
	limits_close(NULL);
}

static void refuse(const char *shared, const char *why)
{
	struct error err = ERROR_INIT;
	struct limits *limits = (struct limits *)&err;

	store.settings.limits_shared = str_of(shared);
	assert_false(limits_open(&store.settings, store.hot, &limits, &err));
	assert_null(limits);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (!strstr(error_message(&err), why) &&
		!strstr(error_detail(&err), why))
		fail_msg("%s", error_detail(&err));
}

static void what_cannot_work_is_refused(void **state)
{
	struct error err = ERROR_INIT;
	struct arena arena;

	(void)state;
	refuse("yes", "limits.shared");
	/* A Redis, but where? */
	refuse("redis", "redis.url");
	arena_init(&arena, 1024);
	assert_false(settings_set(
		&store.settings, S("limits.shared=yes"), &arena, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_true(settings_set(
		&store.settings, S("limits.shared=no"), &arena, &err));
	arena_release(&arena);
}

/* A store that is opened again counts on; since when, it knows. */
static void counting_outlives_a_process(void **state)
{
	const struct limit limit = { .kind = LIMIT_AMOUNT,
		.unit = LIMIT_CALLS,
		.name = S("quota/1"),
		.max = 10,
		.amount = 4,
		.ends_ms = INT64_MAX };
	int64_t before_ms = clock_unix_ms();
	struct limits *limits = open_as("no");
	struct limit_outcome out;
	struct limit_state now;
	struct error err = ERROR_INIT;
	int64_t since_ms = 0;
	int64_t again_ms = 0;

	(void)state;
	assert_true(limits_since(limits, &since_ms, &err));
	assert_true(limits_reserve(
		limits, S("req_1"), &limit, 1, S(""), 1000, &out, &err));
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	/* An id is used once. */
	assert_false(limits_reserve(
		limits, S("req_1"), &limit, 1, S(""), 1000, &out, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	limits_close(limits);
	limits = open_as("mariadb");
	assert_true(limits_peek(limits, &limit, 1000, &now, &err));
	assert_int_equal(now.used, 4);
	assert_true(limits_since(limits, &again_ms, &err));
	assert_int_equal(again_ms, since_ms);
	assert_true(
		since_ms <= clock_unix_ms() && since_ms >= before_ms - 60000);
	assert_true(limits_forget(limits, limit.name, &err));
	assert_true(limits_peek(limits, &limit, 1000, &now, &err));
	assert_int_equal(now.used, 0);
	limits_close(limits);
}

/* A child would be taken for its parent. */
static void a_forked_child_may_not_go_on(void **state)
{
	struct limits *limits = open_as("no");
	const struct limit limit = { .kind = LIMIT_CONCURRENT,
		.name = S("calls"),
		.max = 1,
		.amount = 1 };
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct limit_outcome out;
		struct error err;

		/* What the assert says is expected. */
		fclose(stderr);
		if (!limits_reserve(limits, S("req_1"), &limit, 1, S(""), 1000,
			    &out, &err))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	limits_close(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_machine_counts_in_the_store),
		cmocka_unit_test(what_cannot_work_is_refused),
		cmocka_unit_test(counting_outlives_a_process),
		cmocka_unit_test(a_forked_child_may_not_go_on),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
