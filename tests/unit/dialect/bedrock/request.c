/*
 * bedrock/request.c - requests in Bedrock's Converse format: each feature in
 * its own words, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/bedrock/bedrock.h"

#define HELLO \
	"\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]"
#define USER(content) \
	"{\"messages\":[{\"role\":\"user\",\"content\":[" content "]}]}"

/* Each comes back as it was. */
static const char *const same[] = {
	"{" HELLO "}",
	/* Empty objects and lists, as clients send them. */
	"{" HELLO ",\"system\":[],\"inferenceConfig\":{},\"toolConfig\":{},"
	"\"additionalModelRequestFields\":{},\"outputConfig\":{}}",
	"{" HELLO ",\"inferenceConfig\":{\"stopSequences\":[]}}",
	"{" HELLO ",\"inferenceConfig\":{\"maxTokens\":9,\"temperature\":0.70,"
	"\"topP\":1,\"stopSequences\":[\"a\",\"\"],\"new\":{\"x\":null}}}",
	"{" HELLO ",\"inferenceConfig\":{\"temperature\":null}}",
	"{" HELLO ",\"system\":[{\"text\":\"Be brief\"},{\"cachePoint\":"
	"{\"type\":\"default\"}},{\"guardContent\":{\"text\":{\"text\":"
	"\"x\"}}}]}",
	"{" HELLO ",\"system\":[{\"cachePoint\":{\"type\":\"default\"}}]}",
	"{\"messages\":[{\"role\":\"system\",\"content\":[{\"text\":\"a\"}]},"
	"{\"role\":\"user\",\"content\":[],\"new\":1},{\"role\":\"assistant\","
	"\"content\":[{\"text\":\"\"}]}]}",
	/* Media, as bytes, from S3, as text, in pieces. */
	USER("{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"aGk=\"}}},"
	     "{\"image\":{\"format\":\"jpeg\",\"source\":{\"s3Location\":"
	     "{\"uri\":\"s3://b/k\",\"bucketOwner\":\"1\"}}}},"
	     "{\"image\":{\"source\":{\"bytes\":\"aGk=\"}}},"
	     "{\"image\":{\"format\":\"heic\",\"source\":{\"bytes\":\"aGk=\"},"
	     "\"error\":{}}}"),
	USER("{\"document\":{\"format\":\"txt\",\"name\":\"facts\",\"source\":"
	     "{\"text\":\"Ruby\"},\"citations\":{\"enabled\":true},"
	     "\"context\":\"c\"}},{\"document\":{\"name\":\"a\",\"source\":"
	     "{\"text\":\"b\"}}},{\"document\":{\"name\":\"a\",\"source\":"
	     "{\"content\":[{\"text\":\"b\"}]}}}"),
	USER("{\"video\":{\"format\":\"three_gp\",\"source\":{\"s3Location\":"
	     "{\"uri\":\"s3://b/k\"}}}},{\"audio\":{\"format\":\"mp3\","
	     "\"source\":{\"bytes\":\"aGk=\"}}}"),
	/* Blocks that only this format has, or of another shape. */
	USER("{\"searchResult\":{\"source\":\"s\",\"title\":\"t\",\"content\":"
	     "[]}},{\"toolAddition\":{\"tool\":{}}},{},{\"text\":1},"
	     "{\"text\":\"a\",\"image\":{}},{\"new\":[]}"),
	/* Cache points. */
	USER("{\"cachePoint\":{\"type\":\"default\"}},{\"text\":\"a\"},"
	     "{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}},"
	     "{\"cachePoint\":{\"ttl\":\"5m\",\"type\":\"default\"}},"
	     "{\"text\":\"b\"},{\"cachePoint\":{\"type\":\"default\",\"ttl\":"
	     "\"2h\"}}"),
	/* Results among other blocks. */
	USER("{\"text\":\"a\"},{\"toolResult\":{\"toolUseId\":\"1\",\"content\":"
	     "[{\"text\":\"x\"},{\"json\":{\"a\":[1.0]}},{\"image\":{\"format\":"
	     "\"png\",\"source\":{\"bytes\":\"aGk=\"}}},{\"searchResult\":{}}],"
	     "\"status\":\"error\",\"type\":\"t\"}},{\"cachePoint\":{\"type\":"
	     "\"default\"}},{\"toolResult\":{\"toolUseId\":\"2\",\"content\":[],"
	     "\"status\":\"success\"}},{\"text\":\"b\"},{\"toolResult\":"
	     "{\"toolUseId\":\"3\",\"content\":[{\"json\":null}],\"status\":"
	     "\"odd\"}},{\"cachePoint\":{\"type\":\"default\"}},"
	     "{\"toolResult\":{\"toolUseId\":4,\"content\":[]}}"),
	"{\"messages\":[{\"role\":\"user\",\"content\":[{\"toolResult\":"
	"{\"toolUseId\":\"1\",\"content\":[]}}],\"new\":1}]}",
	/* What the assistant said. */
	"{\"messages\":[{\"role\":\"assistant\",\"content\":["
	"{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Hm\","
	"\"signature\":\"c2ln\",\"new\":1}}},{\"reasoningContent\":"
	"{\"reasoningText\":{\"text\":\"Hm\"}}},{\"reasoningContent\":"
	"{\"reasoningText\":{\"text\":\"Hm\",\"signature\":\"bedrock:c2ln\"}}},"
	"{\"reasoningContent\":{\"redactedContent\":\"aGk=\"}},"
	"{\"reasoningContent\":{}},{\"toolUse\":{\"toolUseId\":\"1\",\"name\":"
	"\"f\",\"input\":{\"a\":1.0}}},{\"toolUse\":{\"name\":\"f\"}},"
	"{\"toolUse\":{\"toolUseId\":\"1\",\"name\":\"nova_grounding\","
	"\"input\":{},\"type\":\"server_tool_use\"}},{\"toolResult\":"
	"{\"toolUseId\":\"1\",\"content\":[]}},{\"citationsContent\":"
	"{\"content\":[{\"text\":\"a\"},{\"text\":\"b\"}],\"citations\":["
	"{\"title\":\"t\",\"location\":{\"web\":{\"url\":\"https://a.b\"}}}]}},"
	"{\"citationsContent\":{\"content\":[{\"new\":1}]}}]}]}",
	/* Tools. */
	"{" HELLO ",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\","
	"\"description\":\"d\",\"inputSchema\":{\"json\":{\"type\":"
	"\"object\"}},\"strict\":true,\"new\":1}},{\"cachePoint\":{\"type\":"
	"\"default\"}},{\"toolSpec\":{\"name\":\"g\",\"inputSchema\":"
	"{\"json\":[]}}},{\"systemTool\":{\"name\":\"nova_grounding\"}},"
	"{\"cachePoint\":{\"type\":\"default\"}}],\"toolChoice\":{\"any\":"
	"{}}}}",
	"{" HELLO
	",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\"}}],"
	"\"toolChoice\":{\"auto\":{}}}}",
	"{" HELLO
	",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\"}}],"
	"\"toolChoice\":{\"tool\":{\"name\":\"f\"}}}}",
	"{" HELLO
	",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\"}}],"
	"\"toolChoice\":{\"auto\":{},\"new\":{}}}}",
	"{" HELLO ",\"toolConfig\":{\"tools\":[]}}",
	/* Models' own parameters. */
	"{" HELLO
	",\"additionalModelRequestFields\":{\"top_k\":40,\"thinking\":"
	"{\"type\":\"enabled\",\"budget_tokens\":2000},\"anthropic_beta\":"
	"[\"x\"],\"inferenceConfig\":{\"topK\":3}}}",
	"{" HELLO ",\"additionalModelRequestFields\":{\"thinking\":{\"type\":"
	"\"adaptive\"}},\"outputConfig\":{\"effort\":\"high\"}}",
	"{" HELLO ",\"additionalModelRequestFields\":{\"thinking\":{\"type\":"
	"\"disabled\"}}}",
	"{" HELLO ",\"additionalModelRequestFields\":{\"thinking\":{\"type\":"
	"\"adaptive\",\"display\":\"omitted\"},\"top_k\":1}}",
	"{" HELLO ",\"additionalModelRequestFields\":{\"reasoning_effort\":"
	"\"low\"},\"outputConfig\":{\"effort\":\"high\"}}",
	"{" HELLO ",\"additionalModelRequestFields\":{\"reasoning_config\":"
	"\"high\"}}",
	"{" HELLO ",\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\","
	"\"structure\":{\"jsonSchema\":{\"schema\":\"{\\\"type\\\": "
	"\\\"object\\\"}\",\"name\":\"n\",\"description\":\"d\",\"new\":1}}},"
	"\"new\":2}}",
	"{" HELLO ",\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\","
	"\"structure\":{\"jsonSchema\":{\"schema\":\"no json\"}}}}}",
	/* About the call. */
	"{" HELLO ",\"guardrailConfig\":{\"guardrailIdentifier\":\"g\"},"
	"\"performanceConfig\":{\"latency\":\"optimized\"},\"serviceTier\":"
	"{\"type\":\"flex\"},\"requestMetadata\":{\"a\":\"b\"},"
	"\"additionalModelResponseFieldPaths\":[\"/stop_sequence\"],"
	"\"promptVariables\":{\"v\":{\"text\":\"x\"}}}",
	"{" HELLO ",\"serviceTier\":{\"type\":\"flex\",\"new\":1}}",
};

static void own_words_come_back(void **state)
{
	(void)state;
	cases_same_requests(&bedrock, same, ARRAY_LEN(same));
}

static const struct refused_case refused[] = {
	{ "[]", ERR_BAD_REQUEST, "" },
	{ "{", ERR_BAD_JSON, "" },
	{ "{}", ERR_MISSING_FIELD, "messages" },
	{ "{\"messages\":{}}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":[]}", ERR_BAD_FIELD, "messages" },
	{ "{" HELLO "," HELLO "}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":[1]}", ERR_BAD_FIELD, "messages[0]" },
	{ "{\"messages\":[{\"content\":[]}]}", ERR_MISSING_FIELD,
		"messages[0].role" },
	{ "{\"messages\":[{\"role\":1,\"content\":[]}]}", ERR_BAD_FIELD,
		"messages[0].role" },
	{ "{\"messages\":[{\"role\":\"tool\",\"content\":[]}]}", ERR_BAD_FIELD,
		"messages[0].role" },
	{ "{\"messages\":[{\"role\":\"user\",\"role\":\"user\",\"content\":[]}"
	  "]}",
		ERR_BAD_FIELD, "messages[0].role" },
	{ "{\"messages\":[{\"role\":\"user\"}]}", ERR_MISSING_FIELD,
		"messages[0].content" },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
		ERR_BAD_FIELD, "messages[0].content" },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":[],\"content\":[]}]}",
		ERR_BAD_FIELD, "messages[0].content" },
	{ USER("{\"text\":\"a\"},\"b\""), ERR_BAD_FIELD,
		"messages[0].content[1]" },
	{ "{" HELLO ",\"system\":\"a\"}", ERR_BAD_FIELD, "system" },
	{ "{" HELLO ",\"system\":[{\"text\":\"a\"},1]}", ERR_BAD_FIELD,
		"system[1]" },
	{ "{" HELLO ",\"inferenceConfig\":1}", ERR_BAD_FIELD,
		"inferenceConfig" },
	{ "{" HELLO ",\"inferenceConfig\":{\"maxTokens\":0}}", ERR_BAD_FIELD,
		"inferenceConfig.maxTokens" },
	{ "{" HELLO ",\"inferenceConfig\":{\"maxTokens\":\"9\"}}",
		ERR_BAD_FIELD, "inferenceConfig.maxTokens" },
	{ "{" HELLO ",\"inferenceConfig\":{\"maxTokens\":9,\"maxTokens\":8}}",
		ERR_BAD_FIELD, "inferenceConfig.maxTokens" },
	{ "{" HELLO ",\"toolConfig\":{\"tools\":{}}}", ERR_BAD_FIELD,
		"toolConfig.tools" },
	{ "{" HELLO ",\"toolConfig\":{\"tools\":[],\"tools\":[]}}",
		ERR_BAD_FIELD, "toolConfig.tools" },
	{ "{" HELLO ",\"additionalModelRequestFields\":[]}", ERR_BAD_FIELD,
		"additionalModelRequestFields" },
};

static void bad_requests_are_refused(void **state)
{
	(void)state;
	cases_refused(&bedrock, refused, ARRAY_LEN(refused));
}

static void the_head_tells_what_is_needed(void **state)
{
	static const struct str body = STR(
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"12345\"},{\"image\":{}},{\"document\":{}},{\"audio\":{}},"
		"{\"toolResult\":{\"content\":[{\"text\":\"678\"}]}}]}],"
		"\"system\":[{\"text\":\"90\"}],\"inferenceConfig\":"
		"{\"maxTokens\":77},\"toolConfig\":{\"tools\":[1]},"
		"\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\"}},"
		"\"additionalModelRequestFields\":{\"thinking\":{\"type\":"
		"\"enabled\"}}}");
	struct error err = ERROR_INIT;
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_true(bedrock.read_head(body, &arena, &head, &err));
	assert_int_equal(head.message_count, 1);
	assert_int_equal(head.max_tokens, 77);
	assert_int_equal(head.prompt_text_bytes, 10);
	assert_true(head.prompt_bytes > 10);
	assert_true(head.has_tools && head.has_images && head.has_files);
	assert_true(head.has_audio && head.has_json_schema);
	assert_true(head.has_reasoning);
	assert_true(bedrock.read_head(
		S("{" HELLO ",\"additionalModelRequestFields\":{\"thinking\":"
		  "{\"type\":\"disabled\"},\"reasoning_effort\":\"none\"}}"),
		&arena, &head, &err));
	assert_false(head.has_reasoning || head.has_tools || head.has_images);
	arena_release(&arena);
}

static void addresses_have_encoded_names(void **state)
{
	static const struct {
		const char *model;
		const char *path;
	} paths[] = {
		{ "anthropic.claude-3-haiku-20240307-v1:0",
			"/model/anthropic.claude-3-haiku-20240307-v1%3A0"
			"/converse" },
		{ "arn:aws:bedrock:eu-west-1:1:inference-profile/a_b",
			"/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3A"
			"inference-profile%2Fa_b/converse" },
		{ "a b?c#\xc3\xa9", "/model/a%20b%3Fc%23%C3%A9/converse" },
	};
	struct buf out = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		buf_clear(&out);
		bedrock.write_path(str_of(paths[i].model), false, &out);
		assert_text(buf_str(&out), paths[i].path);
	}
	buf_clear(&out);
	bedrock.write_path(S("a"), true, &out);
	assert_text(buf_str(&out), "/model/a/converse-stream");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_words_come_back),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(the_head_tells_what_is_needed),
		cmocka_unit_test(addresses_have_encoded_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
