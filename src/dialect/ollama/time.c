/*
 * time.c - "2026-07-30T14:17:27.836768072Z", or with "+02:00" in place
 * of the Z: an answer says when it was made in the server's time zone, to the
 * nanosecond.
 */
#include "dialect/ollama/ollama.h"

#include "base/clock.h"

#define SECONDS_TEXT_BYTES 19 /* "2026-07-30T14:17:27" */

static bool read_zone(struct str text, int64_t *seconds);

int64_t ollama_read_time(struct str text)
{
	struct str rest = str_from(text, SECONDS_TEXT_BYTES);
	size_t digits = 0;
	int64_t unix_ms, zone_s;

	if (!clock_parse(str_head(text, SECONDS_TEXT_BYTES), &unix_ms))
		return -1;
	if (rest.n > 0 && rest.p[0] == '.') {
		rest = str_from(rest, 1);
		while (digits < rest.n &&
			isdigit((unsigned char)rest.p[digits]))
			digits++;
		rest = str_from(rest, digits);
	}
	if (!read_zone(rest, &zone_s) || unix_ms / 1000 < zone_s)
		return -1;
	return unix_ms / 1000 - zone_s;
}

/* "Z", "+02:00": how far the clocks there are ahead. */
static bool read_zone(struct str text, int64_t *seconds)
{
	int64_t hours, minutes;

	*seconds = 0;
	if (str_equal(text, S("Z")))
		return true;
	if (text.n != sizeof("+02:00") - 1 || text.p[3] != ':' ||
		(text.p[0] != '+' && text.p[0] != '-') ||
		!str_to_int64_in(
			str_head(str_from(text, 1), 2), 0, 23, &hours) ||
		!str_to_int64_in(str_from(text, 4), 0, 59, &minutes))
		return false;
	*seconds = (hours * 60 + minutes) * 60;
	if (text.p[0] == '-')
		*seconds = -*seconds;
	return true;
}

void ollama_write_time(int64_t unix_s, struct json_writer *w)
{
	char text[CLOCK_TEXT_BYTES];

	clock_format(unix_s > 0 ? unix_s * 1000 : 0, text);
	json_write_str(w, str_of(text));
}
