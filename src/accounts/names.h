/*
 * names.h - what a name may look like, and lists of names that allow.
 */
#ifndef ACCOUNTS_NAMES_H
#define ACCOUNTS_NAMES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define NAME_MAX_BYTES 191

/* A list kept as a JSON array of strings; an empty one allows everything. */
struct name_list {
	const struct str *names;
	size_t count;
};

/*
 * ERR_BAD_FIELD, with `param` at fault, for a name that is empty, too long,
 * has control characters or white space at its ends.
 */
MUST_USE bool name_check(struct str name, const char *param, struct error *err);

/* From the stored text, into the arena; empty text is an empty list. */
MUST_USE bool name_list_read(struct str json, struct arena *arena,
	struct name_list *out, struct error *err);
/* From "a,b": white space around a name does not count. ERR_BAD_FIELD. */
MUST_USE bool name_list_split(struct str text, const char *param,
	struct arena *arena, struct name_list *out, struct error *err);
void name_list_write(struct name_list list, struct buf *out);

/* True when the list is empty or holds the name or a pattern that fits; in a
 * pattern '*' stands for any characters, none included. */
bool name_list_allows(struct name_list list, struct str name);

#endif
