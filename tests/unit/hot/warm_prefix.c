/* Tests of what is learnt of prompts in caches. */
#include "hot/warm_prefix.h"

#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

#define KEEP_MS 300000

static char folder[] = "/dev/shm/warm-prefix-XXXXXX";
static struct settings settings;

static const struct warm_place here = { 1, 10, 77 };
static const struct warm_place there = { 1, 11, 77 };

static void use_at(struct hot *hot, uint64_t prefix, struct warm_place place,
	int64_t now_ms, bool was_read, bool was_written)
{
	struct warm_use use = { place, now_ms, KEEP_MS, was_read, was_written };

	warm_prefix_note(hot, prefix, &use);
}

static size_t find(struct hot *hot, uint64_t prefix, int64_t now_ms,
	struct warm_place out[WARM_PLACES])
{
	return warm_prefix_find(hot, prefix, now_ms, out);
}

static size_t count(struct hot *hot, uint64_t prefix, int64_t now_ms)
{
	struct warm_place out[WARM_PLACES];

	return find(hot, prefix, now_ms, out);
}

static void a_read_or_a_write_makes_it_warm(void **state)
{
	struct warm_place out[WARM_PLACES];

	use_at(*state, 1, here, 1000, false, false);
	assert_int_equal(count(*state, 1, 1001), 0);
	use_at(*state, 1, here, 1000, false, true);
	assert_int_equal(find(*state, 1, 1001, out), 1);
	assert_memory_equal(&out[0], &here, sizeof(here));
	use_at(*state, 1, there, 1000, true, false);
	assert_int_equal(count(*state, 1, 1001), 2);
	/* Another prefix of the same bucket is another matter. */
	assert_int_equal(count(*state, 1 + WARM_BUCKETS, 1001), 0);
}

static void it_is_warm_as_long_as_the_provider_keeps_it(void **state)
{
	use_at(*state, 2, here, 1000, true, false);
	assert_int_equal(count(*state, 2, 1000 + KEEP_MS - 1), 1);
	assert_int_equal(count(*state, 2, 1000 + KEEP_MS), 0);
	/* Each use that reads it begins that time anew. */
	use_at(*state, 2, here, 1000 + KEEP_MS / 2, true, false);
	assert_int_equal(count(*state, 2, 1000 + KEEP_MS), 1);
	assert_int_equal(count(*state, 2, 1000 + KEEP_MS / 2 + KEEP_MS), 0);
	/* So does one that follows soon, if not to the millisecond. */
	use_at(*state, 2, here, 1000 + KEEP_MS / 2 + 10, true, false);
	assert_int_equal(count(*state, 2, KEEP_MS + KEEP_MS / 2), 1);
	/* A clock that was set back makes nothing warm for days. */
	assert_int_equal(count(*state, 2, -INT64_C(90000000)), 0);
}

static void two_uses_in_a_row_that_read_nothing_unlearn_it(void **state)
{
	use_at(*state, 3, here, 1000, true, false);
	use_at(*state, 3, here, 1100, false, false);
	assert_int_equal(count(*state, 3, 1101), 1);
	use_at(*state, 3, here, 1200, true, false);
	use_at(*state, 3, here, 1300, false, false);
	assert_int_equal(count(*state, 3, 1301), 1);
	use_at(*state, 3, here, 1400, false, true);
	assert_int_equal(count(*state, 3, 1401), 0);
	/* Being written again and again is no use; being read is. */
	use_at(*state, 3, here, 1500, false, true);
	assert_int_equal(count(*state, 3, 1501), 0);
	use_at(*state, 3, here, 1600, true, false);
	assert_int_equal(count(*state, 3, 1601), 1);
}

static void what_is_unlearnt_may_be_learnt_when_its_time_is_over(void **state)
{
	use_at(*state, 4, here, 1000, false, true);
	use_at(*state, 4, here, 1100, false, false);
	use_at(*state, 4, here, 1200, false, false);
	assert_int_equal(count(*state, 4, 1201), 0);
	use_at(*state, 4, here, 1200 + KEEP_MS, false, true);
	assert_int_equal(count(*state, 4, 1201 + KEEP_MS), 1);
}

static void a_full_bucket_loses_what_would_be_cold_first(void **state)
{
	struct warm_place out[WARM_PLACES];
	size_t found;

	for (int64_t i = 0; i < WARM_PLACES + 1; i++)
		use_at(*state, 5, (struct warm_place){ 1, 100 + i, 77 },
			1000 + (i * 7) % (WARM_PLACES + 1), true, false);
	found = find(*state, 5, 2000, out);
	assert_int_equal(found, WARM_PLACES);
	/* The first of them had the least left. */
	for (size_t i = 0; i < found; i++)
		assert_int_not_equal(out[i].key_id, 100);
	/* What is cold goes before what is not. */
	use_at(*state, 5, here, 1000 + KEEP_MS + 5, true, false);
	assert_int_equal(count(*state, 5, 1000 + KEEP_MS + 5),
		(size_t)WARM_PLACES - 5 + 1);
}

static void what_is_no_record_of_ours_is_none(void **state)
{
	struct error err = ERROR_INIT;
	int64_t value;

	assert_true(hot_add(*state, S("warm_prefix/6"), 5, &value, &err));
	assert_int_equal(count(*state, 6, 1000), 0);
	use_at(*state, 6, here, 1000, true, false);
	assert_int_equal(count(*state, 6, 1001), 1);
}

static int begin(void **state)
{
	struct error err = ERROR_INIT;
	struct hot *hot;

	settings_init(&settings);
	assert_non_null(mkdtemp(folder));
	settings.hot_dir = str_of(folder);
	if (!hot_open(&settings, true, &hot, &err))
		fail_msg("%s", error_detail(&err));
	*state = hot;
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	char path[sizeof(folder) + 16];

	hot_close(*state);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_or_a_write_makes_it_warm),
		cmocka_unit_test(it_is_warm_as_long_as_the_provider_keeps_it),
		cmocka_unit_test(
			two_uses_in_a_row_that_read_nothing_unlearn_it),
		cmocka_unit_test(
			what_is_unlearnt_may_be_learnt_when_its_time_is_over),
		cmocka_unit_test(a_full_bucket_loses_what_would_be_cold_first),
		cmocka_unit_test(what_is_no_record_of_ours_is_none),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
