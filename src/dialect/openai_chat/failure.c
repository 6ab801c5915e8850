/*
 * failure.c - errors in OpenAI's shape.
 */
#include "dialect/openai_chat/openai_chat.h"

static void write_error_object(
	const struct error *err, struct str request_id, struct json_writer *w);
static const char *error_type(int status);

void openai_chat_write_failure(
	const struct error *err, struct str request_id, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	write_error_object(err, request_id, &w);
}

void openai_chat_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out)
{
	struct json_writer w;

	(void)writer;
	buf_append(out, S("data: "));
	json_writer_init(&w, out);
	write_error_object(err, request_id, &w);
	buf_append(out, S("\n\n"));
}

static void write_error_object(
	const struct error *err, struct str request_id, struct json_writer *w)
{
	int status = error_http_status(err);

	json_begin_object(w);
	json_name(w, "error");
	json_begin_object(w);
	json_member_str(w, "message", str_of(error_message(err)));
	json_member_str(w, "type", str_of(error_type(status)));
	if (err->param[0])
		json_member_str(w, "param", str_of(err->param));
	else
		json_member_null(w, "param");
	json_member_str(w, "code", str_of(error_name(err->kind)));
	if (request_id.n > 0)
		json_member_str(w, "request_id", request_id);
	json_end_object(w);
	json_end_object(w);
}

/* OpenAI's types, which its SDKs show to people. */
static const char *error_type(int status)
{
	static const struct {
		int status;
		const char *type;
	} types[] = {
		{ 401, "authentication_error" },
		{ 402, "insufficient_quota" },
		{ 403, "permission_error" },
		{ 429, "rate_limit_error" },
		{ 502, "api_error" }, /* the provider's fault, not ours */
		{ 504, "api_error" },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].status == status)
			return types[i].type;
	return status >= 500 ? "server_error" : "invalid_request_error";
}
