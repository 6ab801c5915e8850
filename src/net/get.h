/*
 * get.h - one GET of a document that its thread waits for. Never on an event
 * loop, whose exchanges are upstream.h's.
 */
#ifndef NET_GET_H
#define NET_GET_H

#include "base/buf.h"
#include "base/error.h"

#include <sys/socket.h>

#define GET_ETAG_BYTES 256

struct get {
	const char *url;
	const char *const *headers; /* "Name: value" */
	size_t header_count;
	const char *etag;    /* of the copy that is known; "" or NULL: none */
	const char *ca_file; /* of the server's authority; "": the system's */
	int64_t timeout_ms;
	/* Tells the addresses that are not connected to, asked after the name
	 * is resolved; NULL: any is. */
	bool (*is_refused)(const struct sockaddr *address);
};

/*
 * Fetch it: its status (304: still that copy), its bytes unpacked, and its
 * ETag, "" when it has none or a long one. Redirects are not followed.
 * ERR_UPSTREAM_TOO_LARGE when more comes than `body` takes, ERR_UPSTREAM_*.
 */
MUST_USE bool get_fetch(const struct get *get, int *status, struct buf *body,
	char etag[GET_ETAG_BYTES], struct error *err);

#endif
