/* Tests of the finger prints of how a prompt begins. */
#include "gateway/affinity_prefix.h"

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"

#define ROUNDS 2000

/* A text of the conversation, of so many bytes. */
static struct str text_of(struct arena *arena, size_t n, unsigned seed)
{
	char *text = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = "abcdefghijklmnop"[(i * 7 + i / 13 + seed) % 16];
	text[n] = '\0';
	return (struct str){ text, n };
}

static struct affinity_prefix prefix_of(
	struct arena *arena, const char *dialect, struct str body)
{
	struct chat_head head;
	struct error err = ERROR_INIT;

	if (!dialect_find(str_of(dialect))->read_head(body, arena, &head, &err))
		fail_msg("%s", error_detail(&err));
	return affinity_prefix_of(&head);
}

/* A chat of OpenAI's: what is before the messages, how long they begin alike,
 * what they end with. */
static struct affinity_prefix chat(
	struct arena *arena, const char *before, size_t n, const char *end)
{
	struct str text = text_of(arena, n, 1);

	return prefix_of(arena, "openai_chat",
		arena_printf(arena,
			"{\"model\":\"m\",%s\"messages\":[{\"role\":\"system\","
			"\"content\":\"%.*s\"},{\"role\":\"user\","
			"\"content\":\"%s\"}]}",
			before, STR_ARG(text), end));
}

static void short_prompts_have_none(void **state)
{
	struct arena *arena = *state;

	assert_int_equal(chat(arena, "", 100, "Hello").count, 0);
	assert_int_equal(chat(arena, "", 4000, "Hello").count, 0);
	assert_int_equal(chat(arena, "", 4096, "Hello").count, 1);
}

static void one_for_each_length(void **state)
{
	struct arena *arena = *state;

	assert_int_equal(chat(arena, "", 16300, "Hello").count, 1);
	assert_int_equal(chat(arena, "", 16384, "Hello").count, 2);
	assert_int_equal(chat(arena, "", 65536, "Hello").count, 3);
	assert_int_equal(chat(arena, "", 1000000, "Hello").count, 3);
}

static void the_end_does_not_change_it(void **state)
{
	struct arena *arena = *state;
	struct affinity_prefix one = chat(arena, "", 20000, "Hello");
	struct affinity_prefix other =
		chat(arena, "\"temperature\":0.7,\"stream\":true,", 20000,
			"Something else, and much longer than that");

	assert_int_equal(one.count, 2);
	assert_int_equal(other.count, 2);
	assert_true(one.marks[0] == other.marks[0]);
	assert_true(one.marks[1] == other.marks[1]);
	assert_true(one.marks[0] != one.marks[1]);
}

static void a_conversation_grows_and_keeps_it(void **state)
{
	struct arena *arena = *state;
	struct affinity_prefix early = chat(arena, "", 5000, "Hello");
	struct str more = text_of(arena, 70000, 9);
	struct affinity_prefix late = chat(arena, "", 5000, more.p);

	assert_int_equal(early.count, 1);
	assert_int_equal(late.count, 3);
	assert_true(early.marks[0] == late.marks[0]);
}

static void every_byte_of_the_beginning_counts(void **state)
{
	struct arena *arena = *state;
	struct affinity_prefix one = chat(arena, "", 9000, "Hello");
	uint64_t seen[64];

	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		struct str text = text_of(arena, 9000, 1);
		struct affinity_prefix other;

		((char *)(uintptr_t)text.p)[i * 63] = 'Z';
		other = prefix_of(arena, "openai_chat",
			arena_printf(arena,
				"{\"model\":\"m\",\"messages\":[{\"role\":"
				"\"system\",\"content\":\"%.*s\"},{\"role\":"
				"\"user\",\"content\":\"Hello\"}]}",
				STR_ARG(text)));
		assert_true(other.marks[0] != one.marks[0]);
		seen[i] = other.marks[0];
		for (size_t j = 0; j < i; j++)
			assert_true(seen[j] != seen[i]);
	}
}

static void tools_come_first_wherever_they_stand(void **state)
{
	struct arena *arena = *state;
	struct str text = text_of(arena, 5000, 3);
	struct str messages = arena_printf(arena,
		"\"messages\":[{\"role\":\"user\",\"content\":\"%.*s\"}]",
		STR_ARG(text));
	struct str tools = arena_printf(arena,
		"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
		"\"f\",\"description\":\"%.*s\"}}]",
		STR_ARG(text_of(arena, 300, 4)));
	struct affinity_prefix before = prefix_of(arena, "openai_chat",
		arena_printf(arena, "{\"model\":\"m\",%.*s,%.*s}",
			STR_ARG(tools), STR_ARG(messages)));
	struct affinity_prefix behind = prefix_of(arena, "openai_chat",
		arena_printf(arena, "{%.*s,\"model\":\"other\",%.*s}",
			STR_ARG(messages), STR_ARG(tools)));
	struct affinity_prefix without = prefix_of(arena, "openai_chat",
		arena_printf(
			arena, "{\"model\":\"m\",%.*s}", STR_ARG(messages)));

	assert_int_equal(before.count, 1);
	assert_true(before.marks[0] == behind.marks[0]);
	assert_true(before.marks[0] != without.marks[0]);
}

static void every_dialect_has_one(void **state)
{
	static const struct {
		const char *dialect;
		const char *format;
	} cases[] = {
		{ "anthropic", "{\"model\":\"m\",\"max_tokens\":5,"
			       "\"messages\":[{\"role\":\"user\",\"content\":"
			       "\"%s\"}],\"system\":\"%s\"}" },
		{ "gemini", "{\"contents\":[{\"parts\":[{\"text\":\"%s\"}]}],"
			    "\"systemInstruction\":{\"parts\":[{\"text\":"
			    "\"%s\"}]}}" },
		{ "openai_responses", "{\"model\":\"m\",\"input\":\"%s\","
				      "\"instructions\":\"%s\"}" },
		{ "bedrock", "{\"messages\":[{\"role\":\"user\",\"content\":[{"
			     "\"text\":\"%s\"}]}],\"system\":[{\"text\":\"%s\""
			     "}]}" },
	};
	struct arena *arena = *state;
	struct str text = text_of(arena, 6000, 5);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct affinity_prefix asked[2];

		/* The instructions come before the question. */
		for (int j = 0; j < 2; j++) {
			struct buf body = BUF_INIT(65536);
			struct str rest = str_of(cases[i].format);
			size_t at = str_find(rest, S("%s"));

			buf_append(&body, str_head(rest, at));
			buf_append(&body, j ? S("Hello") : S("Good bye"));
			rest = str_from(rest, at + 2);
			at = str_find(rest, S("%s"));
			buf_append(&body, str_head(rest, at));
			buf_append(&body, text);
			buf_append(&body, str_from(rest, at + 2));
			asked[j] = prefix_of(arena, cases[i].dialect,
				arena_copy(arena, buf_str(&body)));
			buf_release(&body);
		}
		if (asked[0].count != 1 || asked[1].count != 1 ||
			asked[0].marks[0] != asked[1].marks[0])
			fail_msg("%s", cases[i].dialect);
	}
}

/* No assertion: a loaded machine says nothing of it. */
static void tells_what_it_costs(void **state)
{
	static const size_t sizes[] = { 4096, 16384, 65536, 1000000 };
	struct arena *arena = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct str text = text_of(arena, sizes[i], 1);
		struct str body = arena_printf(arena,
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
			"\"content\":\"%.*s\"}]}",
			STR_ARG(text));
		struct error err = ERROR_INIT;
		struct chat_head head;
		uint64_t sum = 0;
		int64_t began;

		assert_true(dialect_find(S("openai_chat"))
				    ->read_head(body, arena, &head, &err));
		began = clock_monotonic_ns();
		for (int j = 0; j < ROUNDS; j++)
			sum += affinity_prefix_of(&head).marks[0];
		print_message("%zu bytes: %" PRId64 " ns (%d)\n", sizes[i],
			(clock_monotonic_ns() - began) / ROUNDS,
			(int)(sum & 1));
	}
}

static int setup(void **state)
{
	static struct arena arena;

	arena_init(&arena, 65536);
	*state = &arena;
	return 0;
}

static int teardown(void **state)
{
	arena_release(*state);
	return 0;
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(short_prompts_have_none),
		WITH_ARENA(one_for_each_length),
		WITH_ARENA(the_end_does_not_change_it),
		WITH_ARENA(a_conversation_grows_and_keeps_it),
		WITH_ARENA(every_byte_of_the_beginning_counts),
		WITH_ARENA(tools_come_first_wherever_they_stand),
		WITH_ARENA(every_dialect_has_one),
		WITH_ARENA(tells_what_it_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
