/* response.c - answers, read back record by record; sockets that are full,
 * closed or silent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "http/exchange.h"
#include "http/record.h"
#include "web_server.h"

#define LARGE_BYTES 200000

static struct http_exchange x;
static struct web_answer answer;
static int web_fd;
static char large[LARGE_BYTES];

static int start(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	web_fd = fds[0];
	web_patience(web_fd);
	http_exchange_init(&x, 1000);
	x.fd = fds[1];
	x.fcgi_id = 1;
	web_answer_init(&answer);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7 + i / 253);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	close(x.fd);
	if (web_fd >= 0)
		close(web_fd);
	http_exchange_release(&x);
	web_answer_release(&answer);
	return 0;
}

static void close_web(void)
{
	close(web_fd);
	web_fd = -1;
}

/* What `out` holds, as the web server will understand it. */
static void read_out(void)
{
	buf_append(&answer.wire, buf_str(&x.out));
	web_answer_parse(&answer);
	assert_false(answer.broken);
	assert_int_equal(answer.read, answer.wire.n);
}

static void assert_text(const char *expected)
{
	struct str text = buf_str(&answer.text);

	if (!str_equal(text, str_of(expected)))
		fail_msg("expected '%s', got '%.*s'", expected, STR_ARG(text));
}

/* --- records */

static void a_small_answer_is_one_record_and_its_end(void **state)
{
	(void)state;
	http_begin(&x, 200, "application/json");
	http_header(&x, "X-Request-Id", S("abc"));
	http_header_int(&x, "X-Count", -42);
	http_body(&x, S("{}"));
	http_end(&x);
	read_out();
	assert_true(answer.ended);
	assert_true(answer.stdout_ended);
	assert_int_equal(answer.record_count, 1);
	assert_int_equal(x.body_bytes, 2);
	assert_text("Status: 200\r\nContent-Type: application/json\r\n"
		    "X-Request-Id: abc\r\nX-Count: -42\r\n\r\n{}");
}

static void an_answer_without_a_body_has_a_head(void **state)
{
	(void)state;
	http_begin(&x, 404, "text/plain");
	http_end(&x);
	read_out();
	assert_true(answer.ended);
	assert_int_equal(x.body_bytes, 0);
	assert_text("Status: 404\r\nContent-Type: text/plain\r\n\r\n");
}

/* The client is gone before anything was written. */
static void an_end_without_a_beginning(void **state)
{
	(void)state;
	http_end(&x);
	read_out();
	assert_true(answer.ended);
	assert_false(answer.stdout_ended);
	assert_int_equal(answer.text.n, 0);
}

static void the_end_comes_once(void **state)
{
	size_t n;

	(void)state;
	http_begin(&x, 200, "text/plain");
	http_end(&x);
	n = x.out.n;
	http_end(&x);
	assert_int_equal(x.out.n, n);
}

static void nothing_is_not_the_end(void **state)
{
	(void)state;
	http_begin(&x, 200, "text/plain");
	http_body(&x, S(""));
	http_body(&x, S(""));
	http_body(&x, S("a"));
	http_body(&x, S(""));
	http_body(&x, S("b"));
	read_out();
	assert_false(answer.stdout_ended);
	assert_int_equal(answer.record_count, 3);
	assert_text("Status: 200\r\nContent-Type: text/plain\r\n\r\nab");
}

static void bodies_are_cut_into_records(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 65000, 65480, 65527, 65528,
		65529, 65535, 65536, 131056, 131057, LARGE_BYTES };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes) * 2; i++) {
		struct str body = { large, sizes[i / 2] };

		http_exchange_reset(&x);
		web_answer_release(&answer);
		web_answer_init(&answer);
		x.fcgi_id = 65535;
		http_begin(&x, 200, "text/plain");
		/* With the head, and in records of its own. */
		if (i % 2)
			http_body(&x, S(""));
		http_body(&x, body);
		http_end(&x);
		read_out();
		assert_true(answer.ended);
		assert_int_equal(answer.id, 65535);
		assert_true(answer.longest <= RECORD_MAX_CONTENT);
		assert_true(str_equal(web_answer_body(&answer), body));
		assert_int_equal(x.body_bytes, body.n);
	}
}

static void ids_are_those_of_the_request(void **state)
{
	static const int ids[] = { 1, 255, 256, 0x1234, 65535 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		http_exchange_reset(&x);
		web_answer_release(&answer);
		web_answer_init(&answer);
		x.fcgi_id = ids[i];
		http_begin(&x, 200, "text/plain");
		http_end(&x);
		read_out();
		assert_int_equal(answer.id, ids[i]);
	}
}

static void nobody_smuggles_a_header_in(void **state)
{
	(void)state;
	http_begin(&x, 200, "text/plain\r\nSet-Cookie: a=b");
	http_header(&x, "X-A", S("one\r\nX-B: two"));
	http_header(&x, "X-C", S("\r\n\r\n<script>"));
	http_header(&x, "X-D", S("nul\0tab\tdel\177end"));
	http_header(&x, "X-E", S("caf\xc3\xa9"));
	http_end(&x);
	read_out();
	assert_text("Status: 200\r\n"
		    "Content-Type: text/plain  Set-Cookie: a=b\r\n"
		    "X-A: one  X-B: two\r\n"
		    "X-C:     <script>\r\n"
		    "X-D: nul tab del end\r\n"
		    "X-E: caf\xc3\xa9\r\n\r\n");
}

/* What does not fit is left out: a body must never become a header. */
static void a_head_that_is_too_long_still_ends(void **state)
{
	static const size_t sizes[] = { 1000, 32000, 32700, 32710, 32715, 32716,
		32717, 32718, 32719, 32720, 32730, 32768, 40000, LARGE_BYTES };
	static char text[LARGE_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct str long_value = { text, sizes[i] };
		struct str head;

		http_exchange_reset(&x);
		web_answer_release(&answer);
		web_answer_init(&answer);
		http_begin(&x, 200, "text/plain");
		http_header(&x, "X-Long", long_value);
		http_header(&x, "X-Next", S("1"));
		http_body(&x, S("Set-Cookie: from=body\r\n\r\n"));
		http_end(&x);
		read_out();
		assert_true(str_equal(web_answer_body(&answer),
			S("Set-Cookie: from=body\r\n\r\n")));
		head = str_head(buf_str(&answer.text),
			str_find(buf_str(&answer.text), S("\r\n\r\n")) + 2);
		assert_true(str_starts(head,
			S("Status: 200\r\nContent-Type: text/plain\r\n")));
		assert_true(str_ends(head, S("\r\n")));
		/* A header is there as a whole or not at all. */
		assert_int_equal(str_find(head, S("xx\r\n")) < head.n,
			str_find(head, S("X-Long")) < head.n);
		if (sizes[i] <= 32000)
			assert_true(str_ends(head, S("\r\nX-Next: 1\r\n")));
	}
}

/* --- sending */

static void write_large(void)
{
	http_begin(&x, 200, "text/plain");
	http_body(&x, (struct str){ large, sizeof(large) });
	http_end(&x);
}

static void a_full_socket_blocks_nobody(void **state)
{
	int small = 4096;
	enum http_sent sent;
	int blocked = 0;

	(void)state;
	setsockopt(x.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	assert_int_equal(http_pending(&x), 0);
	write_large();
	assert_int_equal(http_pending(&x), x.out.n);
	while ((sent = http_send(&x)) == HTTP_BLOCKED) {
		char *end = buf_reserve(&answer.wire, 5000);
		ssize_t n = recv(web_fd, end, 5000, 0);

		blocked++;
		assert_true(n > 0);
		buf_advance(&answer.wire, (size_t)n);
		assert_true(http_pending(&x) > 0);
	}
	assert_int_equal(sent, HTTP_SENT);
	assert_true(blocked > 2);
	assert_int_equal(http_pending(&x), 0);
	assert_true(web_answer_read(&answer, web_fd));
	assert_true(str_equal(web_answer_body(&answer),
		(struct str){ large, sizeof(large) }));
}

/* A stream goes on while a part of it still waits. */
static void what_is_written_meanwhile_comes_in_order(void **state)
{
	int small = 4096;

	(void)state;
	setsockopt(x.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	http_begin(&x, 200, "text/event-stream");
	for (size_t at = 0; at < sizeof(large); at += 1000) {
		http_body(&x, (struct str){ large + at, 1000 });
		/* Every other time only. */
		if (at / 1000 % 2 && http_send(&x) == HTTP_BLOCKED) {
			char *end = buf_reserve(&answer.wire, 10000);
			ssize_t n = recv(web_fd, end, 10000, 0);

			assert_true(n > 0);
			buf_advance(&answer.wire, (size_t)n);
		}
	}
	http_end(&x);
	while (http_send(&x) == HTTP_BLOCKED) {
		char *end = buf_reserve(&answer.wire, 10000);
		ssize_t n = recv(web_fd, end, 10000, 0);

		assert_true(n > 0);
		buf_advance(&answer.wire, (size_t)n);
	}
	assert_true(web_answer_read(&answer, web_fd));
	assert_true(str_equal(web_answer_body(&answer),
		(struct str){ large, sizeof(large) }));
}

static void sending_nothing_is_sent(void **state)
{
	(void)state;
	assert_int_equal(http_send(&x), HTTP_SENT);
	close_web();
	assert_int_equal(http_send(&x), HTTP_SENT);
}

/* With no signal: SIGPIPE would end the test. */
static void a_closed_socket_is_gone(void **state)
{
	(void)state;
	close_web();
	write_large();
	assert_int_equal(http_send(&x), HTTP_GONE);
	assert_int_equal(http_send(&x), HTTP_GONE);
}

static void a_socket_closed_in_the_middle_is_gone(void **state)
{
	int small = 4096;

	(void)state;
	setsockopt(x.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	write_large();
	assert_int_equal(http_send(&x), HTTP_BLOCKED);
	close_web();
	assert_int_equal(http_send(&x), HTTP_GONE);
}

/* --- news of the client */

static void silence_is_not_gone(void **state)
{
	(void)state;
	assert_false(http_is_gone(&x));
	assert_false(http_is_gone(&x));
}

static void an_abort_is_gone(void **state)
{
	struct buf wire = BUF_INIT(100);

	(void)state;
	web_record(&wire, WEB_ABORT, 1, S(""), 0);
	assert_true(web_send(web_fd, buf_str(&wire)));
	buf_release(&wire);
	assert_true(http_is_gone(&x));
}

static void a_close_is_gone(void **state)
{
	(void)state;
	close_web();
	assert_true(http_is_gone(&x));
}

/* It will send no more: nothing else can be meant before our answer. */
static void a_half_close_is_gone(void **state)
{
	(void)state;
	shutdown(web_fd, SHUT_WR);
	assert_true(http_is_gone(&x));
}

/* The answer lies unread at the other end: a reset on this one. */
static void a_reset_is_gone(void **state)
{
	(void)state;
	write_large();
	http_send(&x);
	close_web();
	assert_true(http_is_gone(&x));
}

#define RESPONSE_TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, stop)

static void an_answer_that_stays_is_read(void **state)
{
	const struct str bytes = { large, LARGE_BYTES };
	struct buf body = BUF_INIT(LARGE_BYTES);
	struct buf small = BUF_INIT(LARGE_BYTES - 1);

	(void)state;
	http_begin(&x, 200, "text/plain");
	http_header(&x, "X-Some", S("thing"));
	http_body(&x, str_head(bytes, 70000));
	http_body(&x, str_from(bytes, 70000));
	http_end(&x);
	http_read_answer(&x, &body);
	assert_false(body.failed);
	assert_true(str_equal(buf_str(&body), bytes));
	http_read_answer(&x, &small);
	assert_true(small.failed);
	buf_release(&body);
	buf_release(&small);
}

static void an_answer_without_a_body_reads_as_nothing(void **state)
{
	struct buf body = BUF_INIT(10);

	(void)state;
	http_begin(&x, 204, NULL);
	http_end(&x);
	http_read_answer(&x, &body);
	assert_int_equal(body.n, 0);
	read_out();
	assert_text("Status: 204\r\n\r\n");
}

static void an_allowed_page_may_read(void **state)
{
	(void)state;
	x.allow_origin = S("https://a.example");
	http_begin(&x, 200, "text/plain");
	http_end(&x);
	read_out();
	assert_text("Status: 200\r\nContent-Type: text/plain\r\n"
		    "Access-Control-Allow-Origin: https://a.example\r\n"
		    "Access-Control-Expose-Headers: *\r\n"
		    "Vary: Origin\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESPONSE_TEST(a_small_answer_is_one_record_and_its_end),
		RESPONSE_TEST(an_answer_without_a_body_has_a_head),
		RESPONSE_TEST(an_end_without_a_beginning),
		RESPONSE_TEST(the_end_comes_once),
		RESPONSE_TEST(nothing_is_not_the_end),
		RESPONSE_TEST(bodies_are_cut_into_records),
		RESPONSE_TEST(ids_are_those_of_the_request),
		RESPONSE_TEST(nobody_smuggles_a_header_in),
		RESPONSE_TEST(a_head_that_is_too_long_still_ends),
		RESPONSE_TEST(a_full_socket_blocks_nobody),
		RESPONSE_TEST(what_is_written_meanwhile_comes_in_order),
		RESPONSE_TEST(sending_nothing_is_sent),
		RESPONSE_TEST(a_closed_socket_is_gone),
		RESPONSE_TEST(a_socket_closed_in_the_middle_is_gone),
		RESPONSE_TEST(silence_is_not_gone),
		RESPONSE_TEST(an_abort_is_gone),
		RESPONSE_TEST(a_close_is_gone),
		RESPONSE_TEST(a_half_close_is_gone),
		RESPONSE_TEST(a_reset_is_gone),
		RESPONSE_TEST(an_answer_that_stays_is_read),
		RESPONSE_TEST(an_answer_without_a_body_reads_as_nothing),
		RESPONSE_TEST(an_allowed_page_may_read),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
