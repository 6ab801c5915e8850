/*
 * alert_measure.h - what a rule looks at, added up from usage_minute and
 * attempts_minute; never from the request log.
 *
 * A window is the minutes that reach into it, so it is up to one minute
 * longer than asked for. What a minute holds arrives with the journal's
 * replay, about a second after the calls.
 *
 * A call counts as failed when its row in the request log has an error: the
 * provider's, ours, or the client's that left. Of a provider not calls are
 * counted but attempts, also those of calls that another provider saved; they
 * failed as attempt_totals.h says, never by the client's fault.
 */
#ifndef LEDGER_ALERT_MEASURE_H
#define LEDGER_ALERT_MEASURE_H

#include "base/arena.h"
#include "base/error.h"
#include "db/pool.h"
#include "ledger/alert_rule.h"

#define MEASURE_BUCKETS 10

struct alert_calls {
	int64_t total;
	int64_t failed;
	/* Of the calls whose time is known: the columns under_* and over_60s
	 * of usage_minute. */
	int64_t histogram[MEASURE_BUCKETS];
};

/* The attempts at one provider, and those of its last minute or two apart. */
struct alert_provider_calls {
	int64_t provider_id;
	struct str name;
	struct alert_calls calls; /* without the histogram */
	int64_t recent_total;
	int64_t recent_failed;
};

/* The calls of the rule's scope within its window, as of now_ms. */
MUST_USE bool alert_measure_calls(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct alert_calls *out, struct error *err);

/* One for each enabled provider, those without calls included. */
MUST_USE bool alert_measure_providers(struct db *db,
	const struct alert_rule *rule, int64_t now_ms, struct arena *arena,
	struct alert_provider_calls **out, size_t *count, struct error *err);

/*
 * The time that so many percent of the calls stay under, in milliseconds: an
 * estimate, interpolated within the histogram's bucket as if its calls were
 * spread evenly. 60000 when it is a minute or longer; 0 without calls.
 */
int64_t alert_percentile_ms(const struct alert_calls *calls, int64_t percent);

#endif
