/*
 * routes.c - the table of URLs: which operation answers what.
 */
#include "routes.h"

#include "anthropic.h"
#include "bedrock.h"
#include "cohere.h"
#include "gemini.h"
#include "ollama.h"
#include "openai.h"
#include "openai_chat.h"
#include "openai_others.h"
#include "responses.h"

/*
 * A path belongs to a route when it ends in `end` and, if there is a `before`,
 * has it somewhere in front of that: what is between them names the model.
 * What stands before is the base URL's.
 */
struct route {
	const char *method;
	const char *before; /* NULL: the body names the model */
	const char *end;
	const struct operation *operation;
	const char *header; /* one that the request must have; NULL: none */
};

/* The first that fits. */
static const struct route routes[] = {
	{ "POST", NULL, "/chat/completions", &openai_chat, NULL },
	{ "POST", NULL, "/responses", &responses, NULL },
	{ "POST", NULL, "/messages", &anthropic_messages, NULL },
	{ "POST", NULL, "/messages/count_tokens", &anthropic_count_tokens,
		NULL },
	{ "POST", "/models/", ":generateContent", &gemini_generate, NULL },
	{ "POST", "/models/", ":streamGenerateContent", &gemini_stream_generate,
		NULL },
	{ "POST", "/models/", ":countTokens", &gemini_count_tokens, NULL },
	{ "POST", "/models/", ":embedContent", &gemini_embed, NULL },
	{ "POST", "/models/", ":batchEmbedContents", &gemini_batch_embed,
		NULL },
	{ "POST", NULL, "/v2/chat", &cohere_chat, NULL },
	{ "POST", NULL, "/v2/embed", &cohere_embed, NULL },
	{ "POST", NULL, "/v2/rerank", &cohere_rerank, NULL },
	{ "POST", "/model/", "/converse", &bedrock_converse, NULL },
	{ "POST", "/model/", "/converse-stream", &bedrock_converse_stream,
		NULL },
	{ "POST", NULL, "/api/chat", &ollama_chat, NULL },
	{ "POST", NULL, "/api/embed", &ollama_embed, NULL },
	{ "POST", NULL, "/embeddings", &openai_embeddings, NULL },
	{ "POST", NULL, "/completions", &openai_completions, NULL },
	{ "POST", NULL, "/moderations", &openai_moderations, NULL },
	{ "POST", NULL, "/rerank", &openai_rerank, NULL },
	{ "POST", NULL, "/images/generations", &openai_images, NULL },
	{ "POST", NULL, "/audio/speech", &openai_speech, NULL },
	{ "POST", NULL, "/audio/transcriptions", &openai_transcriptions, NULL },
	{ "POST", NULL, "/audio/translations", &openai_translations, NULL },
	{ "GET", NULL, "/api/tags", &ollama_tags, NULL },
	{ "GET", NULL, "/api/version", &ollama_version, NULL },
	{ "GET", NULL, "/v1beta/models", &gemini_models, NULL },
	{ "GET", NULL, "/models", &anthropic_models, "anthropic-version" },
	{ "GET", NULL, "/models", &openai_models, NULL },
};

static bool route_fits(const struct route *route,
	const struct http_request *http, struct str *model);

const struct operation *route_find(struct ask *ask, struct error *err)
{
	const struct http_request *http = ask->http;
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		struct str model = S("");

		if (!route_fits(&routes[i], http, &model))
			continue;
		known = true;
		if (!str_equal(http->method, str_of(routes[i].method)))
			continue;
		ask->route_model = http_unescape(model, ask->arena);
		return routes[i].operation;
	}
	if (known)
		error_refuse(err, ERR_METHOD, NULL,
			"This route does not take the method '%.*s'.",
			STR_ARG(str_head(http->method, 16)));
	else
		error_refuse(err, ERR_NOT_FOUND, NULL,
			"The simulator has no route '%.*s'.",
			STR_ARG(str_head(http->path, 200)));
	return NULL;
}

static bool route_fits(const struct route *route,
	const struct http_request *http, struct str *model)
{
	struct str path = http->path;
	struct str end = str_of(route->end);
	struct str before = str_of(route->before);
	size_t at;

	if (!str_ends(path, end) ||
		(route->header &&
			http_find_header(http, str_of(route->header)).n == 0))
		return false;
	if (!route->before)
		return true;
	path = str_head(path, path.n - end.n);
	at = str_find(path, before);
	if (at == path.n)
		return false;
	*model = str_from(path, at + before.n);
	return model->n > 0;
}
