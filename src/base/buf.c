/*
 * buf.c - a growing buffer. The one hard thing: a failed append must leave
 * the content as it was, so that what was written before stays readable.
 */
#include "base/buf.h"

static bool buf_grow(struct buf *buf, size_t needed);

void buf_init(struct buf *buf, size_t max_bytes)
{
	*buf = (struct buf)BUF_INIT(max_bytes);
}

void buf_release(struct buf *buf)
{
	free(buf->p);
	buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->failed = false;
}

char *buf_reserve(struct buf *buf, size_t n)
{
	if (buf->failed)
		return NULL;
	if (n > buf->max - buf->n ||
		(n > buf->capacity - buf->n && !buf_grow(buf, buf->n + n))) {
		buf->failed = true;
		return NULL;
	}
	return buf->p + buf->n;
}

void buf_advance(struct buf *buf, size_t n)
{
	assert(n <= buf->capacity - buf->n);
	buf->n += n;
}

void buf_append(struct buf *buf, struct str s)
{
	char *end = s.n ? buf_reserve(buf, s.n) : NULL;

	if (!end)
		return;
	memcpy(end, s.p, s.n);
	buf->n += s.n;
}

void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, (struct str){ &c, 1 });
}

void buf_append_int(struct buf *buf, int64_t value)
{
	char digits[STR_INT_BYTES];

	buf_append(buf, str_of_int(value, digits));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_list again;
	int n;
	char *end;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(n >= 0);
	/* One byte more for the NUL that vsnprintf insists on. */
	end = buf_reserve(buf, (size_t)n + 1);
	if (end) {
		vsnprintf(end, (size_t)n + 1, format, again);
		buf->n += (size_t)n;
	}
	va_end(again);
}

void buf_consume(struct buf *buf, size_t n)
{
	assert(n <= buf->n);
	buf->n -= n;
	if (n > 0 && buf->n > 0)
		memmove(buf->p, buf->p + n, buf->n);
}

struct str buf_str(const struct buf *buf)
{
	return (struct str){ buf->p, buf->n };
}

const char *buf_cstr(struct buf *buf)
{
	char *end = buf_reserve(buf, 1);

	if (!end)
		return "";
	*end = '\0';
	return buf->p;
}

static bool buf_grow(struct buf *buf, size_t needed)
{
	/* The first size is what was asked for: often it is the only one. */
	size_t capacity = buf->capacity ? buf->capacity : needed;
	char *p;

	if (capacity < 256)
		capacity = 256;
	while (capacity < needed)
		capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
	if (capacity > buf->max)
		capacity = buf->max;
	p = realloc(buf->p, capacity);
	if (!p)
		return false;
	buf->p = p;
	buf->capacity = capacity;
	return true;
}
