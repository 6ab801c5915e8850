/*
 * alert_evaluate.c - from findings to alerts.
 *
 * An alert that may come again is numbered: the occasion "calls#3" is the
 * third one of its subject. Two processes that see the same history make the
 * same number, and the second of them is refused by the unique key.
 */
#include "ledger/alert_evaluate.h"

#include "base/log.h"
#include "ledger/alert.h"
#include "ledger/alert_source.h"

/* One rule being looked at. */
struct look {
	struct db *db;
	const struct alert_rule *rule;
	int64_t now_ms;
	struct arena *arena;
	struct alert *open; /* alerts of the rule that went on before */
	bool *seen;         /* which of them a finding spoke of */
	size_t open_count;
};

static bool take_turn(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, int64_t interval_ms, struct arena *arena,
	struct error *err);
static bool look_at_rule(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct error *err);
static bool look_at_calls(struct look *look, struct error *err);
static bool look_at_providers(struct look *look, struct error *err);
static bool look_at_budgets(struct look *look, struct error *err);
static bool look_at_catalog(struct look *look, struct error *err);
static bool apply(struct look *look, const struct alert_finding *finding,
	struct error *err);
static const struct alert *find_open(struct look *look, struct str subject);
static bool begin(struct look *look, const struct alert_finding *finding,
	struct error *err);
static struct str next_occasion(struct look *look,
	const struct alert_finding *finding, const struct alert *last);
static bool end_unseen(struct look *look, struct error *err);

bool alert_evaluate(
	struct db *db, int64_t now_ms, int64_t interval_ms, struct error *err)
{
	struct arena arena;
	struct alert_rule *rules;
	size_t count;
	bool ok;

	arena_init(&arena, 16384);
	ok = alert_rule_list(db, 0, &arena, &rules, &count, err);
	for (size_t i = 0; i < count; i++) {
		struct arena_mark mark = arena_mark(&arena);
		struct error failure;

		if (rules[i].enabled &&
			!take_turn(db, &rules[i], now_ms, interval_ms, &arena,
				&failure)) {
			if (ok)
				*err = failure;
			ok = false;
		}
		arena_rewind(&arena, mark);
	}
	arena_release(&arena);
	return ok;
}

static bool take_turn(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, int64_t interval_ms, struct arena *arena,
	struct error *err)
{
	bool taken;

	return alert_rule_take_turn(
		       db, rule, now_ms, interval_ms, &taken, err) &&
	       (!taken || look_at_rule(db, rule, now_ms, arena, err));
}

static bool look_at_rule(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct error *err)
{
	static bool (*const looks[ALERT_KINDS])(
		struct look * look, struct error * err) = {
		[ALERT_BUDGET] = look_at_budgets,
		[ALERT_ERROR_RATE] = look_at_calls,
		[ALERT_PROVIDER_DOWN] = look_at_providers,
		[ALERT_LATENCY] = look_at_calls,
		[ALERT_CATALOG] = look_at_catalog,
	};
	struct look look = {
		.db = db, .rule = rule, .now_ms = now_ms, .arena = arena
	};

	if (!alert_list_open(
		    db, rule->id, arena, &look.open, &look.open_count, err))
		return false;
	look.seen = ARENA_ARRAY(arena, bool, look.open_count + 1);
	return looks[rule->kind](&look, err) && end_unseen(&look, err);
}

static bool look_at_calls(struct look *look, struct error *err)
{
	struct alert_calls calls;
	struct alert_finding finding;

	if (!alert_measure_calls(
		    look->db, look->rule, look->now_ms, &calls, err))
		return false;
	if (look->rule->kind == ALERT_LATENCY)
		alert_judge_latency(look->rule, &calls, look->arena, &finding);
	else
		alert_judge_error_rate(
			look->rule, &calls, look->arena, &finding);
	return apply(look, &finding, err);
}

static bool look_at_providers(struct look *look, struct error *err)
{
	struct alert_provider_calls *providers;
	size_t count;

	if (!alert_measure_providers(look->db, look->rule, look->now_ms,
		    look->arena, &providers, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct alert_finding finding;

		alert_judge_provider(
			look->rule, &providers[i], look->arena, &finding);
		if (!apply(look, &finding, err))
			return false;
	}
	return true;
}

static bool look_at_budgets(struct look *look, struct error *err)
{
	struct alert_budget *budgets;
	size_t count;

	if (!alert_source_budgets(look->db, look->rule, look->now_ms,
		    look->arena, &budgets, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct alert_finding findings[ALERT_BUDGET_LEVELS];

		alert_judge_budget(&budgets[i], look->arena, findings);
		for (size_t level = 0; level < ALERT_BUDGET_LEVELS; level++) {
			if (!apply(look, &findings[level], err))
				return false;
		}
	}
	return true;
}

static bool look_at_catalog(struct look *look, struct error *err)
{
	struct alert_sync *syncs;
	size_t count;

	if (!alert_source_syncs(look->db, look->rule, look->now_ms, look->arena,
		    &syncs, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct alert_finding finding;

		alert_judge_sync(look->rule, &syncs[i], look->arena, &finding);
		if (!apply(look, &finding, err))
			return false;
	}
	return true;
}

static bool apply(struct look *look, const struct alert_finding *finding,
	struct error *err)
{
	const struct alert *open = find_open(look, finding->subject);

	/* The same budget in the period before: over, without a word. */
	if (open && finding->occasion.n > 0 &&
		!str_equal(open->occasion, finding->occasion)) {
		if (!alert_close(look->db, look->rule->id, open->id,
			    look->now_ms, false, err))
			return false;
		open = NULL;
	}
	if (finding->verdict == ALERT_BAD && !open)
		return begin(look, finding, err);
	if (finding->verdict == ALERT_GOOD && open && finding->occasion.n == 0)
		return alert_close(look->db, look->rule->id, open->id,
			look->now_ms, true, err);
	return true;
}

static const struct alert *find_open(struct look *look, struct str subject)
{
	for (size_t i = 0; i < look->open_count; i++) {
		if (str_equal(look->open[i].subject, subject)) {
			look->seen[i] = true;
			return &look->open[i];
		}
	}
	return NULL;
}

static bool begin(struct look *look, const struct alert_finding *finding,
	struct error *err)
{
	struct alert last;
	struct alert alert = {
		.opened_ms = look->now_ms,
		.subject = finding->subject,
		.summary = finding->summary,
		.facts = finding->facts,
	};

	if (!alert_find_last(look->db, look->rule->id, finding->subject,
		    look->arena, &last, err))
		return false;
	alert.occasion = next_occasion(look, finding, &last);
	if (alert.occasion.n == 0)
		return true;
	/* A change of the catalogue is over when it is told. */
	if (look->rule->kind == ALERT_CATALOG)
		alert.closed_ms = look->now_ms;
	if (!alert_open(look->db, look->rule, &alert, err))
		return false;
	if (alert.id)
		log_warn("alert %" PRId64 " of rule '%.*s': %.*s", alert.id,
			STR_ARG(look->rule->name), STR_ARG(alert.summary));
	return true;
}

/* "": this one has been told of, or it is too early for another. */
static struct str next_occasion(struct look *look,
	const struct alert_finding *finding, const struct alert *last)
{
	size_t number_at = str_index(last->occasion, '#') + 1;
	int64_t number = 0;

	if (finding->occasion.n > 0)
		return str_equal(finding->occasion, last->occasion)
			       ? S("")
			       : finding->occasion;
	if (last->id && look->now_ms < last->opened_ms + look->rule->quiet_ms)
		return S("");
	if (last->id &&
		!str_to_int64(str_from(last->occasion, number_at), &number))
		assert(!"an occasion without a number");
	return arena_printf(look->arena, "%.*s#%" PRId64,
		STR_ARG(finding->subject), number + 1);
}

/* A budget or a provider that is gone, or not this rule's any more. */
static bool end_unseen(struct look *look, struct error *err)
{
	bool tell = alert_kind_facts(look->rule->kind)->ends;

	for (size_t i = 0; i < look->open_count; i++) {
		if (!look->seen[i] &&
			!alert_close(look->db, look->rule->id, look->open[i].id,
				look->now_ms, tell, err))
			return false;
	}
	return true;
}
