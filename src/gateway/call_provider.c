/*
 * call_provider.c - the last stage: ask the targets in order until one of
 * them answers. While nothing has reached the client, a target that cannot
 * be reached or refuses for reasons of its own gives way to the next.
 */
#include "gateway/stages.h"

#include "base/clock.h"

static void begin_on_loop(struct http_exchange *x, void *owner);

enum verdict call_provider(struct call *call)
{
	struct http_exchange *x = call->x;

	x->waiter = &relay_waiter;
	x->owner = call;
	if (x->on_worker)
		x->server->to_loop(x, begin_on_loop, call);
	else
		begin_on_loop(x, call);
	return WAITING;
}

static void begin_on_loop(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	(void)x;
	call->called_ns = clock_monotonic_ns();
	if (call->head.stream)
		relay_start_keepalive(call);
	call_next_attempt(call);
}

void call_next_attempt(struct call *call)
{
	while (call->attempts < call->target_count) {
		const struct target *target = &call->targets[call->attempts++];

		call->target = target->model;
		call->base_url = target->base_url;
		relay_reset(call);
		call->error = (struct error)ERROR_INIT;
		if (attempt_start(call))
			return;
	}
	answer_failure(call);
}
