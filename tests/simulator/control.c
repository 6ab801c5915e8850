/*
 * control.c - what a test sees and steers.
 */
#include "control.h"

#include "base/clock.h"
#include "base/json.h"
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
static void describe_last(struct control *control, struct buf *headers);
static void append_headers(const struct http_request *request, struct buf *out);
static int answer_reset(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_play(struct control *control, struct str body,
	struct buf *headers, struct buf *out);
static int answer_refusal(
	const struct error *err, struct buf *headers, struct buf *out);
static void say_json(struct buf *headers);

static const struct route routes[] = {
	{ "GET", "/_simulator/stats", answer_stats },
	{ "GET", "/_simulator/last", answer_last },
	{ "POST", "/_simulator/reset", answer_reset },
	{ "POST", "/_simulator/play", answer_play },
};

void control_init(struct control *control)
{
	memset(control, 0, sizeof(*control));
	pthread_mutex_init(&control->lock, NULL);
	buf_init(&control->last_head, HTTP_MAX_HEAD_BYTES);
	buf_init(&control->last_body, HTTP_MAX_BODY_BYTES);
	recording_init(&control->play);
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
	struct error err = ERROR_INIT;
	bool seen;

	(void)body;
	pthread_mutex_lock(&control->lock);
	seen = control->last_head.n > 0;
	if (seen) {
		describe_last(control, headers);
		buf_append(out, buf_str(&control->last_body));
	}
	pthread_mutex_unlock(&control->lock);
	if (seen)
		return 200;
	error_refuse(&err, ERR_NOT_FOUND, NULL, "There was no request yet.");
	return answer_refusal(&err, headers, out);
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

static int answer_refusal(
	const struct error *err, struct buf *headers, struct buf *out)
{
	say_json(headers);
	openai_write_refusal(out, err);
	return error_http_status(err);
}

static void say_json(struct buf *headers)
{
	buf_append(headers, S("Content-Type: application/json\r\n"));
}
