/* buf.c - growing, the ceiling, and what a failure leaves behind. */
#include "expect.h"

#include "base/buf.h"

static void grows_to_what_is_appended(void **state)
{
	struct buf buf = BUF_INIT(1 << 20);

	(void)state;
	assert_int_equal(buf_str(&buf).n, 0);
	for (int i = 0; i < 10000; i++)
		buf_append(&buf, S("0123456789"));
	assert_false(buf.failed);
	assert_int_equal(buf.n, 100000);
	for (size_t i = 0; i < buf.n; i++)
		assert_int_equal(buf.p[i], '0' + (int)(i % 10));
	buf_release(&buf);
	assert_int_equal(buf.n, 0);
	assert_int_equal(buf.max, 1 << 20);
	buf_append(&buf, S("again"));
	assert_str(buf_str(&buf), "again");
	buf_release(&buf);
}

static void the_ceiling_is_reached_but_not_passed(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 8);
	buf_append(&buf, S("12345678"));
	assert_false(buf.failed);
	buf_append(&buf, S(""));
	assert_false(buf.failed);
	buf_append_char(&buf, '9');
	assert_true(buf.failed);
	assert_str(buf_str(&buf), "12345678");
	buf_release(&buf);
}

static void a_failure_stays(void **state)
{
	struct buf buf = BUF_INIT(8);

	(void)state;
	buf_append(&buf, S("123"));
	buf_append(&buf, S("456789"));
	assert_true(buf.failed);
	buf_append(&buf, S("4"));
	buf_append_int(&buf, 4);
	buf_printf(&buf, "%d", 4);
	assert_null(buf_reserve(&buf, 1));
	assert_str(buf_str(&buf), "123");
	assert_string_equal(buf_cstr(&buf), "");
	buf_clear(&buf);
	assert_false(buf.failed);
	buf_append(&buf, S("ok"));
	assert_str(buf_str(&buf), "ok");
	buf_release(&buf);
}

static void a_size_that_overflows_fails(void **state)
{
	struct buf buf = BUF_INIT(SIZE_MAX);

	(void)state;
	buf_append(&buf, S("abc"));
	assert_null(buf_reserve(&buf, SIZE_MAX - 1));
	assert_true(buf.failed);
	assert_str(buf_str(&buf), "abc");
	buf_release(&buf);
}

static void integers_at_their_bounds(void **state)
{
	struct buf buf = BUF_INIT(256);

	(void)state;
	buf_append_int(&buf, 0);
	buf_append_char(&buf, ' ');
	buf_append_int(&buf, -7);
	buf_append_char(&buf, ' ');
	buf_append_int(&buf, INT64_MAX);
	buf_append_char(&buf, ' ');
	buf_append_int(&buf, INT64_MIN);
	assert_str(
		buf_str(&buf), "0 -7 9223372036854775807 -9223372036854775808");
	buf_release(&buf);
}

static void printf_appends(void **state)
{
	struct buf buf = BUF_INIT(4096);

	(void)state;
	buf_append(&buf, S("a"));
	buf_printf(&buf, "%s=%d;", "key", 42);
	buf_printf(&buf, "%01000d", 1);
	assert_int_equal(buf.n, 8 + 1000);
	assert_str(str_head(buf_str(&buf), 8), "akey=42;");
	assert_int_equal(buf.p[1007], '1');
	buf_release(&buf);
}

static void reserve_then_advance(void **state)
{
	struct buf buf = BUF_INIT(64);
	char *room = buf_reserve(&buf, 64);

	(void)state;
	assert_non_null(room);
	assert_int_equal(buf.n, 0);
	memset(room, 'x', 64);
	buf_advance(&buf, 3);
	assert_str(buf_str(&buf), "xxx");
	assert_null(buf_reserve(&buf, 62));
	buf_release(&buf);
}

static void consume_moves_the_rest(void **state)
{
	struct buf buf = BUF_INIT(64);

	(void)state;
	buf_append(&buf, S("line one\nline two"));
	buf_consume(&buf, 0);
	buf_consume(&buf, 9);
	assert_str(buf_str(&buf), "line two");
	buf_consume(&buf, 8);
	assert_int_equal(buf.n, 0);
	buf_release(&buf);
}

static void cstr_ends_in_nul_and_adds_nothing(void **state)
{
	struct buf buf = BUF_INIT(4);

	(void)state;
	buf_append(&buf, S("abc"));
	assert_string_equal(buf_cstr(&buf), "abc");
	assert_int_equal(buf.n, 3);
	buf_append(&buf, S("d"));
	assert_false(buf.failed);
	assert_string_equal(buf_cstr(&buf), "");
	assert_true(buf.failed);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_what_is_appended),
		cmocka_unit_test(the_ceiling_is_reached_but_not_passed),
		cmocka_unit_test(a_failure_stays),
		cmocka_unit_test(a_size_that_overflows_fails),
		cmocka_unit_test(integers_at_their_bounds),
		cmocka_unit_test(printf_appends),
		cmocka_unit_test(reserve_then_advance),
		cmocka_unit_test(consume_moves_the_rest),
		cmocka_unit_test(cstr_ends_in_nul_and_adds_nothing),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
