/*
 * quoted.h - JSON that is readable in C: written with ' for ".
 */
#ifndef TESTS_UNIT_DIALECT_ANTHROPIC_QUOTED_H
#define TESTS_UNIT_DIALECT_ANTHROPIC_QUOTED_H

#include "../recordings.h"

/* The text with " for ', in the arena. */
static inline struct str quoted(const char *text, struct arena *arena)
{
	char *copy = arena_cstr(arena, str_of(text));

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return str_of(copy);
}

#endif
