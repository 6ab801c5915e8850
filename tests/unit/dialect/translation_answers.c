/*
 * translation_answers.c - the answers to one conversation in several formats,
 * as every other dialect's client gets them: words, calls with their ids, how
 * it ended, and the tokens to the last one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "translation_cases.h"

static struct conversations all;

/* Only OpenAI's clients can give a model such a tool; of another client's
 * request it would be refused. */
#define WRAPPED "the input of a custom tool is a text, not an object"
#define UNSAID "thinking without words has no place in a whole answer"

static struct difference differences[] = {
	{ "openai_responses", "anthropic gemini ollama bedrock",
		"responsesAdditionalToolsMultipleToolsParam", "reply", WRAPPED,
		false },
	{ "openai_responses", "gemini ollama",
		"responsesAdditionalToolsMultipleToolsParam", "stream", WRAPPED,
		false },
	{ "openai_responses", "anthropic bedrock",
		"responsesAdditionalToolsMultipleToolsParam", "at once",
		WRAPPED, false },
	{ "openai_responses", "anthropic gemini ollama bedrock",
		"responsesCustomToolCallStreamingParam", "reply", WRAPPED,
		false },
	{ "openai_responses", "gemini ollama",
		"responsesCustomToolCallStreamingParam", "stream", WRAPPED,
		false },
	{ "openai_responses", "anthropic bedrock",
		"responsesCustomToolCallStreamingParam", "at once", WRAPPED,
		false },
	{ "openai_responses", "bedrock",
		"anthropicOpus5AdaptiveThinkingMaxEffortParam", "at once",
		UNSAID, false },
	{ "openai_responses", "bedrock", "openaiServiceTierFastParam",
		"at once", UNSAID, false },
	{ "openai_responses", "bedrock",
		"responsesGpt56PersistedReasoningParam", "at once", UNSAID,
		false },
	{ "anthropic", "bedrock", "fableTemperatureParam", "at once", UNSAID,
		false },
};

/* What an answer of that format tells beyond what all of them do. */
static const struct details {
	const char *dialect;
	bool cached;
	bool cache_write;
	bool reasoning;
	bool sources;
} details[] = {
	{ "openai_chat", true, true, true, true },
	{ "openai_responses", true, true, true, true },
	{ "anthropic", true, true, true, true },
	{ "gemini", true, false, true, true },
	{ "cohere", true, false, true, true },
	{ "ollama", false, false, false, false },
	{ "bedrock", true, true, false, true },
};

static const struct details *details_of(const struct dialect *dialect)
{
	const struct details *row = details;

	while (strcmp(row->dialect, dialect->name) != 0)
		row++;
	return row;
}

static void tell_count(
	bool has, const char *name, int64_t count, struct buf *out)
{
	if (has && count > 0)
		buf_printf(out, "%s %" PRId64 "\n", name, count);
}

static void tell_details(
	const struct details *has, const struct heard *heard, struct buf *out)
{
	tell_count(has->cached, "cached", heard->usage.cached, out);
	tell_count(has->cache_write, "written", heard->usage.cache_write, out);
	tell_count(has->reasoning, "reasoning", heard->usage.reasoning, out);
	for (size_t i = 0; i < heard->choice_count; i++) {
		const struct heard_choice *choice = &heard->choices[i];

		if (has->sources)
			meaning_line("sources", &choice->sources, out);
		for (size_t c = 0; c < choice->call_count; c++)
			meaning_line("id", &choice->calls[c].id, out);
	}
}

static void compare_answers(
	struct pair *pair, struct heard *said, struct heard *heard)
{
	const struct details *has = details_of(pair->across.to);
	struct buf before = BUF_INIT(SUITE_MAX), after = BUF_INIT(SUITE_MAX);

	across_compare_heard(&pair->across, said, heard);
	tell_details(has, said, &before);
	tell_details(has, heard, &after);
	suite_compare(&pair->across.suite, buf_str(&after), buf_str(&before));
	buf_release(&before);
	buf_release(&after);
}

/* Signatures in the order of what they sign. Where a format has no place for
 * that of a call, it comes as thinking before it. */
static void tell_signatures(const struct heard *heard, struct buf *out)
{
	for (size_t i = 0; i < heard->choice_count; i++) {
		const struct heard_choice *choice = &heard->choices[i];
		struct str rest = buf_str(&choice->signatures);

		while (rest.n > 0) {
			size_t at = str_find(rest, S("next:"));

			buf_append(out, str_head(rest, at));
			rest = str_from(rest, at + strlen("next:"));
		}
		for (size_t c = 0; c < choice->call_count; c++)
			buf_append(out, buf_str(&choice->calls[c].signature));
		buf_append(out, buf_str(&choice->sealed));
		buf_append_char(out, '\n');
	}
}

/* The same answer as a whole and as a stream, to the same client. */
static void compare_ways(
	struct pair *pair, struct heard *whole, struct heard *stream)
{
	struct buf before = BUF_INIT(SUITE_MAX), after = BUF_INIT(SUITE_MAX);

	compare_answers(pair, whole, stream);
	tell_signatures(whole, &before);
	tell_signatures(stream, &after);
	suite_compare(&pair->across.suite, buf_str(&after), buf_str(&before));
	buf_release(&before);
	buf_release(&after);
}

/* What a client of the other dialect hears. */
struct ear {
	struct pair *pair;
	const struct dialect *from; /* whose words they are */
	void *reader;
	size_t named;
	struct arena memory;
	struct heard heard;
	/* on the way there; NULL on the way back */
	const struct dialect *to;
	void *writer;
	struct buf *out;
};

static void ear_init(
	struct ear *ear, struct pair *pair, const struct dialect *from)
{
	*ear = (struct ear){ .pair = pair, .from = from };
	arena_init(&ear->memory, 4096);
	heard_init(&ear->heard);
	if (from->reader_new)
		ear->reader = from->reader_new(&ear->memory);
}

static void ear_release(struct ear *ear)
{
	heard_release(&ear->heard);
	arena_release(&ear->memory);
}

static void ear_tell(struct ear *ear, const struct dialect *to, struct buf *out)
{
	struct chat_start start = { .request_id = S("req-1"),
		.created_unix_s = 1700000000,
		.model = S("a-model"),
		.wants_usage = true };

	ear->to = to;
	ear->out = out;
	if (to->writer_new)
		ear->writer = to->writer_new(&start, &ear->memory);
}

static void hear_event(
	struct ear *ear, struct chat_event *event, struct arena *scratch)
{
	bool is_over = ear->heard.done || ear->heard.failed;

	name_calls(&event->delta, &ear->named, scratch);
	heard_add_event(&ear->heard, event);
	if (ear->out && !is_over)
		ear->to->write_event(event, ear->writer, ear->out);
}

static void hear_frame(const struct frame *frame, void *context)
{
	struct ear *ear = context;
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena scratch;

	arena_init(&scratch, 4096);
	if (ear->from->read_event(frame, ear->reader, &scratch, &event, &err))
		hear_event(ear, &event, &scratch);
	else
		suite_fail(&ear->pair->across.suite, "%s: %.*s",
			error_detail(&err),
			STR_ARG(str_head(frame->data, 300)));
	arena_release(&scratch);
}

/* The client's side of a stream. */
static void hear_stream(struct ear *client, struct str written)
{
	const struct dialect *from = client->from;
	struct suite *suite = &client->pair->across.suite;
	bool failed;

	suite_cut(written, from->framing, 0, hear_frame, client, &failed);
	if (failed || (across_tells_its_end(from) && !client->heard.done))
		suite_fail(suite, "the stream does not end");
	if (client->heard.fault)
		suite_fail(suite, "%s", client->heard.fault);
}

static void translate_stream(
	struct pair *pair, const char *name, struct str body)
{
	struct chat_event done = { .kind = CHAT_EVENT_DONE };
	struct buf out = BUF_INIT(SUITE_MAX);
	struct ear gateway, client;
	bool failed;

	if (!body.p)
		return;
	pair_visit(pair, name, "stream");
	pair->across.streams++;
	ear_init(&gateway, pair, pair->across.from);
	ear_tell(&gateway, pair->across.to, &out);
	suite_cut(body, pair->across.from->framing, 0, hear_frame, &gateway,
		&failed);
	chat_response_init(&done.delta, S(""));
	if (!gateway.heard.done)
		hear_event(&gateway, &done, &gateway.memory);
	if (failed || gateway.heard.fault)
		suite_fail(&pair->across.suite, "the recording is broken: %s",
			gateway.heard.fault ? gateway.heard.fault : "");
	ear_init(&client, pair, pair->across.to);
	hear_stream(&client, buf_str(&out));
	compare_answers(pair, &gateway.heard, &client.heard);
	ear_release(&client);
	ear_release(&gateway);
	buf_release(&out);
}

/* A provider that does not stream answers a client that does. */
static void hear_at_once(struct pair *pair, const char *name,
	const struct chat_response *response, struct ear *client)
{
	struct chat_event event = {
		.kind = CHAT_EVENT_DELTA, .delta = *response, .done = true
	};
	struct buf out = BUF_INIT(SUITE_MAX);
	struct ear gateway;

	pair_visit(pair, name, "at once");
	for (size_t i = 0; i < event.delta.choice_count; i++)
		chat_number_calls(&event.delta.choices[i].message);
	ear_init(&gateway, pair, pair->across.from);
	ear_tell(&gateway, pair->across.to, &out);
	gateway.to->write_event(&event, gateway.writer, &out);
	hear_stream(client, buf_str(&out));
	ear_release(&gateway);
	buf_release(&out);
}

static void hear_whole(struct pair *pair, const char *name,
	const struct chat_response *response, struct arena *arena,
	struct heard *heard)
{
	const struct dialect *to = pair->across.to;
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_response again;

	pair_visit(pair, name, "reply");
	to->write_response(response, &out);
	if (to->read_response(buf_str(&out), arena, &again, &err))
		heard_add_response(heard, &again, false);
	else
		suite_fail(&pair->across.suite, "%s", error_detail(&err));
	buf_release(&out);
}

static void translate_reply(
	struct pair *pair, const char *name, struct str body)
{
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct heard said, whole;
	struct ear client;
	struct arena arena;
	size_t named = 0;

	if (!body.p)
		return;
	arena_init(&arena, 65536);
	heard_init(&said);
	heard_init(&whole);
	ear_init(&client, pair, pair->across.to);
	pair->across.replies++;
	if (!pair->across.from->read_response(body, &arena, &response, &err))
		fail_msg("%s: %s", name, error_detail(&err));
	name_calls(&response, &named, &arena);
	heard_add_response(&said, &response, false);
	hear_whole(pair, name, &response, &arena, &whole);
	compare_answers(pair, &said, &whole);
	hear_at_once(pair, name, &response, &client);
	compare_ways(pair, &whole, &client.heard);
	ear_release(&client);
	heard_release(&said);
	heard_release(&whole);
	arena_release(&arena);
}

static size_t translate_answers(size_t from, size_t to)
{
	struct pair pair;

	pair_begin(&pair, format_dialect(from), dialect_find(all_dialects[to]),
		differences, ARRAY_LEN(differences));
	for (size_t i = 0; i < all.count; i++) {
		const struct conversation *row = &all.rows[i];

		translate_reply(&pair, row->name, row->first[from].response);
		translate_reply(&pair, row->name, row->next[from].response);
		translate_stream(&pair, row->name, row->first[from].stream);
		translate_stream(&pair, row->name, row->next[from].stream);
	}
	print_message("%-16s -> %-16s %3zu replies, %3zu streams\n",
		pair.across.from->name, pair.across.to->name,
		pair.across.replies, pair.across.streams);
	return pair_end(&pair);
}

static void answers_say_the_same_elsewhere(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < FORMATS; i++)
		for (size_t j = 0; j < DIALECTS; j++)
			if (i != j)
				failed += translate_answers(i, j);
	differences_check(differences, ARRAY_LEN(differences), failed);
}

/* --- a stream and the whole answer in it --- */

struct sum {
	struct heard *whole;
	struct arena *arena;
};

/* The last event of a Responses stream has the answer as a whole. */
static void find_whole(const struct frame *frame, void *context)
{
	struct sum *sum = context;
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct str data;
	struct json root;

	if (!str_equal(frame->event, S("response.completed")) &&
		!str_equal(frame->event, S("response.incomplete")))
		return;
	data = arena_copy(sum->arena, frame->data);
	assert_true(json_check(data, JSON_MAX_DEPTH, &root, &err));
	assert_true(format_dialect(RESPONSES)->read_response(
		json_find(root, S("response")).text, sum->arena, &response,
		&err));
	heard_add_response(sum->whole, &response, false);
}

static void add_up(struct pair *pair, const char *name, struct str body)
{
	struct heard whole;
	struct sum sum = { .whole = &whole };
	struct ear client;
	struct arena arena;
	bool failed;

	if (!body.p)
		return;
	arena_init(&arena, 65536);
	sum.arena = &arena;
	heard_init(&whole);
	pair_visit(pair, name, "sum");
	pair->across.streams++;
	ear_init(&client, pair, pair->across.from);
	hear_stream(&client, body);
	suite_cut(body, FRAMING_SSE, 0, find_whole, &sum, &failed);
	assert_true(whole.choice_count == 1 && client.heard.choice_count == 1);
	/* OpenAI encrypts the thinking anew in every event that shows it. */
	buf_clear(&whole.choices[0].signatures);
	buf_clear(&client.heard.choices[0].signatures);
	suite_compare_heard(&pair->across.suite, &whole, &client.heard);
	ear_release(&client);
	heard_release(&whole);
	arena_release(&arena);
}

static void streams_add_up_to_their_answers(void **state)
{
	const struct dialect *dialect = format_dialect(RESPONSES);
	struct pair pair;

	(void)state;
	pair_begin(&pair, dialect, dialect, NULL, 0);
	for (size_t i = 0; i < all.count; i++) {
		add_up(&pair, all.rows[i].name,
			all.rows[i].first[RESPONSES].stream);
		add_up(&pair, all.rows[i].name,
			all.rows[i].next[RESPONSES].stream);
	}
	print_message(
		"%zu streams of %s\n", pair.across.streams, dialect->name);
	differences_check(NULL, 0, pair_end(&pair));
}

static int load(void **state)
{
	(void)state;
	conversations_load(&all);
	return 0;
}

static int release(void **state)
{
	(void)state;
	conversations_release(&all);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_say_the_same_elsewhere),
		cmocka_unit_test(streams_add_up_to_their_answers),
	};

	return cmocka_run_group_tests(tests, load, release);
}
