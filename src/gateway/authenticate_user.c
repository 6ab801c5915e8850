/*
 * authenticate_user.c - from a login's token to a gateway key.
 */
#include "gateway/authenticate_user.h"

#include "accounts/member.h"
#include "accounts/playground_key.h"
#include "accounts/user_session.h"
#include "base/clock.h"
#include "base/log.h"
#include "ledger/audit.h"

/* '{"' of its header, in base64. */
#define TOKEN_BEGINS "eyJ"

struct caller {
	struct call *call;
	struct db *db;
	struct user_session session;
	int64_t project_id;
	struct playground_key key;
};

static bool is_ours(const struct call *call, struct str token);
static bool refuse_token(struct error *err);
static bool find_key(struct caller *caller, struct str token);
static bool find_session(struct caller *caller, struct str token);
static bool choose_project(struct caller *caller);
static bool fill_place(struct caller *caller);
static bool find_playground(struct caller *caller);
static bool make_playground(struct caller *caller, bool *made);
static bool note(const struct caller *caller, struct error *err);
static bool announce(struct caller *caller);

bool authenticate_is_token(struct str text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.n; i++)
		dots += text.p[i] == '.';
	return dots == 2 && str_starts(text, S(TOKEN_BEGINS));
}

enum verdict authenticate_user(struct call *call, struct str token)
{
	struct caller caller = { .call = call };
	bool ok;

	if (!is_ours(call, token)) {
		refuse_token(&call->error);
		return FAILED;
	}
	if (!call->x->on_worker)
		return NEEDS_WORKER;
	if (!db_take(call->gateway->db, &caller.db, &call->error))
		return FAILED;
	ok = find_key(&caller, token);
	if (!ok)
		db_rollback(caller.db);
	db_give(call->gateway->db, caller.db);
	if (!ok)
		return FAILED;
	call->key = key_set_find(call->snapshot->keys, caller.key.hash);
	/* Another call may have made it after a look that came after ours. */
	if (!call->key && !call->refreshed)
		return snapshot_refresh(call->gateway->snapshots,
			       clock_monotonic_ns(), &call->error)
			       ? NEEDS_DATABASE
			       : FAILED;
	if (call->key)
		return GO_ON;
	error_set(&call->error, ERR_KEY_UNKNOWN,
		"the playground key %" PRId64 " is in no snapshot",
		caller.key.id);
	return FAILED;
}

/* Nobody who is not logged in costs the database anything. */
static bool is_ours(const struct call *call, struct str token)
{
	struct jwt_claims claims;
	struct jwt_keys keys;
	const char *why;
	bool ok;

	jwt_keys_derive(&keys, call->gateway->vault);
	ok = jwt_read(
		&keys, token, call->x->arrived_unix_ms / 1000, &claims, &why);
	explicit_bzero(&keys, sizeof(keys));
	if (!ok)
		log_debug("%s: a token is refused: %s", call->request_id, why);
	return ok;
}

static bool refuse_token(struct error *err)
{
	return error_refuse(err, ERR_NOT_LOGGED_IN, NULL,
		"The token of this login is not valid, or has expired: log in "
		"again, or call with a gateway key.");
}

static bool find_key(struct caller *caller, struct str token)
{
	return find_session(caller, token) && choose_project(caller) &&
	       permission_allows(caller->db, caller->session.user_id,
		       ROLE_MEMBER, caller->session.organisation_id,
		       caller->project_id, &caller->call->error) &&
	       find_playground(caller);
}

static bool find_session(struct caller *caller, struct str token)
{
	const struct gateway *gateway = caller->call->gateway;
	const struct user_session_life life = {
		.idle_ms = gateway->settings->site_idle_ms,
		.absolute_ms = gateway->settings->site_session_ms,
	};
	struct error *err = &caller->call->error;
	struct jwt_keys keys;
	bool found, ok;

	jwt_keys_derive(&keys, gateway->vault);
	ok = user_session_of_jwt(caller->db, &keys, token, &life,
		caller->call->arena, &found, &caller->session, err);
	explicit_bzero(&keys, sizeof(keys));
	return ok && (found || refuse_token(err));
}

/* Of another organisation than the login's it is nobody's: role none. */
static bool choose_project(struct caller *caller)
{
	struct error *err = &caller->call->error;
	struct str named =
		http_param(caller->call->x, S("HTTP_X_GATEWAY_PROJECT"));

	caller->project_id = caller->session.project_id;
	if (named.n > 0 &&
		!str_to_int64_in(named, 1, INT64_MAX, &caller->project_id))
		return error_refuse(err, ERR_BAD_REQUEST, "X-Gateway-Project",
			"X-Gateway-Project is the id of a project.");
	if (!fill_place(caller))
		return false;
	return caller->project_id > 0 ||
	       error_refuse(err, ERR_BAD_REQUEST, "X-Gateway-Project",
		       "Say for which project: choose one on the dashboard, "
		       "or send its id in X-Gateway-Project.");
}

/* Who never chose an organisation or project may have but one. */
static bool fill_place(struct caller *caller)
{
	struct call *call = caller->call;
	struct user_session *session = &caller->session;
	struct member_project *projects;
	struct membership *places;
	size_t count;

	if (session->organisation_id == 0) {
		if (!member_organisations(caller->db, session->user_id,
			    call->arena, &places, &count, &call->error))
			return false;
		if (count > 0)
			session->organisation_id = places[0].organisation_id;
		else if (session->user.is_operator &&
			 !organisation_default(caller->db,
				 &session->organisation_id, &call->error))
			return false;
	}
	if (caller->project_id != 0)
		return true;
	if (!member_projects(caller->db, session->user_id,
		    session->organisation_id, call->arena, &projects, &count,
		    &call->error))
		return false;
	if (count == 1)
		caller->project_id = projects[0].id;
	return true;
}

static bool find_playground(struct caller *caller)
{
	struct error *err = &caller->call->error;
	bool made;

	if (!playground_key_find(
		    caller->db, caller->project_id, &caller->key, err) ||
		(!caller->key.id && (!make_playground(caller, &made) ||
					    (made && !announce(caller)))))
		return false;
	return !caller->key.is_closed ||
	       error_refuse(err, ERR_KEY_REVOKED, NULL,
		       "The playground of this project is closed, as its key "
		       "was revoked or has expired. An admin can open it "
		       "again on the dashboard, under Playground.");
}

static bool make_playground(struct caller *caller, bool *made)
{
	struct error *err = &caller->call->error;

	return db_begin(caller->db, err) &&
	       playground_key_make(caller->db, caller->project_id,
		       caller->session.user_id, false, &caller->key, made,
		       err) &&
	       (!*made || note(caller, err)) && db_commit(caller->db, err);
}

static bool note(const struct caller *caller, struct error *err)
{
	const struct audit_entry entry = {
		.organisation_id = caller->session.organisation_id,
		.actor_user_id = caller->session.user_id,
		.actor = caller->session.user.email,
		.action = S("key.create"),
		.object_kind = S("key"),
		.object_id = caller->key.id,
		.object_name = S(PLAYGROUND_KEY_NAME),
		.client_ip = caller->call->x->client_ip,
	};

	return audit_write(caller->db, &entry, err);
}

/* The key is newer than what this process knows, and than what another call
 * may just have looked at. */
static bool announce(struct caller *caller)
{
	struct gateway *gateway = caller->call->gateway;
	struct error late;
	int64_t changes;

	if (!hot_add(gateway->hot, HOT_SNAPSHOT_CHANGES, 1, &changes, &late))
		log_warn("other processes may know a new key half a second "
			 "late: %s",
			error_detail(&late));
	return snapshot_refresh(
		gateway->snapshots, clock_monotonic_ns(), &caller->call->error);
}
