/*
 * log.h - one JSON object a line on standard error.
 *
 * error: someone must act. warn: we coped. info: state changed. A message
 * says why and what was not done. Keys, tokens, cookies and prompts never
 * appear in one.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped. The default is LOG_INFO. */
void log_set_level(enum log_level level);
/* "error", "warn", "info" or "debug"; false on another word. */
MUST_USE bool log_level_parse(struct str name, enum log_level *out);

void log_error(const char *format, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

/* Write one line that is complete already; a '\n' is added. */
void log_line(struct str line);
/* Write several at once, each with its '\n'. A pipe keeps them whole up to
 * LOG_TOGETHER_BYTES (PIPE_BUF). */
void log_lines(struct str lines);
#define LOG_TOGETHER_BYTES 4096

#endif
