/*
 * user_link.h - the table user_links: links that let a person choose a new
 * password without the old one. Each works once and for an hour; a newer one
 * ends the older ones.
 */
#ifndef ACCOUNTS_USER_LINK_H
#define ACCOUNTS_USER_LINK_H

#include "accounts/one_time.h"
#include "accounts/user.h"

#define USER_LINK_LASTS_MS INT64_C(3600000)

MUST_USE bool user_link_create(struct db *db, int64_t user_id,
	struct one_time *token, int64_t *expires_ms, struct error *err);

/* Ask for a link by e-mail. The same happens, and nothing is told, when
 * nobody has that address. */
MUST_USE bool user_link_request(struct db *db, struct str email,
	struct arena *arena, struct error *err);

/* Take a link that was asked for, of all processes one: its token, to be sent
 * now to `user`. *found is false when there is none. */
MUST_USE bool user_link_take(struct db *db, struct arena *arena, bool *found,
	struct user *user, struct one_time *token, struct error *err);

/* Whose link it is, without using it. ERR_NOT_FOUND says the same of one that
 * never was, was used or has expired. */
MUST_USE bool user_link_find(struct db *db, struct str token,
	struct arena *arena, struct user *out, struct error *err);

/* Use it, in the transaction of what it is used for. ERR_NOT_FOUND when
 * another was quicker. */
MUST_USE bool user_link_use(struct db *db, struct str token, struct error *err);

#endif
