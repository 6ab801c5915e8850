/*
 * templates.h - the dashboard's templates and texts, read from files.
 *
 * FOLDER/templates holds NAME.mustache, parts/NAME.mustache (which others
 * name as "parts/NAME"), and text/LANGUAGE.json: one object for each language,
 * with the same members in all of them, which templates see as `t`.
 *
 * They are read once, at the start, and checked: a partial that is not there,
 * or a text that a language does not have, is an error. With site.reload each
 * page reads them anew.
 */
#ifndef SITE_TEMPLATES_H
#define SITE_TEMPLATES_H

#include <jansson.h>

#include "base/settings.h"
#include "site/mustache.h"

#define TEMPLATES_DEFAULT_LANGUAGE "en"
#define TEMPLATES_MAX_PAGE_BYTES (16 << 20)

struct templates;
/* What was read at one time; nothing in it changes. */
struct template_set;

/* ERR_CONFIG, with "FILE:LINE: reason". */
MUST_USE bool templates_open(const char *folder, bool reload,
	struct templates **out, struct error *err);
/* Safe with NULL. */
void templates_close(struct templates *templates);

/* Borrow the set until templates_unpin(). ERR_CONFIG, with `reload` alone. */
MUST_USE bool templates_pin(struct templates *templates,
	struct template_set **out, struct error *err);
void templates_unpin(struct templates *templates, struct template_set *set);

/* The texts of a language, or of the default one; the set's own. */
json_t *template_set_texts(const struct template_set *set, struct str language);
bool template_set_speaks(const struct template_set *set, struct str language);
/* The text at "nav.keys"; the key itself when there is none. */
struct str template_text(const json_t *texts, struct str key);

/* As mustache_render(). ERR_INTERNAL: no template has that name. */
MUST_USE bool template_set_render(const struct template_set *set,
	struct str name, json_t *const *contexts, size_t count, struct buf *out,
	struct error *err);
bool template_set_has(const struct template_set *set, struct str name);

#endif
