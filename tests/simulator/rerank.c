/*
 * rerank.c - documents ordered by how many words of a query they have.
 */
#include "rerank.h"

static struct str text_of(const struct ask *ask, struct json document);
static double score_of(struct str query, struct str text);
static bool has_word(struct str text, struct str word);
static int compare(const void *a, const void *b);

int rerank_order(const struct ask *ask, struct str query, struct json documents,
	struct rerank_result **results)
{
	size_t count = json_length(documents);
	struct rerank_result *all =
		ARENA_ARRAY(ask->arena, struct rerank_result, count + 1);
	struct json_cursor cursor = json_members(documents);
	struct json_member document;
	int n = 0;

	for (; json_next(&cursor, &document); n++) {
		all[n].index = n;
		all[n].text = text_of(ask, document.value);
		all[n].score = score_of(query, all[n].text);
	}
	qsort(all, count, sizeof(*all), compare);
	*results = all;
	return n;
}

int rerank_limit(const struct ask *ask, struct str name, int count)
{
	int64_t limit;

	if (json_int(json_find(ask->root, name), &limit) && limit > 0 &&
		limit < count)
		return (int)limit;
	return count;
}

bool rerank_check(const struct ask *ask, struct error *err)
{
	struct json documents = json_find(ask->root, S("documents"));

	if (json_find(ask->root, S("query")).type != JSON_TYPE_STRING)
		return error_refuse(err, ERR_MISSING_FIELD, "query",
			"invalid request: query is required.");
	if (documents.type != JSON_TYPE_ARRAY || json_length(documents) == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "documents",
			"invalid request: documents must not be empty.");
	return true;
}

static struct str text_of(const struct ask *ask, struct json document)
{
	if (document.type == JSON_TYPE_OBJECT)
		document = json_find(document, S("text"));
	return ask_text(ask, document);
}

/* Never 0 and never 1, as no model is that sure. */
static double score_of(struct str query, struct str text)
{
	struct str word;
	int words = 0;
	int found = 0;

	while (str_next_field(&query, ' ', &word)) {
		words += word.n > 0;
		found += word.n > 0 && has_word(text, word);
	}
	return 0.01 + (words ? 0.98 * found / words : 0);
}

static bool has_word(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++) {
		if (str_equal_nocase(str_head(str_from(text, i), word.n), word))
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct rerank_result *x = a;
	const struct rerank_result *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return x->index - y->index;
}
