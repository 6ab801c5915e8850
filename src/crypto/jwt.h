/*
 * jwt.h - the tokens that say who is logged in: JSON Web Tokens (RFC 7519),
 * signed by HMAC-SHA-256 and by nothing else.
 *
 * A token carries no secret, but whoever has it is that person until it
 * expires. Its signature proves that we made it, not that it still holds: a
 * session may have ended since, which its owner looks up by session_id.
 *
 * What we read is only what we write: `alg` must be HS256, a header member
 * besides `alg` and `typ` is refused, base64url is taken in its one canonical
 * form, and all five claims must be there.
 */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include "base/buf.h"
#include "base/json.h"
#include "crypto/seal.h"

#define JWT_MAX_BYTES 4096
/* What clocks of several machines may differ by. */
#define JWT_SKEW_S 60

/* Times are Unix seconds. */
struct jwt_claims {
	int64_t user_id;      /* sub */
	int64_t session_id;   /* sid */
	int64_t issued_s;     /* iat */
	int64_t not_before_s; /* nbf */
	int64_t expires_s;    /* exp */
};

/* The newest signs, all verify: a new master key logs nobody out. */
struct jwt_keys {
	size_t count;
	uint8_t keys[VAULT_MAX_KEYS][VAULT_DERIVED_BYTES];
};

/* Their owner wipes them. */
void jwt_keys_derive(struct jwt_keys *keys, const struct vault *vault);

void jwt_write(const struct jwt_keys *keys, const struct jwt_claims *claims,
	struct buf *out);

/*
 * Whose token it is, if it is ours and now_s is within its time. False for
 * any other bytes; *why, a literal for the log, says what is wrong.
 */
MUST_USE bool jwt_read(const struct jwt_keys *keys, struct str token,
	int64_t now_s, struct jwt_claims *out, const char **why);

/* The two steps of it: sign any payload, and check a signature and its header
 * to give the payload, in the arena. */
void jwt_sign(struct str key, struct str payload, struct buf *out);
MUST_USE bool jwt_verify(struct str key, struct str token, struct arena *arena,
	struct str *payload, const char **why);

#endif
