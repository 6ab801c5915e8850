/*
 * limit_record.h - the bytes of a counter and of a reservation in LMDB.
 *
 * Numbers are written in as few bytes as they need (7 bits each), times as
 * distances: the less there is to copy, the shorter others wait. Nothing is
 * aligned.
 */
#ifndef HOT_LIMIT_RECORD_H
#define HOT_LIMIT_RECORD_H

#include "hot/limit_counter.h"

/* Of a note. */
#define LIMIT_NOTE_MAX_BYTES 400

struct reservation {
	uint64_t process;
	int64_t reserved_unix_ms;
	struct str note;
	size_t count;
	struct held held[LIMITS_MAX];
};

#define NUMBER_MAX_BYTES 10
#define COUNTER_MAX_BYTES \
	(1 + 4 * NUMBER_MAX_BYTES + 2 * NUMBER_MAX_BYTES * WINDOW_ENTRIES)
#define RESERVATION_MAX_BYTES                          \
	(5 * NUMBER_MAX_BYTES + LIMIT_NOTE_MAX_BYTES + \
		LIMITS_MAX *                           \
			(2 + 4 * NUMBER_MAX_BYTES + LIMIT_NAME_MAX_BYTES))

/* The bytes written, to `out`. */
struct str counter_write(
	const struct counter *counter, char out[COUNTER_MAX_BYTES]);
/* False: these are not the bytes of one. */
MUST_USE bool counter_read(struct str bytes, struct counter *out);

struct str reservation_write(
	const struct reservation *reservation, char out[RESERVATION_MAX_BYTES]);
/* Its views are into the bytes. */
MUST_USE bool reservation_read(struct str bytes, struct reservation *out);

#endif
