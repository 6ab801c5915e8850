/*
 * recordings.h - the recorded exchanges under tests/data/dialect, for the
 * tests of this folder. Read with Jansson, so that what is tested is compared
 * with a second, independent reader.
 */
#ifndef TESTS_UNIT_DIALECT_RECORDINGS_H
#define TESTS_UNIT_DIALECT_RECORDINGS_H

#include <jansson.h>

#include "dialect/dialect.h"

#define RECORDINGS "tests/data/dialect/"

static const char *const recorded_files[] = {
	RECORDINGS "openai_chat_openai_azure.jsonl",
	RECORDINGS "openai_chat_openrouter_deepseek_perplexity.jsonl",
	RECORDINGS "openai_chat_others.jsonl",
	RECORDINGS "openai_chat_edge_cases.jsonl",
	RECORDINGS "openai_chat_translation.jsonl",
	RECORDINGS "openai_chat_streams.jsonl",
};

struct recording {
	const char *name;
	const char *provider;
	const char *kind;
	const char *url; /* NULL: not known */
	int status;      /* 0: not known */
	struct str request;
	struct str response; /* .p == NULL: none */
	struct str retry_after;
};

static inline struct str recorded_text(const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	return (struct str){ json_string_value(text),
		json_string_length(text) };
}

static inline int recorded_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The bytes of a binary answer. */
static inline void recorded_bytes(struct str base64, struct buf *out)
{
	unsigned bits = 0;
	int count = 0;

	for (size_t i = 0; i < base64.n; i++) {
		int digit = recorded_digit(base64.p[i]);

		if (digit < 0)
			continue;
		bits = bits << 6 | (unsigned)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		buf_append_char(out, (char)(bits >> count));
	}
}

/* Call visit() with every exchange of a file; how many there were. */
static inline size_t recordings_visit_file(const char *path,
	void (*visit)(const struct recording *, void *), void *context)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, count = 0;
	ssize_t n;

	if (!file)
		fail_msg("cannot open %s: run the tests from the top folder",
			path);
	while ((n = getline(&line, &room, file)) > 0) {
		json_t *row = json_loadb(line, (size_t)n, 0, NULL);
		struct str base64 = recorded_text(row, "response_base64");
		struct buf bytes = BUF_INIT(SIZE_MAX);
		struct recording r = {
			.name = recorded_text(row, "name").p,
			.provider = recorded_text(row, "provider").p,
			.kind = recorded_text(row, "kind").p,
			.url = recorded_text(row, "url").p,
			.status = (int)json_integer_value(
				json_object_get(row, "status")),
			.request = recorded_text(row, "request"),
			.response = recorded_text(row, "response"),
			.retry_after = recorded_text(row, "retry_after"),
		};

		assert_non_null(row);
		recorded_bytes(base64, &bytes);
		if (base64.p)
			r.response = buf_str(&bytes);
		visit(&r, context);
		buf_release(&bytes);
		json_decref(row);
		count++;
	}
	free(line);
	fclose(file);
	return count;
}

/* More files than the recorded ones may be named, divided by colons, in
 * DIALECT_RECORDINGS: for looking at a larger collection. */
static inline size_t recordings_visit(
	void (*visit)(const struct recording *, void *), void *context)
{
	struct str more = str_of(getenv("DIALECT_RECORDINGS"));
	struct str path;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(recorded_files); i++)
		count += recordings_visit_file(
			recorded_files[i], visit, context);
	while (str_next_field(&more, ':', &path)) {
		char text[256];

		snprintf(text, sizeof(text), "%.*s", STR_ARG(path));
		count += recordings_visit_file(text, visit, context);
	}
	return count;
}

static inline bool recording_is(const struct recording *r, const char *kind)
{
	return strcmp(r->kind, kind) == 0;
}

/* Call visit() with every event of a stream. */
static inline void recording_frames(struct str stream,
	void (*visit)(const struct frame *, void *), void *context)
{
	struct frames frames;
	struct frame frame;
	struct error err = ERROR_INIT;
	enum frames_state state;

	frames_init(&frames, FRAMING_SSE, 1 << 20);
	frames_feed(&frames, stream);
	while ((state = frames_next(&frames, &frame, &err)) == FRAMES_EVENT)
		visit(&frame, context);
	assert_int_equal(state, FRAMES_MORE);
	if (frames_finish(&frames, &frame))
		visit(&frame, context);
	frames_release(&frames);
}

/* NULL when it is not JSON. Jansson's integers have 64 bits, and some seeds
 * have more: then all numbers are read as reals. */
static inline json_t *parse(struct str text)
{
	json_t *root = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);

	if (root)
		return root;
	return json_loadb(text.p, text.n,
		JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
}

/* One recorded request has an empty list of messages. OpenAI refused it, and
 * so do we. */
static inline bool recording_has_no_messages(const struct recording *r)
{
	json_t *body = parse(r->request);
	bool is_empty = json_array_size(json_object_get(body, "messages")) == 0;

	json_decref(body);
	return is_empty;
}

/* Both texts are JSON of the same value. */
static inline void assert_same_json(
	struct str got, struct str expected, const char *name)
{
	json_t *a = parse(got), *b = parse(expected);

	if (!a || !b || !json_equal(a, b))
		fail_msg("%s: %.*s\n is not\n%.*s", name, STR_ARG(got),
			STR_ARG(expected));
	json_decref(a);
	json_decref(b);
}

static inline void assert_text(struct str got, const char *expected)
{
	if (!str_equal(got, str_of(expected)))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(got), expected);
}

#endif
