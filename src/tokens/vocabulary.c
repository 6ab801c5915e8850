/*
 * vocabulary.c - opens one, and encodes with it.
 */
#include "tokens/vocabulary.h"

#include "tokens/merge.h"

/* Of one row of the file's folder. */
#define ROW_BYTES 16
/* A longer piece is bounded by its bytes: words are shorter, and so are most
 * runs of a script without spaces. */
#define BOUND_PIECE_BYTES 64

static bool read_tables(struct vocabulary *vocabulary);
static bool read_table(
	struct str content, size_t length, struct token_table *out);
static bool has_bytes(const struct vocabulary *vocabulary);
static uint32_t number_at(struct str content, size_t at);
static void encode(const struct vocabulary *vocabulary, struct str text,
	size_t longest, struct token_sink *sink);

bool vocabulary_open(const char *folder, const char *name, split_next *split,
	const struct characters *characters, struct vocabulary *out,
	struct error *err)
{
	char file[64];

	*out = (struct vocabulary){
		.name = name,
		.split = split,
		.characters = characters,
	};
	snprintf(file, sizeof(file), "%s.tokens", name);
	if (!mapped_file_open(folder, file, "TOKENS", &out->file, err))
		return false;
	if (read_tables(out) && has_bytes(out))
		return true;
	vocabulary_close(out);
	return error_set(
		err, ERR_CONFIG, "%s/%s.tokens is damaged", folder, name);
}

/* All of them lie within the file. */
static bool read_tables(struct vocabulary *vocabulary)
{
	struct str content = vocabulary->file.content;

	if (content.n < ARRAY_LEN(vocabulary->tables) * ROW_BYTES)
		return false;
	for (size_t n = 1; n < ARRAY_LEN(vocabulary->tables); n++)
		if (!read_table(content, n, &vocabulary->tables[n]))
			return false;
	return true;
}

static bool read_table(
	struct str content, size_t length, struct token_table *out)
{
	size_t row = length * ROW_BYTES;
	uint64_t seeds = number_at(content, row);
	uint64_t records = number_at(content, row + 4);
	uint64_t seeds_at = number_at(content, row + 8);
	uint64_t records_at = number_at(content, row + 12);

	if (records == 0)
		return true;
	if (seeds == 0 || seeds_at % 2 != 0 ||
		seeds_at + seeds * sizeof(uint16_t) > content.n ||
		records_at + records * (length + TOKEN_ID_BYTES) > content.n)
		return false;
	*out = (struct token_table){
		.seed_count = (uint32_t)seeds,
		.record_count = (uint32_t)records,
		.seeds = (const uint16_t *)(const void *)(content.p + seeds_at),
		.records = content.p + records_at,
	};
	return true;
}

/* What is joined begins with single bytes: each must be a token. */
static bool has_bytes(const struct vocabulary *vocabulary)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		char text = (char)byte;

		if (vocabulary_rank(vocabulary, &text, 1) == NO_TOKEN)
			return false;
	}
	return true;
}

static uint32_t number_at(struct str content, size_t at)
{
	uint32_t number;

	memcpy(&number, content.p + at, sizeof(number));
	return le32toh(number);
}

void vocabulary_close(struct vocabulary *vocabulary)
{
	mapped_file_close(&vocabulary->file);
}

const char *vocabulary_name(const struct vocabulary *vocabulary)
{
	return vocabulary->name;
}

int64_t vocabulary_count(const struct vocabulary *vocabulary, struct str text)
{
	struct token_sink sink = { 0 };

	encode(vocabulary, text, SIZE_MAX, &sink);
	return (int64_t)sink.count;
}

int64_t vocabulary_bound(const struct vocabulary *vocabulary, struct str text)
{
	struct token_sink sink = { 0 };

	encode(vocabulary, text, BOUND_PIECE_BYTES, &sink);
	return (int64_t)sink.count;
}

size_t vocabulary_encode(const struct vocabulary *vocabulary, struct str text,
	uint32_t *ids, size_t room)
{
	struct token_sink sink = { .ids = ids, .room = room };

	encode(vocabulary, text, SIZE_MAX, &sink);
	return sink.count;
}

/* Most pieces are a token as they stand. Others, above `longest`, are only
 * counted, by their bytes. */
static void encode(const struct vocabulary *vocabulary, struct str text,
	size_t longest, struct token_sink *sink)
{
	const char *p = text.p, *end = text.n ? text.p + text.n : text.p;

	while (p < end) {
		const char *next =
			vocabulary->split(vocabulary->characters, p, end);
		size_t n = (size_t)(next - p);
		uint32_t id = vocabulary_rank(vocabulary, p, n);

		if (id != NO_TOKEN)
			token_sink_add(sink, id);
		else if (n > longest)
			sink->count += n;
		else
			merge_piece(vocabulary, (struct str){ p, n }, sink);
		p = next;
	}
}

bool vocabulary_next(const struct vocabulary *vocabulary, size_t *at,
	struct str *bytes, uint32_t *id)
{
	size_t skip = *at;

	for (size_t n = 1; n <= TOKEN_MAX_BYTES; n++) {
		const struct token_table *table = &vocabulary->tables[n];
		size_t stride = n + TOKEN_ID_BYTES;

		for (; skip < table->record_count; skip++, ++*at) {
			const unsigned char *record =
				(const unsigned char *)(table->records +
							skip * stride);

			*id = (uint32_t)record[n] |
			      (uint32_t)record[n + 1] << 8 |
			      (uint32_t)record[n + 2] << 16;
			if (*id == NO_TOKEN)
				continue;
			*bytes = (struct str){ (const char *)record, n };
			++*at;
			return true;
		}
		skip -= table->record_count;
	}
	return false;
}
