/*
 * vector.c - embeddings.
 */
#include "vector.h"

#include <math.h>

#include "base64.h"

static uint64_t hash_of(struct str text);
static uint64_t next_random(uint64_t *state);

void vector_fill(struct str text, float *values, int count)
{
	uint64_t state = hash_of(text);
	double sum = 0;
	double length;

	assert(count > 0 && count <= VECTOR_MAX_DIMENSIONS);
	for (int i = 0; i < count; i++) {
		double value = (double)(next_random(&state) >> 11) /
			       (double)(UINT64_C(1) << 53);

		values[i] = (float)(value * 2 - 1);
		sum += (double)values[i] * (double)values[i];
	}
	length = sqrt(sum);
	for (int i = 0; i < count && length > 0; i++)
		values[i] = (float)((double)values[i] / length);
}

void vector_append_json(const float *values, int count, struct buf *out)
{
	for (int i = 0; i < count; i++) {
		buf_append_char(out, i ? ',' : '[');
		buf_printf(out, "%.9g", (double)values[i]);
	}
	buf_append_char(out, ']');
}

void vector_append_base64(const float *values, int count, struct buf *out)
{
	struct buf bytes = BUF_INIT(VECTOR_MAX_DIMENSIONS * sizeof(float));

	for (int i = 0; i < count; i++) {
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		for (int shift = 0; shift < 32; shift += 8)
			buf_append_char(&bytes, (char)(bits >> shift & 0xff));
	}
	buf_append_char(out, '"');
	base64_encode(buf_str(&bytes), out);
	buf_append_char(out, '"');
	buf_release(&bytes);
}

void vector_append_integers(const float *values, int count, int scale, int min,
	int max, struct buf *out)
{
	for (int i = 0; i < count; i++) {
		int value = (int)(values[i] * (float)scale);

		buf_append_char(out, i ? ',' : '[');
		buf_append_int(out, value < min   ? min
				    : value > max ? max
						  : value);
	}
	buf_append_char(out, ']');
}

/* FNV-1a, and what splitmix makes of it. */
static uint64_t hash_of(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) *
		       UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}
