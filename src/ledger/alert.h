/*
 * alert.h - what happened: the table alerts. alert_queue.h tells it.
 *
 * A `subject` is what an alert is about, within its rule: "calls",
 * "provider/7", "budget/12/80". An `occasion` is one happening of it; a rule
 * has each occasion once, which is what makes several processes alert once.
 * Opening or closing an alert puts its messages into the queue in the same
 * transaction.
 */
#ifndef LEDGER_ALERT_H
#define LEDGER_ALERT_H

#include "base/arena.h"
#include "base/error.h"
#include "db/pool.h"
#include "ledger/alert_channel.h"
#include "ledger/alert_rule.h"

#define ALERT_SUBJECT_MAX_BYTES 96
#define ALERT_OCCASION_MAX_BYTES 191
/* The subject of an alert that tries a channel. */
#define ALERT_TEST_SUBJECT "test"
#define ALERT_TEST_RULE "channel test"
#define ALERT_TEST_SUMMARY "This is a test: alerts arrive here."

struct alert {
	int64_t id;
	int64_t opened_ms;
	int64_t closed_ms; /* 0: it goes on */
	struct str subject;
	struct str occasion;
	struct str summary; /* one line */
	struct str facts;   /* a JSON object */
};

/*
 * Begin an alert: alert->id is set, or 0 when the occasion is known already,
 * whoever told of it. ERR_DATABASE. Makes a transaction of its own.
 */
MUST_USE bool alert_open(struct db *db, const struct alert_rule *rule,
	struct alert *alert, struct error *err);

/* End it at that time, unless it has ended; `tell` puts the news of it into
 * the queue. Makes a transaction of its own. */
MUST_USE bool alert_close(struct db *db, int64_t rule_id, int64_t alert_id,
	int64_t closed_ms, bool tell, struct error *err);

/* The newest of that subject; id 0: there is none. */
MUST_USE bool alert_find_last(struct db *db, int64_t rule_id,
	struct str subject, struct arena *arena, struct alert *out,
	struct error *err);

/* The rule's alerts that go on, in the arena. */
MUST_USE bool alert_list_open(struct db *db, int64_t rule_id,
	struct arena *arena, struct alert **out, size_t *count,
	struct error *err);

/* One message of an alert, as the log shows it. */
struct alert_log_row {
	struct alert alert;
	struct str rule; /* ALERT_TEST_RULE for a test */
	enum alert_kind kind;
	struct str channel; /* "": nobody was to be told */
	struct str event;   /* opened, closed */
	struct str state;   /* waiting, sent, given_up */
	int64_t attempts;
	int64_t sent_ms; /* 0: not yet */
	int64_t next_attempt_ms;
	struct str last_error;
};

/* The newest alerts' messages, newest first, in the arena. */
MUST_USE bool alert_log(struct db *db, int64_t organisation_id,
	int64_t max_rows, struct arena *arena, struct alert_log_row **out,
	size_t *count, struct error *err);

/* The same a page at a time: of max_alerts alerts with ids below before_id (0:
 * the newest) all messages, those of one alert next to each other. */
MUST_USE bool alert_log_page(struct db *db, int64_t organisation_id,
	int64_t before_id, int64_t max_alerts, struct arena *arena,
	struct alert_log_row **out, size_t *count, struct error *err);

/*
 * Put a test message for that channel alone into the queue, in the caller's
 * transaction. ERR_BAD_FIELD: it is switched off, so nothing would be sent.
 */
MUST_USE bool alert_test(struct db *db, const struct alert_channel *channel,
	int64_t now_ms, struct error *err);

#endif
