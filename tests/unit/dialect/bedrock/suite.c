/*
 * suite.c - all that every dialect must prove, over every recorded
 * exchange in Bedrock's Converse format.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../suite.h"

#include "dialect/bedrock/bedrock.h"

static const char *const files[] = {
	RECORDINGS "bedrock.jsonl",
	RECORDINGS "bedrock_edge_cases.jsonl",
};

static void recordings_come_back(void **state)
{
	(void)state;
	suite_run(&bedrock, files, ARRAY_LEN(files), NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
