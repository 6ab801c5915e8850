/*
 * session.c - reading and making logins. Keys are made of the master key each
 * time (a microsecond), so that nothing here is kept.
 */
#include "site/session.h"

#include "accounts/member.h"
#include "accounts/organisation.h"
#include "base/clock.h"
#include "site/change.h"

#define CSRF_LABEL S("llm-gateway CSRF token 1")
#define BEARER S("Bearer ")

static struct user_session_life life_of(const struct site_request *request);
static bool load_bearer(struct site_request *request, struct str header,
	bool *found, struct user_session *row, struct error *err);
static bool load_cookies(struct site_request *request, bool *found,
	struct user_session *row, struct error *err);
static bool renew(struct site_request *request, struct str login, bool *found,
	struct user_session *row, struct error *err);
static bool fill(struct site_request *request, const struct user_session *row,
	struct site_session *out, struct error *err);
static bool choose_place(struct site_request *request,
	const struct user_session *row, struct site_session *out,
	struct error *err);
static bool stay(struct site_request *request, const struct user_session *row,
	struct site_session *out, struct error *err);
static bool first_place(struct site_request *request,
	const struct user_session *row, struct site_session *out,
	struct error *err);
static struct str csrf_token(const struct site_request *request, int64_t id);
static int64_t send_token(struct site_request *request,
	const struct user_session *row, struct str *token);
static int64_t cookie_seconds(
	const struct site_request *request, const struct user_session *row);
static void remove_cookies(struct site_request *request);
static void describe(struct site_request *request,
	const struct user_session *row, json_t *out);

bool site_session_load(struct site_request *request, struct site_session *out,
	struct error *err)
{
	struct str header =
		http_param(request->exchange, S("HTTP_AUTHORIZATION"));
	struct user_session row = { 0 };
	bool found;

	*out = (struct site_session){ 0 };
	out->is_bearer = header.n > 0;
	if (!(out->is_bearer ? load_bearer(request, header, &found, &row, err)
			     : load_cookies(request, &found, &row, err)))
		return false;
	return !found || fill(request, &row, out, err);
}

bool site_session_begin(struct site_request *request, const struct user *user,
	json_t *out, struct error *err)
{
	struct http_exchange *x = request->exchange;
	struct user_session_life life = life_of(request);
	struct user_session row = {
		.user_id = user->id,
		.client_ip = x->client_ip,
		.user_agent = http_param(x, S("HTTP_USER_AGENT")),
		.user = *user,
	};
	struct one_time token;
	struct error gone;

	/* One that has ended meanwhile is as good. */
	if (request->session.id && !request->session.is_bearer &&
		!user_session_revoke(request->db, request->session.user_id,
			request->session.id, &gone) &&
		gone.kind != ERR_NOT_FOUND) {
		*err = gone;
		return false;
	}
	request->session.is_bearer = false;
	if (!user_session_create(request->db, &row, &life, &token, err) ||
		!fill(request, &row, &request->session, err))
		return false;
	site_set_cookie(request, SITE_COOKIE_LOGIN.p,
		arena_copy(request->arena, str_of(token.text)),
		cookie_seconds(request, &row));
	explicit_bzero(&token, sizeof(token));
	describe(request, &row, out);
	return site_change_note(request,
		&(struct site_change){
			.organisation_id = request->session.organisation_id,
			.action = "session.begin",
			.object_id = row.id,
			.object_name = user->email,
		},
		err);
}

bool site_session_token(
	struct site_request *request, json_t *out, struct error *err)
{
	struct user_session_life life = life_of(request);
	struct user_session row;
	bool found;

	if (!user_session_find(request->db, request->session.id, &life,
		    request->arena, &found, &row, err))
		return false;
	if (!found)
		return error_set(
			err, ERR_NOT_LOGGED_IN, "it ended a moment ago");
	describe(request, &row, out);
	return true;
}

bool site_session_end(struct site_request *request, struct error *err)
{
	struct site_session *session = &request->session;

	remove_cookies(request);
	if (session->id == 0)
		return true;
	if (!user_session_revoke(
		    request->db, session->user_id, session->id, err) &&
		err->kind != ERR_NOT_FOUND)
		return false;
	return site_change_note(request,
		&(struct site_change){
			.organisation_id = session->organisation_id,
			.action = "session.end",
			.object_id = session->id,
			.object_name = session->email,
		},
		err);
}

/* Fetch Metadata Request Headers (W3C), section 2.1; older browsers send
 * Origin with every POST; programs send neither. */
bool site_session_check_origin(
	const struct site_request *request, struct error *err)
{
	const struct http_exchange *x = request->exchange;
	struct str fetch = http_param(x, S("HTTP_SEC_FETCH_SITE"));
	struct str origin = http_param(x, S("HTTP_ORIGIN"));
	struct str host = http_param(x, S("HTTP_HOST"));
	bool is_ours;

	if (fetch.n > 0)
		is_ours = str_equal(fetch, S("same-origin")) ||
			  str_equal(fetch, S("none"));
	else if (origin.n > 0)
		is_ours = host.n > 0 &&
			  str_equal_nocase(
				  str_from(origin,
					  str_find(origin, S("://")) + 3),
				  host);
	else
		is_ours = true;
	return is_ours ||
	       error_refuse(err, ERR_CSRF, NULL, "%s",
		       "This form was sent by another site; open the page here "
		       "and send it again.");
}

bool site_session_check_csrf(
	const struct site_session *session, struct str given, struct error *err)
{
	if (session->csrf_token.n > 0 &&
		digest_equal(session->csrf_token, given))
		return true;
	return error_set(err, ERR_CSRF, "session %" PRId64 ": CSRF token %s",
		session->id, given.n ? "is wrong" : "is missing");
}

int64_t site_session_rest_ms(const struct site_request *request)
{
	int64_t rest_ms = request->session.ends_ms - clock_unix_ms();

	return rest_ms > 0 ? rest_ms : 0;
}

json_t *site_session_user(const struct user *user)
{
	json_t *json = json_object();

	site_put_int(json, "id", user->id);
	site_put(json, "email", user->email);
	site_put(json, "name", user->name);
	site_put(json, "locale", user->locale);
	site_put(json, "time_zone", user->time_zone);
	site_put(json, "theme", user->theme);
	site_put_bool(json, "operator", user->is_operator);
	return json;
}

static struct user_session_life life_of(const struct site_request *request)
{
	const struct settings *settings = request->site->settings;

	return (struct user_session_life){
		.idle_ms = settings->site_idle_ms,
		.absolute_ms = settings->site_session_ms,
		.is_unattended =
			http_param(request->exchange, SITE_BACKGROUND_PARAM).n >
			0,
	};
}

static bool load_bearer(struct site_request *request, struct str header,
	bool *found, struct user_session *row, struct error *err)
{
	struct user_session_life life = life_of(request);
	struct jwt_keys keys;
	bool ok;

	*found = false;
	if (!str_equal_nocase(str_head(header, BEARER.n), BEARER))
		return true;
	jwt_keys_derive(&keys, request->site->vault);
	ok = user_session_of_jwt(request->db, &keys,
		str_trim(str_from(header, BEARER.n)), &life, request->arena,
		found, row, err);
	explicit_bzero(&keys, sizeof(keys));
	return ok;
}

static bool load_cookies(struct site_request *request, bool *found,
	struct user_session *row, struct error *err)
{
	struct str token = site_cookie(request, SITE_COOKIE_TOKEN);
	struct str login = site_cookie(request, SITE_COOKIE_LOGIN);
	struct user_session_life life = life_of(request);
	struct jwt_keys keys;
	bool ok;

	*found = false;
	if (token.n == 0 && login.n == 0)
		return true;
	jwt_keys_derive(&keys, request->site->vault);
	ok = user_session_of_jwt(request->db, &keys, token, &life,
		request->arena, found, row, err);
	explicit_bzero(&keys, sizeof(keys));
	if (ok && !*found && login.n > 0)
		ok = renew(request, login, found, row, err);
	if (ok && !*found)
		remove_cookies(request);
	return ok;
}

static bool renew(struct site_request *request, struct str login, bool *found,
	struct user_session *row, struct error *err)
{
	struct user_session_life life = life_of(request);
	struct one_time renewed;
	struct str token;

	if (!user_session_renew(request->db, login, &life, request->arena,
		    found, row, &renewed, err))
		return false;
	if (!*found)
		return true;
	send_token(request, row, &token);
	if (renewed.text[0])
		site_set_cookie(request, SITE_COOKIE_LOGIN.p,
			arena_copy(request->arena, str_of(renewed.text)),
			cookie_seconds(request, row));
	explicit_bzero(&renewed, sizeof(renewed));
	return true;
}

static bool fill(struct site_request *request, const struct user_session *row,
	struct site_session *out, struct error *err)
{
	bool is_bearer = out->is_bearer;

	*out = (struct site_session){
		.id = row->id,
		.user_id = row->user_id,
		.email = row->user.email,
		.name = row->user.name,
		.locale = row->user.locale,
		.time_zone = row->user.time_zone,
		.theme = row->user.theme,
		.is_operator = row->user.is_operator,
		.is_bearer = is_bearer,
		.csrf_token = csrf_token(request, row->id),
		.ends_ms = row->expires_ms,
	};
	if (!choose_place(request, row, out, err))
		return false;
	out->organisation_role = out->role;
	return out->project_id == 0 ||
	       permission_role(request->db, row->user_id, out->organisation_id,
		       0, &out->organisation_role, err);
}

/* Where one was, if one still may be there; else the first place there is. */
static bool choose_place(struct site_request *request,
	const struct user_session *row, struct site_session *out,
	struct error *err)
{
	struct error gone;

	if (!stay(request, row, out, err) ||
		(out->role == ROLE_NONE &&
			!first_place(request, row, out, err)))
		return false;
	if (out->organisation_id &&
		!organisation_name(request->db, out->organisation_id,
			request->arena, &out->organisation, &gone) &&
		gone.kind != ERR_NOT_FOUND) {
		*err = gone;
		return false;
	}
	return true;
}

static bool stay(struct site_request *request, const struct user_session *row,
	struct site_session *out, struct error *err)
{
	out->organisation_id = row->organisation_id;
	out->project_id = row->project_id;
	if (row->organisation_id == 0)
		return true;
	if (!permission_role(request->db, row->user_id, row->organisation_id,
		    row->project_id, &out->role, err))
		return false;
	if (out->role != ROLE_NONE || row->project_id == 0)
		return true;
	/* The project has gone, or is not theirs any more. */
	out->project_id = 0;
	return permission_role(request->db, row->user_id, row->organisation_id,
		0, &out->role, err);
}

/* Who is in projects alone sees the first of them. */
static bool first_place(struct site_request *request,
	const struct user_session *row, struct site_session *out,
	struct error *err)
{
	struct membership *places;
	struct member_project *projects;
	size_t count;

	out->organisation_id = out->project_id = 0;
	if (!member_organisations(request->db, row->user_id, request->arena,
		    &places, &count, err))
		return false;
	if (count > 0)
		out->organisation_id = places[0].organisation_id;
	else if (!out->is_operator)
		return true;
	else if (!organisation_default(request->db, &out->organisation_id, err))
		return false;
	if (count > 0 && places[0].role == ROLE_NONE && !out->is_operator) {
		if (!member_projects(request->db, row->user_id,
			    out->organisation_id, request->arena, &projects,
			    &count, err))
			return false;
		out->project_id = count ? projects[0].id : 0;
	}
	return permission_role(request->db, row->user_id, out->organisation_id,
		out->project_id, &out->role, err);
}

static struct str csrf_token(const struct site_request *request, int64_t id)
{
	uint8_t key[VAULT_DERIVED_BYTES];
	uint8_t made[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	char text[32];
	bool has_key = vault_derive(request->site->vault, 0, CSRF_LABEL, key);

	assert(has_key);
	snprintf(text, sizeof(text), "%" PRId64, id);
	digest_hmac_sha256((struct str){ (const char *)key, sizeof(key) },
		str_of(text), made);
	explicit_bzero(key, sizeof(key));
	digest_hex(made, sizeof(made), hex);
	return arena_copy(request->arena, str_of(hex));
}

/* A new JWT, and its cookie unless the request came without one. */
static int64_t send_token(struct site_request *request,
	const struct user_session *row, struct str *token)
{
	struct buf text = BUF_INIT(JWT_MAX_BYTES);
	struct jwt_keys keys;
	int64_t expires_s;

	jwt_keys_derive(&keys, request->site->vault);
	expires_s = user_session_write_jwt(
		&keys, row, request->site->settings->site_token_ms, &text);
	explicit_bzero(&keys, sizeof(keys));
	assert(!text.failed);
	*token = arena_copy(request->arena, buf_str(&text));
	vault_wipe(&text);
	if (!request->session.is_bearer)
		site_set_cookie(request, SITE_COOKIE_TOKEN.p, *token,
			cookie_seconds(request, row));
	return expires_s;
}

/* Until the login ends in any case: that it was idle we find ourselves. */
static int64_t cookie_seconds(
	const struct site_request *request, const struct user_session *row)
{
	int64_t ms = row->created_ms +
		     request->site->settings->site_session_ms - clock_unix_ms();

	return ms > 1000 ? ms / 1000 : 1;
}

static void remove_cookies(struct site_request *request)
{
	site_set_cookie(request, SITE_COOKIE_TOKEN.p, S(""), 0);
	site_set_cookie(request, SITE_COOKIE_LOGIN.p, S(""), 0);
}

static void describe(struct site_request *request,
	const struct user_session *row, json_t *out)
{
	char expires[CLOCK_TEXT_BYTES];
	struct str token;

	clock_format(send_token(request, row, &token) * 1000, expires);
	site_put(out, "token", token);
	site_put(out, "token_type", S("Bearer"));
	site_put(out, "expires", str_of(expires));
	site_put(out, "csrf_token", request->session.csrf_token);
	json_object_set_new(out, "user", site_session_user(&row->user));
}
