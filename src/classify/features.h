/*
 * features.h - what is known about a prompt before anybody answers it.
 *
 * Numbers that are counted (length, structure, kinds of words) and the hashes
 * of its words, pairs of words and roots.
 *
 * What a word says depends on the form of the prompt: what a sum among
 * options to choose from needs is not what a sum in free text needs. So counts
 * come again for prompts with options, and pairs again as those of a form. What
 * holds for all forms is learned once; the rest stays with its own.
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
	/* All before this are bounded, as the text is that is looked at. */
	FEATURE_BOUNDED,
	FEATURE_CONTEXT = FEATURE_BOUNDED,
	FEATURE_TURNS,
	FEATURE_TOOLS,
	FEATURE_IMAGES,
	FEATURE_JSON,
	FEATURE_MAX_TOKENS,
	FEATURE_CLASS, /* for each class of words: how many */
	FEATURE_CLASS_SHARE = FEATURE_CLASS + LEXICON_CLASSES,
	/* All the above again, 0 in a prompt without options. */
	FEATURE_OPTIONS = FEATURE_CLASS_SHARE + LEXICON_CLASSES,
	FEATURE_COUNT = 2 * FEATURE_OPTIONS,
};

#define FEATURE_HASH_BITS 18
#define FEATURE_HASHES (1u << FEATURE_HASH_BITS)
/* Of a word: it, and it with the one before it. Of a word of the question, and
 * not of an option, also its root and that pair as those of the form. */
#define FEATURE_WORD_HASHES 2
#define FEATURE_FORM_HASHES 2
#define FEATURES_MAX_HASHES \
	((2 * FEATURE_WORD_HASHES + FEATURE_FORM_HASHES) * WORDS_MAX)

/* What the text looks like, apart from its words. */
enum form {
	FORM_PROSE,
	FORM_FORMULAS,
	FORM_CODE,
	FORM_NUMBERS,
	FORM_OPTIONS = 4, /* added to one of those */
};

struct features {
	float counted[FEATURE_COUNT];
	uint16_t classes[LEXICON_CLASSES]; /* words of each */
	uint32_t opening; /* bits of the classes of the first words */
	uint32_t hash[FEATURES_MAX_HASHES]; /* each once */
	size_t hash_count;
};

/* Nothing is allocated; `slots` is the table of the lexicon. */
void features_read(struct features *features, const struct prompt *prompt,
	const struct lexicon_slot *slots);

/* "length", "mathematics": features of one subject have one name. */
const char *feature_name(enum feature feature);

#endif
