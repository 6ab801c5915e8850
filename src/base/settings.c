/*
 * settings.c - the table of settings and the reader of its file (inih).
 */
#include "base/settings.h"

#include <fcntl.h>
#include <ini.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define MAX_SECRET_BYTES 4096

enum setting_type { SETTING_TEXT, SETTING_INT, SETTING_BOOL };

struct setting {
	const char *name; /* section.key */
	enum setting_type type;
	size_t offset;
	const char *value; /* the default */
	int64_t min, max;  /* of a SETTING_INT */
	const char *meaning;
	bool (*is_valid)(struct str value); /* of a SETTING_TEXT; or NULL */
	const char *expected;               /* what that wants to see */
};

static bool is_mode(struct str value);
static bool is_log_level(struct str value);

#define FIELD(field) offsetof(struct settings, field)
#define TEXT(NAME, FIELD_NAME, VALUE, MEANING)               \
	{                                                    \
		.name = NAME, .type = SETTING_TEXT,          \
		.offset = FIELD(FIELD_NAME), .value = VALUE, \
		.meaning = MEANING                           \
	}
#define CHECKED(NAME, FIELD_NAME, VALUE, IS_VALID, EXPECTED, MEANING)          \
	{                                                                      \
		.name = NAME, .type = SETTING_TEXT,                            \
		.offset = FIELD(FIELD_NAME), .value = VALUE,                   \
		.is_valid = IS_VALID, .expected = EXPECTED, .meaning = MEANING \
	}
#define INT(NAME, FIELD_NAME, VALUE, MIN, MAX, MEANING)                  \
	{                                                                \
		.name = NAME, .type = SETTING_INT,                       \
		.offset = FIELD(FIELD_NAME), .value = VALUE, .min = MIN, \
		.max = MAX, .meaning = MEANING                           \
	}
#define BOOL(NAME, FIELD_NAME, VALUE, MEANING)               \
	{                                                    \
		.name = NAME, .type = SETTING_BOOL,          \
		.offset = FIELD(FIELD_NAME), .value = VALUE, \
		.meaning = MEANING                           \
	}

#define HOUR_MS 3600000
#define GIB (INT64_C(1) << 30)

static const struct setting table[] = {
	TEXT("server.listen", listen, "unix:/run/llm-gateway/fcgi.sock",
		"where the web server finds us: unix:PATH or ADDRESS:PORT"),
	CHECKED("server.socket_mode", socket_mode, "0660", is_mode,
		"an octal mode such as 0660",
		"who may connect to a unix socket, as for chmod"),
	INT("server.loops", loops, "0", 0, 64,
		"event loops; 0 is one for every two cores"),
	INT("server.workers", workers, "4", 1, 256,
		"threads for what may block: SQL, slow uploads"),
	INT("server.queue", queue, "1024", 1, 100000,
		"requests that may wait for a worker; more answer 503"),
	INT("server.backlog", backlog, "4096", 16, 65535,
		"listen backlog; net.core.somaxconn caps it"),
	INT("server.max_body_bytes", max_body_bytes, "33554432", 1024, GIB,
		"largest request body"),
	INT("server.read_timeout_ms", read_timeout_ms, "30000", 100, HOUR_MS,
		"longest silence while a request arrives"),
	INT("server.drain_timeout_ms", drain_timeout_ms, "600000", 0, HOUR_MS,
		"how long running calls may finish after SIGTERM"),
	TEXT("server.state_dir", state_dir, "/var/lib/llm-gateway",
		"the journal's folder; must survive a reboot"),
	TEXT("server.hot_dir", hot_dir, "/dev/shm/llm-gateway",
		"shared state of all processes; on tmpfs"),
	TEXT("database.socket", database_socket, "/run/mysqld/mysqld.sock",
		"MariaDB's unix socket; empty uses host and port"),
	TEXT("database.host", database_host, "127.0.0.1", "MariaDB's host"),
	INT("database.port", database_port, "3306", 1, 65535, "MariaDB's port"),
	TEXT("database.name", database_name, "llm_gateway", "the database"),
	TEXT("database.user", database_user, "llm_gateway",
		"the database user"),
	TEXT("database.password_file", database_password_file, "",
		"file with the password; LLM_GATEWAY_DB_PASSWORD wins"),
	INT("database.connections", database_connections, "4", 1, 256,
		"connections that one process opens at most"),
	TEXT("crypto.master_key_file", master_key_file, "",
		"file with the master key; LLM_GATEWAY_MASTER_KEY wins"),
	INT("upstream.connect_timeout_ms", connect_timeout_ms, "10000", 10,
		HOUR_MS, "to connect to a provider, TLS included"),
	INT("upstream.first_byte_timeout_ms", first_byte_timeout_ms, "300000",
		10, HOUR_MS, "for the first byte of an answer"),
	INT("upstream.idle_timeout_ms", idle_timeout_ms, "120000", 10, HOUR_MS,
		"between two pieces of an answer"),
	INT("upstream.total_timeout_ms", total_timeout_ms, "600000", 10,
		HOUR_MS, "for a whole call"),
	INT("upstream.max_answer_bytes", max_answer_bytes, "67108864", 1024,
		GIB, "largest answer that is not a stream"),
	BOOL("upstream.allow_private", allow_private_upstreams, "no",
		"base URLs may be on this machine or a private network"),
	INT("upstream.pool_interval_ms", pool_interval_ms, "15000", 100,
		HOUR_MS,
		"how often the hosts of a pool are asked for their models"),
	INT("stream.keepalive_ms", keepalive_ms, "15000", 100, HOUR_MS,
		"silence in a stream before a comment is sent"),
	INT("stream.keepalive_apache_ms", keepalive_apache_ms, "1000", 100,
		HOUR_MS,
		"the same behind Apache, where only a write can tell "
		"that the client left"),
	INT("stream.max_frame_bytes", max_frame_bytes, "16777216", 1024, GIB,
		"largest single event of a stream"),
	BOOL("gateway.metadata", metadata, "yes",
		"add the metadata member to answers"),
	CHECKED("log.level", log_level, "info", is_log_level,
		"error, warn, info or debug", "what is told, and what is not"),
	INT("log.keep_days", log_keep_days, "0", 0, 36500,
		"older rows of the request log are dropped; 0 keeps all"),
	BOOL("log.requests", log_requests, "yes", "one log line per call"),
};

struct reading {
	FILE *file;
	int line;
	const char *path;
	struct settings *settings;
	struct arena *arena;
	struct error *err;
	bool failed;
};

static const struct setting *setting_find(struct str name);
static bool setting_apply(const struct setting *setting,
	struct settings *settings, struct str value, struct arena *arena,
	struct error *err);
static bool parse_bool(struct str value, bool *out);
static char *read_line(char *line, int size, void *context);
static char *refuse_line(struct reading *reading, const char *reason);
static int on_setting(
	void *context, const char *section, const char *key, const char *value);

void settings_init(struct settings *settings)
{
	struct error err;

	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		/* A default is a literal: it needs no arena. */
		bool ok = setting_apply(&table[i], settings,
			str_of(table[i].value), NULL, &err);

		assert(ok);
	}
}

bool settings_load(struct settings *settings, const char *path,
	struct arena *arena, struct error *err)
{
	struct reading reading = {
		.path = path, .settings = settings, .arena = arena, .err = err
	};
	int bad_line;

	settings_init(settings);
	if (!path)
		return true;
	reading.file = fopen(path, "re");
	if (!reading.file)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: cannot be read: %s", path, strerror(errno));
	bad_line = ini_parse_stream(read_line, &reading, on_setting, &reading);
	fclose(reading.file);
	if (bad_line != 0 && !reading.failed)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s:%d: not '[section]', 'key = value' or a comment",
			path, bad_line);
	return !reading.failed;
}

bool settings_set(struct settings *settings, struct str assignment,
	struct arena *arena, struct error *err)
{
	size_t equals = str_index(assignment, '=');
	struct str name = str_trim(str_head(assignment, equals));
	const struct setting *setting = setting_find(name);

	if (equals == assignment.n)
		return error_refuse(err, ERR_CONFIG, NULL,
			"'%.*s': expected section.key=value",
			STR_ARG(assignment));
	if (!setting)
		return error_refuse(err, ERR_CONFIG, NULL,
			"there is no setting '%.*s'", STR_ARG(name));
	return setting_apply(setting, settings,
		str_trim(str_from(assignment, equals + 1)), arena, err);
}

void settings_describe(struct buf *out)
{
	struct str last = STR("");

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct str name = str_of(table[i].name);
		struct str section = str_head(name, str_index(name, '.'));

		if (!str_equal(section, last))
			buf_printf(out, "%s[%.*s]\n", i ? "\n" : "",
				STR_ARG(section));
		last = section;
		buf_printf(out, "; %s\n", table[i].meaning);
		if (table[i].type == SETTING_INT)
			buf_printf(out, "; %" PRId64 " to %" PRId64 "\n",
				table[i].min, table[i].max);
		buf_printf(out, ";%s = %s\n", name.p + section.n + 1,
			table[i].value);
	}
}

bool settings_read_secret(struct str path, struct arena *arena, struct str *out,
	struct error *err)
{
	char content[MAX_SECRET_BYTES];
	const char *name = arena_cstr(arena, path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: cannot be read: %s", name, strerror(errno));
	if (fstat(fd, &st) < 0 || (st.st_mode & S_IROTH)) {
		close(fd);
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: everybody may read this secret; chmod 600 it",
			name);
	}
	n = read(fd, content, sizeof(content));
	close(fd);
	if (n < 0 || n == sizeof(content))
		return error_refuse(err, ERR_CONFIG, NULL,
			"%s: cannot be read, or is too large for a secret",
			name);
	*out = arena_copy(arena, str_trim((struct str){ content, (size_t)n }));
	explicit_bzero(content, sizeof(content));
	return true;
}

static const struct setting *setting_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (str_equal(name, str_of(table[i].name)))
			return &table[i];
	}
	return NULL;
}

static bool setting_apply(const struct setting *setting,
	struct settings *settings, struct str value, struct arena *arena,
	struct error *err)
{
	void *field = (char *)settings + setting->offset;

	switch (setting->type) {
	case SETTING_TEXT:
		if (setting->is_valid && !setting->is_valid(value))
			return error_refuse(err, ERR_CONFIG, setting->name,
				"%s = '%.*s': expected %s", setting->name,
				STR_ARG(value), setting->expected);
		*(struct str *)field = arena ? arena_copy(arena, value) : value;
		return true;
	case SETTING_INT:
		if (str_to_int64_in(value, setting->min, setting->max, field))
			return true;
		return error_refuse(err, ERR_CONFIG, setting->name,
			"%s = '%.*s': expected a whole number from %" PRId64
			" to %" PRId64,
			setting->name, STR_ARG(value), setting->min,
			setting->max);
	case SETTING_BOOL:
		if (parse_bool(value, field))
			return true;
		return error_refuse(err, ERR_CONFIG, setting->name,
			"%s = '%.*s': expected yes or no", setting->name,
			STR_ARG(value));
	}
	abort();
}

static bool is_mode(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '7')
			return false;
	}
	return value.n >= 3 && value.n <= 4;
}

static bool is_log_level(struct str value)
{
	enum log_level level;

	return log_level_parse(value, &level);
}

static bool parse_bool(struct str value, bool *out)
{
	static const struct {
		struct str word;
		bool value;
	} words[] = {
		{ STR("yes"), true },
		{ STR("no"), false },
		{ STR("true"), true },
		{ STR("false"), false },
		{ STR("on"), true },
		{ STR("off"), false },
		{ STR("1"), true },
		{ STR("0"), false },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_equal_nocase(value, words[i].word)) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

/*
 * inih's reader: counts the lines, and ends the file after a failure. inih
 * would take an indented line for more of the value above it, and cut a long
 * one: both would change a setting unseen.
 */
static char *read_line(char *line, int size, void *context)
{
	struct reading *reading = context;
	struct str text;

	if (reading->failed || !fgets(line, size, reading->file))
		return NULL;
	reading->line++;
	text = str_of(line);
	if (!str_ends(text, S("\n")) && !feof(reading->file))
		return refuse_line(reading, "this line is too long");
	if (isspace((unsigned char)line[0]) && str_trim(text).n > 0)
		return refuse_line(
			reading, "this line begins with white space");
	return line;
}

static char *refuse_line(struct reading *reading, const char *reason)
{
	reading->failed = true;
	error_refuse(reading->err, ERR_CONFIG, NULL, "%s:%d: %s", reading->path,
		reading->line, reason);
	return NULL;
}

/* inih's handler: 1 goes on, 0 notes an error. */
static int on_setting(
	void *context, const char *section, const char *key, const char *value)
{
	struct reading *reading = context;
	struct str assignment =
		arena_printf(reading->arena, "%s.%s=%s", section, key, value);
	struct error err;

	if (settings_set(reading->settings, assignment, reading->arena, &err))
		return 1;
	reading->failed = true;
	error_refuse(reading->err, ERR_CONFIG, err.param, "%s:%d: %s",
		reading->path, reading->line, error_message(&err));
	return 0;
}
