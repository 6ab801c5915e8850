/*
 * authenticate.c - the first stage: which gateway key is this? Or whose login,
 * which authenticate_user.c turns into a key.
 *
 * A key comes in a header, never in the URL. Its check sum tells a mistyped
 * one without a look-up; one that is not in the snapshot may have been made a
 * moment ago, so the database is asked before it is called unknown.
 */
#include "gateway/authenticate_user.h"

static struct str key_text(const struct http_exchange *x);
static enum verdict fail(struct call *call, enum error_kind kind);

enum verdict authenticate(struct call *call)
{
	struct str text = key_text(call->x);
	struct str origin = http_param(call->x, S("HTTP_ORIGIN"));
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];

	if (text.n == 0)
		return fail(call, ERR_KEY_MISSING);
	if (!authenticate_is_token(text) && !gateway_key_check_format(text))
		return fail(call, ERR_KEY_MALFORMED);
	if (!call->snapshot || call->is_stale)
		return NEEDS_DATABASE;
	if (authenticate_is_token(text))
		return authenticate_user(call, text);
	gateway_key_hash(text, hash);
	call->key = key_set_find(call->snapshot->keys, hash);
	if (!call->key && !call->refreshed)
		return NEEDS_DATABASE;
	if (!call->key)
		return fail(call, ERR_KEY_UNKNOWN);
	if (!gateway_key_check(
		    call->key, call->x->arrived_unix_ms, &call->error))
		return FAILED;
	if (!gateway_key_serves_origin(call->key, origin))
		return fail(call, ERR_ORIGIN);
	/* A new key's pages were not known when the request came. */
	if (call->key->kind == GATEWAY_KEY_PUBLISHABLE)
		call->x->allow_origin = origin;
	return GO_ON;
}

static struct str key_text(const struct http_exchange *x)
{
	struct str authorization = http_param(x, S("HTTP_AUTHORIZATION"));
	struct str scheme = str_head(authorization, 7);
	struct str key;

	if (str_equal_nocase(scheme, S("Bearer ")))
		return str_trim(str_from(authorization, scheme.n));
	key = http_param(x, S("HTTP_X_API_KEY"));
	if (key.n == 0)
		key = http_param(x, S("HTTP_X_GOOG_API_KEY"));
	return str_trim(key);
}

static enum verdict fail(struct call *call, enum error_kind kind)
{
	error_set(&call->error, kind, "%s", "");
	return FAILED;
}
