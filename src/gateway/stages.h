/*
 * stages.h - the stages of a call, one file each, and its closing steps.
 *
 * A stage that returns FAILED has set call->error. WAITING: the call goes on
 * by events on its loop, and the stage's file sees to its end. ANSWERED: the
 * stage has ended the call, which is gone.
 */
#ifndef GATEWAY_STAGES_H
#define GATEWAY_STAGES_H

#include "gateway/call.h"
#include "hot/key_rest.h"

enum verdict {
	GO_ON,
	WAITING,
	ANSWERED,
	FAILED,
	NEEDS_DATABASE, /* run me again on a worker, with a fresh snapshot */
	NEEDS_WORKER,   /* run me again on a worker */
};

/* Who asks: the gateway key. */
enum verdict authenticate(struct call *call);
/* Keep a copy of the call, where the key's project wants one. */
enum verdict capture(struct call *call);
/* What is asked: the body's members that matter. */
enum verdict parse(struct call *call);
/* What it means, and how hard it is, where that decides who serves it. */
enum verdict classify(struct call *call);
/* Who may serve it: the named model's providers, in order. */
enum verdict route(struct call *call);
/* That is all: tell why. */
enum verdict explain_route(struct call *call);
/* May it be asked: rates, quotas, budgets are reserved for it. */
enum verdict admit(struct call *call);
/* Was it asked before? Then the answer is here. */
enum verdict cache_lookup(struct call *call);
/* Ask the provider, and the next one while nothing has reached the client. */
enum verdict call_provider(struct call *call);

/* How many tokens the request has, as the provider or we count them. */
enum verdict count_tokens(struct call *call);
/* What may be asked for: GET /v1/models and /v1/models/{id}. */
enum verdict list_models(struct call *call);
/* All that is known of what the key may use; call->listed_id is a provider,
 * or "". */
enum verdict list_catalogue(struct call *call);
enum verdict list_providers(struct call *call);
/* What the cache did for the key's project, and to empty it. */
enum verdict cache_stats(struct call *call);
enum verdict cache_remove(struct call *call);
/* A stream of ours, piece by piece at known times. */
enum verdict send_timed_stream(struct call *call);
/* Many calls in one request. */
enum verdict run_batch(struct call *call);
/* What a tenant's user asks, as a chat; and how much he may still. */
enum verdict parse_proxy(struct call *call);
enum verdict show_quota(struct call *call);
/* What calls cost; call->listed_id says how it is told. */
enum verdict list_costs(struct call *call);
/* Does the provider call->listed_id answer? */
enum verdict test_provider(struct call *call);

/* --- call_provider.c, key_choice.c, attempt.c --- */

/* Begin the next attempt, or a wait for it; on the loop. False: there is none,
 * and call->error says why the call fails. */
MUST_USE bool call_goes_on(struct call *call);
/* The attempt that ran failed as call->error says: what may follow it.
 * `failure` is NULL where the provider did not answer; hint_ms is when it
 * wants to be asked again, -1 when it did not say. */
void call_attempt_failed(struct call *call, const struct failure *failure,
	enum failure_advice advice, int64_t hint_ms);
/* When the call is to be over, attempts and waits together; monotonic. */
int64_t call_deadline_ms(
	const struct call *call, const struct provider *provider);

/* One of the provider's keys that do not rest for this model; *out is NULL
 * when it needs none. False: all of them rest, *rest is the shortest. */
MUST_USE bool key_choose(struct call *call, const struct model *model,
	const struct provider_key **out, struct key_rest *rest);

/* What settings and provider allow, whoever calls. */
struct upstream_limits attempt_general_limits(
	const struct gateway *gateway, const struct provider *provider);
/* Ask call->target; false with call->error set when it cannot be asked. */
MUST_USE bool attempt_start(struct call *call);

/* Append call->provider_key in the clear; the caller wipes it. ERR_CRYPTO. */
MUST_USE bool attempt_open_key(
	const struct call *call, struct buf *secret, struct error *err);

/* --- outcome.c: how attempts end, and who learns of it --- */

/* May a call go there, as its breaker says? Else when to ask again. */
MUST_USE bool outcome_may_begin(
	struct call *call, const struct model *model, int64_t *wait_ms);
/* It may, but it does not. */
void outcome_let_go(struct call *call, const struct model *model);
/* The attempt of call->target with call->provider_key begins. */
void outcome_begin(struct call *call);
/* A candidate is passed over. */
void outcome_skip(struct call *call, const struct model *model, const char *why,
	struct str detail);
/* The head of an answer is there. */
void outcome_head(struct call *call);
/* A stream has begun to say something: enough for a probe. */
void outcome_content(struct call *call);
/* The attempt has ended as call->error says; nothing when none runs. */
void outcome_end(struct call *call, const struct failure *failure,
	enum failure_advice advice);

/* --- route_explain.c --- */

/* The headers that tell who was chosen and why; what the log keeps of it. */
void route_headers(struct call *call);
void route_record(struct call *call, struct usage_record *usage);

/* --- admit.c and its kin (admission.h) --- */

/* Reserve the provider's own limits for one attempt. False: it is not to be
 * asked now; ERR_RATE_LIMITED, ERR_CONCURRENCY, ERR_LIMITS_UNKNOWN. */
MUST_USE bool admit_provider(
	struct call *call, const struct provider *provider, struct error *err);
/* The attempt has ended without an answer; one that has ended already, or was
 * not counted, is none. */
void admit_provider_end(struct call *call);
/* How much is left of what limits the call. */
void admit_headers(struct call *call);

/* --- translate.c: between two dialects, by way of the neutral form --- */

/* Does the attempt's provider speak otherwise than the client? */
static inline bool is_foreign(const struct call *call)
{
	return call->upstream_dialect != call->dialect;
}
/* Does the chat go through the neutral form? Other services have theirs. */
static inline bool is_translated(const struct call *call)
{
	return is_foreign(call) && !call->service;
}
/* The request for call->target in call->upstream_body. ERR_UNSUPPORTED and
 * others with call->error set: this provider cannot take it. */
MUST_USE bool translate_request(struct call *call);
/* The same where both speak one dialect, but the conversation holds what a
 * provider of another one has sealed: all but that goes out. */
MUST_USE bool translate_home(struct call *call);
/* The whole answer in call->reply, read into the facts and written for the
 * client to `out`. ERR_UPSTREAM_GARBAGE. */
MUST_USE bool translate_reply(struct call *call, struct buf *out);
/* One frame of the provider's stream, read into the facts and written for the
 * client to `out`, which may stay empty. */
MUST_USE bool translate_frame(
	struct call *call, const struct frame *frame, struct buf *out);
/* A whole answer as a stream, from its first event to its last. */
MUST_USE bool translate_reply_to_stream(struct call *call, struct buf *out);
/* The same of an answer that is read already, facts aside. */
MUST_USE bool translate_response(
	struct call *call, struct chat_response *response, struct buf *out);
void translate_response_to_stream(
	struct call *call, struct chat_response *response, struct buf *out);
/* The client's request in call->request, read once. ERR_BAD_FIELD and others
 * with *err set, where we do not understand what the provider may. */
MUST_USE bool translate_read_request(struct call *call, struct error *err);
/* What ends the client's stream, unless that is written already. */
void translate_end(struct call *call, struct buf *out);
/* The provider's answer is a stream: make what its reader and the client's
 * writer remember. Not within a frame: what it makes must outlive it. */
void translate_begin_stream(struct call *call);
/* The memory of the client's stream; made when it is not there yet. */
void *translate_writer(struct call *call);

/* Does the client allow no losses? */
bool call_is_strict(const struct call *call);
/* Refuse what was lost where the client allows no losses. */
MUST_USE bool call_check_losses(struct call *call);

/* --- call_service.c: what is not a chat --- */

/* The second stage of such a call. */
enum verdict parse_service(struct call *call);
/* The request for call->target in call->upstream_body. ERR_UNSUPPORTED and
 * others with call->error set: this provider cannot take it. */
MUST_USE bool call_service_write_body(struct call *call);
/* One frame of a stream, read into the facts. */
MUST_USE bool call_service_read_frame(
	struct call *call, const struct frame *frame);
/* Does its stream end without an event that says so? */
bool call_service_ends_unmarked(const struct call *call);
/* The whole answer, read into the facts; what the client gets of it. */
MUST_USE bool call_service_read_reply(struct call *call, struct splice *out);

/* --- gateway.c --- */

/* Go on with the stage that waited; an http_work. */
void call_run_stages(struct http_exchange *x, void *call);

/* --- cache.c and its kin: hooks of the other stages --- */

/* The header that tells what the cache did. */
void cache_headers(struct call *call);
/* The tokens of an answer from the cache, which costs nothing; false: it is
 * none. */
MUST_USE bool cache_meter(struct call *call);
void cache_record(const struct call *call, struct usage_record *usage);
/* Bytes of a provider's stream, or for a client of embeddings, which may be
 * kept. */
void cache_collect(struct call *call, struct str bytes);
/* They belong to an attempt that failed. */
void cache_forget(struct call *call);
/* An answer from the cache cannot be given as call->error says: true when it
 * was one, and the call is seen to. */
bool cache_replay_failed(struct call *call);

/* --- relay.c: the provider's answer on its way to the client --- */

extern const struct upstream_events relay_events;
extern const struct http_waiter relay_waiter;
/* Before the first attempt, once. */
void relay_init(struct call *call);
/* Forget what an attempt brought, before the next one. */
void relay_reset(struct call *call);
/* The same for a stream that was kept: how it begins, bytes of it, its end.
 * The last two may end the call. */
void relay_begin_kept(struct call *call, enum framing framing);
void relay_kept(struct call *call, struct str bytes);
void relay_end_kept(struct call *call);
/* Nobody can answer any more: an answer that was held back is given, else
 * the client is told of call->error. */
void relay_end_unanswered(struct call *call);
/* Watch over the silences of a stream from now on. */
void relay_start_keepalive(struct call *call);

/* --- answer.c: what the client reads; each ends the call --- */

/* Headers that every answer of a call carries. */
void answer_headers(struct call *call);
/* call->error in the client's dialect, or as an event of a begun stream. */
void answer_failure(struct call *call);
/* The provider's refusal, with its own status; its own body too where the
 * client speaks its dialect. */
void answer_refusal(struct call *call);
/* The provider's whole answer, or what became of it in translation. */
void answer_whole(struct call *call, struct str body);
/*
 * What a provider says of an error, without the key it was sent: some quote
 * it, and the client must not learn it. Every other byte stays.
 */
struct str answer_without_key(struct call *call, struct str text);
/* 200 with that JSON, which is released; ANSWERED. */
enum verdict answer_json(struct call *call, struct buf *body);
/* Begin a stream: status and headers. */
void answer_begin_stream(struct call *call);
/* The `metadata` object. */
struct str answer_metadata(struct call *call);
/* Whether the client gets one. */
bool answer_wants_metadata(const struct call *call);

/* --- the closing steps --- */

/* An estimate, of text in UTF-8. */
int64_t meter_tokens_of(int64_t bytes);
/* Count the tokens and the cost of what was produced. */
void meter(struct call *call);
/* The counted tokens, as prices look at them. */
struct price_tokens meter_price_tokens(const struct call *call);
/* Keep the answer for others, or let them know that there is none. */
void cache_store(struct call *call);
/* Journal and log line. */
void record(struct call *call);
/* End what admit() reserved with what was used, before the loop hears of
 * anything new; after record(), so that a call that is settled is always in
 * the journal. */
void settle(struct call *call);
/* All of it, and the exchange's end: the call is gone after this. */
void call_end(struct call *call);

#endif
