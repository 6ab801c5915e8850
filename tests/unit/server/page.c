/*
 * page.c - who may see the operator's pages; and health while draining.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/page.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/health.h"

#define TOKEN "0123456789abcdef"

static struct settings settings;
static struct gateway gateway;
static struct http_exchange x;
static struct http_param params[1];
static char path[64];
static bool served;

static void push_nothing(struct http_exchange *exchange)
{
	(void)exchange;
}

static bool run_at_once(
	struct http_exchange *exchange, http_work *work, void *owner)
{
	exchange->on_worker = true;
	work(exchange, owner);
	return true;
}

static bool refuse(struct http_exchange *exchange, http_work *work, void *owner)
{
	(void)exchange;
	(void)work;
	(void)owner;
	return false;
}

static const struct http_server server = {
	.push = push_nothing,
	.to_worker = run_at_once,
};
static const struct http_server busy_server = {
	.push = push_nothing,
	.to_worker = refuse,
};

static void serve(struct http_exchange *exchange, void *owner)
{
	(void)owner;
	served = true;
	page_answer_json(exchange, 200, S("{}"));
}

static int set_up(void **state)
{
	(void)state;
	settings_init(&settings);
	gateway = (struct gateway){ .settings = &settings };
	http_exchange_init(&x, 1000);
	x.server = &server;
	x.app = &gateway;
	x.client_ip = S("192.0.2.1");
	x.params = params;
	served = false;
	snprintf(path, sizeof(path), "/tmp/gateway-token-XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_exchange_release(&x);
	unlink(path);
	return 0;
}

static void set_token(const char *token, bool *ok, struct error *err)
{
	int file = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(file, token, strlen(token)), strlen(token));
	close(file);
	settings.metrics_token_file = str_of(path);
	*ok = page_load_token(&gateway, err);
}

/* What a client of that address gets, with one header or (NULL) none. */
static int status_of(enum page_access access, const char *ip, const char *name,
	const char *value)
{
	int status;

	params[0] = (struct http_param){ str_of(name), str_of(value) };
	x.params = params;
	x.param_count = name ? 1 : 0;
	x.client_ip = str_of(ip);
	served = false;
	page_serve(&x, access, serve);
	assert_true(x.ended);
	status = x.status;
	assert_int_equal(served, status == 200);
	http_exchange_reset(&x);
	return status;
}

static void without_a_token_this_machine_alone_sees(void **state)
{
	static const char *const forwarded[] = { "HTTP_X_FORWARDED_FOR",
		"HTTP_FORWARDED", "HTTP_X_REAL_IP" };

	(void)state;
	assert_int_equal(status_of(PAGE_OPEN, "192.0.2.1", NULL, NULL), 200);
	assert_int_equal(
		status_of(PAGE_FOR_OPERATORS, "127.0.0.1", NULL, NULL), 200);
	assert_int_equal(status_of(PAGE_FOR_OPERATORS, "::1", NULL, NULL), 200);
	assert_int_equal(
		status_of(PAGE_FOR_OPERATORS, "192.0.2.1", NULL, NULL), 403);
	assert_int_equal(
		status_of(PAGE_FOR_OPERATORS, "127.0.0.10", NULL, NULL), 403);
	assert_int_equal(status_of(PAGE_FOR_OPERATORS, "", NULL, NULL), 403);
	assert_int_equal(
		status_of(PAGE_WITH_TOKEN, "127.0.0.1", NULL, NULL), 403);
	for (size_t i = 0; i < ARRAY_LEN(forwarded); i++)
		assert_int_equal(status_of(PAGE_FOR_OPERATORS, "127.0.0.1",
					 forwarded[i], "192.0.2.1"),
			403);
}

static void with_a_token_nobody_sees_without(void **state)
{
	static const struct {
		const char *value;
		int status;
	} cases[] = {
		{ "Bearer " TOKEN, 200 },
		{ "bearer  " TOKEN, 200 },
		{ "Bearer " TOKEN "x", 401 },
		{ "Bearer 0123456789abcde", 401 },
		{ "Bearer ", 401 },
		{ TOKEN, 401 },
		{ "Basic " TOKEN, 401 },
		{ "", 401 },
	};
	struct error err = ERROR_INIT;
	bool ok;

	(void)state;
	set_token(TOKEN "\n", &ok, &err);
	assert_true(ok);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(status_of(PAGE_FOR_OPERATORS, "192.0.2.1",
					 "HTTP_AUTHORIZATION", cases[i].value),
			cases[i].status);
		assert_int_equal(status_of(PAGE_WITH_TOKEN, "127.0.0.1",
					 "HTTP_AUTHORIZATION", cases[i].value),
			cases[i].status);
	}
	assert_int_equal(
		status_of(PAGE_FOR_OPERATORS, "127.0.0.1", NULL, NULL), 401);
}

static void a_token_that_guards_nothing_is_refused(void **state)
{
	struct error err = ERROR_INIT;
	bool ok;

	(void)state;
	set_token("short", &ok, &err);
	assert_false(ok);
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_int_equal(chmod(path, 0644), 0);
	set_token(TOKEN, &ok, &err);
	assert_false(ok);
	settings.metrics_token_file = S("/nowhere/token");
	assert_false(page_load_token(&gateway, &err));
	assert_false(gateway.has_operator_token);
}

static void a_full_queue_is_told(void **state)
{
	(void)state;
	x.server = &busy_server;
	assert_int_equal(status_of(PAGE_OPEN, "127.0.0.1", NULL, NULL), 503);
}

static void health_says_when_it_is_about_to_end(void **state)
{
	(void)state;
	health_serve(&x);
	assert_int_equal(x.status, 200);
	http_exchange_reset(&x);
	gateway.is_draining = true;
	health_serve(&x);
	assert_int_equal(x.status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			without_a_token_this_machine_alone_sees, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			with_a_token_nobody_sees_without, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_token_that_guards_nothing_is_refused, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_full_queue_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			health_says_when_it_is_about_to_end, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("server/page", tests, NULL, NULL);
}
