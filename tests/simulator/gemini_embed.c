/*
 * gemini_embed.c - Gemini's embedContent and batchEmbedContents.
 * https://ai.google.dev/api/embeddings
 */
#include "fields.h"
#include "gemini.h"
#include "vector.h"

#define MAX_BODY_BYTES (HTTP_MAX_BODY_BYTES + (4 << 20))
#define DEFAULT_DIMENSIONS 3072 /* of gemini-embedding-001 */

static const struct str embed_names[] = { STR("content"), STR("model"),
	STR("taskType"), STR("title"), STR("outputDimensionality"),
	STR("embedContentConfig") };
static const struct str batch_names[] = { STR("requests") };

static bool check_embed(const struct ask *ask, struct error *err);
static bool check_batch(const struct ask *ask, struct error *err);
static bool check_request(
	struct json request, struct str where, struct error *err);
static bool check_batch_model(const struct ask *ask, struct json request,
	int index, struct error *err);
static int dimensions_of(struct json request);
static void answer_embed(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void answer_batch(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_embedding(struct json_writer *w, struct json request);

const struct operation gemini_embed = {
	.dialect = &gemini_dialect,
	.read = gemini_read,
	.check = check_embed,
	.answer = answer_embed,
};

const struct operation gemini_batch_embed = {
	.dialect = &gemini_dialect,
	.read = gemini_read,
	.check = check_batch,
	.answer = answer_batch,
};

static bool check_embed(const struct ask *ask, struct error *err)
{
	return check_request(ask->root, S(""), err);
}

static bool check_batch(const struct ask *ask, struct error *err)
{
	struct json_cursor requests =
		json_members(json_find(ask->root, S("requests")));
	struct json_member request;
	int count = 0;

	if (!GEMINI_CHECK_NAMES(ask->root, batch_names, S(""), err))
		return false;
	for (; json_next(&requests, &request); count++) {
		struct str where =
			arena_printf(ask->arena, "requests[%d]", count);

		if (!check_request(request.value, where, err) ||
			!check_batch_model(ask, request.value, count, err))
			return false;
	}
	return count > 0 ||
	       error_refuse(err, ERR_BAD_FIELD, NULL,
		       "* BatchEmbedContentsRequest.requests: at least one "
		       "request is required\n");
}

static bool check_request(
	struct json request, struct str where, struct error *err)
{
	struct json parts =
		json_find(json_find(request, S("content")), S("parts"));

	if (!GEMINI_CHECK_NAMES(request, embed_names, where, err))
		return false;
	if (json_length(parts) == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* EmbedContentRequest.content: contents is not "
			"specified\n");
	if (dimensions_of(request) == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* EmbedContentRequest.output_dimensionality: must be "
			"from 1 to %d\n",
			VECTOR_MAX_DIMENSIONS);
	return true;
}

/* Each says the model of the path once more. */
static bool check_batch_model(const struct ask *ask, struct json request,
	int index, struct error *err)
{
	struct str model = ask_text(ask, json_find(request, S("model")));

	if (str_starts(model, S("models/")) &&
		str_equal(str_from(model, 7), ask->route_model))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"* BatchEmbedContentsRequest.requests[%d].model: unexpected "
		"model name format\n",
		index);
}

/* 0: what is said makes no sense. */
static int dimensions_of(struct json request)
{
	struct json said = gemini_find(request, S("outputDimensionality"));
	int64_t count;

	if (fields_absent(said))
		return DEFAULT_DIMENSIONS;
	if (!json_int(said, &count) || count < 1 ||
		count > VECTOR_MAX_DIMENSIONS)
		return 0;
	return (int)count;
}

static void answer_embed(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct buf compact = BUF_INIT(MAX_BODY_BYTES);
	struct json_writer w;

	(void)behaviour;
	json_writer_init(&w, &compact);
	json_begin_object(&w);
	json_name(&w, "embedding");
	write_embedding(&w, ask->root);
	json_end_object(&w);
	gemini_append_styled(buf_str(&compact), GEMINI_LINES, out);
	buf_append_char(out, '\n');
	buf_release(&compact);
}

static void answer_batch(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct buf compact = BUF_INIT(MAX_BODY_BYTES);
	struct json_cursor requests =
		json_members(json_find(ask->root, S("requests")));
	struct json_member request;
	struct json_writer w;

	(void)behaviour;
	json_writer_init(&w, &compact);
	json_begin_object(&w);
	json_name(&w, "embeddings");
	json_begin_array(&w);
	while (json_next(&requests, &request))
		write_embedding(&w, request.value);
	json_end_array(&w);
	json_end_object(&w);
	gemini_append_styled(buf_str(&compact), GEMINI_LINES, out);
	buf_append_char(out, '\n');
	buf_release(&compact);
}

static void write_embedding(struct json_writer *w, struct json request)
{
	float values[VECTOR_MAX_DIMENSIONS];
	int count = dimensions_of(request);

	/* Nobody examined it. */
	if (count == 0)
		count = DEFAULT_DIMENSIONS;
	vector_fill(
		json_find(json_find(request, S("content")), S("parts")).text,
		values, count);
	json_begin_object(w);
	json_name(w, "values");
	vector_append_json(values, count, w->out);
	w->needs_comma = true;
	json_end_object(w);
}
