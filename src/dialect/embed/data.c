/*
 * data.c - the answer that OpenAI's and Voyage's embeddings have alike:
 * a list of numbered vectors in `data`.
 */
#include "dialect/embed/openai.h"

#include "dialect/facts.h"
#include "dialect/service/head.h"

static bool read_data(struct json data, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err);
static bool find_place(
	struct json item, size_t position, size_t count, size_t *out);
static void write_data(const struct embed_response *response,
	const struct embed_request *asked, bool own_words,
	struct json_writer *w);
static void write_usage(const struct embed_response *response,
	const struct embed_request *asked, struct json_writer *w);

#define AT(field) offsetof(struct embed_response, field)

/* Read by the table, written by hand: what is asked for matters, too. */
static const struct shape_row answer_rows[] = {
	{ "object", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "data", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "id", SHAPE_TEXT, AT(id), NULL, NULL },
	{ "model", SHAPE_TEXT, AT(model), NULL, NULL },
	{ "usage", SHAPE_OBJECT, AT(usage_json), NULL, NULL },
};
static const struct shape answer_shape = SHAPE_OF(answer_rows);

static const struct shape_row item_rows[] = {
	{ "object", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "index", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "embedding", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
};
static const struct shape item_shape = SHAPE_OF(item_rows);

bool openai_embed_read_answer(const struct embed_format *format,
	struct str body, enum embed_type sent, struct arena *arena,
	struct embed_response *out, struct error *err)
{
	struct json root;

	embed_response_init(out, format);
	if (!facts_check(body, &root, err))
		return false;
	shape_read(&answer_shape, root, out, &out->extra, arena);
	out->prompt_tokens = service_read_prompt_tokens(root);
	return read_data(json_find(root, S("data")), sent, arena, out, err);
}

/* Each vector's index says which input it is of. When two say the same, another
 * is missing, and embed_response_fit() finds that. */
static bool read_data(struct json data, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	struct json_cursor cursor = json_members(data);
	struct json_member item;

	if (data.type != JSON_TYPE_ARRAY)
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the answer has no list 'data'");
	out->count = json_length(data);
	out->vectors = ARENA_ARRAY(arena, struct embed_vector, out->count);
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		struct embed_vector *vector;
		size_t place;

		if (!find_place(item.value, i, out->count, &place))
			return error_set(err, ERR_UPSTREAM_GARBAGE,
				"'data' has an index that makes no sense");
		vector = &out->vectors[place];
		shape_read(
			&item_shape, item.value, vector, &vector->extra, arena);
		if (!embed_read_vector(json_find(item.value, S("embedding")),
			    sent, vector, err))
			return false;
	}
	return true;
}

static bool find_place(
	struct json item, size_t position, size_t count, size_t *out)
{
	struct json index = json_find(item, S("index"));
	int64_t number = (int64_t)position;

	if (index.type != JSON_TYPE_NONE && index.type != JSON_TYPE_NULL &&
		!json_int(index, &number))
		return false;
	if (number < 0 || (size_t)number >= count)
		return false;
	*out = (size_t)number;
	return true;
}

void openai_embed_write_answer(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out)
{
	bool own_words = response->format == asked->format;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "object", S("list"));
	write_data(response, asked, own_words, &w);
	json_member_str(&w, "model",
		response->model.p ? response->model : asked->model);
	if (own_words && response->id.p)
		json_member_str(&w, "id", response->id);
	if (own_words && response->usage_json.p)
		json_member_raw(&w, "usage", response->usage_json);
	else if (response->prompt_tokens >= 0)
		write_usage(response, asked, &w);
	if (own_words)
		chat_extra_write(&response->extra, &w);
	json_end_object(&w);
}

static void write_data(const struct embed_response *response,
	const struct embed_request *asked, bool own_words,
	struct json_writer *w)
{
	enum embed_type type = embed_type_sent(asked, asked->format);

	json_name(w, "data");
	json_begin_array(w);
	for (size_t i = 0; i < response->count; i++) {
		const struct embed_vector *vector = &response->vectors[i];

		json_begin_object(w);
		json_member_str(w, "object", S("embedding"));
		json_member_int(w, "index", (int64_t)i);
		json_member_raw(w, "embedding", vector->values[type]);
		if (own_words)
			chat_extra_write(&vector->extra, w);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_usage(const struct embed_response *response,
	const struct embed_request *asked, struct json_writer *w)
{
	json_name(w, "usage");
	json_begin_object(w);
	if (asked->format == &openai_embed)
		json_member_int(w, "prompt_tokens", response->prompt_tokens);
	json_member_int(w, "total_tokens", response->prompt_tokens);
	json_end_object(w);
}
