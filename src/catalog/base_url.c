/*
 * base_url.c - reads the URL by hand: a lenient parser would see another host
 * than the one that connects.
 */
#include "catalog/base_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define PARAM "base_url"
#define MODEL "{model}"

struct url_parts {
	struct str scheme;
	struct str host;  /* an IPv6 address without its brackets */
	struct str port;  /* "" when not given */
	struct str path;  /* "" or from its first '/' on */
	struct str query; /* "" or from its '?' on */
	bool is_ipv6;
};

struct network {
	uint32_t address;
	unsigned bits;
};

static void append_with_model(
	struct str text, struct str model, struct buf *out);
static bool check_bytes(struct str text, struct error *err);
static bool check_braces(struct str text, struct error *err);
static bool has_brace(struct str text);
static bool split_url(
	struct str text, struct url_parts *parts, struct error *err);
static bool split_host(
	struct str authority, struct url_parts *parts, struct error *err);
static bool check_host(const struct url_parts *parts, bool allow_private,
	struct arena *arena, struct error *err);
static bool check_host_name(struct str host, struct error *err);
static bool host_is_private(const struct url_parts *parts, const char *host);
static bool name_is_private(struct str name);
static bool ipv4_is_private(uint32_t address);
static bool ipv6_is_private(const struct in6_addr *address);
static struct str lower_case(struct arena *arena, struct str s);

bool base_url_read(struct str text, bool allow_private, struct arena *arena,
	struct str *out, struct error *err)
{
	struct url_parts parts = { .is_ipv6 = false };

	if (!check_bytes(text, err) || !split_url(text, &parts, err))
		return false;
	parts.scheme = lower_case(arena, parts.scheme);
	parts.host = lower_case(arena, parts.host);
	if (!check_host(&parts, allow_private, arena, err))
		return false;
	while (parts.path.n > 0 && parts.path.p[parts.path.n - 1] == '/')
		parts.path.n--;
	if (parts.query.n == 1)
		parts.query.n = 0;
	*out = arena_printf(arena, "%.*s://%s%.*s%s%s%.*s%.*s%.*s",
		STR_ARG(parts.scheme), parts.is_ipv6 ? "[" : "",
		STR_ARG(parts.host), parts.is_ipv6 ? "]" : "",
		parts.port.n ? ":" : "", STR_ARG(parts.port),
		STR_ARG(parts.path), STR_ARG(parts.query));
	return true;
}

void base_url_join(
	struct str base, struct str model, struct str path, struct buf *out)
{
	size_t query = str_index(base, '?');
	bool has_query = str_index(path, '?') < path.n;

	append_with_model(str_head(base, query), model, out);
	buf_append(out, path);
	if (query == base.n)
		return;
	buf_append_char(out, has_query ? '&' : '?');
	append_with_model(str_from(base, query + 1), model, out);
}

static void append_with_model(
	struct str text, struct str model, struct buf *out)
{
	size_t at = str_find(text, S(MODEL));

	buf_append(out, str_head(text, at));
	if (at == text.n)
		return;
	for (size_t i = 0; i < model.n; i++) {
		unsigned char c = (unsigned char)model.p[i];

		if (isalnum(c) || strchr("-_.~", c))
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	buf_append(out, str_from(text, at + sizeof(MODEL) - 1));
}

bool base_url_address_is_private(const struct sockaddr *address)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&ipv4, address, sizeof(ipv4));
		return ipv4_is_private(ntohl(ipv4.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&ipv6, address, sizeof(ipv6));
		return ipv6_is_private(&ipv6.sin6_addr);
	default: return true;
	}
}

static bool check_bytes(struct str text, struct error *err)
{
	if (text.n == 0 || text.n > BASE_URL_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"A base URL has 1 to %d bytes.", BASE_URL_MAX_BYTES);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c >= 0x7f || c == '\\' || c == '"' ||
			c == '<' || c == '>')
			return error_refuse(err, ERR_BAD_FIELD, PARAM,
				"A base URL holds no spaces, quotes, "
				"backslashes or letters outside ASCII.");
	}
	if (str_index(text, '#') < text.n)
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"A base URL has no fragment.");
	return check_braces(text, err);
}

/* A brace is part of one {model}, in the path or the query. */
static bool check_braces(struct str text, struct error *err)
{
	struct str before = str_head(text, str_find(text, S(MODEL)));
	struct str after = str_from(text, before.n + sizeof(MODEL) - 1);

	if (!has_brace(before) && !has_brace(after))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, PARAM,
		"The only braces of a base URL are those of one {model}.");
}

static bool has_brace(struct str text)
{
	return str_index(text, '{') < text.n || str_index(text, '}') < text.n;
}

static bool split_url(
	struct str text, struct url_parts *parts, struct error *err)
{
	struct str after_scheme, authority;
	size_t colon = str_find(text, S("://"));

	parts->scheme = str_head(text, colon);
	if (!str_equal_nocase(parts->scheme, S("http")) &&
		!str_equal_nocase(parts->scheme, S("https")))
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"A base URL begins with https:// or http://.");
	after_scheme = str_from(text, colon + 3);
	parts->query = str_from(after_scheme, str_index(after_scheme, '?'));
	after_scheme = str_head(after_scheme, after_scheme.n - parts->query.n);
	authority = str_head(after_scheme, str_index(after_scheme, '/'));
	parts->path = str_from(after_scheme, authority.n);
	if (str_index(authority, '@') < authority.n)
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"A base URL holds no user or password; give the key "
			"with --key-stdin.");
	return split_host(authority, parts, err);
}

static bool split_host(
	struct str authority, struct url_parts *parts, struct error *err)
{
	struct str rest;
	int64_t port;

	parts->is_ipv6 = str_starts(authority, S("["));
	if (parts->is_ipv6) {
		parts->host = str_from(authority, 1);
		parts->host.n = str_index(parts->host, ']');
		if (parts->host.n + 1 == authority.n)
			parts->host.n = 0; /* it is never closed */
		rest = str_from(authority, parts->host.n + 2);
	} else {
		parts->host = str_head(authority, str_index(authority, ':'));
		rest = str_from(authority, parts->host.n);
	}
	if (parts->host.n == 0)
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"A base URL names a host, an IPv6 address as in "
			"[2001:db8::1].");
	if (rest.n == 0)
		return true;
	parts->port = str_from(rest, 1);
	if (rest.p[0] != ':' || !isdigit((unsigned char)rest.p[rest.n - 1]) ||
		!str_to_int64_in(parts->port, 1, 65535, &port))
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"The port of a base URL is a number from 1 to 65535.");
	return true;
}

static bool check_host(const struct url_parts *parts, bool allow_private,
	struct arena *arena, struct error *err)
{
	const char *host = arena_cstr(arena, parts->host);
	struct in6_addr ipv6;

	if (parts->is_ipv6 && inet_pton(AF_INET6, host, &ipv6) != 1)
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"'%s' is not an IPv6 address.", host);
	if (!parts->is_ipv6 && !check_host_name(parts->host, err))
		return false;
	if (!allow_private && host_is_private(parts, host))
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"'%s' is on this machine or a private network; set "
			"upstream.allow_private = yes to allow that.",
			host);
	return true;
}

/*
 * Letters, digits, '-', '_' and '.'. What inet_aton() takes for an address
 * ("127.1", "0x7f000001", "2130706433") must be written in full.
 */
static bool check_host_name(struct str host, struct error *err)
{
	char text[BASE_URL_MAX_BYTES + 1];
	struct in_addr strict, lenient;

	for (size_t i = 0; i < host.n; i++) {
		if (!isalnum((unsigned char)host.p[i]) &&
			!strchr("-_.", host.p[i]))
			return error_refuse(err, ERR_BAD_FIELD, PARAM,
				"'%.*s' is not a host name.", STR_ARG(host));
	}
	snprintf(text, sizeof(text), "%.*s", STR_ARG(host));
	if (inet_aton(text, &lenient) == 1 &&
		inet_pton(AF_INET, text, &strict) != 1)
		return error_refuse(err, ERR_BAD_FIELD, PARAM,
			"Write the address %s as four decimal numbers.", text);
	return true;
}

static bool host_is_private(const struct url_parts *parts, const char *host)
{
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (parts->is_ipv6)
		return inet_pton(AF_INET6, host, &ipv6) != 1 ||
		       ipv6_is_private(&ipv6);
	if (inet_pton(AF_INET, host, &ipv4) == 1)
		return ipv4_is_private(ntohl(ipv4.s_addr));
	return name_is_private(parts->host);
}

/* RFC 6761, RFC 6762, RFC 8375, and a name without a dot: a local one. */
static bool name_is_private(struct str name)
{
	static const struct str endings[] = { STR(".localhost"), STR(".local"),
		STR(".internal"), STR(".home.arpa"), STR(".lan"),
		STR(".localdomain") };

	while (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		if (str_ends(name, endings[i]))
			return true;
	}
	return str_index(name, '.') == name.n;
}

/* The special-purpose registry of RFC 6890 and its successors. */
static bool ipv4_is_private(uint32_t address)
{
	static const struct network networks[] = {
		{ 0x00000000, 8 },  /* 0.0.0.0: this host */
		{ 0x0a000000, 8 },  /* 10.0.0.0 */
		{ 0x64400000, 10 }, /* 100.64.0.0: carrier's NAT */
		{ 0x7f000000, 8 },  /* 127.0.0.0 */
		{ 0xa9fe0000, 16 }, /* 169.254.0.0: link, cloud metadata */
		{ 0xac100000, 12 }, /* 172.16.0.0 */
		{ 0xc0000000, 24 }, /* 192.0.0.0 */
		{ 0xc0a80000, 16 }, /* 192.168.0.0 */
		{ 0xc6120000, 15 }, /* 198.18.0.0: benchmarks */
		{ 0xe0000000, 3 },  /* 224.0.0.0 on: multicast, reserved */
	};

	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		uint32_t mask = ~UINT32_C(0) << (32 - networks[i].bits);

		if ((address & mask) == networks[i].address)
			return true;
	}
	return false;
}

/* An IPv4 address inside (mapped, 6to4, NAT64) is judged as itself. */
static bool ipv6_is_private(const struct in6_addr *address)
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	const uint8_t *a = address->s6_addr;
	uint32_t first, last, inner;

	memcpy(&first, a, sizeof(first));
	memcpy(&last, a + 12, sizeof(last));
	memcpy(&inner, a + 2, sizeof(inner));
	first = ntohl(first);
	if (IN6_IS_ADDR_V4MAPPED(address) || memcmp(a, nat64, 12) == 0)
		return ipv4_is_private(ntohl(last));
	if (first >> 16 == 0x2002)
		return ipv4_is_private(ntohl(inner));
	/* Only 2000::/3 is given out; of it, 2001::/23 is for protocols. */
	return first >> 29 != 1 || first >> 9 == 0x20010000 >> 9;
}

static struct str lower_case(struct arena *arena, struct str s)
{
	char *copy = arena_cstr(arena, s);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return (struct str){ copy, s.n };
}
