/*
 * openai_chat/facts.c - usage, finish reason and text bytes of answers and
 * streams are those that an independent reader finds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

/* --- a second reader, over Jansson's tree --- */

struct expected {
	int64_t prompt, completion, cached, reasoning;
	bool has_usage;
	int64_t output_bytes;
	char finish_reason[64];
	bool done;
	bool failed;
};

static const json_t *at(const json_t *object, const char *a, const char *b)
{
	const json_t *inner = json_object_get(object, a);

	return b ? json_object_get(inner, b) : inner;
}

static int64_t count_at(const json_t *object, const char *a, const char *b)
{
	const json_t *value = at(object, a, b);

	if (!value || json_typeof(value) == JSON_NULL)
		return -1;
	return (int64_t)json_number_value(value);
}

static void take_count(int64_t *count, int64_t value)
{
	if (value >= 0)
		*count = value;
}

static void expect_usage(const json_t *usage, struct expected *e)
{
	int64_t total = count_at(usage, "total_tokens", NULL);

	e->has_usage = true;
	take_count(&e->prompt, count_at(usage, "prompt_tokens", NULL));
	take_count(&e->completion, count_at(usage, "completion_tokens", NULL));
	take_count(&e->cached, count_at(usage, "cached_tokens", NULL));
	take_count(&e->cached, count_at(usage, "num_cached_tokens", NULL));
	take_count(
		&e->cached, count_at(usage, "prompt_cache_hit_tokens", NULL));
	take_count(&e->cached,
		count_at(usage, "prompt_tokens_details", "cached_tokens"));
	take_count(&e->reasoning, count_at(usage, "completion_tokens_details",
					  "reasoning_tokens"));
	/* What the total counts besides: heard by Mistral, else thought. */
	if (total > e->prompt + e->completion) {
		if (count_at(usage, "prompt_audio_seconds", NULL) >= 0)
			e->prompt = total - e->completion;
		else
			e->completion = total - e->prompt;
	}
	/* What was cached is part of the prompt, also at Azure's Grok. */
	if (e->prompt >= 0 && e->cached > e->prompt)
		e->prompt += e->cached;
}

static int64_t bytes_at(const json_t *object, const char *name)
{
	return (int64_t)json_string_length(json_object_get(object, name));
}

static int64_t list_bytes(const json_t *list)
{
	int64_t bytes = 0;
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		bytes += bytes_at(item, "text");
		bytes += list_bytes(json_object_get(item, "thinking"));
	}
	return bytes;
}

static int64_t function_bytes(const json_t *function)
{
	return bytes_at(function, "name") + bytes_at(function, "arguments");
}

static int64_t output_bytes(const json_t *message)
{
	int64_t bytes =
		bytes_at(message, "content") + bytes_at(message, "refusal") +
		list_bytes(json_object_get(message, "content")) +
		function_bytes(json_object_get(message, "function_call"));
	int64_t reasoning = bytes_at(message, "reasoning");
	const json_t *call;
	size_t i;

	if (bytes_at(message, "reasoning_content") > reasoning)
		reasoning = bytes_at(message, "reasoning_content");
	json_array_foreach(json_object_get(message, "tool_calls"), i, call)
		bytes += function_bytes(json_object_get(call, "function"));
	return bytes + reasoning;
}

/* Perplexity has both a message and a delta: the message is a whole answer's,
 * the delta a chunk's. */
static void expect_answer(const json_t *root, bool is_whole, struct expected *e)
{
	const json_t *usage = json_object_get(root, "usage");
	const json_t *error = json_object_get(root, "error");
	const json_t *choice;
	size_t i;

	if (!usage || json_typeof(usage) != JSON_OBJECT)
		usage = at(root, "x_groq", "usage");
	if (usage)
		expect_usage(usage, e);
	if (error && json_typeof(error) != JSON_NULL)
		e->failed = true;
	json_array_foreach(json_object_get(root, "choices"), i, choice)
	{
		const json_t *delta = json_object_get(choice, "delta");
		const json_t *message = json_object_get(choice, "message");
		struct str reason = recorded_text(choice, "finish_reason");

		e->output_bytes += output_bytes(
			message && (is_whole || !delta) ? message : delta);
		if (reason.p)
			snprintf(e->finish_reason, sizeof(e->finish_reason),
				"%s", reason.p);
	}
}

static void compare(const struct chat_facts *facts, const struct expected *e,
	const char *name)
{
	if (facts->usage.prompt != e->prompt ||
		facts->usage.completion != e->completion ||
		facts->usage.cached != e->cached ||
		facts->usage.reasoning != e->reasoning ||
		facts->has_usage != e->has_usage)
		fail_msg("%s: %ld %ld %ld %ld, not %ld %ld %ld %ld", name,
			(long)facts->usage.prompt,
			(long)facts->usage.completion,
			(long)facts->usage.cached, (long)facts->usage.reasoning,
			(long)e->prompt, (long)e->completion, (long)e->cached,
			(long)e->reasoning);
	if (facts->output_bytes != e->output_bytes)
		fail_msg("%s: %ld bytes, not %ld", name,
			(long)facts->output_bytes, (long)e->output_bytes);
	assert_string_equal(facts->finish_reason, e->finish_reason);
	assert_int_equal(facts->done, e->done);
	assert_int_equal(facts->failed, e->failed);
}

static const struct expected nothing = {
	.prompt = -1, .completion = -1, .cached = -1, .reasoning = -1
};

/* --- recorded answers --- */

struct totals {
	size_t replies;
	size_t streams;
	size_t with_usage;
	size_t frames;
	size_t failed;
	size_t plain, plain_in_full;
	size_t kinds[FRAME_OTHER + 1];
};

#define METADATA "{\"request_id\":\"r1\"}"

/* The spliced answer is the answer with one member more. */
static void check_splice_reply(
	const struct recording *r, const struct chat_facts *facts)
{
	json_t *expected = parse(r->response);
	struct arena arena;
	struct splice splice;
	char *text;

	arena_init(&arena, 4096);
	facts_splice_reply(r->response, facts, S(METADATA), &splice);
	if (!json_object_get(expected, "metadata"))
		json_object_set_new(expected, "metadata", parse(S(METADATA)));
	else
		assert_int_equal(splice.count, 1);
	text = json_dumps(expected, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_same_json(splice_join(&splice, &arena), str_of(text), r->name);
	free(text);
	json_decref(expected);
	arena_release(&arena);
}

/* What is said to be plain is so for who reads all of it. */
static void check_plain(const struct recording *r, struct arena *arena,
	const struct chat_facts *facts, struct totals *totals)
{
	struct chat_response response;
	struct error err = ERROR_INIT;
	bool is_plain =
		openai->read_response(r->response, arena, &response, &err) &&
		chat_response_is_plain(&response);

	if (facts->is_plain && !is_plain)
		fail_msg("%s is not plain", r->name);
	totals->plain += facts->is_plain;
	totals->plain_in_full += is_plain;
}

static void visit_reply(const struct recording *r, struct totals *totals)
{
	struct expected expected = nothing;
	struct error err = ERROR_INIT;
	struct chat_facts facts;
	struct arena arena;
	json_t *root = parse(r->response);

	arena_init(&arena, 4096);
	chat_facts_init(&facts);
	if (!openai->read_reply(r->response, &arena, &facts, &err))
		fail_msg("%s: %s", r->name, error_detail(&err));
	assert_non_null(root);
	expect_answer(root, true, &expected);
	compare(&facts, &expected, r->name);
	if (recorded_text(root, "model").n > 0)
		assert_string_equal(
			facts.model, recorded_text(root, "model").p);
	check_splice_reply(r, &facts);
	check_plain(r, &arena, &facts, totals);
	totals->replies++;
	totals->with_usage += facts.has_usage;
	totals->failed += facts.failed;
	json_decref(root);
	arena_release(&arena);
}

struct stream {
	const char *name;
	struct totals *totals;
	struct chat_facts facts;
	struct expected expected;
	struct arena arena;
};

static enum frame_kind expect_frame(
	const struct frame *frame, struct expected *e)
{
	json_t *root = parse(frame->data);
	const json_t *choices = json_object_get(root, "choices");
	const json_t *usage = json_object_get(root, "usage");
	const json_t *error = json_object_get(root, "error");
	enum frame_kind kind = FRAME_OTHER;

	if (str_equal(str_trim(frame->data), S("[DONE]"))) {
		e->done = true;
		kind = FRAME_DONE;
	} else if (!frame->has_data && frame->has_comment) {
		kind = FRAME_COMMENT;
	} else if (error && json_typeof(error) != JSON_NULL) {
		kind = FRAME_ERROR;
	} else if (json_array_size(choices) > 0) {
		kind = FRAME_CONTENT;
	} else if (usage && json_typeof(usage) == JSON_OBJECT) {
		kind = FRAME_USAGE_ONLY;
	}
	if (root)
		expect_answer(root, false, e);
	json_decref(root);
	return kind;
}

static void check_splice_frame(const struct frame *frame, struct stream *s)
{
	struct splice splice;
	struct frames frames;
	struct frame again;
	struct error err = ERROR_INIT;
	json_t *expected = parse(frame->data);
	char *text;

	facts_splice_frame(frame, &s->facts, S(METADATA), &splice);
	if (!json_object_get(expected, "metadata"))
		json_object_set_new(expected, "metadata", parse(S(METADATA)));
	text = json_dumps(expected, JSON_COMPACT);
	frames_init(&frames, FRAMING_SSE, 1 << 20);
	frames_feed(&frames, splice_join(&splice, &s->arena));
	assert_int_equal(frames_next(&frames, &again, &err), FRAMES_EVENT);
	assert_same_json(again.data, str_of(text), s->name);
	frames_release(&frames);
	free(text);
	json_decref(expected);
}

static void visit_frame(const struct frame *frame, void *context)
{
	struct stream *s = context;
	struct error err = ERROR_INIT;
	enum frame_kind kind = expect_frame(frame, &s->expected);
	struct arena_mark mark = arena_mark(&s->arena);

	if (!openai->read_frame(frame, &s->facts, &s->arena, &err))
		fail_msg("%s: %s: %.*s", s->name, error_detail(&err),
			STR_ARG(frame->data));
	if (s->facts.frame != kind)
		fail_msg("%s: %d is not %d: %.*s", s->name, s->facts.frame,
			kind, STR_ARG(frame->raw));
	if (kind == FRAME_USAGE_ONLY || kind == FRAME_CONTENT)
		check_splice_frame(frame, s);
	s->totals->frames++;
	s->totals->kinds[kind]++;
	arena_rewind(&s->arena, mark);
}

static void visit_stream(const struct recording *r, struct totals *totals)
{
	struct stream s = { .name = r->name, .totals = totals };

	s.expected = nothing;
	chat_facts_init(&s.facts);
	arena_init(&s.arena, 4096);
	recording_frames(r->response, visit_frame, &s);
	compare(&s.facts, &s.expected, r->name);
	totals->streams++;
	totals->with_usage += s.facts.has_usage;
	totals->failed += s.facts.failed;
	arena_release(&s.arena);
}

static void visit(const struct recording *r, void *context)
{
	if (!r->response.p)
		return;
	if (recording_is(r, "json") && r->response.p[0] != '[')
		visit_reply(r, context);
	else if (recording_is(r, "sse"))
		visit_stream(r, context);
}

static void recorded_answers_are_understood(void **state)
{
	struct totals totals = { 0 };

	(void)state;
	recordings_visit(visit, &totals);
	print_message("%zu answers, %zu streams (%zu frames: %zu content, %zu "
		      "usage only, %zu comments, %zu other); %zu with usage, "
		      "%zu failed\n",
		totals.replies, totals.streams, totals.frames,
		totals.kinds[FRAME_CONTENT], totals.kinds[FRAME_USAGE_ONLY],
		totals.kinds[FRAME_COMMENT], totals.kinds[FRAME_OTHER],
		totals.with_usage, totals.failed);
	assert_true(totals.replies >= 300);
	assert_true(totals.streams >= 130);
	assert_true(totals.with_usage >= 300);
	assert_true(totals.kinds[FRAME_USAGE_ONLY] >= 20);
	print_message("%zu of %zu plain answers seen at once\n", totals.plain,
		totals.plain_in_full);
	assert_true(totals.plain >= 200);
	assert_true(totals.plain * 10 >= totals.plain_in_full * 9);
}

/* --- by hand --- */

static const struct {
	const char *usage;
	int64_t prompt, completion, cached, cache_write, reasoning;
} usages[] = {
	{ "{}", -1, -1, -1, -1, -1 },
	{ "{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}", 1,
		2, -1, -1, -1 },
	{ "{\"prompt_tokens\":null,\"completion_tokens\":-2}", -1, -1, -1, -1,
		-1 },
	{ "{\"prompt_tokens\":1.5,\"completion_tokens\":\"2\"}", -1, -1, -1, -1,
		-1 },
	{ "{\"prompt_tokens\":99999999999,\"completion_tokens\":1}", -1, 1, -1,
		-1, -1 },
	{ "{\"prompt_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":4,"
	  "\"cache_write_tokens\":3},\"completion_tokens\":7,"
	  "\"completion_tokens_details\":{\"reasoning_tokens\":5},"
	  "\"total_tokens\":16}",
		9, 7, 4, 3, 5 },
	{ "{\"prompt_tokens\":9,\"prompt_tokens_details\":null,"
	  "\"completion_tokens_details\":null}",
		9, -1, -1, -1, -1 },
	/* DeepSeek */
	/* what was cached is part of the prompt, though Azure's Grok leaves it
	 * out */
	{ "{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":12,"
	  "\"prompt_tokens_details\":{\"cached_tokens\":161}}",
		171, 2, 161, -1, -1 },
	{ "{\"prompt_tokens\":9,\"prompt_cache_hit_tokens\":8}", 9, -1, 8, -1,
		-1 },
	/* xAI: the reasoning is beside the completion */
	{ "{\"prompt_tokens\":12,\"completion_tokens\":2,"
	  "\"completion_tokens_details\":{\"reasoning_tokens\":320},"
	  "\"total_tokens\":334}",
		12, 322, -1, -1, 320 },
	/* Gemini: it is not told at all */
	{ "{\"prompt_tokens\":7,\"completion_tokens\":12,"
	  "\"total_tokens\":402}",
		7, 395, -1, -1, -1 },
	/* Mistral: what it heard is in the total alone */
	{ "{\"prompt_tokens\":9,\"completion_tokens\":201,"
	  "\"total_tokens\":585,\"prompt_audio_seconds\":1}",
		384, 201, -1, -1, -1 },
};

static void usage_is_what_is_billed(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
		struct str body =
			arena_printf(&arena, "{\"usage\":%s}", usages[i].usage);
		struct error err = ERROR_INIT;
		struct chat_facts f;

		chat_facts_init(&f);
		assert_true(openai->read_reply(body, &arena, &f, &err));
		assert_true(f.has_usage);
		assert_int_equal(f.usage.prompt, usages[i].prompt);
		assert_int_equal(f.usage.completion, usages[i].completion);
		assert_int_equal(f.usage.cached, usages[i].cached);
		assert_int_equal(f.usage.cache_write, usages[i].cache_write);
		assert_int_equal(f.usage.reasoning, usages[i].reasoning);
	}
	arena_release(&arena);
}

static void garbage_is_not_an_answer(void **state)
{
	static const struct str bodies[] = { STR(""), STR("[]"), STR("null"),
		STR("<html>"), STR("{\"choices\":["), STR("{}x"),
		STR("{\"a\":\"\xff\"}"), STR("{\"a\":\"\0\"}") };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct frame frame = { .data = bodies[i], .has_data = true };
		struct error err = ERROR_INIT;
		struct chat_facts facts;

		chat_facts_init(&facts);
		assert_false(
			openai->read_reply(bodies[i], &arena, &facts, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
		if (bodies[i].n == 0)
			continue;
		err = (struct error)ERROR_INIT;
		assert_false(openai->read_frame(&frame, &facts, &arena, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
	arena_release(&arena);
}

static const struct {
	const char *body;
	const char *expected;
} replies[] = {
	{ "{}", "{\"metadata\":" METADATA "}" },
	{ " { } \n", " { \"metadata\":" METADATA "} \n" },
	{ "{\"id\": \"x\" }\n",
		"{\"id\": \"x\" ,\"metadata\":" METADATA "}\n" },
	{ "{\"metadata\":null}", "{\"metadata\":null}" },
	{ "{\"met\\u0061data\":{}}", "{\"met\\u0061data\":{}}" },
	{ "{\"a\":{\"metadata\":1}}",
		"{\"a\":{\"metadata\":1},\"metadata\":" METADATA "}" },
};

static void metadata_is_the_last_member(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		struct str body = str_of(replies[i].body);
		struct error err = ERROR_INIT;
		struct chat_facts facts;
		struct splice splice;

		chat_facts_init(&facts);
		assert_true(openai->read_reply(body, &arena, &facts, &err));
		facts_splice_reply(body, &facts, S(METADATA), &splice);
		assert_text(splice_join(&splice, &arena), replies[i].expected);
	}
	arena_release(&arena);
}

#define CHUNK "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}"

static const struct {
	const char *stream;
	enum frame_kind kind;
	const char *spliced;
} frames_by_hand[] = {
	{ "data: " CHUNK "\n\n", FRAME_USAGE_ONLY,
		"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1},"
		"\"metadata\":" METADATA "}\n\n" },
	{ "id: 1\r\ndata:" CHUNK " \r\n: }\r\n\r\n", FRAME_USAGE_ONLY,
		"id: 1\r\ndata:{\"choices\":[],\"usage\":{\"prompt_tokens\":1},"
		"\"metadata\":" METADATA "} \r\n: }\r\n\r\n" },
	/* in several lines: as it is */
	{ "data: {\"choices\":[],\ndata: \"usage\":{}}\n\n", FRAME_USAGE_ONLY,
		"data: {\"choices\":[],\ndata: \"usage\":{}}\n\n" },
	{ "data: {\"choices\":[],\"usage\":null}\n\n", FRAME_OTHER, NULL },
	{ "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n",
		FRAME_OTHER, NULL },
	{ "data: {\"choices\":[{}],\"usage\":{}}\n\n", FRAME_CONTENT, NULL },
	{ "data: {}\n\n", FRAME_OTHER, NULL },
	{ "data:\n\n", FRAME_OTHER, NULL },
	{ "event: ping\n\n", FRAME_OTHER, NULL },
	{ ": ping\n\n", FRAME_COMMENT, NULL },
	{ "\n", FRAME_OTHER, NULL },
	{ "data: [DONE]\n\n", FRAME_DONE, NULL },
	{ "data:  [DONE] \n\n", FRAME_DONE, NULL },
	{ "data: {\"error\":{\"message\":\"no\"}}\n\n", FRAME_ERROR, NULL },
	{ "data: {\"error\":\"no\"}\n\n", FRAME_ERROR, NULL },
	{ "data: {\"error\":null,\"choices\":[{}]}\n\n", FRAME_CONTENT, NULL },
	{ "event: error\ndata: {\"message\":\"no\"}\n\n", FRAME_ERROR, NULL },
	{ "data: {\"object\":\"error\",\"message\":\"no\"}\n\n", FRAME_ERROR,
		NULL },
};

static void frames_are_told_apart(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(frames_by_hand); i++) {
		struct error err = ERROR_INIT;
		struct chat_facts facts;
		struct splice splice;
		struct frames frames;
		struct frame frame;

		chat_facts_init(&facts);
		frames_init(&frames, FRAMING_SSE, 1024);
		frames_feed(&frames, str_of(frames_by_hand[i].stream));
		assert_int_equal(
			frames_next(&frames, &frame, &err), FRAMES_EVENT);
		assert_true(openai->read_frame(&frame, &facts, &arena, &err));
		if (facts.frame != frames_by_hand[i].kind)
			fail_msg("%s: %d", frames_by_hand[i].stream,
				facts.frame);
		assert_int_equal(facts.failed, facts.frame == FRAME_ERROR);
		if (facts.failed)
			assert_string_equal(facts.failure.message, "no");
		if (frames_by_hand[i].spliced) {
			facts_splice_frame(
				&frame, &facts, S(METADATA), &splice);
			assert_text(splice_join(&splice, &arena),
				frames_by_hand[i].spliced);
		}
		frames_release(&frames);
	}
	arena_release(&arena);
}

static const struct {
	const char *message;
	int64_t bytes;
} texts[] = {
	{ "{\"content\":\"abc\"}", 3 },
	{ "{\"content\":null}", 0 },
	{ "{\"content\":\"\\n\\\"\\\\\"}", 3 },
	{ "{\"content\":\"\\u0041\\u00e9\\u20ac\"}", 1 + 2 + 3 },
	{ "{\"content\":\"\\ud83d\\ude00\"}", 4 },
	{ "{\"content\":\"\xc3\xa9\"}", 2 },
	{ "{\"content\":\"a\",\"reasoning\":\"bc\"}", 3 },
	{ "{\"reasoning\":\"bc\",\"reasoning_content\":\"bc\"}", 2 },
	{ "{\"refusal\":\"no\"}", 2 },
	{ "{\"tool_calls\":[{\"function\":{\"name\":\"f\","
	  "\"arguments\":\"{\\\"a\\\":1}\"}}]}",
		1 + 7 },
	{ "{\"tool_calls\":[{\"custom\":{\"name\":\"f\",\"input\":\"xy\"}}]}",
		3 },
	{ "{\"content\":[{\"type\":\"text\",\"text\":\"ab\"},"
	  "{\"type\":\"thinking\",\"thinking\":[{\"text\":\"c\"}]}]}",
		3 },
	{ "{\"content\":7,\"tool_calls\":null,\"refusal\":[]}", 0 },
};

static void written_bytes_are_counted(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct str body = arena_printf(&arena,
			"{\"choices\":[{\"delta\":%s}]}", texts[i].message);
		struct frame frame = { .data = body, .has_data = true };
		struct error err = ERROR_INIT;
		struct chat_facts facts;

		chat_facts_init(&facts);
		for (int twice = 1; twice <= 2; twice++) {
			assert_true(openai->read_frame(
				&frame, &facts, &arena, &err));
			assert_int_equal(
				facts.output_bytes, twice * texts[i].bytes);
		}
	}
	arena_release(&arena);
}

static void some_answers_are_not_plain(void **state)
{
	static const struct {
		const char *body;
		bool is_plain;
	} answers[] = {
		{ "{\"choices\":[{\"message\":{\"content\":\"x\"},"
		  "\"finish_reason\":\"stop\"}]}",
			true },
		{ "{\"choices\":[]}", false },
		{ "{}", false },
		{ "{\"choices\":[{\"message\":{\"content\":\"x\"},"
		  "\"finish_reason\":null}]}",
			false },
		{ "{\"choices\":[{\"message\":{\"content\":\"x\"},"
		  "\"finish_reason\":\"content_filter\"}]}",
			false },
		{ "{\"choices\":[{\"message\":{\"refusal\":\"no\"},"
		  "\"finish_reason\":\"stop\"}]}",
			false },
		{ "{\"choices\":[{\"message\":{\"content\":\"x\"},"
		  "\"finish_reason\":\"stop\"},{\"message\":{\"content\":"
		  "\"y\"},\"finish_reason\":\"content_filter\"}]}",
			false },
		{ "{\"error\":{\"message\":\"x\"},\"choices\":[{\"message\":"
		  "{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}",
			false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct error err = ERROR_INIT;
		struct chat_facts facts;
		struct arena arena;

		arena_init(&arena, 4096);
		chat_facts_init(&facts);
		assert_true(openai->read_reply(
			str_of(answers[i].body), &arena, &facts, &err));
		assert_int_equal(facts.is_plain, answers[i].is_plain);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_is_what_is_billed),
		cmocka_unit_test(garbage_is_not_an_answer),
		cmocka_unit_test(metadata_is_the_last_member),
		cmocka_unit_test(frames_are_told_apart),
		cmocka_unit_test(written_bytes_are_counted),
		cmocka_unit_test(recorded_answers_are_understood),
		cmocka_unit_test(some_answers_are_not_plain),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
