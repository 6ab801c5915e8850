/*
 * backlog.c - sizes of the journal's files, less the positions in MariaDB.
 */
#include "ledger/backlog.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/batch.h"
#include "ledger/journal_folder.h"

static bool measure_files(
	int folder, struct db *db, struct backlog *out, struct error *err);
static bool measure_file(int folder, struct db *db, const char *name,
	struct backlog *out, struct error *err);
static bool is_finished(int file);

bool backlog_measure(const struct settings *settings, struct db *db,
	struct backlog *out, struct error *err)
{
	int folder;
	bool measured;

	*out = (struct backlog){ 0 };
	if (!journal_folder_make(settings, err) ||
		!journal_folder_open(settings, &folder, err))
		return false;
	measured = measure_files(folder, db, out, err);
	close(folder);
	return measured;
}

static bool measure_files(
	int folder, struct db *db, struct backlog *out, struct error *err)
{
	struct arena arena;
	const char **names;
	size_t count;
	bool ok;

	arena_init(&arena, 4096);
	ok = journal_folder_list(folder, &arena, &names, &count, err);
	for (size_t i = 0; ok && i < count; i++)
		ok = measure_file(folder, db, names[i], out, err);
	arena_release(&arena);
	return ok;
}

static bool measure_file(int folder, struct db *db, const char *name,
	struct backlog *out, struct error *err)
{
	int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int64_t position = 0;
	struct stat status;
	bool ok;

	if (file < 0 && errno == ENOENT)
		return true;
	if (file < 0)
		return error_set(err, ERR_IO, "journal: cannot open %s: %s",
			name, strerror(errno));
	/* The position first: it may only grow meanwhile. */
	ok = batch_load_position(db, str_of(name), &position, err);
	if (ok && fstat(file, &status) == 0 && status.st_nlink > 0 &&
		status.st_size > position) {
		out->files++;
		out->bytes += status.st_size - position;
		out->finished += is_finished(file);
	}
	close(file);
	return ok;
}

/* Its writer holds the file's lock as long as it lives. */
static bool is_finished(int file)
{
	return flock(file, LOCK_SH | LOCK_NB) == 0;
}
