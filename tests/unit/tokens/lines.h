/*
 * lines.h - the recorded texts and counts in tests/data/tokens.
 */
#ifndef TESTS_UNIT_TOKENS_LINES_H
#define TESTS_UNIT_TOKENS_LINES_H

#include "../base/expect.h"

#include "base/arena.h"
#include "base/json.h"
#include "tokens/tokenizer.h"

#include <sys/stat.h>

#define TOKENS_FOLDER "conf/tokens"
#define TOKENS_DATA "tests/data/tokens/"

static inline struct tokenizer *open_tokenizer(void)
{
	struct tokenizer *tokenizer;
	struct error err = ERROR_INIT;

	if (!tokenizer_open(TOKENS_FOLDER, &tokenizer, &err))
		fail_msg("%s", error_detail(&err));
	return tokenizer;
}

static inline struct str read_file(const char *path, struct arena *arena)
{
	FILE *file = fopen(path, "rb");
	struct stat stat_buf;
	struct str text;
	char *p;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &stat_buf), 0);
	text.n = (size_t)stat_buf.st_size;
	p = arena_alloc(arena, text.n + 1);
	assert_int_equal(fread(p, 1, text.n, file), text.n);
	text.p = p;
	fclose(file);
	return text;
}

static inline struct json read_json(struct str line)
{
	struct error err = ERROR_INIT;
	struct json json;

	if (!json_check(line, JSON_MAX_DEPTH, &json, &err))
		fail_msg("%s: %.80s", error_detail(&err), line.p);
	return json;
}

/* The ids are those of the list. */
static inline void expect_ids(
	struct json list, const uint32_t *ids, size_t count, struct str text)
{
	struct json_cursor cursor = json_members(list);
	struct json_member member;
	size_t at = 0;
	int64_t id;

	if (json_length(list) != count)
		fail_msg("%zu tokens instead of %zu: %.*s", count,
			json_length(list), STR_ARG(text));
	for (; json_next(&cursor, &member); at++) {
		assert_true(json_int(member.value, &id));
		if (ids[at] != id)
			fail_msg("token %zu is %u: %.*s", at, ids[at],
				STR_ARG(text));
	}
}

#endif
