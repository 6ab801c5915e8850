/*
 * snapshot.h - what the process knows of the database, in one piece.
 *
 * Keys and catalogue are loaded whole and never changed; a change in the
 * database makes a new snapshot, and calls that run keep the one they pinned.
 *
 * Whoever changes keys or catalogue raises HOT_SNAPSHOT_CHANGES (hot/store.h)
 * after the commit. A call that finds that number moved catches up before it
 * goes on, so that a revoked key is refused by the next call of any process.
 * What nobody announced is found by the janitor's polling.
 *
 * Nothing here blocks but snapshot_refresh() and snapshot_catch_up().
 */
#ifndef GATEWAY_SNAPSHOT_H
#define GATEWAY_SNAPSHOT_H

#include "accounts/key_set.h"
#include "catalog/catalog.h"
#include "db/pool.h"
#include "hot/store.h"

/* A key set or a catalogue, shared by the snapshots that hold it. */
struct snapshot_part;

struct snapshot {
	const struct key_set *keys;
	const struct catalog *catalog;
	struct snapshot_part *keys_part;
	struct snapshot_part *catalog_part;
	unsigned pins; /* guarded by the holder's lock */
};

struct snapshots;

/* Both must outlive it. */
struct snapshots *snapshots_new(struct db_pool *db, struct hot *hot);
/* Nothing is pinned any more. */
void snapshots_free(struct snapshots *snapshots);

/* The newest one; NULL as long as the database was never reached. Give it
 * back with snapshot_unpin(). */
struct snapshot *snapshot_pin(struct snapshots *snapshots);
void snapshot_unpin(struct snapshots *snapshots, struct snapshot *snapshot);

/*
 * Look at the versions in the database and load what has moved. Blocks.
 * A look that began after `since_ns` (clock_monotonic_ns) by another thread
 * is as good as ours: callers that come together cost one look. ERR_DATABASE
 * leaves the snapshot as it was.
 */
MUST_USE bool snapshot_refresh(
	struct snapshots *snapshots, int64_t since_ns, struct error *err);

/* How long ago the last good look began; -1: there was none yet. */
int64_t snapshot_age_ms(struct snapshots *snapshots);

/*
 * Changes were announced that the newest snapshot does not show. To be asked
 * before snapshot_pin(): the snapshot may be swapped in between. An
 * announcement counts once: after a look that failed, or while one takes too
 * long, the known snapshot serves on and the janitor goes on trying.
 */
bool snapshot_is_stale(struct snapshots *snapshots);

/*
 * Load what was announced, or wait for the thread that does, but for a second
 * at most. Does nothing when the snapshot is not stale (any more). It cannot
 * fail: without the database the known snapshot remains.
 */
void snapshot_catch_up(struct snapshots *snapshots);

#endif
