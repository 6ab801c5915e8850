/*
 * templates.c - the folder of templates: what is shipped is without fault, and
 * faults are found.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "site/pages/pages.h"
#include "site/templates.h"

struct folder {
	char path[64];
	struct templates *templates;
	struct error err;
};

static void write_file(
	const struct folder *folder, const char *name, const char *text)
{
	struct buf path = BUF_INIT(256);
	FILE *file;

	buf_printf(&path, "%s/templates/%s", folder->path, name);
	file = fopen(buf_cstr(&path), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	buf_release(&path);
}

static void make_folder(struct folder *folder, const char *name)
{
	struct buf path = BUF_INIT(256);

	buf_printf(&path, "%s/%s", folder->path, name);
	assert_int_equal(mkdir(buf_cstr(&path), 0700), 0);
	buf_release(&path);
}

static int set_up(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	snprintf(folder->path, sizeof(folder->path), "/tmp/templates-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	make_folder(folder, "templates");
	make_folder(folder, "templates/parts");
	make_folder(folder, "templates/text");
	write_file(folder, "page.mustache", "{{t.hello}} {{>parts/name}}\n");
	write_file(folder, "parts/name.mustache", "{{name}}!");
	write_file(folder, "text/en.json", "{\"hello\":\"Hello\"}");
	write_file(folder, "text/es.json", "{\"hello\":\"Hola\"}");
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "templates/page.mustache",
		"templates/parts/name.mustache", "templates/text/en.json",
		"templates/text/es.json", "templates/parts", "templates/text",
		"templates", "" };
	struct folder *folder = *state;

	templates_close(folder->templates);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf path = BUF_INIT(256);

		buf_printf(&path, "%s/%s", folder->path, names[i]);
		assert_int_equal(remove(buf_cstr(&path)), 0);
		buf_release(&path);
	}
	free(folder);
	return 0;
}

static void assert_renders(struct folder *folder, const char *expected)
{
	json_t *context = json_pack("{s:s}", "name", "Ana");
	struct buf out = BUF_INIT(1000);
	struct template_set *set;
	json_t *contexts[2];

	assert_true(templates_pin(folder->templates, &set, &folder->err));
	contexts[0] = json_pack("{s:O}", "t", template_set_texts(set, S("es")));
	contexts[1] = context;
	assert_true(template_set_render(
		set, S("page"), contexts, 2, &out, &folder->err));
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
	json_decref(contexts[0]);
	json_decref(context);
	templates_unpin(folder->templates, set);
}

static void pages_are_made_of_files(void **state)
{
	struct folder *folder = *state;

	assert_true(templates_open(
		folder->path, false, &folder->templates, &folder->err));
	assert_renders(folder, "Hola Ana!\n");
	write_file(folder, "parts/name.mustache", "you");
	assert_renders(folder, "Hola Ana!\n");
}

static void they_are_read_anew_when_asked_to(void **state)
{
	struct folder *folder = *state;
	struct template_set *set;

	assert_true(templates_open(
		folder->path, true, &folder->templates, &folder->err));
	assert_renders(folder, "Hola Ana!\n");
	write_file(folder, "parts/name.mustache", "you");
	assert_renders(folder, "Hola you\n");
	write_file(folder, "parts/name.mustache", "{{#a}}");
	assert_false(templates_pin(folder->templates, &set, &folder->err));
}

static void faults_are_found_at_the_start(void **state)
{
	static const struct {
		const char *file, *text, *fault;
	} cases[] = {
		{ "page.mustache", "\n{{>parts/gone}}",
			"page.mustache:2: there is no template parts/gone" },
		{ "page.mustache", "{{#a}}", "page:1: this is not closed: a" },
		{ "page.mustache", "{{t.bye}}", "page.mustache:1: t.bye is" },
		{ "text/es.json", "{}", "t.hello is" },
		{ "text/es.json", "{\"hello\":\"Hola\",\"x\":\"y\"}", "\"x\"" },
		{ "text/es.json", "{\"hello\":{}}", "\"hello\"" },
		{ "text/es.json", "{\n!", "es.json:2:" },
	};
	struct folder *folder = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_file(folder, cases[i].file, cases[i].text);
		assert_false(templates_open(
			folder->path, false, &folder->templates, &folder->err));
		if (!strstr(error_message(&folder->err), cases[i].fault))
			fail_msg("'%s' is not in '%s'", cases[i].fault,
				error_message(&folder->err));
		write_file(folder, "page.mustache", "{{t.hello}}");
		write_file(folder, "text/es.json", "{\"hello\":\"Hola\"}");
	}
	assert_false(templates_open(
		"/nowhere", false, &folder->templates, &folder->err));
}

static void texts_are_found_by_their_names(void **state)
{
	json_t *texts = json_pack("{s:{s:s}}", "a", "b", "text");

	(void)state;
	assert_true(str_equal(template_text(texts, S("a.b")), S("text")));
	assert_true(str_equal(template_text(texts, S("a")), S("a")));
	assert_true(str_equal(template_text(texts, S("a.b.c")), S("a.b.c")));
	assert_true(str_equal(template_text(NULL, S("x")), S("x")));
	json_decref(texts);
}

/* What a page names is there, in what is shipped. */
static void shipped_pages_are_whole(void **state)
{
	struct error err;
	struct templates *templates;
	struct template_set *set;

	(void)state;
	if (!templates_open(".", false, &templates, &err))
		fail_msg("%s", error_message(&err));
	assert_true(templates_pin(templates, &set, &err));
	for (size_t i = 0; i < site_pages_count; i++) {
		for (const struct site_page *page = site_pages[i];
			page->path.n > 0; page++) {
			json_t *texts = template_set_texts(set, S("en"));

			if (page->template &&
				!template_set_has(set, str_of(page->template)))
				fail_msg("%s: no template %s", page->path.p,
					page->template);
			if (page->title &&
				str_equal(template_text(
						  texts, str_of(page->title)),
					str_of(page->title)))
				fail_msg("%s: no text %s", page->path.p,
					page->title);
		}
	}
	templates_unpin(templates, set);
	templates_close(templates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pages_are_made_of_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			they_are_read_anew_when_asked_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			faults_are_found_at_the_start, set_up, tear_down),
		cmocka_unit_test(texts_are_found_by_their_names),
		cmocka_unit_test(shipped_pages_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
