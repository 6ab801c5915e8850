/*
 * serve.c - what happens to a request for a page, from its arrival to the
 * answer. START at respond().
 */
#include "base/log.h"
#include "dialect/dialect.h"
#include "site/access.h"
#include "site/file.h"
#include "site/form.h"
#include "site/layout.h"
#include "site/request.h"
#include "site/session.h"
#include "site/stream.h"

#define MAX_JSON_BYTES (16 << 20)
#define SEE_OTHER 303

static void work(struct http_exchange *x, void *owner);
static void finish(struct site_request *request);
static void release(struct site_request *request);
static bool respond(struct site_request *request, struct error *err);
static bool load(struct site_request *request, json_t **out, struct error *err);
static bool answer(struct site_request *request, json_t *page,
	const struct error *problem, struct error *err);
static bool answer_stream(struct site_request *request, struct error *err);
static bool answer_json(
	struct site_request *request, const json_t *page, struct error *err);
static bool answer_page(struct site_request *request, json_t *page,
	const struct error *problem, struct error *err);
static void answer_download(struct site_request *request);
static void answer_redirect(struct site_request *request);
static bool show_again(struct site_request *request,
	const struct error *problem, struct error *err);
static bool send_to_login(
	struct site_request *request, const struct error *problem);
static void fail(struct site_request *request, const struct error *problem);
static bool fail_page(struct site_request *request, const struct error *problem,
	struct error *err);
static bool wants_html(const struct site_request *request);
static void fail_json(
	struct site_request *request, const struct error *problem);
static json_t *describe_problem(
	const struct site_request *request, const struct error *problem);
static void tell_when_again(
	struct site_request *request, const struct error *problem);
static void begin(struct site_request *request, int status, const char *type);
static void send(struct site_request *request, struct str body);

void site_serve(struct site *site, struct http_exchange *x)
{
	struct error err;

	if (x->on_worker) {
		work(x, site);
	} else if (!x->server->to_worker(x, work, site)) {
		struct site_request request;

		site_request_init(&request, site, x);
		error_set(&err, ERR_OVERLOADED,
			"no place in the queue for workers");
		fail_json(&request, &err);
		finish(&request);
	}
}

static void work(struct http_exchange *x, void *owner)
{
	struct site *site = owner;
	struct site_request request;
	struct error err = ERROR_INIT;

	if (site_files_serve(site->files, x))
		return;
	site_request_init(&request, site, x);
	if (!templates_pin(site->templates, &request.templates, &err) ||
		!respond(&request, &err))
		fail(&request, &err);
	if (request.stream) {
		release(&request);
		site_stream_run(&request);
	} else {
		finish(&request);
	}
}

/* The exchange may be gone after this. */
static void finish(struct site_request *request)
{
	release(request);
	http_end(request->exchange);
	http_push(request->exchange);
}

static void release(struct site_request *request)
{
	if (request->db)
		db_give(request->site->db, request->db);
	if (request->templates)
		templates_unpin(request->site->templates, request->templates);
}

/* False: *err is to be answered, and nothing has been yet. */
static bool respond(struct site_request *request, struct error *err)
{
	json_t *page = NULL;
	bool ok;

	if (!site_page_of(request, err) ||
		!db_take(request->site->db, &request->db, err) ||
		!site_session_load(request, &request->session, err))
		return false;
	layout_set_language(request);
	if (!site_check_access(request, err))
		return send_to_login(request, err);
	if (!form_read(request, err) || !load(request, &page, err)) {
		struct error problem = *err;

		db_rollback(request->db);
		return show_again(request, &problem, err);
	}
	ok = answer(request, page, NULL, err);
	json_decref(page);
	return ok;
}

static bool load(struct site_request *request, json_t **out, struct error *err)
{
	json_t *page = json_object();

	if (!page)
		abort();
	if (request->page->load && !request->page->load(request, page, err)) {
		json_decref(page);
		return false;
	}
	*out = page;
	return true;
}

static bool answer(struct site_request *request, json_t *page,
	const struct error *problem, struct error *err)
{
	if (request->stream)
		return answer_stream(request, err);
	if (request->download.content_type) {
		answer_download(request);
		return true;
	}
	if (request->wants_json)
		return answer_json(request, page, err);
	if (request->redirect.n > 0) {
		answer_redirect(request);
		return true;
	}
	return request->page->template
		       ? answer_page(request, page, problem, err)
		       : answer_json(request, page, err);
}

/* What fails before the first piece is there is an answer like any other. */
static bool answer_stream(struct site_request *request, struct error *err)
{
	if (!site_stream_begin(request, err)) {
		request->stream = NULL;
		return false;
	}
	begin(request, 200, site_stream_type(request));
	site_stream_head(request);
	return true;
}

static bool answer_json(
	struct site_request *request, const json_t *page, struct error *err)
{
	char *text = json_dumps(page, JSON_COMPACT);
	struct str body = str_of(text);

	if (!text || body.n > MAX_JSON_BYTES) {
		free(text);
		return error_set(err, ERR_INTERNAL,
			"a page's JSON is not JSON, or larger than %d bytes",
			MAX_JSON_BYTES);
	}
	begin(request, request->status ? request->status : 200,
		"application/json");
	send(request, body);
	free(text);
	return true;
}

static bool answer_page(struct site_request *request, json_t *page,
	const struct error *problem, struct error *err)
{
	struct buf html = BUF_INIT(TEMPLATES_MAX_PAGE_BYTES);
	json_t *contexts[2] = { layout_make(request), page };
	bool ok;

	if (problem)
		json_object_set_new(contexts[0], "problem",
			describe_problem(request, problem));
	json_object_set_new(contexts[0], "form", form_json(request));
	ok = template_set_render(request->templates,
		str_of(request->page->template), contexts, ARRAY_LEN(contexts),
		&html, err);
	if (ok) {
		int status =
			problem ? error_http_status(problem) : request->status;

		begin(request, status ? status : 200,
			"text/html; charset=utf-8");
		if (problem)
			tell_when_again(request, problem);
		send(request, buf_str(&html));
	}
	json_decref(contexts[0]);
	buf_release(&html);
	return ok;
}

static void answer_download(struct site_request *request)
{
	begin(request, 200, request->download.content_type);
	http_header(request->exchange, "Content-Disposition",
		arena_printf(request->arena, "attachment; filename=\"%.*s\"",
			STR_ARG(request->download.file_name)));
	send(request, request->download.body);
}

static void answer_redirect(struct site_request *request)
{
	begin(request, SEE_OTHER, "text/html; charset=utf-8");
	http_header(request->exchange, "Location", request->redirect);
	send(request, S(""));
}

/* A form that was filled in wrongly comes back with what was in it. */
static bool show_again(struct site_request *request,
	const struct error *problem, struct error *err)
{
	const struct site_page *posted = request->page;
	const struct site_page *shown;
	json_t *page;
	bool ok;

	*err = *problem;
	shown = posted->method == SITE_POST && !request->wants_json
			? site_page_find(SITE_GET, posted->path, NULL)
			: NULL;
	if (!shown || !shown->template || error_http_status(problem) >= 500 ||
		problem->kind == ERR_FORBIDDEN ||
		problem->kind == ERR_NOT_FOUND || problem->kind == ERR_CSRF)
		return false;
	request->page = shown;
	if (!load(request, &page, err)) {
		request->page = posted;
		*err = *problem;
		return false;
	}
	ok = answer_page(request, page, problem, err);
	json_decref(page);
	return ok;
}

/* Who is not logged in and looks at pages is asked to, and comes back. */
static bool send_to_login(
	struct site_request *request, const struct error *problem)
{
	const struct http_exchange *x = request->exchange;
	/* Who has been here is told why to log in again. */
	bool ended = site_cookie(request, SITE_COOKIE_LOGIN).n > 0;
	struct buf path = BUF_INIT(8192);

	if (problem->kind != ERR_NOT_LOGGED_IN || request->wants_json)
		return false;
	buf_append(&path, ended ? S("/login?ended=1") : S("/login"));
	if (request->page->method == SITE_GET && !str_equal(x->path, S("/"))) {
		buf_append(&path, ended ? S("&next=") : S("?next="));
		form_encode(&path, x->path);
		if (x->query.n > 0)
			form_encode(&path, S("?"));
		form_encode(&path, x->query);
	}
	site_redirect(
		request, path.failed ? S("/login") : buf_str(&path), NULL);
	buf_release(&path);
	answer_redirect(request);
	return true;
}

/* --- what went wrong */

static void fail(struct site_request *request, const struct error *problem)
{
	struct error err = ERROR_INIT;

	if (error_http_status(problem) >= 500)
		log_error("%s: %.*s %.*s: %s", request->request_id,
			STR_ARG(request->exchange->method),
			STR_ARG(str_head(request->exchange->path, 200)),
			error_detail(problem));
	if (!request->texts && request->templates)
		layout_set_language(request);
	if (request->wants_json || !request->templates ||
		(request->page && !request->page->template &&
			!wants_html(request)))
		fail_json(request, problem);
	else if (!fail_page(request, problem, &err)) {
		log_error("%s: the page of the error: %s", request->request_id,
			error_detail(&err));
		fail_json(request, problem);
	}
}

static bool wants_html(const struct site_request *request)
{
	struct str accept = http_param(request->exchange, S("HTTP_ACCEPT"));

	return str_find(accept, S("text/html")) < accept.n;
}

static bool fail_page(struct site_request *request, const struct error *problem,
	struct error *err)
{
	static const struct site_page page = { .template = "error" };
	json_t *facts = json_object();
	bool ok;

	site_put_int(facts, "status", error_http_status(problem));
	site_put_bool(facts, "is_login", problem->kind == ERR_NOT_LOGGED_IN);
	request->page = &page;
	request->values = NULL;
	ok = answer_page(request, facts, problem, err);
	json_decref(facts);
	return ok;
}

static void fail_json(struct site_request *request, const struct error *problem)
{
	struct buf body = BUF_INIT(16384);

	dialect_find(S("openai_chat"))
		->write_failure(problem, str_of(request->request_id), &body);
	begin(request, error_http_status(problem), "application/json");
	tell_when_again(request, problem);
	send(request, buf_str(&body));
	buf_release(&body);
}

/* In the user's language where there is a text for that kind; the message
 * itself tells more, but in English alone. */
static json_t *describe_problem(
	const struct site_request *request, const struct error *problem)
{
	char key[64];
	struct str translated;
	json_t *out = json_object();

	snprintf(key, sizeof(key), "errors.%s", error_name(problem->kind));
	translated = template_text(request->texts, str_of(key));
	if (str_equal(translated, str_of(key)) ||
		(problem->message[0] && str_equal(request->language,
						S(TEMPLATES_DEFAULT_LANGUAGE))))
		translated = str_of(error_message(problem));
	site_put(out, "message", translated);
	site_put(out, "field", str_of(problem->param));
	site_put(out, "kind", str_of(error_name(problem->kind)));
	if (problem->param[0]) {
		json_t *fields = json_object();

		json_object_set_new(fields, problem->param, json_true());
		json_object_set_new(out, "is_in", fields);
	}
	return out;
}

static void tell_when_again(
	struct site_request *request, const struct error *problem)
{
	if (problem->retry_after_seconds > 0)
		http_header_int(request->exchange, "Retry-After",
			problem->retry_after_seconds);
}

/* --- the head */

static void begin(struct site_request *request, int status, const char *type)
{
	struct http_exchange *x = request->exchange;

	http_begin(x, status, type);
	http_header(x, "X-Request-Id", str_of(request->request_id));
	http_header(x, "Cache-Control", S("no-store"));
	http_header(x, "Content-Security-Policy",
		S("default-src 'self'; img-src 'self' data:; object-src "
		  "'none'; base-uri 'none'; form-action 'self'; "
		  "frame-ancestors 'none'"));
	http_header(x, "X-Content-Type-Options", S("nosniff"));
	http_header(x, "X-Frame-Options", S("DENY"));
	http_header(x, "Referrer-Policy", S("same-origin"));
	http_header(x, "Cross-Origin-Opener-Policy", S("same-origin"));
	http_header(x, "Permissions-Policy",
		S("camera=(), geolocation=(), microphone=()"));
	if (request->is_tls)
		http_header(
			x, "Strict-Transport-Security", S("max-age=31536000"));
	site_write_cookies(request);
}

static void send(struct site_request *request, struct str body)
{
	struct http_exchange *x = request->exchange;

	http_header_int(x, "Content-Length", (int64_t)body.n);
	if (!str_equal(x->method, S("HEAD")))
		http_body(x, body);
}
