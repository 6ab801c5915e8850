/*
 * alert_judge.h - from numbers to a verdict: pure arithmetic and words.
 *
 * A finding says how one subject of a rule stands. What is neither bad nor
 * good (too few calls to tell) changes nothing.
 */
#ifndef LEDGER_ALERT_JUDGE_H
#define LEDGER_ALERT_JUDGE_H

#include "ledger/alert_measure.h"

enum alert_verdict { ALERT_UNKNOWN, ALERT_GOOD, ALERT_BAD };

struct alert_finding {
	struct str subject;
	/* "": an alert of this subject begins and ends, and may begin again;
	 * else it is told once on this occasion. */
	struct str occasion;
	enum alert_verdict verdict;
	struct str summary; /* one line */
	struct str facts;   /* a JSON object */
};

/* All of them live in the arena. */
void alert_judge_error_rate(const struct alert_rule *rule,
	const struct alert_calls *calls, struct arena *arena,
	struct alert_finding *out);
/* Bad: its share of failing calls reached the threshold, or none went well.
 * Good: in the last minute or two it answered, and the share is below. */
void alert_judge_provider(const struct alert_rule *rule,
	const struct alert_provider_calls *provider, struct arena *arena,
	struct alert_finding *out);
/* By the 95th percentile, see alert_percentile_ms(). */
void alert_judge_latency(const struct alert_rule *rule,
	const struct alert_calls *calls, struct arena *arena,
	struct alert_finding *out);

/* What one budget is, and what was spent of it in a period. */
struct alert_budget {
	struct str key;    /* what tells it from others: its id */
	struct str scope;  /* organisation, project, key, user */
	struct str name;   /* of that */
	struct str period; /* daily, monthly */
	int64_t limit_picousd;
	int64_t spent_picousd;
	int64_t period_start_ms;
	int64_t threshold; /* percent */
};

/* At its threshold and at 100 %: two findings. Beyond 100 % only that one is
 * bad, so that nobody is told twice of one call. */
#define ALERT_BUDGET_LEVELS 2
void alert_judge_budget(const struct alert_budget *budget, struct arena *arena,
	struct alert_finding out[ALERT_BUDGET_LEVELS]);

/* What one run of the catalogue's updater changed. */
struct alert_sync {
	int64_t id;
	struct str source;
	int64_t added, changed, deprecated, prices;
};

void alert_judge_sync(const struct alert_rule *rule,
	const struct alert_sync *sync, struct arena *arena,
	struct alert_finding *out);

#endif
