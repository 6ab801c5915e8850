/*
 * sync_record.h - the tables catalog_syncs, catalog_changes and
 * catalog_sources: what the updater did, and what it knows of its sources.
 */
#ifndef CATALOG_SYNC_RECORD_H
#define CATALOG_SYNC_RECORD_H

#include "catalog/sync.h"

/* What a source was when it was last applied. */
struct sync_known {
	bool found;
	char etag[GET_ETAG_BYTES];
	int64_t models;
	int64_t catalog_version; /* the catalogue's after that */
};

/* One updater at a time: ERR_BAD_REQUEST when another one is at work. It is
 * given up with the connection. */
MUST_USE bool sync_lock(struct db *db, struct error *err);
/* For a connection that lives on. */
MUST_USE bool sync_unlock(struct db *db, struct error *err);

MUST_USE bool sync_known_load(struct db *db, struct str source,
	struct sync_known *out, struct error *err);
/* How many models a text of that format had that was applied last; 0: none
 * was. */
MUST_USE bool sync_known_models(
	struct db *db, struct str format, int64_t *models, struct error *err);
/* In the transaction that applied it, after the catalogue's version rose. */
MUST_USE bool sync_known_save(struct db *db, const struct sync_source *source,
	int64_t now_ms, struct error *err);

/*
 * A row of catalog_syncs. `result` is 'applied', 'unchanged', 'refused' or
 * 'failed'; `reason` says why for the last two. `plan` may be NULL.
 */
MUST_USE bool sync_record_add(struct db *db, struct str source,
	const uint8_t *sha256, const char *result, struct str reason,
	const struct sync_plan *plan, int64_t started_ms, int64_t *id,
	struct error *err);
MUST_USE bool sync_record_change(struct db *db, int64_t sync_id,
	const struct sync_change *change, struct error *err);

/* A row of the history: what a sync changed. */
struct sync_history_row {
	int64_t id;
	int64_t time_ms;
	struct str source;
	struct str provider;
	struct str model;
	struct str kind;
	struct str before_json;
	struct str after_json;
};

/* Which rows; 0 and "" leave it open. */
struct sync_history_filter {
	struct str model; /* its name, or "provider/name" */
	int64_t since_ms;
	int64_t before_id;
	int64_t limit;
};

/* The newest `limit` changes of those, the newest first, in the arena. */
MUST_USE bool sync_history_load(struct db *db,
	const struct sync_history_filter *filter, struct arena *arena,
	struct sync_history_row **rows, size_t *count, struct error *err);

/* One run of the updater. */
struct sync_run {
	int64_t id;
	struct str source;
	int64_t started_ms;
	struct str result; /* "applied"... */
	struct str reason;
	int64_t added, changed, deprecated, prices;
};

/* The newest `limit` runs, in the arena. */
MUST_USE bool sync_runs_load(struct db *db, int64_t limit, struct arena *arena,
	struct sync_run **runs, size_t *count, struct error *err);

#endif
