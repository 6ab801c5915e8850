/*
 * store.c - numbers and records that processes share: sums are exact, whoever
 * is killed in the middle of what, and files that are damaged, foreign or
 * closed to us are told apart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define WRITERS 4
#define ADDS 5000
#define KILLS 50
#define STRANGER 65534 /* a user who owns nothing */
#define LMDB_FLAGS (MDB_WRITEMAP | MDB_NOSYNC | MDB_NOTLS)
#define NAME S("test/number")

struct fixture {
	char folder[64]; /* the parent */
	char path[80];   /* server.hot_dir */
	struct settings settings;
	int64_t *acknowledged; /* shared with children */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/dev/shm/gateway-hot-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/hot", f->folder);
	settings_init(&f->settings);
	f->settings.hot_dir = str_of(f->path);
	f->acknowledged = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(f->acknowledged != MAP_FAILED);
	/* What blocks must not block for ever. */
	alarm(120);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	struct fixture *f = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->path, names[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
	rmdir(f->path);
	assert_int_equal(rmdir(f->folder), 0);
	munmap(f->acknowledged, 4096);
	free(f);
	alarm(0);
	return 0;
}

static struct hot *open_store(struct fixture *f)
{
	struct error err = ERROR_INIT;
	struct hot *hot;

	if (!hot_open(&f->settings, true, &hot, &err))
		fail_msg("%s", error_detail(&err));
	assert_non_null(hot);
	return hot;
}

static int64_t add(struct hot *hot, struct str name, int64_t delta)
{
	struct error err = ERROR_INIT;
	int64_t value = -1;

	if (!hot_add(hot, name, delta, &value, &err))
		fail_msg("%s", error_detail(&err));
	return value;
}

/* Run it in a process that ends without the test framework's farewell. */
static pid_t start(struct fixture *f, void (*run)(struct fixture *))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		run(f);
		_exit(0);
	}
	return pid;
}

static void await(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void kill_hard(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void await_number(const int64_t *number, int64_t at_least)
{
	while (__atomic_load_n(number, __ATOMIC_ACQUIRE) < at_least)
		usleep(200);
}

static void file_path(struct fixture *f, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", f->path, name);
}

static void adds_and_gets(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);

	assert_int_equal(hot_get(hot, NAME), 0);
	assert_int_equal(add(hot, NAME, 5), 5);
	assert_int_equal(add(hot, NAME, -7), -2);
	assert_int_equal(hot_get(hot, NAME), -2);
	assert_int_equal(hot_get(hot, S("test/other")), 0);
	assert_int_equal(add(hot, NAME, INT64_MAX), INT64_MAX - 2);
	assert_int_equal(add(hot, NAME, 3), INT64_MAX);
	assert_int_equal(add(hot, S("test/other"), INT64_MIN), INT64_MIN);
	assert_int_equal(add(hot, S("test/other"), -1), INT64_MIN);
	hot_close(hot);
	/* The files stay for the other processes. */
	hot = open_store(f);
	assert_int_equal(hot_get(hot, NAME), INT64_MAX);
	hot_close(hot);
	hot_close(NULL);
}

static void modes_let_the_group_in(void **state)
{
	struct fixture *f = *state;
	mode_t old = umask(077);
	struct hot *hot = open_store(f);
	struct stat status;
	char path[128];

	umask(old);
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & ALLPERMS, 0770);
	file_path(f, "data.mdb", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & ALLPERMS, 0660);
	/* Bounded, and nearly empty. */
	assert_int_equal(status.st_size, 256 * 1024 * 1024);
	assert_true(status.st_blocks * 512 <= 2 * 1024 * 1024);
	file_path(f, "lock.mdb", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & ALLPERMS, 0660);
	hot_close(hot);
}

static void without_create_nothing_is_made(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct hot *hot = (struct hot *)state;
	char path[128];

	assert_true(hot_open(&f->settings, false, &hot, &err));
	assert_null(hot);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_true(hot_open(&f->settings, false, &hot, &err));
	assert_null(hot);
	hot_close(open_store(f));
	assert_true(hot_open(&f->settings, false, &hot, &err));
	assert_non_null(hot);
	assert_int_equal(add(hot, NAME, 1), 1);
	hot_close(hot);
	/* One file without the other: it would be made as ours. */
	file_path(f, "lock.mdb", path);
	assert_int_equal(unlink(path), 0);
	assert_true(hot_open(&f->settings, false, &hot, &err));
	assert_null(hot);
	assert_int_equal(access(path, F_OK), -1);
}

/* --- records */

static bool append_x(struct str old, struct buf *now, void *context)
{
	size_t *seen = context;

	*seen = old.n;
	buf_append(now, old);
	buf_append_char(now, 'x');
	return true;
}

static bool leave(struct str old, struct buf *now, void *context)
{
	(void)old;
	(void)context;
	buf_append(now, S("not this"));
	return false;
}

static bool remove_it(struct str old, struct buf *now, void *context)
{
	(void)old;
	(void)now;
	(void)context;
	return true;
}

static void change(
	struct hot *hot, struct str name, hot_change_record *how, void *context)
{
	struct error err = ERROR_INIT;

	if (!hot_change(hot, name, how, context, &err))
		fail_msg("%s", error_detail(&err));
}

static void records_are_changed(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	char bytes[HOT_RECORD_BYTES];
	size_t seen = 99;

	assert_int_equal(hot_read(hot, NAME, bytes, sizeof(bytes)), 0);
	for (size_t i = 0; i < HOT_RECORD_BYTES; i++) {
		change(hot, NAME, append_x, &seen);
		assert_int_equal(seen, i);
		assert_int_equal(
			hot_read(hot, NAME, bytes, sizeof(bytes)), i + 1);
		assert_int_equal(bytes[i], 'x');
	}
	change(hot, NAME, leave, NULL);
	assert_int_equal(
		hot_read(hot, NAME, bytes, sizeof(bytes)), HOT_RECORD_BYTES);
	/* Longer than the caller has room for. */
	assert_int_equal(hot_read(hot, NAME, bytes, 10), 0);
	change(hot, NAME, remove_it, NULL);
	change(hot, NAME, remove_it, NULL);
	assert_int_equal(hot_read(hot, NAME, bytes, sizeof(bytes)), 0);
	change(hot, NAME, append_x, &seen);
	assert_int_equal(seen, 0);
	hot_close(hot);
	hot = open_store(f);
	assert_int_equal(hot_read(hot, NAME, bytes, sizeof(bytes)), 1);
	hot_close(hot);
}

struct listing {
	char text[400];
	size_t left; /* visits */
};

static bool list(struct str name, struct str value, void *context)
{
	struct listing *listing = context;
	size_t n = strlen(listing->text);

	snprintf(listing->text + n, sizeof(listing->text) - n, "%.*s=%zu ",
		STR_ARG(name), value.n);
	return --listing->left > 0;
}

static void expect_list(
	struct hot *hot, struct str prefix, size_t most, const char *expected)
{
	struct listing listing = { .left = most };
	struct error err = ERROR_INIT;

	if (!hot_each(hot, prefix, list, &listing, &err))
		fail_msg("%s", error_detail(&err));
	assert_string_equal(listing.text, expected);
}

static void names_are_listed_in_order(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	size_t seen;

	expect_list(hot, S("test/"), 99, "");
	change(hot, S("test/b"), append_x, &seen);
	change(hot, S("test/b"), append_x, &seen);
	change(hot, S("test/a"), append_x, &seen);
	change(hot, S("tesu"), append_x, &seen);
	change(hot, S("tess"), append_x, &seen);
	add(hot, S("test/number"), 4);
	change(hot, S("test/"), append_x, &seen);
	expect_list(hot, S("test/"), 99,
		"test/=1 test/a=1 test/b=2 test/number=8 ");
	expect_list(hot, S("test/"), 2, "test/=1 test/a=1 ");
	expect_list(hot, S("test/b"), 99, "test/b=2 ");
	expect_list(hot, S("tesu"), 99, "tesu=1 ");
	expect_list(hot, S("zzz"), 99, "");
	expect_list(hot, S(""), 2, "format=8 tess=1 ");
	hot_close(hot);
}

/* --- several processes, several threads */

/* Two numbers in one record, which must go on together. */
static bool count_twice(struct str old, struct buf *now, void *context)
{
	int64_t numbers[2] = { 0 };

	(void)context;
	if (old.n == sizeof(numbers))
		memcpy(numbers, old.p, old.n);
	if (numbers[0] * 3 != numbers[1])
		_exit(1);
	numbers[0] += 1;
	numbers[1] += 3;
	buf_append(now, (struct str){ (char *)numbers, sizeof(numbers) });
	return true;
}

static void change_many(struct fixture *f)
{
	struct hot *hot = open_store(f);
	int64_t numbers[2];

	for (int i = 0; i < ADDS; i++) {
		change(hot, NAME, count_twice, NULL);
		if (hot_read(hot, NAME, numbers, sizeof(numbers)) !=
				sizeof(numbers) ||
			numbers[0] <= i || numbers[0] * 3 != numbers[1])
			_exit(1);
		__atomic_add_fetch(f->acknowledged, 1, __ATOMIC_RELEASE);
	}
	hot_close(hot);
}

static void processes_change_exactly(void **state)
{
	struct fixture *f = *state;
	pid_t pids[WRITERS + 1];
	struct hot *hot = open_store(f);
	int64_t numbers[2];

	for (size_t i = 0; i <= WRITERS; i++)
		pids[i] = start(f, change_many);
	/* One is killed in the middle. */
	await_number(f->acknowledged, ADDS / 2);
	kill_hard(pids[WRITERS]);
	for (size_t i = 0; i < WRITERS; i++)
		await(pids[i]);
	assert_int_equal(
		hot_read(hot, NAME, numbers, sizeof(numbers)), sizeof(numbers));
	assert_in_range(numbers[0], *f->acknowledged, *f->acknowledged + 1);
	assert_int_equal(numbers[1], numbers[0] * 3);
	hot_close(hot);
}

static void add_many(struct fixture *f)
{
	struct hot *hot = open_store(f);

	for (int i = 0; i < ADDS; i++) {
		int64_t before = hot_get(hot, NAME);

		/* Only ever upwards. */
		if (add(hot, NAME, 1) <= before)
			_exit(1);
	}
	hot_close(hot);
}

static void processes_add_exactly(void **state)
{
	struct fixture *f = *state;
	pid_t pids[WRITERS];
	struct hot *hot;

	/* They also race to make it. */
	for (size_t i = 0; i < WRITERS; i++)
		pids[i] = start(f, add_many);
	for (size_t i = 0; i < WRITERS; i++)
		await(pids[i]);
	hot = open_store(f);
	assert_int_equal(hot_get(hot, NAME), WRITERS * ADDS);
	hot_close(hot);
}

static void *thread_adds(void *context)
{
	for (int i = 0; i < ADDS; i++) {
		add(context, NAME, 1);
		if (hot_get(context, NAME) < i + 1)
			return context;
	}
	return NULL;
}

static void threads_add_exactly(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	pthread_t threads[WRITERS];
	void *failed;

	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, thread_adds, hot), 0);
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(hot_get(hot, NAME), WRITERS * ADDS);
	hot_close(hot);
}

/* Opens and closes while others do the same: none may fail. */
static void come_and_go(struct fixture *f)
{
	for (int i = 0; i < 50; i++) {
		struct hot *hot = open_store(f);

		add(hot, NAME, 1);
		hot_close(hot);
	}
}

static void processes_come_and_go(void **state)
{
	struct fixture *f = *state;
	pid_t pids[WRITERS];
	struct hot *hot;

	for (size_t i = 0; i < WRITERS; i++)
		pids[i] = start(f, come_and_go);
	for (size_t i = 0; i < WRITERS; i++)
		await(pids[i]);
	hot = open_store(f);
	assert_int_equal(hot_get(hot, NAME), WRITERS * 50);
	hot_close(hot);
}

/* --- deaths */

static void add_until_killed(struct fixture *f)
{
	struct hot *hot = open_store(f);

	for (;;) {
		add(hot, NAME, 1);
		__atomic_add_fetch(f->acknowledged, 1, __ATOMIC_RELEASE);
	}
}

static void a_killed_writer_takes_nothing_with_it(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	int64_t sum;

	for (int i = 0; i < KILLS; i++) {
		int64_t acknowledged = *f->acknowledged;
		pid_t pid = start(f, add_until_killed);

		await_number(f->acknowledged, acknowledged + 1 + i * 10);
		kill_hard(pid);
		add(hot, S("test/mine"), 1);
	}
	sum = hot_get(hot, NAME);
	/* Each may have died between the change and our counting of it. */
	assert_in_range(sum, *f->acknowledged, *f->acknowledged + KILLS);
	assert_int_equal(hot_get(hot, S("test/mine")), KILLS);
	hot_close(hot);
}

/* The files as LMDB itself opens them. */
static MDB_env *open_raw(struct fixture *f)
{
	MDB_env *env;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 64 * 1024 * 1024), 0);
	assert_int_equal(mdb_env_open(env, f->path, LMDB_FLAGS, 0600), 0);
	return env;
}

static void put_raw(MDB_txn *txn, const char *name, void *bytes, size_t n)
{
	MDB_val key = { .mv_size = strlen(name),
		.mv_data = (void *)(uintptr_t)name };
	MDB_val data = { .mv_size = n, .mv_data = bytes };
	MDB_dbi dbi;

	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	assert_int_equal(mdb_put(txn, dbi, &key, &data, 0), 0);
}

/* In the middle of a write transaction, with pages changed. */
static void hold_the_lock(struct fixture *f)
{
	MDB_env *env = open_raw(f);
	MDB_txn *txn;
	int64_t value = 666;

	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	put_raw(txn, "test/number", &value, sizeof(value));
	__atomic_store_n(f->acknowledged, 1, __ATOMIC_RELEASE);
	pause();
}

static void a_writer_killed_in_its_transaction_frees_the_lock(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);

	add(hot, NAME, 10);
	for (int i = 0; i < 5; i++) {
		pid_t pid;

		*f->acknowledged = 0;
		pid = start(f, hold_the_lock);
		await_number(f->acknowledged, 1);
		/* Reading does not wait for it, and sees nothing of it. */
		assert_int_equal(hot_get(hot, NAME), 10 + i);
		kill_hard(pid);
		assert_int_equal(add(hot, NAME, 1), 11 + i);
	}
	hot_close(hot);
}

static void read_until_killed(struct fixture *f)
{
	struct hot *hot = open_store(f);

	for (;;) {
		hot_get(hot, NAME);
		__atomic_store_n(f->acknowledged, 1, __ATOMIC_RELEASE);
	}
}

static unsigned sweep(struct hot *hot)
{
	struct error err = ERROR_INIT;
	unsigned freed = 0;

	if (!hot_sweep(hot, &freed, &err))
		fail_msg("%s", error_detail(&err));
	return freed;
}

static void dead_readers_give_their_places_back(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);

	hot_get(hot, NAME);
	assert_int_equal(sweep(hot), 0);
	for (int i = 0; i < 3; i++) {
		pid_t pid;

		*f->acknowledged = 0;
		pid = start(f, read_until_killed);
		await_number(f->acknowledged, 1);
		assert_int_equal(sweep(hot), 0);
		kill_hard(pid);
		assert_int_equal(sweep(hot), 1);
	}
	/* Ours is still there. */
	add(hot, NAME, 3);
	assert_int_equal(hot_get(hot, NAME), 3);
	hot_close(hot);
}

/* Every place for a reader, in one process. */
static void take_all_places(struct fixture *f)
{
	MDB_env *env = open_raw(f);
	MDB_txn *txn;
	int failed;
	int64_t count = 0;

	while (!(failed = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)))
		count++;
	assert_int_equal(failed, MDB_READERS_FULL);
	__atomic_store_n(f->acknowledged, count, __ATOMIC_RELEASE);
	pause();
}

static void *thread_gets(void *context)
{
	return (void *)(intptr_t)hot_get(context, NAME);
}

static int64_t get_in_thread(struct hot *hot)
{
	pthread_t thread;
	void *value;

	assert_int_equal(pthread_create(&thread, NULL, thread_gets, hot), 0);
	pthread_join(thread, &value);
	return (intptr_t)value;
}

static void a_full_table_of_readers_is_coped_with(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	pid_t pid = start(f, take_all_places);

	add(hot, NAME, 42);
	await_number(f->acknowledged, 8000);
	assert_int_equal(get_in_thread(hot), 42);
	kill_hard(pid);
	/* Without a sweep: who finds no place looks for dead ones. */
	assert_int_equal(get_in_thread(hot), 42);
	assert_int_equal(sweep(hot), 0);
	hot_close(hot);
}

static void threads_leave_their_places(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);

	/* More than there are. */
	for (int i = 0; i < 9000; i++)
		assert_int_equal(get_in_thread(hot), 0);
	hot_close(hot);
}

/* --- files that are not as they should be */

static void write_file(struct fixture *f, const char *name, long offset,
	const void *bytes, size_t n)
{
	char path[128];
	int file;

	file_path(f, name, path);
	file = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(file >= 0);
	assert_int_equal(pwrite(file, bytes, n, offset), n);
	close(file);
}

static void make_foreign_format(struct fixture *f)
{
	MDB_env *env = open_raw(f);
	MDB_txn *txn;
	int64_t format = 1000000;

	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	put_raw(txn, "format", &format, sizeof(format));
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void make_garbage(struct fixture *f)
{
	char garbage[8192];

	memset(garbage, 0xa5, sizeof(garbage));
	write_file(f, "data.mdb", 0, garbage, sizeof(garbage));
}

/* The version of LMDB's own format, in both head pages. */
static void make_foreign_version(struct fixture *f)
{
	uint32_t version = 77;

	write_file(f, "data.mdb", 20, &version, sizeof(version));
	write_file(f, "data.mdb", 4096 + 20, &version, sizeof(version));
}

/* The head is whole, what it points at is gone. */
static void make_hollow(struct fixture *f)
{
	char path[128];

	file_path(f, "data.mdb", path);
	assert_int_equal(truncate(path, 8192), 0);
}

static void make_short(struct fixture *f)
{
	char path[128];

	file_path(f, "data.mdb", path);
	assert_int_equal(truncate(path, 100), 0);
}

static void refuses_then_makes_anew(
	struct fixture *f, void (*damage)(struct fixture *))
{
	struct error err = ERROR_INIT;
	struct hot *hot = open_store(f);

	add(hot, NAME, 9);
	hot_close(hot);
	damage(f);
	assert_false(hot_open(&f->settings, false, &hot, &err));
	assert_null(hot);
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.detail, f->path));
	hot = open_store(f);
	assert_int_equal(hot_get(hot, NAME), 0);
	assert_int_equal(add(hot, NAME, 1), 1);
	hot_close(hot);
	assert_true(hot_open(&f->settings, false, &hot, &err));
	assert_non_null(hot);
	hot_close(hot);
}

static void unusable_files_are_made_anew(void **state)
{
	struct fixture *f = *state;

	refuses_then_makes_anew(f, make_garbage);
	refuses_then_makes_anew(f, make_foreign_version);
	refuses_then_makes_anew(f, make_foreign_format);
	refuses_then_makes_anew(f, make_hollow);
	refuses_then_makes_anew(f, make_short);
}

static void expect_refusal(struct fixture *f, bool create, const char *why)
{
	struct error err = ERROR_INIT;
	struct hot *hot;

	assert_false(hot_open(&f->settings, create, &hot, &err));
	assert_null(hot);
	assert_int_equal(err.kind, ERR_IO);
	if (!strstr(err.detail, why) || !strstr(err.detail, f->folder))
		fail_msg("'%s' lacks '%s' or the path", err.detail, why);
}

static void strange_files_are_left_alone(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(mkdir(f->path, 0700), 0);
	file_path(f, "data.mdb", path);
	assert_int_equal(symlink("/dev/null", path), 0);
	expect_refusal(f, true, "data.mdb is not a file");
	expect_refusal(f, false, "data.mdb is not a file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refusal(f, true, "data.mdb is not a file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(chmod(f->path, 0777), 0);
	expect_refusal(f, true, "everybody may write");
	assert_int_equal(chmod(f->path, 0700), 0);
	hot_close(open_store(f));
}

static void a_file_for_a_folder_is_told(void **state)
{
	struct fixture *f = *state;

	close(open(f->path, O_CREAT | O_WRONLY, 0600));
	expect_refusal(f, true, "Not a directory");
	expect_refusal(f, false, "Not a directory");
	unlink(f->path);
	snprintf(f->path, sizeof(f->path), "%s/not/there", f->folder);
	f->settings.hot_dir = str_of(f->path);
	expect_refusal(f, true, "No such file or directory");
}

/* In a process of its own: root may write everywhere. */
static void be_a_stranger(struct fixture *f, const char *why)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 &&
			(setresgid(STRANGER, STRANGER, STRANGER) != 0 ||
				setresuid(STRANGER, STRANGER, STRANGER) != 0))
			_exit(2);
		expect_refusal(f, true, why);
		_exit(0);
	}
	await(pid);
}

static void give_to_stranger(const char *path)
{
	if (geteuid() == 0)
		assert_int_equal(chown(path, STRANGER, STRANGER), 0);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
	struct fixture *f = *state;

	give_to_stranger(f->folder);
	assert_int_equal(chmod(f->folder, 0500), 0);
	be_a_stranger(f, "cannot make the folder");
	be_a_stranger(f, "Permission denied");
	assert_int_equal(chmod(f->folder, 0700), 0);
	assert_int_equal(mkdir(f->path, 0500), 0);
	give_to_stranger(f->path);
	be_a_stranger(f, "cannot open the files in");
	be_a_stranger(f, "Permission denied");
	assert_int_equal(chmod(f->path, 0700), 0);
}

static void a_strangers_folder_is_not_used(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(mkdir(f->path, 0755), 0);
	assert_int_equal(chown(f->path, STRANGER - 1, STRANGER - 1), 0);
	be_a_stranger(f, "belongs to another user");
}

/* As root, into files of another: they stay his, and usable. */
static void root_leaves_the_owner_in(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct hot *hot;
	struct stat status;
	char path[128];
	pid_t pid;

	if (geteuid() != 0)
		skip();
	give_to_stranger(f->folder);
	pid = fork();
	if (pid == 0) {
		if (setresgid(STRANGER, STRANGER, STRANGER) != 0 ||
			setresuid(STRANGER, STRANGER, STRANGER) != 0)
			_exit(2);
		hot_close(open_store(f));
		_exit(0);
	}
	await(pid);
	assert_true(hot_open(&f->settings, false, &hot, &err));
	assert_int_equal(add(hot, NAME, 1), 1);
	hot_close(hot);
	for (int i = 0; i < 2; i++) {
		file_path(f, i ? "data.mdb" : "lock.mdb", path);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_uid, STRANGER);
	}
	pid = fork();
	if (pid == 0) {
		if (setresgid(STRANGER, STRANGER, STRANGER) != 0 ||
			setresuid(STRANGER, STRANGER, STRANGER) != 0)
			_exit(2);
		hot = open_store(f);
		_exit(add(hot, NAME, 1) == 2 ? 0 : 3);
	}
	await(pid);
}

static void a_full_store_says_so(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	struct error err = ERROR_INIT;
	char name[511];
	int64_t value;
	int64_t n = 0;

	add(hot, NAME, 7);
	memset(name, 'x', sizeof(name));
	do {
		n++;
		memcpy(name, &n, sizeof(n));
	} while (n < 1000000 && hot_add(hot, (struct str){ name, sizeof(name) },
					1, &value, &err));
	assert_in_range(n, 10000, 999999);
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.detail, "MDB_MAP_FULL"));
	assert_int_equal(hot_get(hot, NAME), 7);
	/* What is there goes on, and can be removed. */
	assert_int_equal(add(hot, NAME, 1), 8);
	for (int64_t i = 1; i < n; i++) {
		memcpy(name, &i, sizeof(i));
		change(hot, (struct str){ name, sizeof(name) }, remove_it,
			NULL);
	}
	add(hot, S("test/new"), 1);
	hot_close(hot);
}

/* The tmpfs is full before the store is: that is told, and kills nobody. */
static void a_full_file_system_says_so(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct hot *hot;
	int64_t value;
	char name[32];
	int n = 0;

	if (mount("tmpfs", f->folder, "tmpfs", 0, "size=4m") != 0)
		skip();
	hot = open_store(f);
	add(hot, NAME, 7);
	do {
		snprintf(name, sizeof(name), "test/%d", n++);
	} while (n < 1000000 && hot_add(hot, str_of(name), 1, &value, &err));
	assert_in_range(n, 10000, 999999);
	assert_int_equal(err.kind, ERR_IO);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(add(hot, NAME, 1), 8 + i);
	for (int i = 0; i < n / 2; i++) {
		snprintf(name, sizeof(name), "test/%d", i);
		change(hot, str_of(name), remove_it, NULL);
	}
	hot_close(hot);
	assert_int_equal(umount2(f->folder, MNT_DETACH), 0);
}

/* Told only as an order of magnitude: machines differ. */
static void reading_is_quick(void **state)
{
	struct fixture *f = *state;
	struct hot *hot = open_store(f);
	int64_t began = clock_monotonic_ns();
	int64_t sum = 0;

	add(hot, NAME, 1);
	for (int i = 0; i < 200000; i++)
		sum += hot_get(hot, NAME);
	assert_int_equal(sum, 200000);
	print_message("a read takes %" PRId64 " ns\n",
		(clock_monotonic_ns() - began) / 200000);
	hot_close(hot);
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(adds_and_gets),
		TEST(modes_let_the_group_in),
		TEST(records_are_changed),
		TEST(names_are_listed_in_order),
		TEST(processes_change_exactly),
		TEST(without_create_nothing_is_made),
		TEST(processes_add_exactly),
		TEST(threads_add_exactly),
		TEST(processes_come_and_go),
		TEST(a_killed_writer_takes_nothing_with_it),
		TEST(a_writer_killed_in_its_transaction_frees_the_lock),
		TEST(dead_readers_give_their_places_back),
		TEST(a_full_table_of_readers_is_coped_with),
		TEST(threads_leave_their_places),
		TEST(unusable_files_are_made_anew),
		TEST(strange_files_are_left_alone),
		TEST(a_file_for_a_folder_is_told),
		TEST(a_folder_that_cannot_be_written_is_told),
		TEST(a_strangers_folder_is_not_used),
		TEST(root_leaves_the_owner_in),
		TEST(a_full_store_says_so),
		TEST(a_full_file_system_says_so),
		TEST(reading_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
