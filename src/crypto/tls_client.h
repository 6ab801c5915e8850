/*
 * tls_client.h - TLS 1.2 and newer, as a client, for protocols that libcurl
 * and MariaDB's library do not speak.
 *
 * A session moves no bytes: what came from the other side is fed to it, what
 * it wants to send is taken from it. So whoever owns the socket alone decides
 * how long it is waited for.
 *
 * The other side must show a certificate for the host that was asked for.
 */
#ifndef CRYPTO_TLS_CLIENT_H
#define CRYPTO_TLS_CLIENT_H

#include "base/error.h"
#include "base/str.h"

/* Whom we trust and who we are; any number of sessions of any thread. */
struct tls_client;
/* One connection's; one thread at a time. */
struct tls_session;

struct tls_files {
	const char *authorities; /* NULL: the system's */
	const char *certificate; /* ours, with its chain; NULL: none */
	const char *key;         /* of that certificate; NULL: none */
};

/* ERR_CONFIG: a file cannot be read, or the key is another certificate's. */
MUST_USE bool tls_client_open(const struct tls_files *files,
	struct tls_client **out, struct error *err);
/* No session of it is left. Safe with NULL. */
void tls_client_close(struct tls_client *client);

/* `host` is a name or an address (without brackets). ERR_CONFIG: neither. */
MUST_USE bool tls_session_open(struct tls_client *client, const char *host,
	struct tls_session **out, struct error *err);
/* Safe with NULL. */
void tls_session_close(struct tls_session *session);

/*
 * As far as it goes with what was fed; then there may be something to take.
 * *done: both sides are agreed. ERR_IO: they never will be, and why.
 */
MUST_USE bool tls_session_shake_hands(
	struct tls_session *session, bool *done, struct error *err);

/* Bytes from the other side, as they came. */
void tls_session_feed(struct tls_session *session, struct str bytes);
/* Up to `size` bytes for the other side; 0: none now. */
size_t tls_session_take(struct tls_session *session, char *out, size_t size);

/* Encrypted, to be taken. ERR_IO. */
MUST_USE bool tls_session_write(
	struct tls_session *session, struct str plain, struct error *err);
/* Up to `size` bytes decrypted; *n 0: more must be fed first. ERR_IO: they
 * were tampered with, or the other side has ended the session. */
MUST_USE bool tls_session_read(struct tls_session *session, char *out,
	size_t size, size_t *n, struct error *err);

#endif
