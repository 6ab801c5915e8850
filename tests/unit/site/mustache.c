/*
 * mustache.c - templates: the specification's own cases, errors, bounds.
 *
 *	mustache FILE...     more cases, in the form of the specification
 *	mustache -           a case a line on standard input, an answer a line
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "site/mustache.h"

#define MAX_OUT_BYTES (1 << 20)

/* The partials of a case, parsed when they are asked for. */
struct partials {
	json_t *texts;
	struct arena *arena;
	struct error *err;
};

static const struct mustache *find_partial(void *owner, struct str name)
{
	struct partials *partials = owner;
	json_t *text = json_object_getn(partials->texts, name.p, name.n);
	const struct mustache *found = NULL;

	if (!text || !mustache_parse(arena_copy(partials->arena, name),
			     (struct str){ json_string_value(text),
				     json_string_length(text) },
			     partials->arena, &found, partials->err))
		return NULL;
	return found;
}

/* What the template gives; on an error its message. */
static bool render(json_t *test, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct arena arena;
	struct partials partials = { json_object_get(test, "partials"), &arena,
		&err };
	json_t *template = json_object_get(test, "template");
	json_t *data = json_object_get(test, "data");
	const struct mustache *parsed;
	bool ok;

	arena_init(&arena, 8192);
	ok = mustache_parse(S("test"),
		     (struct str){ json_string_value(template),
			     json_string_length(template) },
		     &arena, &parsed, &err) &&
	     mustache_render(
		     parsed, find_partial, &partials, &data, 1, out, &err) &&
	     err.kind == ERR_NONE;
	if (!ok) {
		buf_clear(out);
		buf_append(out, str_of(error_message(&err)));
	}
	arena_release(&arena);
	return ok;
}

static json_t *make(const char *template, const char *data)
{
	return json_pack("{s:s,s:o}", "template", template, "data",
		json_loads(data, JSON_DECODE_ANY, NULL));
}

static void expect_text(json_t *test, const char *expected)
{
	struct buf out = BUF_INIT(MAX_OUT_BYTES);

	render(test, &out);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
	json_decref(test);
}

static unsigned run_file(const char *path, unsigned *failed)
{
	json_t *file = json_load_file(path, 0, NULL);
	unsigned count = 0;
	json_t *test;
	size_t i;

	if (!file) {
		print_error("%s cannot be read\n", path);
		*failed += 1;
		return 0;
	}
	json_array_foreach(json_object_get(file, "tests"), i, test)
	{
		struct buf out = BUF_INIT(MAX_OUT_BYTES);
		const char *expected =
			json_string_value(json_object_get(test, "expected"));

		count++;
		if (!render(test, &out) || strcmp(buf_cstr(&out), expected)) {
			print_error("%s: %s: expected <%s>, got <%s>\n", path,
				json_string_value(
					json_object_get(test, "name")),
				expected, buf_cstr(&out));
			*failed += 1;
		}
		buf_release(&out);
	}
	json_decref(file);
	return count;
}

static void specification_is_met(void **state)
{
	static const char *const files[] = { "comments", "delimiters",
		"interpolation", "inverted", "partials", "sections",
		"~dynamic-names", "~inheritance" };
	unsigned count = 0;
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf path = BUF_INIT(256);

		buf_printf(&path, "tests/data/mustache-spec/%s.json", files[i]);
		count += run_file(buf_cstr(&path), &failed);
		buf_release(&path);
	}
	print_message("%u cases of the specification\n", count);
	assert_int_equal(failed, 0);
	assert_in_range(count, 180, 1000);
}

static void values_are_escaped_everywhere(void **state)
{
	(void)state;
	expect_text(make("{{a}}|{{{a}}}|{{&a}}", "{\"a\":\"<a href='\\\"&\"}"),
		"&lt;a href=&#39;&quot;&amp;|<a href='\"&|<a href='\"&");
}

static void numbers_are_written_as_they_were(void **state)
{
	(void)state;
	expect_text(make("{{a}} {{b}} {{c}} {{d}} {{e}}",
			    "{\"a\":9007199254740993,\"b\":0.1,\"c\":1.21,"
			    "\"d\":true,\"e\":-3}"),
		"9007199254740993 0.1 1.21 true -3");
	expect_text(make("<{{a}}{{b}}>", "{\"a\":[1],\"b\":{\"c\":1}}"), "<>");
}

static void what_is_false_is_as_in_javascript(void **state)
{
	static const char *const texts[] = { "false", "null", "0", "0.0",
		"\"\"", "[]" };
	static const char *const others[] = { "true", "1", "-0.5", "\"0\"",
		"{}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect_text(
			make("{{#.}}yes{{/.}}{{^.}}no{{/.}}", texts[i]), "no");
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		expect_text(make("{{#.}}yes{{/.}}{{^.}}no{{/.}}", others[i]),
			"yes");
}

static void errors_name_template_and_line(void **state)
{
	static const struct {
		const char *template, *message;
	} cases[] = {
		{ "a\n{{#b}}\n", "test:2: this is not closed: b" },
		{ "{{/b}}", "test:1: this was not opened: b" },
		{ "{{#a}}\n{{#b}}\n{{/a}}",
			"test:3: not the end of what was opened last: a" },
		{ "\n\n{{a", "test:3: a tag is not closed" },
		{ "{{{a}}", "test:1: a tag is not closed" },
		{ "{{! a\nb }}\n{{ }}", "test:3: a tag has no name" },
		{ "{{=a=}}", "test:1: these are not delimiters: a" },
		{ "{{=| a b=}}", "test:1: these are not delimiters: | a b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_text(make(cases[i].template, "{}"), cases[i].message);
}

static void endless_recursion_ends(void **state)
{
	json_t *test = json_loads("{\"template\":\"{{>a}}\",\"data\":{},"
				  "\"partials\":{\"a\":\"\\nx{{>a}}{{>a}}\"}}",
		0, NULL);

	(void)state;
	expect_text(test, "a:2: sections and partials nest too deeply");
	test = json_loads("{\"template\":\"{{<a}}{{$b}}{{<a}}{{$b}}1{{/b}}"
			  "{{/a}}{{/b}}{{/a}}\",\"data\":{},"
			  "\"partials\":{\"a\":\"<{{$b}}0{{/b}}>\"}}",
		0, NULL);
	expect_text(test, "<<1>>");
}

/* Each of thirty partials doubles the next. */
static void doubling_ends(void **state)
{
	json_t *partials = json_object();
	json_t *test = make("{{>0}}", "{}");
	struct buf text = BUF_INIT(64);
	struct buf name = BUF_INIT(64);

	(void)state;
	for (int i = 0; i < 30; i++) {
		buf_clear(&text);
		buf_clear(&name);
		buf_printf(&text, "{{>%d}}{{>%d}}", i + 1, i + 1);
		buf_printf(&name, "%d", i);
		json_object_set_new(partials, buf_cstr(&name),
			json_string(buf_cstr(&text)));
	}
	json_object_set_new(test, "partials", partials);
	json_object_set_new(partials, "18", json_string("{{#a}}{{/a}}"));
	expect_text(test, "");
	buf_release(&text);
	buf_release(&name);
}

static void output_is_bounded(void **state)
{
	struct buf out = BUF_INIT(10);
	json_t *test = make("{{#.}}{{.}}{{/.}}", "[1234,5678,9012,3456]");

	(void)state;
	assert_false(render(test, &out));
	buf_release(&out);
	json_decref(test);
}

static void inner_contexts_win(void **state)
{
	struct error err = ERROR_INIT;
	struct arena arena;
	struct buf out = BUF_INIT(100);
	const struct mustache *template;
	json_t *contexts[2] = { json_pack("{s:s,s:s}", "a", "outer", "b", "b"),
		json_pack("{s:s}", "a", "inner") };
	struct partials none = { NULL, &arena, &err };

	(void)state;
	arena_init(&arena, 1024);
	assert_true(mustache_parse(
		S("t"), S("{{a}} {{b}}"), &arena, &template, &err));
	assert_true(mustache_render(
		template, find_partial, &none, contexts, 2, &out, &err));
	assert_string_equal(buf_cstr(&out), "inner b");
	buf_release(&out);
	arena_release(&arena);
	json_decref(contexts[0]);
	json_decref(contexts[1]);
}

static void indentation_goes_with_templates_not_with_data(void **state)
{
	json_t *test = json_loads(
		"{\"template\":\"<\\n  {{>a}}\\n>\\n\","
		"\"data\":{\"x\":\"1\\n2\",\"l\":[1,2],\"f\":false},"
		"\"partials\":{\"a\":\"{{x}}\\n{{#l}}\\n- {{.}}\\n{{/l}}\\n"
		"  {{>b}}\\n{{#f}}no{{/f}}\\nend\\n\",\"b\":\"b\\nc\\n\"}}",
		0, NULL);

	(void)state;
	expect_text(
		test, "<\n  1\n2\n  - 1\n  - 2\n    b\n    c\n  \n  end\n>\n");
}

static int answer_lines(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		struct buf out = BUF_INIT(64 << 20);
		json_t *test = json_loads(line, 0, NULL);
		bool ok = render(test, &out);
		json_t *answer = json_pack(
			"{s:b,s:s}", "ok", ok, "text", buf_cstr(&out));

		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(answer);
		json_decref(test);
		buf_release(&out);
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specification_is_met),
		cmocka_unit_test(values_are_escaped_everywhere),
		cmocka_unit_test(numbers_are_written_as_they_were),
		cmocka_unit_test(what_is_false_is_as_in_javascript),
		cmocka_unit_test(errors_name_template_and_line),
		cmocka_unit_test(endless_recursion_ends),
		cmocka_unit_test(doubling_ends),
		cmocka_unit_test(output_is_bounded),
		cmocka_unit_test(inner_contexts_win),
		cmocka_unit_test(indentation_goes_with_templates_not_with_data),
	};
	unsigned failed = 0;

	if (argc > 1 && strcmp(argv[1], "-") == 0)
		return answer_lines();
	for (int i = 1; i < argc; i++)
		printf("%s: %u cases\n", argv[i], run_file(argv[i], &failed));
	if (argc > 1)
		return failed > 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
