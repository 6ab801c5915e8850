/*
 * service/multipart.c - forms are taken apart as every reader of forms would;
 * what readers differ in is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "dialect/service/multipart.h"

#define TYPE "multipart/form-data; boundary=xyz"

static bool next(struct multipart *form, struct multipart_part *part)
{
	struct error err = ERROR_INIT;

	return multipart_next(form, part, &err);
}

static void begin(struct multipart *form, const char *type, struct str body)
{
	struct error err = ERROR_INIT;

	if (!multipart_init(form, str_of(type), body, &err))
		fail_msg("%s: %s", type, error_message(&err));
}

static void assert_str(struct str got, const char *expected)
{
	if (!str_equal(got, str_of(expected)))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(got), expected);
}

static void parts_are_views(void **state)
{
	static const char body[] =
		"--xyz\r\n"
		"Content-Disposition: form-data; name=\"model\"\r\n"
		"\r\n"
		"whisper-1\r\n"
		"--xyz  \r\n";
	static const char form_body[] =
		"--xyz\r\n"
		"Content-Disposition: form-data; name=\"model\"\r\n"
		"\r\n"
		"whisper-1\r\n"
		"--xyz\r\n"
		"content-type: audio/wav\r\n"
		"CONTENT-DISPOSITION:form-data; filename=\"a;\\\"b\\\".wav\"; "
		"name=file\r\n"
		"X-Other: 1\r\n"
		"\r\n"
		"RIFF\r\n--xy\0\r\n\r\n-- xyz\r\r\n"
		"--xyz\r\n"
		"Content-Disposition: form-data; name=\"empty\"\r\n"
		"Content-Transfer-Encoding: binary\r\n"
		"\r\n"
		"\r\n"
		"--xyz--\r\nan epilogue";
	struct multipart form;
	struct multipart_part part;
	struct error err = ERROR_INIT;

	(void)state;
	begin(&form, TYPE, (struct str){ form_body, sizeof(form_body) - 1 });
	assert_int_equal(form.first_at, 0);
	assert_true(next(&form, &part));
	assert_str(part.name, "model");
	assert_str(part.value, "whisper-1");
	assert_false(part.is_file);
	assert_ptr_equal(part.value.p, form_body + part.value_at);
	assert_true(next(&form, &part));
	assert_str(part.name, "file");
	assert_str(part.content_type, "audio/wav");
	assert_true(part.is_file);
	assert_int_equal(part.value.n, 22);
	assert_memory_equal(part.value.p, "RIFF\r\n--xy\0\r\n\r\n-- xyz\r", 22);
	assert_true(next(&form, &part));
	assert_str(part.name, "empty");
	assert_str(part.value, "");
	assert_false(next(&form, &part));
	assert_true(form.done);

	/* What may stand between a boundary and its line's end is read
	 * differently: refused. */
	begin(&form, TYPE, (struct str){ body, sizeof(body) - 1 });
	assert_false(multipart_next(&form, &part, &err));
	assert_false(form.done);
	assert_int_equal(err.kind, ERR_BAD_REQUEST);
}

static void boundaries_are_found(void **state)
{
	static const struct {
		const char *type;
		const char *body;
	} good[] = {
		{ "multipart/form-data;boundary=a", "--a--" },
		{ "Multipart/Form-Data; charset=utf-8; Boundary=\"a b'()+\"",
			"--a b'()+--" },
		{ "multipart/form-data; boundary=----WebKitFormBoundaryX",
			"------WebKitFormBoundaryX--\r\n" },
		{ "multipart/form-data; boundary=a", "\r\n--a--" },
	};
	static const struct {
		const char *type;
		const char *body;
		enum error_kind kind;
	} bad[] = {
		{ "", "", ERR_CONTENT_TYPE },
		{ "application/json", "{}", ERR_CONTENT_TYPE },
		{ "multipart/mixed; boundary=a", "--a--", ERR_CONTENT_TYPE },
		{ "multipart/form-data", "--a--", ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary=", "--", ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary=\"a", "--a--",
			ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary=\"a \"", "--a --",
			ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary=a; boundary=b", "--a--",
			ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary=\"a\\\"b\"", "--a\"b--",
			ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary="
		  "0123456789012345678901234567890123456789012345678901234567"
		  "8901234567891",
			"--a--", ERR_CONTENT_TYPE },
		{ "multipart/form-data; boundary=a", "", ERR_BAD_REQUEST },
		{ "multipart/form-data; boundary=a", "--b--", ERR_BAD_REQUEST },
		{ "multipart/form-data; boundary=a", "preamble\r\n--a--",
			ERR_BAD_REQUEST },
		{ "multipart/form-data; boundary=a", "--aX\r\n",
			ERR_BAD_REQUEST },
		{ "multipart/form-data; boundary=a", "--a\n", ERR_BAD_REQUEST },
	};
	struct multipart form;
	struct multipart_part part;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		begin(&form, good[i].type, str_of(good[i].body));
		assert_false(next(&form, &part));
		assert_true(form.done);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (multipart_init(&form, str_of(bad[i].type),
			    str_of(bad[i].body), &err))
			fail_msg("%s, %s", bad[i].type, bad[i].body);
		assert_int_equal(err.kind, bad[i].kind);
	}
}

/* Between the first boundary and the value of a part named "a". */
static const char *const bad_heads[] = {
	"",                                       /* no headers */
	"\r\n",                                   /* no disposition */
	"Content-Type: text/plain\r\n\r\n",       /* neither */
	"Content-Disposition: form-data\r\n\r\n", /* no name */
	"Content-Disposition: form-data; name=\"\"\r\n\r\n",
	"Content-Disposition: attachment; name=\"a\"\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\" x\r\n\r\n",
	"Content-Disposition: form-data name=\"a\"\r\n\r\n",
	"Content-Disposition: form-data; name=\"mo\\del\"\r\n\r\n",
	"Content-Disposition: form-data; name*=utf-8''model\r\n\r\n",
	"Content-Disposition: form-data; name=a; name*=utf-8''model\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\"\n\n",
	"Content-Disposition: form-data; name=\"a\"\r\n\n",
	"Content-Disposition: form-data;\r\n name=\"a\"\r\n\r\n", /* folded */
	"Content-Disposition: form-data; name=\"a\"\r\n"
	"Content-Disposition: form-data; name=\"b\"\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\"\r\nnonsense\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\"\r\n: x\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\"\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\n",
	"Content-Disposition: form-data; name=\"a\nb\"\r\n\r\n",
};

static void broken_parts_are_refused(void **state)
{
	char body[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_heads); i++) {
		struct multipart form;
		struct multipart_part part;
		struct error err = ERROR_INIT;

		snprintf(body, sizeof(body), "--xyz\r\n%sv\r\n--xyz--\r\n",
			bad_heads[i]);
		begin(&form, TYPE, str_of(body));
		if (multipart_next(&form, &part, &err))
			fail_msg("%s: %.*s", body, STR_ARG(part.name));
		assert_false(form.done);
		assert_int_equal(err.kind, ERR_BAD_REQUEST);
	}
}

static void a_form_ends(void **state)
{
	static const char head[] =
		"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv";
	static const char *const tails[] = { "", "\r\n", "\r\n--xyz",
		"\r\n--xyz\r\n", "\r\n--xyz-", "\n--xyz--", "\r\n--xyzz--" };
	char body[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		struct multipart form;
		struct multipart_part part;
		struct error err = ERROR_INIT;

		snprintf(body, sizeof(body), "%s%s", head, tails[i]);
		begin(&form, TYPE, str_of(body));
		while (multipart_next(&form, &part, &err))
			;
		if (form.done)
			fail_msg("%s was accepted", body);
		assert_int_equal(err.kind, ERR_BAD_REQUEST);
	}
}

static void sizes_are_bounded(void **state)
{
	struct buf body = BUF_INIT(1 << 20);
	struct multipart form;
	struct multipart_part part;
	struct error err = ERROR_INIT;
	unsigned parts = 0;

	(void)state;
	for (int i = 0; i < 300; i++)
		buf_printf(&body,
			"--xyz\r\nContent-Disposition: form-data; "
			"name=\"p%d\"\r\n\r\nv\r\n",
			i);
	buf_append(&body, S("--xyz--\r\n"));
	begin(&form, TYPE, buf_str(&body));
	for (; multipart_next(&form, &part, &err); parts++)
		;
	assert_int_equal(parts, MULTIPART_MAX_PARTS);
	assert_false(form.done);
	assert_int_equal(err.kind, ERR_BAD_REQUEST);

	buf_clear(&body);
	buf_append(&body, S("--xyz\r\nX: "));
	for (int i = 0; i < MULTIPART_MAX_HEADER_BYTES; i++)
		buf_append_char(&body, 'x');
	buf_append(&body,
		S("\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv"
		  "\r\n--xyz--\r\n"));
	begin(&form, TYPE, buf_str(&body));
	assert_false(multipart_next(&form, &part, &err));
	assert_false(form.done);
	buf_release(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_views),
		cmocka_unit_test(boundaries_are_found),
		cmocka_unit_test(broken_parts_are_refused),
		cmocka_unit_test(a_form_ends),
		cmocka_unit_test(sizes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
