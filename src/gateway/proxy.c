/*
 * proxy.c - POST /api/llm-proxy: for services that have tenants and users of
 * their own.
 *
 * A tenant's user is one user of the key's project, named "TENANT/USER" (or
 * "TENANT" where no user is named): in the log, in budgets, in quotas. So the
 * quotas of users (accounts/limit_set.h) are those of a tenant's users; where
 * none is given, limits.proxy_user_rpm and limits.proxy_user_tokens_daily are.
 *
 * Such a request is a chat completion's but for `provider`, `tenantId` and
 * `userId`. It is made into one before it is parsed.
 */
#include "gateway/proxy.h"

#include "gateway/stages.h"

/* The members that a chat completion has not, or has otherwise. */
struct proxy_request {
	struct str provider;
	struct str model;
	struct str user;
};

static bool rewrite(struct call *call);
static bool read_members(
	struct call *call, struct json root, struct proxy_request *out);
static bool read_text(
	struct call *call, struct json root, const char *name, struct str *out);
static void write_chat(
	struct json root, const struct proxy_request *request, struct buf *out);
static bool is_replaced(struct json_member member);
static bool check_name(struct str text, const char *name, struct error *err);

enum verdict parse_proxy(struct call *call)
{
	/* Again, with a fresh snapshot: it is rewritten already. */
	if (!call->is_rewritten && call->x->body.n > 0 && !rewrite(call))
		return FAILED;
	call->is_rewritten = true;
	return parse(call);
}

static bool rewrite(struct call *call)
{
	struct buf *body = &call->x->body;
	struct buf chat = BUF_INIT(2 * body->max);
	struct proxy_request request;
	struct json root;

	if (!json_check(buf_str(body), JSON_MAX_DEPTH, &root, &call->error))
		return false;
	if (root.type != JSON_TYPE_OBJECT)
		return error_refuse(&call->error, ERR_BAD_REQUEST, NULL,
			"Send an object: {\"tenantId\", \"userId\", "
			"\"model\", \"messages\"}.");
	if (json_find(root, S("user")).type != JSON_TYPE_NONE)
		return error_refuse(&call->error, ERR_BAD_FIELD, "user",
			"'user' is made of 'tenantId' and 'userId' here: "
			"leave it out.");
	if (!read_members(call, root, &request))
		return false;
	if (request.provider.n > 0 && request.model.n == 0)
		return error_refuse(&call->error, ERR_MISSING_FIELD, "model",
			"'model' is missing: say which one of the provider's. "
			"Without 'provider' the router chooses.");
	write_chat(root, &request, &chat);
	assert(!chat.failed);
	buf_release(body);
	*body = chat;
	return true;
}

static bool read_members(
	struct call *call, struct json root, struct proxy_request *out)
{
	struct str tenant, user;

	return read_text(call, root, "provider", &out->provider) &&
	       read_text(call, root, "model", &out->model) &&
	       read_text(call, root, "tenantId", &tenant) &&
	       read_text(call, root, "userId", &user) &&
	       proxy_user(call->arena, tenant, user, &out->user, &call->error);
}

/* A string, null, or missing; given once, for parsers differ in which of two
 * they take. */
static bool read_text(
	struct call *call, struct json root, const char *name, struct str *out)
{
	struct json value = json_find(root, str_of(name));

	*out = S("");
	if (json_count(root, str_of(name)) > 1)
		return error_refuse(&call->error, ERR_BAD_FIELD, name,
			"'%s' appears twice.", name);
	if (value.type == JSON_TYPE_NONE || value.type == JSON_TYPE_NULL)
		return true;
	if (!json_text(value, call->arena, out))
		return error_refuse(&call->error, ERR_BAD_FIELD, name,
			"'%s' must be a string, but it is %s.", name,
			json_type_name(value.type));
	return true;
}

static void write_chat(
	struct json root, const struct proxy_request *request, struct buf *out)
{
	struct json_cursor cursor = json_members(root);
	struct json_member member;

	buf_append(out, S("{\"user\":"));
	json_append_quoted(out, request->user);
	if (request->model.n > 0) {
		struct buf name =
			BUF_INIT(request->provider.n + request->model.n + 1);

		buf_append(&name, request->provider);
		if (request->provider.n > 0)
			buf_append_char(&name, '/');
		buf_append(&name, request->model);
		buf_append(out, S(",\"model\":"));
		json_append_quoted(out, buf_str(&name));
		buf_release(&name);
	}
	while (json_next(&cursor, &member)) {
		if (is_replaced(member))
			continue;
		buf_append(out, S(",\""));
		buf_append(out, member.name);
		buf_append(out, S("\":"));
		buf_append(out, member.value.text);
	}
	buf_append_char(out, '}');
}

static bool is_replaced(struct json_member member)
{
	static const struct str replaced[] = { STR("provider"), STR("model"),
		STR("tenantId"), STR("userId") };

	for (size_t i = 0; i < ARRAY_LEN(replaced); i++)
		if (json_name_is(member, replaced[i]))
			return true;
	return false;
}

/* A '/' in the first part would let one tenant pass for another. */
bool proxy_user(struct arena *arena, struct str tenant, struct str user,
	struct str *out, struct error *err)
{
	if (tenant.n == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "tenantId",
			"'tenantId' is missing: say for which tenant this "
			"is.");
	if (!check_name(tenant, "tenantId", err) ||
		!check_name(user, "userId", err))
		return false;
	if (str_index(tenant, '/') < tenant.n)
		return error_refuse(err, ERR_BAD_FIELD, "tenantId",
			"'tenantId' may not hold a '/'.");
	*out = user.n > 0 ? arena_printf(arena, "%.*s/%.*s", STR_ARG(tenant),
				    STR_ARG(user))
			  : arena_copy(arena, tenant);
	return true;
}

static bool check_name(struct str text, const char *name, struct error *err)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			return error_refuse(err, ERR_BAD_FIELD, name,
				"'%s' may not hold control characters.", name);
	if (text.n > PROXY_NAME_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, name,
			"'%s' may be %d bytes long.", name, PROXY_NAME_BYTES);
	return true;
}
