/*
 * folder.h - the folder of the shared store and the files in it, as the file
 * system sees them: who may be there, who makes and removes what.
 *
 * Errors are ERR_IO and name the path.
 */
#ifndef HOT_FOLDER_H
#define HOT_FOLDER_H

#include "base/error.h"

/* LMDB's own names: the data, and the locks with the table of readers. */
#define FOLDER_FILES 2
#define FOLDER_FILE_MODE 0660

struct folder {
	int fd; /* -1: not open */
	char path[PATH_MAX];
};

/*
 * Open it and lock it against all others who open; with `create`, make it
 * when missing (0770). Without, one that is not there is left at fd -1, with
 * true.
 */
MUST_USE bool folder_open(
	struct folder *folder, struct str path, bool create, struct error *err);
/* Give the lock back. */
void folder_close(struct folder *folder);

/* How many of the files are there; a link or a folder is an error. */
MUST_USE bool folder_count_files(
	const struct folder *folder, size_t *count, struct error *err);
MUST_USE bool folder_remove_files(
	const struct folder *folder, struct error *err);
/* Let the group read and write the files that are ours. */
MUST_USE bool folder_allow_group(
	const struct folder *folder, struct error *err);
/* Tell the log when the folder is not in memory. */
void folder_check_memory(const struct folder *folder);

#endif
