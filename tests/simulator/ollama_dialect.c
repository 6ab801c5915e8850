/*
 * ollama_dialect.c - Ollama's errors, its list of models, its version, and
 * embeddings.
 */
#include "control.h"
#include "fields.h"
#include "ollama.h"
#include "vector.h"

#define DEFAULT_DIMENSIONS 768 /* of nomic-embed-text */

static bool read_embed(struct ask *ask, struct error *err);
static void answer_embed(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_vector(
	struct json_writer *w, const struct ask *ask, struct json text);
static int dimensions_of(const struct ask *ask);
static bool read_nothing(struct ask *ask, struct error *err);
static void answer_tags(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_model(struct str name, void *writer);
static void answer_version(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_head(const struct head_facts *facts, struct buf *out);
static void write_error(int status, uint64_t id, struct buf *out);
static void write_refusal(
	const struct error *err, uint64_t id, struct buf *out);
static void append_error(struct str message, struct buf *out);
static void refuse_model(struct str name, struct error *err);

const struct dialect ollama_dialect = {
	.write_head = write_head,
	.write_error = write_error,
	.write_refusal = write_refusal,
	.refuse_model = refuse_model,
};

const struct operation ollama_embed = {
	.dialect = &ollama_dialect,
	.read = read_embed,
	.answer = answer_embed,
};

const struct operation ollama_tags = {
	.dialect = &ollama_dialect,
	.read = read_nothing,
	.answer = answer_tags,
};

const struct operation ollama_version = {
	.dialect = &ollama_dialect,
	.read = read_nothing,
	.answer = answer_version,
};

static bool read_embed(struct ask *ask, struct error *err)
{
	struct json input;
	struct json_cursor items;
	struct json_member item;

	if (!ask_read_object(ask, err) || !ask_read_model(ask, err))
		return false;
	ask->content_type = OLLAMA_JSON_TYPE;
	input = json_find(ask->root, S("input"));
	items = json_members(input);
	while (json_next(&items, &item)) {
		if (item.value.type != JSON_TYPE_STRING)
			return error_refuse(err, ERR_BAD_FIELD, "input",
				"invalid input type");
	}
	if (input.type != JSON_TYPE_STRING && input.type != JSON_TYPE_ARRAY &&
		!fields_absent(input))
		return error_refuse(
			err, ERR_BAD_FIELD, "input", "invalid input type");
	return true;
}

static void answer_embed(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct json input = json_find(ask->root, S("input"));
	struct json_cursor items = json_members(input);
	struct json_member item;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "model", ask_model_name(ask));
	json_name(&w, "embeddings");
	json_begin_array(&w);
	if (input.type == JSON_TYPE_STRING)
		write_vector(&w, ask, input);
	while (json_next(&items, &item))
		write_vector(&w, ask, item.value);
	json_end_array(&w);
	json_member_int(&w, "total_duration", 58537625);
	json_member_int(&w, "load_duration", 4384500);
	json_member_int(
		&w, "prompt_eval_count", ask_prompt_tokens(ask, behaviour));
	json_end_object(&w);
}

static void write_vector(
	struct json_writer *w, const struct ask *ask, struct json text)
{
	float values[VECTOR_MAX_DIMENSIONS];
	int count = dimensions_of(ask);
	struct buf json = BUF_INIT(VECTOR_MAX_DIMENSIONS * 20);

	vector_fill(text.text, values, count);
	vector_append_json(values, count, &json);
	json_write_raw(w, buf_str(&json));
	buf_release(&json);
}

static int dimensions_of(const struct ask *ask)
{
	int64_t count;

	if (json_int(json_find(ask->root, S("dimensions")), &count) &&
		count > 0 && count <= VECTOR_MAX_DIMENSIONS)
		return (int)count;
	return DEFAULT_DIMENSIONS;
}

static bool read_nothing(struct ask *ask, struct error *err)
{
	(void)err;
	ask->content_type = OLLAMA_JSON_TYPE;
	return true;
}

static void answer_tags(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct json_writer w;

	(void)behaviour;
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_name(&w, "models");
	json_begin_array(&w);
	control_each_model(ask->control, write_model, &w);
	json_end_array(&w);
	json_end_object(&w);
}

static void write_model(struct str name, void *writer)
{
	struct json_writer *w = writer;

	json_begin_object(w);
	json_member_str(w, "name", name);
	json_member_str(w, "model", name);
	json_member_str(w, "modified_at", S("2025-10-03T23:34:03.409490317Z"));
	json_member_int(w, "size", 4683075271);
	json_member_str(w, "digest",
		S("0a8c266910232fd3291e71e5ba1e058cc5af9d411192cf88b6d30e92b6e7"
		  "3163"));
	json_member_raw(w, "details",
		S("{\"parent_model\":\"\",\"format\":\"gguf\",\"family\":"
		  "\"simulator\",\"families\":[\"simulator\"],"
		  "\"parameter_size\":\"8.0B\",\"quantization_level\":"
		  "\"Q4_K_M\"}"));
	json_end_object(w);
}

static void answer_version(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	(void)ask;
	(void)behaviour;
	buf_append(out, S("{\"version\":\"0.12.6\"}"));
}

static void write_head(const struct head_facts *facts, struct buf *out)
{
	(void)facts;
	(void)out;
}

/* https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx */
static void write_error(int status, uint64_t id, struct buf *out)
{
	static const struct {
		int status;
		struct str message;
	} rows[] = {
		{ 400, STR("invalid request") },
		{ 401, STR("unauthorized") },
		{ 404, STR("model not found") },
		{ 429, STR("too many requests") },
		{ 500, STR("the model failed to generate a response") },
		{ 502, STR("the cloud model could not be reached") },
		{ 503, STR("server busy, please try again. maximum pending "
			   "requests exceeded") },
	};
	struct str message = S("the request failed");

	(void)id;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			message = rows[i].message;
	}
	append_error(message, out);
}

static void write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	(void)id;
	append_error(str_of(error_message(err)), out);
}

static void append_error(struct str message, struct buf *out)
{
	buf_append(out, S("{\"error\":"));
	json_append_quoted(out, message);
	buf_append_char(out, '}');
}

static void refuse_model(struct str name, struct error *err)
{
	error_refuse(err, ERR_MODEL_NOT_FOUND, NULL, "model '%.*s' not found",
		STR_ARG(str_head(name, 200)));
}
