/*
 * affinity.h - the same beginning of a prompt goes to where it is cached.
 *
 * Providers keep the beginnings of long prompts, and read them again for a
 * tenth to a half of the price: for the same model, asked with the same key
 * (or another of its organisation), at the same host. So where there is a
 * choice among models of one rank, hosts of a pool or keys of a provider, a
 * long prompt is not sent by chance:
 *
 *	warm    an answer told that this beginning is in the cache there
 *		(hot/warm_prefix.h), and that is not too long ago
 *	hashed  nothing is known: the beginning and the choices' names draw
 *		lots instead of chance (rendezvous hashing), so that the same
 *		beginning draws the same, without anything shared, and many
 *		beginnings are shared out by weight
 *	spread  where it would go there are more calls under way than a
 *		quarter above its share, so the next one has it: a beginning
 *		that all calls have must not make one key do all the work
 *
 * What counts more, in this order: breakers, keys that rest, positions of an
 * alias, the ranks of a pool's hosts; then the bound of what is under way;
 * then warmth; then least latency and weights. So a warm cache is worth more
 * than equal shares as long as calls come one after the other, and calls that
 * come at once are shared out. A weight of 0 comes last, warm or not.
 *
 * A prompt below AFFINITY_MIN_BYTES has no affinity (no provider caches it),
 * nor has anything but a chat; then nothing is looked up and chance decides.
 * `upstream.affinity=no` does the same for all, the quirk prompt_cache=none
 * for the keys and hosts of one provider.
 */
#ifndef GATEWAY_AFFINITY_H
#define GATEWAY_AFFINITY_H

#include "catalog/provider.h"
#include "gateway/affinity_prefix.h"

struct call;
struct model;

/* What a call knows of it; in the call's arena. */
struct affinity;

/* What is chosen among. */
enum affinity_kind {
	AFFINITY_MODEL, /* models of one rank */
	AFFINITY_HOST,  /* hosts of a model's provider */
	AFFINITY_KEY,   /* keys of a model's provider */
};

struct affinity_choice {
	const struct model *model;
	struct str base_url;            /* of a host, else "" */
	const struct provider_key *key; /* or NULL */
	double weight;
	/* affinity_draw() sets these. */
	double draw;  /* the smaller the sooner */
	bool is_warm; /* and not above its bound */
};

/* Draw for choices of one rank: by what is above, or by chance. */
void affinity_draw(struct call *call, enum affinity_kind kind,
	struct affinity_choice *choices, size_t count);

/*
 * Is the beginning of the call's prompt cached for that model, with any of
 * its keys, as far as is known? The first question of a call looks it up
 * (about 2 us, more with longer prompts); the others cost nanoseconds. False
 * for short prompts, at once.
 */
bool affinity_is_warm(struct call *call, const struct model *model);

/* --- outcome.c, record.c --- */

/* The attempt of call->target with call->provider_key begins: it is under way.
 * What goes into its record: warm, hashed, spread or "". */
struct str affinity_begin(struct call *call);
/* It has ended; nothing when it is not under way. */
void affinity_end(struct call *call);
/* Learn from what was metered; after meter(). */
void affinity_learn(struct call *call);
/* Of the attempt that ran last: warm, hashed, spread or "". */
struct str affinity_why(const struct call *call);

#endif
