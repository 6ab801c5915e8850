/*
 * failure.c - errors in Google's shape: a status of google.rpc.Code
 * and details (https://cloud.google.com/apis/design/errors).
 */
#include "dialect/gemini/gemini.h"

static void write_error(
	const struct error *err, struct str request_id, struct buf *out);
static const char *rpc_status(int status);
static void begin_detail(const char *type, struct json_writer *w);
static void write_violation(const struct error *err, struct json_writer *w);

void gemini_write_failure(
	const struct error *err, struct str request_id, struct buf *out)
{
	write_error(err, request_id, out);
}

void gemini_write_stream_failure(const struct error *err, struct str request_id,
	void *writer, struct buf *out)
{
	gemini_begin_event(writer, out);
	write_error(err, request_id, out);
	gemini_end_event(writer, out);
	gemini_end_stream(writer, out);
}

static void write_error(
	const struct error *err, struct str request_id, struct buf *out)
{
	int status = error_http_status(err);
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_name(&w, "error");
	json_begin_object(&w);
	json_member_int(&w, "code", status);
	json_member_str(&w, "message", str_of(error_message(err)));
	json_member_str(&w, "status", str_of(rpc_status(status)));
	json_name(&w, "details");
	json_begin_array(&w);
	begin_detail("ErrorInfo", &w);
	json_member_str(&w, "reason", str_of(error_name(err->kind)));
	json_member_str(&w, "domain", S("llm-gateway"));
	json_end_object(&w);
	if (err->param[0])
		write_violation(err, &w);
	if (err->retry_after_seconds > 0) {
		char delay[16];

		snprintf(delay, sizeof(delay), "%us", err->retry_after_seconds);
		begin_detail("RetryInfo", &w);
		json_member_str(&w, "retryDelay", str_of(delay));
		json_end_object(&w);
	}
	if (request_id.n > 0) {
		begin_detail("RequestInfo", &w);
		json_member_str(&w, "requestId", request_id);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	json_end_object(&w);
}

static void begin_detail(const char *type, struct json_writer *w)
{
	char name[64];

	snprintf(name, sizeof(name), "type.googleapis.com/google.rpc.%s", type);
	json_begin_object(w);
	json_member_str(w, "@type", str_of(name));
}

static void write_violation(const struct error *err, struct json_writer *w)
{
	begin_detail("BadRequest", w);
	json_name(w, "fieldViolations");
	json_begin_array(w);
	json_begin_object(w);
	json_member_str(w, "field", str_of(err->param));
	json_member_str(w, "description", str_of(error_message(err)));
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

/* https://cloud.google.com/apis/design/errors#handling_errors */
static const char *rpc_status(int status)
{
	static const struct {
		int status;
		const char *name;
	} names[] = {
		{ 401, "UNAUTHENTICATED" },
		{ 402, "RESOURCE_EXHAUSTED" },
		{ 403, "PERMISSION_DENIED" },
		{ 404, "NOT_FOUND" },
		{ 409, "ABORTED" },
		{ 429, "RESOURCE_EXHAUSTED" },
		{ 499, "CANCELLED" },
		{ 500, "INTERNAL" },
		{ 501, "UNIMPLEMENTED" },
		{ 504, "DEADLINE_EXCEEDED" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].status == status)
			return names[i].name;
	return status >= 500 ? "UNAVAILABLE" : "INVALID_ARGUMENT";
}
