/*
 * count.c - the stage that counts a request's tokens, for clients whose
 * format has an address for that.
 *
 * The provider counts where it speaks the client's format. Where it does not,
 * the answer is the estimate that also reserves and meters, and a header says
 * so: a client that asks how much room is left needs a number, not a refusal.
 */
#include "gateway/stages.h"

static size_t keep_own_targets(struct call *call);
static enum verdict answer_estimate(struct call *call);

enum verdict count_tokens(struct call *call)
{
	if (keep_own_targets(call) > 0)
		return call_provider(call);
	return answer_estimate(call);
}

/* Those that can count; the others are left out. */
static size_t keep_own_targets(struct call *call)
{
	size_t kept = 0;

	for (size_t i = 0; i < call->target_count; i++) {
		struct target target = call->targets[i];

		if (provider_dialect_for(target.model->provider,
			    call->dialect) == call->dialect)
			call->targets[kept++] = target;
	}
	call->target_count = kept;
	return kept;
}

static enum verdict answer_estimate(struct call *call)
{
	int64_t tokens = meter_tokens_of(call->head.prompt_bytes);
	struct buf body = BUF_INIT(256);

	call->dialect->write_token_count(tokens, &body);
	call->status = 200;
	call->complete = true;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	http_header(call->x, "X-Gateway-Estimated", S("true"));
	http_header_int(call->x, "Content-Length", (int64_t)body.n);
	http_body(call->x, buf_str(&body));
	buf_release(&body);
	call_end(call);
	return ANSWERED;
}
