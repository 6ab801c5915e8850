/*
 * openai_chat/stream.c - another dialect's events become the stream that
 * OpenAI's clients expect, from the first chunk to [DONE].
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>

#include "../recordings.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

/* A stream that is being written, and the event that is being made. */
struct stream {
	struct arena arena;
	void *writer;
	struct chat_event event;
	struct chat_choice choice;
	struct buf out;
};

static void begin(struct stream *s, bool wants_usage)
{
	struct chat_start start = { .request_id = S("r1"),
		.created_unix_s = 9,
		.model = S("m"),
		.wants_usage = wants_usage };

	arena_init(&s->arena, 4096);
	buf_init(&s->out, 1 << 20);
	s->writer = openai->writer_new(&start, &s->arena);
}

static void end(struct stream *s)
{
	buf_release(&s->out);
	arena_release(&s->arena);
}

/* A delta of one choice, to be filled and sent. */
static struct chat_message *make(struct stream *s, int64_t choice)
{
	s->event = (struct chat_event){ .kind = CHAT_EVENT_DELTA };
	chat_response_init(&s->event.delta, S("another"));
	s->choice = (struct chat_choice){ .index = choice };
	chat_message_init(&s->choice.message);
	s->event.delta.choices = &s->choice;
	s->event.delta.choice_count = 1;
	return &s->choice.message;
}

static void send(struct stream *s)
{
	openai->write_event(&s->event, s->writer, &s->out);
}

static void send_text(struct stream *s, int64_t choice, const char *text)
{
	chat_message_add(make(s, choice), CHAT_TEXT, &s->arena)->text =
		str_of(text);
	send(s);
}

static void send_finish(
	struct stream *s, int64_t choice, enum chat_finish finish)
{
	make(s, choice);
	s->choice.finish = finish;
	send(s);
}

static void send_usage(struct stream *s, int64_t prompt, int64_t completion)
{
	make(s, 0);
	s->event.delta.choice_count = 0;
	s->event.delta.has_usage = true;
	s->event.delta.usage.prompt = prompt;
	s->event.delta.usage.completion = completion;
	send(s);
}

static void send_done(struct stream *s)
{
	make(s, 0);
	s->event.kind = CHAT_EVENT_DONE;
	send(s);
}

static struct chat_part *make_call(struct stream *s, int64_t index,
	const char *id, const char *name, const char *arguments)
{
	struct chat_part *part =
		chat_message_add(make(s, 0), CHAT_TOOL_CALL, &s->arena);

	part->call.index = index;
	part->call.id = str_of(id);
	part->call.name = str_of(name);
	part->call.arguments = str_of(arguments);
	return part;
}

#define CHUNK(id, rest)                                            \
	"data: {\"object\":\"chat.completion.chunk\",\"id\":\"" id \
	"\",\"created\":9,\"model\":\"m\",\"choices\":[" rest "}\n\n"
#define CHOICE(index, delta, finish)                                           \
	"{\"index\":" index ",\"delta\":{" delta "},\"finish_reason\":" finish \
	"}]"
#define FIRST "\"role\":\"assistant\""
#define DONE "data: [DONE]\n\n"

static void assert_written(struct stream *s, const char *expected)
{
	assert_text(buf_str(&s->out), expected);
}

static void a_stream_is_whole(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true);
	send_text(&s, 0, "a");
	send_text(&s, 0, "b");
	send_usage(&s, 5, 1);
	send_finish(&s, 0, CHAT_FINISH_STOP);
	send_finish(&s, 0, CHAT_FINISH_LENGTH);
	send_usage(&s, -1, 2);
	send_done(&s);
	send_done(&s);
	assert_written(&s,
		CHUNK("r1", CHOICE("0", FIRST ",\"content\":\"a\"",
				    "null")) CHUNK("r1",
			CHOICE("0", "\"content\":\"b\"", "null")) CHUNK("r1",
			CHOICE("0", "", "\"stop\"")) CHUNK("r1",
			"],\"usage\":{\"prompt_tokens\":5,"
			"\"completion_tokens\":2,\"total_tokens\":7}") DONE);
	end(&s);
}

static void usage_is_for_who_asked(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, false);
	send_text(&s, 0, "a");
	send_usage(&s, 5, 1);
	send_finish(&s, 0, CHAT_FINISH_FILTER);
	send_done(&s);
	assert_written(&s,
		CHUNK("r1", CHOICE("0", FIRST ",\"content\":\"a\"", "null"))
			CHUNK("r1", CHOICE("0", "", "\"content_filter\""))
				DONE);
	end(&s);
}

static void metadata_goes_with_the_usage(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true);
	send_finish(&s, 0, CHAT_FINISH_STOP);
	make(&s, 0);
	s.event.delta.choice_count = 0;
	s.event.delta.has_usage = true;
	s.event.metadata = S("{\"a\":\n1}");
	s.event.done = true;
	send(&s);
	assert_written(
		&s, CHUNK("r1", CHOICE("0", FIRST, "\"stop\"")) CHUNK("r1",
			    "],\"usage\":{\"prompt_tokens\":0,"
			    "\"completion_tokens\":0,\"total_tokens\":0},"
			    "\"metadata\":{\"a\": 1}") DONE);
	end(&s);
}

/* What the provider calls itself stays the same in every chunk. */
static void the_providers_id_is_kept(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true);
	make(&s, 0);
	s.event.delta.id = S("msg_1");
	s.event.delta.choice_count = 0;
	send(&s);
	chat_message_add(make(&s, 0), CHAT_TEXT, &s.arena)->text = S("a");
	s.event.delta.model = S("m");
	send(&s);
	send_text(&s, 0, "b");
	make(&s, 0);
	s.event.delta.id = S("msg_2");
	s.choice.finish = CHAT_FINISH_STOP;
	send(&s);
	assert_written(&s,
		CHUNK("msg_1", CHOICE("0", FIRST ",\"content\":\"a\"", "null"))
			CHUNK("msg_1", CHOICE("0", "\"content\":\"b\"", "null"))
				CHUNK("msg_1", CHOICE("0", "", "\"stop\"")));
	end(&s);
}

static void choices_are_apart(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true);
	send_text(&s, 1, "b");
	send_text(&s, 0, "a");
	send_text(&s, 200, "nobody asked for as many");
	send_finish(&s, 1, CHAT_FINISH_LENGTH);
	send_done(&s);
	/* The other one's finish was forgotten. */
	assert_written(&s,
		CHUNK("r1", CHOICE("1", FIRST ",\"content\":\"b\"", "null"))
			CHUNK("r1",
				CHOICE("0", FIRST ",\"content\":\"a\"", "null"))
				CHUNK("r1", CHOICE("1", "", "\"length\""))
					CHUNK("r1", CHOICE("0", "", "\"stop\""))
						DONE);
	end(&s);
}

static void calls_have_all_that_clients_need(void **state)
{
	struct stream s;
	struct chat_part *part;

	(void)state;
	begin(&s, true);
	part = make_call(&s, 0, "t1", "f", NULL);
	part->signature.text = S("x");
	part->signature.origin = S("gemini");
	send(&s);
	make_call(&s, 0, NULL, NULL, "{\"a");
	send(&s);
	make_call(&s, 1, NULL, "g", "{}");
	send(&s);
	part = make_call(&s, 2, "t3", "c", "in");
	part->call.type = S("custom");
	send(&s);
	make_call(&s, 2, "t3", "c", "put");
	send(&s);
	send_done(&s);
#define CALL(members) "\"tool_calls\":[{" members "}]"
	assert_written(&s,
		CHUNK("r1",
			CHOICE("0",
				FIRST "," CALL(
					"\"index\":0,\"id\":\"t1\",\"type\":"
					"\"function\",\"function\":{\"name\":\"f\","
					"\"arguments\":\"\"},\"extra_content\":{"
					"\"google\":{\"thought_signature\":"
					"\"gemini:x\"}}"),
				"null")) CHUNK("r1",
			CHOICE("0",
				CALL("\"index\":0,\"function\":{\"arguments\":"
				     "\"{\\\"a\"}"),
				"null")) CHUNK("r1",
			CHOICE("0",
				CALL("\"index\":1,\"id\":\"call_r1_1\",\"type\":"
				     "\"function\",\"function\":{\"name\":\"g\","
				     "\"arguments\":\"{}\"}"),
				"null")) CHUNK("r1",
			CHOICE("0",
				CALL("\"index\":2,\"id\":\"t3\",\"type\":\"custom\","
				     "\"custom\":{\"name\":\"c\",\"input\":"
				     "\"in\"}"),
				"null")) CHUNK("r1",
			CHOICE("0",
				CALL("\"index\":2,\"custom\":{\"input\":\"put\"}"),
				"null"))
			CHUNK("r1", CHOICE("0", "", "\"tool_calls\"")) DONE);
	end(&s);
}

static void thinking_is_told_twice(void **state)
{
	struct chat_part *part;
	struct stream s;

	(void)state;
	begin(&s, true);
	chat_message_add(make(&s, 0), CHAT_THINKING, &s.arena)->text = S("t");
	send(&s);
	part = chat_message_add(make(&s, 0), CHAT_THINKING, &s.arena);
	part->signature.text = S("x");
	send(&s);
	part = chat_message_add(make(&s, 0), CHAT_REDACTED_THINKING, &s.arena);
	part->data = S("d");
	part->signature.origin = S("anthropic");
	send(&s);
	assert_written(&s,
		CHUNK("r1",
			CHOICE("0",
				FIRST
				",\"reasoning_details\":[{\"type\":\"reasoning.text\","
				"\"text\":\"t\"}],\"reasoning_content\":\"t\"",
				"null")) CHUNK("r1",
			CHOICE("0",
				"\"reasoning_details\":[{\"type\":\"reasoning.text\","
				"\"signature\":\"another:x\"}]",
				"null")) CHUNK("r1",
			CHOICE("0",
				"\"reasoning_details\":[{\"type\":"
				"\"reasoning.encrypted\",\"data\":\"anthropic:d\"}]",
				"null")));
	end(&s);
}

/* Where in the whole text, though only the new part of it is here. */
static void citations_count_from_the_beginning(void **state)
{
	struct chat_citation citation = { .url = S("u"),
		.title = S("t"),
		.start_index = -1,
		.end_index = -1 };
	struct stream s;

	(void)state;
	begin(&s, true);
	send_text(&s, 0,
		"\xe2\x82\xac"
		"12");
	buf_clear(&s.out);
	chat_message_add(make(&s, 0), CHAT_TEXT, &s.arena)->text = S("345");
	s.choice.message.parts->citations = &citation;
	send(&s);
	assert_written(&s,
		CHUNK("r1",
			CHOICE("0",
				"\"content\":\"345\",\"annotations\":[{\"type\":"
				"\"url_citation\",\"url_citation\":{\"url\":\"u\","
				"\"title\":\"t\",\"start_index\":3,\"end_index\":6}}]",
				"null")));
	end(&s);
}

static void an_empty_stream_is_done(void **state)
{
	struct stream s;

	(void)state;
	begin(&s, true);
	make(&s, 0);
	s.event.kind = CHAT_EVENT_NOTHING;
	send(&s);
	send_done(&s);
	assert_written(&s, DONE);
	end(&s);
}

/* Nothing comes behind an error. */
static void an_error_ends_the_stream(void **state)
{
	struct stream s;
	json_t *root, *error;

	(void)state;
	begin(&s, true);
	make(&s, 0);
	s.event.kind = CHAT_EVENT_ERROR;
	s.event.error_message = S("too\nmuch");
	s.event.error_status = 429;
	send(&s);
	send_text(&s, 0, "a");
	send_done(&s);
	assert_true(str_starts(buf_str(&s.out), S("data: {")));
	root = parse(str_trim(str_from(buf_str(&s.out), 6)));
	error = json_object_get(root, "error");
	assert_text(recorded_text(error, "message"), "too much");
	assert_text(recorded_text(error, "type"), "rate_limit_error");
	json_decref(root);
	end(&s);
}

/* Line ends between tokens must not end the event that is written. */
static void an_event_of_many_lines_becomes_one(void **state)
{
	struct frame frame = { .data = S("{\"choices\":[\n],\r\"x\":1}"),
		.event = S("e"),
		.has_data = true };
	struct error err = ERROR_INIT;
	struct stream s;

	(void)state;
	begin(&s, true);
	assert_true(openai->read_event(&frame, openai->reader_new(&s.arena),
		&s.arena, &s.event, &err));
	send(&s);
	assert_written(&s, "event: e\ndata: {\"choices\":[ ], \"x\":1}\n\n");
	buf_clear(&s.out);
	make(&s, 0);
	s.choice.logprobs = S("{\"content\":\n[]}");
	send(&s);
	assert_written(&s,
		"data: {\"object\":\"chat.completion.chunk\",\"id\":\"r1\","
		"\"created\":9,\"model\":\"m\",\"choices\":[{\"index\":0,"
		"\"delta\":{\"role\":\"assistant\"},\"finish_reason\":null,"
		"\"logprobs\":{\"content\": []}}]}\n\n");
	end(&s);
}

/* However long the stream, the writer holds no more. (A sanitizer's malloc
 * counts nothing.) */
static void memory_stays_flat(void **state)
{
	struct stream s;
	struct arena_mark mark;
	size_t before = 0;

	(void)state;
	begin(&s, true);
	mark = arena_mark(&s.arena);
	for (int i = 0; i < 100000; i++) {
		if (i == 100)
			before = mallinfo2().uordblks;
		make_call(&s, i / 50000, "t", "f", "{\"abc\":\"def\"}");
		send(&s);
		buf_clear(&s.out);
		arena_rewind(&s.arena, mark);
	}
	assert_true(mallinfo2().uordblks <= before + 4096);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_whole),
		cmocka_unit_test(usage_is_for_who_asked),
		cmocka_unit_test(metadata_goes_with_the_usage),
		cmocka_unit_test(the_providers_id_is_kept),
		cmocka_unit_test(choices_are_apart),
		cmocka_unit_test(calls_have_all_that_clients_need),
		cmocka_unit_test(thinking_is_told_twice),
		cmocka_unit_test(citations_count_from_the_beginning),
		cmocka_unit_test(an_empty_stream_is_done),
		cmocka_unit_test(an_error_ends_the_stream),
		cmocka_unit_test(an_event_of_many_lines_becomes_one),
		cmocka_unit_test(memory_stays_flat),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
