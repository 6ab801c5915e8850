/*
 * journal.h - finished calls that are not yet in MariaDB.
 *
 * Every process appends to files of its own in `state_dir/journal`; a record
 * is framed with its length and a checksum and written with one write(2), so
 * it survives kill -9 as soon as journal_append() has returned. Any process
 * replays any file into MariaDB, in batches; the position reached is stored
 * in the same transaction as the rows, so each record arrives exactly once.
 */
#ifndef LEDGER_JOURNAL_H
#define LEDGER_JOURNAL_H

#include "base/error.h"
#include "base/settings.h"
#include "db/pool.h"
#include "ledger/usage.h"

struct journal;

/* Open this process's writing end; makes the folder when missing. ERR_IO. */
MUST_USE bool journal_open(const struct settings *settings,
	struct journal **out, struct error *err);
/* Safe with NULL. What is written stays for the next process to replay. */
void journal_close(struct journal *journal);

/*
 * Append one record; may be called from any thread, never waits for a disk.
 * ERR_IO: the record is not in the journal (the caller logs it whole).
 */
MUST_USE bool journal_append(struct journal *journal,
	const struct usage_record *record, struct error *err);

/*
 * Move what is complete into MariaDB, from the files of all processes of
 * this machine, dead ones included; files that are done are deleted. Blocks;
 * for the janitor's thread. *moved counts records. ERR_DATABASE leaves
 * everything for the next time. Takes part with other processes by locks:
 * a file that another one is replaying is passed over.
 */
MUST_USE bool journal_replay(const struct settings *settings,
	struct db_pool *pool, size_t *moved, struct error *err);

#endif
