/*
 * The document at /openapi.json says all that the table of routes and the
 * pages have, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "server/openapi.h"
#include "server/routes.h"
#include "site/pages/pages.h"

static struct settings settings;
static json_t *document;

/* In the order of enum site_method. */
static const char *const methods[] = { "get", "post", "put", "patch",
	"delete" };

static json_t *operation_of(const char *path, const char *method)
{
	char lower[16];
	size_t n = 0;

	for (; method[n] && n < sizeof(lower) - 1; n++)
		lower[n] = (char)tolower((unsigned char)method[n]);
	lower[n] = '\0';
	return json_object_get(
		json_object_get(json_object_get(document, "paths"), path),
		lower);
}

/* "/v1/models/" and more is /v1/models/{model}. */
static bool fits(const struct route_row *row, const char *path)
{
	struct str rest = str_from(str_of(path), row->path.n);

	if (!row->is_prefix)
		return str_equal(row->path, str_of(path));
	return str_starts(str_of(path), row->path) && str_starts(rest, S("{"));
}

static void check(const json_t *operation, const char *what)
{
	if (!operation)
		fail_msg("%s is not in the document", what);
	assert_true(
		json_string_length(json_object_get(operation, "summary")) > 0);
	assert_int_equal(
		json_array_size(json_object_get(operation, "tags")), 1);
	assert_non_null(json_object_get(
		json_object_get(operation, "responses"), "default"));
}

static void every_route_is_there(void **state)
{
	struct route_row row;
	size_t count = 0;

	(void)state;
	for (; routes_row(count, &row); count++) {
		const char *path;
		json_t *item;
		size_t found = 0;

		json_object_foreach(
			json_object_get(document, "paths"), path, item)
		{
			const json_t *operation;

			if (!fits(&row, path))
				continue;
			operation = operation_of(path, row.method);
			if (!operation)
				continue;
			check(operation, path);
			found++;
		}
		if (found == 0)
			fail_msg("%s %.*s is not in conf/openapi.json",
				row.method, STR_ARG(row.path));
	}
	assert_true(count > 50);
}

static void every_page_is_there(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < site_pages_count; i++) {
		for (const struct site_page *page = site_pages[i];
			page->path.n > 0; page++) {
			char path[512];

			snprintf(path, sizeof(path), "/api/v1%.*s",
				STR_ARG(page->path));
			check(operation_of(path, methods[page->method]), path);
			count++;
		}
	}
	assert_true(count > 10);
}

static bool is_route(const char *path, const char *method)
{
	struct route_row row;

	for (size_t i = 0; routes_row(i, &row); i++)
		if (fits(&row, path) &&
			str_equal_nocase(str_of(row.method), str_of(method)))
			return true;
	return false;
}

static bool is_page(const char *path, const char *method)
{
	for (size_t i = 0; i < site_pages_count; i++)
		for (const struct site_page *page = site_pages[i];
			page->path.n > 0; page++)
			if (str_starts(str_of(path), S("/api/v1")) &&
				str_equal(page->path,
					str_from(str_of(path), 7)) &&
				strcmp(methods[page->method], method) == 0)
				return true;
	return false;
}

static void nothing_else_is_there(void **state)
{
	const char *path, *method;
	json_t *item, *operation;

	(void)state;
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		json_object_foreach(item, method, operation)
		{
			if (!is_route(path, method) && !is_page(path, method))
				fail_msg("there is no %s %s", method, path);
		}
	}
}

static void a_page_has_its_fields(void **state)
{
	const json_t *login = operation_of("/api/v1/auth/login", "post");
	const json_t *content = json_object_get(
		json_object_get(login, "requestBody"), "content");
	const json_t *properties = json_object_get(
		json_object_get(
			json_object_get(content, "application/json"), "schema"),
		"properties");

	(void)state;
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(properties, "password"), "format")),
		"password");
	assert_int_equal(
		json_array_size(json_object_get(login, "security")), 0);
	assert_true(json_is_array(json_object_get(login, "security")));
}

static void a_broken_file_is_told(void **state)
{
	struct settings other = settings;
	struct error err;
	char *text;

	(void)state;
	other.data_dir = S("tests/data");
	assert_false(openapi_make(&other, &text, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(error_detail(&err), "openapi.json"));
}

static int setup(void **state)
{
	struct error err;
	char *text;

	(void)state;
	settings_init(&settings);
	settings.data_dir = S("conf");
	if (!openapi_make(&settings, &text, &err))
		fail_msg("%s", error_detail(&err));
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	return document ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_there),
		cmocka_unit_test(every_page_is_there),
		cmocka_unit_test(nothing_else_is_there),
		cmocka_unit_test(a_page_has_its_fields),
		cmocka_unit_test(a_broken_file_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
