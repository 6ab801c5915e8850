/*
 * bedrock/translate.c - other dialects' requests as Bedrock's: by the rules of
 * the service, and of the model that is asked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/bedrock/bedrock.h"
#include "dialect/openai_chat/openai_chat.h"

#define CHAT(model, rest) "{\"model\":\"" model "\",\"messages\":" rest "}"
#define OLD "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
#define NEW "anthropic.claude-opus-4-7"
#define ASKS "[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define ASKED \
	"\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}],\"inferenceConfig\":"

static const struct request_case from_openai[] = {
	/* Sides take turns; results come first; a blank says nothing. */
	{ CHAT("m", "[{\"role\":\"system\",\"content\":\"A\"},{\"role\":"
		    "\"assistant\",\"content\":\"B\"},{\"role\":\"user\","
		    "\"content\":\" \"},{\"role\":\"assistant\",\"content\":"
		    "\"C \"},{\"role\":\"developer\",\"content\":\"D\"}]"),
		"{\"system\":[{\"text\":\"A\"},{\"text\":\"D\"}],\"messages\":["
		"{\"role\":\"user\",\"content\":[{\"text\":\".\"}]},"
		"{\"role\":\"assistant\",\"content\":[{\"text\":\"B\"},"
		"{\"text\":\"C \"}]}],\"inferenceConfig\":{}}",
		"messages[4].role" },
	{ CHAT("m", "[{\"role\":\"user\",\"content\":\"A\"},{\"role\":"
		    "\"assistant\",\"content\":\"B \\n\"}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"A\"}]},{\"role\":\"assistant\",\"content\":[{\"text\":"
		"\"B\"}]}],\"inferenceConfig\":{}}",
		"" },
	{ CHAT("m", "[{\"role\":\"system\",\"content\":\"A\"}]"),
		"{\"system\":[{\"text\":\"A\"}],\"messages\":[{\"role\":"
		"\"user\",\"content\":[{\"text\":\".\"}]}],"
		"\"inferenceConfig\":{}}",
		"" },
	/* Calls: ids that are not taken, broken arguments, tools that the
	 * request forgot. */
	{ CHAT("m", "[{\"role\":\"user\",\"content\":\"A\"},{\"role\":"
		    "\"assistant\",\"tool_calls\":[{\"id\":\"functions.f:0\","
		    "\"type\":\"function\",\"function\":{\"name\":\"f\","
		    "\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"c2\",\"type\":"
		    "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
		    "\"\"}},{\"id\":\"c3\",\"type\":\"function\",\"function\":"
		    "{\"name\":\"g\",\"arguments\":\"{\\\"a\"}}]},{\"role\":"
		    "\"tool\",\"tool_call_id\":\"functions.f:0\",\"content\":"
		    "\"x\"},{\"role\":\"user\",\"content\":\"B\"},{\"role\":"
		    "\"tool\",\"tool_call_id\":\"c2\",\"content\":\"\"}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"A\"}]},{\"role\":\"assistant\",\"content\":[{\"toolUse\":"
		"{\"toolUseId\":\"tooluse_4be0e962e9dcd7b8\",\"name\":\"f\","
		"\"input\":{\"a\":1}}},{\"toolUse\":{\"toolUseId\":\"c2\","
		"\"name\":\"f\",\"input\":{}}},{\"toolUse\":{\"toolUseId\":"
		"\"c3\",\"name\":\"g\",\"input\":{\"arguments\":\"{\\\"a\"}}}]},"
		"{\"role\":\"user\",\"content\":[{\"toolResult\":"
		"{\"toolUseId\":\"tooluse_4be0e962e9dcd7b8\",\"content\":["
		"{\"text\":\"x\"}]}},{\"toolResult\":{\"toolUseId\":\"c2\","
		"\"content\":[]}},{\"text\":\"B\"}]}],\"toolConfig\":"
		"{\"tools\":[{\"toolSpec\":{\"name\":\"f\",\"inputSchema\":"
		"{\"json\":{\"type\":\"object\"}}}},{\"toolSpec\":{\"name\":"
		"\"g\",\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]},"
		"\"inferenceConfig\":{}}",
		"" },
	/* Tools, and the choice among them. */
	{ "{\"model\":\"" OLD "\",\"messages\":" ASKS ",\"tools\":["
	  "{\"type\":\"function\",\"function\":{\"name\":\"f\","
	  "\"description\":\"\",\"parameters\":{\"properties\":{}},"
	  "\"strict\":true}}],\"tool_choice\":\"required\","
	  "\"parallel_tool_calls\":false}",
		"{" ASKED "{},\"toolConfig\":{\"tools\":[{\"toolSpec\":"
		"{\"name\":\"f\",\"inputSchema\":{\"json\":{\"type\":"
		"\"object\",\"properties\":{}}}}}],\"toolChoice\":{\"any\":"
		"{}}}}",
		"parallel_tool_calls, tools[0].strict" },
	{ "{\"model\":\"" NEW "\",\"messages\":" ASKS ",\"tools\":["
	  "{\"type\":\"function\",\"function\":{\"name\":\"f\","
	  "\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":"
	  "{\"type\":\"string\",\"minLength\":1}}},\"strict\":true}}],"
	  "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":"
	  "\"f\"}}}",
		"{" ASKED "{},\"toolConfig\":{\"tools\":[{\"toolSpec\":"
		"{\"name\":\"f\",\"strict\":true,\"inputSchema\":{\"json\":"
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
		"\"string\"}},\"additionalProperties\":false}}}}],"
		"\"toolChoice\":{\"tool\":{\"name\":\"f\"}}}}",
		"tools[0].minLength" },
	{ "{\"messages\":" ASKS ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"none\"}",
		"{" ASKED "{}}", "" },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"A\"},{\"role\":"
	  "\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":"
	  "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]"
	  "}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
	  "\"f\"}}],\"tool_choice\":\"none\"}",
		NULL, "tool_choice" },
	{ "{\"messages\":" ASKS ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"a.b\"}}]}",
		NULL, "tools[0]" },
	/* Parameters, within bounds. */
	{ "{\"model\":\"" OLD "\",\"messages\":" ASKS ",\"max_tokens\":5,"
	  "\"temperature\":1.5,\"top_p\":0.5,\"top_k\":7,\"stop\":[\"\\n\","
	  "\"x\"],\"seed\":1,\"user\":\"u\"}",
		"{" ASKED "{\"maxTokens\":5,\"temperature\":1,\"topP\":0.5,"
		"\"stopSequences\":[\"x\"]},\"additionalModelRequestFields\":"
		"{\"top_k\":7}}",
		"seed, user, temperature, stop" },
	{ "{\"model\":\"" NEW "\",\"messages\":" ASKS ",\"temperature\":0.5,"
	  "\"top_p\":0.5,\"top_k\":7}",
		"{" ASKED "{}}", "temperature, top_p, top_k" },
	{ "{\"model\":\"anthropic.claude-sonnet-4-5-20250929-v1:0\","
	  "\"messages\":" ASKS ",\"temperature\":0.5,\"top_p\":0.5}",
		"{" ASKED "{\"temperature\":0.5}}", "top_p" },
	{ "{\"model\":\"amazon.nova-lite-v1:0\",\"messages\":" ASKS
	  ",\"top_k\":7,\"stop\":\"\\n\"}",
		"{" ASKED "{\"stopSequences\":[\"\\n\"]},"
		"\"additionalModelRequestFields\":{\"inferenceConfig\":"
		"{\"topK\":7}}}",
		"" },
	{ "{\"model\":\"mistral.pixtral-large\",\"messages\":" ASKS
	  ",\"top_k\":7}",
		"{" ASKED "{}}", "top_k" },
	/* Thinking, as each model is told. */
	{ "{\"model\":\"" OLD "\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"low\",\"temperature\":0.5,\"top_k\":3}",
		"{" ASKED "{},\"additionalModelRequestFields\":{\"thinking\":"
		"{\"type\":\"enabled\",\"budget_tokens\":2048}}}",
		"temperature, top_k" },
	{ "{\"model\":\"" OLD "\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"high\",\"max_tokens\":4000}",
		"{" ASKED "{\"maxTokens\":4000},"
		"\"additionalModelRequestFields\":{\"thinking\":{\"type\":"
		"\"enabled\",\"budget_tokens\":2000}}}",
		"" },
	{ "{\"model\":\"" OLD "\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"high\",\"max_tokens\":2000}",
		"{" ASKED "{\"maxTokens\":2000}}", "reasoning_effort" },
	{ "{\"model\":\"" NEW "\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"minimal\"}",
		"{" ASKED "{},\"additionalModelRequestFields\":{\"thinking\":"
		"{\"type\":\"adaptive\"}},\"outputConfig\":{\"effort\":"
		"\"low\"}}",
		"" },
	{ "{\"model\":\"" NEW "\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"none\"}",
		"{" ASKED "{}}", "" },
	{ "{\"model\":\"anthropic.claude-opus-5\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"none\"}",
		"{" ASKED "{},\"additionalModelRequestFields\":{\"thinking\":"
		"{\"type\":\"disabled\"}}}",
		"" },
	{ "{\"model\":\"amazon.nova-2-lite-v1:0\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"high\"}",
		"{" ASKED "{},\"additionalModelRequestFields\":"
		"{\"reasoningConfig\":{\"type\":\"enabled\","
		"\"maxReasoningEffort\":\"high\"}}}",
		"" },
	{ "{\"model\":\"amazon.nova-2-lite-v1:0\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"high\",\"max_tokens\":9}",
		"{" ASKED "{\"maxTokens\":9},\"additionalModelRequestFields\":"
		"{\"reasoningConfig\":{\"type\":\"enabled\","
		"\"maxReasoningEffort\":\"medium\"}}}",
		"" },
	{ "{\"model\":\"openai.gpt-oss-120b-1:0\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"low\"}",
		"{" ASKED "{},\"additionalModelRequestFields\":"
		"{\"reasoning_effort\":\"low\"}}",
		"" },
	{ "{\"model\":\"amazon.nova-pro-v1:0\",\"messages\":" ASKS
	  ",\"reasoning_effort\":\"low\"}",
		"{" ASKED "{}}", "reasoning_effort" },
	/* A schema is a text. */
	{ "{\"messages\":" ASKS ",\"response_format\":{\"type\":"
	  "\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
	  "{\"type\":\"integer\",\"maximum\":3}}}}",
		"{" ASKED "{},\"outputConfig\":{\"textFormat\":{\"type\":"
		"\"json_schema\",\"structure\":{\"jsonSchema\":{\"schema\":"
		"\"{\\\"type\\\":\\\"integer\\\"}\",\"name\":\"n\"}}}}}",
		"response_format.maximum" },
	{ "{\"messages\":" ASKS ",\"response_format\":{\"type\":"
	  "\"json_object\"}}",
		NULL, "response_format" },
	/* Metadata in bounds; tiers by our names. */
	{ "{\"messages\":" ASKS ",\"metadata\":{\"a\":\"b\",\"c\":\"{\","
	  "\"d\":\"\"},\"service_tier\":\"auto\"}",
		"{" ASKED "{},\"requestMetadata\":{\"a\":\"b\",\"d\":\"\"}}",
		"metadata" },
	{ "{\"messages\":" ASKS ",\"service_tier\":\"flex\"}",
		"{" ASKED "{},\"serviceTier\":{\"type\":\"flex\"}}", "" },
	{ "{\"messages\":" ASKS ",\"service_tier\":\"scale\"}", "{" ASKED "{}}",
		"service_tier" },
	/* Media. */
	{ CHAT("m", "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		    "\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"}},"
		    "{\"type\":\"file\",\"file\":{\"filename\":"
		    "\"a  report(1).pdf\",\"file_data\":"
		    "\"data:application/pdf;base64,aGk=\"}},{\"type\":"
		    "\"file\",\"file\":{\"filename\":\"a report(1).txt\","
		    "\"file_data\":\"data:text/plain;base64,aGk=\"}}]}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"image\":"
		"{\"format\":\"png\",\"source\":{\"bytes\":\"aGk=\"}}},"
		"{\"document\":{\"format\":\"pdf\",\"name\":\"a report(1)\","
		"\"source\":{\"bytes\":\"aGk=\"}}},{\"document\":{\"format\":"
		"\"txt\",\"name\":\"a report(1) 2\",\"source\":{\"bytes\":"
		"\"aGk=\"}}},{\"text\":\".\"}]}],\"inferenceConfig\":{}}",
		"" },
	{ CHAT("m", "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		    "\"image_url\":{\"url\":\"https://a.b/c.png\"}}]}]"),
		NULL, "messages[0]" },
	{ CHAT("m", "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		    "\"image_url\":{\"url\":\"data:image/tiff;base64,aGk=\"}}]"
		    "}]"),
		NULL, "messages[0]" },
};

static void requests_of_openai_are_translated(void **state)
{
	(void)state;
	cases_requests(
		&openai_chat, &bedrock, from_openai, ARRAY_LEN(from_openai));
}

#define CLAUDE(model, rest) \
	"{\"model\":\"" model "\",\"max_tokens\":9,\"messages\":" rest "}"

static const struct request_case from_anthropic[] = {
	/* Thinking needs our own proof; a cache point stands behind. */
	{ CLAUDE(OLD, "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		      "\"text\":\"A\",\"cache_control\":{\"type\":"
		      "\"ephemeral\",\"ttl\":\"1h\"}}]},{\"role\":"
		      "\"assistant\",\"content\":[{\"type\":\"thinking\","
		      "\"thinking\":\"t\",\"signature\":\"bedrock:c2ln\"},"
		      "{\"type\":\"thinking\",\"thinking\":\"u\","
		      "\"signature\":\"c2ln\"},{\"type\":\"text\",\"text\":"
		      "\"B\"}]}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"A\"},{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}}"
		"]},{\"role\":\"assistant\",\"content\":[{\"reasoningContent\":"
		"{\"reasoningText\":{\"text\":\"t\",\"signature\":\"c2ln\"}}},"
		"{\"text\":\"B\"}]}],\"inferenceConfig\":{\"maxTokens\":9}}",
		"messages[1].thinking" },
	{ CLAUDE("mistral.large",
		  "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		  "\"text\":\"A\",\"cache_control\":{\"type\":"
		  "\"ephemeral\"}}]}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"A\"}]}],\"inferenceConfig\":{\"maxTokens\":9}}",
		"messages[0].cache_control" },
	/* Nova's cache has no tools, Mistral's models no status. */
	{ "{\"model\":\"amazon.nova-pro-v1:0\",\"max_tokens\":9,\"messages\":" ASKS
	  ",\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":"
	  "\"object\"},\"cache_control\":{\"type\":\"ephemeral\"}}]}",
		"{" ASKED "{\"maxTokens\":9},\"toolConfig\":{\"tools\":["
		"{\"toolSpec\":{\"name\":\"f\",\"inputSchema\":{\"json\":"
		"{\"type\":\"object\"}}}}]}}",
		"tools[0].cache_control" },
	{ CLAUDE("mistral.large",
		  "[{\"role\":\"assistant\",\"content\":[{\"type\":"
		  "\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":"
		  "{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
		  "\"tool_result\",\"tool_use_id\":\"t1\",\"is_error\":"
		  "true,\"content\":\"x\"}]}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\".\"}]},{\"role\":\"assistant\",\"content\":[{\"toolUse\":"
		"{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{}}}]},"
		"{\"role\":\"user\",\"content\":[{\"toolResult\":"
		"{\"toolUseId\":\"t1\",\"content\":[{\"text\":\"x\"}]}}]}],"
		"\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\","
		"\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]},"
		"\"inferenceConfig\":{\"maxTokens\":9}}",
		"messages[1].is_error" },
	/* Told a budget, Claude wants back what it thought before its call. */
	{ "{\"model\":\"" OLD "\",\"max_tokens\":9000,\"messages\":["
	  "{\"role\":\"user\",\"content\":\"A\"},{\"role\":\"assistant\","
	  "\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":"
	  "\"f\",\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
	  "\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"x\"}]}],"
	  "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1500}}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"A\"}]},{\"role\":\"assistant\",\"content\":[{\"toolUse\":"
		"{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{}}}]},"
		"{\"role\":\"user\",\"content\":[{\"toolResult\":"
		"{\"toolUseId\":\"t1\",\"content\":[{\"text\":\"x\"}]}}]}],"
		"\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\","
		"\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]},"
		"\"inferenceConfig\":{\"maxTokens\":9000}}",
		"thinking" },
	/* A failed tool; an image of it. */
	{ CLAUDE(OLD, "[{\"role\":\"user\",\"content\":\"A\"},{\"role\":"
		      "\"assistant\",\"content\":[{\"type\":\"tool_use\","
		      "\"id\":\"t1\",\"name\":\"f\",\"input\":{}}]},{\"role\":"
		      "\"user\",\"content\":[{\"type\":\"tool_result\","
		      "\"tool_use_id\":\"t1\",\"is_error\":true,\"content\":["
		      "{\"type\":\"image\",\"source\":{\"type\":\"base64\","
		      "\"media_type\":\"image/png\",\"data\":\"aGk=\"}}]}]}]"),
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"A\"}]},{\"role\":\"assistant\",\"content\":[{\"toolUse\":"
		"{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{}}}]},"
		"{\"role\":\"user\",\"content\":[{\"toolResult\":"
		"{\"toolUseId\":\"t1\",\"content\":[{\"image\":{\"format\":"
		"\"png\",\"source\":{\"bytes\":\"aGk=\"}}}],\"status\":"
		"\"error\"}}]}],\"toolConfig\":{\"tools\":[{\"toolSpec\":"
		"{\"name\":\"f\",\"inputSchema\":{\"json\":{\"type\":"
		"\"object\"}}}}]},\"inferenceConfig\":{\"maxTokens\":9}}",
		"" },
};

static void requests_of_anthropic_are_translated(void **state)
{
	(void)state;
	cases_requests(&anthropic, &bedrock, from_anthropic,
		ARRAY_LEN(from_anthropic));
}

/* What the provider's row says is not supported does not go out. */
static void traits_are_heeded(void **state)
{
	const struct dialect_traits traits = {
		.unsupported = UINT64_C(1) << FIELD_TOP_K |
			       UINT64_C(1) << FIELD_REASONING |
			       UINT64_C(1) << FIELD_CACHE_CONTROL
	};
	static const struct str said = STR(
		"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
		"[{\"type\":\"text\",\"text\":\"A\",\"cache_control\":"
		"{\"type\":\"ephemeral\"}}]}],\"top_k\":1,"
		"\"reasoning_effort\":\"low\"}");
	struct buf out = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_losses_init(&losses, &openai_chat);
	cases_read_request(&openai_chat, said, &arena, &request);
	assert_true(
		chat_losses_find(&request, &bedrock, &traits, &losses, &err));
	assert_true(
		bedrock.write_request(&request, &traits, &losses, &out, &err));
	assert_same_json(buf_str(&out),
		S("{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		  "\"A\"}]}],\"inferenceConfig\":{}}"),
		"traits");
	assert_string_equal(buf_cstr(&losses.names),
		"top_k, reasoning_effort, messages[0].cache_control");
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

/* Results without ids find their calls by the tool's name and order. */
static void calls_without_ids_get_some(void **state)
{
	struct chat_request request;
	struct chat_message messages[4];
	struct arena arena;
	char id[BEDROCK_ID_BYTES];

	(void)state;
	arena_init(&arena, 4096);
	chat_request_init(&request, S("another"));
	request.messages = messages;
	request.message_count = ARRAY_LEN(messages);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		chat_message_init(&messages[i]);
		messages[i].role = i == 0 ? CHAT_ASSISTANT : CHAT_TOOL;
	}
	for (size_t i = 0; i < 3; i++)
		chat_message_add(&messages[0], CHAT_TOOL_CALL, &arena)
			->call.name = i == 1 ? S("g") : S("f");
	messages[1].name = messages[3].name = S("f");
	messages[2].name = S("g");
	bedrock_call_id(&request, &messages[0].parts->call, id);
	assert_string_equal(id, "tooluse_0");
	bedrock_call_id(&request, &messages[0].last_part->call, id);
	assert_string_equal(id, "tooluse_2");
	bedrock_result_id(&request, &messages[1], id);
	assert_string_equal(id, "tooluse_0");
	bedrock_result_id(&request, &messages[2], id);
	assert_string_equal(id, "tooluse_1");
	bedrock_result_id(&request, &messages[3], id);
	assert_string_equal(id, "tooluse_2");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_openai_are_translated),
		cmocka_unit_test(requests_of_anthropic_are_translated),
		cmocka_unit_test(traits_are_heeded),
		cmocka_unit_test(calls_without_ids_get_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
