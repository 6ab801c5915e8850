/*
 * aes_gcm.c - AES-256-GCM by OpenSSL, with the cipher fetched once and a
 * context per thread. A context keeps the last key's schedule until the next
 * use or the thread's end.
 */
#include "crypto/aes_gcm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

static EVP_CIPHER *cipher;
static pthread_key_t context_key; /* each thread's EVP_CIPHER_CTX */

static void cipher_make(void);
static void context_free(void *context);
static EVP_CIPHER_CTX *context_get(void);
static bool update(EVP_CIPHER_CTX *context, uint8_t *out, struct str in);

void aes_gcm_seal(const uint8_t key[AES_GCM_KEY_BYTES],
	const uint8_t nonce[AES_GCM_NONCE_BYTES], struct str aad,
	struct str plain, uint8_t *out, uint8_t tag[AES_GCM_TAG_BYTES])
{
	EVP_CIPHER_CTX *context = context_get();
	uint8_t nothing[AES_GCM_TAG_BYTES];
	int n;
	bool ok = EVP_EncryptInit_ex2(context, cipher, key, nonce, NULL) == 1 &&
		  update(context, NULL, aad) && update(context, out, plain) &&
		  EVP_EncryptFinal_ex(context, nothing, &n) == 1 &&
		  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
			  AES_GCM_TAG_BYTES, tag) == 1;

	assert(ok);
}

bool aes_gcm_open(const uint8_t key[AES_GCM_KEY_BYTES],
	const uint8_t nonce[AES_GCM_NONCE_BYTES], struct str aad,
	struct str sealed, const uint8_t tag[AES_GCM_TAG_BYTES], uint8_t *out)
{
	EVP_CIPHER_CTX *context = context_get();
	uint8_t expected[AES_GCM_TAG_BYTES];
	uint8_t nothing[AES_GCM_TAG_BYTES];
	int n;
	bool ok;

	memcpy(expected, tag, sizeof(expected));
	ok = EVP_DecryptInit_ex2(context, cipher, key, nonce, NULL) == 1 &&
	     update(context, NULL, aad) && update(context, out, sealed) &&
	     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG,
		     AES_GCM_TAG_BYTES, expected) == 1;
	assert(ok);
	if (EVP_DecryptFinal_ex(context, nothing, &n) == 1)
		return true;
	OPENSSL_cleanse(out, sealed.n);
	return false;
}

static void cipher_make(void)
{
	cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!cipher || pthread_key_create(&context_key, context_free) != 0)
		abort();
}

static void context_free(void *context)
{
	EVP_CIPHER_CTX_free(context);
}

static EVP_CIPHER_CTX *context_get(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	EVP_CIPHER_CTX *context;

	pthread_once(&once, cipher_make);
	context = pthread_getspecific(context_key);
	if (context)
		return context;
	context = EVP_CIPHER_CTX_new();
	if (!context || pthread_setspecific(context_key, context) != 0)
		abort();
	return context;
}

/* `out` NULL: the bytes are authenticated only. */
static bool update(EVP_CIPHER_CTX *context, uint8_t *out, struct str in)
{
	int n;

	assert(in.n <= INT_MAX);
	if (in.n == 0)
		return true;
	return EVP_CipherUpdate(context, out, &n, (const unsigned char *)in.p,
		       (int)in.n) == 1;
}
