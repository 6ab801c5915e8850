/*
 * openai_others.h - OpenAI's other routes, and those of the same style that
 * Voyage, Jina and others have.
 */
#ifndef SIMULATOR_OPENAI_OTHERS_H
#define SIMULATOR_OPENAI_OTHERS_H

#include "operation.h"

/* POST, each. Voyage's models are answered as Voyage does. */
extern const struct operation openai_embeddings;
extern const struct operation openai_rerank;

extern const struct operation openai_completions;
extern const struct operation openai_moderations;
extern const struct operation openai_images;
extern const struct operation openai_speech;
extern const struct operation openai_transcriptions;
extern const struct operation openai_translations;

/* The body's object, and the model. */
MUST_USE bool openai_read(struct ask *ask, struct error *err);
/* A member that is not in the list is refused. */
MUST_USE bool openai_check_names(const struct ask *ask, const struct str *names,
	size_t count, struct error *err);
#define OPENAI_CHECK_NAMES(ask, names, err) \
	openai_check_names((ask), (names), ARRAY_LEN(names), (err))

/* Voyage tells only how many tokens there were, and what was wrong. */
extern const struct dialect voyage_dialect;

#endif
