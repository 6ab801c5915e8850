/*
 * attempt_totals.c - a batch's attempts are added up in memory, and each total
 * is touched once: in the order of their keys, as in rollup.c.
 */
#include "ledger/attempt_totals.h"

#include "db/stmt.h"

#define MINUTE_MS INT64_C(60000)

struct total {
	int64_t bucket_ms;
	int64_t project_id;
	int64_t provider_id;
	int64_t organisation_id; /* follows from the project */
	int64_t attempts;
	int64_t failed;
};

static size_t room_for(const struct usage_record *record);
static size_t add_record(
	const struct usage_record *record, struct total *totals);
static size_t add_one(const struct usage_record *record, int64_t provider_id,
	enum attempt_verdict verdict, struct total *out);
static int compare(const void *a, const void *b);
static size_t merge(struct total *totals, size_t count);
static bool store(struct db *db, const struct total *total, struct error *err);

enum attempt_verdict attempt_judge(struct str error, int64_t status)
{
	static const enum error_kind faults[] = { ERR_UPSTREAM_CONNECT,
		ERR_UPSTREAM_TIMEOUT, ERR_UPSTREAM_RESET, ERR_UPSTREAM_GARBAGE,
		ERR_UPSTREAM_CUT, ERR_CIRCUIT_OPEN };

	if (error.n == 0)
		return ATTEMPT_WELL;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (str_equal(error, str_of(error_name(faults[i]))))
			return ATTEMPT_FAILED;
	if (!str_equal(error, str_of(error_name(ERR_UPSTREAM_STATUS))))
		return ATTEMPT_SAYS_NOTHING;
	/* Status 0: all its keys were refused or limited just before. */
	return status < 400 || status >= 500 || status == 401 ||
			       status == 402 || status == 403 ||
			       status == 408 || status == 429
		       ? ATTEMPT_FAILED
		       : ATTEMPT_WELL;
}

bool attempt_totals_add(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err)
{
	struct total *totals;
	size_t room = 1, n = 0;
	bool added = true;

	for (size_t i = 0; i < count; i++)
		room += room_for(records[i]);
	totals = calloc(room, sizeof(*totals));
	assert(totals);
	for (size_t i = 0; i < count; i++)
		n += add_record(records[i], &totals[n]);
	qsort(totals, n, sizeof(*totals), compare);
	n = merge(totals, n);
	for (size_t i = 0; added && i < n; i++)
		added = store(db, &totals[i], err);
	free(totals);
	return added;
}

static size_t room_for(const struct usage_record *record)
{
	size_t n = 0;

	for (const struct attempt_record *attempt = record->attempt_list;
		attempt; attempt = attempt->next)
		n++;
	return n > 0 ? n : 1;
}

/* A record without a list had one attempt, or none. */
static size_t add_record(
	const struct usage_record *record, struct total *totals)
{
	size_t n = 0;

	for (const struct attempt_record *attempt = record->attempt_list;
		attempt; attempt = attempt->next)
		n += add_one(record, attempt->provider_id,
			attempt_judge(attempt->error, attempt->status),
			&totals[n]);
	if (!record->attempt_list && record->attempts > 0 && !record->cache_hit)
		n += add_one(record, record->provider_id,
			attempt_judge(record->error, record->status), totals);
	return n;
}

static size_t add_one(const struct usage_record *record, int64_t provider_id,
	enum attempt_verdict verdict, struct total *out)
{
	if (verdict == ATTEMPT_SAYS_NOTHING || provider_id == 0)
		return 0;
	*out = (struct total){
		.bucket_ms = record->started_unix_ms -
			     record->started_unix_ms % MINUTE_MS,
		.project_id = record->project_id,
		.provider_id = provider_id,
		.organisation_id = record->organisation_id,
		.attempts = 1,
		.failed = verdict == ATTEMPT_FAILED,
	};
	return 1;
}

/* By the table's key. */
static int compare(const void *a, const void *b)
{
	const struct total *x = a, *y = b;

	if (x->bucket_ms != y->bucket_ms)
		return x->bucket_ms < y->bucket_ms ? -1 : 1;
	if (x->project_id != y->project_id)
		return x->project_id < y->project_id ? -1 : 1;
	return (x->provider_id > y->provider_id) -
	       (x->provider_id < y->provider_id);
}

/* Equal neighbours become one; returns how many are left. */
static size_t merge(struct total *totals, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n == 0 || compare(&totals[n - 1], &totals[i]) != 0) {
			totals[n++] = totals[i];
			continue;
		}
		totals[n - 1].attempts += totals[i].attempts;
		totals[n - 1].failed += totals[i].failed;
	}
	return n;
}

static bool store(struct db *db, const struct total *total, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO attempts_minute (bucket_ms, project_id,"
		    " provider_id, organisation_id, attempts, failed)"
		    " VALUES (?,?,?,?,?,?) ON DUPLICATE KEY UPDATE"
		    " attempts = attempts + VALUES(attempts),"
		    " failed = failed + VALUES(failed)",
		    err))
		return false;
	stmt_bind_int(stmt, total->bucket_ms);
	stmt_bind_int(stmt, total->project_id);
	stmt_bind_int(stmt, total->provider_id);
	stmt_bind_int(stmt, total->organisation_id);
	stmt_bind_int(stmt, total->attempts);
	stmt_bind_int(stmt, total->failed);
	return stmt_run(stmt, err);
}
