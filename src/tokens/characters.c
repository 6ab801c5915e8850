/*
 * characters.c - the table of character classes.
 */
#include "tokens/characters.h"

#include "base/json_text.h"

#define BLOCK 128
#define BLOCK_BYTES (BLOCK / 2)
#define INDEX_BYTES (0x110000 / BLOCK)

static bool is_table(struct str content);
static unsigned class_of(struct str table, uint32_t code);
static uint32_t code_of(const char *p, size_t bytes);

bool characters_open(
	const char *folder, struct characters *out, struct error *err)
{
	if (!mapped_file_open(
		    folder, "characters.table", "CHARS", &out->file, err))
		return false;
	if (!is_table(out->file.content)) {
		characters_close(out);
		return error_set(err, ERR_CONFIG,
			"%s/characters.table is damaged", folder);
	}
	for (uint32_t code = 0; code < sizeof(out->ascii); code++)
		out->ascii[code] = (uint8_t)class_of(out->file.content, code);
	return true;
}

/* Every block that is named is there. */
static bool is_table(struct str content)
{
	if (content.n < INDEX_BYTES)
		return false;
	for (size_t i = 0; i < INDEX_BYTES; i++) {
		size_t block = (unsigned char)content.p[i];

		if (INDEX_BYTES + (block + 1) * BLOCK_BYTES > content.n)
			return false;
	}
	return true;
}

void characters_close(struct characters *characters)
{
	mapped_file_close(&characters->file);
}

enum character_class character_beyond_ascii(const struct characters *characters,
	const char *p, const char *end, size_t *bytes)
{
	int length = json_text_utf8(p, end);
	unsigned class;

	if (length < 0) {
		*bytes = (size_t)-length;
		return CHARACTER_OTHER;
	}
	*bytes = (size_t)length;
	class = class_of(characters->file.content, code_of(p, *bytes));
	return (enum character_class)(class & 7);
}

static unsigned class_of(struct str table, uint32_t code)
{
	size_t block = (unsigned char)table.p[code / BLOCK];
	size_t at = code % BLOCK;
	unsigned pair =
		(unsigned char)
			table.p[INDEX_BYTES + block * BLOCK_BYTES + at / 2];

	return at % 2 ? pair >> 4 : pair & 0xf;
}

/* Of a sequence of 2 to 4 bytes that is known to be one. */
static uint32_t code_of(const char *p, size_t bytes)
{
	uint32_t code = (unsigned char)*p & (0x7fu >> bytes);

	for (size_t i = 1; i < bytes; i++)
		code = code << 6 | ((unsigned char)p[i] & 0x3f);
	return code;
}
