/*
 * sync_sources.h - the catalogues that one run of the updater reads, merged:
 * the first one counts most.
 */
#ifndef CATALOG_SYNC_SOURCES_H
#define CATALOG_SYNC_SOURCES_H

#include "catalog/sync.h"

struct sync_sources {
	struct sync_source items[SYNC_SOURCES_MAX];
	size_t count;
	bool unchanged; /* all of them are what was applied last: not read */
	struct catalog_entries entries;
};

/* Add a file or URL. ERR_BAD_REQUEST: there are too many. */
MUST_USE bool sync_sources_add(
	struct sync_sources *sources, struct str name, struct error *err);
/* The list that was installed with the program. ERR_IO. */
MUST_USE bool sync_sources_add_shipped(struct sync_sources *sources,
	const struct settings *settings, struct arena *arena,
	struct error *err);
/* Those of the setting catalog.sources; where it is empty, the shipped one. */
MUST_USE bool sync_sources_add_usual(struct sync_sources *sources,
	const struct settings *settings, struct arena *arena,
	struct error *err);

/*
 * Read all of them into `entries`; one that cannot be read fails the whole, as
 * a list without it would change what it had decided. `format` NULL finds out
 * each one's. A server is only asked for news when nothing else has changed
 * the catalogue since (`db` NULL: always for the whole). The arena's.
 * ERR_BAD_FIELD, ERR_BAD_JSON, ERR_TOO_DEEP, ERR_TOO_LARGE: refused; ERR_IO,
 * ERR_UPSTREAM_*: not read. Release it in any case.
 */
MUST_USE bool sync_sources_read(struct sync_sources *sources,
	const struct settings *settings, const struct catalog_format *format,
	struct db *db, int64_t now_ms, struct arena *arena, struct error *err);
void sync_sources_release(struct sync_sources *sources);

/* Their names, by commas, at most CATALOG_SOURCE_MAX_BYTES. */
struct str sync_sources_names(
	const struct sync_sources *sources, struct arena *arena);

#endif
