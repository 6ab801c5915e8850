/*
 * lexicon.c - the text of a lexicon as a table of hashes.
 */
#include "classify/lexicon.h"

/* So that a search always ends soon. */
#define MAX_TERMS (LEXICON_SLOTS / 2)

struct lexicon {
	struct lexicon_slot *slots;
	size_t count;
};

static bool read_line(
	struct lexicon *lexicon, struct str line, struct error *err);
static bool find_class(struct str name, enum lexicon_class *out);
static bool add_term(struct lexicon *lexicon, struct str term,
	enum lexicon_class kind, struct error *err);

static const char *const names[LEXICON_CLASSES] = {
	[LEXICON_GREETING] = "greeting",
	[LEXICON_CODE] = "code",
	[LEXICON_MATHEMATICS] = "mathematics",
	[LEXICON_ARITHMETIC] = "arithmetic",
	[LEXICON_PROOF] = "proof",
	[LEXICON_REASONING] = "reasoning",
	[LEXICON_SCIENCE] = "science",
	[LEXICON_LAW] = "law",
	[LEXICON_MEDICINE] = "medicine",
	[LEXICON_FINANCE] = "finance",
	[LEXICON_PHILOSOPHY] = "philosophy",
	[LEXICON_SOCIETY] = "society",
	[LEXICON_RECALL] = "recall",
	[LEXICON_DEFINITION] = "definition",
	[LEXICON_TRANSLATION] = "translation",
	[LEXICON_SUMMARY] = "summary",
	[LEXICON_REWRITING] = "rewriting",
	[LEXICON_EXTRACTION] = "extraction",
	[LEXICON_WRITING] = "writing",
	[LEXICON_ADVICE] = "advice",
	[LEXICON_EXPLANATION] = "explanation",
	[LEXICON_DESIGN] = "design",
	[LEXICON_CONSTRAINT] = "constraint",
	[LEXICON_MULTIPLE] = "multiple",
	[LEXICON_BRIEF] = "brief",
	[LEXICON_DETAILED] = "detailed",
	[LEXICON_JUDGEMENT] = "judgement",
	[LEXICON_FAMILY] = "family",
	[LEXICON_ENGLISH] = "english",
	[LEXICON_SPANISH] = "spanish",
};

const char *lexicon_class_name(enum lexicon_class kind)
{
	assert(kind < LEXICON_CLASSES);
	return names[kind];
}

bool lexicon_read(
	struct lexicon_slot *slots, struct str text, struct error *err)
{
	struct lexicon lexicon = { .slots = slots };
	struct str line;

	for (unsigned number = 1; str_next_field(&text, '\n', &line);
		number++) {
		struct error why = ERROR_INIT;

		line = str_trim(line);
		if (line.n && line.p[0] != '#' &&
			!read_line(&lexicon, line, &why))
			return error_refuse(err, ERR_CONFIG, NULL,
				"The lexicon's line %u: %s.", number,
				why.detail);
	}
	return true;
}

static bool read_line(
	struct lexicon *lexicon, struct str line, struct error *err)
{
	size_t colon = str_index(line, ':');
	struct str terms = str_from(line, colon + 1), term;
	enum lexicon_class kind;

	if (!find_class(str_head(line, colon), &kind))
		return error_set(err, ERR_CONFIG, "no class is called '%.*s'",
			STR_ARG(str_head(line, colon)));
	while (str_next_field(&terms, ',', &term)) {
		if (!add_term(lexicon, str_trim(term), kind, err))
			return false;
	}
	return true;
}

static bool find_class(struct str name, enum lexicon_class *out)
{
	for (unsigned i = 0; i < LEXICON_CLASSES; i++) {
		if (str_equal(name, str_of(names[i]))) {
			*out = (enum lexicon_class)i;
			return true;
		}
	}
	return false;
}

static bool add_term(struct lexicon *lexicon, struct str term,
	enum lexicon_class kind, struct error *err)
{
	struct words words;
	uint32_t hash;

	words_init(&words);
	words_read(&words, term);
	if (words.count < 1 || words.count > 2)
		return error_set(err, ERR_CONFIG,
			"'%.*s' is not one word, nor two", STR_ARG(term));
	hash = words.hash[0];
	if (words.count == 2)
		hash = words_pair(hash, words.hash[1]);
	for (uint32_t at = hash % LEXICON_SLOTS;;
		at = (at + 1) % LEXICON_SLOTS) {
		struct lexicon_slot *slot = &lexicon->slots[at];

		if (slot->hash && slot->hash != hash)
			continue;
		if (!slot->hash && ++lexicon->count > MAX_TERMS)
			return error_set(err, ERR_CONFIG, "more than %u words",
				MAX_TERMS);
		slot->hash = hash;
		slot->classes |= UINT32_C(1) << kind;
		return true;
	}
}
