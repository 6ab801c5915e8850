/*
 * openai_responses/request.c - what other dialects' requests become for a
 * provider of OpenAI's Responses format.
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
#define CHAT(members) "{\"messages\":[" ASK "]" members "}"
#define TALK(messages) "{\"messages\":[" messages "]}"
#define ITEMS(items) "{\"input\":[" items "],\"store\":false}"
#define ASKED "{\"type\":\"message\",\"role\":\"user\",\"content\":\"a\"}"
#define WRITTEN(members) "{\"input\":[" ASKED "],\"store\":false" members "}"
#define SEALED ",\"include\":[\"reasoning.encrypted_content\"]"
#define LOGPROBS ",\"include\":[\"message.output_text.logprobs\"]"
#define CALLS(calls) \
	"{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" calls "]}"
#define CALL(id, name, arguments)                                \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":" \
	"{\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}"

static const struct request_case from_openai_chat[] = {
	{ CHAT(",\"model\":\"m\",\"stream\":true,\"temperature\":0.70,"
	       "\"top_p\":1,\"user\":\"u\",\"metadata\":{\"k\":\"v\"},"
	       "\"service_tier\":\"flex\",\"prompt_cache_key\":\"p\","
	       "\"parallel_tool_calls\":false,\"max_completion_tokens\":100"),
		WRITTEN(",\"model\":\"m\",\"stream\":true,\"temperature\":0.7,"
			"\"top_p\":1,\"user\":\"u\",\"metadata\":"
			"{\"k\":\"v\"},\"service_tier\":\"flex\","
			"\"prompt_cache_key\":\"p\",\"parallel_tool_calls\":"
			"false,\"max_output_tokens\":100"),
		"" },
	/* What OpenAI refuses becomes what it takes, and is named. */
	{ CHAT(",\"max_tokens\":5,\"service_tier\":\"on_demand\",\"seed\":1,"
	       "\"stop\":\"x\",\"frequency_penalty\":1,\"logit_bias\":"
	       "{\"1\":2}"),
		WRITTEN(",\"max_output_tokens\":16"),
		"frequency_penalty, seed, stop, logit_bias, max_tokens, "
		"service_tier" },
	{ CHAT(",\"n\":2"), NULL, "n" },
	{ CHAT(",\"reasoning_effort\":\"none\""),
		WRITTEN(",\"reasoning\":{\"effort\":\"none\"}"), "" },
	{ CHAT(",\"reasoning_effort\":\"xhigh\",\"verbosity\":\"low\""),
		WRITTEN(",\"reasoning\":{\"effort\":\"xhigh\"},\"text\":"
			"{\"verbosity\":\"low\"}" SEALED),
		"" },
	{ CHAT(",\"reasoning_effort\":\"furious\""), WRITTEN(""),
		"reasoning_effort" },
	{ CHAT(",\"logprobs\":true,\"top_logprobs\":2"),
		WRITTEN(",\"top_logprobs\":2" LOGPROBS), "" },
	{ CHAT(",\"response_format\":{\"type\":\"json_object\"}"),
		WRITTEN(",\"text\":{\"format\":{\"type\":\"json_object\"}}"),
		"" },
	{ CHAT(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
	       "{\"name\":\"n\",\"description\":\"d\",\"strict\":true,"
	       "\"schema\":{\"type\":\"object\"}}}"),
		WRITTEN(",\"text\":{\"format\":{\"type\":\"json_schema\","
			"\"name\":\"n\",\"description\":\"d\",\"strict\":true,"
			"\"schema\":{\"type\":\"object\"}}}"),
		"" },
	/* A function has parameters, and says that it is not strict. */
	{ CHAT(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
	       "\"f\"}},{\"type\":\"function\",\"function\":{\"name\":\"g\","
	       "\"description\":\"d\",\"strict\":true,\"parameters\":"
	       "{\"type\":\"object\"}}}],\"tool_choice\":{\"type\":"
	       "\"function\",\"function\":{\"name\":\"g\"}}"),
		WRITTEN(",\"tools\":[{\"type\":\"function\",\"name\":\"f\","
			"\"parameters\":{\"type\":\"object\",\"properties\":"
			"{}},\"strict\":false},{\"type\":\"function\","
			"\"name\":\"g\",\"description\":\"d\",\"parameters\":"
			"{\"type\":\"object\"},\"strict\":true}],"
			"\"tool_choice\":{\"type\":\"function\",\"name\":"
			"\"g\"}"),
		"" },
	/* A grammar stands elsewhere. */
	{ CHAT(",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\","
	       "\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":"
	       "\"lark\",\"definition\":\"x: 1\"}}}},{\"type\":\"custom\","
	       "\"custom\":{\"name\":\"d\",\"format\":{\"type\":\"text\"}}}],"
	       "\"tool_choice\":{\"type\":\"custom\",\"custom\":{\"name\":"
	       "\"c\"}}"),
		WRITTEN(",\"tools\":[{\"type\":\"custom\",\"name\":\"c\","
			"\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\","
			"\"definition\":\"x: 1\"}},{\"type\":\"custom\","
			"\"name\":\"d\",\"format\":{\"type\":\"text\"}}],"
			"\"tool_choice\":{\"type\":\"custom\",\"name\":"
			"\"c\"}"),
		"" },
	/* The first system prompt alone becomes the instructions. */
	{ TALK("{\"role\":\"system\",\"content\":\"s\"}," ASK
	       ",{\"role\":\"system\",\"content\":\"t\"},"
	       "{\"role\":\"developer\",\"content\":\"d\"}"),
		"{\"instructions\":\"s\",\"input\":[" ASKED
		",{\"type\":\"message\",\"role\":\"system\",\"content\":\"t\"},"
		"{\"type\":\"message\",\"role\":\"developer\",\"content\":"
		"\"d\"}],\"store\":false}",
		"" },
	{ TALK("{\"role\":\"system\",\"content\":\"s\"}"),
		ITEMS("{\"type\":\"message\",\"role\":\"system\",\"content\":"
		      "\"s\"}"),
		"" },
	{ TALK("{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":"
	       "\"s\"},{\"type\":\"text\",\"text\":\"t\"}]}," ASK),
		ITEMS("{\"type\":\"message\",\"role\":\"system\",\"content\":"
		      "[{\"type\":\"input_text\",\"text\":\"s\"},{\"type\":"
		      "\"input_text\",\"text\":\"t\"}]}," ASKED),
		"" },
	{ TALK("{\"role\":\"user\",\"name\":\"Ann\",\"content\":[{\"type\":"
	       "\"text\",\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":"
	       "{\"url\":\"https://x/i\",\"detail\":\"low\"}},{\"type\":"
	       "\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":"
	       "\"data:application/pdf;base64,AAAA\"}},{\"type\":\"file\","
	       "\"file\":{\"file_id\":\"file-1\"}}]}"),
		ITEMS("{\"type\":\"message\",\"role\":\"user\",\"content\":"
		      "[{\"type\":\"input_text\",\"text\":\"a\"},{\"type\":"
		      "\"input_image\",\"image_url\":\"https://x/i\","
		      "\"detail\":\"low\"},{\"type\":\"input_file\","
		      "\"filename\":\"a.pdf\",\"file_data\":"
		      "\"data:application/pdf;base64,AAAA\"},{\"type\":"
		      "\"input_file\",\"file_id\":\"file-1\"}]}"),
		"messages[0].name" },
	{ TALK("{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\","
	       "\"input_audio\":{\"data\":\"AAAA\",\"format\":\"wav\"}}]}"),
		NULL, "messages[0]" },
	/* A turn is several items, results follow. */
	{ TALK(ASK
		  ",{\"role\":\"assistant\",\"content\":\"b\",\"tool_calls\":"
		  "[" CALL("c1", "f", "{}") "," CALL("c2", "g",
			  "") "]},"
			      "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":"
			      "\"r2\"},{\"role\":\"tool\",\"tool_call_id\":\"c1\","
			      "\"content\":[{\"type\":\"text\",\"text\":\"r\"},{\"type\":"
			      "\"text\",\"text\":\"1\"}]},{\"role\":\"assistant\","
			      "\"content\":[{\"type\":\"text\",\"text\":\"d\"},{\"type\":"
			      "\"refusal\",\"refusal\":\"no\"}]}"),
		ITEMS(ASKED ",{\"type\":\"message\",\"role\":\"assistant\","
			    "\"content\":\"b\"},{\"type\":\"function_call\","
			    "\"call_id\":\"c1\",\"name\":\"f\",\"arguments\":"
			    "\"{}\"},{\"type\":\"function_call\",\"call_id\":"
			    "\"c2\",\"name\":\"g\",\"arguments\":\"{}\"},"
			    "{\"type\":\"function_call_output\",\"call_id\":"
			    "\"c2\",\"output\":\"r2\"},{\"type\":"
			    "\"function_call_output\",\"call_id\":\"c1\","
			    "\"output\":[{\"type\":\"input_text\",\"text\":"
			    "\"r\"},{\"type\":\"input_text\",\"text\":\"1\"}]},"
			    "{\"type\":\"message\",\"role\":\"assistant\","
			    "\"content\":[{\"type\":\"output_text\",\"text\":"
			    "\"d\"},{\"type\":\"refusal\",\"refusal\":"
			    "\"no\"}]}"),
		"" },
	{ TALK(ASK ",{\"role\":\"assistant\",\"function_call\":{\"name\":"
		   "\"f\",\"arguments\":\"{}\"}},{\"role\":\"function\","
		   "\"name\":\"f\",\"content\":\"r\"}"),
		NULL, "messages[2]" },
	/* Nobody else's thoughts go back. */
	{ TALK(ASK ",{\"role\":\"assistant\",\"reasoning_content\":\"t\","
		   "\"content\":\"b\"}"),
		ITEMS(ASKED ",{\"type\":\"message\",\"role\":\"assistant\","
			    "\"content\":\"b\"}"),
		"messages[1].reasoning_content" },
};

static void openai_chat_requests_become_items(void **state)
{
	(void)state;
	cases_requests(&openai_chat, &openai_responses, from_openai_chat,
		ARRAY_LEN(from_openai_chat));
}

/* --- requests of a neutral form that no recorded client sends --- */

static void write_foreign(const struct chat_request *request,
	const struct dialect_traits *traits, const char *expected,
	const char *expected_losses)
{
	struct buf out = BUF_INIT(65536);
	struct error err = ERROR_INIT;
	struct chat_losses losses;

	chat_losses_init(&losses, &openai_chat);
	if (!openai_responses.write_request(
		    request, traits, &losses, &out, &err))
		fail_msg("%s (%s)", error_message(&err), err.param);
	assert_same_json(buf_str(&out), str_of(expected), expected);
	assert_string_equal(buf_cstr(&losses.names), expected_losses);
	chat_losses_release(&losses);
	buf_release(&out);
}

static void begin_request(struct chat_request *request,
	struct chat_message *messages, size_t count)
{
	chat_request_init(request, S("another"));
	request->messages = messages;
	request->message_count = count;
	for (size_t i = 0; i < count; i++) {
		chat_message_init(&messages[i]);
		messages[i].wire_index = (int64_t)i;
	}
}

static void budgets_become_efforts(void **state)
{
	static const struct {
		int64_t budget_tokens;
		enum chat_flag enabled;
		const char *written;
		const char *losses;
	} cases[] = {
		{ 1024, CHAT_YES, "\"reasoning\":{\"effort\":\"low\"}" SEALED,
			"" },
		{ 2049, CHAT_YES,
			"\"reasoning\":{\"effort\":\"medium\"}" SEALED, "" },
		{ 30000, CHAT_UNSET,
			"\"reasoning\":{\"effort\":\"high\"}" SEALED, "" },
		{ -2, CHAT_UNSET,
			"\"reasoning\":{\"effort\":\"medium\"}" SEALED, "" },
		{ -1, CHAT_YES, "\"reasoning\":{\"effort\":\"medium\"}" SEALED,
			"" },
		{ -1, CHAT_NO, "\"store\":false", "reasoning_effort" },
		{ 0, CHAT_UNSET, "\"store\":false", "reasoning_effort" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_request request;
		char expected[256];

		begin_request(&request, NULL, 0);
		request.reasoning.budget_tokens = cases[i].budget_tokens;
		request.reasoning.enabled = cases[i].enabled;
		snprintf(expected, sizeof(expected),
			"{\"input\":[],\"store\":false,%s}", cases[i].written);
		write_foreign(&request, NULL, expected, cases[i].losses);
	}
}

static void what_traits_take_away_is_left_out(void **state)
{
	const struct dialect_traits traits = {
		.unsupported = UINT64_C(1) << FIELD_TEMPERATURE |
			       UINT64_C(1) << FIELD_METADATA |
			       UINT64_C(1) << FIELD_MAX_TOKENS |
			       UINT64_C(1) << FIELD_REASONING |
			       UINT64_C(1) << FIELD_TOP_LOGPROBS,
	};
	struct chat_request request;

	(void)state;
	begin_request(&request, NULL, 0);
	request.temperature = S("1");
	request.top_p = S("0.5");
	request.metadata = S("{}");
	request.max_tokens = 4;
	request.reasoning.effort = S("high");
	request.top_logprobs = 1;
	request.logprobs = CHAT_YES;
	write_foreign(&request, &traits,
		"{\"input\":[],\"store\":false,\"top_p\":0.5" LOGPROBS "}", "");
}

/* Without ids, calls and results are matched in order. */
static void calls_without_ids_get_some(void **state)
{
	struct chat_message messages[3];
	struct chat_request request;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	begin_request(&request, messages, 3);
	messages[0].role = CHAT_ASSISTANT;
	chat_message_add(&messages[0], CHAT_TOOL_CALL, &arena)->call.name =
		S("f");
	chat_message_add(&messages[0], CHAT_TOOL_CALL, &arena)->call.name =
		S("g");
	messages[1].role = messages[2].role = CHAT_TOOL;
	chat_message_add(&messages[1], CHAT_TEXT, &arena)->text = S("r");
	write_foreign(&request, NULL,
		ITEMS("{\"type\":\"function_call\",\"call_id\":\"call_0\","
		      "\"name\":\"f\",\"arguments\":\"{}\"},{\"type\":"
		      "\"function_call\",\"call_id\":\"call_1\",\"name\":"
		      "\"g\",\"arguments\":\"{}\"},{\"type\":"
		      "\"function_call_output\",\"call_id\":\"call_0\","
		      "\"output\":\"r\"},{\"type\":\"function_call_output\","
		      "\"call_id\":\"call_1\",\"output\":\"\"}"),
		"");
	arena_release(&arena);
}

/* What OpenAI sealed goes back to it; a custom tool's call stays one; a file
 * gets the name that OpenAI wants. */
static void sealed_thoughts_go_back(void **state)
{
	struct chat_message messages[3];
	struct chat_request request;
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	begin_request(&request, messages, 3);
	messages[0].role = CHAT_ASSISTANT;
	part = chat_message_add(&messages[0], CHAT_THINKING, &arena);
	part->text = S("t");
	part->id = S("rs_1");
	part->signature =
		(struct chat_signature){ S("gAAA"), S("openai_responses") };
	part = chat_message_add(&messages[0], CHAT_THINKING, &arena);
	part->signature = (struct chat_signature){ S("Erc"), S("anthropic") };
	part = chat_message_add(&messages[0], CHAT_REDACTED_THINKING, &arena);
	part->data = S("Erd");
	part = chat_message_add(&messages[0], CHAT_TOOL_CALL, &arena);
	part->call.id = S("c");
	part->call.type = S("custom");
	part->call.name = S("f");
	messages[1].role = CHAT_TOOL;
	messages[1].tool_call_id = S("c");
	chat_message_add(&messages[1], CHAT_TEXT, &arena)->text = S("r");
	messages[2].role = CHAT_USER;
	chat_message_add(&messages[2], CHAT_FILE, &arena)->data = S("AAAA");
	write_foreign(&request, NULL,
		ITEMS("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":"
		      "[{\"type\":\"summary_text\",\"text\":\"t\"}],"
		      "\"encrypted_content\":\"gAAA\"},{\"type\":"
		      "\"custom_tool_call\",\"call_id\":\"c\",\"name\":\"f\","
		      "\"input\":\"\"},{\"type\":\"custom_tool_call_output\","
		      "\"call_id\":\"c\",\"output\":\"r\"},{\"type\":"
		      "\"message\",\"role\":\"user\",\"content\":[{\"type\":"
		      "\"input_file\",\"filename\":\"document.pdf\","
		      "\"file_data\":\"data:application/pdf;base64,AAAA\"}]}"),
		"messages[0].reasoning_content, messages[0].reasoning_details");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_requests_become_items),
		cmocka_unit_test(budgets_become_efforts),
		cmocka_unit_test(what_traits_take_away_is_left_out),
		cmocka_unit_test(calls_without_ids_get_some),
		cmocka_unit_test(sealed_thoughts_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
