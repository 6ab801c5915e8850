/*
 * gemini.c - Gemini's embeddings: POST /models/{model}:embedContent for
 * one, :batchEmbedContents for several.
 *
 * Fields: the discovery document of generativelanguage v1beta. In a batch
 * every request has settings of its own; other formats have one set of them
 * for all, so a batch is translated only where all requests agree.
 *
 * The settings stand in the request, or in the newer `embedContentConfig`,
 * which alone can say autoTruncate.
 */
#include "dialect/embed/embed.h"

#include "dialect/facts.h"
#include "dialect/service/head.h"

/* One EmbedContentRequest. */
struct item {
	struct embed_request settings;
	struct embed_input input;
	struct str content; /* json */
	struct str config;  /* json: embedContentConfig */
};

static bool read_model(struct json value, void *into, struct arena *arena);
static bool read_task(struct json value, void *into, struct arena *arena);
static bool read_truncate(struct json value, void *into, struct arena *arena);

#define AT(field) offsetof(struct item, field)

/* Google reads both spellings of a name, its own clients write the first. */
/* clang-format off */
static const struct shape_row item_rows[] = {
	{ "model", SHAPE_SPECIAL, 0, read_model, NULL },
	{ "content", SHAPE_OBJECT, AT(content), NULL, NULL },
	{ "taskType", SHAPE_SPECIAL, 0, read_task, NULL },
	{ "task_type", SHAPE_SPECIAL, 0, read_task, NULL },
	{ "title", SHAPE_TEXT, AT(input.title), NULL, NULL },
	{ "outputDimensionality", SHAPE_COUNT, AT(settings.dimensions), NULL,
		NULL },
	{ "output_dimensionality", SHAPE_COUNT, AT(settings.dimensions), NULL,
		NULL },
	{ "embedContentConfig", SHAPE_OBJECT, AT(config), NULL, NULL },
	{ "embed_content_config", SHAPE_OBJECT, AT(config), NULL, NULL },
};
static const struct shape_row config_rows[] = {
	{ "taskType", SHAPE_SPECIAL, 0, read_task, NULL },
	{ "title", SHAPE_TEXT, AT(input.title), NULL, NULL },
	{ "outputDimensionality", SHAPE_COUNT, AT(settings.dimensions), NULL,
		NULL },
	{ "autoTruncate", SHAPE_SPECIAL, 0, read_truncate, NULL },
};
/* clang-format on */
static const struct shape item_shape = SHAPE_OF(item_rows);
static const struct shape config_shape = SHAPE_OF(config_rows);

static bool read_request(const struct chat_head *head, struct arena *arena,
	struct embed_request *out, struct error *err);
static bool read_batch(struct json requests, struct arena *arena,
	struct embed_request *out, struct error *err);
static void read_item(
	struct json object, struct arena *arena, struct item *out);
static struct str text_of(struct str content, struct arena *arena);
static bool agree(const struct item *a, const struct item *b);
static void settle(struct embed_request *out, const struct item *item);
static void write_request(const struct embed_request *request, struct buf *out);
static void write_item(const struct embed_request *request,
	const struct embed_input *input, struct json_writer *w);
static void write_settings(const struct embed_request *request,
	const struct embed_input *input, struct json_writer *w);
static void write_content(const struct embed_request *request,
	const struct embed_input *input, struct json_writer *w);
static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err);
static bool read_vector(struct json object, struct arena *arena,
	struct embed_vector *out, struct error *err);
static void write_response(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out);
static void write_vector(const struct embed_vector *vector, bool own_words,
	struct json_writer *w);

static const char *const essential[] = { "outputDimensionality",
	"output_dimensionality", NULL };

const struct embed_format gemini_embed = {
	.name = "gemini",
	.words = {
		[EMBED_FIELD_DIMENSIONS] = "outputDimensionality",
		[EMBED_FIELD_PURPOSE] = "taskType",
		[EMBED_FIELD_TRUNCATE] = "autoTruncate",
		[EMBED_FIELD_TITLE] = "title",
	},
	.purposes = {
		[EMBED_QUERY] = "RETRIEVAL_QUERY",
		[EMBED_DOCUMENT] = "RETRIEVAL_DOCUMENT",
		[EMBED_CLASSIFICATION] = "CLASSIFICATION",
		[EMBED_CLUSTERING] = "CLUSTERING",
		[EMBED_SIMILARITY] = "SEMANTIC_SIMILARITY",
		[EMBED_QUESTION] = "QUESTION_ANSWERING",
		[EMBED_FACT_CHECK] = "FACT_VERIFICATION",
		[EMBED_CODE_QUERY] = "CODE_RETRIEVAL_QUERY",
	},
	.takes_purpose = true,
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
	struct json requests = json_find(head->root, S("requests"));
	struct item *item;

	embed_request_init(out, &gemini_embed);
	if (requests.type != JSON_TYPE_NONE)
		return read_batch(requests, arena, out, err);
	item = ARENA_NEW(arena, struct item);
	read_item(head->root, arena, item);
	settle(out, item);
	out->member = S("content");
	out->input_count = 1;
	out->inputs = &item->input;
	return true;
}

static bool read_batch(struct json requests, struct arena *arena,
	struct embed_request *out, struct error *err)
{
	struct json_cursor cursor = json_members(requests);
	struct json_member member;
	struct item first = { .content = { NULL, 0 } };
	struct item item;

	if (!embed_read_list(requests, "requests", arena, out, err))
		return false;
	for (size_t i = 0; json_next(&cursor, &member); i++) {
		read_item(member.value, arena, &item);
		if (i == 0)
			first = item;
		if (!agree(&first, &item)) {
			char path[32];

			snprintf(path, sizeof(path), "requests[%zu]", i);
			return error_refuse(err, ERR_UNSUPPORTED, path,
				"'%s' has other settings than the first one; "
				"the provider of the chosen model has one set "
				"of them for all.",
				path);
		}
		out->inputs[i] = item.input;
	}
	settle(out, &first);
	return true;
}

static void read_item(struct json object, struct arena *arena, struct item *out)
{
	*out = (struct item){ .content = { NULL, 0 } };
	embed_request_init(&out->settings, &gemini_embed);
	shape_read(&item_shape, object, out, &out->input.extra, arena);
	if (out->config.p) {
		const struct json config = { JSON_TYPE_OBJECT, out->config };

		out->settings.has_config = true;
		shape_read(&config_shape, config, out, &out->input.inner_extra,
			arena);
	}
	if (out->content.p)
		out->input.text = text_of(out->content, arena);
	out->input.json = out->content;
}

/* One part that is text: how several become one vector is Google's matter. */
static struct str text_of(struct str content, struct arena *arena)
{
	const struct json object = { JSON_TYPE_OBJECT, content };
	struct json parts = json_find(object, S("parts"));
	struct json_cursor cursor = json_members(parts);
	struct str text = { NULL, 0 };
	struct json_member part;

	if (parts.type != JSON_TYPE_ARRAY || json_length(parts) != 1 ||
		!json_next(&cursor, &part) || json_length(part.value) != 1 ||
		!json_text(json_find(part.value, S("text")), arena, &text))
		text.p = NULL;
	return text;
}

static bool agree(const struct item *a, const struct item *b)
{
	return a->settings.purpose == b->settings.purpose &&
	       a->settings.dimensions == b->settings.dimensions &&
	       a->settings.truncate == b->settings.truncate &&
	       a->settings.has_config == b->settings.has_config &&
	       str_equal(a->settings.model, b->settings.model);
}

static void settle(struct embed_request *out, const struct item *item)
{
	const struct embed_request *settings = &item->settings;

	out->model = settings->model;
	out->purpose = settings->purpose;
	out->dimensions = settings->dimensions;
	out->truncate = settings->truncate;
	out->has_config = settings->has_config;
}

static bool read_model(struct json value, void *into, struct arena *arena)
{
	struct item *item = into;
	struct str *model = &item->settings.model;

	if (!json_text(value, arena, model))
		return false;
	if (str_starts(*model, S("models/")))
		*model = str_from(*model, strlen("models/"));
	return true;
}

static bool read_task(struct json value, void *into, struct arena *arena)
{
	struct item *item = into;

	(void)arena;
	item->settings.purpose = embed_purpose_find(&gemini_embed, value);
	return item->settings.purpose != EMBED_PURPOSE_UNSET;
}

static bool read_truncate(struct json value, void *into, struct arena *arena)
{
	struct item *item = into;

	return embed_read_truncate(value, &item->settings, arena);
}

static void write_request(const struct embed_request *request, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	if (request->is_list) {
		json_begin_object(&w);
		json_name(&w, "requests");
		json_begin_array(&w);
	}
	for (size_t i = 0; i < request->input_count; i++)
		write_item(request, &request->inputs[i], &w);
	if (request->is_list) {
		json_end_array(&w);
		json_end_object(&w);
	}
}

static void write_item(const struct embed_request *request,
	const struct embed_input *input, struct json_writer *w)
{
	bool own_words = request->format == &gemini_embed;
	bool in_config = own_words ? request->has_config
				   : request->truncate != EMBED_TRUNCATE_UNSET;
	struct buf name = BUF_INIT(request->model.n + 16);

	json_begin_object(w);
	if (request->model.p) {
		gemini_embed_write_model(request->model, &name);
		json_member_str(w, "model", buf_str(&name));
	}
	write_content(request, input, w);
	if (in_config) {
		json_name(w, "embedContentConfig");
		json_begin_object(w);
	}
	write_settings(request, input, w);
	if (in_config) {
		if (own_words)
			chat_extra_write(&input->inner_extra, w);
		json_end_object(w);
	}
	if (own_words)
		chat_extra_write(&input->extra, w);
	json_end_object(w);
	buf_release(&name);
}

static void write_content(const struct embed_request *request,
	const struct embed_input *input, struct json_writer *w)
{
	if (request->format == &gemini_embed) {
		if (input->json.p)
			json_member_raw(w, "content", input->json);
		return;
	}
	json_name(w, "content");
	json_begin_object(w);
	json_name(w, "parts");
	json_begin_array(w);
	json_begin_object(w);
	json_member_str(w, "text", input->text);
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

static void write_settings(const struct embed_request *request,
	const struct embed_input *input, struct json_writer *w)
{
	const char *task = embed_purpose_word(request, &gemini_embed);
	const struct shape_out out = { .w = w };

	if (task)
		json_member_str(w, "taskType", str_of(task));
	if (input->title.p)
		json_member_str(w, "title", input->title);
	if (request->dimensions >= 0)
		json_member_int(w, "outputDimensionality", request->dimensions);
	embed_write_truncate("autoTruncate", request, &out);
}

void gemini_embed_write_model(struct str model, struct buf *out)
{
	if (!str_starts(model, S("models/")) &&
		!str_starts(model, S("tunedModels/")))
		buf_append(out, S("models/"));
	buf_append(out, model);
}

static bool read_response(struct str body, enum embed_type sent,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	static const struct shape_row rows[] = {
		{ "embedding", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
		{ "embeddings", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
		{ "usageMetadata", SHAPE_OBJECT,
			offsetof(struct embed_response, usage_json), NULL,
			NULL },
	};
	static const struct shape shape = SHAPE_OF(rows);
	struct json root, list;
	struct json_cursor cursor;
	struct json_member member;
	bool is_list;

	(void)sent; /* there is one type */
	embed_response_init(out, &gemini_embed);
	if (!facts_check(body, &root, err))
		return false;
	shape_read(&shape, root, out, &out->extra, arena);
	out->prompt_tokens = service_read_prompt_tokens(root);
	list = json_find(root, S("embeddings"));
	is_list = list.type == JSON_TYPE_ARRAY;
	out->count = is_list ? json_length(list) : 1;
	out->vectors = ARENA_ARRAY(arena, struct embed_vector, out->count);
	if (!is_list)
		return read_vector(json_find(root, S("embedding")), arena,
			out->vectors, err);
	cursor = json_members(list);
	for (size_t i = 0; json_next(&cursor, &member); i++)
		if (!read_vector(member.value, arena, &out->vectors[i], err))
			return false;
	return true;
}

static bool read_vector(struct json object, struct arena *arena,
	struct embed_vector *out, struct error *err)
{
	static const struct shape_row rows[] = {
		{ "values", SHAPE_SPECIAL, 0, embed_read_nothing, NULL },
	};
	static const struct shape shape = SHAPE_OF(rows);

	shape_read(&shape, object, out, &out->extra, arena);
	return embed_read_vector(
		json_find(object, S("values")), EMBED_FLOAT, out, err);
}

static void write_response(const struct embed_response *response,
	const struct embed_request *asked, struct buf *out)
{
	bool own_words = response->format == &gemini_embed;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_name(&w, asked->is_list ? "embeddings" : "embedding");
	if (asked->is_list)
		json_begin_array(&w);
	for (size_t i = 0; i < response->count; i++)
		write_vector(&response->vectors[i], own_words, &w);
	if (asked->is_list)
		json_end_array(&w);
	if (own_words && response->usage_json.p) {
		json_member_raw(&w, "usageMetadata", response->usage_json);
	} else if (response->prompt_tokens >= 0) {
		json_name(&w, "usageMetadata");
		json_begin_object(&w);
		json_member_int(
			&w, "promptTokenCount", response->prompt_tokens);
		json_end_object(&w);
	}
	if (own_words)
		chat_extra_write(&response->extra, &w);
	json_end_object(&w);
}

static void write_vector(const struct embed_vector *vector, bool own_words,
	struct json_writer *w)
{
	json_begin_object(w);
	json_member_raw(w, "values", vector->values[EMBED_FLOAT]);
	if (own_words)
		chat_extra_write(&vector->extra, w);
	json_end_object(w);
}
