/*
 * cohere/response.c - Cohere's answers, streams and errors: what comes back as
 * it was, what they mean, and what another dialect's become.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/cohere/cohere.h"
#include "dialect/openai_chat/openai_chat.h"

/* --- whole answers --- */

static const char *const odd_bodies[] = {
	"{}",
	"{\"id\":null,\"message\":null,\"finish_reason\":null,\"usage\":null}",
	"{\"message\":{}}",
	"{\"finish_reason\":\"TIMEOUT\",\"warnings\":[]}",
	"{\"finish_reason\":\"\",\"usage\":{}}",
	"{\"id\":\"i\",\"message\":{\"role\":\"assistant\",\"content\":[]},"
	"\"logprobs\":[{\"text\":\"a\",\"token_ids\":[1],\"logprobs\":[-1]}]}",
	"{\"message\":{\"role\":\"robot\",\"content\":[{\"type\":\"new\"},"
	"{\"type\":\"text\",\"text\":\"a\",\"x\":1}],\"tool_calls\":[{}],"
	"\"citations\":[{\"start\":-1,\"type\":\"PLAN\",\"sources\":[1]}]}}",
	"{\"usage\":{\"billed_units\":{\"input_tokens\":1.0},"
	"\"tokens\":null,\"cached_tokens\":null}}",
};

static void odd_replies_come_back(void **state)
{
	(void)state;
	cases_same_replies(&cohere, odd_bodies, ARRAY_LEN(odd_bodies));
}

#define USAGE(prompt, completion, more)                         \
	"\"usage\":{\"billed_units\":{\"input_tokens\":" prompt \
	",\"output_tokens\":" completion                        \
	"},\"tokens\":{\"input_tokens\":" prompt                \
	",\"output_tokens\":" completion more "}"

static const struct reply_case from_openai[] = {
	{ "{\"id\":\"i\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":"
	  "0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\","
	  "\"content\":\"a\",\"reasoning_content\":\"t\"},\"logprobs\":"
	  "{\"content\":[{\"token\":\"a\",\"logprob\":-0.50}]}},{\"index\":1,"
	  "\"message\":{\"content\":\"b\"}}],\"usage\":{\"prompt_tokens\":7,"
	  "\"completion_tokens\":5,\"prompt_tokens_details\":"
	  "{\"cached_tokens\":2},\"completion_tokens_details\":"
	  "{\"reasoning_tokens\":3}}}",
		"{\"id\":\"i\",\"message\":{\"role\":\"assistant\",\"content\":"
		"[{\"type\":\"thinking\",\"thinking\":\"t\"},{\"type\":"
		"\"text\",\"text\":\"a\"}]},\"finish_reason\":\"COMPLETE\","
		"\"logprobs\":[{\"text\":\"a\",\"token_ids\":[],\"logprobs\":"
		"[-0.5]}]," USAGE("7", "5",
			",\"reasoning_tokens\":3") ",\"cached_tokens\":2}}" },
	{ "{\"id\":\"i\",\"choices\":[{\"finish_reason\":\"tool_calls\","
	  "\"message\":{\"content\":null,\"reasoning_content\":\"p\","
	  "\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":"
	  "{\"name\":\"f\",\"arguments\":\"\"}}]}}]}",
		"{\"id\":\"i\",\"message\":{\"role\":\"assistant\","
		"\"tool_plan\":\"p\",\"tool_calls\":[{\"id\":\"1\",\"type\":"
		"\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
		"\"{}\"}}]},\"finish_reason\":\"TOOL_CALL\"}" },
	{ "{\"choices\":[{\"finish_reason\":\"length\",\"message\":"
	  "{\"content\":\"a\",\"annotations\":[{\"type\":\"url_citation\","
	  "\"url_citation\":{\"url\":\"https://x\",\"title\":\"T\","
	  "\"start_index\":0,\"end_index\":1}}]}}],\"usage\":{}}",
		"{\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":"
		"\"text\",\"text\":\"a\"}],\"citations\":[{\"start\":0,"
		"\"end\":1,\"text\":\"\",\"sources\":[{\"type\":\"document\","
		"\"id\":\"https://x\",\"document\":{\"id\":\"https://x\","
		"\"title\":\"T\",\"url\":\"https://x\"}}],\"type\":"
		"\"TEXT_CONTENT\"}]},\"finish_reason\":\"MAX_TOKENS\"," USAGE(
			"0", "0", "") "}}" },
	{ "{\"choices\":[{\"finish_reason\":\"content_filter\",\"message\":"
	  "{\"refusal\":\"no\"}}]}",
		"{\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":"
		"\"text\",\"text\":\"no\"}]},\"finish_reason\":\"ERROR\"}" },
	{ "{\"choices\":[]}", "{\"message\":{\"role\":\"assistant\"},"
			      "\"finish_reason\":\"COMPLETE\"}" },
};

static void others_are_written_in_our_words(void **state)
{
	(void)state;
	cases_replies(
		&openai_chat, &cohere, from_openai, ARRAY_LEN(from_openai));
}

static void read_reply(
	const char *body, struct arena *arena, struct chat_response *out)
{
	struct error err = ERROR_INIT;

	if (!cohere.read_response(str_of(body), arena, out, &err))
		fail_msg("%s: %s", error_detail(&err), body);
}

static void what_is_billed_counts(void **state)
{
	static const struct {
		const char *usage;
		int64_t prompt, completion, cached, reasoning;
	} cases[] = {
		/* The cached ones are of what Cohere put before it. */
		{ "{\"billed_units\":{\"input_tokens\":8,\"output_tokens\":7},"
		  "\"tokens\":{\"input_tokens\":503,\"output_tokens\":11,"
		  "\"reasoning_tokens\":5},\"cached_tokens\":448}",
			8, 7, -1, 5 },
		{ "{\"billed_units\":{\"input_tokens\":900,\"output_tokens\":"
		  "7},\"cached_tokens\":448}",
			900, 7, 448, -1 },
		{ "{\"tokens\":{\"input_tokens\":503,\"output_tokens\":11,"
		  "\"reasoning_tokens\":12},\"cached_tokens\":448}",
			503, 11, 448, -1 },
		{ "{\"cached_tokens\":0}", -1, -1, -1, -1 },
		{ "{\"billed_units\":{\"input_tokens\":-3},\"tokens\":[]}", -1,
			-1, -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_response response;
		struct arena arena;
		char body[512];

		arena_init(&arena, 4096);
		snprintf(body, sizeof(body), "{\"usage\":%s}", cases[i].usage);
		read_reply(body, &arena, &response);
		assert_true(response.has_usage);
		assert_int_equal(response.usage.prompt, cases[i].prompt);
		assert_int_equal(
			response.usage.completion, cases[i].completion);
		assert_int_equal(response.usage.cached, cases[i].cached);
		assert_int_equal(response.usage.reasoning, cases[i].reasoning);
		arena_release(&arena);
	}
}

static void citations_name_their_sources(void **state)
{
	const struct chat_citation *citation;
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_reply("{\"message\":{\"citations\":["
		   "{\"start\":2,\"end\":5,\"text\":\"abc\",\"sources\":"
		   "[{\"type\":\"document\",\"id\":\"d:0\",\"document\":"
		   "{\"title\":\"T\",\"url\":\"https://x\"}},{}],"
		   "\"type\":\"TEXT_CONTENT\"},"
		   "{\"start\":2,\"end\":5,\"sources\":[{\"type\":\"tool\","
		   "\"id\":\"t:0\",\"tool_output\":{}}],\"type\":\"PLAN\"}]}}",
		&arena, &response);
	citation = response.choices->message.citations;
	assert_text(citation->url, "https://x");
	assert_text(citation->title, "T");
	assert_text(citation->cited_text, "abc");
	assert_int_equal(citation->start_index, 2);
	assert_int_equal(citation->end_index, 5);
	citation = citation->next;
	assert_null(citation->url.p);
	assert_text(citation->title, "t:0");
	assert_int_equal(citation->start_index, -1); /* in the plan */
	assert_null(citation->next);
	arena_release(&arena);
}

static void probabilities_of_a_piece_are_added_up(void **state)
{
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_reply("{\"message\":{},\"logprobs\":["
		   "{\"text\":\"\\u0041\",\"logprobs\":[-0.10]},"
		   "{\"text\":\"bc\",\"logprobs\":[-0.5,-0.25]},"
		   "{\"text\":\"none\"},7]}",
		&arena, &response);
	assert_same_json(response.choices->logprobs,
		S("{\"content\":[{\"token\":\"A\",\"logprob\":-0.1,\"bytes\":"
		  "null,\"top_logprobs\":[]},{\"token\":\"bc\",\"logprob\":"
		  "-0.75,\"bytes\":null,\"top_logprobs\":[]}]}"),
		"logprobs");
	arena_release(&arena);
}

/* --- streams --- */

#define EVENT(type, members) \
	"event: " type "\ndata: {\"type\":\"" type "\"" members "}\n\n"
#define DELTA(inner) ",\"delta\":{\"message\":{" inner "}}"
#define START(id)                                                         \
	"event: message-start\ndata: {\"type\":\"message-start\",\"id\":" \
	"\"" id "\"" DELTA("\"role\":\"assistant\",\"content\":[],"       \
			   "\"tool_plan\":\"\",\"tool_calls\":[],"        \
			   "\"citations\":[]") "}\n\n"
#define BEGIN(index, type)                                                \
	EVENT("content-start",                                            \
		",\"index\":" index DELTA("\"content\":{\"type\":\"" type \
					  "\",\"" type "\":\"\"}"))
#define SAY(index, type, text)             \
	EVENT("content-delta",             \
		",\"index\":" index DELTA( \
			"\"content\":{\"" type "\":\"" text "\"}"))
#define END(index) EVENT("content-end", ",\"index\":" index)
#define CALL_START(index, id, name)                                        \
	EVENT("tool-call-start",                                           \
		",\"index\":" index DELTA("\"tool_calls\":{\"id\":\"" id   \
					  "\",\"type\":\"function\","      \
					  "\"function\":{\"name\":\"" name \
					  "\",\"arguments\":\"\"}}"))
#define CALL_DELTA(index, text)                                               \
	EVENT("tool-call-delta",                                              \
		",\"index\":" index DELTA(                                    \
			"\"tool_calls\":{\"function\":{\"arguments\":\"" text \
			"\"}}"))
#define CALL_END(index) EVENT("tool-call-end", ",\"index\":" index)
#define FINISH(members) EVENT("message-end", ",\"delta\":{" members "}") DONE
#define DONE "data: [DONE]\n\n"

#define CHUNK(members) "data: {\"choices\":[{\"index\":0," members "}]}\n\n"
#define TEXT(text) CHUNK("\"delta\":{\"content\":\"" text "\"}")
#define THOUGHT(text) CHUNK("\"delta\":{\"reasoning_content\":\"" text "\"}")
#define CALLS(calls) CHUNK("\"delta\":{\"tool_calls\":[" calls "]}")
#define REASON(word) CHUNK("\"delta\":{},\"finish_reason\":\"" word "\"")

static const struct stream_case streams_from_openai[] = {
	{ "data: [DONE]\n\n",
		START("req-1") FINISH("\"finish_reason\":\"COMPLETE\""),
		false },
	{ "", START("req-1") FINISH("\"finish_reason\":\"COMPLETE\""), true },
	{ "data: {\"id\":\"i\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
	  "\"assistant\",\"content\":\"\"}}]}\n\n" THOUGHT("t1") THOUGHT(
		  "t2") TEXT("a\\n") TEXT("b") REASON("length")
			REASON("stop") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
				       "\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
		START("i") BEGIN("0", "thinking") SAY("0", "thinking",
			"t1") SAY("0", "thinking", "t2") END("0") BEGIN("1",
			"text") SAY("1", "text", "a\\n") SAY("1", "text", "b")
			END("1") FINISH(
				"\"finish_reason\":"
				"\"MAX_TOKENS\"," USAGE("3", "2", "") "}"),
		false },
	/* Two calls side by side, in pieces. */
	{ CALLS("{\"index\":0,\"id\":\"x\",\"type\":\"function\",\"function\":"
		"{\"name\":\"f\",\"arguments\":\"\"}}")
			CALLS("{\"index\":0,\"function\":{\"arguments\":\"{\"}}")
				CALLS("{\"index\":1,\"id\":\"y\",\"function\":"
				      "{\"name\":\"g\",\"arguments\":\"{}\"}},"
				      "{\"index\":0,\"function\":"
				      "{\"arguments\":\"}\"}}")
					REASON("tool_calls") "data: [DONE]\n\n",
		START("req-1") CALL_START("0", "x", "f") CALL_DELTA("0", "{")
			CALL_END("0") CALL_START("1", "y", "g") CALL_DELTA(
				"1", "{}") CALL_DELTA("0", "}") CALL_END("1")
				FINISH("\"finish_reason\":"
				       "\"TOOL_CALL\""),
		false },
	/* An error ends it; what comes then does not. */
	{ TEXT("a") "data: {\"error\":{\"message\":\"broken\"}}\n\n" TEXT(
		  "b") "data: [DONE]\n\n",
		START("req-1") BEGIN("0", "text") SAY("0", "text", "a") END("0")
			FINISH("\"error\":\"broken\",\"finish_reason\":"
			       "\"ERROR\""),
		false },
	{ CHUNK("\"delta\":{\"content\":\"ab\"},\"logprobs\":{\"content\":["
		"{\"token\":\"a\",\"logprob\":-1},{\"token\":\"b\",\"logprob\":"
		"-2}]}") "data: [DONE]\n\n",
		START("req-1") BEGIN("0", "text") EVENT("content-delta",
			",\"index\":0" DELTA(
				"\"content\":{\"text\":\"ab\"}") ",\"logprobs\":{\"text\":\"ab\",\"token_ids\":[],"
								 "\"logprobs\":[-1,-2]}")
			END("0") FINISH("\"finish_reason\":\"COMPLETE\""),
		false },
};

static void other_streams_are_written_in_our_events(void **state)
{
	(void)state;
	cases_streams(&openai_chat, &cohere, streams_from_openai,
		ARRAY_LEN(streams_from_openai));
}

#define PLAIN(type, members) "data: {\"type\":\"" type "\"" members "}\n\n"

static const struct stream_case streams_come_back[] = {
	/* With and without names, in several lines, with events of tomorrow. */
	{ ": comment\n\n" PLAIN("message-start",
		  "") "event: content-delta\n"
		      "data: {\"type\":\ndata:\"content-delta\"}\n\n" EVENT(
			      "debug", ",\"prompt\":\"p\"")
			      EVENT("new-thing", ",\"x\":[1]")
				      FINISH("\"finish_reason\":\"COMPLETE\""),
		PLAIN("message-start",
			"") "event: content-delta\n"
			    "data: {\"type\": \"content-delta\"}\n\n" EVENT(
				    "debug", ",\"prompt\":\"p\"")
				    EVENT("new-thing", ",\"x\":[1]") FINISH(
					    "\"finish_reason\":\"COMPLETE\""),
		false },
	/* Events after the end say nothing, but are there. */
	{ FINISH("") FINISH("\"finish_reason\":\"ERROR\""),
		FINISH("") FINISH("\"finish_reason\":\"ERROR\""), false },
	/* An error is told in our words, once. */
	{ START("i") "data: {\"message\":\"broken\"}\n\n" DONE,
		START("i") FINISH("\"error\":\"broken\",\"finish_reason\":"
				  "\"ERROR\"") DONE,
		false },
	{ START("i") FINISH("\"error\":\"broken\",\"finish_reason\":"
			    "\"ERROR\""),
		START("i") FINISH("\"error\":\"broken\",\"finish_reason\":"
				  "\"ERROR\"") DONE,
		false },
};

static void our_streams_come_back(void **state)
{
	(void)state;
	cases_streams(&cohere, &cohere, streams_come_back,
		ARRAY_LEN(streams_come_back));
}

/* What the calls' arguments come to in the neutral form. */
static void check_arguments(const char *stream, const char *expected)
{
	struct error err = ERROR_INIT;
	struct buf got = BUF_INIT(4096);
	struct frames frames;
	struct frame frame;
	struct arena arena;
	void *reader;

	arena_init(&arena, 4096);
	reader = cohere.reader_new(&arena);
	frames_init(&frames, FRAMING_SSE, 65536);
	frames_feed(&frames, str_of(stream));
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		struct chat_event event;

		assert_true(cohere.read_event(
			&frame, reader, &arena, &event, &err));
		if (event.delta.choice_count == 0)
			continue;
		for (const struct chat_part *part =
				event.delta.choices->message.parts;
			part; part = part->next)
			buf_printf(&got, "%d%.*s:%.*s ", (int)part->call.index,
				STR_ARG(part->call.name),
				STR_ARG(part->call.arguments));
	}
	assert_string_equal(buf_cstr(&got), expected);
	frames_release(&frames);
	buf_release(&got);
	arena_release(&arena);
}

static void calls_without_arguments_get_an_object(void **state)
{
	(void)state;
	check_arguments(CALL_START("0", "a", "f") CALL_END("0")
				CALL_START("1", "b", "g") CALL_END("1"),
		"0f: 0:{} 1g: 1:{} ");
	check_arguments(CALL_START("0", "a", "f") CALL_DELTA("0", "nu")
				CALL_DELTA("0", "ll") CALL_END("0"),
		"0f: 0:{} ");
	/* Only what could become "null" waits. */
	check_arguments(CALL_START("0", "a", "f") CALL_DELTA("0", " ")
				CALL_DELTA("0", "nu") CALL_DELTA("0", "x")
					CALL_DELTA("0", "y") CALL_END("0"),
		"0f: 0: nux 0:y ");
	/* Whatever numbers the provider uses, and without the end. */
	check_arguments(CALL_START("7", "a", "f") CALL_DELTA("7", "{}")
				CALL_START("3", "b", "g") CALL_DELTA("7", "!")
					CALL_DELTA("3", "{") FINISH(""),
		"0f: 0:{} 1g: 0:! 1:{ ");
	check_arguments(CALL_DELTA("0", "{}") CALL_END("0"), "");
	check_arguments(CALL_START("0", "a", "f") FINISH(""), "0f: 0:{} ");
}

static void metadata_goes_out_with_the_usage(void **state)
{
	struct chat_start start = { .request_id = S("r"), .began = true };
	struct chat_event event = { .kind = CHAT_EVENT_DONE,
		.metadata = S("{\"a\":\n1}") };
	struct buf out = BUF_INIT(4096);
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&event.delta, S("another"));
	cohere.write_event(&event, cohere.writer_new(&start, &arena), &out);
	assert_string_equal(buf_cstr(&out),
		"event: message-end\ndata: {\"type\":\"message-end\",\"delta\":"
		"{\"finish_reason\":\"COMPLETE\"},\"metadata\":{\"a\": 1}}\n\n" DONE);
	buf_release(&out);
	arena_release(&arena);
}

/* --- errors --- */

static void errors_are_written_in_our_shape(void **state)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT(4096);

	(void)state;
	error_refuse(&err, ERR_BAD_FIELD, "messages[2].role",
		"'messages[2].role' must be a string.");
	cohere.write_failure(&err, S("req-9"), &out);
	assert_string_equal(buf_cstr(&out),
		"{\"id\":\"req-9\",\"message\":\"'messages[2].role' must be a "
		"string.\"}");
	buf_clear(&out);
	error_refuse(&err, ERR_BAD_FIELD, "n", "One is enough.");
	snprintf(err.param, sizeof(err.param), "choices");
	cohere.write_failure(&err, S(""), &out);
	assert_string_equal(
		buf_cstr(&out), "{\"message\":\"choices: One is enough.\"}");
	buf_release(&out);
}

static void what_is_not_json_is_garbage(void **state)
{
	static const char *const bodies[] = { "", "[]", "{", "null" };
	struct chat_response response;
	struct chat_event event;
	struct arena arena;
	void *reader;

	(void)state;
	arena_init(&arena, 4096);
	reader = cohere.reader_new(&arena);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct frame frame = { .data = str_of(bodies[i]) };
		struct error err = ERROR_INIT;

		assert_false(cohere.read_response(
			str_of(bodies[i]), &arena, &response, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
		if (frame.data.n > 0)
			assert_false(cohere.read_event(
				&frame, reader, &arena, &event, &err));
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_replies_come_back),
		cmocka_unit_test(others_are_written_in_our_words),
		cmocka_unit_test(what_is_billed_counts),
		cmocka_unit_test(citations_name_their_sources),
		cmocka_unit_test(probabilities_of_a_piece_are_added_up),
		cmocka_unit_test(other_streams_are_written_in_our_events),
		cmocka_unit_test(our_streams_come_back),
		cmocka_unit_test(calls_without_arguments_get_an_object),
		cmocka_unit_test(metadata_goes_out_with_the_usage),
		cmocka_unit_test(errors_are_written_in_our_shape),
		cmocka_unit_test(what_is_not_json_is_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
