/*
 * seal.c - the envelope. The master keys live in pages of their own, locked
 * into memory and left out of core dumps; every data key lives on the stack
 * of one function and is wiped there.
 */
#include "crypto/seal.h"

#include "crypto/aes_gcm.h"
#include "crypto/random.h"
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/mman.h>

#define FORMAT 1
#define KEY_BYTES AES_GCM_KEY_BYTES
#define NONCE_BYTES AES_GCM_NONCE_BYTES
#define TAG_BYTES AES_GCM_TAG_BYTES
#define MAX_CONTEXT_BYTES 256

/* Where things are in a blob. */
enum {
	AT_FORMAT = 0,
	AT_VERSION = 1,
	AT_KEY_NONCE = 5,
	AT_KEY = AT_KEY_NONCE + NONCE_BYTES,
	AT_KEY_TAG = AT_KEY + KEY_BYTES,
	AT_NONCE = AT_KEY_TAG + TAG_BYTES,
	AT_SECRET = AT_NONCE + NONCE_BYTES,
};

static_assert(AT_SECRET + TAG_BYTES == VAULT_OVERHEAD_BYTES,
	"the header says how long a blob is");

struct master_key {
	uint32_t version;
	uint8_t bytes[KEY_BYTES];
};

struct vault {
	size_t count;
	struct master_key keys[VAULT_MAX_KEYS]; /* newest first */
};

/* What is authenticated with a ciphertext: what it is, and its place. */
struct aad {
	char bytes[5 + MAX_CONTEXT_BYTES];
	size_t n;
};

static struct vault *vault_new(void);
static bool key_add(struct vault *vault, struct str text, struct error *err);
static bool key_read(struct str text, uint8_t out[KEY_BYTES]);
static bool base64_read(struct str text, uint8_t out[KEY_BYTES]);
static const struct master_key *key_find(
	const struct vault *vault, uint32_t version);
static struct str aad_of_key(
	struct aad *aad, uint32_t version, struct str context);
static struct str aad_of_secret(struct aad *aad, struct str context);
static struct str aad_make(struct aad *aad, struct str head, struct str tail);
static void data_key_wrap(const struct master_key *master, struct str context,
	const uint8_t data_key[KEY_BYTES], uint8_t *blob);
static bool data_key_unwrap(const struct vault *vault, struct str context,
	struct str sealed, uint8_t data_key[KEY_BYTES], struct error *err);
static void write_u32_be(uint8_t *p, uint32_t value);

bool vault_load(
	const struct settings *settings, struct vault **out, struct error *err)
{
	const char *environment = getenv("LLM_GATEWAY_MASTER_KEY");
	struct arena arena;
	struct str text;
	bool ok;

	if (environment && *environment)
		return vault_parse(str_of(environment), out, err);
	if (settings->master_key_file.n == 0)
		return error_refuse(err, ERR_CONFIG, "crypto.master_key_file",
			"there is no master key: set LLM_GATEWAY_MASTER_KEY "
			"or crypto.master_key_file");
	arena_init(&arena, 1024);
	ok = settings_read_secret(
		settings->master_key_file, &arena, &text, err);
	if (ok) {
		ok = vault_parse(text, out, err);
		OPENSSL_cleanse((void *)(uintptr_t)text.p, text.n);
	}
	arena_release(&arena);
	return ok;
}

bool vault_parse(struct str text, struct vault **out, struct error *err)
{
	struct vault *vault = vault_new();
	struct str field;

	text = str_trim(text);
	while (str_next_field(&text, ',', &field)) {
		if (!key_add(vault, str_trim(field), err)) {
			vault_free(vault);
			return false;
		}
	}
	if (vault->count == 0) {
		vault_free(vault);
		return error_refuse(err, ERR_CONFIG, "crypto.master_key_file",
			"the master key is empty");
	}
	*out = vault;
	return true;
}

void vault_free(struct vault *vault)
{
	if (!vault)
		return;
	OPENSSL_cleanse(vault, sizeof(*vault));
	munmap(vault, sizeof(*vault));
}

bool vault_seal(const struct vault *vault, struct str context, struct str plain,
	struct buf *sealed, struct error *err)
{
	uint8_t data_key[KEY_BYTES];
	struct aad aad;
	uint8_t *blob =
		(uint8_t *)buf_reserve(sealed, plain.n + VAULT_OVERHEAD_BYTES);

	if (!blob)
		return error_set(err, ERR_CRYPTO,
			"a secret of %zu bytes is too long to seal", plain.n);
	random_bytes(data_key, sizeof(data_key));
	data_key_wrap(&vault->keys[0], context, data_key, blob);
	random_bytes(blob + AT_NONCE, NONCE_BYTES);
	aes_gcm_seal(data_key, blob + AT_NONCE, aad_of_secret(&aad, context),
		plain, blob + AT_SECRET, blob + AT_SECRET + plain.n);
	OPENSSL_cleanse(data_key, sizeof(data_key));
	buf_advance(sealed, plain.n + VAULT_OVERHEAD_BYTES);
	return true;
}

bool vault_open(const struct vault *vault, struct str context,
	struct str sealed, struct buf *plain, struct error *err)
{
	const uint8_t *blob = (const uint8_t *)sealed.p;
	uint8_t data_key[KEY_BYTES];
	struct str secret;
	struct aad aad;
	uint8_t *out;
	bool ok;

	if (!data_key_unwrap(vault, context, sealed, data_key, err))
		return false;
	secret = (struct str){ sealed.p + AT_SECRET,
		sealed.n - VAULT_OVERHEAD_BYTES };
	/* One byte for an empty secret: NULL must mean that none was given. */
	out = (uint8_t *)buf_reserve(plain, secret.n ? secret.n : 1);
	ok = out && aes_gcm_open(data_key, blob + AT_NONCE,
			    aad_of_secret(&aad, context), secret,
			    blob + AT_SECRET + secret.n, out);
	OPENSSL_cleanse(data_key, sizeof(data_key));
	if (!ok)
		return error_set(err, ERR_CRYPTO,
			"the sealed secret of %.*s %s", STR_ARG(context),
			out ? "was changed" : "is too long");
	buf_advance(plain, secret.n);
	return true;
}

bool vault_rewrap(const struct vault *vault, struct str context,
	struct str sealed, struct buf *rewrapped, struct error *err)
{
	uint8_t data_key[KEY_BYTES];
	uint8_t *blob;

	if (!data_key_unwrap(vault, context, sealed, data_key, err))
		return false;
	blob = (uint8_t *)buf_reserve(rewrapped, sealed.n);
	if (blob) {
		memcpy(blob, sealed.p, sealed.n);
		data_key_wrap(&vault->keys[0], context, data_key, blob);
		buf_advance(rewrapped, sealed.n);
	}
	OPENSSL_cleanse(data_key, sizeof(data_key));
	return blob ? true
		    : error_set(err, ERR_CRYPTO, "no room for a sealed secret");
}

uint32_t vault_version(struct str sealed)
{
	const uint8_t *p = (const uint8_t *)sealed.p;

	if (sealed.n < VAULT_OVERHEAD_BYTES || p[AT_FORMAT] != FORMAT)
		return 0;
	p += AT_VERSION;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

uint32_t vault_newest_version(const struct vault *vault)
{
	return vault->keys[0].version;
}

/* HKDF-Expand for one block (RFC 5869, section 2.3); a master key is as good
 * as random, so there is nothing to extract. */
bool vault_derive(const struct vault *vault, size_t n, struct str label,
	uint8_t out[VAULT_DERIVED_BYTES])
{
	char info[MAX_CONTEXT_BYTES + 1];

	static_assert(VAULT_DERIVED_BYTES == SHA256_BYTES, "one block");
	assert(label.n <= MAX_CONTEXT_BYTES);
	if (n >= vault->count)
		return false;
	memcpy(info, label.p, label.n);
	info[label.n] = 1;
	digest_hmac_sha256(
		(struct str){ (const char *)vault->keys[n].bytes, KEY_BYTES },
		(struct str){ info, label.n + 1 }, out);
	return true;
}

void vault_wipe(struct buf *plain)
{
	if (plain->capacity > 0)
		OPENSSL_cleanse(plain->p, plain->capacity);
	buf_release(plain);
}

void vault_new_key(char out[VAULT_KEY_TEXT_BYTES])
{
	random_hex(out, VAULT_KEY_TEXT_BYTES - 1);
}

static struct vault *vault_new(void)
{
	struct vault *vault = mmap(NULL, sizeof(*vault), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (vault == MAP_FAILED)
		abort();
	/* Best effort: a limit on locked memory is no reason not to start. */
	(void)!mlock(vault, sizeof(*vault));
	(void)!madvise(vault, sizeof(*vault), MADV_DONTDUMP);
	return vault;
}

/* "VERSION:KEY" or, for a bare key, "KEY". No message repeats the text. */
static bool key_add(struct vault *vault, struct str text, struct error *err)
{
	size_t colon = str_index(text, ':');
	struct str key = colon < text.n ? str_from(text, colon + 1) : text;
	struct master_key *master = &vault->keys[vault->count];
	int64_t version = 1;

	if (vault->count == VAULT_MAX_KEYS)
		return error_refuse(err, ERR_CONFIG, "crypto.master_key_file",
			"there are more than %d master keys", VAULT_MAX_KEYS);
	if (colon < text.n && !str_to_int64_in(str_head(text, colon), 1,
				      UINT32_MAX, &version))
		return error_refuse(err, ERR_CONFIG, "crypto.master_key_file",
			"a master key's version is not a positive number");
	if (key_find(vault, (uint32_t)version))
		return error_refuse(err, ERR_CONFIG, "crypto.master_key_file",
			"two master keys have version %" PRId64, version);
	if (!key_read(key, master->bytes))
		return error_refuse(err, ERR_CONFIG, "crypto.master_key_file",
			"master key %" PRId64 " is not 32 bytes as 64 "
			"hexadecimal digits or as base64",
			version);
	master->version = (uint32_t)version;
	vault->count++;
	return true;
}

static bool key_read(struct str text, uint8_t out[KEY_BYTES])
{
	return digest_unhex(text, out, KEY_BYTES) || base64_read(text, out);
}

/* 32 bytes are 43 digits and one '='. */
static bool base64_read(struct str text, uint8_t out[KEY_BYTES])
{
	unsigned char bytes[33];
	unsigned char digits[44];
	bool ok;

	if (text.n != sizeof(digits) || text.p[43] != '=' || text.p[42] == '=')
		return false;
	memcpy(digits, text.p, sizeof(digits));
	ok = EVP_DecodeBlock(bytes, digits, sizeof(digits)) == sizeof(bytes);
	if (ok)
		memcpy(out, bytes, KEY_BYTES);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	OPENSSL_cleanse(digits, sizeof(digits));
	return ok;
}

static const struct master_key *key_find(
	const struct vault *vault, uint32_t version)
{
	for (size_t i = 0; i < vault->count; i++) {
		if (vault->keys[i].version == version)
			return &vault->keys[i];
	}
	return NULL;
}

static struct str aad_of_key(
	struct aad *aad, uint32_t version, struct str context)
{
	uint8_t head[5] = { FORMAT };

	write_u32_be(head + 1, version);
	return aad_make(
		aad, (struct str){ (char *)head, sizeof(head) }, context);
}

/* Without the master key's version: a new one must not touch the secret. */
static struct str aad_of_secret(struct aad *aad, struct str context)
{
	char head = FORMAT;

	return aad_make(aad, (struct str){ &head, 1 }, context);
}

static struct str aad_make(struct aad *aad, struct str head, struct str tail)
{
	assert(tail.n <= MAX_CONTEXT_BYTES);
	memcpy(aad->bytes, head.p, head.n);
	memcpy(aad->bytes + head.n, tail.p, tail.n);
	aad->n = head.n + tail.n;
	return (struct str){ aad->bytes, aad->n };
}

/* Writes the blob's head, up to and with the data key's tag. */
static void data_key_wrap(const struct master_key *master, struct str context,
	const uint8_t data_key[KEY_BYTES], uint8_t *blob)
{
	struct str plain = { (const char *)data_key, KEY_BYTES };
	struct aad aad;

	blob[AT_FORMAT] = FORMAT;
	write_u32_be(blob + AT_VERSION, master->version);
	random_bytes(blob + AT_KEY_NONCE, NONCE_BYTES);
	aes_gcm_seal(master->bytes, blob + AT_KEY_NONCE,
		aad_of_key(&aad, master->version, context), plain,
		blob + AT_KEY, blob + AT_KEY_TAG);
}

static bool data_key_unwrap(const struct vault *vault, struct str context,
	struct str sealed, uint8_t data_key[KEY_BYTES], struct error *err)
{
	const uint8_t *blob = (const uint8_t *)sealed.p;
	uint32_t version = vault_version(sealed);
	const struct master_key *master = key_find(vault, version);
	struct aad aad;

	if (version == 0)
		return error_set(err, ERR_CRYPTO,
			"the sealed secret of %.*s was cut, or is none",
			STR_ARG(context));
	if (!master)
		return error_set(err, ERR_CRYPTO,
			"the secret of %.*s was sealed with master key "
			"%" PRIu32 ", which is not given",
			STR_ARG(context), version);
	if (aes_gcm_open(master->bytes, blob + AT_KEY_NONCE,
		    aad_of_key(&aad, version, context),
		    (struct str){ sealed.p + AT_KEY, KEY_BYTES },
		    blob + AT_KEY_TAG, data_key))
		return true;
	return error_set(err, ERR_CRYPTO,
		"the secret of %.*s does not open: another master key %" PRIu32
		", another place, or changed",
		STR_ARG(context), version);
}

static void write_u32_be(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}
