/*
 * tokenizer.h - START HERE: texts in, token ids and counts out.
 *
 * A vocabulary is byte-pair encoding with public ranks: o200k_base (GPT-4o
 * and all that came after it) and cl100k_base (GPT-4, GPT-3.5, embeddings).
 * Ids and counts are exact, those of OpenAI's own tokenizer for ordinary
 * text: "<|endoftext|>" in a text is thirteen characters, nothing else.
 *
 *	tokenizer.c     the folder with the data, and which model has which
 *	vocabulary.c    one mapped file: bytes to rank, text to ids
 *	split.c         a text into the pieces that are encoded one by one
 *	merge.c         one piece into tokens
 *	characters.c    what Unicode says of a character
 *	mapped_file.c   the data files: mapped, shared between processes
 *	chat.c          a whole request: what is around its texts, its tools
 *	chat_texts.c    its texts alone
 *	declare.c       tools as a model reads them
 *	image.c         what a picture in it costs
 *	estimate.c      models whose vocabulary is not public
 *	running.c       a text that comes in pieces
 *
 * A tokenizer is immutable, for any number of threads at once. What is mapped
 * takes memory only once it is used, and processes share it.
 */
#ifndef TOKENS_TOKENIZER_H
#define TOKENS_TOKENIZER_H

#include "base/error.h"
#include "base/str.h"

struct tokenizer;
struct vocabulary;

/* Map the data in `folder`. ERR_IO; ERR_CONFIG for a file that is not ours,
 * or cut short. */
MUST_USE bool tokenizer_open(
	const char *folder, struct tokenizer **out, struct error *err);
/* Safe with NULL. */
void tokenizer_close(struct tokenizer *tokenizer);
/* Read every byte of the data and compare its sum; open looks at the heads
 * alone. ERR_CONFIG. */
MUST_USE bool tokenizer_check(
	const struct tokenizer *tokenizer, struct error *err);

/* That of a model by the name its provider knows, "gpt-4o-2024-08-06", also
 * behind "openai/" and with a fine-tune's "ft:"; NULL: not public. */
const struct vocabulary *tokenizer_vocabulary(
	const struct tokenizer *tokenizer, struct str model);
/* "o200k_base" or "cl100k_base"; NULL for others. */
const struct vocabulary *tokenizer_encoding(
	const struct tokenizer *tokenizer, struct str name);

const char *vocabulary_name(const struct vocabulary *vocabulary);

/*
 * How many tokens a text has. Bytes that are no UTF-8 count as what they are,
 * bytes. Time is O(n log n) for any text, and there is no text with more
 * tokens than bytes.
 */
int64_t vocabulary_count(const struct vocabulary *vocabulary, struct str text);
/* No fewer than that, and in linear time: a long piece that is no token counts
 * as its bytes. */
int64_t vocabulary_bound(const struct vocabulary *vocabulary, struct str text);
/* The count; the first `room` ids are written to ids. Room for text.n is
 * always enough. */
size_t vocabulary_encode(const struct vocabulary *vocabulary, struct str text,
	uint32_t *ids, size_t room);

/* Walk all tokens, in no order: *at begins at 0; false after the last one.
 * The bytes live as long as the tokenizer. */
bool vocabulary_next(const struct vocabulary *vocabulary, size_t *at,
	struct str *bytes, uint32_t *id);

#endif
