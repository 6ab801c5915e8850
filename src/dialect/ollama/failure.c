/*
 * failure.c - errors in Ollama's shape, {"error": "text"}: of a stream
 * its last line.
 */
#include "dialect/ollama/ollama.h"

void ollama_write_failure(
	const struct error *err, struct str request_id, struct buf *out)
{
	char text[sizeof(err->message) + sizeof(err->param) + 8];
	const char *message = error_message(err);

	(void)request_id; /* the format has no place for it */
	/* Nor for the field at fault, so the text must tell. */
	if (err->param[0] && !strstr(message, err->param))
		snprintf(text, sizeof(text), "%s: %s", err->param, message);
	else
		snprintf(text, sizeof(text), "%s", message);
	ollama_write_error(str_of(text), out);
}

void ollama_write_stream_failure(const struct error *err, struct str request_id,
	void *writer, struct buf *out)
{
	(void)writer;
	ollama_write_failure(err, request_id, out);
	buf_append_char(out, '\n');
}

void ollama_write_error(struct str message, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "error", message);
	json_end_object(&w);
}
