/*
 * cohere_dialect.c - what all of Cohere's routes have in common: keys and
 * errors. https://docs.cohere.com/reference/errors
 */
#include "cohere.h"

static void write_head(const struct head_facts *facts, struct buf *out);
static void write_error(int status, uint64_t id, struct buf *out);
static void write_refusal(
	const struct error *err, uint64_t id, struct buf *out);
static void append_error(struct str message, uint64_t id, struct buf *out);
static void refuse_model(struct str name, struct error *err);

const struct dialect cohere_dialect = {
	.write_head = write_head,
	.write_error = write_error,
	.write_refusal = write_refusal,
	.refuse_model = refuse_model,
};

bool cohere_read(struct ask *ask, struct error *err)
{
	struct str key = http_find_header(ask->http, S("authorization"));

	if (!str_equal_nocase(str_head(key, 7), S("Bearer ")) || key.n == 7)
		return error_refuse(
			err, ERR_KEY_MISSING, NULL, "no api key supplied");
	return ask_read_object(ask, err) && ask_read_model(ask, err);
}

static void write_head(const struct head_facts *facts, struct buf *out)
{
	buf_printf(out, "x-debug-trace-id: sim%" PRIu64 "\r\n", facts->id);
}

static void write_error(int status, uint64_t id, struct buf *out)
{
	static const struct {
		int status;
		struct str message;
	} rows[] = {
		{ 400, STR("invalid request") },
		{ 401, STR("invalid api token") },
		{ 402, STR("You have reached your billing limit.") },
		{ 404, STR("model not found, make sure the correct model ID "
			   "was used and that you have access to the model.") },
		{ 422, STR("unprocessable entity") },
		{ 429, STR("You are using a Trial key, which is limited to 40 "
			   "API calls / minute.") },
		{ 498, STR("invalid token") },
		{ 499, STR("request cancelled") },
		{ 500, STR("internal server error") },
		{ 503, STR("service unavailable") },
		{ 504, STR("gateway timeout") },
	};
	struct str message = S("the request failed");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			message = rows[i].message;
	}
	append_error(message, id, out);
}

static void write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	append_error(str_of(error_message(err)), id, out);
}

static void append_error(struct str message, uint64_t id, struct buf *out)
{
	buf_printf(out, "{\"id\":\"sim%" PRIu64 "\",\"message\":", id);
	json_append_quoted(out, message);
	buf_append_char(out, '}');
}

static void refuse_model(struct str name, struct error *err)
{
	error_refuse(err, ERR_MODEL_NOT_FOUND, NULL,
		"model '%.*s' not found, make sure the correct model ID was "
		"used and that you have access to the model.",
		STR_ARG(str_head(name, 200)));
}
