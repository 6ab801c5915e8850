/*
 * alias_condition.h - when a target of an alias counts.
 *
 * Kept as JSON beside the target, all members optional; all that are there
 * must hold:
 *
 *	{"complexity": ["simple", "medium"],   what the classifier says
 *	 "min_tokens": 1000, "max_tokens": 8000,   of the prompt, inclusive
 *	 "tags": ["beta"],   one of them is the key's or the request's
 *	 "percent": 10}      of the users (of the requests that name none)
 */
#ifndef CATALOG_ALIAS_CONDITION_H
#define CATALOG_ALIAS_CONDITION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "classify/classify.h"

#define ALIAS_TAGS 16

struct alias_condition {
	unsigned complexities;       /* 1 << enum complexity; 0: any */
	int64_t min_tokens;          /* 0: any */
	int64_t max_tokens;          /* 0: any */
	struct str tags[ALIAS_TAGS]; /* count 0: any */
	size_t tag_count;
	int64_t percent; /* ALIAS_EVERYBODY: no share of them */
};

#define ALIAS_EVERYBODY (-1)

/* Nothing is asked for. */
void alias_condition_init(struct alias_condition *condition);
bool alias_condition_is_empty(const struct alias_condition *condition);

/* "complexity=simple,medium;min_tokens=100": added to what is there. Texts are
 * copied to the arena. ERR_BAD_FIELD for what is not known or cannot be. */
MUST_USE bool alias_condition_add(struct alias_condition *condition,
	struct str words, struct arena *arena, struct error *err);

/* From the table; texts live in the arena. ERR_BAD_FIELD: something in it is
 * not understood, and then the target must not count. */
MUST_USE bool alias_condition_read(struct str json, struct arena *arena,
	struct alias_condition *out, struct error *err);
void alias_condition_write(
	const struct alias_condition *condition, struct buf *out);

/* What conditions look at. */
struct alias_facts {
	enum complexity complexity;
	int64_t prompt_tokens;
	const struct str *tags; /* the key's and the request's */
	size_t tag_count;
	struct str who; /* the user, else the request: stays on one side */
};

/*
 * Why the target does not count: the name of the member that does not hold;
 * NULL: it counts. `salt` is the target's name within its alias, so that each
 * share is drawn anew.
 */
const char *alias_condition_fails(const struct alias_condition *condition,
	const struct alias_facts *facts, struct str salt);

#endif
