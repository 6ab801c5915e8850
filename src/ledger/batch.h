/*
 * batch.h - records of one journal file on their way into MariaDB.
 *
 * A batch is one transaction: rows, rollups and the position in the file
 * arrive together or not at all.
 */
#ifndef LEDGER_BATCH_H
#define LEDGER_BATCH_H

#include "db/pool.h"
#include "ledger/usage.h"

#define BATCH_MAX_RECORDS 500

struct batch_entry {
	struct usage_record record;
	struct str payload; /* the record as it stands in the file */
	int64_t start;      /* of its frame in the file */
	int64_t end;
	bool known; /* it is a row already: neither stored nor counted */
};

struct batch {
	struct str file; /* name of the journal file */
	int64_t start;   /* the position that MariaDB has */
	int64_t end;     /* the position that it is to have */
	struct batch_entry *entries;
	size_t count;
	int64_t lost_bytes; /* between them, that were no record */
	size_t unreadable;  /* frames between them, that were no call */
};

/* Cut texts and clamp numbers to what the columns take. */
void batch_fit_record(struct usage_record *record);

/* The position of a file, 0 for one that is seen for the first time. */
MUST_USE bool batch_load_position(
	struct db *db, struct str file, int64_t *position, struct error *err);

/*
 * Store the batch. ERR_DUPLICATE: a record is a row already, see
 * batch_find_known(). ERR_INTERNAL: the stored position is not batch->start,
 * somebody else is replaying this file. ERR_DATABASE: anything else. Nothing
 * has changed after an error, but for a connection lost while committing:
 * then only the stored position tells.
 */
MUST_USE bool batch_store(
	struct db *db, const struct batch *batch, struct error *err);

/* Mark the entries that are rows already, or come twice in this batch. */
MUST_USE bool batch_find_known(
	struct db *db, struct batch *batch, struct error *err);

/*
 * Can this database store a record at all? Stores a plain one in place of
 * the batch's and takes it back. False: the fault is not in the records.
 */
MUST_USE bool batch_probe(
	struct db *db, const struct batch *batch, struct error *err);

/* Forget the position of a file that no longer exists. */
MUST_USE bool batch_forget_file(
	struct db *db, struct str file, struct error *err);

#endif
