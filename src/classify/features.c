/*
 * features.c - counts, and hashes each of which is taken once.
 */
#include "classify/features.h"

#include <math.h>

/* So that the words of a form differ from words. */
#define FORM_SALT 0x3c6ef372u
#define OPENING_WORDS 6
#define LONG_WORD_LETTERS 8
/* From so many signs on a text is one of formulas, of code, of numbers. */
#define FORMULA_SIGNS 3
#define CODE_SIGNS 4
#define NUMBER_COUNT 2

struct seen {
	uint64_t bits[FEATURE_HASHES / 64];
};

static void count_length(struct features *features, const struct text *text,
	const struct words *words);
static void count_characters(
	struct features *features, const struct words *words);
static void count_envelope(
	struct features *features, const struct prompt *prompt);
static void count_classes(struct features *features, const struct words *words,
	const struct lexicon_slot *slots);
static void repeat_for_options(struct features *features);
static unsigned form_of(const struct text *text, const struct words *words);
static void add_hashes(struct features *features, struct seen *seen,
	const struct words *words);
static void add_form_hashes(struct features *features, struct seen *seen,
	const struct words *words, unsigned form);
static void add_hash(
	struct features *features, struct seen *seen, uint32_t hash);
static float scaled(double count);

void features_read(struct features *features, const struct prompt *prompt,
	const struct lexicon_slot *slots)
{
	struct text text;
	struct words words;
	struct seen seen = { { 0 } };

	memset(features->counted, 0, sizeof(features->counted));
	features->hash_count = 0;
	text_read(&text, prompt->text);
	words_init(&words);
	words_read(&words, (struct str){ text.question, text.question_bytes });
	count_length(features, &text, &words);
	count_characters(features, &words);
	count_envelope(features, prompt);
	count_classes(features, &words, slots);
	add_hashes(features, &seen, &words);
	features->counted[FEATURE_DISTINCT_WORDS] =
		words.count ? (float)features->hash_count /
				      (FEATURE_WORD_HASHES * (float)words.count)
			    : 0;
	if (text.option_count)
		repeat_for_options(features);
	add_form_hashes(features, &seen, &words, form_of(&text, &words));
	words_init(&words);
	words_read(&words, (struct str){ text.options, text.option_bytes });
	add_hashes(features, &seen, &words);
}

static void count_length(struct features *features, const struct text *text,
	const struct words *words)
{
	float *counted = features->counted;
	double count = (double)words->count;
	double stops = words->characters[CHARACTER_STOP] +
		       words->characters[CHARACTER_QUESTION];
	size_t long_words = 0;

	for (size_t i = 0; i < words->count; i++)
		long_words += words->length[i] >= LONG_WORD_LETTERS;
	counted[FEATURE_ONE] = 1;
	counted[FEATURE_BYTES] = scaled((double)text->question_bytes / 16);
	counted[FEATURE_WORDS] = scaled(count);
	counted[FEATURE_VERY_SHORT] = count < 12 ? (float)(1 - count / 12) : 0;
	counted[FEATURE_LONG] = count > 80 ? scaled((count - 80) / 40) : 0;
	counted[FEATURE_INDENTED] = scaled((double)text->indented_lines);
	counted[FEATURE_SENTENCE_WORDS] = scaled(count / (stops + 1));
	if (!words->count)
		return;
	counted[FEATURE_WORD_LETTERS] =
		(float)((double)words->letter_count / count / 5);
	counted[FEATURE_LONG_WORDS] = (float)((double)long_words / count);
	counted[FEATURE_CAPITALS] =
		(float)((double)words->capital_count / count);
	counted[FEATURE_NUMBER_SHARE] =
		(float)((double)words->number_count / count);
}

static void count_characters(
	struct features *features, const struct words *words)
{
	static const struct {
		enum feature feature;
		enum character character;
	} rows[] = {
		{ FEATURE_LINES, CHARACTER_LINE },
		{ FEATURE_QUESTIONS, CHARACTER_QUESTION },
		{ FEATURE_COMMAS, CHARACTER_COMMA },
		{ FEATURE_QUOTES, CHARACTER_QUOTE },
		{ FEATURE_BRACKETS, CHARACTER_BRACKET },
		{ FEATURE_BLOCKS, CHARACTER_BLOCK },
		{ FEATURE_FORMULAS, CHARACTER_FORMULA },
		{ FEATURE_BLANKS, CHARACTER_BLANK },
		{ FEATURE_MARKS, CHARACTER_MARK },
		{ FEATURE_FOREIGN, CHARACTER_FOREIGN },
	};
	float *counted = features->counted;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		counted[rows[i].feature] =
			scaled(words->characters[rows[i].character]);
	counted[FEATURE_OPERATORS] =
		scaled((double)words->characters[CHARACTER_OPERATOR] +
			(double)words->symbol_count);
	counted[FEATURE_NUMBERS] = scaled((double)words->number_count);
}

static void count_envelope(
	struct features *features, const struct prompt *prompt)
{
	float *counted = features->counted;

	counted[FEATURE_CONTEXT] = scaled((double)prompt->context.n / 64);
	counted[FEATURE_TURNS] =
		prompt->turns > 1 ? scaled((double)prompt->turns - 1) : 0;
	counted[FEATURE_TOOLS] = scaled((double)prompt->tools);
	counted[FEATURE_IMAGES] = scaled((double)prompt->images);
	counted[FEATURE_JSON] = prompt->wants_json;
	counted[FEATURE_MAX_TOKENS] =
		prompt->max_tokens > 0
			? scaled((double)prompt->max_tokens / 256)
			: 0;
}

static void count_classes(struct features *features, const struct words *words,
	const struct lexicon_slot *slots)
{
	uint32_t last = 0;

	features->opening = 0;
	memset(features->classes, 0, sizeof(features->classes));
	for (size_t i = 0; i < words->count; i++) {
		uint32_t classes = lexicon_find(slots, words->hash[i]);

		if (i)
			classes |= lexicon_find(
				slots, words_pair(last, words->hash[i]));
		last = words->hash[i];
		if (i < OPENING_WORDS)
			features->opening |= classes;
		for (; classes; classes &= classes - 1)
			features->classes[__builtin_ctz(classes)]++;
	}
	for (unsigned i = 0; i < LEXICON_CLASSES && words->count; i++) {
		double share =
			(double)features->classes[i] / (double)words->count;

		features->counted[FEATURE_CLASS + i] =
			scaled(features->classes[i]);
		features->counted[FEATURE_CLASS_SHARE + i] = (float)sqrt(share);
	}
}

static void repeat_for_options(struct features *features)
{
	for (unsigned i = 0; i < FEATURE_OPTIONS; i++)
		features->counted[FEATURE_OPTIONS + i] = features->counted[i];
}

static unsigned form_of(const struct text *text, const struct words *words)
{
	unsigned form = FORM_PROSE;

	if (words->characters[CHARACTER_FORMULA] >= FORMULA_SIGNS)
		form = FORM_FORMULAS;
	else if (words->characters[CHARACTER_BLOCK] >= CODE_SIGNS)
		form = FORM_CODE;
	else if (words->number_count >= NUMBER_COUNT)
		form = FORM_NUMBERS;
	return form + (text->option_count ? FORM_OPTIONS : 0);
}

static void add_hashes(
	struct features *features, struct seen *seen, const struct words *words)
{
	const uint32_t *hash = words->hash;

	for (size_t i = 0; i < words->count; i++) {
		add_hash(features, seen, hash[i]);
		if (i > 0)
			add_hash(features, seen,
				words_pair(hash[i - 1], hash[i]));
	}
}

static void add_form_hashes(struct features *features, struct seen *seen,
	const struct words *words, unsigned form)
{
	const uint32_t *hash = words->hash;
	uint32_t salt = FORM_SALT + form;

	for (size_t i = 0; i < words->count; i++) {
		add_hash(features, seen, words_pair(salt, words->root[i]));
		if (i > 0)
			add_hash(features, seen,
				words_pair(salt,
					words_pair(hash[i - 1], hash[i])));
	}
}

static void add_hash(
	struct features *features, struct seen *seen, uint32_t hash)
{
	uint32_t at = hash >> (32 - FEATURE_HASH_BITS);
	uint64_t bit = UINT64_C(1) << (at % 64);

	if (seen->bits[at / 64] & bit)
		return;
	seen->bits[at / 64] |= bit;
	assert(features->hash_count < FEATURES_MAX_HASHES);
	features->hash[features->hash_count++] = at;
}

/*
 * log1p(count) / 4: any count as a number that is mostly below 1.
 */
static float scaled(double count)
{
	return (float)(log1p(count) / 4);
}

const char *feature_name(enum feature feature)
{
	static const char *const names[FEATURE_CLASS] = {
		[FEATURE_ONE] = "bias",
		[FEATURE_BYTES] = "length",
		[FEATURE_WORDS] = "length",
		[FEATURE_VERY_SHORT] = "length",
		[FEATURE_LONG] = "length",
		[FEATURE_SENTENCE_WORDS] = "long sentences",
		[FEATURE_WORD_LETTERS] = "long words",
		[FEATURE_LONG_WORDS] = "long words",
		[FEATURE_DISTINCT_WORDS] = "variety",
		[FEATURE_LINES] = "structure",
		[FEATURE_INDENTED] = "structure",
		[FEATURE_QUESTIONS] = "questions",
		[FEATURE_COMMAS] = "punctuation",
		[FEATURE_QUOTES] = "punctuation",
		[FEATURE_BRACKETS] = "punctuation",
		[FEATURE_BLOCKS] = "code",
		[FEATURE_OPERATORS] = "formulas",
		[FEATURE_FORMULAS] = "formulas",
		[FEATURE_BLANKS] = "structure",
		[FEATURE_MARKS] = "structure",
		[FEATURE_CAPITALS] = "names",
		[FEATURE_NUMBERS] = "numbers",
		[FEATURE_NUMBER_SHARE] = "numbers",
		[FEATURE_FOREIGN] = "language",
		[FEATURE_CONTEXT] = "context",
		[FEATURE_TURNS] = "turns",
		[FEATURE_TOOLS] = "tools",
		[FEATURE_IMAGES] = "images",
		[FEATURE_JSON] = "JSON answer",
		[FEATURE_MAX_TOKENS] = "answer length",
	};
	unsigned plain = feature % FEATURE_OPTIONS;

	assert(feature < FEATURE_COUNT);
	if (plain < FEATURE_CLASS)
		return names[plain];
	return lexicon_class_name((enum lexicon_class)(
		(plain - FEATURE_CLASS) % LEXICON_CLASSES));
}
