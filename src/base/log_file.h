/*
 * log_file.h - one file of the log; for log.c alone.
 *
 * Lines are appended whole, by any number of threads and processes. What
 * cannot be written (a full disk, a folder that is gone) is given up at once:
 * nobody waits for a log. The file may be renamed at any time (logrotate):
 * log_file_look_after() then goes on in a new one of its name.
 */
#ifndef BASE_LOG_FILE_H
#define BASE_LOG_FILE_H

#include "base/error.h"

struct log_file {
	char path[PATH_MAX];
	int fd;       /* the same number from the first opening on */
	bool is_gone; /* its name cannot be opened any more; atomic */
	bool is_torn; /* ends within a line; atomic */
};

/* Open FOLDER/NAME; the folder is made when missing. ERR_CONFIG. */
MUST_USE bool log_file_open(struct log_file *file, struct str folder,
	const char *name, struct error *err);
void log_file_close(struct log_file *file);

/* Append lines, each with its '\n'; how many of them could not be. */
size_t log_file_write(struct log_file *file, struct str lines);

/*
 * Open the name again when it leads elsewhere by now, or always with `must`.
 * Writers go on meanwhile, and no line is lost. One thread at a time. ERR_IO:
 * the name cannot be opened, lines are given up until it can.
 */
MUST_USE bool log_file_look_after(
	struct log_file *file, bool must, struct error *err);

#endif
