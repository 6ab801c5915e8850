/*
 * replay.c - every record arrives in MariaDB exactly once, whatever dies, and
 * the totals are always those of the rows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/file.h>

#include "base/clock.h"
#include "database.h"
#include "ledger/batch.h"

/*
 * How many totals of a table differ from the rows they are of: those that
 * are wrong or missing, and those too many.
 */
#define WRONG_TOTALS(table, bucket)                                                \
	"SELECT (SELECT COUNT(*) FROM (SELECT started_ms - started_ms MOD " bucket \
	" AS b, project_id AS p, key_id AS k, model_id AS m,"                      \
	" provider_id AS v, MAX(organisation_id) AS o, COUNT(*) AS n,"             \
	" SUM(error <> '') AS n1, SUM(NOT complete) AS n2,"                        \
	" SUM(streamed) AS n3, SUM(cache_hit) AS n4, SUM(NOT priced) AS n5,"       \
	" COALESCE(SUM(prompt_tokens), 0) AS n6,"                                  \
	" COALESCE(SUM(completion_tokens), 0) AS n7,"                              \
	" COALESCE(SUM(cached_tokens), 0) AS n8,"                                  \
	" COALESCE(SUM(cache_write_tokens), 0) AS n9,"                             \
	" COALESCE(SUM(reasoning_tokens), 0) AS n10,"                              \
	" SUM(IF(priced, cost_picousd, 0)) AS n11,"                                \
	" SUM(saved_picousd) AS n12, COALESCE(SUM(queue_us), 0) AS n13,"           \
	" COALESCE(SUM(gateway_us), 0) AS n14,"                                    \
	" COALESCE(SUM(first_token_us), 0) AS n15,"                                \
	" COUNT(first_token_us) AS n16, COALESCE(SUM(total_us), 0) AS n17,"        \
	" COUNT(total_us) AS n18,"                                                 \
	" COALESCE(SUM(total_us < 100000), 0) AS h1,"                              \
	" COALESCE(SUM(total_us >= 100000 AND total_us < 250000), 0) AS h2,"       \
	" COALESCE(SUM(total_us >= 250000 AND total_us < 500000), 0) AS h3,"       \
	" COALESCE(SUM(total_us >= 500000 AND total_us < 1000000), 0)"             \
	" AS h4,"                                                                  \
	" COALESCE(SUM(total_us >= 1000000 AND total_us < 2500000), 0)"            \
	" AS h5,"                                                                  \
	" COALESCE(SUM(total_us >= 2500000 AND total_us < 5000000), 0)"            \
	" AS h6,"                                                                  \
	" COALESCE(SUM(total_us >= 5000000 AND total_us < 10000000), 0)"           \
	" AS h7,"                                                                  \
	" COALESCE(SUM(total_us >= 10000000 AND total_us < 30000000), 0)"          \
	" AS h8,"                                                                  \
	" COALESCE(SUM(total_us >= 30000000 AND total_us < 60000000), 0)"          \
	" AS h9,"                                                                  \
	" COALESCE(SUM(total_us >= 60000000), 0) AS h10,"                          \
	" SUM(charged_picousd) AS n19, SUM(admitted) AS n20,"                      \
	" COALESCE(SUM(route_saved_picousd), 0) AS n21,"                           \
	" COUNT(route_saved_picousd) AS n22"                                       \
	" FROM requests GROUP BY b, p, k, m, v) AS r LEFT JOIN " table             \
	" AS t ON t.bucket_ms = b AND t.project_id = p AND t.key_id = k"           \
	" AND t.model_id = m AND t.provider_id = v"                                \
	" WHERE t.bucket_ms IS NULL OR t.organisation_id <> o"                     \
	" OR t.requests <> n OR t.errors <> n1 OR t.incomplete <> n2"              \
	" OR t.streamed <> n3 OR t.cache_hits <> n4 OR t.unpriced <> n5"           \
	" OR t.prompt_tokens <> n6 OR t.completion_tokens <> n7"                   \
	" OR t.cached_tokens <> n8 OR t.cache_write_tokens <> n9"                  \
	" OR t.reasoning_tokens <> n10 OR t.cost_picousd <> n11"                   \
	" OR t.saved_picousd <> n12 OR t.queue_us <> n13"                          \
	" OR t.gateway_us <> n14 OR t.first_token_us <> n15"                       \
	" OR t.first_token_requests <> n16 OR t.total_us <> n17"                   \
	" OR t.total_requests <> n18 OR t.under_100ms <> h1"                       \
	" OR t.under_250ms <> h2 OR t.under_500ms <> h3"                           \
	" OR t.under_1s <> h4 OR t.under_2500ms <> h5 OR t.under_5s <> h6"         \
	" OR t.under_10s <> h7 OR t.under_30s <> h8 OR t.under_60s <> h9"          \
	" OR t.over_60s <> h10 OR t.charged_picousd <> n19"                        \
	" OR t.admitted <> n20 OR t.route_saved_picousd <> n21"                    \
	" OR t.route_saved_requests <> n22)"                                       \
	" + ABS((SELECT COUNT(*) FROM requests)"                                   \
	" - (SELECT COALESCE(SUM(requests), 0) FROM " table "))"

/* How many series do not have every call that belongs to them once; a table
 * has ten, or none. */
#define WRONG_SERIES(table)                                                \
	"SELECT (SELECT COUNT(*) FROM (SELECT scope, subject,"             \
	" SUM(requests) AS n, SUM(charged_picousd) AS c,"                  \
	" SUM(total_us) AS t FROM " table " GROUP BY scope, subject) AS s" \
	" JOIN (SELECT 'organisation' AS of, COUNT(*) AS rn,"              \
	" SUM(charged_picousd) AS rc, COALESCE(SUM(total_us), 0) AS rt"    \
	" FROM requests UNION ALL SELECT 'project', COUNT(*),"             \
	" SUM(charged_picousd), COALESCE(SUM(total_us), 0) FROM requests"  \
	" WHERE project_id > 0 UNION ALL SELECT 'key', COUNT(*),"          \
	" SUM(charged_picousd), COALESCE(SUM(total_us), 0) FROM requests"  \
	" WHERE key_id > 0) AS r ON r.of = scope"                          \
	" WHERE n <> rn OR c <> rc OR t <> rt)"                            \
	" + (SELECT ABS(COUNT(DISTINCT scope, subject)"                    \
	" - IF(EXISTS(SELECT 1 FROM requests), 10, 0)) FROM " table ")"

#define WRONG_USER_TOTALS(table, bucket)                                  \
	"SELECT (SELECT COUNT(*) FROM (SELECT"                            \
	" started_ms - started_ms MOD " bucket " AS b, project_id AS p,"  \
	" user AS u, MAX(organisation_id) AS o, COUNT(*) AS n,"           \
	" SUM(error <> '') AS n1, COALESCE(SUM(prompt_tokens), 0) AS n2," \
	" COALESCE(SUM(completion_tokens), 0) AS n3,"                     \
	" SUM(IF(priced, cost_picousd, 0)) AS n4,"                        \
	" SUM(charged_picousd) AS n5, SUM(admitted) AS n6"                \
	" FROM requests WHERE user <> '' GROUP BY b, p, u) AS r"          \
	" LEFT JOIN " table " AS t ON t.bucket_ms = b"                    \
	" AND t.project_id = p AND t.user = u"                            \
	" WHERE t.bucket_ms IS NULL OR t.organisation_id <> o"            \
	" OR t.requests <> n OR t.errors <> n1 OR t.prompt_tokens <> n2"  \
	" OR t.completion_tokens <> n3 OR t.cost_picousd <> n4"           \
	" OR t.charged_picousd <> n5 OR t.admitted <> n6)"                \
	" + ABS((SELECT COUNT(*) FROM requests WHERE user <> '')"         \
	" - (SELECT COALESCE(SUM(requests), 0) FROM " table "))"

static void assert_rows(struct database *database, int64_t rows)
{
	assert_int_equal(
		database_number(database, "SELECT COUNT(*) FROM requests"),
		rows);
	assert_int_equal(database_number(database,
				 WRONG_TOTALS("usage_minute", "60000")),
		0);
	assert_int_equal(
		database_number(database, WRONG_SERIES("usage_scope_hour")), 0);
	assert_int_equal(
		database_number(database, WRONG_SERIES("usage_scope_day")), 0);
	assert_int_equal(
		database_number(database,
			WRONG_USER_TOTALS("usage_user_day", "86400000")),
		0);
	assert_int_equal(
		database_number(database,
			WRONG_USER_TOTALS("usage_user_week", "604800000")),
		0);
}

static struct journal *open_journal(struct database *database)
{
	struct journal *journal;
	struct error err = ERROR_INIT;

	if (!journal_open(&database->settings, &journal, &err))
		fail_msg("%s", error_detail(&err));
	return journal;
}

static void append_record(
	struct journal *journal, const struct usage_record *record)
{
	struct error err = ERROR_INIT;

	if (!journal_append(journal, record, &err))
		fail_msg("%s", error_detail(&err));
}

/* The records from first to last, last not included. */
static void append(struct database *database, struct journal *journal,
	int64_t first, int64_t last)
{
	struct arena_mark mark = arena_mark(&database->arena);

	for (int64_t i = first; i < last; i++) {
		struct usage_record record = sample_record(&database->arena, i);

		append_record(journal, &record);
		arena_rewind(&database->arena, mark);
	}
}

static void write_journal(
	struct database *database, int64_t first, int64_t last)
{
	struct journal *journal = open_journal(database);

	append(database, journal, first, last);
	journal_close(journal);
}

static size_t replay(struct database *database)
{
	struct error err = ERROR_INIT;
	size_t moved;

	if (!journal_replay(
		    &database->settings, database->pool, NULL, &moved, &err))
		fail_msg("%s", error_detail(&err));
	return moved;
}

static int count_journals(struct database *database)
{
	return sample_count_files(&database->settings, "journal", ".journal");
}

static int count_rejected(struct database *database, const char *end)
{
	return sample_count_files(&database->settings, "journal/rejected", end);
}

static void a_file_is_replayed_and_deleted(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);

	append(database, journal, 0, 1234);
	assert_int_equal(replay(database), 1234);
	assert_rows(database, 1234);
	assert_int_equal(replay(database), 0);
	append(database, journal, 1234, 1240);
	assert_int_equal(replay(database), 6);
	assert_int_equal(count_journals(database), 1);
	assert_int_equal(
		database_number(database, "SELECT records FROM journal_files"),
		1240);
	journal_close(journal);
	assert_int_equal(replay(database), 0);
	assert_int_equal(count_journals(database), 0);
	assert_int_equal(
		database_number(database, "SELECT COUNT(*) FROM journal_files"),
		0);
	assert_rows(database, 1240);
}

#define COLUMNS                                                           \
	"started_ms, organisation_id, project_id, key_id, streamed,"      \
	" model_id, provider_id, provider_key_id, attempts, status,"      \
	" complete, cache_hit, prompt_tokens, completion_tokens,"         \
	" cached_tokens, cache_write_tokens, reasoning_tokens, priced,"   \
	" cost_picousd, saved_picousd, queue_us, gateway_us, connect_us," \
	" first_token_us, total_us, request_bytes, response_bytes,"       \
	" charged_picousd, admitted, coalesced"
#define TEXT_COLUMNS                                                             \
	"request_id, user, client_ip, host, route, dialect, model_asked, alias," \
	" complexity, model_used, provider, error, error_detail,"                \
	" finish_reason, usage_source, provider_dialect, dropped, affinity"

static void assert_row(struct stmt *stmt, const struct usage_record *r)
{
	const int64_t numbers[] = { r->started_unix_ms, r->organisation_id,
		r->project_id, r->key_id, r->streamed, r->model_id,
		r->provider_id, r->provider_key_id, r->attempts, r->status,
		r->complete, r->cache_hit, r->tokens.prompt,
		r->tokens.completion, r->tokens.cached, r->tokens.cache_write,
		r->tokens.reasoning, r->priced, r->cost_picousd,
		r->saved_picousd, r->queue_us, r->gateway_us, r->connect_us,
		r->first_token_us, r->total_us, r->request_bytes,
		r->response_bytes, usage_record_charged(r), r->admitted,
		r->coalesced };
	const struct str texts[] = { r->request_id, r->user, r->client_ip,
		r->host, r->route, r->dialect, r->model_asked, r->alias,
		r->complexity, r->model_used, r->provider, r->error,
		r->error_detail, r->finish_reason,
		r->usage_source == USAGE_PROVIDER ? S("provider")
						  : S("estimated"),
		r->provider_dialect, r->dropped, r->affinity };
	unsigned column = 0;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++, column++) {
		if (numbers[i] < 0)
			assert_true(stmt_is_null(stmt, column));
		else
			assert_int_equal(stmt_int(stmt, column), numbers[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++, column++)
		assert_true(str_equal(stmt_str(stmt, column), texts[i]));
}

static void every_column_is_the_records(void **state)
{
	struct database *database = *state;
	struct error err = ERROR_INIT;
	struct db *db;
	struct stmt *stmt;
	bool more;
	int64_t number = 0;

	write_journal(database, 0, 120);
	assert_int_equal(replay(database), 120);
	db = database_take(database);
	assert_true(stmt_prepare(db, &stmt,
		"SELECT " COLUMNS ", " TEXT_COLUMNS
		" FROM requests ORDER BY started_ms",
		&err));
	assert_true(stmt_run(stmt, &err));
	while (stmt_fetch(stmt, &more, &err) && more) {
		struct usage_record record =
			sample_record(&database->arena, number++);

		assert_row(stmt, &record);
	}
	assert_int_equal(number, 120);
	db_give(database->pool, db);
}

/* Once each, though the records come twice. */
static void attempts_are_rows(void **state)
{
	struct database *database = *state;
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	struct db *db;
	bool more;

	write_journal(database, 0, 60);
	write_journal(database, 30, 90);
	assert_int_equal(replay(database), 90);
	/* A third of them has one, two or three. */
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM request_attempts"),
		30 + 60 + 90);
	db = database_take(database);
	assert_true(stmt_prepare(db, &stmt,
		"SELECT started_ms, attempt, model_used, model_id, provider,"
		" provider_id, provider_key_id, upstream_request_id, status,"
		" error, error_detail, advice, offset_us, connect_us,"
		" first_byte_us, total_us FROM request_attempts"
		" WHERE request_id = 'req_000000000008' ORDER BY attempt",
		&err));
	assert_true(stmt_run(stmt, &err));
	for (const struct attempt_record *a =
			sample_attempts(&database->arena, 8);
		a; a = a->next) {
		static int64_t number;

		assert_true(stmt_fetch(stmt, &more, &err) && more);
		assert_int_equal(stmt_int(stmt, 0), SAMPLE_DAY_MS + 8 * 37);
		assert_int_equal(stmt_int(stmt, 1), ++number);
		assert_true(str_equal(stmt_str(stmt, 2), a->model_used));
		assert_int_equal(stmt_int(stmt, 3), a->model_id);
		assert_true(str_equal(stmt_str(stmt, 4), a->provider));
		assert_int_equal(stmt_int(stmt, 5), a->provider_id);
		assert_int_equal(stmt_int(stmt, 6), a->provider_key_id);
		assert_true(
			str_equal(stmt_str(stmt, 7), a->upstream_request_id));
		assert_int_equal(stmt_int(stmt, 8), a->status);
		assert_true(str_equal(stmt_str(stmt, 9), a->error));
		assert_true(str_equal(stmt_str(stmt, 10), a->error_detail));
		assert_true(str_equal(stmt_str(stmt, 11), a->advice));
		assert_int_equal(stmt_int(stmt, 12), a->offset_us);
		assert_int_equal(stmt_is_null(stmt, 13), a->connect_us < 0);
		assert_int_equal(stmt_is_null(stmt, 14), a->first_byte_us < 0);
		assert_int_equal(stmt_int(stmt, 15), a->total_us);
	}
	assert_true(stmt_fetch(stmt, &more, &err) && !more);
	db_give(database->pool, db);
}

/* A copy under another name, half of it new. */
static void a_copied_file_is_not_counted_again(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);
	char copy[PATH_MAX];
	char *path;

	snprintf(copy, sizeof(copy), "%s/journal/copy-1-00.journal",
		database->state_dir);
	append(database, journal, 0, 777);
	assert_int_equal(replay(database), 777);
	append(database, journal, 777, 1500);
	path = sample_journal_path(&database->arena, &database->settings, 0);
	sample_write(copy, sample_read(&database->arena, path));
	assert_int_equal(replay(database), 1500 - 777);
	assert_rows(database, 1500);
	journal_close(journal);
	assert_int_equal(replay(database), 0);
	assert_int_equal(count_journals(database), 0);
	assert_rows(database, 1500);
}

static void the_same_call_twice_is_stored_once(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);

	append(database, journal, 0, 60);
	append(database, journal, 30, 90);
	append(database, journal, 89, 90);
	journal_close(journal);
	assert_int_equal(replay(database), 90);
	assert_rows(database, 90);
}

/* A record that is half written by a process that lives is waited for. */
static void a_growing_file_is_waited_for(void **state)
{
	struct database *database = *state;
	struct str bytes;
	char path[PATH_MAX];
	char *original;
	int file;

	write_journal(database, 0, 3);
	original =
		sample_journal_path(&database->arena, &database->settings, 0);
	bytes = sample_read(&database->arena, original);
	unlink(original);
	snprintf(path, sizeof(path), "%s/journal/slow-1-00.journal",
		database->state_dir);
	file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(flock(file, LOCK_EX), 0);
	for (size_t i = 0; i < bytes.n; i += 37) {
		struct str piece = str_head(str_from(bytes, i), 37);

		assert_int_equal(write(file, piece.p, piece.n), piece.n);
		replay(database);
	}
	assert_rows(database, 3);
	close(file);
	assert_int_equal(replay(database), 0);
	assert_int_equal(count_journals(database), 0);
	assert_int_equal(count_rejected(database, ".damaged"), 0);
}

static void damaged_bytes_are_kept_and_counted(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);
	char *path;
	struct str bytes;
	size_t start = 0;
	char *byte;

	append(database, journal, 0, 600);
	path = sample_journal_path(&database->arena, &database->settings, 0);
	bytes = sample_read(&database->arena, path);
	for (int i = 0; i < 100; i++)
		start += frame_find(str_from(bytes, start)).end;
	byte = (char *)(uintptr_t)bytes.p + start + FRAME_HEADER_BYTES + 9;
	*byte ^= 4;
	/* The last one is torn as well. */
	sample_write(path, str_head(bytes, bytes.n - 1));
	assert_int_equal(replay(database), 598);
	assert_int_equal(count_rejected(database, ".damaged"), 1);
	assert_true(database_number(database,
			    "SELECT lost_bytes FROM journal_files") > 100);
	journal_close(journal);
	assert_int_equal(replay(database), 0);
	assert_int_equal(count_rejected(database, ".damaged"), 2);
	assert_int_equal(count_journals(database), 0);
	assert_rows(database, 598);
}

static void what_is_no_call_is_kept_apart(void **state)
{
	struct database *database = *state;
	struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
	struct buf all = BUF_INIT(1 << 24);
	struct str bytes;
	char *path;

	write_journal(database, 0, 2);
	path = sample_journal_path(&database->arena, &database->settings, 0);
	bytes = sample_read(&database->arena, path);
	frame_begin(&frame);
	buf_append(&frame, S("{\"request_id\":7}"));
	frame_seal(&frame);
	buf_append(&all, buf_str(&frame));
	buf_append(&all, bytes);
	buf_append(&all, buf_str(&frame));
	sample_write(path, buf_str(&all));
	assert_int_equal(replay(database), 2);
	assert_int_equal(count_rejected(database, ".json"), 2);
	assert_int_equal(count_journals(database), 0);
	assert_rows(database, 2);
	buf_release(&frame);
	buf_release(&all);
}

/* MariaDB refuses three records for what is in them; the others arrive. */
static void refused_records_hold_up_nobody(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);

	database_run(database, "ALTER TABLE requests ADD CONSTRAINT no_poison"
			       " CHECK (model_asked <> 'poison')");
	for (int64_t i = 0; i < 700; i++) {
		struct usage_record record = sample_record(&database->arena, i);

		if (i == 0 || i == 251 || i == 699)
			record.model_asked = S("poison");
		append_record(journal, &record);
	}
	assert_int_equal(replay(database), 697);
	assert_int_equal(count_rejected(database, ".json"), 3);
	assert_int_equal(replay(database), 0);
	database_run(
		database, "ALTER TABLE requests DROP CONSTRAINT no_poison");
	journal_close(journal);
	assert_int_equal(replay(database), 0);
	assert_int_equal(count_journals(database), 0);
	assert_rows(database, 697);
}

/* A fault of the database is never taken for a fault of the records. */
static void a_missing_table_rejects_nothing(void **state)
{
	struct database *database = *state;
	struct error err = ERROR_INIT;
	size_t moved;

	write_journal(database, 0, 600);
	database_run(database, "RENAME TABLE usage_scope_hour TO away");
	assert_false(journal_replay(
		&database->settings, database->pool, NULL, &moved, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_int_equal(moved, 0);
	database_run(database, "RENAME TABLE away TO usage_scope_hour");
	assert_rows(database, 0);
	assert_int_equal(count_rejected(database, ".json"), 0);
	assert_int_equal(replay(database), 600);
	assert_rows(database, 600);
}

/* Even without the lock, whoever comes second stores nothing. */
static void a_position_is_left_only_once(void **state)
{
	struct database *database = *state;
	struct usage_record record = sample_record(&database->arena, 1);
	struct batch_entry entry = { .record = record, .end = 50 };
	struct batch batch = { .file = STR("some.journal"),
		.end = 50,
		.entries = &entry,
		.count = 1 };
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	int64_t position;

	assert_true(batch_load_position(db, batch.file, &position, &err));
	assert_int_equal(position, 0);
	assert_true(batch_store(db, &batch, &err));
	entry.record.request_id = S("another");
	assert_false(batch_store(db, &batch, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_true(batch_load_position(db, batch.file, &position, &err));
	assert_int_equal(position, 50);
	db_give(database->pool, db);
	assert_rows(database, 1);
}

/* In a process of its own, with connections of its own. */
static pid_t replay_in_child(struct database *database)
{
	pid_t child = fork();

	if (child == 0) {
		struct db_pool *pool;
		struct error err;
		size_t moved;

		if (!db_pool_new(&database->settings, &pool, &err))
			_exit(2);
		for (;;) {
			if (!journal_replay(&database->settings, pool, NULL,
				    &moved, &err))
				_exit(1);
			if (count_journals(database) == 0)
				_exit(0);
		}
	}
	return child;
}

static void killed_replayers_double_nothing(void **state)
{
	struct database *database = *state;
	int64_t written = 0;

	for (int round = 0; round < 20; round++) {
		pid_t child;
		int status;

		write_journal(database, written, written + 1500);
		written += 1500;
		child = replay_in_child(database);
		usleep((useconds_t)(3000 + (round * 7919) % 60000));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
	}
	assert_true(replay(database) > 0);
	assert_int_equal(count_journals(database), 0);
	assert_rows(database, written);
}

static void replayers_share_the_files(void **state)
{
	struct database *database = *state;
	pid_t children[3];

	for (int64_t i = 0; i < 12; i++)
		write_journal(database, i * 400, (i + 1) * 400);
	for (size_t i = 0; i < ARRAY_LEN(children); i++)
		children[i] = replay_in_child(database);
	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		/* A deadlock among them may end one's turn. */
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	}
	replay(database);
	assert_int_equal(count_journals(database), 0);
	assert_int_equal(count_rejected(database, ".json"), 0);
	assert_rows(database, 4800);
}

/* Two files with the same records, replayed at the same time. */
static void copies_replayed_together_count_once(void **state)
{
	struct database *database = *state;
	pid_t children[2];
	char copy[PATH_MAX];
	struct str bytes;

	write_journal(database, 0, 2000);
	bytes = sample_read(&database->arena,
		sample_journal_path(&database->arena, &database->settings, 0));
	snprintf(copy, sizeof(copy), "%s/journal/zz-1-00.journal",
		database->state_dir);
	sample_write(copy, bytes);
	for (size_t i = 0; i < ARRAY_LEN(children); i++)
		children[i] = replay_in_child(database);
	for (size_t i = 0; i < ARRAY_LEN(children); i++)
		assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
	replay(database);
	assert_int_equal(count_journals(database), 0);
	assert_int_equal(count_rejected(database, ".json"), 0);
	assert_rows(database, 2000);
}

static void a_database_that_dies_loses_nothing(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);

	for (int round = 0; round < 3; round++) {
		struct error err = ERROR_INIT;
		size_t moved;
		pid_t child;
		int status;

		append(database, journal, round * 4000, (round + 1) * 4000);
		child = replay_in_child(database);
		usleep((useconds_t)(20000 + round * 25000));
		private_mariadb_end(&database->server, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		assert_false(journal_replay(&database->settings, database->pool,
			NULL, &moved, &err));
		assert_int_equal(err.kind, ERR_DATABASE);
		assert_int_equal(moved, 0);
		private_mariadb_launch(&database->server);
	}
	replay(database);
	assert_int_equal(count_rejected(database, ".json"), 0);
	assert_rows(database, 12000);
	journal_close(journal);
}

static void hostile_contents_arrive(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);
	struct buf smiles = BUF_INIT(1 << 16);
	struct usage_record record;
	static const struct str texts[] = { STR("'; DROP TABLE requests; --"),
		STR("\"\\\"\\'%s%n"), STR("a\0b"), STR("\xf0\x9f\x98\x80"),
		STR("\xff\xfe\xc0\xaf"), STR("trailing  "), STR("trailing") };

	while (smiles.n < 10240)
		buf_append(&smiles, S("\xf0\x9f\x98\x80"));
	for (size_t i = 0; i < ARRAY_LEN(texts) + 1; i++) {
		struct str text =
			i < ARRAY_LEN(texts) ? texts[i] : buf_str(&smiles);

		record = sample_record(&database->arena, (int64_t)i);
		record.user = text;
		record.client_ip = text;
		record.route = text;
		record.dialect = text;
		record.model_asked = text;
		record.alias = text;
		record.complexity = text;
		record.model_used = text;
		record.provider = text;
		record.error = text;
		record.error_detail = text;
		record.finish_reason = text;
		append_record(journal, &record);
	}
	assert_int_equal(replay(database), ARRAY_LEN(texts) + 1);
	assert_rows(database, ARRAY_LEN(texts) + 1);
	assert_int_equal(count_rejected(database, ".json"), 0);
	assert_int_equal(database_number(database,
				 "SELECT CHAR_LENGTH(user) FROM requests"
				 " ORDER BY started_ms DESC LIMIT 1"),
		255);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM requests"
				 " WHERE user = CONCAT('a', CHAR(0), 'b')"),
		1);
	journal_close(journal);
	buf_release(&smiles);
}

/* Sums that cannot hold it stay at the end instead of wrapping round. */
static void absurd_numbers_arrive(void **state)
{
	struct database *database = *state;
	struct journal *journal = open_journal(database);

	for (int64_t i = 0; i < 4; i++) {
		struct usage_record record = sample_record(&database->arena, i);
		int64_t absurd = i == 3 ? INT64_MIN : INT64_MAX;

		record.started_unix_ms = absurd;
		record.project_id = absurd;
		record.key_id = absurd;
		record.model_id = absurd;
		record.attempts = absurd;
		record.status = absurd;
		record.tokens.prompt = absurd;
		record.cost_picousd = absurd;
		record.priced = true;
		record.total_us = absurd;
		record.request_bytes = absurd;
		append_record(journal, &record);
		/* The second and third add to what is there already. */
		assert_int_equal(replay(database), 1);
	}
	assert_int_equal(count_rejected(database, ".json"), 0);
	assert_int_equal(
		database_number(database,
			"SELECT MAX(cost_picousd) FROM usage_scope_day"),
		INT64_MAX);
	assert_int_equal(
		database_number(database,
			"SELECT SUM(requests) FROM usage_scope_day"
			" WHERE scope = 'organisation' AND subject = 'all'"
			" AND over_60s = 3 AND total_us = 0x7fffffffffffffff"),
		3);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM requests"
				 " WHERE status = 32767 OR started_ms = 0"),
		4);
	journal_close(journal);
}

static struct journal_use told[8];
static size_t told_count;

static void keep_uses(
	struct db *db, const struct journal_use *uses, size_t count)
{
	assert_non_null(db);
	assert_true(told_count + count <= ARRAY_LEN(told));
	memcpy(told + told_count, uses, count * sizeof(*uses));
	told_count += count;
}

/* Each once a batch, at its newest; nobody's calls are no use. */
static void uses_of_keys_are_told(void **state)
{
	static const struct journal_use calls[] = { { 7, SAMPLE_DAY_MS + 5 },
		{ 8, SAMPLE_DAY_MS + 1 }, { 7, SAMPLE_DAY_MS + 9 },
		{ 0, SAMPLE_DAY_MS + 2 }, { 7, SAMPLE_DAY_MS + 8 } };
	struct database *database = *state;
	struct journal *journal = open_journal(database);
	struct error err = ERROR_INIT;
	size_t moved;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct usage_record record =
			sample_record(&database->arena, (int64_t)i);

		record.key_id = calls[i].key_id;
		record.started_unix_ms = calls[i].unix_ms;
		append_record(journal, &record);
	}
	told_count = 0;
	assert_true(journal_replay(
		&database->settings, database->pool, keep_uses, &moved, &err));
	assert_int_equal(moved, ARRAY_LEN(calls));
	assert_int_equal(told_count, 2);
	assert_int_equal(told[0].key_id, 7);
	assert_int_equal(told[0].unix_ms, SAMPLE_DAY_MS + 9);
	assert_int_equal(told[1].key_id, 8);
	assert_int_equal(told[1].unix_ms, SAMPLE_DAY_MS + 1);
	journal_close(journal);
}

static void tell_the_speed(void **state)
{
	struct database *database = *state;
	int64_t start_ms;
	int64_t took_ms;

	write_journal(database, 0, 100000);
	start_ms = clock_monotonic_ms();
	assert_int_equal(replay(database), 100000);
	took_ms = clock_monotonic_ms() - start_ms;
	assert_rows(database, 100000);
	print_message("         100000 records: %" PRId64 " ms, %" PRId64
		      " a second\n",
		took_ms, 100000 * 1000 / (took_ms + 1));
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, database_clear, database_done)
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_replayed_and_deleted),
		TEST(every_column_is_the_records),
		TEST(attempts_are_rows),
		TEST(a_copied_file_is_not_counted_again),
		TEST(the_same_call_twice_is_stored_once),
		TEST(a_growing_file_is_waited_for),
		TEST(damaged_bytes_are_kept_and_counted),
		TEST(what_is_no_call_is_kept_apart),
		TEST(refused_records_hold_up_nobody),
		TEST(a_missing_table_rejects_nothing),
		TEST(a_position_is_left_only_once),
		TEST(killed_replayers_double_nothing),
		TEST(replayers_share_the_files),
		TEST(copies_replayed_together_count_once),
		TEST(a_database_that_dies_loses_nothing),
		TEST(hostile_contents_arrive),
		TEST(absurd_numbers_arrive),
		TEST(uses_of_keys_are_told),
		TEST(tell_the_speed),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
