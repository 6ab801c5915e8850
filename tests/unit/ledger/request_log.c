/* request_log.c - looking for what is rare: nothing is lost, nothing comes
 * twice, and a look says how far it went. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/report.h"
#include "ledger/request_log.h"

#define CALLS 4000
#define PAGE 50
#define SMALL 50

/* Two calls a millisecond; every 200th is the user "needle", and every 400th
 * is by key 7, and failed. */
#define FILL                                                                \
	"INSERT INTO requests (started_ms, request_id, organisation_id,"    \
	" project_id, key_id, user, model_asked, status, complete, error)"  \
	" SELECT 1795219200000 + seq DIV 2,"                                \
	" CONCAT('req_', LPAD(seq, 26, '0')), 1, 2 + seq % 2,"              \
	" IF(seq % 400 = 0, 7, 8), IF(seq % 200 = 0, 'needle', 'hay'),"     \
	" IF(seq % 500 = 0, 'Rare', 'model'), IF(seq % 400 = 0, 503, 200)," \
	" seq % 400 <> 0, IF(seq % 400 = 0, 'upstream_status', '')"         \
	" FROM seq_1_to_4000"

static struct request_filter all(void)
{
	return (struct request_filter){ .organisation_id = 1,
		.to_ms = INT64_MAX };
}

static void fill(struct database *database)
{
	database_run(database, FILL);
	database_run(database,
		"INSERT INTO requests (started_ms, request_id,"
		" organisation_id, user, status) SELECT 1795219200000 + seq,"
		" CONCAT('foreign_', seq), 9, 'needle', 503 FROM seq_1_to_99");
}

/* From one end to the other, page by page; how many calls there were. */
static size_t walk(struct database *database,
	const struct request_filter *filter, bool is_newer)
{
	struct db *db = database_take(database);
	struct request_cursor at = { .is_newer = is_newer };
	struct error err = ERROR_INIT;
	int64_t before = is_newer ? 0 : INT64_MAX;
	size_t found = 0;

	for (;;) {
		struct request_reach reach;
		struct request_row *rows;
		size_t count;

		if (!request_log_list(db, filter, &at, PAGE, &database->arena,
			    &rows, &count, &reach, &err))
			fail_msg("%s", error_detail(&err));
		for (size_t i = 0; i < count; i++) {
			size_t next = is_newer ? count - 1 - i : i;
			struct str id = rows[next].record.request_id;
			int64_t number;

			assert_true(str_to_int64(str_from(id, 4), &number));
			assert_true(
				is_newer ? number > before : number < before);
			before = number;
		}
		found += count;
		if (count == PAGE) {
			size_t last = is_newer ? 0 : count - 1;

			at.started_ms = rows[last].record.started_unix_ms;
			at.id = rows[last].record.request_id;
		} else if (reach.is_whole) {
			break;
		} else {
			at = reach.at;
		}
	}
	db_give(database->pool, db);
	return found;
}

static void assert_found(struct database *database,
	const struct request_filter *filter, size_t count)
{
	assert_int_equal(walk(database, filter, false), count);
	assert_int_equal(walk(database, filter, true), count);
}

static void every_filter_finds_all_that_it_means(void **state)
{
	struct database *database = *state;
	struct request_filter filter;

	fill(database);
	filter = all();
	assert_found(database, &filter, CALLS);
	filter.project_id = 3;
	assert_found(database, &filter, CALLS / 2);
	filter = all();
	filter.user = S("needle");
	assert_found(database, &filter, 20);
	filter.outcome = REQUEST_FAILED;
	assert_found(database, &filter, 10);
	filter = all();
	filter.outcome = REQUEST_FAILED;
	assert_found(database, &filter, 10);
	filter.outcome = REQUEST_CUT;
	assert_found(database, &filter, 10);
	filter.outcome = REQUEST_OK;
	assert_found(database, &filter, CALLS - 10);
	filter = all();
	filter.error = S("upstream_status");
	assert_found(database, &filter, 10);
	filter = all();
	filter.status = 503;
	assert_found(database, &filter, 10);
	filter = all();
	filter.key_id = 7;
	assert_found(database, &filter, 10);
	filter = all();
	filter.model = S("Rare");
	assert_found(database, &filter, 8);
	filter.project_id = 3;
	assert_found(database, &filter, 0);
}

static void words_are_found_wherever_they_are(void **state)
{
	struct database *database = *state;
	struct request_filter filter = all();

	fill(database);
	filter.text = S("EEDL");
	assert_found(database, &filter, 20);
	filter.text = S("rar");
	assert_found(database, &filter, 8);
	filter.text = S("_pstream");
	assert_found(database, &filter, 0);
	filter.text = S("upstream_st");
	assert_found(database, &filter, 10);
	filter.text = S("%");
	assert_found(database, &filter, 0);
	filter.text = S("0000123");
	assert_found(database, &filter, 11);
}

/* That takes no looking through others. */
static void an_id_is_found_by_its_beginning(void **state)
{
	struct database *database = *state;
	struct request_filter filter = all();

	fill(database);
	filter.text = S("req_00000000000000000000001234");
	assert_found(database, &filter, 1);
	filter.text = S("req_00000000000000000000000123");
	assert_true(request_filter_is_id(&filter));
	assert_found(database, &filter, 1);
	filter.text = S("req_0000000000000000000000012");
	assert_found(database, &filter, 10);
	filter.text = S("req_0000");
	assert_false(request_filter_is_id(&filter));
	assert_found(database, &filter, CALLS);
}

/* Each ends before its calls are many, and begins where the other ended. */
static void windows_join_without_a_seam(void **state)
{
	struct database *database = *state;
	struct request_filter filters[5];
	struct error err = ERROR_INIT;
	struct db *db;

	fill(database);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		filters[i] = all();
	filters[1].project_id = 3;
	filters[2].user = S("hay");
	filters[3].key_id = 8;
	filters[4].organisation_id = 0;
	db = database_take(database);
	for (size_t i = 0; i < 2 * ARRAY_LEN(filters); i++) {
		struct request_cursor at = { .is_newer = i % 2 };
		struct request_window window;
		size_t windows = 0;

		do {
			assert_true(request_window_find(db, &filters[i / 2],
				&at, SMALL, &database->arena, &window, &err));
			if (!window.is_last && windows > 0)
				assert_true(
					at.is_newer == (window.end.started_ms >
							       at.started_ms));
			at = window.end;
			windows++;
		} while (!window.is_last);
		assert_true(windows >= CALLS / 2 / SMALL);
		assert_true(windows <= (CALLS + 99) / SMALL + 1);
	}
	db_give(database->pool, db);
}

/* A file says all of it, also where windows of the log have none. */
static void files_have_what_is_rare(void **state)
{
	struct database *database = *state;
	struct request_filter filter = all();
	struct buf text = BUF_INIT(REPORT_PAGE_MAX_BYTES);
	struct error err = ERROR_INIT;
	struct report *report;
	struct db *db;
	bool more = true;
	size_t lines = 0;

	fill(database);
	filter.model = S("Rare");
	report = report_new(&filter, REPORT_CSV);
	db = database_take(database);
	while (more)
		assert_true(report_next(report, db, &text, &more, &err));
	db_give(database->pool, db);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	assert_int_equal(lines, 1 + 8);
	report_free(report);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_filter_finds_all_that_it_means, database_clear,
			database_done),
		cmocka_unit_test_setup_teardown(
			words_are_found_wherever_they_are, database_clear,
			database_done),
		cmocka_unit_test_setup_teardown(an_id_is_found_by_its_beginning,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(windows_join_without_a_seam,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(
			files_have_what_is_rare, database_clear, database_done),
	};

	return cmocka_run_group_tests_name(
		"ledger/request_log", tests, database_start, database_stop);
}
