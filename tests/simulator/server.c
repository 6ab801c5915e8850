/*
 * server.c - the listening socket and the threads' event loops. All threads
 * wait on the same listening socket; EPOLLEXCLUSIVE wakes one of them.
 */
#include "server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "connection.h"

#define BACKLOG 4096
#define EVENTS 256
#define ACCEPTS_PER_TURN 16
#define WANTED_FILES 65536
#define SCRATCH_BYTES (HTTP_MAX_BODY_BYTES + (8 << 20))
#define RETRY_NS INT64_C(100000000)

struct worker {
	struct loop loop;
	int listener;
	struct timer retry; /* of accepting, when there was no descriptor */
};

static void raise_file_limit(void);
static bool listen_on(struct str where, int *listener, struct error *err);
static bool listen_unix(struct str path, int *listener, struct error *err);
static void remove_stale_socket(const char *path);
static bool listen_tcp(struct str where, int *listener, struct error *err);
static bool split_port(struct str where, char address[64], char port[8]);
static bool begin_listening(int fd, const struct sockaddr *address,
	socklen_t length, int *listener, struct error *err);
static void announce(struct str where, int listener);
static bool worker_init(struct worker *worker, int listener,
	struct control *control, struct error *err);
static bool watch_listener(struct worker *worker);
static void *worker_run(void *argument);
static void wait_for_events(struct worker *worker);
static int wait_ms(const struct timers *timers);
static void wake_timers(struct worker *worker);
static void accept_clients(struct worker *worker);
static void pause_accepting(struct worker *worker);

bool server_run(const struct server_options *options, struct error *err)
{
	/* For the life of the process: static, so that no thread loses it. */
	static struct control control;
	static struct worker workers[SERVER_MAX_THREADS];
	pthread_t thread;
	int listener;

	raise_file_limit();
	control_init(&control);
	control.recordings = options->recordings;
	control_set_models(&control, options->models);
	if (!listen_on(options->listen, &listener, err))
		return false;
	for (int64_t i = 0; i < options->threads; i++) {
		if (!worker_init(&workers[i], listener, &control, err))
			return false;
		workers[i].loop.next_id = (uint64_t)i;
		workers[i].loop.id_step = (uint64_t)options->threads;
	}
	for (int64_t i = 1; i < options->threads; i++) {
		if (pthread_create(&thread, NULL, worker_run, &workers[i]) != 0)
			return error_set(err, ERR_IO, "cannot start a thread");
	}
	announce(options->listen, listener);
	worker_run(&workers[0]);
	return true;
}

static void raise_file_limit(void)
{
	struct rlimit limit;
	struct rlimit more;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	more = limit;
	if (more.rlim_max < WANTED_FILES)
		more.rlim_max = WANTED_FILES;
	more.rlim_cur = more.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return;
	/* Not privileged: what is allowed without asking. */
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warn("the limit of open files could not be raised");
}

static bool listen_on(struct str where, int *listener, struct error *err)
{
	if (str_starts(where, S("unix:")))
		return listen_unix(str_from(where, 5), listener, err);
	return listen_tcp(where, listener, err);
}

static bool listen_unix(struct str path, int *listener, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (path.n == 0 || path.n >= sizeof(address.sun_path))
		return error_set(err, ERR_CONFIG,
			"the path of a socket has 1 to %zu bytes",
			sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path.p, path.n);
	remove_stale_socket(address.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return begin_listening(fd, (struct sockaddr *)&address, sizeof(address),
		listener, err);
}

/* What a killed process left behind; never anything but a socket. */
static void remove_stale_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

static bool listen_tcp(struct str where, int *listener, struct error *err)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	char address[64];
	char port[8];
	int one = 1;
	int fd;
	bool ok;

	if (!split_port(where, address, port) ||
		getaddrinfo(address, port, &hints, &found) != 0)
		return error_set(err, ERR_CONFIG, "'%.*s' is not ADDRESS:PORT",
			STR_ARG(where));
	fd = socket(found->ai_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Accepted sockets inherit the second one: each write is sent. */
	ok = fd >= 0 &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	     setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0;
	if (!ok)
		error_set(err, ERR_IO, "cannot make a socket: %s",
			strerror(errno));
	ok = ok && begin_listening(fd, found->ai_addr, found->ai_addrlen,
			   listener, err);
	freeaddrinfo(found);
	return ok;
}

static bool split_port(struct str where, char address[64], char port[8])
{
	struct str host = where;
	struct str number;
	int64_t value;

	while (host.n > 0 && host.p[host.n - 1] != ':')
		host.n--;
	number = str_from(where, host.n);
	if (host.n < 2 || host.n > 64 ||
		!str_to_int64_in(number, 0, 65535, &value))
		return false;
	host.n--;
	if (host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_head(str_from(host, 1), host.n - 2);
	snprintf(address, 64, "%.*s", STR_ARG(host));
	snprintf(port, 8, "%u", (unsigned)value);
	return true;
}

static bool begin_listening(int fd, const struct sockaddr *address,
	socklen_t length, int *listener, struct error *err)
{
	if (fd < 0 || bind(fd, address, length) != 0 ||
		listen(fd, BACKLOG) != 0)
		return error_set(
			err, ERR_IO, "cannot listen: %s", strerror(errno));
	*listener = fd;
	return true;
}

/* With the port that was really taken. */
static void announce(struct str where, int listener)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char port[8] = "";

	if (!str_starts(where, S("unix:")) &&
		getsockname(listener, (struct sockaddr *)&address, &length) ==
			0 &&
		getnameinfo((struct sockaddr *)&address, length, NULL, 0, port,
			sizeof(port), NI_NUMERICSERV) == 0) {
		while (where.p[where.n - 1] != ':')
			where.n--;
	}
	printf("listening on %.*s%s\n", STR_ARG(where), port);
	fflush(stdout);
}

static bool worker_init(struct worker *worker, int listener,
	struct control *control, struct error *err)
{
	worker->listener = listener;
	worker->loop.control = control;
	worker->loop.input = malloc(LOOP_INPUT_BYTES);
	worker->loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	timers_init(&worker->loop.timers);
	buf_init(&worker->loop.scratch, SCRATCH_BYTES);
	if (!worker->loop.input || worker->loop.epoll < 0 ||
		!watch_listener(worker))
		return error_set(err, ERR_IO, "cannot begin an event loop: %s",
			strerror(errno));
	return true;
}

static bool watch_listener(struct worker *worker)
{
	/* No connection: that is how the listener's events are told. */
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLEXCLUSIVE,
		.data.ptr = NULL,
	};

	return epoll_ctl(worker->loop.epoll, EPOLL_CTL_ADD, worker->listener,
		       &event) == 0;
}

static void *worker_run(void *argument)
{
	struct worker *worker = argument;

	for (;;) {
		wait_for_events(worker);
		wake_timers(worker);
	}
	return NULL;
}

static void wait_for_events(struct worker *worker)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(worker->loop.epoll, events, EVENTS,
		wait_ms(&worker->loop.timers));

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			connection_handle(events[i].data.ptr, events[i].events);
		else
			accept_clients(worker);
	}
}

static int wait_ms(const struct timers *timers)
{
	const struct timer *first = timers_first(timers);
	int64_t left_ns;

	if (!first)
		return -1;
	left_ns = first->due_ns - clock_monotonic_ns();
	/* Rounded up: waking early would only mean waiting again. */
	return left_ns > 0 ? (int)((left_ns + 999999) / 1000000) : 0;
}

static void wake_timers(struct worker *worker)
{
	struct timers *timers = &worker->loop.timers;
	struct timer *timer = timers_first(timers);
	int64_t now_ns;

	if (!timer)
		return;
	/* One `now` for all: what they set anew has its turn after events. */
	now_ns = clock_monotonic_ns();
	for (; timer && timer->due_ns <= now_ns; timer = timers_first(timers)) {
		timers_cancel(timers, timer);
		if (timer != &worker->retry)
			connection_wake(timer);
		else if (!watch_listener(worker))
			log_error("no connection is accepted any more");
	}
}

static void accept_clients(struct worker *worker)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(worker->listener, NULL, NULL,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			connection_open(&worker->loop, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE)
			pause_accepting(worker);
		return;
	}
}

/* Epoll would tell of the waiting client again and again. */
static void pause_accepting(struct worker *worker)
{
	log_warn("no file descriptor is left: clients wait to be accepted");
	epoll_ctl(worker->loop.epoll, EPOLL_CTL_DEL, worker->listener, NULL);
	timers_set(&worker->loop.timers, &worker->retry,
		clock_monotonic_ns() + RETRY_NS);
}
