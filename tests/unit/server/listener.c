/* listener.c - own sockets, taken over without a gap; inherited ones; and
 * addresses that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../http/web_server.h"
#include "server/listener.h"

#define TAKE_OVERS 300

static char folder[64];
static char path[80];     /* of a socket in it */
static char address[256]; /* "unix:" and the path */
static struct settings settings;
static struct error err;

static int start(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	settings_init(&settings);
	settings.backlog = 64; /* the kernel allows that much anywhere */
	snprintf(folder, sizeof(folder), "/tmp/listener-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fcgi.sock", folder);
	snprintf(address, sizeof(address), "unix:%s", path);
	return 0;
}

/* Nothing but `path` may be left in the folder. */
static int stop(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static bool open_at(const char *where, int *fd)
{
	*fd = -1;
	memset(&err, 0, sizeof(err));
	return listener_open(str_of(where), &settings, fd, &err);
}

static void assert_refused(const char *where, const char *reason)
{
	int fd;

	if (open_at(where, &fd))
		fail_msg("'%s' was accepted", where);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (!strstr(error_message(&err), reason))
		fail_msg("'%s': no '%s' in '%s'", where, reason,
			error_message(&err));
}

/* Who connects there reaches this socket. */
static void assert_reached(int fd)
{
	int client = web_connect(path);
	int accepted = accept(fd, NULL, NULL);

	assert_true(client >= 0);
	assert_true(accepted >= 0);
	close(client);
	close(accepted);
}

/* --- unix */

static void a_unix_socket_has_its_mode(void **state)
{
	static const struct {
		struct str text;
		mode_t mode;
	} modes[] = { { STR("0660"), 0660 }, { STR("600"), 0600 },
		{ STR("0777"), 0777 }, { STR("0"), 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct stat facts;
		int fd;

		settings.socket_mode = modes[i].text;
		assert_true(open_at(address, &fd));
		assert_int_equal(stat(path, &facts), 0);
		assert_true(S_ISSOCK(facts.st_mode));
		assert_int_equal(facts.st_mode & 07777, modes[i].mode);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
}

static void a_mode_that_is_none(void **state)
{
	static const struct str modes[] = { STR(""), STR("8"), STR("rw"),
		STR("01777"), STR("1000"), STR("-1"), STR("660 ") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		settings.socket_mode = modes[i];
		assert_refused(address, "server.socket_mode");
		assert_string_equal(err.param, "server.socket_mode");
	}
}

static void a_new_socket_takes_the_place_of_an_old_one(void **state)
{
	int first;
	int second;

	(void)state;
	assert_true(open_at(address, &first));
	assert_reached(first);
	assert_true(open_at(address, &second));
	assert_reached(second);
	/* Nobody is at the old one any more, and its end harms nobody. */
	assert_int_equal(accept(first, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(first);
	assert_reached(second);
	close(second);
	/* The file stays, of no use, and is replaced as well. */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(web_connect(path), -1);
	assert_true(open_at(address, &first));
	assert_reached(first);
	close(first);
}

/* A process of our number died between bind and rename. */
static void a_forgotten_file_is_no_obstacle(void **state)
{
	char forgotten[160];
	int fd;

	(void)state;
	snprintf(forgotten, sizeof(forgotten), "%s.%d", path, (int)getpid());
	fd = open(forgotten, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_true(open_at(address, &fd));
	assert_reached(fd);
	close(fd);
}

static atomic_int refused_count;
static atomic_bool connecting;

static void *connect_again_and_again(void *context)
{
	(void)context;
	while (atomic_load(&connecting)) {
		int fd = web_connect(path);

		if (fd < 0)
			atomic_fetch_add(&refused_count, 1);
		else
			close(fd);
	}
	return NULL;
}

/* A restart leaves no moment in which a web server finds nobody. */
static void there_is_always_somebody(void **state)
{
	static int fds[TAKE_OVERS];
	pthread_t thread;

	(void)state;
	settings.backlog = 4096;
	atomic_store(&refused_count, 0);
	atomic_store(&connecting, true);
	assert_true(open_at(address, &fds[0]));
	pthread_create(&thread, NULL, connect_again_and_again, NULL);
	/* The older ones stay open: they still serve who came to them. */
	for (int i = 1; i < TAKE_OVERS; i++)
		assert_true(open_at(address, &fds[i]));
	atomic_store(&connecting, false);
	pthread_join(thread, NULL);
	for (int i = 0; i < TAKE_OVERS; i++)
		close(fds[i]);
	assert_int_equal(atomic_load(&refused_count), 0);
}

/* The longest path that there is room for, with the process's number. */
static void paths_up_to_what_an_address_holds(void **state)
{
	size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	char long_path[256];
	char where[300];
	int fd;

	(void)state;
	for (size_t n = max - 14; n < max + 30; n++) {
		int own = snprintf(NULL, 0, ".%d", (int)getpid());

		snprintf(long_path, sizeof(long_path), "%s/", folder);
		memset(long_path + strlen(long_path), 'p', 200);
		long_path[n] = '\0';
		snprintf(where, sizeof(where), "unix:%s", long_path);
		if (n + (size_t)own > max) {
			assert_refused(where, "name too long");
			continue;
		}
		assert_true(open_at(where, &fd));
		close(fd);
		assert_int_equal(unlink(long_path), 0);
	}
}

static void places_where_no_socket_can_be(void **state)
{
	char where[300];

	(void)state;
	assert_refused("unix:", "cannot listen on unix:");
	snprintf(where, sizeof(where), "unix:%s/none/fcgi.sock", folder);
	assert_refused(where, "No such file or directory");
	/* A folder is not replaced, and no half-made socket stays. */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(address, "directory");
	assert_int_equal(rmdir(path), 0);
}

/* --- TCP */

static void a_tcp_socket(void **state)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(own);
	int free_port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char where[64];
	int fd;
	int client;

	(void)state;
	assert_int_equal(
		bind(free_port, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(
		getsockname(free_port, (struct sockaddr *)&own, &size), 0);
	snprintf(where, sizeof(where), "127.0.0.1:%d", ntohs(own.sin_port));
	assert_refused(where, "Address already in use");
	close(free_port);
	assert_true(open_at(where, &fd));
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		connect(client, (struct sockaddr *)&own, sizeof(own)), 0);
	close(client);
	close(fd);
}

static void addresses_that_are_none(void **state)
{
	static const char *const addresses[] = { "", ":", "127.0.0.1",
		"127.0.0.1:", ":9000", "127.0.0.1:0", "127.0.0.1:65536",
		"127.0.0.1:-1", "127.0.0.1:90x", "127.0.0.1:99999999999999",
		"127.0.0.256:9000", "127.1:9000", "localhost:9000",
		"[::1]:9000", "255.255.255.255.255:9000",
		"a.very.long.name.indeed:9000", "9000", "/run/fcgi.sock",
		"UNIX:/run/fcgi.sock", "127.0.0.1:9000:1", " 127.0.0.1:9000" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		assert_refused(addresses[i], "expected unix:PATH");
		assert_string_equal(err.param, "server.listen");
	}
}

static void an_address_of_another_machine(void **state)
{
	(void)state;
	/* TEST-NET-1: nobody has it. */
	assert_refused("192.0.2.1:9000", "cannot listen on 192.0.2.1:9000");
}

/* --- inherited: in a child, whose descriptors are its own */

/* A listening socket at `path`, blocking and inheritable as systemd's. */
static int listen_plainly(void)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(own.sun_path, sizeof(own.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* Which descriptor listener_open() takes when `fd` is at `place`. */
static int child_takes(
	int fd, int place, const char *own_pid, const char *count)
{
	static const char other[] = "127.0.0.1:not-a-port";
	char pid[16];
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		int taken = -1;

		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", own_pid ? own_pid : pid, 1);
		setenv("LISTEN_FDS", count, 1);
		if (place >= 0)
			dup2(fd, place);
		if (!listener_open(str_of(other), &settings, &taken, &err))
			_exit(100);
		if (!(fcntl(taken, F_GETFL) & O_NONBLOCK) ||
			!(fcntl(taken, F_GETFD) & FD_CLOEXEC))
			_exit(101);
		_exit(taken);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_socket_of_systemd_is_taken(void **state)
{
	int fd = listen_plainly();

	(void)state;
	assert_int_equal(child_takes(fd, 3, NULL, "1"), 3);
	assert_int_equal(child_takes(fd, 3, NULL, "2"), 3);
	/* Not for us, or none, or no socket that listens. */
	assert_int_equal(child_takes(fd, 3, "1", "1"), 100);
	assert_int_equal(child_takes(fd, 3, "", "1"), 100);
	assert_int_equal(child_takes(fd, 3, NULL, "0"), 100);
	assert_int_equal(child_takes(fd, 3, NULL, "x"), 100);
	assert_int_equal(
		child_takes(open("/dev/null", O_RDONLY), 3, NULL, "1"), 100);
	close(fd);
}

static void descriptor_0_is_taken(void **state)
{
	int fd = listen_plainly();

	(void)state;
	assert_false(listener_is_inherited());
	assert_int_equal(child_takes(fd, 0, "1", "1"), 0);
	assert_int_equal(child_takes(fd, -1, "1", "1"), 100);
	close(fd);
}

#define LISTENER_TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LISTENER_TEST(a_unix_socket_has_its_mode),
		LISTENER_TEST(a_mode_that_is_none),
		LISTENER_TEST(a_new_socket_takes_the_place_of_an_old_one),
		LISTENER_TEST(a_forgotten_file_is_no_obstacle),
		LISTENER_TEST(there_is_always_somebody),
		LISTENER_TEST(paths_up_to_what_an_address_holds),
		LISTENER_TEST(places_where_no_socket_can_be),
		LISTENER_TEST(a_tcp_socket),
		LISTENER_TEST(addresses_that_are_none),
		LISTENER_TEST(an_address_of_another_machine),
		LISTENER_TEST(a_socket_of_systemd_is_taken),
		LISTENER_TEST(descriptor_0_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
