/*
 * request.c - reading a request with libfcgi, the only file that knows it.
 *
 * libfcgi reads from a descriptor that somebody else accepted when it is put
 * into `ipcFd` of a request without a listening socket. Everything is copied
 * into the exchange and libfcgi's request is freed at once: its two 8 KB
 * buffers must not live as long as a stream does.
 */
#include "http/exchange.h"

#include <fcgiapp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/record.h"

/* Larger requests are not looked at ahead. */
#define PEEK_BYTES 65536
/* A refused body is read to its end up to this, so that the web server is
 * still listening when the answer comes. */
#define MAX_DRAIN_BYTES (INT64_C(128) << 20)

static void copy_params(struct http_exchange *x, char **envp);
static void set_facts(struct http_exchange *x);
static struct str decode_path(struct arena *arena, struct str path);
static bool read_body(
	struct http_exchange *x, FCGX_Stream *in, struct error *err);
static void drain(FCGX_Stream *in);

void http_init(void)
{
	int failed = FCGX_Init();

	assert(!failed);
}

enum http_waiting http_request_waiting(struct http_exchange *x)
{
	static _Thread_local char bytes[PEEK_BYTES];
	ssize_t n = recv(x->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	struct record_head head;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return HTTP_NOTHING;
	if (n <= 0)
		return HTTP_HUNG_UP;
	for (size_t at = 0; at + sizeof(head) <= (size_t)n;
		at += sizeof(head) + record_length(&head) + head.padding) {
		memcpy(&head, bytes + at, sizeof(head));
		if (at == 0)
			x->fcgi_id = head.id_high << 8 | head.id_low;
		if (head.type == RECORD_STDIN && record_length(&head) == 0)
			return HTTP_WHOLE;
	}
	return HTTP_SOME;
}

enum http_read http_request_read(struct http_exchange *x, struct error *err)
{
	FCGX_Request request;
	enum http_read result = HTTP_READ;

	FCGX_InitRequest(&request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	request.ipcFd = x->fd;
	/* Else it would begin by closing the descriptor of its last request. */
	request.keepConnection = 1;
	if (FCGX_Accept_r(&request) < 0) {
		/* libfcgi closed the descriptor. */
		x->fd = -1;
		return HTTP_READ_CLOSED;
	}
	x->fcgi_id = request.requestId;
	x->keep = request.keepConnection;
	copy_params(x, request.envp);
	set_facts(x);
	if (!read_body(x, request.in, err)) {
		x->keep = false;
		result = HTTP_READ_REFUSED;
	}
	FCGX_Free(&request, 0);
	return result;
}

struct str http_param(const struct http_exchange *x, struct str name)
{
	for (size_t i = 0; i < x->param_count; i++) {
		if (str_equal(x->params[i].name, name))
			return x->params[i].value;
	}
	return S("");
}

static void copy_params(struct http_exchange *x, char **envp)
{
	size_t count = 0;

	while (envp[count])
		count++;
	x->params = ARENA_ARRAY(&x->arena, struct http_param, count);
	x->param_count = count;
	for (size_t i = 0; i < count; i++) {
		struct str param = arena_copy(&x->arena, str_of(envp[i]));
		size_t equals = str_index(param, '=');

		x->params[i].name = str_head(param, equals);
		x->params[i].value = str_from(param, equals + 1);
	}
}

static void set_facts(struct http_exchange *x)
{
	struct str uri = http_param(x, S("REQUEST_URI"));
	size_t mark = str_index(uri, '?');

	x->method = http_param(x, S("REQUEST_METHOD"));
	x->path = decode_path(&x->arena, str_head(uri, mark));
	x->query = str_from(uri, mark + 1);
	x->content_type = http_param(x, S("CONTENT_TYPE"));
	x->client_ip = http_param(x, S("REMOTE_ADDR"));
	x->server_software = http_param(x, S("SERVER_SOFTWARE"));
	x->behind_apache = str_starts(x->server_software, S("Apache"));
}

/* Resolve %XX; what is not two hex digits stays as it is. */
static struct str decode_path(struct arena *arena, struct str path)
{
	char *out;
	size_t n = 0;

	if (str_index(path, '%') == path.n)
		return path;
	out = arena_alloc(arena, path.n + 1);
	for (size_t i = 0; i < path.n; i++) {
		unsigned value;

		if (path.p[i] == '%' && i + 2 < path.n &&
			isxdigit((unsigned char)path.p[i + 1]) &&
			isxdigit((unsigned char)path.p[i + 2]) &&
			sscanf(path.p + i + 1, "%2x", &value) == 1) {
			out[n++] = (char)value;
			i += 2;
		} else {
			out[n++] = path.p[i];
		}
	}
	return (struct str){ out, n };
}

static bool read_body(
	struct http_exchange *x, FCGX_Stream *in, struct error *err)
{
	struct str length = http_param(x, S("CONTENT_LENGTH"));
	int64_t expected = -1; /* a chunked body may have none */
	int want = 8192;

	if (length.n > 0 && !str_to_int64_in(length, 0, INT64_MAX, &expected))
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"Content-Length is not a number.");
	if (expected > (int64_t)x->body.max) {
		drain(in);
		return error_refuse(err, ERR_TOO_LARGE, NULL,
			"The request body has %" PRId64
			" bytes; at most %zu are allowed.",
			expected, x->body.max);
	}
	if (expected > want)
		want = expected < INT_MAX - 1 ? (int)expected + 1 : INT_MAX;
	for (;;) {
		char *end = buf_reserve(&x->body, (size_t)want);
		int n;

		if (!end) {
			/* Full to within `want`: go on byte by byte to the
			 * limit itself. */
			x->body.failed = false;
			want = (int)(x->body.max - x->body.n);
			if (want > 0)
				continue;
			if (FCGX_GetChar(in) < 0)
				break;
			drain(in);
			return error_refuse(err, ERR_TOO_LARGE, NULL,
				"The request body is larger than %zu bytes.",
				x->body.max);
		}
		n = FCGX_GetStr(end, want, in);
		buf_advance(&x->body, (size_t)n);
		if (n < want)
			break;
	}
	if (FCGX_GetError(in) != 0 ||
		(expected >= 0 && x->body.n < (size_t)expected))
		return error_refuse(err, ERR_CLIENT_TIMEOUT, NULL,
			"The request body broke off after %zu bytes.",
			x->body.n);
	return true;
}

static void drain(FCGX_Stream *in)
{
	char bytes[8192];
	int64_t left = MAX_DRAIN_BYTES;
	int n;

	do {
		n = FCGX_GetStr(bytes, sizeof(bytes), in);
		left -= n;
	} while (n == sizeof(bytes) && left > 0);
}
