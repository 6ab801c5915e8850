/*
 * cohere.c - Cohere's embeddings: POST /embed under .../v2.
 *
 * Fields: the type declarations of cohere-ai/cohere-python (v2 embed). There
 * `input_type` is required: texts whose purpose the client did not say are
 * embedded as search_document. Base64 is asked of nobody: how its floats are
 * laid out is not written down.
 */
#include "dialect/embed/embed.h"

#include "dialect/facts.h"
#include "dialect/service/head.h"

static bool read_input_type(struct json value, void *into, struct arena *arena);
static bool read_types(struct json value, void *into, struct arena *arena);
static bool read_truncate(struct json value, void *into, struct arena *arena);
static void write_inputs(const void *from, const struct shape_out *out);
static void write_input_type(const void *from, const struct shape_out *out);
static void write_types(const void *from, const struct shape_out *out);
static void write_truncate(const void *from, const struct shape_out *out);

#define AT(field) offsetof(struct embed_request, field)

/* clang-format off */
static const struct shape_row request_rows[] = {
	{ "model", SHAPE_TEXT, AT(model), NULL, NULL },
	{ "texts", SHAPE_SPECIAL, 0, embed_read_nothing, write_inputs },
	{ "images", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "inputs", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "input_type", SHAPE_SPECIAL, 0, read_input_type, write_input_type },
	{ "output_dimension", SHAPE_COUNT, AT(dimensions), NULL, NULL },
	{ "embedding_types", SHAPE_SPECIAL, 0, read_types, write_types },
	{ "truncate", SHAPE_SPECIAL, 0, read_truncate, write_truncate },
};
/* clang-format on */
static const struct shape request_shape = SHAPE_OF(request_rows);

#undef AT
#define AT(field) offsetof(struct embed_response, field)

static const struct shape_row answer_rows[] = {
	{ "id", SHAPE_TEXT, AT(id), NULL, NULL },
	{ "embeddings", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "response_type", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "meta", SHAPE_OBJECT, AT(usage_json), NULL, NULL },
};
static const struct shape answer_shape = SHAPE_OF(answer_rows);

static const char *const truncate_words[] = {
	[EMBED_TRUNCATE_NONE] = "NONE",
	[EMBED_TRUNCATE_START] = "START",
	[EMBED_TRUNCATE_END] = "END",
};

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err);
static struct str text_of(struct str item, struct arena *arena);
static void write_request(const struct embed_request *request, struct buf *out);
static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err);
static void write_response(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out);
static void write_vectors(const struct embed_response *response,
	unsigned wanted, struct json_writer *w);
static void write_texts(
	const struct embed_request *asked, struct json_writer *w);
static void write_meta(
	const struct embed_response *response, struct json_writer *w);

static const char *const essential[] = { "output_dimension", "embedding_types",
	NULL };

const struct embed_format cohere_embed = {
	.name = "cohere",
	.words = {
		[EMBED_FIELD_DIMENSIONS] = "output_dimension",
		[EMBED_FIELD_TYPES] = "embedding_types",
		[EMBED_FIELD_PURPOSE] = "input_type",
		[EMBED_FIELD_TRUNCATE] = "truncate",
	},
	.purposes = {
		[EMBED_QUERY] = "search_query",
		[EMBED_DOCUMENT] = "search_document",
		[EMBED_CLASSIFICATION] = "classification",
		[EMBED_CLUSTERING] = "clustering",
	},
	.takes_purpose = true,
	.types = ~EMBED_TYPE(EMBED_BASE64),
	.has_many_types = true,
	.truncates_start = true,
	.essential = essential,
	.read_request = read_request,
	.write_request = write_request,
	.read_response = read_response,
	.write_response = write_response,
};

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err)
{
	static const char *const members[] = { "texts", "inputs", "images" };

	embed_request_init(out, &cohere_embed);
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct json value = json_find(head->root, str_of(members[i]));

		if (value.type != JSON_TYPE_ARRAY)
			continue;
		if (out->inputs)
			return error_refuse(err, ERR_BAD_FIELD, members[i],
				"'%s' and '%s': send one of them.",
				out->member.p, members[i]);
		if (!embed_read_list(value, members[i], arena, out, err))
			return false;
	}
	if (!out->inputs)
		return error_refuse(err, ERR_MISSING_FIELD, "texts",
			"'texts' is missing: send an array of strings.");
	if (str_equal(out->member, S("inputs")))
		for (size_t i = 0; i < out->input_count; i++)
			out->inputs[i].text =
				text_of(out->inputs[i].json, arena);
	else if (str_equal(out->member, S("images")))
		for (size_t i = 0; i < out->input_count; i++)
			out->inputs[i].text = (struct str){ NULL, 0 };
	return true;
}

/* Of {"content": [{"type": "text", "text": "..."}]}. */
static struct str text_of(struct str item, struct arena *arena)
{
	struct json object = { JSON_TYPE_OBJECT, item };
	struct json_cursor cursor;
	struct json_member part;
	struct str text = { NULL, 0 };
	struct json content;

	if (item.p[0] != '{')
		return text;
	content = json_find(object, S("content"));
	cursor = json_members(content);
	if (content.type != JSON_TYPE_ARRAY || json_length(content) != 1 ||
		!json_next(&cursor, &part) ||
		!json_text_is(json_find(part.value, S("type")), S("text")) ||
		!json_text(json_find(part.value, S("text")), arena, &text))
		text.p = NULL;
	return text;
}

static void write_request(const struct embed_request *request, struct buf *out)
{
	struct json_writer w;
	const struct shape_out to = {
		.w = &w,
		.own_words = request->format == &cohere_embed,
	};

	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &to);
	json_end_object(&w);
}

/* Always a list. */
static void write_inputs(const void *from, const struct shape_out *out)
{
	struct embed_request request = *(const struct embed_request *)from;

	request.is_list = true;
	json_name(out->w, out->own_words ? request.member.p : "texts");
	embed_write_inputs(&request, out->own_words, out->w);
}

static bool read_input_type(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;

	(void)arena;
	request->purpose = embed_purpose_find(&cohere_embed, value);
	return request->purpose != EMBED_PURPOSE_UNSET;
}

static void write_input_type(const void *from, const struct shape_out *out)
{
	const char *word = embed_purpose_word(from, &cohere_embed);

	if (word || !out->own_words)
		json_member_str(out->w, "input_type",
			str_of(word ? word : "search_document"));
}

static bool read_types(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	unsigned types = 0;

	(void)arena;
	while (json_next(&cursor, &item)) {
		enum embed_type type = embed_type_find(item.value);

		if (type == EMBED_TYPES)
			return false;
		types |= EMBED_TYPE(type);
	}
	if (value.type != JSON_TYPE_ARRAY || types == 0)
		return false;
	request->types = types;
	request->types_json = value.text;
	return true;
}

static void write_types(const void *from, const struct shape_out *out)
{
	const struct embed_request *request = from;
	unsigned wanted = embed_types_wanted(request);

	if (out->own_words && request->types_json.p)
		json_member_raw(out->w, "embedding_types", request->types_json);
	if (out->own_words)
		return;
	json_name(out->w, "embedding_types");
	json_begin_array(out->w);
	if (wanted & EMBED_FLOATS)
		json_write_str(out->w, S("float"));
	for (int i = EMBED_INT8; i < EMBED_TYPES; i++)
		if (wanted & EMBED_TYPE(i))
			json_write_str(out->w,
				str_of(embed_type_name((enum embed_type)i)));
	json_end_array(out->w);
}

static bool read_truncate(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;

	(void)arena;
	for (int i = EMBED_TRUNCATE_NONE; i <= EMBED_TRUNCATE_END; i++)
		if (json_text_is(value, str_of(truncate_words[i])))
			request->truncate = (enum embed_truncate)i;
	return request->truncate != EMBED_TRUNCATE_UNSET;
}

static void write_truncate(const void *from, const struct shape_out *out)
{
	const struct embed_request *request = from;

	if (request->truncate != EMBED_TRUNCATE_UNSET)
		json_member_str(out->w, "truncate",
			str_of(truncate_words[request->truncate]));
}

/* The vectors stand in one list for each type; the first version of the API
 * had a list of floats alone. */
static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	struct json root, lists;

	(void)sent; /* each list says its type */
	embed_response_init(out, &cohere_embed);
	if (!facts_check(body, &root, err))
		return false;
	shape_read(&answer_shape, root, out, &out->extra, arena);
	out->prompt_tokens = service_read_prompt_tokens(root);
	lists = json_find(root, S("embeddings"));
	if (lists.type == JSON_TYPE_ARRAY)
		return embed_read_vectors(lists, EMBED_FLOAT, arena, out, err);
	for (int i = 0; i < EMBED_TYPES; i++) {
		enum embed_type type = (enum embed_type)i;
		struct json list =
			json_find(lists, str_of(embed_type_name(type)));

		if (list.type == JSON_TYPE_ARRAY &&
			!embed_read_vectors(list, type, arena, out, err))
			return false;
	}
	return out->vectors ||
	       error_set(err, ERR_UPSTREAM_GARBAGE, "there are no vectors");
}

static void write_response(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out)
{
	bool own_words = response->format == &cohere_embed;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	if (response->id.p)
		json_member_str(&w, "id", response->id);
	write_vectors(response, embed_types_wanted(asked), &w);
	if (own_words)
		chat_extra_write(&response->extra, &w);
	else
		write_texts(asked, &w);
	if (own_words && response->usage_json.p)
		json_member_raw(&w, "meta", response->usage_json);
	else if (!own_words)
		write_meta(response, &w);
	json_member_str(&w, "response_type", S("embeddings_by_type"));
	json_end_object(&w);
}

static void write_vectors(const struct embed_response *response,
	unsigned wanted, struct json_writer *w)
{
	json_name(w, "embeddings");
	json_begin_object(w);
	for (int i = 0; i < EMBED_TYPES; i++) {
		if (!(wanted & EMBED_TYPE(i)))
			continue;
		json_name(w, embed_type_name((enum embed_type)i));
		json_begin_array(w);
		for (size_t at = 0; at < response->count; at++)
			json_write_raw(w, response->vectors[at].values[i]);
		json_end_array(w);
	}
	json_end_object(w);
}

static void write_texts(
	const struct embed_request *asked, struct json_writer *w)
{
	json_name(w, "texts");
	json_begin_array(w);
	for (size_t i = 0; i < asked->input_count; i++)
		json_write_str(w, asked->inputs[i].text);
	json_end_array(w);
}

static void write_meta(
	const struct embed_response *response, struct json_writer *w)
{
	json_name(w, "meta");
	json_begin_object(w);
	json_name(w, "api_version");
	json_begin_object(w);
	json_member_str(w, "version", S("2"));
	json_end_object(w);
	if (response->prompt_tokens >= 0) {
		json_name(w, "billed_units");
		json_begin_object(w);
		json_member_int(w, "input_tokens", response->prompt_tokens);
		json_end_object(w);
	}
	json_end_object(w);
}
