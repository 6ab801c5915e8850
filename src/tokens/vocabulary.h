/*
 * vocabulary.h - a vocabulary from within: the rank of a string of bytes. For
 * this folder alone.
 *
 * For each length that tokens have there is a table of its own, of records
 * "bytes, rank": no offsets, and what is compared and what is found share a
 * cache line. Two numbers from one sum of the bytes find the record: the high
 * half chooses a seed, the seed and the low half a record that no other token
 * of that length has (hash and displace). So each question reads one record,
 * and nothing is built when the file is opened.
 *
 *	folder   for each length from 0 to 128: how many seeds, how many
 *	         records, where the seeds are, where the records; 32 bits each
 *	tables   seeds of 16 bits, records of length + 3 bytes
 */
#ifndef TOKENS_VOCABULARY_H
#define TOKENS_VOCABULARY_H

#include "tokens/hash.h"
#include "tokens/split.h"
#include "tokens/tokenizer.h"

#define TOKEN_MAX_BYTES 128
#define TOKEN_ID_BYTES 3
/* No token: above every rank. */
#define NO_TOKEN 0xffffffu

struct token_table {
	uint32_t seed_count;
	uint32_t record_count; /* 0: no token is that long */
	const uint16_t *seeds;
	const char *records;
};

struct vocabulary {
	const char *name;
	const struct characters *characters;
	split_next *split;
	struct mapped_file file;
	struct token_table tables[TOKEN_MAX_BYTES + 1];
};

/* Map folder/NAME.tokens; characters outlive it. ERR_IO, ERR_CONFIG. */
MUST_USE bool vocabulary_open(const char *folder, const char *name,
	split_next *split, const struct characters *characters,
	struct vocabulary *out, struct error *err);
void vocabulary_close(struct vocabulary *vocabulary);

static inline uint32_t vocabulary_slot(
	uint32_t low, uint32_t seed, uint32_t slots)
{
	uint32_t x = low + seed * 0x9e3779b9u;

	x = (x ^ (x >> 15)) * 0x2c1b3c6du;
	x = (x ^ (x >> 12)) * 0x297a2d39u;
	return hash_range(x ^ (x >> 15), slots);
}

static inline bool vocabulary_same(const char *a, const char *b, size_t n)
{
	if (n < 8)
		return hash_short_word(a, n) == hash_short_word(b, n);
	if (n <= 16)
		return hash_word(a) == hash_word(b) &&
		       hash_word(a + n - 8) == hash_word(b + n - 8);
	return memcmp(a, b, n) == 0;
}

/* The rank of n > 0 bytes, which is also their id; NO_TOKEN. */
static inline uint32_t vocabulary_rank(
	const struct vocabulary *vocabulary, const char *p, size_t n)
{
	const struct token_table *table;
	const char *record;
	const unsigned char *id;
	uint64_t sum;
	uint32_t seed;

	if (n > TOKEN_MAX_BYTES)
		return NO_TOKEN;
	table = &vocabulary->tables[n];
	if (table->record_count == 0)
		return NO_TOKEN;
	sum = hash_bytes(p, n);
	seed = le16toh(table->seeds[hash_range(
		(uint32_t)(sum >> 32), table->seed_count)]);
	record = table->records + (size_t)vocabulary_slot((uint32_t)sum, seed,
					  table->record_count) *
					  (n + TOKEN_ID_BYTES);
	if (!vocabulary_same(p, record, n))
		return NO_TOKEN;
	id = (const unsigned char *)record + n;
	return (uint32_t)id[0] | (uint32_t)id[1] << 8 | (uint32_t)id[2] << 16;
}

#endif
