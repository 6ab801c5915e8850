/*
 * head.c - what the gateway must know of a client's request. The model
 * and whether it streams stand in the address, not here.
 *
 * A body for countTokens is read too: it has contents, or holds a whole
 * request, which then counts as if it were the body; paths in errors are
 * those within it. That request names the model once more, and Google wants
 * the same name in it as in the address.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/head.h"

/* https://ai.google.dev/api/generate-content: candidateCount is 1 to 8. */
#define MAX_CANDIDATES 8

static bool read_contents(struct head_reader *r, struct json value);
static bool read_system(struct head_reader *r, struct json value);
static bool read_config(struct head_reader *r, struct json value);

#define LIST (HEAD_TYPE(JSON_TYPE_ARRAY) | HEAD_TYPE(JSON_TYPE_OBJECT))

static const struct head_field fields[] = {
	{ STR("contents"), LIST, "an array of contents", true, read_contents },
	{ STR("systemInstruction"), HEAD_OBJECT, "an object", true,
		read_system },
	{ STR("system_instruction"), HEAD_OBJECT, "an object", true,
		read_system },
	{ STR("generationConfig"), HEAD_OBJECT, "an object", true,
		read_config },
	{ STR("generation_config"), HEAD_OBJECT, "an object", true,
		read_config },
	{ STR("tools"), LIST | HEAD_NULL, "an array of tools", false,
		head_read_tools },
	{ STR("generateContentRequest"), HEAD_OBJECT, "an object", true, NULL },
	{ STR("generate_content_request"), HEAD_OBJECT, "an object", true,
		NULL },
	{ STR("model"), HEAD_STRING, "a string", true, NULL },
};

/* Where a content or a part stands; paths are made only when something is
 * wrong. */
struct place {
	bool in_system;
	bool is_part;
	size_t content;
	size_t part;
};

static bool read_fields(struct head_reader *r, struct str body);
static bool read_content(
	struct head_reader *r, struct json content, const struct place *place);
static bool read_part(
	struct head_reader *r, struct json part, const struct place *place);
static struct head_path path_of(const struct place *place, const char *member);
static bool read_max_tokens(struct head_reader *r, struct json config);
static bool read_candidate_count(struct head_reader *r, struct json config);
static bool refuse_twice(struct head_reader *r, const char *path);
static void read_media(struct chat_head *head, struct json media);
static bool says_audio(struct json modalities);

bool gemini_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct head_reader r = { .head = out, .arena = arena, .err = err };
	struct json whole, model;

	if (!read_fields(&r, body))
		return false;
	whole = gemini_find(out->root, "generateContentRequest");
	if (whole.type == JSON_TYPE_OBJECT && !read_fields(&r, whole.text))
		return false;
	out->body = body;
	model = json_find(whole, S("model"));
	if (model.type == JSON_TYPE_STRING)
		out->model_place = head_place(out, model);
	if (out->messages.type == JSON_TYPE_NONE)
		return head_refuse_missing(err, "contents",
			"send an array of contents, such as [{\"role\": "
			"\"user\", \"parts\": [{\"text\": \"Hello\"}]}].");
	return true;
}

void gemini_splice_request(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out)
{
	bool is_path = str_index(upstream_model, '/') < upstream_model.n;
	struct str name = arena_printf(arena, "%s%.*s",
		is_path ? "" : "models/", STR_ARG(upstream_model));
	struct buf quoted = BUF_INIT(name.n * 6 + 2);
	struct splice_edit edit = { head->model_place.at,
		head->model_place.bytes, { NULL, 0 } };

	(void)ask_usage; /* this format always tells */
	json_append_quoted(&quoted, name);
	edit.insert = arena_copy(arena, buf_str(&quoted));
	buf_release(&quoted);
	splice_make(out, head->body, &edit, head->model_place.bytes > 0);
}

static bool read_fields(struct head_reader *r, struct str body)
{
	static const char *const once[] = { "systemInstruction",
		"generationConfig", "generateContentRequest" };

	if (!head_read(r, body, fields, ARRAY_LEN(fields)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		if (gemini_count(r->head->root, once[i]) > 1)
			return refuse_twice(r, once[i]);
	return true;
}

static bool refuse_twice(struct head_reader *r, const char *path)
{
	return error_refuse(r->err, ERR_BAD_FIELD, path,
		"'%s' appears twice in the request body: send it once.", path);
}

static bool read_contents(struct head_reader *r, struct json value)
{
	struct gemini_items items = gemini_items(value);
	struct place place = { .content = 0 };
	struct json item;

	for (; gemini_next(&items, &item); place.content++)
		if (!read_content(r, item, &place))
			return false;
	if (place.content == 0)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'contents' is empty: send at least one content.");
	r->head->messages = value;
	r->head->message_count = place.content;
	return true;
}

static bool read_system(struct head_reader *r, struct json value)
{
	const struct place place = { .in_system = true };

	return value.type == JSON_TYPE_NULL || read_content(r, value, &place);
}

static bool read_content(
	struct head_reader *r, struct json content, const struct place *place)
{
	struct json role = json_find(content, S("role"));
	struct json parts = json_find(content, S("parts"));
	struct gemini_items items = gemini_items(parts);
	struct place inner = *place;
	struct json item;

	if (content.type != JSON_TYPE_OBJECT)
		return head_refuse_type(
			r->err, path_of(place, "").text, "an object", content);
	if (role.type != JSON_TYPE_NONE &&
		!(HEAD_STRING & HEAD_TYPE(role.type)))
		return head_refuse_type(
			r->err, path_of(place, ".role").text, "a string", role);
	if (parts.type != JSON_TYPE_NONE &&
		!((LIST | HEAD_NULL) & HEAD_TYPE(parts.type)))
		return head_refuse_type(r->err, path_of(place, ".parts").text,
			"an array of parts", parts);
	inner.is_part = true;
	for (; gemini_next(&items, &item); inner.part++)
		if (!read_part(r, item, &inner))
			return false;
	return true;
}

static bool read_part(
	struct head_reader *r, struct json part, const struct place *place)
{
	struct chat_head *head = r->head;
	struct json_cursor cursor = json_members(part);
	struct json_member member;

	if (part.type != JSON_TYPE_OBJECT)
		return head_refuse_type(
			r->err, path_of(place, "").text, "an object", part);
	while (json_next(&cursor, &member)) {
		struct json value = member.value;

		if (json_name_is(member, S("text"))) {
			if (!(HEAD_STRING & HEAD_TYPE(value.type)))
				return head_refuse_type(r->err,
					path_of(place, ".text").text,
					"a string", value);
			head_count_text(head, value);
		} else if (gemini_name_is(&member, "inlineData") ||
			   gemini_name_is(&member, "fileData")) {
			read_media(head, value);
		} else if (gemini_name_is(&member, "functionCall")) {
			head->prompt_bytes += (int64_t)value.text.n;
		} else if (gemini_name_is(&member, "functionResponse")) {
			/* Not its media. */
			value = json_find(value, S("response"));
			head->prompt_bytes += (int64_t)value.text.n;
		}
	}
	return true;
}

static struct head_path path_of(const struct place *place, const char *member)
{
	struct head_path content =
		place->in_system ? head_path("systemInstruction")
				 : head_path("contents[%zu]", place->content);

	if (!place->is_part)
		return head_path("%.60s%s", content.text, member);
	return head_path(
		"%.60s.parts[%zu]%s", content.text, place->part, member);
}

static void read_media(struct chat_head *head, struct json media)
{
	struct json type = gemini_find(media, "mimeType");
	struct str text =
		type.text; /* with its quotes; types need no escapes */

	if (type.type != JSON_TYPE_STRING)
		head->has_files = true;
	else if (str_starts(text, S("\"image/")))
		head->has_images = true;
	else if (str_starts(text, S("\"audio/")))
		head->has_audio = true;
	else
		head->has_files = true;
}

static bool read_config(struct head_reader *r, struct json value)
{
	static const char *const schemas[] = { "responseSchema",
		"responseJsonSchema", "_responseJsonSchema" };
	struct chat_head *head = r->head;

	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		struct json schema = gemini_find(value, schemas[i]);

		head->has_json_schema |= schema.type == JSON_TYPE_OBJECT;
		head->prompt_bytes += (int64_t)schema.text.n;
	}
	head->has_reasoning |=
		gemini_find(value, "thinkingConfig").type == JSON_TYPE_OBJECT;
	head->has_logprobs |=
		gemini_find(value, "responseLogprobs").type == JSON_TYPE_TRUE;
	head->has_audio |= says_audio(gemini_find(value, "responseModalities"));
	return read_max_tokens(r, value) && read_candidate_count(r, value);
}

static bool says_audio(struct json modalities)
{
	struct json_cursor cursor = json_members(modalities);
	struct json_member item;

	while (json_next(&cursor, &item))
		if (json_text_is(item.value, S("AUDIO")))
			return true;
	return json_text_is(modalities, S("AUDIO"));
}

static bool read_max_tokens(struct head_reader *r, struct json config)
{
	struct json value = gemini_find(config, "maxOutputTokens");

	r->name = "generationConfig.maxOutputTokens";
	if (gemini_count(config, "maxOutputTokens") > 1)
		return refuse_twice(r, r->name);
	return value.type == JSON_TYPE_NONE || head_read_max_tokens(r, value);
}

static bool read_candidate_count(struct head_reader *r, struct json config)
{
	struct json value = gemini_find(config, "candidateCount");
	int64_t n;

	r->name = "generationConfig.candidateCount";
	if (gemini_count(config, "candidateCount") > 1)
		return refuse_twice(r, r->name);
	if (value.type == JSON_TYPE_NONE || value.type == JSON_TYPE_NULL)
		return true;
	if (!json_int(value, &n) || n < 1 || n > MAX_CANDIDATES)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'%s' must be a whole number from 1 to %d.", r->name,
			MAX_CANDIDATES);
	r->head->n = n;
	return true;
}
