/*
 * image.c - sizes from the heads of picture files, and what OpenAI's examples
 * say a picture of a size costs.
 */
#include "../base/expect.h"

#include "tokens/image.h"

static void expect_size(const char *base64, int64_t width, int64_t height)
{
	int64_t found_width = -1, found_height = -1;

	assert_true(image_size(str_of(base64), &found_width, &found_height));
	assert_int_equal(found_width, width);
	assert_int_equal(found_height, height);
}

static void every_kind_has_its_size(void **state)
{
	(void)state;
	/* PNG, GIF, JPEG behind a JFIF head, the three kinds of WebP. */
	expect_size("iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAIAAAA=", 640, 480);
	expect_size("R0lGODlhQAHIAAAAAAAAAAAA", 320, 200);
	expect_size("/9j/4AAQSkZJRgABAQAAAQABAAD/wAARCAHgAoADAAAAAAAAAAAAAAAA",
		640, 480);
	expect_size(
		"UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAfwIA3wEAAAAAAAAA", 640, 480);
	expect_size("UklGRgAAAABXRUJQVlA4TAAAAAAvf8J3AAAAAAAA", 640, 480);
	expect_size("UklGRgAAAABXRUJQVlA4IAAAAAAwAQCdASqAAuABAAAA", 640, 480);
}

static void what_is_none_has_none(void **state)
{
	static const char *const texts[] = { "", "iVBO",
		"iVBORw0KGgoAAAANSUhEUg==", "/9j/4AAQSkZJRgABAQAAAQ==",
		"JVBERi0xLjQK", "not base64 at all, and long enough for it",
		"/9j//////////////////////////////////////////////////" };
	int64_t width, height;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(image_size(str_of(texts[i]), &width, &height));
}

static void pictures_cost_what_is_published(void **state)
{
	static const struct {
		const char *model;
		const char *detail;
		int64_t width;
		int64_t height;
		int64_t tokens;
	} cases[] = {
		/* https://platform.openai.com/docs/guides/images-vision */
		{ "gpt-4o", "high", 1024, 1024, 765 },
		{ "gpt-4o", "high", 2048, 4096, 1105 },
		{ "gpt-4o", "low", 4096, 8192, 85 },
		{ "gpt-4.1-mini", "auto", 1024, 1024, 1659 },
		{ "o4-mini", "", 1024, 1024, 1762 },
		{ "gpt-4o-mini", "low", 10, 10, 2833 },
		{ "gpt-4o-mini", "", 10, 10, 8500 },
		{ "o1", "", 512, 512, 225 },
		{ "gpt-5", "", 512, 512, 210 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(image_tokens(str_of(cases[i].model),
					 str_of(cases[i].detail),
					 cases[i].width, cases[i].height),
			cases[i].tokens);
}

/* 1536 patches are the most, whatever the picture. */
static void a_large_picture_is_made_smaller(void **state)
{
	static const int64_t sides[] = { 1, 31, 33, 1800, 2400, 4096, 100000,
		INT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		for (size_t j = 0; j < ARRAY_LEN(sides); j++) {
			int64_t tokens = image_tokens(
				S("gpt-5-mini"), S(""), sides[i], sides[j]);

			assert_in_range(tokens, 1, 1536 * 162 / 100 + 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_size),
		cmocka_unit_test(what_is_none_has_none),
		cmocka_unit_test(pictures_cost_what_is_published),
		cmocka_unit_test(a_large_picture_is_made_smaller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
