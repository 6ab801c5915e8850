/*
 * mail.c - a message's form, and mail servers that refuse, stall, or cannot
 * do what they must. A mail server that works is the conversations' part.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "net/mail.h"
#include "net/upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct mail plain = {
	.from = STR("gateway@example.org"),
	.to = STR("ana@example.org"),
	.subject = STR("80 % is spent"),
	.text = STR("A line.\n.\nAnother one = so.\n"),
	.message_id = STR("alert-1-2@example.org"),
	.unix_ms = INT64_C(1795268248000),
};

static struct str written(const struct mail *mail, struct buf *buf)
{
	buf_init(buf, 1 << 20);
	mail_write(mail, buf);
	assert_false(buf->failed);
	return buf_str(buf);
}

static void a_message_has_its_headers(void **state)
{
	struct buf buf;

	(void)state;
	written(&plain, &buf);
	assert_string_equal(buf_cstr(&buf),
		"Date: Sat, 21 Nov 2026 13:37:28 +0000\r\n"
		"From: gateway@example.org\r\n"
		"To: ana@example.org\r\n"
		"Message-ID: <alert-1-2@example.org>\r\n"
		"Subject: 80 % is spent\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"\r\n"
		"A line.\r\n.\r\nAnother one =3D so.\r\n");
	buf_release(&buf);
}

/* The vectors were made with Python's base64 module. */
static void a_subject_is_encoded(void **state)
{
	struct mail mail = plain;
	struct buf buf;

	(void)state;
	mail.subject = S("Presupuesto de se\xc3\xb1or");
	assert_true(str_find(written(&mail, &buf),
			    S("Subject: =?utf-8?B?UHJlc3VwdWVzdG8gZGUgc2XDsW9y"
			      "?=\r\n")) < buf.n);
	buf_release(&buf);
	/* What looks encoded must not be decoded. */
	mail.subject = S("=?utf-8?B?eA==?=");
	assert_true(str_find(written(&mail, &buf),
			    S("Subject: =?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?="
			      "\r\n")) < buf.n);
	buf_release(&buf);
}

static void a_subject_adds_no_header(void **state)
{
	struct mail mail = plain;
	struct buf buf;
	struct str text;

	(void)state;
	mail.subject = S("x\r\nBcc: eve@example.org\n\n<b>");
	text = written(&mail, &buf);
	assert_int_equal(str_find(text, S("Bcc")), text.n);
	/* "x  Bcc: eve@example.org  <b>" */
	assert_true(str_find(text, S("=?utf-8?B?eCAgQmNjOiBldmVAZXhhbXBsZS5v"
				     "cmcgIDxiPg==?=")) < text.n);
	buf_release(&buf);
}

/* Whatever it is, lines stay below RFC 5322's 78 and characters whole. */
static void long_texts_are_folded(void **state)
{
	char subject[600];
	struct mail mail = plain;
	struct buf buf;
	struct str rest, line;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(subject); i += 2)
		memcpy(subject + i, "\xc3\xb1", 2);
	mail.subject = (struct str){ subject, sizeof(subject) };
	mail.text = mail.subject;
	rest = written(&mail, &buf);
	while (str_next_field(&rest, '\n', &line)) {
		size_t word = str_find(line, S("?B?"));

		assert_true(line.n <= 78);
		/* 38 of 39 bytes: characters of two bytes are not cut. */
		if (word < line.n && rest.n > 0 && str_starts(rest, S(" =?")))
			assert_int_equal(
				str_index(str_from(line, word + 3), '='), 51);
	}
	buf_release(&buf);
}

static void addresses_are_examined(void **state)
{
	static const char *const good[] = { "a@b", "ana.m+x@example.org",
		"o'neil@sub.example.org" };
	static const char *const bad[] = { "", "a", "@b", "a@", "a@b@c",
		"a b@c", "a@b\r\nRCPT TO:<c@d>", "<a@b>", "a@b,c@d", "\"a\"@b",
		"a@b\x7f", "\xc3\xb1@b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(mail_address_is_valid(str_of(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mail_address_is_valid(str_of(bad[i])));
}

static void urls_are_examined(void **state)
{
	static const char *const good[] = { "smtp://localhost",
		"smtp://mail.example.org:25", "smtps://127.0.0.1:465" };
	static const char *const bad[] = { "", "localhost:25", "http://a",
		"smtp://", "smtp://a:0", "smtp://a:x", "smtp://u:p@a",
		"smtp://a/b", "smtp://a:25\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(mail_url_is_valid(str_of(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mail_url_is_valid(str_of(bad[i])));
}

/* A server that greets, then answers each line as its row says. */
struct peer {
	const char *greeting; /* NULL: it never says a word */
	const char *answers[8];
	int fd;
	int port;
	struct buf heard;
	pthread_t thread;
};

static void *peer_main(void *context)
{
	struct peer *peer = context;
	int fd = accept(peer->fd, NULL, NULL);
	char bytes[512];
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (peer->greeting)
		send(fd, peer->greeting, strlen(peer->greeting), MSG_NOSIGNAL);
	for (size_t i = 0; (n = recv(fd, bytes, sizeof(bytes), 0)) > 0; i++) {
		buf_append(&peer->heard, (struct str){ bytes, (size_t)n });
		if (peer->greeting && i < ARRAY_LEN(peer->answers) &&
			peer->answers[i])
			send(fd, peer->answers[i], strlen(peer->answers[i]),
				MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

static void peer_start(struct peer *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);

	buf_init(&peer->heard, 1 << 16);
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(peer->fd, (struct sockaddr *)&address, n), 0);
	assert_return_code(listen(peer->fd, 1), 0);
	getsockname(peer->fd, (struct sockaddr *)&address, &n);
	peer->port = ntohs(address.sin_port);
	assert_int_equal(
		pthread_create(&peer->thread, NULL, peer_main, peer), 0);
}

static void peer_end(struct peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
}

/* True when the peer took the message. */
static bool send_to(
	struct peer *peer, struct mail_server server, struct error *err)
{
	char url[64];
	bool sent;

	*err = (struct error)ERROR_INIT;
	peer_start(peer);
	snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", peer->port);
	server.url = str_of(url);
	sent = mail_send(&server, &plain, err);
	peer_end(peer);
	return sent;
}

#define EHLO "250-here\r\n250 8BITMIME\r\n"
#define OK "250 ok\r\n"

static void a_server_takes_a_message(void **state)
{
	struct peer peer = { .greeting = "220 here\r\n",
		.answers = { EHLO, OK, OK, "354 go\r\n", OK, "221 bye\r\n" } };
	struct error err;

	(void)state;
	if (!send_to(&peer, (struct mail_server){ .timeout_ms = 10000 }, &err))
		fail_msg("%s", error_detail(&err));
	assert_true(
		str_find(buf_str(&peer.heard),
			S("MAIL FROM:<gateway@example.org>")) < peer.heard.n);
	assert_true(str_find(buf_str(&peer.heard),
			    S("RCPT TO:<ana@example.org>")) < peer.heard.n);
	/* A line with one dot is not the end. */
	assert_true(
		str_find(buf_str(&peer.heard), S("\r\n..\r\n")) < peer.heard.n);
	buf_release(&peer.heard);
}

static void a_refusal_is_told_with_its_code(void **state)
{
	struct peer peer = { .greeting = "220 here\r\n",
		.answers = { EHLO, OK, "550 no such user\r\n", OK } };
	struct error err;

	(void)state;
	assert_false(send_to(
		&peer, (struct mail_server){ .timeout_ms = 10000 }, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_STATUS);
	assert_non_null(strstr(err.detail, "550"));
	buf_release(&peer.heard);
}

static void without_tls_nothing_is_sent_where_it_must_be(void **state)
{
	struct peer peer = { .greeting = "220 here\r\n",
		.answers = { EHLO, OK, OK, "354 go\r\n", OK } };
	struct error err;

	(void)state;
	assert_false(send_to(&peer,
		(struct mail_server){
			.timeout_ms = 10000, .require_tls = true },
		&err));
	assert_int_equal(
		str_find(buf_str(&peer.heard), S("MAIL")), peer.heard.n);
	buf_release(&peer.heard);
}

static void without_tls_no_password_is_sent(void **state)
{
	struct peer peer = { .greeting = "220 here\r\n",
		.answers = { "250-here\r\n250 AUTH PLAIN LOGIN\r\n",
			"235 ok\r\n" } };
	struct error err;

	(void)state;
	assert_false(send_to(&peer,
		(struct mail_server){ .timeout_ms = 10000,
			.user = STR("ana"),
			.password = STR("open-sesame") },
		&err));
	assert_int_equal(
		str_find(buf_str(&peer.heard), S("AUTH")), peer.heard.n);
	assert_null(strstr(err.detail, "sesame"));
	buf_release(&peer.heard);
}

static void a_silent_server_is_left(void **state)
{
	struct peer peer = { .greeting = NULL };
	struct error err;

	(void)state;
	assert_false(send_to(
		&peer, (struct mail_server){ .timeout_ms = 200 }, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_TIMEOUT);
	buf_release(&peer.heard);
}

static void *stop_soon(void *context)
{
	usleep(100000);
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
	return NULL;
}

static void sending_can_be_stopped(void **state)
{
	struct peer peer = { .greeting = NULL };
	bool stop = false;
	pthread_t thread;
	struct error err;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	/* The time-out would fail the test by its kind. */
	assert_false(send_to(&peer,
		(struct mail_server){ .timeout_ms = 60000, .stop = &stop },
		&err));
	assert_int_equal(err.kind, ERR_DRAINING);
	pthread_join(thread, NULL);
	buf_release(&peer.heard);
}

static void nobody_is_there(void **state)
{
	struct mail_server server = { .url = STR("smtp://127.0.0.1:1"),
		.timeout_ms = 10000 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_false(mail_send(&server, &plain, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_CONNECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_its_headers),
		cmocka_unit_test(a_subject_is_encoded),
		cmocka_unit_test(a_subject_adds_no_header),
		cmocka_unit_test(long_texts_are_folded),
		cmocka_unit_test(addresses_are_examined),
		cmocka_unit_test(urls_are_examined),
		cmocka_unit_test(a_server_takes_a_message),
		cmocka_unit_test(a_refusal_is_told_with_its_code),
		cmocka_unit_test(without_tls_nothing_is_sent_where_it_must_be),
		cmocka_unit_test(without_tls_no_password_is_sent),
		cmocka_unit_test(a_silent_server_is_left),
		cmocka_unit_test(sending_can_be_stopped),
		cmocka_unit_test(nobody_is_there),
	};

	upstream_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
