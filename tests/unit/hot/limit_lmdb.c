/*
 * limit_lmdb.c - limits in the shared store, in one process: what every body
 * must do, and what is LMDB's own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "limit_cases.h"
#include "limit_store.h"

static struct limit_store store;

static int set_up(void **state)
{
	static struct limit_bench bench;
	struct error err = ERROR_INIT;

	limit_store_make(&store);
	bench = (struct limit_bench){ .body = &limits_lmdb,
		.now_ms = INT64_C(1790000000000),
		.random = 5 };
	if (!limits_lmdb.open(&store.settings, store.hot, &bench.store, &err))
		fail_msg("%s", error_detail(&err));
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct limit_bench *bench = *state;

	limits_lmdb.close(bench->store);
	limit_store_remove(&store);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMIT_CASES,
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
