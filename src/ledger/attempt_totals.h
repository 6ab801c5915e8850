/*
 * attempt_totals.h - attempts at providers by minute: how many said something
 * of the provider, and how many failed by its fault.
 *
 * The request log's row of a call names the provider asked last, and its
 * error may be the client's. These totals know each attempt, also those that
 * another provider saved, and are as small at ten million calls as at ten.
 */
#ifndef LEDGER_ATTEMPT_TOTALS_H
#define LEDGER_ATTEMPT_TOTALS_H

#include "db/pool.h"
#include "ledger/usage.h"

enum attempt_verdict {
	/* The client left, we did not let it go there. */
	ATTEMPT_SAYS_NOTHING,
	/* It answered; also when it refused what is the client's fault. */
	ATTEMPT_WELL,
	/* It could not be reached, broke off, failed, refused our key, or was
	 * too busy (429); or was not asked at all, because just before it
	 * had. */
	ATTEMPT_FAILED,
};

/* By an attempt's error and status. */
enum attempt_verdict attempt_judge(struct str error, int64_t status);

/* Add the attempts of the records, within the caller's transaction.
 * ERR_DATABASE. */
MUST_USE bool attempt_totals_add(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err);

#endif
