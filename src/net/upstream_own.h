/*
 * upstream_own.h - what upstream.c and upstream_pool.c share: the exchanges
 * and the multi handle that drives them.
 */
#ifndef NET_UPSTREAM_OWN_H
#define NET_UPSTREAM_OWN_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/socket_set.h"
#include "net/upstream.h"

struct upstream_pool {
	struct loop *loop;
	CURLM *multi;
	struct socket_set sockets; /* libcurl's */
	struct timer timer;        /* libcurl's own */
	bool (*is_private)(const struct sockaddr *address);
	bool driving; /* libcurl is at work: it takes no orders now */
	struct upstream *starting;  /* they wait for its end */
	struct upstream *cancelled; /* so do they */
	struct upstream *idle;      /* ended, kept for their handles */
	unsigned idle_count;
};

struct upstream {
	struct upstream_pool *pool;
	struct upstream *next; /* in a list of the pool's */
	CURL *easy;
	struct curl_slist *headers;
	const struct upstream_events *events;
	void *owner;
	struct buf joined; /* a small body in one piece */
	const struct str *body;
	size_t body_count;
	size_t body_piece; /* where sending a large body stands */
	size_t body_offset;
	struct buf head; /* answer headers as "Name: value\r\n" lines */
	struct upstream_limits limits;
	struct timer deadline;
	int64_t started_ms;
	int64_t last_byte_ms; /* 0: no byte of the answer yet, 1xx apart */
	bool paused;
	bool in_done; /* done() is being called */
	bool cancelled;
	bool refused_private;
	bool has_head;
	char error_text[CURL_ERROR_SIZE];
};

/* --- upstream_pool.c --- */

/* Begin it, as soon as libcurl may be told so. */
void upstream_pool_start(struct upstream *upstream);
/* Let the bytes of a paused one come again; may call on_body() at once. */
void upstream_pool_resume(struct upstream *upstream);
/* upstream_give(), as soon as libcurl has returned. */
void upstream_pool_drop(struct upstream *upstream);

/* --- upstream.c --- */

/* Libcurl is done with it: tell its owner. */
void upstream_end(struct upstream *upstream, CURLcode code);
/* Off the multi handle and back among the idle ones. */
void upstream_give(struct upstream *upstream);

#endif
