/*
 * routes.c - which address means what.
 */
#include "server/routes.h"

#include "gateway/gateway.h"
#include "server/health.h"

enum method { GET = 1, POST = 2 };

struct route {
	struct str path;
	bool is_prefix; /* what follows is an id */
	enum method method;
	const char *dialect;
	enum stream_form form;
	void (*serve)(struct http_exchange *x, const struct route *route);
};

static void serve_chat(struct http_exchange *x, const struct route *route);
static void serve_models(struct http_exchange *x, const struct route *route);
static void serve_health(struct http_exchange *x, const struct route *route);

#define OPENAI "openai_chat"

static const struct route routes[] = {
	{ .path = STR("/v1/chat/completions"),
		.method = POST,
		.dialect = OPENAI,
		.serve = serve_chat },
	{ .path = STR("/api/v1/chat/completions"),
		.method = POST,
		.dialect = OPENAI,
		.serve = serve_chat },
	{ .path = STR("/v1/chat"),
		.method = POST,
		.dialect = OPENAI,
		.form = STREAM_NEVER,
		.serve = serve_chat },
	{ .path = STR("/v1/chat/stream"),
		.method = POST,
		.dialect = OPENAI,
		.form = STREAM_ALWAYS,
		.serve = serve_chat },
	{ .path = STR("/v1/models"),
		.method = GET,
		.dialect = OPENAI,
		.serve = serve_models },
	{ .path = STR("/v1/models/"),
		.is_prefix = true,
		.method = GET,
		.dialect = OPENAI,
		.serve = serve_models },
	{ .path = STR("/v1/health"),
		.method = GET,
		.dialect = OPENAI,
		.serve = serve_health },
};

static const struct route *route_find(
	const struct http_exchange *x, struct error *err);
static bool route_fits(const struct route *route, struct str path);
static bool method_fits(const struct route *route, struct str method);

void routes_serve(struct http_exchange *x, const struct error *err)
{
	struct error wrong = ERROR_INIT;
	const struct route *route = route_find(x, &wrong);

	if (err)
		wrong = *err;
	if (wrong.kind == ERR_NONE)
		route->serve(x, route);
	else
		gateway_refuse(x,
			dialect_find(str_of(route ? route->dialect : OPENAI)),
			&wrong);
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
			found->method == POST ? "POST" : "GET",
			STR_ARG(x->method));
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
	if (route->method == POST)
		return str_equal(method, S("POST"));
	return str_equal(method, S("GET")) || str_equal(method, S("HEAD"));
}

static void serve_chat(struct http_exchange *x, const struct route *route)
{
	gateway_chat(x, dialect_find(str_of(route->dialect)), route->form);
}

static void serve_models(struct http_exchange *x, const struct route *route)
{
	struct str id =
		route->is_prefix ? str_from(x->path, route->path.n) : S("");

	gateway_models(x, dialect_find(str_of(route->dialect)), id);
}

static void serve_health(struct http_exchange *x, const struct route *route)
{
	(void)route;
	health_serve(x);
}
