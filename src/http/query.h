/*
 * query.h - the parameters of a query or of a form: a=b&c=d.
 */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "base/arena.h"

/* Resolve '+' and %XX. False: it is not UTF-8 then, or has a NUL. */
MUST_USE bool query_decode(
	struct str encoded, struct arena *arena, struct str *out);

/* The first parameter of that name that can be decoded; "" when missing. */
struct str query_param(struct str query, struct str name, struct arena *arena);

#endif
