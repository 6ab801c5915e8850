/*
 * origin.c - what other dialects sealed is found in a body and taken out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dialect/origin.h"

static const struct dialect *find(const char *name)
{
	const struct dialect *dialect = dialect_find(str_of(name));

	assert_non_null(dialect);
	return dialect;
}

static void foreign_seals_are_seen(void **state)
{
	static const struct {
		const char *own;
		const char *body;
		bool expected;
	} rows[] = {
		{ "anthropic", "{\"signature\":\"gemini:AbC\"}", true },
		{ "anthropic", "{\"signature\":\"anthropic:AbC\"}", false },
		{ "anthropic", "{\"signature\":\"AbC\"}", false },
		{ "anthropic", "{\"text\":\"see https://gemini:80\"}", false },
		{ "anthropic", "{\"text\":\"klingon:AbC\"}", false },
		{ "anthropic", "{\"signature\":\"\"}", true },
		{ "openai_responses",
			"{\"encrypted_content\":\"openai_chat:x\"}", true },
		{ "gemini", "{\"thoughtSignature\":\"YW50aHJvcGljOngx\"}",
			true },
		{ "gemini", "{\"thoughtSignature\":\"Z2VtaW5pOngx\"}", false },
		{ "openai_chat", ":", false },
		{ "openai_chat", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (origin_may_be_foreign(str_of(rows[i].body),
			    find(rows[i].own)) != rows[i].expected)
			fail_msg("%s", rows[i].body);
}

/* Read, taken out, written: nothing else changes. */
static struct str without_foreign(const struct dialect *dialect,
	const char *body, struct chat_losses *losses, struct arena *arena)
{
	struct buf out = BUF_INIT(65536);
	struct chat_request request;
	struct chat_head head;
	struct error err = ERROR_INIT;
	struct str written;

	assert_true(dialect->read_head(str_of(body), arena, &head, &err));
	assert_true(dialect->read_request(&head, arena, &request, &err));
	origin_drop_foreign(&request, dialect, losses);
	assert_true(dialect->write_request(&request, NULL, losses, &out, &err));
	written = arena_copy(arena, buf_str(&out));
	buf_release(&out);
	return written;
}

static void foreign_thinking_is_taken_out(void **state)
{
	static const char body[] =
		"{\"model\":\"m\",\"max_tokens\":9,\"odd\":1,\"messages\":["
		"{\"role\":\"user\",\"content\":\"Hi\"},"
		"{\"role\":\"assistant\",\"content\":["
		"{\"type\":\"thinking\",\"thinking\":\"theirs\","
		"\"signature\":\"openai_responses:AbC\"},"
		"{\"type\":\"thinking\",\"thinking\":\"theirs too\","
		"\"signature\":\"\"},"
		"{\"type\":\"thinking\",\"thinking\":\"ours\","
		"\"signature\":\"AbC\"},"
		"{\"type\":\"text\",\"text\":\"Yes\"}]},"
		"{\"role\":\"user\",\"content\":\"Go on\"}]}";
	const struct dialect *anthropic = find("anthropic");
	struct chat_losses losses;
	struct arena arena;
	struct str out;

	(void)state;
	arena_init(&arena, 4096);
	chat_losses_init(&losses, anthropic);
	out = without_foreign(anthropic, body, &losses, &arena);
	assert_true(str_find(out, S("theirs")) == out.n);
	assert_true(str_find(out, S("openai_responses")) == out.n);
	assert_true(str_find(out, S("\"ours\"")) < out.n);
	assert_true(str_find(out, S("\"signature\":\"AbC\"")) < out.n);
	assert_true(str_find(out, S("\"odd\":1")) < out.n);
	assert_string_equal(buf_cstr(&losses.names), "messages[1].thinking");
	chat_losses_release(&losses);
	arena_release(&arena);
}

/* A call without a signature would be refused: it gets Google's own word. */
static void a_foreign_call_stays(void **state)
{
	static const char body[] =
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":"
		"\"Hi\"}]},{\"role\":\"model\",\"parts\":[{\"functionCall\":"
		"{\"name\":\"f\",\"args\":{}},\"thoughtSignature\":"
		"\"YmVkcm9jazp4\"}]}]}";
	const struct dialect *gemini = find("gemini");
	struct chat_losses losses;
	struct arena arena;
	struct str out;

	(void)state;
	arena_init(&arena, 4096);
	chat_losses_init(&losses, gemini);
	assert_true(origin_may_be_foreign(str_of(body), gemini));
	out = without_foreign(gemini, body, &losses, &arena);
	assert_true(str_find(out, S("\"functionCall\"")) < out.n);
	assert_true(str_find(out, S("YmVkcm9j")) == out.n);
	assert_true(
		str_find(out, S("skip_thought_signature_validator")) < out.n);
	chat_losses_release(&losses);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_seals_are_seen),
		cmocka_unit_test(foreign_thinking_is_taken_out),
		cmocka_unit_test(a_foreign_call_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
