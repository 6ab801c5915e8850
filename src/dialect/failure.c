/*
 * failure.c - reads what providers send when they refuse; the shapes that
 * were seen are listed at failure_read_json().
 */
#include "dialect/failure.h"

#include "base/clock.h"

static void read_object(
	struct json object, struct arena *arena, struct failure *out);
static void read_google_details(
	struct json details, struct arena *arena, struct failure *out);
static void read_message(
	struct json object, struct arena *arena, struct failure *out);
static void add_raw(
	struct json error, struct arena *arena, struct failure *out);
static void read_text(struct str body, struct failure *out);
static void set_text(
	struct json value, struct arena *arena, char *out, size_t size);
static int status_of_code(const struct failure *failure);
static enum failure_advice advise(const struct failure *failure);
static int64_t read_retry_after(struct str header);
static int64_t read_http_date(struct str header);

static void blot_keys(char *text);
static size_t word_bytes(const char *p);
static size_t key_prefix(const char *word, size_t n);
static bool looks_random(const char *word, size_t n);

void failure_read(int status, struct str retry_after_header, struct str body,
	struct failure *out)
{
	struct error ignored = ERROR_INIT;
	struct arena arena;
	struct json root;
	int64_t from_header;

	arena_init(&arena, 4096);
	if (json_check(body, JSON_MAX_DEPTH, &root, &ignored)) {
		failure_read_json(status, root, &arena, out);
	} else {
		*out = (struct failure){ .status = status,
			.retry_after_ms = -1 };
		read_text(body, out);
		out->advice = advise(out);
	}
	from_header = read_retry_after(retry_after_header);
	if (from_header >= 0)
		out->retry_after_ms = from_header;
	arena_release(&arena);
}

void failure_read_wait_ms(struct str retry_after_ms_header, struct failure *out)
{
	struct str text = str_trim(retry_after_ms_header);
	struct str whole = str_head(text, str_index(text, '.'));
	int64_t wait_ms;

	if (str_to_int64_in(whole, 0, INT64_C(1000000000), &wait_ms))
		out->retry_after_ms = wait_ms;
}

/*
 * {"error": {"message", "type", "code", "param"}}   OpenAI and most
 * {"error": "text"}                                 Ollama, Together
 * {"error": {"message", "status", "details"}}       Google
 * [{"error": {...}}]                                Gemini's compatible side
 * {"object": "error", "message", "type", "code"}    Mistral, vLLM
 * {"message"}, {"detail": "text" or [{"msg"}]}      Mistral, FastAPI servers
 * "text"                                            proxies
 */
void failure_read_json(
	int status, struct json root, struct arena *arena, struct failure *out)
{
	struct json_cursor items = json_members(root);
	struct json_member first;
	struct json error;

	*out = (struct failure){ .status = status, .retry_after_ms = -1 };
	if (root.type == JSON_TYPE_ARRAY && json_next(&items, &first))
		root = first.value;
	error = json_find(root, S("error"));
	if (error.type == JSON_TYPE_OBJECT)
		read_object(error, arena, out);
	else if (error.type == JSON_TYPE_STRING)
		set_text(error, arena, out->message, sizeof(out->message));
	else if (root.type == JSON_TYPE_OBJECT)
		read_object(root, arena, out);
	else if (root.type == JSON_TYPE_STRING)
		set_text(root, arena, out->message, sizeof(out->message));
	blot_keys(out->message);
	if (status < 400)
		out->status = status_of_code(out);
	read_google_details(json_find(error, S("details")), arena, out);
	out->advice = advise(out);
}

/*
 * https://cloud.google.com/apis/design/errors: a reason that says more than
 * the code, which is the HTTP status, and when to try again ("48s").
 */
static void read_google_details(
	struct json details, struct arena *arena, struct failure *out)
{
	struct json_cursor cursor = json_members(details);
	struct json_member item;
	struct str delay;

	while (details.type == JSON_TYPE_ARRAY && json_next(&cursor, &item)) {
		struct json type = json_find(item.value, S("@type"));

		if (json_text_is(type,
			    S("type.googleapis.com/google.rpc.ErrorInfo")))
			set_text(json_find(item.value, S("reason")), arena,
				out->code, sizeof(out->code));
		if (json_text(json_find(item.value, S("retryDelay")), arena,
			    &delay) &&
			str_ends(delay, S("s")))
			out->retry_after_ms =
				read_retry_after(str_head(delay, delay.n - 1));
	}
}

static void read_object(
	struct json object, struct arena *arena, struct failure *out)
{
	read_message(object, arena, out);
	/* Google's word for what others call the type. */
	set_text(json_find(object, S("status")), arena, out->type,
		sizeof(out->type));
	set_text(json_find(object, S("__type")), arena, out->type,
		sizeof(out->type)); /* AWS */
	set_text(json_find(object, S("type")), arena, out->type,
		sizeof(out->type));
	set_text(json_find(object, S("code")), arena, out->code,
		sizeof(out->code));
	set_text(json_find(object, S("param")), arena, out->param,
		sizeof(out->param));
	add_raw(object, arena, out);
}

static void read_message(
	struct json object, struct arena *arena, struct failure *out)
{
	struct json message = json_find(object, S("message"));
	struct json detail = json_find(object, S("detail"));
	struct json_cursor items = json_members(detail);
	struct json_member first;

	if (message.type != JSON_TYPE_STRING)
		message = json_find(object, S("Message")); /* AWS */
	if (message.type != JSON_TYPE_STRING)
		message = detail;
	if (message.type == JSON_TYPE_ARRAY && json_next(&items, &first))
		message = json_find(first.value, S("msg"));
	set_text(message, arena, out->message, sizeof(out->message));
}

/* OpenRouter says "Provider returned error" and puts the cause elsewhere:
 * https://openrouter.ai/docs/api-reference/errors */
static void add_raw(struct json error, struct arena *arena, struct failure *out)
{
	struct json raw = json_find(json_find(error, S("metadata")), S("raw"));
	size_t used = strlen(out->message);

	if (raw.type != JSON_TYPE_STRING || used + 3 >= sizeof(out->message))
		return;
	if (used > 0) {
		memcpy(out->message + used, ": ", 3);
		used += 2;
	}
	set_text(raw, arena, out->message + used, sizeof(out->message) - used);
}

/* Text that is not JSON: of a page its title, else its beginning. */
static void read_text(struct str body, struct failure *out)
{
	struct str text = str_trim(body);
	size_t title = str_find(text, S("<title>"));

	if (title < text.n) {
		text = str_from(text, title + sizeof("<title>") - 1);
		text = str_head(text, str_index(text, '<'));
	} else if (text.n > 0 && text.p[0] == '<') {
		text = S("");
	}
	failure_fit(text, out->message, 256);
	blot_keys(out->message);
}

/* Strings, and numbers as they are written. */
static void set_text(
	struct json value, struct arena *arena, char *out, size_t size)
{
	struct str text;

	if (json_text(value, arena, &text))
		failure_fit(text, out, size);
	else if (value.type == JSON_TYPE_NUMBER)
		failure_fit(value.text, out, size);
}

void failure_fit(struct str text, char *out, size_t size)
{
	size_t n = text.n < size ? text.n : size - 1;

	/* Not within a character: its later bytes are 10xxxxxx. */
	while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)text.p[i] < 0x20 ? ' ' : text.p[i];
	out[n] = 0;
}

/* An error in a 200 answer: its code may be a status, and Anthropic's types
 * stand for one each (https://platform.claude.com/docs/en/api/errors). */
static int status_of_code(const struct failure *failure)
{
	static const struct {
		const char *type;
		int status;
	} types[] = {
		{ "invalid_request_error", 400 },
		{ "authentication_error", 401 },
		{ "billing_error", 402 },
		{ "permission_error", 403 },
		{ "not_found_error", 404 },
		{ "request_too_large", 413 },
		{ "rate_limit_error", 429 },
		{ "timeout_error", 504 },
		{ "overloaded_error", 529 },
	};
	int64_t status;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(failure->type, types[i].type) == 0)
			return types[i].status;
	if (str_to_int64_in(str_of(failure->code), 400, 599, &status))
		return (int)status;
	return 500;
}

static enum failure_advice advise(const struct failure *failure)
{
	static const int retry[] = { 408, 424, 429, 500, 502, 503, 504, 529 };
	static const int next_target[] = { 401, 402, 403, 404, 405, 410 };
	/* Waiting does not bring money, nor another try a model. */
	static const char *const next_codes[] = { "insufficient_quota",
		"billing_hard_limit_reached", "model_not_found",
		"invalid_api_key", "API_KEY_INVALID" };

	for (size_t i = 0; i < ARRAY_LEN(next_codes); i++)
		if (strcmp(failure->code, next_codes[i]) == 0 ||
			strcmp(failure->type, next_codes[i]) == 0)
			return ADVICE_NEXT_TARGET;
	for (size_t i = 0; i < ARRAY_LEN(retry); i++)
		if (failure->status == retry[i])
			return ADVICE_RETRY;
	for (size_t i = 0; i < ARRAY_LEN(next_target); i++)
		if (failure->status == next_target[i])
			return ADVICE_NEXT_TARGET;
	return failure->status >= 500 ? ADVICE_NEXT_TARGET : ADVICE_GIVE_UP;
}

/* Seconds, with or without a fraction, or a date (RFC 9110, 10.2.3). */
static int64_t read_retry_after(struct str header)
{
	struct str text = str_trim(header);
	struct str whole = str_head(text, str_index(text, '.'));
	struct str fraction = str_from(text, whole.n + 1);
	int64_t seconds, tenths = 0;

	if (!str_to_int64_in(whole, 0, 1000000, &seconds))
		return read_http_date(text);
	if (fraction.n > 0 &&
		!str_to_int64_in(str_head(fraction, 1), 0, 9, &tenths))
		return -1;
	return seconds * 1000 + tenths * 100;
}

static int64_t read_http_date(struct str header)
{
	char text[40];
	struct tm when = { 0 };
	const char *end;
	int64_t left_ms;

	if (header.n == 0 || header.n >= sizeof(text))
		return -1;
	memcpy(text, header.p, header.n);
	text[header.n] = 0;
	end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &when);
	if (!end || *end)
		return -1;
	left_ms = (int64_t)timegm(&when) * 1000 - clock_unix_ms();
	return left_ms > 0 ? left_ms : 0;
}

/* Put *** for everything in the text that may be a key. */
static void blot_keys(char *text)
{
	char *to = text;
	const char *from = text;

	while (*from) {
		size_t n = word_bytes(from);
		size_t kept = n;

		if (n == 0) {
			*to++ = *from++;
			continue;
		}
		if (key_prefix(from, n) > 0 && n >= key_prefix(from, n) + 8)
			kept = key_prefix(from, n);
		else if (looks_random(from, n))
			kept = 0;
		memmove(to, from, kept);
		to += kept;
		if (kept < n)
			to = mempcpy(to, "***", 3);
		from += n;
	}
	*to = 0;
}

static size_t word_bytes(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '-' || p[n] == '_')
		n++;
	return n;
}

/* How providers begin their keys; ours too. 0 when this is not one. */
static size_t key_prefix(const char *word, size_t n)
{
	static const struct str prefixes[] = { STR("sk-"), STR("sk_"),
		STR("gsk_"), STR("xai-"), STR("AIza"), STR("hf_"), STR("pplx-"),
		STR("csk-"), STR("nvapi-"), STR("tgp_"), STR("r8_"), STR("gw_"),
		STR("gwp_") };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts((struct str){ word, n }, prefixes[i]))
			return prefixes[i].n;
	return 0;
}

/* Keys of Mistral, Azure and Together: 32 and more letters and digits. */
static bool looks_random(const char *word, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)word[i]))
			return false;
		digits += isdigit((unsigned char)word[i]) != 0;
	}
	return n >= 32 && digits > 0;
}
