/*
 * known_provider.h - providers whose address is public knowledge, so that
 * `provider add groq --key-stdin` needs no more.
 */
#ifndef CATALOG_KNOWN_PROVIDER_H
#define CATALOG_KNOWN_PROVIDER_H

#include "base/error.h"
#include "base/str.h"
#include "catalog/quirks.h"

#define KNOWN_QUIRKS 4

struct known_provider {
	struct str name;
	struct str dialect;  /* names, separated by commas */
	struct str base_url; /* "": it depends on the region or the customer */
	struct str auth;
	const char *quirks[KNOWN_QUIRKS]; /* "name=value"; NULL ends them */
};

/* NULL when nothing is known about that name. */
const struct known_provider *known_provider_find(struct str name);
/* The n-th of them; NULL behind the last. */
const struct known_provider *known_provider_at(size_t n);
/* What the table says of its quirks; every one of them is valid. */
void known_provider_quirks(
	const struct known_provider *known, struct quirks *out);

#endif
