/*
 * hash.h - the sum of bytes that the data files are built with, inline for it
 * is most of what encoding does. tests/tokens/build.mjs has the same.
 */
#ifndef TOKENS_HASH_H
#define TOKENS_HASH_H

#include "base/base.h"

#include <endian.h>

static inline uint64_t hash_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* The first n < 8 bytes, zeros behind them; reads none beyond. */
static inline uint64_t hash_short_word(const char *p, size_t n)
{
	const unsigned char *byte = (const unsigned char *)p;
	uint32_t low, high;

	if (n >= 4) {
		memcpy(&low, p, sizeof(low));
		memcpy(&high, p + n - 4, sizeof(high));
		return le32toh(low) | (uint64_t)le32toh(high) << (8 * (n - 4));
	}
	if (n == 0)
		return 0;
	return (uint64_t)byte[0] | (uint64_t)byte[n / 2] << (8 * (n / 2)) |
	       (uint64_t)byte[n - 1] << (8 * (n - 1));
}

static inline uint64_t hash_mix(uint64_t x)
{
	x = (x ^ (x >> 32)) * 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 29)) * 0xd6e8feb86659fd93u;
	return x ^ (x >> 32);
}

static inline uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = n;

	if (n < 8)
		return hash_mix(h ^ hash_short_word(p, n));
	if (n == 8)
		return hash_mix(h ^ hash_word(p));
	for (size_t i = 0; i + 8 < n; i += 8)
		h = hash_mix(h ^ hash_word(p + i));
	return hash_mix(h ^ hash_word(p + n - 8));
}

/* A number below n, from all bits of x. */
static inline uint32_t hash_range(uint32_t x, uint32_t n)
{
	return (uint32_t)(((uint64_t)x * n) >> 32);
}

#endif
