/*
 * openai_responses/head.c - requests are understood, or refused with the path
 * of what is wrong; and what translation must know of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/openai_responses/openai_responses.h"

#define WITH(member) "{\"input\":\"Hi\"," member "}"
#define ITEM(item) \
	"{\"input\":[{\"role\":\"user\",\"content\":\"a\"}," item "]}"
#define PART(part) ITEM("{\"role\":\"user\",\"content\":[" part "]}")

/* Already the head is at fault. */
static const struct refused_case bad_heads[] = {
	{ "", ERR_BAD_JSON, "" },
	{ "[]", ERR_BAD_REQUEST, "" },
	{ "{\"input\":\"Hi\"", ERR_BAD_JSON, "" },
	{ "{}", ERR_MISSING_FIELD, "input" },
	{ "{\"input\":null}", ERR_MISSING_FIELD, "input" },
	{ "{\"instructions\":\"Be brief\"}", ERR_MISSING_FIELD, "input" },
	{ "{\"previous_response_id\":null}", ERR_MISSING_FIELD, "input" },
	{ "{\"input\":[]}", ERR_BAD_FIELD, "input" },
	{ "{\"input\":{}}", ERR_BAD_FIELD, "input" },
	{ "{\"input\":5}", ERR_BAD_FIELD, "input" },
	{ WITH("\"input\":\"again\""), ERR_BAD_FIELD, "input" },
	{ WITH("\"\\u0069nput\":\"again\""), ERR_BAD_FIELD, "input" },
	{ WITH("\"model\":5"), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"\""), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"a\",\"model\":\"b\""), ERR_BAD_FIELD, "model" },
	{ WITH("\"stream\":\"yes\""), ERR_BAD_FIELD, "stream" },
	{ WITH("\"stream\":true,\"stream\":false"), ERR_BAD_FIELD, "stream" },
	{ WITH("\"max_output_tokens\":0"), ERR_BAD_FIELD, "max_output_tokens" },
	{ WITH("\"max_output_tokens\":1.5"), ERR_BAD_FIELD,
		"max_output_tokens" },
	{ WITH("\"max_output_tokens\":\"9\""), ERR_BAD_FIELD,
		"max_output_tokens" },
	{ WITH("\"instructions\":[]"), ERR_BAD_FIELD, "instructions" },
	{ WITH("\"tools\":{}"), ERR_BAD_FIELD, "tools" },
	{ WITH("\"text\":\"json\""), ERR_BAD_FIELD, "text" },
	{ WITH("\"reasoning\":\"high\""), ERR_BAD_FIELD, "reasoning" },
	{ WITH("\"include\":\"all\""), ERR_BAD_FIELD, "include" },
	{ WITH("\"include\":[\"a\"],\"include\":[\"b\"]"), ERR_BAD_FIELD,
		"include" },
	{ WITH("\"temperature\":\"hot\""), ERR_BAD_FIELD, "temperature" },
	{ WITH("\"user\":7"), ERR_BAD_FIELD, "user" },
	{ ITEM("\"Hi\""), ERR_BAD_FIELD, "input[1]" },
	{ ITEM("{}"), ERR_MISSING_FIELD, "input[1].role" },
	{ ITEM("{\"content\":\"a\"}"), ERR_MISSING_FIELD, "input[1].role" },
	{ ITEM("{\"type\":\"message\",\"content\":\"a\"}"), ERR_MISSING_FIELD,
		"input[1].role" },
	{ ITEM("{\"type\":5,\"role\":\"user\",\"content\":\"a\"}"),
		ERR_BAD_FIELD, "input[1].type" },
	{ ITEM("{\"role\":\"robot\",\"content\":\"a\"}"), ERR_BAD_FIELD,
		"input[1].role" },
	{ ITEM("{\"role\":7,\"content\":\"a\"}"), ERR_BAD_FIELD,
		"input[1].role" },
	{ ITEM("{\"role\":\"user\"}"), ERR_MISSING_FIELD, "input[1].content" },
	{ ITEM("{\"role\":\"user\",\"content\":null}"), ERR_BAD_FIELD,
		"input[1].content" },
	{ ITEM("{\"role\":\"user\",\"content\":{}}"), ERR_BAD_FIELD,
		"input[1].content" },
	{ PART("\"a\""), ERR_BAD_FIELD, "input[1].content[0]" },
	{ PART("{\"text\":\"a\"}"), ERR_MISSING_FIELD,
		"input[1].content[0].type" },
	{ PART("{\"type\":null}"), ERR_BAD_FIELD, "input[1].content[0].type" },
};

/* The provider may judge these, but who translates must understand them. */
static const struct refused_case bad_bodies[] = {
	{ PART("{\"type\":\"input_text\"}"), ERR_MISSING_FIELD,
		"input[1].content[0].text" },
	{ PART("{\"type\":\"output_text\",\"text\":null}"), ERR_BAD_FIELD,
		"input[1].content[0].text" },
	{ PART("{\"type\":\"input_image\",\"image_url\":null}"),
		ERR_MISSING_FIELD, "input[1].content[0].image_url" },
	{ PART("{\"type\":\"input_file\",\"filename\":\"a\"}"),
		ERR_MISSING_FIELD, "input[1].content[0].file_data" },
	{ ITEM("{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":"
	       "\"{}\"}"),
		ERR_MISSING_FIELD, "input[1].call_id" },
	{ ITEM("{\"type\":\"function_call\",\"call_id\":\"c\",\"arguments\":"
	       "\"{}\"}"),
		ERR_MISSING_FIELD, "input[1].name" },
	{ ITEM("{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
	       "\"arguments\":{}}"),
		ERR_BAD_FIELD, "input[1].arguments" },
	{ ITEM("{\"type\":\"custom_tool_call\",\"call_id\":\"c\",\"name\":"
	       "\"f\"}"),
		ERR_MISSING_FIELD, "input[1].input" },
	{ ITEM("{\"type\":\"function_call_output\",\"output\":\"r\"}"),
		ERR_MISSING_FIELD, "input[1].call_id" },
	{ ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c\"}"),
		ERR_MISSING_FIELD, "input[1].output" },
	{ ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c\","
	       "\"output\":{}}"),
		ERR_BAD_FIELD, "input[1].output" },
	{ ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c\","
	       "\"output\":[5]}"),
		ERR_BAD_FIELD, "input[1].output[0]" },
	{ ITEM("{\"type\":\"custom_tool_call_output\",\"call_id\":\"c\","
	       "\"output\":[{\"type\":\"input_text\"}]}"),
		ERR_MISSING_FIELD, "input[1].output[0].text" },
	{ WITH("\"tools\":[{\"type\":\"function\"}]"), ERR_MISSING_FIELD,
		"tools[0].name" },
	{ WITH("\"tools\":[{\"type\":\"x\"},{\"type\":\"custom\",\"name\":5}]"),
		ERR_BAD_FIELD, "tools[1].name" },
};

static void bad_requests_are_refused(void **state)
{
	(void)state;
	cases_refused(&openai_responses, bad_heads, ARRAY_LEN(bad_heads));
	cases_refused(&openai_responses, bad_bodies, ARRAY_LEN(bad_bodies));
}

static void read_head(
	const char *body, struct arena *arena, struct chat_head *out)
{
	struct error err = ERROR_INIT;

	if (!openai_responses.read_head(str_of(body), arena, out, &err))
		fail_msg("%s (%s): %s", err.message, err.param, body);
}

static void providers_judge_what_we_need_not_know(void **state)
{
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bad_bodies); i++)
		read_head(bad_bodies[i].body, &arena, &head);
	arena_release(&arena);
}

static void what_leans_on_the_provider(void **state)
{
	static const char *const kept[] = {
		"{\"previous_response_id\":\"resp_1\",\"input\":\"a\"}",
		"{\"conversation\":{\"id\":\"c\"},\"input\":\"a\"}",
		"{\"input\":\"a\",\"prompt\":{\"id\":\"p\"}}",
		WITH("\"cached_content\":\"c\""),
		WITH("\"cachedCont\\u0065nt\":\"c\""),
	};
	static const char *const whole[] = { WITH("\"store\":true"),
		WITH("\"previous_response_id\":null,\"prompts\":1"),
		ITEM("{\"role\":\"user\",\"content\":[],\"prompt\":\"p\"}") };
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		read_head(kept[i], &arena, &head);
		assert_true(head.leans_on_provider);
	}
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		read_head(whole[i], &arena, &head);
		assert_false(head.leans_on_provider);
	}
	arena_release(&arena);
}

/* Items of all kinds, with members of all shapes. */
static const char *const odd_bodies[] = {
	"{\"previous_response_id\":\"resp_1\"}",
	"{\"previous_response_id\":\"resp_1\",\"input\":[]}",
	"{\"conversation\":{\"id\":\"c\"},\"input\":null}",
	"{\"prompt\":{\"id\":\"p\",\"variables\":{\"a\":\"b\"}}}",
	WITH("\"instructions\":null"),
	WITH("\"instructions\":\"\",\"tools\":[],\"metadata\":{}"),
	WITH("\"text\":{},\"reasoning\":{},\"include\":[],\"store\":null"),
	WITH("\"text\":{\"format\":null,\"verbosity\":null}"),
	WITH("\"text\":{\"format\":{\"type\":\"grammar\"}}"),
	WITH("\"text\":{\"format\":{\"type\":\"text\",\"name\":\"n\"}}"),
	WITH("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\","
	     "\"schema\":{},\"strict\":null,\"x\":1}}"),
	WITH("\"reasoning\":{\"effort\":null}"),
	WITH("\"reasoning\":{\"summary\":\"auto\",\"generate_summary\":"
	     "\"concise\",\"mode\":\"x\"}"),
	WITH("\"reasoning\":{\"generate_summary\":\"concise\"}"),
	WITH("\"reasoning\":{\"max_tokens\":500,\"enabled\":true}"),
	WITH("\"include\":[\"message.output_text.logprobs\",5,{}]"),
	WITH("\"top_logprobs\":0,\"background\":true,\"truncation\":\"auto\""),
	WITH("\"top_logprobs\":3,\"background\":false,\"store\":true"),
	WITH("\"tool_choice\":{\"type\":\"custom\",\"name\":\"f\"}"),
	WITH("\"tool_choice\":{\"type\":\"function\",\"name\":\"f\",\"x\":1}"),
	WITH("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\","
	     "\"tools\":[]}"),
	WITH("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"strict\":null,"
	     "\"parameters\":null,\"defer_loading\":true},{\"type\":\"custom\","
	     "\"name\":\"c\",\"format\":{\"type\":\"text\"}},{\"type\":\"mcp\"}"
	     ",5]"),
	ITEM("{\"id\":\"msg_1\"}"),
	ITEM("{\"type\":null,\"id\":\"msg_1\"}"),
	ITEM("{\"type\":\"item_reference\",\"id\":\"msg_1\"}"),
	ITEM("{\"type\":\"shell_call_output\",\"output\":[{\"stdout\":\"a\"}]}"),
	ITEM("{\"type\":\"new\",\"content\":[5,null],\"role\":\"x\"}"),
	ITEM("{\"role\":\"assistant\",\"content\":[]}"),
	ITEM("{\"role\":\"assistant\",\"content\":[],\"phase\":null},"
	     "{\"role\":\"assistant\",\"content\":\"\"}"),
	ITEM("{\"role\":\"user\",\"content\":[]}"),
	ITEM("{\"type\":\"message\",\"role\":\"assistant\",\"id\":\"msg_1\","
	     "\"status\":\"completed\",\"phase\":\"commentary\",\"content\":"
	     "[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],"
	     "\"logprobs\":[]},{\"type\":\"refusal\",\"refusal\":\"b\"},"
	     "{\"type\":\"new\",\"x\":1}]},{\"role\":\"assistant\",\"content\":"
	     "[{\"type\":\"new\"}]}"),
	ITEM("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"status\":null,"
	     "\"summary\":[{\"type\":\"summary_text\",\"text\":\"a\"},{}],"
	     "\"content\":null,\"encrypted_content\":null}"),
	ITEM("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":"
	     "\"openai_responses:x\"}"),
	ITEM("{\"type\":\"reasoning\",\"summary\":5,\"encrypted_content\":"
	     "\"openai_chat:sealed:x\"}"),
	ITEM("{\"type\":\"reasoning\",\"id\":\"r\",\"encrypted_content\":"
	     "\"openai_chat:next:x\"},{\"type\":\"function_call\",\"id\":\"f\","
	     "\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"\",\"status\":"
	     "\"completed\",\"namespace\":\"n\"},{\"type\":"
	     "\"custom_tool_call\",\"call_id\":\"d\",\"name\":\"g\",\"input\":"
	     "\"\"},{\"type\":\"function_call_output\",\"id\":null,\"call_id\":"
	     "\"c\",\"output\":[]},{\"type\":\"custom_tool_call_output\","
	     "\"call_id\":\"d\",\"output\":[{\"type\":\"input_image\","
	     "\"image_url\":\"data:image/png;base64,AAAA\",\"detail\":null}]}"),
	PART("{\"type\":\"input_image\",\"file_id\":\"file-1\",\"image_url\":"
	     "null,\"detail\":\"low\"}"),
	PART("{\"type\":\"input_file\",\"file_data\":\"data:application/pdf;"
	     "base64,AAAA\",\"filename\":\"a.pdf\"}"),
	PART("{\"type\":\"input_file\",\"file_data\":\"AAAA\",\"filename\":"
	     "\"a.pdf\"}"),
	PART("{\"type\":\"input_file\",\"file_url\":\"https://x/a.pdf\","
	     "\"file_data\":\"AAAA\",\"file_id\":null}"),
	PART("{\"type\":\"input_file\",\"file_url\":\"data:text/plain;base64,"
	     "AAAA\"}"),
	PART("{\"type\":\"input_text\",\"text\":\"a\","
	     "\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}}"),
};

static void odd_requests_come_back(void **state)
{
	(void)state;
	cases_same_requests(
		&openai_responses, odd_bodies, ARRAY_LEN(odd_bodies));
}

static void the_head_says_what_is_needed(void **state)
{
	struct chat_head head;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_head("{\"model\":\"m\",\"input\":\"abc\",\"stream\":true,"
		  "\"max_output_tokens\":9,\"user\":\"u\"}",
		&arena, &head);
	assert_text(head.model, "m");
	assert_text(head.user, "u");
	assert_int_equal(head.max_tokens, 9);
	assert_true(head.stream && head.wants_usage);
	assert_int_equal(head.message_count, 1);
	assert_int_equal(head.prompt_text_bytes, 3);
	assert_false(head.has_tools || head.has_images || head.has_files);
	assert_false(head.has_reasoning || head.has_logprobs);

	read_head("{\"instructions\":\"12\",\"input\":[{\"role\":\"user\","
		  "\"content\":[{\"type\":\"input_text\",\"text\":\"345\"},"
		  "{\"type\":\"input_image\",\"image_url\":\"data:...\"}]},"
		  "{\"type\":\"function_call\",\"arguments\":\"6789\"},"
		  "{\"type\":\"function_call_output\",\"output\":\"01234\"},"
		  "{\"type\":\"function_call_output\",\"output\":[{\"type\":"
		  "\"input_file\"}]},{\"type\":\"reasoning\",\"summary\":"
		  "[{\"text\":\"5\"}]}],\"tools\":[{}],\"reasoning\":"
		  "{\"effort\":\"low\"},\"text\":{\"format\":{\"type\":"
		  "\"json_schema\"}},\"top_logprobs\":2}",
		&arena, &head);
	assert_int_equal(head.message_count, 5);
	assert_int_equal(head.prompt_text_bytes, 2 + 3 + 5 + 1);
	assert_int_equal(head.prompt_bytes,
		11 + 4 + strlen("[{}]") + strlen("{\"type\":\"json_schema\"}"));
	assert_true(head.has_tools && head.has_images && head.has_files);
	assert_true(head.has_reasoning && head.has_json_schema);
	assert_true(head.has_logprobs);
	assert_false(head.stream || head.wants_usage || head.has_audio);
	assert_int_equal(head.max_tokens, -1);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(providers_judge_what_we_need_not_know),
		cmocka_unit_test(what_leans_on_the_provider),
		cmocka_unit_test(odd_requests_come_back),
		cmocka_unit_test(the_head_says_what_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
