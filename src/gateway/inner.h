/*
 * inner.h - a request within a request: an exchange that the gateway makes for
 * its client, answered by the same functions as those of web servers.
 *
 * It lives on the outer exchange's loop, borrows its headers, its client's
 * address and its workers, and keeps its answer until `ended`. The outer one
 * outlives it, and so do the parameters. Everything here belongs to the loop.
 */
#ifndef GATEWAY_INNER_H
#define GATEWAY_INNER_H

#include "http/exchange.h"
#include "net/loop.h"

struct inner {
	struct http_exchange x;
	struct http_exchange *outer;
	/* The answer is whole: http_read_answer(). Never from within the call
	 * that served the exchange. The owner calls inner_free(). */
	void (*ended)(struct inner *inner);
	void *owner;
	/* Within. */
	struct task task; /* carries it between threads */
	http_work *work;
	void *work_owner;
	bool is_cancelled;
};

/* A POST of that JSON body, which is copied; ready to be served. */
struct inner *inner_new(struct http_exchange *outer, struct str body,
	void (*ended)(struct inner *inner), void *owner);
void inner_free(struct inner *inner);

/* Its client is gone: it ends soon, as told by `ended`. */
void inner_cancel(struct inner *inner);

#endif
