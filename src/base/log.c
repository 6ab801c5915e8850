/*
 * log.c - one JSON object a line. Each line is one write(2), so that lines of
 * several threads and processes never mix.
 */
#include "base/log.h"

#include <pthread.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log_file.h"

#define MAX_LINE_BYTES 8192

/* Set once at start, before there are threads. */
static enum log_level max_level = LOG_INFO;

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static const char *const file_names[LOG_STREAMS] = {
	[LOG_STREAM_ERROR] = "error.log",
	[LOG_STREAM_COMBINED] = "combined.log",
	[LOG_STREAM_LLM] = "llm.log",
	[LOG_STREAM_COSTS] = "costs.log",
	[LOG_STREAM_METRICS] = "metrics.log",
};

/* Opened once at start, before there are threads. */
static struct {
	bool is_open;
	struct log_file files[LOG_STREAMS];
	pthread_mutex_t lock; /* of who looks after them */
	bool told_gone;       /* one cannot be opened; under the lock */
	bool told_dropping;   /* atomic */
	int64_t dropped;      /* atomic */
} folder = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void log_message(enum log_level level, const char *format, va_list args);
static void write_file(enum log_stream stream, struct str lines);
static void tell(const struct error *err);
static void write_message(
	struct buf *line, enum log_level level, const char *message);

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

void log_lines(enum log_stream stream, struct str lines)
{
	if (folder.is_open) {
		write_file(stream, lines);
		if (stream == LOG_STREAM_LLM)
			write_file(LOG_STREAM_COMBINED, lines);
		return;
	}
	/* There is nobody to tell when the log itself cannot be written. */
	if (log_wants(stream) && write(STDERR_FILENO, lines.p, lines.n) < 0)
		return;
}

bool log_wants(enum log_stream stream)
{
	return folder.is_open || stream <= LOG_STREAM_LLM;
}

bool log_open(struct str path, struct error *err)
{
	assert(!folder.is_open);
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		if (log_file_open(&folder.files[i], path, file_names[i], err))
			continue;
		while (i-- > 0)
			log_file_close(&folder.files[i]);
		return false;
	}
	folder.is_open = true;
	return true;
}

void log_close(void)
{
	for (size_t i = 0; folder.is_open && i < LOG_STREAMS; i++)
		log_file_close(&folder.files[i]);
	folder.is_open = false;
}

void log_look_after(bool must)
{
	bool ok = true;

	if (!folder.is_open)
		return;
	pthread_mutex_lock(&folder.lock);
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		struct error err;

		if (log_file_look_after(&folder.files[i], must, &err))
			continue;
		ok = false;
		if (!folder.told_gone)
			tell(&err);
		folder.told_gone = true;
	}
	if (ok)
		folder.told_gone = false;
	if (must)
		__atomic_store_n(
			&folder.told_dropping, false, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&folder.lock);
}

int64_t log_dropped(void)
{
	return __atomic_load_n(&folder.dropped, __ATOMIC_RELAXED);
}

static void log_message(enum log_level level, const char *format, va_list args)
{
	char message[2048];
	struct buf line = BUF_INIT(MAX_LINE_BYTES * 2);

	if (level > max_level)
		return;
	vsnprintf(message, sizeof(message), format, args);
	write_message(&line, level, message);
	log_lines(LOG_STREAM_COMBINED, buf_str(&line));
	if (folder.is_open && level == LOG_ERROR)
		write_file(LOG_STREAM_ERROR, buf_str(&line));
	buf_release(&line);
}

static void write_file(enum log_stream stream, struct str lines)
{
	struct log_file *file = &folder.files[stream];
	size_t dropped = log_file_write(file, lines);
	struct error err;

	if (dropped == 0)
		return;
	__atomic_add_fetch(&folder.dropped, (int64_t)dropped, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&folder.told_dropping, true, __ATOMIC_RELAXED))
		return;
	error_set(&err, ERR_IO,
		"lines for %s are dropped: it cannot be "
		"written",
		file->path);
	tell(&err);
}

/* On standard error: in the files it would be lost. */
static void tell(const struct error *err)
{
	struct buf line = BUF_INIT(MAX_LINE_BYTES * 2);

	write_message(&line, LOG_WARN, error_detail(err));
	if (write(STDERR_FILENO, line.p, line.n) < 0)
		line.failed = true;
	buf_release(&line);
}

static void write_message(
	struct buf *line, enum log_level level, const char *message)
{
	char time[CLOCK_TEXT_BYTES];
	struct json_writer json;

	clock_format(clock_unix_ms(), time);
	json_writer_init(&json, line);
	json_begin_object(&json);
	json_member_str(&json, "time", str_of(time));
	json_member_str(&json, "level", str_of(level_names[level]));
	json_member_int(&json, "pid", getpid());
	json_member_str(&json, "message", str_of(message));
	json_end_object(&json);
	buf_append_char(line, '\n');
}
