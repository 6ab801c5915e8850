/*
 * openai_rerank.c - reranking as Cohere's first API, Jina and OpenRouter have
 * it, and as Voyage has.
 * https://docs.cohere.com/v1/reference/rerank,
 * https://docs.voyageai.com/reference/reranker-api
 */
#include "openai.h"
#include "openai_others.h"
#include "rerank.h"

static bool read(struct ask *ask, struct error *err);
static bool check(const struct ask *ask, struct error *err);
static bool is_voyage(const struct ask *ask);
static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct buf *out);
static void write_result(struct json_writer *w,
	const struct rerank_result *result, bool with_text, bool as_voyage);

const struct operation openai_rerank = {
	.dialect = &openai_dialect,
	.read = read,
	.check = check,
	.answer = answer,
};

static bool read(struct ask *ask, struct error *err)
{
	if (!openai_read(ask, err))
		return false;
	if (is_voyage(ask))
		ask->dialect = &voyage_dialect;
	return true;
}

static bool check(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("model"), STR("query"),
		STR("documents"), STR("top_k"), STR("return_documents"),
		STR("truncation") };

	return (!is_voyage(ask) || OPENAI_CHECK_NAMES(ask, names, err)) &&
	       rerank_check(ask, err);
}

/* "rerank-2.5"; Cohere's are "rerank-v3.5". */
static bool is_voyage(const struct ask *ask)
{
	return str_starts(ask->model, S("rerank-")) && ask->model.n > 7 &&
	       isdigit((unsigned char)ask->model.p[7]);
}

static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct buf *out)
{
	struct rerank_result *results;
	bool voyage = is_voyage(ask);
	bool with_text = json_find(ask->root, S("return_documents")).type ==
			 JSON_TYPE_TRUE;
	int count = rerank_order(ask,
		ask_text(ask, json_find(ask->root, S("query"))),
		json_find(ask->root, S("documents")), &results);
	int limit = rerank_limit(ask, voyage ? S("top_k") : S("top_n"), count);
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	if (voyage)
		json_member_str(&w, "object", S("list"));
	else
		buf_printf(out, "\"id\":\"rerank-sim%" PRIu64 "\"", ask->id);
	w.needs_comma = true;
	json_member_str(&w, "model", ask_model_name(ask));
	json_name(&w, voyage ? "data" : "results");
	json_begin_array(&w);
	for (int i = 0; i < limit; i++)
		write_result(&w, &results[i], with_text, voyage);
	json_end_array(&w);
	json_name(&w, "usage");
	json_begin_object(&w);
	json_member_int(&w, "total_tokens", ask_prompt_tokens(ask, behaviour));
	json_end_object(&w);
	json_end_object(&w);
}

static void write_result(struct json_writer *w,
	const struct rerank_result *result, bool with_text, bool as_voyage)
{
	json_begin_object(w);
	json_member_int(w, "index", result->index);
	buf_printf(w->out, ",\"relevance_score\":%.8g", result->score);
	if (with_text && as_voyage) {
		json_member_str(w, "document", result->text);
	} else if (with_text) {
		json_name(w, "document");
		json_begin_object(w);
		json_member_str(w, "text", result->text);
		json_end_object(w);
	}
	json_end_object(w);
}
