/*
 * request_log.h - reading the request log, a page at a time.
 *
 * A page begins where the one before ended (keyset paging): it costs the same
 * however deep one goes, and nothing is counted.
 */
#ifndef LEDGER_REQUEST_LOG_H
#define LEDGER_REQUEST_LOG_H

#include "db/pool.h"
#include "ledger/request_filter.h"
#include "ledger/usage.h"

/* Where a page begins: behind the last row of the one before. */
struct request_cursor {
	int64_t started_ms;
	struct str id; /* "": at the end of the log */
	bool is_newer; /* the rows after it are wanted, not those before */
};

/* A call as the log has it, with the names of today. */
struct request_row {
	struct usage_record record; /* without its attempts */
	struct str project;
	struct str key; /* "" when none was shown, or it is gone */
};

/* The newest first, at most `limit`: those next to the cursor. Texts in the
 * arena. ERR_DATABASE. */
MUST_USE bool request_log_list(struct db *db,
	const struct request_filter *filter,
	const struct request_cursor *cursor, size_t limit, struct arena *arena,
	struct request_row **rows, size_t *count, struct error *err);

/* One call with its attempts; of organisation and project as above. Where
 * there is none, ERR_NOT_FOUND. */
MUST_USE bool request_log_find(struct db *db, int64_t organisation_id,
	int64_t project_id, struct str request_id, struct arena *arena,
	struct request_row *out, struct error *err);

#endif
