/*
 * service/head.c - what is read of requests, JSON and forms; what is refused;
 * and the same request with another model.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/losses.h"
#include "dialect/service/service.h"

#define FORM "multipart/form-data; boundary=xyz"
#define FIELD(name, value)                                      \
	"--xyz\r\nContent-Disposition: form-data; name=\"" name \
	"\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value)                                            \
	"--xyz\r\nContent-Disposition: form-data; name=\"" name           \
	"\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n" value \
	"\r\n"
#define END "--xyz--\r\n"

static struct arena arena;
static struct chat_head head;
static struct service_input input;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 14);
	err = (struct error)ERROR_INIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const struct service_format *row(const char *name, enum service service)
{
	const struct service_format *found =
		service_format_find(str_of(name), service);

	assert_non_null(found);
	return found;
}

static bool read_as(const char *name, enum service service, const char *type,
	const char *body)
{
	return row(name, service)
		->read_head(str_of(type), str_of(body), &arena, &head, &input,
			&err);
}

static void read_json(const char *name, enum service service, const char *body)
{
	if (!read_as(name, service, "application/json; charset=utf-8", body))
		fail_msg("%s: %s", body, error_message(&err));
}

static void read_form(enum service service, const char *body)
{
	if (!read_as("openai", service, FORM, body))
		fail_msg("%s: %s", body, error_message(&err));
}

static void json_heads(void **state)
{
	(void)state;
	read_json("openai", SERVICE_COMPLETIONS,
		"{\"model\":\"m\",\"prompt\":[[1,2],[3]],\"suffix\":\"abc\","
		"\"stream\":true,\"stream_options\":{\"include_usage\":true},"
		"\"max_tokens\":7,\"n\":2,\"user\":\"u\"}");
	assert_text(head.model, "m");
	assert_text(head.user, "u");
	assert_true(head.stream && head.wants_usage);
	assert_int_equal(head.max_tokens, 7);
	assert_int_equal(head.n, 2);
	assert_int_equal(head.prompt_bytes, 3 * 4 + 3);
	assert_int_equal(input.item_count, 2);

	read_json("openai", SERVICE_EMBEDDINGS, "{\"input\":[1,2,3]}");
	assert_text(head.model, "");
	assert_int_equal(input.item_count, 1);
	assert_false(input.is_list || input.wants_base64);
	assert_int_equal(head.prompt_bytes, 12);

	read_json("gemini", SERVICE_EMBEDDINGS,
		"{\"requests\":[{\"model\":\"models/x\",\"content\":{\"role\":"
		"\"user\",\"parts\":[{\"text\":\"abc\"},{\"inlineData\":{"
		"\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}]}}]}");
	assert_text(head.model, "x");
	assert_int_equal(head.prompt_bytes, 3);
	assert_true(head.has_images && input.is_list);

	read_json("openai", SERVICE_MODERATIONS,
		"{\"input\":[{\"type\":\"text\",\"text\":\"ab\"},{\"type\":"
		"\"image_url\",\"image_url\":{\"url\":\"data:,\"}}]}");
	assert_int_equal(input.item_count, 2);
	assert_int_equal(head.prompt_bytes, 2);
	assert_true(head.has_images);

	read_json("openai", SERVICE_SPEECH,
		"{\"model\":\"tts-1\",\"input\":\"a\\u00e9\xe2\x82\xac\","
		"\"instructions\":\"x\",\"voice\":\"v\",\"response_format\":"
		"\"opus\",\"stream_format\":\"sse\"}");
	assert_int_equal(input.characters, 3);
	assert_text(input.response_format, "opus");
	assert_true(head.stream);

	read_json("openai", SERVICE_IMAGES,
		"{\"prompt\":\"abcd\",\"n\":3,\"user\":null,\"stream\":null}");
	assert_int_equal(input.image_count, 3);
	assert_int_equal(head.prompt_bytes, 4);
	assert_int_equal(input.file_bytes, -1);

	read_json("cohere", SERVICE_RERANK,
		"{\"query\":\"ab\",\"documents\":[\"c\",{\"text\":\"de\","
		"\"id\":\"zzz\"}]}");
	assert_int_equal(head.prompt_bytes, 5);
	assert_int_equal(input.item_count, 2);
}

static void form_heads(void **state)
{
	(void)state;
	read_form(SERVICE_TRANSCRIPTIONS,
		FIELD("language", "de") FILE_PART("file", "RIFF1234") FIELD(
			"model", "whisper-1") FIELD("prompt", "abc")
			FIELD("response_format", "srt") FIELD("stream", "True")
				FIELD("other", "model") END);
	assert_text(head.model, "whisper-1");
	assert_text(input.language, "de");
	assert_text(input.response_format, "srt");
	assert_text(input.member, "file");
	assert_text(input.content_type, FORM);
	assert_true(head.stream);
	assert_int_equal(input.file_bytes, 8);
	assert_int_equal(head.prompt_bytes, 3);

	read_form(SERVICE_IMAGE_EDITS,
		FIELD("n", "4") FIELD("user", "u") FILE_PART("image[]", "12")
			FILE_PART("image[]", "345") FIELD("stream", "0") END);
	assert_text(head.model, "");
	assert_text(head.user, "u");
	assert_false(head.stream);
	assert_int_equal(input.image_count, 4);
	assert_int_equal(input.file_bytes, 5);
}

static const struct {
	const char *format;
	enum service service;
	const char *type;
	const char *body;
	enum error_kind kind;
	const char *param;
} refusals[] = {
	{ "openai", SERVICE_COMPLETIONS, "", "{\"prompt\":1}", ERR_BAD_FIELD,
		"prompt" },
	{ "openai", SERVICE_COMPLETIONS, "", "{\"prompt\":\"a\"", ERR_BAD_JSON,
		"" },
	{ "openai", SERVICE_COMPLETIONS, "", "[]", ERR_BAD_REQUEST, "" },
	{ "openai", SERVICE_COMPLETIONS, "text/plain", "{}", ERR_CONTENT_TYPE,
		"" },
	{ "openai", SERVICE_COMPLETIONS, FORM, "{}", ERR_CONTENT_TYPE, "" },
	{ "openai", SERVICE_COMPLETIONS, "",
		"{\"model\":\"a\",\"model\":\"b\"}", ERR_BAD_FIELD, "model" },
	{ "openai", SERVICE_COMPLETIONS, "", "{\"model\":\"\"}", ERR_BAD_FIELD,
		"model" },
	{ "openai", SERVICE_COMPLETIONS, "", "{\"n\":0}", ERR_BAD_FIELD, "n" },
	{ "openai", SERVICE_COMPLETIONS, "", "{\"max_tokens\":1.5}",
		ERR_BAD_FIELD, "max_tokens" },
	{ "openai", SERVICE_COMPLETIONS, "",
		"{\"stream_options\":{\"include_usage\":1}}", ERR_BAD_FIELD,
		"stream_options.include_usage" },
	{ "openai", SERVICE_COMPLETIONS, "",
		"{\"stream_options\":{\"include_usage\":true,"
		"\"include_usage\":false}}",
		ERR_BAD_FIELD, "stream_options.include_usage" },
	{ "openai", SERVICE_EMBEDDINGS, "", "{}", ERR_MISSING_FIELD, "input" },
	{ "openai", SERVICE_EMBEDDINGS, "", "{\"input\":null}", ERR_BAD_FIELD,
		"input" },
	{ "openai", SERVICE_EMBEDDINGS, "", "{\"input\":\"a\",\"input\":\"b\"}",
		ERR_BAD_FIELD, "input" },
	{ "cohere", SERVICE_EMBEDDINGS, "", "{\"texts\":null}",
		ERR_MISSING_FIELD, "texts" },
	{ "cohere", SERVICE_EMBEDDINGS, "", "{\"texts\":\"a\"}", ERR_BAD_FIELD,
		"texts" },
	{ "ollama", SERVICE_EMBEDDINGS, "", "{\"model\":\"a\"}",
		ERR_MISSING_FIELD, "input" },
	{ "gemini", SERVICE_EMBEDDINGS, "", "{}", ERR_MISSING_FIELD,
		"content" },
	{ "gemini", SERVICE_EMBEDDINGS, "", "{\"content\":{},\"requests\":[]}",
		ERR_BAD_FIELD, "requests" },
	{ "gemini", SERVICE_EMBEDDINGS, "", "{\"requests\":[],\"content\":{}}",
		ERR_BAD_FIELD, "content" },
	{ "gemini", SERVICE_EMBEDDINGS, "", "{\"requests\":{}}", ERR_BAD_FIELD,
		"requests" },
	{ "gemini", SERVICE_EMBEDDINGS, "",
		"{\"requests\":[{\"model\":\"a\",\"model\":\"b\"}]}",
		ERR_BAD_FIELD, "requests" },
	{ "openai", SERVICE_MODERATIONS, "", "{\"model\":\"m\"}",
		ERR_MISSING_FIELD, "input" },
	{ "openai", SERVICE_SPEECH, "", "{\"model\":\"m\"}", ERR_MISSING_FIELD,
		"input" },
	{ "openai", SERVICE_SPEECH, "", "{\"input\":[\"a\"]}", ERR_BAD_FIELD,
		"input" },
	{ "openai", SERVICE_IMAGES, "", "{\"n\":\"1\"}", ERR_BAD_FIELD, "n" },
	{ "openai", SERVICE_TRANSCRIPTIONS, "application/json", "{}",
		ERR_CONTENT_TYPE, "" },
	{ "openai", SERVICE_TRANSCRIPTIONS, FORM, FIELD("model", "m") END,
		ERR_MISSING_FIELD, "file" },
	{ "openai", SERVICE_TRANSCRIPTIONS, FORM,
		FILE_PART("file", "a") FIELD("model", "m") FIELD("model", "n")
			END,
		ERR_BAD_FIELD, "model" },
	{ "openai", SERVICE_TRANSCRIPTIONS, FORM,
		FILE_PART("file", "a") FILE_PART("model", "m") END,
		ERR_BAD_FIELD, "model" },
	{ "openai", SERVICE_TRANSCRIPTIONS, FORM,
		FILE_PART("file", "a") FIELD("model", "") END, ERR_BAD_FIELD,
		"model" },
	{ "openai", SERVICE_TRANSCRIPTIONS, FORM,
		FILE_PART("file", "a") FIELD("model", "m"), ERR_BAD_REQUEST,
		"" },
	{ "openai", SERVICE_IMAGE_EDITS, FORM, FIELD("n", "many") END,
		ERR_BAD_FIELD, "n" },
};

static void bad_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (read_as(refusals[i].format, refusals[i].service,
			    refusals[i].type, refusals[i].body))
			fail_msg("%s was accepted", refusals[i].body);
		if (err.kind != refusals[i].kind ||
			strcmp(err.param, refusals[i].param) != 0)
			fail_msg("%s: %s, param '%s'", refusals[i].body,
				error_name(err.kind), err.param);
	}
}

static struct str spliced(enum service service, bool ask_usage)
{
	struct splice splice;

	row("openai", service)
		->splice_request(
			&head, &input, S("new"), ask_usage, &arena, &splice);
	return splice_join(&splice, &arena);
}

static void forms_are_spliced(void **state)
{
	static const char given[] = FILE_PART("file", "\r\n--xy\r\n")
		FIELD("model", "old") FIELD("prompt", "old") END;
	static const char other[] = FILE_PART("file", "\r\n--xy\r\n")
		FIELD("model", "new") FIELD("prompt", "old") END;
	static const char without[] = "\r\n" FILE_PART("file", "a") END;
	static const char with[] =
		"\r\n" FIELD("model", "new") FILE_PART("file", "a") END;

	(void)state;
	read_form(SERVICE_TRANSCRIPTIONS, given);
	assert_text(spliced(SERVICE_TRANSCRIPTIONS, false), other);
	read_form(SERVICE_TRANSCRIPTIONS, without);
	assert_text(spliced(SERVICE_TRANSCRIPTIONS, false), with);
	read_form(SERVICE_TRANSCRIPTIONS, with);
	assert_ptr_equal(spliced(SERVICE_TRANSCRIPTIONS, false).p, with);
	/* The same service with a JSON body. */
	read_json("openai", SERVICE_IMAGE_EDITS, "{\"n\":1}");
	assert_text(spliced(SERVICE_IMAGE_EDITS, false),
		"{\"model\":\"new\",\"n\":1}");
}

static void streams_of_completions_are_asked_for_usage(void **state)
{
	(void)state;
	read_json("openai", SERVICE_COMPLETIONS,
		"{\"model\":\"m\",\"stream\":true}");
	assert_same_json(spliced(SERVICE_COMPLETIONS, true),
		S("{\"model\":\"new\",\"stream\":true,"
		  "\"stream_options\":{\"include_usage\":true}}"),
		"stream");
	assert_text(spliced(SERVICE_COMPLETIONS, false),
		"{\"model\":\"new\",\"stream\":true}");
}

static void calls_keep_their_type(void **state)
{
	const struct service_format *speech = row("openai", SERVICE_SPEECH);
	const struct service_format *form = row("openai", SERVICE_TRANSLATIONS);
	struct service_call call;
	struct splice answer;

	(void)state;
	read_form(SERVICE_TRANSLATIONS, FILE_PART("file", "a") END);
	assert_true(service_call_make(&call, form, form, &head, &input,
		S("new"), false, &arena, NULL, &err));
	assert_text(call.content_type, FORM);
	assert_text(call.path, "/audio/translations");
	read_json("openai", SERVICE_SPEECH, "{\"input\":\"a\"}");
	assert_true(service_call_make(&call, speech, speech, &head, &input,
		S("new"), false, &arena, NULL, &err));
	assert_text(call.content_type, "application/json");
	assert_true(service_call_answer(
		&call, S("ID3\xff"), S(""), &arena, &answer, &err));
	assert_text(splice_join(&answer, &arena), "ID3\xff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(json_heads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(form_heads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			bad_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			forms_are_spliced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			streams_of_completions_are_asked_for_usage, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			calls_keep_their_type, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
