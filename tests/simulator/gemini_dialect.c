/*
 * gemini_dialect.c - what all of Gemini's routes have in common: keys, heads,
 * errors, the list of models, and how Google writes JSON.
 */
#include "gemini.h"

#include "control.h"

#define MAX_BODY_BYTES (HTTP_MAX_BODY_BYTES + (4 << 20))

struct error_row {
	int status;
	const char *name;
	const char *message;
};

/* https://ai.google.dev/gemini-api/docs/troubleshooting and
 * https://cloud.google.com/apis/design/errors */
static const struct error_row rows[] = {
	{ 400, "INVALID_ARGUMENT", "Request contains an invalid argument." },
	{ 401, "UNAUTHENTICATED",
		"Request had invalid authentication credentials." },
	{ 403, "PERMISSION_DENIED",
		"Your API key doesn't have the required permissions." },
	{ 404, "NOT_FOUND", "Requested entity was not found." },
	{ 429, "RESOURCE_EXHAUSTED",
		"You exceeded your current quota, please check your plan and "
		"billing details." },
	{ 499, "CANCELLED", "The operation was cancelled." },
	{ 500, "INTERNAL", "An internal error has occurred." },
	{ 503, "UNAVAILABLE",
		"The model is overloaded. Please try again later." },
	{ 504, "DEADLINE_EXCEEDED",
		"Deadline expired before operation could complete." },
};

static bool read_key(const struct ask *ask, struct error *err);
static void answer_models(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void write_model(struct str name, void *writer);
static bool read_models(struct ask *ask, struct error *err);
static void write_head(const struct head_facts *facts, struct buf *out);
static void write_error(int status, uint64_t id, struct buf *out);
static void write_refusal(
	const struct error *err, uint64_t id, struct buf *out);
static void append_error(
	int code, const char *name, struct str message, struct buf *out);
static void refuse_model(struct str name, struct error *err);
static struct error_row row_of(int status);
static bool name_is(struct str raw, struct str camel);
static const char *append_string(const char *p, struct buf *out);
static void append_line(int depth, struct buf *out);

const struct dialect gemini_dialect = {
	.write_head = write_head,
	.write_error = write_error,
	.write_refusal = write_refusal,
	.refuse_model = refuse_model,
};

const struct operation gemini_models = {
	.dialect = &gemini_dialect,
	.read = read_models,
	.answer = answer_models,
};

bool gemini_read(struct ask *ask, struct error *err)
{
	if (!read_key(ask, err) || !ask_read_object(ask, err))
		return false;
	if (ask->route_model.n > ASK_MAX_MODEL_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"unexpected model name format");
	ask->model = ask->route_model;
	ask->content_type = GEMINI_JSON_TYPE;
	return true;
}

struct json gemini_find(struct json object, struct str name)
{
	struct json_cursor members = json_members(object);
	struct json_member member;
	struct json found = { JSON_TYPE_NONE, S("") };

	while (json_next(&members, &member)) {
		if (name_is(member.name, name))
			found = member.value;
	}
	return found;
}

bool gemini_is_3(struct str model)
{
	return str_find(model, S("gemini-3")) < model.n;
}

bool gemini_check_names(struct json object, const struct str *names,
	size_t count, struct str where, struct error *err)
{
	struct json_cursor members = json_members(object);
	struct json_member member;

	while (json_next(&members, &member)) {
		size_t i = 0;

		while (i < count && !name_is(member.name, names[i]))
			i++;
		if (i < count)
			continue;
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Invalid JSON payload received. Unknown name "
			"\"%.*s\"%s%.*s%s: Cannot find field.",
			STR_ARG(str_head(member.name, 100)),
			where.n ? " at '" : "", STR_ARG(where),
			where.n ? "'" : "");
	}
	return true;
}

void gemini_append_styled(
	struct str compact, enum gemini_style style, struct buf *out)
{
	const char *end = compact.p + compact.n;
	bool lines = style == GEMINI_LINES;
	int depth = 0;

	for (const char *p = compact.p; p < end; p++) {
		bool is_empty = p + 1 < end && (p[1] == ']' || p[1] == '}');

		switch (*p) {
		case '"': p = append_string(p, out); break;
		case '{':
		case '[':
			buf_append_char(out, *p);
			if (is_empty)
				buf_append_char(out, *++p);
			else if (lines)
				append_line(++depth, out);
			break;
		case '}':
		case ']':
			if (lines)
				append_line(--depth, out);
			buf_append_char(out, *p);
			break;
		case ',':
			buf_append_char(out, ',');
			if (lines)
				append_line(depth, out);
			break;
		case ':': buf_append(out, S(": ")); break;
		default: buf_append_char(out, *p); break;
		}
	}
}

static bool read_key(const struct ask *ask, struct error *err)
{
	if (http_find_header(ask->http, S("x-goog-api-key")).n > 0 ||
		http_find_header(ask->http, S("authorization")).n > 0 ||
		http_find_query(ask->http, S("key"), ask->arena).n > 0)
		return true;
	return error_refuse(err, ERR_FORBIDDEN, NULL,
		"Method doesn't allow unregistered callers (callers without "
		"established identity). Please use API Key or other form of "
		"API consumer identity to call this API.");
}

static bool read_models(struct ask *ask, struct error *err)
{
	ask->content_type = GEMINI_JSON_TYPE;
	return read_key(ask, err);
}

static void answer_models(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct buf compact = BUF_INIT(MAX_BODY_BYTES);
	struct json_writer w;

	(void)behaviour;
	json_writer_init(&w, &compact);
	json_begin_object(&w);
	json_name(&w, "models");
	json_begin_array(&w);
	control_each_model(ask->control, write_model, &w);
	json_end_array(&w);
	json_end_object(&w);
	gemini_append_styled(buf_str(&compact), GEMINI_LINES, out);
	buf_append_char(out, '\n');
	buf_release(&compact);
}

static void write_model(struct str name, void *writer)
{
	struct json_writer *w = writer;
	struct buf path = BUF_INIT(1024);

	buf_append(&path, S("models/"));
	buf_append(&path, name);
	json_begin_object(w);
	json_member_str(w, "name", buf_str(&path));
	json_member_str(w, "version", S("001"));
	json_member_str(w, "displayName", name);
	json_member_int(w, "inputTokenLimit", 1048576);
	json_member_int(w, "outputTokenLimit", 65536);
	json_member_raw(w, "supportedGenerationMethods",
		S("[\"generateContent\",\"countTokens\",\"embedContent\"]"));
	json_end_object(w);
	buf_release(&path);
}

static void write_head(const struct head_facts *facts, struct buf *out)
{
	(void)facts;
	buf_append(out, S("Server: simulator\r\n"));
}

static void write_error(int status, uint64_t id, struct buf *out)
{
	struct error_row row = row_of(status);

	(void)id;
	append_error(status, row.name, str_of(row.message), out);
}

static void write_refusal(const struct error *err, uint64_t id, struct buf *out)
{
	int status = error_http_status(err);

	(void)id;
	append_error(
		status, row_of(status).name, str_of(error_message(err)), out);
}

static void append_error(
	int code, const char *name, struct str message, struct buf *out)
{
	struct buf compact = BUF_INIT(MAX_BODY_BYTES);
	struct json_writer w;

	json_writer_init(&w, &compact);
	json_begin_object(&w);
	json_name(&w, "error");
	json_begin_object(&w);
	json_member_int(&w, "code", code);
	json_member_str(&w, "message", message);
	json_member_str(&w, "status", str_of(name));
	json_end_object(&w);
	json_end_object(&w);
	gemini_append_styled(buf_str(&compact), GEMINI_LINES, out);
	buf_append_char(out, '\n');
	buf_release(&compact);
}

static void refuse_model(struct str name, struct error *err)
{
	error_refuse(err, ERR_MODEL_NOT_FOUND, NULL,
		"models/%.*s is not found for API version v1beta, or is not "
		"supported for generateContent. Call ModelService.ListModels "
		"to see the list of available models and their supported "
		"methods.",
		STR_ARG(str_head(name, 200)));
}

static struct error_row row_of(int status)
{
	struct error_row other = rows[0];

	if (status >= 500)
		other = (struct error_row){ status, "INTERNAL",
			"An internal error has occurred." };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].status == status)
			return rows[i];
	}
	return other;
}

/* "maxTokens" and "max_tokens" are both "maxTokens". */
static bool name_is(struct str raw, struct str camel)
{
	size_t at = 0;

	for (size_t i = 0; i < raw.n; i++, at++) {
		char c = raw.p[i];

		/* A name that begins with one has it to stay. */
		if (c == '_' && i > 0 && i + 1 < raw.n)
			c = (char)toupper((unsigned char)raw.p[++i]);
		if (at >= camel.n || camel.p[at] != c)
			return false;
	}
	return at == camel.n;
}

/* Its last byte is the closing quote. */
static const char *append_string(const char *p, struct buf *out)
{
	const char *start = p++;

	while (*p != '"')
		p += *p == '\\' ? 2 : 1;
	buf_append(out, (struct str){ start, (size_t)(p - start) + 1 });
	return p;
}

static void append_line(int depth, struct buf *out)
{
	buf_append_char(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_append(out, S("  "));
}
