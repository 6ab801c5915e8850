/*
 * log.h - one JSON object a line, on standard error or in files.
 *
 * With log_open() each stream has a file, NAME.log in that folder; without,
 * messages and calls go to standard error, and the other streams nowhere.
 *
 * error: someone must act. warn: we coped. info: state changed. A message
 * says why and what was not done. Keys, tokens, cookies and prompts never
 * appear in one.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped. The default is LOG_INFO. */
void log_set_level(enum log_level level);
/* "error", "warn", "info" or "debug"; false on another word. */
MUST_USE bool log_level_parse(struct str name, enum log_level *out);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

enum log_stream {
	LOG_STREAM_ERROR,    /* messages of level error */
	LOG_STREAM_COMBINED, /* every message, and every call */
	LOG_STREAM_LLM,      /* calls, one line each */
	LOG_STREAM_COSTS,    /* what each of them cost */
	LOG_STREAM_METRICS,  /* the main sums, each minute */
	LOG_STREAMS
};

/*
 * Write complete lines, each with its '\n', at once: those of calls, costs or
 * metrics. A pipe keeps them whole up to LOG_TOGETHER_BYTES (PIPE_BUF), a file
 * whatever they have.
 */
void log_lines(enum log_stream stream, struct str lines);
#define LOG_TOGETHER_BYTES 4096

/* Is anything done with lines of that stream? */
bool log_wants(enum log_stream stream);

/*
 * From now on into files of that folder, which is made when missing. Once,
 * before there are threads. ERR_CONFIG: a file cannot be opened, and nothing
 * changed.
 */
MUST_USE bool log_open(struct str folder, struct error *err);
/* Back to standard error; there are no other threads any more. */
void log_close(void);

/*
 * Files that were moved or removed are opened anew; all of them are with
 * `must`. From any thread, while others write. A file that cannot be opened is
 * told on standard error once, and its lines are dropped until it can.
 */
void log_look_after(bool must);

/* Lines that could not be written to a file, since the start. */
int64_t log_dropped(void);

#endif
