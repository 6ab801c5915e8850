/*
 * json.h - JSON without a tree: a scanner over bytes and a writer into a buf.
 *
 * json_check() reads a text once and proves that it is JSON (RFC 8259, UTF-8
 * checked, depth bounded). From then on every value is a view of those bytes
 * (`struct json`), and walking it cannot fail: there is no allocation, no
 * copy, and a 20 MB string costs nothing to step over. Calling a walker on
 * bytes that json_check() has not accepted is a broken promise.
 *
 * Duplicate names: json_find() gives the LAST one, as the usual parsers do;
 * json_count() tells how many there are, for callers to whom it matters.
 * Names are compared after their escapes are resolved.
 *
 * Jansson documents (for pages, settings, catalogue) are not made here; our
 * names differ from all of jansson.h's, so that a file may include both.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 128
/* Deeper than this is refused, whatever the caller allows. */
#define JSON_DEPTH_LIMIT 1024

enum json_type {
	JSON_TYPE_NONE, /* no value: what json_find() gives for a missing name
			 */
	JSON_TYPE_NULL,
	JSON_TYPE_FALSE,
	JSON_TYPE_TRUE,
	JSON_TYPE_NUMBER,
	JSON_TYPE_STRING,
	JSON_TYPE_ARRAY,
	JSON_TYPE_OBJECT,
};

struct json {
	enum json_type type;
	struct str text; /* the value's bytes: quotes and brackets included */
};

/*
 * Check a whole text (white space around it is allowed, a byte order mark is
 * not) and give its value. max_depth counts the containers around the inmost
 * value: 1 allows [1] and refuses [[]]. ERR_BAD_JSON or ERR_TOO_DEEP, with
 * the byte offset, from 0, in the message.
 */
MUST_USE bool json_check(struct str text, unsigned max_depth, struct json *out,
	struct error *err);

/* Walk the members of an object or the items of an array, in order. */
struct json_cursor {
	const char *p;
	const char *end;
	bool in_object;
};

struct json_member {
	struct str name; /* between the quotes, escapes as they stand */
	struct json value;
};

/* A value that is neither object nor array has no members. */
struct json_cursor json_members(struct json container);
/* False at the end. In an array, `name` is empty. */
bool json_next(struct json_cursor *cursor, struct json_member *out);

/* True when the member's name, escapes resolved, is `name`. */
bool json_name_is(struct json_member member, struct str name);
/* The last member of that name; type JSON_TYPE_NONE when there is none. */
struct json json_find(struct json object, struct str name);
/* How many members have that name. */
unsigned json_count(struct json object, struct str name);
/* Number of members or items. */
size_t json_length(struct json container);
/* The same is 0, but nothing is walked to know it. */
bool json_is_empty(struct json container);

/* A string's value. Without escapes it is a view of the text, else it is made
 * in the arena. A lone surrogate becomes U+FFFD. False: not a string. */
MUST_USE bool json_text(
	struct json value, struct arena *arena, struct str *out);
/* Compare a string's value without making it. */
bool json_text_is(struct json value, struct str expected);
/* A whole number that fits; false for 1.5, 1e3, 1.0 and other types. */
MUST_USE bool json_int(struct json value, int64_t *out);
/* Any number, for sampling parameters; never for money. False when it does
 * not fit a double or is written in more than 255 bytes. */
MUST_USE bool json_double(struct json value, double *out);
MUST_USE bool json_bool(struct json value, bool *out);

/* "string", "array"...: for messages about wrong types. */
const char *json_type_name(enum json_type type);

/*
 * The writer. It sets the commas; the caller keeps begins and ends in pairs.
 * What does not fit shows in the buf's `failed`. Strings must be UTF-8: bytes
 * that are not become U+FFFD, so that what we write is always valid JSON.
 */
struct json_writer {
	struct buf *out;
	bool needs_comma;
};

void json_writer_init(struct json_writer *w, struct buf *out);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
/* A member's name; its value comes next. */
void json_name(struct json_writer *w, const char *name);
void json_write_str(struct json_writer *w, struct str value);
void json_write_int(struct json_writer *w, int64_t value);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
/* Bytes that are JSON already; never empty. */
void json_write_raw(struct json_writer *w, struct str json);

/* A name and its value in one line. */
void json_member_str(struct json_writer *w, const char *name, struct str value);
void json_member_int(struct json_writer *w, const char *name, int64_t value);
void json_member_bool(struct json_writer *w, const char *name, bool value);
void json_member_null(struct json_writer *w, const char *name);
void json_member_raw(struct json_writer *w, const char *name, struct str json);

/* The escaped form of s between quotes, appended to out. */
void json_append_quoted(struct buf *out, struct str s);

#endif
