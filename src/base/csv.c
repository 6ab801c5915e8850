/*
 * csv.c - quoting.
 */
#include "base/csv.h"

void csv_append_text(struct buf *out, struct str text)
{
	bool is_formula = text.n > 0 && memchr("=+-@\t\r", text.p[0], 6);

	buf_append_char(out, '"');
	if (is_formula)
		buf_append_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_append_char(out, '"');
		/* Many readers take a NUL for the end of the file. */
		if (text.p[i] == '\0')
			buf_append(out, S("\xef\xbf\xbd"));
		else
			buf_append_char(out, text.p[i]);
	}
	buf_append_char(out, '"');
}
