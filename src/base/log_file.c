/*
 * log_file.c - appending whole lines to a file that may be moved away.
 */
#include "base/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_MODE 0640
#define FOLDER_MODE 0750

static int open_path(const char *path);
static bool make_folder(const char *path);
static bool is_same(int fd, const char *path);
static size_t write_some(struct log_file *file, struct str lines);
static struct str whole_lines(struct str text);
static bool take_back(int fd, struct str piece);
static size_t count_lines(struct str lines);

bool log_file_open(struct log_file *file, struct str folder, const char *name,
	struct error *err)
{
	*file = (struct log_file){ .fd = -1 };
	if ((size_t)snprintf(file->path, sizeof(file->path), "%.*s/%s",
		    STR_ARG(folder), name) < sizeof(file->path))
		file->fd = open_path(file->path);
	else
		errno = ENAMETOOLONG;
	if (file->fd >= 0)
		return true;
	return error_refuse(err, ERR_CONFIG, "log.dir",
		"log.dir: %.*s/%s cannot be written: %s", STR_ARG(folder), name,
		strerror(errno));
}

void log_file_close(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

size_t log_file_write(struct log_file *file, struct str lines)
{
	size_t written;
	size_t kept;

	if (__atomic_load_n(&file->is_gone, __ATOMIC_RELAXED))
		return count_lines(lines);
	written = write_some(file, lines);
	if (written == lines.n)
		return 0;
	/* The disk is full: only whole lines stay. */
	kept = whole_lines(str_head(lines, written)).n;
	if (written > kept && !take_back(file->fd, (struct str){ lines.p + kept,
							   written - kept }))
		__atomic_store_n(&file->is_torn, true, __ATOMIC_RELAXED);
	return count_lines(str_from(lines, kept));
}

bool log_file_look_after(struct log_file *file, bool must, struct error *err)
{
	int fd;

	if (!must && is_same(file->fd, file->path)) {
		__atomic_store_n(&file->is_gone, false, __ATOMIC_RELAXED);
		return true;
	}
	fd = open_path(file->path);
	__atomic_store_n(&file->is_gone, fd < 0, __ATOMIC_RELAXED);
	if (fd < 0)
		return error_set(err, ERR_IO, "%s cannot be written: %s",
			file->path, strerror(errno));
	/* In one step: who writes has the old file or the new one. */
	dup3(fd, file->fd, O_CLOEXEC);
	close(fd);
	return true;
}

static int open_path(const char *path)
{
	/* Reading is for take_back(). */
	int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags, FILE_MODE);

	if (fd < 0 && errno == ENOENT && make_folder(path))
		fd = open(path, flags, FILE_MODE);
	return fd;
}

/* The last one of the path, not those above it. */
static bool make_folder(const char *path)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s",
		(int)(strrchr(path, '/') - path), path);
	return mkdir(folder, FOLDER_MODE) == 0 || errno == EEXIST;
}

static bool is_same(int fd, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* How many of the bytes were written. */
static size_t write_some(struct log_file *file, struct str lines)
{
	bool torn =
		__atomic_exchange_n(&file->is_torn, false, __ATOMIC_RELAXED);
	struct iovec parts[] = {
		{ "\n", 1 },
		{ (void *)(uintptr_t)lines.p, lines.n },
	};
	ssize_t n;

	do {
		n = writev(file->fd, torn ? parts : parts + 1, torn ? 2 : 1);
	} while (n < 0 && errno == EINTR);
	if (torn && n <= 0)
		__atomic_store_n(&file->is_torn, true, __ATOMIC_RELAXED);
	return n <= 0 ? 0 : (size_t)n - torn;
}

static struct str whole_lines(struct str text)
{
	while (text.n > 0 && text.p[text.n - 1] != '\n')
		text.n--;
	return text;
}

/* Remove what was written last. Nobody writes behind it: the disk is full. */
static bool take_back(int fd, struct str piece)
{
	struct stat status;
	char *end = malloc(piece.n);
	off_t start;
	bool ours;

	if (!end)
		return false;
	ours = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_size >= (off_t)piece.n;
	start = ours ? status.st_size - (off_t)piece.n : 0;
	ours = ours && pread(fd, end, piece.n, start) == (ssize_t)piece.n &&
	       memcmp(end, piece.p, piece.n) == 0 && ftruncate(fd, start) == 0;
	free(end);
	return ours;
}

static size_t count_lines(struct str lines)
{
	size_t count = 0;

	for (size_t i = 0; i < lines.n; i++)
		count += lines.p[i] == '\n';
	return count;
}
