/*
 * column.c - making values fit their columns.
 */
#include "ledger/column.h"

struct str column_text(struct str text, size_t max_characters)
{
	return str_head_characters(text, max_characters);
}

int64_t column_int(int64_t value, int64_t min, int64_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}
