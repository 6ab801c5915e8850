/*
 * report.h - the request log as a file, for people's own tools.
 *
 * A row a call, in the order in which they began. The first columns are
 * fixed: request_id, time (ISO 8601, UTC), project, key, model_asked,
 * model_used, provider, status, error, prompt_tokens, completion_tokens,
 * cost_usd (exact decimal text), latency_ms, first_token_ms, cache_hit,
 * streamed, complete; more may follow them. What is unknown or does not apply
 * is null in JSON and an empty cell in CSV.
 */
#ifndef LEDGER_REPORT_H
#define LEDGER_REPORT_H

#include "base/error.h"
#include "base/buf.h"
#include "db/pool.h"
#include "ledger/request_filter.h"

enum report_format {
	REPORT_CSV,  /* RFC 4180, with a header line */
	REPORT_JSON, /* one array of objects */
};

/*
 * A report that is written piece by piece, so that it needs the same memory
 * for ten calls and for ten million. The filter is copied.
 */
struct report;
struct report *report_new(
	const struct request_filter *filter, enum report_format format);
void report_free(struct report *report);

/* What a buffer for one piece must be able to hold. */
#define REPORT_PAGE_MAX_BYTES (64 << 20)
/*
 * Append the next piece: the head, and up to a thousand calls; none where what
 * the filter means is rare. *more is false with the last one. Any connection
 * will do, another one each time, too. ERR_DATABASE, ERR_IO for a piece that
 * `out` does not hold.
 */
MUST_USE bool report_next(struct report *report, struct db *db, struct buf *out,
	bool *more, struct error *err);

/*
 * Write the calls of all organisations that began at from_ms or later and
 * before to_ms (Unix milliseconds). A text in CSV that a spreadsheet would run
 * as a formula begins with a '. ERR_DATABASE, ERR_IO; what was written before
 * stays in `out`.
 */
MUST_USE bool report_export(struct db *db, int64_t from_ms, int64_t to_ms,
	enum report_format format, FILE *out, struct error *err);

#endif
