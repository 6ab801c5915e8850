/*
 * breaker.h - leaves a model of a provider alone after it failed repeatedly.
 *
 *	closed -> (failures in a row) -> open -> (a while) -> half open
 *	half open -> (a probe succeeds) -> closed
 *	half open -> (it fails) -> open, for twice as long
 *
 * There is one breaker for each model of each provider, shared by all
 * processes of the machine through the hot store. While all is well there is
 * nothing in the store, and asking costs one look into it. A probe is a lease:
 * one call of all processes at a time has it, and if that call is never heard
 * of again, another one gets it when the lease is over.
 *
 * A store that cannot be changed lets calls pass.
 */
#ifndef HOT_BREAKER_H
#define HOT_BREAKER_H

#include "hot/store.h"

/* Milliseconds; failures 0: there are no breakers. */
struct breaker_rules {
	int64_t failures;    /* in a row that open it */
	int64_t window_ms;   /* in which they must fall */
	int64_t open_ms;     /* at first */
	int64_t max_open_ms; /* after doubling */
	int64_t probe_ms;    /* how long a probe may take */
};

struct breaker_rules breaker_rules_of(const struct settings *settings);

struct breaker {
	struct hot *hot;
	const struct breaker_rules *rules;
	int64_t provider_id;
	int64_t model_id;
};

/* What a call was told, to be handed back with its result. */
struct breaker_pass {
	bool may_go;
	int64_t probe;   /* the lease's number; 0: an ordinary call */
	int64_t wait_ms; /* until it is worth asking again, when it may not */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* May a call go there now? Every time is Unix milliseconds. */
struct breaker_pass breaker_ask(const struct breaker *breaker, int64_t now_ms);

/* The provider served the call, or refused it for the call's own fault. */
void breaker_succeeded(
	const struct breaker *breaker, const struct breaker_pass *pass);
/* It could not be reached, failed, or broke off. */
void breaker_failed(const struct breaker *breaker,
	const struct breaker_pass *pass, int64_t now_ms);
/* The call says nothing about it: somebody else may probe. */
void breaker_let_go(
	const struct breaker *breaker, const struct breaker_pass *pass);

/* A breaker that has something to tell. */
struct breaker_status {
	int64_t provider_id;
	int64_t model_id;
	enum breaker_state state; /* of an open one whose time is over:
				     half open */
	int64_t since_ms;         /* in that state; closed: the first failure */
	int64_t failures;         /* in a row */
	int64_t next_probe_ms;    /* of one that is open */
};

/* Each breaker that has seen a failure since it last saw a success; false
 * from visit() ends it. ERR_IO. */
typedef bool breaker_visit(const struct breaker_status *status, void *context);
MUST_USE bool breaker_list(struct hot *hot, int64_t now_ms,
	breaker_visit *visit, void *context, struct error *err);

const char *breaker_state_name(enum breaker_state state);

#endif
