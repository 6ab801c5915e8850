/*
 * column.h - making values fit their columns, so that MariaDB refuses no row
 * for being too long.
 */
#ifndef LEDGER_COLUMN_H
#define LEDGER_COLUMN_H

#include "base/str.h"

/* The first characters of a UTF-8 text: what a VARCHAR(n) takes. */
struct str column_text(struct str text, size_t max_characters);

/* The value, or the nearest bound. */
int64_t column_int(int64_t value, int64_t min, int64_t max);

#endif
