/*
 * batch.c - one transaction: the position moves on, rows and totals arrive.
 *
 * The hard thing is that it happens exactly once, whatever dies: the position
 * is changed first, and only from what it was. That locks the file's row, and
 * whoever comes second finds it changed and stores nothing.
 */
#include "ledger/batch.h"

#include "base/clock.h"
#include "crypto/random.h"
#include "db/stmt.h"
#include "ledger/attempt_totals.h"
#include "ledger/column.h"
#include "ledger/request_contents.h"
#include "ledger/request_route.h"
#include "ledger/rollup.h"

/* 9999-12-31T23:59:59.999Z: later ones would break the calendar. */
#define MAX_UNIX_MS INT64_C(253402300799999)

#define INSERT_REQUESTS                                                     \
	"INSERT INTO requests (started_ms, request_id, organisation_id,"    \
	" project_id, key_id, user, client_ip, route, dialect,"             \
	" model_asked, alias, complexity, streamed, model_used, model_id,"  \
	" provider, provider_id, provider_key_id, attempts, status, error," \
	" error_detail, finish_reason, complete, cache_hit, prompt_tokens," \
	" completion_tokens, cached_tokens, cache_write_tokens,"            \
	" reasoning_tokens, usage_source, priced, cost_picousd,"            \
	" saved_picousd, queue_us, gateway_us, connect_us, first_token_us," \
	" total_us, request_bytes, response_bytes, host, charged_picousd,"  \
	" admitted, provider_dialect,"                                      \
	" dropped, billing, billing_reason, coalesced, affinity,"           \
	" price_from_ms, price_tier, price_above_tokens,"                   \
	" route_saved_picousd) VALUES "
#define ROW                                                             \
	"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?," \
	"?,?,?,"                                                        \
	"?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
/* Rows of the statement for many. */
#define MANY 50
#define TIMES_5(row) row "," row "," row "," row "," row
#define TIMES_50(row)                                                                    \
	TIMES_5(row)                                                                     \
	"," TIMES_5(row) "," TIMES_5(row) "," TIMES_5(row) "," TIMES_5(row) "," TIMES_5( \
		row) "," TIMES_5(row) "," TIMES_5(row) "," TIMES_5(row) "," TIMES_5(row)

/* VARCHAR(n) takes n characters. */
struct text_column {
	size_t offset;
	size_t max_characters;
};

#define TEXT(name, max)                                  \
	{                                                \
		offsetof(struct usage_record, name), max \
	}
static const struct text_column text_columns[] = {
	TEXT(user, 255),
	TEXT(client_ip, 45),
	TEXT(route, 255),
	TEXT(dialect, 32),
	TEXT(model_asked, 255),
	TEXT(alias, 191),
	TEXT(complexity, 16),
	TEXT(route_reason, 255),
	TEXT(model_used, 255),
	TEXT(provider, 64),
	TEXT(error, 64),
	TEXT(error_detail, 512),
	TEXT(finish_reason, 32),
	TEXT(provider_dialect, 32),
	TEXT(dropped, 1024),
	TEXT(host, 64),
	TEXT(billing_reason, 16),
	TEXT(affinity, 8),
	TEXT(price_tier, 16),
};

struct number_column {
	size_t offset;
	int64_t min;
	int64_t max;
};

#define NUMBER(name, max)                                   \
	{                                                   \
		offsetof(struct usage_record, name), 0, max \
	}
static const struct number_column number_columns[] = {
	NUMBER(started_unix_ms, MAX_UNIX_MS),
	NUMBER(organisation_id, INT64_MAX),
	NUMBER(project_id, INT64_MAX),
	NUMBER(key_id, INT64_MAX),
	NUMBER(model_id, INT64_MAX),
	NUMBER(provider_id, INT64_MAX),
	NUMBER(provider_key_id, INT64_MAX),
	NUMBER(attempts, INT32_MAX),
	NUMBER(status, INT16_MAX),
	NUMBER(cost_picousd, INT64_MAX),
	NUMBER(saved_picousd, INT64_MAX),
	NUMBER(price_above_tokens, INT64_MAX),
	NUMBER(request_bytes, INT64_MAX),
	NUMBER(response_bytes, INT64_MAX),
};

static bool store_parts(
	struct db *db, const struct batch *batch, struct error *err);
static bool move_position(struct db *db, const struct batch *batch,
	size_t new_records, struct error *err);
static size_t collect_new(const struct batch *batch,
	const struct usage_record *records[BATCH_MAX_RECORDS]);
static bool insert_requests(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err);
static void bind_request(struct stmt *stmt, const struct usage_record *record);
static bool insert_attempts(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err);
static bool insert_routes(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err);
static bool insert_contents(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err);
static void bind_measure(struct stmt *stmt, int64_t value);
static bool is_row(struct db *db, const struct usage_record *record,
	bool *found, struct error *err);
static bool comes_earlier(const struct batch *batch, size_t index);

void batch_fit_record(struct usage_record *record)
{
	char *base = (char *)record;

	for (size_t i = 0; i < ARRAY_LEN(text_columns); i++) {
		const struct text_column *column = &text_columns[i];
		struct str *text = (struct str *)(base + column->offset);

		*text = column_text(*text, column->max_characters);
	}
	for (size_t i = 0; i < ARRAY_LEN(number_columns); i++) {
		const struct number_column *column = &number_columns[i];
		int64_t *number = (int64_t *)(base + column->offset);

		*number = column_int(*number, column->min, column->max);
	}
	attempt_fit_list(record->attempt_list);
}

bool batch_load_position(
	struct db *db, struct str file, int64_t *position, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "INSERT IGNORE INTO journal_files (name, updated_ms)"
		    " VALUES (?, ?)",
		    err))
		return false;
	stmt_bind_str(stmt, file);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err) ||
		!stmt_prepare(db, &stmt,
			"SELECT position FROM journal_files WHERE name = ?",
			err))
		return false;
	stmt_bind_str(stmt, file);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_set(err, ERR_INTERNAL,
			"journal: %.*s lost its position", STR_ARG(file));
	*position = stmt_int(stmt, 0);
	return true;
}

bool batch_store(struct db *db, const struct batch *batch, struct error *err)
{
	if (!db_begin(db, err))
		return false;
	if (store_parts(db, batch, err))
		return db_commit(db, err);
	db_rollback(db);
	return false;
}

bool batch_find_known(struct db *db, struct batch *batch, struct error *err)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct batch_entry *entry = &batch->entries[i];

		if (!entry->known)
			entry->known = comes_earlier(batch, i);
		if (!entry->known &&
			!is_row(db, &entry->record, &entry->known, err))
			return false;
	}
	return true;
}

bool batch_probe(struct db *db, const struct batch *batch, struct error *err)
{
	struct batch_entry entry = { 0 };
	struct batch plain = *batch;
	char request_id[REQUEST_ID_BYTES];
	bool stored;

	random_request_id(request_id);
	usage_record_init(&entry.record);
	entry.record.request_id = str_of(request_id);
	entry.record.started_unix_ms = batch->entries->record.started_unix_ms;
	plain.entries = &entry;
	plain.count = 1;
	if (!db_begin(db, err))
		return false;
	stored = store_parts(db, &plain, err);
	db_rollback(db);
	return stored;
}

bool batch_forget_file(struct db *db, struct str file, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(
		    db, &stmt, "DELETE FROM journal_files WHERE name = ?", err))
		return false;
	stmt_bind_str(stmt, file);
	return stmt_run(stmt, err);
}

static bool store_parts(
	struct db *db, const struct batch *batch, struct error *err)
{
	const struct usage_record *records[BATCH_MAX_RECORDS];
	size_t count = collect_new(batch, records);

	return move_position(db, batch, count, err) &&
	       insert_requests(db, records, count, err) &&
	       insert_attempts(db, records, count, err) &&
	       insert_routes(db, records, count, err) &&
	       insert_contents(db, records, count, err) &&
	       rollup_add(db, records, count, err) &&
	       attempt_totals_add(db, records, count, err);
}

static size_t collect_new(const struct batch *batch,
	const struct usage_record *records[BATCH_MAX_RECORDS])
{
	size_t count = 0;

	assert(batch->count <= BATCH_MAX_RECORDS);
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->entries[i].known)
			records[count++] = &batch->entries[i].record;
	}
	return count;
}

static bool move_position(struct db *db, const struct batch *batch,
	size_t new_records, struct error *err)
{
	struct stmt *stmt;

	assert(batch->end > batch->start);
	if (!stmt_prepare(db, &stmt,
		    "UPDATE journal_files SET position = ?,"
		    " records = records + ?, lost_bytes = lost_bytes + ?,"
		    " updated_ms = ? WHERE name = ? AND position = ?",
		    err))
		return false;
	stmt_bind_int(stmt, batch->end);
	stmt_bind_int(stmt, (int64_t)new_records);
	stmt_bind_int(stmt, batch->lost_bytes);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_str(stmt, batch->file);
	stmt_bind_int(stmt, batch->start);
	if (!stmt_run(stmt, err))
		return false;
	if (stmt_affected_rows(stmt) == 1)
		return true;
	return error_set(err, ERR_INTERNAL,
		"journal: %.*s is no longer at %" PRId64
		": another process replays it in spite of the lock",
		STR_ARG(batch->file), batch->start);
}

static bool insert_requests(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err)
{
	while (count > 0) {
		size_t n = count >= MANY ? MANY : 1;
		struct stmt *stmt;

		if (!stmt_prepare(db, &stmt,
			    n == 1 ? INSERT_REQUESTS ROW
				   : INSERT_REQUESTS TIMES_50(ROW),
			    err))
			return false;
		for (size_t i = 0; i < n; i++)
			bind_request(stmt, records[i]);
		if (!stmt_run(stmt, err))
			return false;
		records += n;
		count -= n;
	}
	return true;
}

/* In the order of INSERT_REQUESTS. */
static void bind_request(struct stmt *stmt, const struct usage_record *record)
{
	static const struct str sources[] = {
		[USAGE_NONE] = STR("none"),
		[USAGE_PROVIDER] = STR("provider"),
		[USAGE_ESTIMATED] = STR("estimated"),
	};
	static const struct str billings[] = {
		[BILLING_NONE] = STR("none"),
		[BILLING_BILLED] = STR("billed"),
		[BILLING_PARTIAL] = STR("partial"),
		[BILLING_ESTIMATED] = STR("estimated"),
	};

	stmt_bind_int(stmt, record->started_unix_ms);
	stmt_bind_str(stmt, record->request_id);
	stmt_bind_int(stmt, record->organisation_id);
	stmt_bind_int(stmt, record->project_id);
	stmt_bind_int(stmt, record->key_id);
	stmt_bind_str(stmt, record->user);
	stmt_bind_str(stmt, record->client_ip);
	stmt_bind_str(stmt, record->route);
	stmt_bind_str(stmt, record->dialect);
	stmt_bind_str(stmt, record->model_asked);
	stmt_bind_str(stmt, record->alias);
	stmt_bind_str(stmt, record->complexity);
	stmt_bind_int(stmt, record->streamed);
	stmt_bind_str(stmt, record->model_used);
	stmt_bind_int(stmt, record->model_id);
	stmt_bind_str(stmt, record->provider);
	stmt_bind_int(stmt, record->provider_id);
	stmt_bind_int(stmt, record->provider_key_id);
	stmt_bind_int(stmt, record->attempts);
	stmt_bind_int(stmt, record->status);
	stmt_bind_str(stmt, record->error);
	stmt_bind_str(stmt, record->error_detail);
	stmt_bind_str(stmt, record->finish_reason);
	stmt_bind_int(stmt, record->complete);
	stmt_bind_int(stmt, record->cache_hit);
	bind_measure(stmt, record->tokens.prompt);
	bind_measure(stmt, record->tokens.completion);
	bind_measure(stmt, record->tokens.cached);
	bind_measure(stmt, record->tokens.cache_write);
	bind_measure(stmt, record->tokens.reasoning);
	stmt_bind_str(stmt, sources[record->usage_source]);
	stmt_bind_int(stmt, record->priced);
	stmt_bind_int(stmt, record->cost_picousd);
	stmt_bind_int(stmt, record->saved_picousd);
	bind_measure(stmt, record->queue_us);
	bind_measure(stmt, record->gateway_us);
	bind_measure(stmt, record->connect_us);
	bind_measure(stmt, record->first_token_us);
	bind_measure(stmt, record->total_us);
	stmt_bind_int(stmt, record->request_bytes);
	stmt_bind_int(stmt, record->response_bytes);
	stmt_bind_str(stmt, record->host);
	stmt_bind_int(stmt, usage_record_charged(record));
	stmt_bind_int(stmt, record->admitted);
	stmt_bind_str(stmt, record->provider_dialect);
	stmt_bind_str(stmt, record->dropped);
	stmt_bind_str(stmt, billings[record->billing]);
	stmt_bind_str(stmt, record->billing_reason);
	stmt_bind_int(stmt, record->coalesced);
	stmt_bind_str(stmt, record->affinity);
	bind_measure(stmt, record->price_from_ms);
	stmt_bind_str(stmt, record->price_tier);
	stmt_bind_int(stmt, record->price_above_tokens);
	if (record->has_route_saved)
		stmt_bind_int(stmt, record->route_saved_picousd);
	else
		stmt_bind_null(stmt);
}

static bool insert_attempts(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!attempt_insert(db, records[i]->started_unix_ms,
			    records[i]->request_id, records[i]->attempt_list,
			    err))
			return false;
	}
	return true;
}

static bool insert_routes(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (records[i]->route_reason.n > 0 &&
			!request_route_insert(db, records[i], err))
			return false;
	}
	return true;
}

static bool insert_contents(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (records[i]->sealed_request.n > 0 &&
			!request_contents_insert(db, records[i], err))
			return false;
	}
	return true;
}

static void bind_measure(struct stmt *stmt, int64_t value)
{
	if (value < 0)
		stmt_bind_null(stmt);
	else
		stmt_bind_int(stmt, value);
}

static bool is_row(struct db *db, const struct usage_record *record,
	bool *found, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT 1 FROM requests"
		    " WHERE started_ms = ? AND request_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, record->started_unix_ms);
	stmt_bind_str(stmt, record->request_id);
	return stmt_run(stmt, err) && stmt_fetch(stmt, found, err);
}

static bool comes_earlier(const struct batch *batch, size_t index)
{
	const struct usage_record *record = &batch->entries[index].record;

	for (size_t i = 0; i < index; i++) {
		const struct usage_record *other = &batch->entries[i].record;

		if (other->started_unix_ms == record->started_unix_ms &&
			str_equal(other->request_id, record->request_id))
			return true;
	}
	return false;
}
