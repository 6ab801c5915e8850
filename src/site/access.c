/*
 * access.c - finding the row, judging who asks.
 */
#include "site/access.h"

#include "site/form.h"
#include "site/pages/pages.h"
#include "site/session.h"

#define API S("/api/v1")

static struct str page_path(struct str path, bool is_api);
static bool fits(struct str pattern, struct str path, struct str *id);
static bool read_method(struct str name, enum site_method *out);
static struct str sent_token(const struct site_request *request);

const struct site_page *site_page_find(
	enum site_method method, struct str path, struct str *id)
{
	struct str ignored;

	for (size_t i = 0; i < site_pages_count; i++) {
		for (const struct site_page *page = site_pages[i];
			page->path.n > 0; page++) {
			if (page->method == method &&
				fits(page->path, path, id ? id : &ignored))
				return page;
		}
	}
	return NULL;
}

bool site_page_of(struct site_request *request, struct error *err)
{
	struct str path = request->exchange->path;
	enum site_method method;

	if (form_is_plain(path, false) &&
		read_method(request->exchange->method, &method)) {
		request->page = site_page_find(method, path, &request->id);
		for (int api = 1; api >= 0 && !request->page; api--)
			request->page = site_page_find(method,
				page_path(path, api != 0), &request->id);
		if (request->page)
			return true;
	}
	if (site_page_exists(path))
		return error_refuse(err, ERR_METHOD, NULL,
			"%.*s does not take %.*s requests.",
			STR_ARG(str_head(path, 200)),
			STR_ARG(str_head(request->exchange->method, 20)));
	return error_refuse(err, ERR_NOT_FOUND, NULL,
		"There is nothing at %.*s. The base URL ends in /v1, "
		"and chat is at /v1/chat/completions.",
		STR_ARG(str_head(path, 200)));
}

bool site_page_exists(struct str path)
{
	for (enum site_method method = SITE_GET; method <= SITE_DELETE;
		method++) {
		if (site_page_find(method, path, NULL) ||
			site_page_find(method, page_path(path, false), NULL) ||
			site_page_find(method, page_path(path, true), NULL))
			return true;
	}
	return false;
}

bool site_may_see(
	const struct site_session *session, const struct site_page *page)
{
	enum role role = page->of_organisation ? session->organisation_role
					       : session->role;

	switch (page->who) {
	case SITE_PUBLIC: return true;
	case SITE_SESSION: return session->user_id != 0;
	case SITE_VIEWER: return role >= ROLE_VIEWER;
	case SITE_MEMBER: return role >= ROLE_MEMBER;
	case SITE_ADMIN: return role >= ROLE_ADMIN;
	case SITE_OWNER: return role >= ROLE_OWNER;
	case SITE_OPERATOR: return session->is_operator;
	}
	abort();
}

/* A change by a cookie needs the token; before there is a session, the browser
 * must say that a page of ours sent it. */
bool site_check_access(struct site_request *request, struct error *err)
{
	const struct site_page *page = request->page;
	const struct site_session *session = &request->session;

	if (!site_may_see(session, page) && session->user_id == 0)
		return error_refuse(
			err, ERR_NOT_LOGGED_IN, NULL, "%s", "Log in first.");
	if (!site_may_see(session, page))
		return error_set(err, ERR_FORBIDDEN,
			"user %" PRId64 " may not see %.*s", session->user_id,
			STR_ARG(page->path));
	if (page->method == SITE_GET || session->is_bearer)
		return true;
	if (!site_session_check_origin(request, err))
		return false;
	return page->who == SITE_PUBLIC ||
	       site_session_check_csrf(session, sent_token(request), err);
}

bool site_check_organisation(
	struct site_request *request, enum role needed, struct error *err)
{
	const struct site_session *session = &request->session;
	enum role role;

	if (!permission_role(request->db, session->user_id,
		    session->organisation_id, 0, &role, err))
		return false;
	return role >= needed ||
	       error_set(err, ERR_FORBIDDEN,
		       "user %" PRId64 " has too small a role in organisation "
		       "%" PRId64,
		       session->user_id, session->organisation_id);
}

static struct str page_path(struct str path, bool is_api)
{
	if (is_api && str_starts(path, API))
		path = str_from(path, API.n);
	if (str_ends(path, S(".json")))
		path.n -= strlen(".json");
	return path;
}

/* "/a/{id}/b": one part of the path stands for {id}. */
static bool fits(struct str pattern, struct str path, struct str *id)
{
	size_t before = str_find(pattern, S("{id}"));
	struct str after = str_from(pattern, before + strlen("{id}"));
	size_t n;

	if (before == pattern.n)
		return str_equal(pattern, path);
	if (!str_starts(path, str_head(pattern, before)))
		return false;
	path = str_from(path, before);
	n = str_index(path, '/');
	if (n == 0 || !str_equal(str_from(path, n), after))
		return false;
	*id = str_head(path, n);
	return true;
}

static bool read_method(struct str name, enum site_method *out)
{
	static const struct {
		struct str name;
		enum site_method method;
	} methods[] = {
		{ STR("GET"), SITE_GET },
		{ STR("HEAD"), SITE_GET },
		{ STR("POST"), SITE_POST },
		{ STR("PUT"), SITE_PUT },
		{ STR("PATCH"), SITE_PATCH },
		{ STR("DELETE"), SITE_DELETE },
	};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (str_equal(methods[i].name, name)) {
			*out = methods[i].method;
			return true;
		}
	}
	return false;
}

static struct str sent_token(const struct site_request *request)
{
	const struct http_exchange *x = request->exchange;
	struct str token = http_param(x, S("HTTP_X_CSRF_TOKEN"));

	if (token.n > 0 || !str_starts(x->content_type,
				   S("application/x-www-form-urlencoded")))
		return token;
	return form_param(buf_str(&x->body), S("csrf"), request->arena);
}
