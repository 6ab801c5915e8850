/*
 * control.c - what a test sees and steers.
 */
#include "control.h"

#include "base/clock.h"
#include "base/json.h"
#include "base64.h"
#include "openai.h"

struct route {
	const char *method;
	const char *path;
	int (*answer)(struct control *, struct str body, struct buf *headers,
		struct buf *out);
};

static int answer_stats(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_last(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_last_json(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static void write_last(struct control *control, struct buf *out);
static int refuse_last(struct buf *headers, struct buf *out);
static void describe_last(struct control *control, struct buf *headers);
static void append_headers(const struct http_request *request, struct buf *out);
static int answer_reset(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_play(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_models(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_rules(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static bool read_models(struct json models, struct buf *out, struct error *err);
static int answer_refusal(
	const struct error *err, struct buf *headers, struct buf *out);
static void say_json(struct buf *headers);

static const struct route routes[] = {
	{ "GET", "/_simulator/stats", answer_stats },
	{ "GET", "/_simulator/last", answer_last },
	{ "GET", "/_simulator/last.json", answer_last_json },
	{ "POST", "/_simulator/reset", answer_reset },
	{ "POST", "/_simulator/play", answer_play },
	{ "POST", "/_simulator/models", answer_models },
	{ "POST", "/_simulator/rules", answer_rules },
};

void control_init(struct control *control)
{
	memset(control, 0, sizeof(*control));
	pthread_mutex_init(&control->lock, NULL);
	buf_init(&control->last_head, HTTP_MAX_HEAD_BYTES);
	buf_init(&control->last_body, HTTP_MAX_BODY_BYTES);
	recording_init(&control->play);
	rules_init(&control->rules);
	prompt_cache_init(&control->prompt_cache);
	buf_init(&control->models, CONTROL_MAX_MODELS_BYTES);
}

void control_begin(struct control *control, struct str head, struct str body)
{
	control->requests++;
	control->active++;
	control->last_request_unix_ms = clock_unix_ms();
	pthread_mutex_lock(&control->lock);
	buf_clear(&control->last_head);
	buf_append(&control->last_head, head);
	buf_clear(&control->last_body);
	buf_append(&control->last_body, body);
	pthread_mutex_unlock(&control->lock);
}

void control_complete(struct control *control)
{
	control->active--;
	control->completed++;
}

void control_abort(struct control *control)
{
	control->active--;
	control->client_aborts++;
	control->last_abort_unix_ms = clock_unix_ms();
}

bool control_take_play(struct control *control, struct recording *out)
{
	bool taken;

	if (!control->plays)
		return false;
	pthread_mutex_lock(&control->lock);
	taken = control->plays;
	if (taken) {
		recording_release(out);
		*out = control->play;
		recording_init(&control->play);
		control->plays = false;
	}
	pthread_mutex_unlock(&control->lock);
	return taken;
}

void control_set_models(struct control *control, const char *models)
{
	struct str rest = str_of(models);
	struct str name;

	pthread_mutex_lock(&control->lock);
	buf_clear(&control->models);
	while (str_next_field(&rest, ',', &name)) {
		buf_append(&control->models, str_trim(name));
		buf_append_char(&control->models, '\n');
	}
	control->lists = models != NULL;
	pthread_mutex_unlock(&control->lock);
}

bool control_has_model(const struct control *control, struct str name)
{
	struct control *c = (struct control *)control;
	struct str rest;
	struct str line;
	bool found = false;

	if (!control->lists)
		return true;
	pthread_mutex_lock(&c->lock);
	rest = buf_str(&control->models);
	while (!found && str_next_field(&rest, '\n', &line))
		found = str_equal(line, name);
	pthread_mutex_unlock(&c->lock);
	return found;
}

void control_each_model(const struct control *control,
	void (*visit)(struct str name, void *context), void *context)
{
	static const struct str some[] = {
		STR("sim-small"),
		STR("sim-large"),
		STR("sim-small?tokens=64,gap_ms=20"),
		STR("sim-small?words=unicode"),
		STR("sim-small?tool=1"),
		STR("sim-small?status=429,retry_after=1"),
	};
	struct control *c = (struct control *)control;
	struct str rest;
	struct str name;

	if (!control->lists) {
		for (size_t i = 0; i < ARRAY_LEN(some); i++)
			visit(some[i], context);
		return;
	}
	pthread_mutex_lock(&c->lock);
	rest = buf_str(&control->models);
	while (str_next_field(&rest, '\n', &name))
		visit(name, context);
	pthread_mutex_unlock(&c->lock);
}

bool control_owns(struct str path)
{
	return str_starts(path, S("/_simulator/"));
}

int control_answer(struct control *control, const struct http_request *request,
	struct str body, struct buf *headers, struct buf *out)
{
	struct error err = ERROR_INIT;
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!str_equal(request->path, str_of(routes[i].path)))
			continue;
		known = true;
		if (str_equal(request->method, str_of(routes[i].method)))
			return routes[i].answer(control, body, headers, out);
	}
	error_refuse(&err, known ? ERR_METHOD : ERR_NOT_FOUND, NULL,
		"There is no control route '%.*s %.*s'.",
		STR_ARG(str_head(request->method, 16)),
		STR_ARG(str_head(request->path, 100)));
	return answer_refusal(&err, headers, out);
}

static int answer_stats(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	struct json_writer w;

	(void)body;
	say_json(headers);
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_int(&w, "requests", control->requests);
	json_member_int(&w, "active", control->active);
	json_member_int(&w, "completed", control->completed);
	json_member_int(&w, "client_aborts", control->client_aborts);
	json_member_int(&w, "last_abort_unix_ms", control->last_abort_unix_ms);
	json_member_int(
		&w, "last_request_unix_ms", control->last_request_unix_ms);
	json_member_int(&w, "connections", control->connections);
	json_end_object(&w);
	buf_append_char(out, '\n');
	return 200;
}

static int answer_last(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	bool seen;

	(void)body;
	pthread_mutex_lock(&control->lock);
	seen = control->last_head.n > 0;
	if (seen) {
		describe_last(control, headers);
		buf_append(out, buf_str(&control->last_body));
	}
	pthread_mutex_unlock(&control->lock);
	return seen ? 200 : refuse_last(headers, out);
}

static int refuse_last(struct buf *headers, struct buf *out)
{
	struct error err = ERROR_INIT;

	error_refuse(&err, ERR_NOT_FOUND, NULL, "There was no request yet.");
	return answer_refusal(&err, headers, out);
}

/* All of it in one object, for those who cannot read our headers. */
static int answer_last_json(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	bool seen;

	(void)body;
	pthread_mutex_lock(&control->lock);
	seen = control->last_head.n > 0;
	if (seen)
		write_last(control, out);
	pthread_mutex_unlock(&control->lock);
	if (!seen)
		return refuse_last(headers, out);
	say_json(headers);
	return 200;
}

static void write_last(struct control *control, struct buf *out)
{
	struct http_request request;
	struct error err;
	struct json_writer w;
	bool ok = http_parse_head(buf_str(&control->last_head), &request, &err);

	assert(ok);
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "method", request.method);
	json_member_str(&w, "path", request.target);
	json_name(&w, "headers");
	append_headers(&request, out);
	w.needs_comma = true;
	/* What is not UTF-8 is replaced in `body`, and exact beside it. */
	json_member_str(&w, "body", buf_str(&control->last_body));
	buf_append(out, S(",\"body_base64\":\""));
	base64_encode(buf_str(&control->last_body), out);
	buf_append(out, S("\"}\n"));
}

static void describe_last(struct control *control, struct buf *headers)
{
	struct http_request request;
	struct error err;
	/* It was accepted once, so it parses. */
	bool ok = http_parse_head(buf_str(&control->last_head), &request, &err);

	assert(ok);
	buf_append(headers, S("Content-Type: application/octet-stream\r\n"));
	buf_append(headers, S("X-Seen-Method: "));
	buf_append(headers, request.method);
	buf_append(headers, S("\r\nX-Seen-Path: "));
	buf_append(headers, request.target);
	buf_append(headers, S("\r\nX-Seen-Headers: "));
	append_headers(&request, headers);
	buf_append(headers, S("\r\n"));
}

/* One object; names in lower case, as tests compare them. */
static void append_headers(const struct http_request *request, struct buf *out)
{
	buf_append_char(out, '{');
	for (size_t i = 0; i < request->header_count; i++) {
		size_t at;

		if (i > 0)
			buf_append_char(out, ',');
		at = out->n;
		json_append_quoted(out, request->headers[i].name);
		for (; at < out->n; at++)
			out->p[at] = (char)tolower((unsigned char)out->p[at]);
		buf_append_char(out, ':');
		json_append_quoted(out, request->headers[i].value);
	}
	buf_append_char(out, '}');
}

static int answer_reset(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	(void)body;
	control->requests = 0;
	control->completed = 0;
	control->client_aborts = 0;
	control->last_abort_unix_ms = 0;
	control->last_request_unix_ms = 0;
	rules_clear(&control->rules);
	prompt_cache_clear(&control->prompt_cache);
	pthread_mutex_lock(&control->lock);
	control->plays = false;
	recording_release(&control->play);
	buf_release(&control->last_head);
	buf_release(&control->last_body);
	pthread_mutex_unlock(&control->lock);
	return answer_stats(control, body, headers, out);
}

static int answer_play(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	struct recording recording;
	struct arena arena;
	struct json object;
	struct error err = ERROR_INIT;
	bool ok;

	recording_init(&recording);
	arena_init(&arena, 4096);
	ok = json_check(body, JSON_MAX_DEPTH, &object, &err) &&
	     recording_read(&recording, object, &arena, &err);
	arena_release(&arena);
	if (!ok) {
		recording_release(&recording);
		return answer_refusal(&err, headers, out);
	}
	pthread_mutex_lock(&control->lock);
	recording_release(&control->play);
	control->play = recording;
	control->plays = true;
	pthread_mutex_unlock(&control->lock);
	say_json(headers);
	buf_append(out, S("{\"plays\":true}\n"));
	return 200;
}

/* {"models": ["a", "b"]}, or null for any. */
static int answer_models(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	struct buf names = BUF_INIT(CONTROL_MAX_MODELS_BYTES);
	struct json object;
	struct json models;
	struct error err = ERROR_INIT;
	bool ok = json_check(body, JSON_MAX_DEPTH, &object, &err);

	if (ok) {
		models = json_find(object, S("models"));
		ok = read_models(models, &names, &err);
	}
	if (ok)
		control_set_models(control, models.type == JSON_TYPE_NULL
						    ? NULL
						    : buf_cstr(&names));
	buf_release(&names);
	if (!ok)
		return answer_refusal(&err, headers, out);
	say_json(headers);
	buf_append(out, body);
	return 200;
}

static int answer_rules(struct control *control, struct str body,
	struct buf *headers, struct buf *out)
{
	struct error err = ERROR_INIT;

	if (!rules_read(&control->rules, body, &err))
		return answer_refusal(&err, headers, out);
	say_json(headers);
	buf_append(out, body);
	return 200;
}

static bool read_models(struct json models, struct buf *out, struct error *err)
{
	struct json_cursor items = json_members(models);
	struct json_member item;
	struct arena arena;
	struct str name;
	bool ok =
		models.type == JSON_TYPE_ARRAY || models.type == JSON_TYPE_NULL;

	arena_init(&arena, 1024);
	while (ok && json_next(&items, &item)) {
		ok = json_text(item.value, &arena, &name) && name.n > 0 &&
		     str_index(name, ',') == name.n &&
		     str_index(name, '\n') == name.n;
		if (ok && out->n > 0)
			buf_append_char(out, ',');
		if (ok)
			buf_append(out, name);
	}
	arena_release(&arena);
	if (ok && !out->failed)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "models",
		"'models' must be a list of names without commas, or null.");
}

static int answer_refusal(
	const struct error *err, struct buf *headers, struct buf *out)
{
	say_json(headers);
	openai_write_refusal(err, 0, out);
	return error_http_status(err);
}

static void say_json(struct buf *headers)
{
	buf_append(headers, S("Content-Type: application/json\r\n"));
}
