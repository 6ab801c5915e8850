/* upstream.c - exchanges with a provider that behaves, and with many that do
 * not; cancelling from everywhere; pausing; kept connections. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "net/upstream.h"
#include "provider.h"

#define LARGE_BYTES (3 << 20)
#define STREAM_EVENTS 20
/* Long enough that a failing test is noticed, never waited for. */
#define AMPLE_MS 15000

/* --- what the provider does, by path */

static struct str pattern; /* LARGE_BYTES that do not repeat soon */

static bool serve_whole(struct provider_peer *peer)
{
	provider_say(peer,
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		"X-MiXed-Case:   spaced out  \r\nX-Empty:\r\n"
		"Content-Length: 5\r\n\r\nhello");
	return true;
}

static bool serve_chunked(struct provider_peer *peer)
{
	provider_say(peer,
		"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\n8;name=value\r\ndefghijk\r\n0\r\n"
		"X-Trailer: late\r\n\r\n");
	return true;
}

static bool serve_stream(struct provider_peer *peer)
{
	provider_say(peer,
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
		"Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < STREAM_EVENTS; i++) {
		char text[64];

		snprintf(text, sizeof(text), "a\r\ndata: %02d\n\n\r\n", i);
		provider_say(peer, text);
		sleep_ms(3);
	}
	provider_say(peer, "0\r\n\r\n");
	return true;
}

static bool serve_until_close(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.0 200 OK\r\n\r\nold style");
	return false;
}

static bool serve_echo(struct provider_peer *peer)
{
	char head[128];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nX-Method: %.*s\r\nX-Expect: %s\r\n"
		"Content-Length: %zu\r\n\r\n",
		(int)str_index(peer->head, ' '), peer->head.p,
		str_find(peer->head, S("\r\nExpect:")) < peer->head.n ? "sent"
								      : "none",
		peer->body.n);
	provider_say(peer, head);
	provider_say_bytes(peer, peer->body);
	return true;
}

static bool serve_large(struct provider_peer *peer)
{
	char head[128];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", pattern.n);
	provider_say(peer, head);
	provider_say_bytes(peer, pattern);
	return true;
}

static bool serve_redirect(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 302 Found\r\nLocation: /whole\r\n"
			   "Content-Length: 0\r\n\r\n");
	return true;
}

static bool serve_reset(struct provider_peer *peer)
{
	provider_reset(peer);
	return false;
}

static bool serve_nothing(struct provider_peer *peer)
{
	(void)peer;
	return false;
}

static bool serve_half_a_head(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 200 OK\r\nContent-Ty");
	return false;
}

static bool serve_cut(struct provider_peer *peer)
{
	provider_say(
		peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
	return false;
}

static bool serve_cut_chunked(struct provider_peer *peer)
{
	provider_say(peer,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n");
	return false;
}

static bool serve_garbage(struct provider_peer *peer)
{
	provider_say(peer, "220 mail.example ESMTP\r\n\r\n");
	return false;
}

static bool serve_binary_garbage(struct provider_peer *peer)
{
	provider_say_bytes(peer, S("\x16\x03\x01\0\x02\0\xff\xfe\r\n\r\n\0"));
	return false;
}

static bool serve_continue(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 100 Continue\r\nX-Early: yes\r\n\r\n"
			   "HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n"
			   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	return true;
}

static bool serve_continue_then_think(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 100 Continue\r\n\r\n");
	sleep_ms(250);
	return serve_whole(peer);
}

static bool serve_silence(struct provider_peer *peer)
{
	provider_wait_for_close(peer);
	return false;
}

static bool serve_stall(struct provider_peer *peer)
{
	provider_say(
		peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
	provider_wait_for_close(peer);
	return false;
}

static bool serve_drip(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n");
	while (!provider_is_left(peer)) {
		provider_say(peer, ".");
		sleep_ms(10);
	}
	return false;
}

/* A good answer, and the connection dies with nobody told. */
static bool serve_last(struct provider_peer *peer)
{
	serve_whole(peer);
	return false;
}

/* The second request on a connection is read and then gets no answer. */
static bool serve_mortal(struct provider_peer *peer)
{
	if (peer->request_count > 1)
		return false;
	return serve_echo(peer);
}

static const struct provider_script scripts[] = {
	{ "/whole", serve_whole },
	{ "/chunked", serve_chunked },
	{ "/stream", serve_stream },
	{ "/until-close", serve_until_close },
	{ "/echo", serve_echo },
	{ "/large", serve_large },
	{ "/redirect", serve_redirect },
	{ "/reset", serve_reset },
	{ "/nothing", serve_nothing },
	{ "/half-a-head", serve_half_a_head },
	{ "/cut", serve_cut },
	{ "/cut-chunked", serve_cut_chunked },
	{ "/garbage", serve_garbage },
	{ "/binary-garbage", serve_binary_garbage },
	{ "/continue", serve_continue },
	{ "/continue-then-think", serve_continue_then_think },
	{ "/silence", serve_silence },
	{ "/stall", serve_stall },
	{ "/drip", serve_drip },
	{ "/last", serve_last },
	{ "/mortal", serve_mortal },
};

/* --- the owner of an exchange, who writes down what it hears */

struct call {
	struct upstream *upstream; /* NULL: none, or over */
	struct upstream_request request;
	char url[64];
	struct call *other; /* for plans that take two */

	/* What it does beside writing down; NULL: nothing. */
	void (*in_head)(struct call *call);
	enum upstream_flow (*in_body)(struct call *call, struct str bytes);
	void (*in_done)(struct call *call);

	int status;
	int heads, bodies, pauses, dones;
	bool over;           /* done or cancelled */
	bool heard_too_much; /* something came after that */
	int64_t connect_us;  /* as done() sees it */
	char type[64], mixed[64], empty[64], early[64], expect[64], method[64];
	struct buf body;
	struct upstream_result result;
	sem_t paused;
	sem_t ended;
};

static struct provider provider;
static struct loop_thread thread;
static struct upstream_pool *pool;
static struct call call, second, third;
static atomic_int private_asked;

static void on_head(void *owner, int status)
{
	struct call *own = owner;

	own->heard_too_much |= own->over;
	own->status = status;
	own->heads++;
	if (own->in_head)
		own->in_head(own);
	if (own->over)
		sem_post(&own->ended);
}

static enum upstream_flow on_body(void *owner, struct str bytes)
{
	struct call *own = owner;
	enum upstream_flow flow = UPSTREAM_GO_ON;

	own->heard_too_much |= own->over || bytes.n == 0;
	own->bodies++;
	if (own->in_body)
		flow = own->in_body(own, bytes);
	if (own->over)
		sem_post(&own->ended);
	else if (flow == UPSTREAM_GO_ON)
		buf_append(&own->body, bytes);
	else
		own->pauses++;
	return flow;
}

static void copy_header(struct call *own, const char *name, char out[64])
{
	struct str value = upstream_header(own->upstream, str_of(name));

	snprintf(out, 64, "%.*s", STR_ARG(value));
}

static void on_done(void *owner, const struct upstream_result *result)
{
	struct call *own = owner;

	own->heard_too_much |= own->over;
	own->over = true;
	own->dones++;
	own->result = *result;
	own->connect_us = upstream_connect_us(own->upstream);
	copy_header(own, "content-type", own->type);
	copy_header(own, "x-mixed-cASE", own->mixed);
	copy_header(own, "x-empty", own->empty);
	copy_header(own, "x-early", own->early);
	copy_header(own, "x-expect", own->expect);
	copy_header(own, "x-method", own->method);
	if (own->in_done)
		own->in_done(own);
	own->upstream = NULL;
	sem_post(&own->ended);
}

static const struct upstream_events events = {
	.head = on_head,
	.body = on_body,
	.done = on_done,
};

static bool is_private(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;

	private_asked++;
	return address->sa_family == AF_INET &&
	       ntohl(in->sin_addr.s_addr) >> 24 == 127;
}

static void call_init_at(struct call *own, int port, const char *path)
{
	memset(own, 0, sizeof(*own));
	snprintf(own->url, sizeof(own->url), "http://127.0.0.1:%d%s", port,
		path);
	own->request = (struct upstream_request){
		.url = own->url,
		.limits = { AMPLE_MS, AMPLE_MS, AMPLE_MS, AMPLE_MS, true },
	};
	buf_init(&own->body, 8 << 20);
	sem_init(&own->paused, 0, 0);
	sem_init(&own->ended, 0, 0);
}

static void call_init(struct call *own, const char *path)
{
	call_init_at(own, provider.port, path);
}

/* On the loop's thread. */
static void call_begin(void *argument)
{
	struct call *own = argument;

	own->over = false;
	own->upstream = upstream_start(pool, &own->request, &events, own);
}

static void call_cancel(void *argument)
{
	struct call *own = argument;

	own->over = true;
	upstream_cancel(own->upstream);
	own->upstream = NULL;
}

static void call_resume(void *argument)
{
	struct call *own = argument;

	if (own->upstream)
		upstream_resume(own->upstream);
}

static void call_start(struct call *own)
{
	on_loop(&thread, call_begin, own);
}

static void call_wait(struct call *own)
{
	if (!wait_posted(&own->ended))
		fail_msg("%s did not end", own->url);
}

static void call_wait_for_pause(struct call *own)
{
	assert_true(wait_posted(&own->paused));
}

static void call_perform(struct call *own)
{
	call_start(own);
	call_wait(own);
}

static void call_release(struct call *own)
{
	assert_false(own->heard_too_much);
	buf_release(&own->body);
	sem_destroy(&own->paused);
	sem_destroy(&own->ended);
}

static void assert_answer(
	const struct call *own, int status, struct str expected)
{
	if (!own->result.ok)
		fail_msg("%s: %s", own->url, error_detail(&own->result.error));
	assert_int_equal(own->dones, 1);
	assert_int_equal(own->heads, 1);
	assert_int_equal(own->status, status);
	assert_int_equal(own->body.n, expected.n);
	assert_true(str_equal(buf_str(&own->body), expected));
}

static void assert_failure(const struct call *own, enum error_kind kind)
{
	assert_int_equal(own->dones, 1);
	assert_false(own->result.ok);
	assert_string_equal(
		error_name(own->result.error.kind), error_name(kind));
	assert_true(error_detail(&own->result.error)[0] != '\0');
}

/* Perform a call to `path` that ends with an error of this kind. */
static void expect_failure(const char *path, enum error_kind kind)
{
	call_init(&call, path);
	call_perform(&call);
	assert_failure(&call, kind);
	call_release(&call);
}

/* The loop still works, and nobody who cancelled hears a thing. */
static void assert_works_on(void)
{
	call_init(&third, "/whole");
	call_perform(&third);
	assert_answer(&third, 200, S("hello"));
	call_release(&third);
}

static int start(void **state)
{
	(void)state;
	provider_start(&provider, scripts, ARRAY_LEN(scripts));
	loop_thread_start(&thread);
	pool = upstream_pool_new(thread.loop, is_private);
	private_asked = 0;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	loop_thread_stop(&thread);
	upstream_pool_free(pool);
	loop_free(thread.loop);
	provider_stop(&provider);
	return 0;
}

/* --- answers */

static void a_whole_answer(void **state)
{
	(void)state;
	call_init(&call, "/whole");
	call_perform(&call);
	assert_answer(&call, 200, S("hello"));
	assert_string_equal(call.type, "application/json");
	assert_string_equal(call.mixed, "spaced out");
	assert_string_equal(call.empty, "");
	assert_string_equal(call.early, "");
	assert_true(call.connect_us > 0);
	call_release(&call);
}

static void a_chunked_answer_is_put_together(void **state)
{
	(void)state;
	call_init(&call, "/chunked");
	call_perform(&call);
	assert_answer(&call, 201, S("abcdefghijk"));
	call_release(&call);
}

static void a_stream_comes_as_it_is_sent(void **state)
{
	struct buf expected = BUF_INIT(4096);

	(void)state;
	for (int i = 0; i < STREAM_EVENTS; i++)
		buf_printf(&expected, "data: %02d\n\n", i);
	call_init(&call, "/stream");
	call.request.is_stream = true;
	call_perform(&call);
	assert_answer(&call, 200, buf_str(&expected));
	/* Not in one clump; two events may meet on a busy machine. */
	assert_true(call.bodies >= STREAM_EVENTS / 2);
	buf_release(&expected);
	call_release(&call);
}

static void an_answer_that_ends_with_the_connection(void **state)
{
	(void)state;
	call_init(&call, "/until-close");
	call_perform(&call);
	assert_answer(&call, 200, S("old style"));
	call_release(&call);
}

static void a_redirect_is_not_followed(void **state)
{
	(void)state;
	call_init(&call, "/redirect");
	call_perform(&call);
	assert_answer(&call, 302, S(""));
	assert_int_equal(call.bodies, 0);
	assert_int_equal(atomic_load(&provider.request_count), 1);
	call_release(&call);
}

static void answers_before_the_answer_are_skipped(void **state)
{
	(void)state;
	call_init(&call, "/continue");
	call_perform(&call);
	assert_answer(&call, 200, S("hello"));
	assert_string_equal(call.early, "");
	call_release(&call);
}

/* "100 Continue" is no byte of the answer: the provider may think on. */
static void a_provisional_answer_does_not_start_the_idle_time(void **state)
{
	(void)state;
	call_init(&call, "/continue-then-think");
	call.request.limits.idle_timeout_ms = 60;
	call_perform(&call);
	assert_answer(&call, 200, S("hello"));
	call_release(&call);
}

/* --- bodies */

/* Send `body`, cut into `count` pieces, and get it back. */
static void echo(const char *path, struct str body, size_t count)
{
	static const char *const headers[] = { "Expect:",
		"Content-Type: application/octet-stream" };
	struct str pieces[8];
	size_t each = body.n / count;

	assert_true(count <= ARRAY_LEN(pieces));
	for (size_t i = 0; i + 1 < count; i++)
		pieces[i] = str_head(str_from(body, i * each), each);
	pieces[count - 1] = str_from(body, (count - 1) * each);
	call_init(&call, path);
	call.request.headers = headers;
	call.request.header_count = ARRAY_LEN(headers);
	call.request.body = pieces;
	call.request.body_count = count;
	call_perform(&call);
	assert_answer(&call, 200, body);
	assert_string_equal(call.method, "POST");
	assert_string_equal(call.expect, "none");
	call_release(&call);
}

static void a_large_body_arrives_byte_by_byte(void **state)
{
	(void)state;
	echo("/echo", pattern, 7);
	echo("/echo", pattern, 1);
}

static void a_small_body_arrives_byte_by_byte(void **state)
{
	(void)state;
	echo("/echo", S("{\"model\":\"gpt-4o\"}"), 5);
	echo("/echo", S(""), 1);
	echo("/echo", S("abc"), 8); /* empty pieces among them */
}

/* The sizes at which the way of sending changes. */
static void bodies_around_the_joined_size(void **state)
{
	(void)state;
	for (size_t n = 65535; n <= 65537; n++)
		echo("/echo", str_head(pattern, n), 3);
}

/* An exchange leaves nothing in its handle for the next one. */
static void methods_and_bodies_take_turns(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		echo("/echo", str_head(pattern, 100000), 2);
		echo("/echo", S("small"), 2);
		call_init(&call, "/echo");
		call_perform(&call);
		assert_answer(&call, 200, S(""));
		assert_string_equal(call.method, "GET");
		call_release(&call);
	}
}

/* --- failures */

static void nobody_listens(void **state)
{
	int port;

	(void)state;
	close(provider_listen(1, &port));
	call_init_at(&call, port, "/");
	call_perform(&call);
	assert_failure(&call, ERR_UPSTREAM_CONNECT);
	assert_int_equal(call.heads, 0);
	call_release(&call);
}

static void nobody_accepts(void **state)
{
	int port;
	int fd = provider_listen(0, &port);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int crowd[4];

	(void)state;
	/* The queue of those who wait is full, so the kernel is silent. */
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(
			crowd[i], (struct sockaddr *)&address, sizeof(address));
	}
	call_init_at(&call, port, "/");
	call.request.limits.connect_timeout_ms = 100;
	call_perform(&call);
	assert_failure(&call, ERR_UPSTREAM_TIMEOUT);
	call_release(&call);
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++)
		close(crowd[i]);
	close(fd);
}

static void a_reset_before_the_head(void **state)
{
	(void)state;
	expect_failure("/reset", ERR_UPSTREAM_RESET);
	assert_int_equal(call.heads, 0);
	expect_failure("/nothing", ERR_UPSTREAM_RESET);
	assert_int_equal(call.heads, 0);
}

static void a_cut_in_the_head(void **state)
{
	(void)state;
	expect_failure("/half-a-head", ERR_UPSTREAM_RESET);
	assert_int_equal(call.heads, 0);
}

static void a_cut_in_the_body(void **state)
{
	(void)state;
	expect_failure("/cut", ERR_UPSTREAM_CUT);
	assert_int_equal(call.status, 200);
	expect_failure("/cut-chunked", ERR_UPSTREAM_CUT);
	assert_int_equal(call.status, 200);
}

static void what_is_not_http(void **state)
{
	(void)state;
	expect_failure("/garbage", ERR_UPSTREAM_GARBAGE);
	assert_int_equal(call.heads, 0);
	expect_failure("/binary-garbage", ERR_UPSTREAM_GARBAGE);
	assert_int_equal(call.heads, 0);
}

static void an_address_that_is_none(void **state)
{
	static const char *const urls[] = { "http://", "file:///etc/passwd",
		"http://127.0.0.1:99999/", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		call_init(&call, "/");
		call.request.url = urls[i];
		call_perform(&call);
		assert_false(call.result.ok);
		assert_int_equal(call.heads + call.bodies, 0);
		call_release(&call);
	}
}

static void time_out(const char *path, const struct upstream_limits *limits,
	const char *reason, int64_t least_ms)
{
	int64_t began_ms = clock_monotonic_ms();

	call_init(&call, path);
	call.request.limits = *limits;
	call_perform(&call);
	assert_failure(&call, ERR_UPSTREAM_TIMEOUT);
	assert_non_null(strstr(error_detail(&call.result.error), reason));
	assert_in_range(clock_monotonic_ms() - began_ms, least_ms,
		PATIENCE_SECONDS * 1000 / 2);
	call_release(&call);
	assert_works_on();
}

static void no_first_byte(void **state)
{
	struct upstream_limits limits = { AMPLE_MS, 120, 20, AMPLE_MS, true };

	(void)state;
	time_out("/silence", &limits, "no byte of an answer after 120 ms", 120);
}

static void silence_in_the_middle(void **state)
{
	struct upstream_limits limits = { AMPLE_MS, AMPLE_MS, 80, AMPLE_MS,
		true };

	(void)state;
	time_out("/stall", &limits, "silent for 80 ms", 80);
	assert_int_equal(call.status, 200);
}

static void no_end(void **state)
{
	struct upstream_limits limits = { AMPLE_MS, 5000, 5000, 150, true };

	(void)state;
	time_out("/drip", &limits, "not complete after 150 ms", 150);
	assert_true(call.bodies > 2);
}

static void a_private_address_is_refused(void **state)
{
	(void)state;
	call_init(&call, "/whole");
	call.request.limits.allow_private = false;
	call_perform(&call);
	assert_failure(&call, ERR_UPSTREAM_CONNECT);
	assert_non_null(strstr(
		error_detail(&call.result.error), "upstream.allow_private"));
	assert_int_equal(atomic_load(&private_asked), 1);
	assert_int_equal(atomic_load(&provider.connection_count), 0);
	call_release(&call);
	/* The handle that was refused once is as good as new. */
	assert_works_on();
	expect_failure("/reset", ERR_UPSTREAM_RESET);
	assert_null(strstr(error_detail(&call.result.error), "private"));
}

/* --- cancelling */

static void cancel_self(struct call *own)
{
	call_cancel(own);
}

static enum upstream_flow cancel_in_body(struct call *own, struct str bytes)
{
	(void)bytes;
	cancel_self(own);
	return UPSTREAM_GO_ON;
}

static void cancel_from_outside(void **state)
{
	static const char *const paths[] = { "/silence", "/stall", "/drip" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		call_init(&call, paths[i]);
		call_start(&call);
		sleep_ms(30);
		on_loop(&thread, call_cancel, &call);
		assert_works_on();
		assert_int_equal(call.dones, 0);
		call_release(&call);
	}
}

static void start_and_cancel(void *argument)
{
	call_begin(argument);
	call_cancel(argument);
}

static void cancel_before_anything(void **state)
{
	(void)state;
	call_init(&call, "/whole");
	on_loop(&thread, start_and_cancel, &call);
	assert_works_on();
	assert_int_equal(call.heads + call.bodies + call.dones, 0);
	call_release(&call);
}

static void cancel_from_head(void **state)
{
	(void)state;
	call_init(&call, "/stall");
	call.in_head = cancel_self;
	call_perform(&call);
	assert_works_on();
	assert_int_equal(call.heads, 1);
	assert_int_equal(call.bodies + call.dones, 0);
	call_release(&call);
}

static void cancel_from_body(void **state)
{
	static const char *const paths[] = { "/whole", "/large", "/drip" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		call_init(&call, paths[i]);
		call.in_body = cancel_in_body;
		call_perform(&call);
		assert_works_on();
		assert_int_equal(call.bodies, 1);
		assert_int_equal(call.dones, 0);
		call_release(&call);
	}
}

static void cancel_in_done(struct call *own)
{
	upstream_cancel(own->upstream);
}

static void cancel_from_done(void **state)
{
	(void)state;
	call_init(&call, "/whole");
	call.in_done = cancel_in_done;
	call_perform(&call);
	assert_answer(&call, 200, S("hello"));
	assert_works_on();
	call_release(&call);
}

static void cancel_other(struct call *own)
{
	call_cancel(own->other);
}

/* libcurl is in the middle of the one exchange when the other one ends. */
static void cancel_another_ones_exchange(void **state)
{
	static const char *const paths[] = { "/silence", "/stall", "/drip" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		call_init(&second, paths[i]);
		call_start(&second);
		sleep_ms(20);
		call_init(&call, "/whole");
		call.other = &second;
		call.in_head = cancel_other;
		call_perform(&call);
		assert_answer(&call, 200, S("hello"));
		/* Its handle is free again, and only once. */
		assert_works_on();
		assert_works_on();
		assert_int_equal(second.dones, 0);
		call_release(&call);
		call_release(&second);
	}
}

static enum upstream_flow fail_over(struct call *own, struct str bytes)
{
	(void)bytes;
	call_cancel(own);
	call_begin(own->other);
	return UPSTREAM_GO_ON;
}

static void another_exchange_starts_from_body(void **state)
{
	(void)state;
	call_init(&call, "/stall");
	call_init(&second, "/chunked");
	call.other = &second;
	call.in_body = fail_over;
	call_start(&call);
	call_wait(&second);
	assert_answer(&second, 201, S("abcdefghijk"));
	assert_works_on();
	assert_int_equal(call.dones, 0);
	call_release(&call);
	call_release(&second);
}

static void begin_other(struct call *own)
{
	call_begin(own->other);
}

static void another_exchange_starts_from_done(void **state)
{
	(void)state;
	call_init(&call, "/reset");
	call_init(&second, "/whole");
	call.other = &second;
	call.in_done = begin_other;
	call_start(&call);
	call_wait(&second);
	assert_failure(&call, ERR_UPSTREAM_RESET);
	assert_answer(&second, 200, S("hello"));
	call_release(&call);
	call_release(&second);
}

static enum upstream_flow start_and_cancel_other(
	struct call *own, struct str bytes)
{
	(void)bytes;
	call_cancel(own);
	start_and_cancel(own->other);
	return UPSTREAM_GO_ON;
}

/* Never begun: libcurl was busy when it was to start. */
static void an_exchange_is_cancelled_while_it_waits_to_start(void **state)
{
	(void)state;
	call_init(&call, "/stall");
	call_init(&second, "/whole");
	call.other = &second;
	call.in_body = start_and_cancel_other;
	call_perform(&call);
	for (int i = 0; i < 3; i++)
		assert_works_on();
	assert_int_equal(second.heads + second.bodies + second.dones, 0);
	call_release(&call);
	call_release(&second);
}

/* --- pausing */

/* Every other piece is refused at first. */
static enum upstream_flow pause_every_other(struct call *own, struct str bytes)
{
	(void)bytes;
	return own->bodies % 2 ? UPSTREAM_PAUSE : UPSTREAM_GO_ON;
}

static void every_byte_comes_once_through_pauses(void **state)
{
	(void)state;
	call_init(&call, "/large");
	call.in_body = pause_every_other;
	call_start(&call);
	while (sem_trywait(&call.ended) != 0)
		on_loop(&thread, call_resume, &call);
	assert_true(call.pauses > 10);
	assert_answer(&call, 200, pattern);
	call_release(&call);
}

static enum upstream_flow pause_once(struct call *own, struct str bytes)
{
	(void)bytes;
	if (own->pauses > 0)
		return UPSTREAM_GO_ON;
	sem_post(&own->paused);
	return UPSTREAM_PAUSE;
}

/* A client that reads slowly is not a provider that is silent. */
static void a_pause_is_not_silence(void **state)
{
	(void)state;
	call_init(&call, "/whole");
	call.in_body = pause_once;
	call.request.limits.idle_timeout_ms = 50;
	call_start(&call);
	call_wait_for_pause(&call);
	sleep_ms(160);
	assert_int_equal(call.dones, 0);
	on_loop(&thread, call_resume, &call);
	call_wait(&call);
	assert_answer(&call, 200, S("hello"));
	call_release(&call);
}

static void a_pause_has_an_end_too(void **state)
{
	(void)state;
	call_init(&call, "/whole");
	call.in_body = pause_once;
	call.request.limits.total_timeout_ms = 100;
	call_start(&call);
	call_wait_for_pause(&call);
	call_wait(&call);
	assert_failure(&call, ERR_UPSTREAM_TIMEOUT);
	assert_works_on();
	call_release(&call);
}

static void cancel_in_a_pause(void **state)
{
	(void)state;
	call_init(&call, "/stall");
	call.in_body = pause_once;
	call_start(&call);
	call_wait_for_pause(&call);
	on_loop(&thread, call_cancel, &call);
	assert_works_on();
	assert_int_equal(call.dones, 0);
	call_release(&call);
}

static enum upstream_flow pause_then_cancel(struct call *own, struct str bytes)
{
	if (own->pauses > 0)
		return cancel_in_body(own, bytes);
	return pause_once(own, bytes);
}

/* The bytes that were refused come from within upstream_resume(). */
static void cancel_while_resuming(void **state)
{
	(void)state;
	call_init(&call, "/stall");
	call.in_body = pause_then_cancel;
	call.request.limits.total_timeout_ms = 150;
	call_start(&call);
	call_wait_for_pause(&call);
	on_loop(&thread, call_resume, &call);
	call_wait(&call);
	sleep_ms(200);
	assert_works_on();
	assert_int_equal(call.dones, 0);
	call_release(&call);
}

/* --- connections */

static void connections_are_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		call_init(&call, i % 2 ? "/whole" : "/chunked");
		call_perform(&call);
		assert_true(call.result.ok);
		if (i == 0)
			assert_true(call.connect_us > 0);
		else
			assert_int_equal(call.connect_us, 0);
		call_release(&call);
	}
	assert_int_equal(atomic_load(&provider.connection_count), 1);
	assert_int_equal(atomic_load(&provider.request_count), 5);
}

static void a_broken_off_answer_ends_its_connection(void **state)
{
	(void)state;
	call_init(&call, "/stall");
	call.in_body = cancel_in_body;
	call_perform(&call);
	call_release(&call);
	assert_works_on();
	assert_int_equal(atomic_load(&provider.connection_count), 2);
}

static void a_kept_connection_died(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		call_init(&call, "/last");
		call_perform(&call);
		assert_answer(&call, 200, S("hello"));
		call_release(&call);
		sleep_ms(10);
	}
	assert_int_equal(atomic_load(&provider.connection_count), 3);
}

/* It dies with the request already on it: sent again, from its start. */
static void a_kept_connection_dies_with_the_request(void **state)
{
	struct str bodies[] = { STR("small"), pattern };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		int before = atomic_load(&provider.connection_count);

		echo("/mortal", bodies[i], 2);
		echo("/mortal", bodies[i], 2);
		assert_int_equal(
			atomic_load(&provider.connection_count), before + 2);
		/* The next round begins with a connection that is fresh. */
		stop(state);
		start(state);
	}
}

#define AT_ONCE 32

static void many_at_once_do_not_mix(void **state)
{
	static struct call calls[AT_ONCE];
	static char texts[AT_ONCE][32];
	static struct str bodies[AT_ONCE];

	(void)state;
	for (int i = 0; i < AT_ONCE; i++) {
		int n = snprintf(texts[i], sizeof(texts[i]), "call %d", i);

		bodies[i] = (struct str){ texts[i], (size_t)n };
		call_init(&calls[i], "/echo");
		calls[i].request.body = &bodies[i];
		calls[i].request.body_count = 1;
		call_start(&calls[i]);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		call_wait(&calls[i]);
		assert_answer(&calls[i], 200, bodies[i]);
		call_release(&calls[i]);
	}
	assert_true(atomic_load(&provider.connection_count) <= AT_ONCE);
}

/* More than a pool keeps handles for. */
static void very_many_fail_at_once(void **state)
{
	static struct call calls[200];
	int port;

	(void)state;
	close(provider_listen(1, &port));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		call_init_at(&calls[i], port, "/");
		call_start(&calls[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		call_wait(&calls[i]);
		assert_failure(&calls[i], ERR_UPSTREAM_CONNECT);
		call_release(&calls[i]);
	}
	assert_works_on();
}

static int make_pattern(void **state)
{
	char *bytes = malloc(LARGE_BYTES);
	uint32_t x = 2463534242u;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < LARGE_BYTES; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		bytes[i] = (char)x;
	}
	pattern = (struct str){ bytes, LARGE_BYTES };
	return 0;
}

static int free_pattern(void **state)
{
	(void)state;
	free((char *)pattern.p);
	return 0;
}

#define UPSTREAM_TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UPSTREAM_TEST(a_whole_answer),
		UPSTREAM_TEST(a_chunked_answer_is_put_together),
		UPSTREAM_TEST(a_stream_comes_as_it_is_sent),
		UPSTREAM_TEST(an_answer_that_ends_with_the_connection),
		UPSTREAM_TEST(a_redirect_is_not_followed),
		UPSTREAM_TEST(answers_before_the_answer_are_skipped),
		UPSTREAM_TEST(
			a_provisional_answer_does_not_start_the_idle_time),
		UPSTREAM_TEST(a_large_body_arrives_byte_by_byte),
		UPSTREAM_TEST(a_small_body_arrives_byte_by_byte),
		UPSTREAM_TEST(bodies_around_the_joined_size),
		UPSTREAM_TEST(methods_and_bodies_take_turns),
		UPSTREAM_TEST(nobody_listens),
		UPSTREAM_TEST(nobody_accepts),
		UPSTREAM_TEST(a_reset_before_the_head),
		UPSTREAM_TEST(a_cut_in_the_head),
		UPSTREAM_TEST(a_cut_in_the_body),
		UPSTREAM_TEST(what_is_not_http),
		UPSTREAM_TEST(an_address_that_is_none),
		UPSTREAM_TEST(no_first_byte),
		UPSTREAM_TEST(silence_in_the_middle),
		UPSTREAM_TEST(no_end),
		UPSTREAM_TEST(a_private_address_is_refused),
		UPSTREAM_TEST(cancel_from_outside),
		UPSTREAM_TEST(cancel_before_anything),
		UPSTREAM_TEST(cancel_from_head),
		UPSTREAM_TEST(cancel_from_body),
		UPSTREAM_TEST(cancel_from_done),
		UPSTREAM_TEST(cancel_another_ones_exchange),
		UPSTREAM_TEST(another_exchange_starts_from_body),
		UPSTREAM_TEST(another_exchange_starts_from_done),
		UPSTREAM_TEST(an_exchange_is_cancelled_while_it_waits_to_start),
		UPSTREAM_TEST(every_byte_comes_once_through_pauses),
		UPSTREAM_TEST(a_pause_is_not_silence),
		UPSTREAM_TEST(a_pause_has_an_end_too),
		UPSTREAM_TEST(cancel_in_a_pause),
		UPSTREAM_TEST(cancel_while_resuming),
		UPSTREAM_TEST(connections_are_kept),
		UPSTREAM_TEST(a_broken_off_answer_ends_its_connection),
		UPSTREAM_TEST(a_kept_connection_died),
		UPSTREAM_TEST(a_kept_connection_dies_with_the_request),
		UPSTREAM_TEST(many_at_once_do_not_mix),
		UPSTREAM_TEST(very_many_fail_at_once),
	};

	upstream_init();
	return cmocka_run_group_tests(tests, make_pattern, free_pattern);
}
