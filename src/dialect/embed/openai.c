/*
 * openai.c - OpenAI's embeddings, as all compatible providers speak
 * them: POST /embeddings.
 *
 * `input_type` is OpenRouter's, `output_dtype` and `output_dimension` are
 * Mistral's; OpenAI refuses members it does not know, so a purpose is read
 * here and not written.
 */
#include "dialect/embed/openai.h"

#include "dialect/facts.h"

static bool read_dimensions(struct json value, void *into, struct arena *arena);
static bool read_output_dimension(
	struct json value, void *into, struct arena *arena);
static bool read_count(struct json value, int64_t *out);
static bool read_input_type(struct json value, void *into, struct arena *arena);
static void write_dimensions(const void *from, const struct shape_out *out);
static void write_output_dimension(
	const void *from, const struct shape_out *out);
static void write_encoding(const void *from, const struct shape_out *out);
static void write_dtype(const void *from, const struct shape_out *out);
static void write_input_type(const void *from, const struct shape_out *out);

#define AT(field) offsetof(struct embed_request, field)

/* clang-format off */
static const struct shape_row request_rows[] = {
	{ "model", SHAPE_TEXT, AT(model), NULL, NULL },
	{ "input", SHAPE_SPECIAL, 0, embed_read_nothing,
		openai_embed_write_input },
	{ "dimensions", SHAPE_SPECIAL, 0, read_dimensions, write_dimensions },
	{ "output_dimension", SHAPE_SPECIAL, 0, read_output_dimension,
		write_output_dimension },
	{ "encoding_format", SHAPE_SPECIAL, 0, embed_read_encoding,
		write_encoding },
	{ "output_dtype", SHAPE_SPECIAL, 0, embed_read_dtype, write_dtype },
	{ "input_type", SHAPE_SPECIAL, 0, read_input_type, write_input_type },
	{ "user", SHAPE_TEXT, AT(user), NULL, NULL },
};
/* clang-format on */
static const struct shape request_shape = SHAPE_OF(request_rows);

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err);
static void write_request(const struct embed_request *request, struct buf *out);
static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err);

static const char *const essential[] = { "dimensions", "output_dimension",
	"encoding_format", "output_dtype", NULL };

const struct embed_format openai_embed = {
	.name = "openai",
	.words = {
		[EMBED_FIELD_DIMENSIONS] = "dimensions",
		[EMBED_FIELD_TYPES] = "encoding_format",
		[EMBED_FIELD_PURPOSE] = "input_type",
		[EMBED_FIELD_USER] = "user",
	},
	.purposes = {
		[EMBED_QUERY] = "search_query",
		[EMBED_DOCUMENT] = "search_document",
		[EMBED_CLASSIFICATION] = "classification",
		[EMBED_CLUSTERING] = "clustering",
	},
	.types = ~0U,
	.essential = essential,
	.read_request = read_request,
	.write_request = write_request,
	.read_response = read_response,
	.write_response = openai_embed_write_answer,
};

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err)
{
	return openai_embed_read(
		&openai_embed, &request_shape, head, arena, out, err);
}

bool openai_embed_read(const struct embed_format *format,
	const struct shape *shape, const struct chat_head *head,
	struct arena *arena, struct embed_request *out, struct error *err)
{
	embed_request_init(out, format);
	shape_read(shape, head->root, out, &out->extra, arena);
	embed_settle_types(out);
	return embed_read_inputs(
		json_find(head->root, S("input")), "input", arena, out, err);
}

static void write_request(const struct embed_request *request, struct buf *out)
{
	openai_embed_write(
		&request_shape, request->format == &openai_embed, request, out);
}

void openai_embed_write(const struct shape *shape, bool own_words,
	const struct embed_request *request, struct buf *out)
{
	struct json_writer w;
	const struct shape_out to = { .w = &w, .own_words = own_words };

	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(shape, request, &request->extra, &to);
	json_end_object(&w);
}

void openai_embed_write_input(const void *from, const struct shape_out *out)
{
	json_name(out->w, "input");
	embed_write_inputs(from, out->own_words, out->w);
}

static bool read_dimensions(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;

	(void)arena;
	return read_count(value, &request->dimensions);
}

static bool read_output_dimension(
	struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;

	(void)arena;
	if (request->dimensions >= 0 ||
		!read_count(value, &request->dimensions))
		return false;
	request->dimensions_word = S("output_dimension");
	return true;
}

static bool read_count(struct json value, int64_t *out)
{
	int64_t count;

	if (!json_int(value, &count) || count < 0)
		return false;
	*out = count;
	return true;
}

static bool read_input_type(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;

	(void)arena;
	request->purpose = embed_purpose_find(&openai_embed, value);
	return request->purpose != EMBED_PURPOSE_UNSET;
}

static void write_dimensions(const void *from, const struct shape_out *out)
{
	const struct embed_request *request = from;

	if (request->dimensions >= 0 &&
		!(out->own_words && request->dimensions_word.p))
		json_member_int(out->w, "dimensions", request->dimensions);
}

static void write_output_dimension(
	const void *from, const struct shape_out *out)
{
	const struct embed_request *request = from;

	if (out->own_words && request->dimensions_word.p)
		json_member_int(
			out->w, "output_dimension", request->dimensions);
}

/* Floats are what comes when nothing is said. */
static void write_encoding(const void *from, const struct shape_out *out)
{
	openai_embed_write_encoding(&openai_embed, from, out);
}

static void write_dtype(const void *from, const struct shape_out *out)
{
	openai_embed_write_dtype(&openai_embed, from, out);
}

static void write_input_type(const void *from, const struct shape_out *out)
{
	const struct embed_request *request = from;

	if (out->own_words && request->purpose != EMBED_PURPOSE_UNSET)
		json_member_str(out->w, "input_type",
			str_of(openai_embed.purposes[request->purpose]));
}

static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	return openai_embed_read_answer(
		&openai_embed, body, sent, arena, out, err);
}

void openai_embed_write_encoding(const struct embed_format *format,
	const struct embed_request *request, const struct shape_out *out)
{
	if (out->own_words && request->encoding_word.p)
		json_member_str(
			out->w, "encoding_format", request->encoding_word);
	else if (!out->own_words &&
		 embed_type_sent(request, format) == EMBED_BASE64)
		json_member_str(out->w, "encoding_format", S("base64"));
}

void openai_embed_write_dtype(const struct embed_format *format,
	const struct embed_request *request, const struct shape_out *out)
{
	enum embed_type type = embed_type_sent(request, format);

	if (out->own_words && request->dtype_word.p)
		json_member_str(out->w, "output_dtype", request->dtype_word);
	else if (!out->own_words && type > EMBED_BASE64)
		json_member_str(
			out->w, "output_dtype", str_of(embed_type_name(type)));
}
