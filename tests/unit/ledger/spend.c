/*
 * spend.c - what the totals say of a stretch of time is what the calls say,
 * wherever it begins.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/batch.h"
#include "ledger/spend.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
/* Four days, one call every seven minutes and a bit. */
#define CALLS 800
#define STEP_MS (INT64_C(432000) + 77)

static void store(struct database *database, const struct usage_record *records,
	size_t count, int64_t position)
{
	struct batch_entry entries[BATCH_MAX_RECORDS] = { 0 };
	struct batch batch = { .file = S("a.journal"),
		.start = position,
		.end = position + 1,
		.entries = entries,
		.count = count };
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	int64_t found;

	for (size_t i = 0; i < count; i++) {
		entries[i].record = records[i];
		batch_fit_record(&entries[i].record);
	}
	if (!batch_load_position(db, batch.file, &found, &err) ||
		!batch_store(db, &batch, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void fill(struct database *database)
{
	struct usage_record records[100];

	for (int64_t i = 0; i < CALLS; i += ARRAY_LEN(records)) {
		for (int64_t j = 0; j < (int64_t)ARRAY_LEN(records); j++) {
			records[j] = sample_record(&database->arena, i + j);
			records[j].started_unix_ms =
				SAMPLE_DAY_MS + (i + j) * STEP_MS;
		}
		store(database, records, ARRAY_LEN(records),
			i / (int64_t)ARRAY_LEN(records));
	}
}

static bool is_of(const struct usage_record *r, struct spend_of of)
{
	switch (of.scope) {
	case SPEND_ORGANISATION: return r->organisation_id == of.id;
	case SPEND_PROJECT: return r->project_id == of.id;
	case SPEND_KEY: return r->key_id == of.id;
	case SPEND_USER:
		return r->project_id == of.id && str_equal(r->user, of.user);
	}
	abort();
}

/* The same from the calls alone, as they were made. */
static struct spend expected(
	struct database *database, struct spend_of of, int64_t from_ms)
{
	struct spend sum = { 0 };
	struct arena_mark mark = arena_mark(&database->arena);

	for (int64_t i = 0; i < CALLS; i++) {
		struct usage_record r = sample_record(&database->arena, i);

		if (SAMPLE_DAY_MS + i * STEP_MS < from_ms || !is_of(&r, of))
			continue;
		sum.charged_picousd += usage_record_charged(&r);
		sum.tokens += r.tokens.prompt + r.tokens.completion;
		sum.calls += r.admitted;
	}
	arena_rewind(&database->arena, mark);
	return sum;
}

static void assert_exact(
	struct database *database, struct spend_of of, int64_t from_ms)
{
	struct spend is, should = expected(database, of, from_ms);
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!spend_since(db, of, from_ms, &is, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	assert_int_equal(is.charged_picousd, should.charged_picousd);
	assert_int_equal(is.tokens, should.tokens);
	assert_int_equal(is.calls, should.calls);
}

/* Of the calls that ended before; the last days' of them are looked at. */
static struct spend expected_before(struct database *database,
	struct spend_of of, int64_t from_ms, int64_t ended_ms)
{
	struct spend sum = expected(database, of, from_ms);
	struct arena_mark mark = arena_mark(&database->arena);

	for (int64_t i = 0; i < CALLS; i++) {
		struct usage_record r = sample_record(&database->arena, i);

		r.started_unix_ms = SAMPLE_DAY_MS + i * STEP_MS;
		if (r.started_unix_ms < from_ms || !is_of(&r, of) ||
			usage_record_ended_ms(&r) < ended_ms)
			continue;
		sum.charged_picousd -= usage_record_charged(&r);
		sum.tokens -= r.tokens.prompt + r.tokens.completion;
		sum.calls -= r.admitted;
	}
	arena_rewind(&database->arena, mark);
	return sum;
}

static void assert_exact_before(struct database *database, struct spend_of of,
	int64_t from_ms, int64_t ended_ms)
{
	struct spend is;
	struct spend should = expected_before(database, of, from_ms, ended_ms);
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!spend_between(db, of, from_ms, ended_ms, 10 * DAY_MS, &is, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	assert_int_equal(is.charged_picousd, should.charged_picousd);
	assert_int_equal(is.tokens, should.tokens);
	assert_int_equal(is.calls, should.calls);
}

static const struct spend_of scopes[] = {
	{ SPEND_ORGANISATION, 3, STR("") },
	{ SPEND_PROJECT, 11, STR("") },
	{ SPEND_KEY, 102, STR("") },
	{ SPEND_USER, 10, STR("user-3") },
	{ SPEND_USER, 11, STR("nobody") },
	{ SPEND_KEY, 999999, STR("") },
};

static void exact_wherever_it_begins(void **state)
{
	static const int64_t begins[] = { 0, -DAY_MS, 1, HOUR_MS - 1, HOUR_MS,
		DAY_MS, DAY_MS + 1, DAY_MS - 1,
		/* Midnight in Kolkata, in Kathmandu; a call's own time. */
		DAY_MS - 5 * HOUR_MS - HOUR_MS / 2,
		DAY_MS - 5 * HOUR_MS - 3 * HOUR_MS / 4, 100 * STEP_MS,
		100 * STEP_MS + 1, 2 * DAY_MS + 12345678, 3 * DAY_MS,
		10 * DAY_MS };

	fill(*state);
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		for (size_t j = 0; j < ARRAY_LEN(scopes); j++)
			assert_exact(
				*state, scopes[j], SAMPLE_DAY_MS + begins[i]);
	}
	for (size_t j = 0; j < ARRAY_LEN(scopes); j++) {
		assert_exact_before(*state, scopes[j], SAMPLE_DAY_MS,
			SAMPLE_DAY_MS + DAY_MS);
		assert_exact_before(*state, scopes[j], SAMPLE_DAY_MS + DAY_MS,
			SAMPLE_DAY_MS + 3 * DAY_MS + 1);
		assert_exact_before(*state, scopes[j], SAMPLE_DAY_MS + DAY_MS,
			SAMPLE_DAY_MS + DAY_MS - 1);
	}
}

/* More of a scope than one statement takes, of several times, twice the same.
 */
static void many_at_once_are_as_one_by_one(void **state)
{
	struct database *database = *state;
	struct spend_asked asked[3 * 50] = { 0 };
	struct error err = ERROR_INIT;
	size_t found = 0;
	struct db *db;

	fill(database);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		asked[i].of = i % 3 ? (struct spend_of){ SPEND_KEY,
			90 + (int64_t)i / 3, S("") }
				    : scopes[i / 3 % ARRAY_LEN(scopes)];
		asked[i].from_ms =
			SAMPLE_DAY_MS + (i % 2 ? DAY_MS : 5 * HOUR_MS + 61001);
	}
	db = database_take(database);
	if (!spend_since_each(db, asked, ARRAY_LEN(asked), &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct spend should =
			expected(database, asked[i].of, asked[i].from_ms);

		assert_int_equal(
			asked[i].spend.charged_picousd, should.charged_picousd);
		assert_int_equal(asked[i].spend.tokens, should.tokens);
		assert_int_equal(asked[i].spend.calls, should.calls);
		found += should.calls > 0;
	}
	assert_true(found > 40);
}

/* Only the largest totals that fit are asked: those that are not there
 * cannot have been. */
static void whole_hours_need_no_calls(void **state)
{
	struct database *database = *state;

	fill(database);
	database_run(database, "DELETE FROM requests");
	database_run(database, "DELETE FROM usage_minute");
	assert_exact(database, scopes[0], SAMPLE_DAY_MS + 7 * HOUR_MS);
	assert_exact(database, scopes[2], SAMPLE_DAY_MS + 30 * HOUR_MS);
	assert_exact(database, scopes[3], SAMPLE_DAY_MS + DAY_MS);
}

static void a_sum_that_does_not_fit_is_the_largest(void **state)
{
	struct database *database = *state;
	struct spend_of of = { SPEND_KEY, 5, S("") };
	struct usage_record records[2];
	struct error err = ERROR_INIT;
	struct spend is;
	struct db *db;

	for (int i = 0; i < 2; i++) {
		usage_record_init(&records[i]);
		records[i].request_id = i ? S("a") : S("b");
		records[i].key_id = 5;
		records[i].started_unix_ms = SAMPLE_DAY_MS + i * 2 * HOUR_MS;
		records[i].charged_picousd = INT64_MAX - 1;
		records[i].tokens.prompt = INT64_MAX;
		records[i].tokens.completion = INT64_MAX;
	}
	store(database, records, 2, 0);
	db = database_take(database);
	for (int64_t from = SAMPLE_DAY_MS - 1; from <= SAMPLE_DAY_MS; from++) {
		assert_true(spend_since(db, of, from, &is, &err));
		assert_int_equal(is.charged_picousd, INT64_MAX);
		assert_int_equal(is.tokens, INT64_MAX);
	}
	db_give(database->pool, db);
}

static void single_calls_are_found(void **state)
{
	struct database *database = *state;
	const struct str ids[] = { STR("req_000000000007"), STR("req_x"),
		STR("req_000000000008") };
	struct usage_record r;
	struct spend_call calls[3];
	struct error err = ERROR_INIT;
	struct db *db;

	fill(database);
	db = database_take(database);
	assert_true(spend_of_calls(db, ids, ARRAY_LEN(ids), calls, &err));
	db_give(database->pool, db);
	assert_true(calls[0].found && !calls[1].found && calls[2].found);
	r = sample_record(&database->arena, 8);
	assert_int_equal(calls[2].charged_picousd, usage_record_charged(&r));
	assert_int_equal(
		calls[2].tokens, r.tokens.prompt + r.tokens.completion);
	assert_int_equal(calls[1].charged_picousd, 0);
}

static void hosts_together_are_all(void **state)
{
	struct database *database = *state;
	int64_t from_ms = SAMPLE_DAY_MS + 3 * HOUR_MS + 1;
	struct error err = ERROR_INIT;
	struct spend_host *hosts;
	size_t count;
	struct db *db;

	fill(database);
	db = database_take(database);
	for (size_t j = 0; j < 4; j++) {
		assert_true(spend_by_host(db, scopes[j], from_ms,
			&database->arena, &hosts, &count, &err));
		assert_int_equal(count, 2);
		assert_true(str_equal(hosts[0].host, S("web-1")));
		assert_true(str_equal(hosts[1].host, S("web-2")));
		assert_true(hosts[0].charged_picousd > 0);
		assert_int_equal(
			hosts[0].charged_picousd + hosts[1].charged_picousd,
			expected(database, scopes[j], from_ms).charged_picousd);
	}
	db_give(database->pool, db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, database_clear, database_done)
		TEST(exact_wherever_it_begins),
		TEST(many_at_once_are_as_one_by_one),
		TEST(whole_hours_need_no_calls),
		TEST(a_sum_that_does_not_fit_is_the_largest),
		TEST(single_calls_are_found),
		TEST(hosts_together_are_all),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
