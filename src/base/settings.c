/*
 * settings.c - the reader of the settings' file (inih).
 */
#include "base/settings_table.h"

#include <fcntl.h>
#include <ini.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/money.h"

#define MAX_SECRET_BYTES 4096

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
	for (size_t i = 0; i < settings_table_count; i++) {
		/* A default is a literal: it needs no arena. */
		bool ok = setting_apply(&settings_table[i], settings,
			str_of(settings_table[i].value), NULL, &err);

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
	settings->path = path;
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

	for (size_t i = 0; i < settings_table_count; i++) {
		struct str name = str_of(settings_table[i].name);
		struct str section = str_head(name, str_index(name, '.'));

		if (!str_equal(section, last))
			buf_printf(out, "%s[%.*s]\n", i ? "\n" : "",
				STR_ARG(section));
		last = section;
		buf_printf(out, "; %s\n", settings_table[i].meaning);
		if (settings_table[i].type == SETTING_INT)
			buf_printf(out, "; %" PRId64 " to %" PRId64 "\n",
				settings_table[i].min, settings_table[i].max);
		buf_printf(out, ";%s = %s\n", name.p + section.n + 1,
			settings_table[i].value);
	}
}

struct str settings_host_name(
	const struct settings *settings, char out[SETTINGS_HOST_NAME_BYTES])
{
	if (settings->host_name.n > 0)
		return settings->host_name;
	if (gethostname(out, SETTINGS_HOST_NAME_BYTES) < 0)
		out[0] = '\0';
	out[SETTINGS_HOST_NAME_BYTES - 1] = '\0';
	return str_of(out);
}

const char *settings_path(struct arena *arena, struct str path)
{
	return path.n > 0 ? arena_cstr(arena, path) : NULL;
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
	for (size_t i = 0; i < settings_table_count; i++) {
		if (str_equal(name, str_of(settings_table[i].name)))
			return &settings_table[i];
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
	case SETTING_USD:
		if (money_parse_usd(value, field))
			return true;
		return error_refuse(err, ERR_CONFIG, setting->name,
			"%s = '%.*s': expected US dollars, as in 12.50",
			setting->name, STR_ARG(value));
	case SETTING_PRICE:
		if (money_parse_usd_per_million(value, field))
			return true;
		return error_refuse(err, ERR_CONFIG, setting->name,
			"%s = '%.*s': expected US dollars per million tokens "
			"with at most 6 decimals, as in 0.15",
			setting->name, STR_ARG(value));
	}
	abort();
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
