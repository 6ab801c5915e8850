/*
 * gemini.h - Google's Gemini API: what is asked, how it is examined, and what
 * answers it. The path names the model.
 */
#ifndef SIMULATOR_GEMINI_H
#define SIMULATOR_GEMINI_H

#include "operation.h"

extern const struct dialect gemini_dialect;

/* POST /models/{model}:METHOD */
extern const struct operation gemini_generate;
extern const struct operation gemini_stream_generate;
extern const struct operation gemini_count_tokens;
extern const struct operation gemini_embed;
extern const struct operation gemini_batch_embed;
/* GET /v1beta/models */
extern const struct operation gemini_models;

/* The key, the model of the path, the body's object. */
MUST_USE bool gemini_read(struct ask *ask, struct error *err);
/* A member, by the name that is given or by the same in snake_case: the API
 * takes both. */
struct json gemini_find(struct json object, struct str name);
/* Is it one of the models that insist on their signatures? */
bool gemini_is_3(struct str model);

/* How Google writes JSON. */
enum gemini_style {
	GEMINI_LINES,  /* a value a line, indented */
	GEMINI_SPACED, /* one line, a space behind each name */
};
void gemini_append_styled(
	struct str compact, enum gemini_style style, struct buf *out);

#define GEMINI_JSON_TYPE "application/json; charset=UTF-8"

MUST_USE bool gemini_check_generate(const struct ask *ask, struct error *err);
MUST_USE bool gemini_check_contents(const struct ask *ask, struct error *err);
MUST_USE bool gemini_check_tools(const struct ask *ask, struct error *err);

/*
 * What the JSON reader says of a member that the message does not have;
 * `names` are in camelCase, `where` is the path in snake_case, "" at the top.
 */
MUST_USE bool gemini_check_names(struct json object, const struct str *names,
	size_t count, struct str where, struct error *err);
#define GEMINI_CHECK_NAMES(object, names, where, err) \
	gemini_check_names((object), (names), ARRAY_LEN(names), (where), (err))

#endif
