/*
 * mail.c - a message's form, and libcurl's SMTP.
 */
#include "net/mail.h"

#include "net/blocking.h"

#define MAIL_MAX_BYTES (1 << 20)
/* RFC 2047: a line with an encoded word has at most 76 characters, and the
 * first one begins with "Subject: ". */
#define WORD_BYTES 39
#define QUOTED_LINE_BYTES 73
#define DATE_BYTES 40

struct upload {
	struct str rest;
};

static void append_header(struct buf *out, const char *name, struct str value);
static bool is_plain(struct str value);
static void append_words(struct buf *out, struct str value);
static size_t word_length(struct str value);
static void append_base64(struct buf *out, struct str bytes);
static void append_quoted_printable(struct buf *out, struct str text);
static void append_quoted_line(struct buf *out, struct str line);
static void format_date(int64_t unix_ms, char out[DATE_BYTES]);
static bool run(const struct mail_server *server, const struct mail *mail,
	struct str message, struct arena *arena, struct error *err);
static void set_server(struct blocking *blocking,
	const struct mail_server *server, struct arena *arena);
static bool add_code(const struct blocking *blocking, struct error *err);
static size_t on_read(char *p, size_t size, size_t n, void *context);

bool mail_address_is_valid(struct str address)
{
	size_t at = str_index(address, '@');
	struct str domain = str_from(address, at + 1);

	if (at == 0 || domain.n == 0 || address.n > MAIL_ADDRESS_MAX_BYTES ||
		str_index(domain, '@') < domain.n)
		return false;
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"<>()[],;:\\", c))
			return false;
	}
	return true;
}

bool mail_url_is_valid(struct str url)
{
	struct str scheme = str_head(url, str_find(url, S("://")));
	struct str host = str_from(url, scheme.n + 3);
	struct str port = str_from(host, str_index(host, ':'));
	int64_t number;

	if (!str_equal(scheme, S("smtp")) && !str_equal(scheme, S("smtps")))
		return false;
	host = str_head(host, host.n - port.n);
	for (size_t i = 0; i < host.n; i++) {
		if (!isalnum((unsigned char)host.p[i]) &&
			!strchr("-_.", host.p[i]))
			return false;
	}
	return host.n > 0 && (port.n == 0 || str_to_int64_in(str_from(port, 1),
						     1, 65535, &number));
}

void mail_write(const struct mail *mail, struct buf *out)
{
	char date[DATE_BYTES];

	format_date(mail->unix_ms, date);
	append_header(out, "Date", str_of(date));
	append_header(out, "From", mail->from);
	append_header(out, "To", mail->to);
	buf_append(out, S("Message-ID: <"));
	buf_append(out, mail->message_id);
	buf_append(out, S(">\r\n"));
	append_header(out, "Subject", mail->subject);
	append_header(out, "Auto-Submitted", S("auto-generated"));
	append_header(out, "MIME-Version", S("1.0"));
	append_header(out, "Content-Type", S("text/plain; charset=utf-8"));
	append_header(out, "Content-Transfer-Encoding", S("quoted-printable"));
	buf_append(out, S("\r\n"));
	append_quoted_printable(out, mail->text);
}

static void append_header(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, "%s: ", name);
	if (is_plain(value))
		buf_append(out, value);
	else
		append_words(out, value);
	buf_append(out, S("\r\n"));
}

/* Short, visible, and nothing that a reader takes for an encoded word. */
static bool is_plain(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c < ' ' || c >= 0x7f)
			return false;
	}
	return value.n <= MAIL_ADDRESS_MAX_BYTES &&
	       str_find(value, S("=?")) == value.n;
}

/* Each word on a line of its own, and whole characters in each. */
static void append_words(struct buf *out, struct str value)
{
	while (value.n > 0) {
		struct str word = str_head(value, word_length(value));

		buf_append(out, S("=?utf-8?B?"));
		append_base64(out, word);
		buf_append(out, S("?="));
		value = str_from(value, word.n);
		if (value.n > 0)
			buf_append(out, S("\r\n "));
	}
}

static size_t word_length(struct str value)
{
	size_t n = WORD_BYTES;

	if (value.n <= n)
		return value.n;
	while (n > WORD_BYTES - 4 && (value.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Control characters are encoded as spaces: some readers unfold too much. */
static void append_base64(struct buf *out, struct str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.n; i += 3) {
		uint32_t group = 0;
		size_t n = bytes.n - i < 3 ? bytes.n - i : 3;

		for (size_t k = 0; k < 3; k++) {
			unsigned char c =
				k < n ? (unsigned char)bytes.p[i + k] : 0;

			if (k < n && (c < ' ' || c == 0x7f))
				c = ' ';
			group = group << 8 | c;
		}
		for (size_t k = 0; k < 4; k++)
			buf_append_char(
				out, k <= n ? digits[group >> (18 - 6 * k) & 63]
					    : '=');
	}
}

static void append_quoted_printable(struct buf *out, struct str text)
{
	struct str line;

	while (str_next_field(&text, '\n', &line)) {
		append_quoted_line(out, line);
		buf_append(out, S("\r\n"));
	}
}

static void append_quoted_line(struct buf *out, struct str line)
{
	size_t column = 0;

	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		bool at_end = i + 1 == line.n;
		bool is_plain_byte = c > ' ' && c < 0x7f && c != '=';

		if (column >= QUOTED_LINE_BYTES - 2) {
			buf_append(out, S("=\r\n"));
			column = 0;
		}
		if (is_plain_byte || (c == ' ' && !at_end)) {
			buf_append_char(out, (char)c);
			column++;
		} else {
			buf_printf(out, "=%02X", c);
			column += 3;
		}
	}
}

/* "Sat, 21 Nov 2026 13:37:28 +0000": RFC 5322 3.3, whatever the locale. */
static void format_date(int64_t unix_ms, char out[DATE_BYTES])
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = unix_ms / 1000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(out, DATE_BYTES, "%s, %d %s %d %02d:%02d:%02d +0000",
		days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool mail_send(const struct mail_server *server, const struct mail *mail,
	struct error *err)
{
	struct buf message = BUF_INIT(MAIL_MAX_BYTES);
	struct arena arena;
	bool sent;

	assert(mail_address_is_valid(mail->from) &&
		mail_address_is_valid(mail->to));
	arena_init(&arena, 4096);
	mail_write(mail, &message);
	sent = message.failed
		       ? error_set(err, ERR_INTERNAL, "the message is too long")
		       : run(server, mail, buf_str(&message), &arena, err);
	arena_release(&arena);
	buf_release(&message);
	return sent;
}

static bool run(const struct mail_server *server, const struct mail *mail,
	struct str message, struct arena *arena, struct error *err)
{
	struct upload upload = { message };
	struct curl_slist *to =
		curl_slist_append(NULL, arena_cstr(arena, mail->to));
	struct blocking blocking;
	bool sent;

	blocking_init(&blocking, server->timeout_ms, server->stop);
	set_server(&blocking, server, arena);
	curl_easy_setopt(blocking.easy, CURLOPT_MAIL_FROM,
		arena_cstr(arena, mail->from));
	curl_easy_setopt(blocking.easy, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(blocking.easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(blocking.easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(blocking.easy, CURLOPT_READDATA, &upload);
	sent = blocking_run(&blocking, err) || add_code(&blocking, err);
	curl_slist_free_all(to);
	blocking_release(&blocking);
	return sent;
}

static void set_server(struct blocking *blocking,
	const struct mail_server *server, struct arena *arena)
{
	bool needs_tls = server->require_tls || server->user.n > 0;
	CURL *easy = blocking->easy;

	curl_easy_setopt(easy, CURLOPT_URL, arena_cstr(arena, server->url));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL,
		(long)(needs_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	/* Whoever could show a false certificate could also hide STARTTLS:
	 * only where TLS is required does a check keep anybody out. */
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, needs_tls ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, needs_tls ? 2L : 0L);
	if (server->ca_file.n > 0)
		curl_easy_setopt(easy, CURLOPT_CAINFO,
			arena_cstr(arena, server->ca_file));
	if (server->user.n == 0)
		return;
	curl_easy_setopt(
		easy, CURLOPT_USERNAME, arena_cstr(arena, server->user));
	curl_easy_setopt(
		easy, CURLOPT_PASSWORD, arena_cstr(arena, server->password));
}

/* What the server said to refuse it; always false. */
static bool add_code(const struct blocking *blocking, struct error *err)
{
	char text[sizeof(err->detail)];
	long code = 0;

	curl_easy_getinfo(blocking->easy, CURLINFO_RESPONSE_CODE, &code);
	if (code < 400 || err->kind != ERR_UPSTREAM_RESET)
		return false;
	memcpy(text, err->detail, sizeof(text));
	return error_set(err, ERR_UPSTREAM_STATUS,
		"the mail server refused with %ld: %s", code, text);
}

static size_t on_read(char *p, size_t size, size_t n, void *context)
{
	struct upload *upload = context;
	struct str piece = str_head(upload->rest, size * n);

	if (piece.n > 0)
		memcpy(p, piece.p, piece.n);
	upload->rest = str_from(upload->rest, piece.n);
	return piece.n;
}
