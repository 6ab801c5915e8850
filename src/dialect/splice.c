/*
 * splice.c - a text with a few places changed, as a list of views.
 */
#include "dialect/splice.h"

static void add(struct splice *splice, struct str piece);

void splice_make(struct splice *out, struct str text,
	const struct splice_edit *edits, size_t count)
{
	size_t done = 0;

	assert(count <= SPLICE_EDITS);
	*out = (struct splice){ .count = 0 };
	for (size_t i = 0; i < count; i++) {
		assert(edits[i].at >= done && edits[i].at <= text.n);
		assert(edits[i].remove <= text.n - edits[i].at);
		add(out, (struct str){ text.p + done, edits[i].at - done });
		add(out, edits[i].insert);
		done = edits[i].at + edits[i].remove;
	}
	add(out, str_from(text, done));
}

struct str splice_join(const struct splice *splice, struct arena *arena)
{
	char *copy;
	size_t at = 0;

	if (splice->count == 0)
		return S("");
	if (splice->count == 1)
		return splice->pieces[0];
	copy = arena_alloc(arena, splice->bytes + 1);
	for (unsigned i = 0; i < splice->count; i++) {
		memcpy(copy + at, splice->pieces[i].p, splice->pieces[i].n);
		at += splice->pieces[i].n;
	}
	return (struct str){ copy, at };
}

void splice_append(const struct splice *splice, struct buf *out)
{
	for (unsigned i = 0; i < splice->count; i++)
		buf_append(out, splice->pieces[i]);
}

static void add(struct splice *splice, struct str piece)
{
	if (piece.n == 0)
		return;
	assert(splice->count < SPLICE_PIECES);
	splice->pieces[splice->count++] = piece;
	splice->bytes += piece.n;
}
