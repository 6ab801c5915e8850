/*
 * standing.c - the log's sums beside the counters'.
 */
#include "site/standing.h"

#include "accounts/counter_name.h"
#include "base/clock.h"
#include "ledger/spend.h"

static bool is_each_user(const struct limit_owner *owner);
static struct spend_of spend_of(const struct limit_owner *owner);
static void stand(struct budget_standing *out, const struct budget *budget,
	int64_t spent, struct limits *counters, struct arena *arena);
static int64_t count_of(struct limits *counters, const struct budget *budget,
	struct arena *arena, const struct budget_standing *standing);
static int64_t percent_of(int64_t part, int64_t whole);

struct limits *standing_counters(
	const struct settings *settings, struct limits *limits)
{
	return str_equal(settings->limits_shared, S("mariadb")) ? NULL : limits;
}

bool budget_standing_load(struct db *db, struct limits *counters,
	const struct budget_row *rows, size_t count, struct arena *arena,
	struct budget_standing **out, struct error *err)
{
	struct spend_asked *asked =
		ARENA_ARRAY(arena, struct spend_asked, count);
	struct budget_standing *standing =
		ARENA_ARRAY(arena, struct budget_standing, count);
	int64_t now = clock_unix_ms();
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const struct budget *budget = &rows[i].budget;

		standing[i] = (struct budget_standing){
			.is_known = !is_each_user(&budget->owner),
			.starts_ms = limit_period_start(
				budget->period, budget->zone, now),
			.ends_ms = limit_period_end(
				budget->period, budget->zone, now),
			.counted_picousd = -1,
			.remaining_picousd = budget->limit_picousd,
		};
		if (standing[i].is_known)
			asked[known++] = (struct spend_asked){
				.of = spend_of(&budget->owner),
				.from_ms = standing[i].starts_ms,
			};
	}
	if (!spend_since_each(db, asked, known, err))
		return false;
	known = 0;
	for (size_t i = 0; i < count; i++)
		if (standing[i].is_known)
			stand(&standing[i], &rows[i].budget,
				asked[known++].spend.charged_picousd, counters,
				arena);
	*out = standing;
	return true;
}

static void stand(struct budget_standing *out, const struct budget *budget,
	int64_t spent, struct limits *counters, struct arena *arena)
{
	int64_t gone = out->spent_picousd = spent;

	out->counted_picousd = count_of(counters, budget, arena, out);
	if (out->counted_picousd > gone) {
		out->reserved_picousd = out->counted_picousd - gone;
		gone = out->counted_picousd;
	}
	out->remaining_picousd =
		gone < budget->limit_picousd ? budget->limit_picousd - gone : 0;
	out->spent_percent =
		percent_of(out->spent_picousd, budget->limit_picousd);
	out->percent = percent_of(gone, budget->limit_picousd);
}

bool quota_standing_load(struct db *db, const struct quota_row *rows,
	size_t count, struct arena *arena, struct quota_standing **out,
	struct error *err)
{
	struct spend_asked *asked =
		ARENA_ARRAY(arena, struct spend_asked, count);
	struct quota_standing *standing =
		ARENA_ARRAY(arena, struct quota_standing, count);
	int64_t now = clock_unix_ms();
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const struct quota *quota = &rows[i].quota;

		standing[i] = (struct quota_standing){ .is_known = false };
		if (!limit_period_is_calendar(quota->period))
			continue;
		standing[i].starts_ms =
			limit_period_start(quota->period, quota->zone, now);
		standing[i].ends_ms =
			limit_period_end(quota->period, quota->zone, now);
		standing[i].is_known = !is_each_user(&quota->owner);
		if (standing[i].is_known)
			asked[known++] = (struct spend_asked){
				.of = spend_of(&quota->owner),
				.from_ms = standing[i].starts_ms,
			};
	}
	if (!spend_since_each(db, asked, known, err))
		return false;
	known = 0;
	for (size_t i = 0; i < count; i++) {
		if (!standing[i].is_known)
			continue;
		standing[i].requests = asked[known].spend.calls;
		standing[i].tokens = asked[known++].spend.tokens;
	}
	*out = standing;
	return true;
}

static bool is_each_user(const struct limit_owner *owner)
{
	return owner->scope == SCOPE_USER && owner->user.n == 0;
}

static struct spend_of spend_of(const struct limit_owner *owner)
{
	static const enum spend_scope scopes[] = {
		[SCOPE_ORGANISATION] = SPEND_ORGANISATION,
		[SCOPE_PROJECT] = SPEND_PROJECT,
		[SCOPE_KEY] = SPEND_KEY,
		[SCOPE_USER] = SPEND_USER,
	};

	return (struct spend_of){ scopes[owner->scope], owner->scope_id,
		owner->user };
}

static int64_t count_of(struct limits *counters, const struct budget *budget,
	struct arena *arena, const struct budget_standing *standing)
{
	struct limit limit = {
		.kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.name = counter_name_of_budget(arena, budget,
			standing->starts_ms, standing->ends_ms, S(""),
			budget->owner.user),
		.max = budget->limit_picousd,
		.ends_ms = standing->ends_ms,
		.must_be_begun = true,
	};
	struct limit_state state;
	struct error ignored;

	if (!counters || !limits_peek(counters, &limit, clock_unix_ms(), &state,
				 &ignored))
		return -1;
	return state.used;
}

/* Whatever of a budget that allows nothing is all of it. */
static int64_t percent_of(int64_t part, int64_t whole)
{
	return whole == 0 ? 100 : (int64_t)((__int128)part * 100 / whole);
}
