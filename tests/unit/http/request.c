/* request.c - requests as web servers send them, and as none should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "base/clock.h"
#include "http/exchange.h"
#include "web_server.h"

#define MAX_BODY_BYTES 100000

static struct http_exchange x;
static struct error err;
static struct buf wire;
static struct buf params;
static int web_fd;

static int start_with(size_t max_body_bytes)
{
	struct timeval patience = { .tv_usec = 100000 };
	int fds[2];

	memset(&err, 0, sizeof(err));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	web_fd = fds[0];
	http_exchange_init(&x, max_body_bytes);
	x.fd = fds[1];
	setsockopt(x.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	buf_init(&wire, WEB_MAX_BYTES);
	buf_init(&params, 1 << 20);
	return 0;
}

static int start(void **state)
{
	(void)state;
	return start_with(MAX_BODY_BYTES);
}

static int stop(void **state)
{
	(void)state;
	if (x.fd >= 0)
		close(x.fd);
	if (web_fd >= 0)
		close(web_fd);
	http_exchange_release(&x);
	buf_release(&wire);
	buf_release(&params);
	return 0;
}

/* Another request on a connection of its own. */
static void start_again(size_t max_body_bytes)
{
	stop(NULL);
	start_with(max_body_bytes);
}

static void send_wire(void)
{
	assert_true(web_send(web_fd, buf_str(&wire)));
	buf_clear(&wire);
}

static void close_web(void)
{
	close(web_fd);
	web_fd = -1;
}

static void assert_str_equal(struct str actual, const char *expected)
{
	if (!str_equal(actual, str_of(expected)))
		fail_msg(
			"expected '%s', got '%.*s'", expected, STR_ARG(actual));
}

static void assert_body(struct str expected)
{
	assert_int_equal(x.body.n, expected.n);
	assert_true(str_equal(buf_str(&x.body), expected));
}

/* Bytes that tell where they belong, as long as the test runs. */
static struct str sample(size_t n)
{
	static char bytes[200000];

	assert_true(n <= sizeof(bytes));
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 31 + i / 251);
	return (struct str){ bytes, n };
}

/* The request of `params` and `body`, in records of `each` bytes. */
static void send_request(
	int id, bool keep, struct str body, size_t each, size_t padding)
{
	web_begin(&wire, id, keep);
	web_stream(&wire, WEB_PARAMS, id, buf_str(&params), each, padding);
	web_stream(&wire, WEB_STDIN, id, body, each, padding);
	send_wire();
}

static void a_request_is_read(void **state)
{
	(void)state;
	web_params(&params, "POST", "/v1/chat/completions?beta=1&x=%20", 7);
	web_param(&params, S("CONTENT_TYPE"), S("application/json"));
	web_param(&params, S("HTTP_X_EMPTY"), S(""));
	web_param(&params, S("HTTP_X_ODD"), S("a=b=c"));
	send_request(1, true, S("{\"a\":1}"), 65535, 0);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_str_equal(x.method, "POST");
	assert_str_equal(x.path, "/v1/chat/completions");
	assert_str_equal(x.query, "beta=1&x=%20");
	assert_str_equal(x.content_type, "application/json");
	assert_str_equal(x.client_ip, "192.0.2.7");
	assert_str_equal(x.server_software, "nginx/1.22.1");
	assert_false(x.behind_apache);
	assert_str_equal(http_param(&x, S("HTTP_X_EMPTY")), "");
	assert_str_equal(http_param(&x, S("HTTP_X_ODD")), "a=b=c");
	assert_str_equal(http_param(&x, S("HTTP_X_NONE")), "");
	assert_str_equal(http_param(&x, S("HTTP_X")), "");
	assert_body(S("{\"a\":1}"));
	assert_true(x.keep);
	assert_int_equal(x.fcgi_id, 1);
	assert_true(fcntl(x.fd, F_GETFD) >= 0);
}

static void a_bare_request_is_read(void **state)
{
	(void)state;
	send_request(1, false, S(""), 65535, 0);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_str_equal(x.method, "");
	assert_str_equal(x.path, "");
	assert_str_equal(x.query, "");
	assert_body(S(""));
}

static void keep_and_id_are_as_sent(void **state)
{
	static const int ids[] = { 1, 2, 255, 256, 257, 32768, 65535 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		start_again(MAX_BODY_BYTES);
		web_request(&wire, ids[i], i % 2, "GET", "/", S(""));
		send_wire();
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_int_equal(x.fcgi_id, ids[i]);
		assert_int_equal(x.keep, i % 2);
	}
}

static void apache_is_known_by_its_name(void **state)
{
	(void)state;
	web_param(&params, S("SERVER_SOFTWARE"), S("Apache/2.4.62 (Debian)"));
	send_request(1, true, S(""), 65535, 0);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_true(x.behind_apache);
}

/* A kept connection: one request after the other. */
static void requests_follow_each_other(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		char uri[16];

		snprintf(uri, sizeof(uri), "/%d", i);
		web_request(&wire, i + 1, true, "POST", uri, sample(1000));
		send_wire();
		assert_int_equal(http_request_waiting(&x), HTTP_WHOLE);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_str_equal(x.path, uri);
		assert_int_equal(x.fcgi_id, i + 1);
		assert_body(sample(1000));
		http_exchange_reset(&x);
		assert_int_equal(x.param_count, 0);
		assert_int_equal(x.body.n, 0);
	}
}

static void params_come_in_several_records(void **state)
{
	static const size_t each[] = { 1, 2, 7, 100, 127, 4096 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		start_again(MAX_BODY_BYTES);
		web_params(&params, "GET", "/a/b?c", -1);
		web_param(&params, S("HTTP_X_LAST"), S("the end"));
		send_request(1, true, S(""), each[i], each[i] % 9);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_str_equal(x.path, "/a/b");
		assert_str_equal(http_param(&x, S("HTTP_X_LAST")), "the end");
	}
}

/* One byte for a length says up to 127; four say more. */
static void long_names_and_values(void **state)
{
	static const size_t lengths[] = { 6, 126, 127, 128, 129, 255, 256, 5000,
		60000 };
	static char text[60000];

	(void)state;
	memset(text, 'N', sizeof(text));
	memcpy(text, "HTTP_", 5);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct str name = { text, lengths[i] };

		start_again(MAX_BODY_BYTES);
		web_param(&params, name, S("short"));
		web_param(&params, S("HTTP_LONG"), name);
		send_request(1, true, S(""), 30000, 0);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_str_equal(http_param(&x, name), "short");
		assert_true(str_equal(http_param(&x, S("HTTP_LONG")), name));
	}
}

static void bodies_of_every_shape(void **state)
{
	static const struct {
		size_t bytes, each, padding;
	} shapes[] = {
		{ 0, 1, 0 },
		{ 1, 1, 255 },
		{ 500, 1, 3 },
		{ 8191, 8191, 1 },
		{ 8192, 8192, 0 },
		{ 8193, 1000, 7 },
		{ 65535, 65535, 1 },
		{ 99999, 1000, 7 },
		{ MAX_BODY_BYTES, 32768, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes) * 2; i++) {
		bool chunked = i % 2; /* no CONTENT_LENGTH then */
		struct str body = sample(shapes[i / 2].bytes);

		start_again(MAX_BODY_BYTES);
		web_params(&params, "POST", "/", chunked ? -1 : (int)body.n);
		send_request(1, true, body, shapes[i / 2].each,
			shapes[i / 2].padding);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_body(body);
		assert_true(x.keep);
	}
}

/* To the last byte, wherever libfcgi's buffer of 8 KB happens to end: what
 * stays in the socket would be taken for the next request. */
static void nothing_is_left_in_the_socket(void **state)
{
	static char text[9000];

	(void)state;
	memset(text, 'v', sizeof(text));
	for (size_t n = 7900; n < 8300; n++) {
		bool in_params = n % 2;
		struct str body = sample(in_params ? n % 3 : n);

		start_again(MAX_BODY_BYTES);
		web_params(&params, "POST", "/", (int)body.n);
		if (in_params)
			web_param(&params, S("HTTP_LONG"),
				(struct str){ text, n });
		send_request(1, true, body, 65535, 0);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_body(body);
		assert_int_equal(http_request_waiting(&x), HTTP_NOTHING);
	}
}

/* Limits below, at and above the size that is read at once. */
static void a_body_at_its_limit_and_one_over(void **state)
{
	static const size_t limits[] = { 1, 100, 8191, 8192, 8193, 20000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits) * 4; i++) {
		size_t limit = limits[i / 4];
		bool is_over = i % 2;
		bool chunked = i / 2 % 2;
		struct str body = sample(limit + is_over);

		start_again(limit);
		web_params(&params, "POST", "/", chunked ? -1 : (int)body.n);
		send_request(9, true, body, 5000, 0);
		if (!is_over) {
			assert_int_equal(
				http_request_read(&x, &err), HTTP_READ);
			assert_body(body);
			continue;
		}
		assert_int_equal(
			http_request_read(&x, &err), HTTP_READ_REFUSED);
		assert_int_equal(err.kind, ERR_TOO_LARGE);
		assert_int_equal(error_http_status(&err), 413);
		/* There is somebody to answer, but not on and on. */
		assert_str_equal(x.method, "POST");
		assert_int_equal(x.fcgi_id, 9);
		assert_false(x.keep);
	}
}

static void a_length_that_is_no_number(void **state)
{
	static const char *const lengths[] = { "x", "-1", "1x",
		"99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		start_again(MAX_BODY_BYTES);
		web_param(&params, S("CONTENT_LENGTH"), str_of(lengths[i]));
		send_request(1, true, S("x"), 100, 0);
		assert_int_equal(
			http_request_read(&x, &err), HTTP_READ_REFUSED);
		assert_int_equal(err.kind, ERR_BAD_REQUEST);
		assert_false(x.keep);
	}
}

static void a_body_shorter_than_it_says(void **state)
{
	(void)state;
	web_params(&params, "POST", "/", 10);
	send_request(1, true, S("12345"), 100, 0);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ_REFUSED);
	assert_int_equal(err.kind, ERR_CLIENT_TIMEOUT);
	assert_non_null(strstr(error_message(&err), "after 5 bytes"));
	assert_false(x.keep);
}

/* As CGI has it: the length counts, and what follows is nobody's. */
static void a_body_longer_than_it_says(void **state)
{
	(void)state;
	web_params(&params, "POST", "/", 4);
	send_request(1, true, S("four and more"), 5, 0);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_body(S("four"));
	assert_int_equal(http_request_waiting(&x), HTTP_NOTHING);
}

/* Begin and params are there, and a piece of the body. */
static void send_half_a_body(bool chunked)
{
	web_params(&params, "POST", "/", chunked ? -1 : 1000);
	web_begin(&wire, 1, true);
	web_stream(&wire, WEB_PARAMS, 1, buf_str(&params), 65535, 0);
	web_record(&wire, WEB_STDIN, 1, sample(100), 0);
	send_wire();
}

static void the_connection_closes_in_the_body(void **state)
{
	(void)state;
	for (int chunked = 0; chunked < 2; chunked++) {
		start_again(MAX_BODY_BYTES);
		send_half_a_body(chunked);
		close_web();
		assert_int_equal(http_request_waiting(&x), HTTP_SOME);
		assert_int_equal(
			http_request_read(&x, &err), HTTP_READ_REFUSED);
		assert_int_equal(err.kind, ERR_CLIENT_TIMEOUT);
		assert_false(x.keep);
	}
}

static void the_body_stalls(void **state)
{
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	send_half_a_body(false);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ_REFUSED);
	assert_int_equal(err.kind, ERR_CLIENT_TIMEOUT);
	assert_true(clock_monotonic_ms() - began_ms >= 90);
}

/* What has been put into `wire`, as a view that survives start_again(). */
static struct str take_wire(void)
{
	static char bytes[4096];
	size_t n = wire.n;

	assert_true(n <= sizeof(bytes));
	memcpy(bytes, wire.p, n);
	return (struct str){ bytes, n };
}

/*
 * Whatever part of a head has come: it is no request, and nothing is left
 * open. Cut just between two parameters there is somebody to answer.
 */
static void the_connection_closes_in_the_head(void **state)
{
	struct str head;

	(void)state;
	web_params(&params, "GET", "/", -1);
	web_begin(&wire, 1, true);
	web_stream(&wire, WEB_PARAMS, 1, buf_str(&params), 40, 0);
	head = take_wire();
	for (size_t n = 0; n < head.n; n++) {
		enum http_read read;
		int fd;

		start_again(MAX_BODY_BYTES);
		fd = x.fd;
		assert_true(web_send(web_fd, str_head(head, n)));
		close_web();
		read = http_request_read(&x, &err);
		if (read == HTTP_READ_REFUSED) {
			assert_int_equal(err.kind, ERR_CLIENT_TIMEOUT);
			assert_false(x.keep);
			continue;
		}
		assert_int_equal(read, HTTP_READ_CLOSED);
		assert_int_equal(x.fd, -1);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
	}
}

static void garbage_is_not_a_request(void **state)
{
	static const struct str garbage[] = {
		STR("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
		STR("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		/* parameters of nobody's request */
		STR("\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0"),
		/* it begins with its end */
		STR("\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0"),
		/* a role that nobody knows */
		STR("\1\1\0\1\0\10\0\0\0\77\1\0\0\0\0\0"
		    "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		start_again(MAX_BODY_BYTES);
		assert_true(web_send(web_fd, garbage[i]));
		shutdown(web_fd, SHUT_WR);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ_CLOSED);
		assert_int_equal(x.fd, -1);
	}
}

/* A name longer than the stream, after a good beginning. */
static void params_that_end_in_a_name(void **state)
{
	(void)state;
	web_params(&params, "GET", "/", -1);
	web_length(&params, 1000);
	web_length(&params, 1000000);
	buf_append(&params, S("SHORT"));
	send_request(1, true, S(""), 65535, 0);
	shutdown(web_fd, SHUT_WR);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ_CLOSED);
	assert_int_equal(x.fd, -1);
}

/* Records of another request on the same connection mean nothing to this. */
static void records_of_others_are_skipped(void **state)
{
	(void)state;
	web_params(&params, "POST", "/mine", 4);
	web_begin(&wire, 7, true);
	web_stream(&wire, WEB_PARAMS, 7, buf_str(&params), 65535, 0);
	web_record(&wire, WEB_STDIN, 7, S("mi"), 0);
	web_record(&wire, WEB_STDIN, 8, S("not mine"), 0);
	web_record(&wire, WEB_STDIN, 7, S("ne"), 0);
	web_record(&wire, WEB_STDIN, 7, S(""), 0);
	send_wire();
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_str_equal(x.path, "/mine");
	assert_int_equal(x.fcgi_id, 7);
	assert_body(S("mine"));
}

static void a_request_is_whole_when_its_last_byte_is_there(void **state)
{
	struct str whole;

	(void)state;
	web_params(&params, "POST", "/", 300);
	web_begin(&wire, 0x1234, true);
	web_stream(&wire, WEB_PARAMS, 0x1234, buf_str(&params), 50, 6);
	web_stream(&wire, WEB_STDIN, 0x1234, sample(300), 100, 4);
	whole = take_wire();
	for (size_t n = 1; n <= whole.n; n++) {
		start_again(MAX_BODY_BYTES);
		assert_int_equal(http_request_waiting(&x), HTTP_NOTHING);
		assert_true(web_send(web_fd, str_head(whole, n)));
		assert_int_equal(http_request_waiting(&x),
			n == whole.n ? HTTP_WHOLE : HTTP_SOME);
		assert_int_equal(x.fcgi_id, n < 8 ? 0 : 0x1234);
	}
	/* It was only looked at. */
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_body(sample(300));
	assert_int_equal(http_request_waiting(&x), HTTP_NOTHING);
}

static void a_large_request_is_not_looked_through(void **state)
{
	(void)state;
	web_request(&wire, 1, true, "POST", "/", sample(70000));
	send_wire();
	assert_int_equal(http_request_waiting(&x), HTTP_SOME);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_body(sample(70000));
}

static void a_hang_up_is_told_from_silence(void **state)
{
	(void)state;
	assert_int_equal(http_request_waiting(&x), HTTP_NOTHING);
	close_web();
	assert_int_equal(http_request_waiting(&x), HTTP_HUNG_UP);
}

static void paths_are_decoded(void **state)
{
	static const struct {
		const char *uri, *path, *query;
	} cases[] = {
		{ "/a%2Fb", "/a/b", "" },
		{ "/a%2fb?c%2Fd", "/a/b", "c%2Fd" },
		{ "/%41%42%43", "/ABC", "" },
		{ "/%c3%a9", "/\xc3\xa9", "" },
		{ "/a+b", "/a+b", "" },
		{ "/%zz", "/%zz", "" },
		{ "/%4", "/%4", "" },
		{ "/%", "/%", "" },
		{ "/%%41", "/%A", "" },
		{ "/%2541", "/%41", "" },
		{ "/% 1", "/% 1", "" },
		{ "/%+1", "/%+1", "" },
		{ "/%0x", "/%0x", "" },
		{ "/a?b?c", "/a", "b?c" },
		{ "/a%3Fb?", "/a?b", "" },
		{ "?x", "", "x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start_again(MAX_BODY_BYTES);
		web_params(&params, "GET", cases[i].uri, -1);
		send_request(1, true, S(""), 65535, 0);
		assert_int_equal(http_request_read(&x, &err), HTTP_READ);
		assert_str_equal(x.path, cases[i].path);
		assert_str_equal(x.query, cases[i].query);
	}
}

static void a_nul_in_a_path_does_not_end_it(void **state)
{
	(void)state;
	web_params(&params, "GET", "/a%00b", -1);
	send_request(1, true, S(""), 65535, 0);
	assert_int_equal(http_request_read(&x, &err), HTTP_READ);
	assert_true(str_equal(x.path, S("/a\0b")));
}

#define REQUEST_TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REQUEST_TEST(a_request_is_read),
		REQUEST_TEST(a_bare_request_is_read),
		REQUEST_TEST(keep_and_id_are_as_sent),
		REQUEST_TEST(apache_is_known_by_its_name),
		REQUEST_TEST(requests_follow_each_other),
		REQUEST_TEST(params_come_in_several_records),
		REQUEST_TEST(long_names_and_values),
		REQUEST_TEST(bodies_of_every_shape),
		REQUEST_TEST(nothing_is_left_in_the_socket),
		REQUEST_TEST(a_body_at_its_limit_and_one_over),
		REQUEST_TEST(a_length_that_is_no_number),
		REQUEST_TEST(a_body_shorter_than_it_says),
		REQUEST_TEST(a_body_longer_than_it_says),
		REQUEST_TEST(the_connection_closes_in_the_body),
		REQUEST_TEST(the_body_stalls),
		REQUEST_TEST(the_connection_closes_in_the_head),
		REQUEST_TEST(garbage_is_not_a_request),
		REQUEST_TEST(params_that_end_in_a_name),
		REQUEST_TEST(records_of_others_are_skipped),
		REQUEST_TEST(a_request_is_whole_when_its_last_byte_is_there),
		REQUEST_TEST(a_large_request_is_not_looked_through),
		REQUEST_TEST(a_hang_up_is_told_from_silence),
		REQUEST_TEST(paths_are_decoded),
		REQUEST_TEST(a_nul_in_a_path_does_not_end_it),
	};

	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
