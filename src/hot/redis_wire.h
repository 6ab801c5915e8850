/*
 * redis_wire.h - the bytes of one connection to Redis: a socket, TLS over it
 * where the URL says so, and how long each step may take. For
 * redis_connection.c.
 *
 * Errors are ERR_IO, and leave the wire `broken`.
 */
#ifndef HOT_REDIS_WIRE_H
#define HOT_REDIS_WIRE_H

#include "crypto/tls_client.h"
#include "hot/redis_url.h"

/* Where Redis is and who we are; all of it is the pool's. */
struct redis_target {
	struct redis_url url;
	struct tls_client *tls; /* NULL: as it is */
	const char *user;       /* NULL: Redis' default user */
	const char *password;   /* NULL: none */
	int64_t timeout_ms;     /* for an exchange, and for opening */
};

struct redis_wire {
	int fd;
	struct tls_session *tls; /* NULL: as it is */
	const struct redis_target *target;
	bool broken;
	bool timed_out; /* broken by silence */
	bool sent;      /* what was sent last may have reached Redis */
};

/* Deadlines are monotonic, in milliseconds. Also after an error it must be
 * closed. */
MUST_USE bool redis_wire_open(struct redis_wire *wire,
	const struct redis_target *target, int64_t deadline_ms,
	struct error *err);
void redis_wire_close(struct redis_wire *wire);

/* False when the other side has closed it, or says what nobody asked for. */
bool redis_wire_is_quiet(const struct redis_wire *wire);

MUST_USE bool redis_wire_send(struct redis_wire *wire, struct str bytes,
	int64_t deadline_ms, struct error *err);
/* At least one byte. */
MUST_USE bool redis_wire_receive(struct redis_wire *wire, char *out,
	size_t size, size_t *n, int64_t deadline_ms, struct error *err);

/* Broken, for the reason in errno; false. */
bool redis_wire_lost(
	struct redis_wire *wire, struct error *err, const char *what);

#endif
