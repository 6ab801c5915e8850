/*
 * journal_folder.c - the files of the journal as the file system sees them.
 */
#include "ledger/journal_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL "journal"
#define REJECTED "rejected"
/* A process that died while it began a file leaves it under the first name. */
#define UNBORN_SECONDS 3600

static bool make_folder(struct str path, struct error *err);
static bool collect_names(DIR *dir, struct arena *arena, const char ***names,
	size_t *count, struct error *err);
static void forget_unborn(int folder, const char *name);
static int compare_names(const void *a, const void *b);
static bool write_whole(int file, struct str bytes);

bool journal_folder_make(const struct settings *settings, struct error *err)
{
	struct arena arena;
	bool made;

	arena_init(&arena, 1024);
	made = make_folder(arena_copy(&arena, settings->state_dir), err) &&
	       make_folder(arena_printf(&arena, "%.*s/" JOURNAL,
				   STR_ARG(settings->state_dir)),
		       err) &&
	       make_folder(arena_printf(&arena, "%.*s/" JOURNAL "/" REJECTED,
				   STR_ARG(settings->state_dir)),
		       err);
	arena_release(&arena);
	return made;
}

bool journal_folder_open(
	const struct settings *settings, int *folder, struct error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s/" JOURNAL,
		STR_ARG(settings->state_dir));
	*folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*folder >= 0)
		return true;
	return error_set(err, ERR_IO, "journal: cannot open %s: %s", path,
		strerror(errno));
}

bool journal_folder_list(int folder, struct arena *arena, const char ***names,
	size_t *count, struct error *err)
{
	/* A description of its own: reading moves the position. */
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	bool listed;

	if (!dir) {
		error_set(err, ERR_IO, "journal: cannot list: %s",
			strerror(errno));
		if (copy >= 0)
			close(copy);
		return false;
	}
	listed = collect_names(dir, arena, names, count, err);
	closedir(dir);
	return listed;
}

bool journal_folder_reject(int folder, const char *name, int64_t offset,
	const char *suffix, struct str bytes, struct error *err)
{
	char path[PATH_MAX];
	int file;
	bool kept;

	snprintf(path, sizeof(path), REJECTED "/%s-%" PRId64 "%s", name, offset,
		suffix);
	file = openat(folder, path,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	kept = file >= 0 && write_whole(file, bytes) && fdatasync(file) == 0;
	if (!kept)
		error_set(err, ERR_IO, "journal: cannot keep %s: %s", path,
			strerror(errno));
	if (file >= 0)
		close(file);
	return kept;
}

bool journal_folder_delete(int folder, const char *name, struct error *err)
{
	if (unlinkat(folder, name, 0) == 0 && fsync(folder) == 0)
		return true;
	return error_set(err, ERR_IO, "journal: cannot delete %s: %s", name,
		strerror(errno));
}

static bool make_folder(struct str path, struct error *err)
{
	/* Everything made in an arena is followed by a NUL. */
	if (mkdir(path.p, 0700) == 0 || errno == EEXIST)
		return true;
	return error_set(err, ERR_IO, "cannot make the folder %s: %s", path.p,
		strerror(errno));
}

static bool collect_names(DIR *dir, struct arena *arena, const char ***names,
	size_t *count, struct error *err)
{
	size_t room = 0;
	struct dirent *entry;

	*names = NULL;
	*count = 0;
	while (errno = 0, (entry = readdir(dir))) {
		struct str name = str_of(entry->d_name);

		if (str_ends(name, S(JOURNAL_SUFFIX JOURNAL_UNBORN_SUFFIX)))
			forget_unborn(dirfd(dir), entry->d_name);
		if (!str_ends(name, S(JOURNAL_SUFFIX)) ||
			name.n >= JOURNAL_NAME_BYTES)
			continue;
		if (*count == room) {
			const char **old = *names;

			room = room ? room * 2 : 64;
			*names = ARENA_ARRAY(arena, const char *, room);
			if (old)
				memcpy(*names, old, *count * sizeof(*old));
		}
		(*names)[(*count)++] = arena_cstr(arena, name);
	}
	if (errno != 0)
		return error_set(err, ERR_IO, "journal: cannot list: %s",
			strerror(errno));
	if (*count > 0)
		qsort(*names, *count, sizeof(**names), compare_names);
	return true;
}

/* It is empty: records are written after it has got its name. */
static void forget_unborn(int folder, const char *name)
{
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		status.st_size == 0 &&
		status.st_mtime < time(NULL) - UNBORN_SECONDS)
		unlinkat(folder, name, 0);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool write_whole(int file, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(file, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = str_from(bytes, (size_t)n);
	}
	return true;
}
