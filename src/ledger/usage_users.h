/*
 * usage_users.h - who of the users used how much: usage_list() of
 * USAGE_BY_USER.
 */
#ifndef LEDGER_USAGE_USERS_H
#define LEDGER_USAGE_USERS_H

#include "ledger/usage_list.h"

/* `rows` has room for `limit`; their texts are in the arena. ERR_DATABASE. */
MUST_USE bool usage_list_users(struct db *db, const struct usage_scope *scope,
	enum usage_order order, size_t offset, size_t limit,
	struct arena *arena, struct usage_row *rows, size_t *count,
	struct error *err);

#endif
