/*
 * provider.h - a tiny HTTP server whose answers are written byte by byte by
 * the test: it may break every rule of HTTP.
 *
 * It has a thread per connection. A script gets each request read whole and
 * writes whatever it likes; false closes the connection.
 */
#ifndef TESTS_UNIT_NET_PROVIDER_H
#define TESTS_UNIT_NET_PROVIDER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "loop_thread.h"

#define PROVIDER_MAX_PEERS 64
#define PROVIDER_MAX_REQUEST (8 << 20)

struct provider_peer;

struct provider_script {
	const char *path;
	bool (*serve)(struct provider_peer *peer);
};

/* One connection. */
struct provider_peer {
	struct provider *provider;
	pthread_t thread;
	int fd;
	int request_count;
	struct buf input;
	struct str head; /* of the request in hand */
	struct str body;
};

struct provider {
	const struct provider_script *scripts;
	size_t script_count;
	int fd;
	int port;
	pthread_t thread;
	atomic_int connection_count;
	atomic_int request_count;
	struct provider_peer peers[PROVIDER_MAX_PEERS];
};

/* --- what scripts do */

static inline void provider_say_bytes(
	struct provider_peer *peer, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(peer->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the client has left */
		bytes = str_from(bytes, (size_t)n);
	}
}

static inline void provider_say(struct provider_peer *peer, const char *text)
{
	provider_say_bytes(peer, str_of(text));
}

/* Silence until the client goes. */
static inline void provider_wait_for_close(struct provider_peer *peer)
{
	char bytes[256];

	while (recv(peer->fd, bytes, sizeof(bytes), 0) > 0)
		continue;
}

/* True when the client has closed the connection. */
static inline bool provider_is_left(struct provider_peer *peer)
{
	struct pollfd news = { .fd = peer->fd, .events = POLLIN };

	return poll(&news, 1, 0) > 0;
}

/* The connection is to end with a reset. */
static inline void provider_reset(struct provider_peer *peer)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

/* --- the server */

static inline bool provider_read_more(struct provider_peer *peer)
{
	char *end = buf_reserve(&peer->input, 65536);
	ssize_t n;

	assert(end);
	n = recv(peer->fd, end, 65536, 0);
	if (n <= 0)
		return false;
	buf_advance(&peer->input, (size_t)n);
	return true;
}

static inline size_t provider_body_bytes(struct str head)
{
	struct str name = STR("\nContent-Length:");
	struct str value = str_from(head, str_find(head, name) + name.n);
	int64_t bytes = 0;

	if (value.n > 0 &&
		!str_to_int64(str_trim(str_head(value, str_index(value, '\n'))),
			&bytes))
		abort();
	return (size_t)bytes;
}

static inline bool provider_read_request(struct provider_peer *peer)
{
	struct str end = STR("\r\n\r\n");
	size_t head_bytes;
	size_t body_bytes;

	for (;;) {
		struct str input = buf_str(&peer->input);

		head_bytes = str_find(input, end);
		if (head_bytes < input.n)
			break;
		if (!provider_read_more(peer))
			return false;
	}
	head_bytes += end.n;
	body_bytes = provider_body_bytes(
		str_head(buf_str(&peer->input), head_bytes));
	while (peer->input.n < head_bytes + body_bytes) {
		if (!provider_read_more(peer))
			return false;
	}
	peer->head = str_head(buf_str(&peer->input), head_bytes);
	peer->body = str_head(
		str_from(buf_str(&peer->input), head_bytes), body_bytes);
	peer->request_count++;
	atomic_fetch_add(&peer->provider->request_count, 1);
	return true;
}

static inline bool provider_serve(struct provider_peer *peer)
{
	struct str path = str_from(peer->head, str_index(peer->head, ' ') + 1);

	path = str_head(path, str_index(path, ' '));
	for (size_t i = 0; i < peer->provider->script_count; i++) {
		const struct provider_script *script =
			&peer->provider->scripts[i];

		if (str_equal(path, str_of(script->path)))
			return script->serve(peer);
	}
	abort();
}

static inline void *provider_peer_main(void *context)
{
	struct provider_peer *peer = context;
	bool keep = true;

	buf_init(&peer->input, PROVIDER_MAX_REQUEST);
	while (keep && provider_read_request(peer)) {
		size_t used = peer->head.n + peer->body.n;

		keep = provider_serve(peer);
		buf_consume(&peer->input, used);
	}
	buf_release(&peer->input);
	close(peer->fd);
	return NULL;
}

static inline void *provider_main(void *context)
{
	struct provider *provider = context;
	int fd;

	while ((fd = accept(provider->fd, NULL, NULL)) >= 0) {
		int number = atomic_load(&provider->connection_count);
		struct provider_peer *peer = &provider->peers[number];
		int failed;

		assert(number < PROVIDER_MAX_PEERS);
		peer->provider = provider;
		peer->fd = fd;
		peer->request_count = 0;
		failed = pthread_create(
			&peer->thread, NULL, provider_peer_main, peer);
		assert(!failed);
		atomic_store(&provider->connection_count, number + 1);
	}
	return NULL;
}

/* A listening socket on a free port of this machine. */
static inline int provider_listen(int backlog, int *port)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(own);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
	*port = ntohs(own.sin_port);
	return fd;
}

static inline void provider_start(struct provider *provider,
	const struct provider_script *scripts, size_t script_count)
{
	memset(provider, 0, sizeof(*provider));
	provider->scripts = scripts;
	provider->script_count = script_count;
	provider->fd = provider_listen(64, &provider->port);
	assert_int_equal(pthread_create(&provider->thread, NULL, provider_main,
				 provider),
		0);
}

/* After all connections to it are closed. */
static inline void provider_stop(struct provider *provider)
{
	/* Wakes the thread in accept(). */
	shutdown(provider->fd, SHUT_RDWR);
	pthread_join(provider->thread, NULL);
	for (int i = 0; i < atomic_load(&provider->connection_count); i++)
		pthread_join(provider->peers[i].thread, NULL);
	close(provider->fd);
}

#endif
