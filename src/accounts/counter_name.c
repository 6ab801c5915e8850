/*
 * counter_name.c - names of counters. A user's name may be long, so its digest
 * stands for it.
 */
#include "accounts/counter_name.h"

#include "crypto/digest.h"

/* Of the digest of a user's name, in bytes. */
#define USER_DIGEST_BYTES 16
/* As much of a name as the log keeps. */
#define USER_CHARACTERS 255

struct str counter_name_of_budget(struct arena *arena,
	const struct budget *budget, int64_t starts_ms, int64_t ends_ms,
	struct str grants, struct str user)
{
	return ARENA_JOIN(arena, S("budget/"), STR_OF_INT(budget->id), S("/"),
		STR_OF_INT(starts_ms), S("-"), STR_OF_INT(ends_ms), grants,
		counter_name_user(arena, &budget->owner, user));
}

struct str counter_name_user(
	struct arena *arena, const struct limit_owner *owner, struct str user)
{
	char hex[2 * USER_DIGEST_BYTES + 1];
	uint8_t digest[SHA256_BYTES];

	if (owner->scope != SCOPE_USER)
		return S("");
	digest_sha256(str_head_characters(user, USER_CHARACTERS), digest);
	digest_hex(digest, USER_DIGEST_BYTES, hex);
	return ARENA_JOIN(arena, S("/"), str_of(hex));
}
