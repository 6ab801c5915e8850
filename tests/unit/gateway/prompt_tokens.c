/*
 * prompt_tokens.c - whole chats against what OpenAI billed for them.
 *
 * A count that is called exact is that number. The others are printed, and
 * those without media are close. The bound that hard budgets rely on was
 * never too low.
 */
#include "../tokens/lines.h"

#include "gateway/prompt_tokens.h"

struct tally {
	size_t chats;
	size_t equal;
	size_t exact; /* said to be */
};

static bool has_media(const struct token_chat *chat)
{
	for (size_t i = 0; i < chat->message_count; i++)
		for (const struct token_part *part = chat->messages[i].parts;
			part; part = part->next)
			if (part->kind != TOKEN_TEXT &&
				part->kind != TOKEN_CALL)
				return true;
	return false;
}

static void expect_count(const struct tokenizer *tokenizer,
	const struct token_chat *chat, int64_t billed, struct arena *arena,
	struct tally *tally)
{
	const struct vocabulary *vocabulary =
		tokenizer_vocabulary(tokenizer, chat->model);
	struct token_count count = token_chat_count(tokenizer, chat, arena);
	int64_t off = count.tokens - billed;

	assert_non_null(vocabulary);
	tally->chats++;
	tally->equal += off == 0;
	tally->exact += count.certainty == TOKENS_EXACT;
	if (off != 0)
		print_message("%.*s: %" PRId64 " instead of %" PRId64 "%s\n",
			STR_ARG(chat->model), count.tokens, billed,
			has_media(chat) ? " (media)" : "");
	if (count.certainty == TOKENS_EXACT)
		assert_int_equal(count.tokens, billed);
	if (has_media(chat))
		return;
	assert_true(off >= -2 && off <= 2);
	/* As gateway/admit_bound.c makes it. */
	assert_true(token_chat_bound(vocabulary, chat) +
			    16 * (int64_t)(chat->message_count + 1) +
			    (chat->tool_count ? 1024 : 0) >=
		    billed);
}

static void recorded_chats_have_what_was_billed(void **state)
{
	const struct dialect *dialect = dialect_find(S("openai_chat"));
	struct tokenizer *tokenizer = open_tokenizer();
	struct tally tally = { 0 };
	struct str rest, line, model;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	rest = read_file(TOKENS_DATA "chats.jsonl", &arena);
	while (str_next_field(&rest, '\n', &line)) {
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct chat_head head;
		struct token_chat chat;
		struct json json;
		int64_t billed;

		if (line.n == 0)
			continue;
		json = read_json(line);
		assert_true(
			json_int(json_find(json, S("prompt_tokens")), &billed));
		assert_true(
			json_text(json_find(json, S("model")), &arena, &model));
		assert_true(dialect->read_head(
			json_find(json, S("body")).text, &arena, &head, &err));
		assert_true(
			dialect->read_request(&head, &arena, &request, &err));
		prompt_tokens_fill(&head, &request, &arena, &chat);
		chat.model = model;
		expect_count(tokenizer, &chat, billed, &arena, &tally);
	}
	print_message("%zu chats: %zu equal, %zu said to be\n", tally.chats,
		tally.equal, tally.exact);
	assert_int_equal(tally.chats, 102);
	assert_true(tally.equal >= 93);
	assert_true(tally.exact >= 84);
	arena_release(&arena);
	tokenizer_close(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_chats_have_what_was_billed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
