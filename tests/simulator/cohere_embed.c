/*
 * cohere_embed.c - Cohere's embeddings and reranking.
 * https://docs.cohere.com/v2/reference/embed, .../rerank
 */
#include "cohere.h"
#include "fields.h"
#include "rerank.h"
#include "vector.h"

#define DEFAULT_DIMENSIONS 1536 /* of embed-v4.0 */

static const struct str embedding_types[] = { STR("float"), STR("int8"),
	STR("uint8"), STR("binary"), STR("ubinary"), STR("base64") };
enum {
	TYPE_FLOAT,
	TYPE_INT8,
	TYPE_UINT8,
	TYPE_BINARY,
	TYPE_UBINARY,
	TYPE_BASE64
};

static bool check_embed(const struct ask *ask, struct error *err);
static void answer_embed(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_type(
	struct json_writer *w, const struct ask *ask, size_t type);
static void write_vector(struct json_writer *w, const struct ask *ask,
	struct json text, size_t type);
static void append_bits(
	const float *values, int count, int offset, struct buf *out);
static int dimensions_of(const struct ask *ask);
static void answer_rerank(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);

const struct operation cohere_embed = {
	.dialect = &cohere_dialect,
	.read = cohere_read,
	.check = check_embed,
	.answer = answer_embed,
};

const struct operation cohere_rerank = {
	.dialect = &cohere_dialect,
	.read = cohere_read,
	.check = rerank_check,
	.answer = answer_rerank,
};

static bool check_embed(const struct ask *ask, struct error *err)
{
	static const struct str types[] = { STR("search_document"),
		STR("search_query"), STR("classification"), STR("clustering"),
		STR("image") };
	struct json input_type = json_find(ask->root, S("input_type"));
	struct json_cursor wanted =
		json_members(json_find(ask->root, S("embedding_types")));
	struct json_member type;

	if (FIELDS_INDEX(input_type, types) == ARRAY_LEN(types))
		return error_refuse(err, ERR_BAD_FIELD, "input_type",
			"invalid request: valid input_type must be provided "
			"with the provided model");
	while (json_next(&wanted, &type)) {
		if (FIELDS_INDEX(type.value, embedding_types) ==
			ARRAY_LEN(embedding_types))
			return error_refuse(err, ERR_BAD_FIELD,
				"embedding_types",
				"invalid request: invalid embedding type");
	}
	if (json_length(json_find(ask->root, S("texts"))) == 0 &&
		json_length(json_find(ask->root, S("images"))) == 0 &&
		json_length(json_find(ask->root, S("inputs"))) == 0)
		return error_refuse(err, ERR_BAD_FIELD, "texts",
			"invalid request: at least one of texts, images, "
			"inputs must be provided");
	return true;
}

static void answer_embed(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct json_cursor wanted =
		json_members(json_find(ask->root, S("embedding_types")));
	struct json_member type;
	struct json_writer w;
	bool any = false;

	json_writer_init(&w, out);
	json_begin_object(&w);
	buf_printf(out, "\"id\":\"sim%" PRIu64 "\"", ask->id);
	w.needs_comma = true;
	json_name(&w, "embeddings");
	json_begin_object(&w);
	for (; json_next(&wanted, &type); any = true)
		write_type(&w, ask,
			FIELDS_INDEX(type.value, embedding_types) %
				ARRAY_LEN(embedding_types));
	if (!any)
		write_type(&w, ask, TYPE_FLOAT);
	json_end_object(&w);
	if (json_find(ask->root, S("texts")).type == JSON_TYPE_ARRAY)
		json_member_raw(
			&w, "texts", json_find(ask->root, S("texts")).text);
	buf_printf(out,
		",\"meta\":{\"api_version\":{\"version\":\"2\"},"
		"\"billed_units\":{\"input_tokens\":%d}},"
		"\"response_type\":\"embeddings_by_type\"",
		ask_prompt_tokens(ask, behaviour));
	json_end_object(&w);
}

static void write_type(
	struct json_writer *w, const struct ask *ask, size_t type)
{
	static const char *const lists[] = { "texts", "images", "inputs" };

	json_name(w, embedding_types[type].p);
	json_begin_array(w);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct json_cursor items =
			json_members(json_find(ask->root, str_of(lists[i])));
		struct json_member item;

		while (json_next(&items, &item))
			write_vector(w, ask, item.value, type);
	}
	json_end_array(w);
}

static void write_vector(struct json_writer *w, const struct ask *ask,
	struct json text, size_t type)
{
	float values[VECTOR_MAX_DIMENSIONS];
	int count = dimensions_of(ask);
	struct buf json = BUF_INIT(VECTOR_MAX_DIMENSIONS * 20);

	vector_fill(text.text, values, count);
	switch (type) {
	case TYPE_INT8:
		vector_append_integers(values, count, 1024, -128, 127, &json);
		break;
	case TYPE_UINT8:
		vector_append_integers(values, count, 1024, 0, 255, &json);
		break;
	case TYPE_BINARY: append_bits(values, count, 128, &json); break;
	case TYPE_UBINARY: append_bits(values, count, 0, &json); break;
	case TYPE_BASE64: vector_append_base64(values, count, &json); break;
	default: vector_append_json(values, count, &json); break;
	}
	json_write_raw(w, buf_str(&json));
	buf_release(&json);
}

/* The signs, eight in a number, as from -128 or from 0 on. */
static void append_bits(
	const float *values, int count, int offset, struct buf *out)
{
	for (int i = 0; i < count; i += 8) {
		int bits = 0;

		for (int j = i; j < i + 8; j++)
			bits = bits << 1 | (j < count && values[j] > 0);
		buf_append_char(out, i ? ',' : '[');
		buf_append_int(out, bits - offset);
	}
	buf_append_char(out, ']');
}

static int dimensions_of(const struct ask *ask)
{
	int64_t count;

	if (json_int(json_find(ask->root, S("output_dimension")), &count) &&
		count > 0 && count <= VECTOR_MAX_DIMENSIONS)
		return (int)count;
	return DEFAULT_DIMENSIONS;
}

static void answer_rerank(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct rerank_result *results;
	int count = rerank_order(ask,
		ask_text(ask, json_find(ask->root, S("query"))),
		json_find(ask->root, S("documents")), &results);
	int limit = rerank_limit(ask, S("top_n"), count);

	(void)behaviour;
	buf_printf(out, "{\"id\":\"sim%" PRIu64 "\",\"results\":[", ask->id);
	for (int i = 0; i < limit; i++)
		buf_printf(out, "%s{\"index\":%d,\"relevance_score\":%.8g}",
			i ? "," : "", results[i].index, results[i].score);
	buf_append(out, S("],\"meta\":{\"api_version\":{\"version\":\"2\"},"
			  "\"billed_units\":{\"search_units\":1}}}"));
}
