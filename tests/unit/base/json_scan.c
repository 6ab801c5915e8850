/*
 * json_scan.c - what is JSON and what is not, and that walking finds what is
 * there. Texts are put right before the end of an allocation of their own,
 * so that reading one byte too far is seen by the sanitizers.
 */
#include "expect.h"

#include <math.h>

#include "base/json.h"

#define SUITE "tests/data/json/json-test-suite.txt"
#define MAX_SUITE_BYTES (1 << 20)

struct outcome {
	bool accepted;
	struct error err;
};

static struct outcome check(struct str text, unsigned max_depth)
{
	char *exact = malloc(text.n ? text.n : 1);
	struct outcome outcome = { .err = ERROR_INIT };
	struct json value;

	assert_non_null(exact);
	if (text.n)
		memcpy(exact, text.p, text.n);
	outcome.accepted = json_check(
		(struct str){ exact, text.n }, max_depth, &value, &outcome.err);
	if (outcome.accepted) {
		assert_true(value.type != JSON_TYPE_NONE);
		assert_true(value.text.p >= exact);
		assert_true(value.text.p + value.text.n <= exact + text.n);
	}
	free(exact);
	return outcome;
}

static struct json read_json(struct str text)
{
	struct json value;
	struct error err;

	if (!json_check(text, JSON_MAX_DEPTH, &value, &err))
		fail_msg("%s: %.*s", err.message, STR_ARG(text));
	return value;
}

#define READ(literal) read_json(S(literal))
#define FIND(object, name) json_find((object), S(name))

static int setup(void **state)
{
	struct arena *arena = malloc(sizeof(*arena));

	if (!arena)
		return -1;
	arena_init(arena, 4096);
	*state = arena;
	return 0;
}

static int teardown(void **state)
{
	arena_release(*state);
	free(*state);
	return 0;
}

/* JSONTestSuite */

static void load_suite(struct buf *out)
{
	FILE *file = fopen(SUITE, "re");
	char *room = buf_reserve(out, MAX_SUITE_BYTES);

	if (!file)
		fail_msg("%s: run the tests from the repository's root", SUITE);
	assert_non_null(room);
	buf_advance(out, fread(room, 1, MAX_SUITE_BYTES, file));
	fclose(file);
}

/* One piece, "5b" or "5b*500", as bytes. */
static void append_piece(struct buf *out, struct str piece)
{
	size_t star = str_index(piece, '*');
	struct str hex = str_head(piece, star);
	int64_t times = 1;

	if (star < piece.n)
		assert_true(str_to_int64(str_from(piece, star + 1), &times));
	assert_int_equal(hex.n % 2, 0);
	for (int64_t i = 0; i < times; i++) {
		for (size_t at = 0; at < hex.n; at += 2) {
			char digits[3] = { hex.p[at], hex.p[at + 1], '\0' };
			char *end;

			buf_append_char(out, (char)strtoul(digits, &end, 16));
			assert_ptr_equal(end, digits + 2);
		}
	}
}

static void run_case(struct str line, unsigned counts[2])
{
	struct buf bytes = BUF_INIT(MAX_SUITE_BYTES);
	struct str verdict;
	struct str name;
	struct str piece;
	bool expected;

	assert_true(str_next_field(&line, ' ', &verdict));
	assert_true(str_next_field(&line, ' ', &name));
	expected = str_equal(verdict, S("accept"));
	assert_true(expected || str_equal(verdict, S("refuse")));
	while (!str_equal(line, S("-")) && str_next_field(&line, '+', &piece))
		append_piece(&bytes, piece);
	assert_false(bytes.failed);
	if (check(buf_str(&bytes), JSON_DEPTH_LIMIT).accepted != expected)
		fail_msg(
			"%.*s: expected %.*s", STR_ARG(name), STR_ARG(verdict));
	if (name.p[0] != 'i')
		assert_int_equal(expected, name.p[0] == 'y');
	counts[expected]++;
	buf_release(&bytes);
}

static void the_test_suite_is_decided_as_listed(void **state)
{
	struct buf suite = BUF_INIT(MAX_SUITE_BYTES);
	unsigned counts[2] = { 0, 0 };
	struct str rest;
	struct str line;

	(void)state;
	load_suite(&suite);
	rest = buf_str(&suite);
	while (str_next_field(&rest, '\n', &line)) {
		if (!str_starts(line, S("#")))
			run_case(line, counts);
	}
	assert_int_equal(counts[true], 116);
	assert_int_equal(counts[false], 202);
	buf_release(&suite);
}

/* Errors */

static void errors_name_the_byte_and_the_reason(void **state)
{
	static const struct {
		struct str text;
		const char *message;
	} rows[] = {
		{ STR(""), "byte 0: expected a value" },
		{ STR("  "), "byte 2: expected a value" },
		{ STR("[1,]"), "byte 3: expected a value" },
		{ STR("[1 2]"), "byte 3: expected ',' or ']'" },
		{ STR("{\"a\":1 2}"), "byte 7: expected ',' or '}'" },
		{ STR("[1}"), "byte 2: expected ',' or ']'" },
		{ STR("{1:2}"), "byte 1: expected a name in quotes" },
		{ STR("{\"a\":1,}"), "byte 7: expected a name in quotes" },
		{ STR("{\"a\" 1}"), "byte 5: expected ':'" },
		{ STR("{\"a\""), "byte 4: expected ':'" },
		{ STR("\"abc"), "byte 4: the string does not end" },
		{ STR("\"a\nb\""),
			"byte 2: a control character must be escaped" },
		{ STR("\"\xd0\x90\x01\""),
			"byte 3: a control character must be escaped" },
		{ STR("\"\\x\""), "byte 1: there is no such escape" },
		{ STR("\"\\"), "byte 1: there is no such escape" },
		{ STR("\"\\u12g4\""), "byte 1: \\u needs four hex digits" },
		{ STR("\"a\xff\""), "byte 2: this is not UTF-8" },
		{ STR("-"), "byte 1: expected a digit" },
		{ STR("1.x"), "byte 2: expected a digit" },
		{ STR("1e+"), "byte 3: expected a digit" },
		{ STR("tru"), "byte 0: expected a value" },
		{ STR("1 1"), "byte 2: there is more after the value" },
		{ STR("\xef\xbb\xbf{}"), "byte 0: expected a value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct outcome outcome = check(rows[i].text, JSON_MAX_DEPTH);
		char expected[128];

		snprintf(expected, sizeof(expected),
			"The JSON is not valid at %s", rows[i].message);
		assert_false(outcome.accepted);
		assert_string_equal(error_message(&outcome.err), expected);
		assert_int_equal(outcome.err.kind, ERR_BAD_JSON);
	}
}

/* Cut anywhere, a text is refused, and never read past its end. */
static void every_cut_text_is_refused(void **state)
{
	static const struct str text = STR(
		" {\"model\": \"gpt-4o\", \"n\": [-1.5e+3, 0, true, false, "
		"null], \"\\u00e9\xd0\x90\xf0\x9f\x98\x80\": {\"a\\nb\": [] , "
		"\"long enough for sixteen bytes at once\": {} } }");

	(void)state;
	assert_true(check(text, JSON_MAX_DEPTH).accepted);
	for (size_t n = 0; n < text.n; n++) {
		struct outcome outcome =
			check(str_head(text, n), JSON_MAX_DEPTH);

		assert_false(outcome.accepted);
		assert_int_equal(outcome.err.kind, ERR_BAD_JSON);
	}
}

/* Depth */

static struct outcome check_nested(size_t depth, unsigned max_depth)
{
	struct buf text = BUF_INIT(1 << 20);
	struct outcome outcome;

	for (size_t i = 0; i < depth; i++)
		buf_append(&text, i % 2 ? S("{\"a\":") : S("["));
	buf_append_char(&text, '1');
	for (size_t i = depth; i > 0; i--)
		buf_append_char(&text, i % 2 ? ']' : '}');
	assert_false(text.failed);
	outcome = check(buf_str(&text), max_depth);
	buf_release(&text);
	return outcome;
}

static void depth_is_bounded(void **state)
{
	static const unsigned bounds[] = { 0, 1, 2, 63, 64, 65, 128, 1024 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		struct outcome over = check_nested(bounds[i] + 1, bounds[i]);

		assert_true(check_nested(bounds[i], bounds[i]).accepted);
		assert_false(over.accepted);
		assert_int_equal(over.err.kind, ERR_TOO_DEEP);
	}
	assert_true(check(S("[[],[],{},{}]"), 2).accepted);
	assert_false(check(S("[[],[],{},{\"a\":[]}]"), 2).accepted);
}

static void deeper_than_the_limit_is_refused_cleanly(void **state)
{
	struct outcome outcome = check_nested(10000, UINT_MAX);

	(void)state;
	assert_false(outcome.accepted);
	assert_int_equal(outcome.err.kind, ERR_TOO_DEEP);
	assert_string_equal(error_message(&outcome.err),
		"The JSON is nested deeper than 1024 levels at byte 3072");
	assert_true(check_nested(JSON_DEPTH_LIMIT, UINT_MAX).accepted);
	assert_false(check_nested(JSON_DEPTH_LIMIT + 1, UINT_MAX).accepted);
}

/* Text, where many bytes are looked at together */

/* "xxx…x" with `length` bytes between the quotes, one of them `byte`. */
static struct outcome check_one_byte(size_t length, size_t at, unsigned byte)
{
	char text[128];

	memset(text, 'x', sizeof(text));
	text[0] = text[length + 1] = '"';
	text[at + 1] = (char)byte;
	return check((struct str){ text, length + 2 }, 0);
}

static void every_byte_at_every_place(void **state)
{
	(void)state;
	for (size_t length = 1; length < 50; length++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			size_t at = (byte * 7) % length;
			bool plain = byte >= 0x20 && byte < 0x80 &&
				     byte != '"' && byte != '\\';

			assert_int_equal(
				check_one_byte(length, at, byte).accepted,
				plain);
		}
		for (size_t at = 0; at < length; at++) {
			assert_false(check_one_byte(length, at, 1).accepted);
			assert_false(check_one_byte(length, at, '"').accepted);
			assert_false(check_one_byte(length, at, 0xff).accepted);
			assert_true(check_one_byte(length, at, 0x7f).accepted);
		}
	}
}

/* What RFC 3629 says, from the numbers up: the scanner looks at bytes. */
static bool is_utf8(const unsigned char *p, size_t n)
{
	uint32_t code;

	if (n == 2 && p[0] >> 5 == 6)
		code = (p[0] & 0x1fu) << 6;
	else if (n == 3 && p[0] >> 4 == 14)
		code = (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6;
	else if (n == 4 && p[0] >> 3 == 30)
		code = (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 |
		       (p[2] & 0x3fu) << 6;
	else
		return false;
	code |= p[n - 1] & 0x3fu;
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return false;
	}
	return code >= (n == 2          ? 0x80u
			       : n == 3 ? 0x800u
					: 0x10000u) &&
	       code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static void expect_utf8(const unsigned char *sequence, size_t n)
{
	char text[6] = { '"' };
	struct json value;
	struct error err;

	memcpy(text + 1, sequence, n);
	text[n + 1] = '"';
	if (json_check((struct str){ text, n + 2 }, 0, &value, &err) !=
		is_utf8(sequence, n))
		fail_msg("%02x %02x %02x %02x", sequence[0], sequence[1],
			n > 2 ? sequence[2] : 0, n > 3 ? sequence[3] : 0);
}

static void every_sequence_of_utf8(void **state)
{
	/* At both ends of what a third and fourth byte may be. */
	static const unsigned char tails[] = { 0x22, 0x7f, 0x80, 0x8f, 0x90,
		0x9f, 0xa0, 0xbf, 0xc0, 0xff };

	(void)state;
	for (unsigned pair = 0x8000; pair <= 0xffff; pair++) {
		unsigned char s[4] = { (unsigned char)(pair >> 8),
			(unsigned char)pair };

		/* A quote or a backslash is another matter. */
		if (s[1] == '"' || s[1] == '\\')
			continue;
		expect_utf8(s, 2);
		for (size_t i = 1; i < ARRAY_LEN(tails); i++) {
			s[2] = tails[i];
			if (s[0] >= 0xe0)
				expect_utf8(s, 3);
			s[3] = tails[(pair + i) % 9 + 1];
			if (s[0] >= 0xf0)
				expect_utf8(s, 4);
		}
	}
}

/* What lies beyond the view does not complete it. */
static void a_sequence_ends_with_the_view(void **state)
{
	static const struct str rows[] = { STR("\"\xd0\x90\""),
		STR("\"\xe2\x82\xac\""), STR("\"\xf0\x9f\x98\x80\"") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t n = 2; n < rows[i].n - 1; n++) {
			struct json value;
			struct error err;

			assert_false(json_check(
				str_head(rows[i], n), 0, &value, &err));
			assert_string_equal(error_message(&err),
				"The JSON is not valid at byte 1: "
				"this is not UTF-8");
		}
	}
}

/* Walking */

static void members_come_in_order(void **state)
{
	struct json object =
		READ(" { \"a\" : 1 , \"b\":[true, {\"x\":\"]}\"}],\"a\\n\":"
		     "\"q\\\"\" ,\"\" : null , \"o\":{}\n}\t");
	static const struct {
		struct str name;
		enum json_type type;
		struct str text;
	} rows[] = {
		{ STR("a"), JSON_TYPE_NUMBER, STR("1") },
		{ STR("b"), JSON_TYPE_ARRAY, STR("[true, {\"x\":\"]}\"}]") },
		{ STR("a\\n"), JSON_TYPE_STRING, STR("\"q\\\"\"") },
		{ STR(""), JSON_TYPE_NULL, STR("null") },
		{ STR("o"), JSON_TYPE_OBJECT, STR("{}") },
	};
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	(void)state;
	assert_int_equal(object.type, JSON_TYPE_OBJECT);
	assert_true(str_ends(object.text, S("{}\n}")));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(json_next(&cursor, &member));
		assert_true(str_equal(member.name, rows[i].name));
		assert_int_equal(member.value.type, rows[i].type);
		assert_true(str_equal(member.value.text, rows[i].text));
	}
	assert_false(json_next(&cursor, &member));
	assert_false(json_next(&cursor, &member));
	assert_int_equal(json_length(object), 5);
	assert_false(json_is_empty(object));
}

static void items_come_in_order(void **state)
{
	struct json array = READ("[0,-1.5E3 ,\"\",[ ],false\r\n,true,{ }]");
	static const enum json_type types[] = { JSON_TYPE_NUMBER,
		JSON_TYPE_NUMBER, JSON_TYPE_STRING, JSON_TYPE_ARRAY,
		JSON_TYPE_FALSE, JSON_TYPE_TRUE, JSON_TYPE_OBJECT };
	struct json_cursor cursor = json_members(array);
	struct json_member item;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		assert_true(json_next(&cursor, &item));
		assert_int_equal(item.value.type, types[i]);
		assert_int_equal(item.name.n, 0);
	}
	assert_false(json_next(&cursor, &item));
	assert_int_equal(json_length(array), ARRAY_LEN(types));
	assert_false(json_is_empty(array));
}

static void what_has_no_members(void **state)
{
	static const struct str texts[] = { STR("1"), STR("\"[1]\""),
		STR("null"), STR("true"), STR("[ ]"), STR("{\n}"), STR("[]") };
	struct json none = FIND(READ("{}"), "x");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(json_length(read_json(texts[i])), 0);
		assert_true(json_is_empty(read_json(texts[i])));
	}
	assert_int_equal(none.type, JSON_TYPE_NONE);
	assert_int_equal(json_length(none), 0);
	assert_true(json_is_empty(none));
	assert_int_equal(FIND(none, "x").type, JSON_TYPE_NONE);
}

/* Strings that end at any distance from where sixteen bytes begin. */
static void stepping_over_strings_of_any_length(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100; n++) {
		struct buf text = BUF_INIT(4096);
		struct json value;

		buf_append(&text, S("[[\""));
		for (size_t i = 0; i < n; i++)
			buf_append(&text, i % 9 == 8 ? S("\\\"") : S("]"));
		buf_append(&text, S("\\\\\"],{\"a\":\"}\"},7]"));
		value = read_json(buf_str(&text));
		assert_int_equal(json_length(value), 3);
		buf_release(&text);
	}
}

static void find_gives_the_last_of_a_name(void **state)
{
	struct json object = READ("{\"a\":1,\"b\":2,\"\\u0061\":3,"
				  "\"c\":{\"a\":4},\"aa\":5}");

	(void)state;
	assert_str(FIND(object, "a").text, "3");
	assert_str(FIND(object, "b").text, "2");
	assert_str(FIND(FIND(object, "c"), "a").text, "4");
	assert_int_equal(FIND(object, "x").type, JSON_TYPE_NONE);
	assert_int_equal(FIND(object, "").type, JSON_TYPE_NONE);
	assert_int_equal(FIND(READ("[\"a\"]"), "a").type, JSON_TYPE_NONE);
	assert_int_equal(json_count(object, S("a")), 2);
	assert_int_equal(json_count(object, S("b")), 1);
	assert_int_equal(json_count(object, S("x")), 0);
	assert_int_equal(json_count(READ("[\"\"]"), S("")), 0);
}

static void names_are_compared_unescaped(void **state)
{
	struct json object =
		READ("{\"caf\\u00e9 \\ud83d\\ude00\\/\\\"\\u0000\":1}");
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	(void)state;
	assert_true(json_next(&cursor, &member));
	assert_true(
		json_name_is(member, S("caf\xc3\xa9 \xf0\x9f\x98\x80/\"\0")));
	assert_false(
		json_name_is(member, S("caf\xc3\xa9 \xf0\x9f\x98\x80/\"")));
	assert_false(json_name_is(member, S("caf")));
	assert_false(json_name_is(member, member.name));
	assert_false(json_name_is(member, S("")));
}

/* Values */

static void strings_are_unescaped(void **state)
{
	static const struct {
		struct str text;
		struct str expected;
	} rows[] = {
		{ STR("\"\""), STR("") },
		{ STR("\"plain \xd0\x90\""), STR("plain \xd0\x90") },
		{ STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
			STR("\"\\/\b\f\n\r\t") },
		{ STR("\"a\\u0000b\""), STR("a\0b") },
		{ STR("\"\\u0041\\u00E9\\u20ac\\uFFFF\""),
			STR("A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf") },
		{ STR("\"\\ud83d\\ude00!\""), STR("\xf0\x9f\x98\x80!") },
		{ STR("\"\\uD800\\uDC00\\udbff\\udfff\""),
			STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
		{ STR("\"\\ud800\""), STR("\xef\xbf\xbd") },
		{ STR("\"\\ud800x\""), STR("\xef\xbf\xbdx") },
		{ STR("\"\\udc00\\ud800\""), STR("\xef\xbf\xbd\xef\xbf\xbd") },
		{ STR("\"\\ud800\\ud83d\\ude00\""),
			STR("\xef\xbf\xbd\xf0\x9f\x98\x80") },
		{ STR("\"\\ud800\\u0041\""), STR("\xef\xbf\xbd"
						 "A") },
		{ STR("\"\\ud800\\ue000\""), STR("\xef\xbf\xbd\xee\x80\x80") },
		{ STR("\"\\ud800\\n\""), STR("\xef\xbf\xbd\n") },
		{ STR("\"\\\\ud800\""), STR("\\ud800") },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json value = read_json(rows[i].text);
		struct str out;

		assert_true(json_text(value, *state, &out));
		assert_int_equal(out.n, rows[i].expected.n);
		assert_memory_equal(out.p, rows[i].expected.p, out.n);
		assert_true(json_text_is(value, rows[i].expected));
		assert_false(json_text_is(value, S("else")));
		if (out.n > 0)
			assert_false(
				json_text_is(value, str_head(out, out.n - 1)));
	}
}

static void a_string_without_escapes_is_not_copied(void **state)
{
	struct str text = S("  \"as it stands\"");
	struct str out;

	assert_true(json_text(read_json(text), *state, &out));
	assert_ptr_equal(out.p, text.p + 3);
	assert_str(out, "as it stands");
}

static void other_types_are_not_strings(void **state)
{
	struct str out;

	assert_false(json_text(READ("1"), *state, &out));
	assert_false(json_text(READ("[\"a\"]"), *state, &out));
	assert_false(json_text(FIND(READ("{}"), "a"), *state, &out));
	assert_false(json_text_is(READ("1"), S("1")));
	assert_false(json_text_is(FIND(READ("{}"), "a"), S("")));
}

static void whole_numbers(void **state)
{
	static const struct str others[] = { STR("1.5"), STR("1.0"), STR("1e3"),
		STR("9223372036854775808"), STR("-9223372036854775809"),
		STR("\"1\""), STR("true"), STR("null") };
	int64_t n = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(json_int(read_json(others[i]), &n));
	assert_false(json_int(FIND(READ("{}"), "a"), &n));
	assert_int_equal(n, 42);
	assert_true(json_int(READ("9223372036854775807"), &n));
	assert_true(n == INT64_MAX);
	assert_true(json_int(READ("-9223372036854775808"), &n));
	assert_true(n == INT64_MIN);
	assert_true(json_int(READ("-0"), &n));
	assert_int_equal(n, 0);
}

static void any_numbers(void **state)
{
	char long_number[300];
	double d = 42;

	(void)state;
	assert_false(json_double(READ("\"1\""), &d));
	assert_false(json_double(READ("1e400"), &d));
	assert_false(json_double(READ("-1e400"), &d));
	memset(long_number, '1', sizeof(long_number));
	long_number[1] = '.';
	assert_false(
		json_double(read_json((struct str){ long_number, 256 }), &d));
	assert_true(d == 42);
	assert_true(
		json_double(read_json((struct str){ long_number, 255 }), &d));
	assert_true(fabs(d - 10.0 / 9) < 1e-12);
	assert_true(json_double(READ("0.7"), &d));
	assert_true(d == 0.7);
	assert_true(json_double(READ("-2"), &d));
	assert_true(d == -2);
	assert_true(json_double(READ("1.5E+3"), &d));
	assert_true(d == 1500);
	assert_true(json_double(READ("1e-400"), &d));
	assert_true(d == 0);
}

static void booleans(void **state)
{
	bool b = false;

	(void)state;
	assert_true(json_bool(READ("true"), &b));
	assert_true(b);
	assert_true(json_bool(READ("false"), &b));
	assert_false(b);
	b = true;
	assert_false(json_bool(READ("null"), &b));
	assert_false(json_bool(READ("0"), &b));
	assert_false(json_bool(READ("\"false\""), &b));
	assert_false(json_bool(FIND(READ("{}"), "a"), &b));
	assert_true(b);
}

static void types_have_names(void **state)
{
	(void)state;
	assert_string_equal(json_type_name(READ("\"\"").type), "string");
	assert_string_equal(json_type_name(READ("1").type), "number");
	assert_string_equal(json_type_name(READ("true").type), "boolean");
	assert_string_equal(json_type_name(READ("false").type), "boolean");
	assert_string_equal(json_type_name(READ("null").type), "null");
	assert_string_equal(json_type_name(READ("[]").type), "array");
	assert_string_equal(json_type_name(READ("{}").type), "object");
	assert_string_equal(json_type_name(JSON_TYPE_NONE), "nothing");
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_test_suite_is_decided_as_listed),
		cmocka_unit_test(errors_name_the_byte_and_the_reason),
		cmocka_unit_test(every_cut_text_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(deeper_than_the_limit_is_refused_cleanly),
		cmocka_unit_test(every_byte_at_every_place),
		cmocka_unit_test(every_sequence_of_utf8),
		cmocka_unit_test(a_sequence_ends_with_the_view),
		cmocka_unit_test(members_come_in_order),
		cmocka_unit_test(items_come_in_order),
		cmocka_unit_test(what_has_no_members),
		cmocka_unit_test(stepping_over_strings_of_any_length),
		cmocka_unit_test(find_gives_the_last_of_a_name),
		cmocka_unit_test(names_are_compared_unescaped),
		WITH_ARENA(strings_are_unescaped),
		WITH_ARENA(a_string_without_escapes_is_not_copied),
		WITH_ARENA(other_types_are_not_strings),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(any_numbers),
		cmocka_unit_test(booleans),
		cmocka_unit_test(types_have_names),
	};

	return cmocka_run_group_tests_name("base/json_scan", tests, NULL, NULL);
}
