/*
 * post.h - one small POST that its thread waits for. Never on an event loop,
 * whose exchanges are upstream.h's.
 */
#ifndef NET_POST_H
#define NET_POST_H

#include "base/buf.h"
#include "base/error.h"

#include <sys/socket.h>

struct post {
	const char *url;
	const char *const *headers; /* "Name: value" */
	size_t header_count;
	struct str body;
	int64_t timeout_ms;
	/* Tells the addresses that are not connected to, asked after the name
	 * is resolved; NULL: any is. */
	bool (*is_refused)(const struct sockaddr *address);
	const bool *stop; /* atomic; true ends it early; NULL: never */
};

/*
 * Send it and wait for the whole answer: its status, and as much of its body
 * as `answer` takes. Redirects are not followed. ERR_UPSTREAM_*, ERR_DRAINING
 * when it was stopped.
 */
MUST_USE bool post_send(const struct post *post, int *status,
	struct buf *answer, struct error *err);

#endif
