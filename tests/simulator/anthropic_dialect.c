/*
 * anthropic_dialect.c - what all of Anthropic's routes have in common: the
 * headers they ask for, heads, errors and the list of models.
 */
#include "anthropic.h"
#include "control.h"

static bool read_models(struct ask *ask, struct error *err);
static void answer_models(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_model(struct str name, void *writer);
static void write_head(const struct head_facts *facts, struct buf *out);
static void write_error(int status, uint64_t id, struct buf *out);
static void write_refusal(
	const struct error *err, uint64_t id, struct buf *out);
static void append_error(
	const char *type, struct str message, uint64_t id, struct buf *out);
static void refuse_model(struct str name, struct error *err);

struct error_row {
	int status;
	const char *type;
	const char *message;
};

/* https://docs.claude.com/en/api/errors */
static const struct error_row rows[] = {
	{ 400, "invalid_request_error", "The request is not valid." },
	{ 401, "authentication_error", "invalid x-api-key" },
	{ 402, "billing_error",
		"Your credit balance is too low to access the Anthropic API." },
	{ 403, "permission_error",
		"Your API key does not have permission to use the specified "
		"resource." },
	{ 404, "not_found_error", "Not Found" },
	{ 413, "request_too_large", "Request exceeds the maximum size" },
	{ 429, "rate_limit_error",
		"This request would exceed your organization's rate limit." },
	{ 500, "api_error", "Internal server error" },
	{ 504, "timeout_error", "The request timed out." },
	{ 529, "overloaded_error", "Overloaded" },
};

const struct dialect anthropic_dialect = {
	.write_head = write_head,
	.write_error = write_error,
	.write_refusal = write_refusal,
	.refuse_model = refuse_model,
};

const struct operation anthropic_models = {
	.dialect = &anthropic_dialect,
	.read = read_models,
	.answer = answer_models,
};

bool anthropic_read_head(const struct ask *ask, struct error *err)
{
	/* Newer clients send the same key as a bearer's. */
	if (http_find_header(ask->http, S("x-api-key")).n == 0 &&
		!str_starts(http_find_header(ask->http, S("authorization")),
			S("Bearer ")))
		return error_refuse(err, ERR_KEY_MISSING, NULL,
			"x-api-key header is required");
	if (http_find_header(ask->http, S("anthropic-version")).n == 0)
		return error_refuse(err, ERR_MISSING_FIELD, NULL,
			"anthropic-version: header is required");
	return true;
}

static bool read_models(struct ask *ask, struct error *err)
{
	return anthropic_read_head(ask, err);
}

static void answer_models(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct json_writer w;

	(void)behaviour;
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_name(&w, "data");
	json_begin_array(&w);
	control_each_model(ask->control, write_model, &w);
	json_end_array(&w);
	json_member_bool(&w, "has_more", false);
	json_end_object(&w);
}

static void write_model(struct str name, void *writer)
{
	struct json_writer *w = writer;

	json_begin_object(w);
	json_member_str(w, "type", S("model"));
	json_member_str(w, "id", name);
	json_member_str(w, "display_name", name);
	json_member_str(w, "created_at", S("2025-01-01T00:00:00Z"));
	json_end_object(w);
}

static void write_head(const struct head_facts *facts, struct buf *out)
{
	buf_printf(out, "request-id: req_sim%" PRIu64 "\r\n", facts->id);
}

static void write_error(int status, uint64_t id, struct buf *out)
{
	struct error_row row = { .type = "api_error",
		.message = "Internal server error" };

	if (status < 500)
		row = rows[0];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			row = rows[i];
	}
	append_error(row.type, str_of(row.message), id, out);
}

static void write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	const char *type = rows[0].type;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == error_http_status(err))
			type = rows[i].type;
	}
	append_error(type, str_of(error_message(err)), id, out);
}

static void append_error(
	const char *type, struct str message, uint64_t id, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "type", S("error"));
	json_name(&w, "error");
	json_begin_object(&w);
	json_member_str(&w, "type", str_of(type));
	json_member_str(&w, "message", message);
	json_end_object(&w);
	buf_printf(out, ",\"request_id\":\"req_sim%" PRIu64 "\"", id);
	json_end_object(&w);
}

static void refuse_model(struct str name, struct error *err)
{
	error_refuse(err, ERR_MODEL_NOT_FOUND, NULL, "model: %.*s",
		STR_ARG(str_head(name, 200)));
}
