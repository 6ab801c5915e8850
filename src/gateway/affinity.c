/*
 * affinity.c - what a call knows of where its prompt is cached, and what is
 * learnt when it has ended.
 */
#include "base/clock.h"
#include "gateway/affinity_own.h"
#include "hot/metrics.h"

static bool may_have_one(const struct call *call);
static void find_warm(struct call *call, struct affinity *affinity);
static bool was_chosen(const struct call *call, enum affinity_kind kind);
static struct str why_there(const struct call *call);
static void count(const struct call *call, struct str cached);

bool affinity_is_warm(struct call *call, const struct model *model)
{
	const struct affinity *affinity = affinity_of(call);

	return affinity && affinity_warmth(affinity, model, S(""), NULL) > 0;
}

struct str affinity_begin(struct call *call)
{
	struct affinity *affinity = call->affinity;
	const struct affinity_choice made = { .model = call->target,
		.base_url = call->base_url,
		.key = call->provider_key };

	if (!affinity)
		return S("");
	affinity->begun_unix_ms = clock_unix_ms();
	affinity->why = why_there(call);
	for (unsigned kind = 0; kind < AFFINITY_KINDS; kind++) {
		struct in_flight *held = &affinity->held[affinity->held_count];

		if (!was_chosen(call, kind))
			continue;
		held->place = affinity_number(kind, &made);
		in_flight_begin(call->gateway->in_flight, held,
			affinity->begun_unix_ms);
		affinity->held_count++;
	}
	return affinity->why;
}

void affinity_end(struct call *call)
{
	struct affinity *affinity = call->affinity;

	while (affinity && affinity->held_count > 0)
		in_flight_end(call->gateway->in_flight,
			&affinity->held[--affinity->held_count]);
}

void affinity_learn(struct call *call)
{
	const struct affinity *affinity = call->affinity;
	struct warm_use use = {
		.was_read = call->tokens.cached > 0,
		.was_written = call->tokens.cache_write > 0,
	};
	bool is_told = call->tokens.cached >= 0 || use.was_written;

	if (!affinity || !affinity->begun_unix_ms ||
		call->usage_source == USAGE_NONE)
		return;
	if (affinity->why.n > 0)
		count(call, use.was_read ? S("yes")
			    : is_told    ? S("no")
					 : S("unknown"));
	if (!is_told || !affinity_is_kept(call->target))
		return;
	use.place.model_id = call->target->id;
	use.place.key_id = call->provider_key ? call->provider_key->id : 0;
	use.place.host = affinity_mix(0, call->base_url);
	use.used_ms = affinity->begun_unix_ms;
	use.keep_ms = quirks_prompt_cache_ms(&call->target->provider->quirks);
	for (size_t i = 0; i < affinity->prefix.count; i++)
		warm_prefix_note(
			call->gateway->hot, affinity->prefix.marks[i], &use);
}

struct str affinity_why(const struct call *call)
{
	return call->affinity ? call->affinity->why : S("");
}

struct affinity *affinity_of(struct call *call)
{
	struct affinity_prefix prefix;

	if (call->affinity || !may_have_one(call))
		return call->affinity;
	prefix = affinity_prefix_of(&call->head);
	if (prefix.count == 0)
		return NULL;
	call->affinity = ARENA_NEW(call->arena, struct affinity);
	call->affinity->prefix = prefix;
	call->affinity->why = S("");
	find_warm(call, call->affinity);
	return call->affinity;
}

/* The body is let go when an answer has begun. */
static bool may_have_one(const struct call *call)
{
	return call->head.prompt_bytes >= AFFINITY_MIN_BYTES &&
	       call->gateway->settings->affinity && !call->service &&
	       !call->is_count && !call->has_told;
}

static void find_warm(struct call *call, struct affinity *affinity)
{
	int64_t now_ms = clock_unix_ms();

	for (size_t i = 0; i < affinity->prefix.count; i++) {
		struct warm_place places[WARM_PLACES];
		size_t n = warm_prefix_find(call->gateway->hot,
			affinity->prefix.marks[i], now_ms, places);

		if (n > 0 && !affinity->warm)
			affinity->warm =
				ARENA_ARRAY(call->arena, struct affinity_warm,
					AFFINITY_PREFIXES * WARM_PLACES);
		for (size_t j = 0; j < n; j++)
			affinity->warm[affinity->warm_count++] =
				(struct affinity_warm){ places[j],
					(unsigned)i + 1 };
	}
}

unsigned affinity_warmth(const struct affinity *affinity,
	const struct model *model, struct str base_url,
	const struct provider_key *key)
{
	uint64_t host = base_url.n > 0 ? affinity_mix(0, base_url) : 0;
	unsigned longest = 0;

	for (size_t i = 0; i < affinity->warm_count; i++) {
		const struct affinity_warm *warm = &affinity->warm[i];

		if (warm->length > longest &&
			warm->place.model_id == model->id &&
			(base_url.n == 0 || warm->place.host == host) &&
			(!key || warm->place.key_id == key->id))
			longest = warm->length;
	}
	return longest;
}

bool affinity_is_kept(const struct model *model)
{
	return quirks_prompt_cache_ms(&model->provider->quirks) > 0;
}

uint64_t affinity_number(
	enum affinity_kind kind, const struct affinity_choice *choice)
{
	switch (kind) {
	case AFFINITY_MODEL:
		return affinity_mix((uint64_t)choice->model->id, S("model"));
	case AFFINITY_HOST: return affinity_mix(0, choice->base_url);
	case AFFINITY_KEY: break;
	}
	return affinity_mix((uint64_t)choice->key->id, S("key"));
}

/* Of the attempt that runs: was there another that might have been taken? */
static bool was_chosen(const struct call *call, enum affinity_kind kind)
{
	const struct provider *provider = call->target->provider;

	return call->affinity->drawn & 1U << kind &&
	       (kind != AFFINITY_HOST || provider->host_count > 0) &&
	       (kind != AFFINITY_KEY || call->provider_key);
}

/* A second attempt is where the first one was not wanted: no bound sent it
 * there. */
static struct str why_there(const struct call *call)
{
	const struct affinity *affinity = call->affinity;

	if (affinity->spread && call->attempts <= 1)
		return S("spread");
	if (affinity_warmth(affinity, call->target, call->base_url,
		    call->provider_key) > 0)
		return S("warm");
	return affinity->drawn ? S("hashed") : S("");
}

static void count(const struct call *call, struct str cached)
{
	metrics_add(call->gateway->metrics, METRIC_AFFINITY,
		METRIC_LABELS(call->target->provider->name, call->affinity->why,
			cached),
		1);
}
