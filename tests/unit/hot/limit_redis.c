/*
 * limit_redis.c - counters in a real Redis: what every body does, and what
 * several hosts, killed processes, and a Redis that is killed, stopped,
 * flushed or back with old data make of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/limit_redis.h"

#include <pthread.h>
#include <sys/mman.h>

#include "../frozen.h"
#include "../private_redis.h"
#include "hot/redis_eval.h"
#include "hot/redis_pool.h"
#include "limit_cases.h"

#define PROCESSES 8
#define WAIT_MS 30000
#define START_MS INT64_C(1790000000000)
#define PREFIX "limits:"
#define TAKES_MAX 4096
#define KILLS 12

static struct private_redis server;

/* When one was taken: between these two, by this machine's clock. */
struct take {
	int64_t from_ms, to_ms;
};

/* What processes tell each other. */
static struct {
	int64_t running; /* calls, now */
	int64_t most_running;
	int64_t settled;             /* acknowledged */
	int64_t settling[PROCESSES]; /* 1: asked, no answer yet */
	size_t takes;
	struct take list[TAKES_MAX];
} * shared;

static int start_server(void **state)
{
	(void)state;
	private_redis_start(&server, NULL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	alarm(300);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	private_redis_stop(&server);
	munmap(shared, sizeof(*shared));
	return 0;
}

static void *open_at(
	const struct private_redis *at, const char *prefix, int64_t timeout_ms)
{
	struct settings settings;
	struct error err = ERROR_INIT;
	void *store;

	private_redis_settings(at, &settings);
	settings.redis_prefix = str_of(prefix);
	settings.redis_timeout_ms = timeout_ms;
	limit_bench_check(
		limits_redis.open(&settings, NULL, &store, &err), &err);
	return store;
}

static void *open_store(const char *prefix)
{
	return open_at(&server, prefix, 5000);
}

/* A bench in its own time, and no other's names. */
static int open_bench(void **state)
{
	struct limit_bench *bench = calloc(1, sizeof(*bench));
	char prefix[32];
	static unsigned number;

	snprintf(prefix, sizeof(prefix), "bench%u:", number++);
	bench->body = &limits_redis;
	bench->store = open_store(prefix);
	bench->now_ms = START_MS;
	bench->random = 42;
	limit_redis_follow_callers(bench->store);
	memset(shared, 0, sizeof(*shared));
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct limit_bench *bench = *state;

	limits_redis.close(bench->store);
	free(bench);
	return 0;
}

static void tell(
	const struct private_redis *at, const struct str *words, size_t count)
{
	struct settings settings;
	struct error err = ERROR_INIT;
	struct redis *redis;
	redisReply *reply;

	private_redis_settings(at, &settings);
	limit_bench_check(redis_open(&settings, &redis, &err), &err);
	limit_bench_check(redis_ask(redis, words, count, &reply, &err), &err);
	freeReplyObject(reply);
	redis_close(redis);
}

/* In the calendar's time, as it is used; NULL: unknown. */
static const struct limit_outcome *reserve(
	void *store, struct str id, const struct limit *limit)
{
	static _Thread_local struct limit_outcome out;
	struct error err = ERROR_INIT;

	if (limits_redis.reserve(store, id, limit, 1, S("note"),
		    clock_unix_ms(), &out, &err))
		return &out;
	assert_int_equal(err.kind, ERR_LIMITS_UNKNOWN);
	return NULL;
}

static bool settle(void *store, struct str id, int64_t picousd)
{
	const struct limit_use use = { -1, picousd };
	struct error err = ERROR_INIT;
	bool found;
	bool ok = limits_redis.settle(
		store, id, &use, clock_unix_ms(), &found, &err);

	assert_true(ok || err.kind == ERR_LIMITS_UNKNOWN);
	return ok;
}

static int64_t used_of(void *store, const struct limit *limit)
{
	struct limit_state state;
	struct error err = ERROR_INIT;

	limit_bench_check(
		limits_redis.peek(store, limit, clock_unix_ms(), &state, &err),
		&err);
	return state.used;
}

static void await_store(void *store, int64_t deadline_ms)
{
	struct error err = ERROR_INIT;
	int64_t since_ms;

	while (!limits_redis.since(store, &since_ms, &err)) {
		assert_true(clock_monotonic_ms() < deadline_ms);
		usleep(5000);
	}
}

static struct limit money(const char *name, int64_t max, int64_t amount)
{
	return (struct limit){ .kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.name = str_of(name),
		.max = max,
		.amount = amount,
		.ends_ms = clock_unix_ms() + 3600000 };
}

static size_t find_orphans(void *store, int64_t now_ms, struct arena *arena,
	struct limit_orphan *out, size_t max)
{
	struct error err = ERROR_INIT;
	size_t count;

	limit_bench_check(limits_redis.orphans(
				  store, now_ms, arena, out, max, &count, &err),
		&err);
	return count;
}

/* Each process has connections of its own, and ends without cmocka. */
static pid_t start(void (*work)(int number), int number)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(number);
		_exit(0);
	}
	return pid;
}

static void run_processes(void (*work)(int number))
{
	pid_t pids[PROCESSES];

	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start(work, i);
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
}

/* While one that lives says so. */
static void pass_time(struct limit_bench *bench, void *store, int64_t ms)
{
	struct error err = ERROR_INIT;

	for (int64_t i = 0; i < ms; i += 100) {
		bench->now_ms += 100;
		limit_bench_check(
			limits_redis.beat(store, bench->now_ms, &err), &err);
	}
}

static void finds_orphans(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limits[] = {
		limit_bench_concurrent("orphan/calls", 5),
		limit_bench_amount(bench, "orphan/money", 1000, 70),
		limit_bench_rate("orphan/tokens", 1000),
	};
	void *other = open_store("orphans:");
	void *third = open_store("orphans:");
	struct limit_orphan found[4];
	struct limit_outcome out;
	bool was_there;
	struct error err = ERROR_INIT;
	struct arena arena;

	arena_init(&arena, 1024);
	limit_redis_follow_callers(other);
	limit_redis_follow_callers(third);
	limits[2].unit = LIMIT_TOKENS;
	limits[2].amount = 11;
	limit_bench_check(limits_redis.reserve(other, S("o-1"), limits, 3,
				  S("a\0note"), bench->now_ms, &out, &err),
		&err);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	pass_time(bench, third, LIMITS_SILENCE_MS - 100);
	limit_bench_check(limits_redis.beat(other, bench->now_ms, &err), &err);
	pass_time(bench, third, LIMITS_SILENCE_MS - 100);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	/* A clock that is set makes nobody dead, either way. */
	bench->now_ms += 3600000;
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	bench->now_ms -= 7200000;
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	pass_time(bench, third, LIMITS_SILENCE_MS - 100);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	pass_time(bench, third, 200);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 1);
	assert_true(str_equal(found[0].id, S("o-1")));
	assert_true(str_equal(found[0].note, S("a\0note")));
	assert_int_equal(found[0].tokens, 11);
	assert_int_equal(found[0].picousd, 70);
	assert_int_equal(found[0].reserved_unix_ms, START_MS);
	/* It lives after all. */
	limit_bench_check(limits_redis.beat(other, bench->now_ms, &err), &err);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	/* A clean end: at once. */
	limits_redis.close(other);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 0), 0);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 1);
	limit_bench_check(limits_redis.settle(third, S("o-1"),
				  &(struct limit_use){ 5, 6 }, bench->now_ms,
				  &was_there, &err),
		&err);
	assert_true(was_there);
	assert_int_equal(
		find_orphans(third, bench->now_ms, &arena, found, 4), 0);
	limits_redis.close(third);
	arena_release(&arena);
}

static void prefixes_are_hosts_apart(void **state)
{
	struct limit limit = money("n", 10, 6);
	void *one = open_store("hosts-a:");
	void *again = open_store("hosts-a:");
	void *two = open_store("hosts-b:");

	(void)state;
	assert_int_equal(reserve(one, S("1"), &limit)->verdict, LIMIT_TAKEN);
	assert_int_equal(reserve(again, S("2"), &limit)->verdict, LIMIT_FULL);
	assert_int_equal(reserve(two, S("1"), &limit)->verdict, LIMIT_TAKEN);
	assert_true(settle(again, S("1"), 1));
	assert_int_equal(used_of(one, &limit), 1);
	assert_int_equal(used_of(two, &limit), 6);
	limits_redis.close(one);
	limits_redis.close(again);
	limits_redis.close(two);
}

static struct limit the_rate(void)
{
	return (struct limit){ .kind = LIMIT_RATE,
		.unit = LIMIT_CALLS,
		.name = S("hammered"),
		.max = 40,
		.amount = 1,
		.window_ms = 400 };
}

static void hammer(int number)
{
	void *store = open_store(PREFIX);
	int64_t end_ms = clock_monotonic_ms() + 2000;
	struct limit limit = the_rate();

	for (int i = 0; clock_monotonic_ms() < end_ms; i++) {
		int64_t from_ms = clock_unix_ms();
		char id[32];

		snprintf(id, sizeof(id), "hammer-%d-%d", number, i);
		if (reserve(store, str_of(id), &limit)->verdict ==
			LIMIT_TAKEN) {
			size_t at = __atomic_fetch_add(
				&shared->takes, 1, __ATOMIC_RELAXED);

			assert(at < TAKES_MAX);
			shared->list[at] =
				(struct take){ from_ms, clock_unix_ms() + 1 };
		}
		usleep(1000);
	}
	limits_redis.close(store);
}

static int by_end(const void *a, const void *b)
{
	const struct take *one = a, *two = b;

	return (one->to_ms > two->to_ms) - (one->to_ms < two->to_ms);
}

/* No max + 1 of them were surely within one window. */
static void rate_holds_across_processes(void **state)
{
	struct limit limit = the_rate();
	size_t max = (size_t)limit.max;

	(void)state;
	run_processes(hammer);
	qsort(shared->list, shared->takes, sizeof(shared->list[0]), by_end);
	assert_true(shared->takes > max);
	for (size_t i = 0; i + max < shared->takes; i++) {
		int64_t first_ms = INT64_MAX;

		for (size_t j = i; j <= i + max; j++) {
			if (shared->list[j].from_ms < first_ms)
				first_ms = shared->list[j].from_ms;
		}
		assert_true(shared->list[i + max].to_ms - first_ms >=
			    limit.window_ms);
	}
}

static void call_at_once(int number)
{
	struct limit limit = limit_bench_concurrent("at-once", 3);
	void *store = open_store(PREFIX);

	for (int i = 0; i < 200; i++) {
		int64_t running;
		char id[32];

		snprintf(id, sizeof(id), "once-%d-%d", number, i);
		if (reserve(store, str_of(id), &limit)->verdict != LIMIT_TAKEN)
			continue;
		running = __atomic_add_fetch(
			&shared->running, 1, __ATOMIC_SEQ_CST);
		if (running > __atomic_load_n(
				      &shared->most_running, __ATOMIC_SEQ_CST))
			__atomic_store_n(&shared->most_running, running,
				__ATOMIC_SEQ_CST);
		usleep(200);
		__atomic_sub_fetch(&shared->running, 1, __ATOMIC_SEQ_CST);
		assert(settle(store, str_of(id), -1));
	}
	limits_redis.close(store);
}

static void concurrency_holds_across_processes(void **state)
{
	struct limit limit = limit_bench_concurrent("at-once", 3);
	void *store = open_store(PREFIX);

	(void)state;
	run_processes(call_at_once);
	assert_in_range(shared->most_running, 1, 3);
	assert_int_equal(used_of(store, &limit), 0);
	limits_redis.close(store);
}

static void spend(int number)
{
	struct limit limit = money("spent", 1000, 7);
	void *store = open_store(PREFIX);

	for (int i = 0; i < 25; i++) {
		char id[32];

		snprintf(id, sizeof(id), "spend-%d-%d", number, i);
		if (reserve(store, str_of(id), &limit)->verdict == LIMIT_TAKEN)
			__atomic_add_fetch(
				&shared->settled, 1, __ATOMIC_SEQ_CST);
	}
	limits_redis.close(store);
}

static void amounts_hold_across_processes(void **state)
{
	struct limit limit = money("spent", 1000, 7);
	void *store = open_store(PREFIX);

	(void)state;
	run_processes(spend);
	assert_int_equal(shared->settled, 1000 / 7);
	assert_int_equal(used_of(store, &limit), 1000 / 7 * 7);
	limits_redis.close(store);
}

/* Each reserves 1000 and uses 1, again and again, until it is killed. */
static void work_until_killed(int number)
{
	struct limit limit = money("killed", -1, 1000);
	void *store = open_store("killed:");

	for (int i = 0;; i++) {
		char id[40];

		snprintf(id, sizeof(id), "killed-%d-%d-%d", number,
			(int)getpid(), i);
		reserve(store, str_of(id), &limit);
		__atomic_store_n(
			&shared->settling[number], 1, __ATOMIC_SEQ_CST);
		assert(settle(store, str_of(id), 1));
		__atomic_add_fetch(&shared->settled, 1, __ATOMIC_SEQ_CST);
		__atomic_store_n(
			&shared->settling[number], 0, __ATOMIC_SEQ_CST);
	}
}

static void settles_what_the_killed_left(void **state)
{
	struct limit limit = money("killed", -1, 0);
	void *store = open_store("killed:");
	int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
	int64_t doubts = 0, orphans = 0, last_kill_ms, used;
	struct limit_orphan found[64];
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (int i = 0; i < KILLS; i++) {
		int64_t before =
			__atomic_load_n(&shared->settled, __ATOMIC_SEQ_CST);
		pid_t pid = start(work_until_killed, 0);

		while (__atomic_load_n(&shared->settled, __ATOMIC_SEQ_CST) <
			before + 20) {
			assert_true(clock_monotonic_ms() < deadline_ms);
			usleep(100 + 37 * i);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		doubts += shared->settling[0];
		shared->settling[0] = 0;
	}
	last_kill_ms = clock_monotonic_ms();
	while (used_of(store, &limit) >= 1000 ||
		clock_monotonic_ms() < last_kill_ms + LIMITS_SILENCE_MS + 500) {
		size_t count =
			find_orphans(store, clock_unix_ms(), &arena, found, 64);

		assert_true(clock_monotonic_ms() < deadline_ms);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(found[i].picousd, 1000);
			assert_true(settle(store, found[i].id, 1));
			orphans++;
		}
		usleep(20000);
	}
	used = used_of(store, &limit);
	assert_in_range(orphans, 0, KILLS);
	assert_in_range(used, shared->settled + orphans,
		shared->settled + orphans + doubts);
	limits_redis.close(store);
	arena_release(&arena);
}

struct load {
	void *store;
	int64_t unknown, taken; /* atomic */
	bool ends;
};

static void *load(void *context)
{
	struct load *load = context;
	struct limit limit = limit_bench_concurrent("load", 1000);

	for (int i = 0; !__atomic_load_n(&load->ends, __ATOMIC_RELAXED); i++) {
		const struct limit_outcome *out;
		char id[48];

		snprintf(id, sizeof(id), "load-%lx-%d",
			(unsigned long)pthread_self() & 0xffffff, i);
		out = reserve(load->store, str_of(id), &limit);
		if (out && settle(load->store, str_of(id), -1))
			__atomic_add_fetch(&load->taken, 1, __ATOMIC_RELAXED);
		else
			__atomic_add_fetch(&load->unknown, 1, __ATOMIC_RELAXED);
		usleep(500);
	}
	return NULL;
}

static void await_more(const int64_t *number)
{
	int64_t now = __atomic_load_n(number, __ATOMIC_RELAXED);
	int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;

	while (__atomic_load_n(number, __ATOMIC_RELAXED) < now + 50) {
		assert_true(clock_monotonic_ms() < deadline_ms);
		usleep(1000);
	}
}

/* Redis dies under load, and comes back with what it had saved long ago. */
static void begins_anew_with_redis(void **state)
{
	struct limit limit = limit_bench_concurrent("load", 1000);
	struct limit budget = money("budget", 100, 10);
	struct private_redis own;
	struct load work = { 0 };
	struct error err = ERROR_INIT;
	int64_t since_ms, again_ms;
	pthread_t threads[3];

	(void)state;
	private_redis_start(&own, NULL);
	work.store = open_at(&own, PREFIX, 500);
	budget.must_be_begun = true;
	limit_bench_check(
		limits_redis.since(work.store, &since_ms, &err), &err);
	limit_bench_check(limits_redis.begin_amount(work.store, budget.name, 5,
				  budget.ends_ms, &err),
		&err);
	assert_int_equal(
		reserve(work.store, S("b"), &budget)->verdict, LIMIT_TAKEN);
	limit_bench_check(
		limits_redis.since(work.store, &again_ms, &err), &err);
	assert_true(again_ms == since_ms);
	tell(&own, (const struct str[]){ S("SAVE") }, 1);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_create(&threads[i], NULL, load, &work);
	await_more(&work.taken);
	private_redis_end(&own, SIGKILL);
	await_more(&work.unknown);
	private_redis_launch(&own);
	await_more(&work.taken);
	__atomic_store_n(&work.ends, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(used_of(work.store, &limit), 0);
	assert_int_equal(used_of(work.store, &budget), -1);
	limit_bench_check(
		limits_redis.since(work.store, &again_ms, &err), &err);
	assert_true(again_ms > since_ms);
	limits_redis.close(work.store);
	private_redis_stop(&own);
}

static void begins_anew_when_flushed(void **state)
{
	struct limit budget = money("flushed", 100, 10);
	struct private_redis own;
	struct limit_outcome out;
	struct error err = ERROR_INIT;
	bool found;
	int64_t since_ms, again_ms;
	void *store;

	(void)state;
	private_redis_start(&own, NULL);
	store = open_at(&own, PREFIX, 5000);
	limit_bench_check(limits_redis.since(store, &since_ms, &err), &err);
	limit_bench_check(limits_redis.reserve(store, S("f"), &budget, 1, S(""),
				  clock_unix_ms(), &out, &err),
		&err);
	assert_int_equal(out.since_ms, since_ms);
	usleep(2000);
	tell(&own, (const struct str[]){ S("FLUSHALL") }, 1);
	limit_bench_check(limits_redis.since(store, &again_ms, &err), &err);
	assert_true(again_ms > since_ms);
	limit_bench_check(
		limits_redis.settle(store, S("f"), &(struct limit_use){ -1, 3 },
			clock_unix_ms(), &found, &err),
		&err);
	assert_false(found);
	assert_int_equal(used_of(store, &budget), 0);
	budget.must_be_begun = true;
	assert_int_equal(used_of(store, &budget), -1);
	limits_redis.close(store);
	private_redis_stop(&own);
}

/* An answer that never came: what was taken is found, and given back. */
static void gives_back_what_was_in_doubt(void **state)
{
	struct limit limits[] = { limit_bench_concurrent("doubt/calls", 1),
		limit_bench_rate("doubt/rate", 5), money("doubt", 9, 7) };
	struct private_redis own;
	struct limit_outcome out;
	struct error err = ERROR_INIT;
	int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
	void *store;

	(void)state;
	private_redis_start(&own, NULL);
	store = open_at(&own, PREFIX, 300);
	/* So that Redis has the script. */
	reserve(store, S("first"), &limits[0]);
	assert_true(settle(store, S("first"), -1));
	freeze(own.pid);
	assert_false(limits_redis.reserve(store, S("doubt\0x"), limits, 3,
		S(""), clock_unix_ms(), &out, &err));
	assert_int_equal(err.kind, ERR_LIMITS_UNKNOWN);
	kill(own.pid, SIGCONT);
	await_store(store, deadline_ms);
	/* It is made after all. */
	while (used_of(store, &limits[2]) != 7)
		assert_true(clock_monotonic_ms() < deadline_ms);
	limit_bench_check(
		limits_redis.beat(store, clock_unix_ms(), &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		assert_int_equal(used_of(store, &limits[i]), 0);
	/* What is certain stays. */
	reserve(store, S("certain"), &limits[0]);
	limit_bench_check(
		limits_redis.beat(store, clock_unix_ms(), &err), &err);
	assert_int_equal(used_of(store, &limits[0]), 1);
	limits_redis.close(store);
	private_redis_stop(&own);
}

/* The rights that the manual tells to give suffice. */
static void works_with_few_rights(void **state)
{
	struct limit limits[] = { limit_bench_concurrent("few/calls", 1),
		limit_bench_rate("few/rate", 5), money("few", 9, 7) };
	struct limit_outcome out;
	struct settings settings;
	struct error err = ERROR_INIT;
	struct limit_bench bench = { .body = &limits_redis,
		.now_ms = clock_unix_ms() };
	int64_t since_ms;

	(void)state;
	tell(&server,
		(const struct str[]){ S("ACL"), S("SETUSER"), S("gateway"),
			S("on"), S(">secret"), S("~few:*"), S("+@all"),
			S("-@admin") },
		8);
	private_redis_settings(&server, &settings);
	settings.redis_user = S("gateway");
	settings.redis_prefix = S("few:");
	setenv("LLM_GATEWAY_REDIS_PASSWORD", "secret", 1);
	limit_bench_check(
		limits_redis.open(&settings, NULL, &bench.store, &err), &err);
	unsetenv("LLM_GATEWAY_REDIS_PASSWORD");
	limit_bench_check(
		limits_redis.beat(bench.store, bench.now_ms, &err), &err);
	limit_bench_check(
		limits_redis.since(bench.store, &since_ms, &err), &err);
	limit_bench_begin(&bench, &limits[2], 1);
	assert_int_equal(limit_bench_grant(&bench, &limits[2], 1), 2);
	limit_bench_reserve(&bench, S("few"), limits, 3, &out);
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	limit_bench_check(
		limits_redis.let_go(bench.store, S("few"), &err), &err);
	limit_bench_settle(&bench, S("few"), -1, 3);
	assert_int_equal(limit_bench_used(&bench, &limits[2]), 4);
	limit_bench_check(
		limits_redis.forget(bench.store, S("few"), &err), &err);
	find_orphans(bench.store, bench.now_ms, NULL, NULL, 0);
	limits_redis.close(bench.store);
}

/* All that the cases before left behind has an end. */
static void leaves_nothing_for_ever(void **state)
{
	static const char script[] =
		"local cursor, all, lasting = '0', 0, ''\n"
		"repeat\n"
		"  local step = redis.call('SCAN', cursor, 'COUNT', 1000)\n"
		"  cursor = step[1]\n"
		"  for _, name in ipairs(step[2]) do\n"
		"    all = all + 1\n"
		"    if redis.call('PTTL', name) < 0 then\n"
		"      lasting = lasting .. name .. ' '\n"
		"    end\n"
		"  end\n"
		"until cursor == '0'\n"
		"return { all, lasting }\n";
	struct settings settings;
	struct redis_answer answer;
	struct error err = ERROR_INIT;
	struct redis *redis;

	(void)state;
	private_redis_settings(&server, &settings);
	limit_bench_check(redis_open(&settings, &redis, &err), &err);
	limit_bench_check(
		redis_eval(redis, script, NULL, 0, &answer, &err), &err);
	assert_true(redis_answer_int(&answer, 0) > 50);
	if (redis_answer_text(&answer, 1).n > 0)
		fail_msg("%.*s", STR_ARG(redis_answer_text(&answer, 1)));
	redis_answer_release(&answer);
	redis_close(redis);
}

/* Of a processor, that Redis has had. */
static int64_t redis_worked_ns(void)
{
	char path[64], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)server.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	return strtoll(line, NULL, 10);
}

/* For the eye: microseconds of one reservation and its settlement. */
static void tells_what_it_costs(void **state)
{
	static const size_t counts[] = { 1, 6, 16 };
	void *store = open_store("cost:");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct limit limits[16];
		char names[16][24];
		const int rounds = 300;
		int64_t from_ns, worked_ns;

		for (size_t j = 0; j < counts[i]; j++) {
			snprintf(names[j], sizeof(names[j]), "cost/%zu", j);
			limits[j] = j % 3 == 0 ? limit_bench_rate(names[j], -1)
				    : j % 3 == 1 ? limit_bench_concurrent(
							   names[j], -1)
						 : money(names[j], -1, 1);
		}
		worked_ns = redis_worked_ns();
		from_ns = clock_monotonic_ns();
		for (int j = 0; j < rounds; j++) {
			struct limit_outcome out;
			struct error err = ERROR_INIT;
			char id[32];

			snprintf(id, sizeof(id), "cost-%zu-%d", i, j);
			limit_bench_check(
				limits_redis.reserve(store, str_of(id), limits,
					counts[i], S("note"), clock_unix_ms(),
					&out, &err),
				&err);
			assert_int_equal(out.verdict, LIMIT_TAKEN);
			assert_true(settle(store, str_of(id), 0));
		}
		print_message("reserve and settle %zu limits: %" PRId64
			      " us, of which Redis works %" PRId64 " us\n",
			counts[i],
			(clock_monotonic_ns() - from_ns) / rounds / 1000,
			(redis_worked_ns() - worked_ns) / rounds / 1000);
	}
	limits_redis.close(store);
}

static int prepare(void **state)
{
	(void)state;
	memset(shared, 0, sizeof(*shared));
	return 0;
}

int main(void)
{
	struct CMUnitTest cases[] = { LIMIT_CASES };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			finds_orphans, open_bench, close_bench),
		cmocka_unit_test(prefixes_are_hosts_apart),
		cmocka_unit_test_setup(rate_holds_across_processes, prepare),
		cmocka_unit_test_setup(
			concurrency_holds_across_processes, prepare),
		cmocka_unit_test_setup(amounts_hold_across_processes, prepare),
		cmocka_unit_test_setup(settles_what_the_killed_left, prepare),
		cmocka_unit_test(begins_anew_with_redis),
		cmocka_unit_test(begins_anew_when_flushed),
		cmocka_unit_test(gives_back_what_was_in_doubt),
		cmocka_unit_test(works_with_few_rights),
		cmocka_unit_test(leaves_nothing_for_ever),
		cmocka_unit_test(tells_what_it_costs),
	};
	int failed;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cases[i].setup_func = open_bench;
		cases[i].teardown_func = close_bench;
	}
	failed = cmocka_run_group_tests_name(
		"hot/limit_redis: cases", cases, start_server, stop_server);
	return failed + cmocka_run_group_tests_name("hot/limit_redis", tests,
				start_server, stop_server);
}
