/*
 * settler.h - the thread that ends reservations where that may take a while,
 * and that tells the stores every second that this process lives.
 *
 * It does nothing else: a process that is silent for LIMITS_SILENCE_MS loses
 * its reservations, so no SQL and no disk may come in between.
 */
#ifndef GATEWAY_SETTLER_H
#define GATEWAY_SETTLER_H

#include "gateway/late.h"

struct settler;

/* One call's end, still to be counted. */
struct settlement {
	struct settlement *next;
	struct limits *store;
	char id[LIMIT_ID_MAX_BYTES];
	size_t id_bytes;
	struct limit_use use;
	/* What is counted when the reservation was lost with its store; texts
	 * follow the last one. */
	int64_t since_ms;
	size_t late_count;
	struct late late[];
};

/* ERR_IO. The gateway must outlive it. */
MUST_USE bool settler_start(
	struct gateway *gateway, struct settler **out, struct error *err);
/* Settle what waits, for a bounded time, and end the thread. Safe with NULL. */
void settler_stop(struct settler *settler);

/*
 * Settle soon, and until it can be done. More than 100,000 do not wait: what
 * finds no room stays reserved until this process has ended, and then is
 * settled as one of its orphans.
 *
 * `since_ms` is what limit_outcome told of the store: when that store was lost
 * meanwhile, `late` is counted instead.
 */
void settler_post(struct settler *settler, struct str id, struct limits *store,
	const struct limit_use *use, int64_t since_ms, const struct late *late,
	size_t late_count);

/* End a reservation that may not even be there, with nothing used; not while
 * much waits already. */
void settler_post_if_calm(
	struct settler *settler, struct str id, struct limits *store);

/* For one thread at a time: what is slow, and wanted by many at once. */
void settler_lock(struct settler *settler);
void settler_unlock(struct settler *settler);

/* True once in a while: a warning of every call would say no more. */
bool settler_may_complain(struct settler *settler);

#endif
