/* settings.c - defaults, files with their line numbers, --set, secrets. */
#include "expect.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"

struct fixture {
	struct arena arena;
	struct settings settings;
	struct error err;
	char path[64];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fd;

	if (!fixture)
		return -1;
	arena_init(&fixture->arena, 4096);
	snprintf(fixture->path, sizeof(fixture->path),
		P_tmpdir "/settings-test-XXXXXX");
	fd = mkstemp(fixture->path);
	if (fd < 0)
		return -1;
	close(fd);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->path);
	arena_release(&fixture->arena);
	free(fixture);
	return 0;
}

static void write_file(struct fixture *fixture, const char *text)
{
	FILE *file = fopen(fixture->path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static bool load(struct fixture *fixture, const char *text)
{
	write_file(fixture, text);
	return settings_load(&fixture->settings, fixture->path, &fixture->arena,
		&fixture->err);
}

/* The file is refused with "PATH:" and this message. */
static void refuses(
	struct fixture *fixture, const char *text, const char *message)
{
	char expected[256];

	assert_false(load(fixture, text));
	snprintf(expected, sizeof(expected), "%s:%s", fixture->path, message);
	assert_string_equal(error_message(&fixture->err), expected);
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
}

static bool set(struct fixture *fixture, struct str assignment)
{
	return settings_set(
		&fixture->settings, assignment, &fixture->arena, &fixture->err);
}

static void without_a_file_all_is_default(void **state)
{
	struct fixture *fixture = *state;
	struct settings *settings = &fixture->settings;
	enum log_level level;

	assert_true(
		settings_load(settings, NULL, &fixture->arena, &fixture->err));
	assert_str(settings->listen, "unix:/run/llm-gateway/fcgi.sock");
	assert_int_equal(settings->workers, 4);
	assert_int_equal(settings->database_port, 3306);
	assert_str(settings->database_password_file, "");
	assert_false(settings->allow_private_upstreams);
	assert_true(settings->metadata);
	assert_true(log_level_parse(settings->log_level, &level));
}

static void a_file_changes_what_it_names(void **state)
{
	struct fixture *fixture = *state;

	assert_true(load(fixture, "; a comment\n"
				  "[server]\n"
				  "listen = 127.0.0.1:9000\n"
				  "workers=  8\n"
				  "\n"
				  "[upstream]\n"
				  "allow_private = yes\n"
				  "[gateway]\n"
				  "metadata = Off\n"));
	assert_str(fixture->settings.listen, "127.0.0.1:9000");
	assert_int_equal(fixture->settings.workers, 8);
	assert_true(fixture->settings.allow_private_upstreams);
	assert_false(fixture->settings.metadata);
	assert_int_equal(fixture->settings.queue, 1024);
}

static void texts_outlive_the_file(void **state)
{
	struct fixture *fixture = *state;

	assert_true(load(fixture, "[database]\nname = first\n"));
	write_file(fixture, "[database]\nname = other\n");
	assert_str(fixture->settings.database_name, "first");
}

static void loading_forgets_what_was_set(void **state)
{
	struct fixture *fixture = *state;

	settings_init(&fixture->settings);
	assert_true(set(fixture, S("server.workers=9")));
	assert_true(load(fixture, ""));
	assert_int_equal(fixture->settings.workers, 4);
}

static void a_bad_value_names_file_and_line(void **state)
{
	struct fixture *fixture = *state;

	refuses(fixture, "[server]\n\nworkers = many\n",
		"3: server.workers = 'many': "
		"expected a whole number from 1 to 256");
	assert_string_equal(fixture->err.param, "server.workers");
	refuses(fixture, "[database]\nport = 65536\n",
		"2: database.port = '65536': "
		"expected a whole number from 1 to 65535");
	refuses(fixture, "; x\n; y\n[gateway]\nmetadata = maybe\n",
		"4: gateway.metadata = 'maybe': expected yes or no");
}

static void an_unknown_name_names_file_and_line(void **state)
{
	struct fixture *fixture = *state;

	refuses(fixture, "[server]\nworkers = 2\nworkrs = 3\n",
		"3: there is no setting 'server.workrs'");
	refuses(fixture, "[sever]\nworkers = 2\n",
		"2: there is no setting 'sever.workers'");
}

static void the_first_mistake_is_the_one_reported(void **state)
{
	refuses(*state, "[server]\nbogus = 1\nworkers = many\n",
		"2: there is no setting 'server.bogus'");
}

static void a_line_that_is_no_setting(void **state)
{
	refuses(*state, "[server]\nworkers = 2\nlisten\n",
		"3: not '[section]', 'key = value' or a comment");
}

static void an_indented_line_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct settings settings;

	write_file(fixture, "[database]\nsocket = x\n  port = 3307\n");
	assert_false(settings_load(
		&settings, fixture->path, &fixture->arena, &fixture->err));
	assert_non_null(strstr(error_message(&fixture->err),
		":3: this line begins with white space"));
}

static void a_line_that_is_too_long_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct settings settings;
	char text[1200];
	int n = snprintf(text, sizeof(text), "[database]\nsocket = ");

	memset(text + n, 'x', sizeof(text) - (size_t)n - 2);
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	write_file(fixture, text);
	assert_false(settings_load(
		&settings, fixture->path, &fixture->arena, &fixture->err));
	assert_non_null(strstr(
		error_message(&fixture->err), ":2: this line is too long"));
}

static void words_are_checked(void **state)
{
	static const char *const bad[] = { "log.level = loud",
		"server.socket_mode = 0999", "server.socket_mode = rw",
		"server.socket_mode =", "server.cors_origins = a.example",
		"server.cors_origins = https://",
		"server.cors_origins = https://a.example/",
		"server.cors_origins = https://a.example,*",
		"server.cors_origins = https://a b" };
	struct fixture *fixture = *state;
	struct settings settings;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct str line = str_of(bad[i]);
		size_t dot = str_index(line, '.');
		char text[120];

		snprintf(text, sizeof(text), "[%.*s]\n%s\n", (int)dot, line.p,
			line.p + dot + 1);
		write_file(fixture, text);
		assert_false(settings_load(&settings, fixture->path,
			&fixture->arena, &fixture->err));
		assert_non_null(strstr(error_message(&fixture->err), ":2: "));
		assert_non_null(
			strstr(error_message(&fixture->err), "expected"));
	}
}

static void a_file_that_is_not_there(void **state)
{
	struct fixture *fixture = *state;

	assert_false(settings_load(&fixture->settings, "/nonexistent/x.conf",
		&fixture->arena, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	assert_string_equal(error_message(&fixture->err),
		"/nonexistent/x.conf: cannot be read: "
		"No such file or directory");
}

static void one_assignment(void **state)
{
	struct fixture *fixture = *state;

	settings_init(&fixture->settings);
	assert_true(set(fixture, S("server.workers=12")));
	assert_int_equal(fixture->settings.workers, 12);
	assert_true(set(fixture, S(" database.name = a=b ")));
	assert_str(fixture->settings.database_name, "a=b");
	assert_true(set(fixture, S("database.socket=")));
	assert_str(fixture->settings.database_socket, "");
	assert_true(set(fixture, S("server.loops=0")));
	assert_true(set(fixture, S("server.loops=64")));
	assert_int_equal(fixture->settings.loops, 64);
}

static void money_is_exact(void **state)
{
	struct fixture *fixture = *state;
	struct settings settings;
	struct error err = ERROR_INIT;

	settings_init(&settings);
	assert_int_equal(settings.slice_picousd, INT64_C(1000000000000));
	assert_int_equal(
		settings.outage_allowance_picousd, INT64_C(10000000000000));
	assert_int_equal(settings.unpriced_input_picousd, 30000000);
	assert_int_equal(settings.unpriced_output_picousd, 150000000);
	assert_true(settings_set(
		&settings, S("limits.slice_usd=0.1"), &fixture->arena, &err));
	assert_int_equal(settings.slice_picousd, INT64_C(100000000000));
	assert_true(settings_set(&settings, S("limits.unpriced_input_usd=.15"),
		&fixture->arena, &err));
	assert_int_equal(settings.unpriced_input_picousd, 150000);
	assert_false(settings_set(
		&settings, S("limits.slice_usd=1,5"), &fixture->arena, &err));
	assert_false(settings_set(&settings,
		S("limits.unpriced_input_usd=0.0000001"), &fixture->arena,
		&err));
	assert_int_equal(settings.unpriced_input_picousd, 150000);
}

static void a_host_has_a_name(void **state)
{
	struct fixture *fixture = *state;
	char out[SETTINGS_HOST_NAME_BYTES], own[SETTINGS_HOST_NAME_BYTES];
	struct settings settings;
	struct error err = ERROR_INIT;

	settings_init(&settings);
	assert_int_equal(gethostname(own, sizeof(own)), 0);
	assert_true(str_equal(settings_host_name(&settings, out), str_of(own)));
	assert_true(settings_set(
		&settings, S("server.host_name=web-1"), &fixture->arena, &err));
	assert_true(str_equal(settings_host_name(&settings, out), S("web-1")));
	assert_false(settings_set(
		&settings, S("server.host_name=web 1"), &fixture->arena, &err));
}

static void assignments_that_are_none(void **state)
{
	struct fixture *fixture = *state;

	settings_init(&fixture->settings);
	assert_false(set(fixture, S("server.workers")));
	assert_string_equal(error_message(&fixture->err),
		"'server.workers': expected section.key=value");
	assert_false(set(fixture, S("server.bogus=1")));
	assert_string_equal(error_message(&fixture->err),
		"there is no setting 'server.bogus'");
	assert_false(set(fixture, S("server.loops=65")));
	assert_false(set(fixture, S("server.loops=-1")));
	assert_false(set(fixture, S("server.workers=")));
	assert_false(set(fixture, S("gateway.metadata=")));
	assert_int_equal(fixture->settings.workers, 4);
}

/* Every line of the description, its comment sign removed, is accepted. */
static void the_description_is_a_valid_file(void **state)
{
	struct fixture *fixture = *state;
	struct buf described = BUF_INIT(65536);
	struct buf file = BUF_INIT(65536);
	struct str rest;
	struct str line;
	size_t count = 0;

	settings_describe(&described);
	assert_false(described.failed);
	rest = buf_str(&described);
	while (str_next_field(&rest, '\n', &line)) {
		bool is_setting =
			str_starts(line, S(";")) && !str_starts(line, S("; "));

		buf_append(&file, str_from(line, is_setting));
		buf_append_char(&file, '\n');
		count += is_setting;
	}
	assert_true(count > 25);
	assert_true(load(fixture, buf_cstr(&file)));
	assert_int_equal(fixture->settings.max_frame_bytes, 16777216);
	buf_release(&file);
	buf_release(&described);
}

static void a_secret_is_trimmed(void **state)
{
	struct fixture *fixture = *state;
	struct str secret;

	write_file(fixture, "  correct horse \n");
	assert_int_equal(chmod(fixture->path, 0600), 0);
	assert_true(settings_read_secret(str_of(fixture->path), &fixture->arena,
		&secret, &fixture->err));
	assert_str(secret, "correct horse");
}

static void a_secret_for_everybody_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct str secret;

	write_file(fixture, "battery staple");
	assert_int_equal(chmod(fixture->path, 0644), 0);
	assert_false(settings_read_secret(str_of(fixture->path),
		&fixture->arena, &secret, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
	assert_non_null(strstr(error_message(&fixture->err), fixture->path));
	assert_non_null(strstr(error_message(&fixture->err), "chmod 600"));
	assert_null(strstr(error_message(&fixture->err), "battery"));
	assert_int_equal(chmod(fixture->path, 0640), 0);
	assert_true(settings_read_secret(str_of(fixture->path), &fixture->arena,
		&secret, &fixture->err));
}

static void a_secret_that_is_missing_or_too_large(void **state)
{
	struct fixture *fixture = *state;
	char text[5000];
	struct str secret;

	assert_false(settings_read_secret(S("/nonexistent/key"),
		&fixture->arena, &secret, &fixture->err));
	assert_string_equal(error_message(&fixture->err),
		"/nonexistent/key: cannot be read: No such file or directory");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(fixture, text);
	assert_int_equal(chmod(fixture->path, 0600), 0);
	assert_false(settings_read_secret(str_of(fixture->path),
		&fixture->arena, &secret, &fixture->err));
	assert_int_equal(fixture->err.kind, ERR_CONFIG);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_all_is_default),
		TEST(a_file_changes_what_it_names),
		TEST(texts_outlive_the_file),
		TEST(loading_forgets_what_was_set),
		TEST(a_bad_value_names_file_and_line),
		TEST(an_unknown_name_names_file_and_line),
		TEST(the_first_mistake_is_the_one_reported),
		TEST(a_line_that_is_no_setting),
		TEST(an_indented_line_is_refused),
		TEST(a_line_that_is_too_long_is_refused),
		TEST(words_are_checked),
		TEST(a_file_that_is_not_there),
		TEST(one_assignment),
		TEST(money_is_exact),
		TEST(a_host_has_a_name),
		TEST(assignments_that_are_none),
		TEST(the_description_is_a_valid_file),
		TEST(a_secret_is_trimmed),
		TEST(a_secret_for_everybody_is_refused),
		TEST(a_secret_that_is_missing_or_too_large),
	};

	return cmocka_run_group_tests_name("base/settings", tests, NULL, NULL);
}
