/*
 * usage.h - what one call was: the record that goes through the journal into
 * the request log. Money in pico-dollars, times as the names say.
 */
#ifndef LEDGER_USAGE_H
#define LEDGER_USAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "ledger/attempt.h"

/* Tokens as the provider counted them; -1 where it did not say. */
struct token_counts {
	int64_t prompt;      /* the cached ones included */
	int64_t completion;  /* the reasoning ones included */
	int64_t cached;      /* of the prompt, read from the provider's cache */
	int64_t cache_write; /* of the prompt, written to that cache */
	int64_t reasoning;   /* of the completion */
};

/* Who counted the tokens. */
enum usage_source {
	USAGE_NONE, /* nothing was produced */
	USAGE_PROVIDER,
	USAGE_ESTIMATED, /* by us: the provider's count never came */
};

/* How sure it is what the call costs. */
enum billing {
	BILLING_NONE,      /* nothing was produced */
	BILLING_BILLED,    /* the provider's final count */
	BILLING_PARTIAL,   /* its count of what was produced before the cut */
	BILLING_ESTIMATED, /* our own estimate */
};

struct usage_record {
	/* Who. Ids are 0 where unknown (a call without a valid key). */
	struct str request_id; /* unique; never empty */
	int64_t organisation_id;
	int64_t project_id;
	int64_t key_id;
	struct str user; /* the request's own `user` member */
	struct str client_ip;
	struct str host; /* the gateway's machine (server.host_name) */
	/* What was asked. */
	int64_t started_unix_ms;
	struct str route;   /* the path */
	struct str dialect; /* the client's */
	struct str model_asked;
	struct str alias;        /* of the project, where model_asked was one */
	struct str complexity;   /* the classifier's word, "" when not asked */
	struct str route_reason; /* "" where no router chose */
	struct str route_candidates; /* JSON array, the chosen one first */
	bool streamed;
	/* What was done. */
	struct str model_used; /* catalogue name */
	int64_t model_id;
	struct str provider;
	int64_t provider_id;
	int64_t provider_key_id;
	struct str provider_dialect; /* "" when no provider was asked */
	struct str affinity; /* why there: warm, hashed, spread, "" chance */
	struct str dropped;  /* members it had no words for: "seed, top_k" */
	int64_t attempts;
	/* How it ended. */
	int64_t status;   /* HTTP status the client got; 499 when it left */
	struct str error; /* name of the error kind, "" when none */
	struct str error_detail;
	struct str finish_reason; /* of the first choice, in OpenAI's words */
	bool complete;            /* false: cut short, by either side */
	bool cache_hit;
	bool coalesced; /* a hit that waited for another's call */
	/* What it used and cost. */
	struct token_counts tokens;
	enum usage_source usage_source;
	bool priced; /* false: no price was known, cost means nothing */
	int64_t cost_picousd;
	/* Which of the model's prices (catalog/price.h); when it began to
	 * hold, -1: none. */
	int64_t price_from_ms;
	struct str price_tier;
	int64_t price_above_tokens;
	int64_t saved_picousd; /* what a cache hit did not cost */
	/*
	 * What a router's choice saved: an estimate. It is what the same
	 * tokens would have cost of the premium candidate, less the cost;
	 * negative where the choice was dearer, as when a cascade asked twice.
	 * The premium candidate is, of those that could have served the call,
	 * the one of the highest quality, and of equals the dearest; where the
	 * router does not weigh quality, the dearest.
	 */
	bool has_route_saved; /* false: no router chose, or no price is known */
	int64_t route_saved_picousd;
	/* What budgets are charged; -1: the cost, where it was priced. */
	int64_t charged_picousd;
	bool admitted; /* it got past all limits: quotas count it */
	enum billing billing;
	struct str billing_reason; /* client_gone, cut, no_usage or "" */
	/* How long it took. -1 where it never came to that. */
	int64_t queue_us;       /* from arrival to the first stage */
	int64_t gateway_us;     /* our own work before the provider was asked */
	int64_t connect_us;     /* of the last attempt */
	int64_t first_token_us; /* from arrival */
	int64_t total_us;
	int64_t request_bytes;
	int64_t response_bytes;
	/* Where there were several, or the only one failed. */
	struct attempt_record *attempt_list;
	/* What was kept of both directions (request_contents.h), as sealed
	 * bytes: both, or "". Not cut. */
	struct str sealed_request;
	struct str sealed_response;
	bool contents_redacted;
	bool contents_cut;
};

#define USAGE_MAX_REQUEST_ID_BYTES 40
/* Texts longer than this are cut, between two characters, when written. */
#define USAGE_MAX_TEXT_BYTES 4096

/* Everything unknown: texts empty, ids 0; token counts, durations and what is
 * charged -1. */
void usage_record_init(struct usage_record *record);

/*
 * The record as one JSON object on one line: the journal's payload. Members
 * that are as usage_record_init() left them are not written.
 */
void usage_record_write(const struct usage_record *record, struct buf *out);

/* When it ended, as the row of the request log says: its beginning and how
 * long it took, in Unix milliseconds. */
int64_t usage_record_ended_ms(const struct usage_record *record);

/* What budgets are charged for it, never negative. */
int64_t usage_record_charged(const struct usage_record *record);

/*
 * Read it back; texts are views of `json` or live in the arena. Members that
 * this version does not know are passed over, missing ones stay unknown, so
 * that versions of the gateway may read each other's journals. ERR_BAD_JSON;
 * ERR_BAD_FIELD for a member of the wrong type or a request_id that is
 * missing or too long.
 */
MUST_USE bool usage_record_read(struct usage_record *record, struct str json,
	struct arena *arena, struct error *err);

#endif
