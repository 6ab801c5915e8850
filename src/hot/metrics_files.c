/*
 * metrics_files.c - the files of metrics as the file system sees them.
 */
#include "hot/metrics_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define SUFFIX ".series"
#define RETIRED "retired"
#define UNBORN RETIRED ".new"

static bool visit_name(const struct folder *folder, const char *name,
	metrics_visit *visit, void *context, struct error *err);
static bool fail(
	struct error *err, const struct folder *folder, const char *what);

bool metrics_folder_open(
	const char *path, struct folder *folder, struct error *err)
{
	return folder_open(folder, str_of(path), true, err);
}

bool metrics_file_create(
	const struct folder *folder, int *file, struct error *err)
{
	char name[SERIES_NAME_BYTES];
	int fd = -1;

	/* Unique for ever: a name that was folded must not come again. */
	for (int n = 0; fd < 0 && n < 100; n++) {
		snprintf(name, sizeof(name), "%d-%" PRId64 "-%d" SUFFIX,
			(int)getpid(), clock_unix_ms(), n);
		fd = openat(folder->fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	/* The umask may have forbidden the group. */
	if (fd >= 0 && fchmod(fd, FOLDER_FILE_MODE) == 0 &&
		flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*file = fd;
		return true;
	}
	fail(err, folder, "begin a file in");
	if (fd >= 0) {
		unlinkat(folder->fd, name, 0);
		close(fd);
	}
	return false;
}

bool metrics_files_each(const struct folder *folder, metrics_visit *visit,
	void *context, struct error *err)
{
	/* A description of its own: reading moves the position. */
	int copy = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	bool ok = true;

	if (!dir) {
		fail(err, folder, "list");
		if (copy >= 0)
			close(copy);
		return false;
	}
	while (ok && (entry = readdir(dir))) {
		if (str_ends(str_of(entry->d_name), S(SUFFIX)))
			ok = visit_name(
				folder, entry->d_name, visit, context, err);
	}
	closedir(dir);
	return ok;
}

struct series *metrics_retired_load(const struct folder *folder)
{
	int file = openat(folder->fd, RETIRED, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct series *series = NULL;
	struct error err;

	if (file >= 0 && !series_load(file, &series, &err))
		log_warn("%s/" RETIRED " is given up: %s", folder->path,
			error_detail(&err));
	if (file < 0 && errno != ENOENT)
		log_warn("%s/" RETIRED " is given up: %s", folder->path,
			strerror(errno));
	if (file >= 0)
		close(file);
	return series ? series : series_new();
}

bool metrics_retired_save(const struct folder *folder,
	const struct series *series, struct error *err)
{
	int file = openat(folder->fd, UNBORN,
		O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool saved;

	if (file < 0)
		return fail(err, folder, "begin a file in");
	saved = fchmod(file, FOLDER_FILE_MODE) == 0 ||
		fail(err, folder, "set a mode in");
	saved = saved && series_save(series, file, err);
	close(file);
	if (saved && renameat(folder->fd, UNBORN, folder->fd, RETIRED) != 0)
		saved = fail(err, folder, "rename a file in");
	if (!saved)
		unlinkat(folder->fd, UNBORN, 0);
	return saved;
}

static bool visit_name(const struct folder *folder, const char *name,
	metrics_visit *visit, void *context, struct error *err)
{
	struct metrics_file file;
	bool ok;

	if (strlen(name) >= sizeof(file.name))
		return true;
	snprintf(file.name, sizeof(file.name), "%s", name);
	file.file = openat(folder->fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	/* A stranger's, or somebody removed it by hand. */
	if (file.file < 0)
		return true;
	file.lives = flock(file.file, LOCK_EX | LOCK_NB) != 0;
	ok = visit(&file, context, err);
	close(file.file);
	return ok;
}

static bool fail(
	struct error *err, const struct folder *folder, const char *what)
{
	return error_set(err, ERR_IO, "metrics: cannot %s %s: %s", what,
		folder->path, strerror(errno));
}
