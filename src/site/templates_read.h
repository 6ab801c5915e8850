/*
 * templates_read.h - one reading of the folder of templates: for templates*.c
 * alone.
 */
#ifndef SITE_TEMPLATES_READ_H
#define SITE_TEMPLATES_READ_H

#include "site/templates.h"

struct template_language {
	struct str name; /* "en" */
	struct str path;
	json_t *texts;
};

struct template_set {
	struct arena arena; /* of all there is, but for the texts */
	const struct mustache **templates; /* sorted by name */
	size_t template_count, template_room;
	struct template_language *languages;
	size_t language_count;
};

/* Read, parse and check. ERR_CONFIG. */
MUST_USE bool template_set_read(
	const char *folder, struct template_set **out, struct error *err);
void template_set_free(struct template_set *set);

/* Does every name lead somewhere, in every language? ERR_CONFIG. */
MUST_USE bool template_set_check(
	const struct template_set *set, struct error *err);

/* NULL: there is none. */
const struct mustache *template_set_find(
	const struct template_set *set, struct str name);

#endif
