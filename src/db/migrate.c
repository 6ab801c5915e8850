/*
 * migrate.c - the migrations of a directory against those in the database.
 * Digests are the server's SHA2(): they are only ever compared with each
 * other.
 */
#include "db/migrate.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/connection.h"
#include "db/stmt.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (4 * 1024 * 1024)
#define MAX_VERSION 999999
#define LOCK_TIMEOUT_S 600

struct migration {
	int64_t version;
	const char *name; /* NNN_name.sql */
	struct str sql;
	struct str sha256;
	bool applied;
};

/* All of a directory, in the order of their numbers. */
struct migrations {
	struct arena arena;
	const char *directory;
	struct migration *all;
	size_t count;
	size_t capacity;
};

static bool migrations_load(
	struct migrations *list, const char *directory, struct error *err);
static bool collect_names(
	struct migrations *list, DIR *directory, struct error *err);
static bool parse_name(struct str name, int64_t *version);
static void migrations_add(
	struct migrations *list, struct str name, int64_t version);
static int by_version(const void *a, const void *b);
static bool read_file(struct migrations *list, struct migration *migration,
	struct error *err);
static bool compare(struct migrations *list, struct db *db, struct error *err);
static bool digest_all(
	struct migrations *list, struct db *db, struct error *err);
static bool table_exists(struct db *db, bool *exists, struct error *err);
static bool mark_applied(
	struct migrations *list, struct db *db, struct error *err);
static bool mark_one(
	struct migrations *list, struct stmt *row, struct error *err);
static bool check_order(const struct migrations *list, struct error *err);
static bool run_locked(struct migrations *list, struct db *db,
	unsigned *applied, struct error *err);
static bool lock(struct db *db, struct error *err);
static bool run_file(
	struct db *db, const struct migration *migration, struct error *err);
static bool run_statement(struct db *db, const struct migration *migration,
	unsigned number, struct str sql, struct error *err);
static bool record(
	struct db *db, const struct migration *migration, struct error *err);

bool migrate_run(struct db *db, const char *directory, unsigned *applied,
	struct error *err)
{
	struct migrations list;
	struct db *own = NULL;
	bool ok;

	*applied = 0;
	ok = migrations_load(&list, directory, err) &&
	     connection_open(db->target, 0, &own, err) &&
	     run_locked(&list, own, applied, err);
	/* The lock ends with its connection. */
	connection_close(own);
	arena_release(&list.arena);
	return ok;
}

bool migrate_pending(struct db *db, const char *directory, unsigned *count,
	struct error *err)
{
	struct migrations list;
	bool ok = migrations_load(&list, directory, err) &&
		  compare(&list, db, err);

	*count = 0;
	for (size_t i = 0; ok && i < list.count; i++)
		*count += !list.all[i].applied;
	arena_release(&list.arena);
	return ok;
}

static bool migrations_load(
	struct migrations *list, const char *directory, struct error *err)
{
	DIR *open_directory = opendir(directory);
	bool ok;

	*list = (struct migrations){ .directory = directory };
	arena_init(&list->arena, 16384);
	if (!open_directory)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: cannot be read: %s", directory, strerror(errno));
	ok = collect_names(list, open_directory, err);
	closedir(open_directory);
	for (size_t i = 0; ok && i < list->count; i++)
		ok = read_file(list, &list->all[i], err);
	return ok;
}

static bool collect_names(
	struct migrations *list, DIR *directory, struct error *err)
{
	struct dirent *entry;
	int64_t version;

	while ((entry = readdir(directory))) {
		if (parse_name(str_of(entry->d_name), &version))
			migrations_add(list, str_of(entry->d_name), version);
	}
	if (list->count == 0)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: holds no migrations (NNN_name.sql)",
			list->directory);
	qsort(list->all, list->count, sizeof(list->all[0]), by_version);
	for (size_t i = 1; i < list->count; i++) {
		if (list->all[i].version == list->all[i - 1].version)
			return error_refuse(err, ERR_CONFIG, NULL,
				"%s: %s and %s have the same number",
				list->directory, list->all[i - 1].name,
				list->all[i].name);
	}
	return true;
}

static bool parse_name(struct str name, int64_t *version)
{
	return str_ends(name, S(".sql")) &&
	       str_to_int64_in(str_head(name, str_index(name, '_')), 1,
		       MAX_VERSION, version);
}

static void migrations_add(
	struct migrations *list, struct str name, int64_t version)
{
	if (list->count == list->capacity) {
		struct migration *larger;

		list->capacity = list->capacity * 2 + 16;
		larger = ARENA_ARRAY(
			&list->arena, struct migration, list->capacity);
		if (list->count)
			memcpy(larger, list->all,
				list->count * sizeof(*larger));
		list->all = larger;
	}
	list->all[list->count++] = (struct migration){ .version = version,
		.name = arena_cstr(&list->arena, name) };
}

static int by_version(const void *a, const void *b)
{
	int64_t left = ((const struct migration *)a)->version;
	int64_t right = ((const struct migration *)b)->version;

	return (left > right) - (left < right);
}

static bool read_file(
	struct migrations *list, struct migration *migration, struct error *err)
{
	const char *path = arena_printf(
		&list->arena, "%s/%s", list->directory, migration->name)
				   .p;
	FILE *file = fopen(path, "re");
	struct stat st;
	char *bytes = NULL;
	size_t n = 0;

	if (file && fstat(fileno(file), &st) == 0 &&
		st.st_size < MAX_FILE_BYTES) {
		bytes = arena_alloc(&list->arena, (size_t)st.st_size + 1);
		n = fread(bytes, 1, (size_t)st.st_size, file);
	}
	if (file)
		fclose(file);
	if (!bytes || n != (size_t)st.st_size)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: cannot be read, or is too large", path);
	migration->sql = (struct str){ bytes, n };
	return true;
}

/* Learn which have run, and that they are the ones of the directory. */
static bool compare(struct migrations *list, struct db *db, struct error *err)
{
	bool exists;

	if (!table_exists(db, &exists, err))
		return false;
	if (!exists)
		return true;
	return digest_all(list, db, err) && mark_applied(list, db, err) &&
	       check_order(list, err);
}

static bool table_exists(struct db *db, bool *exists, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT 1 FROM information_schema.TABLES"
		    " WHERE TABLE_SCHEMA = DATABASE()"
		    " AND TABLE_NAME = 'schema_migrations'",
		    err))
		return false;
	return stmt_run(stmt, err) && stmt_fetch(stmt, exists, err);
}

static bool digest_all(
	struct migrations *list, struct db *db, struct error *err)
{
	struct stmt *stmt;
	bool more;

	for (size_t i = 0; i < list->count; i++) {
		struct migration *migration = &list->all[i];

		if (!stmt_prepare(db, &stmt, "SELECT SHA2(?, 256)", err))
			return false;
		stmt_bind_str(stmt, migration->sql);
		if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &more, err))
			return false;
		migration->sha256 = arena_copy(&list->arena, stmt_str(stmt, 0));
	}
	return true;
}

static bool mark_applied(
	struct migrations *list, struct db *db, struct error *err)
{
	struct stmt *row;
	bool more;

	if (!stmt_prepare(db, &row,
		    "SELECT version, name, sha256 FROM schema_migrations"
		    " ORDER BY version",
		    err) ||
		!stmt_run(row, err))
		return false;
	while (stmt_fetch(row, &more, err)) {
		if (!more)
			return true;
		if (!mark_one(list, row, err))
			return false;
	}
	return false;
}

static bool mark_one(
	struct migrations *list, struct stmt *row, struct error *err)
{
	struct migration wanted = { .version = stmt_int(row, 0) };
	struct migration *found = bsearch(
		&wanted, list->all, list->count, sizeof(wanted), by_version);
	struct str name = stmt_str(row, 1);

	if (!found)
		return error_refuse(err, ERR_CONFIG, NULL,
			"the database is newer than this program: migration "
			"%.*s is not in %s",
			STR_ARG(name), list->directory);
	if (!str_equal(found->sha256, stmt_str(row, 2)))
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s/%s was changed after it ran; undo that and write "
			"a new migration",
			list->directory, found->name);
	found->applied = true;
	return true;
}

static bool check_order(const struct migrations *list, struct error *err)
{
	for (size_t i = 1; i < list->count; i++) {
		if (list->all[i].applied && !list->all[i - 1].applied)
			return error_refuse(err, ERR_CONFIG, NULL,
				"%s/%s was added below %s, which has run; "
				"give it a higher number",
				list->directory, list->all[i - 1].name,
				list->all[i].name);
	}
	return true;
}

static bool run_locked(struct migrations *list, struct db *db,
	unsigned *applied, struct error *err)
{
	if (!lock(db, err) || !compare(list, db, err) ||
		!connection_query(db,
			S("CREATE TABLE IF NOT EXISTS schema_migrations ("
			  " version INT UNSIGNED NOT NULL PRIMARY KEY,"
			  " name VARCHAR(255) NOT NULL,"
			  " sha256 CHAR(64) CHARACTER SET ascii"
			  "  COLLATE ascii_bin NOT NULL,"
			  " applied_ms BIGINT NOT NULL"
			  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
			  " COLLATE=utf8mb4_bin"),
			err))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct migration *migration = &list->all[i];

		if (migration->applied)
			continue;
		if (!run_file(db, migration, err) ||
			!record(db, migration, err))
			return false;
		log_info("migration %s has run", migration->name);
		(*applied)++;
	}
	return true;
}

/* Names of locks are the server's: ours carries the database's name. */
static bool lock(struct db *db, struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    "SELECT GET_LOCK(CONCAT('migrate.', MD5(DATABASE())), ?)",
		    err))
		return false;
	stmt_bind_int(stmt, LOCK_TIMEOUT_S);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &more, err))
		return false;
	if (stmt_int(stmt, 0) == 1)
		return true;
	return error_refuse(err, ERR_DATABASE, NULL,
		"another process has been migrating this database for %d "
		"seconds; nothing was done",
		LOCK_TIMEOUT_S);
}

static bool run_file(
	struct db *db, const struct migration *migration, struct error *err)
{
	struct buf statement = BUF_INIT(MAX_FILE_BYTES);
	struct str rest = migration->sql;
	struct str line;
	unsigned number = 0;
	bool ok = true;

	while (ok && str_next_field(&rest, '\n', &line)) {
		struct str trimmed = str_trim(line);

		if (trimmed.n == 0 || str_starts(trimmed, S("--")))
			continue;
		buf_append(&statement, line);
		buf_append_char(&statement, '\n');
		if (!str_ends(trimmed, S(";")))
			continue;
		ok = run_statement(
			db, migration, ++number, buf_str(&statement), err);
		buf_clear(&statement);
	}
	if (ok && statement.n > 0)
		ok = error_refuse(err, ERR_CONFIG, NULL,
			"%s: its last statement does not end in ';'",
			migration->name);
	buf_release(&statement);
	return ok;
}

static bool run_statement(struct db *db, const struct migration *migration,
	unsigned number, struct str sql, struct error *err)
{
	struct error cause = ERROR_INIT;

	sql = str_trim(sql);
	sql.n--; /* the ';' */
	if (connection_query(db, sql, &cause))
		return true;
	return error_refuse(err, ERR_DATABASE, NULL, "%s, statement %u: %s",
		migration->name, number, error_detail(&cause));
}

static bool record(
	struct db *db, const struct migration *migration, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO schema_migrations"
		    " (version, name, sha256, applied_ms)"
		    " VALUES (?, ?, SHA2(?, 256), ?)",
		    err))
		return false;
	stmt_bind_int(stmt, migration->version);
	stmt_bind_str(stmt, str_of(migration->name));
	stmt_bind_str(stmt, migration->sql);
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err);
}
