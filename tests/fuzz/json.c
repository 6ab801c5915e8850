/*
 * json.c - any bytes into the scanner and the writer.
 *
 * What is accepted or refused must agree with Jansson, but for what we chose
 * otherwise (depth, numbers of any size, NUL in names, lone surrogates) and
 * for a NUL byte after a number, which Jansson steps over. What is accepted
 * is walked to its last leaf, each part checked on its own, and written
 * again: Jansson must find the copy equal. And any bytes, quoted, are JSON.
 */
#include "base/json.h"

#include <jansson.h>

#define MAX_BYTES (16u << 20)
#define FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_document(struct str text, struct arena *arena);
static bool may_differ(
	struct str text, const struct error *ours, const json_error_t *theirs);
static bool accepts(struct str text);
static void rewrite(
	struct json_writer *w, struct json value, struct arena *arena);
static void rewrite_members(
	struct json_writer *w, struct json value, struct arena *arena);
static void try_part(struct json value);
static void try_member(
	struct json object, struct json_member member, struct str name);
static void try_quoted(struct str text, struct arena *arena);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, 4096);
	try_document(text, &arena);
	try_quoted(text, &arena);
	arena_release(&arena);
	return 0;
}

static void try_document(struct str text, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct json value;
	json_error_t their_err;
	json_t *theirs =
		json_loadb(text.n ? text.p : "", text.n, FLAGS, &their_err);
	bool accepted = json_check(text, JSON_MAX_DEPTH, &value, &err);

	if (accepted != (theirs != NULL))
		assert(may_differ(text, &err, &their_err));
	if (accepted) {
		struct buf copy = BUF_INIT(MAX_BYTES);
		struct json_writer w;

		json_writer_init(&w, &copy);
		rewrite(&w, value, arena);
		assert(!copy.failed && accepts(buf_str(&copy)));
		if (theirs) {
			json_t *again =
				json_loadb(copy.p, copy.n, FLAGS, &their_err);

			assert(again && json_equal(theirs, again));
			json_decref(again);
		}
		buf_release(&copy);
	}
	json_decref(theirs);
}

static bool may_differ(
	struct str text, const struct error *ours, const json_error_t *theirs)
{
	if (ours->kind != ERR_NONE)
		return ours->kind == ERR_TOO_DEEP ||
		       str_index(text, '\0') < text.n;
	switch (json_error_code(theirs)) {
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key: return true;
	default: return strncmp(theirs->text, "invalid Unicode", 15) == 0;
	}
}

static bool accepts(struct str text)
{
	struct json value;
	struct error err;

	return json_check(text, JSON_MAX_DEPTH, &value, &err);
}

/* No deeper than JSON_MAX_DEPTH: json_check() saw to it. */
static void rewrite(
	struct json_writer *w, struct json value, struct arena *arena)
{
	struct str text;

	try_part(value);
	if (json_text(value, arena, &text)) {
		assert(json_text_is(value, text));
		json_write_str(w, text);
	} else if (value.type == JSON_TYPE_OBJECT) {
		json_begin_object(w);
		rewrite_members(w, value, arena);
		json_end_object(w);
	} else if (value.type == JSON_TYPE_ARRAY) {
		json_begin_array(w);
		rewrite_members(w, value, arena);
		json_end_array(w);
	} else {
		json_write_raw(w, value.text);
	}
}

static void rewrite_members(
	struct json_writer *w, struct json value, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member member;
	size_t length = 0;

	for (; json_next(&cursor, &member); length++) {
		/* The quotes of the name are in the text, too. */
		struct json quoted = { JSON_TYPE_STRING,
			{ member.name.p - 1, member.name.n + 2 } };
		struct str name;

		if (value.type == JSON_TYPE_OBJECT) {
			assert(json_text(quoted, arena, &name));
			if (length < 64)
				try_member(value, member, name);
			json_name(w, arena_cstr(arena, name));
		}
		rewrite(w, member.value, arena);
	}
	assert(length == json_length(value));
}

/* A part of a document is a document of its own, of the same type. */
static void try_part(struct json value)
{
	struct json alone;
	struct error err;
	int64_t whole;
	double number;
	bool truth;

	assert(json_check(value.text, JSON_MAX_DEPTH, &alone, &err));
	assert(alone.type == value.type);
	assert(alone.text.p == value.text.p && alone.text.n == value.text.n);
	assert(json_bool(value, &truth) ==
		(value.type == JSON_TYPE_TRUE ||
			value.type == JSON_TYPE_FALSE));
	if (json_int(value, &whole))
		assert(json_double(value, &number) && number == (double)whole);
}

static void try_member(
	struct json object, struct json_member member, struct str name)
{
	struct json found = json_find(object, name);

	assert(json_name_is(member, name));
	assert(found.text.p >= member.value.text.p);
	assert((found.text.p == member.value.text.p) ||
		json_count(object, name) > 1);
}

static void try_quoted(struct str text, struct arena *arena)
{
	struct buf quoted = BUF_INIT(MAX_BYTES);
	struct json value;
	struct error err;
	struct str again;

	json_append_quoted(&quoted, text);
	assert(!quoted.failed);
	assert(json_check(buf_str(&quoted), 0, &value, &err));
	assert(json_text(value, arena, &again));
	/* What comes back differs only where U+FFFD took a place. */
	assert(str_equal(again, text) ||
		str_find(again, S("\xef\xbf\xbd")) < again.n);
	buf_release(&quoted);
}
