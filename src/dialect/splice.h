/*
 * splice.h - a text with a few places changed, as a list of views.
 *
 * A body of 20 MB whose model name changes is not copied: it is written as
 * "before, new name, after". Pieces are views; whoever owns the bytes they
 * look at must outlive the splice.
 */
#ifndef DIALECT_SPLICE_H
#define DIALECT_SPLICE_H

#include "base/arena.h"
#include "base/buf.h"

#define SPLICE_PIECES 8

struct splice {
	struct str pieces[SPLICE_PIECES]; /* none of them empty */
	unsigned count;
	size_t bytes; /* of all pieces together */
};

/* At byte `at` of the text, `remove` bytes give way to `insert`. */
struct splice_edit {
	size_t at;
	size_t remove;
	struct str insert;
};

/* How many edits fit: each costs its text and the piece before it. */
#define SPLICE_EDITS 3

/*
 * Apply edits, which stand in the order of the text and do not overlap (two
 * that insert at the same place keep their order). Without edits the splice
 * is the text itself.
 */
void splice_make(struct splice *out, struct str text,
	const struct splice_edit *edits, size_t count);

/* One contiguous text: the only piece itself, or a copy in the arena. */
struct str splice_join(const struct splice *splice, struct arena *arena);
void splice_append(const struct splice *splice, struct buf *out);

#endif
