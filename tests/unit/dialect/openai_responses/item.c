/*
 * openai_responses/item.c - how items of requests stand in the neutral form,
 * and what they become for providers of OpenAI's older format.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/openai_chat/openai_chat.h"
#include "dialect/openai_responses/openai_responses.h"

#define ASK "{\"role\":\"user\",\"content\":\"a\"}"
#define CALL(id, name, arguments)                                \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":" \
	"{\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}"
#define INPUT(items) "{\"input\":[" items "]}"
#define WITH(member) "{\"input\":\"a\"," member "}"
#define CHATTED(messages) "{\"messages\":[" messages "]}"

/* A turn of several items is one message; what asks for nothing is not
 * named. */
static const struct request_case to_openai_chat[] = {
	{ "{\"model\":\"m\",\"instructions\":\"s\",\"input\":\"a\",\"store\":"
	  "false,\"background\":false,\"truncation\":\"disabled\","
	  "\"stream_options\":{\"include_obfuscation\":false},\"include\":"
	  "[\"reasoning.encrypted_content\"],\"text\":{\"format\":{\"type\":"
	  "\"text\"}},\"top_logprobs\":0,\"reasoning\":{\"effort\":\"low\"}}",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"system\","
		"\"content\":\"s\"}," ASK "],\"response_format\":{\"type\":"
		"\"text\"},\"reasoning_effort\":\"low\"}",
		"" },
	{ WITH("\"top_logprobs\":2"),
		"{\"messages\":[" ASK "],\"logprobs\":true,\"top_logprobs\":2}",
		"" },
	{ WITH("\"store\":true,\"truncation\":\"auto\",\"max_tool_calls\":1,"
	       "\"include\":[\"something.new\"],\"safety_identifier\":null"),
		CHATTED(ASK), "store, truncation, max_tool_calls, include" },
	{ WITH("\"previous_response_id\":\"resp_1\""), NULL,
		"previous_response_id" },
	{ WITH("\"conversation\":\"conv_1\""), NULL, "conversation" },
	{ WITH("\"prompt\":{\"id\":\"p\"}"), NULL, "prompt" },
	{ WITH("\"background\":true"), NULL, "background" },
	{ WITH("\"tools\":[{\"type\":\"web_search\"}]"), NULL, "tools[0]" },
	{ WITH("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\""
	       ":{}}],\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":"
	       "\"auto\",\"tools\":[]}"),
		NULL, "tool_choice" },
	{ WITH("\"text\":{\"format\":{\"type\":\"grammar\"}}"), NULL,
		"text.format" },
	{ WITH("\"tools\":[{\"type\":\"custom\",\"name\":\"c\",\"format\":"
	       "{\"type\":\"grammar\",\"definition\":\"x: 1\",\"syntax\":"
	       "\"lark\"}}]"),
		"{\"messages\":[" ASK "],\"tools\":[{\"type\":\"custom\","
		"\"custom\":{\"name\":\"c\",\"format\":{\"type\":"
		"\"grammar\",\"grammar\":{\"syntax\":\"lark\","
		"\"definition\":\"x: 1\"}}}}]}",
		"" },
	{ WITH("\"tools\":[{\"type\":\"custom\",\"name\":\"c\",\"format\":"
	       "{\"type\":\"grammar\",\"new\":1}}]"),
		NULL, "tools[0].format" },
	{ INPUT(ASK ",{\"type\":\"web_search_call\",\"id\":\"ws_1\"}"), NULL,
		"input[1]" },
	{ INPUT(ASK ",{\"id\":\"msg_1\"}"), NULL, "input[1]" },
	{ INPUT(ASK ",{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]},"
		    "{\"type\":\"message\",\"id\":\"msg_1\",\"role\":"
		    "\"assistant\",\"status\":\"completed\",\"content\":"
		    "[{\"type\":\"output_text\",\"text\":\"b\",\"annotations\":"
		    "[],\"logprobs\":[]}]},{\"type\":\"function_call\",\"id\":"
		    "\"fc_1\",\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":"
		    "\"{}\",\"status\":\"completed\"},{\"type\":"
		    "\"function_call\",\"call_id\":\"c2\",\"name\":\"g\","
		    "\"arguments\":\"{}\"},{\"type\":\"function_call_output\","
		    "\"call_id\":\"c1\",\"output\":\"r1\"},{\"type\":"
		    "\"function_call_output\",\"call_id\":\"c2\",\"output\":"
		    "\"r2\"},{\"role\":\"assistant\",\"content\":\"d\"}"),
		CHATTED(ASK
			",{\"role\":\"assistant\",\"content\":\"b\","
			"\"tool_calls\":[" CALL("c1", "f", "{}") "," CALL("c2",
				"g", "{}") "]},{\"role\":\"tool\","
					   "\"tool_call_id\":\"c1\","
					   "\"content\":\"r1\"},{\"role\":"
					   "\"tool\",\"tool_call_id\":\"c2\","
					   "\"content\":\"r2\"},{\"role\":"
					   "\"assistant\",\"content\":\"d\"}"),
		"" },
	{ INPUT(ASK ",{\"role\":\"assistant\",\"content\":\"b\","
		    "\"phase\":\"commentary\"}"),
		CHATTED(ASK ",{\"role\":\"assistant\",\"content\":"
			    "\"b\"}"),
		"input[1].phase" },
};

static void items_become_messages(void **state)
{
	(void)state;
	cases_requests(&openai_responses, &openai_chat, to_openai_chat,
		ARRAY_LEN(to_openai_chat));
}

/* --- what other dialects' signatures become on their way --- */

static const struct chat_part *read_turn(
	const char *body, struct arena *arena, struct chat_request *request)
{
	cases_read_request(&openai_responses, str_of(body), arena, request);
	for (size_t i = 0; i < request->message_count; i++)
		if (request->messages[i].role == CHAT_ASSISTANT)
			return request->messages[i].parts;
	fail_msg("no turn in %s", body);
	return NULL;
}

static void signatures_of_others_come_back(void **state)
{
	const struct chat_part *part;
	struct chat_request request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	part = read_turn(
		INPUT("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":"
		      "[{\"text\":\"t\"},{\"text\":\"u\"}],\"encrypted_content\""
		      ":\"anthropic:Erc\"},{\"type\":\"reasoning\",\"summary\":"
		      "[],\"encrypted_content\":\"anthropic:sealed:Erd\"},"
		      "{\"type\":\"reasoning\",\"summary\":[],"
		      "\"encrypted_content\":\"gemini:next:Sig\"},{\"type\":"
		      "\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
		      "\"arguments\":\"{}\"}"),
		&arena, &request);
	assert_int_equal(request.message_count, 1);
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->text, "t\n\nu");
	assert_text(part->id, "rs_1");
	assert_text(part->signature.text, "Erc");
	assert_text(part->signature.origin, "anthropic");
	part = part->next;
	assert_int_equal(part->kind, CHAT_REDACTED_THINKING);
	assert_text(part->data, "Erd");
	part = part->next;
	assert_int_equal(part->kind, CHAT_TOOL_CALL);
	assert_text(part->call.name, "f");
	assert_text(part->signature.text, "Sig");
	assert_text(part->signature.origin, "gemini");
	assert_null(part->next);

	/* Not before a call, it is a thought like any other. */
	part = read_turn(
		INPUT("{\"type\":\"reasoning\",\"summary\":[],"
		      "\"encrypted_content\":\"gemini:next:Sig\"},{\"role\":"
		      "\"assistant\",\"content\":\"a\"}"),
		&arena, &request);
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_int_equal(part->next->kind, CHAT_TEXT);
	/* Its own content is not looked into. */
	part = read_turn(INPUT("{\"type\":\"reasoning\",\"content\":[{\"text\":"
			       "\"w\"}],\"encrypted_content\":\"sealed:x\"}"),
		&arena, &request);
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->text, "w");
	assert_text(part->signature.text, "sealed:x");
	assert_text(part->signature.origin, "openai_responses");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_become_messages),
		cmocka_unit_test(signatures_of_others_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
