/*
 * count.c - the stage that counts a request's tokens, for clients whose
 * format has an address for that.
 *
 * The provider counts where it speaks the client's format. Where it does not,
 * the answer is ours: what the first of the models that may serve it would
 * bill, exactly where that is known. Where it is not a header says so: a
 * client that asks how much room is left needs a number, not a refusal.
 */
#include "gateway/prompt_tokens.h"
#include "gateway/stages.h"

static bool counts(const struct call *call, const struct target *target);
static bool has_own_target(const struct call *call);
static void keep_own_targets(struct call *call);
static enum verdict answer_count(struct call *call);
static struct token_count count_of(struct call *call);

enum verdict count_tokens(struct call *call)
{
	if (has_own_target(call)) {
		keep_own_targets(call);
		return call_provider(call);
	}
	return answer_count(call);
}

/* Does its provider? */
static bool counts(const struct call *call, const struct target *target)
{
	return provider_dialect_for(target->model->provider, call->dialect) ==
	       call->dialect;
}

static bool has_own_target(const struct call *call)
{
	for (size_t i = 0; i < call->target_count; i++)
		if (counts(call, &call->targets[i]))
			return true;
	return false;
}

/* The others are left out. */
static void keep_own_targets(struct call *call)
{
	size_t kept = 0;

	for (size_t i = 0; i < call->target_count; i++) {
		struct target target = call->targets[i];

		if (counts(call, &target))
			call->targets[kept++] = target;
	}
	call->target_count = kept;
}

static enum verdict answer_count(struct call *call)
{
	struct token_count count = count_of(call);
	struct buf body = BUF_INIT(256);

	call->dialect->write_token_count(count.tokens, &body);
	call->status = 200;
	call->complete = true;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	if (count.certainty != TOKENS_EXACT)
		http_header(call->x, "X-Gateway-Estimated", S("true"));
	http_header_int(call->x, "Content-Length", (int64_t)body.n);
	http_body(call->x, buf_str(&body));
	buf_release(&body);
	call_end(call);
	return ANSWERED;
}

static struct token_count count_of(struct call *call)
{
	struct token_count count;

	if (call->target_count > 0 &&
		prompt_tokens_count(call, call->targets[0].model, &count))
		return count;
	return (struct token_count){
		meter_tokens_of(call->head.prompt_bytes),
		TOKENS_ESTIMATED,
	};
}
