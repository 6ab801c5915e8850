/* playground_key.c - one key for the people of a project, made once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "people.h"

#include "accounts/gateway_key.h"
#include "accounts/playground_key.h"

#include <pthread.h>

static int64_t ana;
static struct project project;

static int set_up(void **state)
{
	start_people(state);
	ana = add_quick_user("ana@example.com");
	project = add_organisation("first", ana);
	return 0;
}

static void make(bool reopens, struct playground_key *key, bool *made)
{
	MUST(db_begin(db, &err));
	MUST(playground_key_make(
		db, project.id, ana, reopens, key, made, &err));
	MUST(db_commit(db, &err));
}

static void *make_beside(void *thing)
{
	struct playground_key key;
	struct error err;
	struct db *mine;
	bool made;

	if (!db_take(pool, &mine, &err))
		return thing;
	if (!db_begin(mine, &err) ||
		!playground_key_make(
			mine, project.id, ana, false, &key, &made, &err) ||
		!db_commit(mine, &err))
		thing = NULL;
	db_give(pool, mine);
	return thing;
}

static void of_many_at_once_one_makes_it(void **state)
{
	pthread_t threads[6];
	struct playground_key key;

	(void)state;
	MUST(playground_key_find(db, project.id, &key, &err));
	assert_int_equal(key.id, 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, make_beside, threads),
			0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		void *done;

		assert_int_equal(pthread_join(threads[i], &done), 0);
		assert_ptr_equal(done, threads);
	}
	assert_int_equal(ask_sql("SELECT COUNT(*) FROM gateway_keys"), 1);
	MUST(playground_key_find(db, project.id, &key, &err));
	assert_true(key.id > 0);
	assert_false(key.is_closed);
}

static void revoked_it_is_closed_until_it_is_opened(void **state)
{
	struct playground_key before, key;
	bool made;

	(void)state;
	make(false, &before, &made);
	assert_false(made);
	MUST(gateway_key_revoke(db, before.id, &err));
	make(false, &key, &made);
	assert_false(made);
	assert_true(key.is_closed);
	assert_int_equal(key.id, before.id);
	make(true, &key, &made);
	assert_true(made);
	assert_false(key.is_closed);
	assert_int_not_equal(key.id, before.id);
	assert_memory_not_equal(key.hash, before.hash, sizeof(key.hash));
	/* One that is open is not made anew. */
	before = key;
	make(true, &key, &made);
	assert_false(made);
	assert_int_equal(key.id, before.id);
}

static void a_project_that_is_not_there_has_none(void **state)
{
	struct playground_key key;
	bool made;

	(void)state;
	MUST(db_begin(db, &err));
	MUST_FAIL(
		playground_key_make(db, 999999, ana, false, &key, &made, &err),
		ERR_NOT_FOUND);
	db_rollback(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_many_at_once_one_makes_it),
		cmocka_unit_test(revoked_it_is_closed_until_it_is_opened),
		cmocka_unit_test(a_project_that_is_not_there_has_none),
	};

	return cmocka_run_group_tests(tests, set_up, stop_people);
}
