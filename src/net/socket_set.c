/*
 * socket_set.c - sockets by their number, and what epoll knows of each.
 */
#include "net/socket_set.h"

#include <sys/epoll.h>

struct socket_watch {
	struct watch watch;
	struct socket_set *set;
	uint32_t watched; /* what epoll was told; 0: it is not in there */
	bool is_own;
	bool is_wanted;
};

static struct socket_watch *socket_get(struct socket_set *set, int fd);
static void on_ready(struct watch *watch, uint32_t events);
static void take_out(struct socket_watch *socket);

void socket_set_init(struct socket_set *set, struct loop *loop,
	void (*ready)(struct socket_set *set, int fd, uint32_t events))
{
	*set = (struct socket_set){ .loop = loop, .ready = ready };
}

void socket_set_release(struct socket_set *set)
{
	for (size_t fd = 0; fd < set->capacity; fd++)
		socket_set_forget(set, (int)fd);
	free(set->by_fd);
}

void socket_set_own(struct socket_set *set, int fd)
{
	socket_get(set, fd)->is_own = true;
}

void socket_set_forget(struct socket_set *set, int fd)
{
	if ((size_t)fd >= set->capacity || !set->by_fd[fd])
		return;
	take_out(set->by_fd[fd]);
	free(set->by_fd[fd]);
	set->by_fd[fd] = NULL;
}

bool socket_set_want(
	struct socket_set *set, int fd, uint32_t events, struct error *err)
{
	struct socket_watch *socket = socket_get(set, fd);

	socket->is_wanted = events != 0;
	if (events == 0) {
		if (!socket->is_own)
			socket_set_forget(set, fd);
		else if (socket->watched != EPOLLIN)
			take_out(socket);
		return true;
	}
	if (socket->watched == 0) {
		if (!loop_watch(set->loop, &socket->watch, events, err))
			return false;
	} else if (socket->watched != events) {
		loop_rewatch(set->loop, &socket->watch, events);
	}
	socket->watched = events;
	return true;
}

static struct socket_watch *socket_get(struct socket_set *set, int fd)
{
	struct socket_watch *socket;

	if ((size_t)fd >= set->capacity) {
		size_t capacity = (size_t)fd * 2 + 64;

		set->by_fd = realloc(
			set->by_fd, capacity * sizeof(struct socket_watch *));
		if (!set->by_fd)
			abort();
		memset(set->by_fd + set->capacity, 0,
			(capacity - set->capacity) *
				sizeof(struct socket_watch *));
		set->capacity = capacity;
	}
	socket = set->by_fd[fd];
	if (socket)
		return socket;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		abort();
	socket->set = set;
	socket->watch.fd = fd;
	socket->watch.ready = on_ready;
	set->by_fd[fd] = socket;
	return socket;
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct socket_watch *socket =
		CONTAINER_OF(watch, struct socket_watch, watch);

	if (socket->is_wanted)
		socket->set->ready(socket->set, watch->fd, events);
	else
		take_out(socket);
}

static void take_out(struct socket_watch *socket)
{
	if (socket->watched != 0)
		loop_unwatch(socket->set->loop, &socket->watch);
	socket->watched = 0;
}
