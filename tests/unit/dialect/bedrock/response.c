/*
 * bedrock/response.c - answers in Bedrock's Converse format: odd ones in their
 * own words, and another dialect's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/bedrock/bedrock.h"
#include "dialect/openai_chat/openai_chat.h"

static const char *const same[] = {
	"{}",
	"{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[]}},"
	"\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":1,"
	"\"outputTokens\":2,\"totalTokens\":3},\"metrics\":{\"latencyMs\":1}}",
	"{\"output\":{},\"stopReason\":null,\"usage\":[]}",
	"{\"output\":{\"message\":[]},\"stopReason\":\"new_reason\"}",
	"{\"output\":{\"message\":{\"role\":\"robot\",\"content\":\"a\"},"
	"\"new\":1},\"usage\":{}}",
	"{\"output\":{\"message\":{\"content\":[{\"text\":\" \"},{\"image\":"
	"{\"format\":\"png\",\"source\":{\"bytes\":\"aGk=\"}}},"
	"{\"cachePoint\":{\"type\":\"default\"}},{\"json\":1}],\"new\":null}},"
	"\"trace\":{\"guardrail\":{}},\"performanceConfig\":{\"latency\":"
	"\"standard\"},\"serviceTier\":{\"type\":\"flex\"},"
	"\"additionalModelResponseFields\":{\"stop_sequence\":\"x\"}}",
	"{\"serviceTier\":{\"type\":\"flex\",\"new\":1}}",
};

static void own_answers_come_back(void **state)
{
	(void)state;
	cases_same_replies(&bedrock, same, ARRAY_LEN(same));
}

static void answers_that_are_none(void **state)
{
	static const char *const bodies[] = { "", "[]", "null", "<html>" };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct error err = ERROR_INIT;
		struct chat_response response;

		assert_false(bedrock.read_response(
			str_of(bodies[i]), &arena, &response, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
	arena_release(&arena);
}

/* inputTokens leaves out what a cache gave or took; ours have it all. */
static void tokens_are_counted_alike(void **state)
{
	static const struct str body =
		STR("{\"usage\":{\"inputTokens\":10,\"outputTokens\":7,"
		    "\"totalTokens\":47,\"cacheReadInputTokens\":20,"
		    "\"cacheWriteInputTokens\":10,\"cacheDetails\":[{\"ttl\":"
		    "\"1h\",\"inputTokens\":4},{\"ttl\":\"5m\",\"inputTokens\":"
		    "6}]}}");
	struct buf out = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_true(bedrock.read_response(body, &arena, &response, &err));
	assert_int_equal(response.usage.prompt, 40);
	assert_int_equal(response.usage.completion, 7);
	assert_int_equal(response.usage.cached, 20);
	assert_int_equal(response.usage.cache_write, 10);
	assert_int_equal(response.usage.cache_write_1h, 4);
	assert_int_equal(response.usage.reasoning, -1);
	response.dialect = S("another");
	bedrock.write_response(&response, &out);
	assert_same_json(buf_str(&out),
		S("{\"output\":{\"message\":{\"role\":\"assistant\","
		  "\"content\":[]}},\"stopReason\":\"end_turn\",\"usage\":"
		  "{\"inputTokens\":10,\"outputTokens\":7,\"totalTokens\":47,"
		  "\"cacheReadInputTokens\":20,\"cacheWriteInputTokens\":10,"
		  "\"cacheDetails\":[{\"ttl\":\"1h\",\"inputTokens\":4}]}}"),
		"usage");
	buf_release(&out);
	arena_release(&arena);
}

#define SAID(message, finish)                                            \
	"{\"id\":\"1\",\"choices\":[{\"index\":0,\"message\":{\"role\":" \
	"\"assistant\"," message "},\"finish_reason\":\"" finish "\"}]}"
#define WRITTEN(content, reason)                                                 \
	"{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[" content \
	"]}},\"stopReason\":\"" reason "\"}"

static const struct reply_case from_openai[] = {
	{ SAID("\"content\":\"Hi\"", "stop"),
		WRITTEN("{\"text\":\"Hi\"}", "end_turn") },
	{ SAID("\"content\":\"\"", "length"), WRITTEN("", "max_tokens") },
	{ SAID("\"content\":null,\"refusal\":\"No\"", "content_filter"),
		WRITTEN("{\"text\":\"No\"}", "content_filtered") },
	{ SAID("\"content\":null,\"audio\":{\"id\":\"a\",\"data\":\"aGk=\","
	       "\"transcript\":\"Hi\"}",
		  "stop"),
		WRITTEN("{\"text\":\"Hi\"}", "end_turn") },
	{ SAID("\"reasoning_content\":\"Hm\",\"content\":\"Hi\"", "odd"),
		WRITTEN("{\"reasoningContent\":{\"reasoningText\":{\"text\":"
			"\"Hm\"}}},{\"text\":\"Hi\"}",
			"end_turn") },
	{ SAID("\"content\":\"Hi\",\"annotations\":[{\"type\":"
	       "\"url_citation\",\"url_citation\":{\"url\":\"https://a.b\","
	       "\"title\":\"t\",\"start_index\":0,\"end_index\":2}}]",
		  "stop"),
		WRITTEN("{\"citationsContent\":{\"content\":[{\"text\":\"Hi\"}"
			"],\"citations\":[{\"title\":\"t\",\"location\":"
			"{\"web\":{\"url\":\"https://a.b\"}}}]}}",
			"end_turn") },
	{ SAID("\"content\":\"Hi\",\"tool_calls\":[{\"id\":\"c\",\"type\":"
	       "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
	       "\"{\\\"a\\\": 1}\"}}]",
		  "tool_calls"),
		WRITTEN("{\"text\":\"Hi\"},{\"toolUse\":{\"toolUseId\":\"c\","
			"\"name\":\"f\",\"input\":{\"a\":1}}}",
			"tool_use") },
	{ "{\"id\":\"1\",\"choices\":[]}", WRITTEN("", "end_turn") },
};

static void answers_of_openai_are_translated(void **state)
{
	(void)state;
	cases_replies(
		&openai_chat, &bedrock, from_openai, ARRAY_LEN(from_openai));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_answers_come_back),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(tokens_are_counted_alike),
		cmocka_unit_test(answers_of_openai_are_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
