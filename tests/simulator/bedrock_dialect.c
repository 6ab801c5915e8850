/*
 * bedrock_dialect.c - Bedrock's keys and errors. The name of an exception is
 * in the head, its message in the body.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/ (Converse)
 */
#include "aws_signature.h"
#include "bedrock.h"

struct error_row {
	int status;
	const char *exception;
	const char *message;
};

static const struct error_row rows[] = {
	{ 400, "ValidationException", "The request is not valid." },
	{ 403, "AccessDeniedException",
		"You don't have access to the model with the specified model "
		"ID." },
	{ 404, "ResourceNotFoundException",
		"The specified resource ARN was not found." },
	{ 408, "ModelTimeoutException",
		"The request took too long to process." },
	{ 424, "ModelErrorException",
		"The request failed due to an error while processing the "
		"model." },
	{ 429, "ThrottlingException",
		"Too many requests, please wait before trying again." },
	{ 500, "InternalServerException",
		"An internal server error occurred. Retry your request." },
	{ 503, "ServiceUnavailableException",
		"The service isn't currently available. Try again later." },
};

static void write_head(const struct head_facts *facts, struct buf *out);
static void write_error(int status, uint64_t id, struct buf *out);
static void write_refusal(
	const struct error *err, uint64_t id, struct buf *out);
static void append_message(struct str message, struct buf *out);
static void refuse_model(struct str name, struct error *err);
static struct error_row row_of(int status);

const struct dialect bedrock_dialect = {
	.write_head = write_head,
	.write_error = write_error,
	.write_refusal = write_refusal,
	.refuse_model = refuse_model,
};

bool bedrock_check_key(const struct ask *ask, struct error *err)
{
	struct str key = http_find_header(ask->http, S("authorization"));

	if (str_starts(key, S("Bearer ")) && key.n > 7)
		return true;
	return aws_signature_check(
		ask->http, ask->body, S("bedrock"), ask->arena, err);
}

static void write_head(const struct head_facts *facts, struct buf *out)
{
	const struct error *refusal = facts->refusal;
	const char *exception = row_of(facts->status).exception;

	if (refusal && refusal->detail[0])
		exception = refusal->detail;
	buf_printf(out, "x-amzn-RequestId: sim%" PRIu64 "\r\n", facts->id);
	if (facts->status >= 400)
		buf_printf(out,
			"x-amzn-ErrorType: %s:http://internal.amazon.com/coral/"
			"com.amazon.bedrock/\r\n",
			exception);
}

static void write_error(int status, uint64_t id, struct buf *out)
{
	(void)id;
	append_message(str_of(row_of(status).message), out);
}

static void write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	(void)id;
	append_message(str_of(error_message(err)), out);
}

static void append_message(struct str message, struct buf *out)
{
	buf_append(out, S("{\"message\":"));
	json_append_quoted(out, message);
	buf_append_char(out, '}');
}

static void refuse_model(struct str name, struct error *err)
{
	(void)name;
	error_refuse(err, ERR_BAD_FIELD, NULL,
		"The provided model identifier is invalid.");
}

static struct error_row row_of(int status)
{
	struct error_row other = {
		.exception = status < 500 ? "ValidationException"
					  : "InternalServerException",
		.message = "The request failed.",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			return rows[i];
	}
	return other;
}
