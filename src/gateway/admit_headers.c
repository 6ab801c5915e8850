/*
 * admit_headers.c - how much is left of what limits a call.
 *
 * The headers are those that the SDKs of OpenAI and Anthropic look for:
 * https://platform.openai.com/docs/guides/rate-limits and
 * https://platform.claude.com/docs/en/api/rate-limits
 */
#include "base/clock.h"
#include "base/money.h"
#include "gateway/admission.h"

/* Room for "1234567h59m59s". */
#define DURATION_BYTES 32
/* What a program may sleep through. */
#define RETRY_SOON_S 60

/* A count or a rate that is shown to the client. */
struct shown {
	int64_t limit;
	int64_t remaining;
	int64_t reset_ms;
};

/* Of the headers that tell about one unit. */
static const struct names {
	const char *limit, *remaining, *reset;
	const char *anthropic_limit, *anthropic_remaining, *anthropic_reset;
} unit_names[] = {
#define NAMES(word)                                                       \
	{                                                                 \
		"X-RateLimit-Limit-" word, "X-RateLimit-Remaining-" word, \
			"X-RateLimit-Reset-" word,                        \
			"anthropic-ratelimit-" word "-limit",             \
			"anthropic-ratelimit-" word "-remaining",         \
			"anthropic-ratelimit-" word "-reset",             \
	}
	[LIMIT_CALLS] = NAMES("requests"),
	[LIMIT_TOKENS] = NAMES("tokens"),
#undef NAMES
};

static void add_rate_headers(struct call *call, enum limit_unit unit);
static void add_anthropic_headers(struct call *call, const struct shown *shown,
	const struct names *names);
static bool find_tightest(
	const struct call *call, enum limit_unit unit, struct shown *out);
static int64_t reset_of(const struct call *call, size_t at);
static void add_budget_header(struct call *call);
static void format_duration(int64_t ms, char out[DURATION_BYTES]);
static int64_t left_of(int64_t max, int64_t used);

void admit_headers(struct call *call)
{
	const struct admission *admission = call->admission;

	if (!admission || admission->count == 0)
		return;
	add_rate_headers(call, LIMIT_CALLS);
	add_rate_headers(call, LIMIT_TOKENS);
	add_budget_header(call);
	/* Asking again would not help soon: OpenAI's and Anthropic's SDKs
	 * obey. */
	if (call->error.kind != ERR_NONE && !admission->is_admitted &&
		(call->error.retry_after_seconds == 0 ||
			call->error.retry_after_seconds > RETRY_SOON_S))
		http_header(call->x, "X-Should-Retry", S("false"));
}

static void add_rate_headers(struct call *call, enum limit_unit unit)
{
	const struct names *names = &unit_names[unit];
	char reset[DURATION_BYTES];
	struct shown shown = { 0 };

	if (!find_tightest(call, unit, &shown))
		return;
	if (strcmp(call->dialect->name, "anthropic") == 0)
		add_anthropic_headers(call, &shown, names);
	http_header_int(call->x, names->limit, shown.limit);
	http_header_int(call->x, names->remaining, shown.remaining);
	format_duration(shown.reset_ms, reset);
	http_header(call->x, names->reset, str_of(reset));
}

static void add_anthropic_headers(
	struct call *call, const struct shown *shown, const struct names *names)
{
	char reset[CLOCK_TEXT_BYTES];

	http_header_int(call->x, names->anthropic_limit, shown->limit);
	http_header_int(call->x, names->anthropic_remaining, shown->remaining);
	clock_format(clock_unix_ms() + shown->reset_ms, reset);
	http_header(call->x, names->anthropic_reset, str_of(reset));
}

/* The one that leaves the least. */
static bool find_tightest(
	const struct call *call, enum limit_unit unit, struct shown *out)
{
	const struct admission *admission = call->admission;
	bool found = false;

	for (size_t i = 0; i < admission->count; i++) {
		const struct limit *limit = &admission->limits[i];
		int64_t left =
			left_of(limit->max, admission->outcome.states[i].used);

		if (limit->unit != unit || limit->kind == LIMIT_CONCURRENT ||
			(found && left >= out->remaining))
			continue;
		*out = (struct shown){ limit->max, left, reset_of(call, i) };
		found = true;
	}
	return found;
}

static int64_t reset_of(const struct call *call, size_t at)
{
	int64_t ends_ms = call->admission->reasons[at].ends_ms;
	int64_t left_ms = ends_ms - clock_unix_ms();

	if (ends_ms == 0)
		return call->admission->outcome.states[at].reset_ms;
	return left_ms > 0 ? left_ms : 0;
}

static void add_budget_header(struct call *call)
{
	const struct admission *admission = call->admission;
	char text[MONEY_TEXT_BYTES];
	int64_t least = -1;

	for (size_t i = 0; i < admission->count; i++) {
		const struct budget *budget = admission->reasons[i].budget;
		int64_t left;

		if (!budget || !budget->is_hard)
			continue;
		left = left_of(budget->limit_picousd,
			admission->outcome.states[i].used);
		if (least < 0 || left < least)
			least = left;
	}
	if (least < 0)
		return;
	money_format_usd(least, text);
	http_header(call->x, "X-Gateway-Budget-Remaining-Usd", str_of(text));
}

/* As Go writes one: "12ms", "1s", "6m0s", "1h0m0s". */
static void format_duration(int64_t ms, char out[DURATION_BYTES])
{
	int64_t seconds = (ms + 999) / 1000;
	int64_t minutes = seconds / 60;

	if (ms < 1000)
		snprintf(out, DURATION_BYTES, "%" PRId64 "ms", ms);
	else if (minutes == 0)
		snprintf(out, DURATION_BYTES, "%" PRId64 "s", seconds);
	else if (minutes < 60)
		snprintf(out, DURATION_BYTES, "%" PRId64 "m%" PRId64 "s",
			minutes, seconds % 60);
	else
		snprintf(out, DURATION_BYTES,
			"%" PRId64 "h%" PRId64 "m%" PRId64 "s", minutes / 60,
			minutes % 60, seconds % 60);
}

static int64_t left_of(int64_t max, int64_t used)
{
	int64_t left;

	if (__builtin_sub_overflow(max, used > 0 ? used : 0, &left))
		return 0;
	return left > 0 ? left : 0;
}
