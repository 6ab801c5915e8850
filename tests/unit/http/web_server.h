/*
 * web_server.h - the other end of a FastCGI connection: writes requests as a
 * web server does, record by record, and reads answers back.
 * Source: FastCGI Specification 1.0, sections 3.3, 3.4, 5 and 8. It shares no
 * code with the reader and the writer that it tests.
 */
#ifndef TESTS_UNIT_HTTP_WEB_SERVER_H
#define TESTS_UNIT_HTTP_WEB_SERVER_H

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

#define WEB_MAX_BYTES (64 << 20)
#define WEB_PATIENCE_SECONDS 20

enum web_type {
	WEB_BEGIN = 1,
	WEB_ABORT = 2,
	WEB_END = 3,
	WEB_PARAMS = 4,
	WEB_STDIN = 5,
	WEB_STDOUT = 6,
};

/* --- requests */

static inline void web_record(
	struct buf *out, int type, int id, struct str content, size_t padding)
{
	assert(content.n <= 65535 && padding <= 255);
	buf_append_char(out, 1);
	buf_append_char(out, (char)type);
	buf_append_char(out, (char)(id >> 8));
	buf_append_char(out, (char)id);
	buf_append_char(out, (char)(content.n >> 8));
	buf_append_char(out, (char)content.n);
	buf_append_char(out, (char)padding);
	buf_append_char(out, 0);
	buf_append(out, content);
	/* Whatever it holds has no meaning. */
	for (size_t i = 0; i < padding; i++)
		buf_append_char(out, (char)0xa5);
}

static inline void web_begin(struct buf *out, int id, bool keep)
{
	const char content[8] = { 0, 1 /* responder */, (char)keep };

	web_record(out, WEB_BEGIN, id, (struct str){ content, 8 }, 0);
}

/* A stream in records of at most `each` bytes, then its end. */
static inline void web_stream(struct buf *out, int type, int id,
	struct str bytes, size_t each, size_t padding)
{
	for (; bytes.n > 0; bytes = str_from(bytes, each))
		web_record(out, type, id, str_head(bytes, each), padding);
	web_record(out, type, id, S(""), 0);
}

static inline void web_length(struct buf *params, size_t n)
{
	if (n > 127) {
		buf_append_char(params, (char)(n >> 24 | 0x80));
		buf_append_char(params, (char)(n >> 16));
		buf_append_char(params, (char)(n >> 8));
	}
	buf_append_char(params, (char)n);
}

static inline void web_param(
	struct buf *params, struct str name, struct str value)
{
	web_length(params, name.n);
	web_length(params, value.n);
	buf_append(params, name);
	buf_append(params, value);
}

/* What most requests have. A body of `body_bytes`; -1: length not said. */
static inline void web_params(struct buf *params, const char *method,
	const char *uri, int64_t body_bytes)
{
	char digits[32];

	web_param(params, S("REQUEST_METHOD"), str_of(method));
	web_param(params, S("REQUEST_URI"), str_of(uri));
	web_param(params, S("REMOTE_ADDR"), S("192.0.2.7"));
	web_param(params, S("SERVER_SOFTWARE"), S("nginx/1.22.1"));
	if (body_bytes < 0)
		return;
	snprintf(digits, sizeof(digits), "%" PRId64, body_bytes);
	web_param(params, S("CONTENT_LENGTH"), str_of(digits));
}

/* A whole request as nginx sends it. */
static inline void web_request(struct buf *out, int id, bool keep,
	const char *method, const char *uri, struct str body)
{
	struct buf params = BUF_INIT(65536);

	web_params(&params, method, uri, (int64_t)body.n);
	web_begin(out, id, keep);
	web_stream(out, WEB_PARAMS, id, buf_str(&params), 65535, 0);
	web_stream(out, WEB_STDIN, id, body, 32768, 0);
	buf_release(&params);
}

/* --- answers */

struct web_answer {
	struct buf wire;     /* as it came */
	struct buf text;     /* the content of STDOUT */
	size_t read;         /* of `wire` */
	size_t record_count; /* of STDOUT, with content */
	size_t longest;      /* of them */
	int id;
	bool stdout_ended;
	bool ended;  /* END_REQUEST is there */
	bool broken; /* this is no answer */
};

static inline void web_answer_init(struct web_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	buf_init(&answer->wire, WEB_MAX_BYTES);
	buf_init(&answer->text, WEB_MAX_BYTES);
	answer->id = -1;
}

static inline void web_answer_release(struct web_answer *answer)
{
	buf_release(&answer->wire);
	buf_release(&answer->text);
}

static inline void web_answer_record(
	struct web_answer *answer, int type, int id, struct str content)
{
	answer->broken |= answer->ended ||
			  (answer->id >= 0 && answer->id != id) ||
			  (type != WEB_STDOUT && type != WEB_END) ||
			  (type == WEB_STDOUT && answer->stdout_ended);
	answer->id = id;
	if (type == WEB_STDOUT) {
		buf_append(&answer->text, content);
		answer->record_count += content.n > 0;
		if (content.n > answer->longest)
			answer->longest = content.n;
		answer->stdout_ended = content.n == 0;
		return;
	}
	answer->ended = true;
	/* Status 0 of the application, and FCGI_REQUEST_COMPLETE. */
	answer->broken |= content.n != 8 || memcmp(content.p, "\0\0\0\0\0", 5);
}

/* Read the records that have come whole. */
static inline void web_answer_parse(struct web_answer *answer)
{
	for (;;) {
		const unsigned char *p =
			(unsigned char *)answer->wire.p + answer->read;
		size_t left = answer->wire.n - answer->read;
		size_t length;
		size_t whole;

		if (left < 8)
			return;
		length = (size_t)p[4] << 8 | p[5];
		whole = 8 + length + p[6];
		if (left < whole)
			return;
		answer->broken |= p[0] != 1;
		web_answer_record(answer, p[1], p[2] << 8 | p[3],
			(struct str){ (const char *)p + 8, length });
		answer->read += whole;
	}
}

/* Read until the answer has ended: false when the connection did first. */
static inline bool web_answer_read(struct web_answer *answer, int fd)
{
	while (!answer->ended && !answer->broken) {
		char *end = buf_reserve(&answer->wire, 65536);
		ssize_t n = recv(fd, end, 65536, 0);

		if (n <= 0)
			return false;
		buf_advance(&answer->wire, (size_t)n);
		web_answer_parse(answer);
	}
	return !answer->broken;
}

/* What follows the head; empty when the head does not end. */
static inline struct str web_answer_body(const struct web_answer *answer)
{
	struct str text = buf_str(&answer->text);

	return str_from(text, str_find(text, S("\r\n\r\n")) + 4);
}

/* --- connections */

static inline void web_patience(int fd)
{
	struct timeval time = { .tv_sec = WEB_PATIENCE_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

static inline int web_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	web_patience(fd);
	return fd;
}

static inline bool web_send(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes = str_from(bytes, (size_t)n);
	}
	return true;
}

/* True when the other end has closed the connection. */
static inline bool web_is_closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	return n == 0 || (n < 0 && errno == ECONNRESET);
}

#endif
