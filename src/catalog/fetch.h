/*
 * fetch.h - the bytes of a catalogue, from a file or a URL.
 */
#ifndef CATALOG_FETCH_H
#define CATALOG_FETCH_H

#include "base/buf.h"
#include "base/settings.h"
#include "crypto/digest.h"
#include "net/get.h"

#define CATALOG_SOURCE_MAX_BYTES 255

struct catalog_text {
	struct str source; /* the file or URL */
	struct buf bytes;
	uint8_t sha256[SHA256_BYTES];
	char etag[GET_ETAG_BYTES]; /* "" where it is a file */
	bool is_same; /* the server says that it is the known copy: no bytes */
};

/* "http://..." or "https://...". */
bool catalog_source_is_url(struct str source);

/*
 * Read it; a URL only where a provider might be (base_url.h), and only when it
 * has changed since it had `known_etag` ("": in any case). The caller releases
 * `bytes`, also after a failure. ERR_BAD_FIELD, ERR_IO, ERR_TOO_LARGE,
 * ERR_UPSTREAM_*; err->message is fit for people and names the source.
 */
MUST_USE bool catalog_fetch(const struct settings *settings, struct str source,
	const char *known_etag, struct arena *arena, struct catalog_text *out,
	struct error *err);

#endif
