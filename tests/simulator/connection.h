/*
 * connection.h - one client's connection: reads a request, sends its answer
 * piece by piece, each piece when it is due, and begins again.
 *
 * A connection belongs to the thread whose loop it was opened in; it frees
 * itself when it is over. While its answer waits it owns no buffers.
 */
#ifndef SIMULATOR_CONNECTION_H
#define SIMULATOR_CONNECTION_H

#include "base/buf.h"
#include "control.h"
#include "timer.h"

/* What the connections of one thread share. */
struct loop {
	int epoll;
	struct timers timers;
	struct control *control;
	struct buf scratch;
	char *input; /* LOOP_INPUT_BYTES for one read */
	uint64_t next_id;
	uint64_t id_step; /* threads take turns, so that ids are unique */
};

#define LOOP_INPUT_BYTES 65536

/* Take over a connected, non-blocking socket. */
void connection_open(struct loop *loop, int fd);

struct connection;

/* What epoll reported about it. */
void connection_handle(struct connection *connection, uint32_t events);
/* Its timer was due, and is no longer set. */
void connection_wake(struct timer *timer);

#endif
