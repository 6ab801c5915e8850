/*
 * features.h - what is known about a prompt before anybody answers it.
 *
 * Some thirty numbers that are counted (length, structure, kinds of words)
 * and the hashes of its words, pairs of words and roots.
 */
#ifndef CLASSIFY_FEATURES_H
#define CLASSIFY_FEATURES_H

#include "classify/classify.h"
#include "classify/lexicon.h"
#include "classify/text.h"
#include "classify/words.h"

enum feature {
	FEATURE_ONE, /* always 1 */
	FEATURE_BYTES,
	FEATURE_WORDS,
	FEATURE_VERY_SHORT,
	FEATURE_LONG,
	FEATURE_SENTENCE_WORDS,
	FEATURE_WORD_LETTERS,
	FEATURE_LONG_WORDS,
	FEATURE_DISTINCT_WORDS,
	FEATURE_LINES,
	FEATURE_INDENTED,
	FEATURE_QUESTIONS,
	FEATURE_COMMAS,
	FEATURE_QUOTES,
	FEATURE_BRACKETS,
	FEATURE_BLOCKS,
	FEATURE_OPERATORS,
	FEATURE_FORMULAS,
	FEATURE_BLANKS,
	FEATURE_MARKS,
	FEATURE_CAPITALS,
	FEATURE_NUMBERS,
	FEATURE_NUMBER_SHARE,
	FEATURE_FOREIGN,
	FEATURE_CONTEXT,
	FEATURE_TURNS,
	FEATURE_TOOLS,
	FEATURE_IMAGES,
	FEATURE_JSON,
	FEATURE_MAX_TOKENS,
	FEATURE_CLASS, /* for each class of words: how many */
	FEATURE_CLASS_SHARE = FEATURE_CLASS + LEXICON_CLASSES,
	FEATURE_COUNT = FEATURE_CLASS_SHARE + LEXICON_CLASSES,
};

#define FEATURE_HASH_BITS 16
#define FEATURE_HASHES (1u << FEATURE_HASH_BITS)
/* Of a word: its root, and it with one, with two before it, with the second
 * before it. Question and options are read apart. */
#define FEATURE_HASHES_PER_WORD 4
#define FEATURES_MAX_HASHES (2 * FEATURE_HASHES_PER_WORD * WORDS_MAX)

struct features {
	float counted[FEATURE_COUNT];
	uint16_t classes[LEXICON_CLASSES]; /* words of each */
	uint32_t opening; /* bits of the classes of the first words */
	uint16_t hash[FEATURES_MAX_HASHES]; /* each once */
	size_t hash_count;
};

/* Nothing is allocated; `slots` is the table of the lexicon. */
void features_read(struct features *features, const struct prompt *prompt,
	const struct lexicon_slot *slots);

/* "length", "mathematics": features of one subject have one name. */
const char *feature_name(enum feature feature);

#endif
