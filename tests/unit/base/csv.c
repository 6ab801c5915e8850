/* csv.c: cells that a spreadsheet shows, and never runs. */
#include "expect.h"

#include "base/csv.h"

static void expect(struct str text, const char *cell)
{
	struct buf out = BUF_INIT(256);

	csv_append_text(&out, text);
	assert_string_equal(buf_cstr(&out), cell);
	buf_release(&out);
}

static void a_text_is_quoted(void **state)
{
	(void)state;
	expect(S(""), "\"\"");
	expect(S("a,b"), "\"a,b\"");
	expect(S("say \"hi\"\r\n"), "\"say \"\"hi\"\"\r\n\"");
	expect(S("a\0b"), "\"a\xef\xbf\xbd"
			  "b\"");
}

static void a_formula_becomes_text(void **state)
{
	(void)state;
	expect(S("=1+1"), "\"'=1+1\"");
	expect(S("+1"), "\"'+1\"");
	expect(S("-1"), "\"'-1\"");
	expect(S("@SUM(A1)"), "\"'@SUM(A1)\"");
	expect(S("\t=1"), "\"'\t=1\"");
	expect(S("\r=1"), "\"'\r=1\"");
	expect(S("1=1"), "\"1=1\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_quoted),
		cmocka_unit_test(a_formula_becomes_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
