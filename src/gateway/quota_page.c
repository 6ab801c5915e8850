/*
 * quota_page.c - GET /api/quota: how much a tenant's user may still use, out
 * of the counters that calls are admitted by.
 */
#include "base/clock.h"
#include "gateway/admission.h"
#include "gateway/proxy.h"
#include "http/query.h"

#define MAX_PAGE_BYTES (1 << 20)

/* One limit, where it stands. */
struct standing {
	const struct limit *limit;
	const struct admission_reason *reason;
	struct limit_state state;
};

static bool read_query(struct call *call, struct str *tenant, struct str *user);
static bool collect(
	struct call *call, struct standing *standings, size_t *count);
static bool is_quota(
	const struct limit *limit, const struct admission_reason *reason);
static bool look(
	struct call *call, size_t at, struct limit_state *out, bool *left_out);
static const struct standing *tightest(
	const struct standing *standings, size_t count, enum limit_unit unit);
static int64_t left_of(const struct standing *standing);
static void write_page(
	const struct standing *standings, size_t count, struct json_writer *w);
static void write_standing(
	const struct standing *standing, struct json_writer *w);
static void write_numbers(
	const struct standing *standing, struct json_writer *w);

enum verdict show_quota(struct call *call)
{
	struct standing standings[LIMITS_MAX];
	struct buf body = BUF_INIT(MAX_PAGE_BYTES);
	struct str tenant, user;
	struct json_writer w;
	size_t count;
	bool ok;

	/* A counter may have to be learnt from the log. */
	if (!call->x->on_worker)
		return NEEDS_WORKER;
	if (!read_query(call, &tenant, &user))
		return FAILED;
	call->admission = ARENA_NEW(call->arena, struct admission);
	call->admission->store = call->gateway->limits;
	admission_collect(call);
	ok = collect(call, standings, &count);
	if (ok) {
		json_writer_init(&w, &body);
		json_begin_object(&w);
		json_member_str(&w, "tenantId", tenant);
		json_member_str(&w, "userId", user);
		json_member_str(&w, "user", call->head.user);
		write_page(standings, count, &w);
		json_end_object(&w);
	}
	/* Nothing is reserved: its headers would tell nothing. */
	call->admission = NULL;
	return ok ? answer_json(call, &body) : FAILED;
}

static bool read_query(struct call *call, struct str *tenant, struct str *user)
{
	struct str query = call->x->query;

	*tenant = query_param(query, S("tenantId"), call->arena);
	*user = query_param(query, S("userId"), call->arena);
	return proxy_user(
		call->arena, *tenant, *user, &call->head.user, &call->error);
}

static bool collect(
	struct call *call, struct standing *standings, size_t *count)
{
	const struct admission *admission = call->admission;

	*count = 0;
	for (size_t i = 0; i < admission->count;) {
		struct standing *standing = &standings[*count];
		bool left_out = false;

		if (is_quota(&admission->limits[i], &admission->reasons[i])) {
			if (!look(call, i, &standing->state, &left_out))
				return false;
			standing->limit = &admission->limits[i];
			standing->reason = &admission->reasons[i];
			*count += !left_out;
		}
		/* What was left out has moved the next one here. */
		i += !left_out;
	}
	return true;
}

/* Not a rate of the key or the address, not a budget, nor what may run at
 * once: of that nothing is used up. */
static bool is_quota(
	const struct limit *limit, const struct admission_reason *reason)
{
	return limit->kind != LIMIT_CONCURRENT && !reason->budget &&
	       !reason->is_address && !reason->is_outage &&
	       (reason->quota_id > 0 || reason->owner.scope == SCOPE_USER);
}

static bool look(
	struct call *call, size_t at, struct limit_state *out, bool *left_out)
{
	struct admission *admission = call->admission;
	size_t count = admission->count;

	if (!limits_peek(admission->store, &admission->limits[at],
		    clock_unix_ms(), out, &call->error))
		return false;
	if (out->used >= 0)
		return true;
	if (admission_begin(call, at) != GO_ON)
		return false;
	*left_out = admission->count < count;
	if (*left_out)
		return true;
	return limits_peek(admission->store, &admission->limits[at],
		       clock_unix_ms(), out, &call->error) &&
	       (out->used >= 0 || error_set(&call->error, ERR_LIMITS_UNKNOWN,
					  "a quota's counter cannot be begun"));
}

/* Tokens first: they are what a quota is about. */
static void write_page(
	const struct standing *standings, size_t count, struct json_writer *w)
{
	const struct standing *tokens =
		tightest(standings, count, LIMIT_TOKENS);
	const struct standing *requests =
		tightest(standings, count, LIMIT_CALLS);

	write_numbers(tokens, w);
	json_name(w, "requests");
	json_begin_object(w);
	write_numbers(requests, w);
	json_end_object(w);
	json_name(w, "quotas");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		write_standing(&standings[i], w);
	json_end_array(w);
}

/* The one that leaves least; NULL: nothing limits it. */
static const struct standing *tightest(
	const struct standing *standings, size_t count, enum limit_unit unit)
{
	const struct standing *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (standings[i].limit->unit == unit &&
			(!found || left_of(&standings[i]) < left_of(found)))
			found = &standings[i];
	return found;
}

static int64_t left_of(const struct standing *standing)
{
	int64_t left = standing->limit->max - standing->state.used;

	return left > 0 ? left : 0;
}

static void write_standing(
	const struct standing *standing, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(
		w, "scope", limit_scope_name(standing->reason->owner.scope));
	json_member_str(w, "unit",
		standing->limit->unit == LIMIT_TOKENS ? S("tokens")
						      : S("requests"));
	json_member_str(
		w, "period", limit_period_name(standing->reason->period));
	write_numbers(standing, w);
	json_end_object(w);
}

static void write_numbers(
	const struct standing *standing, struct json_writer *w)
{
	char reset[CLOCK_TEXT_BYTES];

	if (!standing) {
		json_member_null(w, "limit");
		json_member_null(w, "used");
		json_member_null(w, "remaining");
		json_member_null(w, "reset");
		return;
	}
	json_member_int(w, "limit", standing->limit->max);
	json_member_int(w, "used", standing->state.used);
	json_member_int(w, "remaining", left_of(standing));
	clock_format(standing->reason->ends_ms
			     ? standing->reason->ends_ms
			     : clock_unix_ms() + standing->state.reset_ms,
		reset);
	json_member_str(w, "reset", str_of(reset));
}
