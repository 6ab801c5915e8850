/*
 * cascade.h - an alias whose first model answers, and whose second one is
 * asked when that answer is poor: call->cascade.
 *
 * Nobody gets the first answer before it is checked. It is read as any other;
 * what would go to the client of a stream is held back instead (relay.c), and
 * only comments keep the connection alive meanwhile. A good answer goes out at
 * once, as a stream where one was asked for. A poor one stays here, paid for,
 * and the next target is asked: once, whatever that one says. When nobody else
 * can answer, the poor answer is given after all.
 *
 * The call costs what both answers cost.
 */
#ifndef GATEWAY_CASCADE_H
#define GATEWAY_CASCADE_H

#include "gateway/routing.h"

/* A stream that is longer than that has something to say. */
#define CASCADE_HELD_BYTES (256 * 1024)

/* An answer that nobody got: all that it needs to be given after all. */
struct cascade_kept {
	bool is_there;
	struct target *current;
	const struct model *target;
	const struct provider_key *provider_key;
	const struct dialect *upstream_dialect;
	int upstream_status;
	struct str reply_type;
	struct chat_facts facts;
	struct buf reply; /* of a whole answer; empty of a stream */
	struct buf held;
};

struct cascade {
	bool is_checking; /* the attempt that runs is the first model's */
	bool has_escalated;
	struct buf raw;  /* a stream's bytes, as its provider sent them */
	struct buf held; /* what its client would have got */
	struct cascade_kept kept;
	/* What that answer used. */
	struct token_counts spent;
	enum usage_source usage_source;
	enum billing billing;
	int64_t cost_picousd;
	int64_t charged_picousd;
};

/* The call's alias is one: from now on its first answer is checked. */
void cascade_begin(struct call *call);
/* An attempt begins. */
void cascade_attempt(struct call *call);

/* May the client not be told yet who answers? */
static inline bool cascade_is_checking(const struct call *call)
{
	return call->cascade && call->cascade->is_checking;
}

/* Bytes of the provider's stream. */
void cascade_collect(struct call *call, struct str bytes);
/* Hold back what is for the client. False: it may go out. */
MUST_USE bool cascade_holds(struct call *call, struct str bytes);

/*
 * The answer is complete, whole in call->reply or a stream. True: it is poor,
 * and the call is seen to. False: it is good, and nothing is held back any
 * more; what was, is in `held`.
 */
MUST_USE bool cascade_escalates(struct call *call);

/* Nobody else can answer. True: the poor answer takes the place of
 * call->error; *is_whole when it is in call->reply, else call->cascade->held
 * is what the client gets. */
MUST_USE bool cascade_restores(struct call *call, bool *is_whole);

/* Add what an answer used that nobody got; part of meter(). */
void cascade_meter(struct call *call);

#endif
