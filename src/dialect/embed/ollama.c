/*
 * ollama.c - Ollama's embeddings: POST /api/embed, and, as a client may
 * still send them, the older /api/embeddings with one `prompt`.
 *
 * Fields: Ollama's docs/openapi.yaml and docs/api.md.
 */
#include "dialect/embed/embed.h"

#include "dialect/facts.h"
#include "dialect/service/head.h"

static void write_input(const void *from, const struct shape_out *out);
static void write_truncate(const void *from, const struct shape_out *out);

#define AT(field) offsetof(struct embed_request, field)

/* clang-format off */
static const struct shape_row request_rows[] = {
	{ "model", SHAPE_TEXT, AT(model), NULL, NULL },
	{ "input", SHAPE_SPECIAL, 0, embed_read_nothing, write_input },
	{ "prompt", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "truncate", SHAPE_SPECIAL, 0, embed_read_truncate, write_truncate },
	{ "dimensions", SHAPE_COUNT, AT(dimensions), NULL, NULL },
};
/* clang-format on */
static const struct shape request_shape = SHAPE_OF(request_rows);

#undef AT
#define AT(field) offsetof(struct embed_response, field)

static const struct shape_row answer_rows[] = {
	{ "model", SHAPE_TEXT, AT(model), NULL, NULL },
	{ "embeddings", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "embedding", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	{ "prompt_eval_count", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
};
static const struct shape answer_shape = SHAPE_OF(answer_rows);

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err);
static void write_request(const struct embed_request *request, struct buf *out);
static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err);
static void write_response(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out);

static const char *const essential[] = { "dimensions", NULL };

const struct embed_format ollama_embed = {
	.name = "ollama",
	.words = {
		[EMBED_FIELD_DIMENSIONS] = "dimensions",
		[EMBED_FIELD_TRUNCATE] = "truncate",
	},
	.types = EMBED_TYPE(EMBED_FLOAT),
	.essential = essential,
	.read_request = read_request,
	.write_request = write_request,
	.read_response = read_response,
	.write_response = write_response,
};

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err)
{
	struct json input = json_find(head->root, S("input"));
	struct json prompt = json_find(head->root, S("prompt"));

	embed_request_init(out, &ollama_embed);
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	if (input.type == JSON_TYPE_NONE)
		return embed_read_inputs(prompt, "prompt", arena, out, err);
	return embed_read_inputs(input, "input", arena, out, err);
}

static void write_request(const struct embed_request *request, struct buf *out)
{
	struct json_writer w;
	const struct shape_out to = {
		.w = &w,
		.own_words = request->format == &ollama_embed,
	};

	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &to);
	json_end_object(&w);
}

static void write_input(const void *from, const struct shape_out *out)
{
	const struct embed_request *request = from;

	json_name(out->w, out->own_words ? request->member.p : "input");
	embed_write_inputs(request, out->own_words, out->w);
}

static void write_truncate(const void *from, const struct shape_out *out)
{
	embed_write_truncate("truncate", from, out);
}

static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	struct json root, single;

	(void)sent; /* there is one type */
	embed_response_init(out, &ollama_embed);
	if (!facts_check(body, &root, err))
		return false;
	shape_read(&answer_shape, root, out, &out->extra, arena);
	out->prompt_tokens = service_read_prompt_tokens(root);
	single = json_find(root, S("embedding"));
	if (single.type == JSON_TYPE_NONE)
		return embed_read_vectors(json_find(root, S("embeddings")),
			EMBED_FLOAT, arena, out, err);
	out->count = 1;
	out->vectors = ARENA_NEW(arena, struct embed_vector);
	return embed_read_vector(single, EMBED_FLOAT, out->vectors, err);
}

static void write_response(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out)
{
	bool own_words = response->format == &ollama_embed;
	bool is_old = str_equal(asked->member, S("prompt"));
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	if (response->model.p || !own_words)
		json_member_str(&w, "model",
			response->model.p ? response->model : asked->model);
	json_name(&w, is_old ? "embedding" : "embeddings");
	if (!is_old)
		json_begin_array(&w);
	for (size_t i = 0; i < response->count; i++)
		json_write_raw(&w, response->vectors[i].values[EMBED_FLOAT]);
	if (!is_old)
		json_end_array(&w);
	if (response->prompt_tokens >= 0)
		json_member_int(
			&w, "prompt_eval_count", response->prompt_tokens);
	if (own_words)
		chat_extra_write(&response->extra, &w);
	json_end_object(&w);
}
