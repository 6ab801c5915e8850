/*
 * upstream.h - one HTTP exchange with a provider, on an event loop.
 *
 * A loop has one upstream_pool: its connections are kept and shared by all
 * exchanges of that loop (HTTP/2 streams to one host share one). The bytes of
 * an answer are handed over as they come, undecoded; redirects are not
 * followed. Everything here runs on the loop's thread.
 */
#ifndef NET_UPSTREAM_H
#define NET_UPSTREAM_H

#include "base/error.h"
#include <sys/socket.h>

#include "net/loop.h"

struct upstream;
struct upstream_pool;

struct upstream_limits {
	int64_t connect_timeout_ms;
	int64_t first_byte_timeout_ms;
	int64_t idle_timeout_ms;
	int64_t total_timeout_ms;
	bool allow_private; /* addresses of this machine and its networks */
};

/* What to send. The bytes must live until the exchange ends; those of the
 * body, until upstream_body_is_sent(). */
struct upstream_request {
	const char *url;
	const char *const *headers; /* "Name: value" */
	size_t header_count;
	const struct str *body; /* pieces, sent one after the other */
	size_t body_count;
	bool is_stream; /* many small pieces are expected, not one large */
	struct upstream_limits limits;
};

/* Where an exchange stood when it ended. */
struct upstream_result {
	bool ok; /* the answer is complete; else `error` says what happened */
	struct error error;
};

enum upstream_flow { UPSTREAM_GO_ON, UPSTREAM_PAUSE };

/* What the owner of an exchange hears. Any of them may cancel it. */
struct upstream_events {
	/* Status and headers are complete; not called for 1xx answers. */
	void (*head)(void *owner, int status);
	/* Bytes of the body; never empty. UPSTREAM_PAUSE refuses these bytes:
	 * they come again after upstream_resume(). */
	enum upstream_flow (*body)(void *owner, struct str bytes);
	/* The end, exactly once, unless cancelled; then nothing comes any
	 * more and the exchange is gone. */
	void (*done)(void *owner, const struct upstream_result *result);
};

/* To be called once, before there are threads. */
void upstream_init(void);

/*
 * is_private tells addresses that are connected to only where the limits
 * allow it: asked after the name is resolved, so that a public name cannot
 * lead to a private address.
 */
struct upstream_pool *upstream_pool_new(
	struct loop *loop, bool (*is_private)(const struct sockaddr *address));
/* All its exchanges have ended or are cancelled. */
void upstream_pool_free(struct upstream_pool *pool);

/* Never fails at once: a request that cannot be sent ends with done(). */
struct upstream *upstream_start(struct upstream_pool *pool,
	const struct upstream_request *request,
	const struct upstream_events *events, void *owner);

/* The bytes of the request's body are not needed any more. */
bool upstream_body_is_sent(const struct upstream *upstream);

/* Go on after a pause. */
void upstream_resume(struct upstream *upstream);

/* End it at once; done() is not called and the exchange is gone. */
void upstream_cancel(struct upstream *upstream);

/* A header of the answer, valid until the exchange ends; empty if missing. */
struct str upstream_header(const struct upstream *upstream, struct str name);

/* Time to connect, TLS included; 0 on a kept connection. */
int64_t upstream_connect_us(const struct upstream *upstream);

#endif
