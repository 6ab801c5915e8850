/*
 * blocking.h - one exchange of libcurl's that its thread waits for: what
 * mail.c and post.c share; nobody outside this folder includes it.
 */
#ifndef NET_BLOCKING_H
#define NET_BLOCKING_H

#include <curl/curl.h>

#include "base/error.h"

/* What a waiting exchange looks at, and says. */
struct blocking {
	CURL *easy;
	int64_t timeout_ms;
	const bool *stop; /* atomic; true ends it early; NULL: never */
	char error_text[CURL_ERROR_SIZE];
};

/* A handle with the options of every exchange: time-out, stop, no signals,
 * no proxy. Free it with blocking_release(). */
void blocking_init(
	struct blocking *blocking, int64_t timeout_ms, const bool *stop);
void blocking_release(struct blocking *blocking);

/* ERR_DRAINING: it was stopped; ERR_UPSTREAM_TIMEOUT; ERR_UPSTREAM_CONNECT:
 * nobody was reached; ERR_UPSTREAM_RESET: anything else. err->detail tells
 * why, without anything that was sent. */
MUST_USE bool blocking_run(struct blocking *blocking, struct error *err);

#endif
