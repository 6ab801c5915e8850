/*
 * retry.h - how long to wait before the same target is asked again, and
 * whether there is anything left to ask it with.
 *
 * Each provider has a budget of retries in each process, fed by the calls
 * that go there: when it fails altogether, it gets a few calls more than
 * usual, and not several times as many.
 */
#ifndef GATEWAY_RETRY_H
#define GATEWAY_RETRY_H

#include "base/settings.h"

/*
 * Milliseconds before try number `tries` + 1 (tries counts from 1): at random
 * up to a bound that doubles each time, from retry.base_ms to retry.max_ms.
 * hint_ms is what the provider asked for (-1: nothing) and is waited in full,
 * and up to retry.base_ms more, so that not all come back at once.
 */
int64_t retry_wait_ms(
	const struct settings *settings, unsigned tries, int64_t hint_ms);

struct retry_budgets;

/* percent: so many retries in a hundred calls, and one each second; 0: none
 * at all. */
struct retry_budgets *retry_budgets_new(int64_t percent);
/* Safe with NULL. */
void retry_budgets_free(struct retry_budgets *budgets);

/* A call goes to the provider for the first time. */
void retry_budgets_note_call(
	struct retry_budgets *budgets, int64_t provider_id);
/* One retry, if there is one left; now_ms is monotonic. */
MUST_USE bool retry_budgets_take(
	struct retry_budgets *budgets, int64_t provider_id, int64_t now_ms);

#endif
