/*
 * column.c - making values fit their columns.
 */
#include "ledger/column.h"

struct str column_text(struct str text, size_t max_characters)
{
	size_t characters = 0;

	/* Few texts are long, and none has more characters than bytes. */
	if (text.n <= max_characters)
		return text;
	for (size_t i = 0; i < text.n; i++) {
		if ((text.p[i] & 0xc0) != 0x80 &&
			characters++ == max_characters)
			return str_head(text, i);
	}
	return text;
}

int64_t column_int(int64_t value, int64_t min, int64_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}
