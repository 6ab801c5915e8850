/*
 * failure.c - errors in Anthropic's shape:
 * https://platform.claude.com/docs/en/api/errors
 */
#include "dialect/anthropic/anthropic.h"

/* Which type goes with which status. Of a status with several types the first
 * is written; of a type, the status is what it means inside a 200 answer. */
static const struct {
	int status;
	const char *type;
} types[] = {
	{ 400, "invalid_request_error" },
	{ 401, "authentication_error" },
	{ 402, "billing_error" },
	{ 403, "permission_error" },
	{ 404, "not_found_error" },
	{ 413, "request_too_large" },
	{ 429, "rate_limit_error" },
	{ 500, "api_error" },
	{ 503, "overloaded_error" },
	{ 504, "timeout_error" },
	{ 529, "overloaded_error" },
};

static void write_error_object(
	const struct error *err, struct str request_id, struct json_writer *w);
static void write_message(const struct error *err, struct json_writer *w);
static const char *type_of_status(int status);

void anthropic_write_failure(
	const struct error *err, struct str request_id, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	write_error_object(err, request_id, &w);
}

/* It may stand anywhere in a stream, also before message_start. */
void anthropic_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out)
{
	(void)writer;
	buf_append(out, S("event: error\ndata: "));
	anthropic_write_failure(err, request_id, out);
	buf_append(out, S("\n\n"));
}

static void write_error_object(
	const struct error *err, struct str request_id, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "type", S("error"));
	json_name(w, "error");
	json_begin_object(w);
	json_member_str(
		w, "type", str_of(type_of_status(error_http_status(err))));
	write_message(err, w);
	json_end_object(w);
	if (request_id.n > 0)
		json_member_str(w, "request_id", request_id);
	json_end_object(w);
}

/* The format has no member for the field at fault; it stands in front, as
 * Anthropic does it, unless the message tells it. */
static void write_message(const struct error *err, struct json_writer *w)
{
	struct str message = str_of(error_message(err));
	struct str param = str_of(err->param);
	struct buf text = BUF_INIT(sizeof(err->message) + sizeof(err->param));

	if (param.n > 0 && str_find(message, param) == message.n) {
		buf_append(&text, param);
		buf_append(&text, S(": "));
	}
	buf_append(&text, message);
	json_member_str(w, "message", buf_str(&text));
	buf_release(&text);
}

static const char *type_of_status(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].status == status)
			return types[i].type;
	return status >= 500 ? "api_error" : "invalid_request_error";
}

bool anthropic_is_failure(struct json root)
{
	struct json error = json_find(root, S("error"));

	return json_text_is(json_find(root, S("type")), S("error")) ||
	       error.type == JSON_TYPE_OBJECT || error.type == JSON_TYPE_STRING;
}
