/*
 * json_text.h - the two questions that reading and writing JSON share: how
 * far does plain text reach, and is this UTF-8 (which forms ask, too).
 * Inline, because most bytes of a request pass here.
 *
 * Sixteen bytes at a time with SSE2, eight at a time without. No load ever
 * reaches past `end`.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/base.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define JSON_TEXT_ONES (UINT64_MAX / 255)
#define JSON_TEXT_HIGH (JSON_TEXT_ONES * 0x80)

/* Not zero when one of the eight bytes of `word` is zero. */
static inline uint64_t json_text_has_zero(uint64_t word)
{
	return (word - JSON_TEXT_ONES) & ~word & JSON_TEXT_HIGH;
}

static inline uint64_t json_text_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Bytes that stand for themselves inside quotes, and alone. */
static inline bool json_text_is_plain(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/*
 * The first byte from p on that is a quote, a backslash, a control character
 * or not ASCII; `end` when there is none.
 */
static inline const char *json_text_plain_end(const char *p, const char *end)
{
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* Signed: bytes from 0x80 on are less than 0x20, too. */
		__m128i stop = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
		int mask;

		stop = _mm_or_si128(
			stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		stop = _mm_or_si128(
			stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		mask = _mm_movemask_epi8(stop);
		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#else
	for (; end - p >= 8; p += 8) {
		uint64_t word = json_text_word(p);

		if ((word & JSON_TEXT_HIGH) ||
			((word - JSON_TEXT_ONES * 0x20) & JSON_TEXT_HIGH) ||
			json_text_has_zero(word ^ (JSON_TEXT_ONES * '"')) ||
			json_text_has_zero(word ^ (JSON_TEXT_ONES * '\\')))
			break;
	}
#endif
	while (p < end && json_text_is_plain(*p))
		p++;
	return p;
}

/* The first quote or backslash from p on; `end` when there is none. */
static inline const char *json_text_quote(const char *p, const char *end)
{
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i stop =
			_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
				_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		int mask = _mm_movemask_epi8(stop);

		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#else
	for (; end - p >= 8; p += 8) {
		uint64_t word = json_text_word(p);

		if (json_text_has_zero(word ^ (JSON_TEXT_ONES * '"')) ||
			json_text_has_zero(word ^ (JSON_TEXT_ONES * '\\')))
			break;
	}
#endif
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* A byte of a UTF-8 sequence after its first. */
static inline bool json_text_is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/*
 * The length of the UTF-8 sequence at p, whose first byte is not ASCII. When
 * it is not one, minus the number of bytes that together are wrong: as many
 * as could have begun a sequence, at least one (Unicode 15, table 3-8).
 */
static inline int json_text_utf8(const char *p, const char *end)
{
	unsigned char lead = (unsigned char)*p;
	unsigned char min = 0x80;
	unsigned char max = 0xbf;
	int n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	/* Nearly all that is written, without a loop. */
	if (end - p >= 3 && json_text_is_tail(p[1])) {
		if (lead >= 0xc2 && lead < 0xe0)
			return 2;
		if (lead > 0xe0 && lead < 0xf0 && lead != 0xed &&
			json_text_is_tail(p[2]))
			return 3;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return -1;
	/* The second byte rules out overlong forms, surrogates, > 10FFFF. */
	if (lead == 0xe0)
		min = 0xa0;
	else if (lead == 0xed)
		max = 0x9f;
	else if (lead == 0xf0)
		min = 0x90;
	else if (lead == 0xf4)
		max = 0x8f;
	for (int i = 1; i < n; i++) {
		unsigned char next = p + i < end ? (unsigned char)p[i] : 0;

		if (next < min || next > max)
			return -i;
		min = 0x80;
		max = 0xbf;
	}
	return n;
}

#endif
