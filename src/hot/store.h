/*
 * store.h - what all processes of this machine share: numbers and small
 * records, by name.
 *
 * One LMDB environment in `server.hot_dir`, on tmpfs. It is lost at a reboot,
 * and nothing is in it that could not be learnt again elsewhere. Reading
 * takes no lock and costs a fraction of a microsecond; a change is one write
 * transaction, and there is one at a time on the machine. A process that is
 * killed in the middle of a change takes nothing with it: the next writer
 * finds the store as it was before.
 *
 * The processes that serve open it with `create`; the command line joins what
 * is there. One process opens a store once and uses it from any thread, but
 * not after a fork().
 */
#ifndef HOT_STORE_H
#define HOT_STORE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/settings.h"

/*
 * The names in use, all in one place so that no two users take the same one.
 * The first word says whose it is; a name has at most 511 bytes.
 */

/* Raised after each committed change of keys or catalogue. */
#define HOT_SNAPSHOT_CHANGES S("snapshot/changes")
/* "limit/...": see hot/limit_lmdb.h. */
/* "breaker/...", "key_rest/...", "warm_prefix/...": see hot/ of that name. */
/* In front of a counter's name: what it does not know yet (gateway/late.h). */
#define HOT_LATE S("late/")
/* In front of the id of a call that runs, and a counter's name: what will be
 * late when it has ended. */
#define HOT_PROMISED S("promised/")
/* Of grants (gateway/grants.h): when they were renewed, how often lost. */
#define HOT_GRANTS_RENEWED S("grants/renewed")
#define HOT_GRANTS_LOST S("grants/lost")
/* The last minute whose line is in metrics.log. */
#define HOT_METRICS_MINUTE S("metrics/minute")

struct hot;

/*
 * With `create`, the folder (0770) and the files (0660) are made when
 * missing, and files that cannot be used (damaged, or of another version) are
 * removed and made anew, with a warning. Without, nothing is made or removed,
 * and *out is NULL, with true, when there is no store: then no process runs
 * that would look into it. ERR_IO names the path.
 */
MUST_USE bool hot_open(const struct settings *settings, bool create,
	struct hot **out, struct error *err);
/* No thread uses it any more. Safe with NULL. */
void hot_close(struct hot *hot);

/*
 * The number of that name, 0 when there is none. Waits for nobody and
 * allocates nothing, but for the first time in each thread; with more than
 * 8192 threads on the machine, the last ones wait for writers. A store that
 * cannot be read also gives 0, with one warning in the log.
 */
int64_t hot_get(struct hot *hot, struct str name);

/*
 * Add to a number, from 0 when there is none, and tell what it is now; it
 * stops at the ends of int64_t. ERR_IO: it was not changed.
 */
MUST_USE bool hot_add(struct hot *hot, struct str name, int64_t delta,
	int64_t *value, struct error *err);

/* The largest record. */
#define HOT_RECORD_BYTES 1024

/*
 * Copy the record of that name to `out`, and tell how many bytes it has: 0
 * when there is none. Otherwise as hot_get(). A record that is longer than
 * `size` counts as one that cannot be read.
 */
size_t hot_read(struct hot *hot, struct str name, void *out, size_t size);

/*
 * Change a record in one transaction. change() gets what is there (empty:
 * nothing) and appends to `now` what shall be there, nothing to remove it;
 * false leaves it. It runs while all other writers of the machine wait: it is
 * brief and calls nobody. ERR_IO: it was not changed.
 */
typedef bool hot_change_record(struct str old, struct buf *now, void *context);
MUST_USE bool hot_change(struct hot *hot, struct str name,
	hot_change_record *change, void *context, struct error *err);

/* Show every number and record whose name begins so, in the order of their
 * names, as they were at one moment; false from visit() ends it. The views
 * last as long as the visit. ERR_IO. */
typedef bool hot_visit(struct str name, struct str value, void *context);
MUST_USE bool hot_each(struct hot *hot, struct str prefix, hot_visit *visit,
	void *context, struct error *err);

/*
 * Free the places of readers whose process has died; such a reader may hold
 * back memory that changes could use again. For the janitor. *freed counts
 * them. ERR_IO.
 */
MUST_USE bool hot_sweep(struct hot *hot, unsigned *freed, struct error *err);

#endif
