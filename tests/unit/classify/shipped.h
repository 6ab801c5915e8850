/*
 * shipped.h - the data files of the tree, for tests that run in its root.
 */
#ifndef TESTS_UNIT_CLASSIFY_SHIPPED_H
#define TESTS_UNIT_CLASSIFY_SHIPPED_H

#include "base/str.h"

#define SHIPPED_LEXICON "conf/classifier/lexicon"
#define SHIPPED_WEIGHTS "conf/classifier/weights"

static inline struct str shipped_lexicon(char *bytes, size_t size)
{
	FILE *file = fopen(SHIPPED_LEXICON, "rb");
	size_t n;

	assert(file);
	n = fread(bytes, 1, size, file);
	assert(n < size);
	fclose(file);
	return (struct str){ bytes, n };
}

#endif
