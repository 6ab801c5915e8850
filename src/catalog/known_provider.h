/*
 * known_provider.h - providers whose address is public knowledge, so that
 * `provider add groq --key-stdin` needs no more.
 */
#ifndef CATALOG_KNOWN_PROVIDER_H
#define CATALOG_KNOWN_PROVIDER_H

#include "base/str.h"
#include "catalog/quirks.h"

struct known_provider {
	struct str name;
	struct str dialect;
	struct str base_url;
	struct str auth;
	struct quirks quirks;
};

/* NULL when nothing is known about that name. */
const struct known_provider *known_provider_find(struct str name);

#endif
