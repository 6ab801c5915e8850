/*
 * partition.c - making and dropping the partitions of days. A change of a
 * table waits for whoever uses it and everybody else waits behind it: so it
 * gives up after a few seconds.
 */
#include "ledger/partition.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/stmt.h"

#define DAY_MS INT64_C(86400000)
#define NAME_BYTES 10 /* "p20261121" and a NUL */
/* A change of a table names at most this many partitions of days. */
#define MAX_STATEMENT_BYTES (1 << 20)

/* See sql/003_ledger.sql; attempts_minute is in sql/010_affinity.sql. */
static const char *const tables[] = {
	"requests",
	"request_contents",
	"request_attempts",
	"request_routes",
	"usage_minute",
	"attempts_minute",
};

/* What is to be done with one table. */
struct plan {
	int64_t last_end_ms; /* end of the last named partition, 0: none */
	struct buf old;      /* names of those to drop, with commas */
};

static bool take_lock(struct db *db, bool *taken, struct error *err);
static void release_lock(struct db *db);
static bool maintain_table(struct db *db, const char *table, int64_t today_ms,
	int64_t drop_until_ms, struct error *err);
static bool read_plan(struct db *db, const char *table, int64_t drop_until_ms,
	struct plan *plan, struct error *err);
static bool add_days(struct db *db, const char *table, int64_t from_ms,
	int64_t until_ms, struct error *err);
static bool drop_days(struct db *db, const char *table, const struct plan *plan,
	struct error *err);
static bool run_text(struct db *db, struct buf *text, struct error *err);

bool partition_maintain(struct db *db, int64_t now_unix_ms, int64_t keep_days,
	struct error *err)
{
	int64_t today_ms = now_unix_ms - now_unix_ms % DAY_MS;
	int64_t drop_until_ms = 0;
	bool taken;
	bool maintained = true;

	assert(now_unix_ms >= 0 && keep_days >= 0);
	if (keep_days > 0 && keep_days < today_ms / DAY_MS)
		drop_until_ms = today_ms - keep_days * DAY_MS;
	if (!take_lock(db, &taken, err))
		return false;
	if (!taken)
		return true;
	for (size_t i = 0; maintained && i < ARRAY_LEN(tables); i++)
		maintained = maintain_table(
			db, tables[i], today_ms, drop_until_ms, err);
	release_lock(db);
	return maintained;
}

static bool take_lock(struct db *db, bool *taken, struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    "SELECT GET_LOCK(CONCAT('llm-gateway partitions ',"
		    " LEFT(DATABASE(), 32)), 0)",
		    err) ||
		!stmt_run(stmt, err) || !stmt_fetch(stmt, &more, err))
		return false;
	*taken = more && stmt_int(stmt, 0) == 1;
	return true;
}

/* When it fails the connection is lost, and with it the lock. */
static void release_lock(struct db *db)
{
	struct error err;
	struct stmt *stmt;
	bool more;

	if (stmt_prepare(db, &stmt,
		    "SELECT RELEASE_LOCK(CONCAT('llm-gateway partitions ',"
		    " LEFT(DATABASE(), 32)))",
		    &err) &&
		stmt_run(stmt, &err) && stmt_fetch(stmt, &more, &err))
		return;
	log_warn("partitions: the lock was not given back: %s",
		error_detail(&err));
}

static bool maintain_table(struct db *db, const char *table, int64_t today_ms,
	int64_t drop_until_ms, struct error *err)
{
	struct plan plan = { .old = BUF_INIT(MAX_STATEMENT_BYTES) };
	int64_t until_ms = today_ms + (PARTITION_DAYS_AHEAD + 1) * DAY_MS;
	int64_t from_ms;
	bool maintained = read_plan(db, table, drop_until_ms, &plan, err);

	/* After days without maintenance, today's partition takes them all. */
	from_ms = plan.last_end_ms > today_ms ? plan.last_end_ms : today_ms;
	if (maintained && from_ms < until_ms)
		maintained = add_days(db, table, from_ms, until_ms, err);
	if (maintained && plan.old.n > 0)
		maintained = drop_days(db, table, &plan, err);
	buf_release(&plan.old);
	return maintained;
}

static bool read_plan(struct db *db, const char *table, int64_t drop_until_ms,
	struct plan *plan, struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    "SELECT PARTITION_NAME, PARTITION_DESCRIPTION"
		    " FROM information_schema.PARTITIONS"
		    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?"
		    " AND PARTITION_NAME LIKE 'p2%'"
		    " ORDER BY PARTITION_ORDINAL_POSITION",
		    err))
		return false;
	stmt_bind_str(stmt, str_of(table));
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		struct str name;

		if (!more)
			return true;
		name = stmt_str(stmt, 0);
		if (!str_to_int64(stmt_str(stmt, 1), &plan->last_end_ms))
			return error_set(err, ERR_DATABASE,
				"partition %.*s of %s has no end",
				STR_ARG(name), table);
		if (plan->last_end_ms <= drop_until_ms)
			buf_printf(&plan->old, "%s%.*s",
				plan->old.n > 0 ? ", " : "", STR_ARG(name));
	}
	return false;
}

static bool add_days(struct db *db, const char *table, int64_t from_ms,
	int64_t until_ms, struct error *err)
{
	struct buf text = BUF_INIT(MAX_STATEMENT_BYTES);

	buf_printf(&text,
		"SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE %s"
		" REORGANIZE PARTITION p_max INTO (",
		table);
	for (int64_t day_ms = from_ms; day_ms < until_ms; day_ms += DAY_MS) {
		char day[CLOCK_TEXT_BYTES]; /* 2026-11-21... */

		clock_format(day_ms, day);
		buf_printf(&text,
			"PARTITION p%.4s%.2s%.2s VALUES LESS THAN (%" PRId64
			"), ",
			day, day + 5, day + 8, day_ms + DAY_MS);
	}
	buf_printf(&text, "PARTITION p_max VALUES LESS THAN MAXVALUE)");
	return run_text(db, &text, err);
}

static bool drop_days(struct db *db, const char *table, const struct plan *plan,
	struct error *err)
{
	struct buf text = BUF_INIT(MAX_STATEMENT_BYTES);

	buf_printf(&text,
		"SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE %s"
		" DROP PARTITION %.*s",
		table, STR_ARG(buf_str(&plan->old)));
	if (!run_text(db, &text, err))
		return false;
	log_info("partitions: dropped from %s: %.*s", table,
		STR_ARG(buf_str(&plan->old)));
	return true;
}

/* A table's definition takes no `?`; a text that is run takes them all. */
static bool run_text(struct db *db, struct buf *text, struct error *err)
{
	struct stmt *stmt;
	bool run = false;

	if (text->failed)
		error_set(err, ERR_INTERNAL, "partitions: too many");
	else if (stmt_prepare(db, &stmt,
			 "BEGIN NOT ATOMIC EXECUTE IMMEDIATE ?; END", err)) {
		stmt_bind_str(stmt, buf_str(text));
		run = stmt_run(stmt, err);
	}
	buf_release(text);
	return run;
}
