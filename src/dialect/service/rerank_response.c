/*
 * rerank_response.c - answers with scores, in each format.
 */
#include "dialect/service/rerank.h"

#include "dialect/facts.h"
#include "dialect/service/head.h"

static bool read_member(struct rerank_response *response,
	const struct json_member *member, struct arena *arena);
static bool read_result(
	struct json object, struct arena *arena, struct rerank_result *out);
static void write_results(const struct rerank_response *response,
	const struct rerank_request *asked, struct json_writer *w);
static void write_document(const struct rerank_result *result,
	const struct rerank_request *asked, bool own_words,
	struct json_writer *w);
static void write_usage(const struct rerank_response *response,
	const struct rerank_format *to, struct json_writer *w);
static void write_meta(
	const struct rerank_response *response, struct json_writer *w);

bool rerank_read_response(const struct rerank_format *format, struct str body,
	struct arena *arena, struct rerank_response *out, struct error *err)
{
	struct json root, results;
	struct json_cursor cursor;
	struct json_member member;

	*out = (struct rerank_response){ .format = format };
	if (!facts_check(body, &root, err))
		return false;
	cursor = json_members(root);
	while (json_next(&cursor, &member))
		if (!read_member(out, &member, arena))
			chat_extra_add(&out->extra, &member, arena);
	service_read_units(root, &out->total_tokens, &out->search_units);
	results = json_find(root, str_of(format->results));
	if (results.type != JSON_TYPE_ARRAY)
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the answer has no list '%s'", format->results);
	out->count = json_length(results);
	out->results = ARENA_ARRAY(arena, struct rerank_result, out->count);
	cursor = json_members(results);
	for (size_t i = 0; json_next(&cursor, &member); i++)
		if (!read_result(member.value, arena, &out->results[i]))
			return error_set(err, ERR_UPSTREAM_GARBAGE,
				"a result has no index or no score");
	return true;
}

/* False: it goes to the extras. */
static bool read_member(struct rerank_response *response,
	const struct json_member *member, struct arena *arena)
{
	const struct rerank_format *format = response->format;
	struct str usage = format->has_cohere_meta ? S("meta") : S("usage");

	if (json_name_is(*member, S("id")))
		return json_text(member->value, arena, &response->id);
	if (json_name_is(*member, S("model")))
		return json_text(member->value, arena, &response->model);
	if (json_name_is(*member, usage)) {
		response->usage_json = member->value.text;
		return true;
	}
	return json_name_is(*member, str_of(format->results));
}

static bool read_result(
	struct json object, struct arena *arena, struct rerank_result *out)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	out->index = -1;
	if (object.type != JSON_TYPE_OBJECT)
		return false;
	while (json_next(&cursor, &member)) {
		struct json value = member.value;

		if (json_name_is(member, S("index"))) {
			if (!json_int(value, &out->index))
				return false;
		} else if (json_name_is(member, S("relevance_score"))) {
			if (value.type != JSON_TYPE_NUMBER)
				return false;
			out->score = value.text;
		} else if (json_name_is(member, S("document"))) {
			out->document = value.text;
		} else {
			chat_extra_add(&out->extra, &member, arena);
		}
	}
	return out->index >= 0 && out->score.p;
}

bool rerank_write_response(const struct rerank_response *response,
	const struct rerank_request *asked, struct buf *out, struct error *err)
{
	const struct rerank_format *to = asked->format;
	bool own_words = response->format == to;
	struct json_writer w;

	for (size_t i = 0; i < response->count; i++)
		if (response->results[i].index >=
			(int64_t)asked->document_count)
			return error_set(err, ERR_UPSTREAM_GARBAGE,
				"a result is of a document that was not sent");
	json_writer_init(&w, out);
	json_begin_object(&w);
	if (response->id.p && (own_words || to->has_id))
		json_member_str(&w, "id", response->id);
	if (!to->has_cohere_meta && (response->model.p || !own_words))
		json_member_str(&w, "model",
			response->model.p ? response->model : asked->model);
	if (to == &voyage_rerank && !own_words)
		json_member_str(&w, "object", S("list"));
	write_results(response, asked, &w);
	if (own_words && response->usage_json.p)
		json_member_raw(&w, to->has_cohere_meta ? "meta" : "usage",
			response->usage_json);
	else if (!own_words)
		write_usage(response, to, &w);
	if (own_words)
		chat_extra_write(&response->extra, &w);
	json_end_object(&w);
	return true;
}

static void write_results(const struct rerank_response *response,
	const struct rerank_request *asked, struct json_writer *w)
{
	bool own_words = response->format == asked->format;

	json_name(w, asked->format->results);
	json_begin_array(w);
	for (size_t i = 0; i < response->count; i++) {
		const struct rerank_result *result = &response->results[i];

		json_begin_object(w);
		json_member_int(w, "index", result->index);
		json_member_raw(w, "relevance_score", result->score);
		write_document(result, asked, own_words, w);
		if (own_words)
			chat_extra_write(&result->extra, w);
		json_end_object(w);
	}
	json_end_array(w);
}

/* Its own document, when the client wants it back. */
static void write_document(const struct rerank_result *result,
	const struct rerank_request *asked, bool own_words,
	struct json_writer *w)
{
	const struct rerank_document *document =
		&asked->documents[result->index];

	if (own_words) {
		if (result->document.p)
			json_member_raw(w, "document", result->document);
		return;
	}
	if (asked->return_documents != CHAT_YES)
		return;
	json_name(w, "document");
	if (asked->format->documents_are_texts) {
		json_write_str(w, document->text);
		return;
	}
	json_begin_object(w);
	json_member_str(w, "text", document->text);
	json_end_object(w);
}

static void write_usage(const struct rerank_response *response,
	const struct rerank_format *to, struct json_writer *w)
{
	if (to->has_cohere_meta) {
		write_meta(response, w);
		return;
	}
	if (response->total_tokens < 0 && response->search_units < 0)
		return;
	json_name(w, "usage");
	json_begin_object(w);
	if (response->total_tokens >= 0)
		json_member_int(w, "total_tokens", response->total_tokens);
	if (response->search_units >= 0)
		json_member_int(w, "search_units", response->search_units);
	json_end_object(w);
}

static void write_meta(
	const struct rerank_response *response, struct json_writer *w)
{
	json_name(w, "meta");
	json_begin_object(w);
	json_name(w, "api_version");
	json_begin_object(w);
	json_member_str(w, "version", S("2"));
	json_end_object(w);
	if (response->search_units >= 0) {
		json_name(w, "billed_units");
		json_begin_object(w);
		json_member_int(w, "search_units", response->search_units);
		json_end_object(w);
	}
	if (response->total_tokens >= 0) {
		json_name(w, "tokens");
		json_begin_object(w);
		json_member_int(w, "input_tokens", response->total_tokens);
		json_end_object(w);
	}
	json_end_object(w);
}
