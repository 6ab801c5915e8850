/*
 * array.h - arrays of zeros for the training, as large as its data.
 */
#ifndef CLASSIFY_ARRAY_H
#define CLASSIFY_ARRAY_H

#include "base/base.h"

/* Never NULL, also of 0 members: without memory the program ends. The caller
 * frees it. */
static inline void *array_new(size_t count, size_t bytes)
{
	void *array = calloc(count + 1, bytes);

	if (!array)
		abort();
	return array;
}

#endif
