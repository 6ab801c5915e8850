/* log.c - every line is one JSON object, whatever the message holds. */
#include "expect.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

static char lines[65536];

struct capture {
	int stderr_copy;
	FILE *file;
};

static struct capture capture_begin(void)
{
	struct capture capture = { dup(STDERR_FILENO), tmpfile() };

	assert_true(capture.stderr_copy >= 0);
	assert_non_null(capture.file);
	assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
	return capture;
}

/* What was written to standard error since capture_begin(). */
static struct str capture_end(struct capture capture)
{
	size_t n;

	assert_true(dup2(capture.stderr_copy, STDERR_FILENO) >= 0);
	close(capture.stderr_copy);
	rewind(capture.file);
	n = fread(lines, 1, sizeof(lines), capture.file);
	fclose(capture.file);
	return (struct str){ lines, n };
}

static struct json checked(struct str line)
{
	struct json value;
	struct error err;

	if (!json_check(line, JSON_MAX_DEPTH, &value, &err))
		fail_msg("%s: %.*s", err.message, STR_ARG(line));
	return value;
}

static int default_level(void **state)
{
	(void)state;
	log_set_level(LOG_INFO);
	return 0;
}

static void level_names(void **state)
{
	enum log_level level = LOG_DEBUG;

	(void)state;
	assert_true(log_level_parse(S("error"), &level));
	assert_int_equal(level, LOG_ERROR);
	assert_true(log_level_parse(S("warn"), &level));
	assert_int_equal(level, LOG_WARN);
	assert_true(log_level_parse(S("info"), &level));
	assert_int_equal(level, LOG_INFO);
	assert_true(log_level_parse(S("debug"), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_level_parse(S("warning"), &level));
	assert_false(log_level_parse(S("INFO"), &level));
	assert_false(log_level_parse(S(""), &level));
	assert_int_equal(level, LOG_DEBUG);
}

static void a_line_says_when_what_and_who(void **state)
{
	struct capture capture = capture_begin();
	struct str line;
	struct json object;
	struct json time_member;
	int64_t pid;
	int64_t unix_ms;

	(void)state;
	log_warn("queue is full: %d waiting", 7);
	line = capture_end(capture);
	assert_true(str_ends(line, S("}\n")));
	object = checked(line);
	assert_int_equal(json_length(object), 4);
	assert_true(json_text_is(json_find(object, S("level")), S("warn")));
	assert_true(json_text_is(json_find(object, S("message")),
		S("queue is full: 7 waiting")));
	assert_true(json_int(json_find(object, S("pid")), &pid));
	assert_int_equal(pid, getpid());
	time_member = json_find(object, S("time"));
	assert_true(clock_parse(
		(struct str){ time_member.text.p + 1, time_member.text.n - 2 },
		&unix_ms));
	assert_true(llabs(clock_unix_ms() - unix_ms) < 60000);
}

static void levels_filter(void **state)
{
	static const int expected[] = { 1, 2, 3, 4 };

	(void)state;
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		struct capture capture = capture_begin();
		struct str rest;
		struct str line;
		int count = 0;

		log_set_level((enum log_level)level);
		log_error("e");
		log_warn("w");
		log_info("i");
		log_debug("d");
		rest = capture_end(capture);
		while (str_next_field(&rest, '\n', &line))
			count++;
		assert_int_equal(count, expected[level]);
	}
}

static void a_message_cannot_forge_a_line(void **state)
{
	struct capture capture = capture_begin();
	struct str line;
	struct json object;

	(void)state;
	log_error("a\n{\"level\":\"info\"}\xff\x01");
	line = capture_end(capture);
	assert_int_equal(str_index(line, '\n'), line.n - 1);
	object = checked(line);
	assert_true(json_text_is(json_find(object, S("message")),
		S("a\n{\"level\":\"info\"}\xef\xbf\xbd\x01")));
}

static void a_long_message_is_cut_but_stays_json(void **state)
{
	struct capture capture = capture_begin();
	struct str line;
	struct json message;

	(void)state;
	log_error("%010000d", 1);
	line = capture_end(capture);
	message = json_find(checked(line), S("message"));
	assert_in_range(message.text.n, 1000, 4000);
}

/* Every byte as six: the longest that a message can become. */
static void a_message_of_control_characters_fits(void **state)
{
	struct capture capture = capture_begin();
	char text[2048];
	struct str line;

	(void)state;
	memset(text, 1, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error("%s", text);
	line = capture_end(capture);
	assert_int_equal(
		json_find(checked(line), S("message")).text.n, 2 + 6 * 2047);
}

static void ready_lines_of_calls_are_written_as_they_are(void **state)
{
	struct capture capture = capture_begin();

	(void)state;
	log_lines(LOG_STREAM_LLM, S("{\"a\":1}\n{\"b\":2}\n"));
	log_lines(LOG_STREAM_COSTS, S("{\"c\":3}\n"));
	log_lines(LOG_STREAM_METRICS, S("{\"d\":4}\n"));
	assert_str(capture_end(capture), "{\"a\":1}\n{\"b\":2}\n");
	assert_true(log_wants(LOG_STREAM_LLM));
	assert_false(log_wants(LOG_STREAM_COSTS));
	assert_false(log_wants(LOG_STREAM_METRICS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_names),
		cmocka_unit_test_setup(
			a_line_says_when_what_and_who, default_level),
		cmocka_unit_test_teardown(levels_filter, default_level),
		cmocka_unit_test(a_message_cannot_forge_a_line),
		cmocka_unit_test(a_long_message_is_cut_but_stays_json),
		cmocka_unit_test(a_message_of_control_characters_fits),
		cmocka_unit_test(ready_lines_of_calls_are_written_as_they_are),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
