/*
 * key_choice.c - which of a provider's keys a call is sent with: of those
 * that do not rest (hot/key_rest.h), the one that has the prompt in its cache
 * (affinity.h), else by weight.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "gateway/affinity.h"

/* Providers with more keys than this take memory of the call. */
#define FEW 8

static size_t find_awake(const struct call *call, const struct model *model,
	struct affinity_choice *out, struct key_rest *rest);
static struct key_rest rest_of(const struct call *call,
	const struct model *model, const struct provider_key *key);

bool key_choose(struct call *call, const struct model *model,
	const struct provider_key **out, struct key_rest *rest)
{
	struct affinity_choice few[FEW], *choices = few;
	size_t room = model->provider->key_count, count;

	*out = NULL;
	if (room > FEW)
		choices =
			ARENA_ARRAY(call->arena, struct affinity_choice, room);
	count = find_awake(call, model, choices, rest);
	affinity_draw(call, AFFINITY_KEY, choices, count);
	for (size_t i = 0, least = 0; i < count; i++) {
		if (choices[i].draw <= choices[least].draw)
			least = i;
		*out = choices[least].key;
	}
	return *out || !model->provider->keys;
}

/* Gives their number; *rest is the shortest of the others. */
static size_t find_awake(const struct call *call, const struct model *model,
	struct affinity_choice *out, struct key_rest *rest)
{
	size_t count = 0;

	*rest = (struct key_rest){ 0 };
	for (const struct provider_key *key = model->provider->keys; key;
		key = key->next) {
		struct key_rest its = rest_of(call, model, key);

		if (!its.until_ms)
			out[count++] = (struct affinity_choice){ .model = model,
				.key = key,
				.weight = (double)key->weight };
		else if (!rest->until_ms || its.until_ms < rest->until_ms)
			*rest = its;
	}
	return count;
}

static struct key_rest rest_of(const struct call *call,
	const struct model *model, const struct provider_key *key)
{
	struct key_of_rest it = { key->id, key->sealed };

	return key_rest_read(
		call->gateway->hot, &it, model->id, clock_unix_ms());
}
