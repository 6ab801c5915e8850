/*
 * tokens.c - any bytes into both vocabularies.
 *
 * The tokens put together are the bytes again; the count is the number of the
 * ids, never above that of the bytes, nor above the bound. And the bytes, as
 * a picture in base64, have a size or none.
 */
#include "tokens/image.h"
#include "tokens/tokenizer.h"

#define FOLDER "conf/tokens"
#define IDS 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What each id stands for. */
struct words {
	const struct vocabulary *vocabulary;
	struct str bytes[IDS];
};

static struct words all[2];

static void open_all(void)
{
	static const char *const names[] = { "o200k_base", "cl100k_base" };
	struct tokenizer *tokenizer;
	struct error err;
	bool is_open = tokenizer_open(FOLDER, &tokenizer, &err);

	assert(is_open);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct str bytes;
		size_t at = 0;
		uint32_t id;

		all[i].vocabulary =
			tokenizer_encoding(tokenizer, str_of(names[i]));
		while (vocabulary_next(all[i].vocabulary, &at, &bytes, &id)) {
			assert(id < IDS);
			all[i].bytes[id] = bytes;
		}
	}
}

static void try_text(const struct words *words, struct str text)
{
	uint32_t *ids = calloc(text.n + 1, sizeof(ids[0]));
	size_t count = vocabulary_encode(words->vocabulary, text, ids, text.n);
	size_t at = 0;

	assert(count <= text.n);
	assert(vocabulary_count(words->vocabulary, text) == (int64_t)count);
	assert(vocabulary_bound(words->vocabulary, text) >= (int64_t)count);
	for (size_t i = 0; i < count; i++) {
		struct str bytes = words->bytes[ids[i]];

		assert(bytes.n > 0 && at + bytes.n <= text.n);
		assert(memcmp(text.p + at, bytes.p, bytes.n) == 0);
		at += bytes.n;
	}
	assert(at == text.n);
	free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	int64_t width, height;

	if (!all[0].vocabulary)
		open_all();
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		try_text(&all[i], text);
	if (image_size(text, &width, &height)) {
		assert(width > 0 && height > 0);
		assert(image_tokens(S("gpt-4o"), S(""), width, height) > 0);
		assert(image_tokens(S("o4-mini"), S(""), width, height) > 0);
	}
	return 0;
}
