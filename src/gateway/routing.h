/*
 * routing.h - a choice of the router, and why: call->routing.
 *
 * It is there when somebody chose: `auto` was asked for, or an alias whose
 * strategy is auto or cascade or whose models have conditions. A call that
 * names a model has none.
 *
 *	route.c          from names to models
 *	route_name.c     what was asked for
 *	route_rank.c     which models can serve, and which does best
 *	route_explain.c  what the client and the log are told of it
 *	route_savings.c  what it saved
 *	route_refuse.c   and of there being nobody
 */
#ifndef GATEWAY_ROUTING_H
#define GATEWAY_ROUTING_H

#include "gateway/stages.h"
#include "gateway/strategy.h"

/* Candidates that the log shows; dry runs show all of them. */
#define ROUTING_SHOWN 12
/* Of the best ones so many are tried, one after the other. */
#define ROUTING_TARGETS 6
#define ROUTING_TAGS 32

struct routing {
	struct str asked;      /* "auto:cheap", or the alias's name */
	const char *policy;    /* the preset, or the alias's strategy */
	bool is_ranked;        /* by scores; else in the alias's order */
	struct str reason;     /* one line */
	const char *escalated; /* why the first answer was poor; NULL: not */
	/* Of all that could serve, the best one that has a price; NULL: none
	 * has, or they were not judged. */
	const struct model *premium;
	/* The first ones, the best first. */
	struct strategy_candidate *candidates;
	size_t count;
	size_t total; /* with those that are not kept */
};

/* --- route_name.c --- */

/*
 * What the request's model means: sets call->alias, call->is_auto, call->among
 * and call->policy. Asked for nothing, it is for the router to choose.
 * False with call->error: it cannot be understood.
 */
MUST_USE bool route_resolve(struct call *call);
/* Must the request be classified to find its models? */
bool route_needs_class(const struct call *call);
/* What conditions of aliases look at. */
struct alias_facts route_facts(struct call *call);
/* About: by its bytes. */
int64_t route_prompt_tokens(struct call *call);

/* --- route_rank.c --- */

/*
 * Judge the candidates and leave those that cannot serve out, with a reason;
 * call->routing is set, *count says how many of them are left. They are the
 * caller's and put in order.
 */
void route_rank(struct call *call, struct strategy_candidate *all, size_t total,
	size_t *count);
/* The same without a score, for targets of an alias in its own order. */
void route_note(struct call *call, const struct strategy_candidate *all,
	size_t total, struct str reason);

/* --- route_explain.c --- */

/* One line: "simple request: good enough, and the cheapest of 3". */
struct str route_reason(struct call *call, const struct strategy_candidate *all,
	size_t total, size_t count);

/* --- route_savings.c --- */

/* The candidate of the highest quality, and of equals the dearest; NULL: none
 * that could serve has a price. */
const struct model *route_premium(
	const struct strategy_candidate *all, size_t total);
/* What the choice saved, for the record; after meter(). */
void route_savings(struct call *call, struct usage_record *usage);

/* --- route_refuse.c: each sets call->error --- */

/* None of the candidates can serve: what rules them out. */
void route_refuse_all(
	struct call *call, const struct strategy_candidate *all, size_t total);
/* The name has no target: is it known at all, and may the key use it? */
void route_refuse(struct call *call, bool is_known, bool is_allowed);
/* No model has that name: what may have been meant. */
void route_refuse_unknown(struct call *call, struct str name);

#endif
