/*
 * speed.c - how fast texts are counted, beside a plain sum of their bytes.
 * Prints; a machine that is slow is no failure.
 */
#include "lines.h"

#define REPEATS 16

/* Others may be at work on the machine. */
static int64_t spent_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void measure(
	const char *what, struct str text, const struct vocabulary *vocabulary)
{
	int64_t began = spent_ns(), counted_ns, summed_ns;
	volatile uint64_t sum = 0;
	int64_t tokens = 0;

	for (int i = 0; i < REPEATS; i++)
		tokens += vocabulary_count(vocabulary, text);
	counted_ns = spent_ns() - began;
	began = spent_ns();
	for (int i = 0; i < REPEATS; i++)
		for (size_t at = 0; at < text.n; at++)
			sum += (unsigned char)text.p[at];
	summed_ns = spent_ns() - began;
	assert_true(tokens > 0 && sum > 0);
	print_message("%-14s %-11s %6.1f MB/s, %4.1f bytes a token, %4.1f "
		      "times as long as a plain sum\n",
		what, vocabulary_name(vocabulary),
		(double)text.n * REPEATS * 1e3 / (double)(counted_ns + 1),
		(double)text.n * REPEATS / (double)tokens,
		(double)counted_ns / (double)(summed_ns + 1));
}

static void texts_are_counted(void **state)
{
	static const char *const files[] = { "README.md", "src/tokens/chat.c",
		TOKENS_DATA "vectors.jsonl", TOKENS_DATA "chats.jsonl" };
	struct tokenizer *tokenizer = open_tokenizer();
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct str text = read_file(files[i], &arena);
		const char *name = strrchr(files[i], '/');

		name = name ? name + 1 : files[i];
		measure(name, text,
			tokenizer_encoding(tokenizer, S("o200k_base")));
		measure(name, text,
			tokenizer_encoding(tokenizer, S("cl100k_base")));
	}
	arena_release(&arena);
	tokenizer_close(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
