/*
 * rerank.c - requests for rerankings, in each format.
 *
 * Fields: cohere-ai/cohere-python (v2 rerank), OpenRouter's OpenAPI
 * description (/rerank), https://docs.voyageai.com/reference/reranker-api.
 */
#include "dialect/service/rerank.h"

#include "dialect/losses.h"
#include "dialect/service/head.h"
#include "dialect/shape.h"

const struct rerank_format openai_rerank = {
	.name = "openai",
	.top_n = "top_n",
	.return_documents = "return_documents",
	.results = "results",
	.has_id = true,
};

const struct rerank_format cohere_rerank = {
	.name = "cohere",
	.top_n = "top_n",
	.max_tokens_per_doc = "max_tokens_per_doc",
	.results = "results",
	.has_id = true,
	.has_cohere_meta = true,
};

const struct rerank_format voyage_rerank = {
	.name = "voyage",
	.top_n = "top_k",
	.return_documents = "return_documents",
	.truncation = "truncation",
	.results = "data",
	.documents_are_texts = true,
};

/* clang-format off */
static const struct head_field head_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("query"), HEAD_ANY, "", true, service_read_text },
	{ STR("documents"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of strings",
		true, service_read_texts },
};
/* clang-format on */

static bool read_member(struct rerank_request *request,
	const struct json_member *member, struct arena *arena);
static bool is_named(const struct json_member *member, const char *name);
static bool read_count(struct json value, int64_t *out);
static bool read_flag(struct json value, enum chat_flag *out);
static bool read_documents(struct json value, struct arena *arena,
	struct rerank_request *out, struct error *err);
static bool check_documents(
	const struct rerank_request *request, struct error *err);
static bool find_losses(const struct rerank_request *request,
	const struct rerank_format *to, struct chat_losses *out,
	struct error *err);
static void write_documents(const struct rerank_request *request,
	bool own_words, struct json_writer *w);

bool rerank_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, head_fields,
		    ARRAY_LEN(head_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(
			err, "documents", "send an array of strings.");
	return true;
}

bool rerank_read_request(const struct rerank_format *format,
	const struct chat_head *head, struct arena *arena,
	struct rerank_request *out, struct error *err)
{
	struct json_cursor cursor = json_members(head->root);
	struct json query = json_find(head->root, S("query"));
	struct json_member member;

	*out = (struct rerank_request){
		.format = format,
		.top_n = -1,
		.max_tokens_per_doc = -1,
	};
	if (query.type == JSON_TYPE_NONE)
		return head_refuse_missing(
			err, "query", "send a string to rank by.");
	if (!json_text(query, arena, &out->query))
		return head_refuse_type(err, "query", "a string", query);
	while (json_next(&cursor, &member))
		if (!read_member(out, &member, arena))
			chat_extra_add(&out->extra, &member, arena);
	return read_documents(
		json_find(head->root, S("documents")), arena, out, err);
}

/* False: the member, or its value, is not known here. */
static bool read_member(struct rerank_request *request,
	const struct json_member *member, struct arena *arena)
{
	const struct rerank_format *format = request->format;

	if (is_named(member, "model"))
		return json_text(member->value, arena, &request->model);
	if (is_named(member, format->top_n))
		return read_count(member->value, &request->top_n);
	if (is_named(member, format->max_tokens_per_doc))
		return read_count(member->value, &request->max_tokens_per_doc);
	if (is_named(member, format->return_documents))
		return read_flag(member->value, &request->return_documents);
	if (is_named(member, format->truncation))
		return read_flag(member->value, &request->truncation);
	return is_named(member, "query") || is_named(member, "documents");
}

static bool is_named(const struct json_member *member, const char *name)
{
	return name && json_name_is(*member, str_of(name));
}

static bool read_count(struct json value, int64_t *out)
{
	int64_t count;

	if (!json_int(value, &count) || count < 1)
		return false;
	*out = count;
	return true;
}

static bool read_flag(struct json value, enum chat_flag *out)
{
	bool flag;

	if (!json_bool(value, &flag))
		return false;
	*out = flag ? CHAT_YES : CHAT_NO;
	return true;
}

static bool read_documents(struct json value, struct arena *arena,
	struct rerank_request *out, struct error *err)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	out->document_count = json_length(value);
	if (out->document_count == 0)
		return error_refuse(err, ERR_BAD_FIELD, "documents",
			"'documents' is empty: send at least one text.");
	out->documents =
		ARENA_ARRAY(arena, struct rerank_document, out->document_count);
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		struct rerank_document *document = &out->documents[i];
		struct json text = item.value;

		document->json = item.value.text;
		/* {"text": "..."}; with more in it, it is more than that. */
		if (text.type == JSON_TYPE_OBJECT && json_length(text) == 1)
			text = json_find(text, S("text"));
		if (!json_text(text, arena, &document->text))
			document->text = (struct str){ NULL, 0 };
	}
	return true;
}

bool rerank_write_request(const struct rerank_request *request,
	const struct rerank_format *to, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	bool own_words = request->format == to;
	struct json_writer w;

	if (!own_words && !(check_documents(request, err) &&
				  find_losses(request, to, losses, err)))
		return false;
	json_writer_init(&w, out);
	json_begin_object(&w);
	if (request->model.p)
		json_member_str(&w, "model", request->model);
	json_member_str(&w, "query", request->query);
	write_documents(request, own_words, &w);
	if (request->top_n >= 0)
		json_member_int(&w, to->top_n, request->top_n);
	if (to->max_tokens_per_doc && request->max_tokens_per_doc >= 0)
		json_member_int(&w, to->max_tokens_per_doc,
			request->max_tokens_per_doc);
	if (own_words && request->return_documents != CHAT_UNSET)
		json_member_bool(&w, to->return_documents,
			request->return_documents == CHAT_YES);
	if (to->truncation && request->truncation != CHAT_UNSET)
		json_member_bool(
			&w, to->truncation, request->truncation == CHAT_YES);
	if (own_words)
		chat_extra_write(&request->extra, &w);
	json_end_object(&w);
	return true;
}

static bool check_documents(
	const struct rerank_request *request, struct error *err)
{
	char path[32];

	for (size_t i = 0; i < request->document_count; i++) {
		if (request->documents[i].text.p)
			continue;
		snprintf(path, sizeof(path), "documents[%zu]", i);
		return error_refuse(err, ERR_UNSUPPORTED, path,
			"'%s' is not one plain text; the provider of the "
			"chosen model takes texts.",
			path);
	}
	return true;
}

static bool find_losses(const struct rerank_request *request,
	const struct rerank_format *to, struct chat_losses *out,
	struct error *err)
{
	const struct rerank_format *from = request->format;

	if (request->max_tokens_per_doc >= 0 && !to->max_tokens_per_doc)
		chat_losses_add(out, "%s", from->max_tokens_per_doc);
	if (request->truncation != CHAT_UNSET && !to->truncation)
		chat_losses_add(out, "%s", from->truncation);
	for (const struct chat_member *kept = request->extra.first; kept;
		kept = kept->next) {
		if (kept->member.value.type == JSON_TYPE_NULL)
			continue;
		if (is_named(&kept->member, from->top_n))
			return error_refuse(err, ERR_BAD_FIELD, from->top_n,
				"'%s' must be a whole number, 1 or more.",
				from->top_n);
		chat_losses_add(out, "%.*s", STR_ARG(kept->member.name));
	}
	return true;
}

static void write_documents(const struct rerank_request *request,
	bool own_words, struct json_writer *w)
{
	json_name(w, "documents");
	json_begin_array(w);
	for (size_t i = 0; i < request->document_count; i++)
		if (own_words)
			json_write_raw(w, request->documents[i].json);
		else
			json_write_str(w, request->documents[i].text);
	json_end_array(w);
}
