/*
 * attempt.h - the attempts of a call: a list in its usage record on the way
 * through the journal, rows of request_attempts afterwards.
 *
 * A candidate that was passed over is one too, with status 0 and its reason
 * as `error`.
 */
#ifndef LEDGER_ATTEMPT_H
#define LEDGER_ATTEMPT_H

#include "base/arena.h"
#include "base/json.h"
#include "db/pool.h"

/* More are not written down. */
#define ATTEMPT_MAX_COUNT 64

struct attempt_record {
	struct str model_used; /* catalogue name */
	int64_t model_id;
	struct str provider;
	int64_t provider_id;
	int64_t provider_key_id;
	struct str upstream_request_id;
	int64_t status;   /* the provider's; 0: it did not answer */
	struct str error; /* "" when it succeeded */
	struct str error_detail;
	struct str advice;   /* retry, next_target, give_up; "" when none */
	struct str affinity; /* warm, hashed, spread (gateway/affinity.h) */
	int64_t offset_us;   /* of its beginning, from the call's arrival */
	int64_t connect_us;  /* these are -1 where it never came to that */
	int64_t first_byte_us;
	int64_t total_us;
	struct attempt_record *next;
};

void attempt_record_init(struct attempt_record *attempt);

/* The list as a JSON array. */
void attempt_write_list(
	const struct attempt_record *first, struct json_writer *json);
/* Read it back; texts are views of the JSON or live in the arena. Members
 * that are not known are passed over. False: one is of the wrong type. */
MUST_USE bool attempt_read_list(
	struct json list, struct arena *arena, struct attempt_record **first);

/* Cut texts and clamp numbers to what the columns take. */
void attempt_fit_list(struct attempt_record *first);

/* The rows of one call, in the caller's transaction. ERR_DATABASE. */
MUST_USE bool attempt_insert(struct db *db, int64_t started_unix_ms,
	struct str request_id, const struct attempt_record *first,
	struct error *err);
/* Those of a call as a list in the arena, in order. ERR_DATABASE. */
MUST_USE bool attempt_load(struct db *db, int64_t started_unix_ms,
	struct str request_id, struct arena *arena,
	struct attempt_record **first, struct error *err);

#endif
