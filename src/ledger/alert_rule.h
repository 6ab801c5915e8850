/*
 * alert_rule.h - what is watched: the tables alert_rules and
 * alert_rule_channels.
 *
 * A rule belongs to an organisation and looks at all of it, or at one project.
 * It speaks through the channels it names; one that names none speaks through
 * all of its organisation.
 *
 * Each organisation has one built-in rule, made with its first channel: it
 * tells of budgets that no other rule covers, at the budgets' own thresholds.
 */
#ifndef LEDGER_ALERT_RULE_H
#define LEDGER_ALERT_RULE_H

#include "base/arena.h"
#include "base/error.h"
#include "db/pool.h"

enum alert_kind {
	ALERT_BUDGET,
	ALERT_ERROR_RATE,
	ALERT_PROVIDER_DOWN,
	ALERT_LATENCY,
	ALERT_CATALOG,
	ALERT_KINDS /* how many */
};

/* What a kind's threshold means, and what it is when nobody says. */
struct alert_kind_facts {
	struct str name;       /* as in the table and on the command line */
	const char *unit;      /* of the threshold */
	int64_t threshold;     /* the default */
	int64_t min, max;      /* of the threshold */
	int64_t minimum_calls; /* the default; 0: it counts no calls */
	bool ends;             /* it is told when an alert is over */
};

const struct alert_kind_facts *alert_kind_facts(enum alert_kind kind);
/* False when there is no kind of that name. */
MUST_USE bool alert_kind_find(struct str name, enum alert_kind *out);

/* Of a budget rule: each budget's own threshold. */
#define ALERT_THRESHOLD_OWN 0
#define ALERT_BUILT_IN_NAME "default budget alerts"

/* How far a rule may look back, how long it may be silent. */
#define ALERT_MINUTE_MS INT64_C(60000)
#define ALERT_DEFAULT_WINDOW_MINUTES 5
#define ALERT_MAX_WINDOW_MINUTES 1440
#define ALERT_DEFAULT_QUIET_MINUTES 60
#define ALERT_MAX_QUIET_MINUTES 43200
#define ALERT_MAX_CALLS 1000000000

struct alert_rule {
	int64_t id;
	int64_t organisation_id;
	int64_t project_id; /* 0: the whole organisation */
	struct str project; /* its name */
	struct str name;
	enum alert_kind kind;
	int64_t threshold;
	int64_t window_ms;
	int64_t quiet_ms; /* after an alert, the next of the same subject */
	int64_t minimum_calls;
	int64_t created_ms;
	bool enabled;
	bool built_in;
	const struct str *channels; /* names; none: all */
	size_t channel_count;
};

/* Add the rule, or change the one of that name; sets rule->id. ERR_NOT_FOUND
 * names the channel that is not there. */
MUST_USE bool alert_rule_save(struct db *db, struct alert_rule *rule,
	bool *created, struct error *err);

/* Everything of a rule that is there anew, also whether it is switched on; its
 * id and organisation stay. ERR_DUPLICATE: another has the name. ERR_NOT_FOUND
 * names the channel that is not there. */
MUST_USE bool alert_rule_change(
	struct db *db, const struct alert_rule *rule, struct error *err);

/* With its channels. ERR_NOT_FOUND. */
MUST_USE bool alert_rule_find(struct db *db, int64_t organisation_id,
	int64_t id, struct arena *arena, struct alert_rule *out,
	struct error *err);

/* All rules (of one organisation, unless that is 0), in the order of their
 * names, without their channels; in the arena. */
MUST_USE bool alert_rule_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct alert_rule **out, size_t *count,
	struct error *err);
MUST_USE bool alert_rule_load_channels(struct db *db, struct arena *arena,
	struct alert_rule *rule, struct error *err);

/* With its alerts; the built-in rule is switched off. ERR_NOT_FOUND. */
MUST_USE bool alert_rule_remove(struct db *db, int64_t organisation_id,
	struct str name, int64_t *id, struct error *err);

/* Processes take turns: true for the first that asks in an interval. */
MUST_USE bool alert_rule_take_turn(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, int64_t interval_ms, bool *taken, struct error *err);

/* Make the organisation's built-in rule if it has none. */
MUST_USE bool alert_rule_make_built_in(
	struct db *db, int64_t organisation_id, struct error *err);

#endif
