/*
 * connection.h - FastCGI connections of one event loop.
 *
 * A port is what one loop needs to serve: the listening socket, its
 * connections, its providers' connections. An idle connection is a descriptor
 * in epoll and pins nothing; a request that has arrived whole is served on
 * the loop itself, because nothing about it can block; one that has not is
 * read by a worker.
 */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include "base/settings.h"
#include "http/exchange.h"
#include "net/loop.h"
#include "net/upstream.h"
#include "server/worker.h"

struct port;

struct port_setup {
	const struct settings *settings;
	struct loop *loop;
	struct upstream_pool *upstreams; /* of that loop */
	struct workers *workers;
	int listen_fd;
	void *app;   /* goes into every exchange */
	void *owner; /* whom `drained` is for: port_owner() */
	/* Answer the exchange, or refuse it with *err when it is not NULL. */
	void (*serve)(struct http_exchange *x, const struct error *err);
	/* Tells when the last connection of a draining port is gone. */
	void (*drained)(struct port *port);
};

/* ERR_IO. Before the loop runs, or on its thread. */
MUST_USE bool port_open(
	const struct port_setup *setup, struct port **out, struct error *err);

/*
 * On the loop's thread: take no new connections, close those that are idle
 * and the others after their answer; then `drained` is called.
 */
void port_drain(struct port *port);

/* On the loop's thread: what still runs is told that its client is gone. */
void port_abort(struct port *port);

/* After the loop has ended. */
void port_close(struct port *port);

void *port_owner(const struct port *port);

#endif
