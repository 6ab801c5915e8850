/*
 * ollama/request.c - requests to Ollama: what comes back as it was, what is
 * refused, and what another dialect's requests become.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/ollama/ollama.h"
#include "dialect/openai_chat/openai_chat.h"

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(members) "{\"messages\":[" USER "]," members "}"
#define MESSAGES(messages) "{\"messages\":[" messages "]}"

static const char *const odd_bodies[] = {
	MESSAGES(USER),
	WITH("\"stream\":null"),
	WITH("\"stream\":true"),
	WITH("\"stream\":false,\"model\":null"),
	WITH("\"options\":{}"),
	WITH("\"options\":null"),
	WITH("\"options\":{\"num_ctx\":4096,\"stop\":null}"),
	WITH("\"options\":{\"temperature\":0.70,\"top_p\":1,\"top_k\":4,"
	     "\"min_p\":0,\"seed\":-1,\"num_predict\":128,\"stop\":\"x\","
	     "\"repeat_penalty\":1.1,\"presence_penalty\":0,"
	     "\"frequency_penalty\":0}"),
	WITH("\"options\":{\"num_predict\":-1,\"stop\":[\"a\",\"b\"]}"),
	WITH("\"options\":{\"num_predict\":-2,\"stop\":[]}"),
	WITH("\"options\":{\"num_predict\":128.0,\"stop\":[1],\"seed\":null}"),
	WITH("\"format\":\"\""),
	WITH("\"format\":\"json\""),
	WITH("\"format\":null,\"think\":null,\"tools\":null"),
	WITH("\"format\":\"xml\""),
	WITH("\"format\":{\"type\":\"object\"},\"think\":\"max\""),
	WITH("\"think\":true"),
	WITH("\"think\":false,\"keep_alive\":\"5m\",\"truncate\":true,"
	     "\"shift\":false,\"logprobs\":true,\"top_logprobs\":3"),
	WITH("\"tools\":[]"),
	WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	     "\"description\":\"d\",\"parameters\":{},\"x\":1},\"y\":2},7]"),
	MESSAGES("{\"role\":\"system\",\"content\":\"s\",\"x\":1},"
		 "{\"role\":\"user\",\"content\":null,\"images\":"
		 "[\"iVBORw0KGgo=\",\"\"]},{\"role\":\"user\",\"images\":[]}"),
	MESSAGES(USER ",{\"role\":\"assistant\",\"content\":\"\",\"thinking\":"
		      "\"t\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
		      "\"arguments\":{\"a\":1}}},{\"id\":\"\",\"type\":\"x\","
		      "\"function\":{\"index\":1,\"name\":\"g\","
		      "\"arguments\":null,\"description\":\"d\"},\"x\":1},"
		      "{\"id\":\"1\",\"function\":{\"name\":\"h\"}}]},"
		      "{\"role\":\"tool\",\"content\":\"r\"},"
		      "{\"role\":\"tool\",\"content\":\"r\",\"tool_name\":"
		      "\"g\",\"tool_call_id\":\"\"},"
		      "{\"role\":\"tool\",\"content\":\"r\",\"tool_call_id\":"
		      "\"1\"},{\"role\":\"tool\",\"tool_call_id\":7}"),
};

static void odd_requests_come_back(void **state)
{
	(void)state;
	cases_same_requests(&ollama, odd_bodies, ARRAY_LEN(odd_bodies));
}

#define CALL(members) \
	MESSAGES("{\"role\":\"assistant\",\"tool_calls\":[" members "]}")

static const struct refused_case refused[] = {
	{ "[]", ERR_BAD_REQUEST, "" },
	{ "{\"a\":", ERR_BAD_JSON, "" },
	{ "{}", ERR_MISSING_FIELD, "messages" },
	{ "{\"messages\":[]}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":\"Hi\"}", ERR_BAD_FIELD, "messages" },
	{ MESSAGES("1"), ERR_BAD_FIELD, "messages[0]" },
	{ MESSAGES(USER ",{}"), ERR_MISSING_FIELD, "messages[1].role" },
	{ MESSAGES("{\"role\":null}"), ERR_BAD_FIELD, "messages[0].role" },
	{ MESSAGES("{\"role\":\"USER\"}"), ERR_BAD_FIELD, "messages[0].role" },
	{ MESSAGES("{\"role\":\"user\",\"content\":[]}"), ERR_BAD_FIELD,
		"messages[0].content" },
	{ MESSAGES("{\"role\":\"user\",\"images\":\"AAAA\"}"), ERR_BAD_FIELD,
		"messages[0].images" },
	{ MESSAGES("{\"role\":\"user\",\"images\":[\"AAAA\",{}]}"),
		ERR_BAD_FIELD, "messages[0].images[1]" },
	{ MESSAGES("{\"role\":\"assistant\",\"tool_calls\":{}}"), ERR_BAD_FIELD,
		"messages[0].tool_calls" },
	{ CALL("{}"), ERR_MISSING_FIELD,
		"messages[0].tool_calls[0].function.name" },
	{ CALL("{\"function\":{\"name\":\"f\"}},{\"function\":{\"name\":\"f\","
	       "\"arguments\":\"{}\"}}"),
		ERR_BAD_FIELD, "messages[0].tool_calls[1].function.arguments" },
	{ WITH("\"model\":{}"), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"\""), ERR_BAD_FIELD, "model" },
	{ WITH("\"stream\":1"), ERR_BAD_FIELD, "stream" },
	{ WITH("\"options\":[]"), ERR_BAD_FIELD, "options" },
	{ WITH("\"options\":{},\"options\":{}"), ERR_BAD_FIELD, "options" },
	{ WITH("\"options\":{\"num_predict\":\"5\"}"), ERR_BAD_FIELD,
		"options.num_predict" },
	{ WITH("\"options\":{\"num_predict\":5,\"num_pr\\u0065dict\":9}"),
		ERR_BAD_FIELD, "options.num_predict" },
	{ WITH("\"format\":true"), ERR_BAD_FIELD, "format" },
	/* Go would read the second as another name of the first. */
	{ WITH("\"model\":\"a\",\"MODEL\":\"b\""), ERR_BAD_FIELD, "model" },
	{ WITH("\"Stream\":false"), ERR_BAD_FIELD, "stream" },
	{ WITH("\"option\\u0053\":{\"num_predict\":9}"), ERR_BAD_FIELD,
		"options" },
	{ WITH("\"me\xc5\xbf\\u017fages\":[]"), ERR_BAD_FIELD, "messages" },
	{ WITH("\"Thin\\u212a\":true"), ERR_BAD_FIELD, "think" },
};

static void bad_requests_are_refused_with_the_path(void **state)
{
	(void)state;
	cases_refused(&ollama, refused, ARRAY_LEN(refused));
}

static void read_head(
	const char *body, struct arena *arena, struct chat_head *head)
{
	struct error err = ERROR_INIT;

	if (!ollama.read_head(str_of(body), arena, head, &err))
		fail_msg("%s: %s", error_message(&err), body);
}

static void the_head_is_filled(void **state)
{
	static const char body[] =
		"{\"model\":\"m\",\"options\":{\"num_predict\":9},"
		"\"tools\":[{\"a\":1}],\"format\":{},\"logprobs\":true,"
		"\"think\":\"low\",\"messages\":[{\"role\":\"assistant\","
		"\"content\":\"12345\",\"thinking\":\"123\",\"tool_calls\":"
		"[{}]},{\"role\":\"user\",\"images\":[\"AAAA\"]}]}";
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_head(body, &arena, &head);
	assert_text(head.model, "m");
	assert_true(head.has_tools && head.has_images && head.has_logprobs);
	assert_true(head.has_json_schema && head.has_reasoning);
	assert_int_equal(head.max_tokens, 9);
	assert_int_equal(head.message_count, 2);
	assert_int_equal(head.prompt_text_bytes, 5 + 3);
	/* [{"a":1}], {} and [{}] */
	assert_int_equal(head.prompt_bytes, 5 + 3 + 9 + 2 + 4);
	arena_release(&arena);
}

static void an_answer_is_a_stream_unless_told(void **state)
{
	static const struct {
		const char *body;
		bool stream;
		int64_t max_tokens;
	} cases[] = {
		{ MESSAGES(USER), true, -1 },
		{ WITH("\"stream\":null,\"options\":{\"num_predict\":-1}"),
			true, -1 },
		{ WITH("\"stream\":true,\"options\":{\"num_predict\":1e3}"),
			true, 1000 },
		{ WITH("\"stream\":false,\"options\":{\"num_predict\":1e300}"),
			false, INT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_request request;
		struct error err = ERROR_INIT;
		struct chat_head head;
		struct arena arena;

		arena_init(&arena, 4096);
		read_head(cases[i].body, &arena, &head);
		assert_int_equal(head.stream, cases[i].stream);
		assert_int_equal(head.max_tokens, cases[i].max_tokens);
		assert_true(ollama.read_request(&head, &arena, &request, &err));
		assert_int_equal(
			request.stream, cases[i].stream ? CHAT_YES : CHAT_NO);
		arena_release(&arena);
	}
}

static void results_find_their_calls(void **state)
{
	static const char body[] = MESSAGES(
		USER ",{\"role\":\"assistant\",\"tool_calls\":["
		     "{\"function\":{\"name\":\"f\"}},"
		     "{\"function\":{\"name\":\"g\"}},"
		     "{\"id\":\"own\",\"function\":{\"name\":\"f\"}},"
		     "{\"function\":{\"name\":\"h\"}}]},"
		     "{\"role\":\"tool\",\"tool_name\":\"g\"},"
		     "{\"role\":\"tool\",\"tool_name\":\"f\"},"
		     "{\"role\":\"tool\",\"tool_name\":\"unknown\"},"
		     "{\"role\":\"tool\"},{\"role\":\"tool\"}," USER
		     ",{\"role\":\"assistant\",\"tool_calls\":["
		     "{\"function\":{\"name\":\"f\"}}]},"
		     "{\"role\":\"tool\",\"tool_call_id\":\"elsewhere\"},"
		     "{\"role\":\"tool\",\"tool_name\":\"f\"}");
	static const char *const expected[] = { "call_1_1", "call_1_0", "own",
		"call_1_3", "", "elsewhere", "call_8_0" };
	struct chat_request request;
	struct arena arena;
	size_t result = 0;

	(void)state;
	arena_init(&arena, 4096);
	cases_read_request(&ollama, str_of(body), &arena, &request);
	for (size_t i = 0; i < request.message_count; i++)
		if (request.messages[i].role == CHAT_TOOL)
			assert_text(request.messages[i].tool_call_id,
				expected[result++]);
	assert_int_equal(result, ARRAY_LEN(expected));
	arena_release(&arena);
}

static void images_get_their_type_from_their_bytes(void **state)
{
	static const char *const expected[] = { "image/png", "image/jpeg",
		"image/gif", "image/webp", "" };
	const struct chat_part *part;
	struct chat_request request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	cases_read_request(&ollama,
		S(MESSAGES("{\"role\":\"user\",\"images\":[\"iVBORw0KGgoAAAA\","
			   "\"/9j/4AAQ\",\"R0lGODlh\",\"UklGRiQA\","
			   "\"AAAA\"]}")),
		&arena, &request);
	part = request.messages[0].parts;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_non_null(part);
		assert_int_equal(part->kind, CHAT_IMAGE);
		assert_text(part->media_type, expected[i]);
		part = part->next;
	}
	assert_null(part);
	arena_release(&arena);
}

#define OURS(members) WITH("\"stream\":false" members)
#define PARTS(parts) MESSAGES("{\"role\":\"user\",\"content\":[" parts "]}")
#define OUR_MESSAGES(messages) "{\"messages\":[" messages "],\"stream\":false}"
#define TOOL(more)                                             \
	"\"tools\":[{\"type\":\"function\",\"function\":"      \
	"{\"name\":\"f\",\"parameters\":{\"type\":\"object\"," \
	"\"properties\":{}}" more "}}]"
#define THEIR_CALL(id, arguments)                                \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":" \
	"{\"name\":\"f\",\"arguments\":\"" arguments "\"}}"
#define OUR_CALL(id, index, arguments)                           \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":" \
	"{\"index\":" index ",\"name\":\"f\",\"arguments\":" arguments "}}"

static const struct request_case from_openai[] = {
	{ WITH("\"model\":\"m\",\"stream\":true,\"max_tokens\":5,"
	       "\"temperature\":0.7,\"top_p\":0.5,\"top_k\":4,\"min_p\":0.1,"
	       "\"seed\":1,\"frequency_penalty\":0.1,\"presence_penalty\":0.2,"
	       "\"repetition_penalty\":1.1,\"stop\":\"x\",\"logprobs\":true,"
	       "\"top_logprobs\":2"),
		WITH("\"model\":\"m\",\"stream\":true,\"options\":"
		     "{\"num_predict\":5,\"temperature\":0.7,\"top_p\":0.5,"
		     "\"top_k\":4,\"min_p\":0.1,\"seed\":1,"
		     "\"frequency_penalty\":0.1,\"presence_penalty\":0.2,"
		     "\"repeat_penalty\":1.1,\"stop\":[\"x\"]},"
		     "\"logprobs\":true,\"top_logprobs\":2"),
		"" },
	{ WITH("\"user\":\"u\",\"logit_bias\":{\"1\":2}"), OURS(""),
		"logit_bias, user" },
	/* thinking */
	{ WITH("\"reasoning_effort\":\"low\""), OURS(",\"think\":\"low\""),
		"" },
	{ WITH("\"reasoning_effort\":\"minimal\""), OURS(",\"think\":\"low\""),
		"reasoning_effort" },
	{ WITH("\"reasoning_effort\":\"xhigh\""), OURS(",\"think\":\"max\""),
		"reasoning_effort" },
	{ WITH("\"reasoning_effort\":\"none\""), OURS(",\"think\":false"), "" },
	{ WITH("\"reasoning\":{\"max_tokens\":77,\"exclude\":true}"),
		OURS(",\"think\":true"),
		"reasoning_effort.budget, reasoning_effort.exclude" },
	{ WITH("\"reasoning\":{\"enabled\":true}"), OURS(",\"think\":true"),
		"" },
	{ WITH("\"reasoning\":{\"enabled\":false}"), OURS(",\"think\":false"),
		"" },
	/* the kind of answer */
	{ WITH("\"response_format\":{\"type\":\"json_object\"}"),
		OURS(",\"format\":\"json\""), "" },
	{ WITH("\"response_format\":{\"type\":\"text\"}"), OURS(""), "" },
	{ WITH("\"response_format\":{\"type\":\"json_schema\","
	       "\"json_schema\":{\"name\":\"n\",\"description\":\"d\","
	       "\"strict\":true,\"schema\":{\"minimum\":1}}}"),
		OURS(",\"format\":{\"minimum\":1}"),
		"response_format.description" },
	/* tools */
	{ WITH(TOOL(",\"strict\":true") ",\"tool_choice\":\"auto\""),
		OURS("," TOOL("")), "tools[0].strict" },
	{ WITH(TOOL("") ",\"tool_choice\":\"none\""), OURS(""), "" },
	{ WITH(TOOL("") ",\"tool_choice\":\"required\""), NULL, "tool_choice" },
	{ WITH(TOOL("") ",\"tool_choice\":{\"type\":\"function\","
			"\"function\":{\"name\":\"f\"}}"),
		NULL, "tool_choice" },
	{ WITH("\"tool_choice\":\"required\""), OURS(""), "" },
	/* messages */
	{ MESSAGES("{\"role\":\"developer\",\"content\":\"d\"}," USER),
		OUR_MESSAGES("{\"role\":\"system\",\"content\":\"d\"}," USER),
		"" },
	{ MESSAGES("{\"role\":\"user\",\"name\":\"n\",\"content\":\"a\"}"),
		OUR_MESSAGES("{\"role\":\"user\",\"content\":\"a\"}"),
		"messages[0].name" },
	{ PARTS("{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\","
		"\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}},"
		"{\"type\":\"text\",\"text\":\"b\"}"),
		OUR_MESSAGES("{\"role\":\"user\",\"content\":\"a\\nb\","
			     "\"images\":[\"AAAA\"]}"),
		"" },
	{ PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":"
		"\"https://x/y\"}}"),
		NULL, "messages[0]" },
	{ MESSAGES("{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
		   "\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"},"
		   "{\"type\":\"refusal\",\"refusal\":\"c\"}],"
		   "\"reasoning_content\":\"t\"}"),
		OUR_MESSAGES("{\"role\":\"assistant\",\"content\":\"abc\","
			     "\"thinking\":\"t\"}"),
		"" },
	{ MESSAGES(
		  "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" THEIR_CALL(
			  "1", "{\\\"a\\\": 1}") "," THEIR_CALL("2",
			  "") "," THEIR_CALL("3",
			  "null") "]},{\"role\":\"tool\","
				  "\"tool_call_id\":\"2\",\"content\":\"r\"}"),
		OUR_MESSAGES(
			"{\"role\":\"assistant\",\"content\":\"\","
			"\"tool_calls\":[" OUR_CALL(
				"1", "0", "{\"a\":1}") "," OUR_CALL("2", "1",
				"{}") "," OUR_CALL("3", "2",
				"{}") "]},{\"role\":\"tool\","
				      "\"tool_call_id\":\"2\",\"tool_name\":\"f\","
				      "\"content\":\"r\"}"),
		"" },
	{ MESSAGES("{\"role\":\"assistant\",\"tool_calls\":[" THEIR_CALL(
		  "1", "[1]") "]}"),
		OUR_MESSAGES("{\"role\":\"assistant\",\"content\":\"\","
			     "\"tool_calls\":[" OUR_CALL(
				     "1", "0", "{\"arguments\":\"[1]\"}") "]}"),
		"" },
	{ MESSAGES(USER ",{\"role\":\"assistant\",\"tool_calls\":[" THEIR_CALL(
		  "1", "{") "]}"),
		OUR_MESSAGES(USER ",{\"role\":\"assistant\",\"content\":\"\","
				  "\"tool_calls\":[" OUR_CALL("1", "0",
					  "{\"arguments\":\"{\"}") "]}"),
		"" },
	{ MESSAGES("{\"role\":\"assistant\",\"function_call\":{\"name\":"
		   "\"f\",\"arguments\":\"{}\"}},{\"role\":\"function\","
		   "\"name\":\"f\",\"content\":\"r\"}"),
		OUR_MESSAGES(
			"{\"role\":\"assistant\",\"content\":\"\","
			"\"tool_calls\":[" OUR_CALL("call_0", "0",
				"{}") "]},{\"role\":\"tool\","
				      "\"tool_call_id\":\"call_0\",\"tool_name\":"
				      "\"f\",\"content\":\"r\"}"),
		"" },
};

static void others_are_written_in_our_words(void **state)
{
	(void)state;
	cases_requests(
		&openai_chat, &ollama, from_openai, ARRAY_LEN(from_openai));
}

static const struct request_case to_openai[] = {
	/* It would be a stream, for nothing was said. */
	{ WITH("\"options\":{}"), WITH("\"stream\":true"), "" },
	{ WITH("\"stream\":false,\"keep_alive\":0,\"format\":\"\","
	       "\"options\":{\"num_ctx\":5,\"num_predict\":6}"),
		WITH("\"stream\":false,\"max_tokens\":6,\"response_format\":"
		     "{\"type\":\"text\"}"),
		"keep_alive, options.num_ctx" },
};

static void ours_are_written_in_others_words(void **state)
{
	(void)state;
	cases_requests(&ollama, &openai_chat, to_openai, ARRAY_LEN(to_openai));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_requests_come_back),
		cmocka_unit_test(bad_requests_are_refused_with_the_path),
		cmocka_unit_test(the_head_is_filled),
		cmocka_unit_test(an_answer_is_a_stream_unless_told),
		cmocka_unit_test(results_find_their_calls),
		cmocka_unit_test(images_get_their_type_from_their_bytes),
		cmocka_unit_test(others_are_written_in_our_words),
		cmocka_unit_test(ours_are_written_in_others_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
