/*
 * recording.c - an answer that is known byte for byte.
 */
#include "recording.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"

#define MAX_FILE_BYTES (64 * 1024 * 1024)
#define MAX_CHUNK_BYTES (64 * 1024 * 1024)
#define MAX_GAP_MS 600000

static size_t sse_bytes(struct str rest);
static size_t message_bytes(struct str rest);
static bool read_number(struct json object, struct str name, int min, int max,
	int *out, struct error *err);
static bool read_headers(struct recording *recording, struct json headers,
	struct arena *arena, struct error *err);
static bool add_header(struct recording *recording, struct str name,
	struct str value, struct error *err);
static bool frames_body(struct str name);
static enum recording_frames frames_of(struct str type);
static bool read_body(struct recording *recording, struct json object,
	struct arena *arena, struct error *err);
static int open_below(
	const char *directory, struct str name, struct error *err);
static bool read_file(int fd, struct buf *out, struct error *err);

void recording_init(struct recording *recording)
{
	*recording = (struct recording){
		.status = 200,
		.headers = BUF_INIT(65536),
		.body = BUF_INIT(MAX_FILE_BYTES),
	};
}

void recording_release(struct recording *recording)
{
	buf_release(&recording->headers);
	buf_release(&recording->body);
}

bool recording_read(struct recording *recording, struct json object,
	struct arena *arena, struct error *err)
{
	if (object.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, "response",
			"A recorded answer must be an object.");
	return read_number(object, S("status"), 200, 599, &recording->status,
		       err) &&
	       read_number(object, S("chunk"), 1, MAX_CHUNK_BYTES,
		       &recording->chunk, err) &&
	       read_number(object, S("gap_ms"), 0, MAX_GAP_MS,
		       &recording->gap_ms, err) &&
	       read_headers(recording, json_find(object, S("headers")), arena,
		       err) &&
	       read_body(recording, object, arena, err);
}

bool recording_load(struct recording *recording, const char *directory,
	struct str name, struct error *err)
{
	struct buf text = BUF_INIT(MAX_FILE_BYTES);
	struct arena arena;
	struct json exchange;
	int fd = open_below(directory, name, err);
	bool ok;

	if (fd < 0)
		return false;
	arena_init(&arena, 4096);
	ok = read_file(fd, &text, err) &&
	     json_check(buf_str(&text), JSON_MAX_DEPTH, &exchange, err) &&
	     recording_read(recording, json_find(exchange, S("response")),
		     &arena, err);
	close(fd);
	arena_release(&arena);
	buf_release(&text);
	return ok;
}

size_t recording_piece(const struct recording *recording, size_t at)
{
	struct str rest = str_from(buf_str(&recording->body), at);

	if (recording->chunk > 0)
		return str_head(rest, (size_t)recording->chunk).n;
	switch (recording->frames) {
	case RECORDING_SSE: return sse_bytes(rest);
	case RECORDING_LINES:
		return str_head(rest, str_index(rest, '\n') + 1).n;
	case RECORDING_EVENTS: return message_bytes(rest);
	case RECORDING_WHOLE: break;
	}
	return rest.n;
}

static size_t sse_bytes(struct str rest)
{
	size_t end = str_find(rest, S("\n\n"));
	size_t crlf = str_find(str_head(rest, end), S("\r\n\r\n"));

	return str_head(rest, crlf < end ? crlf + 4 : end + 2).n;
}

/* Its length is its first four bytes; what makes no sense goes out whole. */
static size_t message_bytes(struct str rest)
{
	size_t n = 0;

	if (rest.n < 4)
		return rest.n;
	for (int i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)rest.p[i];
	return n >= 4 && n < rest.n ? n : rest.n;
}

/* Leaves *out alone when there is no such member. */
static bool read_number(struct json object, struct str name, int min, int max,
	int *out, struct error *err)
{
	struct json value = json_find(object, name);
	int64_t number;

	if (value.type == JSON_TYPE_NONE || value.type == JSON_TYPE_NULL)
		return true;
	if (!json_int(value, &number) || number < min || number > max)
		return error_refuse(err, ERR_BAD_FIELD, name.p,
			"'%s' must be a whole number from %d to %d.", name.p,
			min, max);
	*out = (int)number;
	return true;
}

static bool read_headers(struct recording *recording, struct json headers,
	struct arena *arena, struct error *err)
{
	struct json_cursor members = json_members(headers);
	struct json_member member;
	struct str value;

	if (headers.type == JSON_TYPE_NONE || headers.type == JSON_TYPE_NULL)
		return true;
	if (headers.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, "headers",
			"'headers' must be an object.");
	while (json_next(&members, &member)) {
		if (!json_text(member.value, arena, &value))
			return error_refuse(err, ERR_BAD_FIELD, "headers",
				"The value of a header must be a string.");
		if (!add_header(recording, member.name, value, err))
			return false;
	}
	return true;
}

static bool add_header(struct recording *recording, struct str name,
	struct str value, struct error *err)
{
	struct str texts[] = { name, value };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (str_index(texts[i], '\r') < texts[i].n ||
			str_index(texts[i], '\n') < texts[i].n)
			return error_refuse(err, ERR_BAD_FIELD, "headers",
				"A header must be one line.");
	}
	if (frames_body(name))
		return true;
	if (str_equal_nocase(name, S("content-type")))
		recording->frames = frames_of(value);
	buf_append(&recording->headers, name);
	buf_append(&recording->headers, S(": "));
	buf_append(&recording->headers, value);
	buf_append(&recording->headers, S("\r\n"));
	if (recording->headers.failed)
		return error_refuse(err, ERR_TOO_LARGE, "headers",
			"The headers are too large.");
	return true;
}

static bool frames_body(struct str name)
{
	return str_equal_nocase(name, S("content-length")) ||
	       str_equal_nocase(name, S("transfer-encoding")) ||
	       str_equal_nocase(name, S("connection"));
}

static enum recording_frames frames_of(struct str type)
{
	static const struct {
		struct str type;
		enum recording_frames frames;
	} types[] = {
		{ STR("text/event-stream"), RECORDING_SSE },
		{ STR("application/x-ndjson"), RECORDING_LINES },
		{ STR("application/vnd.amazon.eventstream"), RECORDING_EVENTS },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (str_starts(type, types[i].type))
			return types[i].frames;
	}
	return RECORDING_WHOLE;
}

static bool read_body(struct recording *recording, struct json object,
	struct arena *arena, struct error *err)
{
	struct json plain = json_find(object, S("body"));
	struct json base64 = json_find(object, S("body_base64"));
	struct str text = S("");

	if (plain.type != JSON_TYPE_NONE && !json_text(plain, arena, &text))
		return error_refuse(
			err, ERR_BAD_FIELD, "body", "'body' must be a string.");
	if (base64.type == JSON_TYPE_NONE) {
		buf_append(&recording->body, text);
		return true;
	}
	if (!json_text(base64, arena, &text) ||
		!base64_decode(text, &recording->body))
		return error_refuse(err, ERR_BAD_FIELD, "body_base64",
			"'body_base64' is not base64.");
	return true;
}

static int open_below(const char *directory, struct str name, struct error *err)
{
	char *path = NULL;
	char *root = directory ? realpath(directory, NULL) : NULL;
	char *file = NULL;
	int fd = -1;

	if (root && asprintf(&path, "%s/%.*s", root, STR_ARG(name)) >= 0) {
		file = realpath(path, NULL);
		/* The slash, so that DIR-other is not taken for DIR. */
		if (file && str_starts(str_of(file), str_of(root)) &&
			file[strlen(root)] == '/')
			fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		free(path);
	}
	free(file);
	free(root);
	if (fd < 0)
		error_refuse(err, ERR_NOT_FOUND, "model",
			"There is no recording '%.*s'.",
			STR_ARG(str_head(name, 200)));
	return fd;
}

static bool read_file(int fd, struct buf *out, struct error *err)
{
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return error_refuse(err, ERR_NOT_FOUND, "model",
			"The recording is not a file.");
	while (n > 0) {
		char *room = buf_reserve(out, 65536);

		n = room ? read(fd, room, 65536) : -1;
		if (n > 0)
			buf_advance(out, (size_t)n);
	}
	if (n < 0)
		return error_refuse(err, ERR_TOO_LARGE, "model",
			"The recording cannot be read.");
	return true;
}
