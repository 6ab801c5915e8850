/*
 * mapped_table.c - open(2), posix_fallocate(3), mmap(2).
 */
#include "hot/mapped_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hot/folder.h"

bool mapped_table_open(
	const char *path, size_t bytes, void **out, struct error *err)
{
	void *table = MAP_FAILED;
	int failed, file;

	file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		FOLDER_FILE_MODE);
	if (file < 0)
		return error_set(err, ERR_IO, "cannot open %s: %s", path,
			strerror(errno));
	/* The umask; a file of another of the group is as it should be. */
	if (fchmod(file, FOLDER_FILE_MODE) < 0 && errno != EPERM)
		failed = errno;
	else
		failed = posix_fallocate(file, 0, (off_t)bytes);
	if (!failed) {
		table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			file, 0);
		failed = table == MAP_FAILED ? errno : 0;
	}
	close(file);
	if (failed)
		return error_set(err, ERR_IO, "cannot map %s: %s", path,
			strerror(failed));
	*out = table;
	return true;
}

void mapped_table_close(void *table, size_t bytes)
{
	if (table)
		munmap(table, bytes);
}
