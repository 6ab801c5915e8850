/*
 * mapped_file.h - a data file in memory: read only, shared by all processes,
 * page by page as it is used.
 *
 *	0   "llm-gateway", NULs up to 16
 *	16  what it is, "TOKENS" or "CHARS", NULs up to 32
 *	32  the version of its form
 *	40  how many bytes follow the head
 *	48  their sum
 *	56  the sum of the head's first 56 bytes
 *	64  what it holds
 *
 * Numbers are little endian, the sums those of hash.h.
 */
#ifndef TOKENS_MAPPED_FILE_H
#define TOKENS_MAPPED_FILE_H

#include "base/error.h"
#include "base/str.h"

struct mapped_file {
	void *memory; /* NULL: none */
	size_t size;
	struct str content;
};

/* Map folder/name, which is to be a `kind`. ERR_IO, ERR_CONFIG. */
MUST_USE bool mapped_file_open(const char *folder, const char *name,
	const char *kind, struct mapped_file *out, struct error *err);
/* Safe with one that was never opened, and is all zero. */
void mapped_file_close(struct mapped_file *file);
/* Does the content have its sum? Reads all of it. */
bool mapped_file_is_whole(const struct mapped_file *file);

#endif
