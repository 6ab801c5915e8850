/*
 * expect.h - cmocka, and what the tests of base/ ask of a view.
 */
#ifndef TESTS_UNIT_BASE_EXPECT_H
#define TESTS_UNIT_BASE_EXPECT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

/* The view holds exactly the bytes of the literal. */
#define assert_str(actual, literal) \
	expect_bytes((actual), S(literal), __FILE__, __LINE__)

static inline void expect_bytes(
	struct str actual, struct str expected, const char *file, int line)
{
	if (str_equal(actual, expected))
		return;
	print_error("expected '%.*s', got '%.*s'\n", STR_ARG(expected),
		STR_ARG(actual));
	_fail(file, line);
}

#endif
