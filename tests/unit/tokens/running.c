/*
 * running.c - a text in pieces of any size has what it has as a whole.
 */
#include "lines.h"

#include "tokens/running.h"

static void expect_running(const struct vocabulary *vocabulary, struct str text,
	size_t step, int64_t expected)
{
	struct running_count running;

	running_count_init(&running, vocabulary);
	for (size_t at = 0; at < text.n; at += step)
		running_count_add(&running, str_head(str_from(text, at), step));
	if (running_count_tokens(&running) != expected)
		fail_msg("%" PRId64 " instead of %" PRId64 " by steps of %zu",
			running_count_tokens(&running), expected, step);
}

/* All vectors with short words, one behind the other. */
static void pieces_count_as_the_whole(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 7, 64, 511, 512, 513, 4096 };
	static const char *const names[] = { "o200k_base", "cl100k_base" };
	struct tokenizer *tokenizer = open_tokenizer();
	struct arena arena;
	struct str rest, line, text;
	struct buf all = BUF_INIT(1 << 22);

	(void)state;
	arena_init(&arena, 1 << 20);
	rest = read_file(TOKENS_DATA "vectors.jsonl", &arena);
	while (str_next_field(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		assert_true(json_text(
			json_find(read_json(line), S("text")), &arena, &text));
		if (text.n < 150)
			buf_append(&all, text);
	}
	assert_true(all.n > 10000);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct vocabulary *vocabulary =
			tokenizer_encoding(tokenizer, str_of(names[i]));
		int64_t whole = vocabulary_count(vocabulary, buf_str(&all));

		for (size_t j = 0; j < ARRAY_LEN(steps); j++)
			expect_running(
				vocabulary, buf_str(&all), steps[j], whole);
	}
	buf_release(&all);
	arena_release(&arena);
	tokenizer_close(tokenizer);
}

static void a_word_without_end_is_counted_in_parts(void **state)
{
	struct tokenizer *tokenizer = open_tokenizer();
	struct running_count running;

	(void)state;
	running_count_init(
		&running, tokenizer_encoding(tokenizer, S("o200k_base")));
	assert_int_equal(running_count_tokens(&running), 0);
	for (int i = 0; i < 100000; i++)
		running_count_add(&running, S("a"));
	assert_in_range(running_count_tokens(&running), 12500, 12800);
	tokenizer_close(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_count_as_the_whole),
		cmocka_unit_test(a_word_without_end_is_counted_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
