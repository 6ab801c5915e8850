/*
 * chat.c - the neutral form's small change.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "dialect/check.h"
#include "dialect/losses.h"

static struct chat_call *add_call(
	struct chat_message *message, const char *id, struct arena *arena)
{
	struct chat_part *part =
		chat_message_add(message, CHAT_TOOL_CALL, arena);

	part->call.id = str_of(id);
	return &part->call;
}

static void the_latest_call_of_an_id_is_found(void **state)
{
	struct chat_call *first, *second, *other;
	struct chat_message messages[3];
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_request_init(&r, S("x"));
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		chat_message_init(&messages[i]);
	r.messages = messages;
	r.message_count = ARRAY_LEN(messages);
	first = add_call(&messages[0], "a", &arena);
	other = add_call(&messages[0], "b", &arena);
	second = add_call(&messages[1], "a", &arena);
	assert_ptr_equal(chat_find_call(&r, 3, S("a")), second);
	assert_ptr_equal(chat_find_call(&r, 1, S("a")), first);
	assert_ptr_equal(chat_find_call(&r, 3, S("b")), other);
	assert_null(chat_find_call(&r, 0, S("a")));
	assert_null(chat_find_call(&r, 3, S("c")));
	arena_release(&arena);
}

static void calls_are_numbered(void **state)
{
	struct chat_message message;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_message_init(&message);
	add_call(&message, "a", &arena);
	chat_message_add(&message, CHAT_TEXT, &arena);
	add_call(&message, "b", &arena);
	chat_number_calls(&message);
	assert_int_equal(message.parts->call.index, 0);
	assert_int_equal(message.last_part->call.index, 1);
	arena_release(&arena);
}

static void counts_that_are_not_told_stay(void **state)
{
	struct chat_usage into, from;

	(void)state;
	chat_usage_init(&into);
	chat_usage_init(&from);
	into.prompt = 1;
	into.cached = 2;
	from.cached = 0;
	from.reasoning = 5;
	chat_usage_merge(&into, &from);
	assert_int_equal(into.prompt, 1);
	assert_int_equal(into.cached, 0);
	assert_int_equal(into.reasoning, 5);
	assert_int_equal(into.completion, -1);
	assert_int_equal(into.cache_write_1h, -1);
}

static void extras_are_written_as_they_were(void **state)
{
	struct str text = STR("{\"a\\u0062\": [1, 2] , \"c\" : null}");
	struct chat_extra extra = { .within = NULL };
	struct buf out = BUF_INIT(256);
	struct error err = ERROR_INIT;
	struct json_cursor cursor;
	struct json_member member;
	struct json_writer w;
	struct arena arena;
	struct json root;

	(void)state;
	arena_init(&arena, 4096);
	assert_true(json_check(text, 8, &root, &err));
	cursor = json_members(root);
	while (json_next(&cursor, &member))
		chat_extra_add(&extra, &member, &arena);
	json_writer_init(&w, &out);
	json_begin_object(&w);
	json_member_int(&w, "x", 1);
	chat_extra_write(&extra, &w);
	json_end_object(&w);
	assert_text(
		buf_str(&out), "{\"x\":1,\"a\\u0062\": [1, 2],\"c\" : null}");
	buf_release(&out);
	arena_release(&arena);
}

static void arguments_become_an_object(void **state)
{
	static const struct {
		const char *type;
		const char *arguments;
		const char *written;
		bool is_object;
	} cases[] = {
		{ "function", "{\"a\": 1.0}", "{\"a\": 1.0}", true },
		{ "function", " {} ", "{}", true },
		{ "function", "", "{}", true },
		{ "function", "  ", "{}", true },
		{ "function", "null", "{}", true },
		{ "function", "[1]", "{\"arguments\":\"[1]\"}", false },
		{ "function", "{\"a\":", "{\"arguments\":\"{\\\"a\\\":\"}",
			false },
		{ "function", "{} {}", "{\"arguments\":\"{} {}\"}", false },
		{ "function", " x", "{\"arguments\":\" x\"}", false },
		{ "custom", "ls", "{\"input\":\"ls\"}", false },
		{ "custom", "{}", "{\"input\":\"{}\"}", true },
		{ "custom", "", "{\"input\":\"\"}", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct chat_call call = {
			.type = str_of(cases[i].type),
			.arguments = str_of(cases[i].arguments),
		};
		struct buf out = BUF_INIT(256);
		struct json_writer w;

		json_writer_init(&w, &out);
		chat_write_arguments(&call, &w);
		assert_text(buf_str(&out), cases[i].written);
		assert_int_equal(
			chat_arguments_are_object(&call), cases[i].is_object);
		buf_release(&out);
	}
}

/* Whoever answers next sees what the model wrote, also where the first
 * provider failed and another one of another format takes over. */
static void broken_arguments_are_never_refused(void **state)
{
	static const struct str body = STR(
		"{\"model\":\"m\",\"max_tokens\":99,\"messages\":[{\"role\":"
		"\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		"\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{cut\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":"
		"\"no JSON\"}],\"tools\":[{\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"parameters\":{\"type\":"
		"\"object\"}}}]}");
	static const struct {
		const char *dialect;
		struct str written;
	} providers[] = {
		{ "anthropic", STR("\"input\":{\"arguments\":\"{cut\"}") },
		{ "bedrock", STR("\"input\":{\"arguments\":\"{cut\"}") },
		{ "gemini", STR("\"args\":{\"arguments\":\"{cut\"}") },
		{ "ollama", STR("\"arguments\":{\"arguments\":\"{cut\"}") },
		{ "cohere", STR("\"arguments\":\"{cut\"") },
		{ "openai_responses", STR("\"arguments\":\"{cut\"") },
	};
	const struct dialect *from = dialect_find(S("openai_chat"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		const struct dialect *to =
			dialect_find(str_of(providers[i].dialect));
		struct buf out = BUF_INIT(65536);
		struct error err = ERROR_INIT;
		struct chat_losses losses;
		struct chat_request request;
		struct chat_head head;
		struct arena arena;

		arena_init(&arena, 4096);
		chat_losses_init(&losses, from);
		if (!from->read_head(body, &arena, &head, &err) ||
			!from->read_request(&head, &arena, &request, &err) ||
			!chat_request_check(&request, from, &err) ||
			!chat_losses_find(&request, to, NULL, &losses, &err) ||
			!to->write_request(&request, NULL, &losses, &out, &err))
			fail_msg("%s: %s", providers[i].dialect, err.message);
		if (str_find(buf_str(&out), providers[i].written) == out.n)
			fail_msg(
				"%s: %s", providers[i].dialect, buf_cstr(&out));
		assert_int_equal(losses.names.n, 0);
		chat_losses_release(&losses);
		buf_release(&out);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_latest_call_of_an_id_is_found),
		cmocka_unit_test(calls_are_numbered),
		cmocka_unit_test(counts_that_are_not_told_stay),
		cmocka_unit_test(extras_are_written_as_they_were),
		cmocka_unit_test(arguments_become_an_object),
		cmocka_unit_test(broken_arguments_are_never_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
