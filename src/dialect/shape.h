/*
 * shape.h - one table says how a JSON object maps to a struct, both ways.
 *
 * A row is a member: its name, what its value must be, and the field of the
 * struct that holds it. Members without a row, and values that do not fit
 * their row, go to `extra` as they are, so that reading and writing again
 * loses nothing. A value of another type than its row's is marked there with
 * what was expected, null and empty lists and objects aside: they ask for
 * nothing. Of several members with one name the last one counts.
 */
#ifndef DIALECT_SHAPE_H
#define DIALECT_SHAPE_H

#include "dialect/chat.h"

enum shape_kind {
	SHAPE_TEXT,    /* a string <-> struct str, its value */
	SHAPE_NUMBER,  /* a number <-> struct str, as written */
	SHAPE_COUNT,   /* a whole number from 0 on <-> int64_t */
	SHAPE_FLAG,    /* true, false <-> enum chat_flag */
	SHAPE_OBJECT,  /* an object <-> struct str, as written */
	SHAPE_LIST,    /* an array with items <-> struct str, as written */
	SHAPE_SPECIAL, /* by functions, which say what fits */
	/* By functions too, but of one type. */
	SHAPE_SPECIAL_TEXT,
	SHAPE_SPECIAL_NUMBER,
	SHAPE_SPECIAL_FLAG,
	SHAPE_SPECIAL_OBJECT,
	SHAPE_SPECIAL_TEXTS, /* an array of strings */
	SHAPE_SPECIAL_KNOWN, /* of any type, but nothing new */
};

static inline bool shape_is_special(enum shape_kind kind)
{
	return kind >= SHAPE_SPECIAL;
}

/* Where a writer stands. */
struct shape_out {
	struct json_writer *w;
	bool own_words; /* the extras are of the dialect that is written */
	bool is_reply;  /* what is written goes to a client */
	bool is_delta;  /* and is an event of a stream */
};

struct shape_row {
	const char *name;
	enum shape_kind kind;
	size_t offset; /* of the field, for all but the special kinds */
	/* False: the value cannot be expressed, and nothing was changed. */
	bool (*read)(struct json value, void *into, struct arena *arena);
	/* Writes name and value, or nothing when absent; may be NULL when
	 * another row writes it. */
	void (*write)(const void *from, const struct shape_out *out);
};

#define SHAPE_ROWS 48 /* the most a table may have */

struct shape {
	const struct shape_row *rows;
	size_t count;
};

#define SHAPE_OF(table)                   \
	{                                 \
		(table), ARRAY_LEN(table) \
	}

/* Special rows are read in the order of the table. */
void shape_read(const struct shape *shape, struct json object, void *into,
	struct chat_extra *extra, struct arena *arena);

/* The members alone: the caller begins and ends the object. The extras are
 * written in their own words only. */
void shape_write(const struct shape *shape, const void *from,
	const struct chat_extra *extra, const struct shape_out *out);

#endif
