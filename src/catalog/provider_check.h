/*
 * provider_check.h - asks a provider whether it accepts a key, before the key
 * is kept: a GET of its models, which costs nothing.
 */
#ifndef CATALOG_PROVIDER_CHECK_H
#define CATALOG_PROVIDER_CHECK_H

#include "catalog/provider.h"

#define PROVIDER_CHECK_TIMEOUT_MS 10000

enum provider_verdict {
	PROVIDER_ACCEPTS, /* the key */
	PROVIDER_REFUSES,
	PROVIDER_UNCLEAR,   /* it answered, or cannot be asked this way */
	PROVIDER_UNREACHED, /* nobody answered */
};

struct provider_answer {
	enum provider_verdict verdict;
	int status;      /* of HTTP; 0: none came */
	struct str said; /* its own words, or why there are none; in the
			    arena, and never with a part of the key */
};

/*
 * Ask, with `key` or without one (""). Takes up to
 * PROVIDER_CHECK_TIMEOUT_MS; an address on a private network is not connected
 * to unless `allow_private`.
 */
void provider_check(const struct provider *provider, struct str key,
	bool allow_private, struct arena *arena, struct provider_answer *out);

/* "accepted", "refused", "unclear", "unreached". */
const char *provider_verdict_name(enum provider_verdict verdict);

#endif
