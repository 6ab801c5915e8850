/*
 * request_log.h - reading the request log, a page at a time.
 *
 * A page begins where the one before ended (keyset paging): it costs the same
 * however deep one goes, and nothing is counted. However rare it is what a
 * filter asks for, a look ends after a moment and says how far it went.
 */
#ifndef LEDGER_REQUEST_LOG_H
#define LEDGER_REQUEST_LOG_H

#include "db/pool.h"
#include "ledger/request_window.h"
#include "ledger/usage.h"

/* A call as the log has it, with the names of today. */
struct request_row {
	struct usage_record record; /* without its attempts */
	struct str project;
	struct str key; /* "" when none was shown, or it is gone */
};

/* How far a look went. */
struct request_reach {
	/* False: calls that the filter means may be behind `at`, and the page
	 * is not full. */
	bool is_whole;
	struct request_cursor at; /* where to go on looking */
};

/*
 * The newest first, at most `limit`: those next to the cursor. Looks no longer
 * than a moment (REQUEST_LOOK_MS and one window more). Texts in the arena.
 * ERR_DATABASE.
 */
#define REQUEST_LOOK_MS 30
MUST_USE bool request_log_list(struct db *db,
	const struct request_filter *filter,
	const struct request_cursor *cursor, size_t limit, struct arena *arena,
	struct request_row **rows, size_t *count, struct request_reach *reach,
	struct error *err);

/* One call with its attempts; of organisation and project as above. Where
 * there is none, ERR_NOT_FOUND. */
MUST_USE bool request_log_find(struct db *db, int64_t organisation_id,
	int64_t project_id, struct str request_id, struct arena *arena,
	struct request_row *out, struct error *err);

#endif
