/*
 * http.c - HTTP/1.1 as bytes. The one hard thing: a chunked body arrives cut
 * anywhere, so the decoder keeps its place and never looks past the bytes it
 * was given.
 */
#include "http.h"

#define MAX_CHUNK_LINE 1024

static bool parse_request_line(
	struct str line, struct http_request *out, struct error *err);
static bool parse_hex(struct str text, uint64_t *out);
static bool parse_header(
	struct str line, struct http_request *out, struct error *err);
static bool note_header(
	struct http_header header, struct http_request *out, struct error *err);
static bool note_length(
	struct str value, struct http_request *out, struct error *err);
static struct str next_line(struct str *rest);
static bool read_line(
	struct http_chunks *chunks, const char *p, size_t n, struct str *line);
static enum http_progress begin_chunk(
	struct http_chunks *chunks, struct str line);
static void move_data(struct http_chunks *chunks, char *p, size_t n);

size_t http_head_bytes(struct str in)
{
	const char *end;

	if (in.n == 0)
		return 0;
	end = memmem(in.p, in.n, "\r\n\r\n", 4);
	return end ? (size_t)(end - in.p) + 4 : 0;
}

bool http_parse_head(
	struct str head, struct http_request *out, struct error *err)
{
	struct str rest = head;
	struct str line = next_line(&rest);

	out->header_count = 0;
	out->body_bytes = 0;
	out->chunked = false;
	out->expects_continue = false;
	if (!parse_request_line(line, out, err))
		return false;
	for (line = next_line(&rest); line.n > 0; line = next_line(&rest)) {
		if (!parse_header(line, out, err))
			return false;
	}
	return true;
}

struct str http_find_header(const struct http_request *request, struct str name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (str_equal_nocase(request->headers[i].name, name))
			return request->headers[i].value;
	}
	return (struct str){ NULL, 0 };
}

struct str http_find_query(const struct http_request *request, struct str name,
	struct arena *arena)
{
	struct str query = str_from(request->target, request->path.n + 1);
	struct str field;

	while (str_next_field(&query, '&', &field)) {
		size_t equals = str_index(field, '=');

		if (str_equal(str_head(field, equals), name))
			return http_unescape(
				str_from(field, equals + 1), arena);
	}
	return S("");
}

struct str http_unescape(struct str text, struct arena *arena)
{
	char *out;
	size_t n = 0;
	uint64_t value;

	if (str_index(text, '%') == text.n)
		return text;
	out = arena_alloc(arena, text.n);
	for (size_t i = 0; i < text.n; i++) {
		struct str digits = str_head(str_from(text, i + 1), 2);

		out[n] = text.p[i];
		if (text.p[i] == '%' && digits.n == 2 &&
			parse_hex(digits, &value)) {
			out[n] = (char)value;
			i += 2;
		}
		n++;
	}
	return (struct str){ out, n };
}

void http_chunks_init(struct http_chunks *chunks, size_t head_bytes)
{
	*chunks = (struct http_chunks){
		.read_at = head_bytes,
		.write_at = head_bytes,
	};
}

enum http_progress http_chunks_decode(
	struct http_chunks *chunks, char *p, size_t n)
{
	struct str line;
	enum http_progress progress = HTTP_MORE;

	while (progress == HTTP_MORE && chunks->read_at < n) {
		if (chunks->state == CHUNK_DATA) {
			move_data(chunks, p, n);
			continue;
		}
		if (!read_line(chunks, p, n, &line))
			return n - chunks->read_at > MAX_CHUNK_LINE
				       ? HTTP_BROKEN
				       : HTTP_MORE;
		if (chunks->state == CHUNK_SIZE)
			progress = begin_chunk(chunks, line);
		else if (chunks->state == CHUNK_TRAILER)
			progress = line.n ? HTTP_MORE : HTTP_COMPLETE;
		else if (line.n)
			progress = HTTP_BROKEN;
		else
			chunks->state = CHUNK_SIZE;
	}
	return progress;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 402, "Payment Required" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Unknown";
}

void http_append_status(struct buf *out, int status)
{
	buf_append(out, S("HTTP/1.1 "));
	buf_append_int(out, status);
	buf_append_char(out, ' ');
	buf_append(out, str_of(http_reason(status)));
	buf_append(out, S("\r\n"));
}

void http_append_hex(struct buf *out, uint64_t value)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	buf_append(out, (struct str){ digits + at, sizeof(digits) - at });
}

void http_append_chunk(struct buf *out, struct str bytes)
{
	/* A chunk of no bytes would end the body. */
	if (bytes.n == 0)
		return;
	http_append_hex(out, bytes.n);
	buf_append(out, S("\r\n"));
	buf_append(out, bytes);
	buf_append(out, S("\r\n"));
}

void http_append_last_chunk(struct buf *out)
{
	buf_append(out, S("0\r\n\r\n"));
}

static bool parse_request_line(
	struct str line, struct http_request *out, struct error *err)
{
	struct str version;

	if (!str_next_field(&line, ' ', &out->method) ||
		!str_next_field(&line, ' ', &out->target) ||
		!str_next_field(&line, ' ', &version) || line.n > 0 ||
		!str_starts(version, S("HTTP/1.")) || version.n != 8)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"The request line is not HTTP/1.1.");
	out->path = str_head(out->target, str_index(out->target, '?'));
	out->may_chunk = version.p[7] != '0';
	out->keep_alive = out->may_chunk;
	return true;
}

static bool parse_header(
	struct str line, struct http_request *out, struct error *err)
{
	size_t colon = str_index(line, ':');
	struct http_header header = {
		.name = str_head(line, colon),
		.value = str_trim(str_from(line, colon + 1)),
	};

	if (colon == 0 || colon == line.n)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"A header line has no name or no colon.");
	if (out->header_count == HTTP_MAX_HEADERS)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"There are more than %d headers.", HTTP_MAX_HEADERS);
	out->headers[out->header_count++] = header;
	return note_header(header, out, err);
}

static bool note_header(
	struct http_header header, struct http_request *out, struct error *err)
{
	if (str_equal_nocase(header.name, S("content-length")))
		return note_length(header.value, out, err);
	if (str_equal_nocase(header.name, S("connection")))
		out->keep_alive =
			str_equal_nocase(header.value, S("keep-alive")) ||
			(out->keep_alive &&
				!str_equal_nocase(header.value, S("close")));
	else if (str_equal_nocase(header.name, S("expect")))
		out->expects_continue =
			str_equal_nocase(header.value, S("100-continue"));
	else if (!str_equal_nocase(header.name, S("transfer-encoding")))
		return true;
	else if (str_equal_nocase(header.value, S("chunked")))
		out->chunked = true;
	else
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"The only transfer coding known here is chunked.");
	return true;
}

static bool note_length(
	struct str value, struct http_request *out, struct error *err)
{
	if (!str_to_int64_in(value, 0, INT64_MAX, &out->body_bytes))
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"Content-Length is not a number.");
	if (out->body_bytes > HTTP_MAX_BODY_BYTES)
		return error_refuse(err, ERR_TOO_LARGE, NULL,
			"The body is larger than %d bytes.",
			HTTP_MAX_BODY_BYTES);
	return true;
}

static struct str next_line(struct str *rest)
{
	size_t end = str_index(*rest, '\n');
	struct str line = str_head(*rest, end);

	*rest = str_from(*rest, end + 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool read_line(
	struct http_chunks *chunks, const char *p, size_t n, struct str *line)
{
	struct str rest = { p + chunks->read_at, n - chunks->read_at };

	if (str_index(rest, '\n') == rest.n)
		return false;
	*line = next_line(&rest);
	chunks->read_at = n - rest.n;
	return true;
}

static enum http_progress begin_chunk(
	struct http_chunks *chunks, struct str line)
{
	struct str size = str_trim(str_head(line, str_index(line, ';')));

	if (!parse_hex(size, &chunks->left))
		return HTTP_BROKEN;
	chunks->state = chunks->left ? CHUNK_DATA : CHUNK_TRAILER;
	return HTTP_MORE;
}

static bool parse_hex(struct str text, uint64_t *out)
{
	*out = 0;
	if (text.n == 0 || text.n > 16)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int c = tolower((unsigned char)text.p[i]);

		if (!isxdigit(c))
			return false;
		*out = *out << 4 |
		       (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static void move_data(struct http_chunks *chunks, char *p, size_t n)
{
	size_t here = n - chunks->read_at;

	if (here > chunks->left)
		here = (size_t)chunks->left;
	memmove(p + chunks->write_at, p + chunks->read_at, here);
	chunks->read_at += here;
	chunks->write_at += here;
	chunks->left -= here;
	if (chunks->left == 0)
		chunks->state = CHUNK_END;
}
