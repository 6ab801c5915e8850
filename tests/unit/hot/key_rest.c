/* Tests of provider keys that are left alone. */
#include "hot/key_rest.h"

#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static char folder[] = "/dev/shm/key-rest-XXXXXX";
static struct settings settings;

static int open_store(void **state)
{
	struct hot *hot = NULL;
	struct error err = ERROR_INIT;

	settings_init(&settings);
	if (!mkdtemp(folder))
		return -1;
	settings.hot_dir = str_of(folder);
	if (!hot_open(&settings, true, &hot, &err))
		return -1;
	*state = hot;
	return 0;
}

static int remove_store(void **state)
{
	static const char *const names[] = { "data.mdb", "lock.mdb", "lock" };
	char path[64];

	hot_close(*state);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return 0;
}

static void rests_for_every_model_or_for_one(void **state)
{
	struct key_of_rest one = { 1, STR("sealed-1") };
	struct key_of_rest other = { 2, STR("sealed-2") };
	int64_t now_ms = clock_unix_ms();
	struct key_rest refused = { now_ms + 1000, 401 };
	struct key_rest limited = { now_ms + 2000, 429 };

	assert_int_equal(key_rest_read(*state, &one, 5, now_ms).until_ms, 0);
	key_rest_set(*state, &one, 0, &refused);
	key_rest_set(*state, &other, 5, &limited);
	assert_int_equal(key_rest_read(*state, &one, 5, now_ms).status, 401);
	assert_int_equal(key_rest_read(*state, &one, 6, now_ms).status, 401);
	assert_int_equal(key_rest_read(*state, &other, 5, now_ms).status, 429);
	assert_int_equal(key_rest_read(*state, &other, 6, now_ms).status, 0);
}

static void until_its_time_is_over(void **state)
{
	struct key_of_rest key = { 3, STR("sealed") };
	int64_t now_ms = clock_unix_ms();
	struct key_rest rest = { now_ms + 1000, 401 };

	key_rest_set(*state, &key, 0, &rest);
	assert_int_equal(
		key_rest_read(*state, &key, 5, now_ms + 999).status, 401);
	assert_int_equal(
		key_rest_read(*state, &key, 5, now_ms + 1000).status, 0);
}

static void or_its_row_is_written_anew(void **state)
{
	struct key_of_rest old = { 4, STR("sealed once") };
	struct key_of_rest now = { 4, STR("sealed twice") };
	struct key_rest rest = { clock_unix_ms() + 1000, 401 };

	key_rest_set(*state, &old, 0, &rest);
	assert_int_equal(
		key_rest_read(*state, &now, 5, clock_unix_ms()).status, 0);
}

static void never_for_longer_than_an_hour(void **state)
{
	struct key_of_rest key = { 5, STR("sealed") };
	int64_t now_ms = clock_unix_ms();
	struct key_rest rest = { now_ms + INT64_C(86400000), 429 };

	key_rest_set(*state, &key, 0, &rest);
	assert_int_equal(
		key_rest_read(*state, &key, 5, now_ms + 10).status, 429);
	assert_int_equal(
		key_rest_read(*state, &key, 5, now_ms + 3700000).status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rests_for_every_model_or_for_one),
		cmocka_unit_test(until_its_time_is_over),
		cmocka_unit_test(or_its_row_is_written_anew),
		cmocka_unit_test(never_for_longer_than_an_hour),
	};

	return cmocka_run_group_tests(tests, open_store, remove_store);
}
