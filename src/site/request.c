/*
 * request.c - cookies, origins, and what was declared.
 */
#include "site/request.h"

#include "base/json.h"
#include "base/log.h"
#include "crypto/random.h"
#include "site/form.h"

static const struct site_value *value_of(
	const struct site_request *request, const char *name);
static bool accepts_json(const struct http_exchange *x);
static bool sends_json(const struct http_exchange *x);

void site_request_init(struct site_request *request, struct site *site,
	struct http_exchange *x)
{
	char id[REQUEST_ID_BYTES];

	*request = (struct site_request){
		.exchange = x,
		.site = site,
		.arena = &x->arena,
		.wants_json = accepts_json(x) || sends_json(x) ||
			      str_ends(x->path, S(".json")) ||
			      str_starts(x->path, S("/api/")),
		.is_tls =
			str_equal_nocase(http_param(x, S("HTTPS")), S("on")) ||
			str_equal_nocase(
				http_param(x, S("HTTP_X_FORWARDED_PROTO")),
				S("https")),
	};
	random_request_id(id);
	request->request_id = arena_cstr(request->arena, str_of(id));
}

struct str site_text(const struct site_request *request, const char *name)
{
	return value_of(request, name)->text;
}

int64_t site_int(const struct site_request *request, const char *name)
{
	return value_of(request, name)->number;
}

bool site_bool(const struct site_request *request, const char *name)
{
	return value_of(request, name)->number != 0;
}

bool site_has(const struct site_request *request, const char *name)
{
	return value_of(request, name)->is_there;
}

bool site_sent(const struct site_request *request, const char *name)
{
	return value_of(request, name)->is_sent;
}

bool site_keeps(const struct site_request *request, const char *name)
{
	return request->page->method == SITE_PATCH && !site_sent(request, name);
}

struct str site_cookie(const struct site_request *request, struct str name)
{
	struct str rest = http_param(request->exchange, S("HTTP_COOKIE"));
	struct str pair;

	while (str_next_field(&rest, ';', &pair)) {
		size_t equals;

		pair = str_trim(pair);
		equals = str_index(pair, '=');
		if (equals < pair.n && str_equal(str_head(pair, equals), name))
			return str_from(pair, equals + 1);
	}
	return S("");
}

/* A later one of that name takes the place of an earlier one. */
void site_set_cookie(struct site_request *request, const char *name,
	struct str value, int64_t max_age_seconds)
{
	struct site_cookie **at = &request->cookies;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (!*at)
		*at = ARENA_NEW(request->arena, struct site_cookie);
	(*at)->name = name;
	(*at)->value = arena_copy(request->arena, value);
	(*at)->max_age_seconds = max_age_seconds;
}

void site_write_cookies(const struct site_request *request)
{
	const struct site_cookie *cookie = request->cookies;

	for (; cookie; cookie = cookie->next) {
		struct str age = S("");

		assert(str_index(cookie->value, ';') == cookie->value.n);
		if (cookie->max_age_seconds >= 0)
			age = arena_printf(request->arena, "; Max-Age=%" PRId64,
				cookie->max_age_seconds);
		http_header(request->exchange, "Set-Cookie",
			arena_printf(request->arena,
				"%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s%.*s",
				cookie->name, STR_ARG(cookie->value),
				request->is_tls ? "; Secure" : "",
				STR_ARG(age)));
	}
}

void site_redirect(
	struct site_request *request, struct str path, const char *flash)
{
	request->redirect = arena_copy(request->arena, site_own_path(path));
	if (flash)
		site_set_cookie(request, SITE_FLASH_COOKIE, str_of(flash), 60);
}

/* A browser takes '\' for '/', and passes over tabs and line ends. */
void site_download(struct site_request *request, const char *content_type,
	struct str file_name, struct str body)
{
	request->download.content_type = content_type;
	request->download.file_name = file_name;
	request->download.body = body;
}

struct str site_own_path(struct str path)
{
	if (path.n == 0 || path.p[0] != '/')
		return S("/");
	if (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\'))
		return S("/");
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if (c <= ' ' || c == '\\' || c == 127)
			return S("/");
	}
	return path;
}

void site_put(json_t *object, const char *name, struct str value)
{
	json_t *text = json_stringn(value.n ? value.p : "", value.n);
	struct buf clean = BUF_INIT(6 * value.n + 8);

	if (!text) {
		/* The writer makes UTF-8 of anything; the reader takes it. */
		json_append_quoted(&clean, value);
		text = json_loadb(clean.p, clean.n, JSON_DECODE_ANY, NULL);
		buf_release(&clean);
	}
	json_object_set_new(object, name, text);
}

void site_put_int(json_t *object, const char *name, int64_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

void site_put_bool(json_t *object, const char *name, bool value)
{
	json_object_set_new(object, name, json_boolean(value));
}

/* Asking for a field that the page did not declare is our mistake; nobody who
 * looks at a page may end the process with it. */
static const struct site_value *value_of(
	const struct site_request *request, const char *name)
{
	static const struct site_value nothing = { .text = STR("") };
	const struct site_values *values = request->values;

	for (size_t i = 0; values && i < values->count; i++) {
		if (strcmp(values->values[i].field->name, name) == 0)
			return &values->values[i];
	}
	log_error("%.*s asks for its field '%s', which it does not declare",
		STR_ARG(request->page->path), name);
	return &nothing;
}

/* Browsers name text/html; programs that want JSON do not. */
static bool accepts_json(const struct http_exchange *x)
{
	struct str accept = http_param(x, S("HTTP_ACCEPT"));

	return str_find(accept, S("application/json")) < accept.n &&
	       str_find(accept, S("text/html")) == accept.n;
}

static bool sends_json(const struct http_exchange *x)
{
	return str_starts(x->content_type, S("application/json"));
}
