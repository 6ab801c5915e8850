/*
 * vector.h - embeddings: numbers that depend on the text alone, so that equal
 * texts are equal, and other texts are somewhere else. Length 1.
 */
#ifndef SIMULATOR_VECTOR_H
#define SIMULATOR_VECTOR_H

#include "base/buf.h"

#define VECTOR_MAX_DIMENSIONS 4096

/* `values` has room for `count`, from 1 to VECTOR_MAX_DIMENSIONS. */
void vector_fill(struct str text, float *values, int count);

/* As a JSON array of numbers. */
void vector_append_json(const float *values, int count, struct buf *out);
/* As a JSON string: base64 of little-endian floats. */
void vector_append_base64(const float *values, int count, struct buf *out);
/* As a JSON array of whole numbers: each value times `scale`, cut to
 * [min, max]. */
void vector_append_integers(const float *values, int count, int scale, int min,
	int max, struct buf *out);

#endif
