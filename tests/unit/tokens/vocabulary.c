/*
 * vocabulary.c - ids and counts of recorded texts, of any bytes, of texts that
 * are made to be slow; and the files that are no vocabularies.
 */
#include "lines.h"

#include "base/buf.h"
#include "tokens/merge.h"

#include <unistd.h>

static const char *const encodings[] = { "o200k_base", "cl100k_base" };

static void expect_tokens(const struct tokenizer *tokenizer, const char *name,
	struct str text, struct json expected)
{
	const struct vocabulary *vocabulary =
		tokenizer_encoding(tokenizer, str_of(name));
	uint32_t *ids = calloc(text.n + 1, sizeof(ids[0]));
	size_t count;

	assert_non_null(vocabulary);
	assert_non_null(ids);
	count = vocabulary_encode(vocabulary, text, ids, text.n);
	expect_ids(expected, ids, count, text);
	assert_int_equal(vocabulary_count(vocabulary, text), count);
	assert_true(vocabulary_bound(vocabulary, text) >= (int64_t)count);
	free(ids);
}

static void every_vector_has_its_ids(void **state)
{
	struct tokenizer *tokenizer = open_tokenizer();
	struct arena arena;
	struct str rest, line, text;
	size_t count = 0;

	(void)state;
	arena_init(&arena, 1 << 20);
	rest = read_file(TOKENS_DATA "vectors.jsonl", &arena);
	while (str_next_field(&rest, '\n', &line)) {
		struct json json;

		if (line.n == 0)
			continue;
		json = read_json(line);
		assert_true(
			json_text(json_find(json, S("text")), &arena, &text));
		for (size_t i = 0; i < ARRAY_LEN(encodings); i++)
			expect_tokens(tokenizer, encodings[i], text,
				json_find(json, str_of(encodings[i])));
		count++;
	}
	assert_int_equal(count, 460);
	arena_release(&arena);
	tokenizer_close(tokenizer);
}

/* "EncodingName: NAME", "Sample: TEXT", "Encoded: [IDS]", an empty line. */
static void the_test_plan_of_others_holds(void **state)
{
	struct tokenizer *tokenizer = open_tokenizer();
	struct str rest, name = S(""), text = S("");
	struct arena arena;
	size_t count = 0;

	(void)state;
	arena_init(&arena, 1 << 20);
	rest = read_file(TOKENS_DATA "TestPlans.txt", &arena);
	while (rest.n > 0) {
		size_t end = str_index(rest, '\n');
		struct str line = str_head(rest, end);

		rest = str_from(rest, end + (end < rest.n));
		if (str_starts(line, S("EncodingName: ")))
			name = str_trim(str_from(line, 14));
		else if (str_starts(line, S("Sample: ")))
			text = str_from(line, 8);
		else if (!str_starts(line, S("Encoded: ")))
			continue;
		else if (tokenizer_encoding(tokenizer, name)) {
			expect_tokens(tokenizer, arena_cstr(&arena, name), text,
				read_json(str_from(line, 9)));
			count++;
		}
	}
	assert_true(count > 100);
	print_message("%zu samples\n", count);
	arena_release(&arena);
	tokenizer_close(tokenizer);
}

static struct str bytes_of(const struct vocabulary *vocabulary, uint32_t wanted)
{
	struct str bytes;
	size_t at = 0;
	uint32_t id;

	while (vocabulary_next(vocabulary, &at, &bytes, &id))
		if (id == wanted)
			return bytes;
	return S("");
}

static void every_token_is_itself(void **state)
{
	static const size_t sizes[] = { 199998, 100256 };
	struct tokenizer *tokenizer = open_tokenizer();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
		const struct vocabulary *vocabulary =
			tokenizer_encoding(tokenizer, str_of(encodings[i]));
		size_t at = 0, count = 0;
		struct str bytes;
		uint32_t id;

		while (vocabulary_next(vocabulary, &at, &bytes, &id)) {
			assert_int_equal(
				vocabulary_rank(vocabulary, bytes.p, bytes.n),
				id);
			count++;
		}
		assert_int_equal(count, sizes[i]);
	}
	tokenizer_close(tokenizer);
}

/* What a person would do, with no heap and no tables. */
static size_t merge_plainly(
	const struct vocabulary *vocabulary, struct str piece, uint32_t *ids)
{
	size_t *starts = calloc(piece.n + 1, sizeof(starts[0]));
	size_t count = piece.n;

	assert_non_null(starts);
	for (size_t i = 0; i <= count; i++)
		starts[i] = i;
	for (;;) {
		uint32_t least = NO_TOKEN;
		size_t best = 0;

		for (size_t i = 0; i + 1 < count; i++) {
			uint32_t rank = vocabulary_rank(vocabulary,
				piece.p + starts[i], starts[i + 2] - starts[i]);

			if (rank < least) {
				least = rank;
				best = i;
			}
		}
		if (least == NO_TOKEN)
			break;
		memmove(&starts[best + 1], &starts[best + 2],
			(count - best - 1) * sizeof(starts[0]));
		count--;
	}
	for (size_t i = 0; i < count; i++)
		ids[i] = vocabulary_rank(vocabulary, piece.p + starts[i],
			starts[i + 1] - starts[i]);
	free(starts);
	return count;
}

/* Pieces around the length from which on there is a heap. */
static void both_ways_to_merge_agree(void **state)
{
	static const char *const alphabets[] = { "a", "ab", "etaoinshr",
		"\xe4\xb8\xad\xe6\x96\x87", "ABCdef", "\xff\xfe\x80" };
	struct tokenizer *tokenizer = open_tokenizer();
	uint64_t seed = 1;

	(void)state;
	for (size_t round = 0; round < 600; round++) {
		const struct vocabulary *vocabulary = tokenizer_encoding(
			tokenizer, str_of(encodings[round % 2]));
		struct str alphabet =
			str_of(alphabets[round % ARRAY_LEN(alphabets)]);
		uint32_t ids[256], expected[256];
		struct token_sink sink = { ids, 256, 0 };
		char text[256];
		struct str piece = { text, 2 + round % 254 };

		for (size_t i = 0; i < piece.n; i++) {
			seed = seed * 6364136223846793005u + 1;
			text[i] = alphabet.p[(seed >> 33) % alphabet.n];
		}
		if (vocabulary_rank(vocabulary, text, piece.n) != NO_TOKEN)
			continue;
		merge_piece(vocabulary, piece, &sink);
		assert_int_equal(
			sink.count, merge_plainly(vocabulary, piece, expected));
		assert_memory_equal(ids, expected, sink.count * sizeof(ids[0]));
	}
	tokenizer_close(tokenizer);
}

/* A square of these would take hours, or days. */
static void a_hostile_text_ends(void **state)
{
	static const char *const units[] = { "a", " ", "\xf0\x9f\x98\x80",
		"\xe4\xb8\xad", "\xcc\x81", "\xff", "A\xcc\x81", " \n", "'s",
		"!", "1", "\xe2\x80\x83", "aB" };
	struct tokenizer *tokenizer = open_tokenizer();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		const struct vocabulary *vocabulary =
			tokenizer_encoding(tokenizer, str_of(encodings[i % 2]));
		struct buf text = BUF_INIT(1 << 21);
		int64_t count;

		while (text.n < 1 << 20)
			buf_append(&text, str_of(units[i]));
		count = vocabulary_count(vocabulary, buf_str(&text));
		assert_true(count > 0 && count <= (int64_t)text.n);
		assert_true(
			vocabulary_bound(vocabulary, buf_str(&text)) >= count);
		buf_release(&text);
	}
	tokenizer_close(tokenizer);
}

static void any_bytes_come_back(void **state)
{
	struct tokenizer *tokenizer = open_tokenizer();
	const struct vocabulary *vocabulary =
		tokenizer_encoding(tokenizer, S("o200k_base"));
	static const char text[] = "a\xff\xc3(\xe2\x82\x00\xed\xa0\x80"
				   "\xf5\x80\x80\x80 \xc3\xa9<|endoftext|>";
	uint32_t ids[sizeof(text)];
	size_t count, at = 0;

	(void)state;
	count = vocabulary_encode(vocabulary,
		(struct str){ text, sizeof(text) - 1 }, ids, sizeof(text));
	for (size_t i = 0; i < count; i++) {
		struct str bytes = bytes_of(vocabulary, ids[i]);

		assert_true(at + bytes.n <= sizeof(text) - 1);
		assert_memory_equal(text + at, bytes.p, bytes.n);
		at += bytes.n;
	}
	assert_int_equal(at, sizeof(text) - 1);
	tokenizer_close(tokenizer);
}

static void ids_stop_where_the_room_ends(void **state)
{
	struct tokenizer *tokenizer = open_tokenizer();
	uint32_t ids[] = { 0, 0, 77 };

	(void)state;
	assert_int_equal(vocabulary_encode(tokenizer_encoding(
						   tokenizer, S("cl100k_base")),
				 S("one two three four"), ids, 2),
		4);
	assert_int_equal(ids[0], 606);
	assert_int_equal(ids[2], 77);
	tokenizer_close(tokenizer);
}

static void models_have_their_vocabulary(void **state)
{
	static const struct {
		const char *model;
		const char *name; /* NULL: not public */
	} cases[] = {
		{ "gpt-4o", "o200k_base" },
		{ "gpt-4o-mini-2024-07-18", "o200k_base" },
		{ "openai/gpt-4o", "o200k_base" },
		{ "ft:gpt-4o:acme::abc", "o200k_base" },
		{ "ft:gpt-3.5-turbo-0125:acme", "cl100k_base" },
		{ "gpt-4", "cl100k_base" },
		{ "gpt-4-turbo", "cl100k_base" },
		{ "gpt-4.1-nano", "o200k_base" },
		{ "gpt-4.5-preview", "o200k_base" },
		{ "gpt-5-chat-latest", "o200k_base" },
		{ "gpt-5.4-mini", "o200k_base" },
		{ "gpt-35-turbo", "cl100k_base" },
		{ "o1", "o200k_base" },
		{ "o3-mini", "o200k_base" },
		{ "o4-mini-2025-04-16", "o200k_base" },
		{ "chatgpt-4o-latest", "o200k_base" },
		{ "text-embedding-3-small", "cl100k_base" },
		{ "text-embedding-ada-002", "cl100k_base" },
		{ "o100", NULL },
		{ "gpt-40", NULL },
		{ "claude-sonnet-4-5", NULL },
		{ "gemini-2.5-flash", NULL },
		{ "", NULL },
	};
	struct tokenizer *tokenizer = open_tokenizer();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct vocabulary *vocabulary =
			tokenizer_vocabulary(tokenizer, str_of(cases[i].model));

		if (!cases[i].name)
			assert_null(vocabulary);
		else
			assert_string_equal(
				vocabulary_name(vocabulary), cases[i].name);
	}
	assert_null(tokenizer_encoding(tokenizer, S("p50k_base")));
	tokenizer_close(tokenizer);
}

/* A copy of a file, with one byte changed at `at`, or cut there. */
static void copy_file(const char *folder, const char *name, size_t at, bool cut)
{
	struct arena arena;
	char path[PATH_MAX];
	struct str text;
	FILE *file;

	arena_init(&arena, 1 << 16);
	snprintf(path, sizeof(path), TOKENS_FOLDER "/%s", name);
	text = read_file(path, &arena);
	if (cut)
		text.n = at;
	else if (at < text.n)
		((char *)(uintptr_t)text.p)[at] ^= 1;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	assert_int_equal(fclose(file), 0);
	arena_release(&arena);
}

static void damaged_files_are_refused(void **state)
{
	static const char *const names[] = { "o200k_base.tokens",
		"cl100k_base.tokens", "characters.table" };
	char folder[] = "/tmp/tokens-XXXXXX", path[64];
	struct tokenizer *tokenizer;
	struct error err = ERROR_INIT;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_false(tokenizer_open(folder, &tokenizer, &err));
	assert_int_equal(err.kind, ERR_IO);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			copy_file(folder, names[j], SIZE_MAX, false);
		/* Its head, its length, what it holds. */
		copy_file(folder, names[i], 33, false);
		assert_false(tokenizer_open(folder, &tokenizer, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		copy_file(folder, names[i], 20000, true);
		assert_false(tokenizer_open(folder, &tokenizer, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		copy_file(folder, names[i], 0, true);
		assert_false(tokenizer_open(folder, &tokenizer, &err));
		copy_file(folder, names[i], 20001, false);
		assert_true(tokenizer_open(folder, &tokenizer, &err));
		assert_false(tokenizer_check(tokenizer, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		tokenizer_close(tokenizer);
		copy_file(folder, names[i], SIZE_MAX, false);
		assert_true(tokenizer_open(folder, &tokenizer, &err));
		assert_true(tokenizer_check(tokenizer, &err));
		tokenizer_close(tokenizer);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_has_its_ids),
		cmocka_unit_test(the_test_plan_of_others_holds),
		cmocka_unit_test(every_token_is_itself),
		cmocka_unit_test(both_ways_to_merge_agree),
		cmocka_unit_test(a_hostile_text_ends),
		cmocka_unit_test(any_bytes_come_back),
		cmocka_unit_test(ids_stop_where_the_room_ends),
		cmocka_unit_test(models_have_their_vocabulary),
		cmocka_unit_test(damaged_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
