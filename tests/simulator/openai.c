/*
 * openai.c - what OpenAI's routes have in common.
 */
#include "openai.h"

#include "base/json.h"

struct error_row {
	int status;
	const char *type;
	const char *param; /* NULL: null */
	const char *code;  /* NULL: null */
	const char *message;
};

/* Types and codes: https://platform.openai.com/docs/guides/error-codes */
static const struct error_row rows[] = {
	{ 400, "invalid_request_error", "messages", "invalid_value",
		"The value of 'messages' is not valid." },
	{ 401, "invalid_request_error", NULL, "invalid_api_key",
		"Incorrect API key provided." },
	{ 403, "invalid_request_error", NULL,
		"unsupported_country_region_territory",
		"This country, region or territory is not supported." },
	{ 404, "invalid_request_error", "model", "model_not_found",
		"The model does not exist or you do not have access to it." },
	{ 413, "invalid_request_error", NULL, NULL,
		"The request is too large." },
	{ 429, "requests", NULL, "rate_limit_exceeded",
		"Rate limit reached on requests per min (RPM): Limit 500, "
		"Used 500, Requested 1." },
	{ 500, "server_error", NULL, NULL,
		"The server had an error processing this request." },
	{ 503, "server_error", NULL, NULL,
		"That model is overloaded with other requests." },
};

static void append_error(struct buf *out, const struct error_row *row);
static void write_text(
	struct json_writer *w, const char *name, const char *text);

void openai_write_error(struct buf *out, int status)
{
	struct error_row other = {
		.type = status < 500 ? "invalid_request_error" : "server_error",
		.message = "The request failed.",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			other = rows[i];
	}
	append_error(out, &other);
}

void openai_write_refusal(struct buf *out, const struct error *err)
{
	append_error(out, &(struct error_row){
				  .type = "invalid_request_error",
				  .param = err->param[0] ? err->param : NULL,
				  .code = error_name(err->kind),
				  .message = error_message(err),
			  });
}

void openai_write_models(struct buf *out)
{
	static const char *const models[] = {
		"sim-small",
		"sim-large",
		"sim-small?tokens=64,gap_ms=20",
		"sim-small?words=unicode",
		"sim-small?tool=1",
		"sim-small?status=429,retry_after=1",
	};
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "object", S("list"));
	json_name(&w, "data");
	json_begin_array(&w);
	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		json_begin_object(&w);
		json_member_str(&w, "id", str_of(models[i]));
		json_member_str(&w, "object", S("model"));
		json_member_int(&w, "created", 1735689600);
		json_member_str(&w, "owned_by", S("simulator"));
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

static void append_error(struct buf *out, const struct error_row *row)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_name(&w, "error");
	json_begin_object(&w);
	write_text(&w, "message", row->message);
	write_text(&w, "type", row->type);
	write_text(&w, "param", row->param);
	write_text(&w, "code", row->code);
	json_end_object(&w);
	json_end_object(&w);
}

static void write_text(
	struct json_writer *w, const char *name, const char *text)
{
	if (text)
		json_member_str(w, name, str_of(text));
	else
		json_member_null(w, name);
}
