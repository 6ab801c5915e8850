/*
 * openai.c - what OpenAI's routes have in common.
 */
#include "openai.h"

#include "base/json.h"
#include "control.h"
#include "fields.h"
#include "openai_others.h"

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

static void write_head(const struct head_facts *facts, struct buf *out);
static void refuse_model(struct str name, struct error *err);
static void answer_models(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_model(struct str name, void *writer);
static struct error_row row_of(int status);
static void append_error(struct buf *out, const struct error_row *row);
static void write_text(
	struct json_writer *w, const char *name, const char *text);

const struct dialect openai_dialect = {
	.write_head = write_head,
	.write_error = openai_write_error,
	.write_refusal = openai_write_refusal,
	.refuse_model = refuse_model,
};

const struct operation openai_models = {
	.dialect = &openai_dialect,
	.answer = answer_models,
};

bool openai_refuse(struct error *err, const char *code, const char *param,
	const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	error_refuse(err, ERR_BAD_FIELD, param, "%s", message);
	snprintf(err->detail, sizeof(err->detail), "%s", code);
	return false;
}

bool openai_read(struct ask *ask, struct error *err)
{
	return ask_read_object(ask, err) && ask_read_model(ask, err);
}

bool openai_check_names(const struct ask *ask, const struct str *names,
	size_t count, struct error *err)
{
	struct str unknown = fields_unknown(ask->root, names, count);
	char name[64];

	if (unknown.n == 0)
		return true;
	snprintf(name, sizeof(name), "%.*s", STR_ARG(str_head(unknown, 60)));
	return openai_refuse(err, "unknown_parameter", name,
		"Unknown parameter: '%s'.", name);
}

const char *openai_error_message(int status)
{
	return row_of(status).message;
}

void openai_write_error(int status, uint64_t id, struct buf *out)
{
	struct error_row row = row_of(status);

	(void)id;
	append_error(out, &row);
}

void openai_write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	struct error_row row = {
		.type = "invalid_request_error",
		.param = err->param[0] ? err->param : NULL,
		.code = error_name(err->kind),
		.message = error_message(err),
	};

	(void)id;
	if (err->detail[0])
		row.code = err->detail;
	if (str_equal(str_of(row.code), S(OPENAI_NO_CODE)))
		row.code = NULL;
	append_error(out, &row);
}

static void write_head(const struct head_facts *facts, struct buf *out)
{
	buf_append(out, S("X-Request-Id: req_sim"));
	buf_append_int(out, (int64_t)facts->id);
	buf_append(out, S("\r\nOpenai-Version: 2020-10-01\r\n"
			  "Openai-Processing-Ms: "));
	buf_append_int(out, facts->delay_ms);
	buf_append(out, S("\r\n"));
}

static void refuse_model(struct str name, struct error *err)
{
	error_refuse(err, ERR_MODEL_NOT_FOUND, NULL,
		"The model `%.*s` does not exist or you do not have access "
		"to it.",
		STR_ARG(str_head(name, 200)));
}

static void answer_models(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct json_writer w;

	(void)behaviour;
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "object", S("list"));
	json_name(&w, "data");
	json_begin_array(&w);
	control_each_model(ask->control, write_model, &w);
	json_end_array(&w);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

static void write_model(struct str name, void *writer)
{
	struct json_writer *w = writer;

	json_begin_object(w);
	json_member_str(w, "id", name);
	json_member_str(w, "object", S("model"));
	json_member_int(w, "created", 1735689600);
	json_member_str(w, "owned_by", S("simulator"));
	json_end_object(w);
}

static struct error_row row_of(int status)
{
	struct error_row other = {
		.type = status < 500 ? "invalid_request_error" : "server_error",
		.message = "The request failed.",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			return rows[i];
	}
	return other;
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
