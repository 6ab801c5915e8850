/*
 * head.c - what the gateway must know of a request for embeddings, in
 * each format, and Gemini's with another model.
 */
#include "dialect/embed/embed.h"
#include "dialect/service/head.h"

#define HEAD_TEXTS (HEAD_TYPE(JSON_TYPE_STRING) | HEAD_TYPE(JSON_TYPE_ARRAY))

static bool read_encoding(struct head_reader *r, struct json value);
static bool read_gemini_model(struct head_reader *r, struct json value);
static bool read_requests(struct head_reader *r, struct json value);
static bool refuse_both(struct head_reader *r);
static bool read_content(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field openai_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("input"), HEAD_TEXTS, "a string or an array of strings", true,
		service_read_texts },
	{ STR("encoding_format"), HEAD_STRING, "a string", true,
		read_encoding },
	{ STR("user"), HEAD_STRING, "a string", false, service_read_user },
};
static const struct head_field cohere_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("texts"), HEAD_ARRAY, "an array of strings", true,
		service_read_texts },
	{ STR("inputs"), HEAD_ARRAY, "an array of objects", true,
		service_read_texts },
	{ STR("images"), HEAD_ARRAY, "an array of strings", true,
		service_read_texts },
};
static const struct head_field ollama_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("input"), HEAD_TEXTS, "a string or an array of strings", true,
		service_read_texts },
	{ STR("prompt"), HEAD_STRING, "a string", true, service_read_texts },
};
static const struct head_field gemini_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, read_gemini_model },
	{ STR("requests"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of objects",
		true, read_requests },
	{ STR("content"), HEAD_TYPE(JSON_TYPE_OBJECT), "an object", true,
		read_content },
};
/* clang-format on */

static bool is_float(struct json dtype);
static void edit_models(const struct chat_head *head, struct str upstream_name,
	struct buf *out);
static void edit_model(struct json request, struct str upstream_name,
	const char **done, struct buf *out);

bool openai_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, openai_fields,
		    ARRAY_LEN(openai_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(
			err, "input", "send a string or an array of strings.");
	/* Of int8 and the like, base64 is another thing. */
	if (input->wants_base64)
		input->wants_base64 =
			is_float(json_find(out->root, S("output_dtype")));
	return true;
}

static bool is_float(struct json dtype)
{
	return dtype.type != JSON_TYPE_STRING ||
	       json_text_is(dtype, S("float"));
}

static bool read_encoding(struct head_reader *r, struct json value)
{
	service_reader_input(r)->wants_base64 =
		json_text_is(value, S("base64"));
	return true;
}

bool cohere_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, cohere_fields,
		    ARRAY_LEN(cohere_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(
			err, "texts", "send an array of strings.");
	return true;
}

bool ollama_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, ollama_fields,
		    ARRAY_LEN(ollama_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(
			err, "input", "send a string or an array of strings.");
	return true;
}

bool gemini_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, gemini_fields,
		    ARRAY_LEN(gemini_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(err, "content",
			"send a content object, or 'requests' with several.");
	return true;
}

/* The model stands in the address; here its name must only not be another,
 * and that the splice sees to. */
static bool read_gemini_model(struct head_reader *r, struct json value)
{
	struct str *model = &r->head->model;

	if (model->n == 0 && json_text(value, r->arena, model) &&
		str_starts(*model, S("models/")))
		*model = str_from(*model, strlen("models/"));
	return true;
}

static bool read_requests(struct head_reader *r, struct json value)
{
	struct service_input *input = service_reader_input(r);
	struct json_cursor cursor = json_members(value);
	struct json_member request;

	if (input->member.n > 0)
		return refuse_both(r);
	input->member = S("requests");
	input->is_list = true;
	input->item_count = 0;
	for (; json_next(&cursor, &request); input->item_count++) {
		struct json model = json_find(request.value, S("model"));

		if (json_count(request.value, S("model")) > 1)
			return error_refuse(r->err, ERR_BAD_FIELD, "requests",
				"'requests[%" PRId64 "].model' appears twice: "
				"send it once.",
				input->item_count);
		read_gemini_model(r, model);
		service_count(r->head, json_find(request.value, S("content")));
	}
	return true;
}

static bool read_content(struct head_reader *r, struct json value)
{
	struct service_input *input = service_reader_input(r);

	if (input->member.n > 0)
		return refuse_both(r);
	input->member = S("content");
	input->item_count = 1;
	service_count(r->head, value);
	return true;
}

static bool refuse_both(struct head_reader *r)
{
	return error_refuse(r->err, ERR_BAD_FIELD, r->name,
		"'content' and 'requests': send one of them.");
}

/* Every request of a batch names the model once more. */
void gemini_embed_splice_request(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out)
{
	struct buf body =
		BUF_INIT(head->body.n + (size_t)(input->item_count + 1) *
						(upstream_model.n * 6 + 32));
	struct buf name = BUF_INIT(upstream_model.n + 16);
	struct str text = head->body;

	(void)ask_usage;
	gemini_embed_write_model(upstream_model, &name);
	edit_models(head, buf_str(&name), &body);
	if (!str_equal(buf_str(&body), head->body))
		text = arena_copy(arena, buf_str(&body));
	splice_make(out, text, NULL, 0);
	buf_release(&name);
	buf_release(&body);
}

static void edit_models(
	const struct chat_head *head, struct str upstream_name, struct buf *out)
{
	struct json_cursor cursor =
		json_members(json_find(head->root, S("requests")));
	const char *done = head->body.p;
	struct json_member request;

	if (cursor.p == NULL)
		edit_model(head->root, upstream_name, &done, out);
	while (json_next(&cursor, &request))
		edit_model(request.value, upstream_name, &done, out);
	buf_append(out, (struct str){ done,
				(size_t)(head->body.p + head->body.n - done) });
	assert(!out->failed);
}

static void edit_model(struct json request, struct str upstream_name,
	const char **done, struct buf *out)
{
	struct json model = json_find(request, S("model"));

	if (model.type == JSON_TYPE_NONE || json_text_is(model, upstream_name))
		return;
	buf_append(out, (struct str){ *done, (size_t)(model.text.p - *done) });
	json_append_quoted(out, upstream_name);
	*done = model.text.p + model.text.n;
}
