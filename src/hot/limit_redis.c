/*
 * limit_redis.c - counters in a Redis that several hosts share.
 *
 * All of one step is one script, so that it happens whole or not at all. The
 * hard part is an answer that does not come: the reservation may be there, or
 * may still be made when Redis wakes up, of a call that has gone on without
 * it. So its id is kept, and heartbeats look for it and give back what it
 * took.
 */
#include "hot/limit_redis.h"

#include <sys/random.h>

#include "base/log.h"
#include "hot/limit_doubts.h"
#include "hot/limit_redis_scripts.h"
#include "hot/redis_eval.h"

#define DAY_MS INT64_C(86400000)
/* A reservation is kept until a day after what it counts for ends, but no
 * longer than this: no call lasts so long. */
#define LONGEST_LIFE_MS (40 * DAY_MS)
/* A slot is at most this part of its window: by so much it forgets late. */
#define SLOTS_OF_WINDOW 120
#define REDIS_CLOCK (-1)
#define MAX_WORDS (100 + 10 * LIMITS_MAX)
#define NUMBER_BYTES 24
/* Before them stand the script and how many names there are. */
_Static_assert(MAX_WORDS + 8 <= REDIS_WORDS_MAX, "a script has room");

struct store {
	struct redis *redis;
	char process[17]; /* 64 random bits */
	int64_t clock_ms; /* atomic: of the callers, or REDIS_CLOCK */
	bool follows;     /* the callers' clock */
	struct doubts doubts;
};

/* The arguments of a script while they are put together. */
struct words {
	struct str list[MAX_WORDS];
	size_t count;
	char numbers[MAX_WORDS][NUMBER_BYTES];
};

static const char *const kind_names[] = { [LIMIT_RATE] = "rate",
	[LIMIT_CONCURRENT] = "concurrent",
	[LIMIT_AMOUNT] = "amount" };
static const char *const unit_names[] = { [LIMIT_CALLS] = "calls",
	[LIMIT_TOKENS] = "tokens",
	[LIMIT_PICOUSD] = "picousd" };
static const char *const verdict_names[] = { [LIMIT_TAKEN] = "taken",
	[LIMIT_FULL] = "full",
	[LIMIT_NOT_BEGUN] = "not_begun",
	[LIMIT_NOT_GRANTED] = "not_granted" };

static void words_init(
	struct words *words, struct store *store, int64_t now_ms);
static void add_text(struct words *words, struct str text);
static void add_number(struct words *words, int64_t number);
static void add_limit(struct words *words, const struct limit *limit);
static bool run(struct store *store, const char *script,
	const struct words *words, struct redis_answer *answer,
	struct error *err);
static bool run_only(struct store *store, const char *script,
	const struct words *words, struct error *err);
static int64_t most_of(
	const struct limit *wanted, size_t count, enum limit_unit unit);
static int64_t life_of(
	const struct limit *wanted, size_t count, int64_t now_ms);
static bool read_outcome(const struct redis_answer *answer, size_t count,
	struct limit_outcome *out, struct error *err);
static enum limit_verdict verdict_of(struct str name);
static void read_state(
	const struct redis_answer *answer, size_t at, struct limit_state *out);
static bool end(struct store *store, struct str id, const struct limit_use *use,
	bool only_concurrent, int64_t now_ms, bool *found, struct error *err);

void limit_redis_follow_callers(void *opened)
{
	struct store *store = opened;

	store->follows = true;
}

static bool open_store(const struct settings *settings, struct hot *hot,
	void **out, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	uint64_t number;

	(void)hot;
	if (!store)
		abort();
	if (!redis_open(settings, &store->redis, err)) {
		free(store);
		return false;
	}
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		abort();
	snprintf(store->process, sizeof(store->process), "%016" PRIx64, number);
	store->clock_ms = REDIS_CLOCK;
	doubts_init(&store->doubts);
	*out = store;
	return true;
}

/* Whatever it leaves has no owner any more, from now on. */
static void close_store(void *opened)
{
	struct store *store = opened;
	struct words words;
	struct error err;

	words_init(&words, store, REDIS_CLOCK);
	add_text(&words, str_of(store->process));
	if (!run_only(store, script_leave, &words, &err))
		log_debug("limits: the end of this process was not told: %s",
			error_detail(&err));
	redis_close(store->redis);
	doubts_release(&store->doubts);
	free(store);
}

static bool reserve(void *opened, struct str id, const struct limit *wanted,
	size_t count, struct str note, int64_t now_ms,
	struct limit_outcome *out, struct error *err)
{
	struct store *store = opened;
	struct redis_answer answer;
	struct words words;
	bool ok;

	words_init(&words, store, now_ms);
	add_text(&words, id);
	add_text(&words, str_of(store->process));
	add_number(&words, most_of(wanted, count, LIMIT_TOKENS));
	add_number(&words, most_of(wanted, count, LIMIT_PICOUSD));
	add_text(&words, note);
	add_number(&words, life_of(wanted, count, now_ms));
	for (size_t i = 0; i < count; i++)
		add_limit(&words, &wanted[i]);
	if (!run(store, script_reserve, &words, &answer, err)) {
		if (answer.may_have_run)
			doubts_add(&store->doubts, id);
		return false;
	}
	if (str_equal(redis_answer_text(&answer, 0), S("exists")))
		ok = error_set(err, ERR_INTERNAL,
			"limits: %.*s has a reservation already", STR_ARG(id));
	else
		ok = read_outcome(&answer, count, out, err);
	redis_answer_release(&answer);
	return ok;
}

static bool settle(void *opened, struct str id, const struct limit_use *use,
	int64_t now_ms, bool *found, struct error *err)
{
	return end(opened, id, use, false, now_ms, found, err);
}

static bool let_go(void *opened, struct str id, struct error *err)
{
	const struct limit_use as_reserved = { -1, -1 };
	bool found;

	return end(opened, id, &as_reserved, true, REDIS_CLOCK, &found, err);
}

static bool peek(void *opened, const struct limit *limit, int64_t now_ms,
	struct limit_state *out, struct error *err)
{
	struct redis_answer answer;
	struct words words;

	words_init(&words, opened, now_ms);
	add_limit(&words, limit);
	if (!run(opened, script_peek, &words, &answer, err))
		return false;
	read_state(&answer, 0, out);
	redis_answer_release(&answer);
	return true;
}

static bool begin_amount(void *opened, struct str name, int64_t used,
	int64_t ends_ms, struct error *err)
{
	struct words words;

	words_init(&words, opened, REDIS_CLOCK);
	add_text(&words, name);
	add_number(&words, used);
	add_number(&words, ends_ms);
	return run_only(opened, script_begin, &words, err);
}

static bool grant(void *opened, struct str name, int64_t amount,
	int64_t ends_ms, int64_t *granted, struct error *err)
{
	struct redis_answer answer;
	struct words words;

	words_init(&words, opened, REDIS_CLOCK);
	add_text(&words, name);
	add_number(&words, amount);
	add_number(&words, ends_ms);
	if (!run(opened, script_grant, &words, &answer, err))
		return false;
	*granted = redis_answer_int(&answer, 0);
	redis_answer_release(&answer);
	return true;
}

static bool forget(void *opened, struct str name, struct error *err)
{
	struct words words;

	words_init(&words, opened, REDIS_CLOCK);
	add_text(&words, name);
	return run_only(opened, script_forget, &words, err);
}

static bool since(void *opened, int64_t *unix_ms, struct error *err)
{
	struct redis_answer answer;
	struct words words;

	words_init(&words, opened, REDIS_CLOCK);
	if (!run(opened, script_since, &words, &answer, err))
		return false;
	*unix_ms = redis_answer_int(&answer, 0);
	redis_answer_release(&answer);
	return true;
}

static bool beat(void *opened, int64_t now_ms, struct error *err)
{
	struct store *store = opened;
	struct doubt doubts[DOUBTS_MAX];
	size_t count = doubts_copy(&store->doubts, doubts);
	struct redis_answer answer;
	struct words words;

	words_init(&words, store, now_ms);
	add_text(&words, str_of(store->process));
	add_number(&words, LIMITS_SILENCE_MS);
	for (size_t i = 0; i < count; i++)
		add_text(&words, (struct str){ doubts[i].bytes, doubts[i].n });
	if (!run(store, script_beat, &words, &answer, err))
		return false;
	for (size_t i = 0; i < answer.count; i++)
		doubts_remove(&store->doubts, redis_answer_text(&answer, i));
	doubts_expire(&store->doubts);
	redis_answer_release(&answer);
	return true;
}

static bool orphans(void *opened, int64_t now_ms, struct arena *arena,
	struct limit_orphan *out, size_t max, size_t *count, struct error *err)
{
	enum { ID, WHEN, TOKENS, PICOUSD, NOTE, PARTS };
	struct redis_answer answer;
	struct words words;

	words_init(&words, opened, now_ms);
	add_number(&words, (int64_t)max);
	add_number(&words, LIMITS_SILENCE_MS);
	if (!run(opened, script_orphans, &words, &answer, err))
		return false;
	*count = answer.count / PARTS;
	assert(*count <= max);
	for (size_t i = 0; i < *count; i++) {
		size_t at = i * PARTS;

		out[i] = (struct limit_orphan){
			.id = arena_copy(
				arena, redis_answer_text(&answer, at + ID)),
			.reserved_unix_ms =
				redis_answer_int(&answer, at + WHEN),
			.tokens = redis_answer_int(&answer, at + TOKENS),
			.picousd = redis_answer_int(&answer, at + PICOUSD),
			.note = arena_copy(
				arena, redis_answer_text(&answer, at + NOTE)),
		};
	}
	redis_answer_release(&answer);
	return true;
}

const struct limits_body limits_redis = {
	.may_wait = true,
	.open = open_store,
	.close = close_store,
	.reserve = reserve,
	.settle = settle,
	.let_go = let_go,
	.peek = peek,
	.begin_amount = begin_amount,
	.grant = grant,
	.forget = forget,
	.since = since,
	.beat = beat,
	.orphans = orphans,
};

/* The first argument of every script is the time. */
static void words_init(struct words *words, struct store *store, int64_t now_ms)
{
	words->count = 0;
	if (!store->follows)
		now_ms = REDIS_CLOCK;
	else if (now_ms == REDIS_CLOCK)
		now_ms = __atomic_load_n(&store->clock_ms, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&store->clock_ms, now_ms, __ATOMIC_RELAXED);
	add_number(words, now_ms);
}

static void add_text(struct words *words, struct str text)
{
	assert(words->count < MAX_WORDS);
	words->list[words->count++] = text;
}

static void add_number(struct words *words, int64_t number)
{
	char *text = words->numbers[words->count];
	int n = snprintf(text, NUMBER_BYTES, "%" PRId64, number);

	add_text(words, (struct str){ text, (size_t)n });
}

/* As read_limit() of the scripts reads it. */
static void add_limit(struct words *words, const struct limit *limit)
{
	int64_t width_ms = limit->window_ms / SLOTS_OF_WINDOW;

	add_text(words, str_of(kind_names[limit->kind]));
	add_text(words, str_of(unit_names[limit->unit]));
	add_text(words, limit->name);
	add_number(words, limit->max);
	add_number(words, limit->amount);
	add_number(words, limit->window_ms);
	add_number(words, width_ms > 0 ? width_ms : 1);
	add_number(words, limit->ends_ms);
	add_number(words, limit->must_be_begun);
	add_number(words, limit->by_grant);
}

static bool run(struct store *store, const char *script,
	const struct words *words, struct redis_answer *answer,
	struct error *err)
{
	struct error why;

	if (redis_eval_in_run(store->redis, script, words->list, words->count,
		    answer, &why))
		return true;
	return error_set(err, ERR_LIMITS_UNKNOWN, "%s", error_detail(&why));
}

static bool run_only(struct store *store, const char *script,
	const struct words *words, struct error *err)
{
	struct redis_answer answer;

	if (!run(store, script, words, &answer, err))
		return false;
	redis_answer_release(&answer);
	return true;
}

static int64_t most_of(
	const struct limit *wanted, size_t count, enum limit_unit unit)
{
	int64_t most = 0;

	for (size_t i = 0; i < count; i++) {
		if (wanted[i].unit == unit && wanted[i].amount > most)
			most = wanted[i].amount;
	}
	return most;
}

static int64_t life_of(const struct limit *wanted, size_t count, int64_t now_ms)
{
	int64_t life_ms = 0;

	for (size_t i = 0; i < count; i++) {
		if (wanted[i].kind == LIMIT_AMOUNT &&
			wanted[i].ends_ms - now_ms > life_ms)
			life_ms = wanted[i].ends_ms - now_ms;
	}
	return life_ms < LONGEST_LIFE_MS - DAY_MS ? life_ms + DAY_MS
						  : LONGEST_LIFE_MS;
}

static bool read_outcome(const struct redis_answer *answer, size_t count,
	struct limit_outcome *out, struct error *err)
{
	if (answer->count != 4 + 3 * count)
		return error_set(err, ERR_LIMITS_UNKNOWN,
			"redis: a reservation gave %zu values", answer->count);
	out->verdict = verdict_of(redis_answer_text(answer, 0));
	out->at = (size_t)redis_answer_int(answer, 1);
	out->retry_after_ms = redis_answer_int(answer, 2);
	out->since_ms = redis_answer_int(answer, 3);
	for (size_t i = 0; i < count; i++)
		read_state(answer, 4 + 3 * i, &out->states[i]);
	return true;
}

static enum limit_verdict verdict_of(struct str name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(verdict_names) &&
		!str_equal(name, str_of(verdict_names[i])))
		i++;
	assert(i < ARRAY_LEN(verdict_names));
	return (enum limit_verdict)i;
}

static void read_state(
	const struct redis_answer *answer, size_t at, struct limit_state *out)
{
	out->used = redis_answer_int(answer, at);
	out->granted = redis_answer_int(answer, at + 1);
	out->touched_ms = 0;
	out->reset_ms = redis_answer_int(answer, at + 2);
}

static bool end(struct store *store, struct str id, const struct limit_use *use,
	bool only_concurrent, int64_t now_ms, bool *found, struct error *err)
{
	struct redis_answer answer;
	struct words words;

	words_init(&words, store, now_ms);
	add_text(&words, id);
	add_number(&words, use->tokens);
	add_number(&words, use->picousd);
	add_number(&words, only_concurrent);
	if (!run(store, script_settle, &words, &answer, err))
		return false;
	*found = redis_answer_int(&answer, 0) == 1;
	redis_answer_release(&answer);
	return true;
}
