/*
 * upstream.c - one HTTP exchange with libcurl: what goes out, what comes in,
 * its deadlines and its end.
 */
#include "net/upstream_own.h"

#include <sys/socket.h>
#include <unistd.h>

#define IDLE_HANDLES 128
#define STREAM_BUFFER_BYTES 2048
#define WHOLE_BUFFER_BYTES 16384
/* libcurl sends a body of up to this size together with the head. */
#define JOINED_BODY_BYTES 65536
#define HEAD_BYTES 65536

static struct upstream *upstream_take(struct upstream_pool *pool);
static void set_constant_options(struct upstream *upstream);
static void set_body(
	struct upstream *upstream, const struct upstream_request *request);
static void set_deadline(struct upstream *upstream);
static void on_deadline(struct timer *timer);
static void note_byte(struct upstream *upstream);
static void finish(
	struct upstream *upstream, const struct upstream_result *result);
static bool describe_failure(
	const struct upstream *upstream, CURLcode code, struct error *err);
static size_t on_header(char *p, size_t size, size_t n, void *context);
static void forget_body(struct upstream *upstream);
static size_t on_body(char *p, size_t size, size_t n, void *context);
static size_t on_read(char *p, size_t size, size_t n, void *context);
static int on_seek(void *context, curl_off_t offset, int origin);
static curl_socket_t on_open_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address);
static int on_close_socket(void *context, curl_socket_t fd);

struct upstream *upstream_start(struct upstream_pool *pool,
	const struct upstream_request *request,
	const struct upstream_events *events, void *owner)
{
	struct upstream *upstream = upstream_take(pool);
	CURL *easy = upstream->easy;

	upstream->events = events;
	upstream->owner = owner;
	upstream->limits = request->limits;
	upstream->started_ms = loop_now_ms(pool->loop);
	for (size_t i = 0; i < request->header_count; i++)
		upstream->headers = curl_slist_append(
			upstream->headers, request->headers[i]);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, upstream->headers);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)request->limits.connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
		(long)(request->is_stream ? STREAM_BUFFER_BYTES
					  : WHOLE_BUFFER_BYTES));
	set_body(upstream, request);
	set_deadline(upstream);
	upstream_pool_start(upstream);
	return upstream;
}

bool upstream_body_is_sent(const struct upstream *upstream)
{
	return upstream->has_head &&
	       upstream->body_piece == upstream->body_count;
}

void upstream_resume(struct upstream *upstream)
{
	if (!upstream->paused)
		return;
	upstream->paused = false;
	upstream->last_byte_ms = loop_now_ms(upstream->pool->loop);
	upstream_pool_resume(upstream);
}

void upstream_cancel(struct upstream *upstream)
{
	upstream->cancelled = true;
	if (!upstream->in_done)
		upstream_pool_drop(upstream);
}

struct str upstream_header(const struct upstream *upstream, struct str name)
{
	struct str rest = buf_str(&upstream->head);
	struct str line;

	while (str_next_field(&rest, '\n', &line)) {
		size_t colon = str_index(line, ':');

		if (colon < line.n &&
			str_equal_nocase(str_head(line, colon), name))
			return str_trim(str_from(line, colon + 1));
	}
	return S("");
}

int64_t upstream_connect_us(const struct upstream *upstream)
{
	curl_off_t connect_us = 0;
	curl_off_t tls_us = 0;

	curl_easy_getinfo(upstream->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
	curl_easy_getinfo(upstream->easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
	return tls_us > connect_us ? tls_us : connect_us;
}

static struct upstream *upstream_take(struct upstream_pool *pool)
{
	struct upstream *upstream = pool->idle;

	if (upstream) {
		pool->idle = upstream->next;
		pool->idle_count--;
		return upstream;
	}
	upstream = calloc(1, sizeof(*upstream));
	if (!upstream)
		abort();
	upstream->easy = curl_easy_init();
	if (!upstream->easy)
		abort();
	upstream->pool = pool;
	upstream->deadline.expired = on_deadline;
	buf_init(&upstream->joined, JOINED_BODY_BYTES);
	buf_init(&upstream->head, HEAD_BYTES);
	set_constant_options(upstream);
	return upstream;
}

void upstream_give(struct upstream *upstream)
{
	struct upstream_pool *pool = upstream->pool;

	curl_multi_remove_handle(pool->multi, upstream->easy);
	loop_timer_clear(pool->loop, &upstream->deadline);
	curl_slist_free_all(upstream->headers);
	upstream->headers = NULL;
	buf_release(&upstream->joined);
	buf_release(&upstream->head);
	if (pool->idle_count == IDLE_HANDLES) {
		curl_easy_cleanup(upstream->easy);
		free(upstream);
		return;
	}
	upstream->error_text[0] = '\0';
	upstream->body_count = 0;
	upstream->body_piece = 0;
	upstream->body_offset = 0;
	upstream->last_byte_ms = 0;
	upstream->paused = false;
	upstream->cancelled = false;
	upstream->refused_private = false;
	upstream->has_head = false;
	upstream->next = pool->idle;
	pool->idle = upstream;
	pool->idle_count++;
}

static void set_constant_options(struct upstream *upstream)
{
	CURL *easy = upstream->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, upstream);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, upstream->error_text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(
		easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "llm-gateway/1");
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, upstream);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, upstream);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, upstream);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, upstream);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, upstream);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	/* A connection outlives the exchange that opened it. */
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, upstream->pool);
}

static void set_body(
	struct upstream *upstream, const struct upstream_request *request)
{
	CURL *easy = upstream->easy;
	size_t bytes = 0;

	if (request->body_count == 0) {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	upstream->body = request->body;
	upstream->body_count = request->body_count;
	for (size_t i = 0; i < request->body_count; i++)
		bytes += request->body[i].n;
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
	if (bytes > JOINED_BODY_BYTES) {
		/* Without fields libcurl asks on_read(). */
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
		return;
	}
	upstream->body_count = 0; /* this copy is all that is needed */
	if (bytes > 0)
		buf_reserve(&upstream->joined, bytes);
	for (size_t i = 0; i < request->body_count; i++)
		buf_append(&upstream->joined, request->body[i]);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, upstream->joined.p);
}

/*
 * One timer serves all deadlines. After the first byte it is not moved when
 * bytes arrive: it expires at the earliest possible time and looks how things
 * stand then.
 */
static void set_deadline(struct upstream *upstream)
{
	const struct upstream_limits *limits = &upstream->limits;
	int64_t now = loop_now_ms(upstream->pool->loop);
	int64_t due = upstream->started_ms + limits->total_timeout_ms;
	int64_t quiet =
		upstream->last_byte_ms
			? upstream->last_byte_ms + limits->idle_timeout_ms
			: upstream->started_ms + limits->first_byte_timeout_ms;

	if (upstream->paused)
		quiet = now + limits->idle_timeout_ms;
	if (quiet < due)
		due = quiet;
	loop_timer_set(upstream->pool->loop, &upstream->deadline, due - now);
}

static void on_deadline(struct timer *timer)
{
	struct upstream *upstream =
		CONTAINER_OF(timer, struct upstream, deadline);
	const struct upstream_limits *limits = &upstream->limits;
	int64_t now = loop_now_ms(upstream->pool->loop);
	struct upstream_result result = { .ok = false };

	if (now - upstream->started_ms >= limits->total_timeout_ms)
		error_set(&result.error, ERR_UPSTREAM_TIMEOUT,
			"not complete after %" PRId64 " ms",
			limits->total_timeout_ms);
	else if (upstream->paused)
		return set_deadline(upstream);
	else if (!upstream->last_byte_ms &&
		 now - upstream->started_ms >= limits->first_byte_timeout_ms)
		error_set(&result.error, ERR_UPSTREAM_TIMEOUT,
			"no byte of an answer after %" PRId64 " ms",
			limits->first_byte_timeout_ms);
	else if (upstream->last_byte_ms &&
		 now - upstream->last_byte_ms >= limits->idle_timeout_ms)
		error_set(&result.error, ERR_UPSTREAM_TIMEOUT,
			"silent for %" PRId64 " ms in the middle of an answer",
			limits->idle_timeout_ms);
	else
		return set_deadline(upstream);
	finish(upstream, &result);
}

/* From the first byte on another time-out counts, and it may be shorter. */
static void note_byte(struct upstream *upstream)
{
	bool is_first = !upstream->last_byte_ms;

	upstream->last_byte_ms = loop_now_ms(upstream->pool->loop);
	if (is_first)
		set_deadline(upstream);
}

void upstream_end(struct upstream *upstream, CURLcode code)
{
	struct upstream_result result = { .ok = true };

	assert(!upstream->cancelled);
	result.ok = describe_failure(upstream, code, &result.error);
	finish(upstream, &result);
}

static void finish(
	struct upstream *upstream, const struct upstream_result *result)
{
	const struct upstream_events *events = upstream->events;
	void *owner = upstream->owner;

	/* The owner may still ask for headers: the exchange goes last. */
	upstream->in_done = true;
	events->done(owner, result);
	upstream->in_done = false;
	upstream_give(upstream);
}

/* True when the exchange went well. */
static bool describe_failure(
	const struct upstream *upstream, CURLcode code, struct error *err)
{
	const char *text = upstream->error_text[0] ? upstream->error_text
						   : curl_easy_strerror(code);

	switch (code) {
	case CURLE_OK:
		if (upstream->has_head)
			return true;
		return error_set(err, ERR_UPSTREAM_RESET,
			"the connection ended within the head of the answer");
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_URL_MALFORMAT:
		if (upstream->refused_private)
			text = "its address is on a private network, which "
			       "upstream.allow_private does not allow";
		return error_set(err, ERR_UPSTREAM_CONNECT, "%s", text);
	case CURLE_OPERATION_TIMEDOUT:
		return error_set(err, ERR_UPSTREAM_TIMEOUT, "%s", text);
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: no status line */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return error_set(err, ERR_UPSTREAM_GARBAGE, "%s", text);
	default:
		return error_set(err,
			upstream->has_head ? ERR_UPSTREAM_CUT
					   : ERR_UPSTREAM_RESET,
			"%s", text);
	}
}

static size_t on_header(char *p, size_t size, size_t n, void *context)
{
	struct upstream *upstream = context;
	struct str line = { p, size * n };
	long status = 0;

	if (upstream->cancelled)
		return 0;
	if (str_starts(line, S("HTTP/")))
		buf_clear(&upstream->head);
	buf_append(&upstream->head, line);
	curl_easy_getinfo(upstream->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return line.n;
	note_byte(upstream);
	if (str_trim(line).n == 0 && !upstream->has_head) {
		upstream->has_head = true;
		forget_body(upstream);
		upstream->events->head(upstream->owner, (int)status);
	}
	return upstream->cancelled ? 0 : line.n;
}

/* The answer begins: nothing is sent a second time. A stream may live long. */
static void forget_body(struct upstream *upstream)
{
	curl_off_t sent = 0;

	curl_easy_getinfo(upstream->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	if ((size_t)sent == upstream->joined.n)
		buf_release(&upstream->joined);
}

static size_t on_body(char *p, size_t size, size_t n, void *context)
{
	struct upstream *upstream = context;
	struct str bytes = { p, size * n };
	enum upstream_flow flow;

	if (upstream->cancelled)
		return 0;
	if (bytes.n == 0)
		return 0;
	note_byte(upstream);
	flow = upstream->events->body(upstream->owner, bytes);
	if (upstream->cancelled)
		return 0;
	if (flow == UPSTREAM_PAUSE) {
		upstream->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	return bytes.n;
}

static size_t on_read(char *p, size_t size, size_t n, void *context)
{
	struct upstream *upstream = context;
	size_t room = size * n;
	size_t filled = 0;

	if (upstream->cancelled)
		return CURL_READFUNC_ABORT; /* the bytes may be gone */
	while (filled < room && upstream->body_piece < upstream->body_count) {
		struct str rest =
			str_head(str_from(upstream->body[upstream->body_piece],
					 upstream->body_offset),
				room - filled);

		if (rest.n == 0) {
			upstream->body_piece++;
			upstream->body_offset = 0;
			continue;
		}
		memcpy(p + filled, rest.p, rest.n);
		filled += rest.n;
		upstream->body_offset += rest.n;
	}
	return filled;
}

/* libcurl sends again, from the start, when a kept connection was dead. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct upstream *upstream = context;

	if (offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	upstream->body_piece = 0;
	upstream->body_offset = 0;
	return CURL_SEEKFUNC_OK;
}

static curl_socket_t on_open_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct upstream *upstream = context;
	int fd;

	(void)purpose;
	if (!upstream->limits.allow_private &&
		upstream->pool->is_private(&address->addr)) {
		upstream->refused_private = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
		address->protocol);
	if (fd >= 0)
		socket_set_own(&upstream->pool->sockets, fd);
	return fd;
}

static int on_close_socket(void *context, curl_socket_t fd)
{
	struct upstream_pool *pool = context;

	socket_set_forget(&pool->sockets, fd);
	return close(fd);
}
