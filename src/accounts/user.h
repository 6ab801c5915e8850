/*
 * user.h - people who log in.
 *
 * A user belongs to an organisation with one role. The first user of an
 * installation is its operator, for somebody must be; is_operator reaches
 * over all organisations.
 */
#ifndef ACCOUNTS_USER_H
#define ACCOUNTS_USER_H

#include "base/arena.h"
#include "base/error.h"
#include "db/pool.h"

#define USER_PASSWORD_MIN_BYTES 8

struct user {
	int64_t id;
	struct str email; /* in lower case */
	bool created;     /* it was not there before */
	bool is_operator;
};

/*
 * Add a user to the organisation, or give one that exists the role and the
 * password anew. `role` is owner, admin, member or viewer. ERR_BAD_FIELD,
 * ERR_DATABASE. Hashes: takes tens of milliseconds.
 */
MUST_USE bool user_save(struct db *db, int64_t organisation_id,
	struct str email, struct str role, struct str password,
	struct arena *arena, struct user *out, struct error *err);

#endif
