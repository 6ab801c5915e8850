/*
 * limit.c - what all bodies have in common: which one it is, and what callers
 * promise.
 */
#include "hot/limit.h"

#include <unistd.h>

#include "hot/limit_body.h"
#include "hot/limit_record.h"

struct limits {
	const struct limits_body *body;
	void *store; /* the body's */
	pid_t pid;   /* of the process that opened it */
};

static const struct {
	struct str shared; /* settings->limits_shared */
	const struct limits_body *body;
} bodies[] = {
	{ STR("no"), &limits_lmdb },
	{ STR("redis"), &limits_redis },
	/* Each host counts for itself, what it was granted. */
	{ STR("mariadb"), &limits_lmdb },
};

static void check_reserve(struct str id, const struct limit *wanted,
	size_t count, struct str note);
static void check_use(const struct limit_use *use);
static void check_limit(const struct limit *limit);
static void check_name(struct str name);
static void check_id(struct str id);
static bool is_among(const struct limit *limits, size_t count, struct str name);

bool limits_open(const struct settings *settings, struct hot *hot,
	struct limits **out, struct error *err)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		abort();
	*out = NULL;
	limits->pid = getpid();
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		if (str_equal(settings->limits_shared, bodies[i].shared))
			limits->body = bodies[i].body;
	}
	if (!limits->body)
		error_refuse(err, ERR_CONFIG, "limits.shared",
			"limits.shared = '%.*s' is not known",
			STR_ARG(settings->limits_shared));
	else if (limits->body->open(settings, hot, &limits->store, err))
		*out = limits;
	if (!*out)
		free(limits);
	return *out != NULL;
}

void limits_close(struct limits *limits)
{
	if (!limits)
		return;
	assert(limits->pid == getpid());
	limits->body->close(limits->store);
	free(limits);
}

bool limits_may_wait(const struct limits *limits)
{
	return limits->body->may_wait;
}

bool limits_reserve(struct limits *limits, struct str id,
	const struct limit *wanted, size_t count, struct str note,
	int64_t now_ms, struct limit_outcome *out, struct error *err)
{
	/* A child would be taken for its parent. */
	assert(limits->pid == getpid());
	check_reserve(id, wanted, count, note);
	return limits->body->reserve(
		limits->store, id, wanted, count, note, now_ms, out, err);
}

bool limits_settle(struct limits *limits, struct str id,
	const struct limit_use *use, int64_t now_ms, struct error *err)
{
	bool found;

	return limits_settle_found(limits, id, use, now_ms, &found, err);
}

bool limits_settle_found(struct limits *limits, struct str id,
	const struct limit_use *use, int64_t now_ms, bool *found,
	struct error *err)
{
	check_id(id);
	check_use(use);
	return limits->body->settle(limits->store, id, use, now_ms, found, err);
}

bool limits_change(struct limits *limits, const struct limit_settlement *ended,
	size_t ended_count, struct limit_request *wanted, size_t wanted_count,
	int64_t now_ms, struct error *err)
{
	assert(limits->pid == getpid());
	for (size_t i = 0; i < ended_count; i++) {
		check_id(ended[i].id);
		check_use(&ended[i].use);
	}
	for (size_t i = 0; i < wanted_count; i++)
		check_reserve(wanted[i].id, wanted[i].wanted, wanted[i].count,
			wanted[i].note);
	return limits->body->change(limits->store, ended, ended_count, wanted,
		wanted_count, now_ms, err);
}

bool limits_let_go(struct limits *limits, struct str id, struct error *err)
{
	check_id(id);
	return limits->body->let_go(limits->store, id, err);
}

bool limits_peek(struct limits *limits, const struct limit *limit,
	int64_t now_ms, struct limit_state *out, struct error *err)
{
	check_limit(limit);
	return limits->body->peek(limits->store, limit, now_ms, out, err);
}

bool limits_begin_amount(struct limits *limits, struct str name, int64_t used,
	int64_t ends_ms, struct error *err)
{
	check_name(name);
	assert(used >= 0);
	return limits->body->begin_amount(
		limits->store, name, used, ends_ms, err);
}

bool limits_grant(struct limits *limits, struct str name, int64_t amount,
	int64_t ends_ms, int64_t *granted, struct error *err)
{
	check_name(name);
	return limits->body->grant(
		limits->store, name, amount, ends_ms, granted, err);
}

bool limits_forget(struct limits *limits, struct str name, struct error *err)
{
	check_name(name);
	return limits->body->forget(limits->store, name, err);
}

bool limits_since(struct limits *limits, int64_t *unix_ms, struct error *err)
{
	return limits->body->since(limits->store, unix_ms, err);
}

bool limits_beat(struct limits *limits, int64_t now_ms, struct error *err)
{
	assert(limits->pid == getpid());
	return limits->body->beat(limits->store, now_ms, err);
}

bool limits_orphans(struct limits *limits, int64_t now_ms, struct arena *arena,
	struct limit_orphan *out, size_t max, size_t *count, struct error *err)
{
	return limits->body->orphans(
		limits->store, now_ms, arena, out, max, count, err);
}

static void check_reserve(struct str id, const struct limit *wanted,
	size_t count, struct str note)
{
	check_id(id);
	assert(count > 0 && count <= LIMITS_MAX);
	assert(note.n <= LIMIT_NOTE_MAX_BYTES);
	for (size_t i = 0; i < count; i++) {
		check_limit(&wanted[i]);
		assert(!is_among(wanted, i, wanted[i].name));
	}
}

static void check_use(const struct limit_use *use)
{
	assert(use->tokens >= -1 && use->picousd >= -1);
}

static void check_limit(const struct limit *limit)
{
	bool is_amount = limit->kind == LIMIT_AMOUNT;

	check_name(limit->name);
	assert(limit->max >= -1 && limit->amount >= 0);
	assert(limit->kind != LIMIT_RATE || limit->window_ms > 0);
	assert(is_amount || (!limit->must_be_begun && !limit->by_grant));
}

static void check_name(struct str name)
{
	assert(name.n > 0 && name.n <= LIMIT_NAME_MAX_BYTES);
}

static void check_id(struct str id)
{
	assert(id.n > 0 && id.n <= LIMIT_ID_MAX_BYTES);
}

static bool is_among(const struct limit *limits, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(limits[i].name, name))
			return true;
	}
	return false;
}
