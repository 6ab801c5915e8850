/*
 * routing_policy.h - what the router is to prefer: a preset, or weights of a
 * project's own (the member "routing" of its settings):
 *
 *	{"preset": "cheap"}
 *	{"preset": "balanced", "quality": 6, "cost": 1, "speed": 0.2}
 *
 * A weight is how much a factor decides: see gateway/strategy.h. They rank
 * models and are no money, so they may be doubles.
 */
#ifndef ACCOUNTS_ROUTING_POLICY_H
#define ACCOUNTS_ROUTING_POLICY_H

#include "base/buf.h"
#include "base/error.h"

enum routing_preset { ROUTING_CHEAP, ROUTING_BALANCED, ROUTING_QUALITY };

struct routing_weights {
	double quality;
	double cost;
	double speed;
};

/* What a weight may be at most. */
#define ROUTING_WEIGHT_MAX 100

struct routing_policy {
	bool is_set; /* false: the installation's preset counts */
	enum routing_preset preset;
	struct routing_weights weights;
};

/* The preset and its weights. */
struct routing_policy routing_policy_of(enum routing_preset preset);

const char *routing_preset_name(enum routing_preset preset);
/* False: there is none of that name. */
MUST_USE bool routing_preset_find(struct str name, enum routing_preset *out);

/* From a project's settings, the whole JSON object; not set when they say
 * nothing of it. ERR_BAD_FIELD, ERR_BAD_JSON. */
MUST_USE bool routing_policy_read(
	struct str settings, struct routing_policy *out, struct error *err);

/* As a project's settings hold it. */
void routing_policy_write(const struct routing_policy *policy, struct buf *out);

/* "cheap", or with weights of one's own, "balanced,quality=6,cost=1".
 * ERR_BAD_FIELD. */
MUST_USE bool routing_policy_parse(
	struct str words, struct routing_policy *out, struct error *err);

#endif
