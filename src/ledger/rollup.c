/*
 * rollup.c - a batch of calls is added up in memory first, then each total is
 * touched once. Totals are touched in the order of their keys, so that two
 * processes never wait for each other in a circle.
 *
 * Minutes are kept by combination of project, key, model and provider: there
 * are few calls in one. Hours and days are kept as series
 * (sql/020_usage_scopes.sql), so that reading a long time costs by what is
 * shown and not by how many combinations occurred.
 */
#include "ledger/rollup.h"

#include "base/money.h"
#include "db/stmt.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Rows of the statement for many totals. */
#define MANY 20
#define TIMES_20(row)                                                       \
	row "," row "," row "," row "," row "," row "," row "," row "," row \
	    "," row "," row "," row "," row "," row "," row "," row "," row \
	    "," row "," row "," row

/* What a total is of: the columns before the sums, the first five of which
 * are the table's key. */
#define KEYS 6
#define KEY_ORGANISATION 5 /* follows from the others */

/* The totals, in the order of the columns. */
enum sum {
	SUM_REQUESTS,
	SUM_ERRORS,
	SUM_INCOMPLETE,
	SUM_STREAMED,
	SUM_CACHE_HITS,
	SUM_UNPRICED,
	SUM_PROMPT_TOKENS,
	SUM_COMPLETION_TOKENS,
	SUM_CACHED_TOKENS,
	SUM_CACHE_WRITE_TOKENS,
	SUM_REASONING_TOKENS,
	SUM_COST,
	SUM_SAVED,
	SUM_QUEUE_US,
	SUM_GATEWAY_US,
	SUM_FIRST_TOKEN_US,
	SUM_FIRST_TOKEN_REQUESTS,
	SUM_TOTAL_US,
	SUM_TOTAL_REQUESTS,
	SUM_HISTOGRAM, /* the first of its columns */
	SUM_CHARGED = SUM_HISTOGRAM + 10,
	SUM_ADMITTED,
	SUM_ROUTE_SAVED, /* may be negative */
	SUM_ROUTE_SAVED_REQUESTS,
	SUMS
};

/* A call counts in the first whose bound it stays under, else in the last. */
static const int64_t histogram_us[] = { 100000, 250000, 500000, 1000000,
	2500000, 5000000, 10000000, 30000000, 60000000 };

_Static_assert(SUM_HISTOGRAM + ARRAY_LEN(histogram_us) + 1 == SUM_CHARGED,
	"one column for each bound, and one for the rest");

/* Of a scope and a subject, as the ENUMs count them from 1. */
static const struct series {
	enum { SCOPE_ORGANISATION = 1, SCOPE_PROJECT, SCOPE_KEY } scope;
	enum {
		SUBJECT_ALL = 1,
		SUBJECT_PROJECT,
		SUBJECT_KEY,
		SUBJECT_MODEL,
		SUBJECT_PROVIDER
	} subject;
} series[] = {
	{ SCOPE_ORGANISATION, SUBJECT_ALL },
	{ SCOPE_ORGANISATION, SUBJECT_PROJECT },
	{ SCOPE_ORGANISATION, SUBJECT_KEY },
	{ SCOPE_ORGANISATION, SUBJECT_MODEL },
	{ SCOPE_ORGANISATION, SUBJECT_PROVIDER },
	{ SCOPE_PROJECT, SUBJECT_ALL },
	{ SCOPE_PROJECT, SUBJECT_KEY },
	{ SCOPE_PROJECT, SUBJECT_MODEL },
	{ SCOPE_PROJECT, SUBJECT_PROVIDER },
	{ SCOPE_KEY, SUBJECT_ALL },
};

struct cell {
	int64_t keys[KEYS];
	struct str user; /* only in the totals per user */
	int64_t sums[SUMS];
};

/* Never wraps: what is left to INT64_MAX is added at most. */
#define ADD(column)                               \
	column "=" column "+LEAST(VALUES(" column \
	       "),9223372036854775807-" column ")"
/* The same for one that may be negative. */
#define ADD_SIGNED(column)                         \
	column "=LEAST(GREATEST(CAST(" column      \
	       " AS DECIMAL(30,0))+VALUES(" column \
	       "),-9223372036854775807),9223372036854775807)"
#define COMBINATION "bucket_ms, project_id, key_id, model_id, provider_id"
#define SERIES "scope, scope_id, subject, bucket_ms, subject_id"
#define UPSERT(table, keys, rows)                                                                                                                                                                                                                                                                                                                                                \
	"INSERT INTO " table " (" keys ","                                                                                                                                                                                                                                                                                                                                       \
	" organisation_id, requests, errors, incomplete,"                                                                                                                                                                                                                                                                                                                        \
	" streamed, cache_hits, unpriced, prompt_tokens,"                                                                                                                                                                                                                                                                                                                        \
	" completion_tokens, cached_tokens, cache_write_tokens,"                                                                                                                                                                                                                                                                                                                 \
	" reasoning_tokens, cost_picousd, saved_picousd, queue_us,"                                                                                                                                                                                                                                                                                                              \
	" gateway_us, first_token_us, first_token_requests, total_us,"                                                                                                                                                                                                                                                                                                           \
	" total_requests, under_100ms, under_250ms, under_500ms, under_1s,"                                                                                                                                                                                                                                                                                                      \
	" under_2500ms, under_5s, under_10s, under_30s, under_60s,"                                                                                                                                                                                                                                                                                                              \
	" over_60s, charged_picousd, admitted, route_saved_picousd,"                                                                                                                                                                                                                                                                                                             \
	" route_saved_requests) VALUES " rows                                                                                                                                                                                                                                                                                                                                    \
	" ON DUPLICATE KEY UPDATE " ADD("requests") "," ADD("errors") "," ADD("incomplete") "," ADD("streamed") "," ADD("cache_hits") "," ADD("unpriced") "," ADD("prompt_tokens") "," ADD("completion_tokens") "," ADD("cached_tokens") "," ADD("cache_write_tokens") "," ADD("reasoning_tokens") "," ADD("cost_picousd") "," ADD("saved_picousd") "," ADD("queue_us") "," ADD( \
		"gateway_us") "," ADD("first_token_us") "," ADD("first_token_requests") "," ADD("total_us") "," ADD("total_requests") "," ADD("under_100ms") "," ADD("under_250ms") "," ADD("under_500ms") "," ADD("under_1s") "," ADD("under_2500ms") "," ADD("under_5s") "," ADD("under_10s") "," ADD("under_30s") "," ADD("under_60s") "," ADD("over_60s") "," ADD("charged_picousd") "," ADD("admitted") "," ADD_SIGNED("route_saved_picousd") "," ADD("route_saved_requests")
#define ROW                                                               \
	"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?," \
	"?,?,?,?,?,?,?,?)"

#define UPSERT_USER(table, rows)                                                                        \
	"INSERT INTO " table " (bucket_ms, project_id, user,"                                           \
	" organisation_id, requests, errors, prompt_tokens,"                                            \
	" completion_tokens, cost_picousd, charged_picousd, admitted) VALUES " rows                     \
	" ON DUPLICATE KEY UPDATE " ADD("requests") "," ADD("errors") "," ADD("prompt_tokens") "," ADD( \
		"completion_tokens") "," ADD("cost_picousd") "," ADD("charged_picousd") "," ADD("admitted")
#define USER_ROW "(?,?,?,?,?,?,?,?,?,?,?)"

/* One table of totals. */
struct rollup {
	int64_t bucket_ms;
	enum { PER_COMBINATION, PER_SERIES, PER_USER } per;
	const char *one;  /* the statement for one row */
	const char *many; /* for MANY rows */
};

static const struct rollup rollups[] = {
	{ MINUTE_MS, PER_COMBINATION, UPSERT("usage_minute", COMBINATION, ROW),
		UPSERT("usage_minute", COMBINATION, TIMES_20(ROW)) },
	{ HOUR_MS, PER_SERIES, UPSERT("usage_scope_hour", SERIES, ROW),
		UPSERT("usage_scope_hour", SERIES, TIMES_20(ROW)) },
	{ DAY_MS, PER_SERIES, UPSERT("usage_scope_day", SERIES, ROW),
		UPSERT("usage_scope_day", SERIES, TIMES_20(ROW)) },
	{ DAY_MS, PER_USER, UPSERT_USER("usage_user_day", USER_ROW),
		UPSERT_USER("usage_user_day", TIMES_20(USER_ROW)) },
	{ 7 * DAY_MS, PER_USER, UPSERT_USER("usage_user_week", USER_ROW),
		UPSERT_USER("usage_user_week", TIMES_20(USER_ROW)) },
};

static size_t fill_cells(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *const *records, size_t count);
static size_t add_cells(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *record);
static size_t add_series(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *record);
static int64_t scope_id(
	const struct series *one, const struct usage_record *record);
static int64_t subject_id(
	const struct series *one, const struct usage_record *record);
static int64_t bucket_of(
	const struct rollup *rollup, const struct usage_record *record);
static void fill_sums(int64_t sums[SUMS], const struct usage_record *record);
static int64_t known(int64_t value);
static int compare_cells(const void *a, const void *b);
static size_t merge_cells(struct cell *cells, size_t count);
static bool store_cells(struct db *db, const struct rollup *rollup,
	const struct cell *cells, size_t count, struct error *err);
static void bind_cell(struct stmt *stmt, const struct cell *cell);
static void bind_user_cell(struct stmt *stmt, const struct cell *cell);

bool rollup_add(struct db *db, const struct usage_record *const *records,
	size_t count, struct error *err)
{
	struct cell *cells;
	bool added = true;

	if (count == 0)
		return true;
	cells = calloc(count * ARRAY_LEN(series), sizeof(*cells));
	assert(cells);
	for (size_t i = 0; added && i < ARRAY_LEN(rollups); i++) {
		size_t n = fill_cells(&rollups[i], cells, records, count);

		qsort(cells, n, sizeof(*cells), compare_cells);
		n = merge_cells(cells, n);
		added = store_cells(db, &rollups[i], cells, n, err);
	}
	free(cells);
	return added;
}

static size_t fill_cells(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *const *records, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct cell *first = &cells[n];

		n += add_cells(rollup, first, records[i]);
		if (first == &cells[n])
			continue;
		fill_sums(first->sums, records[i]);
		for (struct cell *cell = first + 1; cell < &cells[n]; cell++)
			memcpy(cell->sums, first->sums, sizeof(cell->sums));
	}
	return n;
}

/* The totals that the record is part of, without their sums. */
static size_t add_cells(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *record)
{
	int64_t bucket_ms = bucket_of(rollup, record);

	switch (rollup->per) {
	case PER_COMBINATION:
		cells[0] = (struct cell){
			.keys = { bucket_ms, record->project_id, record->key_id,
				record->model_id, record->provider_id,
				record->organisation_id }
		};
		return 1;
	case PER_SERIES: return add_series(rollup, cells, record);
	case PER_USER:
		if (record->user.n == 0)
			return 0;
		cells[0] = (struct cell){
			.keys = { bucket_ms, record->project_id, 0, 0, 0,
				record->organisation_id },
			.user = record->user,
		};
		return 1;
	}
	abort();
}

/* A call without a project or key is in no series of one. */
static size_t add_series(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *record)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(series); i++) {
		int64_t of = scope_id(&series[i], record);

		if (of == 0 && series[i].scope != SCOPE_ORGANISATION)
			continue;
		cells[n++] = (struct cell){
			.keys = { series[i].scope, of, series[i].subject,
				bucket_of(rollup, record),
				subject_id(&series[i], record),
				record->organisation_id }
		};
	}
	return n;
}

static int64_t scope_id(
	const struct series *one, const struct usage_record *record)
{
	switch (one->scope) {
	case SCOPE_ORGANISATION: return record->organisation_id;
	case SCOPE_PROJECT: return record->project_id;
	case SCOPE_KEY: return record->key_id;
	}
	abort();
}

static int64_t subject_id(
	const struct series *one, const struct usage_record *record)
{
	switch (one->subject) {
	case SUBJECT_ALL: return 0;
	case SUBJECT_PROJECT: return record->project_id;
	case SUBJECT_KEY: return record->key_id;
	case SUBJECT_MODEL: return record->model_id;
	case SUBJECT_PROVIDER: return record->provider_id;
	}
	abort();
}

static int64_t bucket_of(
	const struct rollup *rollup, const struct usage_record *record)
{
	return record->started_unix_ms -
	       record->started_unix_ms % rollup->bucket_ms;
}

static void fill_sums(int64_t sums[SUMS], const struct usage_record *record)
{
	size_t at = 0;

	sums[SUM_REQUESTS] = 1;
	sums[SUM_ERRORS] = record->error.n > 0;
	sums[SUM_INCOMPLETE] = !record->complete;
	sums[SUM_STREAMED] = record->streamed;
	sums[SUM_CACHE_HITS] = record->cache_hit;
	sums[SUM_UNPRICED] = !record->priced;
	sums[SUM_PROMPT_TOKENS] = known(record->tokens.prompt);
	sums[SUM_COMPLETION_TOKENS] = known(record->tokens.completion);
	sums[SUM_CACHED_TOKENS] = known(record->tokens.cached);
	sums[SUM_CACHE_WRITE_TOKENS] = known(record->tokens.cache_write);
	sums[SUM_REASONING_TOKENS] = known(record->tokens.reasoning);
	sums[SUM_COST] = record->priced ? record->cost_picousd : 0;
	sums[SUM_SAVED] = record->saved_picousd;
	sums[SUM_QUEUE_US] = known(record->queue_us);
	sums[SUM_GATEWAY_US] = known(record->gateway_us);
	sums[SUM_FIRST_TOKEN_US] = known(record->first_token_us);
	sums[SUM_FIRST_TOKEN_REQUESTS] = record->first_token_us >= 0;
	sums[SUM_TOTAL_US] = known(record->total_us);
	sums[SUM_TOTAL_REQUESTS] = record->total_us >= 0;
	while (at < ARRAY_LEN(histogram_us) &&
		record->total_us >= histogram_us[at])
		at++;
	sums[SUM_HISTOGRAM + at] = record->total_us >= 0;
	sums[SUM_CHARGED] = usage_record_charged(record);
	sums[SUM_ADMITTED] = record->admitted;
	sums[SUM_ROUTE_SAVED] =
		record->has_route_saved ? record->route_saved_picousd : 0;
	sums[SUM_ROUTE_SAVED_REQUESTS] = record->has_route_saved;
}

static int64_t known(int64_t value)
{
	return value < 0 ? 0 : value;
}

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = a;
	const struct cell *y = b;
	size_t n = x->user.n < y->user.n ? x->user.n : y->user.n;
	int order = 0;

	/* Not by organisation: it is no part of the tables' keys. */
	for (size_t i = 0; i < KEY_ORGANISATION; i++) {
		if (x->keys[i] != y->keys[i])
			return x->keys[i] < y->keys[i] ? -1 : 1;
	}
	if (n > 0)
		order = memcmp(x->user.p, y->user.p, n);
	if (order != 0)
		return order;
	return (x->user.n > y->user.n) - (x->user.n < y->user.n);
}

/* Equal neighbours become one; returns how many are left. */
static size_t merge_cells(struct cell *cells, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n == 0 || compare_cells(&cells[n - 1], &cells[i]) != 0) {
			cells[n++] = cells[i];
			continue;
		}
		for (size_t sum = 0; sum < SUMS; sum++)
			money_add(
				&cells[n - 1].sums[sum], 1, cells[i].sums[sum]);
	}
	return n;
}

static bool store_cells(struct db *db, const struct rollup *rollup,
	const struct cell *cells, size_t count, struct error *err)
{
	while (count > 0) {
		size_t n = count >= MANY ? MANY : 1;
		struct stmt *stmt;

		if (!stmt_prepare(db, &stmt,
			    n == 1 ? rollup->one : rollup->many, err))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (rollup->per == PER_USER)
				bind_user_cell(stmt, &cells[i]);
			else
				bind_cell(stmt, &cells[i]);
		}
		if (!stmt_run(stmt, err))
			return false;
		cells += n;
		count -= n;
	}
	return true;
}

static void bind_cell(struct stmt *stmt, const struct cell *cell)
{
	for (size_t i = 0; i < KEYS; i++)
		stmt_bind_int(stmt, cell->keys[i]);
	for (size_t i = 0; i < SUMS; i++)
		stmt_bind_int(stmt, cell->sums[i]);
}

static void bind_user_cell(struct stmt *stmt, const struct cell *cell)
{
	stmt_bind_int(stmt, cell->keys[0]);
	stmt_bind_int(stmt, cell->keys[1]);
	stmt_bind_str(stmt, cell->user);
	stmt_bind_int(stmt, cell->keys[KEY_ORGANISATION]);
	stmt_bind_int(stmt, cell->sums[SUM_REQUESTS]);
	stmt_bind_int(stmt, cell->sums[SUM_ERRORS]);
	stmt_bind_int(stmt, cell->sums[SUM_PROMPT_TOKENS]);
	stmt_bind_int(stmt, cell->sums[SUM_COMPLETION_TOKENS]);
	stmt_bind_int(stmt, cell->sums[SUM_COST]);
	stmt_bind_int(stmt, cell->sums[SUM_CHARGED]);
	stmt_bind_int(stmt, cell->sums[SUM_ADMITTED]);
}
