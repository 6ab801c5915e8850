/*
 * mustache_step.h - what a parsed template is: for mustache*.c, and for
 * templates_check.c, which looks for names that lead nowhere.
 *
 * A list of steps in the order of the text. A step with a body (section,
 * parent, block) is followed by its body, which ends before step `end`. Of a
 * parent's body only the blocks are there.
 */
#ifndef SITE_MUSTACHE_STEP_H
#define SITE_MUSTACHE_STEP_H

#include "site/mustache.h"

enum mustache_kind {
	MUSTACHE_TEXT,
	MUSTACHE_VALUE, /* {{name}} */
	MUSTACHE_RAW,   /* {{{name}}}, {{&name}} */
	MUSTACHE_SECTION,
	MUSTACHE_INVERTED,
	MUSTACHE_PARTIAL,
	MUSTACHE_PARENT,
	MUSTACHE_BLOCK,
};

struct mustache_step {
	enum mustache_kind kind;
	bool is_dynamic;    /* the name of a partial or parent is looked up */
	bool is_alone;      /* a partial or parent on lines of its own */
	unsigned line;      /* in the source, from 1 */
	struct str text;    /* of a MUSTACHE_TEXT; else the whole name */
	struct str *path;   /* the name's parts; none: "." */
	size_t path_length; /* of them */
	struct str indent;  /* for each line of what is put in here */
	size_t end;
};

struct mustache {
	struct str name;
	struct mustache_step *steps;
	size_t count;
};

#endif
