/*
 * openai.h - what OpenAI's and Voyage's embeddings have alike: the
 * inputs, and nearly the whole answer.
 */
#ifndef DIALECT_OPENAI_EMBED_H
#define DIALECT_OPENAI_EMBED_H

#include "dialect/embed/embed.h"

void openai_embed_write_input(const void *from, const struct shape_out *out);
/* `encoding_format` and `output_dtype`, unless floats are meant: those come
 * when nothing is said. */
void openai_embed_write_encoding(const struct embed_format *format,
	const struct embed_request *request, const struct shape_out *out);
void openai_embed_write_dtype(const struct embed_format *format,
	const struct embed_request *request, const struct shape_out *out);
/* embed_format->read_request by a table. */
MUST_USE bool openai_embed_read(const struct embed_format *format,
	const struct shape *shape, const struct chat_head *head,
	struct arena *arena, struct embed_request *out, struct error *err);
void openai_embed_write(const struct shape *shape, bool own_words,
	const struct embed_request *request, struct buf *out);

/* The answer; `usage` writes the members of what was used up. */
MUST_USE bool openai_embed_read_answer(const struct embed_format *format,
	struct str body, enum embed_type sent, struct arena *arena,
	struct embed_response *out, struct error *err);
void openai_embed_write_answer(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out);

#endif
