/*
 * outage.c - the allowance of a key, and what is left out for it.
 */
#include "gateway/outage.h"

#include "gateway/settler.h"

#define HOUR_MS INT64_C(3600000)

bool outage_is_on(const struct gateway *gateway)
{
	return snapshot_age_ms(gateway->snapshots) > OUTAGE_AFTER_MS;
}

void outage_add(struct call *call)
{
	struct admission *admission = call->admission;
	int64_t hour = call->x->arrived_unix_ms / HOUR_MS;
	const struct limit limit = {
		.kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.name = arena_printf(call->arena, "outage/%" PRId64 "/%" PRId64,
			call->key->id, hour),
		.max = call->gateway->settings->outage_allowance_picousd,
		.amount = admission->picousd,
		.ends_ms = (hour + 1) * HOUR_MS,
	};
	const struct admission_reason reason = {
		.refusal = ERR_LIMITS_UNKNOWN,
		.owner = { .scope = SCOPE_KEY, .scope_id = call->key->id },
		.is_outage = true,
		.period = PERIOD_HOUR,
		.ends_ms = limit.ends_ms,
	};

	for (size_t i = 0; i < admission->count; i++)
		if (admission->reasons[i].is_outage)
			return;
	if (admission->picousd > 0)
		admission_add(admission, &limit, &reason);
}

bool outage_count_here(struct call *call, const struct error *why)
{
	struct admission *admission = call->admission;
	struct limits *local = call->gateway->local_limits;

	if (!local || admission->store == local) {
		call->error = *why;
		return false;
	}
	/* It may have taken the reservation before it fell silent. */
	settler_post_if_calm(call->gateway->settler, str_of(call->request_id),
		admission->store);
	admission->store = local;
	for (size_t i = admission->count; i-- > 0;)
		if (admission->limits[i].must_be_begun)
			outage_leave_out(call, i);
	outage_add(call);
	return true;
}

void outage_leave_out(struct call *call, size_t at)
{
	struct admission *admission = call->admission;

	assert(admission->late_count < LIMITS_MAX);
	if (!admission->late)
		admission->late =
			ARENA_ARRAY(call->arena, struct late, LIMITS_MAX);
	admission->late[admission->late_count++] = outage_late(admission, at);
	admission_remove(admission, at);
	outage_add(call);
}

struct late outage_late(const struct admission *admission, size_t at)
{
	const struct admission_reason *reason = &admission->reasons[at];

	assert(reason->starts_ms);
	return (struct late){
		.name = admission->limits[at].name,
		.unit = admission->limits[at].unit,
		.starts_ms = reason->starts_ms,
		.ends_ms = reason->ends_ms,
		.of = late_spend_of(&reason->owner),
	};
}
