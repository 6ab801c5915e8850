/*
 * mustache.h - templates: text with {{tags}}, filled from JSON.
 *
 * The whole specification (github.com/mustache/spec 1.4): interpolation,
 * sections, inverted sections, partials, comments, delimiters, and of the
 * optional parts inheritance ({{<parent}}, {{$block}}) and dynamic names
 * ({{>*name}}). Lambdas are not for JSON.
 *
 * A template is parsed once into a list of steps and then only read, by any
 * number of threads. Partials are found while rendering, by name, so that
 * templates may name each other in any order and in circles; how deep they
 * nest is bounded.
 *
 * What the specification leaves open is as in JavaScript: "", 0, null, false,
 * and an empty list are false in a section. Both quotes are escaped, too, and
 * nothing is written for a list or an object.
 */
#ifndef SITE_MUSTACHE_H
#define SITE_MUSTACHE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct mustache;

/* Sections, partials, parents and blocks around the inmost tag. */
#define MUSTACHE_MAX_DEPTH 128
/* Tags that one rendering may pass: an end for templates that double. */
#define MUSTACHE_MAX_STEPS 20000000

/*
 * Parse a template. It lives in the arena and looks into `source` and `name`,
 * which stay as long. ERR_CONFIG: the message is "NAME:LINE: reason".
 */
MUST_USE bool mustache_parse(struct str name, struct str source,
	struct arena *arena, const struct mustache **out, struct error *err);

/* The template of that name; NULL: there is none, which renders as nothing. */
typedef const struct mustache *mustache_find(void *owner, struct str name);

/*
 * Append the rendered template. Names are looked up in the last of the
 * contexts first. ERR_TOO_DEEP, or ERR_TOO_LARGE when `out` is full; the
 * message names template and line.
 */
MUST_USE bool mustache_render(const struct mustache *template,
	mustache_find *find, void *owner, json_t *const *contexts, size_t count,
	struct buf *out, struct error *err);

#endif
