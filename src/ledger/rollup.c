/*
 * rollup.c - a batch of calls is added up in memory first, then each total is
 * touched once. Totals are touched in the order of their keys, so that two
 * processes never wait for each other in a circle.
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

/* What the totals are of, in the order of the columns. */
enum key {
	KEY_BUCKET,
	KEY_PROJECT,
	KEY_KEY,
	KEY_MODEL,
	KEY_PROVIDER,
	KEY_ORGANISATION, /* follows from the project */
	KEYS
};

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
	SUMS
};

/* A call counts in the first whose bound it stays under, else in the last. */
static const int64_t histogram_us[] = { 100000, 250000, 500000, 1000000,
	2500000, 5000000, 10000000, 30000000, 60000000 };

_Static_assert(SUM_HISTOGRAM + ARRAY_LEN(histogram_us) + 1 == SUM_CHARGED,
	"one column for each bound, and one for the rest");

struct cell {
	int64_t keys[KEYS];
	struct str user; /* only in the totals per user */
	int64_t sums[SUMS];
};

/* Never wraps: what is left to INT64_MAX is added at most. */
#define ADD(column)                               \
	column "=" column "+LEAST(VALUES(" column \
	       "),9223372036854775807-" column ")"
#define UPSERT(table, rows)                                                                                                                                                                                                                                                                                                                                                      \
	"INSERT INTO " table " (bucket_ms, project_id, key_id, model_id,"                                                                                                                                                                                                                                                                                                        \
	" provider_id, organisation_id, requests, errors, incomplete,"                                                                                                                                                                                                                                                                                                           \
	" streamed, cache_hits, unpriced, prompt_tokens,"                                                                                                                                                                                                                                                                                                                        \
	" completion_tokens, cached_tokens, cache_write_tokens,"                                                                                                                                                                                                                                                                                                                 \
	" reasoning_tokens, cost_picousd, saved_picousd, queue_us,"                                                                                                                                                                                                                                                                                                              \
	" gateway_us, first_token_us, first_token_requests, total_us,"                                                                                                                                                                                                                                                                                                           \
	" total_requests, under_100ms, under_250ms, under_500ms, under_1s,"                                                                                                                                                                                                                                                                                                      \
	" under_2500ms, under_5s, under_10s, under_30s, under_60s,"                                                                                                                                                                                                                                                                                                              \
	" over_60s, charged_picousd, admitted) VALUES " rows                                                                                                                                                                                                                                                                                                                     \
	" ON DUPLICATE KEY UPDATE " ADD("requests") "," ADD("errors") "," ADD("incomplete") "," ADD("streamed") "," ADD("cache_hits") "," ADD("unpriced") "," ADD("prompt_tokens") "," ADD("completion_tokens") "," ADD("cached_tokens") "," ADD("cache_write_tokens") "," ADD("reasoning_tokens") "," ADD("cost_picousd") "," ADD("saved_picousd") "," ADD("queue_us") "," ADD( \
		"gateway_us") "," ADD("first_token_us") "," ADD("first_token_requests") "," ADD("total_us") "," ADD("total_requests") "," ADD("under_100ms") "," ADD("under_250ms") "," ADD("under_500ms") "," ADD("under_1s") "," ADD("under_2500ms") "," ADD("under_5s") "," ADD("under_10s") "," ADD("under_30s") "," ADD("under_60s") "," ADD("over_60s") "," ADD("charged_picousd") "," ADD("admitted")
#define ROW                                                               \
	"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?," \
	"?,?,?,?,?,?)"

#define UPSERT_USER(rows)                                                                               \
	"INSERT INTO usage_user_day (bucket_ms, project_id, user,"                                      \
	" organisation_id, requests, errors, prompt_tokens,"                                            \
	" completion_tokens, cost_picousd, charged_picousd, admitted) VALUES " rows                     \
	" ON DUPLICATE KEY UPDATE " ADD("requests") "," ADD("errors") "," ADD("prompt_tokens") "," ADD( \
		"completion_tokens") "," ADD("cost_picousd") "," ADD("charged_picousd") "," ADD("admitted")
#define USER_ROW "(?,?,?,?,?,?,?,?,?,?,?)"

/* One table of totals. */
struct rollup {
	int64_t bucket_ms;
	bool per_user;
	const char *one;  /* the statement for one row */
	const char *many; /* for MANY rows */
};

static const struct rollup rollups[] = {
	{ MINUTE_MS, false, UPSERT("usage_minute", ROW),
		UPSERT("usage_minute", TIMES_20(ROW)) },
	{ HOUR_MS, false, UPSERT("usage_hour", ROW),
		UPSERT("usage_hour", TIMES_20(ROW)) },
	{ DAY_MS, false, UPSERT("usage_day", ROW),
		UPSERT("usage_day", TIMES_20(ROW)) },
	{ DAY_MS, true, UPSERT_USER(USER_ROW),
		UPSERT_USER(TIMES_20(USER_ROW)) },
};

static size_t fill_cells(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *const *records, size_t count);
static void fill_keys(struct cell *cell, const struct rollup *rollup,
	const struct usage_record *record);
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
	cells = calloc(count, sizeof(*cells));
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

/* One cell for each record that the rollup speaks of. */
static size_t fill_cells(const struct rollup *rollup, struct cell *cells,
	const struct usage_record *const *records, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (rollup->per_user && records[i]->user.n == 0)
			continue;
		cells[n] = (struct cell){ 0 };
		fill_keys(&cells[n], rollup, records[i]);
		fill_sums(cells[n].sums, records[i]);
		n++;
	}
	return n;
}

static void fill_keys(struct cell *cell, const struct rollup *rollup,
	const struct usage_record *record)
{
	cell->keys[KEY_BUCKET] = record->started_unix_ms -
				 record->started_unix_ms % rollup->bucket_ms;
	cell->keys[KEY_PROJECT] = record->project_id;
	cell->keys[KEY_ORGANISATION] = record->organisation_id;
	if (rollup->per_user) {
		cell->user = record->user;
		return;
	}
	cell->keys[KEY_KEY] = record->key_id;
	cell->keys[KEY_MODEL] = record->model_id;
	cell->keys[KEY_PROVIDER] = record->provider_id;
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
			if (rollup->per_user)
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
	stmt_bind_int(stmt, cell->keys[KEY_BUCKET]);
	stmt_bind_int(stmt, cell->keys[KEY_PROJECT]);
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
