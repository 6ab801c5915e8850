/*
 * tls_client.c - sessions with a server of OpenSSL's own, without a socket:
 * what is written arrives whole, and nobody is trusted who did not show a
 * certificate for the host that was asked for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/tls_client.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#define LONG_BYTES 300000
#define DAY_S 86400L

/* The server's certificate is its own authority; so is the client's. */
struct identity {
	char certificate[64];
	char key[64];
};

static char folder[] = "/tmp/gateway-tls-XXXXXX";
static struct identity of_server, of_client, of_stranger;

struct pair {
	struct tls_client *client;
	struct tls_session *session;
	SSL_CTX *context;
	SSL *server;
};

static void make_identity(struct identity *identity, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL,
		NID_subject_alt_name, "DNS:redis.example,IP:127.0.0.1");
	FILE *file;

	snprintf(identity->certificate, sizeof(identity->certificate),
		"%s/%s.pem", folder, name);
	snprintf(identity->key, sizeof(identity->key), "%s/%s.key", folder,
		name);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_S);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
		(const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, subject);
	X509_set_pubkey(certificate, key);
	X509_add_ext(certificate, names, -1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	file = fopen(identity->certificate, "we");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	file = fopen(identity->key, "we");
	assert_non_null(file);
	assert_int_equal(
		PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	X509_EXTENSION_free(names);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static int make_all(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return 1;
	make_identity(&of_server, "server");
	make_identity(&of_client, "client");
	make_identity(&of_stranger, "stranger");
	return 0;
}

static int remove_all(void **state)
{
	const struct identity *each[] = { &of_server, &of_client,
		&of_stranger };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		unlink(each[i]->certificate);
		unlink(each[i]->key);
	}
	return rmdir(folder);
}

static void begin(struct pair *pair, const struct tls_files *files,
	const char *host, bool wants_certificate)
{
	struct error err = ERROR_INIT;

	if (!tls_client_open(files, &pair->client, &err) ||
		!tls_session_open(pair->client, host, &pair->session, &err))
		fail_msg("%s", error_detail(&err));
	pair->context = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate_file(pair->context,
				 of_server.certificate, SSL_FILETYPE_PEM),
		1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(pair->context,
				 of_server.key, SSL_FILETYPE_PEM),
		1);
	if (wants_certificate) {
		SSL_CTX_set_verify(pair->context,
			SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			NULL);
		assert_int_equal(SSL_CTX_load_verify_locations(pair->context,
					 of_client.certificate, NULL),
			1);
	}
	pair->server = SSL_new(pair->context);
	SSL_set_bio(pair->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(pair->server);
}

static void end(struct pair *pair)
{
	SSL_free(pair->server);
	SSL_CTX_free(pair->context);
	tls_session_close(pair->session);
	tls_client_close(pair->client);
}

/* What each has for the other, in pieces as a socket would bring them. */
static void carry(struct pair *pair, int piece_bytes)
{
	char piece[4096];
	size_t n;
	int m;

	while ((n = tls_session_take(
			pair->session, piece, (size_t)piece_bytes)) > 0)
		assert_int_equal(
			BIO_write(SSL_get_rbio(pair->server), piece, (int)n),
			n);
	while ((m = BIO_read(SSL_get_wbio(pair->server), piece, piece_bytes)) >
		0)
		tls_session_feed(
			pair->session, (struct str){ piece, (size_t)m });
}

static bool agree(struct pair *pair, struct error *err)
{
	for (int i = 0; i < 10; i++) {
		bool done;

		if (!tls_session_shake_hands(pair->session, &done, err))
			return false;
		carry(pair, 1000);
		if (done)
			return true;
		ERR_clear_error();
		SSL_do_handshake(pair->server);
		carry(pair, 1000);
	}
	fail_msg("they talk for ever");
	return false;
}

/* What the server says of a client is read with its first answer. */
static bool asks(struct pair *pair, struct error *err)
{
	char got[16];
	size_t n;

	if (!tls_session_write(pair->session, S("PING"), err))
		return false;
	carry(pair, 1000);
	ERR_clear_error();
	if (SSL_read_ex(pair->server, got, sizeof(got), &n) == 1)
		assert_int_equal(SSL_write_ex(pair->server, "PONG", 4, &n), 1);
	carry(pair, 1000);
	return tls_session_read(pair->session, got, sizeof(got), &n, err) &&
	       str_equal((struct str){ got, n }, S("PONG"));
}

static void carries_any_bytes(void **state)
{
	const struct tls_files files = { of_server.certificate, NULL, NULL };
	char *sent = malloc(LONG_BYTES), *got = malloc(LONG_BYTES + 1);
	struct error err = ERROR_INIT;
	struct pair pair;
	size_t all = 0, n;

	(void)state;
	for (size_t i = 0; i < LONG_BYTES; i++)
		sent[i] = (char)(i * 7 + i / 251);
	begin(&pair, &files, "redis.example", false);
	if (!agree(&pair, &err))
		fail_msg("%s", error_detail(&err));
	assert_string_equal(
		SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name),
		"redis.example");
	assert_true(tls_session_read(pair.session, got, LONG_BYTES, &n, &err));
	assert_int_equal(n, 0);
	assert_true(tls_session_write(pair.session, S(""), &err));
	assert_true(tls_session_write(
		pair.session, (struct str){ sent, LONG_BYTES }, &err));
	carry(&pair, 977);
	while (SSL_read_ex(pair.server, got + all, LONG_BYTES + 1 - all, &n))
		all += n;
	assert_int_equal(all, LONG_BYTES);
	assert_memory_equal(got, sent, LONG_BYTES);
	assert_int_equal(SSL_write_ex(pair.server, sent, LONG_BYTES, &n), 1);
	carry(&pair, 977);
	for (all = 0; all < LONG_BYTES; all += n) {
		assert_true(tls_session_read(pair.session, got + all,
			LONG_BYTES + 1 - all, &n, &err));
		assert_true(n > 0);
	}
	assert_memory_equal(got, sent, LONG_BYTES);
	SSL_shutdown(pair.server);
	carry(&pair, 977);
	assert_false(tls_session_read(pair.session, got, LONG_BYTES, &n, &err));
	assert_int_equal(err.kind, ERR_IO);
	end(&pair);
	free(sent);
	free(got);
}

static void knows_whom_it_asked_for(void **state)
{
	static const struct {
		const char *host;
		bool good;
	} cases[] = { { "redis.example", true }, { "127.0.0.1", true },
		{ "redis.example.org", false }, { "example", false },
		{ "127.0.0.2", false }, { "::1", false } };
	const struct tls_files files = { of_server.certificate, NULL, NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = ERROR_INIT;
		struct pair pair;

		begin(&pair, &files, cases[i].host, false);
		if (agree(&pair, &err) != cases[i].good)
			fail_msg("%s: %s", cases[i].host, error_detail(&err));
		if (!cases[i].good)
			assert_non_null(strstr(error_detail(&err), "mismatch"));
		end(&pair);
	}
}

static void trusts_no_stranger(void **state)
{
	const struct tls_files others[] = {
		{ of_stranger.certificate, NULL, NULL }, { NULL, NULL, NULL }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct error err = ERROR_INIT;
		struct pair pair;

		begin(&pair, &others[i], "redis.example", false);
		assert_false(agree(&pair, &err));
		assert_int_equal(err.kind, ERR_IO);
		assert_non_null(strstr(error_detail(&err), "self-signed"));
		end(&pair);
	}
}

static void shows_its_certificate(void **state)
{
	const struct tls_files cases[] = {
		{ of_server.certificate, of_client.certificate, of_client.key },
		{ of_server.certificate, NULL, NULL },
		{ of_server.certificate, of_stranger.certificate,
			of_stranger.key },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = ERROR_INIT;
		struct pair pair;

		begin(&pair, &cases[i], "127.0.0.1", true);
		assert_int_equal(
			agree(&pair, &err) && asks(&pair, &err), i == 0);
		end(&pair);
	}
}

static void finds_what_was_tampered_with(void **state)
{
	const struct tls_files files = { of_server.certificate, NULL, NULL };
	struct error err = ERROR_INIT;
	struct pair pair;
	char piece[256], got[16];
	size_t n;
	int m;

	(void)state;
	begin(&pair, &files, "127.0.0.1", false);
	assert_true(agree(&pair, &err));
	assert_true(asks(&pair, &err));
	assert_int_equal(SSL_write_ex(pair.server, "+OK", 3, &n), 1);
	m = BIO_read(SSL_get_wbio(pair.server), piece, sizeof(piece));
	assert_true(m > 3);
	piece[m - 1] ^= 1;
	tls_session_feed(pair.session, (struct str){ piece, (size_t)m });
	assert_false(
		tls_session_read(pair.session, got, sizeof(got), &n, &err));
	assert_int_equal(err.kind, ERR_IO);
	end(&pair);
	begin(&pair, &files, "127.0.0.1", false);
	tls_session_feed(pair.session, S("-ERR unknown command\r\n"));
	assert_false(agree(&pair, &err));
	assert_int_equal(err.kind, ERR_IO);
	end(&pair);
}

static void refuses_files_that_are_no_good(void **state)
{
	const struct tls_files bad[] = {
		{ "/nowhere/ca.pem", NULL, NULL },
		{ of_server.key, NULL, NULL },
		{ of_server.certificate, "/nowhere/a.pem", of_client.key },
		{ of_server.certificate, of_client.certificate,
			"/nowhere/a.key" },
		{ of_server.certificate, of_client.certificate, NULL },
		{ of_server.certificate, NULL, of_client.key },
		{ of_server.certificate, of_client.certificate,
			of_stranger.key },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = ERROR_INIT;
		struct tls_client *client;

		if (tls_client_open(&bad[i], &client, &err))
			fail_msg("case %zu was taken", i);
		assert_int_equal(err.kind, ERR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_any_bytes),
		cmocka_unit_test(knows_whom_it_asked_for),
		cmocka_unit_test(trusts_no_stranger),
		cmocka_unit_test(shows_its_certificate),
		cmocka_unit_test(finds_what_was_tampered_with),
		cmocka_unit_test(refuses_files_that_are_no_good),
	};

	return cmocka_run_group_tests(tests, make_all, remove_all);
}
