/*
 * janitor.h - the thread that does all periodic work of a process.
 *
 * Each job is one row of a table with its interval. A job may block on the
 * database or the disk; nothing else waits for it.
 */
#ifndef SERVER_JANITOR_H
#define SERVER_JANITOR_H

#include "gateway/gateway.h"

struct janitor;

MUST_USE bool janitor_start(
	struct gateway *gateway, struct janitor **out, struct error *err);
/* Runs every job a last time, so that the journal is moved if it can be. */
void janitor_stop(struct janitor *janitor);

#endif
