/*
 * quirks.h - where a provider differs from others that speak its dialect.
 *
 * Quirks are data: a small struct, kept as a JSON object in the provider's
 * row. A quirk that is not named has its ordinary value. A new quirk is one
 * member here and one row of the table in quirks.c.
 *
 *	stream_usage   ask | always
 *	max_tokens     max_tokens | max_completion_tokens
 *	reasoning      reasoning_effort | reasoning | thinking | high_or_none
 *	audio          object | text
 *	on_disconnect  cancel | drain: what becomes of a call whose client
 *	               leaves; drained, it is counted to its end
 *	prompt_cache   5m | 1h | 24h | none: how long the provider keeps the
 *	               beginning of a prompt that nobody uses
 *	unsupported    members of an OpenAI chat request that it refuses, as in
 *	               "seed+logit_bias"
 */
#ifndef CATALOG_QUIRKS_H
#define CATALOG_QUIRKS_H

#include "base/buf.h"
#include "base/error.h"
#include "dialect/dialect.h"

/* Who makes the provider tell the usage of a stream. */
enum stream_usage {
	/* "ask": we do, by stream_options.include_usage (ordinary) */
	STREAM_USAGE_ASK,
	/* "always": the provider tells unasked, and may refuse the option */
	STREAM_USAGE_ALWAYS,
};

enum on_disconnect { DISCONNECT_CANCEL, DISCONNECT_DRAIN };

enum prompt_cache {
	PROMPT_CACHE_5M,
	PROMPT_CACHE_1H,
	PROMPT_CACHE_24H,
	PROMPT_CACHE_NONE,
};

struct quirks {
	enum stream_usage stream_usage;
	enum on_disconnect on_disconnect;
	enum prompt_cache prompt_cache;
	struct dialect_traits traits; /* for what is translated */
};

/* From the stored object; empty text is no quirks. ERR_BAD_FIELD. */
MUST_USE bool quirks_read(
	struct str json, struct quirks *out, struct error *err);
/* Apply one "name=value". ERR_BAD_FIELD names what is known. */
MUST_USE bool quirks_set(
	struct quirks *quirks, struct str assignment, struct error *err);
/* The time of prompt_cache; 0: none. */
int64_t quirks_prompt_cache_ms(const struct quirks *quirks);
/* The stored object, without what is ordinary; "{}" when all is. */
void quirks_write(const struct quirks *quirks, struct buf *out);

#endif
