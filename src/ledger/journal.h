/*
 * journal.h - finished calls that are not yet in MariaDB.
 *
 * Every process appends to files of its own in `state_dir/journal`; a record
 * is framed with its length and a checksum (frame.h) and written with one
 * write(2), so it survives kill -9 as soon as journal_append() has returned,
 * and a power cut from the next journal_sync() on. Any process replays any
 * file into MariaDB, in batches; the position reached is stored in the same
 * transaction as the rows, so each record arrives exactly once.
 *
 * A file belongs to the process that holds its flock; without a holder it is
 * finished: it is replayed to its end and deleted. So a file that is brought
 * here (from a backup, from another machine) is copied under another name
 * first and then renamed to NAME.journal. While one process replays a file, it
 * holds an open file description lock (F_OFD_SETLK) on it, which flock does not
 * see.
 */
#ifndef LEDGER_JOURNAL_H
#define LEDGER_JOURNAL_H

#include "base/error.h"
#include "base/settings.h"
#include "db/pool.h"
#include "ledger/usage.h"

/* A file that has grown to this is closed and another one begun. */
#define JOURNAL_FILE_BYTES (INT64_C(64) << 20)

struct journal;

/* Open this process's writing end; makes the folder when missing. ERR_IO. */
MUST_USE bool journal_open(const struct settings *settings,
	struct journal **out, struct error *err);
/* Safe with NULL. What is written stays for the next process to replay. */
void journal_close(struct journal *journal);

/*
 * Append one record; may be called from any thread, never waits for a disk.
 * A process that was forked gets a file of its own. ERR_IO: the record is
 * not in the journal (the caller logs it whole).
 */
MUST_USE bool journal_append(struct journal *journal,
	const struct usage_record *record, struct error *err);

/* The same for a record that usage_record_write() has written already. */
MUST_USE bool journal_append_text(
	struct journal *journal, struct str text, struct error *err);

/*
 * Bring to the disk what was appended before; blocks as long as the disk
 * takes, without keeping journal_append() waiting. For the janitor, once a
 * second. ERR_IO.
 */
MUST_USE bool journal_sync(struct journal *journal, struct error *err);

/* Of a gateway key, by a call that is a row now. */
struct journal_use {
	int64_t key_id;
	int64_t unix_ms;
};

/* Told the newest use of each key of a batch, once that is stored, with the
 * connection that stored it. */
typedef void journal_used(
	struct db *db, const struct journal_use *uses, size_t count);

/*
 * Move what is complete into MariaDB, from the files of all processes of
 * this machine, dead ones included; files that are done are deleted. Blocks;
 * for the janitor's thread. *moved counts the records that became rows, also
 * when it fails. Takes part with other processes by locks: a file that
 * another one is replaying is passed over.
 *
 * A record that is there already (a copied file) is passed over and logged.
 * Bytes that are no record, and records that MariaDB refuses for what is in
 * them, go to `state_dir/journal/rejected` and are logged as errors. Then the
 * rest goes on. ERR_DATABASE leaves everything for the next time; ERR_IO: a
 * file could not be read, the others were replayed.
 *
 * `used` may be NULL. A process that dies before it was called tells nobody.
 */
MUST_USE bool journal_replay(const struct settings *settings,
	struct db_pool *pool, journal_used *used, size_t *moved,
	struct error *err);

/*
 * The same, but a file that another one is replaying is waited for: when this
 * returns true, all that was appended before on this machine is in MariaDB
 * (or was refused).
 */
MUST_USE bool journal_replay_all(const struct settings *settings,
	struct db_pool *pool, journal_used *used, size_t *moved,
	struct error *err);

#endif
