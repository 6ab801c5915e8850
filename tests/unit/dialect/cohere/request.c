/*
 * cohere/request.c - requests to Cohere: what comes back as it was, what is
 * refused, and what another dialect's requests become.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/cohere/cohere.h"
#include "dialect/openai_chat/openai_chat.h"

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(members) "{\"messages\":[" USER "]," members "}"
#define PARTS(parts) \
	"{\"messages\":[{\"role\":\"user\",\"content\":[" parts "]}]}"
#define MESSAGES(messages) "{\"messages\":[" messages "]}"
#define CALL(id, arguments)                                      \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":" \
	"{\"name\":\"f\",\"arguments\":\"" arguments "\"}}"

static const char *const odd_bodies[] = {
	WITH("\"temperature\":0.7,\"p\":1e-2,\"k\":5,\"seed\":123456789012345"),
	WITH("\"temperature\":null,\"stop_sequences\":null,\"tools\":null"),
	WITH("\"stop_sequences\":[]"),
	WITH("\"stop_sequences\":[\"a\",1]"),
	WITH("\"stop_sequences\":[\"a\",\"\"]"),
	WITH("\"tools\":[],\"strict_tools\":true"),
	WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	     "\"parameters\":{},\"x\":1},\"y\":2},{\"type\":\"new\"},7],"
	     "\"strict_tools\":false,\"tool_choice\":\"REQUIRED\""),
	WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	     "\"parameters\":null}}],\"strict_tools\":null,"
	     "\"tool_choice\":\"AUTO\""),
	WITH("\"tool_choice\":\"NONE\""),
	WITH("\"response_format\":{\"type\":\"text\"}"),
	WITH("\"response_format\":{\"type\":\"json_object\",\"x\":null}"),
	WITH("\"response_format\":{\"type\":\"json_object\","
	     "\"schema\":{\"type\":\"object\",\"minimum\":1}}"),
	WITH("\"response_format\":{\"type\":\"json_object\","
	     "\"json_schema\":{\"a\":1},\"schema\":{\"b\":2}}"),
	WITH("\"response_format\":{\"type\":\"text\",\"json_schema\":{}}"),
	WITH("\"response_format\":{\"type\":\"grammar\"}"),
	WITH("\"response_format\":{}"),
	WITH("\"thinking\":{}"),
	WITH("\"thinking\":{\"type\":\"enabled\",\"token_budget\":5}"),
	WITH("\"thinking\":{\"type\":\"adaptive\",\"token_budget\":1.5}"),
	WITH("\"thinking\":null,\"logprobs\":true,\"stream\":null"),
	WITH("\"documents\":[\"a\",{\"id\":\"1\",\"data\":{\"t\":\"x\"}}],"
	     "\"citation_options\":{\"mode\":\"FAST\"},\"priority\":0,"
	     "\"safety_mode\":\"OFF\",\"max_tokens\":null"),
	PARTS("{\"type\":\"text\",\"text\":\"\",\"x\":[]}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/y\","
	      "\"detail\":\"low\",\"x\":1},\"y\":2}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":"
	      "\"data:image/png;base64,AAAA\"}}"),
	PARTS("{\"type\":\"hologram\",\"data\":[1]},"
	      "{\"type\":\"text\",\"text\":\"x\"}"),
	MESSAGES("{\"role\":\"system\",\"content\":\"s\",\"x\":1}," USER ","
		 "{\"role\":\"assistant\"}"),
	MESSAGES(USER ",{\"role\":\"assistant\",\"content\":null,"
		      "\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}"),
	MESSAGES(USER
		",{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
		"\"thinking\":\"t\"},{\"type\":\"text\",\"text\":\"a\"}],"
		"\"tool_plan\":\"p\",\"tool_calls\":[" CALL(
			"1", "null") "," CALL("2",
			"") "],\"citations\":[{\"start\":0,\"end\":1,\"text\":"
			    "\"a\",\"sources\":[],\"x\":1},{}]},"
			    "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":"
			    "[{\"type\":\"document\",\"document\":{\"id\":\"d\","
			    "\"data\":{\"t\":\"x\"}}},{\"type\":\"document\","
			    "\"document\":\"{\\\"a\\\":1}\"},{\"type\":\"text\","
			    "\"text\":\"y\"}]},{\"role\":\"tool\","
			    "\"tool_call_id\":\"2\",\"content\":\"z\"}"),
};

static void odd_requests_come_back(void **state)
{
	(void)state;
	cases_same_requests(&cohere, odd_bodies, ARRAY_LEN(odd_bodies));
}

static const struct refused_case refused[] = {
	{ "[]", ERR_BAD_REQUEST, "" },
	{ "{", ERR_BAD_JSON, "" },
	{ "{}", ERR_MISSING_FIELD, "messages" },
	{ "{\"messages\":[]}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":{}}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":[1]}", ERR_BAD_FIELD, "messages[0]" },
	{ MESSAGES("{}"), ERR_MISSING_FIELD, "messages[0].role" },
	{ MESSAGES("{\"role\":1}"), ERR_BAD_FIELD, "messages[0].role" },
	{ MESSAGES(USER ",{\"role\":\"robot\",\"content\":\"\"}"),
		ERR_BAD_FIELD, "messages[1].role" },
	{ MESSAGES("{\"role\":\"user\"}"), ERR_MISSING_FIELD,
		"messages[0].content" },
	{ MESSAGES("{\"role\":\"user\",\"content\":{}}"), ERR_BAD_FIELD,
		"messages[0].content" },
	{ PARTS("7"), ERR_BAD_FIELD, "messages[0].content[0]" },
	{ PARTS("{\"type\":\"text\",\"text\":\"a\"},{}"), ERR_MISSING_FIELD,
		"messages[0].content[1].type" },
	{ PARTS("{\"type\":1}"), ERR_BAD_FIELD, "messages[0].content[0].type" },
	{ PARTS("{\"type\":\"text\",\"text\":1}"), ERR_MISSING_FIELD,
		"messages[0].content[0].text" },
	{ PARTS("{\"type\":\"image_url\",\"image_url\":\"u\"}"),
		ERR_MISSING_FIELD, "messages[0].content[0].image_url.url" },
	{ MESSAGES("{\"role\":\"assistant\",\"content\":[{\"type\":"
		   "\"thinking\"}]}"),
		ERR_MISSING_FIELD, "messages[0].content[0].thinking" },
	{ MESSAGES("{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":"
		   "[{\"type\":\"document\",\"document\":null}]}"),
		ERR_MISSING_FIELD, "messages[0].content[0].document" },
	{ MESSAGES("{\"role\":\"tool\",\"content\":\"x\"}"), ERR_MISSING_FIELD,
		"messages[0].tool_call_id" },
	{ MESSAGES("{\"role\":\"assistant\",\"tool_calls\":{}}"), ERR_BAD_FIELD,
		"messages[0].tool_calls" },
	{ MESSAGES("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\","
		   "\"function\":{\"arguments\":\"{}\"}}]}"),
		ERR_MISSING_FIELD, "messages[0].tool_calls[0].function.name" },
	{ MESSAGES("{\"role\":\"assistant\",\"tool_calls\":[" CALL(
		  "1", "{}") ",{\"id\":\"2\",\"function\":{\"name\":\"f\","
			     "\"arguments\":{}}}]}"),
		ERR_MISSING_FIELD,
		"messages[0].tool_calls[1].function.arguments" },
	{ WITH("\"model\":7"), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"a\",\"mod\\u0065l\":\"b\""), ERR_BAD_FIELD,
		"model" },
	{ WITH("\"messages\":[" USER "]"), ERR_BAD_FIELD, "messages" },
	{ WITH("\"stream\":\"yes\""), ERR_BAD_FIELD, "stream" },
	{ WITH("\"max_tokens\":0"), ERR_BAD_FIELD, "max_tokens" },
	{ WITH("\"max_tokens\":1,\"max_tokens\":9"), ERR_BAD_FIELD,
		"max_tokens" },
	{ WITH("\"tools\":{}"), ERR_BAD_FIELD, "tools" },
	{ WITH("\"thinking\":true"), ERR_BAD_FIELD, "thinking" },
};

static void bad_requests_are_refused_with_the_path(void **state)
{
	(void)state;
	cases_refused(&cohere, refused, ARRAY_LEN(refused));
}

static void the_head_is_filled(void **state)
{
	static const char body[] =
		"{\"model\":\"m\",\"stream\":true,\"max_tokens\":9,"
		"\"tools\":[{\"a\":1}],\"documents\":[\"12\"],"
		"\"response_format\":{\"json_schema\":{}},\"logprobs\":true,"
		"\"thinking\":{\"type\":\"enabled\"},\"messages\":["
		"{\"role\":\"assistant\",\"tool_plan\":\"123\",\"tool_calls\":"
		"[{}]},{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		"\"text\":\"12345\"},{\"type\":\"image_url\"}]}]}";
	struct error err = ERROR_INIT;
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_true(cohere.read_head(str_of(body), &arena, &head, &err));
	assert_text(head.model, "m");
	assert_true(head.stream && head.has_tools && head.has_images);
	assert_true(head.has_json_schema && head.has_logprobs);
	assert_true(head.has_reasoning);
	assert_int_equal(head.max_tokens, 9);
	assert_int_equal(head.message_count, 2);
	/* "123", "12345" and ["12"] */
	assert_int_equal(head.prompt_text_bytes, 3 + 5 + 6);
	/* [{"a":1}], {"json_schema":{}} and [{}] */
	assert_int_equal(head.prompt_bytes, 3 + 5 + 6 + 9 + 18 + 4);
	arena_release(&arena);
}

#define TOOL(name, strict, required)                                        \
	"{\"type\":\"function\",\"function\":{\"name\":\"" name "\"" strict \
	",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":"       \
	"{\"minimum\":1}},\"required\":[" required "]}}}"
#define STRICT ",\"strict\":true"
#define SCHEMA(inner)                                                 \
	"\"response_format\":{\"type\":\"json_schema\","              \
	"\"json_schema\":{\"name\":\"n\",\"strict\":true,\"schema\":" \
	"{\"type\":\"object\",\"properties\":" inner "}}}"
#define OUR_SCHEMA(inner)                                                \
	"\"response_format\":{\"type\":\"json_object\",\"json_schema\":" \
	"{\"type\":\"object\",\"properties\":" inner "}}"

static const struct request_case from_openai[] = {
	{ WITH("\"model\":\"m\",\"stream\":true,\"max_completion_tokens\":5,"
	       "\"temperature\":0.70,\"top_p\":0.5,\"top_k\":4,\"seed\":1,"
	       "\"frequency_penalty\":0.1,\"presence_penalty\":0.2,"
	       "\"stop\":\"x\",\"logprobs\":true"),
		WITH("\"model\":\"m\",\"stream\":true,\"max_tokens\":5,"
		     "\"temperature\":0.7,\"p\":0.5,\"k\":4,\"seed\":1,"
		     "\"frequency_penalty\":0.1,\"presence_penalty\":0.2,"
		     "\"stop_sequences\":[\"x\"],\"logprobs\":true"),
		"" },
	{ WITH("\"user\":\"u\",\"top_logprobs\":2,\"n\":1,\"min_p\":0.1"),
		MESSAGES(USER), "min_p, top_logprobs, user" },
	{ WITH("\"n\":2"), NULL, "n" },
	/* thinking */
	{ WITH("\"reasoning_effort\":\"high\""),
		WITH("\"thinking\":{\"type\":\"enabled\"}"), "" },
	{ WITH("\"reasoning_effort\":\"low\""),
		WITH("\"thinking\":{\"type\":\"enabled\"}"),
		"reasoning_effort" },
	{ WITH("\"reasoning_effort\":\"none\""),
		WITH("\"thinking\":{\"type\":\"disabled\"}"), "" },
	{ WITH("\"reasoning\":{\"max_tokens\":77,\"effort\":\"low\","
	       "\"exclude\":true}"),
		WITH("\"thinking\":{\"type\":\"enabled\","
		     "\"token_budget\":77}"),
		"reasoning_effort.exclude" },
	{ WITH("\"reasoning\":{\"max_tokens\":0}"),
		WITH("\"thinking\":{\"type\":\"disabled\"}"), "" },
	{ WITH("\"reasoning\":{\"enabled\":false}"),
		WITH("\"thinking\":{\"type\":\"disabled\"}"), "" },
	/* the kind of answer */
	{ WITH("\"response_format\":{\"type\":\"json_object\"}"),
		WITH("\"response_format\":{\"type\":\"json_object\"}"), "" },
	{ WITH("\"response_format\":{\"type\":\"text\"}"),
		WITH("\"response_format\":{\"type\":\"text\"}"), "" },
	{ WITH(SCHEMA("{\"minimum\":{\"type\":\"integer\"}}")),
		WITH(OUR_SCHEMA("{\"minimum\":{\"type\":\"integer\"}}")), "" },
	{ WITH(SCHEMA("{\"a\":{\"type\":\"string\",\"minLength\":1,"
		      "\"format\":\"email\"},\"b\":{\"type\":\"array\","
		      "\"items\":{\"format\":\"date\",\"maximum\":5}}}")),
		WITH(OUR_SCHEMA("{\"a\":{\"type\":\"string\"},\"b\":{\"type\":"
				"\"array\",\"items\":{\"format\":"
				"\"date\"}}}")),
		"response_format.minLength, response_format.format, "
		"response_format.maximum" },
	{ WITH(SCHEMA("{\"a\":{\"oneOf\":[{\"type\":\"null\"},"
		      "{\"maxItems\":1}]},\"b\":{\"anyOf\":[true],"
		      "\"oneOf\":[{}]},\"c\":{\"enum\":[{\"minimum\":1}]}}")),
		WITH(OUR_SCHEMA("{\"a\":{\"anyOf\":[{\"type\":\"null\"},{}]},"
				"\"b\":{\"anyOf\":[true]},\"c\":{\"enum\":"
				"[{\"minimum\":1}]}}")),
		"response_format.oneOf, response_format.maxItems" },
	/* tools */
	{ WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
	       "\"f\"}}],\"tool_choice\":\"auto\","
	       "\"parallel_tool_calls\":false"),
		WITH("\"tools\":[{\"type\":\"function\",\"function\":"
		     "{\"name\":\"f\",\"parameters\":{\"type\":\"object\","
		     "\"properties\":{}}}}]"),
		"parallel_tool_calls" },
	{ WITH("\"tools\":[" TOOL(
		  "f", STRICT, "\"a\"") "],"
					"\"tool_choice\":\"required\""),
		WITH("\"tools\":[" TOOL(
			"f", "", "\"a\"") "],\"strict_tools\":"
					  "true,\"tool_choice\":\"REQUIRED\""),
		"" },
	{ WITH("\"tools\":[" TOOL("f", STRICT, "\"a\"") "," TOOL(
		  "g", "", "\"a\"") "],\"tool_choice\":\"none\""),
		WITH("\"tools\":[" TOOL("f", "", "\"a\"") "," TOOL(
			"g", "", "\"a\"") "],\"tool_choice\":\"NONE\""),
		"tools[0].strict" },
	{ WITH("\"tools\":[" TOOL("f", STRICT, "") "]"),
		WITH("\"tools\":[" TOOL("f", "", "") "]"), "tools[0].strict" },
	{ WITH("\"tools\":[" TOOL("f", "", "") "," TOOL("g", "",
		  "") "],"
		      "\"tool_choice\":{\"type\":\"function\",\"function\":"
		      "{\"name\":\"g\"}}"),
		WITH("\"tools\":[" TOOL("g", "", "") "],\"tool_choice\":"
						     "\"REQUIRED\""),
		"" },
	{ WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]"),
		NULL, "tools[0]" },
	/* messages */
	{ MESSAGES("{\"role\":\"developer\",\"content\":\"d\"}," USER),
		MESSAGES("{\"role\":\"system\",\"content\":\"d\"}," USER), "" },
	{ PARTS("{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\","
		"\"image_url\":{\"url\":\"https://x/y\",\"detail\":\"low\"}}"),
		PARTS("{\"type\":\"text\",\"text\":\"a\"},{\"type\":"
		      "\"image_url\",\"image_url\":{\"url\":\"https://x/y\","
		      "\"detail\":\"low\"}}"),
		"" },
	{ MESSAGES("{\"role\":\"system\",\"content\":[{\"type\":\"image_url\","
		   "\"image_url\":{\"url\":\"https://x/y\"}}]}"),
		NULL, "messages[0]" },
	{ PARTS("{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}"), NULL,
		"messages[0]" },
	{ MESSAGES(USER ",{\"role\":\"assistant\",\"content\":\"a\","
			"\"reasoning_content\":\"t\"}," USER),
		MESSAGES(USER
			",{\"role\":\"assistant\",\"content\":[{\"type\":"
			"\"thinking\",\"thinking\":\"t\"},{\"type\":\"text\","
			"\"text\":\"a\"}]}," USER),
		"" },
	{ MESSAGES(USER ",{\"role\":\"assistant\",\"refusal\":\"no\"}"),
		MESSAGES(USER ",{\"role\":\"assistant\",\"content\":\"no\"}"),
		"" },
	/* Nothing is left of a turn that only a signature was in. */
	{ MESSAGES(USER ",{\"role\":\"assistant\",\"content\":null}," USER),
		MESSAGES(USER "," USER), "" },
	/* Results go right behind their calls. */
	{ MESSAGES(USER
		  ",{\"role\":\"assistant\",\"content\":\"a\","
		  "\"reasoning_content\":\"t\",\"tool_calls\":[" CALL(
			  "1", "{}") "," CALL("2",
			  "") "]}," USER ",{\"role\":\"tool\",\"tool_call_id\":"
			      "\"1\",\"content\":\"x\"},{\"role\":\"tool\","
			      "\"tool_call_id\":\"2\",\"content\":[{\"type\":"
			      "\"text\",\"text\":\"y\"},{\"type\":\"text\","
			      "\"text\":\"z\"}]}"),
		MESSAGES(USER
			",{\"role\":\"assistant\",\"content\":\"a\","
			"\"tool_plan\":\"t\",\"tool_calls\":[" CALL(
				"1", "{}") "," CALL("2",
				"{}") "]},{\"role\":\"tool\",\"tool_call_id\":"
				      "\"1\",\"content\":\"x\"},{\"role\":\"tool\","
				      "\"tool_call_id\":\"2\",\"content\":"
				      "[{\"type\":\"text\",\"text\":\"y\"},"
				      "{\"type\":\"text\",\"text\":\"z\"}]}," USER),
		"" },
	{ MESSAGES(USER ",{\"role\":\"assistant\",\"function_call\":{"
			"\"name\":\"f\",\"arguments\":\"{}\"}},{\"role\":"
			"\"function\",\"name\":\"f\",\"content\":\"x\"}"),
		NULL, "messages[2]" },
	{ MESSAGES(USER ",{\"role\":\"assistant\",\"tool_calls\":[{\"id\":"
			"\"1\",\"type\":\"custom\",\"custom\":{\"name\":\"c\","
			"\"input\":\"raw\"}}]}"),
		NULL, "messages[1]" },
};

static void others_are_written_in_our_words(void **state)
{
	(void)state;
	cases_requests(
		&openai_chat, &cohere, from_openai, ARRAY_LEN(from_openai));
}

static const struct request_case to_openai[] = {
	{ WITH("\"documents\":[\"d\"]"), NULL, "documents" },
	{ WITH("\"documents\":[],\"safety_mode\":\"OFF\""), MESSAGES(USER),
		"safety_mode" },
	{ PARTS("{\"type\":\"hologram\"}"), NULL, "messages[0]" },
	{ WITH("\"k\":5,\"tools\":[" TOOL("f", "", "") "],\"strict_tools\":"
						       "true"),
		WITH("\"top_k\":5,\"tools\":[" TOOL("f", STRICT, "") "]"), "" },
};

/* What only Cohere has is lost, or refused. */
static void ours_are_written_in_others_words(void **state)
{
	(void)state;
	cases_requests(&cohere, &openai_chat, to_openai, ARRAY_LEN(to_openai));
}

/* Without losses to name, as for a request in own words. */
static void losses_may_be_nobodys(void **state)
{
	struct buf out = BUF_INIT(65536);
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	cases_read_request(&openai_chat,
		S(WITH(SCHEMA(
			"{\"a\":{\"minimum\":1}}") ",\"reasoning\":"
						   "{\"effort\":\"low\",\"exclude\":true},\"tools\":[" TOOL(
							   "f", STRICT,
							   "") "]")),
		&arena, &request);
	assert_true(cohere.write_request(&request, NULL, NULL, &out, &err));
	assert_true(str_find(buf_str(&out), S("\"a\":{}")) < out.n);
	buf_release(&out);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_requests_come_back),
		cmocka_unit_test(bad_requests_are_refused_with_the_path),
		cmocka_unit_test(the_head_is_filled),
		cmocka_unit_test(others_are_written_in_our_words),
		cmocka_unit_test(ours_are_written_in_others_words),
		cmocka_unit_test(losses_may_be_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
