/*
 * aws_sign.c - AWS Signature Version 4: a canonical form of the request is
 * digested, and the digest signed with a key made of the secret, the day, the
 * region and the service.
 */
#include "crypto/aws_sign.h"

#include "base/buf.h"
#include "crypto/digest.h"

#include <openssl/crypto.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SERVICE_HOST "bedrock-runtime"

/* Longest parts of a key: AWS says 128 and 40, and of tokens that they may
 * grow. */
#define MAX_ID_BYTES 128
#define MAX_SECRET_BYTES 128

/* The most parameters of a query. */
#define MAX_PARAMETERS 64

/* "20150830T123600Z"; its first eight are the day. */
#define TIME_BYTES 17
#define DAY_BYTES 8

struct url {
	struct str host; /* with its port, unless it is the usual one */
	struct str path;
	struct str query;
};

/* A parameter of the query, encoded. */
struct parameter {
	struct str name;
	struct str value;
};

struct signer {
	const struct aws_request *request;
	const struct aws_credentials *credentials;
	struct arena *arena;
	struct url url;
	char time[TIME_BYTES];
	struct str scope; /* "20150830/us-east-1/bedrock/aws4_request" */
	struct str signed_headers; /* "host;x-amz-date" */
};

static bool refuse_key(struct error *err, const char *why);
static bool has_only(struct str text, const char *others);

static bool split_url(struct str text, struct url *out);
static struct str without_usual_port(struct str host, bool is_https);
static void format_time(int64_t unix_s, char out[TIME_BYTES]);
static struct str canonical_request(const struct signer *s);
static void append_encoded(
	struct str text, const char *others, struct buf *out);
static void append_query(const struct signer *s, struct buf *out);
static struct parameter read_parameter(struct str text, struct arena *arena);
static struct str encode_again(struct str text, struct arena *arena);
static int compare_parameters(const void *a, const void *b);
static void append_body_digest(
	const struct aws_request *request, struct buf *out);
static void sign(const struct signer *s, struct str canonical,
	char out[SHA256_HEX_BYTES]);
static void make_key(const struct signer *s, uint8_t key[SHA256_BYTES]);
static void add_lines(const struct signer *s, const char *signature,
	struct aws_signature *out);

bool aws_credentials_read(
	struct str text, struct aws_credentials *out, struct error *err)
{
	struct str rest = str_trim(text);

	*out = (struct aws_credentials){ .session_token = S("") };
	out->access_key_id = str_head(rest, str_index(rest, ':'));
	rest = str_from(rest, out->access_key_id.n);
	if (rest.n == 0)
		return refuse_key(err, "has no ':' behind the access key ID");
	rest = str_from(rest, 1);
	out->secret = str_head(rest, str_index(rest, ':'));
	rest = str_from(rest, out->secret.n);
	if (rest.n > 0)
		out->session_token = str_from(rest, 1);
	if (out->access_key_id.n == 0 || out->access_key_id.n > MAX_ID_BYTES ||
		!has_only(out->access_key_id, "_"))
		return refuse_key(err, "has an access key ID that is not of "
				       "letters and digits");
	if (out->secret.n == 0 || out->secret.n > MAX_SECRET_BYTES ||
		!has_only(out->secret, "/+="))
		return refuse_key(err, "has a secret that is empty or has "
				       "other characters than AWS's");
	if (rest.n == 1 || !has_only(out->session_token, "/+=-_."))
		return refuse_key(err, "has a session token that is empty or "
				       "has other characters than AWS's");
	return true;
}

static bool refuse_key(struct error *err, const char *why)
{
	return error_refuse(err, ERR_BAD_FIELD, "key",
		"The key %s: for AWS it is "
		"ACCESS_KEY_ID:SECRET or ACCESS_KEY_ID:SECRET:SESSION_TOKEN.",
		why);
}

/* Letters, digits and some others. */
static bool has_only(struct str text, const char *others)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == 0 || c >= 0x80 || (!isalnum(c) && !strchr(others, c)))
			return false;
	}
	return true;
}

bool aws_region_of(struct str url, struct str *region)
{
	struct str rest = url;
	struct str label;
	struct url parts;

	if (split_url(url, &parts))
		rest = parts.host;
	while (str_next_field(&rest, '.', &label))
		if (str_starts(label, S(SERVICE_HOST)))
			return str_next_field(&rest, '.', region) &&
			       region->n > 0;
	return false;
}

bool aws_sign(const struct aws_request *request,
	const struct aws_credentials *credentials, struct arena *arena,
	struct aws_signature *out, struct error *err)
{
	struct signer s = { .request = request,
		.credentials = credentials,
		.arena = arena,
		.signed_headers = S("host;x-amz-date") };
	char signature[SHA256_HEX_BYTES];

	if (!split_url(request->url, &s.url))
		return error_set(err, ERR_CONFIG,
			"a request to AWS cannot be signed: its address is "
			"not a URL");
	if (credentials->session_token.n > 0)
		s.signed_headers = S("host;x-amz-date;x-amz-security-token");
	format_time(request->unix_s, s.time);
	s.scope = arena_printf(arena, "%.*s/%.*s/%.*s/aws4_request", DAY_BYTES,
		s.time, STR_ARG(request->region), STR_ARG(request->service));
	sign(&s, canonical_request(&s), signature);
	add_lines(&s, signature, out);
	return true;
}

static bool split_url(struct str text, struct url *out)
{
	bool is_https = str_starts(text, S("https://"));
	struct str rest = str_from(text, is_https ? 8 : 7);
	size_t end = 0;

	if (!is_https && !str_starts(text, S("http://")))
		return false;
	while (end < rest.n && !strchr("/?#", rest.p[end]))
		end++;
	out->host = without_usual_port(str_head(rest, end), is_https);
	rest = str_from(rest, end);
	rest = str_head(rest, str_index(rest, '#'));
	out->path = str_head(rest, str_index(rest, '?'));
	out->query = str_from(rest, out->path.n + 1);
	if (out->path.n == 0)
		out->path = S("/");
	return out->host.n > 0;
}

static struct str without_usual_port(struct str host, bool is_https)
{
	struct str port = is_https ? S(":443") : S(":80");

	return str_ends(host, port) ? str_head(host, host.n - port.n) : host;
}

static void format_time(int64_t unix_s, char out[TIME_BYTES])
{
	time_t seconds = (time_t)unix_s;
	struct tm utc;
	size_t n;

	if (!gmtime_r(&seconds, &utc))
		utc = (struct tm){ .tm_mday = 1, .tm_year = 70 };
	n = strftime(out, TIME_BYTES, "%Y%m%dT%H%M%SZ", &utc);
	assert(n == TIME_BYTES - 1);
}

/* Method, path, query, headers, their names and the body's digest, a line
 * each. */
static struct str canonical_request(const struct signer *s)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	struct str made;

	buf_append(&text, s->request->method);
	buf_append_char(&text, '\n');
	/* Encoded a second time: all services but S3 want it so. */
	append_encoded(s->url.path, "/", &text);
	buf_append_char(&text, '\n');
	append_query(s, &text);
	buf_append(&text, S("\nhost:"));
	for (size_t i = 0; i < s->url.host.n; i++)
		buf_append_char(
			&text, (char)tolower((unsigned char)s->url.host.p[i]));
	buf_printf(&text, "\nx-amz-date:%s\n", s->time);
	if (s->credentials->session_token.n > 0)
		buf_printf(&text, "x-amz-security-token:%.*s\n",
			STR_ARG(s->credentials->session_token));
	buf_append_char(&text, '\n');
	buf_append(&text, s->signed_headers);
	buf_append_char(&text, '\n');
	append_body_digest(s->request, &text);
	assert(!text.failed);
	made = arena_copy(s->arena, buf_str(&text));
	buf_release(&text);
	return made;
}

/* All but letters, digits, "-._~" and `others` as %XX. */
static void append_encoded(struct str text, const char *others, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		struct str c = str_head(str_from(text, i), 1);

		if (has_only(c, "-._~") || (*c.p && strchr(others, *c.p)))
			buf_append(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)*c.p);
	}
}

/* By name, then by value. */
static void append_query(const struct signer *s, struct buf *out)
{
	struct parameter parameters[MAX_PARAMETERS] = { { .name.n = 0 } };
	struct str rest = s->url.query;
	struct str field;
	size_t count = 0;

	while (count < MAX_PARAMETERS && str_next_field(&rest, '&', &field))
		if (field.n > 0)
			parameters[count++] = read_parameter(field, s->arena);
	qsort(parameters, count, sizeof(parameters[0]), compare_parameters);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(out, '&');
		buf_append(out, parameters[i].name);
		buf_append_char(out, '=');
		buf_append(out, parameters[i].value);
	}
}

static struct parameter read_parameter(struct str text, struct arena *arena)
{
	struct str name = str_head(text, str_index(text, '='));

	return (struct parameter){ encode_again(name, arena),
		encode_again(str_from(text, name.n + 1), arena) };
}

/* What is encoded already stays so, in capital letters. */
static struct str encode_again(struct str text, struct arena *arena)
{
	struct buf plain = BUF_INIT(text.n + 1);
	struct buf encoded = BUF_INIT(3 * text.n + 1);
	struct str made;

	for (size_t i = 0; i < text.n; i++) {
		struct str digits = str_head(str_from(text, i + 1), 2);
		char byte = text.p[i];

		if (byte == '%' && digest_unhex(digits, &byte, 1))
			i += 2;
		buf_append_char(&plain, byte);
	}
	append_encoded(buf_str(&plain), "", &encoded);
	made = arena_copy(arena, buf_str(&encoded));
	buf_release(&plain);
	buf_release(&encoded);
	return made;
}

static int compare_parameters(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	int names = str_compare(x->name, y->name);

	return names ? names : str_compare(x->value, y->value);
}

static void append_body_digest(
	const struct aws_request *request, struct buf *out)
{
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	digest_sha256_parts(request->body, request->body_count, digest);
	digest_hex(digest, sizeof(digest), hex);
	buf_append(out, str_of(hex));
}

static void sign(const struct signer *s, struct str canonical,
	char out[SHA256_HEX_BYTES])
{
	uint8_t digest[SHA256_BYTES], key[SHA256_BYTES];
	struct str text;

	digest_sha256(canonical, digest);
	digest_hex(digest, sizeof(digest), out);
	text = arena_printf(s->arena, ALGORITHM "\n%s\n%.*s\n%s", s->time,
		STR_ARG(s->scope), out);
	make_key(s, key);
	digest_hmac_sha256(
		(struct str){ (const char *)key, sizeof(key) }, text, digest);
	OPENSSL_cleanse(key, sizeof(key));
	digest_hex(digest, sizeof(digest), out);
}

/* Of the secret: the day's key, of that the region's, and so on. */
static void make_key(const struct signer *s, uint8_t key[SHA256_BYTES])
{
	const struct str steps[] = { { s->time, DAY_BYTES }, s->request->region,
		s->request->service, S("aws4_request") };
	char first[4 + MAX_SECRET_BYTES];
	struct str secret = s->credentials->secret;
	struct str last = { first, 4 + secret.n };

	assert(secret.n <= MAX_SECRET_BYTES);
	memcpy(first, "AWS4", 4);
	memcpy(first + 4, secret.p, secret.n);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		uint8_t next[SHA256_BYTES];

		digest_hmac_sha256(last, steps[i], next);
		memcpy(key, next, sizeof(next));
		OPENSSL_cleanse(next, sizeof(next));
		last = (struct str){ (const char *)key, SHA256_BYTES };
	}
	OPENSSL_cleanse(first, sizeof(first));
}

static void add_lines(const struct signer *s, const char *signature,
	struct aws_signature *out)
{
	struct str token = s->credentials->session_token;

	out->count = 0;
	out->lines[out->count++] =
		arena_printf(s->arena, "x-amz-date: %s", s->time);
	if (token.n > 0)
		out->lines[out->count++] = arena_printf(
			s->arena, "x-amz-security-token: %.*s", STR_ARG(token));
	out->lines[out->count++] = arena_printf(s->arena,
		"Authorization: " ALGORITHM
		" Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%s",
		STR_ARG(s->credentials->access_key_id), STR_ARG(s->scope),
		STR_ARG(s->signed_headers), signature);
}
