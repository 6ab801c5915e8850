/*
 * backlog.h - what the journal still has to bring into MariaDB.
 */
#ifndef LEDGER_BACKLOG_H
#define LEDGER_BACKLOG_H

#include "base/error.h"
#include "base/settings.h"
#include "db/pool.h"

struct backlog {
	size_t files;
	int64_t bytes;   /* written and not yet replayed */
	size_t finished; /* files with such bytes whose process has ended */
};

/*
 * Of all processes of this machine. A file that is deleted meanwhile, being
 * done, counts for nothing; a folder that is not there is an empty one.
 * ERR_IO, ERR_DATABASE.
 */
MUST_USE bool backlog_measure(const struct settings *settings, struct db *db,
	struct backlog *out, struct error *err);

#endif
