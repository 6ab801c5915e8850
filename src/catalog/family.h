/*
 * family.h - which provider a public catalogue means, and which of ours that
 * is. A family is a name of the table of known providers ("openai").
 */
#ifndef CATALOG_FAMILY_H
#define CATALOG_FAMILY_H

#include "base/str.h"

struct family_name {
	struct str name; /* in a catalogue: "vertex_ai-language-models" */
	struct str family;
	unsigned rank; /* 0: itself; more: another service of the same house */
};

/* NULL: a provider that we know nothing about. */
const struct family_name *family_find(struct str name);

/* False of a model that a catalogue counts to that family but another service
 * of the same house serves. */
bool family_serves(struct str family, struct str id);

/*
 * The family that a provider of ours belongs to, by its base URL's host, else
 * by its name; "": none.
 */
struct str family_of_provider(struct str name, struct str base_url);

#endif
