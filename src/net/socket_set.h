/*
 * socket_set.h - the sockets of a library that drives itself (libcurl), in
 * our loop.
 *
 * A kept connection is wanted, left alone and wanted again with every
 * exchange. It stays in epoll all the while, so that this costs no system
 * call; only when something happens on a socket that nobody wants (the other
 * side closed it) it is taken out. This needs to know when a socket is
 * closed, so it holds for those that were announced by socket_set_own();
 * others are taken out as soon as they are not wanted.
 */
#ifndef NET_SOCKET_SET_H
#define NET_SOCKET_SET_H

#include "net/loop.h"

struct socket_watch;

struct socket_set {
	struct loop *loop;
	void (*ready)(struct socket_set *set, int fd, uint32_t events);
	struct socket_watch **by_fd;
	size_t capacity;
};

void socket_set_init(struct socket_set *set, struct loop *loop,
	void (*ready)(struct socket_set *set, int fd, uint32_t events));
void socket_set_release(struct socket_set *set);

/* A socket was opened; socket_set_forget() will be called before it closes. */
void socket_set_own(struct socket_set *set, int fd);
void socket_set_forget(struct socket_set *set, int fd);

/* Watch for these events; 0: for none. ERR_IO. */
MUST_USE bool socket_set_want(
	struct socket_set *set, int fd, uint32_t events, struct error *err);

#endif
