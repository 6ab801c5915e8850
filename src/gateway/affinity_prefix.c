/*
 * affinity_prefix.c - where a prompt's parts are in any format, and a hash.
 */
#include "gateway/affinity_prefix.h"

#define BLOCK_BYTES 1024

/* As they follow each other in what the model is given; a format has one of
 * each row at most. */
static const struct str names[][4] = {
	{ STR("tools"), STR("toolConfig") },
	{ STR("system"), STR("instructions"), STR("systemInstruction"),
		STR("system_instruction") },
	{ STR("messages"), STR("contents"), STR("input") },
};
#define PARTS ARRAY_LEN(names)

/* Where the marks are, in blocks. */
static const size_t mark_blocks[AFFINITY_PREFIXES] = { 4, 16, 64 };

/* Bytes on their way into the hash, a block at a time. */
struct hashing {
	uint64_t hash;
	size_t blocks; /* hashed so far */
	size_t filled; /* of the next one */
	char block[BLOCK_BYTES];
};

static void find_parts(struct json root, struct str parts[PARTS]);
static void add(
	struct hashing *hashing, struct str bytes, struct affinity_prefix *out);
static void end_block(struct hashing *hashing, const char *block,
	struct affinity_prefix *out);
static uint64_t hash_block(uint64_t hash, const char *block);
static uint64_t fold(uint64_t a, uint64_t b);

struct affinity_prefix affinity_prefix_of(const struct chat_head *head)
{
	struct affinity_prefix prefix = { .count = 0 };
	struct hashing hashing = { .hash = 0, .blocks = 0, .filled = 0 };
	struct str parts[PARTS] = { { NULL, 0 } };

	if (head->prompt_bytes < AFFINITY_MIN_BYTES)
		return prefix;
	find_parts(head->root, parts);
	for (size_t i = 0; i < PARTS; i++)
		add(&hashing, parts[i], &prefix);
	return prefix;
}

static void find_parts(struct json root, struct str parts[PARTS])
{
	struct json_cursor cursor = json_members(root);
	struct json_member member;

	while (json_next(&cursor, &member))
		for (size_t i = 0; i < PARTS; i++)
			for (size_t j = 0; j < ARRAY_LEN(names[i]); j++)
				if (names[i][j].n > 0 &&
					json_name_is(member, names[i][j]))
					parts[i] = member.value.text;
}

static void add(
	struct hashing *hashing, struct str bytes, struct affinity_prefix *out)
{
	while (bytes.n > 0 && out->count < AFFINITY_PREFIXES) {
		size_t n = BLOCK_BYTES - hashing->filled;

		/* Whole blocks are hashed where they are. */
		if (hashing->filled == 0 && bytes.n >= BLOCK_BYTES) {
			end_block(hashing, bytes.p, out);
			bytes = str_from(bytes, BLOCK_BYTES);
			continue;
		}
		if (n > bytes.n)
			n = bytes.n;
		memcpy(hashing->block + hashing->filled, bytes.p, n);
		hashing->filled += n;
		bytes = str_from(bytes, n);
		if (hashing->filled == BLOCK_BYTES)
			end_block(hashing, hashing->block, out);
	}
}

static void end_block(
	struct hashing *hashing, const char *block, struct affinity_prefix *out)
{
	hashing->hash = hash_block(hashing->hash, block);
	hashing->filled = 0;
	if (++hashing->blocks == mark_blocks[out->count])
		out->marks[out->count++] = fold(hashing->hash, hashing->blocks);
}

static uint64_t hash_block(uint64_t hash, const char *block)
{
	for (size_t i = 0; i < BLOCK_BYTES; i += 16) {
		uint64_t a, b;

		memcpy(&a, block + i, sizeof(a));
		memcpy(&b, block + i + sizeof(a), sizeof(b));
		hash = fold(a ^ hash, b);
	}
	return hash;
}

uint64_t affinity_mix(uint64_t number, struct str text)
{
	uint64_t hash = fold(number, text.n);

	for (size_t i = 0; i < text.n; i++)
		hash = fold(hash, (unsigned char)text.p[i]);
	return hash;
}

/* Both halves of a product; the constants are odd, with as many bits set as
 * not, so that small numbers fill it too. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product =
		(unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) *
		(b ^ UINT64_C(0xc2b2ae3d27d4eb4f));

	return (uint64_t)product ^ (uint64_t)(product >> 64) ^ a;
}
