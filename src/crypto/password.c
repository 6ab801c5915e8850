/*
 * password.c - passwords through crypt(3). The work area of crypt_r() is 32
 * KB and sees the password: it comes from the heap and is wiped.
 */
#include "crypto/password.h"

#include "crypto/digest.h"
#include "crypto/random.h"

#include <crypt.h>

#define METHOD "$y$"
#define SALT_BYTES 16

/* What an empty hash is compared with: a valid setting, hash of nothing. */
#define NOBODY "$y$j9T$0000000000000000000000"

static bool password_fits(struct str password);
static bool password_crypt(struct str password, const char *setting,
	char out[PASSWORD_HASH_BYTES]);

static_assert(
	PASSWORD_HASH_BYTES >= CRYPT_OUTPUT_SIZE, "a hash must fit its buffer");
static_assert(PASSWORD_MAX_BYTES < CRYPT_MAX_PASSPHRASE_SIZE,
	"crypt_r() must take what we take");

bool password_hash(
	struct str password, char out[PASSWORD_HASH_BYTES], struct error *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char salt[SALT_BYTES];

	if (!password_fits(password))
		return error_refuse(err, ERR_BAD_FIELD, "password",
			"A password has 1 to %d bytes, none of them NUL.",
			PASSWORD_MAX_BYTES);
	random_bytes(salt, sizeof(salt));
	if (!crypt_gensalt_rn(
		    METHOD, 0, salt, sizeof(salt), setting, sizeof(setting)))
		return error_set(err, ERR_CRYPTO, "no salt for a password: %s",
			strerror(errno));
	if (!password_crypt(password, setting, out))
		return error_set(err, ERR_CRYPTO,
			"a password could not be hashed: %s", strerror(errno));
	return true;
}

bool password_verify(struct str password, struct str hash)
{
	char stored[PASSWORD_HASH_BYTES] = NOBODY;
	char made[PASSWORD_HASH_BYTES];

	if (!password_fits(password) || hash.n >= sizeof(stored))
		return false;
	if (hash.n > 0) {
		memcpy(stored, hash.p, hash.n);
		stored[hash.n] = '\0';
	}
	/* Made before hash.n is looked at: nobody takes as long as somebody. */
	return password_crypt(password, stored, made) && hash.n > 0 &&
	       digest_equal(str_of(made), hash);
}

/* "$y$j9T$SALT$HASH": method and cost are all up to the salt. */
bool password_is_outdated(struct str hash)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char salt[SALT_BYTES] = { 0 };
	struct str now;
	size_t cost;

	if (!crypt_gensalt_rn(
		    METHOD, 0, salt, sizeof(salt), setting, sizeof(setting)))
		return false;
	now = str_of(setting);
	cost = strlen(METHOD) + str_index(str_from(now, strlen(METHOD)), '$');
	return !str_starts(hash, str_head(now, cost + 1));
}

static bool password_fits(struct str password)
{
	return password.n > 0 && password.n <= PASSWORD_MAX_BYTES &&
	       !memchr(password.p, '\0', password.n);
}

static bool password_crypt(
	struct str password, const char *setting, char out[PASSWORD_HASH_BYTES])
{
	char text[PASSWORD_MAX_BYTES + 1];
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *made;

	if (!data)
		abort();
	memcpy(text, password.p, password.n);
	text[password.n] = '\0';
	made = crypt_rn(text, setting, data, sizeof(*data));
	if (made)
		memcpy(out, made, strlen(made) + 1);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(data, sizeof(*data));
	free(data);
	return made != NULL;
}
