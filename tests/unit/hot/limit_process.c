/*
 * limit_process.c - limits in the shared store, by many processes: none takes
 * what is another's, whoever is killed in the middle of what.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "limit_store.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define CHILDREN 8
#define START INT64_C(1790000000000)
#define LOG_ENTRIES 20000

/* Of one child, written by it alone. */
enum step { NEVER, RESERVING, RESERVED, SETTLING, SETTLED };
struct child_log {
	int64_t count;
	struct {
		int64_t value; /* a time, or what was used */
		enum step step;
	} entries[LOG_ENTRIES];
};

struct shared {
	int64_t clock_ms;       /* the time of all */
	pthread_rwlock_t clock; /* who holds it: the clock stands still */
	int64_t number;         /* atomic: of whatever */
	int64_t most;           /* atomic */
	struct child_log logs[CHILDREN];
};

struct fixture {
	struct limit_store store;
	struct shared *shared;
	/* The child's own; the parent's after limits_here(). */
	struct hot *hot;
	struct limits *limits;
	size_t child;
};

static void make_clock(pthread_rwlock_t *clock)
{
	pthread_rwlockattr_t attributes;

	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_rwlockattr_setkind_np(
		&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	assert_int_equal(pthread_rwlock_init(clock, &attributes), 0);
	pthread_rwlockattr_destroy(&attributes);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	limit_store_prepare(&f->store);
	f->shared = mmap(NULL, sizeof(*f->shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(f->shared != MAP_FAILED);
	f->shared->clock_ms = START;
	make_clock(&f->shared->clock);
	/* What blocks must not block for ever. */
	alarm(120);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	limits_close(f->limits);
	hot_close(f->hot);
	limit_store_remove(&f->store);
	munmap(f->shared, sizeof(*f->shared));
	free(f);
	alarm(0);
	return 0;
}

static void check(bool ok, const struct error *err)
{
	if (!ok)
		fail_msg("%s", error_detail(err));
}

/* A store is opened by each process for itself, after the fork. */
static void limits_here(struct fixture *f)
{
	struct error err = ERROR_INIT;

	f->hot = limit_store_open(&f->store);
	check(limits_open(&f->store.settings, f->hot, &f->limits, &err), &err);
}

static pid_t start(
	struct fixture *f, size_t child, void (*run)(struct fixture *f))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	f->child = child;
	limits_here(f);
	run(f);
	limits_close(f->limits);
	hot_close(f->hot);
	_exit(0);
}

static void await(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void run_children(struct fixture *f, void (*run)(struct fixture *f))
{
	pid_t pids[CHILDREN];

	for (size_t i = 0; i < CHILDREN; i++)
		pids[i] = start(f, i, run);
	for (size_t i = 0; i < CHILDREN; i++)
		await(pids[i]);
}

static struct str make_id(char id[LIMIT_ID_MAX_BYTES], size_t child, int64_t n)
{
	snprintf(id, LIMIT_ID_MAX_BYTES, "req_%zu_%" PRId64, child, n);
	return str_of(id);
}

static enum limit_verdict reserve(struct fixture *f, struct str id,
	const struct limit *limits, size_t count, int64_t now_ms)
{
	struct limit_outcome out;
	struct error err = ERROR_INIT;

	check(limits_reserve(f->limits, id, limits, count, S("{\"key\":1}"),
		      now_ms, &out, &err),
		&err);
	return out.verdict;
}

static void settle(
	struct fixture *f, struct str id, int64_t tokens, int64_t picousd)
{
	const struct limit_use use = { tokens, picousd };
	struct error err = ERROR_INIT;

	check(limits_settle(f->limits, id, &use, START, &err), &err);
}

static int64_t used(struct fixture *f, const struct limit *limit)
{
	struct limit_state state;
	struct error err = ERROR_INIT;

	check(limits_peek(f->limits, limit, START, &state, &err), &err);
	return state.used;
}

static const struct limit rate = { .kind = LIMIT_RATE,
	.unit = LIMIT_CALLS,
	.name = STR("key/1/rpm"),
	.max = 300,
	.amount = 1,
	.window_ms = 10000 };

static const struct limit calls = { .kind = LIMIT_CONCURRENT,
	.unit = LIMIT_CALLS,
	.name = STR("key/1/calls"),
	.max = 5,
	.amount = 1 };

static const struct limit money = { .kind = LIMIT_AMOUNT,
	.unit = LIMIT_PICOUSD,
	.name = STR("budget/1/20261121"),
	.max = 10000,
	.amount = 1,
	.ends_ms = START + 86400000 };

static const struct limit tokens = { .kind = LIMIT_AMOUNT,
	.unit = LIMIT_TOKENS,
	.name = STR("quota/1/202611"),
	.max = -1,
	.amount = 100,
	.ends_ms = START + 86400000 };

/* --- rates */

static bool take_now(struct fixture *f, struct str id, int64_t *now_ms)
{
	bool taken;

	pthread_rwlock_rdlock(&f->shared->clock);
	*now_ms = f->shared->clock_ms;
	taken = reserve(f, id, &rate, 1, *now_ms) == LIMIT_TAKEN;
	pthread_rwlock_unlock(&f->shared->clock);
	return taken;
}

/* The clock goes on only when somebody was refused: this is overload. */
static void take_for_ten_windows(struct fixture *f)
{
	struct child_log *log = &f->shared->logs[f->child];
	int64_t now_ms = START;

	for (int64_t n = 0; now_ms < START + 10 * rate.window_ms; n++) {
		char id[LIMIT_ID_MAX_BYTES];

		if (take_now(f, make_id(id, f->child, n), &now_ms)) {
			log->entries[log->count++].value = now_ms;
			settle(f, str_of(id), -1, -1);
			continue;
		}
		pthread_rwlock_wrlock(&f->shared->clock);
		if (f->shared->clock_ms == now_ms)
			f->shared->clock_ms += 1 + n % 9;
		pthread_rwlock_unlock(&f->shared->clock);
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void a_rate_is_exact_over_processes(void **state)
{
	static int64_t times[CHILDREN * LOG_ENTRIES];
	struct fixture *f = *state;
	size_t max = (size_t)rate.max;
	size_t count = 0;

	run_children(f, take_for_ten_windows);
	for (size_t i = 0; i < CHILDREN; i++) {
		const struct child_log *log = &f->shared->logs[i];

		for (int64_t j = 0; j < log->count; j++)
			times[count++] = log->entries[j].value;
	}
	qsort(times, count, sizeof(times[0]), compare);
	for (size_t i = max; i < count; i++)
		assert_true(times[i] - times[i - max] >= rate.window_ms);
	assert_true(count * 100 >= 10 * max * 99);
}

/* --- calls at once */

static void enter_and_leave(struct fixture *f)
{
	for (int64_t n = 0; n < 3000; n++) {
		char id[LIMIT_ID_MAX_BYTES];
		int64_t inside;

		make_id(id, f->child, n);
		if (reserve(f, str_of(id), &calls, 1, START) != LIMIT_TAKEN)
			continue;
		inside = __atomic_add_fetch(
			&f->shared->number, 1, __ATOMIC_SEQ_CST);
		if (inside > calls.max)
			_exit(1);
		if (inside >
			__atomic_load_n(&f->shared->most, __ATOMIC_SEQ_CST))
			__atomic_store_n(
				&f->shared->most, inside, __ATOMIC_SEQ_CST);
		if (n % 16 == 0)
			usleep(100);
		__atomic_sub_fetch(&f->shared->number, 1, __ATOMIC_SEQ_CST);
		settle(f, str_of(id), 1, 1);
		settle(f, str_of(id), 1, 1);
	}
}

static void no_more_calls_at_once_than_allowed(void **state)
{
	struct fixture *f = *state;

	run_children(f, enter_and_leave);
	assert_true(f->shared->most > 1);
	limits_here(f);
	assert_int_equal(used(f, &calls), 0);
}

/* --- amounts */

struct taker {
	struct fixture *f;
	size_t number;
	int64_t taken;
};

static void *take_money(void *context)
{
	struct taker *taker = context;
	struct limit limit = money;
	int64_t n = 0;

	while (limit.amount > 0) {
		char id[LIMIT_ID_MAX_BYTES];
		struct str name = make_id(id, taker->number, n++);

		limit.amount = 1 + (n * 7 + (int64_t)taker->number) % 9;
		while (limit.amount > 0 && reserve(taker->f, name, &limit, 1,
						   START) != LIMIT_TAKEN)
			limit.amount--;
		/* A third is settled with less. */
		if (limit.amount > 0 && n % 3 == 0) {
			settle(taker->f, name, -1, limit.amount / 2);
			taker->taken += limit.amount / 2;
		} else {
			taker->taken += limit.amount;
		}
	}
	return NULL;
}

static void take_money_by_threads(struct fixture *f)
{
	struct taker takers[25];
	pthread_t threads[ARRAY_LEN(takers)];

	for (size_t i = 0; i < ARRAY_LEN(takers); i++) {
		takers[i] = (struct taker){ f, f->child * 100 + i, 0 };
		if (pthread_create(&threads[i], NULL, take_money, &takers[i]) !=
			0)
			_exit(1);
	}
	for (size_t i = 0; i < ARRAY_LEN(takers); i++) {
		pthread_join(threads[i], NULL);
		f->shared->logs[f->child].entries[i].value = takers[i].taken;
	}
	f->shared->logs[f->child].count = ARRAY_LEN(takers);
}

static void two_hundred_takers_never_pass_the_maximum(void **state)
{
	struct fixture *f = *state;
	int64_t sum = 0;

	run_children(f, take_money_by_threads);
	for (size_t i = 0; i < CHILDREN; i++) {
		for (int64_t j = 0; j < f->shared->logs[i].count; j++)
			sum += f->shared->logs[i].entries[j].value;
	}
	limits_here(f);
	assert_int_equal(used(f, &money), sum);
	assert_true(sum <= money.max);
	/* The last piece that did not fit was of 1, for each; but what was
	 * settled afterwards with less left a little. */
	assert_true(sum > money.max - 9 * 200);
}

/* --- deaths */

static void call_until_killed(struct fixture *f)
{
	struct child_log *log = &f->shared->logs[f->child];
	struct limit limits[3] = { calls, money, tokens };

	limits[0].max = -1;
	limits[1].max = -1;
	for (;;) {
		int64_t n = log->count;
		char id[LIMIT_ID_MAX_BYTES];
		struct str name = make_id(id, f->child, n);

		if (n == LOG_ENTRIES)
			pause();
		limits[1].amount = 1 + n % 90;
		log->entries[n].value = n % 50;
		log->entries[n].step = RESERVING;
		__atomic_store_n(&log->count, n + 1, __ATOMIC_SEQ_CST);
		if (reserve(f, name, limits, 3, START) != LIMIT_TAKEN)
			_exit(1);
		__atomic_store_n(
			&log->entries[n].step, RESERVED, __ATOMIC_SEQ_CST);
		__atomic_store_n(
			&log->entries[n].step, SETTLING, __ATOMIC_SEQ_CST);
		settle(f, name, n % 50, n % 50);
		__atomic_store_n(
			&log->entries[n].step, SETTLED, __ATOMIC_SEQ_CST);
	}
}

static bool settle_orphans(struct fixture *f, int64_t *charged, size_t *found)
{
	struct limit_orphan orphans[4];
	struct arena arena;
	struct error err = ERROR_INIT;
	size_t count;

	arena_init(&arena, 4096);
	check(limits_orphans(f->limits, START, &arena, orphans,
		      ARRAY_LEN(orphans), &count, &err),
		&err);
	for (size_t i = 0; i < count; i++) {
		size_t child;
		int64_t n;

		assert_int_equal(
			sscanf(orphans[i].id.p, "req_%zu_%" SCNd64, &child, &n),
			2);
		assert_in_range(child, 0, CHILDREN - 1);
		assert_true(str_equal(orphans[i].note, S("{\"key\":1}")));
		assert_int_equal(orphans[i].picousd, 1 + n % 90);
		assert_int_equal(orphans[i].tokens, 100);
		assert_int_equal(orphans[i].reserved_unix_ms, START);
		check(limits_let_go(f->limits, orphans[i].id, &err), &err);
		settle(f, orphans[i].id, 7, 7);
		settle(f, orphans[i].id, 7, 7);
		/* It was settled by us, and nobody else. */
		f->shared->logs[child].entries[n].step = SETTLED;
		f->shared->logs[child].entries[n].value = 7;
		*charged += 7;
	}
	*found += count;
	arena_release(&arena);
	return count > 0;
}

static int64_t sum_of_logs(struct fixture *f)
{
	int64_t sum = 0;

	for (size_t i = 0; i < CHILDREN; i++) {
		const struct child_log *log = &f->shared->logs[i];

		for (int64_t n = 0; n < log->count; n++) {
			enum step step = log->entries[n].step;

			/* Killed while it was reserving, and it is no orphan:
			 * nothing was reserved. While settling: it was. */
			assert_true(step != RESERVED);
			if (step == SETTLING || step == SETTLED)
				sum += log->entries[n].value;
		}
	}
	return sum;
}

static void the_dead_leave_no_half_reservation(void **state)
{
	struct fixture *f = *state;
	int64_t charged = 0;
	size_t found = 0;
	uint64_t seed = 3;

	limits_here(f);
	/* Of one who lives and says so: it must not be found. */
	assert_int_equal(
		reserve(f, S("req_alive"), &rate, 1, START), LIMIT_TAKEN);
	for (int round = 0; round < 6; round++) {
		pid_t pids[CHILDREN];

		for (size_t i = 0; i < CHILDREN; i++)
			pids[i] = start(f, i, call_until_killed);
		for (size_t i = 0; i < CHILDREN; i++) {
			const struct child_log *log = &f->shared->logs[i];
			int64_t wanted = (round + 1) * 100;

			seed = seed * UINT64_C(6364136223846793005) + 1;
			wanted += (int64_t)(seed >> 33) % 50;
			while (__atomic_load_n(&log->count, __ATOMIC_SEQ_CST) <
				wanted)
				usleep(100);
			kill(pids[i], SIGKILL);
			assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
		}
	}
	/* Nobody is dead before he was silent for a while; all are then. */
	while (used(f, &calls) > 0) {
		struct error err = ERROR_INIT;

		check(limits_beat(f->limits, START, &err), &err);
		if (!settle_orphans(f, &charged, &found))
			usleep(20000);
	}
	while (settle_orphans(f, &charged, &found))
		;
	print_message("%zu reservations were left by %d who were killed\n",
		found, 6 * CHILDREN);
	assert_true(found > 0);
	assert_int_equal(used(f, &money), sum_of_logs(f));
	assert_int_equal(used(f, &tokens), sum_of_logs(f));
}

static void leave_reserved(struct fixture *f)
{
	struct limit limits[2] = { calls, money };

	limits[1].amount = 55;
	if (reserve(f, S("req_left"), limits, 2, START) != LIMIT_TAKEN)
		_exit(1);
}

static size_t count_orphans(struct fixture *f, struct str *first)
{
	static char id[LIMIT_ID_MAX_BYTES];
	struct limit_orphan orphans[4];
	struct arena arena;
	struct error err = ERROR_INIT;
	size_t count = 99;

	arena_init(&arena, 4096);
	check(limits_orphans(f->limits, START, &arena, orphans,
		      ARRAY_LEN(orphans), &count, &err),
		&err);
	if (count > 0) {
		first->n = orphans[0].id.n;
		first->p = memcpy(id, orphans[0].id.p, orphans[0].id.n);
	}
	arena_release(&arena);
	return count;
}

/* Who closes has said that it ends: nobody waits for it. */
static void who_closes_leaves_orphans_at_once(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct limit limit = calls;
	struct str id = STR("");

	limits_here(f);
	assert_int_equal(
		reserve(f, S("req_mine"), &limit, 1, START), LIMIT_TAKEN);
	assert_int_equal(count_orphans(f, &id), 0);
	await(start(f, 0, leave_reserved));
	assert_int_equal(used(f, &calls), 2);
	assert_int_equal(count_orphans(f, &id), 1);
	assert_true(str_equal(id, S("req_left")));
	check(limits_let_go(f->limits, id, &err), &err);
	check(limits_let_go(f->limits, id, &err), &err);
	assert_int_equal(used(f, &calls), 1);
	assert_int_equal(used(f, &money), 55);
	/* Still one, and still to be settled. */
	assert_int_equal(count_orphans(f, &id), 1);
	settle(f, id, -1, -1);
	assert_int_equal(count_orphans(f, &id), 0);
	assert_int_equal(used(f, &money), 55);
	settle(f, S("req_mine"), -1, -1);
	assert_int_equal(used(f, &calls), 0);
	/* Opened again it is another process: what it left is an orphan. */
	assert_int_equal(
		reserve(f, S("req_old"), &limit, 1, START), LIMIT_TAKEN);
	limits_close(f->limits);
	check(limits_open(&f->store.settings, f->hot, &f->limits, &err), &err);
	assert_int_equal(count_orphans(f, &id), 1);
}

/* --- how long it takes; told only: machines differ */

#define ROUNDS 4000

static void make_limits(struct limit *limits, char names[][40], size_t count)
{
	static const struct limit *const kinds[] = { &rate, &money, &tokens,
		&calls };

	for (size_t i = 0; i < count; i++) {
		limits[i] = *kinds[i % ARRAY_LEN(kinds)];
		snprintf(names[i], 40, "%.*s/%zu", STR_ARG(limits[i].name), i);
		limits[i].name = str_of(names[i]);
		limits[i].max = INT64_MAX;
		if (limits[i].kind == LIMIT_RATE && i > 0)
			limits[i].unit = LIMIT_TOKENS;
	}
}

/* Without what others do on this machine. */
static int64_t own_cpu_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return spent.tv_sec * INT64_C(1000000000) + spent.tv_nsec;
}

static void reserve_and_settle(struct fixture *f)
{
	size_t count = (size_t)f->shared->number;
	struct limit limits[LIMITS_MAX];
	char names[LIMITS_MAX][40];
	int64_t began;

	make_limits(limits, names, count);
	began = own_cpu_ns();
	for (int64_t n = 0; n < ROUNDS; n++) {
		char id[LIMIT_ID_MAX_BYTES];

		make_id(id, f->child, n);
		if (reserve(f, str_of(id), limits, count, START + n * 5) !=
			LIMIT_TAKEN)
			_exit(1);
		settle(f, str_of(id), 30, 30);
	}
	__atomic_add_fetch(
		&f->shared->most, own_cpu_ns() - began, __ATOMIC_SEQ_CST);
}

static void how_long_it_takes(void **state)
{
	static const int counts[] = { 1, 6, 16 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int64_t alone;

		f->shared->number = counts[i];
		f->shared->most = 0;
		await(start(f, 0, reserve_and_settle));
		alone = f->shared->most / ROUNDS;
		f->shared->most = 0;
		run_children(f, reserve_and_settle);
		print_message("%2d limits, reserved and settled: %" PRId64
			      " ns of CPU, with %d processes at once %" PRId64
			      " ns\n",
			counts[i], alone, CHILDREN,
			f->shared->most / ROUNDS / CHILDREN);
	}
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_rate_is_exact_over_processes),
		TEST(no_more_calls_at_once_than_allowed),
		TEST(two_hundred_takers_never_pass_the_maximum),
		TEST(the_dead_leave_no_half_reservation),
		TEST(who_closes_leaves_orphans_at_once),
		TEST(how_long_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
