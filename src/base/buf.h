/*
 * buf.h - a growing buffer that is born with its maximum.
 *
 * Appending beyond the maximum (or beyond memory) sets `failed` and from then
 * on changes nothing, so a writer appends freely and asks once at the end.
 * The bytes are the buffer's own until buf_release().
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *p;
	size_t n;
	size_t capacity;
	size_t max;
	bool failed; /* sticky: something did not fit */
};

/* An empty buffer that allocates when first written to. */
#define BUF_INIT(max_bytes)                    \
	{                                      \
		NULL, 0, 0, (max_bytes), false \
	}

void buf_init(struct buf *buf, size_t max_bytes);
/* Free the bytes; the buffer is empty and usable again. */
void buf_release(struct buf *buf);
/* Forget the content and the failure, keep the memory. */
void buf_clear(struct buf *buf);

/*
 * Room for n more bytes at the end, NULL when they do not fit; then
 * buf_advance() says how many of them were written.
 */
char *buf_reserve(struct buf *buf, size_t n);
void buf_advance(struct buf *buf, size_t n);

void buf_append(struct buf *buf, struct str s);
void buf_append_char(struct buf *buf, char c);
void buf_append_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Forget the first n bytes and move the rest to the front. */
void buf_consume(struct buf *buf, size_t n);

/* The content, valid until the next change. */
struct str buf_str(const struct buf *buf);
/* The content as a C string (a NUL follows it); "" when it failed. */
const char *buf_cstr(struct buf *buf);

#endif
