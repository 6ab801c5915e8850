/*
 * metrics.c - sums over threads and processes are exact, whoever is killed;
 * what a dead process counted is folded once, whoever folds it and dies; a
 * table without room still counts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hot/metrics_files.h"

#define PROCESSES 4
#define THREADS 4
#define ADDS 5000
#define KILLS 20

struct fixture {
	char folder[64]; /* server.hot_dir */
	char path[80];   /* the metrics in it */
	struct settings settings;
	int64_t *shared; /* with children */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/dev/shm/gateway-met-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/metrics", f->folder);
	settings_init(&f->settings);
	f->settings.hot_dir = str_of(f->folder);
	f->shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(f->shared != MAP_FAILED);
	/* What blocks must not block for ever. */
	alarm(120);
	*state = f;
	return 0;
}

/* The names in the metrics' folder that end so. */
static int count_files(const struct fixture *f, const char *suffix)
{
	DIR *dir = opendir(f->path);
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.' &&
			 str_ends(str_of(entry->d_name), str_of(suffix));
	closedir(dir);
	return count;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(f->path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(f->path);
	assert_int_equal(rmdir(f->folder), 0);
	munmap(f->shared, 4096);
	free(f);
	alarm(0);
	return 0;
}

static struct metrics *open_metrics(struct fixture *f)
{
	struct error err = ERROR_INIT;
	struct metrics *metrics;

	if (!metrics_open(&f->settings, &metrics, &err))
		fail_msg("%s", error_detail(&err));
	return metrics;
}

static struct metrics_view read_view(struct metrics *metrics)
{
	struct error err = ERROR_INIT;
	struct metrics_view view;

	if (!metrics_read(metrics, &view, &err))
		fail_msg("%s", error_detail(&err));
	return view;
}

static int64_t sum_of(struct metrics *metrics, enum metric metric)
{
	struct metrics_view view = read_view(metrics);
	int64_t sum = metrics_view_sum(&view, metric, 0, S(""));

	metrics_view_release(&view);
	return sum;
}

static void retire(struct metrics *metrics)
{
	struct error err = ERROR_INIT;

	if (!metrics_retire(metrics, &err))
		fail_msg("%s", error_detail(&err));
}

/* Run it in a child, which ends without closing anything. */
static pid_t in_child(struct fixture *f, void (*work)(struct fixture *f))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		work(f);
		_exit(0);
	}
	return pid;
}

static void await_child(pid_t pid, int signal)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (signal)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal);
	else
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct metrics_line *find_line(const struct metrics_view *view,
	enum metric metric, struct str first_label)
{
	for (size_t i = 0; i < view->line_count; i++) {
		if (view->lines[i].metric == metric &&
			str_equal(view->lines[i].labels[0], first_label))
			return &view->lines[i];
	}
	return NULL;
}

/* --- counting */

static void *add_many(void *context)
{
	for (int i = 0; i < ADDS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "model-%d", i % 50);
		metrics_add(context, METRIC_LLM_COST,
			METRIC_LABELS(S("p"), str_of(name)), 3);
		metrics_observe(
			context, METRIC_QUEUE, NULL, i % 2 ? 100 : 6000000);
	}
	return NULL;
}

static void add_from_threads(struct metrics *metrics)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, add_many, metrics),
			0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void work_with_threads(struct fixture *f)
{
	add_from_threads(open_metrics(f));
}

static void sums_over_threads_and_processes_are_exact(void **state)
{
	struct fixture *f = *state;
	struct metrics *metrics = open_metrics(f);
	struct metrics_view view;
	const struct metrics_line *line;
	pid_t pids[PROCESSES];
	int64_t calls = (PROCESSES + 1) * THREADS * ADDS;

	for (size_t i = 0; i < PROCESSES; i++)
		pids[i] = in_child(f, work_with_threads);
	add_from_threads(metrics);
	for (size_t i = 0; i < PROCESSES; i++)
		await_child(pids[i], 0);
	view = read_view(metrics);
	assert_int_equal(
		metrics_view_sum(&view, METRIC_LLM_COST, 0, S("")), calls * 3);
	line = find_line(&view, METRIC_QUEUE, S(""));
	assert_non_null(line);
	/* 100 µs is within its own bound; 6 s is above the last one. */
	assert_int_equal(line->values[1], calls / 2);
	assert_int_equal(
		line->values[metric_row(METRIC_QUEUE)->bound_count], calls / 2);
	assert_int_equal(
		line->values[metric_row(METRIC_QUEUE)->bound_count + 1],
		calls / 2 * 6000100);
	assert_int_equal(view.processes, 1);
	metrics_view_release(&view);
	metrics_close(metrics);
}

static void bounds_belong_to_what_is_below_them(void **state)
{
	const struct metric_row *row = metric_row(METRIC_LLM_DURATION);
	struct metrics *metrics = open_metrics(*state);
	int64_t *values = metrics_find(
		metrics, METRIC_LLM_DURATION, METRIC_LABELS(S("p"), S("m")));
	int64_t sum = 0;

	for (size_t i = 0; i < row->bound_count; i++) {
		metrics_observe_in(values, METRIC_LLM_DURATION, row->bounds[i]);
		metrics_observe_in(
			values, METRIC_LLM_DURATION, row->bounds[i] + 1);
		sum += 2 * row->bounds[i] + 1;
	}
	assert_int_equal(values[0], 1);
	for (size_t i = 1; i < row->bound_count; i++)
		assert_int_equal(values[i], 2);
	assert_int_equal(values[row->bound_count], 1);
	assert_int_equal(values[row->bound_count + 1], sum);
	metrics_close(metrics);
}

static void the_newest_of_all_counts(void **state)
{
	struct metrics *one = open_metrics(*state);
	struct metrics *other = open_metrics(*state);
	const struct str *labels = METRIC_LABELS(S("p"));

	metrics_raise(one, METRIC_PROVIDER_SUCCESS, labels, 70);
	metrics_raise(one, METRIC_PROVIDER_SUCCESS, labels, 50);
	metrics_raise(other, METRIC_PROVIDER_SUCCESS, labels, 60);
	assert_int_equal(sum_of(one, METRIC_PROVIDER_SUCCESS), 70);
	metrics_close(one);
	retire(other);
	assert_int_equal(sum_of(other, METRIC_PROVIDER_SUCCESS), 70);
	metrics_close(other);
}

/* --- processes that end */

static void count_and_wait(struct fixture *f)
{
	struct metrics *metrics = open_metrics(f);

	metrics_set(metrics, METRIC_LOOPS, 7);
	metrics_add(metrics, METRIC_ACTIVE_CONNECTIONS, NULL, 3);
	for (;;) {
		metrics_add(metrics, METRIC_OVERFLOW, NULL, 1);
		__atomic_add_fetch(&f->shared[0], 1, __ATOMIC_SEQ_CST);
	}
}

static void a_killed_process_loses_nothing_but_its_gauges(void **state)
{
	struct fixture *f = *state;
	struct metrics *metrics = open_metrics(f);
	int64_t counted;

	for (int i = 0; i < KILLS; i++) {
		int64_t before = f->shared[0];
		pid_t pid = in_child(f, count_and_wait);

		while (__atomic_load_n(&f->shared[0], __ATOMIC_SEQ_CST) <
			before + 1000)
			usleep(200);
		if (i % 3 == 0)
			assert_int_equal(sum_of(metrics, METRIC_LOOPS), 7);
		kill(pid, SIGKILL);
		await_child(pid, SIGKILL);
		if (i % 2)
			retire(metrics);
	}
	/* Each may have died between the two. */
	counted = sum_of(metrics, METRIC_OVERFLOW);
	assert_in_range(counted, f->shared[0], f->shared[0] + KILLS);
	assert_int_equal(sum_of(metrics, METRIC_LOOPS), 0);
	assert_int_equal(sum_of(metrics, METRIC_ACTIVE_CONNECTIONS), 0);
	retire(metrics);
	assert_int_equal(sum_of(metrics, METRIC_OVERFLOW), counted);
	assert_int_equal(count_files(f, ".series"), 1);
	assert_int_equal(count_files(f, "retired"), 1);
	metrics_close(metrics);
	/* Nobody is left; the next one begins with all of it. */
	metrics = open_metrics(f);
	assert_int_equal(sum_of(metrics, METRIC_OVERFLOW), counted);
	metrics_close(metrics);
}

static void count_a_thousand(struct fixture *f)
{
	metrics_add(open_metrics(f), METRIC_OVERFLOW, NULL, 1000);
}

/* Whoever folded has written the sums and died before it removed the file. */
static void a_file_that_was_folded_is_not_folded_again(void **state)
{
	struct fixture *f = *state;
	struct metrics *metrics = open_metrics(f);
	struct folder folder;
	struct error err = ERROR_INIT;
	char name[SERIES_NAME_BYTES] = "";
	struct series *retired;
	struct dirent *entry;
	char own[PATH_MAX];
	char path[PATH_MAX];
	DIR *dir;

	await_child(in_child(f, count_a_thousand), 0);
	/* Keep a copy of the dead one's file to put back. */
	dir = opendir(f->path);
	while ((entry = readdir(dir))) {
		int pid = 0;

		if (sscanf(entry->d_name, "%d-", &pid) == 1 && pid != getpid())
			snprintf(name, sizeof(name), "%.*s",
				(int)sizeof(name) - 1, entry->d_name);
	}
	closedir(dir);
	assert_true(name[0] != '\0');
	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	snprintf(own, sizeof(own), "%s/kept", f->path);
	assert_int_equal(link(path, own), 0);
	retire(metrics);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rename(own, path), 0);
	/* It is there as if it had never been removed. */
	assert_true(metrics_folder_open(f->path, &folder, &err));
	retired = metrics_retired_load(&folder);
	assert_string_equal(series_note(retired), name);
	series_free(retired);
	folder_close(&folder);
	assert_int_equal(sum_of(metrics, METRIC_OVERFLOW), 1000);
	assert_int_equal(access(path, F_OK), -1);
	retire(metrics);
	assert_int_equal(sum_of(metrics, METRIC_OVERFLOW), 1000);
	metrics_close(metrics);
}

static void retire_for_ever(struct fixture *f)
{
	struct metrics *metrics = open_metrics(f);

	for (;;)
		retire(metrics);
}

/* Many die while others, who die too, fold them. */
static void folders_that_are_killed_double_nothing(void **state)
{
	struct fixture *f = *state;
	struct metrics *metrics = open_metrics(f);
	pid_t folder = in_child(f, retire_for_ever);

	for (int i = 0; i < KILLS; i++) {
		await_child(in_child(f, count_a_thousand), 0);
		usleep((useconds_t)(i * 137 % 1500));
		kill(folder, SIGKILL);
		await_child(folder, SIGKILL);
		folder = in_child(f, retire_for_ever);
		assert_int_equal(
			sum_of(metrics, METRIC_OVERFLOW), (i + 1) * 1000);
	}
	kill(folder, SIGKILL);
	await_child(folder, SIGKILL);
	retire(metrics);
	assert_int_equal(sum_of(metrics, METRIC_OVERFLOW), KILLS * 1000);
	assert_int_equal(count_files(f, ".new"), 0);
	metrics_close(metrics);
}

static void a_reset_begins_anew_everywhere(void **state)
{
	struct fixture *f = *state;
	struct metrics *one = open_metrics(f);
	struct metrics *other = open_metrics(f);
	struct error err = ERROR_INIT;

	await_child(in_child(f, count_a_thousand), 0);
	retire(one);
	await_child(in_child(f, count_a_thousand), 0);
	metrics_add(one, METRIC_OVERFLOW, NULL, 5);
	metrics_add(other, METRIC_OVERFLOW, NULL, 6);
	metrics_observe(other, METRIC_QUEUE, NULL, 1);
	metrics_set(other, METRIC_LOOPS, 2);
	assert_int_equal(sum_of(one, METRIC_OVERFLOW), 2011);
	assert_true(metrics_reset(one, &err));
	assert_int_equal(sum_of(one, METRIC_OVERFLOW), 0);
	assert_int_equal(sum_of(one, METRIC_QUEUE), 0);
	assert_int_equal(sum_of(one, METRIC_LOOPS), 2);
	metrics_add(other, METRIC_OVERFLOW, NULL, 1);
	retire(one);
	assert_int_equal(sum_of(one, METRIC_OVERFLOW), 1);
	metrics_close(one);
	metrics_close(other);
}

/* --- no room, and files that are none */

static void a_full_table_counts_under_other(void **state)
{
	struct metrics *metrics = open_metrics(*state);
	struct metrics_view view;
	const struct metrics_line *other;
	int64_t overflowed;

	for (int i = 0; i < 2 * SERIES_MAX_COUNT; i++) {
		char name[32];

		snprintf(name, sizeof(name), "invented-%d", i);
		metrics_add(metrics, METRIC_LLM_TOKENS,
			METRIC_LABELS(S("p"), str_of(name), S("prompt")), 2);
		metrics_observe(metrics, METRIC_LLM_DURATION,
			METRIC_LABELS(S("p"), str_of(name)), 1);
	}
	view = read_view(metrics);
	assert_int_equal(metrics_view_sum(&view, METRIC_LLM_TOKENS, 0, S("")),
		2 * 2 * SERIES_MAX_COUNT);
	other = find_line(&view, METRIC_LLM_TOKENS, S("other"));
	assert_non_null(other);
	overflowed = metrics_view_sum(&view, METRIC_OVERFLOW, 0, S(""));
	assert_true(other->values[0] > 2 * SERIES_MAX_COUNT);
	assert_true(overflowed > other->values[0] / 2);
	metrics_view_release(&view);
	metrics_close(metrics);
	/* Another one folds all of it, and counts on. */
	metrics = open_metrics(*state);
	retire(metrics);
	metrics_add(metrics, METRIC_LLM_TOKENS,
		METRIC_LABELS(S("p"), S("new"), S("prompt")), 1);
	assert_int_equal(sum_of(metrics, METRIC_LLM_TOKENS),
		2 * 2 * SERIES_MAX_COUNT + 1);
	assert_int_equal(sum_of(metrics, METRIC_OVERFLOW), overflowed);
	metrics_close(metrics);
}

static void labels_are_cut_and_cleaned(void **state)
{
	struct metrics *metrics = open_metrics(*state);
	struct metrics_view view;
	const struct metrics_line *line;
	char text[400];

	memset(text, 'x', sizeof(text));
	memcpy(text, "a\x1f\xff\n\xc3\xa9", 6);
	/* A character of two bytes where the text is cut. */
	text[190] = '\xc3';
	text[191] = '\xa9';
	metrics_add(metrics, METRIC_ERRORS,
		METRIC_LABELS(((struct str){ text, sizeof(text) })), 1);
	metrics_add(metrics, METRIC_ERRORS, METRIC_LABELS(S("")), 1);
	view = read_view(metrics);
	line = find_line(&view, METRIC_ERRORS, S(""));
	assert_non_null(line);
	assert_int_equal(line->values[0], 1);
	line++;
	assert_int_equal(line->labels[0].n, 190);
	assert_memory_equal(line->labels[0].p, "a???\xc3\xa9x", 7);
	metrics_view_release(&view);
	metrics_close(metrics);
}

static void write_file(
	const struct fixture *f, const char *name, const void *bytes, size_t n)
{
	char path[PATH_MAX];
	int file;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, n), n);
	close(file);
}

static void damaged_files_are_passed_over(void **state)
{
	struct fixture *f = *state;
	struct metrics *metrics = open_metrics(f);
	struct metrics *dead;
	struct folder folder;
	struct error err = ERROR_INIT;
	struct series *series;
	char bytes[8192];
	char path[PATH_MAX];
	int file;

	metrics_add(metrics, METRIC_OVERFLOW, NULL, 4);
	write_file(f, "1-1-0.series", "", 0);
	write_file(f, "1-2-0.series", "LLMGWMET nonsense", 17);
	/* A good one with each of its first bytes turned. */
	dead = open_metrics(f);
	metrics_add(dead, METRIC_ERRORS, METRIC_LABELS(S("e")), 1);
	metrics_close(dead);
	retire(metrics);
	snprintf(path, sizeof(path), "%s/retired", f->path);
	file = open(path, O_RDONLY);
	assert_true(file >= 0);
	assert_true(read(file, bytes, sizeof(bytes)) > 1000);
	close(file);
	for (size_t i = 0; i < 1000; i++) {
		bytes[i] ^= 0x55;
		write_file(f, "1-3-0.series", bytes, sizeof(bytes));
		assert_true(sum_of(metrics, METRIC_OVERFLOW) != 0);
		bytes[i] ^= 0x55;
	}
	write_file(f, "retired", bytes, 100);
	assert_true(metrics_folder_open(f->path, &folder, &err));
	series = metrics_retired_load(&folder);
	assert_null(series_next(series, NULL));
	series_free(series);
	folder_close(&folder);
	retire(metrics);
	assert_int_equal(count_files(f, ".series"), 1);
	assert_true(sum_of(metrics, METRIC_OVERFLOW) >= 4);
	metrics_close(metrics);
}

static void every_metric_has_a_row(void **state)
{
	(void)state;
	for (int i = 0; i < METRICS; i++) {
		const struct metric_row *row = metric_row((enum metric)i);

		assert_non_null(row->name);
		assert_true(strlen(row->help) > 5);
		assert_int_equal(metric_find(str_of(row->name)), i);
		assert_true(metric_value_count((enum metric)i) <=
			    METRIC_MAX_VALUES);
		for (size_t b = 1; b < row->bound_count; b++)
			assert_true(row->bounds[b] > row->bounds[b - 1]);
	}
	assert_int_equal(metric_find(S("nothing")), METRICS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_metric_has_a_row),
		cmocka_unit_test_setup_teardown(
			sums_over_threads_and_processes_are_exact, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			bounds_belong_to_what_is_below_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_newest_of_all_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_killed_process_loses_nothing_but_its_gauges, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_that_was_folded_is_not_folded_again, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			folders_that_are_killed_double_nothing, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_reset_begins_anew_everywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_full_table_counts_under_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			labels_are_cut_and_cleaned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			damaged_files_are_passed_over, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("hot/metrics", tests, NULL, NULL);
}
