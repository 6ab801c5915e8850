/*
 * redis_wire.c - bytes to Redis and back.
 *
 * hiredis' own sockets would wait for each piece of a reply anew, be left
 * open in programs that we start, and raise SIGPIPE.
 */
#include "hot/redis_wire.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define PIECE_BYTES 16384

static bool connect_socket(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err);
static bool connect_address(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err);
static bool connect_to(struct redis_wire *wire, int family,
	const struct sockaddr *address, socklen_t size, int64_t deadline_ms,
	struct error *err);
static bool begin_tls(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err);
static bool send_taken(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err);
static bool send_raw(struct redis_wire *wire, struct str bytes,
	int64_t deadline_ms, struct error *err);
static bool receive_raw(struct redis_wire *wire, char *out, size_t size,
	size_t *n, int64_t deadline_ms, struct error *err);
static bool feed(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err);
static bool refused(struct redis_wire *wire, struct error *err);
static bool await(struct redis_wire *wire, short events, int64_t deadline_ms,
	struct error *err);
static bool tls_failed(struct redis_wire *wire, struct error *err);

bool redis_wire_open(struct redis_wire *wire, const struct redis_target *target,
	int64_t deadline_ms, struct error *err)
{
	*wire = (struct redis_wire){ .fd = -1, .target = target };
	return (target->url.socket ? connect_socket(wire, deadline_ms, err)
				   : connect_address(wire, deadline_ms, err)) &&
	       (!target->tls || begin_tls(wire, deadline_ms, err));
}

void redis_wire_close(struct redis_wire *wire)
{
	tls_session_close(wire->tls);
	if (wire->fd >= 0)
		close(wire->fd);
}

bool redis_wire_is_quiet(const struct redis_wire *wire)
{
	struct pollfd fd = { .fd = wire->fd, .events = POLLIN | POLLRDHUP };

	return poll(&fd, 1, 0) == 0;
}

bool redis_wire_send(struct redis_wire *wire, struct str bytes,
	int64_t deadline_ms, struct error *err)
{
	wire->sent = false;
	if (!wire->tls)
		return send_raw(wire, bytes, deadline_ms, err);
	if (!tls_session_write(wire->tls, bytes, err))
		return tls_failed(wire, err);
	return send_taken(wire, deadline_ms, err) || refused(wire, err);
}

bool redis_wire_receive(struct redis_wire *wire, char *out, size_t size,
	size_t *n, int64_t deadline_ms, struct error *err)
{
	if (!wire->tls)
		return receive_raw(wire, out, size, n, deadline_ms, err);
	for (;;) {
		if (!tls_session_read(wire->tls, out, size, n, err))
			return tls_failed(wire, err);
		if (*n > 0)
			return true;
		if (!feed(wire, deadline_ms, err))
			return false;
	}
}

bool redis_wire_lost(
	struct redis_wire *wire, struct error *err, const char *what)
{
	wire->broken = true;
	return error_set(err, ERR_IO, "redis: %s: %s", what, strerror(errno));
}

static bool connect_socket(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		wire->target->url.socket);
	return connect_to(wire, AF_UNIX, (const struct sockaddr *)&address,
		sizeof(address), deadline_ms, err);
}

/* The first of its addresses that takes us. */
static bool connect_address(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err)
{
	const struct redis_url *url = &wire->target->url;
	struct addrinfo wanted = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct addrinfo *addresses;
	struct error why = ERROR_INIT;
	int failed = getaddrinfo(url->host, url->port, &wanted, &addresses);
	bool connected = false;

	if (failed)
		return error_set(err, ERR_IO, "redis: cannot look up %s: %s",
			url->host, gai_strerror(failed));
	for (struct addrinfo *at = addresses; at && !connected;
		at = at->ai_next)
		connected = connect_to(wire, at->ai_family, at->ai_addr,
			at->ai_addrlen, deadline_ms, &why);
	freeaddrinfo(addresses);
	wire->broken = wire->timed_out = false;
	if (!connected)
		*err = why;
	return connected;
}

static bool connect_to(struct redis_wire *wire, int family,
	const struct sockaddr *address, socklen_t size, int64_t deadline_ms,
	struct error *err)
{
	int on = 1;
	int failed = 0;
	socklen_t failed_size = sizeof(failed);

	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd =
		socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return redis_wire_lost(wire, err, "cannot make a socket");
	if (family != AF_UNIX) {
		setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(wire->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	if (connect(wire->fd, address, size) == 0)
		return true;
	if (errno != EINPROGRESS)
		return redis_wire_lost(wire, err, "cannot connect");
	if (!await(wire, POLLOUT, deadline_ms, err))
		return false;
	if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &failed, &failed_size) !=
			0 ||
		failed) {
		errno = failed;
		return redis_wire_lost(wire, err, "cannot connect");
	}
	return true;
}

static bool begin_tls(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err)
{
	const struct redis_target *target = wire->target;
	bool done;

	if (!tls_session_open(target->tls, target->url.host, &wire->tls, err))
		return tls_failed(wire, err);
	for (;;) {
		if (!tls_session_shake_hands(wire->tls, &done, err))
			return tls_failed(wire, err);
		if (!send_taken(wire, deadline_ms, err))
			return false;
		if (done)
			return true;
		if (!feed(wire, deadline_ms, err))
			return false;
	}
}

/* What TLS has for the other side. */
static bool send_taken(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err)
{
	char piece[PIECE_BYTES];
	size_t n;

	while ((n = tls_session_take(wire->tls, piece, sizeof(piece))) > 0) {
		if (!send_raw(wire, (struct str){ piece, n }, deadline_ms, err))
			return false;
	}
	return true;
}

static bool send_raw(struct redis_wire *wire, struct str bytes,
	int64_t deadline_ms, struct error *err)
{
	wire->sent = false;
	while (bytes.n > 0) {
		ssize_t n = send(wire->fd, bytes.p, bytes.n,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			bytes = str_from(bytes, (size_t)n);
			/* A command that is cut is not run. */
			wire->sent = bytes.n == 0;
		} else if (errno == EAGAIN) {
			if (!await(wire, POLLOUT, deadline_ms, err))
				return false;
		} else if (errno != EINTR) {
			return redis_wire_lost(wire, err, "cannot send");
		}
	}
	return true;
}

static bool receive_raw(struct redis_wire *wire, char *out, size_t size,
	size_t *n, int64_t deadline_ms, struct error *err)
{
	ssize_t got;

	do {
		if (!await(wire, POLLIN, deadline_ms, err))
			return false;
		got = recv(wire->fd, out, size, MSG_DONTWAIT);
	} while (got < 0 && (errno == EAGAIN || errno == EINTR));
	if (got == 0)
		errno = ECONNRESET;
	if (got <= 0)
		return redis_wire_lost(wire, err, "the connection was lost");
	*n = (size_t)got;
	return true;
}

static bool feed(
	struct redis_wire *wire, int64_t deadline_ms, struct error *err)
{
	char piece[PIECE_BYTES];
	size_t n;

	if (!receive_raw(wire, piece, sizeof(piece), &n, deadline_ms, err))
		return false;
	tls_session_feed(wire->tls, (struct str){ piece, n });
	return true;
}

/* One that does not like our certificate says so, and is gone before we send:
 * a better reason than err's. */
static bool refused(struct redis_wire *wire, struct error *err)
{
	char piece[PIECE_BYTES];
	ssize_t n = recv(wire->fd, piece, sizeof(piece), MSG_DONTWAIT);
	struct error why = ERROR_INIT;
	size_t none;

	if (n <= 0)
		return false;
	tls_session_feed(wire->tls, (struct str){ piece, (size_t)n });
	if (!tls_session_read(wire->tls, piece, sizeof(piece), &none, &why)) {
		*err = why;
		return tls_failed(wire, err);
	}
	return false;
}

static bool await(struct redis_wire *wire, short events, int64_t deadline_ms,
	struct error *err)
{
	struct pollfd fd = { .fd = wire->fd, .events = events };
	int ready;

	do {
		int64_t left_ms = deadline_ms - clock_monotonic_ms();

		ready = poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready > 0)
		return true;
	wire->broken = true;
	wire->timed_out = true;
	return error_set(err, ERR_IO, "redis: no answer within %" PRId64 " ms",
		wire->target->timeout_ms);
}

/* err says why. */
static bool tls_failed(struct redis_wire *wire, struct error *err)
{
	struct error why = *err;

	wire->broken = true;
	return error_set(err, ERR_IO, "redis: %s", error_detail(&why));
}
