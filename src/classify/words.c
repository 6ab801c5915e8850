/*
 * words.c - one pass over the bytes of a text.
 *
 * Tables say for each byte what it is and what it is folded to; only the
 * two bytes of accented Latin letters are looked at together. Bytes that are
 * no UTF-8 are characters of no meaning.
 */
#include "classify/words.h"

#define HASH_BEGIN 2166136261u
#define HASH_PRIME 16777619u
#define ROOT_LETTERS 5
#define NUMBER_DIGITS 4 /* longer ones are alike */

struct reader {
	struct words *words;
	uint32_t hash;
	uint32_t root;
	unsigned length;
	unsigned root_length;
	unsigned char last; /* of the root */
	bool number;
	bool capital;
};

static size_t read_character(struct reader *reader, const char *p, size_t n);
static size_t read_letters(struct reader *reader, const char *p, size_t n);
static size_t read_wide(struct reader *reader, const char *p, size_t n);
static void begin_word(struct reader *reader);
static void add_letter(struct reader *reader, unsigned char letter);
static void add_to_root(struct reader *reader, unsigned char letter);
static void add_digit(struct reader *reader);
static void end_word(struct reader *reader);
static uint32_t mixed(uint32_t hash);

#define L CHARACTER_LOWER
#define U CHARACTER_UPPER
#define D CHARACTER_DIGIT
#define W CHARACTER_SPACE
#define N CHARACTER_LINE
#define P CHARACTER_STOP
#define Q CHARACTER_QUESTION
#define C CHARACTER_COMMA
#define T CHARACTER_QUOTE
#define B CHARACTER_BRACKET
#define K CHARACTER_BLOCK
#define O CHARACTER_OPERATOR
#define F CHARACTER_FORMULA
#define E CHARACTER_BLANK
#define M CHARACTER_MARK
#define X CHARACTER_FOREIGN
#define EIGHT(kind) kind, kind, kind, kind, kind, kind, kind, kind

/* clang-format off */
static const uint8_t kinds[256] = {
	0, 0, 0, 0, 0, 0, 0, 0,  0, W, N, W, W, W, 0, 0,
	EIGHT(0), EIGHT(0),
	W, P, T, M, F, O, O, T,  B, B, O, O, C, O, P, O,
	D, D, D, D, D, D, D, D,  D, D, C, C, K, O, K, Q,
	M, U, U, U, U, U, U, U,  EIGHT(U),
	EIGHT(U), U, U, U, K, F, K, O, E,
	M, L, L, L, L, L, L, L,  EIGHT(L),
	EIGHT(L), L, L, L, K, O, K, O, 0,
	EIGHT(X), EIGHT(X), EIGHT(X), EIGHT(X),
	EIGHT(X), EIGHT(X), EIGHT(X), EIGHT(X),
	EIGHT(X), EIGHT(X), EIGHT(X), EIGHT(X),
	EIGHT(X), EIGHT(X), EIGHT(X), EIGHT(X),
};
/* clang-format on */

/* What U+00C0 to U+00FF are without accents; '*' is a sign. */
static const char latin[64 + 1] = "aaaaaaaceeeeiiii"
				  "dnooooo*ouuuuyts"
				  "aaaaaaaceeeeiiii"
				  "dnooooo*ouuuuyty";

void words_init(struct words *words)
{
	words->count = 0;
	words->number_count = 0;
	words->letter_count = 0;
	words->capital_count = 0;
	words->symbol_count = 0;
	memset(words->characters, 0, sizeof(words->characters));
}

void words_read(struct words *words, struct str text)
{
	struct reader reader = { .words = words };

	for (size_t i = 0; i < text.n;)
		i += read_character(&reader, text.p + i, text.n - i);
	end_word(&reader);
}

uint32_t words_hash(struct str word)
{
	struct words words;

	words_init(&words);
	words_read(&words, word);
	return words.count ? words.hash[0] : 0;
}

/* How many bytes it had: those of a run of letters at once. */
static size_t read_character(struct reader *reader, const char *p, size_t n)
{
	unsigned char byte = (unsigned char)*p;
	enum character kind = (enum character)kinds[byte];

	if (kind == CHARACTER_LOWER || kind == CHARACTER_UPPER)
		return read_letters(reader, p, n);
	if (kind == CHARACTER_FOREIGN)
		return read_wide(reader, p, n);
	reader->words->characters[kind]++;
	if (kind == CHARACTER_DIGIT)
		add_digit(reader);
	else
		end_word(reader);
	return 1;
}

static size_t read_letters(struct reader *reader, const char *p, size_t n)
{
	uint32_t *characters = reader->words->characters;
	uint32_t hash, upper = 0;
	size_t i = 0;

	begin_word(reader);
	if (reader->length == 0)
		reader->capital = kinds[(unsigned char)*p] == CHARACTER_UPPER;
	hash = reader->hash;
	for (; i < n; i++) {
		unsigned char letter = (unsigned char)p[i];
		uint8_t kind = kinds[letter];

		if (kind != CHARACTER_LOWER && kind != CHARACTER_UPPER)
			break;
		upper += kind == CHARACTER_UPPER;
		letter |= 0x20;
		hash = (hash ^ letter) * HASH_PRIME;
		if (reader->root_length < ROOT_LETTERS)
			add_to_root(reader, letter);
	}
	reader->hash = hash;
	reader->length += (unsigned)i;
	characters[CHARACTER_UPPER] += upper;
	characters[CHARACTER_LOWER] += (uint32_t)i - upper;
	return i;
}

static size_t read_wide(struct reader *reader, const char *p, size_t n)
{
	unsigned char lead = (unsigned char)p[0];
	unsigned char next = n > 1 ? (unsigned char)p[1] : 0;

	if (lead == 0xc3 && next >= 0x80 && next < 0xc0) {
		char letter = latin[next - 0x80];

		reader->words->characters[CHARACTER_FOREIGN]++;
		if (letter == '*')
			end_word(reader);
		else
			add_letter(reader, (unsigned char)letter);
		return 2;
	}
	/* U+2190 to U+22FF: arrows and the signs of mathematics. */
	if (lead == 0xe2 && next >= 0x86 && next < 0x8c) {
		reader->words->symbol_count++;
		end_word(reader);
		return n < 3 ? n : 3;
	}
	/* U+2000 to U+203F: dashes, quotes. */
	if (lead == 0xe2 && next == 0x80) {
		end_word(reader);
		return n < 3 ? n : 3;
	}
	if (lead == 0xc2) {
		end_word(reader);
		return n < 2 ? n : 2;
	}
	reader->words->characters[CHARACTER_FOREIGN]++;
	/* A character of a script without spaces is a word. */
	if (lead >= 0xe3 && lead <= 0xed)
		end_word(reader);
	add_letter(reader, lead);
	return 1;
}

/* Letters end a number. */
static void begin_word(struct reader *reader)
{
	if (reader->number)
		end_word(reader);
	if (reader->length)
		return;
	reader->hash = HASH_BEGIN;
	reader->root = HASH_BEGIN;
	reader->root_length = 0;
	reader->last = 0;
}

static void add_letter(struct reader *reader, unsigned char letter)
{
	begin_word(reader);
	reader->hash = (reader->hash ^ letter) * HASH_PRIME;
	reader->length++;
	if (reader->root_length < ROOT_LETTERS)
		add_to_root(reader, letter);
}

/* f and ph are p, th is t, y is i, k and q are c; doubled letters are one. */
static void add_to_root(struct reader *reader, unsigned char letter)
{
	if (letter == 'y')
		letter = 'i';
	else if (letter == 'k' || letter == 'q')
		letter = 'c';
	else if (letter == 'f')
		letter = 'p';
	if (letter == reader->last ||
		(letter == 'h' && (reader->last == 'p' || reader->last == 't')))
		return;
	reader->last = letter;
	reader->root = (reader->root ^ letter) * HASH_PRIME;
	reader->root_length++;
}

static void add_digit(struct reader *reader)
{
	if (reader->length && !reader->number)
		end_word(reader);
	if (!reader->length) {
		reader->number = true;
		reader->hash = HASH_BEGIN;
	}
	if (reader->length < NUMBER_DIGITS)
		reader->hash = (reader->hash ^ '0') * HASH_PRIME;
	reader->length++;
}

static void end_word(struct reader *reader)
{
	struct words *words = reader->words;

	if (!reader->length)
		return;
	if (reader->number) {
		words->number_count++;
		reader->root = HASH_BEGIN ^ '0';
	} else {
		words->letter_count += reader->length;
		words->capital_count += reader->capital;
	}
	if (words->count < WORDS_MAX) {
		words->hash[words->count] = mixed(reader->hash);
		words->root[words->count] = mixed(reader->root ^ 0x5bd1e995u);
		words->length[words->count] =
			(uint8_t)(reader->length < UINT8_MAX ? reader->length
							     : UINT8_MAX);
		words->count++;
	}
	reader->length = 0;
	reader->number = false;
	reader->capital = false;
}

static uint32_t mixed(uint32_t hash)
{
	hash ^= hash >> 16;
	hash *= 0x7feb352du;
	hash ^= hash >> 15;
	hash *= 0x846ca68bu;
	return hash ^ (hash >> 16);
}
