/*
 * suite.c - all that every dialect must prove, over every recorded
 * exchange with Cohere's Chat API.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dialect/cohere/cohere.h"
#include "../suite.h"

static const char *const files[] = {
	RECORDINGS "cohere.jsonl",
	RECORDINGS "cohere_streams.jsonl",
};

static struct suite_exception exceptions[] = {};

static void recordings_come_back(void **state)
{
	(void)state;
	suite_run(&cohere, files, ARRAY_LEN(files), exceptions,
		ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
