/*
 * redis_url.h - where a Redis is, read from redis.url.
 *
 *	unix:/run/redis/redis.sock
 *	redis://HOST[:PORT][/DATABASE]        [::1] for an IPv6 address
 *	rediss://HOST[:PORT][/DATABASE]       the same through TLS
 */
#ifndef HOT_REDIS_URL_H
#define HOT_REDIS_URL_H

#include "base/arena.h"
#include "base/error.h"

struct redis_url {
	const char *socket; /* NULL: host and port */
	const char *host;
	const char *port; /* a number, as getaddrinfo() takes it */
	int64_t database;
	bool tls;
};

/* Its texts are copies in the arena. ERR_CONFIG says what is wrong; it never
 * repeats the URL, which may hold a password that does not belong there. */
MUST_USE bool redis_url_parse(struct str url, struct arena *arena,
	struct redis_url *out, struct error *err);

#endif
