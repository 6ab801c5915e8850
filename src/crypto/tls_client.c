/*
 * tls_client.c - TLS by OpenSSL between two memories.
 */
#include "crypto/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_client {
	SSL_CTX *context;
};

struct tls_session {
	SSL *ssl;
	BIO *incoming; /* both are the SSL's */
	BIO *outgoing;
};

static bool load(
	SSL_CTX *context, const struct tls_files *files, struct error *err);
static bool name_peer(SSL *ssl, const char *host);
static bool failed(
	const struct tls_session *session, struct error *err, const char *what);
static const char *reason(const char *otherwise);

bool tls_client_open(const struct tls_files *files, struct tls_client **out,
	struct error *err)
{
	struct tls_client *client = calloc(1, sizeof(*client));

	if (!client)
		abort();
	client->context = SSL_CTX_new(TLS_client_method());
	if (!client->context ||
		!SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION))
		abort();
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	if (!load(client->context, files, err)) {
		tls_client_close(client);
		return false;
	}
	*out = client;
	return true;
}

void tls_client_close(struct tls_client *client)
{
	if (!client)
		return;
	SSL_CTX_free(client->context);
	free(client);
}

bool tls_session_open(struct tls_client *client, const char *host,
	struct tls_session **out, struct error *err)
{
	struct tls_session *session = calloc(1, sizeof(*session));

	if (!session)
		abort();
	session->ssl = SSL_new(client->context);
	session->incoming = BIO_new(BIO_s_mem());
	session->outgoing = BIO_new(BIO_s_mem());
	if (!session->ssl || !session->incoming || !session->outgoing)
		abort();
	SSL_set_bio(session->ssl, session->incoming, session->outgoing);
	SSL_set_connect_state(session->ssl);
	if (!name_peer(session->ssl, host)) {
		tls_session_close(session);
		return error_set(err, ERR_CONFIG,
			"%s is no name that a certificate could have", host);
	}
	*out = session;
	return true;
}

void tls_session_close(struct tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	free(session);
}

bool tls_session_shake_hands(
	struct tls_session *session, bool *done, struct error *err)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(session->ssl);
	*done = result == 1;
	return *done ||
	       SSL_get_error(session->ssl, result) == SSL_ERROR_WANT_READ ||
	       failed(session, err, "no TLS");
}

void tls_session_feed(struct tls_session *session, struct str bytes)
{
	int n = BIO_write(session->incoming, bytes.p, (int)bytes.n);

	assert(n == (int)bytes.n);
}

size_t tls_session_take(struct tls_session *session, char *out, size_t size)
{
	int n = BIO_read(session->outgoing, out, (int)size);

	return n > 0 ? (size_t)n : 0;
}

bool tls_session_write(
	struct tls_session *session, struct str plain, struct error *err)
{
	size_t n;

	ERR_clear_error();
	return plain.n == 0 ||
	       SSL_write_ex(session->ssl, plain.p, plain.n, &n) == 1 ||
	       failed(session, err, "TLS");
}

bool tls_session_read(struct tls_session *session, char *out, size_t size,
	size_t *n, struct error *err)
{
	int result;

	ERR_clear_error();
	*n = 0;
	result = SSL_read_ex(session->ssl, out, size, n);
	return result == 1 ||
	       SSL_get_error(session->ssl, result) == SSL_ERROR_WANT_READ ||
	       failed(session, err, "TLS");
}

static bool load(
	SSL_CTX *context, const struct tls_files *files, struct error *err)
{
	const char *wrong = NULL;

	if (!files->certificate != !files->key)
		return error_set(err, ERR_CONFIG,
			"a certificate and its key belong together");
	ERR_clear_error();
	if (!files->authorities)
		SSL_CTX_set_default_verify_paths(context);
	else if (SSL_CTX_load_verify_locations(
			 context, files->authorities, NULL) != 1)
		wrong = files->authorities;
	if (!wrong && files->certificate &&
		SSL_CTX_use_certificate_chain_file(
			context, files->certificate) != 1)
		wrong = files->certificate;
	/* A key that is another certificate's is refused here. */
	if (!wrong && files->key &&
		SSL_CTX_use_PrivateKey_file(
			context, files->key, SSL_FILETYPE_PEM) != 1)
		wrong = files->key;
	return !wrong || error_set(err, ERR_CONFIG, "%s: %s", wrong,
				 reason("cannot be read"));
}

/* A name is also told to the other side, which may have many. */
static bool name_peer(SSL *ssl, const char *host)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
		return true;
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

static bool failed(
	const struct tls_session *session, struct error *err, const char *what)
{
	long verified = SSL_get_verify_result(session->ssl);

	if (SSL_get_error(session->ssl, 0) == SSL_ERROR_ZERO_RETURN)
		return error_set(
			err, ERR_IO, "%s: the other side has ended it", what);
	return error_set(err, ERR_IO, "%s: %s", what,
		verified == X509_V_OK
			? reason("it broke off")
			: X509_verify_cert_error_string(verified));
}

static const char *reason(const char *otherwise)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	return text ? text : otherwise;
}
