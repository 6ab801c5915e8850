/*
 * cascade.c - what is held back, kept, and paid for twice.
 */
#include "gateway/cascade.h"

#include "base/money.h"
#include "dialect/gather.h"
#include "gateway/affinity.h"
#include "gateway/cascade_check.h"

static void release(void *thing);
static bool is_first(const struct call *call);
static const char *find_fault(struct call *call);
static bool read_answer(struct call *call, struct chat_response *out);
static void pay(struct call *call);
static void keep(struct call *call);
static void leave_first(struct call *call);
static void add_tokens(int64_t *total, int64_t tokens);

void cascade_begin(struct call *call)
{
	struct cascade *cascade = ARENA_NEW(call->arena, struct cascade);
	size_t most = (size_t)call->gateway->settings->max_answer_bytes;

	buf_init(&cascade->raw, most);
	buf_init(&cascade->held, most);
	buf_init(&cascade->kept.reply, most);
	buf_init(&cascade->kept.held, most);
	arena_defer(call->arena, release, cascade);
	call->cascade = cascade;
}

static void release(void *thing)
{
	struct cascade *cascade = thing;

	buf_release(&cascade->raw);
	buf_release(&cascade->held);
	buf_release(&cascade->kept.reply);
	buf_release(&cascade->kept.held);
}

void cascade_attempt(struct call *call)
{
	struct cascade *cascade = call->cascade;

	if (!cascade)
		return;
	buf_clear(&cascade->raw);
	buf_clear(&cascade->held);
	cascade->is_checking = !cascade->has_escalated && is_first(call);
}

/* Of the first position that there is, and not of the last. */
static bool is_first(const struct call *call)
{
	int64_t position = call->current->position;

	return position == call->targets[0].position &&
	       position != call->targets[call->target_count - 1].position;
}

void cascade_collect(struct call *call, struct str bytes)
{
	if (cascade_is_checking(call))
		buf_append(&call->cascade->raw, bytes);
}

bool cascade_holds(struct call *call, struct str bytes)
{
	struct cascade *cascade = call->cascade;

	if (!cascade_is_checking(call))
		return false;
	if (cascade->held.n + bytes.n > CASCADE_HELD_BYTES) {
		cascade->is_checking = false;
		buf_release(&cascade->raw);
		return false;
	}
	buf_append(&cascade->held, bytes);
	return true;
}

bool cascade_escalates(struct call *call)
{
	struct cascade *cascade = call->cascade;
	const char *fault = call->is_abandoned ? NULL : find_fault(call);

	cascade->is_checking = false;
	if (!fault)
		return false;
	cascade->has_escalated = true;
	call->routing->escalated = fault;
	pay(call);
	leave_first(call);
	keep(call);
	if (call->upstream)
		upstream_cancel(call->upstream);
	call->upstream = NULL;
	if (!call_goes_on(call))
		relay_end_unanswered(call);
	return true;
}

static const char *find_fault(struct call *call)
{
	struct chat_response response;
	struct error ignored;

	/* What we cannot read, we cannot find fault with. */
	if (!translate_read_request(call, &ignored) ||
		!read_answer(call, &response))
		return NULL;
	return cascade_fault(
		call->request, call->head.max_tokens, &response, call->arena);
}

static bool read_answer(struct call *call, struct chat_response *out)
{
	struct error ignored;

	if (call->is_stream_reply)
		return gather_stream(call->upstream_dialect,
			call->frames.framing, buf_str(&call->cascade->raw),
			call->arena, out, &ignored);
	if (!call->upstream_dialect->read_response(
		    buf_str(&call->reply), call->arena, out, &ignored))
		return false;
	chat_facts_init(&call->facts);
	chat_facts_add_response(&call->facts, out);
	return true;
}

/* What the answer used is the call's, whoever gets it. */
static void pay(struct call *call)
{
	struct cascade *cascade = call->cascade;

	call->facts.done = true;
	meter(call);
	affinity_learn(call);
	cascade->spent = call->tokens;
	cascade->usage_source = call->usage_source;
	cascade->billing = call->billing;
	cascade->cost_picousd = call->cost_picousd;
	cascade->charged_picousd = call->charged_picousd;
}

static void keep(struct call *call)
{
	struct cascade *cascade = call->cascade;
	struct cascade_kept *kept = &cascade->kept;

	kept->is_there = true;
	kept->current = call->current;
	kept->target = call->target;
	kept->provider_key = call->provider_key;
	kept->upstream_dialect = call->upstream_dialect;
	kept->upstream_status = call->upstream_status;
	kept->reply_type = call->reply_type;
	kept->facts = call->facts;
	if (call->is_stream_reply)
		buf_append(&kept->held, buf_str(&cascade->held));
	else
		buf_append(&kept->reply, buf_str(&call->reply));
	/* Until the next attempt begins, nothing is known of an answer. */
	chat_facts_init(&call->facts);
	call->complete = false;
	call->upstream_status = 0;
	call->first_token_ns = 0;
}

/* Its attempt went well; it and its stand-ins are not asked again. */
static void leave_first(struct call *call)
{
	int64_t position = call->current->position;

	if (call->attempt) {
		call->attempt->error_detail = arena_printf(
			call->arena, "escalated: %s", call->routing->escalated);
		call->attempt->advice = S("escalate");
	}
	outcome_end(call, NULL, ADVICE_NEXT_TARGET);
	for (size_t i = 0; i < call->target_count; i++) {
		if (call->targets[i].position != position)
			continue;
		call->targets[i].was_seen = true;
		call->targets[i].is_spent = true;
	}
}

bool cascade_restores(struct call *call, bool *is_whole)
{
	struct cascade *cascade = call->cascade;
	struct cascade_kept *kept;

	if (!cascade || !cascade->kept.is_there || call->has_told ||
		call->is_abandoned)
		return false;
	kept = &cascade->kept;
	kept->is_there = false;
	cascade->spent = (struct token_counts){ 0 };
	cascade->cost_picousd = 0;
	cascade->charged_picousd = 0;
	cascade->usage_source = USAGE_NONE;
	relay_reset(call);
	call->error = (struct error)ERROR_INIT;
	call->current = kept->current;
	call->target = kept->target;
	call->base_url = kept->current->base_url;
	call->provider_key = kept->provider_key;
	call->upstream_dialect = kept->upstream_dialect;
	call->upstream_status = kept->upstream_status;
	call->reply_type = kept->reply_type;
	call->facts = kept->facts;
	*is_whole = kept->reply.n > 0;
	call->is_stream_reply = !*is_whole;
	buf_append(&call->reply, buf_str(&kept->reply));
	buf_append(&cascade->held, buf_str(&kept->held));
	return true;
}

void cascade_meter(struct call *call)
{
	const struct cascade *cascade = call->cascade;

	if (!cascade || cascade->usage_source == USAGE_NONE)
		return;
	add_tokens(&call->tokens.prompt, cascade->spent.prompt);
	add_tokens(&call->tokens.completion, cascade->spent.completion);
	add_tokens(&call->tokens.cached, cascade->spent.cached);
	add_tokens(&call->tokens.cache_write, cascade->spent.cache_write);
	add_tokens(&call->tokens.reasoning, cascade->spent.reasoning);
	money_add(&call->cost_picousd, cascade->cost_picousd, 1);
	money_add(&call->charged_picousd, cascade->charged_picousd, 1);
	if (call->usage_source != USAGE_NONE)
		return;
	call->usage_source = cascade->usage_source;
	call->billing = cascade->billing;
	call->billing_reason = "";
}

/* Unknown counts are negative. */
static void add_tokens(int64_t *total, int64_t tokens)
{
	if (tokens <= 0)
		return;
	if (*total < 0)
		*total = 0;
	money_add(total, tokens, 1);
}
