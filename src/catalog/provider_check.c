/*
 * provider_check.c - one GET, and what its answer says of the key.
 *
 * Where the models are public, another address tells more:
 * https://openrouter.ai/docs/api-reference/api-keys/get-current-api-key.
 * Cohere's list is only below /v1:
 * https://docs.cohere.com/reference/list-models. Ollama's:
 * https://github.com/ollama/ollama/blob/main/docs/api.md. Voyage has none, and
 * Amazon Bedrock has it at another host than its models.
 */
#include "catalog/provider_check.h"

#include "catalog/base_url.h"
#include "net/get.h"

#include <jansson.h>

#define MAX_ANSWER_BYTES (4 << 20)
#define MAX_SAID_BYTES 300
/* A shorter part of a key tells nothing of it. */
#define TELLING_BYTES 6
#define HEADERS 8

struct place {
	struct str dialect;
	struct str base_end; /* that the base URL has, and is left out */
	struct str path;
};

/* The first that fits. */
static const struct place places[] = {
	{ STR("cohere"), STR("/v2"), STR("/v1/models?page_size=1") },
	{ STR("ollama"), STR(""), STR("/api/tags") },
	{ STR("openai_chat"), STR(""), STR("/models") },
	{ STR("openai_responses"), STR(""), STR("/models") },
	{ STR("anthropic"), STR(""), STR("/models?limit=1") },
	{ STR("gemini"), STR(""), STR("/models?pageSize=1") },
};

static void ask(const struct provider *provider, struct str key,
	bool allow_private, struct arena *arena, struct provider_answer *out);
static const char *url_of(const struct provider *provider, struct arena *arena);
static size_t make_headers(const struct provider *provider, struct str key,
	struct arena *arena, const char *headers[HEADERS]);
static enum provider_verdict judge(int status, struct str body);
static struct str words_of(
	struct str body, struct str key, struct arena *arena);
static struct str find_message(json_t *json);
static bool tells_key(struct str text, struct str key);

void provider_check(const struct provider *provider, struct str key,
	bool allow_private, struct arena *arena, struct provider_answer *out)
{
	struct provider_answer to_strangers;

	ask(provider, key, allow_private, arena, out);
	if (out->verdict != PROVIDER_ACCEPTS || key.n == 0)
		return;
	/* Who answers everybody has not looked at the key. */
	ask(provider, S(""), allow_private, arena, &to_strangers);
	if (to_strangers.verdict != PROVIDER_ACCEPTS)
		return;
	out->verdict = PROVIDER_UNCLEAR;
	out->said = S("It shows its models to everybody, so that nothing is "
		      "known of the key.");
}

const char *provider_verdict_name(enum provider_verdict verdict)
{
	static const char *const names[] = {
		[PROVIDER_ACCEPTS] = "accepted",
		[PROVIDER_REFUSES] = "refused",
		[PROVIDER_UNCLEAR] = "unclear",
		[PROVIDER_UNREACHED] = "unreached",
	};

	return names[verdict];
}

static void ask(const struct provider *provider, struct str key,
	bool allow_private, struct arena *arena, struct provider_answer *out)
{
	struct buf body = BUF_INIT(MAX_ANSWER_BYTES);
	const char *headers[HEADERS];
	char etag[GET_ETAG_BYTES];
	struct error err;
	struct get get = {
		.url = url_of(provider, arena),
		.headers = headers,
		.timeout_ms = PROVIDER_CHECK_TIMEOUT_MS / 2,
		.is_refused =
			allow_private ? NULL : base_url_address_is_private,
	};

	*out = (struct provider_answer){ .verdict = PROVIDER_UNCLEAR };
	if (!get.url) {
		out->said = S("There is no way to ask this provider.");
		return;
	}
	get.header_count = make_headers(provider, key, arena, headers);
	if (get_fetch(&get, &out->status, &body, etag, &err)) {
		out->verdict = judge(out->status, buf_str(&body));
		out->said = words_of(buf_str(&body), key, arena);
	} else if (err.kind != ERR_UPSTREAM_TOO_LARGE) {
		out->verdict = PROVIDER_UNREACHED;
		out->said = arena_copy(arena, str_of(error_detail(&err)));
	}
	buf_release(&body);
}

/* NULL: it cannot be asked. */
static const char *url_of(const struct provider *provider, struct arena *arena)
{
	struct str dialect = provider_first_dialect(provider);
	struct buf url = BUF_INIT(2 * BASE_URL_MAX_BYTES);
	const char *copy = NULL;

	if (str_find(provider->base_url, S("{model}")) < provider->base_url.n)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(places) && !copy; i++) {
		struct str base = provider->base_url;
		struct str path = places[i].path;

		if (!str_equal(places[i].dialect, dialect) ||
			!str_ends(base, places[i].base_end))
			continue;
		base.n -= places[i].base_end.n;
		if (str_starts(base, S("https://openrouter.ai/")))
			path = S("/key");
		base_url_join(base, S(""), path, &url);
		copy = arena_cstr(arena, buf_str(&url));
	}
	buf_release(&url);
	return copy;
}

static size_t make_headers(const struct provider *provider, struct str key,
	struct arena *arena, const char *headers[HEADERS])
{
	bool is_bearer = str_equal(provider->auth, S("bearer"));
	const struct dialect *dialect =
		provider->dialect_count > 0 ? provider->dialects[0] : NULL;
	size_t count = 0;

	headers[count++] = "Accept: application/json";
	if (key.n > 0)
		headers[count++] = arena_printf(arena, "%.*s: %s%.*s",
			STR_ARG(is_bearer ? S("Authorization")
					  : provider->auth),
			is_bearer ? "Bearer " : "", STR_ARG(key))
					   .p;
	for (size_t i = 0; dialect && dialect->headers && dialect->headers[i] &&
			   count < HEADERS;
		i++)
		headers[count++] = dialect->headers[i];
	return count;
}

/* Gemini and xAI answer 400 to a key that is not theirs. */
static enum provider_verdict judge(int status, struct str body)
{
	if (status >= 200 && status < 300)
		return PROVIDER_ACCEPTS;
	if (status == 401 || status == 403)
		return PROVIDER_REFUSES;
	if (status == 400 &&
		(str_find(body, S("API_KEY_INVALID")) < body.n ||
			str_find(body, S("Incorrect API key")) < body.n))
		return PROVIDER_REFUSES;
	return PROVIDER_UNCLEAR;
}

/* The message of an error, whatever the shape; "" where there is none. */
static struct str words_of(struct str body, struct str key, struct arena *arena)
{
	json_t *json = json_loadb(body.p, body.n, 0, NULL);
	struct str words = arena_copy(arena, find_message(json));

	json_decref(json);
	words = str_head(words, MAX_SAID_BYTES);
	return tells_key(words, key) ? S("") : words;
}

static struct str find_message(json_t *json)
{
	static const char *const names[] = { "message", "detail", "error" };
	json_t *error = json_object_get(json, "error");
	json_t *of = json_is_object(error) ? error : json;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		json_t *text = json_object_get(of, names[i]);

		if (json_is_string(text))
			return (struct str){ json_string_value(text),
				json_string_length(text) };
	}
	return S("");
}

/* Some repeat the key, or its ends with stars between them. */
static bool tells_key(struct str text, struct str key)
{
	for (size_t i = 0; i + TELLING_BYTES <= key.n; i++) {
		struct str part = { key.p + i, TELLING_BYTES };

		if (str_find(text, part) < text.n)
			return true;
	}
	return key.n > 0 && key.n < TELLING_BYTES &&
	       str_find(text, key) < text.n;
}
