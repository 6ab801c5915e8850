/*
 * metrics_series.h - a set of named series of numbers, in memory that may be
 * a file's; for metrics.c and metrics_files.c alone.
 *
 * A series is a text and a few numbers. It is added once and never moves or
 * goes, so a number is changed by an atomic instruction and no lock; adding a
 * series takes one. Any other process may map the file and read, at any time
 * and after the owner was killed: a series is seen whole or not at all.
 */
#ifndef HOT_METRICS_SERIES_H
#define HOT_METRICS_SERIES_H

#include "base/error.h"

#define SERIES_MAX_BYTES (2 * 1024 * 1024)
#define SERIES_MAX_COUNT 8192
#define SERIES_RESERVED_BYTES (32 * 1024)
#define SERIES_RESERVED_COUNT 128
#define SERIES_NAME_BYTES 64

struct series;

struct series_entry {
	uint32_t bytes; /* of the entry, its text included */
	uint16_t text_bytes;
	uint16_t value_count;
	int64_t values[]; /* atomic; then the text */
};

/* In this process's own memory. */
struct series *series_new(void);
/* In a file that is empty; it stays the caller's to close. ERR_IO. */
MUST_USE bool series_create(int file, struct series **out, struct error *err);
/* What is in a file: to be read, and its numbers changed, but nothing added.
 * ERR_IO, also for a file that is damaged or of another version. */
MUST_USE bool series_map(int file, struct series **out, struct error *err);
/* A copy of what is in a file, in own memory. ERR_IO as above. */
MUST_USE bool series_load(int file, struct series **out, struct error *err);
/* Write all of it to a file that is empty. ERR_IO. */
MUST_USE bool series_save(
	const struct series *series, int file, struct error *err);
/* Safe with NULL; what is in the file stays. */
void series_free(struct series *series);

/*
 * The numbers of the series with that text; it is added when missing. NULL:
 * there is no room, or what has this text has another count of numbers. From
 * any thread.
 */
int64_t *series_find(
	struct series *series, struct str text, size_t value_count);
/* The same, also from the room that is kept for a few that must be there. */
int64_t *series_find_reserved(
	struct series *series, struct str text, size_t value_count);

/* The next entry, the first for NULL; NULL at the end. */
struct series_entry *series_next(
	const struct series *series, const struct series_entry *entry);
struct str series_text(const struct series_entry *entry);

/* When the set was made; and a name to remember beside it. */
int64_t series_started_ms(const struct series *series);
const char *series_note(const struct series *series);
void series_set_note(struct series *series, const char *note);

#endif
