/*
 * lexicon.h - which kinds of words a prompt is made of.
 *
 * The words stand in conf/classifier/lexicon, English and Spanish side by
 * side; training packs them into the weights file as a table of hashes. A word
 * may be of several kinds.
 */
#ifndef CLASSIFY_LEXICON_H
#define CLASSIFY_LEXICON_H

#include "base/error.h"
#include "classify/words.h"

enum lexicon_class {
	LEXICON_GREETING,
	LEXICON_CODE,
	LEXICON_MATHEMATICS,
	LEXICON_ARITHMETIC,
	LEXICON_PROOF,
	LEXICON_REASONING,
	LEXICON_SCIENCE,
	LEXICON_LAW,
	LEXICON_MEDICINE,
	LEXICON_FINANCE,
	LEXICON_PHILOSOPHY,
	LEXICON_SOCIETY,
	LEXICON_RECALL,
	LEXICON_DEFINITION,
	LEXICON_TRANSLATION,
	LEXICON_SUMMARY,
	LEXICON_REWRITING,
	LEXICON_EXTRACTION,
	LEXICON_WRITING,
	LEXICON_ADVICE,
	LEXICON_EXPLANATION,
	LEXICON_DESIGN,
	LEXICON_CONSTRAINT,
	LEXICON_MULTIPLE,
	LEXICON_BRIEF,
	LEXICON_DETAILED,
	LEXICON_JUDGEMENT,
	LEXICON_FAMILY,
	LEXICON_ENGLISH,
	LEXICON_SPANISH,
	LEXICON_CLASSES,
};

/* As it stands in the weights file: open addressing, `hash` 0 is free. */
struct lexicon_slot {
	uint32_t hash;
	uint32_t classes; /* bit 1 << class */
};

#define LEXICON_SLOTS 4096

/* The classes of a word or a pair, by its hash; 0: of none. */
static inline uint32_t lexicon_find(
	const struct lexicon_slot *slots, uint32_t hash)
{
	uint32_t at = hash % LEXICON_SLOTS;

	for (unsigned i = 0; i < LEXICON_SLOTS; i++) {
		const struct lexicon_slot *slot =
			&slots[(at + i) % LEXICON_SLOTS];

		if (slot->hash == hash)
			return slot->classes;
		if (!slot->hash)
			return 0;
	}
	return 0;
}

const char *lexicon_class_name(enum lexicon_class kind);

/*
 * Read the text of a lexicon into LEXICON_SLOTS slots that are zero.
 * ERR_CONFIG names the line.
 */
MUST_USE bool lexicon_read(
	struct lexicon_slot *slots, struct str text, struct error *err);

#endif
