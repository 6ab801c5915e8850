/*
 * call.h - one call, from its first byte to its row in the request log.
 *
 * A call lives in its exchange's arena and belongs to the thread that runs
 * its exchange. Each group of members is written by one stage, whose name
 * stands above it, and read by the later ones.
 */
#ifndef GATEWAY_CALL_H
#define GATEWAY_CALL_H

#include "classify/classify.h"
#include "crypto/random.h"
#include "dialect/losses.h"
#include "dialect/service/service.h"
#include "gateway/gateway.h"
#include "ledger/usage.h"
#include "net/upstream.h"

struct stage;
struct admission;
struct token_chat;
struct output_count;
struct call_cache;
struct routing;
struct cascade;
struct affinity;
struct capture;

/* What the response cache did for a call. */
enum cache_state {
	CACHE_OFF,    /* nothing: it is off for this key */
	CACHE_BYPASS, /* nothing: the request is not for it */
	CACHE_MISS,
	CACHE_HIT,
};

/* Where a call may go: a model, at one host of its provider. */
struct target {
	const struct model *model;
	struct str base_url;
	int64_t position; /* of an alias: those of one are one's stand-ins */
	/* call_provider.c */
	bool was_seen;    /* it was asked, or passed over */
	bool is_spent;    /* not to be asked any more */
	unsigned tries;   /* how often it was asked */
	int64_t ready_ms; /* not to be asked again before; monotonic */
};

struct call {
	/* gateway.c */
	struct gateway *gateway;
	struct http_exchange *x;
	struct arena *arena;           /* the exchange's */
	const struct dialect *dialect; /* the client's */
	struct snapshot *snapshot;
	const struct stage *stages;
	unsigned stage; /* the one that runs */
	enum stream_form form;
	struct str url_model; /* where the address names it, else "" */
	bool as_array;        /* the client's stream is one JSON array */
	bool is_count;        /* it wants its tokens counted, no answer */
	struct str listed_id; /* of list_models: "" for all */
	bool is_of_tenant;    /* proxy.c: its user is one of a tenant's */
	bool is_rewritten;    /* its body is that of a chat already */
	bool is_recorded;     /* it gets a row in the request log */
	bool is_stale;        /* changes were announced: catch up first */
	bool refreshed;       /* the snapshot was looked after for this call */
	size_t request_bytes; /* of the body */
	char request_id[REQUEST_ID_BYTES];
	int64_t started_ns; /* the first stage; monotonic */

	/* How it ended: kind ERR_NONE as long as all is well. */
	struct error error;
	int status;    /* that the client got */
	bool complete; /* the answer reached its end */

	/* authenticate */
	const struct gateway_key *key;

	/* capture; NULL: its project keeps no bodies */
	struct capture *capture;

	/* parse; of the head only numbers and copied texts hold once the
	 * answer has begun, for the body is let go then */
	struct chat_head head;

	/* classify */
	const struct alias *alias; /* that was asked for; NULL: none was */
	bool is_auto;              /* the router is to choose */
	struct name_list among;    /* but of these only; or in this order */
	struct routing_policy policy;
	bool is_classified;
	struct classification classification;

	/* route */
	bool is_dry_run;         /* nobody is asked */
	struct routing *routing; /* NULL: the name left no choice */
	struct cascade *cascade; /* NULL: its alias is none */
	struct target *targets;  /* in the order to be tried */
	size_t target_count;

	/* admit */
	struct admission *admission; /* NULL: it did not come to that */

	/* cache */
	enum cache_state cache_state;
	struct call_cache *cache; /* NULL: the cache is not for this call */
	int64_t cache_age_ms;     /* of a hit */

	/* affinity.h; NULL: chance decides */
	struct affinity *affinity;

	/* call_provider: the attempt that runs, or ran last */
	size_t attempts;        /* begun */
	struct target *current; /* of the attempt, or waited for */
	unsigned waits;         /* for a target that was asked already */
	struct timer retry;     /* the wait's end */
	const struct model *target;
	struct str base_url; /* of the host that is asked */
	const struct provider_key *provider_key;
	const struct dialect *upstream_dialect; /* of that attempt */
	struct upstream *upstream;              /* NULL: none under way */
	struct splice upstream_body;
	int64_t called_ns;  /* the first attempt began */
	int64_t connect_us; /* of the last attempt; -1: none ended */

	/* outcome */
	struct breaker_pass pass;            /* of the attempt that runs */
	struct attempt_record *attempt;      /* its; NULL: none runs */
	struct attempt_record *attempt_list; /* all, and who was passed over */
	struct attempt_record *last_attempt;
	int64_t attempt_ns; /* when the attempt began; monotonic */

	/* service; NULL: a chat */
	const struct service_format *service; /* the client's */
	struct service_input service_input;
	struct service_call service_call;
	struct service_usage service_usage;
	int64_t images_made; /* that no tokens are told of */

	/* translate: where the provider speaks another dialect */
	struct chat_request *request; /* read once; NULL: not needed yet */
	/* prompt_tokens.c: of the same; NULL: not needed yet */
	const struct token_chat *token_chat;
	int64_t prompt_tokens; /* of the first target; 0: not counted */
	/* output_tokens.c; NULL: nothing was counted */
	struct output_count *output_count;
	struct buf translated; /* the body that goes out */
	struct chat_losses losses;
	void *reader; /* of the provider's stream; NULL: it needs none */
	void *writer; /* of the client's */
	bool stream_is_closed; /* its last event is written */
	int64_t calls_named;   /* tool calls that got an id from us */

	/* relay */
	bool has_told;         /* bytes of an answer are on their way */
	bool is_abandoned;     /* the client left, the provider goes on */
	int upstream_status;   /* 0: no answer yet */
	struct str reply_type; /* its Content-Type */
	bool is_stream_reply;  /* the provider answers with events */
	struct buf reply;      /* an answer that is not a stream */
	struct buf written;    /* translated, to be sent */
	struct frames frames;
	struct chat_facts facts;
	struct timer keepalive; /* of a stream */
	int64_t last_write_ms;
	int64_t first_token_ns; /* 0: none yet */

	/* observe */
	int64_t last_token_ns; /* of a stream; 0: none yet */
	int64_t *token_gaps;   /* its series in the metrics; or NULL */

	/* record */
	int64_t ended_unix_ms; /* as its row says; 0: it has none */

	/* meter */
	struct token_counts tokens;
	enum usage_source usage_source;
	enum billing billing;
	const char *billing_reason;
	const struct price *price; /* NULL: unpriced */
	int64_t cost_picousd;
	int64_t charged_picousd; /* to budgets */
};

#endif
