/*
 * fetch.c - reads a file or asks a server.
 */
#include "catalog/fetch.h"

#include "catalog/base_url.h"
#include "catalog/format.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536
#define STATUS_OK 200
#define STATUS_SAME 304

static bool fetch_url(const struct settings *settings, const char *known_etag,
	struct arena *arena, struct catalog_text *out, struct error *err);
static bool read_file(
	struct arena *arena, struct catalog_text *out, struct error *err);
static bool read_all(int file, struct buf *out);
static bool refuse(struct error *err, enum error_kind kind, struct str source,
	const char *why);

bool catalog_source_is_url(struct str source)
{
	return str_starts(source, S("http://")) ||
	       str_starts(source, S("https://"));
}

bool catalog_fetch(const struct settings *settings, struct str source,
	const char *known_etag, struct arena *arena, struct catalog_text *out,
	struct error *err)
{
	bool ok;

	*out = (struct catalog_text){ .source = source };
	buf_init(&out->bytes, CATALOG_MAX_BYTES);
	if (source.n > CATALOG_SOURCE_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "from",
			"The name of a source has at most %d bytes.",
			CATALOG_SOURCE_MAX_BYTES);
	ok = catalog_source_is_url(source)
		     ? fetch_url(settings, known_etag, arena, out, err)
		     : read_file(arena, out, err);
	if (ok)
		digest_sha256(buf_str(&out->bytes), out->sha256);
	return ok;
}

static bool fetch_url(const struct settings *settings, const char *known_etag,
	struct arena *arena, struct catalog_text *out, struct error *err)
{
	bool allow_private = settings->allow_private_upstreams;
	struct str url;
	struct get get = { .etag = known_etag,
		.timeout_ms = settings->catalog_timeout_ms,
		.is_refused =
			allow_private ? NULL : base_url_address_is_private };
	char why[96];
	int status;

	if (!base_url_read(out->source, allow_private, arena, &url, err))
		return false;
	get.url = arena_cstr(arena, url);
	get.ca_file = arena_cstr(arena, settings->catalog_ca_file);
	if (!get_fetch(&get, &status, &out->bytes, out->etag, err))
		return refuse(err, err->kind, out->source, error_detail(err));
	out->is_same = status == STATUS_SAME && known_etag[0];
	if (status == STATUS_OK || out->is_same)
		return true;
	snprintf(why, sizeof(why), "the server answered with status %d%s",
		status,
		status / 100 == 3 ? ", and redirects are not followed" : "");
	return refuse(err, ERR_UPSTREAM_STATUS, out->source, why);
}

static bool read_file(
	struct arena *arena, struct catalog_text *out, struct error *err)
{
	int file = open(arena_cstr(arena, out->source), O_RDONLY | O_CLOEXEC);
	bool ok;

	if (file < 0)
		return refuse(err, ERR_IO, out->source, strerror(errno));
	ok = read_all(file, &out->bytes);
	close(file);
	if (ok)
		return true;
	if (!out->bytes.failed)
		return refuse(err, ERR_IO, out->source, strerror(errno));
	return refuse(err, ERR_TOO_LARGE, out->source,
		"it has more bytes than a catalogue may have");
}

static bool read_all(int file, struct buf *out)
{
	ssize_t n = 1;

	while (n > 0) {
		size_t room = out->max - out->n;
		char *p = buf_reserve(
			out, room && room < READ_BYTES ? room : READ_BYTES);

		if (!p)
			return false;
		n = read(file, p, room < READ_BYTES ? room : READ_BYTES);
		if (n > 0)
			buf_advance(out, (size_t)n);
	}
	return n == 0;
}

static bool refuse(struct error *err, enum error_kind kind, struct str source,
	const char *why)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", why);
	return error_refuse(err, kind, "from", "%.*s was not read: %s.",
		STR_ARG(source), copy);
}
