/*
 * orphans.h - calls whose process died while they ran.
 *
 * What they reserved is still in the store of limits, with a note of who they
 * were. One that is in the log is settled with what the log says; one that is
 * not gets a row that says so, and is charged what it reserved: the provider
 * may have produced all of it.
 *
 * Where several machines share the store, the note names the machine: what it
 * served may lie in its own journal. So its own processes settle its calls,
 * and others only those that nobody has settled for an hour.
 */
#ifndef GATEWAY_ORPHANS_H
#define GATEWAY_ORPHANS_H

#include "gateway/gateway.h"

/* For the janitor, every second. While the database is away they only stop
 * counting as running. ERR_DATABASE, ERR_IO, ERR_LIMITS_UNKNOWN. */
MUST_USE bool orphans_settle(struct gateway *gateway, struct error *err);

#endif
