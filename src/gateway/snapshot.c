/*
 * snapshot.c - the process's view of the database, swapped whole.
 *
 * Two locks, taken in this order: `loading` by the one thread that looks at
 * the database, `lock` for a few instructions around pins and the swap.
 */
#include "gateway/snapshot.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"

/* What a call waits at most for changes that were announced. */
#define PATIENCE_NS INT64_C(1000000000)

struct snapshot_part {
	unsigned users; /* snapshots that hold it */
	struct key_set *keys;
	struct catalog *catalog;
};

struct snapshots {
	struct db_pool *db;
	struct hot *hot;
	pthread_mutex_t loading;
	int64_t looked_ns;  /* when the last good look began; atomic */
	int64_t looking_ns; /* when the one that runs began, or 0; atomic */
	int64_t changes;    /* announced before the last look; atomic */
	pthread_mutex_t lock;
	struct snapshot *newest;
};

static bool look(struct snapshots *snapshots, struct error *err);
static bool lock_loading(struct snapshots *snapshots);
static bool load_changes(struct snapshots *snapshots, struct error *err);
static bool load_keys(struct db *db, const struct snapshot *old,
	struct snapshot_part **out, struct error *err);
static bool load_catalog(struct db *db, const struct snapshot *old,
	struct snapshot_part **out, struct error *err);
static void swap_in(struct snapshots *snapshots, struct snapshot_part *keys,
	struct snapshot_part *catalog);
static struct snapshot_part *part_new(void);
static void part_drop(struct snapshot_part *part);
static void drop_pin(struct snapshot *snapshot);

struct snapshots *snapshots_new(struct db_pool *db, struct hot *hot)
{
	struct snapshots *snapshots = calloc(1, sizeof(*snapshots));

	if (!snapshots)
		abort();
	snapshots->db = db;
	snapshots->hot = hot;
	snapshots->looked_ns = INT64_MIN;
	pthread_mutex_init(&snapshots->loading, NULL);
	pthread_mutex_init(&snapshots->lock, NULL);
	return snapshots;
}

void snapshots_free(struct snapshots *snapshots)
{
	if (snapshots->newest)
		drop_pin(snapshots->newest);
	pthread_mutex_destroy(&snapshots->loading);
	pthread_mutex_destroy(&snapshots->lock);
	free(snapshots);
}

struct snapshot *snapshot_pin(struct snapshots *snapshots)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&snapshots->lock);
	snapshot = snapshots->newest;
	if (snapshot)
		snapshot->pins++;
	pthread_mutex_unlock(&snapshots->lock);
	return snapshot;
}

void snapshot_unpin(struct snapshots *snapshots, struct snapshot *snapshot)
{
	pthread_mutex_lock(&snapshots->lock);
	drop_pin(snapshot);
	pthread_mutex_unlock(&snapshots->lock);
}

bool snapshot_refresh(
	struct snapshots *snapshots, int64_t since_ns, struct error *err)
{
	bool ok = true;

	pthread_mutex_lock(&snapshots->loading);
	if (snapshots->looked_ns < since_ns)
		ok = look(snapshots, err);
	pthread_mutex_unlock(&snapshots->loading);
	return ok;
}

int64_t snapshot_age_ms(struct snapshots *snapshots)
{
	int64_t looked_ns =
		__atomic_load_n(&snapshots->looked_ns, __ATOMIC_ACQUIRE);

	if (looked_ns == INT64_MIN)
		return -1;
	return (clock_monotonic_ns() - looked_ns) / 1000000;
}

bool snapshot_is_stale(struct snapshots *snapshots)
{
	int64_t since;

	if (hot_get(snapshots->hot, HOT_SNAPSHOT_CHANGES) ==
		__atomic_load_n(&snapshots->changes, __ATOMIC_ACQUIRE))
		return false;
	since = __atomic_load_n(&snapshots->looking_ns, __ATOMIC_ACQUIRE);
	return since == 0 || clock_monotonic_ns() - since < PATIENCE_NS;
}

void snapshot_catch_up(struct snapshots *snapshots)
{
	struct error err;

	if (!snapshot_is_stale(snapshots) || !lock_loading(snapshots))
		return;
	if (snapshot_is_stale(snapshots) && !look(snapshots, &err))
		log_warn("changes of keys and catalogue were announced but "
			 "not loaded, will try again: %s",
			error_detail(&err));
	pthread_mutex_unlock(&snapshots->loading);
}

/*
 * The number comes first: what is announced meanwhile is looked for again.
 * It counts as seen after a failure too, or each call would try in vain.
 */
static bool look(struct snapshots *snapshots, struct error *err)
{
	int64_t changes = hot_get(snapshots->hot, HOT_SNAPSHOT_CHANGES);
	int64_t now = clock_monotonic_ns();
	bool ok;

	__atomic_store_n(&snapshots->looking_ns, now, __ATOMIC_RELEASE);
	ok = load_changes(snapshots, err);
	if (ok)
		__atomic_store_n(&snapshots->looked_ns, now, __ATOMIC_RELEASE);
	__atomic_store_n(&snapshots->changes, changes, __ATOMIC_RELEASE);
	__atomic_store_n(&snapshots->looking_ns, 0, __ATOMIC_RELEASE);
	return ok;
}

/*
 * False when the one who has it takes too long. By the calendar's clock, as
 * the function wants it: when that is set back, the wait ends with the look.
 */
static bool lock_loading(struct snapshots *snapshots)
{
	int64_t until_ms = clock_unix_ms() + PATIENCE_NS / 1000000;
	struct timespec deadline = { .tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000 };

	return pthread_mutex_timedlock(&snapshots->loading, &deadline) == 0;
}

static bool load_changes(struct snapshots *snapshots, struct error *err)
{
	struct snapshot *old = snapshots->newest;
	struct snapshot_part *keys = NULL;
	struct snapshot_part *catalog = NULL;
	struct db *db;
	bool ok;

	if (!db_take(snapshots->db, &db, err))
		return false;
	ok = load_keys(db, old, &keys, err) &&
	     load_catalog(db, old, &catalog, err);
	db_give(snapshots->db, db);
	if (ok && (keys || catalog)) {
		swap_in(snapshots, keys ? keys : old->keys_part,
			catalog ? catalog : old->catalog_part);
	} else {
		part_drop(keys);
		part_drop(catalog);
	}
	return ok;
}

/* *out stays NULL when the old ones are as good as new. */
static bool load_keys(struct db *db, const struct snapshot *old,
	struct snapshot_part **out, struct error *err)
{
	struct key_set *keys;
	int64_t version;

	if (old) {
		if (!key_set_version_now(db, &version, err))
			return false;
		if (version == key_set_version(old->keys))
			return true;
	}
	if (!key_set_load(db, &keys, err))
		return false;
	*out = part_new();
	(*out)->keys = keys;
	return true;
}

static bool load_catalog(struct db *db, const struct snapshot *old,
	struct snapshot_part **out, struct error *err)
{
	struct catalog *catalog;
	int64_t version;

	if (old) {
		if (!catalog_version_now(db, &version, err))
			return false;
		if (version == old->catalog->version)
			return true;
	}
	if (!catalog_load(db, &catalog, err))
		return false;
	log_info("catalogue loaded: version %" PRId64 ", %zu models offered",
		catalog->version, catalog->offered_count);
	*out = part_new();
	(*out)->catalog = catalog;
	return true;
}

static void swap_in(struct snapshots *snapshots, struct snapshot_part *keys,
	struct snapshot_part *catalog)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct snapshot *old;

	if (!snapshot)
		abort();
	snapshot->pins = 1; /* being the newest */
	snapshot->keys = keys->keys;
	snapshot->catalog = catalog->catalog;
	snapshot->keys_part = keys;
	snapshot->catalog_part = catalog;
	pthread_mutex_lock(&snapshots->lock);
	keys->users++;
	catalog->users++;
	old = snapshots->newest;
	snapshots->newest = snapshot;
	if (old)
		drop_pin(old);
	pthread_mutex_unlock(&snapshots->lock);
}

static struct snapshot_part *part_new(void)
{
	struct snapshot_part *part = calloc(1, sizeof(*part));

	if (!part)
		abort();
	return part;
}

static void part_drop(struct snapshot_part *part)
{
	if (!part || (part->users > 0 && --part->users > 0))
		return;
	key_set_free(part->keys);
	catalog_free(part->catalog);
	free(part);
}

static void drop_pin(struct snapshot *snapshot)
{
	if (--snapshot->pins > 0)
		return;
	part_drop(snapshot->keys_part);
	part_drop(snapshot->catalog_part);
	free(snapshot);
}
