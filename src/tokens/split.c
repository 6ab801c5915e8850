/*
 * split.c - the patterns as OpenAI publishes them with the vocabularies
 * (https://github.com/openai/tiktoken, tiktoken_ext/openai_public.py).
 *
 * o200k_base, in this order:
 *
 *	[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*
 *		[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *	[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+
 *		[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *	\p{N}{1,3}
 *	 ?[^\s\p{L}\p{N}]+[\r\n/]*
 *	\s*[\r\n]+
 *	\s+(?!\S)
 *	\s+
 *
 * cl100k_base:
 *
 *	(?i:'s|'t|'re|'ve|'m|'ll|'d)
 *	[^\r\n\p{L}\p{N}]?\p{L}+
 *	\p{N}{1,3}
 *	 ?[^\s\p{L}\p{N}]+[\r\n]*
 *	\s*[\r\n]+
 *	\s+(?!\S)
 *	\s+
 *
 * The hard part is what a matcher does that steps back: a function that stands
 * for a pattern says how far that pattern reaches after it.
 */
#include "tokens/split.h"

#define OTHER (1u << CHARACTER_OTHER)
#define UPPER (1u << CHARACTER_UPPER)
#define LOWER (1u << CHARACTER_LOWER)
#define LETTER (1u << CHARACTER_LETTER)
#define MARK (1u << CHARACTER_MARK)
#define NUMBER (1u << CHARACTER_NUMBER)
#define SPACE (1u << CHARACTER_SPACE)
#define NEWLINE (1u << CHARACTER_NEWLINE)

#define ANY_LETTER (UPPER | LOWER | LETTER)
#define ANY_SPACE (SPACE | NEWLINE)
/* [^\r\n\p{L}\p{N}] */
#define BEFORE_WORD (OTHER | MARK | SPACE)

struct text {
	const struct characters *characters;
	const char *end;
};

static const char *word_of_cases(const struct text *text, const char *p,
	unsigned first, const char *second);
static const char *ends_low(
	const struct text *text, const char *p, const char **high_end);
static const char *word(const struct text *text, const char *p, unsigned first,
	const char *second);
static const char *contraction(const struct text *text, const char *p);
static const char *no_word(const struct text *text, const char *p,
	unsigned first, const char *second, bool with_slash);
static const char *numbers(const struct text *text, const char *p);
static const char *symbols(
	const struct text *text, const char *p, bool with_slash);
static const char *spaces(const struct text *text, const char *p);
static inline unsigned set_at(
	const struct text *text, const char *p, const char **next);
static inline const char *run(
	const struct text *text, const char *p, unsigned set);

const char *split_o200k(
	const struct characters *characters, const char *p, const char *end)
{
	const struct text text = { characters, end };
	const char *second;
	unsigned first = set_at(&text, p, &second);
	const char *found = word_of_cases(&text, p, first, second);

	return found ? found : no_word(&text, p, first, second, true);
}

const char *split_cl100k(
	const struct characters *characters, const char *p, const char *end)
{
	const struct text text = { characters, end };
	const char *second, *found = contraction(&text, p);
	unsigned first;

	if (found > p)
		return found;
	first = set_at(&text, p, &second);
	found = word(&text, p, first, second);
	return found ? found : no_word(&text, p, first, second, false);
}

/* The first two patterns of o200k_base; NULL when neither fits. A mark may
 * stand before a word, or be its first letter. */
static const char *word_of_cases(const struct text *text, const char *p,
	unsigned first, const char *second)
{
	const char *high_end = p, *behind_end = second, *found;

	if (first & BEFORE_WORD) {
		found = ends_low(text, second, &behind_end);
		if (found)
			return contraction(text, found);
	}
	if (first & (ANY_LETTER | MARK)) {
		found = ends_low(text, p, &high_end);
		if (found)
			return contraction(text, found);
	}
	if ((first & BEFORE_WORD) && behind_end > second)
		return contraction(text, behind_end);
	return high_end > p ? contraction(text, high_end) : NULL;
}

/* Upper ones, then at least one lower: NULL when there is none. What has no
 * case is both, so the upper ones may have to give some back. *high_end is
 * where they end when they do not. */
static const char *ends_low(
	const struct text *text, const char *p, const char **high_end)
{
	const char *caseless_end = NULL, *next;
	unsigned set = 0;

	for (; p < text->end; p = next) {
		set = set_at(text, p, &next);
		if (!(set & (UPPER | LETTER | MARK)))
			break;
		if (!(set & UPPER))
			caseless_end = next;
	}
	*high_end = p;
	if (p < text->end && (set & LOWER))
		return run(text, p, LOWER | LETTER | MARK);
	return caseless_end;
}

/* [^\r\n\p{L}\p{N}]?\p{L}+ */
static const char *word(const struct text *text, const char *p, unsigned first,
	const char *second)
{
	const char *found;

	if (first & ANY_LETTER)
		return run(text, p, ANY_LETTER);
	if (!(first & BEFORE_WORD))
		return NULL;
	found = run(text, second, ANY_LETTER);
	return found > second ? found : NULL;
}

/* Behind the contraction at p, or p. The long s is an s, too, when case does
 * not matter. */
static const char *contraction(const struct text *text, const char *p)
{
	size_t room = (size_t)(text->end - p);
	char first, second;

	if (room < 2 || *p != '\'')
		return p;
	first = (char)(p[1] | 0x20);
	if (first == 's' || first == 't' || first == 'm' || first == 'd')
		return p + 2;
	if (room < 3)
		return p;
	second = (char)(p[2] | 0x20);
	if ((first == 'r' || first == 'v') && second == 'e')
		return p + 3;
	if (first == 'l' && second == 'l')
		return p + 3;
	return memcmp(p + 1, "\xc5\xbf", 2) == 0 ? p + 3 : p;
}

/* The patterns that both have. */
static const char *no_word(const struct text *text, const char *p,
	unsigned first, const char *second, bool with_slash)
{
	const char *next;

	if (first & NUMBER)
		return numbers(text, p);
	if (first & (OTHER | MARK))
		return symbols(text, p, with_slash);
	if (*p == ' ' && second < text->end &&
		(set_at(text, second, &next) & (OTHER | MARK)))
		return symbols(text, second, with_slash);
	return spaces(text, p);
}

static const char *numbers(const struct text *text, const char *p)
{
	const char *next;

	for (int i = 0; i < 3 && p < text->end; i++, p = next)
		if (!(set_at(text, p, &next) & NUMBER))
			break;
	return p;
}

static const char *symbols(
	const struct text *text, const char *p, bool with_slash)
{
	p = run(text, p, OTHER | MARK);
	while (p < text->end &&
		(*p == '\r' || *p == '\n' || (with_slash && *p == '/')))
		p++;
	return p;
}

/* Up to the last end of a line, else all but the last one before a word. */
static const char *spaces(const struct text *text, const char *p)
{
	const char *newline_end = NULL, *last = p, *from = p, *next;
	unsigned set;

	for (; p < text->end; p = next) {
		set = set_at(text, p, &next);
		if (!(set & ANY_SPACE))
			break;
		if (set & NEWLINE)
			newline_end = next;
		last = p;
	}
	if (newline_end)
		return newline_end;
	return p < text->end && last > from ? last : p;
}

/* The class of the character at p, as a set; `next` stands behind it. */
static inline unsigned set_at(
	const struct text *text, const char *p, const char **next)
{
	size_t bytes;
	unsigned set =
		1u << character_at(text->characters, p, text->end, &bytes);

	*next = p + bytes;
	return set;
}

/* The first character from p on that is not in the set. */
static inline const char *run(
	const struct text *text, const char *p, unsigned set)
{
	const char *next;

	for (; p < text->end; p = next)
		if (!(set_at(text, p, &next) & set))
			break;
	return p;
}
