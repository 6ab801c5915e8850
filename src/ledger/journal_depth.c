/*
 * journal_depth.c - sizes of the files, less the positions in the database.
 */
#include "ledger/journal_depth.h"

#include <sys/stat.h>
#include <unistd.h>

#include "db/stmt.h"
#include "ledger/journal_folder.h"

static bool list_sizes(const struct settings *settings, struct arena *arena,
	const char ***names, int64_t **sizes, size_t *count, struct error *err);
static bool subtract_positions(struct db_pool *pool, const char *const *names,
	int64_t *sizes, size_t count, struct error *err);
static bool subtract(struct db *db, const char *const *names, int64_t *sizes,
	size_t count, struct error *err);
static int64_t sum(const int64_t *sizes, size_t count);

bool journal_depth_measure(struct journal_depth *depth,
	const struct settings *settings, struct db_pool *pool,
	struct error *err)
{
	const char **names;
	struct arena arena;
	int64_t *sizes;
	int64_t bytes;
	int64_t total;
	size_t count;
	bool ok;

	arena_init(&arena, 4096);
	ok = list_sizes(settings, &arena, &names, &sizes, &count, err);
	if (!ok) {
		arena_release(&arena);
		return false;
	}
	total = sum(sizes, count);
	ok = subtract_positions(pool, names, sizes, count, err);
	if (ok) {
		depth->known = true;
		depth->known_bytes = sum(sizes, count);
		depth->known_sizes = total;
	}
	bytes = total - depth->known_sizes + depth->known_bytes;
	__atomic_store_n(
		&depth->bytes, bytes > 0 ? bytes : 0, __ATOMIC_RELAXED);
	arena_release(&arena);
	return ok;
}

int64_t journal_depth_bytes(const struct journal_depth *depth)
{
	return __atomic_load_n(&depth->bytes, __ATOMIC_RELAXED);
}

static bool list_sizes(const struct settings *settings, struct arena *arena,
	const char ***names, int64_t **sizes, size_t *count, struct error *err)
{
	struct stat status;
	int folder;
	bool ok;

	if (!journal_folder_open(settings, &folder, err))
		return false;
	ok = journal_folder_list(folder, arena, names, count, err);
	if (ok)
		*sizes = ARENA_ARRAY(arena, int64_t, *count);
	for (size_t i = 0; ok && i < *count; i++) {
		/* One that is gone by now was done. */
		if (fstatat(folder, (*names)[i], &status, 0) == 0)
			(*sizes)[i] = status.st_size;
	}
	close(folder);
	return ok;
}

static bool subtract_positions(struct db_pool *pool, const char *const *names,
	int64_t *sizes, size_t count, struct error *err)
{
	struct db *db;
	bool ok;

	if (!db_take(pool, &db, err))
		return false;
	ok = subtract(db, names, sizes, count, err);
	db_give(pool, db);
	return ok;
}

static bool subtract(struct db *db, const char *const *names, int64_t *sizes,
	size_t count, struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt, "SELECT name, position FROM journal_files",
		    err) ||
		!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		for (size_t i = 0; i < count; i++) {
			if (!str_equal(str_of(names[i]), stmt_str(stmt, 0)))
				continue;
			/* It was replayed further since it was measured. */
			sizes[i] -= stmt_int(stmt, 1) < sizes[i]
					    ? stmt_int(stmt, 1)
					    : sizes[i];
		}
	}
	return false;
}

static int64_t sum(const int64_t *sizes, size_t count)
{
	int64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += sizes[i];
	return total;
}
