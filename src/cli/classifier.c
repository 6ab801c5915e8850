/*
 * classifier.c - finds the weights, and mends texts.
 */
#include "cli/classifier.h"

#include "base/data_directory.h"

static size_t character_bytes(struct str text);

bool classifier_path(struct session *session, const char *option,
	const char *name, char out[PATH_MAX], struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	struct str given = arguments_text(arguments, option);

	if (given.n >= PATH_MAX)
		return error_refuse(err, ERR_BAD_REQUEST, option,
			"--%s is too long.", option);
	if (given.n) {
		snprintf(out, PATH_MAX, "%.*s", STR_ARG(given));
		return true;
	}
	if ((arguments_has(arguments, "config") ||
		    arguments_has(arguments, "set")) &&
		!session->has_settings && !session_read_settings(session, err))
		return false;
	return data_directory_path(
		session->has_settings ? session->settings.data_dir : S(""),
		name, out, err);
}

bool classifier_find(
	struct session *session, struct classifier **out, struct error *err)
{
	char path[PATH_MAX];

	return classifier_path(
		       session, "weights", CLASSIFIER_WEIGHTS, path, err) &&
	       classifier_open(path, out, err);
}

struct str mended_text(struct arena *arena, struct str text)
{
	char *mended = NULL;

	for (size_t i = 0; i < text.n;) {
		size_t n = character_bytes(str_from(text, i));

		if (!n) {
			if (!mended)
				mended = arena_cstr(arena, text);
			mended[i] = '?';
		}
		i += n ? n : 1;
	}
	return mended ? (struct str){ mended, text.n } : text;
}

/* Of the first one; 0 when it is no UTF-8 (Unicode 15, table 3-7). */
static size_t character_bytes(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	unsigned min = 0x80, max = 0xbf;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || text.n < n)
		return 0;
	if (p[0] == 0xe0)
		min = 0xa0;
	else if (p[0] == 0xed)
		max = 0x9f;
	else if (p[0] == 0xf0)
		min = 0x90;
	else if (p[0] == 0xf4)
		max = 0x8f;
	for (size_t i = 1; i < n; i++, min = 0x80, max = 0xbf) {
		if (p[i] < min || p[i] > max)
			return 0;
	}
	return n;
}
