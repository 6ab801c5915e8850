/*
 * gemini/head.c - what the gateway learns of a request in Google's format, and
 * where it is sent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/gemini/gemini.h"

static void the_address_has_the_model(void **state)
{
	static const struct {
		const char *model;
		bool stream;
		const char *path;
	} paths[] = {
		{ "gemini-2.5-flash", false,
			"/models/gemini-2.5-flash:generateContent" },
		{ "gemini-2.5-flash", true,
			"/models/gemini-2.5-flash:streamGenerateContent"
			"?alt=sse" },
		{ "models/gemini-2.5-pro", false,
			"/models/gemini-2.5-pro:generateContent" },
		{ "tunedModels/a-1", true,
			"/tunedModels/a-1:streamGenerateContent?alt=sse" },
		{ "a b:c?d#\xc3\xa9", false,
			"/models/a%20b%3Ac%3Fd%23%C3%A9:generateContent" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct buf out = BUF_INIT(4096);

		gemini.write_path(
			str_of(paths[i].model), paths[i].stream, &out);
		assert_text(buf_str(&out), paths[i].path);
		buf_release(&out);
	}
}

static void tokens_can_be_counted(void **state)
{
	struct buf out = BUF_INIT(4096);

	(void)state;
	gemini.write_count_path(S("gemini-3-pro"), &out);
	assert_text(buf_str(&out), "/models/gemini-3-pro:countTokens");
	buf_clear(&out);
	gemini.write_token_count(1837, &out);
	assert_text(buf_str(&out), "{\"totalTokens\":1837}");
	buf_release(&out);
}

static void bad_requests_are_refused(void **state)
{
#define IN_PARTS(part) "{\"contents\":[{\"parts\":[" part "]}]}"
#define IN_CONFIG(config) \
	"{\"contents\":[{}],\"generationConfig\":{" config "}}"
	static const struct refused_case cases[] = {
		{ "{", ERR_BAD_JSON, "" },
		{ "[]", ERR_BAD_REQUEST, "" },
		{ "{}", ERR_MISSING_FIELD, "contents" },
		{ "{\"contents\":[]}", ERR_BAD_FIELD, "contents" },
		{ "{\"contents\":\"Hi\"}", ERR_BAD_FIELD, "contents" },
		{ "{\"contents\":[{}],\"contents\":[{}]}", ERR_BAD_FIELD,
			"contents" },
		{ "{\"contents\":[{},\"Hi\"]}", ERR_BAD_FIELD, "contents[1]" },
		{ "{\"contents\":[{\"role\":1}]}", ERR_BAD_FIELD,
			"contents[0].role" },
		{ "{\"contents\":[{},{\"role\":\"assistant\"}]}", ERR_BAD_FIELD,
			"contents[1].role" },
		{ "{\"contents\":[{\"parts\":\"Hi\"}]}", ERR_BAD_FIELD,
			"contents[0].parts" },
		{ IN_PARTS("{},3"), ERR_BAD_FIELD, "contents[0].parts[1]" },
		{ IN_PARTS("{\"text\":[]}"), ERR_BAD_FIELD,
			"contents[0].parts[0].text" },
		{ "{\"contents\":[{}],\"systemInstruction\":\"Be brief\"}",
			ERR_BAD_FIELD, "systemInstruction" },
		{ "{\"contents\":[{}],\"system_instruction\":{\"parts\":[{"
		  "\"text\":1}]}}",
			ERR_BAD_FIELD, "systemInstruction.parts[0].text" },
		{ "{\"contents\":[{}],\"systemInstruction\":{},"
		  "\"system_instruction\":{}}",
			ERR_BAD_FIELD, "systemInstruction" },
		{ "{\"contents\":[{}],\"generationConfig\":{},"
		  "\"generation_config\":{}}",
			ERR_BAD_FIELD, "generationConfig" },
		{ "{\"contents\":[{}],\"generationConfig\":[]}", ERR_BAD_FIELD,
			"generationConfig" },
		{ IN_CONFIG("\"maxOutputTokens\":0"), ERR_BAD_FIELD,
			"generationConfig.maxOutputTokens" },
		{ IN_CONFIG("\"max_output_tokens\":\"9\""), ERR_BAD_FIELD,
			"generationConfig.maxOutputTokens" },
		{ IN_CONFIG("\"maxOutputTokens\":1,\"max_output_tokens\":9"),
			ERR_BAD_FIELD, "generationConfig.maxOutputTokens" },
		{ IN_CONFIG("\"candidateCount\":9"), ERR_BAD_FIELD,
			"generationConfig.candidateCount" },
		{ IN_CONFIG("\"candidateCount\":1,\"candidateCount\":2"),
			ERR_BAD_FIELD, "generationConfig.candidateCount" },
		{ "{\"contents\":[{}],\"tools\":\"search\"}", ERR_BAD_FIELD,
			"tools" },
		{ "{\"contents\":[{}],\"tools\":[1]}", ERR_BAD_FIELD,
			"tools[0]" },
		{ "{\"contents\":[{}],\"tools\":[{\"functionDeclarations\":["
		  "{\"name\":\"a\"},7]}]}",
			ERR_BAD_FIELD, "tools[0].functionDeclarations[1]" },
		{ "{\"contents\":[{}],\"tools\":[{},{\"function_declarations\""
		  ":[{\"description\":\"a\"}]}]}",
			ERR_MISSING_FIELD,
			"tools[1].functionDeclarations[0].name" },
	};

	(void)state;
	cases_refused(&gemini, cases, ARRAY_LEN(cases));
}

static struct chat_head read_head(const char *body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!gemini.read_head(str_of(body), arena, &head, &err))
		fail_msg("%s: %s", body, error_message(&err));
	return head;
}

static void what_the_model_must_be_able_to_do(void **state)
{
	struct arena arena;
	struct chat_head head;

	(void)state;
	arena_init(&arena, 4096);
	head = read_head(
		"{\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]}", &arena);
	assert_true(head.model.n == 0 && head.model_place.bytes == 0);
	assert_false(head.stream || head.has_tools || head.has_images ||
		     head.has_audio || head.has_files || head.has_json_schema ||
		     head.has_reasoning || head.has_logprobs);
	assert_int_equal(head.max_tokens, -1);
	assert_int_equal(head.n, 1);
	assert_int_equal(head.message_count, 1);
	assert_int_equal(head.prompt_text_bytes, 5);
	assert_int_equal(head.prompt_bytes, 5);
	head = read_head(
		"{\"system_instruction\":{\"parts\":{\"text\":\"12\"}},"
		"\"contents\":[{\"parts\":[{\"inline_data\":{\"mime_type\":"
		"\"image/png\",\"data\":\"AAAA\"}},{\"fileData\":{\"mimeType\":"
		"\"audio/mp3\",\"fileUri\":\"gs://a\"}}]},{\"role\":\"model\","
		"\"parts\":[{\"functionCall\":{}},{\"fileData\":{}}]},{"
		"\"parts\":[{\"functionResponse\":{\"response\":{\"a\":1},"
		"\"parts\":[{}]}}]}],\"tools\":[{}],\"generation_config\":{"
		"\"maxOutputTokens\":77,\"candidate_count\":3,"
		"\"response_schema\":{},\"thinkingConfig\":{},"
		"\"responseLogprobs\":true}}",
		&arena);
	assert_true(head.has_tools && head.has_images && head.has_audio &&
		    head.has_files && head.has_json_schema &&
		    head.has_reasoning && head.has_logprobs);
	assert_int_equal(head.max_tokens, 77);
	assert_int_equal(head.n, 3);
	assert_int_equal(head.message_count, 3);
	assert_int_equal(head.prompt_text_bytes, 2);
	/* and {}, {"a":1}, [{}], {} */
	assert_int_equal(head.prompt_bytes, 2 + 2 + 7 + 4 + 2);
	arena_release(&arena);
}

/* A request to count tokens may hold the whole request. */
static void a_request_may_hold_another(void **state)
{
	const char *body = "{\"generateContentRequest\":{\"model\":\"models/m\""
			   ",\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}}";
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct chat_head head;
	struct splice splice;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	head = read_head(body, &arena);
	assert_int_equal(head.message_count, 1);
	assert_int_equal(head.prompt_text_bytes, 2);
	gemini.splice_request(&head, S("other"), true, &arena, &splice);
	assert_text(splice_join(&splice, &arena),
		"{\"generateContentRequest\":{\"model\":\"models/other\""
		",\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]}}");
	gemini.splice_request(
		&head, S("tunedModels/x\""), true, &arena, &splice);
	assert_text(splice_join(&splice, &arena),
		"{\"generateContentRequest\":{\"model\":"
		"\"tunedModels/x\\\"\",\"contents\":[{\"parts\":[{"
		"\"text\":\"Hi\"}]}]}}");
	assert_true(gemini.read_request(&head, &arena, &request, &err));
	assert_text(request.model, "m");
	assert_text(request.messages[0].parts->text, "Hi");
	assert_false(gemini.read_head(
		S("{\"generateContentRequest\":{}}"), &arena, &head, &err));
	assert_string_equal(err.param, "contents");
	body = "{\"model\":\"models/m\",\"contents\":[{\"parts\":[{"
	       "\"text\":\"Hi\"}]}]}";
	head = read_head(body, &arena);
	gemini.splice_request(&head, S("other"), true, &arena, &splice);
	assert_text(splice_join(&splice, &arena), body);
	arena_release(&arena);
}

static size_t counts_read;

static void visit_count(const struct recording *r, void *context)
{
	struct error err = ERROR_INIT;
	struct chat_head head;
	struct arena arena;

	(void)context;
	arena_init(&arena, 4096);
	if (r->request.p && !gemini.read_head(r->request, &arena, &head, &err))
		fail_msg("%s: %s", r->name, error_message(&err));
	counts_read += r->request.p != NULL;
	arena_release(&arena);
}

static void recorded_counts_are_read(void **state)
{
	(void)state;
	recordings_visit_file(
		RECORDINGS "gemini_count_tokens.jsonl", visit_count, NULL);
	assert_int_equal(counts_read, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_has_the_model),
		cmocka_unit_test(tokens_can_be_counted),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(what_the_model_must_be_able_to_do),
		cmocka_unit_test(a_request_may_hold_another),
		cmocka_unit_test(recorded_counts_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
