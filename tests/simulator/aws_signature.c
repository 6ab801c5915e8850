/*
 * aws_signature.c - is a request signed as Amazon wants it?
 */
#include "aws_signature.h"

#include "base/clock.h"
#include "crypto/digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define MAX_PARAMETERS 32
#define MAX_SKEW_MS (5 * 60 * 1000)

struct signature {
	struct str access_key;
	struct str scope; /* date/region/service/aws4_request */
	struct str date;  /* of the scope */
	struct str region;
	struct str service;
	struct str signed_headers;
	struct str value;
	struct str time; /* of X-Amz-Date */
};

static bool read_signature(const struct http_request *http,
	struct signature *out, struct error *err);
static struct str parameter_of(struct str header, struct str name);
static bool read_scope(struct signature *signature, struct str credential);
static bool check_scope(const struct signature *signature, struct str service,
	struct error *err);
static bool check_headers(const struct http_request *http,
	const struct signature *signature, struct error *err);
static bool check_time(struct str time, struct error *err);
static void append_canonical(const struct http_request *http, struct str body,
	const struct signature *signature, struct buf *out);
static void append_path(struct str path, struct buf *out);
static void append_query(struct str query, struct buf *out);
static int compare(const void *a, const void *b);
static void append_headers(
	const struct http_request *http, struct str names, struct buf *out);
static void append_trimmed(struct str value, struct buf *out);
static void append_hash(struct str bytes, struct buf *out);
static void signing_key(
	const struct signature *signature, uint8_t out[SHA256_BYTES]);
static struct str bytes_of(const uint8_t digest[SHA256_BYTES]);

bool aws_signature_check(const struct http_request *http, struct str body,
	struct str service, struct arena *arena, struct error *err)
{
	struct signature signature;
	struct buf text = BUF_INIT(1 << 20);
	struct str canonical;
	uint8_t key[SHA256_BYTES];
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	if (!read_signature(http, &signature, err) ||
		!check_scope(&signature, service, err) ||
		!check_headers(http, &signature, err))
		return false;
	if (!str_equal(signature.access_key, S(AWS_ACCESS_KEY)))
		return true;
	if (!check_time(signature.time, err))
		return false;
	append_canonical(http, body, &signature, &text);
	canonical = arena_copy(arena, buf_str(&text));
	buf_clear(&text);
	buf_printf(&text, ALGORITHM "\n%.*s\n%.*s\n", STR_ARG(signature.time),
		STR_ARG(signature.scope));
	append_hash(canonical, &text);
	signing_key(&signature, key);
	digest_hmac_sha256(bytes_of(key), buf_str(&text), digest);
	digest_hex(digest, sizeof(digest), hex);
	buf_release(&text);
	if (str_equal(str_of(hex), signature.value))
		return true;
	return aws_refuse(err, ERR_FORBIDDEN, "InvalidSignatureException",
		"The request signature we calculated does not match the "
		"signature you provided. Check your AWS Secret Access Key and "
		"signing method. Consult the service documentation for "
		"details.");
}

bool aws_refuse(struct error *err, enum error_kind kind, const char *exception,
	const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	error_refuse(err, kind, NULL, "%s", message);
	snprintf(err->detail, sizeof(err->detail), "%s", exception);
	return false;
}

static bool read_signature(const struct http_request *http,
	struct signature *out, struct error *err)
{
	struct str header = http_find_header(http, S("authorization"));

	if (!str_starts(header, S(ALGORITHM " ")))
		return aws_refuse(err, ERR_FORBIDDEN,
			"MissingAuthenticationTokenException",
			"Missing Authentication Token");
	header = str_from(header, sizeof(ALGORITHM));
	out->signed_headers = parameter_of(header, S("SignedHeaders="));
	out->value = parameter_of(header, S("Signature="));
	out->time = http_find_header(http, S("x-amz-date"));
	if (!read_scope(out, parameter_of(header, S("Credential="))))
		return aws_refuse(err, ERR_FORBIDDEN,
			"IncompleteSignatureException",
			"Authorization header requires 'Credential' "
			"parameter.");
	if (out->signed_headers.n == 0 || out->value.n == 0)
		return aws_refuse(err, ERR_FORBIDDEN,
			"IncompleteSignatureException",
			"Authorization header requires '%s' parameter.",
			out->value.n ? "SignedHeaders" : "Signature");
	if (out->time.n != 16 || !str_starts(out->time, out->date))
		return aws_refuse(err, ERR_FORBIDDEN,
			"IncompleteSignatureException",
			"Authorization header requires existence of either a "
			"'X-Amz-Date' or a 'Date' header.");
	return true;
}

static struct str parameter_of(struct str header, struct str name)
{
	struct str field;

	while (str_next_field(&header, ',', &field)) {
		field = str_trim(field);
		if (str_starts(field, name))
			return str_from(field, name.n);
	}
	return S("");
}

static bool read_scope(struct signature *signature, struct str credential)
{
	struct str end;

	if (!str_next_field(&credential, '/', &signature->access_key))
		return false;
	signature->scope = credential;
	return str_next_field(&credential, '/', &signature->date) &&
	       str_next_field(&credential, '/', &signature->region) &&
	       str_next_field(&credential, '/', &signature->service) &&
	       str_next_field(&credential, '/', &end) && credential.n == 0 &&
	       str_equal(end, S("aws4_request")) && signature->date.n == 8;
}

static bool check_scope(const struct signature *signature, struct str service,
	struct error *err)
{
	if (str_equal(signature->service, service))
		return true;
	return aws_refuse(err, ERR_FORBIDDEN, "InvalidSignatureException",
		"Credential should be scoped to correct service: '%.*s'.",
		STR_ARG(service));
}

/* These must be among the signed ones. */
static bool check_headers(const struct http_request *http,
	const struct signature *signature, struct error *err)
{
	static const struct str needed[] = { STR("host"), STR("x-amz-date"),
		STR("x-amz-security-token") };

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		struct str names = signature->signed_headers;
		struct str name;
		bool found = http_find_header(http, needed[i]).n == 0;

		while (!found && str_next_field(&names, ';', &name))
			found = str_equal(name, needed[i]);
		if (!found)
			return aws_refuse(err, ERR_FORBIDDEN,
				"InvalidSignatureException",
				"'%s' must be a 'SignedHeader' in the AWS "
				"Authorization.",
				needed[i].p);
	}
	return true;
}

/* "20261121T083000Z", not far from now. */
static bool check_time(struct str time, struct error *err)
{
	char text[CLOCK_TEXT_BYTES];
	int64_t then_ms;
	int64_t away_ms;

	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", time.p,
		time.p + 4, time.p + 6, time.p + 9, time.p + 11, time.p + 13);
	away_ms = clock_parse(str_of(text), &then_ms)
			  ? llabs(clock_unix_ms() - then_ms)
			  : INT64_MAX;
	if (away_ms <= MAX_SKEW_MS)
		return true;
	return aws_refuse(err, ERR_FORBIDDEN, "InvalidSignatureException",
		"Signature expired: %.*s is not within five minutes of now.",
		STR_ARG(time));
}

static void append_canonical(const struct http_request *http, struct str body,
	const struct signature *signature, struct buf *out)
{
	buf_append(out, http->method);
	buf_append_char(out, '\n');
	append_path(http->path, out);
	buf_append_char(out, '\n');
	append_query(str_from(http->target, http->path.n + 1), out);
	buf_append_char(out, '\n');
	append_headers(http, signature->signed_headers, out);
	buf_append_char(out, '\n');
	buf_append(out, signature->signed_headers);
	buf_append_char(out, '\n');
	append_hash(body, out);
}

/* As it came, each segment escaped once more: that is how every service but
 * S3 has it. */
static void append_path(struct str path, struct buf *out)
{
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if (isalnum(c) || memchr("-_.~/", c, 5))
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void append_query(struct str query, struct buf *out)
{
	struct str parameters[MAX_PARAMETERS];
	size_t count = 0;

	while (count < MAX_PARAMETERS &&
		str_next_field(&query, '&', &parameters[count]))
		count++;
	qsort(parameters, count, sizeof(*parameters), compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(out, '&');
		buf_append(out, parameters[i]);
		if (str_index(parameters[i], '=') == parameters[i].n)
			buf_append_char(out, '=');
	}
}

static int compare(const void *a, const void *b)
{
	const struct str *x = a;
	const struct str *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void append_headers(
	const struct http_request *http, struct str names, struct buf *out)
{
	struct str name;

	while (str_next_field(&names, ';', &name)) {
		buf_append(out, name);
		buf_append_char(out, ':');
		append_trimmed(http_find_header(http, name), out);
		buf_append_char(out, '\n');
	}
}

/* Without spaces at its ends, and with one where there are several. */
static void append_trimmed(struct str value, struct buf *out)
{
	value = str_trim(value);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] != ' ' || value.p[i - 1] != ' ')
			buf_append_char(out, value.p[i]);
	}
}

static void append_hash(struct str bytes, struct buf *out)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	digest_sha256(bytes, digest);
	digest_hex(digest, sizeof(digest), hex);
	buf_append(out, str_of(hex));
}

static void signing_key(
	const struct signature *signature, uint8_t out[SHA256_BYTES])
{
	uint8_t key[SHA256_BYTES];

	digest_hmac_sha256(S("AWS4" AWS_SECRET_KEY), signature->date, out);
	memcpy(key, out, sizeof(key));
	digest_hmac_sha256(bytes_of(key), signature->region, out);
	memcpy(key, out, sizeof(key));
	digest_hmac_sha256(bytes_of(key), signature->service, out);
	memcpy(key, out, sizeof(key));
	digest_hmac_sha256(bytes_of(key), S("aws4_request"), out);
}

static struct str bytes_of(const uint8_t digest[SHA256_BYTES])
{
	return (struct str){ (const char *)digest, SHA256_BYTES };
}
