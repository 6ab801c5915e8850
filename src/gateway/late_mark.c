/*
 * late_mark.c - up to when the log was counted in a shared counter, and whose
 * calls count in which unit (late.h).
 */
#include "base/clock.h"
#include "gateway/admission.h"

/* Between the time that a row says and its being in the journal. */
#define RECORDING_MS 20
/* Who set a mark has begun its counter by then, or never will. */
#define BEGINNING_MS 60000

static struct str mark_name(
	struct str name, char out[LIMIT_NAME_MAX_BYTES + 1]);

bool late_is_shared(const struct gateway *gateway)
{
	return gateway->limits != gateway->local_limits;
}

bool late_mark(struct gateway *gateway, const struct late *late,
	int64_t unix_ms, int64_t *mark, struct error *err)
{
	char name[LIMIT_NAME_MAX_BYTES + 1];

	return limits_begin_amount(gateway->limits, mark_name(late->name, name),
		       unix_ms, late->ends_ms, err) &&
	       late_mark_find(gateway, late, mark, err);
}

/*
 * A call that is being recorded just now is not counted, for it may not be in
 * the journal yet. But no earlier than the store: what was settled in the one
 * before is nowhere else.
 */
bool late_mark_now(struct gateway *gateway, const struct late *late,
	int64_t *mark, struct error *err)
{
	char name[LIMIT_NAME_MAX_BYTES + 1];
	int64_t now = clock_unix_ms();
	int64_t when, since;

	if (!limits_since(gateway->limits, &since, err) ||
		!late_mark_find(gateway, late, mark, err))
		return false;
	/* Its counter was forgotten. */
	if (*mark >= 0 && *mark < now - BEGINNING_MS &&
		!limits_forget(
			gateway->limits, mark_name(late->name, name), err))
		return false;
	when = since < now ? since : now;
	if (when < now - RECORDING_MS)
		when = now - RECORDING_MS;
	return late_mark(gateway, late, when, mark, err);
}

bool late_mark_find(struct gateway *gateway, const struct late *late,
	int64_t *mark, struct error *err)
{
	char name[LIMIT_NAME_MAX_BYTES + 1];
	const struct limit limit = {
		.kind = LIMIT_AMOUNT,
		.name = mark_name(late->name, name),
		.max = -1,
		.ends_ms = late->ends_ms,
		.must_be_begun = true,
	};
	struct limit_state state;

	if (!limits_peek(gateway->limits, &limit, clock_unix_ms(), &state, err))
		return false;
	*mark = state.used;
	return true;
}

static struct str mark_name(struct str name, char out[LIMIT_NAME_MAX_BYTES + 1])
{
	assert(name.n < LIMIT_NAME_MAX_BYTES);
	memcpy(out, name.p, name.n);
	out[name.n] = '@';
	return (struct str){ out, name.n + 1 };
}

int64_t late_part(const struct spend *spend, enum limit_unit unit)
{
	switch (unit) {
	case LIMIT_CALLS: return spend->calls;
	case LIMIT_TOKENS: return spend->tokens;
	case LIMIT_PICOUSD: return spend->charged_picousd;
	}
	abort();
}

int64_t late_use(const struct limit_use *use, enum limit_unit unit)
{
	switch (unit) {
	case LIMIT_CALLS: return 1;
	case LIMIT_TOKENS: return use->tokens;
	case LIMIT_PICOUSD: return use->picousd;
	}
	abort();
}

struct spend_of late_spend_of(const struct limit_owner *owner)
{
	static const enum spend_scope scopes[LIMIT_SCOPES] = {
		[SCOPE_ORGANISATION] = SPEND_ORGANISATION,
		[SCOPE_PROJECT] = SPEND_PROJECT,
		[SCOPE_KEY] = SPEND_KEY,
		[SCOPE_USER] = SPEND_USER,
	};

	return (struct spend_of){ .scope = scopes[owner->scope],
		.id = owner->scope_id,
		.user = owner->user };
}
