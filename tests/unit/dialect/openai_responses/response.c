/*
 * openai_responses/response.c - answers and streams: what comes back as it
 * was, what odd ones mean, and what another dialect's become, event by event.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/openai_chat/openai_chat.h"
#include "dialect/openai_responses/openai_responses.h"

/* --- whole answers --- */

static const char *const odd_bodies[] = {
	"{}",
	"{\"id\":null,\"created_at\":1.5,\"model\":null,\"output\":null,"
	"\"usage\":null,\"status\":null,\"service_tier\":null}",
	"{\"output\":[],\"usage\":{},\"error\":{\"code\":\"server_error\"}}",
	"{\"output\":[{},5,null,\"a\",[]]}",
	"{\"output\":[{\"type\":\"message\"},{\"type\":\"message\",\"content\":"
	"[],\"role\":\"assistant\"},{\"content\":[{\"type\":\"output_text\","
	"\"text\":\"a\"}]},{\"role\":\"assistant\",\"content\":\"b\"}]}",
	"{\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"
	"\"output_text\"},{\"type\":\"output_text\",\"text\":5,\"annotations\":"
	"[5],\"logprobs\":null},{\"type\":\"output_text\",\"text\":\"a\","
	"\"annotations\":[{\"type\":\"file_citation\",\"file_id\":\"f\","
	"\"index\":1},{\"type\":\"url_citation\",\"url\":\"https://x\","
	"\"title\":null,\"start_index\":-1}],\"logprobs\":[{\"token\":"
	"\"a\"}]}]}]}",
	"{\"output\":[{\"type\":\"function_call\"},{\"type\":\"function_call\","
	"\"call_id\":null,\"name\":5,\"arguments\":{}},{\"type\":"
	"\"custom_tool_call\",\"input\":\"x\"},{\"type\":"
	"\"function_call_output\",\"output\":\"r\"},{\"type\":\"reasoning\","
	"\"encrypted_content\":5,\"id\":null,\"summary\":{}}]}",
};

static void odd_answers_come_back(void **state)
{
	(void)state;
	cases_same_replies(
		&openai_responses, odd_bodies, ARRAY_LEN(odd_bodies));
}

/* How an answer ended follows from several members. */
static void answers_end_for_a_reason(void **state)
{
	static const struct {
		const char *body;
		enum chat_finish finish;
		const char *word;
	} cases[] = {
		{ "{}", CHAT_FINISH_STOP, "completed" },
		{ "{\"status\":\"completed\"}", CHAT_FINISH_STOP, "completed" },
		{ "{\"status\":\"completed\",\"output\":[{\"type\":"
		  "\"function_call\",\"name\":\"f\"}]}",
			CHAT_FINISH_TOOL_CALLS, "completed" },
		{ "{\"status\":\"incomplete\",\"incomplete_details\":"
		  "{\"reason\":\"max_output_tokens\"}}",
			CHAT_FINISH_LENGTH, "max_output_tokens" },
		{ "{\"status\":\"incomplete\",\"incomplete_details\":"
		  "{\"reason\":\"content_filter\"}}",
			CHAT_FINISH_FILTER, "content_filter" },
		{ "{\"status\":\"incomplete\"}", CHAT_FINISH_LENGTH,
			"incomplete" },
		{ "{\"status\":\"cancelled\"}", CHAT_FINISH_OTHER,
			"cancelled" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = ERROR_INIT;
		struct chat_response response;
		struct arena arena;

		arena_init(&arena, 4096);
		assert_true(openai_responses.read_response(
			str_of(cases[i].body), &arena, &response, &err));
		assert_int_equal(response.choice_count, 1);
		assert_int_equal(response.choices[0].finish, cases[i].finish);
		assert_text(response.choices[0].finish_word, cases[i].word);
		arena_release(&arena);
	}
}

static void an_error_inside_an_answer_is_one(void **state)
{
	struct error err = ERROR_INIT;
	struct chat_facts facts;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_facts_init(&facts);
	assert_true(facts_read_reply(&openai_responses,
		S("{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"code\":"
		  "\"rate_limit_exceeded\",\"message\":\"Slow down\"},"
		  "\"output\":[]}"),
		&arena, &facts, &err));
	assert_true(facts.failed);
	assert_string_equal(facts.failure.message, "Slow down");
	assert_int_equal(facts.failure.status, 429);
	chat_facts_init(&facts);
	assert_true(facts_read_reply(&openai_responses,
		S("{\"error\":null,\"usage\":{\"input_tokens\":7,"
		  "\"input_tokens_details\":{\"cached_tokens\":3,"
		  "\"cache_write_tokens\":2},\"output_tokens\":5,"
		  "\"output_tokens_details\":{\"reasoning_tokens\":4}}}"),
		&arena, &facts, &err));
	assert_false(facts.failed);
	assert_true(facts.has_usage);
	assert_int_equal(facts.usage.prompt, 7);
	assert_int_equal(facts.usage.cached, 3);
	assert_int_equal(facts.usage.cache_write, 2);
	assert_int_equal(facts.usage.completion, 5);
	assert_int_equal(facts.usage.reasoning, 4);
	assert_false(facts_read_reply(
		&openai_responses, S("[]"), &arena, &facts, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	arena_release(&arena);
}

/* What OpenAI's schema requires of every answer. */
#define DEFAULTS                                                        \
	",\"instructions\":null,\"tools\":[],\"tool_choice\":\"auto\"," \
	"\"parallel_tool_calls\":true,\"max_output_tokens\":null,"      \
	"\"previous_response_id\":null,\"reasoning\":{\"effort\":null," \
	"\"summary\":null},\"store\":false,\"background\":false,"       \
	"\"temperature\":null,\"top_p\":null,\"text\":{\"format\":"     \
	"{\"type\":\"text\"}},\"truncation\":\"disabled\",\"metadata\":{}"
#define ANSWER(status, details, output, more)                     \
	"{\"id\":\"i\",\"object\":\"response\",\"created_at\":5," \
	"\"status\":\"" status                                    \
	"\",\"error\":null,\"incomplete_details\":" details       \
	",\"model\":\"m\",\"output\":[" output "]" DEFAULTS more "}"
/* The hash of "i", and the item's place. */
#define ID(prefix, place) prefix "_af63e44c8601fa24000" place
#define SAID(place, parts, status)                                        \
	"{\"id\":\"" ID("msg", place) "\",\"type\":\"message\",\"role\":" \
				      "\"assistant\",\"content\":[" parts \
				      "],\"status\":\"" status "\"}"
#define TEXT(text, annotations, logprobs)                              \
	"{\"type\":\"output_text\",\"annotations\":[" annotations "]," \
	"\"logprobs\":[" logprobs "],\"text\":\"" text "\"}"
#define CHAT(choice, more)                                                 \
	"{\"id\":\"i\",\"created\":5,\"model\":\"m\",\"choices\":[" choice \
	"]" more "}"
#define CALLED(place, call_id, name, arguments, status)               \
	"{\"id\":\"" ID("fc", place) "\",\"type\":\"function_call\"," \
				     "\"call_id\":\"" call_id         \
				     "\",\"name\":\"" name "\","      \
				     "\"arguments\":\"" arguments     \
				     "\",\"status\":\"" status "\"}"

static const struct reply_case from_openai_chat[] = {
	{ CHAT("{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":"
	       "\"assistant\",\"content\":\"b\",\"reasoning_content\":\"t\","
	       "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":"
	       "{\"url\":\"https://x\",\"title\":\"T\",\"start_index\":0,"
	       "\"end_index\":1}}]},\"logprobs\":{\"content\":[{\"token\":"
	       "\"b\"}]}},{\"index\":1,\"message\":{\"content\":\"second\"}}",
		  ",\"service_tier\":\"default\",\"usage\":{\"prompt_tokens\":"
		  "7,\"completion_tokens\":5,\"prompt_tokens_details\":"
		  "{\"cached_tokens\":2},\"completion_tokens_details\":"
		  "{\"reasoning_tokens\":3}}"),
		ANSWER("completed", "null",
			"{\"id\":\"" ID("rs",
				"0") "\",\"type\":\"reasoning\",\"summary\":"
				     "[{\"type\":\"summary_text\",\"text\":"
				     "\"t\"}],\"status\":\"completed\"}," SAID(
					     "1",
					     TEXT("b",
						     "{\"type\":\"url_"
						     "citation\",\"url\":"
						     "\"https://x\","
						     "\"title\":\"T\","
						     "\"start_index\":0,"
						     "\"end_index\":1}",
						     "{\"token\":\"b\"}"),
					     "completed"),
			",\"service_tier\":\"default\",\"usage\":"
			"{\"input_tokens\":7,\"input_tokens_details\":"
			"{\"cached_tokens\":2,\"cache_write_tokens\":0},"
			"\"output_tokens\":5,\"output_tokens_details\":"
			"{\"reasoning_tokens\":3},\"total_tokens\":12}") },
	{ CHAT("{\"finish_reason\":\"tool_calls\",\"message\":{\"content\":"
	       "null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
	       "\"function\":{\"name\":\"f\",\"arguments\":\"\"}},{\"id\":"
	       "\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\","
	       "\"arguments\":\"{\\\"a\\\":1}\"}}]}}",
		  ",\"service_tier\":\"on_demand\""),
		ANSWER("completed", "null",
			CALLED("0", "c1", "f", "{}", "completed") "," CALLED(
				"1", "c2", "g", "{\\\"a\\\":1}", "completed"),
			"") },
	{ CHAT("{\"finish_reason\":\"length\",\"message\":{\"content\":\"b\"}}",
		  ""),
		ANSWER("incomplete", "{\"reason\":\"max_output_tokens\"}",
			SAID("0", TEXT("b", "", ""), "incomplete"), "") },
	{ CHAT("{\"finish_reason\":\"content_filter\",\"message\":"
	       "{\"content\":null,\"refusal\":\"no\"}}",
		  ""),
		ANSWER("incomplete", "{\"reason\":\"content_filter\"}",
			SAID("0", "{\"type\":\"refusal\",\"refusal\":\"no\"}",
				"incomplete"),
			"") },
	{ CHAT("", ""), ANSWER("completed", "null", "", "") },
};

static void openai_chat_answers_become_items(void **state)
{
	(void)state;
	cases_replies(&openai_chat, &openai_responses, from_openai_chat,
		ARRAY_LEN(from_openai_chat));
}

static const struct reply_case to_openai_chat[] = {
	{ "{\"id\":\"i\",\"created_at\":5,\"model\":\"m\",\"status\":"
	  "\"completed\",\"output\":[{\"type\":\"reasoning\",\"summary\":"
	  "[{\"text\":\"t\"},{\"text\":\"u\"}]},{\"type\":\"message\","
	  "\"content\":[{\"type\":\"output_text\",\"text\":\"b\",\"logprobs\":"
	  "[{\"token\":\"b\"}]},{\"type\":\"output_text\",\"text\":\"c\","
	  "\"logprobs\":[{\"token\":\"c\"}]}]},{\"type\":\"web_search_call\"}]}",
		"{\"object\":\"chat.completion\",\"id\":\"i\",\"created\":5,"
		"\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":"
		"{\"role\":\"assistant\",\"reasoning_content\":\"t\\n\\nu\","
		"\"content\":\"bc\",\"refusal\":null},\"finish_reason\":"
		"\"stop\",\"logprobs\":{\"content\":[{\"token\":\"b\"},"
		"{\"token\":\"c\"}],\"refusal\":null}}]}" },
};

static void items_become_openai_chat_answers(void **state)
{
	(void)state;
	cases_replies(&openai_responses, &openai_chat, to_openai_chat,
		ARRAY_LEN(to_openai_chat));
}

/* --- parts that only other formats have --- */

static void write_parts(
	struct chat_message *message, const char *expected_output)
{
	struct buf out = BUF_INIT(65536);
	struct chat_choice choice = { .index = 0, .message = *message };
	struct chat_response response;
	struct buf expected = BUF_INIT(65536);

	chat_response_init(&response, S("gemini"));
	response.id = S("i");
	response.model = S("m");
	response.created_unix_s = 5;
	response.choices = &choice;
	response.choice_count = 1;
	openai_responses.write_response(&response, &out);
	buf_printf(&expected, ANSWER("completed", "null", "%s", ""),
		expected_output);
	assert_same_json(buf_str(&out), buf_str(&expected), expected_output);
	buf_release(&expected);
	buf_release(&out);
}

#define SEALED(place, text)                                                 \
	"{\"id\":\"" ID(                                                    \
		"rs", place) "\",\"type\":\"reasoning\","                   \
			     "\"summary\":[],\"encrypted_content\":\"" text \
			     "\",\"status\":"                               \
			     "\"completed\"}"

/* Signatures have their origin in front; what this format has no place for
 * is carried as reasoning. */
static void signatures_of_others_are_carried(void **state)
{
	struct chat_message message;
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_message_init(&message);
	part = chat_message_add(&message, CHAT_THINKING, &arena);
	part->signature = (struct chat_signature){ S("Erc"), S("anthropic") };
	part = chat_message_add(&message, CHAT_REDACTED_THINKING, &arena);
	part->data = S("Erd");
	part = chat_message_add(&message, CHAT_TOOL_CALL, &arena);
	part->call.id = S("c");
	part->call.name = S("f");
	part->signature = (struct chat_signature){ S("Sig"), S("gemini") };
	part = chat_message_add(&message, CHAT_THINKING, &arena);
	part->signature =
		(struct chat_signature){ S("gAAA"), S("openai_responses") };
	write_parts(
		&message, SEALED("0", "anthropic:Erc") "," SEALED(
				  "1", "gemini:sealed:Erd") "," SEALED("2",
				  "gemini:next:Sig") "," CALLED("3", "c", "f",
				  "{}", "completed") "," SEALED("4", "gAAA"));
	arena_release(&arena);
}

static void media_and_sources_of_others_are_told(void **state)
{
	struct chat_citation second = { .url = S("https://y"),
		.title = S("Y"),
		.start_index = 1,
		.end_index = 2 };
	struct chat_citation first = { .next = &second,
		.url = S("https://x"),
		.start_index = -1,
		.end_index = -1 };
	struct chat_citation no_url = { .next = &first,
		.title = S("a document") };
	struct chat_message message;
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_message_init(&message);
	part = chat_message_add(&message, CHAT_TEXT, &arena);
	part->text = S("\xc3\xa4\xe2\x82\xac!");
	part->citations = &no_url;
	part = chat_message_add(&message, CHAT_IMAGE, &arena);
	part->data = S("AAAA");
	part = chat_message_add(&message, CHAT_IMAGE, &arena);
	part->url = S("https://x/i.png");
	part = chat_message_add(&message, CHAT_AUDIO, &arena);
	part->text = S("spoken");
	write_parts(&message,
		SAID("0",
			TEXT("\xc3\xa4\xe2\x82\xac!",
				"{\"type\":\"url_citation\",\"url\":"
				"\"https://x\",\"title\":\"\",\"start_index\":"
				"0,\"end_index\":3},{\"type\":\"url_citation\","
				"\"url\":\"https://y\",\"title\":\"Y\","
				"\"start_index\":1,\"end_index\":2}",
				""),
			"completed") ",{\"id\":\"" ID("ig",
			"1") "\",\"type\":\"image_generation_call\","
			     "\"result\":\"AAAA\",\"status\":\"completed\"}," SAID(
				     "2", TEXT("spoken", "", ""), "completed"));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_answers_come_back),
		cmocka_unit_test(answers_end_for_a_reason),
		cmocka_unit_test(an_error_inside_an_answer_is_one),
		cmocka_unit_test(openai_chat_answers_become_items),
		cmocka_unit_test(items_become_openai_chat_answers),
		cmocka_unit_test(signatures_of_others_are_carried),
		cmocka_unit_test(media_and_sources_of_others_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
