/*
 * metrics_files.h - whose numbers lie where; for metrics.c alone.
 *
 *	hot_dir/metrics/PID-TIME-N.series   a process's; it holds its flock
 *	hot_dir/metrics/retired             of all that died and were folded
 *
 * Whoever looks at more than its own file holds the folder's lock: under it,
 * a file without a holder is a dead process's, and nothing is folded or made
 * by others meanwhile.
 */
#ifndef HOT_METRICS_FILES_H
#define HOT_METRICS_FILES_H

#include "base/settings.h"
#include "hot/folder.h"
#include "hot/metrics_series.h"

/* Open and lock it; it is made when missing. Close it with folder_close().
 * ERR_IO. */
MUST_USE bool metrics_folder_open(
	const char *path, struct folder *folder, struct error *err);

/* A file of one's own, locked. ERR_IO. */
MUST_USE bool metrics_file_create(
	const struct folder *folder, int *file, struct error *err);

/* One file of a process. */
struct metrics_file {
	char name[SERIES_NAME_BYTES];
	int file;
	bool lives; /* somebody holds it */
};

/* Show each process's file; false from visit() ends it, and is the answer.
 * ERR_IO. */
typedef bool metrics_visit(
	const struct metrics_file *file, void *context, struct error *err);
MUST_USE bool metrics_files_each(const struct folder *folder,
	metrics_visit *visit, void *context, struct error *err);

/* What dead processes left, empty when there is nothing (or nothing that can
 * be read: with a warning). The caller frees it. Its note names the file that
 * was folded into it last. */
struct series *metrics_retired_load(const struct folder *folder);
/* Put another in its place, in one step. ERR_IO: the old one stays. */
MUST_USE bool metrics_retired_save(const struct folder *folder,
	const struct series *series, struct error *err);

#endif
