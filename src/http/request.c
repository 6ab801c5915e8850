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
#define CHUNK_BYTES 8192
/* A refused body is read to its end up to this, so that the web server is
 * still listening when the answer comes. */
#define MAX_DRAIN_BYTES (INT64_C(128) << 20)

static bool is_whole(struct str bytes, int id);
static bool is_for_responder(struct str content);
static void copy_params(struct http_exchange *x, char **envp);
static size_t sort_kept(char **envp);
static bool is_kept(struct str param);
static void add_param(struct http_exchange *x, struct str param);
static void set_facts(struct http_exchange *x);
static struct str decode_path(struct arena *arena, struct str path);
static bool read_body(
	struct http_exchange *x, FCGX_Stream *in, struct error *err);
static bool read_bytes(struct buf *body, FCGX_Stream *in, int64_t expected);
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
	if ((size_t)n < sizeof(head))
		return HTTP_SOME;
	memcpy(&head, bytes, sizeof(head));
	x->fcgi_id = record_id(&head);
	return is_whole((struct str){ bytes, (size_t)n }, x->fcgi_id)
		       ? HTTP_WHOLE
		       : HTTP_SOME;
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

/*
 * A beginning, the parameters to their end, the body to its end, and nothing
 * between them: then libfcgi will not ask for more. What is odd is not whole.
 */
static bool is_whole(struct str bytes, int id)
{
	int expected = RECORD_BEGIN_REQUEST;

	for (;;) {
		struct record_head head;
		size_t record_bytes;

		if (bytes.n < sizeof(head))
			return false;
		memcpy(&head, bytes.p, sizeof(head));
		record_bytes =
			sizeof(head) + record_length(&head) + head.padding;
		if (head.version != 1 || head.type != expected ||
			record_id(&head) != id || bytes.n < record_bytes)
			return false;
		if (expected == RECORD_BEGIN_REQUEST) {
			if (!is_for_responder(str_from(bytes, sizeof(head))))
				return false;
			expected = RECORD_PARAMS;
		} else if (record_length(&head) == 0) {
			if (expected == RECORD_STDIN)
				return true;
			expected = RECORD_STDIN;
		}
		bytes = str_from(bytes, record_bytes);
	}
}

/* The content of a beginning: the only role that we play. */
static bool is_for_responder(struct str content)
{
	return content.n >= 2 && content.p[0] == 0 && content.p[1] == 1;
}

/* Only what somebody may ask for, in one block: a stream keeps them for as
 * long as it lives. */
static void copy_params(struct http_exchange *x, char **envp)
{
	size_t count = sort_kept(envp);
	size_t bytes = 0;
	char *text;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(envp[i]) + 1;
	x->params = ARENA_ARRAY(&x->arena, struct http_param, count);
	text = arena_alloc(&x->arena, bytes);
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(envp[i]);

		memcpy(text, envp[i], n + 1);
		add_param(x, (struct str){ text, n });
		text += n + 1;
	}
}

/* Brings those that are kept to the front, and counts them. */
static size_t sort_kept(char **envp)
{
	size_t count = 0;

	for (size_t i = 0; envp[i]; i++) {
		char *param = envp[i];

		if (!is_kept(str_of(param)))
			continue;
		/* libfcgi frees them all: none may be overwritten. */
		envp[i] = envp[count];
		envp[count++] = param;
	}
	return count;
}

/* Headers, and what the gateway itself reads. */
static bool is_kept(struct str param)
{
	static const struct str kept[] = {
		STR("REQUEST_METHOD="),
		STR("REQUEST_URI="),
		STR("CONTENT_TYPE="),
		STR("CONTENT_LENGTH="),
		STR("REMOTE_ADDR="),
		STR("SERVER_SOFTWARE="),
		STR("HTTPS="),
	};

	if (str_starts(param, S("HTTP_")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		if (str_starts(param, kept[i]))
			return true;
	}
	return false;
}

static void add_param(struct http_exchange *x, struct str param)
{
	size_t equals = str_index(param, '=');

	x->params[x->param_count++] = (struct http_param){
		.name = str_head(param, equals),
		.value = str_from(param, equals + 1),
	};
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

	if (length.n > 0 && !str_to_int64_in(length, 0, INT64_MAX, &expected))
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"Content-Length is not a number.");
	if (expected > (int64_t)x->body.max ||
		!read_bytes(&x->body, in, expected)) {
		drain(in);
		return error_refuse(err, ERR_TOO_LARGE, NULL,
			"The request body is larger than the %zu bytes that "
			"are allowed.",
			x->body.max);
	}
	if (FCGX_GetError(in) != 0 ||
		(expected >= 0 && x->body.n < (size_t)expected))
		return error_refuse(err, ERR_CLIENT_TIMEOUT, NULL,
			"The request body broke off after %zu bytes.",
			x->body.n);
	return true;
}

/*
 * To the end, or as many as were announced: then the buffer gets just that
 * size, for it may live as long as a stream. False: there are more than fit.
 */
static bool read_bytes(struct buf *body, FCGX_Stream *in, int64_t expected)
{
	for (;;) {
		size_t room = body->max - body->n;
		size_t want =
			expected < 0 ? CHUNK_BYTES : (size_t)expected - body->n;
		int n;

		if (want > INT_MAX)
			want = INT_MAX;
		if (want > room)
			want = room;
		if (expected >= 0 && want == 0) {
			/* The record that ends it must not be left behind. */
			drain(in);
			return true;
		}
		if (want == 0)
			return FCGX_GetChar(in) < 0;
		if (!buf_reserve(body, want))
			return false;
		n = FCGX_GetStr(body->p + body->n, (int)want, in);
		buf_advance(body, (size_t)n);
		if ((size_t)n < want)
			return true;
	}
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
