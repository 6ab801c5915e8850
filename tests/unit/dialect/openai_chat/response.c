/*
 * openai_chat/response.c - answers read into the neutral form and written
 * again are the same; another dialect's answer is written as OpenAI's clients
 * expect it. What recordings hold is in openai_chat_suite.c.
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
	CHOICE("{\"message\":{\"function_call\":{\"name\":\"f\","
	       "\"arguments\":\"{}\"}},\"finish_reason\":"
	       "\"function_call\"}"),
	CHOICE("{\"message\":{\"images\":[{\"type\":\"image_url\","
	       "\"image_url\":{\"url\":\"u\"},\"index\":0}]}}"),
	"{\"service_tier\":\"new\",\"system_fingerprint\":null}",
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
	assert_text(message->parts->signature.text, "s");
	assert_text(message->parts->signature.origin, "openai_chat");
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
	part->signature.text = S("s");
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

static void write_and_compare(
	const struct chat_response *r, const char *expected)
{
	struct buf out = BUF_INIT(65536);

	openai->write_response(r, &out);
	assert_false(out.failed);
	assert_same_json(buf_str(&out), str_of(expected), "translated");
	buf_release(&out);
}

/* As Perplexity writes them. */
static void a_message_beside_a_delta_is_the_answer(void **state)
{
	static const char body[] = CHOICE(
		"{\"delta\":{\"content\":\"\",\"role\":\"assistant\"},"
		"\"finish_reason\":\"stop\",\"index\":0,"
		"\"message\":{\"content\":\"8\",\"role\":\"assistant\"}}");
	struct chat_response response;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_response(str_of(body), &arena, &response);
	assert_text(response.choices[0].message.parts->text, "8");
	arena_release(&arena);
	check_same(str_of(body), "a message beside a delta");
}

static void another_dialects_answer_is_written(void **state)
{
	struct chat_response r;
	struct chat_choice choice;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	make_foreign(&r, &choice, &arena);
	choice.finish = CHAT_FINISH_TOOL_CALLS;
	choice.safety = S("[]");
	r.service_tier = S("standard");
	r.has_usage = true;
	r.usage.prompt = 7;
	r.usage.completion = 3;
	r.usage.cached = 2;
	write_and_compare(&r,
		"{\"id\":\"msg_1\",\"object\":\"chat.completion\","
		"\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":0,"
		"\"message\":{\"role\":\"assistant\",\"content\":\"ab\","
		"\"refusal\":null,\"reasoning_content\":\"hm\","
		"\"reasoning_details\":[{\"type\":\"reasoning.text\","
		"\"text\":\"hm\",\"signature\":\"another:s\"},{\"type\":"
		"\"reasoning.encrypted\",\"data\":\"another:d\"}],"
		"\"tool_calls\":[{\"id\":\"t1\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		"\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],"
		"\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,"
		"\"total_tokens\":10,\"prompt_tokens_details\":{"
		"\"cached_tokens\":2}}}");
	arena_release(&arena);
}

/* What the SDKs insist on, also of an answer that says nothing. */
static void an_empty_answer_is_whole(void **state)
{
	struct chat_choice choice = { .index = -1 };
	struct chat_response r;

	(void)state;
	chat_response_init(&r, S("another"));
	chat_message_init(&choice.message);
	r.choices = &choice;
	r.choice_count = 1;
	r.service_tier = S("priority");
	write_and_compare(&r,
		"{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,"
		"\"message\":{\"role\":\"assistant\",\"content\":null,"
		"\"refusal\":null},\"logprobs\":null,\"finish_reason\":"
		"\"stop\"}],\"service_tier\":\"priority\"}");
}

/* Sources of a part stand where the part does, in characters. */
static void citations_of_parts_are_annotations(void **state)
{
	struct chat_citation placed = { .url = S("u1"),
		.title = S("t"),
		.start_index = 1,
		.end_index = 2 };
	struct chat_citation unplaced = { .url = S("u2"),
		.cited_text = S("c"),
		.start_index = -1,
		.end_index = -1 };
	struct chat_citation document = {
		.title = S("a document"), .start_index = -1, .end_index = -1
	};
	struct chat_citation whole = {
		.url = S("u3"), .start_index = 4, .end_index = 5
	};
	struct chat_choice choice = { .index = 0 };
	struct chat_response r;
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&r, S("another"));
	chat_message_init(&choice.message);
	r.choices = &choice;
	r.choice_count = 1;
	part = chat_message_add(&choice.message, CHAT_TEXT, &arena);
	part->text = S("\xe2\x82\xac\xc3\xa9");
	part = chat_message_add(&choice.message, CHAT_TEXT, &arena);
	part->text = S("abc");
	placed.next = &unplaced;
	unplaced.next = &document;
	part->citations = &placed;
	choice.message.citations = &whole;
	write_and_compare(&r,
		"{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,"
		"\"message\":{\"role\":\"assistant\",\"content\":"
		"\"\\u20ac\\u00e9abc\",\"refusal\":null,\"annotations\":["
		"{\"type\":\"url_citation\",\"url_citation\":{\"url\":"
		"\"u3\",\"title\":\"\",\"start_index\":4,\"end_index\":5}},"
		"{\"type\":\"url_citation\",\"url_citation\":{\"url\":"
		"\"u1\",\"title\":\"t\",\"start_index\":3,\"end_index\":4}},"
		"{\"type\":\"url_citation\",\"url_citation\":{\"url\":"
		"\"u2\",\"title\":\"\",\"start_index\":2,\"end_index\":5}}"
		"]},\"logprobs\":null,\"finish_reason\":\"stop\"}]}");
	arena_release(&arena);
}

static void images_and_signed_calls_are_written(void **state)
{
	struct chat_choice choice = { .index = 0 };
	struct chat_response r;
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&r, S("gemini"));
	chat_message_init(&choice.message);
	r.choices = &choice;
	r.choice_count = 1;
	part = chat_message_add(&choice.message, CHAT_IMAGE, &arena);
	part->data = S("AA");
	part->media_type = S("image/webp");
	part = chat_message_add(&choice.message, CHAT_TOOL_CALL, &arena);
	part->call.id = S("c");
	part->call.name = S("f");
	part->call.arguments = S("{}");
	part->signature.text = S("s");
	part = chat_message_add(&choice.message, CHAT_TOOL_CALL, &arena);
	part->call.id = S("d");
	part->call.type = S("custom");
	part->call.name = S("g");
	part->call.arguments = S("as it is");
	write_and_compare(&r,
		"{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,"
		"\"message\":{\"role\":\"assistant\",\"content\":null,"
		"\"refusal\":null,\"images\":[{\"type\":\"image_url\","
		"\"image_url\":{\"url\":\"data:image/webp;base64,AA==\"}}],"
		"\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},"
		"\"extra_content\":{\"google\":{\"thought_signature\":"
		"\"gemini:s\"}}},{\"id\":\"d\",\"type\":\"custom\","
		"\"custom\":{\"name\":\"g\",\"input\":\"as it is\"}}]},"
		"\"logprobs\":null,\"finish_reason\":\"stop\"}]}");
	arena_release(&arena);
}

static void garbage_is_refused(void **state)
{
	static const struct str bodies[] = { STR("[]"), STR("{"), STR("x") };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct error err = ERROR_INIT;
		struct chat_response response;

		assert_false(openai->read_response(
			bodies[i], &arena, &response, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_answers_come_back),
		cmocka_unit_test(the_neutral_form_is_filled),
		cmocka_unit_test(a_message_beside_a_delta_is_the_answer),
		cmocka_unit_test(another_dialects_answer_is_written),
		cmocka_unit_test(an_empty_answer_is_whole),
		cmocka_unit_test(citations_of_parts_are_annotations),
		cmocka_unit_test(images_and_signed_calls_are_written),
		cmocka_unit_test(garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
