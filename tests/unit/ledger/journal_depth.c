/* journal_depth.c - what is not yet in the database, with it and without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/journal_depth.h"

#include "database.h"
#include "ledger/journal.h"

#define RECORDS 20

static struct journal *open_journal(struct database *database)
{
	struct error err = ERROR_INIT;
	struct journal *journal;

	if (!journal_open(&database->settings, &journal, &err))
		fail_msg("%s", error_detail(&err));
	return journal;
}

static void append_records(struct journal *journal, int first, int count)
{
	for (int i = first; i < first + count; i++) {
		struct error err = ERROR_INIT;
		struct usage_record record;
		char id[32];

		usage_record_init(&record);
		snprintf(id, sizeof(id), "req_%d", i);
		record.request_id = str_of(id);
		record.started_unix_ms = clock_unix_ms();
		if (!journal_append(journal, &record, &err))
			fail_msg("%s", error_detail(&err));
	}
}

static void replay(struct database *database)
{
	struct error err = ERROR_INIT;
	size_t moved;

	if (!journal_replay(
		    &database->settings, database->pool, NULL, &moved, &err))
		fail_msg("%s", error_detail(&err));
}

static int64_t measure(struct database *database, struct journal_depth *depth)
{
	struct error err = ERROR_INIT;

	if (!journal_depth_measure(
		    depth, &database->settings, database->pool, &err))
		fail_msg("%s", error_detail(&err));
	return journal_depth_bytes(depth);
}

static void what_is_replayed_counts_no_more(void **state)
{
	struct database *database = *state;
	struct journal_depth depth = { .bytes = 0 };
	struct journal *one = open_journal(database);
	struct journal *other = open_journal(database);
	int64_t bytes;

	assert_int_equal(measure(database, &depth), 0);
	append_records(one, 0, RECORDS);
	bytes = measure(database, &depth);
	assert_true(bytes > RECORDS * 20);
	append_records(other, 100, RECORDS);
	assert_true(measure(database, &depth) > bytes);
	replay(database);
	assert_int_equal(measure(database, &depth), 0);
	append_records(one, 200, 1);
	assert_in_range(measure(database, &depth), 1, bytes / RECORDS * 2);
	journal_close(one);
	journal_close(other);
	replay(database);
	assert_int_equal(measure(database, &depth), 0);
}

/* A pool that leads nowhere: as if the server were gone. */
static void without_the_database_it_grows_by_what_is_written(void **state)
{
	struct database *database = *state;
	struct settings away = database->settings;
	struct journal_depth depth = { .bytes = 0 };
	struct journal_depth fresh = { .bytes = 0 };
	struct journal *journal = open_journal(database);
	struct error err = ERROR_INIT;
	struct db_pool *pool;
	int64_t whole;

	append_records(journal, 0, RECORDS);
	whole = measure(database, &depth);
	replay(database);
	assert_int_equal(measure(database, &depth), 0);
	away.database_socket = S("/nowhere/socket");
	assert_true(db_pool_new(&away, &pool, &err));
	assert_false(
		journal_depth_measure(&depth, &database->settings, pool, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_int_equal(journal_depth_bytes(&depth), 0);
	append_records(journal, 100, RECORDS);
	assert_false(
		journal_depth_measure(&depth, &database->settings, pool, &err));
	assert_in_range(
		journal_depth_bytes(&depth), whole * 9 / 10, whole * 11 / 10);
	/* Who never could ask counts everything. */
	assert_false(
		journal_depth_measure(&fresh, &database->settings, pool, &err));
	assert_in_range(
		journal_depth_bytes(&fresh), whole * 19 / 10, whole * 21 / 10);
	db_pool_free(pool);
	journal_close(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_replayed_counts_no_more,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(
			without_the_database_it_grows_by_what_is_written,
			database_clear, database_done),
	};

	return cmocka_run_group_tests_name(
		"ledger/journal_depth", tests, database_start, database_stop);
}
