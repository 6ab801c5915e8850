/*
 * settings_table.h - what one setting is; settings_table.c lists them all.
 */
#ifndef BASE_SETTINGS_TABLE_H
#define BASE_SETTINGS_TABLE_H

#include "base/settings.h"

enum setting_type {
	SETTING_TEXT,
	SETTING_INT,
	SETTING_BOOL,
	SETTING_USD,   /* kept as pico-dollars */
	SETTING_PRICE, /* USD per million tokens; kept as those of a token */
};

struct setting {
	const char *name; /* section.key */
	enum setting_type type;
	size_t offset;
	const char *value; /* the default */
	int64_t min, max;  /* of a SETTING_INT */
	const char *meaning;
	bool (*is_valid)(struct str value); /* of a SETTING_TEXT; or NULL */
	const char *expected;               /* what that wants to see */
};

extern const struct setting settings_table[];
extern const size_t settings_table_count;

#endif
