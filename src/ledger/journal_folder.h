/*
 * journal_folder.h - where journal files lie and what they are called.
 *
 *	state_dir/journal/HOST-PID-RANDOM.journal       records (journal.h)
 *	state_dir/journal/HOST-PID-RANDOM.journal.new   not yet locked
 *	state_dir/journal/rejected/NAME-OFFSET.json     a record refused
 *	state_dir/journal/rejected/NAME-OFFSET.damaged  bytes that are none
 *
 * All errors are ERR_IO.
 */
#ifndef LEDGER_JOURNAL_FOLDER_H
#define LEDGER_JOURNAL_FOLDER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/settings.h"

#define JOURNAL_SUFFIX ".journal"
#define JOURNAL_UNBORN_SUFFIX ".new"
/* Room for any name with its NUL; host names are at most 64 bytes. */
#define JOURNAL_NAME_BYTES 128

/* Make the folders that are missing, for their owner alone. */
MUST_USE bool journal_folder_make(
	const struct settings *settings, struct error *err);

/* A descriptor of state_dir/journal, the caller's to close. */
MUST_USE bool journal_folder_open(
	const struct settings *settings, int *folder, struct error *err);

/* The names of all journal files, sorted, in the arena. */
MUST_USE bool journal_folder_list(int folder, struct arena *arena,
	const char ***names, size_t *count, struct error *err);

/*
 * Keep what cannot be replayed. Doing it again replaces the file, so that a
 * replay that is repeated keeps one copy.
 */
MUST_USE bool journal_folder_reject(int folder, const char *name,
	int64_t offset, const char *suffix, struct str bytes,
	struct error *err);

/* Delete a file that is done; when this returns, the disk knows it. */
MUST_USE bool journal_folder_delete(
	int folder, const char *name, struct error *err);

#endif
