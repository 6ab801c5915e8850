/*
 * key_set.h - all gateway keys of the installation, for the hot path.
 *
 * Loaded whole, never changed, freed whole; a process swaps the set when the
 * version in the database has moved. Revoked and expired keys are in it, so
 * that an answer can say what is wrong with one. Looking a key up takes no
 * lock and touches two lines of memory.
 */
#ifndef ACCOUNTS_KEY_SET_H
#define ACCOUNTS_KEY_SET_H

#include "accounts/gateway_key.h"
#include "db/pool.h"

struct key_set;

/* ERR_DATABASE; what is not understood in a row is ERR_DATABASE as well. */
MUST_USE bool key_set_load(
	struct db *db, struct key_set **out, struct error *err);
/* Safe with NULL. */
void key_set_free(struct key_set *set);

/* NULL: not known. Valid as long as the set. */
const struct gateway_key *key_set_find(
	const struct key_set *set, const uint8_t hash[GATEWAY_KEY_HASH_BYTES]);

/* Has it a publishable key that may be used there, at that time? Looks at all
 * of them: for what a browser asks before it calls. */
bool key_set_serves_origin(
	const struct key_set *set, struct str origin, int64_t unix_ms);

size_t key_set_count(const struct key_set *set);
/* The version that this set shows, or a newer one's content with it. */
int64_t key_set_version(const struct key_set *set);

/* The version in the database. */
MUST_USE bool key_set_version_now(
	struct db *db, int64_t *version, struct error *err);
/* Raise it, in the transaction that changes keys, projects or budgets. */
MUST_USE bool key_set_changed(struct db *db, struct error *err);

#endif
