/*
 * log_rows.h - from the journals of this machine to the rows of the request
 * log, and what the accounts learn by it: when a key was used last.
 *
 * Both block. Errors are those of journal_replay().
 */
#ifndef GATEWAY_LOG_ROWS_H
#define GATEWAY_LOG_ROWS_H

#include "gateway/gateway.h"

/* What nobody else is moving; for the janitor. */
MUST_USE bool log_rows_move(struct gateway *gateway, struct error *err);

/* All that ended before, whoever moves it: then the log is complete. */
MUST_USE bool log_rows_all(struct gateway *gateway, struct error *err);

#endif
