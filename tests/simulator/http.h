/*
 * http.h - HTTP/1.1 as bytes: reading a request, writing an answer.
 *
 * Nothing here knows of sockets. A request's head is parsed from a buffer
 * that holds it whole; all its views are into that buffer. A chunked body is
 * decoded in place, behind the head, as its bytes arrive.
 */
#ifndef SIMULATOR_HTTP_H
#define SIMULATOR_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define HTTP_MAX_HEAD_BYTES (64 * 1024)
#define HTTP_MAX_BODY_BYTES (64 * 1024 * 1024)
#define HTTP_MAX_HEADERS 128

struct http_header {
	struct str name;
	struct str value;
};

struct http_request {
	struct str method;
	struct str path;       /* without the query */
	struct str target;     /* with it */
	bool keep_alive;       /* the client wants the connection kept */
	bool may_chunk;        /* the answer may be chunked (HTTP/1.1) */
	bool expects_continue; /* waits for "100 Continue" */
	bool chunked;          /* the body is; else: */
	int64_t body_bytes;    /* its length, 0 when there is none */
	size_t header_count;
	struct http_header headers[HTTP_MAX_HEADERS];
};

/* Bytes of the head with its empty line, 0 when it is not all there. */
size_t http_head_bytes(struct str in);
/* err->kind tells the status: ERR_BAD_REQUEST or ERR_TOO_LARGE. */
MUST_USE bool http_parse_head(
	struct str head, struct http_request *out, struct error *err);
/* The first header of that name, ignoring case; empty when there is none. */
struct str http_find_header(
	const struct http_request *request, struct str name);

/* The value of a parameter of the query, escapes resolved; empty: none. */
struct str http_find_query(const struct http_request *request, struct str name,
	struct arena *arena);
/* A part of a path or a query without its percent escapes. */
struct str http_unescape(struct str text, struct arena *arena);

enum http_progress { HTTP_MORE, HTTP_COMPLETE, HTTP_BROKEN };

/* Where the decoder of a chunked body is; both offsets are in one buffer. */
struct http_chunks {
	size_t read_at;  /* next byte to decode */
	size_t write_at; /* end of the decoded body */
	uint64_t left;   /* of the current chunk, its CRLF not counted */
	enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER } state;
};

/* Begin behind a head of so many bytes. */
void http_chunks_init(struct http_chunks *chunks, size_t head_bytes);
/* Decode what has arrived in the n bytes at p. */
enum http_progress http_chunks_decode(
	struct http_chunks *chunks, char *p, size_t n);

const char *http_reason(int status);
/* "HTTP/1.1 200 OK" and its line's end. */
void http_append_status(struct buf *out, int status);
/* A number in hexadecimal digits. */
void http_append_hex(struct buf *out, uint64_t value);
/* Bytes as one chunk; an empty string is nothing. */
void http_append_chunk(struct buf *out, struct str bytes);
/* The chunk that ends a body. */
void http_append_last_chunk(struct buf *out);

#endif
