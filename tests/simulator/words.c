/*
 * words.c - the text that the simulator says.
 */
#include "words.h"

#define LIST_WORDS 16

static const struct str lists[2][LIST_WORDS] = {
	[WORDS_PLAIN] = { STR("The"), STR(" river"), STR(" carries"),
		STR(" small"), STR(" boats"), STR(" past"), STR(" the"),
		STR(" old"), STR(" mill,"), STR(" and"), STR(" every"),
		STR(" morning"), STR(" someone"), STR(" counts"), STR(" them"),
		STR(" again.") },
	[WORDS_UNICODE] = { STR("Grüße"), STR(" aus"), STR(" Zürich,"),
		STR(" 東京"), STR(" と"), STR(" Київ"), STR(" —"),
		STR(" naïve"), STR(" café"), STR(" 🚀"), STR(" 👩‍🔬"),
		STR(" Ελλάδα"), STR(" שלום"), STR(" नमस्ते"), STR(" 한국"),
		STR(" 𝛑∑.") },
};

static struct str word_cut(struct str word, size_t bytes, char *room);

void words_init(struct words_text *text, const struct behaviour *behaviour)
{
	bool by_bytes = behaviour->bytes >= 0;
	int total = by_bytes ? behaviour->bytes : behaviour->tokens;

	*text = (struct words_text){
		.list = lists[behaviour->words],
		.total = total,
		.left = total,
		.by_bytes = by_bytes,
	};
}

struct str words_next(struct words_text *text, char room[WORD_MAX_BYTES])
{
	struct str word = text->list[text->count % LIST_WORDS];
	/* Only the very first word has no space before it. */
	bool needs_space = text->count > 0 && word.p[0] != ' ';

	if (text->left == 0)
		return (struct str){ room, 0 };
	if (needs_space) {
		room[0] = ' ';
		memcpy(room + 1, word.p, word.n);
		word = (struct str){ room, word.n + 1 };
	}
	if (text->by_bytes && word.n > (size_t)text->left)
		word = word_cut(word, (size_t)text->left, room);
	text->count++;
	text->left -= text->by_bytes ? (int)word.n : 1;
	return word;
}

bool words_over(const struct words_text *text)
{
	return text->left == 0;
}

bool words_half(const struct words_text *text)
{
	return text->total - text->left >= text->total / 2;
}

/* The first bytes of a word; a character that is cut becomes full stops. */
static struct str word_cut(struct str word, size_t bytes, char *room)
{
	size_t at = bytes;

	/* Asked before the move: the word may be in the room already. */
	if ((word.p[bytes] & 0xc0) == 0x80) {
		do
			at--;
		while ((word.p[at] & 0xc0) == 0x80);
	}
	memmove(room, word.p, at);
	memset(room + at, '.', bytes - at);
	return (struct str){ room, bytes };
}
