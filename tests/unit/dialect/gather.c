/*
 * gather.c - every recorded stream, gathered into a whole answer, says what
 * its events said: also after it was written and read again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dialect/gather.h"

#include "suite.h"

#define MAX_FILES 8

static const struct speaker {
	struct str name;
	const char *files[MAX_FILES]; /* ends with NULL */
	size_t least;                 /* streams that must be there */
} speakers[] = {
	{ STR("openai_chat"),
		{ RECORDINGS "openai_chat_openai_azure.jsonl",
			RECORDINGS "openai_chat_openrouter_deepseek_perplexity"
				   ".jsonl",
			RECORDINGS "openai_chat_others.jsonl",
			RECORDINGS "openai_chat_edge_cases.jsonl",
			RECORDINGS "openai_chat_translation.jsonl",
			RECORDINGS "openai_chat_streams.jsonl" },
		50 },
	{ STR("openai_responses"),
		{ RECORDINGS "openai_responses.jsonl",
			RECORDINGS "openai_responses_edge_cases.jsonl",
			RECORDINGS "openai_responses_streams.jsonl",
			RECORDINGS "translation_openai_responses.jsonl" },
		20 },
	{ STR("anthropic"),
		{ RECORDINGS "anthropic.jsonl",
			RECORDINGS "anthropic_edge_cases.jsonl",
			RECORDINGS "anthropic_streams.jsonl",
			RECORDINGS "translation_anthropic.jsonl" },
		20 },
	{ STR("gemini"),
		{ RECORDINGS "gemini.jsonl",
			RECORDINGS "gemini_edge_cases.jsonl",
			RECORDINGS "gemini_streams.jsonl",
			RECORDINGS "translation_gemini.jsonl" },
		20 },
	{ STR("cohere"),
		{ RECORDINGS "cohere.jsonl",
			RECORDINGS "cohere_streams.jsonl" },
		5 },
	{ STR("ollama"),
		{ RECORDINGS "ollama.jsonl",
			RECORDINGS "ollama_streams.jsonl" },
		5 },
	{ STR("bedrock"),
		{ RECORDINGS "bedrock.jsonl",
			RECORDINGS "bedrock_edge_cases.jsonl" },
		5 },
};

struct check {
	const struct dialect *dialect;
	size_t streams;
	size_t failed;
};

static enum framing framing_of_recording(
	const struct dialect *dialect, const struct recording *r)
{
	return suite_is_array(r) ? FRAMING_JSON_ARRAY : dialect->framing;
}

/* What the events say, each read by itself. */
static bool hear(const struct dialect *dialect, const struct recording *r,
	struct heard *heard)
{
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;
	struct arena memory, scratch;
	enum frames_state state;
	bool ok = true;
	void *reader;

	arena_init(&memory, 4096);
	reader = dialect->reader_new ? dialect->reader_new(&memory) : NULL;
	frames_init(&frames, framing_of_recording(dialect, r), SUITE_MAX);
	frames_feed(&frames, r->response);
	do {
		struct chat_event event;

		state = frames_next(&frames, &frame, &err);
		if (state == FRAMES_MORE && !frames_finish(&frames, &frame))
			break;
		arena_init(&scratch, 4096);
		ok = state != FRAMES_FAILED &&
		     dialect->read_event(
			     &frame, reader, &scratch, &event, &err);
		if (ok)
			heard_add_event(heard, &event);
		arena_release(&scratch);
	} while (ok && state == FRAMES_EVENT);
	frames_release(&frames);
	arena_release(&memory);
	return ok;
}

static void compare(struct check *check, const struct recording *r,
	const struct heard *whole, const struct heard *events, const char *how)
{
	struct buf got = BUF_INIT(SUITE_MAX), expected = BUF_INIT(SUITE_MAX);

	meaning_of_heard(whole, false, &got);
	meaning_of_heard(events, false, &expected);
	if (!str_equal(buf_str(&got), buf_str(&expected))) {
		print_message("%s: %s:\n%.1500s\n--- is not\n%.1500s\n",
			r->name, how, buf_cstr(&got), buf_cstr(&expected));
		check->failed++;
	}
	buf_release(&got);
	buf_release(&expected);
}

static void check_whole(struct check *check, const struct recording *r,
	const struct heard *events)
{
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_response response, again;
	struct heard whole, written;
	struct arena arena;

	arena_init(&arena, 65536);
	heard_init(&whole);
	heard_init(&written);
	if (!gather_stream(check->dialect,
		    framing_of_recording(check->dialect, r), r->response,
		    &arena, &response, &err)) {
		print_message("%s: %s\n", r->name, error_detail(&err));
		check->failed++;
	} else {
		heard_add_response(&whole, &response, false);
		compare(check, r, &whole, events, "gathered");
		check->dialect->write_response(&response, &out);
		assert_false(out.failed);
		if (!check->dialect->read_response(
			    buf_str(&out), &arena, &again, &err))
			fail_msg("%s: %s", r->name, error_detail(&err));
		heard_add_response(&written, &again, false);
		heard_settle(&whole, &written);
		compare(check, r, &written, events, "written and read");
	}
	buf_release(&out);
	heard_release(&whole);
	heard_release(&written);
	arena_release(&arena);
}

/* One that breaks off, or has an error in it, is no answer. */
static void check_broken(struct check *check, const struct recording *r)
{
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct arena arena;

	arena_init(&arena, 65536);
	if (gather_stream(check->dialect,
		    framing_of_recording(check->dialect, r), r->response,
		    &arena, &response, &err)) {
		print_message("%s: taken for whole\n", r->name);
		check->failed++;
	}
	arena_release(&arena);
}

static void visit(const struct recording *r, void *context)
{
	struct check *check = context;
	struct heard events;
	bool is_whole;

	if (!suite_is_stream(r) || r->status >= 400 || r->response.n == 0)
		return;
	heard_init(&events);
	is_whole = hear(check->dialect, r, &events) && !events.failed;
	if (is_whole) {
		bool ends = events.done;

		for (size_t i = 0; i < events.choice_count; i++)
			ends |= events.choices[i].finish != CHAT_FINISH_UNSET;
		is_whole = ends;
	}
	if (is_whole && events.choice_count > 0) {
		check->streams++;
		check_whole(check, r, &events);
	} else if (!is_whole) {
		check_broken(check, r);
	}
	heard_release(&events);
}

static void test_recorded_streams(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(speakers); i++) {
		const struct speaker *speaker = &speakers[i];
		struct check check = { .dialect = dialect_find(speaker->name) };

		for (size_t k = 0; k < MAX_FILES && speaker->files[k]; k++)
			recordings_visit_file(speaker->files[k], visit, &check);
		print_message("%.*s: %zu streams\n", STR_ARG(speaker->name),
			check.streams);
		if (check.streams < speaker->least)
			fail_msg("only %zu streams", check.streams);
		failed += check.failed;
	}
	assert_int_equal(failed, 0);
}

/* --- by hand --- */

/* The answer that those events are, each without its "data:". */
static void check_gathered(const char *dialect_name, const char *const *events,
	size_t count, const char *expected)
{
	const struct dialect *dialect = dialect_find(str_of(dialect_name));
	struct buf stream = BUF_INIT(SUITE_MAX), out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct arena arena;

	for (size_t i = 0; i < count; i++)
		buf_printf(&stream, "data: %s\n\n", events[i]);
	arena_init(&arena, 4096);
	if (!gather_stream(dialect, FRAMING_SSE, buf_str(&stream), &arena,
		    &response, &err))
		fail_msg("%s", error_detail(&err));
	dialect->write_response(&response, &out);
	assert_same_json(buf_str(&out), str_of(expected), dialect_name);
	buf_release(&stream);
	buf_release(&out);
	arena_release(&arena);
}

#define CHUNK(choice)                                                   \
	"{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created" \
	"\":7,\"model\":\"m\",\"choices\":[{" choice "}]}"
#define DELTA(index, delta) CHUNK("\"index\":" index ",\"delta\":{" delta "}")
#define FINISH(index, reason)                                    \
	CHUNK("\"index\":" index ",\"delta\":{},\"finish_reason" \
	      "\":\"" reason "\"")
#define PIECE(index, rest) \
	DELTA("0", "\"tool_calls\":[{\"index\":" index "," rest "}]")
#define WHOLE(choices)                                            \
	"{\"id\":\"c1\",\"object\":\"chat.completion\",\"created" \
	"\":7,\"model\":\"m\",\"choices\":[" choices "]}"

static void test_calls_that_come_mixed(void **state)
{
	static const char *const events[] = {
		DELTA("0", "\"role\":\"assistant\",\"content\":\"He\""),
		DELTA("0", "\"content\":\"llo\""),
		PIECE("0", "\"id\":\"a\",\"type\":\"function\",\"function\":{"
			   "\"name\":\"f\",\"arguments\":\"\"}"),
		PIECE("1", "\"id\":\"b\",\"type\":\"function\",\"function\":{"
			   "\"name\":\"g\",\"arguments\":\"{\\\"y\\\":\"}"),
		PIECE("0", "\"function\":{\"arguments\":\"{}\"}"),
		PIECE("1", "\"function\":{\"arguments\":\"2}\"}"),
		FINISH("0", "tool_calls"),
		"[DONE]",
	};

	(void)state;
	check_gathered("openai_chat", events, ARRAY_LEN(events),
		WHOLE("{\"index\":0,\"message\":{\"role\":\"assistant\","
		      "\"content\":\"Hello\",\"refusal\":null,\"tool_calls\":"
		      "[{\"id\":\"a\",\"type\":\"function\",\"function\":{"
		      "\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"b\","
		      "\"type\":\"function\",\"function\":{\"name\":\"g\","
		      "\"arguments\":\"{\\\"y\\\":2}\"}}]},\"finish_reason\":"
		      "\"tool_calls\",\"logprobs\":null}"));
}

static void test_choices_that_come_mixed(void **state)
{
	static const char *const events[] = {
		DELTA("1", "\"role\":\"assistant\",\"content\":\"b\""),
		DELTA("0", "\"role\":\"assistant\",\"content\":\"a\""),
		DELTA("1", "\"content\":\"B\""),
		FINISH("1", "length"),
		DELTA("0", "\"content\":\"A\""),
		FINISH("0", "stop"),
		"[DONE]",
	};

	(void)state;
	check_gathered("openai_chat", events, ARRAY_LEN(events),
		WHOLE("{\"index\":0,\"message\":{\"role\":\"assistant\","
		      "\"content\":\"aA\",\"refusal\":null},\"finish_reason\":"
		      "\"stop\",\"logprobs\":null},{\"index\":1,\"message\":{"
		      "\"role\":\"assistant\",\"content\":\"bB\",\"refusal\":"
		      "null},\"finish_reason\":\"length\",\"logprobs\":null}"));
}

static void test_logprobs_are_joined(void **state)
{
	static const char *const events[] = {
		CHUNK("\"index\":0,\"delta\":{\"role\":\"assistant\","
		      "\"content\":\"a\"},\"logprobs\":{\"content\":[{"
		      "\"token\":\"a\",\"logprob\":-1}],\"refusal\":null}"),
		CHUNK("\"index\":0,\"delta\":{\"content\":\"b\"},\"logprobs\":"
		      "{\"content\":[{\"token\":\"b\",\"logprob\":-2}],"
		      "\"refusal\":null}"),
		FINISH("0", "stop"),
		"[DONE]",
	};

	(void)state;
	check_gathered("openai_chat", events, ARRAY_LEN(events),
		WHOLE("{\"index\":0,\"message\":{\"role\":\"assistant\","
		      "\"content\":\"ab\",\"refusal\":null},\"logprobs\":{"
		      "\"content\":[{\"token\":\"a\",\"logprob\":-1},{"
		      "\"token\":\"b\",\"logprob\":-2}],\"refusal\":null},"
		      "\"finish_reason\":\"stop\"}"));
}

#define EVENT(type, rest) "{\"type\":\"" type "\"," rest "}"
#define THOUGHT_DELTA(n, delta) \
	EVENT("content_block_delta", "\"index\":" n ",\"delta\":{" delta "}")
#define THOUGHT(n, text, seal)                                               \
	EVENT("content_block_start",                                         \
		"\"index\":" n ",\"content_block\":{\"type\":\"thinking\","  \
		"\"thinking\":\"\",\"signature\":\"\"}"),                    \
		THOUGHT_DELTA(n,                                             \
			"\"type\":\"thinking_delta\",\"thinking\":\"" text   \
			"\""),                                               \
		THOUGHT_DELTA(n,                                             \
			"\"type\":\"signature_delta\",\"signature\":\"" seal \
			"\""),                                               \
		EVENT("content_block_stop", "\"index\":" n)

/* Two thoughts are two, each with its seal. */
static void test_thoughts_stay_apart(void **state)
{
	static const char *const events[] = {
		EVENT("message_start",
			"\"message\":{\"id\":\"m1\",\"type\":\"message\","
			"\"role\":\"assistant\",\"model\":\"m\",\"content\":"
			"[],\"usage\":{\"input_tokens\":3,\"output_tokens\":"
			"1}}"),
		THOUGHT("0", "one", "s1"),
		THOUGHT("1", "two", "s2"),
		EVENT("message_delta",
			"\"delta\":{\"stop_reason\":\"end_turn\"},"
			"\"usage\":{\"output_tokens\":9}"),
		"{\"type\":\"message_stop\"}",
	};

	(void)state;
	check_gathered("anthropic", events, ARRAY_LEN(events),
		"{\"id\":\"m1\",\"type\":\"message\",\"role\":\"assistant\","
		"\"model\":\"m\",\"content\":[{\"type\":\"thinking\","
		"\"thinking\":\"one\",\"signature\":\"s1\"},{\"type\":"
		"\"thinking\",\"thinking\":\"two\",\"signature\":\"s2\"}],"
		"\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
		"\"stop_details\":null,\"usage\":{\"input_tokens\":3,"
		"\"output_tokens\":9}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_streams),
		cmocka_unit_test(test_calls_that_come_mixed),
		cmocka_unit_test(test_choices_that_come_mixed),
		cmocka_unit_test(test_logprobs_are_joined),
		cmocka_unit_test(test_thoughts_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
