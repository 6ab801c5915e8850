/*
 * key_choice.c - which of a provider's keys a call is sent with: by weight,
 * at random, of those that do not rest (hot/key_rest.h).
 */
#include "gateway/stages.h"

#include "base/clock.h"

static struct key_rest rest_of(const struct call *call,
	const struct model *model, const struct provider_key *key);

bool key_choose(const struct call *call, const struct model *model,
	const struct provider_key **out, struct key_rest *rest)
{
	double least = 0;

	*out = NULL;
	*rest = (struct key_rest){ 0 };
	for (const struct provider_key *key = model->provider->keys; key;
		key = key->next) {
		struct key_rest its = rest_of(call, model, key);
		double draw;

		if (its.until_ms) {
			if (!rest->until_ms || its.until_ms < rest->until_ms)
				*rest = its;
			continue;
		}
		draw = balance_draw(key->weight);
		if (*out && draw >= least)
			continue;
		*out = key;
		least = draw;
	}
	return *out || !model->provider->keys;
}

static struct key_rest rest_of(const struct call *call,
	const struct model *model, const struct provider_key *key)
{
	struct key_of_rest it = { key->id, key->sealed };

	return key_rest_read(
		call->gateway->hot, &it, model->id, clock_unix_ms());
}
