/*
 * key_use.h - when a gateway key was used last.
 */
#ifndef ACCOUNTS_KEY_USE_H
#define ACCOUNTS_KEY_USE_H

#include "db/pool.h"

/* It was used at that time, or later: the time on the key never goes back. No
 * process needs to load its keys anew. ERR_DATABASE. */
MUST_USE bool key_use_note(
	struct db *db, int64_t key_id, int64_t unix_ms, struct error *err);

#endif
