/*
 * gemini/request.c - requests in Google's format: as they came, as another
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

#define USER(parts) "{\"role\":\"user\",\"parts\":[" parts "]}"
#define MODEL(parts) "{\"role\":\"model\",\"parts\":[" parts "]}"
#define TEXT(text) "{\"text\":\"" text "\"}"
#define HI USER(TEXT("Hi"))

static void requests_come_back(void **state)
{
	static const char *const bodies[] = {
		"{\"contents\":[" HI "]}",
		/* nothing, null, of no role, a list of one without the list */
		"{\"contents\":[{},{\"parts\":null},{\"parts\":[]},{\"role\":"
		"null,\"parts\":[{}]}],\"tools\":[],\"systemInstruction\":null"
		",\"generationConfig\":{},\"x\":1}",
		"{\"contents\":{\"role\":\"USER\",\"parts\":" TEXT(
			"Why?") "},"
				"\"generation_config\":{\"response_modalities\":\"TEXT\"},"
				"\"tools\":{\"function_declarations\":{\"name\":\"f\"}}}",
		/* both spellings, and both at once */
		"{\"contents\":[{\"parts\":[{\"inline_data\":{\"mime_type\":"
		"\"image/png\",\"data\":\"AA==\"}},{\"inlineData\":{"
		"\"mime_type\":\"image/png\",\"data\":\"AA==\",\"mimeType\":"
		"\"image/gif\"},\"thought_signature\":\"Uw==\"}]}],"
		"\"generation_config\":{\"top_k\":40,\"topP\":0.5,\"topK\":1,"
		"\"max_output_tokens\":9,\"stop_sequences\":[\"a\"]},"
		"\"safety_settings\":[{\"category\":\"C\"}],"
		"\"cached_content\":\"c\"}",
		/* all kinds of parts, and some of none */
		"{\"contents\":[" MODEL(
			"{\"text\":\"t\",\"thought\":true,\"thoughtSignature\":"
			"\"UzE=\"},{\"thoughtSignature\":\"UzI=\"},{"
			"\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}},"
			"\"thoughtSignature\":\"UzM=\"},{\"functionCall\":{"
			"\"id\":\"7\",\"name\":\"g\"}},{\"executableCode\":{"
			"\"code\":\"1\"}},{\"text\":\"x\",\"thought\":false},{"
			"\"functionCall\":{\"name\":\"h\",\"args\":null}},"
			"{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":"
			"\"AA==\"},\"thought\":true}") ",{\"role\":"
						       "\"function\",\"parts\":[{\"functionResponse\":{\"name\":\"f\","
						       "\"response\":{\"result\":\"r\"}}},{\"functionResponse\":{"
						       "\"id\":\"7\",\"name\":\"g\",\"response\":{\"error\":\"no\"},"
						       "\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\","
						       "\"data\":\"AA==\",\"displayName\":\"d\"}}]},"
						       "\"partMetadata\":{}},{\"text\":\"and\"},{\"functionResponse\":"
						       "{\"willContinue\":true}}]}," USER(
							       "{\"fileData\":{\"fileUri\":\"gs://b/v.mp4\","
							       "\"mimeType\":\"video/mp4\"},\"videoMetadata\":{"
							       "\"fps\":2}},{\"fileData\":{\"fileUri\":"
							       "\"https://youtu.be/x\"}},{\"inlineData\":{}}") "]}",
		/* tools, the choice, everything in generationConfig */
		"{\"contents\":[" HI "],\"tools\":[{\"functionDeclarations\":[{"
		"\"name\":\"f\",\"parameters\":{\"type\":\"OBJECT\"},"
		"\"behavior\":\"BLOCKING\"},{\"name\":\"g\",\"description\":"
		"null,\"parametersJsonSchema\":{}}],\"googleSearch\":{}},{"
		"\"codeExecution\":{}},{\"functionDeclarations\":[]}],"
		"\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"ANY\","
		"\"allowedFunctionNames\":[\"f\",\"g\"]},\"retrievalConfig\":{}"
		"},\"labels\":{\"a\":\"b\"},\"serviceTier\":\"standard\","
		"\"store\":true,\"model\":\"models/m\"}",
		"{\"contents\":[" HI "],\"generationConfig\":{\"temperature\":"
		"1.0,\"topP\":0.95,\"topK\":64,\"maxOutputTokens\":100,"
		"\"stopSequences\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"],"
		"\"candidateCount\":2,\"seed\":-99999999999,"
		"\"presencePenalty\":0.1,\"frequencyPenalty\":-0.1,"
		"\"responseLogprobs\":true,\"logprobs\":3,"
		"\"responseMimeType\":\"text/x.enum\",\"responseSchema\":{"
		"\"type\":\"STRING\",\"enum\":[\"a\"]},\"responseModalities\":["
		"\"TEXT\",\"IMAGE\"],\"thinkingConfig\":{\"includeThoughts\":"
		"true,\"thinkingBudget\":-1,\"x\":0},\"speechConfig\":{"
		"\"languageCode\":\"de\"},\"mediaResolution\":"
		"\"MEDIA_RESOLUTION_LOW\"}}",
	};

	(void)state;
	cases_same_requests(&gemini, bodies, ARRAY_LEN(bodies));
}

/* --- Google's clients and other providers --- */

#define SAID "{\"role\":\"user\",\"content\":\"Hi\"}"

static void others_read_googles_words(void **state)
{
	static const struct request_case cases[] = {
		{ "{\"systemInstruction\":{\"role\":\"user\",\"parts\":[" TEXT(
			  "Be brief.") "]},\"contents\":[" HI
				       "," MODEL(TEXT("Ho")) ",{\"parts\":[" TEXT(
					       "?") "]}]}",
			"{\"messages\":[{\"role\":\"system\",\"content\":"
			"\"Be brief.\"}," SAID ",{\"role\":\"assistant\","
			"\"content\":\"Ho\"},{\"role\":\"user\",\"content\":"
			"\"?\"}]}",
			"" },
		/* Calls without ids get some, and results find them: by id,
		 * by name and order. */
		{ "{\"contents\":[" HI "," MODEL(
			  "{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}"
			  "}},{\"function_call\":{\"name\":\"g\",\"id\":\"x\"}}"
			  ",{\"functionCall\":{\"name\":\"f\"}}") "," USER("{\"functionResponse\":{\"name\":\"g\",\"id\":\"x\","
									   "\"response\":{\"result\":\"G\"}}},"
									   "{\"functionResponse\":{\"name\":\"f\",\"response\":"
									   "{\"output\":\"F1\"}}},{\"functionResponse\":{"
									   "\"name\":\"f\",\"response\":{\"b\":[2]}}}," TEXT(
										   "So?")) "]}",
			"{\"messages\":[" SAID ",{\"role\":\"assistant\","
			"\"tool_calls\":[{\"id\":\"call_1_0\",\"type\":"
			"\"function\",\"function\":{\"name\":\"f\","
			"\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"x\","
			"\"type\":\"function\",\"function\":{\"name\":\"g\","
			"\"arguments\":\"{}\"}},{\"id\":\"call_1_2\",\"type\":"
			"\"function\",\"function\":{\"name\":\"f\","
			"\"arguments\":\"{}\"}}]},{\"role\":\"tool\","
			"\"tool_call_id\":\"x\",\"content\":\"G\"},{\"role\":"
			"\"tool\",\"tool_call_id\":\"call_1_0\",\"content\":"
			"\"F1\"},{\"role\":\"tool\",\"tool_call_id\":"
			"\"call_1_2\",\"content\":\"{\\\"b\\\":[2]}\"},{"
			"\"role\":\"user\",\"content\":\"So?\"}]}",
			"" },
		{ "{\"contents\":[{\"parts\":[{\"inline_data\":{\"mime_type\":"
		  "\"image/png\",\"data\":\"AAAA\"}},{\"fileData\":{"
		  "\"fileUri\":\"https://a/b.jpg\"}}]}]}",
			"{\"messages\":[{\"role\":\"user\",\"content\":[{"
			"\"type\":\"image_url\",\"image_url\":{\"url\":"
			"\"data:image/png;base64,AAAA\"}},{\"type\":"
			"\"image_url\",\"image_url\":{\"url\":"
			"\"https://a/b.jpg\"}}]}]}",
			"" },
		{ "{\"contents\":[" HI "],\"tools\":[{\"functionDeclarations\":"
		  "[{\"name\":\"f\",\"description\":\"F\",\"parameters\":{"
		  "\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":"
		  "\"STRING\",\"nullable\":true,\"maxLength\":\"9\"},\"type\":"
		  "{\"type\":3},\"l\":{\"type\":\"ARRAY\",\"items\":{\"any_of\":"
		  "[{\"type\":\"NUMBER\"},{\"type\":\"BOOLEAN\"}]},"
		  "\"min_items\":2}},\"propertyOrdering\":[\"a\"],\"required\":"
		  "[\"a\"]}}]}],\"toolConfig\":{\"functionCallingConfig\":{"
		  "\"mode\":\"ANY\",\"allowedFunctionNames\":[\"f\"]}}}",
			"{\"messages\":[" SAID "],\"tools\":[{\"type\":"
			"\"function\",\"function\":{\"name\":\"f\","
			"\"description\":\"F\",\"parameters\":{\"type\":"
			"\"object\",\"properties\":{\"a\":{\"type\":["
			"\"string\",\"null\"],\"maxLength\":9},\"type\":{"
			"\"type\":\"integer\"},\"l\":{\"type\":\"array\","
			"\"items\":{\"anyOf\":[{\"type\":\"number\"},{\"type\":"
			"\"boolean\"}]},\"minItems\":2}},\"required\":[\"a\"]}}"
			"}],\"tool_choice\":{\"type\":\"function\",\"function\""
			":{\"name\":\"f\"}}}",
			"" },
		{ "{\"contents\":[" HI "],\"generationConfig\":{"
		  "\"temperature\":1.0,\"topP\":0.9,\"maxOutputTokens\":5,"
		  "\"stopSequences\":[\"a\"],\"candidateCount\":2,\"seed\":7,"
		  "\"responseLogprobs\":true,\"logprobs\":3,"
		  "\"responseMimeType\":\"application/json\","
		  "\"responseJsonSchema\":{\"type\":\"object\"},"
		  "\"thinkingConfig\":{\"thinkingLevel\":\"LOW\"},"
		  "\"speechConfig\":{\"a\":1}},\"serviceTier\":\"flex\"}",
			"{\"messages\":[" SAID "],\"temperature\":1.0,\"top_p\""
			":0.9,\"max_tokens\":5,\"stop\":[\"a\"],\"n\":2,"
			"\"seed\":7,\"logprobs\":true,\"top_logprobs\":3,"
			"\"response_format\":{\"type\":\"json_schema\","
			"\"json_schema\":{\"name\":\"response\",\"schema\":{"
			"\"type\":\"object\"}}},\"reasoning_effort\":\"low\","
			"\"service_tier\":\"flex\"}",
			"generationConfig.speechConfig" },
		/* what only Google has */
		{ "{\"contents\":[" HI "],\"safetySettings\":[{}],\"labels\":{"
		  "},\"toolConfig\":{\"retrievalConfig\":{}}}",
			"{\"messages\":[" SAID "]}",
			"safetySettings, toolConfig" },
		{ "{\"contents\":[" HI "],\"cachedContent\":\"c\"}", NULL,
			"cachedContent" },
		{ "{\"contents\":[" HI "],\"tools\":[{\"googleSearch\":{}}]}",
			NULL, "tools[0]" },
		{ "{\"contents\":[" HI
		  "," MODEL("{\"executableCode\":{\"code\":\"1\"}}") "]}",
			NULL, "contents[1]" },
	};

	(void)state;
	cases_requests(&gemini, &openai_chat, cases, ARRAY_LEN(cases));
}

/* --- other clients and Google --- */

#define GOOD "\"contents\":[" HI "]"
#define OLD "\"model\":\"gemini-2.5-flash\","
#define NEW "\"model\":\"gemini-3-pro-preview\","

static void google_reads_openais_words(void **state)
{
	static const struct request_case cases[] = {
		{ "{" NEW "\"messages\":[{\"role\":\"system\",\"content\":"
		  "\"A\"},{\"role\":\"user\",\"content\":\"x\"},{\"role\":"
		  "\"user\",\"content\":[{\"type\":\"text\",\"text\":\"y\"},{"
		  "\"type\":\"image_url\",\"image_url\":{\"url\":"
		  "\"data:image/gif;base64,R0lG\"}},{\"type\":\"image_url\","
		  "\"image_url\":{\"url\":\"https://a/b.webp?c\",\"detail\":"
		  "\"low\"}},{\"type\":\"input_audio\",\"input_audio\":{"
		  "\"data\":\"UklG\",\"format\":\"wav\"}},{\"type\":\"file\","
		  "\"file\":{\"filename\":\"a.pdf\",\"file_data\":"
		  "\"data:application/pdf;base64,JVBE\"}}]},{\"role\":"
		  "\"assistant\",\"content\":\"\"},{\"role\":\"assistant\","
		  "\"content\":\"z\"},{\"role\":\"developer\",\"content\":"
		  "\"B\"},{\"role\":\"user\",\"content\":\"\"}]}",
			"{\"systemInstruction\":{\"parts\":[" TEXT("A") "," TEXT("B") "]},\"contents\":[" USER(
				TEXT("x") "," TEXT(
					"y") ",{\"inlineData\":{"
					     "\"mimeType\":\"image/gif\",\"data\":\"R0lG\"}}"
					     ",{\"fileData\":{\"mimeType\":\"image/webp\","
					     "\"fileUri\":\"https://a/b.webp?c\"}},{"
					     "\"inlineData\":{\"mimeType\":\"audio/wav\","
					     "\"data\":\"UklG\"}},{\"inlineData\":{"
					     "\"mimeType\":\"application/pdf\",\"data\":"
					     "\"JVBE\"}}") "," MODEL(TEXT("z")) "," USER(TEXT("")) "]}",
			"messages[2].detail, messages[5].role" },
		/* a system prompt alone is what is asked */
		{ "{" NEW "\"messages\":[{\"role\":\"system\",\"content\":"
		  "\"Hi\"}]}",
			"{" GOOD "}", "" },
		/* Calls and results: Gemini 3 */
		{ "{" NEW "\"messages\":[" SAID ",{\"role\":\"assistant\","
		  "\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":"
		  "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\""
		  "{\\\"x\\\": 1}\"}},{\"id\":\"b\",\"type\":\"function\","
		  "\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]},{"
		  "\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":"
		  "\"sun\"},{\"role\":\"tool\",\"tool_call_id\":\"a\","
		  "\"content\":\"{\\\"y\\\": 2}\"}," SAID "]}",
			"{\"contents\":[" HI "," MODEL(
				"{\"functionCall\":{\"id\":\"a\",\"name\":"
				"\"f\",\"args\":{\"x\":1}},\"thoughtSignature\""
				":\"skip_thought_signature_validator\"},{"
				"\"functionCall\":{\"id\":\"b\",\"name\":"
				"\"g\",\"args\":{}}}") "," USER("{\"functionResponse\":{\"id\":\"b\",\"name\":"
								"\"g\",\"response\":{\"result\":\"sun\"}}},{"
								"\"functionResponse\":{\"id\":\"a\",\"name\":"
								"\"f\",\"response\":{\"y\":2}}}") "," HI
												  "]}",
			"" },
		/* the same with a model that knows neither ids nor
		 * signatures: in the order of the calls */
		{ "{" OLD "\"messages\":[" SAID ",{\"role\":\"assistant\","
		  "\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":"
		  "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
		  "\"{}\"}},{\"id\":\"b\",\"type\":\"function\",\"function\":{"
		  "\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\","
		  "\"tool_call_id\":\"b\",\"content\":\"B\"},{\"role\":"
		  "\"tool\",\"tool_call_id\":\"a\",\"content\":\"A\"}]}",
			"{\"contents\":[" HI "," MODEL(
				"{\"functionCall\":{\"name\":\"f\",\"args\":{}}"
				"},{\"functionCall\":{\"name\":\"f\",\"args\":{"
				"}}}") "," USER("{\"functionResponse\":{\"name\":\"f\","
						"\"response\":{\"result\":\"A\"}}},{"
						"\"functionResponse\":{\"name\":\"f\","
						"\"response\":{\"result\":\"B\"}}}") "]}",
			"" },
		/* broken arguments, results of no call */
		{ "{" OLD "\"messages\":[" SAID ",{\"role\":\"assistant\","
		  "\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
		  "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\"\"}}]"
		  "}]}",
			"{\"contents\":[" HI
			"," MODEL("{\"functionCall\":{\"name\":\"f\",\"args\":{"
				  "\"arguments\":\"{\\\"x\\\"\"}}}") "]}",
			"" },
		{ "{\"messages\":[" SAID ",{\"role\":\"tool\",\"tool_call_id\":"
		  "\"a\",\"content\":\"A\"}]}",
			NULL, "messages[1]" },
		/* tools */
		{ "{" NEW "\"messages\":[" SAID "],\"tools\":[{\"type\":"
		  "\"function\",\"function\":{\"name\":\"f\",\"strict\":true,"
		  "\"parameters\":{\"type\":\"object\",\"$defs\":{},"
		  "\"additionalProperties\":false}}}],\"tool_choice\":{"
		  "\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
		  "\"parallel_tool_calls\":false}",
			"{" GOOD ",\"tools\":[{\"functionDeclarations\":[{"
			"\"name\":\"f\",\"parametersJsonSchema\":{\"type\":"
			"\"object\",\"$defs\":{},\"additionalProperties\":false"
			"}}]}],\"toolConfig\":{\"functionCallingConfig\":{"
			"\"mode\":\"ANY\",\"allowedFunctionNames\":[\"f\"]}}}",
			"parallel_tool_calls, tools[0].strict" },
		{ "{" NEW "\"messages\":[" SAID "],\"tools\":[{\"type\":"
		  "\"function\",\"function\":{\"name\":\"f\"}}],"
		  "\"tool_choice\":\"required\"}",
			"{" GOOD ",\"tools\":[{\"functionDeclarations\":[{"
			"\"name\":\"f\"}]}],\"toolConfig\":{"
			"\"functionCallingConfig\":{\"mode\":\"ANY\"}}}",
			"" },
		/* parameters */
		{ "{" NEW "\"messages\":[" SAID "],\"temperature\":0.5,"
		  "\"top_p\":1,\"top_k\":5,\"min_p\":0.1,\"seed\":3,\"n\":2,"
		  "\"max_completion_tokens\":9,\"stop\":\"s\","
		  "\"presence_penalty\":1,\"frequency_penalty\":-1,"
		  "\"logprobs\":true,\"top_logprobs\":2,\"logit_bias\":{\"1\":"
		  "2},\"user\":\"u\",\"service_tier\":\"default\","
		  "\"modalities\":[\"text\",\"image\"],\"stream\":true}",
			"{" GOOD ",\"generationConfig\":{\"temperature\":0.5,"
			"\"topP\":1,\"topK\":5,\"seed\":3,\"candidateCount\":2,"
			"\"maxOutputTokens\":9,\"stopSequences\":[\"s\"],"
			"\"presencePenalty\":1,\"frequencyPenalty\":-1,"
			"\"responseLogprobs\":true,\"logprobs\":2,"
			"\"responseModalities\":[\"TEXT\",\"IMAGE\"]},"
			"\"serviceTier\":\"standard\"}",
			"min_p, logit_bias, user" },
		{ "{" NEW "\"messages\":[" SAID "],\"seed\":4294967296,"
		  "\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"],"
		  "\"service_tier\":\"auto\",\"reasoning_effort\":\"odd\"}",
			"{" GOOD ",\"generationConfig\":{\"stopSequences\":["
			"\"1\",\"2\",\"3\",\"4\",\"5\"],\"thinkingConfig\":{"
			"\"includeThoughts\":true}}}",
			"stop, seed, reasoning_effort" },
		{ "{" NEW "\"messages\":[" SAID "],\"service_tier\":"
		  "\"scale\"}",
			"{" GOOD "}", "service_tier" },
		/* the answer's form */
		{ "{" NEW "\"messages\":[" SAID "],\"response_format\":{"
		  "\"type\":\"json_object\"}}",
			"{" GOOD ",\"generationConfig\":{\"responseMimeType\":"
			"\"application/json\"}}",
			"" },
		{ "{" NEW "\"messages\":[" SAID "],\"response_format\":{"
		  "\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
		  "\"schema\":{\"type\":\"object\"}}}}",
			"{" GOOD ",\"generationConfig\":{\"responseMimeType\":"
			"\"application/json\",\"responseJsonSchema\":{\"type\":"
			"\"object\"}}}",
			"" },
		{ "{" NEW "\"messages\":[" SAID "],\"response_format\":{"
		  "\"type\":\"text\"}}",
			"{" GOOD "}", "" },
	};

	(void)state;
	cases_requests(&openai_chat, &gemini, cases, ARRAY_LEN(cases));
}

/* How deep to think: a level for new models, a budget for old ones. */
static void google_thinks_as_told(void **state)
{
	static const struct {
		const char *model;
		const char *asked;
		const char *config;
	} cases[] = {
		{ "gemini-3-pro", "\"reasoning_effort\":\"medium\"",
			"\"thinkingLevel\":\"medium\",\"includeThoughts\":true" },
		{ "gemini-3-pro", "\"reasoning_effort\":\"minimal\"",
			"\"thinkingLevel\":\"low\",\"includeThoughts\":true" },
		{ "gemini-3-flash", "\"reasoning_effort\":\"minimal\"",
			"\"thinkingLevel\":\"minimal\","
			"\"includeThoughts\":true" },
		{ "gemini-3-flash", "\"reasoning_effort\":\"none\"",
			"\"thinkingLevel\":\"minimal\"" },
		{ "gemini-3-pro", "\"reasoning_effort\":\"none\"",
			"\"thinkingLevel\":\"low\"" },
		{ "gemini-2.5-pro", "\"reasoning_effort\":\"high\"",
			"\"thinkingBudget\":24576,\"includeThoughts\":true" },
		{ "models/gemini-2.5-flash", "\"reasoning_effort\":\"none\"",
			"\"thinkingBudget\":0" },
		{ "gemini-2.5-flash", "\"thinking\":{\"type\":\"enabled\"}",
			"\"thinkingBudget\":-1,\"includeThoughts\":true" },
		{ "gemini-3-pro", "\"thinking\":{\"type\":\"enabled\"}",
			"\"includeThoughts\":true" },
		{ "gemini-2.5-flash", "\"thinking\":{\"type\":\"disabled\"}",
			"\"thinkingBudget\":0" },
		{ "gemini-2.5-flash",
			"\"reasoning\":{\"max_tokens\":500,\"exclude\":true}",
			"\"thinkingBudget\":500,\"includeThoughts\":false" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char said[512], written[512];
		const struct request_case c = { said, written, "" };

		snprintf(said, sizeof(said),
			"{\"model\":\"%s\",\"messages\":[" SAID "],%s}",
			cases[i].model, cases[i].asked);
		snprintf(written, sizeof(written),
			"{" GOOD ",\"generationConfig\":{\"thinkingConfig\":{"
			"%s}}}",
			cases[i].config);
		cases_requests(&openai_chat, &gemini, &c, 1);
	}
}

/* A provider's row may say what it does not take. */
static void a_provider_may_take_less(void **state)
{
	const struct dialect_traits traits = {
		.unsupported = UINT64_C(1) << FIELD_TOP_K |
			       UINT64_C(1) << FIELD_STOP |
			       UINT64_C(1) << FIELD_MAX_TOKENS |
			       UINT64_C(1) << FIELD_REASONING |
			       UINT64_C(1) << FIELD_THINKING
	};
	struct buf out = BUF_INIT(CASES_MAX);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	chat_losses_init(&losses, &openai_chat);
	cases_read_request(&openai_chat,
		S("{\"model\":\"gemini-3\",\"messages\":[" SAID
		  ",{\"role\":\"assistant\",\"content\":\"Ho\","
		  "\"reasoning_content\":\"Hm\"}],\"top_k\":1,\"top_p\":1,"
		  "\"max_tokens\":5,\"stop\":\"x\",\"reasoning_effort\":"
		  "\"low\"}"),
		&arena, &request);
	assert_true(
		chat_losses_find(&request, &gemini, &traits, &losses, &err));
	assert_true(
		gemini.write_request(&request, &traits, &losses, &out, &err));
	assert_same_json(buf_str(&out),
		S("{\"contents\":[" HI
		  "," MODEL(TEXT("Ho")) "],"
					"\"generationConfig\":{\"topP\":1}}"),
		"traits");
	assert_string_equal(buf_cstr(&losses.names),
		"top_k, max_tokens, stop, reasoning_effort, "
		"messages[1].reasoning_content");
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

/* A result that failed, or has an image in it. */
static void google_reads_anthropics_results(void **state)
{
#define CALL                                                                  \
	"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":" \
	"\"a\",\"name\":\"f\",\"input\":{}}]}"
#define RESULT                                                                \
	"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","          \
	"\"tool_use_id\":\"a\",\"is_error\":true,\"content\":[{\"type\":"     \
	"\"text\",\"text\":\"no\"},{\"type\":\"image\",\"source\":{\"type\":" \
	"\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}]}]}"
#define IMAGE "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}"
	static const struct request_case cases[] = {
		{ "{" NEW "\"max_tokens\":5,\"messages\":[" SAID "," CALL
		  "," RESULT "]}",
			"{\"contents\":[" HI "," MODEL(
				"{\"functionCall\":{\"id\":\"a\",\"name\":"
				"\"f\",\"args\":{}},\"thoughtSignature\":"
				"\"skip_thought_signature_validator\"}") "," USER("{\"functionResponse\":{\"id\":\"a\",\"name\":"
										  "\"f\",\"response\":{\"error\":\"no\"},"
										  "\"parts\":[" IMAGE
										  "]}}") "],"
											 "\"generationConfig\":{\"maxOutputTokens\":5}}",
			"" },
		{ "{" OLD "\"max_tokens\":5,\"messages\":[" SAID "," CALL
		  "," RESULT "]}",
			"{\"contents\":[" HI "," MODEL(
				"{\"functionCall\":{\"name\":\"f\",\"args\":{}}"
				"}") "," USER("{\"functionResponse\":{\"name\":\"f\","
					      "\"response\":{\"error\":\"no\"}}}") "," USER(IMAGE) "],\"generationConfig\":{"
												   "\"maxOutputTokens\":5}}",
			"" },
	};

	(void)state;
	cases_requests(&anthropic, &gemini, cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_come_back),
		cmocka_unit_test(others_read_googles_words),
		cmocka_unit_test(google_reads_openais_words),
		cmocka_unit_test(google_thinks_as_told),
		cmocka_unit_test(a_provider_may_take_less),
		cmocka_unit_test(google_reads_anthropics_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
