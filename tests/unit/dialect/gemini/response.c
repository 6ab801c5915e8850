/*
 * gemini/response.c - answers in Google's format: as they came, as another
 * dialect's, and those of other dialects in Google's words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/gemini/gemini.h"
#include "dialect/openai_chat/openai_chat.h"

static void answers_come_back(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"candidates\":[]}",
		"{\"candidates\":[{}]}",
		"{\"candidates\":[{\"content\":{}},{\"content\":null},{"
		"\"content\":{\"role\":\"model\"},\"index\":7},{\"content\":{"
		"\"parts\":[]},\"finishReason\":2}]}",
		"{\"candidates\":\"none\",\"usageMetadata\":3}",
		"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},"
		"\"usageMetadata\":{\"promptTokenCount\":3}}",
		"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\","
		"\"thought\":true},{\"text\":\"b\",\"thoughtSignature\":"
		"\"Uw==\"},{\"functionCall\":{\"name\":\"f\"}},{"
		"\"functionResponse\":{}}],\"role\":\"model\"},"
		"\"finishReason\":\"FAKE\",\"safetyRatings\":[{}],"
		"\"citationMetadata\":{\"citations\":[{\"uri\":\"u\"}]},"
		"\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\""
		":\"v\"}}]},\"logprobsResult\":{\"chosenCandidates\":[{"
		"\"token\":\"a\"}]},\"avgLogprobs\":-0.5}],\"modelVersion\":"
		"\"m\",\"responseId\":\"r\",\"createTime\":"
		"\"2026-04-02T17:03:50.399550Z\"}",
		"{\"candidates\":[{\"finish_reason\":\"STOP\",\"content\":{"
		"\"parts\":[{\"function_call\":{\"name\":\"f\"}}]}}],"
		"\"usage_metadata\":{\"prompt_token_count\":1},\"response_id\":"
		"\"r\"}",
	};

	(void)state;
	cases_same_replies(&gemini, bodies, ARRAY_LEN(bodies));
}

static struct chat_response read_answer(const char *body, struct arena *arena)
{
	struct chat_response response;
	struct error err = ERROR_INIT;

	if (!gemini.read_response(str_of(body), arena, &response, &err))
		fail_msg("%s: %s", body, error_detail(&err));
	return response;
}

static void how_it_ended(void **state)
{
	static const struct {
		const char *candidate;
		enum chat_finish finish;
	} cases[] = {
		{ "{}", CHAT_FINISH_UNSET },
		{ "{\"finishReason\":\"FINISH_REASON_UNSPECIFIED\"}",
			CHAT_FINISH_UNSET },
		{ "{\"finishReason\":\"STOP\"}", CHAT_FINISH_STOP },
		{ "{\"finishReason\":1}", CHAT_FINISH_STOP },
		{ "{\"finishReason\":\"STOP\",\"content\":{\"parts\":[{"
		  "\"functionCall\":{\"name\":\"f\"}}]}}",
			CHAT_FINISH_TOOL_CALLS },
		{ "{\"finishReason\":\"MAX_TOKENS\",\"content\":{\"parts\":[{"
		  "\"functionCall\":{\"name\":\"f\"}}]}}",
			CHAT_FINISH_LENGTH },
		{ "{\"finishReason\":2}", CHAT_FINISH_LENGTH },
		{ "{\"finishReason\":\"SAFETY\"}", CHAT_FINISH_FILTER },
		{ "{\"finishReason\":\"RECITATION\"}", CHAT_FINISH_FILTER },
		{ "{\"finishReason\":\"BLOCKLIST\"}", CHAT_FINISH_FILTER },
		{ "{\"finishReason\":\"PROHIBITED_CONTENT\"}",
			CHAT_FINISH_FILTER },
		{ "{\"finishReason\":\"SPII\"}", CHAT_FINISH_FILTER },
		{ "{\"finishReason\":\"IMAGE_SAFETY\"}", CHAT_FINISH_FILTER },
		{ "{\"finishReason\":\"LANGUAGE\"}", CHAT_FINISH_OTHER },
		{ "{\"finishReason\":\"MALFORMED_FUNCTION_CALL\"}",
			CHAT_FINISH_OTHER },
		{ "{\"finishReason\":99}", CHAT_FINISH_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_response response;
		struct arena arena;
		char body[256];

		arena_init(&arena, 4096);
		snprintf(body, sizeof(body), "{\"candidates\":[%s]}",
			cases[i].candidate);
		response = read_answer(body, &arena);
		assert_int_equal(response.choice_count, 1);
		if (response.choices[0].finish != cases[i].finish)
			fail_msg("%s: %d", body, response.choices[0].finish);
		arena_release(&arena);
	}
}

/* Google counts apart what the neutral form counts together. */
static void tokens_are_added_up(void **state)
{
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	response = read_answer(
		"{\"usageMetadata\":{\"promptTokenCount\":10,"
		"\"cachedContentTokenCount\":4,\"toolUsePromptTokenCount\":5,"
		"\"candidatesTokenCount\":20,\"thoughtsTokenCount\":7,"
		"\"totalTokenCount\":42,\"promptTokensDetails\":[{\"modality\":"
		"\"TEXT\",\"tokenCount\":8},{\"modality\":\"AUDIO\","
		"\"tokenCount\":2}],\"candidatesTokensDetails\":[{\"modality\":"
		"\"AUDIO\",\"tokenCount\":3}]}}",
		&arena);
	assert_true(response.has_usage);
	assert_int_equal(response.usage.prompt, 15);
	assert_int_equal(response.usage.cached, 4);
	assert_int_equal(response.usage.completion, 27);
	assert_int_equal(response.usage.reasoning, 7);
	assert_int_equal(response.usage.audio_prompt, 2);
	assert_int_equal(response.usage.audio_completion, 3);
	assert_int_equal(response.usage.cache_write, -1);
	response = read_answer(
		"{\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"},"
		"\"createTime\":\"1970-01-01T00:01:00Z\"}",
		&arena);
	assert_true(response.has_usage);
	assert_int_equal(response.usage.prompt, -1);
	assert_int_equal(response.usage.completion, -1);
	assert_int_equal(response.created_unix_s, 60);
	arena_release(&arena);
}

static void a_blocked_prompt_is_a_filtered_answer(void **state)
{
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	response = read_answer(
		"{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\","
		"\"safetyRatings\":[{\"category\":\"C\"}]}}",
		&arena);
	assert_int_equal(response.choice_count, 1);
	assert_int_equal(response.choices[0].finish, CHAT_FINISH_FILTER);
	assert_text(response.choices[0].finish_word, "PROHIBITED_CONTENT");
	assert_text(response.choices[0].safety, "[{\"category\":\"C\"}]");
	response = read_answer(
		"{\"candidates\":[{\"index\":0}],\"promptFeedback\":{"
		"\"safetyRatings\":[]}}",
		&arena);
	assert_int_equal(response.choice_count, 1);
	assert_int_equal(response.choices[0].finish, CHAT_FINISH_UNSET);
	arena_release(&arena);
}

/* Google's places are bytes of a part; "\xc2\xb0" has two. */
static void sources_are_in_characters(void **state)
{
	const struct chat_citation *citation;
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	response = read_answer(
		"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\","
		"\"thought\":true},{\"text\":\"5\xc2\xb0. \"},{\"text\":"
		"\"Snow\xc2\xb0s.\"}]},\"citationMetadata\":{"
		"\"citationSources\":[{\"endIndex\":3,\"uri\":\"https://a\"}]},"
		"\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":"
		"\"https://b\",\"title\":\"B\"}},{\"retrievedContext\":{"
		"\"title\":\"C\",\"text\":\"c\"}},{\"web\":{\"uri\":"
		"\"https://d\"}}],\"groundingSupports\":[{\"segment\":{"
		"\"partIndex\":2,\"endIndex\":7},\"groundingChunkIndices\":["
		"1,0,9]},{\"segment\":{\"partIndex\":1,\"startIndex\":99,"
		"\"endIndex\":100},\"groundingChunkIndices\":[0]}]}}]}",
		&arena);
	citation = response.choices[0].message.citations;
	assert_text(citation->url, "https://a");
	assert_int_equal(citation->start_index, 0);
	assert_int_equal(citation->end_index, 2);
	citation = citation->next;
	assert_text(citation->title, "C");
	assert_text(citation->cited_text, "c");
	assert_null(citation->url.p);
	assert_int_equal(citation->start_index, 4);
	assert_int_equal(citation->end_index, 10);
	citation = citation->next;
	assert_text(citation->url, "https://b");
	assert_text(citation->title, "B");
	assert_int_equal(citation->start_index, 4);
	citation = citation->next;
	assert_text(citation->url, "https://b");
	assert_int_equal(citation->start_index, -1);
	citation = citation->next;
	assert_text(citation->url, "https://d");
	assert_int_equal(citation->end_index, -1);
	assert_null(citation->next);
	arena_release(&arena);
}

static void others_hear_googles_answers(void **state)
{
	static const struct reply_case cases[] = {
		{ "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
		  "\"Hm.\",\"thought\":true},{\"text\":\"5\xc2\xb0"
		  "C\"}],"
		  "\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0,"
		  "\"logprobsResult\":{\"chosenCandidates\":[{\"token\":\"5\","
		  "\"tokenId\":9,\"logProbability\":-0.5},{\"token\":\"C\"}],"
		  "\"topCandidates\":[{\"candidates\":[{\"token\":\"5\","
		  "\"logProbability\":-0.5}]}]}}],\"usageMetadata\":{"
		  "\"promptTokenCount\":3,\"candidatesTokenCount\":2,"
		  "\"thoughtsTokenCount\":1},\"modelVersion\":\"m\","
		  "\"responseId\":\"r\"}",
			"{\"object\":\"chat.completion\",\"id\":\"r\","
			"\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":"
			"{\"role\":\"assistant\",\"content\":\"5\xc2\xb0"
			"C\",\"refusal\":null,\"reasoning_content\":\"Hm.\"},"
			"\"finish_reason\":\"stop\",\"logprobs\":{\"content\":["
			"{\"token\":\"5\",\"logprob\":-0.5,\"bytes\":null,"
			"\"top_logprobs\":[{\"token\":\"5\",\"logprob\":-0.5,"
			"\"bytes\":null}]},{\"token\":\"C\",\"logprob\":0,"
			"\"bytes\":null,\"top_logprobs\":[]}]}}],\"usage\":{"
			"\"prompt_tokens\":3,\"completion_tokens\":3,"
			"\"total_tokens\":6,\"completion_tokens_details\":{"
			"\"reasoning_tokens\":1}}}" },
	};

	(void)state;
	cases_replies(&gemini, &openai_chat, cases, ARRAY_LEN(cases));
}

#define USAGE                                                     \
	"\"usageMetadata\":{\"promptTokenCount\":9,"              \
	"\"cachedContentTokenCount\":4,\"thoughtsTokenCount\":2," \
	"\"candidatesTokenCount\":3,\"totalTokenCount\":14},"     \
	"\"modelVersion\":\"m\",\"responseId\":\"r\"}"
#define OPENAI(message, finish)                                                \
	"{\"id\":\"r\",\"created\":60,\"model\":\"m\",\"choices\":[{"          \
	"\"index\":0,\"message\":{\"role\":\"assistant\"," message             \
	"},\"finish_reason\":\"" finish "\"}],\"usage\":{\"prompt_tokens\":9," \
	"\"completion_tokens\":5,\"total_tokens\":14,"                         \
	"\"prompt_tokens_details\":{\"cached_tokens\":4},"                     \
	"\"completion_tokens_details\":{\"reasoning_tokens\":2}}}"
#define GOOGLE(parts, finish)                              \
	"{\"candidates\":[{\"content\":{\"parts\":[" parts \
	"],\"role\":\"model\"}," finish ",\"index\":0}]," USAGE

static void googles_clients_hear_openais_answers(void **state)
{
	static const struct reply_case cases[] = {
		{ OPENAI("\"content\":\"Ho\",\"reasoning_content\":\"Hm\"",
			  "stop"),
			GOOGLE("{\"text\":\"Hm\",\"thought\":true},{\"text\":"
			       "\"Ho\"}",
				"\"finishReason\":\"STOP\"") },
		{ OPENAI("\"content\":null,\"tool_calls\":[{\"id\":\"a\","
			 "\"type\":\"function\",\"function\":{\"name\":\"f\","
			 "\"arguments\":\"\"}},{\"id\":\"b\",\"type\":"
			 "\"function\",\"function\":{\"name\":\"g\","
			 "\"arguments\":\"{\\\"x\\\":[1]}\"}}]",
			  "tool_calls"),
			GOOGLE("{\"functionCall\":{\"id\":\"a\",\"name\":"
			       "\"f\",\"args\":{}}},{\"functionCall\":{"
			       "\"id\":\"b\",\"name\":\"g\",\"args\":{\"x\":[1]"
			       "}}}",
				"\"finishReason\":\"STOP\"") },
		{ OPENAI("\"content\":\"Ho\"", "length"),
			GOOGLE("{\"text\":\"Ho\"}",
				"\"finishReason\":\"MAX_TOKENS\"") },
		{ OPENAI("\"content\":null,\"refusal\":\"No.\"",
			  "content_filter"),
			GOOGLE("{\"text\":\"No.\"}",
				"\"finishReason\":\"SAFETY\"") },
		{ OPENAI("\"content\":\"\"", "stop"),
			GOOGLE("{\"text\":\"\"}",
				"\"finishReason\":\"STOP\"") },
		/* no JSON object: cut off, and never one */
		{ OPENAI("\"content\":null,\"tool_calls\":[{\"id\":\"a\","
			 "\"type\":\"function\",\"function\":{\"name\":\"f\","
			 "\"arguments\":\"{\\\"x\"}}]",
			  "length"),
			GOOGLE("{\"text\":\"\"}",
				"\"finishReason\":\"MAX_TOKENS\"") },
		{ OPENAI("\"content\":null,\"tool_calls\":[{\"id\":\"a\","
			 "\"type\":\"function\",\"function\":{\"name\":\"f\","
			 "\"arguments\":\"[1]\"}}]",
			  "tool_calls"),
			GOOGLE("{\"text\":\"\"}",
				"\"finishReason\":\"MALFORMED_FUNCTION_CALL\","
				"\"finishMessage\":\"The arguments of a "
				"function call are not a JSON object.\"") },
		{ OPENAI("\"content\":\"5\xc2\xb0, snow\",\"annotations\":[{"
			 "\"type\":\"url_citation\",\"url_citation\":{\"url\":"
			 "\"https://a\",\"title\":\"A\",\"start_index\":4,"
			 "\"end_index\":8}},{\"type\":\"url_citation\","
			 "\"url_citation\":{\"url\":\"https://b\","
			 "\"start_index\":4,\"end_index\":99}}]",
			  "stop"),
			GOOGLE("{\"text\":\"5\xc2\xb0, snow\"}",
				"\"finishReason\":\"STOP\","
				"\"groundingMetadata\":{\"groundingChunks\":[{"
				"\"web\":{\"uri\":\"https://a\",\"title\":"
				"\"A\"}},{\"web\":{\"uri\":\"https://b\"}}],"
				"\"groundingSupports\":[{\"segment\":{"
				"\"partIndex\":0,\"startIndex\":5,\"endIndex\":"
				"9,\"text\":\"snow\"},"
				"\"groundingChunkIndices\":[0]}]}") },
		{ "{\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{"
		  "\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":"
		  "\"stop\",\"logprobs\":{\"content\":[{\"token\":\"a\","
		  "\"logprob\":-1,\"top_logprobs\":[{\"token\":\"b\","
		  "\"logprob\":-2}]}]}}]}",
			"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
			"\"a\"}],\"role\":\"model\"},\"finishReason\":\"STOP\","
			"\"index\":0,\"logprobsResult\":{\"chosenCandidates\":["
			"{\"token\":\"a\",\"logProbability\":-1}],"
			"\"topCandidates\":[{\"candidates\":[{\"token\":\"b\","
			"\"logProbability\":-2}]}]}}],\"modelVersion\":"
			"\"m\"}" },
	};

	(void)state;
	cases_replies(&openai_chat, &gemini, cases, ARRAY_LEN(cases));
}

/* base64, so that SDKs that decode it give it back. */
static void googles_clients_keep_others_signatures(void **state)
{
	static const struct reply_case cases[] = {
		{ "{\"id\":\"r\",\"type\":\"message\",\"role\":\"assistant\","
		  "\"model\":\"m\",\"content\":[{\"type\":\"thinking\","
		  "\"thinking\":\"Hm\",\"signature\":\"c2ln\"},{\"type\":"
		  "\"text\",\"text\":\"Ho\"}],\"stop_reason\":\"end_turn\"}",
			"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
			"\"Hm\",\"thought\":true,\"thoughtSignature\":"
			"\"YW50aHJvcGljOmMybG4=\"},{\"text\":\"Ho\"}],\"role\":"
			"\"model\"},\"finishReason\":\"STOP\",\"index\":0}],"
			"\"modelVersion\":\"m\",\"responseId\":\"r\"}" },
	};

	(void)state;
	cases_replies(&anthropic, &gemini, cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_back),
		cmocka_unit_test(how_it_ended),
		cmocka_unit_test(tokens_are_added_up),
		cmocka_unit_test(a_blocked_prompt_is_a_filtered_answer),
		cmocka_unit_test(sources_are_in_characters),
		cmocka_unit_test(others_hear_googles_answers),
		cmocka_unit_test(googles_clients_hear_openais_answers),
		cmocka_unit_test(googles_clients_keep_others_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
