/*
 * failure.c - errors in AWS's shape: a message, and an exception's
 * name as the type.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/frames_aws.h"

static void write_message(const struct error *err, struct json_writer *w);

/* The first name of a status is the one that is written. In a stream a name
 * begins with a small letter. */
static const struct {
	int status;
	struct str name;
} exceptions[] = {
	{ 400, STR("ValidationException") },
	{ 400, STR("ServiceQuotaExceededException") },
	{ 403, STR("AccessDeniedException") },
	{ 404, STR("ResourceNotFoundException") },
	{ 408, STR("ModelTimeoutException") },
	{ 424, STR("ModelErrorException") },
	{ 424, STR("ModelStreamErrorException") },
	{ 429, STR("ThrottlingException") },
	{ 429, STR("ModelNotReadyException") },
	{ 500, STR("InternalServerException") },
	{ 503, STR("ServiceUnavailableException") },
};

struct str bedrock_exception_of(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
		if (exceptions[i].status == status)
			return exceptions[i].name;
	if (status == 401)
		return S("AccessDeniedException");
	return status < 500 ? S("ValidationException")
			    : S("InternalServerException");
}

int bedrock_status_of(struct str exception)
{
	for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
		if (str_equal_nocase(exceptions[i].name, exception))
			return exceptions[i].status;
	return 500;
}

void bedrock_write_failure(
	const struct error *err, struct str request_id, struct buf *out)
{
	struct str name = bedrock_exception_of(error_http_status(err));
	struct json_writer w;

	(void)request_id; /* AWS has it in a header */
	json_writer_init(&w, out);
	json_begin_object(&w);
	write_message(err, &w);
	json_member_str(&w, "__type", name);
	json_end_object(&w);
}

/* Of the exceptions a stream may have, the one that says most. */
void bedrock_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out)
{
	static const struct {
		int status;
		struct str name;
	} names[] = {
		{ 400, STR("validationException") },
		{ 424, STR("modelStreamErrorException") },
		{ 429, STR("throttlingException") },
		{ 503, STR("serviceUnavailableException") },
	};
	int status = error_http_status(err);
	struct str name =
		status < 500 ? names[0].name : S("internalServerException");
	struct buf payload = BUF_INIT(65536);
	struct json_writer w;

	(void)request_id;
	(void)writer;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].status == status)
			name = names[i].name;
	json_writer_init(&w, &payload);
	json_begin_object(&w);
	write_message(err, &w);
	json_end_object(&w);
	frames_aws_append(S("exception"), name, buf_str(&payload), out);
	buf_release(&payload);
}

static void write_message(const struct error *err, struct json_writer *w)
{
	json_member_str(w, "message", str_of(error_message(err)));
}
