/* Tests of the circuit breaker, also with eight processes at one. */
#include "hot/breaker.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define PROCESSES 8
#define ROUNDS 200

static char folder[] = "/dev/shm/breaker-XXXXXX";
static struct settings settings;

static const struct breaker_rules rules = {
	.failures = 3,
	.window_ms = 1000,
	.open_ms = 100,
	.max_open_ms = 300,
	.probe_ms = 1000,
};

static struct hot *open_store(void)
{
	struct hot *hot = NULL;
	struct error err = ERROR_INIT;

	if (!hot_open(&settings, true, &hot, &err))
		fail_msg("%s", error_detail(&err));
	return hot;
}

static struct breaker breaker_for(struct hot *hot, int64_t model_id)
{
	return (struct breaker){ hot, &rules, 7, model_id };
}

static void fail_at(const struct breaker *breaker, int64_t now_ms)
{
	struct breaker_pass pass = breaker_ask(breaker, now_ms);

	assert_true(pass.may_go);
	breaker_failed(breaker, &pass, now_ms);
}

static int64_t open_it(const struct breaker *breaker, int64_t now_ms)
{
	for (int i = 0; i < 3; i++)
		fail_at(breaker, now_ms);
	assert_false(breaker_ask(breaker, now_ms).may_go);
	return now_ms;
}

static void opens_after_failures_in_a_row(void **state)
{
	struct breaker breaker = breaker_for(*state, 1);
	struct breaker_pass pass;

	fail_at(&breaker, 5000);
	fail_at(&breaker, 5001);
	pass = breaker_ask(&breaker, 5002);
	assert_true(pass.may_go);
	breaker_succeeded(&breaker, &pass);
	/* It began to count again. */
	fail_at(&breaker, 5003);
	fail_at(&breaker, 5004);
	assert_true(breaker_ask(&breaker, 5005).may_go);
	fail_at(&breaker, 5006);
	pass = breaker_ask(&breaker, 5007);
	assert_false(pass.may_go);
	assert_int_equal(pass.wait_ms, 99);
}

static void failures_far_apart_do_not_count(void **state)
{
	struct breaker breaker = breaker_for(*state, 2);

	fail_at(&breaker, 5000);
	fail_at(&breaker, 5100);
	fail_at(&breaker, 6200);
	fail_at(&breaker, 6300);
	assert_true(breaker_ask(&breaker, 6301).may_go);
	fail_at(&breaker, 6302);
	assert_false(breaker_ask(&breaker, 6303).may_go);
}

static void each_model_has_its_own(void **state)
{
	struct breaker broken = breaker_for(*state, 3);
	struct breaker well = breaker_for(*state, 4);

	open_it(&broken, 5000);
	assert_true(breaker_ask(&well, 5000).may_go);
}

static void one_probe_and_it_closes(void **state)
{
	struct breaker breaker = breaker_for(*state, 5);
	struct breaker_pass probe, other;

	open_it(&breaker, 5000);
	probe = breaker_ask(&breaker, 5100);
	assert_true(probe.may_go && probe.probe);
	other = breaker_ask(&breaker, 5101);
	assert_false(other.may_go);
	assert_int_equal(other.wait_ms, 999);
	breaker_succeeded(&breaker, &probe);
	assert_true(breaker_ask(&breaker, 5102).may_go);
	/* Nothing is left of it. */
	fail_at(&breaker, 5103);
	assert_true(breaker_ask(&breaker, 5104).may_go);
}

static void a_probe_that_fails_doubles_the_time(void **state)
{
	struct breaker breaker = breaker_for(*state, 6);
	struct breaker_pass probe;
	int64_t now_ms = open_it(&breaker, 5000) + 100;

	for (int i = 0; i < 3; i++) {
		static const int64_t times_ms[] = { 200, 300, 300 };

		probe = breaker_ask(&breaker, now_ms);
		assert_true(probe.probe);
		breaker_failed(&breaker, &probe, now_ms);
		assert_int_equal(
			breaker_ask(&breaker, now_ms).wait_ms, times_ms[i]);
		now_ms += times_ms[i];
	}
}

static void a_probe_may_be_lost(void **state)
{
	struct breaker breaker = breaker_for(*state, 7);
	struct breaker_pass lost, next;

	open_it(&breaker, 5000);
	lost = breaker_ask(&breaker, 5200);
	next = breaker_ask(&breaker, 6200);
	assert_true(next.probe && next.probe != lost.probe);
	/* What the first one says comes too late. */
	breaker_succeeded(&breaker, &lost);
	assert_false(breaker_ask(&breaker, 6201).may_go);
	breaker_let_go(&breaker, &lost);
	assert_false(breaker_ask(&breaker, 6202).may_go);
	/* The second one says nothing: a third may look. */
	breaker_let_go(&breaker, &next);
	assert_true(breaker_ask(&breaker, 6203).probe);
}

static void calls_from_before_it_opened_change_nothing(void **state)
{
	struct breaker breaker = breaker_for(*state, 8);
	struct breaker_pass early = breaker_ask(&breaker, 5000);

	open_it(&breaker, 5000);
	breaker_succeeded(&breaker, &early);
	assert_false(breaker_ask(&breaker, 5001).may_go);
	breaker_failed(&breaker, &early, 5050);
	assert_true(breaker_ask(&breaker, 5100).probe);
}

static void a_clock_set_back_does_not_keep_it_open(void **state)
{
	struct breaker breaker = breaker_for(*state, 9);

	open_it(&breaker, 5000000);
	assert_true(breaker_ask(&breaker, 5000).may_go);
}

static void none_where_failures_is_0(void **state)
{
	struct breaker_rules none = { .failures = 0 };
	struct breaker breaker = { *state, &none, 7, 10 };
	struct breaker_pass pass = { .may_go = true };

	for (int i = 0; i < 100; i++)
		breaker_failed(&breaker, &pass, 5000);
	assert_true(breaker_ask(&breaker, 5000).may_go);
}

static bool find_model(const struct breaker_status *status, void *context)
{
	struct breaker_status *wanted = context;

	if (status->model_id == wanted->model_id)
		*wanted = *status;
	return true;
}

static void lists_what_is_not_at_rest(void **state)
{
	struct breaker breaker = breaker_for(*state, 11);
	struct breaker_status status = { .model_id = 11 };
	struct error err;

	assert_true(breaker_list(*state, 5000, find_model, &status, &err));
	assert_int_equal(status.provider_id, 0);
	fail_at(&breaker, 5000);
	assert_true(breaker_list(*state, 5000, find_model, &status, &err));
	assert_int_equal(status.provider_id, 7);
	assert_int_equal(status.failures, 1);
	assert_string_equal(breaker_state_name(status.state), "closed");
	fail_at(&breaker, 5001);
	fail_at(&breaker, 5002);
	assert_true(breaker_list(*state, 5003, find_model, &status, &err));
	assert_int_equal(status.state, BREAKER_OPEN);
	assert_int_equal(status.since_ms, 5002);
	assert_int_equal(status.next_probe_ms, 5102);
	assert_true(breaker_list(*state, 5102, find_model, &status, &err));
	assert_int_equal(status.state, BREAKER_HALF_OPEN);
}

/* What the processes tell each other beside the store. */
struct shared {
	int probing; /* now */
	int probes;
	int most; /* at once */
};

/* Each asks again and again; whoever probes looks whether it is alone, and
 * fails, so that there is something to probe again. */
static void hammer(struct shared *shared)
{
	struct hot *hot = open_store();
	struct breaker_rules quick = { 3, 1000, 1, 1, 10000 };
	struct breaker breaker = { hot, &quick, 7, 12 };

	while (__atomic_load_n(&shared->probes, __ATOMIC_SEQ_CST) < ROUNDS) {
		int64_t now_ms = clock_unix_ms();
		struct breaker_pass pass = breaker_ask(&breaker, now_ms);
		int at_once;

		if (!pass.may_go)
			continue;
		if (!pass.probe) {
			breaker_failed(&breaker, &pass, now_ms);
			continue;
		}
		at_once = __atomic_add_fetch(
			&shared->probing, 1, __ATOMIC_SEQ_CST);
		if (at_once > __atomic_load_n(&shared->most, __ATOMIC_SEQ_CST))
			__atomic_store_n(
				&shared->most, at_once, __ATOMIC_SEQ_CST);
		usleep(200);
		__atomic_add_fetch(&shared->probes, 1, __ATOMIC_SEQ_CST);
		__atomic_sub_fetch(&shared->probing, 1, __ATOMIC_SEQ_CST);
		breaker_failed(&breaker, &pass, clock_unix_ms());
	}
	hot_close(hot);
}

static void one_probe_at_a_time_over_all_processes(void **state)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[PROCESSES];

	(void)state;
	assert_true(shared != MAP_FAILED);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			hammer(shared);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(shared->most, 1);
	assert_true(shared->probes >= ROUNDS);
	munmap(shared, sizeof(*shared));
}

static int make_folder(void **state)
{
	(void)state;
	settings_init(&settings);
	if (!mkdtemp(folder))
		return -1;
	settings.hot_dir = str_of(folder);
	return 0;
}

static int remove_folder(void **state)
{
	char command[3][64];

	(void)state;
	snprintf(command[0], 64, "%s/data.mdb", folder);
	snprintf(command[1], 64, "%s/lock.mdb", folder);
	snprintf(command[2], 64, "%s/lock", folder);
	for (int i = 0; i < 3; i++)
		unlink(command[i]);
	rmdir(folder);
	return 0;
}

static int open_for_test(void **state)
{
	*state = open_store();
	return 0;
}

static int close_after_test(void **state)
{
	hot_close(*state);
	return 0;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_for_test, close_after_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: it forks, and no store may be open then. */
		cmocka_unit_test(one_probe_at_a_time_over_all_processes),
		TEST(opens_after_failures_in_a_row),
		TEST(failures_far_apart_do_not_count),
		TEST(each_model_has_its_own),
		TEST(one_probe_and_it_closes),
		TEST(a_probe_that_fails_doubles_the_time),
		TEST(a_probe_may_be_lost),
		TEST(calls_from_before_it_opened_change_nothing),
		TEST(a_clock_set_back_does_not_keep_it_open),
		TEST(none_where_failures_is_0),
		TEST(lists_what_is_not_at_rest),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
