/*
 * snapshot.c - an announced change is seen by whoever asks next, for one look
 * at the database however many ask; a database that is gone or hangs leaves
 * the known snapshot in service.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/snapshot.h"

#include <pthread.h>

#include "accounts/project.h"
#include "db/migrate.h"

#include "../frozen.h"
#include "../private_mariadb.h"

#define CALLS 16

static struct private_mariadb server;
static struct settings settings;
static struct db_pool *pool;
static struct project project;
static char hot_dir[64];
static struct hot *hot;
static struct snapshots *snapshots;

static struct db *take(void)
{
	struct error err = ERROR_INIT;
	struct db *db;

	if (!db_take(pool, &db, &err))
		fail_msg("%s", error_detail(&err));
	return db;
}

static void announce(void)
{
	struct error err = ERROR_INIT;
	int64_t changes;

	if (!hot_add(hot, HOT_SNAPSHOT_CHANGES, 1, &changes, &err))
		fail_msg("%s", error_detail(&err));
}

static int64_t create_key(char text[GATEWAY_KEY_TEXT_BYTES])
{
	struct gateway_key key = { .name = S("test"),
		.project_id = project.id,
		.organisation_id = project.organisation_id };
	struct error err = ERROR_INIT;
	struct db *db = take();
	int64_t id;

	gateway_key_make(GATEWAY_KEY_SECRET, text);
	if (!gateway_key_create(db, &key, str_of(text), &id, &err))
		fail_msg("%s", error_detail(&err));
	db_give(pool, db);
	return id;
}

static void revoke_key(int64_t id)
{
	struct error err = ERROR_INIT;
	struct db *db = take();

	if (!gateway_key_revoke(db, id, &err))
		fail_msg("%s", error_detail(&err));
	db_give(pool, db);
}

enum known { UNKNOWN, VALID, REVOKED };

/* What a call that begins now knows of the key. */
static enum known know(const char *text)
{
	struct snapshot *snapshot = snapshot_pin(snapshots);
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	const struct gateway_key *key;
	enum known known;

	gateway_key_hash(str_of(text), hash);
	key = key_set_find(snapshot->keys, hash);
	known = !key ? UNKNOWN : key->revoked_ms ? REVOKED : VALID;
	snapshot_unpin(snapshots, snapshot);
	return known;
}

/* How many statements the server has executed. */
static int64_t executed(void)
{
	struct error err = ERROR_INIT;
	struct db *db = take();
	struct stmt *stmt;
	bool found;
	int64_t count = 0;

	if (!stmt_prepare(db, &stmt,
		    "SELECT CAST(variable_value AS SIGNED) "
		    "FROM information_schema.global_status "
		    "WHERE variable_name = 'COM_STMT_EXECUTE'",
		    &err) ||
		!stmt_run(stmt, &err) || !stmt_fetch(stmt, &found, &err))
		fail_msg("%s", error_detail(&err));
	count = stmt_int(stmt, 0);
	db_give(pool, db);
	return count;
}

static void an_announced_change_is_caught_up_with(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	int64_t id = create_key(text);

	(void)state;
	assert_false(snapshot_is_stale(snapshots));
	snapshot_catch_up(snapshots);
	assert_int_equal(know(text), UNKNOWN);
	announce();
	assert_true(snapshot_is_stale(snapshots));
	snapshot_catch_up(snapshots);
	assert_false(snapshot_is_stale(snapshots));
	assert_int_equal(know(text), VALID);
	revoke_key(id);
	announce();
	assert_true(snapshot_is_stale(snapshots));
	snapshot_catch_up(snapshots);
	assert_int_equal(know(text), REVOKED);
}

static void polling_finds_what_nobody_announced(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct error err = ERROR_INIT;

	(void)state;
	create_key(text);
	assert_false(snapshot_is_stale(snapshots));
	assert_int_equal(know(text), UNKNOWN);
	assert_true(snapshot_refresh(snapshots, clock_monotonic_ns(), &err));
	assert_int_equal(know(text), VALID);
}

static void polling_sees_announcements_too(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	announce();
	assert_true(snapshot_is_stale(snapshots));
	assert_true(snapshot_refresh(snapshots, clock_monotonic_ns(), &err));
	assert_false(snapshot_is_stale(snapshots));
}

static void *catch_up(void *barrier)
{
	if (barrier)
		pthread_barrier_wait(barrier);
	snapshot_catch_up(snapshots);
	return NULL;
}

static void calls_that_come_together_cost_one_look(void **state)
{
	pthread_t threads[CALLS];
	pthread_barrier_t barrier;
	int64_t before, one, all;

	(void)state;
	announce();
	before = executed();
	snapshot_catch_up(snapshots);
	one = executed() - before;
	assert_true(one >= 3); /* two versions, and our own question */
	pthread_barrier_init(&barrier, NULL, CALLS);
	announce();
	before = executed();
	for (size_t i = 0; i < CALLS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, catch_up, &barrier),
			0);
	for (size_t i = 0; i < CALLS; i++)
		pthread_join(threads[i], NULL);
	all = executed() - before;
	assert_int_equal(all, one);
	assert_false(snapshot_is_stale(snapshots));
	pthread_barrier_destroy(&barrier);
}

/* One call tries, the others do not even wait. */
static void without_the_database_the_known_one_serves(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct error err = ERROR_INIT;
	int64_t id = create_key(text);

	(void)state;
	announce();
	snapshot_catch_up(snapshots);
	revoke_key(id);
	announce();
	private_mariadb_end(&server, SIGKILL);
	assert_true(snapshot_is_stale(snapshots));
	snapshot_catch_up(snapshots);
	/* It was tried; now it is the polling's turn. */
	assert_false(snapshot_is_stale(snapshots));
	assert_int_equal(know(text), VALID);
	assert_false(snapshot_refresh(snapshots, clock_monotonic_ns(), &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_int_equal(know(text), VALID);
	private_mariadb_launch(&server);
	assert_true(snapshot_refresh(snapshots, clock_monotonic_ns(), &err));
	assert_int_equal(know(text), REVOKED);
}

static void a_hanging_database_delays_only_who_looks(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	int64_t id = create_key(text), began_ms;
	pthread_t looking;

	(void)state;
	announce();
	snapshot_catch_up(snapshots);
	revoke_key(id);
	announce();
	freeze(server.pid);
	assert_int_equal(pthread_create(&looking, NULL, catch_up, NULL), 0);
	usleep(300000);
	/* Who comes meanwhile waits a while, in the hope that it works... */
	began_ms = clock_monotonic_ms();
	assert_true(snapshot_is_stale(snapshots));
	snapshot_catch_up(snapshots);
	assert_in_range(clock_monotonic_ms() - began_ms, 900, 2500);
	/* ...and from then on nobody does. */
	assert_false(snapshot_is_stale(snapshots));
	began_ms = clock_monotonic_ms();
	snapshot_catch_up(snapshots);
	assert_in_range(clock_monotonic_ms() - began_ms, 0, 500);
	assert_int_equal(know(text), VALID);
	kill(server.pid, SIGCONT);
	pthread_join(looking, NULL);
	assert_false(snapshot_is_stale(snapshots));
	assert_int_equal(know(text), REVOKED);
}

static int set_up(void **state)
{
	struct error err = ERROR_INIT;
	unsigned applied;
	struct db *db = NULL;

	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	snprintf(hot_dir, sizeof(hot_dir), "/dev/shm/gateway-hot-XXXXXX");
	assert_non_null(mkdtemp(hot_dir));
	settings.hot_dir = str_of(hot_dir);
	if (!db_pool_new(&settings, &pool, &err) || !db_take(pool, &db, &err) ||
		!migrate_run(db, "sql", &applied, &err) ||
		!project_default(db, &project, &err) ||
		!hot_open(&settings, true, &hot, &err))
		fail_msg("%s", error_detail(&err));
	db_give(pool, db);
	snapshots = snapshots_new(pool, hot);
	assert_null(snapshot_pin(snapshots));
	if (!snapshot_refresh(snapshots, clock_monotonic_ns(), &err))
		fail_msg("%s", error_detail(&err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshots_free(snapshots);
	hot_close(hot);
	nftw(hot_dir, private_mariadb_unlink, 4, FTW_DEPTH | FTW_PHYS);
	db_pool_free(pool);
	private_mariadb_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announced_change_is_caught_up_with),
		cmocka_unit_test(polling_finds_what_nobody_announced),
		cmocka_unit_test(polling_sees_announcements_too),
		cmocka_unit_test(calls_that_come_together_cost_one_look),
		cmocka_unit_test(without_the_database_the_known_one_serves),
		cmocka_unit_test(a_hanging_database_delays_only_who_looks),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
