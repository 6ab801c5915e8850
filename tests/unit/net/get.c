/*
 * get.c - a document fetched, unchanged, too large, refused. The peer is a
 * real server of the test's own on this machine.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/get.h"
#include "net/upstream.h"
#include "provider.h"

static bool serve_document(struct provider_peer *peer)
{
	bool same = strstr(peer->head.p, "If-None-Match: \"v1\"") != NULL;

	provider_say(peer, same ? "HTTP/1.1 304 Not Modified\r\n"
				  "ETag: \"v1\"\r\n\r\n"
				: "HTTP/1.1 200 OK\r\neTag:  \"v1\" \r\n"
				  "Content-Length: 5\r\n\r\nhello");
	return true;
}

static bool serve_cut(struct provider_peer *peer)
{
	provider_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel");
	return false;
}

static const struct provider_script scripts[] = {
	{ "/document", serve_document },
	{ "/cut", serve_cut },
};

static struct provider provider;

static bool refuse_all(const struct sockaddr *address)
{
	(void)address;
	return true;
}

static bool fetch(const char *path, struct get get, size_t max, int *status,
	char etag[GET_ETAG_BYTES], struct error *err)
{
	struct buf body = BUF_INIT(max);
	char url[128];
	bool ok;

	snprintf(
		url, sizeof(url), "http://127.0.0.1:%d%s", provider.port, path);
	get.url = url;
	get.timeout_ms = 10000;
	*err = (struct error)ERROR_INIT;
	ok = get_fetch(&get, status, &body, etag, err);
	if (ok && *status == 200)
		assert_true(str_equal(buf_str(&body), S("hello")));
	else if (ok)
		assert_int_equal(body.n, 0);
	buf_release(&body);
	return ok;
}

static void a_document_comes_once(void **state)
{
	char etag[GET_ETAG_BYTES];
	struct error err;
	int status;

	(void)state;
	assert_true(fetch("/document", (struct get){ .etag = NULL }, 5, &status,
		etag, &err));
	assert_int_equal(status, 200);
	assert_string_equal(etag, "\"v1\"");
	assert_true(fetch("/document", (struct get){ .etag = "\"v1\"" }, 5,
		&status, etag, &err));
	assert_int_equal(status, 304);
	assert_true(fetch("/document", (struct get){ .etag = "\"v0\"" }, 5,
		&status, etag, &err));
	assert_int_equal(status, 200);
}

static void what_is_too_large_or_cut_fails(void **state)
{
	char etag[GET_ETAG_BYTES];
	struct error err;
	int status;

	(void)state;
	assert_false(fetch("/document", (struct get){ .etag = "" }, 4, &status,
		etag, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_TOO_LARGE);
	assert_false(fetch(
		"/cut", (struct get){ .etag = "" }, 100, &status, etag, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_RESET);
}

static void an_address_can_be_refused(void **state)
{
	int before = atomic_load(&provider.connection_count);
	char etag[GET_ETAG_BYTES];
	struct error err;
	int status;

	(void)state;
	assert_false(
		fetch("/document", (struct get){ .is_refused = refuse_all },
			100, &status, etag, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_CONNECT);
	assert_non_null(strstr(err.detail, "upstream.allow_private"));
	assert_int_equal(atomic_load(&provider.connection_count), before);
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
		cmocka_unit_test(a_document_comes_once),
		cmocka_unit_test(what_is_too_large_or_cut_fails),
		cmocka_unit_test(an_address_can_be_refused),
	};

	return cmocka_run_group_tests(tests, start, end);
}
