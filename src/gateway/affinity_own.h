/*
 * affinity_own.h - what affinity.c and affinity_draw.c share.
 */
#ifndef GATEWAY_AFFINITY_OWN_H
#define GATEWAY_AFFINITY_OWN_H

#include "gateway/affinity.h"
#include "gateway/stages.h"
#include "hot/in_flight.h"
#include "hot/warm_prefix.h"

#define AFFINITY_KINDS (AFFINITY_KEY + 1)

struct affinity_warm {
	struct warm_place place;
	unsigned length; /* of the prefix, from 1 on; a longer one is better */
};

struct affinity {
	struct affinity_prefix prefix; /* has one at least */
	struct affinity_warm *warm;
	size_t warm_count;
	unsigned drawn;  /* 1 << kind: among these there was a choice */
	unsigned spread; /* and there the bound decided */
	/* Of the attempt that runs, or ran last. */
	struct in_flight held[AFFINITY_KINDS];
	size_t held_count;
	int64_t begun_unix_ms;
	struct str why;
};

/* The call's; NULL: it has none. */
struct affinity *affinity_of(struct call *call);

/* The longest prefix that is warm there: 0 none. `base_url` "" and `key` NULL
 * mean any. */
unsigned affinity_warmth(const struct affinity *affinity,
	const struct model *model, struct str base_url,
	const struct provider_key *key);

/* Does the model's provider keep prompts at all? */
bool affinity_is_kept(const struct model *model);

/* A number that is a choice's alone, of whatever kind. */
uint64_t affinity_number(
	enum affinity_kind kind, const struct affinity_choice *choice);

#endif
