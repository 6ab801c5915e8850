/*
 * failure.c - errors in Cohere's shape: an id and a message. Within a
 * stream its last event, message-end, tells of one.
 */
#include "dialect/cohere/cohere.h"

static void write_message(const struct error *err, char *out, size_t size);

void cohere_write_failure(
	const struct error *err, struct str request_id, struct buf *out)
{
	char message[sizeof(err->message) + sizeof(err->param) + 8];
	struct json_writer w;

	write_message(err, message, sizeof(message));
	json_writer_init(&w, out);
	json_begin_object(&w);
	if (request_id.n > 0)
		json_member_str(&w, "id", request_id);
	json_member_str(&w, "message", str_of(message));
	json_end_object(&w);
}

void cohere_write_stream_failure(const struct error *err, struct str request_id,
	void *writer, struct buf *out)
{
	char message[sizeof(err->message) + sizeof(err->param) + 8];

	write_message(err, message, sizeof(message));
	cohere_write_stream_error(str_of(message), request_id, writer, out);
}

/* The format has no member for the field at fault. */
static void write_message(const struct error *err, char *out, size_t size)
{
	const char *message = error_message(err);

	if (err->param[0] && !strstr(message, err->param))
		snprintf(out, size, "%s: %s", err->param, message);
	else
		snprintf(out, size, "%s", message);
}
