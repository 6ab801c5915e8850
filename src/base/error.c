/*
 * error.c - the table of everything that can go wrong.
 */
#include "base/error.h"

struct error_row {
	int http_status;
	const char *name;
	const char *wording;
};

static const struct error_row rows[ERR_KINDS] = {
	[ERR_NONE] = { 200, "none", "" },
	[ERR_BAD_REQUEST] = { 400, "bad_request", "The request is not valid." },
	[ERR_BAD_JSON] = { 400, "invalid_json",
		"The request body is not valid JSON." },
	[ERR_MISSING_FIELD] = { 400, "missing_field",
		"A required field is missing." },
	[ERR_BAD_FIELD] = { 400, "invalid_field",
		"A field has a value that is not allowed." },
	[ERR_UNSUPPORTED] = { 400, "unsupported_field",
		"The chosen model's provider cannot do this." },
	[ERR_CONTENT_TYPE] = { 400, "unsupported_content_type",
		"Send the body as Content-Type: application/json." },
	[ERR_TOO_LARGE] = { 413, "request_too_large",
		"The request body is too large." },
	[ERR_TOO_DEEP] = { 400, "json_too_deep",
		"The request body is nested too deeply." },
	[ERR_CLIENT_TIMEOUT] = { 408, "request_timeout",
		"The request body did not arrive in time." },
	[ERR_NOT_FOUND] = { 404, "not_found",
		"There is nothing at this address." },
	[ERR_METHOD] = { 405, "method_not_allowed",
		"This address does not take this method." },
	[ERR_KEY_MISSING] = { 401, "missing_api_key",
		"No API key was sent. Send your gateway key as "
		"'Authorization: Bearer gw_...'." },
	[ERR_KEY_MALFORMED] = { 401, "malformed_api_key",
		"This is not a gateway key: it was mistyped or cut. A gateway "
		"key begins with 'gw_'." },
	[ERR_KEY_UNKNOWN] = { 401, "invalid_api_key",
		"This gateway key is not known. Check that it belongs to this "
		"gateway, or create a new one." },
	[ERR_KEY_REVOKED] = { 401, "revoked_api_key",
		"This gateway key was revoked. Create a new one." },
	[ERR_KEY_EXPIRED] = { 401, "expired_api_key",
		"This gateway key has expired. Create a new one." },
	[ERR_ORIGIN] = { 403, "origin_not_allowed",
		"This publishable key works only in pages of the origins that "
		"it was made for." },
	[ERR_NOT_LOGGED_IN] = { 401, "not_logged_in",
		"You are not logged in, or your login has ended." },
	[ERR_LOGIN] = { 401, "invalid_login",
		"The e-mail address or the password is wrong." },
	[ERR_CSRF] = { 403, "csrf",
		"This request did not come from a page of ours, or the page is "
		"too old: load it again and repeat." },
	[ERR_FORBIDDEN] = { 403, "forbidden",
		"You are not allowed to do this." },
	[ERR_MODEL_NOT_FOUND] = { 404, "model_not_found",
		"This model does not exist here." },
	[ERR_MODEL_FORBIDDEN] = { 403, "model_not_allowed",
		"This key may not use this model." },
	[ERR_NO_TARGET] = { 503, "no_provider",
		"No provider can serve this model at the moment." },
	[ERR_CIRCUIT_OPEN] = { 503, "circuit_open",
		"The provider failed repeatedly and is left alone for a "
		"moment." },
	[ERR_RATE_LIMITED] = { 429, "rate_limit_exceeded",
		"Too many requests in a short time. Try again in a moment." },
	[ERR_CONCURRENCY] = { 429, "concurrency_limit_exceeded",
		"Too many requests are running at once. Wait for one to end." },
	[ERR_QUOTA] = { 429, "quota_exceeded",
		"The quota of this period is used up." },
	[ERR_BUDGET] = { 402, "budget_exceeded",
		"The budget of this period is used up." },
	[ERR_LIMITS_UNKNOWN] = { 503, "limits_unavailable",
		"The gateway cannot tell at the moment how much this key has "
		"used. Try again in a moment." },
	[ERR_UPSTREAM_CONNECT] = { 502, "upstream_unreachable",
		"The provider could not be reached." },
	[ERR_UPSTREAM_TIMEOUT] = { 504, "upstream_timeout",
		"The provider did not answer in time." },
	[ERR_UPSTREAM_RESET] = { 502, "upstream_reset",
		"The provider closed the connection without an answer." },
	[ERR_UPSTREAM_GARBAGE] = { 502, "upstream_invalid",
		"The provider's answer could not be understood." },
	[ERR_UPSTREAM_CUT] = { 502, "upstream_cut",
		"The provider's answer broke off." },
	[ERR_UPSTREAM_STATUS] = { 502, "upstream_error",
		"The provider refused the request." },
	[ERR_UPSTREAM_TOO_LARGE] = { 502, "upstream_too_large",
		"The provider's answer is larger than this gateway allows." },
	[ERR_CLIENT_GONE] = { 499, "client_gone",
		"The client left before the answer was complete." },
	[ERR_OVERLOADED] = { 503, "overloaded",
		"The gateway is busy. Try again in a moment." },
	[ERR_DRAINING] = { 503, "shutting_down",
		"The gateway is being restarted. Try again in a moment." },
	[ERR_PROCESS_DIED] = { 502, "gateway_died",
		"The gateway's process ended before the call did." },
	[ERR_DATABASE] = { 503, "database_unavailable",
		"The gateway cannot reach its database." },
	[ERR_DUPLICATE] = { 409, "already_exists",
		"Something with this name exists already." },
	[ERR_CONFIG] = { 500, "configuration",
		"The gateway is not configured correctly." },
	[ERR_CRYPTO] = { 500, "crypto",
		"The gateway could not protect or open a secret." },
	[ERR_IO] = { 500, "io", "The gateway could not read or write a file." },
	[ERR_INTERNAL] = { 500, "internal",
		"Something went wrong inside the gateway." },
};

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	assert(kind > ERR_NONE && kind < ERR_KINDS);
	*err = (struct error){ .kind = kind };
	va_start(args, format);
	vsnprintf(err->detail, sizeof(err->detail), format, args);
	va_end(args);
	return false;
}

bool error_refuse(struct error *err, enum error_kind kind, const char *param,
	const char *format, ...)
{
	va_list args;

	assert(kind > ERR_NONE && kind < ERR_KINDS);
	*err = (struct error){ .kind = kind };
	if (param)
		snprintf(err->param, sizeof(err->param), "%s", param);
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return false;
}

int error_http_status(const struct error *err)
{
	return err->http_status ? err->http_status
				: rows[err->kind].http_status;
}

const char *error_name(enum error_kind kind)
{
	assert(kind < ERR_KINDS);
	return rows[kind].name;
}

const char *error_message(const struct error *err)
{
	return err->message[0] ? err->message : rows[err->kind].wording;
}

const char *error_detail(const struct error *err)
{
	return err->detail[0] ? err->detail : error_message(err);
}
