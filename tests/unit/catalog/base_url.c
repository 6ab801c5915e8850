/*
 * base_url.c - which base URLs are taken, in which form, and which hosts are
 * private.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/base_url.h"

#include <arpa/inet.h>

static struct arena arena;

static void urls_get_their_stored_form(void **state)
{
	static const char *const rows[][2] = {
		{ "https://api.openai.com/v1", "https://api.openai.com/v1" },
		{ "https://api.openai.com/v1//", "https://api.openai.com/v1" },
		{ "HTTPS://API.OpenAI.com/V1", "https://api.openai.com/V1" },
		{ "https://api.deepseek.com/", "https://api.deepseek.com" },
		{ "http://example.com:8080", "http://example.com:8080" },
		{ "https://[2606:4700::1111]:443/a",
			"https://[2606:4700::1111]:443/a" },
		{ "https://8.8.8.8/v1", "https://8.8.8.8/v1" },
	};
	struct error err = ERROR_INIT;
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!base_url_read(
			    str_of(rows[i][0]), false, &arena, &out, &err))
			fail_msg("%s: %s", rows[i][0], error_message(&err));
		assert_string_equal(arena_cstr(&arena, out), rows[i][1]);
	}
}

static void addresses_are_joined(void **state)
{
	static const char *const rows[][4] = {
		{ "https://a.example/v1", "m", "/chat",
			"https://a.example/v1/chat" },
		{ "https://a.example/d/{model}?api-version=1", "gpt 4/x",
			"/chat",
			"https://a.example/d/gpt%204%2Fx/chat?api-version=1" },
		{ "https://a.example?k={model}", "m", "/x:y?alt=sse",
			"https://a.example/x:y?alt=sse&k=m" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf url = BUF_INIT(4096);
		struct error err = ERROR_INIT;
		struct str base;

		assert_true(base_url_read(
			str_of(rows[i][0]), false, &arena, &base, &err));
		base_url_join(
			base, str_of(rows[i][1]), str_of(rows[i][2]), &url);
		assert_string_equal(buf_cstr(&url), rows[i][3]);
		buf_release(&url);
	}
}

/* Refused whatever the settings say. */
static void bad_urls_are_refused(void **state)
{
	static const char *const rows[] = { "", "api.openai.com/v1",
		"ftp://example.com", "file:///etc/passwd", "https:/example.com",
		"https://", "https:///v1", "https://:443/v1",
		"https://user@example.com", "https://user:pass@example.com/v1",
		"https://example.com/{x}", "https://example.com/{model}{model}",
		"https://example.com/}v1", "https://example.com/{model",
		"https://example.com/v1#x", "https://exa mple.com",
		"https://example.com/\r\nHost: x",
		"https://example.com\\@evil.com/", "https://example.com:0",
		"https://example.com:65536",
		"https://example.com:", "https://example.com:+80",
		"https://example.com:80x/v1", "https://[::1", "https://[::1]x",
		"https://[nonsense]/", "https://127.1/v1",
		"https://0x7f000001/", "https://2130706433",
		"https://0177.0.0.1", "https://ex%61mple.com",
		"https://exämple.com", "https://example.com/\"" };
	struct error err;
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (base_url_read(str_of(rows[i]), true, &arena, &out, &err))
			fail_msg("'%s' was taken", rows[i]);
		assert_int_equal(err.kind, ERR_BAD_FIELD);
		assert_string_equal(err.param, "base_url");
	}
}

static void private_hosts_need_the_setting(void **state)
{
	static const char *const rows[] = { "http://localhost:8000/v1",
		"http://LOCALHOST", "http://localhost./", "http://a.localhost",
		"http://ollama", "http://ollama:11434/v1", "http://nas.local",
		"http://metadata.google.internal", "http://127.0.0.1",
		"http://127.255.0.1", "http://10.0.0.1", "http://172.16.0.1",
		"http://172.31.255.255", "http://192.168.1.1",
		"http://169.254.169.254/latest", "http://0.0.0.0",
		"http://100.64.0.1", "http://224.0.0.1",
		"http://255.255.255.255", "http://[::1]:80", "http://[::]",
		"http://[fe80::1]", "http://[fd00::1]", "http://[fc00::1]",
		"http://[::ffff:127.0.0.1]", "http://[::ffff:10.0.0.1]",
		"http://[64:ff9b::7f00:1]", "http://[2002:7f00:1::]",
		"http://[ff02::1]", "http://[2001:0:1::1]" };
	struct error err;
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (base_url_read(str_of(rows[i]), false, &arena, &out, &err))
			fail_msg("'%s' was taken", rows[i]);
		assert_non_null(strstr(error_message(&err), "allow_private"));
		assert_true(base_url_read(
			str_of(rows[i]), true, &arena, &out, &err));
	}
}

static void neighbours_of_private_networks_are_public(void **state)
{
	static const char *const rows[] = { "http://9.255.255.255",
		"http://11.0.0.0", "http://172.15.255.255", "http://172.32.0.0",
		"http://192.167.255.255", "http://192.169.0.0",
		"http://169.253.255.255", "http://100.63.255.255",
		"http://100.128.0.0", "http://128.0.0.0",
		"http://223.255.255.255", "http://198.17.255.255",
		"http://198.20.0.0", "http://[::ffff:8.8.8.8]",
		"http://[2001:4860::8888]", "http://[64:ff9b::808:808]",
		"http://internal.example.com" };
	struct error err;
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!base_url_read(str_of(rows[i]), false, &arena, &out, &err))
			fail_msg("'%s': %s", rows[i], error_message(&err));
	}
}

static void resolved_addresses_are_judged(void **state)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
	struct sockaddr local = { .sa_family = AF_UNIX };

	(void)state;
	assert_true(base_url_address_is_private(&local));
	inet_pton(AF_INET, "10.1.2.3", &ipv4.sin_addr);
	assert_true(base_url_address_is_private((struct sockaddr *)&ipv4));
	inet_pton(AF_INET, "1.1.1.1", &ipv4.sin_addr);
	assert_false(base_url_address_is_private((struct sockaddr *)&ipv4));
	inet_pton(AF_INET6, "::ffff:192.168.0.1", &ipv6.sin6_addr);
	assert_true(base_url_address_is_private((struct sockaddr *)&ipv6));
	inet_pton(AF_INET6, "2606:4700::1111", &ipv6.sin6_addr);
	assert_false(base_url_address_is_private((struct sockaddr *)&ipv6));
}

static void the_longest_is_bounded(void **state)
{
	char text[BASE_URL_MAX_BYTES + 2] = "https://example.com/";
	struct error err;
	struct str out;

	(void)state;
	memset(text + 20, 'a', sizeof(text) - 20);
	assert_true(base_url_read((struct str){ text, BASE_URL_MAX_BYTES },
		false, &arena, &out, &err));
	assert_false(base_url_read((struct str){ text, BASE_URL_MAX_BYTES + 1 },
		false, &arena, &out, &err));
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_get_their_stored_form),
		cmocka_unit_test(addresses_are_joined),
		cmocka_unit_test(bad_urls_are_refused),
		cmocka_unit_test(private_hosts_need_the_setting),
		cmocka_unit_test(neighbours_of_private_networks_are_public),
		cmocka_unit_test(resolved_addresses_are_judged),
		cmocka_unit_test(the_longest_is_bounded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
