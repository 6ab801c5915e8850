/* json_write.c - commas, escapes, and JSON out whatever goes in. */
#include "expect.h"

#include "base/json.h"

static struct buf buf;
static struct json_writer writer;

static int setup(void **state)
{
	(void)state;
	buf_init(&buf, 1 << 20);
	json_writer_init(&writer, &buf);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_release(&buf);
	return 0;
}

static struct json read_json(struct str text)
{
	struct json value;
	struct error err;

	if (!json_check(text, JSON_MAX_DEPTH, &value, &err))
		fail_msg("%s: %.*s", err.message, STR_ARG(text));
	return value;
}

static void commas_are_where_they_belong(void **state)
{
	(void)state;
	json_begin_object(&writer);
	json_member_str(&writer, "model", S("gpt-4o"));
	json_name(&writer, "messages");
	json_begin_array(&writer);
	json_begin_object(&writer);
	json_end_object(&writer);
	json_begin_array(&writer);
	json_end_array(&writer);
	json_write_int(&writer, -3);
	json_write_bool(&writer, true);
	json_write_bool(&writer, false);
	json_write_null(&writer);
	json_write_str(&writer, S("x"));
	json_write_raw(&writer, S("1.5"));
	json_end_array(&writer);
	json_member_int(&writer, "n", INT64_MIN);
	json_member_bool(&writer, "stream", true);
	json_member_null(&writer, "stop");
	json_member_raw(&writer, "extra", S("{\"a\": [1]}"));
	json_end_object(&writer);
	assert_str(buf_str(&buf),
		"{\"model\":\"gpt-4o\",\"messages\":[{},[],-3,true,false,null,"
		"\"x\",1.5],\"n\":-9223372036854775808,\"stream\":true,"
		"\"stop\":null,\"extra\":{\"a\": [1]}}");
	assert_int_equal(json_length(read_json(buf_str(&buf))), 6);
}

static void a_lone_value_needs_no_container(void **state)
{
	(void)state;
	json_write_str(&writer, S("alone"));
	assert_str(buf_str(&buf), "\"alone\"");
}

static void strings_are_escaped(void **state)
{
	static const struct {
		struct str text;
		struct str expected;
	} rows[] = {
		{ STR(""), STR("\"\"") },
		{ STR("\"\\/"), STR("\"\\\"\\\\/\"") },
		{ STR("\b\f\n\r\t"), STR("\"\\b\\f\\n\\r\\t\"") },
		{ STR("\0\x01\x1f\x7f"), STR("\"\\u0000\\u0001\\u001f\x7f\"") },
		{ STR("\xd0\x90\xf0\x9f\x98\x80"),
			STR("\"\xd0\x90\xf0\x9f\x98\x80\"") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&buf);
		json_append_quoted(&buf, rows[i].text);
		assert_true(str_equal(buf_str(&buf), rows[i].expected));
	}
	buf_clear(&buf);
	json_append_quoted(&buf, (struct str){ NULL, 0 });
	assert_str(buf_str(&buf), "\"\"");
}

static void names_are_escaped(void **state)
{
	(void)state;
	json_begin_object(&writer);
	json_member_int(&writer, "a\"\n", 1);
	json_end_object(&writer);
	assert_str(buf_str(&buf), "{\"a\\\"\\n\":1}");
}

/* One U+FFFD for as many bytes as could have begun a sequence together. */
static void what_is_not_utf8_is_replaced(void **state)
{
	static const struct {
		struct str text;
		struct str expected;
	} rows[] = {
		{ STR("a\xff"
		      "b"),
			STR("\"a\xef\xbf\xbd"
			    "b\"") },
		{ STR("\xf0\x9f\x98"), STR("\"\xef\xbf\xbd\"") },
		{ STR("\xf0\x9f\"x"), STR("\"\xef\xbf\xbd\\\"x\"") },
		{ STR("\xc0\xaf"), STR("\"\xef\xbf\xbd\xef\xbf\xbd\"") },
		{ STR("\xed\xa0\x80"),
			STR("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"") },
		{ STR("\xe2\x82\xd0\x90"), STR("\"\xef\xbf\xbd\xd0\x90\"") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&buf);
		json_append_quoted(&buf, rows[i].text);
		assert_true(str_equal(buf_str(&buf), rows[i].expected));
	}
}

/* Any two bytes, at any place in a longer text: what leaves is JSON. */
static void whatever_goes_in_json_comes_out(void **state)
{
	char text[37];

	(void)state;
	for (unsigned pair = 0; pair <= 0xffff; pair++) {
		size_t n = 2 + pair % (sizeof(text) - 1);
		struct json value;
		struct error err;

		memset(text, 'x', sizeof(text));
		text[n - 2] = (char)(pair >> 8);
		text[n - 1] = (char)pair;
		buf_clear(&buf);
		json_append_quoted(&buf, (struct str){ text, n });
		if (!json_check(buf_str(&buf), 0, &value, &err))
			fail_msg("%04x: %s", pair, err.message);
		assert_int_equal(value.type, JSON_TYPE_STRING);
	}
}

static void what_does_not_fit_shows_in_the_buf(void **state)
{
	struct buf small = BUF_INIT(10);
	struct json_writer w;

	(void)state;
	json_writer_init(&w, &small);
	json_begin_array(&w);
	json_write_str(&w, S("12345"));
	assert_false(small.failed);
	json_write_str(&w, S("67890"));
	json_end_array(&w);
	assert_true(small.failed);
	assert_true(small.n <= 10);
	buf_release(&small);
}

/* Read with the scanner, written with the writer, its depth at most 128. */
static void rewrite(
	struct json_writer *w, struct json value, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member member;
	struct str text;

	if (json_text(value, arena, &text)) {
		json_write_str(w, text);
		return;
	}
	if (value.type != JSON_TYPE_OBJECT && value.type != JSON_TYPE_ARRAY) {
		json_write_raw(w, value.text);
		return;
	}
	if (value.type == JSON_TYPE_OBJECT)
		json_begin_object(w);
	else
		json_begin_array(w);
	while (json_next(&cursor, &member)) {
		if (cursor.in_object)
			json_name(w, arena_cstr(arena, member.name));
		rewrite(w, member.value, arena);
	}
	if (value.type == JSON_TYPE_OBJECT)
		json_end_object(w);
	else
		json_end_array(w);
}

static void what_is_read_can_be_written(void **state)
{
	static const struct {
		struct str text;
		struct str expected;
	} rows[] = {
		{ STR(" [ ] "), STR("[]") },
		{ STR("{ \"a\" : { \"b\" : [ 1 , 2.50 , -0 , 1E9 ] } }"),
			STR("{\"a\":{\"b\":[1,2.50,-0,1E9]}}") },
		{ STR("[\"\\u0041\\/\\u00e9\\u0000\\u001F\", null , true]"),
			STR("[\"A/\xc3\xa9\\u0000\\u001f\",null,true]") },
		{ STR("\"\\ud83d\\ude00 \\ud800 \\\\n\""),
			STR("\"\xf0\x9f\x98\x80 \xef\xbf\xbd \\\\n\"") },
		{ STR("{\"a\":1,\"a\":2,\"\":\"\"}"),
			STR("{\"a\":1,\"a\":2,\"\":\"\"}") },
		{ STR("[[[[{\"x\":[[]]}]]],{}]"),
			STR("[[[[{\"x\":[[]]}]]],{}]") },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&buf);
		json_writer_init(&writer, &buf);
		rewrite(&writer, read_json(rows[i].text), &arena);
		assert_true(str_equal(buf_str(&buf), rows[i].expected));
		buf_clear(&buf);
		json_writer_init(&writer, &buf);
		rewrite(&writer, read_json(rows[i].expected), &arena);
		assert_true(str_equal(buf_str(&buf), rows[i].expected));
	}
	arena_release(&arena);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commas_are_where_they_belong),
		TEST(a_lone_value_needs_no_container),
		TEST(strings_are_escaped),
		TEST(names_are_escaped),
		TEST(what_is_not_utf8_is_replaced),
		TEST(whatever_goes_in_json_comes_out),
		TEST(what_does_not_fit_shows_in_the_buf),
		TEST(what_is_read_can_be_written),
	};

	return cmocka_run_group_tests_name(
		"base/json_write", tests, NULL, NULL);
}
