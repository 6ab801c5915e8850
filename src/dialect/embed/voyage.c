/*
 * voyage.c - Voyage AI's embeddings: POST /embeddings.
 *
 * OpenAI's form with small differences. Fields:
 * https://docs.voyageai.com/reference/embeddings-api
 */
#include "dialect/embed/openai.h"

static bool read_input_type(struct json value, void *into, struct arena *arena);
static void write_input_type(const void *from, const struct shape_out *out);
static void write_truncation(const void *from, const struct shape_out *out);
static void write_encoding(const void *from, const struct shape_out *out);
static void write_dtype(const void *from, const struct shape_out *out);

#define AT(field) offsetof(struct embed_request, field)

/* clang-format off */
static const struct shape_row request_rows[] = {
	{ "model", SHAPE_TEXT, AT(model), NULL, NULL },
	{ "input", SHAPE_SPECIAL, 0, embed_read_nothing,
		openai_embed_write_input },
	{ "input_type", SHAPE_SPECIAL, 0, read_input_type, write_input_type },
	{ "truncation", SHAPE_SPECIAL, 0, embed_read_truncate,
		write_truncation },
	{ "output_dimension", SHAPE_COUNT, AT(dimensions), NULL, NULL },
	{ "output_dtype", SHAPE_SPECIAL, 0, embed_read_dtype, write_dtype },
	{ "encoding_format", SHAPE_SPECIAL, 0, embed_read_encoding,
		write_encoding },
};
/* clang-format on */
static const struct shape request_shape = SHAPE_OF(request_rows);

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err);
static void write_request(const struct embed_request *request, struct buf *out);
static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err);

static const char *const essential[] = { "output_dimension", "output_dtype",
	"encoding_format", NULL };

const struct embed_format voyage_embed = {
	.name = "voyage",
	.words = {
		[EMBED_FIELD_DIMENSIONS] = "output_dimension",
		[EMBED_FIELD_TYPES] = "output_dtype",
		[EMBED_FIELD_PURPOSE] = "input_type",
		[EMBED_FIELD_TRUNCATE] = "truncation",
	},
	.purposes = {
		[EMBED_QUERY] = "query",
		[EMBED_DOCUMENT] = "document",
	},
	.takes_purpose = true,
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
		&voyage_embed, &request_shape, head, arena, out, err);
}

static void write_request(const struct embed_request *request, struct buf *out)
{
	openai_embed_write(
		&request_shape, request->format == &voyage_embed, request, out);
}

static bool read_input_type(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;

	(void)arena;
	request->purpose = embed_purpose_find(&voyage_embed, value);
	return request->purpose != EMBED_PURPOSE_UNSET;
}

static void write_input_type(const void *from, const struct shape_out *out)
{
	const char *word = embed_purpose_word(from, &voyage_embed);

	if (word)
		json_member_str(out->w, "input_type", str_of(word));
}

static void write_truncation(const void *from, const struct shape_out *out)
{
	embed_write_truncate("truncation", from, out);
}

/* A list of floats is what comes when nothing is said; there is no word for
 * it. Base64 is of NumPy's float32. */
static void write_encoding(const void *from, const struct shape_out *out)
{
	openai_embed_write_encoding(&voyage_embed, from, out);
}

static void write_dtype(const void *from, const struct shape_out *out)
{
	openai_embed_write_dtype(&voyage_embed, from, out);
}

static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	return openai_embed_read_answer(
		&voyage_embed, body, sent, arena, out, err);
}
