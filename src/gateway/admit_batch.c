/*
 * admit_batch.c - what a turn of a loop brought is one change of the counters:
 * those who have ended are settled, those who begin reserve. A change costs
 * more than what it is for, and under load there are many.
 *
 * It is done before the loop hears of anything new: who was answered may ask
 * again at once, and finds its place free.
 */
#include "gateway/admission.h"
#include "gateway/settler.h"

#include "base/clock.h"
#include "base/log.h"

/* Of each kind. */
#define TOGETHER 32

struct batch {
	struct gateway *gateway;
	struct limit_settlement ended[TOGETHER];
	char ids[TOGETHER][LIMIT_ID_MAX_BYTES];
	size_t ended_count;
	struct call *waiting[TOGETHER]; /* NULL: its client is gone */
	size_t waiting_count;
	struct limit_outcome outcomes[TOGETHER];
	struct task end_of_turn;
	bool is_deferred;
};

static _Thread_local struct batch batch;

static void defer(struct call *call);
static void on_end_of_turn(struct task *task);
static void change(struct call **calls, size_t count);
static void settle_slowly(size_t count);
static void on_gone(struct http_exchange *x, void *owner);
static void on_drained(struct http_exchange *x, void *owner);

static const struct http_waiter waiter = {
	.gone = on_gone,
	.drained = on_drained,
};

void admit_batch_settle(
	struct call *call, struct str id, const struct limit_use *use)
{
	char *copy = batch.ids[batch.ended_count];

	assert(id.n <= LIMIT_ID_MAX_BYTES);
	batch.gateway = call->gateway;
	memcpy(copy, id.p, id.n);
	batch.ended[batch.ended_count] =
		(struct limit_settlement){ { copy, id.n }, *use };
	batch.ended_count++;
	if (call->x->on_worker || batch.ended_count == TOGETHER)
		admit_batch_settle_now();
	else
		defer(call);
}

bool admit_batch_settle_now(void)
{
	bool any = batch.ended_count > 0;

	if (any)
		change(NULL, 0);
	return any;
}

bool admit_batch_reserve(struct call *call)
{
	if (call->x->on_worker || batch.waiting_count == TOGETHER)
		return false;
	batch.gateway = call->gateway;
	batch.waiting[batch.waiting_count++] = call;
	call->x->waiter = &waiter;
	call->x->owner = call;
	defer(call);
	return true;
}

static void defer(struct call *call)
{
	if (batch.is_deferred)
		return;
	batch.is_deferred = true;
	batch.end_of_turn.run = on_end_of_turn;
	loop_defer(call->x->loop, &batch.end_of_turn);
}

/* Who goes on may end at once, and be here again: as of the next batch. */
static void on_end_of_turn(struct task *task)
{
	struct call *calls[TOGETHER];
	size_t count = 0;

	(void)task;
	batch.is_deferred = false;
	for (size_t i = 0; i < batch.waiting_count; i++)
		if (batch.waiting[i])
			calls[count++] = batch.waiting[i];
	batch.waiting_count = 0;
	if (count + batch.ended_count > 0)
		change(calls, count);
	for (size_t i = 0; i < count; i++) {
		calls[i]->x->waiter = NULL;
		call_run_stages(calls[i]->x, calls[i]);
	}
}

/* A call that gets no outcome asks again, alone. */
static void change(struct call **calls, size_t count)
{
	struct limit_request wanted[TOGETHER];
	size_t ended_count = batch.ended_count;
	struct error err;

	batch.ended_count = 0;
	for (size_t i = 0; i < count; i++)
		wanted[i] = admission_request(calls[i], &batch.outcomes[i]);
	if (!limits_change(batch.gateway->local_limits, batch.ended,
		    ended_count, wanted, count, clock_unix_ms(), &err)) {
		log_debug("%s", error_detail(&err));
		settle_slowly(ended_count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!wanted[i].is_refused)
			admission_keep_outcome(calls[i], &batch.outcomes[i]);
}

static void settle_slowly(size_t count)
{
	for (size_t i = 0; i < count; i++)
		settler_post(batch.gateway->settler, batch.ended[i].id,
			batch.gateway->local_limits, &batch.ended[i].use, 0,
			NULL, 0);
}

static void on_gone(struct http_exchange *x, void *owner)
{
	for (size_t i = 0; i < batch.waiting_count; i++)
		if (batch.waiting[i] == owner)
			batch.waiting[i] = NULL;
	relay_waiter.gone(x, owner);
}

/* Nothing was sent yet. */
static void on_drained(struct http_exchange *x, void *owner)
{
	(void)x;
	(void)owner;
}
