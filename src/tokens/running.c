/*
 * running.c - where a text may be cut: before the last two of its pieces, for
 * what follows may join those ("it" and "'" and "s", spaces and a word).
 */
#include "tokens/running.h"

#include "tokens/vocabulary.h"

static void count_settled(struct running_count *running);
static size_t settled(const struct running_count *running);

void running_count_init(
	struct running_count *running, const struct vocabulary *vocabulary)
{
	running->vocabulary = vocabulary;
	running->tokens = 0;
	running->kept = 0;
}

void running_count_add(struct running_count *running, struct str piece)
{
	while (piece.n > 0) {
		size_t room = sizeof(running->text) - running->kept;
		struct str part = str_head(piece, room);

		memcpy(running->text + running->kept, part.p, part.n);
		running->kept += part.n;
		piece = str_from(piece, part.n);
		if (running->kept == sizeof(running->text))
			count_settled(running);
	}
}

int64_t running_count_tokens(const struct running_count *running)
{
	return running->tokens +
	       vocabulary_count(running->vocabulary,
		       (struct str){ running->text, running->kept });
}

static void count_settled(struct running_count *running)
{
	size_t n = settled(running);

	running->tokens += vocabulary_count(
		running->vocabulary, (struct str){ running->text, n });
	running->kept -= n;
	memmove(running->text, running->text + n, running->kept);
}

/* All of it when that leaves too little room for what comes. */
static size_t settled(const struct running_count *running)
{
	const struct vocabulary *vocabulary = running->vocabulary;
	const char *end = running->text + running->kept;
	const char *starts[2] = { running->text, running->text };
	size_t n;

	for (const char *p = running->text; p < end;) {
		starts[0] = starts[1];
		starts[1] = p;
		p = vocabulary->split(vocabulary->characters, p, end);
	}
	n = (size_t)(starts[0] - running->text);
	return n > sizeof(running->text) / 2 ? n : running->kept;
}
