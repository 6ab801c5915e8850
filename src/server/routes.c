/*
 * routes.c - which address means what.
 */
#include "server/routes.h"

#include "gateway/gateway.h"
#include "gateway/observe.h"
#include "server/cors.h"
#include "server/health.h"
#include "server/metrics.h"
#include "server/openapi.h"
#include "site/site.h"

enum method { GET = 1, POST = 2, DELETE = 4 };

struct route {
	struct str path;
	bool is_prefix; /* what follows is an id */
	enum method method;
	const char *dialect;
	enum stream_form form;
	enum service service;
	void (*serve)(struct http_exchange *x, const struct route *route);
};

static void serve_chat(struct http_exchange *x, const struct route *route);
static void serve_count(struct http_exchange *x, const struct route *route);
static void serve_gemini(struct http_exchange *x, const struct route *route);
static void serve_service(struct http_exchange *x, const struct route *route);
static void serve_models(struct http_exchange *x, const struct route *route);
static void serve_cache(struct http_exchange *x, const struct route *route);
static void serve_catalogue(struct http_exchange *x, const struct route *route);
static void serve_providers(struct http_exchange *x, const struct route *route);
static void serve_dry_run(struct http_exchange *x, const struct route *route);
static void serve_batch(struct http_exchange *x, const struct route *route);
static void serve_proxy(struct http_exchange *x, const struct route *route);
static void serve_quota(struct http_exchange *x, const struct route *route);
static void serve_costs(struct http_exchange *x, const struct route *route);
static void serve_test(struct http_exchange *x, const struct route *route);
static void serve_timed_stream(
	struct http_exchange *x, const struct route *route);

/* What is no call: it tells of the gateway itself. */
#define DEFINE_PAGE(page)                                           \
	static void serve_##page(                                   \
		struct http_exchange *x, const struct route *route) \
	{                                                           \
		(void)route;                                        \
		page(x);                                            \
	}

DEFINE_PAGE(health_serve)
DEFINE_PAGE(health_detailed_page)
DEFINE_PAGE(health_dependencies_page)
DEFINE_PAGE(health_providers_page)
DEFINE_PAGE(health_cache_page)
DEFINE_PAGE(health_costs_page)
DEFINE_PAGE(health_status_page)
DEFINE_PAGE(metrics_prometheus_page)
DEFINE_PAGE(metrics_custom_page)
DEFINE_PAGE(metrics_reset_page)
DEFINE_PAGE(openapi_page)

#define PAGE(METHOD, PATH, FUNCTION)                               \
	{                                                          \
		STR(PATH), false, METHOD, OPENAI, STREAM_AS_ASKED, \
			SERVICE_CHAT, serve_##FUNCTION             \
	}

#define OPENAI "openai_chat"
#define RESPONSES "openai_responses"
#define ANTHROPIC "anthropic"
#define GEMINI "gemini"
#define COHERE "cohere"
#define OLLAMA "ollama"

/* clang-format off */
static const struct route routes[] = {
	{ STR("/v1/chat/completions"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/api/v1/chat/completions"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/v1/chat"), false, POST, OPENAI, STREAM_NEVER, SERVICE_CHAT, serve_chat },
	{ STR("/v1/chat/stream"), false, POST, OPENAI,
		STREAM_ALWAYS, SERVICE_CHAT, serve_chat },
	{ STR("/v1/responses"), false, POST, RESPONSES,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/v1/messages"), false, POST, ANTHROPIC,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/v1/messages/count_tokens"), false, POST, ANTHROPIC,
		STREAM_NEVER, SERVICE_CHAT, serve_count },
	{ STR("/v1beta/models/"), true, POST, GEMINI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_gemini },
	{ STR("/v1beta/models/"), true, GET, GEMINI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_models },
	{ STR("/v1beta/models"), false, GET, GEMINI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_models },
	{ STR("/v1/models"), false, GET, OPENAI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_models },
	{ STR("/v1/models/"), true, GET, OPENAI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_models },
	{ STR("/v2/chat"), false, POST, COHERE,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/api/chat"), false, POST, OLLAMA,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/v1/completions"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_COMPLETIONS, serve_service },
	{ STR("/v1/embeddings"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_EMBEDDINGS, serve_service },
	{ STR("/v1/moderations"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_MODERATIONS, serve_service },
	{ STR("/v1/rerank"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_RERANK, serve_service },
	{ STR("/v1/images/generations"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_IMAGES, serve_service },
	{ STR("/v1/images/edits"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_IMAGE_EDITS, serve_service },
	{ STR("/v1/images/variations"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_IMAGE_VARIATIONS, serve_service },
	{ STR("/v1/audio/speech"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_SPEECH, serve_service },
	{ STR("/v1/audio/transcriptions"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_TRANSCRIPTIONS, serve_service },
	{ STR("/v1/audio/translations"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_TRANSLATIONS, serve_service },
	{ STR("/v2/embed"), false, POST, COHERE,
		STREAM_AS_ASKED, SERVICE_EMBEDDINGS, serve_service },
	{ STR("/v2/rerank"), false, POST, COHERE,
		STREAM_AS_ASKED, SERVICE_RERANK, serve_service },
	{ STR("/api/embed"), false, POST, OLLAMA,
		STREAM_AS_ASKED, SERVICE_EMBEDDINGS, serve_service },
	{ STR("/api/embeddings"), false, POST, OLLAMA,
		STREAM_AS_ASKED, SERVICE_EMBEDDINGS, serve_service },
	{ STR("/v1/health/stream"), false, GET, OPENAI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_timed_stream },
	{ STR("/api/llm/chat"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_CHAT, serve_chat },
	{ STR("/api/llm/completions"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_COMPLETIONS, serve_service },
	{ STR("/api/llm/embeddings"), false, POST, OPENAI,
		STREAM_AS_ASKED, SERVICE_EMBEDDINGS, serve_service },
	{ STR("/api/llm/batch"), .method = POST, .dialect = OPENAI,
		.serve = serve_batch },
	{ STR("/api/llm-proxy"), .method = POST, .dialect = OPENAI,
		.serve = serve_proxy },
	{ STR("/api/quota"), .method = GET, .dialect = OPENAI,
		.serve = serve_quota },
	{ STR("/api/llm/costs/summary"), .method = GET, .dialect = OPENAI,
		.serve = serve_costs },
	{ STR("/api/llm/costs/history"), .method = GET, .dialect = OPENAI,
		.serve = serve_costs },
	{ STR("/api/llm/costs/users"), .method = GET, .dialect = OPENAI,
		.serve = serve_costs },
	{ STR("/api/llm/models"), .method = GET, .dialect = OPENAI,
		.serve = serve_catalogue },
	{ STR("/api/llm/models/"), .is_prefix = true, .method = GET,
		.dialect = OPENAI, .serve = serve_catalogue },
	{ STR("/api/llm/providers"), .method = GET, .dialect = OPENAI,
		.serve = serve_providers },
	{ STR("/api/llm/providers/"), .is_prefix = true, .method = GET,
		.dialect = OPENAI, .serve = serve_test },
	{ STR("/api/llm/route"), .method = POST, .dialect = OPENAI,
		.serve = serve_dry_run },
	{ STR("/api/llm/cache/stats"), .method = GET, .dialect = OPENAI,
		.serve = serve_cache },
	{ STR("/api/llm/cache"), .method = DELETE, .dialect = OPENAI,
		.serve = serve_cache },
	{ STR("/api/llm/cache/"), .is_prefix = true, .method = DELETE,
		.dialect = OPENAI, .serve = serve_cache },
	PAGE(GET, "/v1/health", health_serve),
	PAGE(GET, "/api/health", health_serve),
	PAGE(GET, "/api/health/detailed", health_detailed_page),
	PAGE(GET, "/api/health/dependencies", health_dependencies_page),
	PAGE(GET, "/api/health/providers", health_providers_page),
	PAGE(GET, "/api/health/cache", health_cache_page),
	PAGE(GET, "/api/health/costs", health_costs_page),
	PAGE(GET, "/api/llm-proxy/status", health_status_page),
	PAGE(GET, "/api/metrics/prometheus", metrics_prometheus_page),
	PAGE(GET, "/api/metrics/custom", metrics_custom_page),
	PAGE(POST, "/api/metrics/reset", metrics_reset_page),
	PAGE(GET, "/openapi.json", openapi_page),
};
/* clang-format on */

static bool is_for_people(
	const struct gateway *gateway, const struct http_exchange *x);
static const struct route *route_find(
	const struct http_exchange *x, struct error *err);
static bool route_fits(const struct route *route, struct str path);
static bool method_fits(const struct route *route, struct str method);
static const char *method_name(enum method method);
static bool is_options(const struct http_exchange *x);
static void serve_options(struct http_exchange *x);
static const struct dialect *dialect_of(const struct route *route);

void routes_serve(struct http_exchange *x, const struct error *err)
{
	struct error wrong = ERROR_INIT;
	const struct route *route = route_find(x, &wrong);
	const struct gateway *gateway = x->app;

	if (!err && !route && is_for_people(gateway, x)) {
		observe_exchange(x, S("dashboard"));
		site_serve(gateway->site, x);
		return;
	}
	observe_exchange(x, route ? route->path : S("other"));
	if (route) {
		cors_allow(x, gateway->settings);
		cors_allow_keys(x, gateway->snapshots);
	}
	if (err)
		wrong = *err;
	if (!err && route && is_options(x))
		serve_options(x);
	else if (wrong.kind == ERR_NONE)
		route->serve(x, route);
	else
		gateway_refuse(x,
			dialect_find(str_of(route ? route->dialect : OPENAI)),
			&wrong);
}

/* A page, or a browser that looks for one. */
static bool is_for_people(
	const struct gateway *gateway, const struct http_exchange *x)
{
	struct str accept = http_param(x, S("HTTP_ACCEPT"));

	return gateway->site &&
	       (site_has_path(gateway->site, x->path) ||
		       str_find(accept, S("text/html")) < accept.n);
}

/* With ERR_METHOD the route is still given, for its dialect. */
static const struct route *route_find(
	const struct http_exchange *x, struct error *err)
{
	const struct route *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!route_fits(&routes[i], x->path))
			continue;
		found = &routes[i];
		if (method_fits(found, x->method))
			return found;
	}
	if (found)
		error_refuse(err, ERR_METHOD, NULL,
			"%.*s takes %s requests, not %.*s.", STR_ARG(x->path),
			method_name(found->method), STR_ARG(x->method));
	else
		error_refuse(err, ERR_NOT_FOUND, NULL,
			"There is nothing at %.*s. The base URL ends in /v1, "
			"and chat is at /v1/chat/completions.",
			STR_ARG(str_head(x->path, 200)));
	return found;
}

static bool route_fits(const struct route *route, struct str path)
{
	if (!route->is_prefix)
		return str_equal(route->path, path);
	return str_starts(path, route->path) && path.n > route->path.n;
}

static bool method_fits(const struct route *route, struct str method)
{
	if (route->method == GET && str_equal(method, S("HEAD")))
		return true;
	return str_equal(method, str_of(method_name(route->method)));
}

static const char *method_name(enum method method)
{
	switch (method) {
	case GET: return "GET";
	case POST: return "POST";
	case DELETE: return "DELETE";
	}
	abort();
}

static bool is_options(const struct http_exchange *x)
{
	return str_equal(x->method, S("OPTIONS"));
}

/* All methods of the address. */
static void serve_options(struct http_exchange *x)
{
	struct buf methods = BUF_INIT(64);
	unsigned seen = 0;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		enum method method = routes[i].method;

		if (!route_fits(&routes[i], x->path) || (seen & method))
			continue;
		seen |= method;
		buf_printf(&methods, "%s, ", method_name(method));
		if (method == GET)
			buf_append(&methods, S("HEAD, "));
	}
	buf_append(&methods, S("OPTIONS"));
	cors_answer_options(x, buf_str(&methods));
	buf_release(&methods);
}

bool routes_row(size_t index, struct route_row *out)
{
	if (index >= ARRAY_LEN(routes))
		return false;
	*out = (struct route_row){ routes[index].path,
		method_name(routes[index].method), routes[index].is_prefix };
	return true;
}

static void serve_chat(struct http_exchange *x, const struct route *route)
{
	gateway_chat(x, &(struct gateway_chat){
				.dialect = dialect_of(route),
				.form = route->form,
			});
}

static void serve_count(struct http_exchange *x, const struct route *route)
{
	gateway_chat(x, &(struct gateway_chat){
				.dialect = dialect_of(route),
				.is_count = true,
			});
}

/* /v1beta/models/{model}:{verb} */
static void serve_gemini(struct http_exchange *x, const struct route *route)
{
	struct str name = str_from(x->path, route->path.n);
	struct str verb = S("");
	struct gateway_chat chat = { .dialect = dialect_of(route) };
	struct error err;

	for (size_t i = name.n; i-- > 0 && verb.n == 0;)
		if (name.p[i] == ':')
			verb = str_from(name, i + 1);
	chat.model = str_head(name, name.n - verb.n - (verb.n > 0));
	chat.form = STREAM_NEVER;
	chat.is_count = str_equal(verb, S("countTokens"));
	if (str_equal(verb, S("streamGenerateContent"))) {
		chat.form = STREAM_ALWAYS;
		chat.as_array = str_find(x->query, S("alt=sse")) == x->query.n;
	} else if (str_equal(verb, S("embedContent")) ||
		   str_equal(verb, S("batchEmbedContents"))) {
		gateway_service(x, chat.dialect,
			service_format_find(S("gemini"), SERVICE_EMBEDDINGS),
			chat.model);
		return;
	} else if (!chat.is_count && !str_equal(verb, S("generateContent"))) {
		error_refuse(&err, ERR_NOT_FOUND, NULL,
			"A model is asked with :generateContent, "
			":streamGenerateContent, :countTokens, :embedContent "
			"or :batchEmbedContents, not '%.*s'.",
			STR_ARG(str_head(verb, 100)));
		gateway_refuse(x, chat.dialect, &err);
		return;
	}
	gateway_chat(x, &chat);
}

static void serve_service(struct http_exchange *x, const struct route *route)
{
	gateway_service(x, dialect_of(route),
		service_find(str_of(route->dialect), route->service), S(""));
}

/* Anthropic's clients ask at OpenAI's address; they say their version. */
static void serve_models(struct http_exchange *x, const struct route *route)
{
	struct str id =
		route->is_prefix ? str_from(x->path, route->path.n) : S("");
	bool is_anthropic = http_param(x, S("HTTP_ANTHROPIC_VERSION")).n > 0;

	gateway_models(x,
		is_anthropic ? dialect_find(S(ANTHROPIC)) : dialect_of(route),
		id);
}

static const struct dialect *dialect_of(const struct route *route)
{
	return dialect_find(str_of(route->dialect));
}

static void serve_timed_stream(
	struct http_exchange *x, const struct route *route)
{
	gateway_timed_stream(x, dialect_of(route));
}

static void serve_catalogue(struct http_exchange *x, const struct route *route)
{
	gateway_catalogue(x, dialect_of(route),
		route->is_prefix ? str_from(x->path, route->path.n) : S(""));
}

static void serve_providers(struct http_exchange *x, const struct route *route)
{
	gateway_providers(x, dialect_of(route));
}

static void serve_dry_run(struct http_exchange *x, const struct route *route)
{
	gateway_route(x, dialect_of(route));
}

static void serve_batch(struct http_exchange *x, const struct route *route)
{
	gateway_batch(x, dialect_of(route));
}

static void serve_proxy(struct http_exchange *x, const struct route *route)
{
	gateway_proxy(x, dialect_of(route));
}

static void serve_quota(struct http_exchange *x, const struct route *route)
{
	gateway_quota(x, dialect_of(route));
}

static void serve_costs(struct http_exchange *x, const struct route *route)
{
	const struct str folder = STR("/api/llm/costs/");

	gateway_costs(x, dialect_of(route), str_from(route->path, folder.n));
}

/* /api/llm/providers/{provider}/test */
static void serve_test(struct http_exchange *x, const struct route *route)
{
	struct str name = str_from(x->path, route->path.n);
	struct error err;

	if (str_ends(name, S("/test"))) {
		gateway_test_provider(x, dialect_of(route),
			str_head(name, name.n - strlen("/test")));
		return;
	}
	error_refuse(&err, ERR_NOT_FOUND, NULL,
		"There is nothing at %.*s. A provider is tested at "
		"/api/llm/providers/{provider}/test.",
		STR_ARG(str_head(x->path, 200)));
	gateway_refuse(x, dialect_of(route), &err);
}

/* Which answers to remove, or none: what there is. */
static void serve_cache(struct http_exchange *x, const struct route *route)
{
	if (route->method == GET)
		gateway_cache_stats(x, dialect_of(route));
	else
		gateway_cache_clear(x, dialect_of(route),
			route->is_prefix ? str_from(x->path, route->path.n)
					 : S(""));
}
