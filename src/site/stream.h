/*
 * stream.h - an answer that is a file of any length, written piece by piece.
 *
 * A piece is made on a worker, sent by the loop, and the next one is made when
 * the client has taken it: a slow client costs one piece of memory and no
 * thread, and a connection of the pool only while a piece is made.
 */
#ifndef SITE_STREAM_H
#define SITE_STREAM_H

#include "site/page.h"

/* Append the next piece; *more is false with the last one. On a worker. */
typedef bool site_stream_fill(void *owner, struct db *db, struct buf *out,
	bool *more, struct error *err);

/*
 * Answer with a file instead of a page. Its type follows from the name, which
 * has only letters, digits, '.' and '-'. The owner must live as long as the
 * request's arena. A piece has at most max_bytes.
 */
void site_stream(struct site_request *request, struct str file_name,
	size_t max_bytes, site_stream_fill *fill, void *owner);

/* --- for serve.c */

/* The first piece, on the request's connection, before the answer begins: what
 * fails here is answered like any page's error. */
MUST_USE bool site_stream_begin(
	struct site_request *request, struct error *err);
const char *site_stream_type(const struct site_request *request);
/* The head's own lines. */
void site_stream_head(struct site_request *request);
/* After the head, and without the request's connection: the exchange may be
 * gone after this. */
void site_stream_run(struct site_request *request);

#endif
