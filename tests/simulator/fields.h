/*
 * fields.h - small questions that examiners of requests ask about JSON.
 */
#ifndef SIMULATOR_FIELDS_H
#define SIMULATOR_FIELDS_H

#include "base/json.h"

/* The first member whose name is not in the list, as it is written; empty:
 * there is none. */
struct str fields_unknown(
	struct json object, const struct str *names, size_t count);
#define FIELDS_UNKNOWN(object, names) \
	fields_unknown((object), (names), ARRAY_LEN(names))

/* Which of the texts a string is; `count` when it is none. */
size_t fields_index(struct json value, const struct str *texts, size_t count);
#define FIELDS_INDEX(value, texts) \
	fields_index((value), (texts), ARRAY_LEN(texts))

/* Absent, or null. */
bool fields_absent(struct json value);
/* Only ASCII letters, digits, '_' and '-', at least one and at most max. */
bool fields_is_name(struct str text, size_t max);
/* How many items of a list have this string as their member. */
int fields_count(struct json list, struct str member, struct str value);

/*
 * The ids of tool calls that wait for their results, as a conversation is
 * walked through. There may be more calls than are kept: those are taken for
 * answered.
 */
#define FIELDS_MAX_CALLS 64
struct fields_calls {
	struct str ids[FIELDS_MAX_CALLS];
	bool answered[FIELDS_MAX_CALLS];
	int count;
};
void fields_calls_add(struct fields_calls *calls, struct str id);
/* False: no call has that id. */
bool fields_calls_answer(struct fields_calls *calls, struct str id);
/* The first id without an answer; empty: all have one. */
struct str fields_calls_open(const struct fields_calls *calls);

#endif
