/*
 * log_file.c - the log in files: each line where it belongs, whole, and none
 * lost while the files are moved away; a disk or a folder that fails holds
 * nobody up.
 */
#include "expect.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define WRITERS 4
#define LINES 4000
#define TURNS 30

struct fixture {
	char folder[64];
	char path[96]; /* log.dir */
	int stderr_copy;
};

static const char *const names[] = { "error.log", "combined.log", "llm.log",
	"costs.log", "metrics.log" };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/gateway-log-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/logs", f->folder);
	f->stderr_copy = -1;
	*state = f;
	return 0;
}

static const char *path_of(const struct fixture *f, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	return path;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char name[32];

	log_close();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(f, names[i]));
	for (int i = 0; i < TURNS; i++) {
		snprintf(name, sizeof(name), "old-%d", i);
		unlink(path_of(f, name));
	}
	unlink(path_of(f, "stderr"));
	rmdir(f->path);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void open_log(struct fixture *f)
{
	struct error err = ERROR_INIT;

	if (!log_open(str_of(f->path), &err))
		fail_msg("%s", error_message(&err));
}

static struct str read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return S("");
	do {
		char *room = buf_reserve(out, 65536);

		assert_non_null(room);
		n = read(fd, room, 65536);
		assert_true(n >= 0);
		buf_advance(out, (size_t)n);
	} while (n > 0);
	close(fd);
	return buf_str(out);
}

static void assert_file(
	const struct fixture *f, const char *name, const char *expected)
{
	struct buf content = BUF_INIT(1 << 20);

	expect_bytes(read_file(path_of(f, name), &content), str_of(expected),
		__FILE__, __LINE__);
	buf_release(&content);
}

/* How many lines a file has, each of which must be JSON. */
static size_t count_lines(const char *path)
{
	struct buf content = BUF_INIT(1 << 26);
	struct str rest = read_file(path, &content);
	struct str line;
	size_t count = 0;

	assert_true(rest.n == 0 || str_ends(rest, S("\n")));
	while (str_next_field(&rest, '\n', &line)) {
		struct json value;
		struct error err;

		if (!json_check(line, 8, &value, &err))
			fail_msg("%s: '%.*s'", path, STR_ARG(line));
		count++;
	}
	buf_release(&content);
	return count;
}

static void each_line_is_where_it_belongs(void **state)
{
	struct fixture *f = *state;
	struct stat status;

	umask(0022);
	open_log(f);
	log_error("broken");
	log_warn("odd");
	log_lines(LOG_STREAM_LLM, S("{\"a\":1}\n"));
	log_lines(LOG_STREAM_COSTS, S("{\"b\":2}\n"));
	log_lines(LOG_STREAM_METRICS, S("{\"c\":3}\n"));
	assert_int_equal(count_lines(path_of(f, "error.log")), 1);
	assert_int_equal(count_lines(path_of(f, "combined.log")), 3);
	assert_file(f, "llm.log", "{\"a\":1}\n");
	assert_file(f, "costs.log", "{\"b\":2}\n");
	assert_file(f, "metrics.log", "{\"c\":3}\n");
	assert_true(log_wants(LOG_STREAM_COSTS));
	assert_int_equal(stat(path_of(f, "llm.log"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	/* Another start goes on behind what is there. */
	log_close();
	open_log(f);
	log_lines(LOG_STREAM_COSTS, S("{\"d\":4}\n"));
	assert_file(f, "costs.log", "{\"b\":2}\n{\"d\":4}\n");
}

static void a_folder_that_cannot_be_is_refused(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_false(log_open(S("/dev/null/logs"), &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(error_message(&err), "/dev/null/logs"));
	assert_false(log_wants(LOG_STREAM_COSTS));
}

static void *write_many(void *context)
{
	int writer = *(int *)context;
	char line[256];

	for (int i = 0; i < LINES; i++) {
		/* Of many lengths. */
		snprintf(line, sizeof(line),
			"{\"writer\":%d,\"line\":%d,\"text\":\"%.*s\"}\n",
			writer, i, i % 150,
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		log_lines(LOG_STREAM_COSTS, str_of(line));
	}
	return NULL;
}

static void no_line_is_lost_while_files_are_moved(void **state)
{
	struct fixture *f = *state;
	pthread_t writers[WRITERS];
	int numbers[WRITERS];
	size_t count = 0;

	open_log(f);
	for (int i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&writers[i], NULL, write_many,
					 &numbers[i]),
			0);
	}
	for (int i = 0; i < TURNS; i++) {
		char old[PATH_MAX];
		char name[32];

		snprintf(name, sizeof(name), "old-%d", i);
		snprintf(old, sizeof(old), "%s", path_of(f, name));
		assert_int_equal(rename(path_of(f, "costs.log"), old), 0);
		log_look_after(i % 2);
		usleep(500);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	for (int i = 0; i < TURNS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "old-%d", i);
		count += count_lines(path_of(f, name));
	}
	count += count_lines(path_of(f, "costs.log"));
	assert_int_equal(count, WRITERS * LINES);
	assert_int_equal(log_dropped(), 0);
}

/* Standard error goes to a file until capture_end(). */
static void capture_begin(struct fixture *f)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s.stderr", f->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	f->stderr_copy = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static size_t capture_end(struct fixture *f)
{
	char path[PATH_MAX];
	size_t count;

	dup2(f->stderr_copy, STDERR_FILENO);
	close(f->stderr_copy);
	snprintf(path, sizeof(path), "%s.stderr", f->folder);
	count = count_lines(path);
	unlink(path);
	return count;
}

static void remove_folder(struct fixture *f)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(f, names[i]));
	assert_int_equal(rmdir(f->path), 0);
}

static void a_folder_that_is_removed_comes_back(void **state)
{
	struct fixture *f = *state;

	open_log(f);
	remove_folder(f);
	log_look_after(false);
	log_lines(LOG_STREAM_COSTS, S("{\"a\":1}\n"));
	assert_file(f, "costs.log", "{\"a\":1}\n");
}

/* A file in the folder's place keeps it from being made again. */
static void what_cannot_be_opened_is_told_once_and_counted(void **state)
{
	struct fixture *f = *state;
	int64_t dropped = log_dropped();
	int fd;

	open_log(f);
	remove_folder(f);
	fd = open(f->path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	capture_begin(f);
	for (int i = 0; i < 3; i++)
		log_look_after(i == 2);
	for (int i = 0; i < 100; i++)
		log_lines(LOG_STREAM_COSTS, S("{\"a\":1}\n{\"b\":1}\n"));
	/* The first that cannot be opened, and the first lines dropped. */
	assert_in_range(capture_end(f), 1, 2);
	assert_int_equal(log_dropped() - dropped, 200);
	assert_int_equal(unlink(f->path), 0);
	log_look_after(false);
	log_lines(LOG_STREAM_COSTS, S("{\"c\":1}\n"));
	assert_file(f, "costs.log", "{\"c\":1}\n");
	assert_int_equal(log_dropped() - dropped, 200);
}

/* In a child, whose files may not grow beyond some bytes: as on a full disk,
 * a line is written in part. */
static int write_beyond_the_end(struct fixture *f)
{
	const struct rlimit little = { 1000, RLIM_INFINITY };
	const struct rlimit enough = { RLIM_INFINITY, RLIM_INFINITY };
	int64_t before = log_dropped();
	int64_t dropped;

	signal(SIGXFSZ, SIG_IGN);
	open_log(f);
	setrlimit(RLIMIT_FSIZE, &little);
	/* 14 bytes a line: 71 fit, and 6 bytes more. */
	for (int i = 0; i < 50; i++)
		log_lines(LOG_STREAM_COSTS, S("{\"abcdef\":11}\n{\"abcdef\":"
					      "22}\n{\"abcdef\":33}\n"));
	dropped = log_dropped();
	setrlimit(RLIMIT_FSIZE, &enough);
	log_lines(LOG_STREAM_COSTS, S("{\"last\":1}\n"));
	return dropped - before == 150 - 71 && log_dropped() == dropped ? 0 : 1;
}

static void a_full_disk_keeps_whole_lines(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		_exit(write_beyond_the_end(f));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(count_lines(path_of(f, "costs.log")), 72);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_line_is_where_it_belongs, set_up, tear_down),
		cmocka_unit_test(a_folder_that_cannot_be_is_refused),
		cmocka_unit_test_setup_teardown(
			no_line_is_lost_while_files_are_moved, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_folder_that_is_removed_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_opened_is_told_once_and_counted, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_full_disk_keeps_whole_lines, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("base/log_file", tests, NULL, NULL);
}
