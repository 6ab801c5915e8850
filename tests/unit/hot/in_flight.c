/* Tests of the calls under way, also with eight processes. */
#include "hot/in_flight.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PROCESSES 8
#define ROUNDS 2000
#define NOW_MS INT64_C(1795392000000)

static char folder[] = "/dev/shm/in-flight-XXXXXX";
static char path[sizeof(folder) + 16];
static struct settings settings;

static struct in_flight_table *open_table(void)
{
	struct in_flight_table *table = NULL;
	struct error err = ERROR_INIT;

	if (!in_flight_open(&settings, &table, &err))
		fail_msg("%s", error_detail(&err));
	return table;
}

static int64_t at(void *state, uint64_t place, int64_t now_ms)
{
	return in_flight_count(state, place, now_ms);
}

static void counts_by_place(void **state)
{
	struct in_flight one = { 7, 0 }, other = { 8, 0 };

	assert_int_equal(at(*state, 7, NOW_MS), 0);
	in_flight_begin(*state, &one, NOW_MS);
	in_flight_begin(*state, &one, NOW_MS);
	in_flight_begin(*state, &other, NOW_MS);
	assert_int_equal(at(*state, 7, NOW_MS), 2);
	assert_int_equal(at(*state, 8, NOW_MS), 1);
	assert_int_equal(at(*state, 9, NOW_MS), 0);
	in_flight_end(*state, &one);
	assert_int_equal(at(*state, 7, NOW_MS), 1);
	in_flight_end(*state, &one);
	in_flight_end(*state, &other);
	/* One end too many: the file was made anew meanwhile. */
	in_flight_end(*state, &other);
	assert_int_equal(at(*state, 7, NOW_MS), 0);
	assert_int_equal(at(*state, 8, NOW_MS), 0);
}

static void what_never_ends_is_forgotten(void **state)
{
	struct in_flight lost = { 17, 0 }, later = { 17, 0 };

	in_flight_begin(*state, &lost, NOW_MS);
	in_flight_begin(*state, &later, NOW_MS + 60000);
	assert_int_equal(at(*state, 17, NOW_MS + 60000), 2);
	assert_int_equal(at(*state, 17, NOW_MS + 119999), 2);
	assert_int_equal(at(*state, 17, NOW_MS + 120000), 1);
	in_flight_end(*state, &later);
	assert_int_equal(at(*state, 17, NOW_MS + 120000), 0);
	/* Its period's counter begins anew; its end takes nobody else's. */
	in_flight_begin(*state, &later, NOW_MS + 120000);
	assert_int_equal(at(*state, 17, NOW_MS + 120000), 1);
	in_flight_end(*state, &lost);
	assert_int_equal(at(*state, 17, NOW_MS + 120000), 1);
	in_flight_end(*state, &later);
	assert_int_equal(at(*state, 17, NOW_MS + 900000), 0);
}

static void periods_do_not_mix(void **state)
{
	struct in_flight calls[10];

	/* One every 20 seconds, each ended after 50. */
	for (int64_t i = 0; i < 10; i++) {
		calls[i] = (struct in_flight){ 27, 0 };
		in_flight_begin(*state, &calls[i], NOW_MS + i * 20000);
		if (i >= 3)
			in_flight_end(*state, &calls[i - 3]);
		assert_int_equal(
			at(*state, 27, NOW_MS + i * 20000), i < 3 ? i + 1 : 3);
	}
}

static void a_clock_that_is_set_back_begins_anew(void **state)
{
	struct in_flight it = { 37, 0 };

	in_flight_begin(*state, &it, NOW_MS);
	assert_int_equal(at(*state, 37, NOW_MS - 400000), 0);
	in_flight_begin(*state, &it, NOW_MS - 480000);
	assert_int_equal(at(*state, 37, NOW_MS - 480000), 1);
	/* And this was in place of that. */
	assert_int_equal(at(*state, 37, NOW_MS), 0);
}

static void everybody_sees_one_table_also_later(void **state)
{
	struct in_flight it = { 47, 0 };
	struct in_flight_table *other = open_table();

	in_flight_begin(*state, &it, NOW_MS);
	assert_int_equal(at(other, 47, NOW_MS), 1);
	in_flight_close(other);
	other = open_table();
	assert_int_equal(at(other, 47, NOW_MS), 1);
	in_flight_close(other);
	in_flight_end(*state, &it);
}

static void it_belongs_to_user_and_group(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct settings elsewhere = settings;
	struct in_flight_table *table = NULL;
	struct error err = ERROR_INIT;

	(void)state;
	elsewhere.hot_dir = S("/dev/shm/there-is-no-such-folder");
	assert_false(in_flight_open(&elsewhere, &table, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(error_detail(&err), "no-such-folder"));
	assert_null(table);
	in_flight_close(NULL);
}

static void work(int number)
{
	struct in_flight_table *table = open_table();

	for (int i = 0; i < ROUNDS; i++) {
		struct in_flight it = { (uint64_t)(57 + i % 3), 0 };

		in_flight_begin(table, &it, NOW_MS);
		if (i % 10 != number)
			in_flight_end(table, &it);
	}
	in_flight_close(table);
}

static void processes_count_together(void **state)
{
	int64_t sum = 0;

	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			work(i);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (uint64_t i = 0; i < 3; i++)
		sum += at(*state, 57 + i, NOW_MS);
	assert_int_equal(sum, PROCESSES * ROUNDS / 10);
}

static void *work_in_thread(void *table)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct in_flight it = { (uint64_t)(67 + i % 3), 0 };

		in_flight_begin(table, &it, NOW_MS + i % 2 * 30000);
		if (i % 10 != 0)
			in_flight_end(table, &it);
	}
	return NULL;
}

static void threads_count_together(void **state)
{
	pthread_t threads[4];
	int64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
					 work_in_thread, *state),
			0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	for (uint64_t i = 0; i < 3; i++)
		sum += at(*state, 67 + i, NOW_MS + 30000);
	assert_int_equal(sum, ARRAY_LEN(threads) * ROUNDS / 10);
}

static int begin(void **state)
{
	settings_init(&settings);
	if (!mkdtemp(folder))
		return -1;
	settings.hot_dir = str_of(folder);
	snprintf(path, sizeof(path), "%s/in_flight", folder);
	*state = open_table();
	return 0;
}

static int end(void **state)
{
	in_flight_close(*state);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_place),
		cmocka_unit_test(what_never_ends_is_forgotten),
		cmocka_unit_test(periods_do_not_mix),
		cmocka_unit_test(a_clock_that_is_set_back_begins_anew),
		cmocka_unit_test(everybody_sees_one_table_also_later),
		cmocka_unit_test(it_belongs_to_user_and_group),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
		cmocka_unit_test(processes_count_together),
		cmocka_unit_test(threads_count_together),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
