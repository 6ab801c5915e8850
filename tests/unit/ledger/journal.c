/*
 * journal.c - what journal_append() acknowledged is in the file, whatever
 * happens to the process, the disk or the bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "sample.h"

struct fixture {
	struct arena arena;
	struct settings settings;
	char path[64];
	struct journal *journal;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct error err;

	arena_init(&fixture->arena, 1 << 16);
	settings_init(&fixture->settings);
	sample_make_state(&fixture->settings, fixture->path);
	assert_true(journal_open(&fixture->settings, &fixture->journal, &err));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	journal_close(fixture->journal);
	sample_remove(fixture->path);
	arena_release(&fixture->arena);
	free(fixture);
	return 0;
}

static void append(struct fixture *fixture, int64_t number)
{
	struct usage_record record = sample_record(&fixture->arena, number);
	struct error err;

	if (!journal_append(fixture->journal, &record, &err))
		fail_msg("%s", error_detail(&err));
}

static struct str read_file(struct fixture *fixture, int number)
{
	char *path = sample_journal_path(
		&fixture->arena, &fixture->settings, number);

	assert_non_null(path);
	return sample_read(&fixture->arena, path);
}

/* Which of the records 0 to 63 the bytes hold, as bits. */
static uint64_t numbers_in(struct fixture *fixture, struct str bytes)
{
	uint64_t numbers = 0;

	for (;;) {
		struct frame_found found = frame_find(bytes);
		struct usage_record record;
		struct error err;
		int64_t number;

		if (found.state != FRAME_WHOLE)
			return numbers;
		assert_true(usage_record_read(
			&record, found.payload, &fixture->arena, &err));
		assert_true(
			str_to_int64(str_from(record.request_id, 4), &number));
		assert_in_range(number, 0, 63);
		numbers |= UINT64_C(1) << number;
		bytes = str_from(bytes, found.end);
	}
}

static void records_are_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct str bytes;
	size_t lost;

	for (int i = 0; i < 10; i++)
		append(fixture, i);
	bytes = read_file(fixture, 0);
	assert_int_equal(sample_count_frames(bytes, &lost), 10);
	assert_int_equal(lost, 0);
	assert_int_equal(numbers_in(fixture, bytes), 0x3ff);
	for (int64_t i = 0; i < 10; i++) {
		struct frame_found found = frame_find(bytes);
		struct usage_record record = sample_record(&fixture->arena, i);
		struct buf json = BUF_INIT(1 << 16);

		usage_record_write(&record, &json);
		assert_true(str_equal(found.payload, buf_str(&json)));
		buf_release(&json);
		bytes = str_from(bytes, found.end);
	}
}

static void files_are_private_and_locked(void **state)
{
	struct fixture *fixture = *state;
	char *path =
		sample_journal_path(&fixture->arena, &fixture->settings, 0);
	struct stat status;
	int file;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	file = open(path, O_RDWR);
	assert_int_equal(flock(file, LOCK_SH | LOCK_NB), -1);
	journal_close(fixture->journal);
	fixture->journal = NULL;
	assert_int_equal(flock(file, LOCK_SH | LOCK_NB), 0);
	close(file);
}

/* A record cut at any byte is not one; the next one is found behind it. */
static void torn_records_hurt_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct str bytes;
	size_t start = 0;

	for (int i = 0; i < 3; i++)
		append(fixture, i);
	bytes = read_file(fixture, 0);
	for (int i = 0; i < 2; i++)
		start += frame_find(str_from(bytes, start)).end;
	for (size_t cut = start; cut < bytes.n; cut++) {
		struct frame_found found =
			frame_find(str_from(str_head(bytes, cut), start));
		struct buf torn = BUF_INIT(1 << 20);

		assert_int_equal(numbers_in(fixture, str_head(bytes, cut)), 3);
		assert_int_equal(
			found.state, cut == start ? FRAME_NONE : FRAME_PARTIAL);
		assert_int_equal(found.start, 0);
		buf_append(&torn, str_head(bytes, cut));
		buf_append(&torn, str_from(bytes, start));
		assert_int_equal(numbers_in(fixture, buf_str(&torn)), 7);
		buf_release(&torn);
	}
}

/* Any flipped bit costs its own record and no other. */
static void flipped_bits_cost_one_record(void **state)
{
	struct fixture *fixture = *state;
	struct str bytes;
	struct frame_found first;
	size_t end;

	for (int i = 0; i < 3; i++)
		append(fixture, i);
	bytes = read_file(fixture, 0);
	first = frame_find(bytes);
	end = first.end + frame_find(str_from(bytes, first.end)).end;
	for (size_t bit = first.end * 8; bit < end * 8; bit++) {
		char *byte = (char *)(uintptr_t)bytes.p + bit / 8;

		*byte = (char)(*byte ^ (1 << bit % 8));
		if (numbers_in(fixture, bytes) != 5)
			fail_msg("bit %zu of the record", bit - first.end * 8);
		*byte = (char)(*byte ^ (1 << bit % 8));
	}
	assert_int_equal(numbers_in(fixture, bytes), 7);
}

static void garbage_is_no_record(void **state)
{
	struct buf garbage = BUF_INIT(1 << 20);
	uint32_t seed = 1;

	(void)state;
	/* Among it many beginnings of frames. */
	for (int i = 0; i < 100000; i++) {
		seed = seed * 1664525 + 1013904223;
		if (seed >> 28 == 0)
			buf_append(&garbage, S("\xffgw1"));
		buf_append_char(&garbage, (char)(seed >> 16));
	}
	assert_int_not_equal(frame_find(buf_str(&garbage)).state, FRAME_WHOLE);
	buf_release(&garbage);
}

static void a_forked_process_has_its_own_file(void **state)
{
	struct fixture *fixture = *state;
	pid_t child;
	int status;
	int parents;

	append(fixture, 0);
	child = fork();
	if (child == 0) {
		append(fixture, 1);
		append(fixture, 2);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	append(fixture, 3);
	assert_int_equal(
		sample_count_files(&fixture->settings, "journal", ".journal"),
		2);
	parents = numbers_in(fixture, read_file(fixture, 0)) == 9 ? 0 : 1;
	assert_int_equal(numbers_in(fixture, read_file(fixture, parents)), 9);
	assert_int_equal(
		numbers_in(fixture, read_file(fixture, 1 - parents)), 6);
}

/* Count the frames of all files that have some, and remove these files. */
static size_t take_frames(struct fixture *fixture, size_t *lost)
{
	size_t count = 0;
	char *path;

	*lost = 0;
	for (int i = 0; (path = sample_journal_path(
				 &fixture->arena, &fixture->settings, i));) {
		struct str bytes = sample_read(&fixture->arena, path);
		size_t lost_here;

		count += sample_count_frames(bytes, &lost_here);
		*lost += lost_here;
		if (bytes.n > 0)
			unlink(path);
		else
			i++;
	}
	return count;
}

/* What was acknowledged through the pipe is there after kill -9. */
static void acknowledged_records_survive_a_kill(void **state)
{
	struct fixture *fixture = *state;

	for (int round = 0; round < 10; round++) {
		int pipe_ends[2];
		pid_t child;
		size_t acknowledged = 0;
		size_t found;
		size_t lost;
		char byte;

		assert_int_equal(pipe(pipe_ends), 0);
		child = fork();
		if (child == 0) {
			for (int64_t i = 0;; i++) {
				append(fixture, i);
				if (write(pipe_ends[1], "+", 1) != 1)
					_exit(1);
			}
		}
		close(pipe_ends[1]);
		for (int i = 0; i < 1 + round * 97; i++) {
			assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
			acknowledged++;
		}
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		while (read(pipe_ends[0], &byte, 1) == 1)
			acknowledged++;
		close(pipe_ends[0]);
		found = take_frames(fixture, &lost);
		assert_in_range(found, acknowledged, acknowledged + 1);
		/* A kill may end a write(2) between two pages. */
		assert_in_range(lost, 0, found > acknowledged ? 0 : 2000);
	}
}

#define THREADS 4
#define RECORDS_PER_THREAD 4000

struct writer {
	struct fixture *fixture;
	int64_t first;
};

static void *append_many(void *argument)
{
	struct writer *writer = argument;
	struct arena arena;

	arena_init(&arena, 4096);
	for (int64_t i = 0; i < RECORDS_PER_THREAD; i++) {
		struct usage_record record =
			sample_record(&arena, writer->first + i);
		struct error err;

		assert(journal_append(writer->fixture->journal, &record, &err));
		arena_reset(&arena);
		if (i % 1000 == 0)
			assert(journal_sync(writer->fixture->journal, &err));
	}
	arena_release(&arena);
	return NULL;
}

static void threads_append_together(void **state)
{
	struct fixture *fixture = *state;
	pthread_t threads[THREADS];
	struct writer writers[THREADS];
	char *seen = calloc(THREADS, RECORDS_PER_THREAD);
	struct str bytes;

	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ fixture,
			(int64_t)i * RECORDS_PER_THREAD };
		assert_int_equal(pthread_create(&threads[i], NULL, append_many,
					 &writers[i]),
			0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	bytes = read_file(fixture, 0);
	for (int i = 0; i < THREADS * RECORDS_PER_THREAD; i++) {
		struct frame_found found = frame_find(bytes);
		struct usage_record record;
		struct error err;
		int64_t number;

		assert_int_equal(found.state, FRAME_WHOLE);
		assert_int_equal(found.start, 0);
		assert_true(usage_record_read(
			&record, found.payload, &fixture->arena, &err));
		assert_true(
			str_to_int64(str_from(record.request_id, 4), &number));
		assert_int_equal(seen[number], 0);
		seen[number] = 1;
		bytes = str_from(bytes, found.end);
	}
	assert_int_equal(bytes.n, 0);
	free(seen);
}

static void large_files_are_followed_by_others(void **state)
{
	struct fixture *fixture = *state;
	struct usage_record record = sample_record(&fixture->arena, 1);
	struct buf text = BUF_INIT(USAGE_MAX_TEXT_BYTES);
	size_t written = 0;
	size_t found = 0;
	struct error err;

	while (text.n < USAGE_MAX_TEXT_BYTES)
		buf_append_char(&text, '\x01');
	record.user = buf_str(&text);
	record.route = buf_str(&text);
	record.model_asked = buf_str(&text);
	record.error_detail = buf_str(&text);
	while (!sample_journal_path(&fixture->arena, &fixture->settings, 2)) {
		for (int i = 0; i < 50; i++)
			assert_true(journal_append(
				fixture->journal, &record, &err));
		written += 50;
		assert_true(written < 5000);
	}
	assert_true(journal_sync(fixture->journal, &err));
	for (int i = 0; i < 3; i++) {
		struct str bytes = read_file(fixture, i);
		size_t lost;

		assert_true(bytes.n <= JOURNAL_FILE_BYTES);
		found += sample_count_frames(bytes, &lost);
		assert_int_equal(lost, 0);
		arena_reset(&fixture->arena);
	}
	assert_int_equal(found, written);
	buf_release(&text);
}

/* A limit on the size of files stands for a disk that is full for a while. */
static void a_full_disk_is_told_and_survived(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before;
	struct rlimit small = { 10000, RLIM_INFINITY };
	uint64_t acknowledged = 0;
	int refused = 0;
	struct str bytes;
	size_t lost;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	for (int64_t i = 0; i < 60; i++) {
		struct usage_record record = sample_record(&fixture->arena, i);
		struct error err = ERROR_INIT;
		bool appended;

		assert_int_equal(
			setrlimit(RLIMIT_FSIZE, i < 50 ? &small : &before), 0);
		appended = journal_append(fixture->journal, &record, &err);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		if (appended) {
			acknowledged |= UINT64_C(1) << i;
		} else {
			assert_int_equal(err.kind, ERR_IO);
			refused++;
		}
	}
	signal(SIGXFSZ, SIG_DFL);
	assert_in_range(refused, 20, 45);
	bytes = read_file(fixture, 0);
	assert_int_equal(numbers_in(fixture, bytes), acknowledged);
	sample_count_frames(bytes, &lost);
	assert_in_range(lost, 1, 2000);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
	struct settings settings;
	struct journal *journal;
	struct error err = ERROR_INIT;

	(void)state;
	settings_init(&settings);
	settings.state_dir = S("/proc/no/such/folder");
	assert_false(journal_open(&settings, &journal, &err));
	assert_int_equal(err.kind, ERR_IO);
}

static void tell_the_speed(void **state)
{
	struct fixture *fixture = *state;
	struct usage_record record = sample_record(&fixture->arena, 1);
	int64_t start_ns = clock_monotonic_ns();
	struct error err;

	for (int i = 0; i < 50000; i++)
		assert_true(journal_append(fixture->journal, &record, &err));
	print_message("         one record: %.2f us\n",
		(double)(clock_monotonic_ns() - start_ns) / 50000 / 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(records_are_in_order),
		TEST(files_are_private_and_locked),
		TEST(torn_records_hurt_nobody),
		TEST(flipped_bits_cost_one_record),
		TEST(garbage_is_no_record),
		TEST(a_forked_process_has_its_own_file),
		TEST(acknowledged_records_survive_a_kill),
		TEST(threads_append_together),
		TEST(large_files_are_followed_by_others),
		TEST(a_full_disk_is_told_and_survived),
		TEST(a_folder_that_cannot_be_made_is_told),
		TEST(tell_the_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
