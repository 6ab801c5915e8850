/*
 * log.c - one JSON object a line. Each line is one write(2), so that lines of
 * several threads and processes never mix.
 */
#include "base/log.h"

#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#define MAX_LINE_BYTES 8192

/* Set once at start, before there are threads. */
static enum log_level max_level = LOG_INFO;

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static void log_message(enum log_level level, const char *format, va_list args);

void log_set_level(enum log_level level)
{
	max_level = level;
}

bool log_level_parse(struct str name, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (str_equal(name, str_of(level_names[i]))) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

#define DEFINE_LOG(function, level)               \
	void function(const char *format, ...)    \
	{                                         \
		va_list args;                     \
                                                  \
		va_start(args, format);           \
		log_message(level, format, args); \
		va_end(args);                     \
	}

DEFINE_LOG(log_error, LOG_ERROR)
DEFINE_LOG(log_warn, LOG_WARN)
DEFINE_LOG(log_info, LOG_INFO)
DEFINE_LOG(log_debug, LOG_DEBUG)

void log_line(struct str line)
{
	struct iovec parts[] = {
		{ (void *)(uintptr_t)line.p, line.n },
		{ "\n", 1 },
	};

	/* There is nobody to tell when the log itself cannot be written. */
	if (writev(STDERR_FILENO, parts, ARRAY_LEN(parts)) < 0)
		return;
}

void log_lines(struct str lines)
{
	if (write(STDERR_FILENO, lines.p, lines.n) < 0)
		return;
}

static void log_message(enum log_level level, const char *format, va_list args)
{
	char message[2048];
	char time[CLOCK_TEXT_BYTES];
	struct buf line = BUF_INIT(MAX_LINE_BYTES * 2);
	struct json_writer json;

	if (level > max_level)
		return;
	vsnprintf(message, sizeof(message), format, args);
	clock_format(clock_unix_ms(), time);
	json_writer_init(&json, &line);
	json_begin_object(&json);
	json_member_str(&json, "time", str_of(time));
	json_member_str(&json, "level", str_of(level_names[level]));
	json_member_int(&json, "pid", getpid());
	json_member_str(&json, "message", str_of(message));
	json_end_object(&json);
	log_line(buf_str(&line));
	buf_release(&line);
}
