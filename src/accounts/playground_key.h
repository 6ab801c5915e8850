/*
 * playground_key.h - the table playground_keys: the gateway key that stands
 * for the people of a project, who call with their login and no key.
 *
 * It is a key like others, named "playground": it has limits and budgets, its
 * calls are in the log, and it can be revoked, which closes the playground.
 * Its secret was thrown away when it was made.
 */
#ifndef ACCOUNTS_PLAYGROUND_KEY_H
#define ACCOUNTS_PLAYGROUND_KEY_H

#include "accounts/gateway_key.h"

#define PLAYGROUND_KEY_NAME "playground"

struct playground_key {
	int64_t id;     /* 0: the project has none yet */
	bool is_closed; /* it is revoked or has expired */
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
};

MUST_USE bool playground_key_find(struct db *db, int64_t project_id,
	struct playground_key *out, struct error *err);

/*
 * The one that the project has, or a new one where there is none, or where it
 * is closed and `reopens`; in the caller's transaction, which writes the audit
 * row when *made. ERR_NOT_FOUND: there is no such project.
 */
MUST_USE bool playground_key_make(struct db *db, int64_t project_id,
	int64_t user_id, bool reopens, struct playground_key *out, bool *made,
	struct error *err);

#endif
