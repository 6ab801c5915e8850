/*
 * openai_embeddings.c - embeddings as OpenAI has them, and Voyage.
 * https://platform.openai.com/docs/api-reference/embeddings,
 * https://docs.voyageai.com/reference/embeddings-api
 */
#include "fields.h"
#include "openai.h"
#include "openai_others.h"
#include "vector.h"

#define MAX_INPUTS 2048
#define VOYAGE_MAX_INPUTS 1000

static const struct str names[] = { STR("model"), STR("input"),
	STR("encoding_format"), STR("dimensions"), STR("user") };
static const struct str voyage_names[] = { STR("model"), STR("input"),
	STR("encoding_format"), STR("input_type"), STR("truncation"),
	STR("output_dimension"), STR("output_dtype") };

static bool read(struct ask *ask, struct error *err);
static bool check(const struct ask *ask, struct error *err);
static bool check_voyage(const struct ask *ask, struct error *err);
static bool check_input(const struct ask *ask, struct error *err);
static bool is_voyage(const struct ask *ask);
static bool is_token_list(struct json input);
static int dimensions_of(const struct ask *ask);
static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct buf *out);
static void write_item(struct json_writer *w, const struct ask *ask,
	struct json input, int index);
static void append_vector(
	const struct ask *ask, const float *values, int count, struct buf *out);

const struct operation openai_embeddings = {
	.dialect = &openai_dialect,
	.read = read,
	.check = check,
	.answer = answer,
};

static bool read(struct ask *ask, struct error *err)
{
	if (!openai_read(ask, err))
		return false;
	if (is_voyage(ask))
		ask->dialect = &voyage_dialect;
	return true;
}

static bool check(const struct ask *ask, struct error *err)
{
	struct json format = json_find(ask->root, S("encoding_format"));

	if (is_voyage(ask))
		return check_voyage(ask, err);
	if (!OPENAI_CHECK_NAMES(ask, names, err) || !check_input(ask, err))
		return false;
	if (!fields_absent(format) && !json_text_is(format, S("float")) &&
		!json_text_is(format, S("base64")))
		return openai_refuse(err, "invalid_value", "encoding_format",
			"Invalid value: '%.*s'. Supported values are: 'float' "
			"and 'base64'.",
			STR_ARG(str_head(ask_text(ask, format), 40)));
	if (dimensions_of(ask) == 0)
		return openai_refuse(err, OPENAI_NO_CODE, NULL,
			"%.*s is less than the minimum of 1, or more than %d - "
			"'dimensions'",
			STR_ARG(str_head(
				json_find(ask->root, S("dimensions")).text,
				40)),
			VECTOR_MAX_DIMENSIONS);
	return true;
}

static bool check_voyage(const struct ask *ask, struct error *err)
{
	static const struct str types[] = { STR("query"), STR("document") };
	static const struct str numbers[] = { STR("float"), STR("int8"),
		STR("uint8") };
	struct json type = json_find(ask->root, S("input_type"));
	struct json dtype = json_find(ask->root, S("output_dtype"));
	struct json format = json_find(ask->root, S("encoding_format"));
	struct str unknown = FIELDS_UNKNOWN(ask->root, voyage_names);

	if (unknown.n > 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Argument '%.*s' is not supported by our API",
			STR_ARG(str_head(unknown, 60)));
	if (json_length(json_find(ask->root, S("input"))) > VOYAGE_MAX_INPUTS)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The batch size limit is %d.", VOYAGE_MAX_INPUTS);
	if (!fields_absent(type) &&
		FIELDS_INDEX(type, types) == ARRAY_LEN(types))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Value for 'input_type' must be 'query' or "
			"'document'.");
	if (!fields_absent(dtype) &&
		FIELDS_INDEX(dtype, numbers) == ARRAY_LEN(numbers))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The simulator's 'output_dtype' is 'float', 'int8' or "
			"'uint8'.");
	if (!fields_absent(format) && !json_text_is(format, S("base64")))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Value for 'encoding_format' must be 'base64' or "
			"null.");
	return (check_input(ask, err) && dimensions_of(ask) > 0) ||
	       error_refuse(err, ERR_BAD_FIELD, NULL,
		       "The value of 'input' or 'output_dimension' is not "
		       "valid.");
}

static bool check_input(const struct ask *ask, struct error *err)
{
	struct json input = json_find(ask->root, S("input"));
	size_t count = json_length(input);
	bool ok = input.type == JSON_TYPE_STRING || count > 0;

	if (fields_absent(input))
		return openai_refuse(err, "missing_required_parameter", "input",
			"Missing required parameter: 'input'.");
	if (!ok)
		return openai_refuse(err, OPENAI_NO_CODE, "input",
			"'$.input' is invalid. Please check the API "
			"reference.");
	if (count > MAX_INPUTS && !is_token_list(input))
		return openai_refuse(err, OPENAI_NO_CODE, "input",
			"'$.input' is invalid: it has more than %d items.",
			MAX_INPUTS);
	return true;
}

static bool is_voyage(const struct ask *ask)
{
	return str_starts(ask->model, S("voyage"));
}

/* One text, as numbers. */
static bool is_token_list(struct json input)
{
	struct json_cursor items = json_members(input);
	struct json_member first;

	return json_next(&items, &first) &&
	       first.value.type == JSON_TYPE_NUMBER;
}

/* 0: what is said makes no sense. */
static int dimensions_of(const struct ask *ask)
{
	struct json said = json_find(ask->root,
		is_voyage(ask) ? S("output_dimension") : S("dimensions"));
	bool is_large = str_find(ask->model, S("large")) < ask->model.n;
	int64_t count;

	if (fields_absent(said))
		return is_voyage(ask) ? 1024 : is_large ? 3072 : 1536;
	if (!json_int(said, &count) || count < 1 ||
		count > VECTOR_MAX_DIMENSIONS)
		return 0;
	return (int)count;
}

static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct buf *out)
{
	struct json input = json_find(ask->root, S("input"));
	struct json_cursor items = json_members(input);
	struct json_member item;
	struct json_writer w;
	int tokens = ask_prompt_tokens(ask, behaviour);

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "object", S("list"));
	json_name(&w, "data");
	json_begin_array(&w);
	if (input.type == JSON_TYPE_STRING || is_token_list(input)) {
		write_item(&w, ask, input, 0);
	} else {
		for (int i = 0; json_next(&items, &item); i++)
			write_item(&w, ask, item.value, i);
	}
	json_end_array(&w);
	json_member_str(&w, "model", ask_model_name(ask));
	json_name(&w, "usage");
	json_begin_object(&w);
	if (!is_voyage(ask))
		json_member_int(&w, "prompt_tokens", tokens);
	json_member_int(&w, "total_tokens", tokens);
	json_end_object(&w);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

static void write_item(struct json_writer *w, const struct ask *ask,
	struct json input, int index)
{
	float values[VECTOR_MAX_DIMENSIONS];
	int count = dimensions_of(ask);
	struct buf json = BUF_INIT(VECTOR_MAX_DIMENSIONS * 20);

	/* Nobody examined it. */
	if (count == 0)
		count = 1;
	vector_fill(input.text, values, count);
	append_vector(ask, values, count, &json);
	json_begin_object(w);
	json_member_str(w, "object", S("embedding"));
	json_member_int(w, "index", index);
	json_member_raw(w, "embedding", buf_str(&json));
	json_end_object(w);
	buf_release(&json);
}

static void append_vector(
	const struct ask *ask, const float *values, int count, struct buf *out)
{
	struct json dtype = json_find(ask->root, S("output_dtype"));

	if (json_text_is(
		    json_find(ask->root, S("encoding_format")), S("base64")))
		vector_append_base64(values, count, out);
	else if (json_text_is(dtype, S("int8")))
		vector_append_integers(values, count, 1024, -128, 127, out);
	else if (json_text_is(dtype, S("uint8")))
		vector_append_integers(values, count, 1024, 0, 255, out);
	else
		vector_append_json(values, count, out);
}
