/*
 * csv.h - cells of comma-separated values (RFC 4180).
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buf.h"

/*
 * A text in double quotes. One that a spreadsheet would run as a formula, for
 * its first character, gets a ' in front; a NUL, which many readers take for
 * the end of the file, becomes U+FFFD.
 */
void csv_append_text(struct buf *out, struct str text);

#endif
