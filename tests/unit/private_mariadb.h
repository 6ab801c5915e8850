/*
 * private_mariadb.h - a MariaDB of a test's own: a fresh data directory in
 * the temporary folder, a unix socket, no network, an empty database "test".
 * It dies with the test, also when that crashes. Include it after cmocka.h;
 * a failure to start fails the test with the server's own words.
 */
#ifndef TESTS_PRIVATE_MARIADB_H
#define TESTS_PRIVATE_MARIADB_H

#include "base/clock.h"
#include "base/settings.h"
#include "db/pool.h"
#include "db/stmt.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRIVATE_MARIADB_START_MS 60000

struct private_mariadb {
	char directory[80];
	char socket[96]; /* a socket's path has at most 107 bytes */
	char data_argument[128];
	char socket_argument[128];
	char scratch_argument[128]; /* of two installations, one each */
	char log_path[96];
	pid_t pid; /* 0: not running */
};

/* Run a program with its output in `log`; its pid. */
static inline pid_t private_mariadb_spawn(
	const char *log, const char *const *arguments)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		execvp(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	return pid;
}

/* Print the log and fail the test. */
static inline void private_mariadb_fail(
	const struct private_mariadb *server, const char *what)
{
	FILE *log = fopen(server->log_path, "re");
	char line[512];

	while (log && fgets(line, sizeof(line), log))
		print_error("%s", line);
	if (log)
		fclose(log);
	fail_msg("%s", what);
}

/* Settings that lead to the server, whose texts are its own. */
static inline void private_mariadb_settings(
	const struct private_mariadb *server, struct settings *settings)
{
	settings_init(settings);
	settings->database_socket = str_of(server->socket);
	settings->database_name = S("test");
	settings->database_user = S("root");
}

/* True when it takes connections: asked with our own pool. */
static inline bool private_mariadb_answers(const struct private_mariadb *server)
{
	struct settings settings;
	struct db_pool *pool;
	struct db *db;
	struct error err = ERROR_INIT;
	bool ok;

	private_mariadb_settings(server, &settings);
	settings.database_name = S("");
	assert_true(db_pool_new(&settings, &pool, &err));
	ok = db_take(pool, &db, &err);
	if (ok)
		db_give(pool, db);
	db_pool_free(pool);
	return ok;
}

/* Start the server on its data, or start it again, and wait for it. What it
 * finds in a folder for temporary files it removes: that must be its own. */
static inline void private_mariadb_launch(struct private_mariadb *server)
{
	const char *arguments[] = { "mariadbd", "--no-defaults",
		server->data_argument, server->socket_argument,
		server->scratch_argument, "--skip-networking",
		"--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M",
		"--innodb-flush-log-at-trx-commit=2",
		geteuid() == 0 ? "--user=root" : NULL, NULL };
	int64_t deadline_ms = clock_monotonic_ms() + PRIVATE_MARIADB_START_MS;

	unlink(server->socket);
	server->pid = private_mariadb_spawn(server->log_path, arguments);
	while (!private_mariadb_answers(server)) {
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid ||
			clock_monotonic_ms() > deadline_ms)
			private_mariadb_fail(server, "MariaDB did not start");
		usleep(50000);
	}
}

static inline void private_mariadb_install(struct private_mariadb *server)
{
	const char *arguments[] = { "mariadb-install-db", "--no-defaults",
		"--force", server->data_argument, server->scratch_argument,
		"--auth-root-authentication-method=normal", "--skip-test-db",
		geteuid() == 0 ? "--user=root" : NULL, NULL };
	int status = -1;

	waitpid(private_mariadb_spawn(server->log_path, arguments), &status, 0);
	if (status != 0)
		private_mariadb_fail(server, "mariadb-install-db failed");
}

static inline void private_mariadb_start(struct private_mariadb *server)
{
	const char *parent = getenv("TMPDIR");
	struct settings settings;
	struct db_pool *pool;
	struct db *db;
	struct stmt *stmt;
	struct error err = ERROR_INIT;

	memset(server, 0, sizeof(*server));
	snprintf(server->directory, sizeof(server->directory),
		"%s/gateway-db-XXXXXX", parent ? parent : "/tmp");
	assert_non_null(mkdtemp(server->directory));
	snprintf(server->socket, sizeof(server->socket), "%s/socket",
		server->directory);
	snprintf(server->log_path, sizeof(server->log_path), "%s/log",
		server->directory);
	snprintf(server->data_argument, sizeof(server->data_argument),
		"--datadir=%s/data", server->directory);
	snprintf(server->socket_argument, sizeof(server->socket_argument),
		"--socket=%s", server->socket);
	snprintf(server->scratch_argument, sizeof(server->scratch_argument),
		"--tmpdir=%s", server->directory);
	private_mariadb_install(server);
	private_mariadb_launch(server);
	private_mariadb_settings(server, &settings);
	settings.database_name = S("");
	assert_true(db_pool_new(&settings, &pool, &err));
	assert_true(db_take(pool, &db, &err));
	assert_true(stmt_prepare(db, &stmt, "CREATE DATABASE test", &err));
	assert_true(stmt_run(stmt, &err));
	db_give(pool, db);
	db_pool_free(pool);
}

/* End it by a signal: SIGTERM is orderly, SIGKILL is a crash. */
static inline void private_mariadb_end(
	struct private_mariadb *server, int signal_number)
{
	if (server->pid == 0)
		return;
	kill(server->pid, signal_number);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

static inline int private_mariadb_unlink(
	const char *path, const struct stat *st, int kind, struct FTW *position)
{
	(void)st;
	(void)kind;
	(void)position;
	return remove(path);
}

/* Stop the server and remove all that it had. */
static inline void private_mariadb_stop(struct private_mariadb *server)
{
	private_mariadb_end(server, SIGKILL);
	if (server->directory[0])
		nftw(server->directory, private_mariadb_unlink, 16,
			FTW_DEPTH | FTW_PHYS);
	server->directory[0] = '\0';
}

#endif
