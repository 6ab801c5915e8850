/*
 * folder.c - where the shared store is.
 */
#include "hot/folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"

#define FOLDER_MODE 0770

static const char *const file_names[FOLDER_FILES] = { "data.mdb", "lock.mdb" };

static bool make(const struct folder *folder, struct error *err);
static bool check_owner(const struct folder *folder, struct error *err);
static bool lock(const struct folder *folder, struct error *err);
static bool fail(
	struct error *err, const struct folder *folder, const char *what);

bool folder_open(
	struct folder *folder, struct str path, bool create, struct error *err)
{
	folder->fd = -1;
	if (path.n >= sizeof(folder->path))
		return error_set(err, ERR_IO,
			"shared store: the folder's path has %zu bytes",
			path.n);
	snprintf(folder->path, sizeof(folder->path), "%.*s", STR_ARG(path));
	if (create && !make(folder, err))
		return false;
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->fd < 0)
		return (errno == ENOENT && !create) ||
		       fail(err, folder, "open");
	if (check_owner(folder, err) && lock(folder, err))
		return true;
	folder_close(folder);
	return false;
}

void folder_close(struct folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

bool folder_count_files(
	const struct folder *folder, size_t *count, struct error *err)
{
	struct stat status;

	*count = 0;
	for (size_t i = 0; i < FOLDER_FILES; i++) {
		if (fstatat(folder->fd, file_names[i], &status,
			    AT_SYMLINK_NOFOLLOW) == 0) {
			if (!S_ISREG(status.st_mode))
				return error_set(err, ERR_IO,
					"shared store: %s/%s is not a file",
					folder->path, file_names[i]);
			(*count)++;
		} else if (errno != ENOENT) {
			return fail(err, folder, "look into");
		}
	}
	return true;
}

bool folder_remove_files(const struct folder *folder, struct error *err)
{
	for (size_t i = 0; i < FOLDER_FILES; i++) {
		if (unlinkat(folder->fd, file_names[i], 0) != 0 &&
			errno != ENOENT)
			return fail(err, folder, "remove the files in");
	}
	return true;
}

/* LMDB made them under the umask, which may forbid the group. */
bool folder_allow_group(const struct folder *folder, struct error *err)
{
	struct stat status;

	for (size_t i = 0; i < FOLDER_FILES; i++) {
		if (fstatat(folder->fd, file_names[i], &status, 0) != 0)
			return fail(err, folder, "look into");
		if (status.st_uid != geteuid() ||
			(status.st_mode & ALLPERMS) == FOLDER_FILE_MODE)
			continue;
		if (fchmodat(folder->fd, file_names[i], FOLDER_FILE_MODE, 0) !=
			0)
			return fail(err, folder, "set the modes in");
	}
	return true;
}

void folder_check_memory(const struct folder *folder)
{
	struct statfs status;

	if (fstatfs(folder->fd, &status) != 0 || status.f_type == TMPFS_MAGIC ||
		status.f_type == RAMFS_MAGIC)
		return;
	log_warn("server.hot_dir: %s is not on tmpfs; what processes share "
		 "goes to a disk with every change",
		folder->path);
}

/* Its mode is exact, whatever the umask, so that the group gets in. */
static bool make(const struct folder *folder, struct error *err)
{
	if (mkdir(folder->path, FOLDER_MODE) != 0)
		return errno == EEXIST || fail(err, folder, "make the folder");
	return chmod(folder->path, FOLDER_MODE) == 0 ||
	       fail(err, folder, "set the mode of");
}

/*
 * Everybody can make folders where this one usually is. What a stranger put
 * there is not ours to read, still less to write.
 */
static bool check_owner(const struct folder *folder, struct error *err)
{
	struct stat status;

	if (fstat(folder->fd, &status) != 0)
		return fail(err, folder, "look at");
	if (status.st_mode & S_IWOTH)
		return error_set(err, ERR_IO,
			"shared store: everybody may write in %s",
			folder->path);
	if (geteuid() == 0 || status.st_uid == 0 ||
		status.st_uid == geteuid() || group_member(status.st_gid))
		return true;
	return error_set(err, ERR_IO,
		"shared store: %s belongs to another user and group",
		folder->path);
}

static bool lock(const struct folder *folder, struct error *err)
{
	while (flock(folder->fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return fail(err, folder, "lock");
	}
	return true;
}

static bool fail(
	struct error *err, const struct folder *folder, const char *what)
{
	return error_set(err, ERR_IO, "shared store: cannot %s %s: %s", what,
		folder->path, strerror(errno));
}
