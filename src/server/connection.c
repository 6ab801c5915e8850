/*
 * connection.c - the life of a FastCGI connection on its loop.
 *
 *	IDLE -> (a request is there) -> BUSY -> (answered, sent) -> IDLE
 *	IDLE -> AWAY (with a worker) -> BUSY ...
 *
 * The one hard thing is who may touch a connection. On the loop's thread:
 * everything but AWAY ones. A worker: the one it was handed, until it hands
 * it back by to_loop() or push(). While AWAY the descriptor is out of epoll.
 */
#include "server/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define ACCEPTS_PER_EVENT 16
#define ACCEPT_AGAIN_MS 100

enum connection_state {
	CONNECTION_IDLE, /* waits for a request */
	CONNECTION_AWAY, /* with a worker */
	CONNECTION_BUSY, /* its exchange runs, or its answer is being sent */
};

struct port {
	struct port_setup setup;
	struct watch listener;
	struct timer accept_again; /* set while the listener rests */
	bool accept_failed;        /* since the last connection */
	struct connection *first;
	bool draining;
	bool told_drained;
};

struct connection {
	struct http_exchange x;
	struct port *port;
	struct connection *previous;
	struct connection *next;
	struct watch watch;
	enum connection_state state;
	bool watched;
	bool wants_out;   /* epoll tells when the socket takes bytes again */
	struct task task; /* carries the exchange between threads */
	http_work *work;
	void *work_owner;
};

static void on_listener(struct watch *watch, uint32_t events);
static bool accept_one(struct port *port);
static void rest_from_accepting(struct port *port);
static void on_accept_again(struct timer *timer);
static void set_read_timeout(int fd, int64_t timeout_ms);
static void connection_open(struct port *port, int fd);
static void connection_close(struct connection *connection);
static void on_connection(struct watch *watch, uint32_t events);
static void on_request(struct connection *connection);
static void refuse_overload(struct connection *connection);
static void read_and_serve(struct http_exchange *x, void *owner);
static void on_gone(struct connection *connection);
static void on_writable(struct connection *connection);
static void watch_again(struct connection *connection);
static enum http_sent send_more(struct connection *connection);
static void finish_answer(struct connection *connection);
static void watch_input(struct connection *connection);
static void connection_push(struct http_exchange *x);
static bool connection_to_worker(
	struct http_exchange *x, http_work *work, void *owner);
static void connection_to_loop(
	struct http_exchange *x, http_work *work, void *owner);
static bool connection_post(struct http_exchange *x, struct task *task);
static void run_on_worker(struct task *task);
static void run_on_loop(struct task *task);
static void push_work(struct http_exchange *x, void *owner);
static void tell_if_drained(struct port *port);

static const struct http_server connection_server = {
	.push = connection_push,
	.to_worker = connection_to_worker,
	.to_loop = connection_to_loop,
	.post = connection_post,
};

bool port_open(
	const struct port_setup *setup, struct port **out, struct error *err)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port)
		abort();
	port->setup = *setup;
	port->listener.fd = setup->listen_fd;
	port->listener.ready = on_listener;
	port->accept_again.expired = on_accept_again;
	if (!loop_watch(setup->loop, &port->listener, EPOLLIN | EPOLLEXCLUSIVE,
		    err)) {
		free(port);
		return false;
	}
	*out = port;
	return true;
}

void port_drain(struct port *port)
{
	struct connection *next;

	if (port->draining)
		return;
	/* What waits in the backlog came before we were told to stop. */
	while (accept_one(port))
		continue;
	port->draining = true;
	loop_timer_clear(port->setup.loop, &port->accept_again);
	loop_unwatch(port->setup.loop, &port->listener);
	for (struct connection *c = port->first; c; c = next) {
		next = c->next;
		/* The others are closed by finish_answer(). */
		if (c->state == CONNECTION_IDLE)
			on_request(c);
	}
	tell_if_drained(port);
}

void port_abort(struct port *port)
{
	struct connection *next;

	for (struct connection *c = port->first; c; c = next) {
		next = c->next;
		/* Without a descriptor: told already. An owner that waits on
		 * has work of its own to end. */
		if (c->state == CONNECTION_BUSY &&
			(c->x.fd >= 0 || c->x.waiter))
			on_gone(c);
	}
}

void port_close(struct port *port)
{
	while (port->first)
		connection_close(port->first);
	free(port);
}

void *port_owner(const struct port *port)
{
	return port->setup.owner;
}

static void on_listener(struct watch *watch, uint32_t events)
{
	struct port *port = CONTAINER_OF(watch, struct port, listener);

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		if (!accept_one(port))
			return;
	}
}

static bool accept_one(struct port *port)
{
	int fd = accept4(port->listener.fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		port->accept_failed = false;
		connection_open(port, fd);
		return true;
	}
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		rest_from_accepting(port);
	return false;
}

/* Out of descriptors, or the like: the listener would wake us at once again,
 * for nothing, until a call ends. */
static void rest_from_accepting(struct port *port)
{
	if (!port->accept_failed)
		log_error("cannot accept connections, trying every %d ms: %s",
			ACCEPT_AGAIN_MS, strerror(errno));
	port->accept_failed = true;
	loop_unwatch(port->setup.loop, &port->listener);
	loop_timer_set(port->setup.loop, &port->accept_again, ACCEPT_AGAIN_MS);
}

static void on_accept_again(struct timer *timer)
{
	struct port *port = CONTAINER_OF(timer, struct port, accept_again);
	struct error err;

	if (!loop_watch(port->setup.loop, &port->listener,
		    EPOLLIN | EPOLLEXCLUSIVE, &err))
		loop_timer_set(port->setup.loop, timer, ACCEPT_AGAIN_MS);
}

static void connection_open(struct port *port, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct error err;

	if (!connection)
		abort();
	http_exchange_init(
		&connection->x, (size_t)port->setup.settings->max_body_bytes);
	connection->x.fd = fd;
	connection->x.server = &connection_server;
	connection->x.app = port->setup.app;
	connection->x.loop = port->setup.loop;
	connection->x.upstreams = port->setup.upstreams;
	connection->port = port;
	connection->watch.fd = fd;
	connection->watch.ready = on_connection;
	set_read_timeout(fd, port->setup.settings->read_timeout_ms);
	if (!loop_watch(port->setup.loop, &connection->watch,
		    EPOLLIN | EPOLLRDHUP, &err)) {
		log_error("a connection was closed unserved: %s",
			error_detail(&err));
		close(fd);
		http_exchange_release(&connection->x);
		free(connection);
		return;
	}
	connection->watched = true;
	connection->next = port->first;
	if (port->first)
		port->first->previous = connection;
	port->first = connection;
}

/* libfcgi's reads block, but never for ever. */
static void set_read_timeout(int fd, int64_t timeout_ms)
{
	struct timeval timeout = { .tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

static void connection_close(struct connection *connection)
{
	struct port *port = connection->port;

	if (connection->watched)
		loop_unwatch(port->setup.loop, &connection->watch);
	if (connection->x.fd >= 0)
		close(connection->x.fd);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		port->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	http_exchange_release(&connection->x);
	free(connection);
	tell_if_drained(port);
}

static void on_connection(struct watch *watch, uint32_t events)
{
	struct connection *connection =
		CONTAINER_OF(watch, struct connection, watch);

	if (connection->state == CONNECTION_IDLE) {
		on_request(connection);
		return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) &&
		http_is_gone(&connection->x)) {
		on_gone(connection);
		return;
	}
	if (events & EPOLLOUT)
		on_writable(connection);
}

/* Something came on an idle connection, or it is time to look. */
static void on_request(struct connection *connection)
{
	struct http_exchange *x = &connection->x;
	enum http_waiting waiting = http_request_waiting(x);

	if (waiting == HTTP_HUNG_UP ||
		(waiting == HTTP_NOTHING && connection->port->draining))
		connection_close(connection);
	if (waiting == HTTP_HUNG_UP || waiting == HTTP_NOTHING)
		return;
	x->arrived_ns = clock_monotonic_ns();
	x->arrived_unix_ms = clock_unix_ms();
	connection->state = CONNECTION_BUSY;
	if (waiting == HTTP_WHOLE)
		read_and_serve(x, NULL);
	else if (!connection_to_worker(x, read_and_serve, NULL))
		refuse_overload(connection);
}

/* Its request is not even read: the connection cannot be used again. */
static void refuse_overload(struct connection *connection)
{
	struct error err;

	error_set(&err, ERR_OVERLOADED, "no place in the queue for workers");
	connection->x.keep = false;
	connection->port->setup.serve(&connection->x, &err);
}

static void read_and_serve(struct http_exchange *x, void *owner)
{
	struct connection *connection = CONTAINER_OF(x, struct connection, x);
	struct error err;
	enum http_read read = http_request_read(x, &err);

	(void)owner;
	switch (read) {
	case HTTP_READ: connection->port->setup.serve(x, NULL); break;
	case HTTP_READ_REFUSED: connection->port->setup.serve(x, &err); break;
	case HTTP_READ_CLOSED:
		/* Ended without an answer: push() closes the connection. */
		x->ended = true;
		http_push(x);
		break;
	}
}

static void on_gone(struct connection *connection)
{
	struct http_exchange *x = &connection->x;
	const struct http_waiter *waiter = x->waiter;

	x->keep = false;
	if (x->fd >= 0) {
		/* Out of epoll now: its owner may take a moment. */
		loop_unwatch(connection->port->setup.loop, &connection->watch);
		connection->watched = false;
		close(x->fd);
		x->fd = -1;
	}
	if (x->ended || !waiter) {
		connection_close(connection);
		return;
	}
	x->waiter = NULL;
	waiter->gone(x, x->owner);
}

static void on_writable(struct connection *connection)
{
	struct http_exchange *x = &connection->x;

	watch_input(connection);
	if (x->ended)
		send_more(connection);
	else if (send_more(connection) == HTTP_SENT && x->waiter)
		x->waiter->drained(x, x->owner);
}

/*
 * Send; an answer that has ended and is sent, or has nobody to go to, is the
 * end of the exchange. While it runs nothing is called back from here: its
 * owner may be the caller. That the client is gone comes as an event too.
 */
static enum http_sent send_more(struct connection *connection)
{
	struct http_exchange *x = &connection->x;
	bool ended = x->ended;
	enum http_sent sent = x->fd < 0 ? HTTP_GONE : http_send(x);

	if (sent == HTTP_BLOCKED && !connection->wants_out) {
		connection->wants_out = true;
		loop_rewatch(connection->port->setup.loop, &connection->watch,
			EPOLLIN | EPOLLRDHUP | EPOLLOUT);
	} else if (sent == HTTP_GONE && ended) {
		connection_close(connection);
	} else if (sent == HTTP_SENT && ended) {
		finish_answer(connection);
	}
	return sent;
}

static void finish_answer(struct connection *connection)
{
	bool keep = connection->x.keep && !connection->port->draining;

	http_exchange_reset(&connection->x);
	connection->state = CONNECTION_IDLE;
	if (!keep)
		connection_close(connection);
	else if (connection->wants_out)
		watch_input(connection);
}

static void watch_input(struct connection *connection)
{
	connection->wants_out = false;
	loop_rewatch(connection->port->setup.loop, &connection->watch,
		EPOLLIN | EPOLLRDHUP);
}

static void connection_push(struct http_exchange *x)
{
	struct connection *connection = CONTAINER_OF(x, struct connection, x);

	if (x->on_worker)
		connection_to_loop(x, push_work, NULL);
	else
		send_more(connection);
}

static void push_work(struct http_exchange *x, void *owner)
{
	(void)owner;
	send_more(CONTAINER_OF(x, struct connection, x));
}

static bool connection_to_worker(
	struct http_exchange *x, http_work *work, void *owner)
{
	struct connection *connection = CONTAINER_OF(x, struct connection, x);

	assert(!x->on_worker);
	connection->work = work;
	connection->work_owner = owner;
	connection->task.run = run_on_worker;
	connection->state = CONNECTION_AWAY;
	x->on_worker = true;
	/* When its client is gone the number is another one's by now. */
	if (connection->watched)
		loop_unwatch(connection->port->setup.loop, &connection->watch);
	connection->watched = false;
	if (workers_post(connection->port->setup.workers, &connection->task))
		return true;
	x->on_worker = false;
	connection->state = CONNECTION_BUSY;
	watch_again(connection);
	return false;
}

static void connection_to_loop(
	struct http_exchange *x, http_work *work, void *owner)
{
	struct connection *connection = CONTAINER_OF(x, struct connection, x);

	connection->work = work;
	connection->work_owner = owner;
	connection->task.run = run_on_loop;
	loop_post(connection->port->setup.loop, &connection->task);
}

static bool connection_post(struct http_exchange *x, struct task *task)
{
	const struct connection *connection =
		CONTAINER_OF(x, struct connection, x);

	return workers_post(connection->port->setup.workers, task);
}

static void run_on_worker(struct task *task)
{
	struct connection *connection =
		CONTAINER_OF(task, struct connection, task);

	connection->work(&connection->x, connection->work_owner);
}

static void run_on_loop(struct task *task)
{
	struct connection *connection =
		CONTAINER_OF(task, struct connection, task);

	connection->x.on_worker = false;
	connection->state = CONNECTION_BUSY;
	watch_again(connection);
	connection->work(&connection->x, connection->work_owner);
}

/* Back into epoll after a worker; a closed one stays out. */
static void watch_again(struct connection *connection)
{
	struct error err;

	if (connection->x.fd < 0)
		return;
	connection->wants_out = false;
	connection->watched = loop_watch(connection->port->setup.loop,
		&connection->watch, EPOLLIN | EPOLLRDHUP, &err);
	if (!connection->watched)
		log_error("a client's leaving will not be noticed: %s",
			error_detail(&err));
}

static void tell_if_drained(struct port *port)
{
	if (!port->draining || port->first || port->told_drained)
		return;
	port->told_drained = true;
	port->setup.drained(port);
}
