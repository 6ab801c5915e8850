/*
 * private_redis.h - a Redis of a test's own: in memory, on a unix socket in a
 * folder of its own, without network. It dies with the test, also when that
 * crashes. Include it after cmocka.h.
 */
#ifndef TESTS_PRIVATE_REDIS_H
#define TESTS_PRIVATE_REDIS_H

#include "base/clock.h"
#include "hot/redis.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRIVATE_REDIS_START_MS 30000

struct private_redis {
	char directory[80];
	char socket[96]; /* a socket's path has at most 107 bytes */
	char url[112];
	char log_path[96];
	char port[8];         /* on 127.0.0.1; "0": none */
	const char *password; /* NULL: none */
	pid_t pid;            /* 0: not running */
};

/* Settings that lead to it, whose texts are its own. */
static inline void private_redis_settings(
	const struct private_redis *server, struct settings *settings)
{
	settings_init(settings);
	settings->redis_url = str_of(server->url);
	/* A machine that is busy with other tests may be slow. */
	settings->redis_timeout_ms = 5000;
}

static inline bool private_redis_answers(const struct private_redis *server)
{
	struct settings settings;
	struct redis *redis;
	struct error err = ERROR_INIT;
	bool ok;

	private_redis_settings(server, &settings);
	assert_true(redis_open(&settings, &redis, &err));
	ok = redis_check(redis, &err) ||
	     (server->password && strstr(error_detail(&err), "NOAUTH"));
	redis_close(redis);
	return ok;
}

/* Print the log and fail the test. */
static inline void private_redis_fail(
	const struct private_redis *server, const char *what)
{
	FILE *log = fopen(server->log_path, "re");
	char line[512];

	while (log && fgets(line, sizeof(line), log))
		print_error("%s", line);
	if (log)
		fclose(log);
	fail_msg("%s", what);
}

static inline void private_redis_run(const struct private_redis *server)
{
	const char *arguments[] = { "redis-server", "--port", server->port,
		"--bind", "127.0.0.1", "--unixsocket", server->socket,
		"--unixsocketperm", "600", "--save", "", "--appendonly", "no",
		"--dir", server->directory,
		server->password ? "--requirepass" : NULL, server->password,
		NULL };
	int out = open(server->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execvp(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

/* Start it, or start it again with nothing in it, and wait for it. */
static inline void private_redis_launch(struct private_redis *server)
{
	int64_t deadline_ms = clock_monotonic_ms() + PRIVATE_REDIS_START_MS;

	unlink(server->socket);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0)
		private_redis_run(server);
	while (access(server->socket, F_OK) != 0 ||
		!private_redis_answers(server)) {
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid ||
			clock_monotonic_ms() > deadline_ms)
			private_redis_fail(server, "Redis did not start");
		usleep(5000);
	}
}

static inline void private_redis_start(
	struct private_redis *server, const char *password)
{
	const char *parent = getenv("TMPDIR");

	memset(server, 0, sizeof(*server));
	server->password = password;
	snprintf(server->port, sizeof(server->port), "0");
	snprintf(server->directory, sizeof(server->directory),
		"%s/gateway-redis-XXXXXX", parent ? parent : "/tmp");
	assert_non_null(mkdtemp(server->directory));
	snprintf(server->socket, sizeof(server->socket), "%s/socket",
		server->directory);
	snprintf(server->url, sizeof(server->url), "unix:%s", server->socket);
	snprintf(server->log_path, sizeof(server->log_path), "%s/log",
		server->directory);
	private_redis_launch(server);
}

/* End it by a signal: SIGTERM is orderly, SIGKILL is a crash. */
static inline void private_redis_end(
	struct private_redis *server, int signal_number)
{
	if (server->pid == 0)
		return;
	kill(server->pid, signal_number);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

static inline int private_redis_unlink(
	const char *path, const struct stat *st, int kind, struct FTW *position)
{
	(void)st;
	(void)kind;
	(void)position;
	return remove(path);
}

/* Stop it and remove all that it had. */
static inline void private_redis_stop(struct private_redis *server)
{
	private_redis_end(server, SIGKILL);
	if (server->directory[0])
		nftw(server->directory, private_redis_unlink, 16,
			FTW_DEPTH | FTW_PHYS);
	server->directory[0] = '\0';
}

#endif
