/*
 * page.c - access and answers.
 */
#include "server/page.h"

#include "crypto/random.h"

/* A token that can be guessed guards nothing. */
#define TOKEN_MIN_BYTES 16

static bool may_see(const struct http_exchange *x, enum page_access access,
	struct error *err);
static bool has_token(const struct http_exchange *x, struct error *err);
static bool is_local(const struct http_exchange *x);

bool page_load_token(struct gateway *gateway, struct error *err)
{
	struct str path = gateway->settings->metrics_token_file;
	struct arena arena;
	struct str token;
	bool ok;

	if (path.n == 0)
		return true;
	arena_init(&arena, 8192);
	ok = settings_read_secret(path, &arena, &token, err);
	if (ok && token.n < TOKEN_MIN_BYTES)
		ok = error_refuse(err, ERR_CONFIG, "metrics.token_file",
			"metrics.token_file: the token in %.*s has fewer than "
			"%d characters",
			STR_ARG(path), TOKEN_MIN_BYTES);
	if (ok) {
		digest_sha256(token, gateway->operator_token);
		gateway->has_operator_token = true;
		explicit_bzero((char *)(uintptr_t)token.p, token.n);
	}
	arena_release(&arena);
	return ok;
}

void page_serve(
	struct http_exchange *x, enum page_access access, http_work *work)
{
	struct error err;

	if (!may_see(x, access, &err)) {
		page_refuse(x, &err);
	} else if (x->on_worker) {
		work(x, NULL);
	} else if (!x->server->to_worker(x, work, NULL)) {
		error_set(&err, ERR_OVERLOADED,
			"no place in the queue for workers");
		page_refuse(x, &err);
	}
}

void page_answer(
	struct http_exchange *x, int status, const char *type, struct str body)
{
	char id[REQUEST_ID_BYTES];

	random_request_id(id);
	http_begin(x, status, type);
	http_header(x, "X-Request-Id", str_of(id));
	http_header(x, "Cache-Control", S("no-store"));
	http_body(x, body);
	http_end(x);
	http_push(x);
}

void page_answer_json(struct http_exchange *x, int status, struct str body)
{
	page_answer(x, status, "application/json", body);
}

void page_refuse(struct http_exchange *x, const struct error *err)
{
	gateway_refuse(x, dialect_find(S("openai_chat")), err);
}

static bool may_see(const struct http_exchange *x, enum page_access access,
	struct error *err)
{
	const struct gateway *gateway = x->app;

	if (access == PAGE_OPEN)
		return true;
	if (gateway->has_operator_token)
		return has_token(x, err);
	if (access == PAGE_FOR_OPERATORS && is_local(x))
		return true;
	return error_refuse(err, ERR_FORBIDDEN, NULL, "%s",
		access == PAGE_FOR_OPERATORS
			? "Without a token (the setting metrics.token_file) "
			  "this is shown only to clients on the gateway's own "
			  "machine."
			: "This needs the operator's token: set "
			  "metrics.token_file.");
}

static bool has_token(const struct http_exchange *x, struct error *err)
{
	const struct gateway *gateway = x->app;
	struct str given = http_param(x, S("HTTP_AUTHORIZATION"));
	uint8_t digest[SHA256_BYTES];

	if (!str_equal_nocase(str_head(given, 7), S("Bearer ")))
		return error_refuse(err, ERR_KEY_MISSING, NULL,
			"Send the operator's token as 'Authorization: Bearer "
			"...'.");
	digest_sha256(str_trim(str_from(given, 7)), digest);
	if (digest_equal((struct str){ (char *)digest, SHA256_BYTES },
		    (struct str){ (const char *)gateway->operator_token,
			    SHA256_BYTES }))
		return true;
	return error_refuse(err, ERR_KEY_UNKNOWN, NULL,
		"This is not the operator's token of this gateway.");
}

/* A proxy on this machine speaks for others. */
static bool is_local(const struct http_exchange *x)
{
	static const struct str forwarded[] = { STR("HTTP_X_FORWARDED_FOR"),
		STR("HTTP_FORWARDED"), STR("HTTP_X_REAL_IP") };

	for (size_t i = 0; i < ARRAY_LEN(forwarded); i++) {
		if (http_param(x, forwarded[i]).n > 0)
			return false;
	}
	return str_equal(x->client_ip, S("127.0.0.1")) ||
	       str_equal(x->client_ip, S("::1"));
}
