/* exchange.c - what a reset keeps and what it forgets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/exchange.h"

static int closed;

static void close_thing(void *thing)
{
	(void)thing;
	closed++;
}

static void on_push(struct http_exchange *x)
{
	x->out_sent = x->out.n;
}

static void assert_forgotten(const struct http_exchange *x)
{
	const struct str views[] = { x->method, x->path, x->query,
		x->content_type, x->client_ip, x->server_software,
		buf_str(&x->body), buf_str(&x->head), buf_str(&x->out) };

	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		assert_null(views[i].p);
		assert_int_equal(views[i].n, 0);
	}
	assert_null(x->params);
	assert_int_equal(x->param_count, 0);
	assert_false(x->behind_apache || x->keep || x->on_worker);
	assert_false(x->in_head || x->began || x->ended);
	assert_int_equal(x->fcgi_id, 0);
	assert_int_equal(x->arrived_ns, 0);
	assert_int_equal(x->arrived_unix_ms, 0);
	assert_int_equal(x->out_sent, 0);
	assert_int_equal(x->body_bytes, 0);
	assert_null(x->waiter);
	assert_null(x->owner);
}

/* A kept connection must not see its last request, nor the client its own
 * bytes again. */
static void a_reset_forgets_the_request_and_keeps_the_connection(void **state)
{
	static const struct http_server server = { .push = on_push };
	static const struct http_waiter waiter = { .gone = NULL };
	struct http_exchange x;
	int app;

	(void)state;
	http_exchange_init(&x, 123);
	x.fd = 42;
	x.server = &server;
	x.app = &app;
	x.loop = (struct loop *)&app;
	x.upstreams = (struct upstream_pool *)&app;

	closed = 0;
	arena_defer(&x.arena, close_thing, NULL);
	x.method = arena_copy(&x.arena, S("POST"));
	x.path = x.query = x.client_ip = x.server_software = x.content_type =
		x.method;
	x.params = ARENA_NEW(&x.arena, struct http_param);
	x.param_count = 1;
	buf_append(&x.body, S("secret"));
	x.behind_apache = x.keep = x.on_worker = true;
	x.fcgi_id = 7;
	x.arrived_ns = x.arrived_unix_ms = 1;
	x.waiter = &waiter;
	x.owner = &app;
	http_begin(&x, 200, "text/plain");
	http_body(&x, S("bytes"));
	http_end(&x);
	http_push(&x);
	assert_int_equal(http_pending(&x), 0);
	assert_true(x.out_sent > 0);
	http_exchange_reset(&x);

	assert_int_equal(closed, 1);
	assert_forgotten(&x);
	assert_int_equal(x.body.max, 123);
	assert_int_equal(x.fd, 42);
	assert_ptr_equal(x.server, &server);
	assert_ptr_equal(x.app, &app);
	assert_ptr_equal(x.loop, &app);
	assert_ptr_equal(x.upstreams, &app);
	http_exchange_release(&x);
}

static void an_exchange_is_released_in_the_middle(void **state)
{
	struct http_exchange x;

	(void)state;
	http_exchange_init(&x, 1000);
	closed = 0;
	arena_defer(&x.arena, close_thing, NULL);
	buf_append(&x.body, S("body"));
	http_begin(&x, 200, "text/plain");
	http_body(&x, S("bytes"));
	http_exchange_release(&x);
	assert_int_equal(closed, 1);
}

static void a_new_exchange_is_empty(void **state)
{
	struct http_exchange x;

	(void)state;
	memset(&x, 0xff, sizeof(x));
	http_exchange_init(&x, 5);
	assert_int_equal(x.fd, -1);
	assert_int_equal(http_pending(&x), 0);
	assert_int_equal(x.method.n, 0);
	assert_false(x.began || x.ended || x.keep || x.on_worker);
	buf_append(&x.body, S("123456"));
	assert_true(x.body.failed);
	http_exchange_release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_reset_forgets_the_request_and_keeps_the_connection),
		cmocka_unit_test(an_exchange_is_released_in_the_middle),
		cmocka_unit_test(a_new_exchange_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
