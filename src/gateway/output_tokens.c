/*
 * output_tokens.c - listens to what is read of an answer.
 */
#include "gateway/output_tokens.h"

#include "gateway/stages.h"
#include "tokens/estimate.h"
#include "tokens/running.h"

struct output_count {
	struct facts_listener listener;
	struct running_count running;
	int64_t percent; /* of that, for a vocabulary that is not public */
};

static void hear(struct facts_listener *listener, struct str text);
static void start(struct call *call, struct output_count *count);
static void read_whole(struct call *call);

void output_tokens_begin(struct call *call)
{
	if (!call->gateway->tokenizer || !call->target)
		return;
	if (!call->output_count)
		call->output_count =
			ARENA_NEW(call->arena, struct output_count);
	start(call, call->output_count);
	call->facts.listener = &call->output_count->listener;
}

static void start(struct call *call, struct output_count *count)
{
	const struct tokenizer *tokenizer = call->gateway->tokenizer;
	struct str model = call->target->upstream_name;
	const struct vocabulary *vocabulary =
		tokenizer_vocabulary(tokenizer, model);

	count->listener.hear = hear;
	count->percent = vocabulary ? 100 : token_family_find(model)->percent;
	if (!vocabulary)
		vocabulary = tokenizer_encoding(tokenizer, S("o200k_base"));
	running_count_init(&count->running, vocabulary);
}

static void hear(struct facts_listener *listener, struct str text)
{
	struct output_count *count =
		CONTAINER_OF(listener, struct output_count, listener);

	running_count_add(&count->running, text);
}

int64_t output_tokens(struct call *call)
{
	struct output_count *count;
	int64_t tokens;

	if (!call->facts.listener && !call->is_stream_reply)
		read_whole(call);
	if (!call->facts.listener)
		return meter_tokens_of(call->facts.output_bytes);
	count = CONTAINER_OF(
		call->facts.listener, struct output_count, listener);
	tokens = running_count_tokens(&count->running);
	return (tokens * count->percent + 99) / 100;
}

/* Once more, for the text alone: what was kept of it is the whole answer. */
static void read_whole(struct call *call)
{
	struct chat_facts again;
	struct error ignored;

	if (call->reply.n == 0 || call->service || !call->upstream_dialect)
		return;
	output_tokens_begin(call);
	if (!call->facts.listener)
		return;
	chat_facts_init(&again);
	again.listener = call->facts.listener;
	if (!facts_read_reply(call->upstream_dialect, buf_str(&call->reply),
		    call->arena, &again, &ignored))
		call->facts.listener = NULL;
}
