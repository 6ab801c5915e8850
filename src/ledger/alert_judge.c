/*
 * alert_judge.c - thresholds, and what people read.
 */
#include "ledger/alert_judge.h"

#include "base/json.h"
#include "base/money.h"

#define FACTS_MAX_BYTES 8192
#define LATENCY_PERCENT 95

static int64_t share(int64_t part, int64_t whole, int64_t of);
static struct str window_text(
	const struct alert_rule *rule, struct arena *arena);
static void begin_facts(struct json_writer *json, struct buf *buf,
	const struct alert_rule *rule);
static struct str end_facts(
	struct json_writer *json, struct buf *buf, struct arena *arena);
static void judge_level(const struct alert_budget *budget, int64_t level,
	bool is_passed, struct arena *arena, struct alert_finding *out);
static bool reaches(const struct alert_budget *budget, int64_t level);
static struct str budget_facts(const struct alert_budget *budget, int64_t level,
	int64_t percent, struct arena *arena);

void alert_judge_error_rate(const struct alert_rule *rule,
	const struct alert_calls *calls, struct arena *arena,
	struct alert_finding *out)
{
	int64_t rate = share(calls->failed, calls->total, 10000);
	struct buf buf = BUF_INIT(FACTS_MAX_BYTES);
	struct json_writer json;

	*out = (struct alert_finding){ .subject = S("calls") };
	if (rate < rule->threshold)
		out->verdict = ALERT_GOOD;
	else if (calls->total >= rule->minimum_calls)
		out->verdict = ALERT_BAD;
	out->summary = arena_printf(arena,
		"%" PRId64 " of %" PRId64 " calls failed (%" PRId64
		".%02" PRId64 " %%) in %.*s",
		calls->failed, calls->total, rate / 100, rate % 100,
		STR_ARG(window_text(rule, arena)));
	begin_facts(&json, &buf, rule);
	json_member_int(&json, "calls", calls->total);
	json_member_int(&json, "failed", calls->failed);
	json_member_int(&json, "failed_per_10000", rate);
	out->facts = end_facts(&json, &buf, arena);
}

void alert_judge_provider(const struct alert_rule *rule,
	const struct alert_provider_calls *provider, struct arena *arena,
	struct alert_finding *out)
{
	const struct alert_calls *calls = &provider->calls;
	int64_t percent = share(calls->failed, calls->total, 100);
	struct buf buf = BUF_INIT(FACTS_MAX_BYTES);
	struct json_writer json;

	*out = (struct alert_finding){ .subject = arena_printf(arena,
					       "provider/%" PRId64,
					       provider->provider_id) };
	if (provider->recent_total > provider->recent_failed &&
		share(provider->recent_failed, provider->recent_total, 100) <
			rule->threshold)
		out->verdict = ALERT_GOOD;
	else if (calls->total > 0 && calls->total >= rule->minimum_calls &&
		 (percent >= rule->threshold || calls->failed == calls->total))
		out->verdict = ALERT_BAD;
	out->summary = arena_printf(arena,
		"Provider %.*s: %" PRId64 " of %" PRId64
		" attempts failed (%" PRId64 " %%) in %.*s",
		STR_ARG(provider->name), calls->failed, calls->total, percent,
		STR_ARG(window_text(rule, arena)));
	begin_facts(&json, &buf, rule);
	json_member_str(&json, "provider", provider->name);
	json_member_int(&json, "attempts", calls->total);
	json_member_int(&json, "failed", calls->failed);
	json_member_int(&json, "failed_percent", percent);
	out->facts = end_facts(&json, &buf, arena);
}

void alert_judge_latency(const struct alert_rule *rule,
	const struct alert_calls *calls, struct arena *arena,
	struct alert_finding *out)
{
	int64_t p95_ms = alert_percentile_ms(calls, LATENCY_PERCENT);
	struct buf buf = BUF_INIT(FACTS_MAX_BYTES);
	struct json_writer json;

	*out = (struct alert_finding){ .subject = S("latency") };
	if (p95_ms < rule->threshold)
		out->verdict = ALERT_GOOD;
	else if (calls->total >= rule->minimum_calls)
		out->verdict = ALERT_BAD;
	out->summary = arena_printf(arena,
		"%d %% of %" PRId64 " calls took up to about %" PRId64
		" ms in %.*s",
		LATENCY_PERCENT, calls->total, p95_ms,
		STR_ARG(window_text(rule, arena)));
	begin_facts(&json, &buf, rule);
	json_member_int(&json, "calls", calls->total);
	json_member_int(&json, "p95_ms", p95_ms);
	json_member_bool(&json, "estimated", true);
	out->facts = end_facts(&json, &buf, arena);
}

/* part / whole * of, rounded down; 0 of nothing. */
static int64_t share(int64_t part, int64_t whole, int64_t of)
{
	return whole > 0 ? (int64_t)((__int128)part * of / whole) : 0;
}

static struct str window_text(
	const struct alert_rule *rule, struct arena *arena)
{
	return arena_printf(arena, "the last %" PRId64 " min%s%.*s%s",
		rule->window_ms / 60000, rule->project.n ? " (project " : "",
		STR_ARG(rule->project), rule->project.n ? ")" : "");
}

static void begin_facts(struct json_writer *json, struct buf *buf,
	const struct alert_rule *rule)
{
	json_writer_init(json, buf);
	json_begin_object(json);
	if (rule->project.n > 0)
		json_member_str(json, "project", rule->project);
	json_member_int(json, "threshold", rule->threshold);
	json_member_int(json, "window_ms", rule->window_ms);
}

static struct str end_facts(
	struct json_writer *json, struct buf *buf, struct arena *arena)
{
	struct str facts;

	json_end_object(json);
	assert(!buf->failed);
	facts = arena_copy(arena, buf_str(buf));
	buf_release(buf);
	return facts;
}

void alert_judge_budget(const struct alert_budget *budget, struct arena *arena,
	struct alert_finding out[ALERT_BUDGET_LEVELS])
{
	judge_level(budget, budget->threshold, reaches(budget, 100), arena,
		&out[0]);
	judge_level(budget, 100, false, arena, &out[1]);
	if (budget->threshold >= 100)
		out[0] = out[1];
}

static void judge_level(const struct alert_budget *budget, int64_t level,
	bool is_passed, struct arena *arena, struct alert_finding *out)
{
	int64_t percent =
		share(budget->spent_picousd, budget->limit_picousd, 100);
	char spent[MONEY_TEXT_BYTES];
	char limit[MONEY_TEXT_BYTES];

	*out = (struct alert_finding){ .subject = arena_printf(arena,
					       "budget/%.*s/%" PRId64,
					       STR_ARG(budget->key), level) };
	out->occasion = arena_printf(arena, "%.*s/%" PRId64,
		STR_ARG(out->subject), budget->period_start_ms);
	if (reaches(budget, level) && !is_passed)
		out->verdict = ALERT_BAD;
	money_format_usd(budget->spent_picousd, spent);
	money_format_usd(budget->limit_picousd, limit);
	out->summary = arena_printf(arena,
		"The %.*s budget of %.*s %.*s: %" PRId64
		" %% is spent, %s of %s USD",
		STR_ARG(budget->period), STR_ARG(budget->scope),
		STR_ARG(budget->name), percent, spent, limit);
	out->facts = budget_facts(budget, level, percent, arena);
}

/* spent >= limit * level / 100, without rounding. */
static bool reaches(const struct alert_budget *budget, int64_t level)
{
	return (__int128)budget->spent_picousd * 100 >=
	       (__int128)budget->limit_picousd * level;
}

static struct str budget_facts(const struct alert_budget *budget, int64_t level,
	int64_t percent, struct arena *arena)
{
	struct buf buf = BUF_INIT(FACTS_MAX_BYTES);
	struct json_writer json;
	char text[MONEY_TEXT_BYTES];

	json_writer_init(&json, &buf);
	json_begin_object(&json);
	json_member_str(&json, "budget", budget->key);
	json_member_str(&json, "scope", budget->scope);
	json_member_str(&json, "name", budget->name);
	json_member_str(&json, "period", budget->period);
	json_member_int(&json, "period_start_ms", budget->period_start_ms);
	json_member_int(&json, "threshold", level);
	json_member_int(&json, "percent", percent);
	money_format_usd(budget->spent_picousd, text);
	json_member_str(&json, "spent_usd", str_of(text));
	money_format_usd(budget->limit_picousd, text);
	json_member_str(&json, "limit_usd", str_of(text));
	return end_facts(&json, &buf, arena);
}

void alert_judge_sync(const struct alert_rule *rule,
	const struct alert_sync *sync, struct arena *arena,
	struct alert_finding *out)
{
	int64_t all =
		sync->added + sync->changed + sync->deprecated + sync->prices;
	struct buf buf = BUF_INIT(FACTS_MAX_BYTES);
	struct json_writer json;

	*out = (struct alert_finding){ .subject = arena_printf(arena,
					       "catalog/%" PRId64, sync->id) };
	out->occasion = out->subject;
	out->verdict = all >= rule->threshold ? ALERT_BAD : ALERT_GOOD;
	out->summary = arena_printf(arena,
		"The catalogue changed: %" PRId64 " prices, %" PRId64
		" new models, %" PRId64 " changed, %" PRId64 " deprecated",
		sync->prices, sync->added, sync->changed, sync->deprecated);
	json_writer_init(&json, &buf);
	json_begin_object(&json);
	json_member_int(&json, "sync_id", sync->id);
	json_member_str(&json, "source", sync->source);
	json_member_int(&json, "price_changed", sync->prices);
	json_member_int(&json, "model_added", sync->added);
	json_member_int(&json, "model_changed", sync->changed);
	json_member_int(&json, "model_deprecated", sync->deprecated);
	out->facts = end_facts(&json, &buf, arena);
}
