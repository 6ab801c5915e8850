/*
 * lists.h - what the tests of catalogues share: texts read into entries, and
 * the files of tests/data/catalog. Include it after cmocka.h.
 */
#ifndef TESTS_CATALOG_LISTS_H
#define TESTS_CATALOG_LISTS_H

#include "catalog/entry.h"
#include "catalog/format.h"

/* 2026-11-21 */
#define LISTS_NOW_MS INT64_C(1795219200000)

/* A file of tests/data/catalog, in the arena. */
static inline struct str lists_file(const char *name, struct arena *arena)
{
	struct str path = arena_printf(arena, "tests/data/catalog/%s", name);
	FILE *file = fopen(path.p, "re");
	struct buf bytes = BUF_INIT(1u << 20);
	struct str copy;
	size_t n = 1;

	if (!file)
		fail_msg("%s: run this from the source tree", path.p);
	while (n > 0) {
		char *p = buf_reserve(&bytes, 4096);

		assert_non_null(p);
		n = fread(p, 1, 4096, file);
		buf_advance(&bytes, n);
	}
	fclose(file);
	copy = arena_copy(arena, buf_str(&bytes));
	buf_release(&bytes);
	return copy;
}

/* Read a text that is valid; which format it was is found out. */
static inline struct str lists_read(
	struct str text, struct catalog_entries *list, struct arena *arena)
{
	const struct catalog_format *format = NULL;
	struct error err = ERROR_INIT;

	catalog_entries_init(list, arena);
	if (!catalog_read(text, LISTS_NOW_MS, &format, list, &err))
		fail_msg("%s", error_message(&err));
	return format->name;
}

static inline const struct catalog_entry *lists_find(
	const struct catalog_entries *list, const char *family, const char *id)
{
	const struct catalog_entry *entry =
		catalog_entries_find(list, str_of(family), str_of(id));

	if (!entry)
		fail_msg("there is no %s/%s", family, id);
	return entry;
}

/* The text with the first `from` replaced by `to`. */
static inline struct str lists_change(
	struct str text, const char *from, const char *to, struct arena *arena)
{
	size_t at = str_find(text, str_of(from));

	if (at == text.n)
		fail_msg("'%s' is not in the text", from);
	return arena_printf(arena, "%.*s%s%.*s", STR_ARG(str_head(text, at)),
		to, STR_ARG(str_from(text, at + strlen(from))));
}

#endif
