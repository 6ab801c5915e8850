/*
 * voyage.c - what Voyage says when something is wrong.
 * https://docs.voyageai.com/docs/error-codes
 */
#include "openai_others.h"

static void write_head(const struct head_facts *facts, struct buf *out);
static void write_error(int status, uint64_t id, struct buf *out);
static void write_refusal(
	const struct error *err, uint64_t id, struct buf *out);
static void append_detail(struct str text, struct buf *out);
static void refuse_model(struct str name, struct error *err);

const struct dialect voyage_dialect = {
	.write_head = write_head,
	.write_error = write_error,
	.write_refusal = write_refusal,
	.refuse_model = refuse_model,
};

static void write_head(const struct head_facts *facts, struct buf *out)
{
	buf_printf(out, "x-request-id: sim%" PRIu64 "\r\n", facts->id);
}

static void write_error(int status, uint64_t id, struct buf *out)
{
	static const struct {
		int status;
		struct str detail;
	} rows[] = {
		{ 400, STR("The request body is not valid.") },
		{ 401, STR("Provided API key is invalid.") },
		{ 429, STR("You have exceeded your rate limits.") },
		{ 500, STR("Internal server error") },
		{ 503, STR("Service unavailable") },
	};
	struct str detail = S("The request failed.");

	(void)id;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			detail = rows[i].detail;
	}
	append_detail(detail, out);
}

static void write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	(void)id;
	append_detail(str_of(error_message(err)), out);
}

static void append_detail(struct str text, struct buf *out)
{
	buf_append(out, S("{\"detail\":"));
	json_append_quoted(out, text);
	buf_append_char(out, '}');
}

static void refuse_model(struct str name, struct error *err)
{
	error_refuse(err, ERR_BAD_FIELD, NULL, "Model %.*s is not supported.",
		STR_ARG(str_head(name, 200)));
}
