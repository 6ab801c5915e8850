/*
 * gateway.h - START HERE: what happens to a chat request.
 *
 * gateway.c holds the way of a call on one screen: named stages, run in order
 * by one small loop. call.h is what they share, stages.h what each of them
 * does. The closing steps (meter, record) run at the end of every call, good
 * or bad (call_end.c).
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/settings.h"
#include "crypto/seal.h"
#include "db/pool.h"
#include "dialect/dialect.h"
#include "dialect/service/service.h"
#include "gateway/pool.h"
#include "gateway/snapshot.h"
#include "http/exchange.h"
#include "ledger/journal.h"

/* What all calls of a process share. Made once, then only read. */
struct gateway {
	const struct settings *settings;
	struct db_pool *db;
	struct vault *vault;
	struct journal *journal;
	struct hot *hot;
	struct snapshots *snapshots;
	struct pool *pool;
};

/*
 * Open the journal, the vault, the pool and the shared store, and load the
 * first snapshot; a database that cannot be reached is not an error (calls
 * answer 503 until it can). ERR_CONFIG, ERR_IO.
 */
MUST_USE bool gateway_open(struct gateway *gateway,
	const struct settings *settings, struct error *err);
void gateway_close(struct gateway *gateway);

/* Whether the answer is a stream. */
enum stream_form {
	STREAM_AS_ASKED, /* the body's `stream` member decides */
	STREAM_NEVER,
	STREAM_ALWAYS,
};

/* What the address of a chat call says. */
struct gateway_chat {
	const struct dialect *dialect;
	enum stream_form form;
	struct str model; /* where the address names it, else "" */
	bool as_array;    /* Gemini's: a stream is one JSON array */
	bool is_count;    /* the request's tokens are to be counted */
};

/* Serve one chat call; x->app is the gateway. */
void gateway_chat(struct http_exchange *x, const struct gateway_chat *chat);

/* Serve a call of another service, in that format of the client; errors are
 * told in the dialect. `model` as above. */
void gateway_service(struct http_exchange *x, const struct dialect *dialect,
	const struct service_format *format, struct str model);

/* GET /v1/models, and /v1/models/{id} with `id`. */
void gateway_models(
	struct http_exchange *x, const struct dialect *dialect, struct str id);

/* GET /v1/health/stream: pieces at known times, for whoever wants to know
 * what stands between us and a client. */
void gateway_timed_stream(
	struct http_exchange *x, const struct dialect *dialect);

/* Answer with an error in the client's dialect, outside of any call. */
void gateway_refuse(struct http_exchange *x, const struct dialect *dialect,
	const struct error *err);

#endif
