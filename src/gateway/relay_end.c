/*
 * relay_end.c - how a provider's answer ends: for the client, in the next
 * attempt, or in words of ours.
 *
 * What ends the call frees it, so nothing follows such a call.
 */
#include "gateway/relay_own.h"

#include "gateway/cascade.h"

static void end_service(struct call *call);
static void end_translated(struct call *call);
static void end_refused(struct call *call);
static void tell_pool(struct call *call, int status);
static bool give_kept(struct call *call);
static enum failure_advice advise(const struct call *call);

void relay_end_stream(struct call *call)
{
	struct frame frame;
	bool is_unfinished = frames_finish(&call->frames, &frame);

	if (is_unfinished && !relay_frame(call, &frame)) {
		relay_fail(call);
		return;
	}
	if (call->facts.failed && cascade_is_checking(call)) {
		error_set(&call->error, ERR_UPSTREAM_STATUS, "%s",
			call->facts.failure.message);
		relay_fail(call);
		return;
	}
	if (call->facts.failed) {
		/* The provider's own error event has gone to the client. */
		error_set(&call->error, ERR_UPSTREAM_STATUS, "%s",
			call->facts.failure.message);
	} else if (call->facts.done || call->facts.finish_reason[0] ||
		   call_service_ends_unmarked(call)) {
		call->complete = true;
	} else {
		error_set(&call->error, ERR_UPSTREAM_CUT,
			"the stream ended before it was complete");
		/* The error is an event of its own, not a line of this one. */
		if (is_unfinished && call->has_told && !is_translated(call))
			relay_tell(call, S("\n\n"));
		relay_fail(call);
		return;
	}
	if (is_translated(call)) {
		translate_end(call, &call->written);
		relay_flush(call);
	}
	if (cascade_is_checking(call)) {
		if (cascade_escalates(call))
			return;
		relay_tell(call, S(""));
	}
	if (!call->x->began)
		answer_begin_stream(call);
	call_end(call);
}

void relay_end_whole(struct call *call)
{
	int status = call->upstream_status;

	if (status >= 200 && status < 300 && cascade_is_checking(call) &&
		cascade_escalates(call))
		return;
	if (status >= 400) {
		end_refused(call);
	} else if (status < 200 || status >= 300) {
		error_set(&call->error, ERR_UPSTREAM_GARBAGE,
			"an answer with status %d", status);
		relay_fail(call);
	} else if (call->is_count) {
		answer_whole(call, buf_str(&call->reply));
	} else if (call->service) {
		end_service(call);
	} else if (is_translated(call)) {
		end_translated(call);
	} else if (call->x->began) {
		error_set(&call->error, ERR_UPSTREAM_GARBAGE,
			"not a stream, though one was asked for");
		relay_fail(call);
	} else if (facts_read_reply(call->dialect, buf_str(&call->reply),
			   call->arena, &call->facts, &call->error)) {
		if (call->facts.failed)
			error_set(&call->error, ERR_UPSTREAM_STATUS, "%s",
				call->facts.failure.message);
		answer_whole(call, buf_str(&call->reply));
	} else {
		relay_fail(call);
	}
}

static void end_service(struct call *call)
{
	struct splice answer;

	if (!call->x->began && call_service_read_reply(call, &answer))
		answer_whole(call, splice_join(&answer, call->arena));
	else
		relay_fail(call);
}

/* Some providers answer whole though a stream was asked for. */
static void end_translated(struct call *call)
{
	if (!call->head.stream) {
		if (translate_reply(call, &call->written))
			answer_whole(call, buf_str(&call->written));
		else
			relay_fail(call);
	} else if (translate_reply_to_stream(call, &call->written)) {
		call->complete = true;
		relay_flush(call);
		call_end(call);
	} else {
		relay_fail(call);
	}
}

/* The provider said no: another target may say yes, or the client reads it. */
static void end_refused(struct call *call)
{
	struct failure failure;
	struct upstream *ended = call->upstream;
	struct str provider = call->target->provider->name;

	failure_read(call->upstream_status,
		upstream_header(call->upstream, S("retry-after")),
		buf_str(&call->reply), &failure);
	failure_read_wait_ms(
		upstream_header(call->upstream, S("retry-after-ms")), &failure);
	error_refuse(&call->error, ERR_UPSTREAM_STATUS, NULL,
		"The provider answered %d%s%s", call->upstream_status,
		failure.message[0] ? ": " : ".", failure.message);
	snprintf(call->error.detail, sizeof(call->error.detail),
		"%.*s answered %d: %.*s", STR_ARG(str_head(provider, 64)),
		call->upstream_status,
		STR_ARG(str_head(str_of(failure.message), 160)));
	call->error.http_status = call->upstream_status;
	snprintf(call->error.param, sizeof(call->error.param), "%s",
		failure.param);
	if (failure.retry_after_ms > 0)
		call->error.retry_after_seconds =
			(unsigned)((failure.retry_after_ms + 999) / 1000);
	if (call->target->provider->host_count > 0)
		tell_pool(call, call->upstream_status);
	call_attempt_failed(
		call, &failure, failure.advice, failure.retry_after_ms);
	call->upstream = NULL;
	if (failure.advice != ADVICE_GIVE_UP && call_goes_on(call))
		return;
	/* It lives until libcurl's call of us returns. */
	call->upstream = ended;
	if (!give_kept(call))
		answer_refusal(call);
}

/* A host that fails rests; one that lacks the model has others. */
static void tell_pool(struct call *call, int status)
{
	struct pool *pool = call->gateway->pool;

	if (status == 404)
		pool_lacks(pool, call->base_url, call->target->upstream_name);
	else if (status == 0 || status >= 500 || status == 429)
		pool_failed(pool, call->base_url);
}

/* The attempt failed as call->error says: the next one, or the end. */
void relay_fail(struct call *call)
{
	if (cache_replay_failed(call))
		return;
	if (call->target->provider->host_count > 0)
		tell_pool(call, 0);
	call_attempt_failed(call, NULL, advise(call), -1);
	if (call->upstream)
		upstream_cancel(call->upstream);
	call->upstream = NULL;
	if (!call_goes_on(call))
		relay_end_unanswered(call);
}

void relay_end_unanswered(struct call *call)
{
	if (!give_kept(call))
		answer_failure(call);
}

/* A poor answer is better than none. */
static bool give_kept(struct call *call)
{
	bool is_whole;

	if (!cascade_restores(call, &is_whole))
		return false;
	if (is_whole) {
		relay_end_whole(call);
		return true;
	}
	relay_tell(call, S(""));
	call->complete = true;
	call_end(call);
	return true;
}

/* Only what surely produced nothing is asked for again of the same target. */
static enum failure_advice advise(const struct call *call)
{
	return call->error.kind == ERR_UPSTREAM_CONNECT ||
			       call->error.kind == ERR_UPSTREAM_RESET
		       ? ADVICE_RETRY
		       : ADVICE_NEXT_TARGET;
}
