/*
 * media.c - data URLs, types by name, base64 in both alphabets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "dialect/media.h"

static const struct {
	const char *url;
	const char *media_type; /* NULL: it is no data */
	const char *data;
} urls[] = {
	{ "data:image/png;base64,AAAA", "image/png", "AAAA" },
	{ "data:text/plain;charset=utf-8;base64,QQ==", "text/plain", "QQ==" },
	{ "data:;base64,QQ==", "", "QQ==" },
	{ "data:image/png;base64,", "image/png", "" },
	{ "data:image/png,AAAA", NULL, NULL },
	{ "data:image/png;base64", NULL, NULL },
	{ "data:", NULL, NULL },
	{ "https://x/data:image/png;base64,AAAA", NULL, NULL },
	{ "", NULL, NULL },
};

static void data_urls_are_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct chat_part part = { .url = str_of(urls[i].url) };

		media_split_data_url(&part);
		if (!urls[i].data) {
			assert_null(part.data.p);
			assert_null(part.media_type.p);
			continue;
		}
		assert_text(part.media_type, urls[i].media_type);
		assert_text(part.data, urls[i].data);
	}
}

static void data_urls_are_written(void **state)
{
	struct chat_part part = { .data = S("-a_b-Q"),
		.media_type = S("image/gif") };
	struct buf out = BUF_INIT(128);

	(void)state;
	media_append_data_url(&part, "image/png", &out);
	assert_text(buf_str(&out), "data:image/gif;base64,+a/b+Q==");
	buf_clear(&out);
	part.media_type.p = NULL;
	part.data = S("");
	media_append_data_url(&part, "image/png", &out);
	assert_text(buf_str(&out), "data:image/png;base64,");
	buf_release(&out);
}

static const struct {
	const char *name;
	const char *type; /* "": none */
} names[] = {
	{ "cat.png", "image/png" },
	{ "CAT.JPG", "image/jpeg" },
	{ "https://x/y.pdf?download=1.png", "application/pdf" },
	{ "a.b.docx", "application/vnd.openxmlformats-officedocument."
		      "wordprocessingml.document" },
	{ ".md", "text/markdown" },
	{ "png", "" },
	{ "x.", "" },
	{ "x.exe", "" },
	{ "?x.png", "" },
	{ "", "" },
};

static void types_are_known_by_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_text(media_type_of_name(str_of(names[i].name)),
			names[i].type);
}

static void files_get_names(void **state)
{
	static const struct {
		const char *type;
		const char *name;
	} files[] = {
		{ "application/pdf", "file.pdf" },
		{ "TEXT/CSV", "file.csv" },
		{ "image/jpeg", "file.jpg" },
		{ "application/x-odd", "file" },
		{ "", "file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf out = BUF_INIT(64);

		media_append_file_name(str_of(files[i].type), &out);
		assert_text(buf_str(&out), files[i].name);
		buf_release(&out);
	}
}

static void base64_is_made_usual(void **state)
{
	static const struct {
		const char *said;
		const char *usual;
	} all[] = {
		{ "", "" },
		{ "QQ", "QQ==" },
		{ "QQ=", "QQ==" },
		{ "QQ==", "QQ==" },
		{ "QUI", "QUI=" },
		{ "QUJD", "QUJD" },
		{ "-_-_", "+/+/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct buf out = BUF_INIT(64);
		struct json_writer w;

		json_writer_init(&w, &out);
		media_write_base64(str_of(all[i].said), &w);
		assert_int_equal(out.n, strlen(all[i].usual) + 2);
		assert_memory_equal(
			out.p + 1, all[i].usual, strlen(all[i].usual));
		buf_release(&out);
	}
}

static const struct {
	const char *text;
	bool is_base64;
} texts[] = {
	{ "", true },
	{ "AA", true },
	{ "AA==", true },
	{ "AAA=", true },
	{ "AAAA", true },
	{ "+/-_", true },
	{ "A", false },
	{ "AAAAA", false },
	{ "AA===", false },
	{ "A=AA", false },
	{ "AA AA", false },
	{ "AA\nAA", false },
	{ "data:image/png;base64,AA", false },
	{ "\xc3\xa9", false },
};

static void base64_is_recognized(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (media_is_base64(str_of(texts[i].text)) !=
			texts[i].is_base64)
			fail_msg("'%s'", texts[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_urls_are_split),
		cmocka_unit_test(data_urls_are_written),
		cmocka_unit_test(types_are_known_by_names),
		cmocka_unit_test(files_get_names),
		cmocka_unit_test(base64_is_made_usual),
		cmocka_unit_test(base64_is_recognized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
