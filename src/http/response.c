/*
 * response.c - writing an answer as FastCGI records.
 *
 * Everything is appended to `out` as STDOUT records; http_send() sends from
 * its front. The head is one record with the first bytes of the body, so that
 * a small answer is a single write.
 */
#include "http/exchange.h"

#include <sys/socket.h>

#include "base/log.h"
#include "http/record.h"

static void append_record(struct http_exchange *x, enum record_type type,
	struct str first, struct str second);
static void append_stdout(
	struct http_exchange *x, struct str first, struct str second);
static void copy_body(struct http_exchange *x, struct str bytes);

void http_begin(struct http_exchange *x, int status, const char *content_type)
{
	assert(!x->began);
	x->began = true;
	x->in_head = true;
	x->status = status;
	buf_printf(&x->head, "Status: %d\r\n", status);
	if (content_type)
		http_header(x, "Content-Type", str_of(content_type));
	if (x->allow_origin.n == 0)
		return;
	http_header(x, "Access-Control-Allow-Origin", x->allow_origin);
	http_header(x, "Access-Control-Expose-Headers", S("*"));
	http_header(x, "Vary", S("Origin"));
}

void http_header(struct http_exchange *x, const char *name, struct str value)
{
	size_t before = x->head.n;
	size_t start;

	assert(x->in_head);
	buf_append(&x->head, str_of(name));
	buf_append(&x->head, S(": "));
	start = x->head.n;
	buf_append(&x->head, value);
	for (size_t i = start; i < x->head.n; i++) {
		unsigned char c = (unsigned char)x->head.p[i];

		if (c < ' ' || c == 127)
			x->head.p[i] = ' ';
	}
	buf_append(&x->head, S("\r\n"));
	/* With room for the end of the head: a body is never read as one. */
	if (buf_reserve(&x->head, 2))
		return;
	x->head.n = before;
	x->head.failed = false;
	log_warn("the header %s of an answer was left out: it is too long",
		name);
}

void http_header_int(struct http_exchange *x, const char *name, int64_t value)
{
	struct buf digits = BUF_INIT(32);

	buf_append_int(&digits, value);
	http_header(x, name, buf_str(&digits));
	buf_release(&digits);
}

void http_body(struct http_exchange *x, struct str bytes)
{
	assert(x->began && !x->ended);
	x->body_bytes += (int64_t)bytes.n;
	if (x->copy)
		copy_body(x, bytes);
	if (x->in_head) {
		x->in_head = false;
		buf_append(&x->head, S("\r\n"));
		append_stdout(x, buf_str(&x->head), bytes);
		buf_release(&x->head);
		return;
	}
	append_stdout(x, bytes, S(""));
}

void http_end(struct http_exchange *x)
{
	/* appStatus 0, FCGI_REQUEST_COMPLETE */
	static const char end_body[8] = { 0 };

	if (x->ended)
		return;
	if (x->in_head)
		http_body(x, S(""));
	x->ended = true;
	if (x->began)
		append_record(x, RECORD_STDOUT, S(""), S(""));
	append_record(x, RECORD_END_REQUEST,
		(struct str){ end_body, sizeof(end_body) }, S(""));
}

void http_push(struct http_exchange *x)
{
	x->server->push(x);
}

void http_read_answer(const struct http_exchange *x, struct buf *body)
{
	struct str out = buf_str(&x->out);
	bool in_head = true;
	struct record_head head;

	assert(x->ended && x->out_sent == 0);
	while (out.n >= sizeof(head)) {
		struct str content;

		memcpy(&head, out.p, sizeof(head));
		out = str_from(out, sizeof(head));
		content = str_head(out, record_length(&head));
		out = str_from(out, content.n + head.padding);
		if (head.type != RECORD_STDOUT)
			continue;
		/* The head is in the first record. */
		if (in_head)
			content = str_from(
				content, str_find(content, S("\r\n\r\n")) + 4);
		in_head = false;
		buf_append(body, content);
	}
}

size_t http_pending(const struct http_exchange *x)
{
	return x->out.n - x->out_sent;
}

enum http_sent http_send(struct http_exchange *x)
{
	while (x->out_sent < x->out.n) {
		ssize_t n = send(x->fd, x->out.p + x->out_sent,
			x->out.n - x->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? HTTP_BLOCKED : HTTP_GONE;
		x->out_sent += (size_t)n;
	}
	/* A stream is silent most of its life: it keeps no memory for it. */
	buf_release(&x->out);
	x->out_sent = 0;
	return HTTP_SENT;
}

bool http_is_gone(struct http_exchange *x)
{
	struct record_head head;
	ssize_t n = recv(x->fd, &head, sizeof(head), MSG_DONTWAIT);

	if (n < 0)
		return errno != EAGAIN && errno != EINTR;
	/* Nothing but an abort may come before we have answered. */
	return n == 0 || n < (ssize_t)sizeof(head) ||
	       head.type == RECORD_ABORT_REQUEST;
}

/* One record of at most RECORD_MAX_CONTENT bytes, made of two texts. */
static void append_record(struct http_exchange *x, enum record_type type,
	struct str first, struct str second)
{
	struct record_head head =
		record_make(type, x->fcgi_id, first.n + second.n);

	buf_append(&x->out, (struct str){ (char *)&head, sizeof(head) });
	buf_append(&x->out, first);
	buf_append(&x->out, second);
}

/* The same for any length; nothing for nothing, which would mean the end. */
static void append_stdout(
	struct http_exchange *x, struct str first, struct str second)
{
	while (first.n + second.n > 0) {
		struct str a = str_head(first, RECORD_MAX_CONTENT);
		struct str b = str_head(second, RECORD_MAX_CONTENT - a.n);

		append_record(x, RECORD_STDOUT, a, b);
		first = str_from(first, a.n);
		second = str_from(second, b.n);
	}
}

/* With the first bytes, the head. */
static void copy_body(struct http_exchange *x, struct str bytes)
{
	struct http_copy *copy = x->copy;
	size_t room = copy->body.max - copy->body.n;

	if (x->in_head)
		buf_append(&copy->head,
			str_head(buf_str(&x->head), copy->head.max));
	buf_append(&copy->body, str_head(bytes, room));
	copy->is_cut |= copy->body.max > 0 && bytes.n > room;
}
