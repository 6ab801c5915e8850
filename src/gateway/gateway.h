/*
 * gateway.h - START HERE: what happens to a chat request.
 *
 * gateway.c holds the way of a call on one screen: named stages, run in order
 * by one small loop. call.h is what they share, stages.h what each of them
 * does. The closing steps (meter, record, settle) run at the end of every
 * call, good or bad (call_end() in record.c).
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/settings.h"
#include "classify/classify.h"
#include "crypto/digest.h"
#include "crypto/seal.h"
#include "db/pool.h"
#include "dialect/dialect.h"
#include "dialect/service/service.h"
#include "gateway/balance.h"
#include "gateway/pool.h"
#include "gateway/retry.h"
#include "gateway/snapshot.h"
#include "hot/breaker.h"
#include "hot/cache_fleet.h"
#include "hot/in_flight.h"
#include "http/exchange.h"
#include "hot/metrics.h"
#include "ledger/journal.h"
#include "ledger/journal_depth.h"
#include "tokens/tokenizer.h"

struct site;

/* What all calls of a process share. Made once, then only read. */
struct gateway {
	const struct settings *settings;
	struct db_pool *db;
	struct vault *vault;
	struct journal *journal;
	struct hot *hot;
	struct cache *cache;
	struct cache_fleet *cache_fleet; /* NULL: answers stay here */
	struct snapshots *snapshots;
	struct pool *pool;
	struct limits *limits;
	struct limits *local_limits; /* this machine's; maybe the same */
	int grants_file;             /* of grants_return.c; -1: none */
	struct settler *settler;
	struct retry_budgets *retry_budgets;
	struct latencies *latencies;
	struct classifier *classifier; /* NULL: all is of medium complexity */
	struct tokenizer *tokenizer;   /* NULL: tokens go by bytes */
	struct breaker_rules breaker_rules;
	struct metrics *metrics;
	struct in_flight_table *in_flight; /* by choices of affinity.h */
	/* The server's own, for the pages on health and metrics. */
	struct site *site; /* the dashboard; NULL: not installed */
	char *openapi;     /* the document of all addresses; NULL: none */
	int64_t started_unix_ms;
	bool is_draining;                     /* atomic */
	struct journal_depth journal_depth;   /* the janitor's */
	int64_t log_dropped;                  /* counted so far; his too */
	bool has_operator_token;              /* metrics.token_file */
	uint8_t operator_token[SHA256_BYTES]; /* its digest */
	struct str host_name; /* this machine's, in the request log */
	char host_name_text[SETTINGS_HOST_NAME_BYTES];
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

/* GET /api/llm/models, and /api/llm/models/{provider} with `provider`. */
void gateway_catalogue(struct http_exchange *x, const struct dialect *dialect,
	struct str provider);
/* GET /api/llm/providers. */
void gateway_providers(struct http_exchange *x, const struct dialect *dialect);

/* POST /api/llm/route: which model such a chat would get, and why. */
void gateway_route(struct http_exchange *x, const struct dialect *dialect);
/*
 * The same for who asks on a worker and within another exchange: what a key
 * with those rights would be told of that body. *status is the answer's.
 * ERR_DATABASE.
 */
MUST_USE bool gateway_explain_route(struct http_exchange *outer,
	const struct gateway_key *key, struct str body, struct buf *answer,
	int *status, struct error *err);

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

/* GET /api/llm/cache/stats: what the cache did for the key's project. */
void gateway_cache_stats(
	struct http_exchange *x, const struct dialect *dialect);
/* DELETE /api/llm/cache/{pattern}: remove the project's answers; `pattern`
 * is of "provider/model", with '*' for any characters, "" for all. */
void gateway_cache_clear(struct http_exchange *x, const struct dialect *dialect,
	struct str pattern);

/* POST /api/llm/batch. */
void gateway_batch(struct http_exchange *x, const struct dialect *dialect);
/* POST /api/llm-proxy. */
void gateway_proxy(struct http_exchange *x, const struct dialect *dialect);
/* GET /api/quota. */
void gateway_quota(struct http_exchange *x, const struct dialect *dialect);
/* GET /api/llm/costs/{view}: "summary", "history" or "users". */
void gateway_costs(struct http_exchange *x, const struct dialect *dialect,
	struct str view);
/* GET /api/llm/providers/{provider}/test. */
void gateway_test_provider(struct http_exchange *x,
	const struct dialect *dialect, struct str provider);

/* Answer with an error in the client's dialect, outside of any call. */
void gateway_refuse(struct http_exchange *x, const struct dialect *dialect,
	const struct error *err);

#endif
