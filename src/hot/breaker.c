/*
 * breaker.c - one record of the hot store for each breaker that is not at
 * rest; none means closed, without a failure.
 */
#include "hot/breaker.h"

#include "base/log.h"

#define PREFIX "breaker/"
#define NAME_BYTES 64
/* Callers read the clock a moment before they look. */
#define CLOCK_SLACK_MS 10000

struct record {
	int64_t is_open; /* else it counts failures */
	int64_t failures;
	int64_t since_ms; /* the first of them, or the opening */
	int64_t open_ms;  /* how long this time */
	int64_t until_ms; /* open until, or when the probe's lease ends */
	int64_t probe;    /* the lease that is out; 0: none */
	int64_t probes;   /* leases so far, to number them */
};

/* What one change of a record is about. */
struct change {
	const struct breaker_rules *rules;
	int64_t now_ms;
	struct breaker_pass *pass; /* of breaker_ask() */
	int64_t probe;             /* else: the caller's */
};

struct listing {
	breaker_visit *visit;
	void *context;
	int64_t now_ms;
};

static struct str name_of(const struct breaker *breaker, char out[NAME_BYTES]);
static bool record_of(struct str bytes, struct record *out);
static void put(const struct record *record, struct buf *now);
static void change_record(const struct breaker *breaker, struct str name,
	hot_change_record *change, struct change *context);
static bool is_refused(
	const struct record *record, const struct change *change);
static hot_change_record take_lease;
static hot_change_record note_success;
static hot_change_record note_failure;
static hot_change_record drop_lease;
static void open_again(struct record *record, const struct change *change);
static hot_visit visit_record;
static bool read_name(struct str name, struct breaker_status *out);

struct breaker_rules breaker_rules_of(const struct settings *settings)
{
	return (struct breaker_rules){
		.failures = settings->breaker_failures,
		.window_ms = settings->breaker_window_ms,
		.open_ms = settings->breaker_open_ms,
		.max_open_ms = settings->breaker_max_open_ms,
		.probe_ms = settings->breaker_probe_ms,
	};
}

struct breaker_pass breaker_ask(const struct breaker *breaker, int64_t now_ms)
{
	char text[NAME_BYTES], bytes[sizeof(struct record)];
	struct str name = name_of(breaker, text);
	struct breaker_pass pass = { .may_go = true };
	struct change change = { breaker->rules, now_ms, &pass, 0 };
	struct record record;
	size_t n;

	if (breaker->rules->failures == 0)
		return pass;
	n = hot_read(breaker->hot, name, bytes, sizeof(bytes));
	if (!record_of((struct str){ bytes, n }, &record) || !record.is_open)
		return pass;
	if (is_refused(&record, &change))
		return pass;
	/* Its time is over: one of all that see this becomes the probe. */
	change_record(breaker, name, take_lease, &change);
	return pass;
}

void breaker_succeeded(
	const struct breaker *breaker, const struct breaker_pass *pass)
{
	struct change change = { .probe = pass->probe };
	struct record record;
	char text[NAME_BYTES];
	struct str name = name_of(breaker, text);

	if (breaker->rules->failures > 0 &&
		hot_read(breaker->hot, name, &record, sizeof(record)) > 0)
		change_record(breaker, name, note_success, &change);
}

void breaker_failed(const struct breaker *breaker,
	const struct breaker_pass *pass, int64_t now_ms)
{
	struct change change = { breaker->rules, now_ms, NULL, pass->probe };
	char text[NAME_BYTES];

	if (breaker->rules->failures > 0)
		change_record(
			breaker, name_of(breaker, text), note_failure, &change);
}

void breaker_let_go(
	const struct breaker *breaker, const struct breaker_pass *pass)
{
	struct change change = { .probe = pass->probe };
	char text[NAME_BYTES];

	if (pass->probe)
		change_record(
			breaker, name_of(breaker, text), drop_lease, &change);
}

bool breaker_list(struct hot *hot, int64_t now_ms, breaker_visit *visit,
	void *context, struct error *err)
{
	struct listing listing = { visit, context, now_ms };

	return hot_each(hot, S(PREFIX), visit_record, &listing, err);
}

const char *breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = {
		[BREAKER_CLOSED] = "closed",
		[BREAKER_OPEN] = "open",
		[BREAKER_HALF_OPEN] = "half_open",
	};

	return names[state];
}

static struct str name_of(const struct breaker *breaker, char out[NAME_BYTES])
{
	int n = snprintf(out, NAME_BYTES, PREFIX "%" PRId64 "/%" PRId64,
		breaker->provider_id, breaker->model_id);

	return (struct str){ out, (size_t)n };
}

static bool record_of(struct str bytes, struct record *out)
{
	*out = (struct record){ 0 };
	if (bytes.n != sizeof(*out))
		return false;
	memcpy(out, bytes.p, sizeof(*out));
	return true;
}

static void put(const struct record *record, struct buf *now)
{
	buf_append(now, (struct str){ (const char *)record, sizeof(*record) });
}

static void change_record(const struct breaker *breaker, struct str name,
	hot_change_record *change, struct change *context)
{
	struct error err;

	if (!hot_change(breaker->hot, name, change, context, &err))
		log_warn("a circuit breaker did not change: %s",
			error_detail(&err));
}

/* Open, or being probed. The clock may have been set back meanwhile: nothing
 * lasts longer than the rules allow. */
static bool is_refused(const struct record *record, const struct change *change)
{
	const struct breaker_rules *rules = change->rules;
	int64_t left_ms = record->until_ms - change->now_ms;
	int64_t most_ms = record->probe ? rules->probe_ms : rules->max_open_ms;

	if (left_ms <= 0 || left_ms > most_ms + CLOCK_SLACK_MS)
		return false;
	*change->pass = (struct breaker_pass){ .wait_ms = left_ms };
	return true;
}

static bool take_lease(struct str old, struct buf *now, void *context)
{
	struct change *change = context;
	struct record record;

	if (!record_of(old, &record) || !record.is_open ||
		is_refused(&record, change))
		return false;
	record.probe = ++record.probes;
	record.until_ms = change->now_ms + change->rules->probe_ms;
	change->pass->probe = record.probe;
	put(&record, now);
	return true;
}

/* A call that began before it opened does not close it. */
static bool note_success(struct str old, struct buf *now, void *context)
{
	const struct change *change = context;
	struct record record;

	(void)now;
	return !record_of(old, &record) || !record.is_open ||
	       (record.probe && record.probe == change->probe);
}

static bool note_failure(struct str old, struct buf *now, void *context)
{
	const struct change *change = context;
	const struct breaker_rules *rules = change->rules;
	struct record record;

	if (!record_of(old, &record))
		record.since_ms = change->now_ms;
	if (record.is_open && (!change->probe || record.probe != change->probe))
		return false; /* a call that began before it opened */
	if (record.is_open) {
		open_again(&record, change);
	} else {
		if (change->now_ms - record.since_ms > rules->window_ms ||
			change->now_ms < record.since_ms) {
			record.failures = 0;
			record.since_ms = change->now_ms;
		}
		record.failures++;
		if (record.failures >= rules->failures)
			open_again(&record, change);
	}
	put(&record, now);
	return true;
}

static void open_again(struct record *record, const struct change *change)
{
	const struct breaker_rules *rules = change->rules;

	if (record->is_open) {
		record->failures++;
		record->open_ms *= 2;
	} else {
		record->open_ms = rules->open_ms;
	}
	if (record->open_ms > rules->max_open_ms)
		record->open_ms = rules->max_open_ms;
	record->is_open = true;
	record->since_ms = change->now_ms;
	record->until_ms = change->now_ms + record->open_ms;
	record->probe = 0;
}

static bool drop_lease(struct str old, struct buf *now, void *context)
{
	const struct change *change = context;
	struct record record;

	if (!record_of(old, &record) || record.probe != change->probe)
		return false;
	record.probe = 0;
	record.until_ms = 0;
	put(&record, now);
	return true;
}

static bool visit_record(struct str name, struct str value, void *context)
{
	const struct listing *listing = context;
	struct breaker_status status = { 0 };
	struct record record;

	if (!record_of(value, &record) || !read_name(name, &status))
		return true;
	if (record.is_open)
		status.state =
			record.probe || record.until_ms <= listing->now_ms
				? BREAKER_HALF_OPEN
				: BREAKER_OPEN;
	status.since_ms = record.since_ms;
	status.failures = record.failures;
	if (status.state == BREAKER_OPEN)
		status.next_probe_ms = record.until_ms;
	return listing->visit(&status, listing->context);
}

static bool read_name(struct str name, struct breaker_status *out)
{
	struct str ids = str_from(name, sizeof(PREFIX) - 1);
	size_t slash = str_index(ids, '/');

	return str_to_int64(str_head(ids, slash), &out->provider_id) &&
	       str_to_int64(str_from(ids, slash + 1), &out->model_id);
}
