/*
 * post.c - a POST and its answer, refused addresses, time-outs. The peer is a
 * real server of the test's own on this machine.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/post.h"
#include "net/upstream.h"
#include "provider.h"

static bool serve_echo(struct provider_peer *peer)
{
	char head[128];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", peer->body.n);
	provider_say(peer, head);
	provider_say_bytes(peer, peer->body);
	return true;
}

static bool serve_head(struct provider_peer *peer)
{
	char head[128];

	snprintf(head, sizeof(head),
		"HTTP/1.1 500 Oh\r\nContent-Length: %zu\r\n\r\n", peer->head.n);
	provider_say(peer, head);
	provider_say_bytes(peer, peer->head);
	return true;
}

static bool serve_elsewhere(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 302 Found\r\nLocation: /echo\r\n"
			   "Content-Length: 0\r\n\r\n");
	return true;
}

static bool serve_nothing(struct provider_peer *peer)
{
	provider_wait_for_close(peer);
	return false;
}

static const struct provider_script scripts[] = {
	{ "/echo", serve_echo },
	{ "/head", serve_head },
	{ "/elsewhere", serve_elsewhere },
	{ "/nothing", serve_nothing },
};

static struct provider provider;

static bool refuse_all(const struct sockaddr *address)
{
	(void)address;
	return true;
}

/* POST a body of three letters; what else is in `post` stands. */
static bool send_to(const char *path, struct post post, int *status,
	struct buf *answer, struct error *err)
{
	char url[128];

	snprintf(
		url, sizeof(url), "http://127.0.0.1:%d%s", provider.port, path);
	post.url = url;
	post.body = S("abc");
	if (!post.timeout_ms)
		post.timeout_ms = 10000;
	*err = (struct error)ERROR_INIT;
	return post_send(&post, status, answer, err);
}

static void an_answer_comes_whole(void **state)
{
	static const char *const headers[] = { "X-One: 1", "X-Two: 2" };
	struct buf answer = BUF_INIT(4096);
	struct error err;
	int status;

	(void)state;
	assert_true(
		send_to("/echo", (struct post){ 0 }, &status, &answer, &err));
	assert_int_equal(status, 200);
	assert_string_equal(buf_cstr(&answer), "abc");
	buf_clear(&answer);
	assert_true(send_to("/head",
		(struct post){ .headers = headers, .header_count = 2 }, &status,
		&answer, &err));
	assert_int_equal(status, 500);
	assert_non_null(strstr(buf_cstr(&answer), "X-One: 1\r\nX-Two: 2"));
	buf_release(&answer);
}

static void what_does_not_fit_is_left_out(void **state)
{
	struct buf answer = BUF_INIT(2);
	struct error err;
	int status;

	(void)state;
	assert_true(
		send_to("/echo", (struct post){ 0 }, &status, &answer, &err));
	assert_false(answer.failed);
	assert_true(str_equal(buf_str(&answer), S("ab")));
	buf_release(&answer);
}

static void redirects_are_not_followed(void **state)
{
	struct buf answer = BUF_INIT(64);
	struct error err;
	int status;

	(void)state;
	assert_true(send_to(
		"/elsewhere", (struct post){ 0 }, &status, &answer, &err));
	assert_int_equal(status, 302);
	buf_release(&answer);
}

static void an_address_can_be_refused(void **state)
{
	struct buf answer = BUF_INIT(64);
	int before = atomic_load(&provider.connection_count);
	struct error err;
	int status;

	(void)state;
	assert_false(send_to("/echo", (struct post){ .is_refused = refuse_all },
		&status, &answer, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_CONNECT);
	assert_non_null(strstr(err.detail, "upstream.allow_private"));
	assert_int_equal(atomic_load(&provider.connection_count), before);
	buf_release(&answer);
}

static void silence_ends(void **state)
{
	struct buf answer = BUF_INIT(64);
	bool stop = true;
	struct error err;
	int status;

	(void)state;
	assert_false(send_to("/nothing", (struct post){ .timeout_ms = 150 },
		&status, &answer, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_TIMEOUT);
	assert_false(send_to("/nothing",
		(struct post){ .timeout_ms = 60000, .stop = &stop }, &status,
		&answer, &err));
	assert_int_equal(err.kind, ERR_DRAINING);
	buf_release(&answer);
}

static int start(void **state)
{
	(void)state;
	upstream_init();
	provider_start(&provider, scripts, ARRAY_LEN(scripts));
	return 0;
}

static int end(void **state)
{
	(void)state;
	provider_stop(&provider);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_whole),
		cmocka_unit_test(what_does_not_fit_is_left_out),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(an_address_can_be_refused),
		cmocka_unit_test(silence_ends),
	};

	return cmocka_run_group_tests(tests, start, end);
}
