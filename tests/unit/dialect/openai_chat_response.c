/*
 * openai_chat_response.c - answers and stream events read into the neutral
 * form and written again are the same; written for another dialect's answer
 * they are what OpenAI's clients expect.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

/* The answer's meaning, as one text to compare. */
static void describe(const struct chat_response *r, struct buf *out)
{
	json_append_quoted(out, r->id);
	json_append_quoted(out, r->model);
	for (size_t i = 0; i < r->choice_count; i++) {
		const struct chat_choice *choice = &r->choices[i];

		buf_printf(out, "choice %d ", choice->finish);
		json_append_quoted(out, choice->logprobs);
		for (const struct chat_part *part = choice->message.parts; part;
			part = part->next) {
			/* An answer's texts come as one string, and sealed
			 * thinking is told twice: see the member's name. */
			if (part->kind == CHAT_OTHER ||
				part->kind == CHAT_THINKING ||
				part->kind == CHAT_REDACTED_THINKING ||
				part->kind == CHAT_AUDIO)
				continue;
			if (part->kind == CHAT_TEXT) {
				buf_append(out, part->text);
				continue;
			}
			buf_printf(out, "\n%d %ld", part->kind,
				(long)part->call.index);
			json_append_quoted(out, part->text);
			json_append_quoted(out, part->call.id);
			json_append_quoted(out, part->call.name);
			json_append_quoted(out, part->call.arguments);
		}
	}
	if (r->has_usage)
		buf_printf(out, "usage %ld %ld %ld %ld %ld",
			(long)r->usage.prompt, (long)r->usage.completion,
			(long)r->usage.cached, (long)r->usage.cache_write,
			(long)r->usage.reasoning);
	assert_false(out->failed);
}

static void describe_thinking(const struct chat_response *r, struct buf *out)
{
	for (size_t i = 0; i < r->choice_count; i++)
		for (const struct chat_part *part = r->choices[i].message.parts;
			part; part = part->next)
			if (part->kind == CHAT_THINKING)
				buf_append(out, part->text);
}

static void assert_same_meaning(const struct chat_response *before,
	const struct chat_response *after, const char *name)
{
	struct buf a = BUF_INIT(16 << 20), b = BUF_INIT(16 << 20);

	describe(before, &a);
	describe(after, &b);
	describe_thinking(before, &a);
	describe_thinking(after, &b);
	if (!str_equal(buf_str(&a), buf_str(&b)))
		fail_msg("%s:\n%.*s\nis not\n%.*s", name, STR_ARG(buf_str(&b)),
			STR_ARG(buf_str(&a)));
	buf_release(&a);
	buf_release(&b);
}

/* Counts that the provider did not tell are written as none. */
static void settle(struct chat_usage *usage)
{
	usage->prompt = usage->prompt < 0 ? 0 : usage->prompt;
	usage->completion = usage->completion < 0 ? 0 : usage->completion;
}

static void read_response(
	struct str body, struct arena *arena, struct chat_response *out)
{
	struct error err = ERROR_INIT;

	if (!openai->read_response(body, arena, out, &err))
		fail_msg("%s: %.*s", error_detail(&err), STR_ARG(body));
}

static void check_same(struct str body, const char *name)
{
	struct buf out = BUF_INIT(16 << 20);
	struct chat_response response;
	struct arena arena;

	arena_init(&arena, 65536);
	read_response(body, &arena, &response);
	openai->write_response(&response, &out);
	assert_false(out.failed);
	assert_same_json(buf_str(&out), body, name);
	buf_release(&out);
	arena_release(&arena);
}

static const json_t *first_message(const json_t *root, const char *member)
{
	const json_t *choices = json_object_get(root, "choices");

	return json_object_get(json_array_get(choices, 0), member);
}

static void check_translated(struct str body, const char *name)
{
	struct buf out = BUF_INIT(16 << 20);
	struct chat_response before, after;
	struct arena arena;
	json_t *root;

	arena_init(&arena, 65536);
	read_response(body, &arena, &before);
	before.dialect = S("another");
	openai->write_response(&before, &out);
	assert_false(out.failed);
	read_response(buf_str(&out), &arena, &after);
	settle(&before.usage);
	assert_same_meaning(&before, &after, name);
	root = parse(buf_str(&out));
	assert_text(recorded_text(root, "object"), "chat.completion");
	if (before.choice_count > 0)
		assert_text(
			recorded_text(first_message(root, "message"), "role"),
			"assistant");
	json_decref(root);
	buf_release(&out);
	arena_release(&arena);
}

struct totals {
	size_t replies;
	size_t frames;
	size_t errors;
	size_t quiet;
};

/* --- events --- */

struct stream {
	const char *name;
	struct totals *totals;
	struct arena arena;
};

static void read_written(struct str text, struct frames *frames,
	struct frame *out, const char *name)
{
	struct error err = ERROR_INIT;

	frames_init(frames, 1 << 20);
	frames_feed(frames, text);
	if (frames_next(frames, out, &err) != FRAMES_EVENT)
		fail_msg("%s: %.*s", name, STR_ARG(text));
	assert_int_equal(out->raw.n, text.n);
}

static void check_event(
	const struct frame *frame, struct chat_event *event, struct stream *s)
{
	struct buf out = BUF_INIT(1 << 20);
	struct chat_event again;
	struct frames frames;
	struct frame written;
	struct error err = ERROR_INIT;

	openai->write_event(event, &out);
	read_written(buf_str(&out), &frames, &written, s->name);
	if (event->kind == CHAT_EVENT_DONE)
		assert_text(written.data, "[DONE]");
	else
		assert_same_json(written.data, frame->data, s->name);
	frames_release(&frames);
	buf_clear(&out);

	if (event->kind == CHAT_EVENT_DELTA) {
		event->delta.dialect = S("another");
		openai->write_event(event, &out);
		read_written(buf_str(&out), &frames, &written, s->name);
		assert_true(
			openai->read_event(&written, &s->arena, &again, &err));
		settle(&event->delta.usage);
		assert_same_meaning(&event->delta, &again.delta, s->name);
		frames_release(&frames);
	}
	buf_release(&out);
}

/* An error is told in our own words, with keys blotted out; the message is
 * all of it that comes back. */
static void check_error(const struct chat_event *event, struct stream *s)
{
	struct buf out = BUF_INIT(1 << 20);
	struct chat_event again;
	struct frames frames;
	struct frame written;
	struct error err = ERROR_INIT;

	openai->write_event(event, &out);
	read_written(buf_str(&out), &frames, &written, s->name);
	assert_true(openai->read_event(&written, &s->arena, &again, &err));
	assert_int_equal(again.kind, CHAT_EVENT_ERROR);
	assert_true(str_equal(again.error_message, event->error_message));
	frames_release(&frames);
	buf_release(&out);
}

static void visit_frame(const struct frame *frame, void *context)
{
	struct stream *s = context;
	struct arena_mark mark = arena_mark(&s->arena);
	struct error err = ERROR_INIT;
	struct chat_event event;

	if (!openai->read_event(frame, &s->arena, &event, &err))
		fail_msg("%s: %s", s->name, error_detail(&err));
	if (event.kind == CHAT_EVENT_NOTHING) {
		struct buf out = BUF_INIT(64);

		assert_int_equal(str_trim(frame->data).n, 0);
		openai->write_event(&event, &out);
		assert_int_equal(out.n, 0);
		s->totals->quiet++;
	} else if (event.kind == CHAT_EVENT_ERROR) {
		check_error(&event, s);
		s->totals->errors++;
	} else {
		check_event(frame, &event, s);
		s->totals->frames++;
	}
	arena_rewind(&s->arena, mark);
}

static void visit(const struct recording *r, void *context)
{
	struct totals *totals = context;
	struct stream s = { .name = r->name, .totals = totals };

	if (!r->response.p)
		return;
	if (recording_is(r, "json") && r->response.p[0] != '[') {
		check_same(r->response, r->name);
		check_translated(r->response, r->name);
		totals->replies++;
	} else if (recording_is(r, "sse")) {
		arena_init(&s.arena, 65536);
		recording_frames(r->response, visit_frame, &s);
		arena_release(&s.arena);
	}
}

static void recorded_answers_come_back(void **state)
{
	struct totals totals = { 0 };

	(void)state;
	recordings_visit(visit, &totals);
	print_message("%zu answers and %zu events come back equal; %zu error "
		      "events in our words, %zu comments and blanks left out\n",
		totals.replies, totals.frames, totals.errors, totals.quiet);
	assert_true(totals.replies >= 300);
	assert_true(totals.frames >= 2500);
	assert_true(totals.errors >= 1);
}

/* --- by hand --- */

#define CHOICE(choice) "{\"choices\":[" choice "]}"

static const char *const odd_bodies[] = {
	"{}",
	"{\"choices\":[]}",
	"{\"choices\":null,\"usage\":null}",
	"{\"choices\":[1]}",
	"{\"choices\":{}}",
	"{\"usage\":[],\"created\":1.5,\"id\":null,\"model\":7}",
	"{\"created\":-1,\"usage\":{}}",
	"{\"usage\":{\"prompt_tokens\":null,\"x\":{\"y\":1.50}}}",
	CHOICE("{}"),
	CHOICE("{\"message\":null,\"index\":0,\"finish_reason\":null}"),
	CHOICE("{\"message\":{},\"delta\":{},\"index\":-1}"),
	CHOICE("{\"message\":{\"role\":\"model\",\"content\":null}}"),
	CHOICE("{\"message\":{\"role\":\"assistant\",\"content\":[]}}"),
	CHOICE("{\"delta\":{\"content\":\"\"},\"finish_reason\":\"\"}"),
	CHOICE("{\"finish_reason\":\"new_reason\",\"logprobs\":null}"),
	CHOICE("{\"finish_reason\":5,\"logprobs\":{\"content\":[]}}"),
	CHOICE("{\"content_filter_results\":{\"hate\":{\"filtered\":false}}}"),
	CHOICE("{\"message\":{\"audio\":{\"id\":\"a\",\"data\":\"\","
	       "\"transcript\":\"t\",\"expires_at\":1}}}"),
	CHOICE("{\"message\":{\"audio\":null,\"content\":\"a\"}}"),
};

static void odd_answers_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd_bodies); i++)
		check_same(str_of(odd_bodies[i]), odd_bodies[i]);
}

static void the_neutral_form_is_filled(void **state)
{
	static const struct str body = STR(
		"{\"id\":\"i\",\"created\":9,\"model\":\"m\",\"choices\":[{"
		"\"index\":1,\"finish_reason\":\"content_filter\","
		"\"logprobs\":{\"content\":[]},\"message\":{\"role\":"
		"\"assistant\",\"refusal\":\"no\",\"content\":\"c\","
		"\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":"
		"\"r\",\"signature\":\"s\"}],\"reasoning\":\"r\","
		"\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":"
		"{\"url\":\"u\",\"title\":\"t\",\"start_index\":2,"
		"\"end_index\":3}}]}}],\"usage\":{\"prompt_tokens\":5,"
		"\"completion_tokens\":6,\"prompt_tokens_details\":"
		"{\"cached_tokens\":4}}}");
	const struct chat_message *message;
	struct chat_response r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_response(body, &arena, &r);
	message = &r.choices[0].message;
	assert_int_equal(r.created_unix_s, 9);
	assert_int_equal(r.choices[0].index, 1);
	assert_int_equal(r.choices[0].finish, CHAT_FINISH_FILTER);
	assert_text(r.choices[0].logprobs, "{\"content\":[]}");
	assert_int_equal(message->role, CHAT_ASSISTANT);
	assert_int_equal(message->parts->kind, CHAT_THINKING);
	assert_text(message->parts->text, "r");
	assert_text(message->parts->signature, "s");
	assert_int_equal(message->parts->next->kind, CHAT_TEXT);
	assert_int_equal(message->parts->next->next->kind, CHAT_REFUSAL);
	assert_null(message->parts->next->next->next);
	assert_text(message->citations->url, "u");
	assert_int_equal(message->citations->end_index, 3);
	assert_int_equal(r.usage.prompt, 5);
	assert_int_equal(r.usage.cached, 4);
	assert_int_equal(r.usage.cache_write, -1);
	arena_release(&arena);
}

static void make_foreign(struct chat_response *r, struct chat_choice *choice,
	struct arena *arena)
{
	struct chat_part *part;

	chat_response_init(r, S("another"));
	*choice = (struct chat_choice){ .index = 0 };
	chat_message_init(&choice->message);
	r->id = S("msg_1");
	r->created_unix_s = 5;
	r->model = S("m");
	r->choices = choice;
	r->choice_count = 1;
	part = chat_message_add(&choice->message, CHAT_THINKING, arena);
	part->text = S("hm");
	part->signature = S("s");
	part = chat_message_add(
		&choice->message, CHAT_REDACTED_THINKING, arena);
	part->data = S("d");
	part = chat_message_add(&choice->message, CHAT_TEXT, arena);
	part->text = S("a");
	part = chat_message_add(&choice->message, CHAT_TEXT, arena);
	part->text = S("b");
	part = chat_message_add(&choice->message, CHAT_TOOL_CALL, arena);
	part->call.id = S("t1");
	part->call.name = S("f");
	part->call.arguments = S("{}");
}

static void another_dialects_answer_is_written(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct chat_response r;
	struct chat_choice choice;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	make_foreign(&r, &choice, &arena);
	choice.finish = CHAT_FINISH_TOOL_CALLS;
	r.has_usage = true;
	r.usage.prompt = 7;
	r.usage.completion = 3;
	r.usage.cached = 2;
	openai->write_response(&r, &out);
	assert_same_json(buf_str(&out),
		S("{\"id\":\"msg_1\",\"object\":\"chat.completion\","
		  "\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":0,"
		  "\"message\":{\"role\":\"assistant\",\"content\":\"ab\","
		  "\"refusal\":null,\"reasoning_content\":\"hm\","
		  "\"reasoning_details\":[{\"type\":\"reasoning.text\","
		  "\"text\":\"hm\",\"signature\":\"s\"},{\"type\":"
		  "\"reasoning.encrypted\",\"data\":\"d\"}],\"tool_calls\":["
		  "{\"id\":\"t1\",\"type\":\"function\",\"function\":{"
		  "\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		  "\"finish_reason\":\"tool_calls\"}],\"usage\":{"
		  "\"prompt_tokens\":7,\"completion_tokens\":3,"
		  "\"total_tokens\":10,\"prompt_tokens_details\":{"
		  "\"cached_tokens\":2}}}"),
		"translated");
	buf_release(&out);
	arena_release(&arena);
}

static void another_dialects_events_are_written(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct chat_event event = { .kind = CHAT_EVENT_DELTA };
	struct chat_choice choice = { .index = 0 };
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&event.delta, S("another"));
	chat_message_init(&choice.message);
	event.delta.choices = &choice;
	event.delta.choice_count = 1;
	part = chat_message_add(&choice.message, CHAT_TOOL_CALL, &arena);
	part->call.index = 1;
	part->call.arguments = S("{\"a\"");
	openai->write_event(&event, &out);
	assert_text(buf_str(&out),
		"data: {\"object\":\"chat.completion.chunk\",\"choices\":["
		"{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,"
		"\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]},"
		"\"finish_reason\":null}]}\n\n");

	buf_clear(&out);
	event.delta.choice_count = 0;
	event.delta.has_usage = true;
	event.delta.usage.prompt = 1;
	openai->write_event(&event, &out);
	assert_text(buf_str(&out),
		"data: {\"object\":\"chat.completion.chunk\",\"choices\":[],"
		"\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":0,"
		"\"total_tokens\":1}}\n\n");
	buf_release(&out);
	arena_release(&arena);
}

/* Line ends between tokens must not end the event that is written. */
static void an_event_of_many_lines_becomes_one(void **state)
{
	struct buf out = BUF_INIT(4096);
	struct totals totals = { 0 };
	struct stream s = { .name = "lines", .totals = &totals };

	(void)state;
	arena_init(&s.arena, 4096);
	recording_frames(S("data: {\"choices\":[],\"usage\":{\ndata: "
			   "\"x\":1,\ndata: \"y\":[\ndata: ]},\"z\":{\n"
			   "data: }}\n\n"),
		visit_frame, &s);
	assert_int_equal(totals.frames, 1);
	arena_release(&s.arena);
	buf_release(&out);
}

static void garbage_is_refused(void **state)
{
	static const struct str bodies[] = { STR("[]"), STR("{"), STR("x") };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct frame frame = { .data = bodies[i], .has_data = true };
		struct error err = ERROR_INIT;
		struct chat_response response;
		struct chat_event event;

		assert_false(openai->read_response(
			bodies[i], &arena, &response, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
		assert_false(openai->read_event(&frame, &arena, &event, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_answers_come_back),
		cmocka_unit_test(the_neutral_form_is_filled),
		cmocka_unit_test(another_dialects_answer_is_written),
		cmocka_unit_test(another_dialects_events_are_written),
		cmocka_unit_test(an_event_of_many_lines_becomes_one),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(recorded_answers_come_back),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
