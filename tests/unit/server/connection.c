/* connection.c - a port on a unix socket with a loop and workers, seen from
 * the web server's side. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <linux/sockios.h>

#include "../http/web_server.h"
#include "../net/loop_thread.h"
#include "base/clock.h"
#include "server/connection.h"
#include "server/listener.h"

#define AT_ONCE 200
#define MAX_BODY_BYTES 2000000
#define FLOW_BYTES (4 << 20)
#define FLOW_PENDING 65536
#define SOON_MS 1000

/* An exchange whose owner waits, and what it has heard. */
struct waiting {
	struct http_exchange *x;
	int fd;       /* as it was when it began to wait */
	bool is_slow; /* does not end at once when its client is gone */
	sem_t started;
	sem_t gone;
	atomic_int gone_count;
	atomic_int drained_count;
	size_t flow_left; /* bytes to be written as they drain */
};

static char folder[64];
static char path[80];
static struct settings settings;
static struct loop_thread thread;
static struct workers *workers;
static struct port *port;
static struct waiting waiting;
static struct web_answer answer;
static int listen_fd;
static atomic_int drained_count;
static int app;

/* --- what the port serves */

static void answer_text(struct http_exchange *x, int status, struct str text)
{
	http_begin(x, status, "text/plain");
	http_header(x, "X-Thread", x->on_worker ? S("worker") : S("loop"));
	http_header_int(x, "X-Descriptor", x->fd);
	http_body(x, text);
	http_end(x);
	http_push(x);
}

static void answer_echo(struct http_exchange *x, void *owner)
{
	(void)owner;
	answer_text(x, 200, buf_str(&x->body));
}

static void go_to_loop(struct http_exchange *x, void *owner)
{
	x->server->to_loop(x, answer_echo, owner);
}

static void end_silently(struct http_exchange *x, void *owner)
{
	(void)owner;
	http_end(x);
	http_push(x);
}

static void on_gone(struct http_exchange *x, void *owner)
{
	struct waiting *own = owner;

	atomic_fetch_add(&own->gone_count, 1);
	if (!own->is_slow)
		end_silently(x, NULL);
	sem_post(&own->gone);
}

static void flow(struct http_exchange *x, struct waiting *own)
{
	static const char bytes[10000];

	while (own->flow_left > 0 && http_pending(x) < FLOW_PENDING) {
		struct str piece = str_head(
			(struct str){ bytes, sizeof(bytes) }, own->flow_left);

		http_body(x, piece);
		own->flow_left -= piece.n;
		if (own->flow_left == 0)
			http_end(x);
		if (own->flow_left == 0 || http_pending(x) >= FLOW_PENDING)
			http_push(x);
	}
}

static void on_drained(struct http_exchange *x, void *owner)
{
	struct waiting *own = owner;

	atomic_fetch_add(&own->drained_count, 1);
	if (own->flow_left > 0)
		flow(x, own);
}

static const struct http_waiter waiter = {
	.gone = on_gone,
	.drained = on_drained,
};

static void wait_for_more(struct http_exchange *x, void *owner)
{
	(void)owner;
	waiting.x = x;
	waiting.fd = x->fd;
	x->waiter = &waiter;
	x->owner = &waiting;
	sem_post(&waiting.started);
}

static void begin_flow(struct http_exchange *x, void *owner)
{
	wait_for_more(x, owner);
	waiting.flow_left = FLOW_BYTES;
	http_begin(x, 200, "text/plain");
	flow(x, &waiting);
}

/* On a worker; at once when that is where we are. */
static void on_worker(struct http_exchange *x, http_work *work)
{
	if (x->on_worker)
		work(x, NULL);
	else if (!x->server->to_worker(x, work, NULL))
		answer_text(x, 503, S("no worker"));
}

static void serve(struct http_exchange *x, const struct error *err)
{
	assert(x->app == &app && x->loop == thread.loop);
	if (err)
		answer_text(x, error_http_status(err),
			str_of(error_name(err->kind)));
	else if (str_equal(x->path, S("/wait")))
		wait_for_more(x, NULL);
	else if (str_equal(x->path, S("/flow")))
		begin_flow(x, NULL);
	else if (str_equal(x->path, S("/worker")))
		on_worker(x, answer_echo);
	else if (str_equal(x->path, S("/there-and-back")))
		on_worker(x, go_to_loop);
	else
		answer_echo(x, NULL);
}

static void on_port_drained(struct port *which)
{
	assert(port_owner(which) == &app);
	atomic_fetch_add(&drained_count, 1);
}

static void start_with(size_t threads, size_t queue)
{
	struct port_setup setup = { .settings = &settings,
		.app = &app,
		.owner = &app,
		.serve = serve,
		.drained = on_port_drained };
	struct error err;
	char address[128];

	snprintf(folder, sizeof(folder), "/tmp/connection-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fcgi.sock", folder);
	snprintf(address, sizeof(address), "unix:%s", path);
	assert_true(
		listener_open(str_of(address), &settings, &listen_fd, &err));
	assert_true(workers_start(threads, queue, &workers, &err));
	assert_true(loop_new(&thread.loop, &err));
	setup.loop = thread.loop;
	setup.workers = workers;
	setup.listen_fd = listen_fd;
	assert_true(port_open(&setup, &port, &err));
	assert_int_equal(
		pthread_create(&thread.thread, NULL, loop_thread_main, &thread),
		0);
}

static int prepare(void **state)
{
	(void)state;
	settings_init(&settings);
	settings.backlog = 4096;
	settings.max_body_bytes = MAX_BODY_BYTES;
	memset(&waiting, 0, sizeof(waiting));
	sem_init(&waiting.started, 0, 0);
	sem_init(&waiting.gone, 0, 0);
	atomic_store(&drained_count, 0);
	web_answer_init(&answer);
	return 0;
}

static int start(void **state)
{
	prepare(state);
	start_with(2, AT_ONCE); /* nobody is refused for want of a place */
	return 0;
}

static void drain_port(void *argument)
{
	(void)argument;
	port_drain(port);
}

/* As the program ends: nothing new comes to the workers any more. */
static int stop(void **state)
{
	(void)state;
	on_loop(&thread, drain_port, NULL);
	workers_stop(workers);
	loop_thread_stop(&thread);
	port_close(port);
	loop_free(thread.loop);
	close(listen_fd);
	unlink(path);
	rmdir(folder);
	sem_destroy(&waiting.started);
	sem_destroy(&waiting.gone);
	web_answer_release(&answer);
	return 0;
}

/* --- what the web server does */

static int connected(void)
{
	int fd = web_connect(path);

	assert_true(fd >= 0);
	return fd;
}

static void ask(int fd, int id, bool keep, const char *uri, struct str body)
{
	struct buf wire = BUF_INIT(WEB_MAX_BYTES);

	web_request(&wire, id, keep, "POST", uri, body);
	assert_true(web_send(fd, buf_str(&wire)));
	buf_release(&wire);
}

/* Two parts of a request whose first bytes do not make a whole. */
static void ask_part(int fd, const char *uri, struct str body, bool first)
{
	struct buf wire = BUF_INIT(WEB_MAX_BYTES);
	size_t cut;

	web_request(&wire, 1, true, "POST", uri, body);
	cut = wire.n / 2;
	assert_true(web_send(fd, first ? str_head(buf_str(&wire), cut)
				       : str_from(buf_str(&wire), cut)));
	buf_release(&wire);
}

/* Read an answer into `answer`. */
static void read_answer(int fd, int id, int status, struct str body)
{
	char expected[32];

	web_answer_release(&answer);
	web_answer_init(&answer);
	if (!web_answer_read(&answer, fd))
		fail_msg("no answer: %s",
			answer.broken ? "it is broken" : "closed or silent");
	snprintf(expected, sizeof(expected), "Status: %d\r\n", status);
	if (!str_starts(buf_str(&answer.text), str_of(expected)))
		fail_msg("expected %s, got %.*s", expected,
			STR_ARG(buf_str(&answer.text)));
	assert_int_equal(answer.id, id);
	assert_int_equal(answer.read, answer.wire.n);
	assert_true(str_equal(web_answer_body(&answer), body));
}

static bool answer_says(const char *line)
{
	struct str text = buf_str(&answer.text);

	return str_find(text, str_of(line)) < text.n;
}

static void assert_works_on(void)
{
	int fd = connected();

	ask(fd, 77, false, "/echo", S("still there"));
	read_answer(fd, 77, 200, S("still there"));
	close(fd);
}

static void assert_silent(int fd)
{
	struct pollfd news = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&news, 1, 50), 0);
}

/* Closed by the port, and before long. */
static void assert_closed_soon(int fd)
{
	int64_t began_ms = clock_monotonic_ms();

	assert_true(web_is_closed(fd));
	assert_in_range(clock_monotonic_ms() - began_ms, 0, SOON_MS);
}

static void wait_until(atomic_int *count, int value)
{
	int64_t until_ms = clock_monotonic_ms() + PATIENCE_SECONDS * 1000;

	while (atomic_load(count) < value) {
		assert_true(clock_monotonic_ms() < until_ms);
		sleep_ms(1);
	}
}

/* A client that waits; its descriptor. */
static int start_waiting(void)
{
	int fd = connected();

	ask(fd, 5, true, "/wait", S(""));
	assert_true(wait_posted(&waiting.started));
	return fd;
}

static void end_waiting(void *argument)
{
	(void)argument;
	answer_text(waiting.x, 200, S("at last"));
}

/* --- serving */

static void a_kept_connection_serves_many(void **state)
{
	int fd = connected();

	(void)state;
	for (int i = 1; i <= 20; i++) {
		char text[32];

		snprintf(text, sizeof(text), "request %d", i);
		ask(fd, i, true, "/echo", str_of(text));
		read_answer(fd, i, 200, str_of(text));
		assert_true(answer_says("X-Thread: loop"));
	}
	assert_silent(fd);
	close(fd);
}

static void one_that_is_not_kept_is_closed(void **state)
{
	int fd = connected();

	(void)state;
	ask(fd, 65535, false, "/echo", S("once"));
	read_answer(fd, 65535, 200, S("once"));
	assert_closed_soon(fd);
	close(fd);
}

static void halves_go_through_a_worker(void **state)
{
	int fd = connected();

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask_part(fd, "/echo", S("in two parts"), true);
		sleep_ms(20);
		assert_silent(fd);
		ask_part(fd, "/echo", S("in two parts"), false);
		read_answer(fd, 1, 200, S("in two parts"));
		assert_true(answer_says("X-Thread: worker"));
		/* And then one that is whole. */
		ask(fd, 2, true, "/echo", S("whole"));
		read_answer(fd, 2, 200, S("whole"));
		assert_true(answer_says("X-Thread: loop"));
	}
	close(fd);
}

static void a_single_byte_is_the_beginning_of_a_request(void **state)
{
	struct buf wire = BUF_INIT(4096);
	int fd = connected();

	(void)state;
	web_request(&wire, 3, true, "POST", "/echo", S("slowly"));
	for (size_t i = 0; i < wire.n; i++) {
		assert_true(
			web_send(fd, str_head(str_from(buf_str(&wire), i), 1)));
		if (i < 3)
			sleep_ms(5);
	}
	read_answer(fd, 3, 200, S("slowly"));
	buf_release(&wire);
	close(fd);
}

static void a_large_request_and_a_large_answer(void **state)
{
	static char bytes[MAX_BODY_BYTES];
	struct str body = { bytes, sizeof(bytes) };
	int fd = connected();

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 13 + i / 257);
	for (int i = 1; i <= 2; i++) {
		ask(fd, i, true, "/echo", body);
		read_answer(fd, i, 200, body);
		assert_true(answer_says("X-Thread: worker"));
	}
	close(fd);
}

static void work_changes_threads(void **state)
{
	int fd = connected();

	(void)state;
	for (int i = 0; i < 20; i++) {
		ask(fd, 1, true, "/worker", S("a"));
		read_answer(fd, 1, 200, S("a"));
		assert_true(answer_says("X-Thread: worker"));
		ask(fd, 2, true, "/there-and-back", S("b"));
		read_answer(fd, 2, 200, S("b"));
		assert_true(answer_says("X-Thread: loop"));
	}
	close(fd);
}

static void two_hundred_at_once(void **state)
{
	int fds[AT_ONCE];
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < AT_ONCE; i++) {
			if (round == 0)
				fds[i] = connected();
			snprintf(text, sizeof(text), "%d of many", i);
			ask(fds[i], i + 1, true,
				i % 3 ? "/echo" : "/there-and-back",
				str_of(text));
		}
		for (int i = 0; i < AT_ONCE; i++) {
			snprintf(text, sizeof(text), "%d of many", i);
			read_answer(fds[i], i + 1, 200, str_of(text));
		}
	}
	for (int i = 0; i < AT_ONCE; i++)
		close(fds[i]);
	assert_works_on();
}

/* --- refusing */

static int64_t cpu_ms(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 +
	       usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
}

/* One client waits in the backlog: that must not keep the loop busy. */
static void without_descriptors_it_rests(void **state)
{
	struct rlimit limit;
	struct rlimit low;
	int64_t before;
	int fd = connected();

	(void)state;
	ask(fd, 1, true, "/echo", S("first"));
	read_answer(fd, 1, 200, S("first"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)connected() + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	usleep(50000);
	before = cpu_ms();
	usleep(400000);
	assert_true(cpu_ms() - before < 100);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_works_on();
	close(fd);
	close((int)low.rlim_cur - 1);
}

static void garbage_closes(void **state)
{
	static const struct str garbage[] = {
		STR("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
		STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		/* These look whole, and are read on the loop. */
		STR("\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0"),
		STR("\0\5\0\0\0\0\0\0"),
		STR("\1\1\0\1\0\10\0\0\0\77\1\0\0\0\0\0"
		    "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		int64_t began_ms = clock_monotonic_ms();
		int fd = connected();

		assert_true(web_send(fd, garbage[i]));
		/* Others do not wait for it. */
		assert_works_on();
		assert_in_range(clock_monotonic_ms() - began_ms, 0, SOON_MS);
		shutdown(fd, SHUT_WR);
		assert_closed_soon(fd);
		close(fd);
	}
}

static void a_body_over_the_limit(void **state)
{
	static char bytes[MAX_BODY_BYTES + 1];
	int fd = connected();

	(void)state;
	ask(fd, 1, true, "/echo", (struct str){ bytes, sizeof(bytes) });
	read_answer(fd, 1, 413, str_of(error_name(ERR_TOO_LARGE)));
	assert_closed_soon(fd);
	close(fd);
}

static void a_request_that_stalls(void **state)
{
	struct buf wire = BUF_INIT(4096);
	int fd;

	(void)state;
	stop(state);
	prepare(state);
	settings.read_timeout_ms = 100;
	start_with(2, 64);
	fd = connected();
	/* All but the end of the body. */
	web_request(&wire, 1, true, "POST", "/echo", S("body"));
	assert_true(web_send(fd, str_head(buf_str(&wire), wire.n - 10)));
	read_answer(fd, 1, 408, str_of(error_name(ERR_CLIENT_TIMEOUT)));
	assert_closed_soon(fd);
	close(fd);
	/* Not even a head. */
	fd = connected();
	assert_true(web_send(fd, str_head(buf_str(&wire), 4)));
	shutdown(fd, SHUT_WR);
	assert_closed_soon(fd);
	close(fd);
	buf_release(&wire);
	assert_works_on();
}

/* Whoever finds no place with the workers hears so at once. */
static void a_full_queue_answers_503(void **state)
{
	int64_t began_ms;
	int fds[3];

	(void)state;
	stop(state);
	prepare(state);
	start_with(1, 1);
	for (int i = 0; i < 2; i++) {
		fds[i] = connected();
		ask_part(fds[i], "/echo", S("patience"), true);
		sleep_ms(30);
	}
	began_ms = clock_monotonic_ms();
	fds[2] = connected();
	ask_part(fds[2], "/echo", S("patience"), true);
	read_answer(fds[2], 1, 503, str_of(error_name(ERR_OVERLOADED)));
	assert_in_range(clock_monotonic_ms() - began_ms, 0, SOON_MS);
	assert_closed_soon(fds[2]);
	/* What needs no worker is still served. */
	assert_works_on();
	for (int i = 0; i < 2; i++) {
		ask_part(fds[i], "/echo", S("patience"), false);
		read_answer(fds[i], 1, 200, S("patience"));
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* --- waiting */

static void a_client_leaves_by_closing(void **state)
{
	int fd = start_waiting();
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	close(fd);
	assert_true(wait_posted(&waiting.gone));
	assert_in_range(clock_monotonic_ms() - began_ms, 0, SOON_MS);
	assert_works_on();
	assert_int_equal(atomic_load(&waiting.gone_count), 1);
}

static void a_client_leaves_by_an_abort(void **state)
{
	struct buf wire = BUF_INIT(64);
	int fd = start_waiting();

	(void)state;
	web_record(&wire, WEB_ABORT, 5, S(""), 0);
	assert_true(web_send(fd, buf_str(&wire)));
	assert_true(wait_posted(&waiting.gone));
	assert_closed_soon(fd);
	assert_int_equal(atomic_load(&waiting.gone_count), 1);
	buf_release(&wire);
	close(fd);
}

static void a_client_that_waits_gets_its_answer(void **state)
{
	int fd = start_waiting();

	(void)state;
	assert_silent(fd);
	on_loop(&thread, end_waiting, NULL);
	read_answer(fd, 5, 200, S("at last"));
	/* Kept: nothing of the waiting is left. */
	ask(fd, 6, true, "/echo", S("next"));
	read_answer(fd, 6, 200, S("next"));
	close(fd);
	assert_works_on();
	assert_int_equal(atomic_load(&waiting.gone_count), 0);
}

static void end_on_worker(void *argument)
{
	bool *taken = argument;

	*taken = waiting.x->server->to_worker(waiting.x, end_silently, NULL);
}

/* Take every number below `fd` that is free; how many these were. */
static int fill_numbers_below(int fd, int taken[], int room)
{
	int count = 0;
	int number;

	while ((number = dup(listen_fd)) < fd) {
		assert_true(number >= 0 && count < room);
		taken[count++] = number;
	}
	close(number);
	return count;
}

/* The descriptor is somebody else's when its old owner goes to a worker. */
static void a_slow_owner_harms_nobody(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char line[64];
	int taken[64];
	int taken_count;
	bool was_taken = false;
	int fd;
	int next;

	(void)state;
	waiting.is_slow = true;
	fd = start_waiting();
	next = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	web_patience(next);
	taken_count = fill_numbers_below(waiting.fd, taken, 64);
	shutdown(fd, SHUT_RDWR);
	assert_true(wait_posted(&waiting.gone));

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(
		connect(next, (struct sockaddr *)&address, sizeof(address)), 0);
	ask(next, 1, true, "/echo", S("first"));
	read_answer(next, 1, 200, S("first"));
	snprintf(line, sizeof(line), "X-Descriptor: %d\r\n", waiting.fd);
	assert_true(answer_says(line));

	on_loop(&thread, end_on_worker, &was_taken);
	assert_true(was_taken);
	ask(next, 2, true, "/echo", S("second"));
	read_answer(next, 2, 200, S("second"));
	assert_int_equal(atomic_load(&waiting.gone_count), 1);
	while (taken_count > 0)
		close(taken[--taken_count]);
	close(next);
	close(fd);
}

static void abort_port(void *argument)
{
	(void)argument;
	port_abort(port);
}

static void end_silently_on_loop(void *argument)
{
	(void)argument;
	end_silently(waiting.x, NULL);
}

static void an_abort_tells_who_waits(void **state)
{
	int fd = start_waiting();
	int idle = connected();

	(void)state;
	ask(idle, 1, true, "/echo", S("idle"));
	read_answer(idle, 1, 200, S("idle"));
	on_loop(&thread, abort_port, NULL);
	assert_true(wait_posted(&waiting.gone));
	assert_closed_soon(fd);
	/* Who has no request running has lost nothing. */
	ask(idle, 2, true, "/echo", S("again"));
	read_answer(idle, 2, 200, S("again"));
	close(idle);
	close(fd);
}

/* It has been told already, and still holds its exchange. */
static void an_abort_after_gone_takes_nothing_away(void **state)
{
	int fd;

	(void)state;
	waiting.is_slow = true;
	fd = start_waiting();
	close(fd);
	assert_true(wait_posted(&waiting.gone));
	on_loop(&thread, abort_port, NULL);
	on_loop(&thread, end_silently_on_loop, NULL);
	assert_works_on();
	assert_int_equal(atomic_load(&waiting.gone_count), 1);
}

static void a_slow_reader_holds_the_writer_back(void **state)
{
	int fd = connected();

	(void)state;
	ask(fd, 9, true, "/flow", S(""));
	assert_true(wait_posted(&waiting.started));
	/* Not a byte is read: the writer must come to rest. */
	sleep_ms(50);
	assert_int_equal(atomic_load(&waiting.drained_count), 0);
	web_answer_release(&answer);
	web_answer_init(&answer);
	assert_true(web_answer_read(&answer, fd));
	assert_int_equal(web_answer_body(&answer).n, FLOW_BYTES);
	assert_true(atomic_load(&waiting.drained_count) > 5);
	ask(fd, 10, true, "/echo", S("after the flood"));
	read_answer(fd, 10, 200, S("after the flood"));
	close(fd);
}

static void a_reader_leaves_in_the_flow(void **state)
{
	char bytes[1000];
	int fd = connected();

	(void)state;
	ask(fd, 9, true, "/flow", S(""));
	assert_true(wait_posted(&waiting.started));
	assert_true(recv(fd, bytes, sizeof(bytes), 0) > 0);
	close(fd);
	assert_true(wait_posted(&waiting.gone));
	assert_works_on();
	assert_int_equal(atomic_load(&waiting.gone_count), 1);
}

/* An answer that has ended still waits for its reader. */
static void a_reader_leaves_before_the_end_is_sent(void **state)
{
	static char bytes[MAX_BODY_BYTES];
	int fd = connected();

	(void)state;
	ask(fd, 1, true, "/echo", (struct str){ bytes, sizeof(bytes) });
	sleep_ms(20);
	close(fd);
	assert_works_on();
}

static int64_t loop_cpu_ms(void)
{
	struct timespec time;
	clockid_t clock;

	assert_int_equal(pthread_getcpuclockid(thread.thread, &clock), 0);
	assert_int_equal(clock_gettime(clock, &time), 0);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Fill the socket, let the client read all of it, and end: before the loop
 * has heard that there is room again. */
static void end_when_there_is_room(void *argument)
{
	static const char bytes[20000];
	struct http_exchange *x = waiting.x;
	int unread;

	(void)argument;
	http_begin(x, 200, "text/plain");
	do {
		http_body(x, (struct str){ bytes, sizeof(bytes) });
		http_push(x);
	} while (http_pending(x) == 0);
	do {
		sleep_ms(1);
	} while (ioctl(x->fd, SIOCOUTQ, &unread) == 0 && unread > 0);
	http_end(x);
	http_push(x);
}

static void *read_all(void *context)
{
	int *fd = context;

	return web_answer_read(&answer, *fd) ? context : NULL;
}

static void an_idle_connection_costs_nothing(void **state)
{
	int fd = start_waiting();
	int64_t before_ms;
	pthread_t reader;
	void *read;

	(void)state;
	web_answer_release(&answer);
	web_answer_init(&answer);
	pthread_create(&reader, NULL, read_all, &fd);
	on_loop(&thread, end_when_there_is_room, NULL);
	pthread_join(reader, &read);
	assert_non_null(read);
	before_ms = loop_cpu_ms();
	sleep_ms(200);
	assert_true(loop_cpu_ms() - before_ms < 50);
	ask(fd, 6, true, "/echo", S("next"));
	read_answer(fd, 6, 200, S("next"));
	close(fd);
}

/* --- draining */

static void a_port_without_connections_is_drained_at_once(void **state)
{
	(void)state;
	on_loop(&thread, drain_port, NULL);
	assert_int_equal(atomic_load(&drained_count), 1);
	on_loop(&thread, drain_port, NULL);
	assert_int_equal(atomic_load(&drained_count), 1);
}

static void draining_finishes_what_runs(void **state)
{
	int idle = connected();
	int half = connected();
	int waits;
	int late;

	(void)state;
	ask(idle, 1, true, "/echo", S("idle"));
	read_answer(idle, 1, 200, S("idle"));
	ask_part(half, "/echo", S("half"), true);
	waits = start_waiting();
	on_loop(&thread, drain_port, NULL);
	assert_closed_soon(idle);
	late = connected();
	ask(late, 1, true, "/echo", S("late"));
	assert_silent(late);
	assert_int_equal(atomic_load(&drained_count), 0);

	ask_part(half, "/echo", S("half"), false);
	read_answer(half, 1, 200, S("half"));
	assert_closed_soon(half);
	assert_int_equal(atomic_load(&drained_count), 0);

	on_loop(&thread, end_waiting, NULL);
	read_answer(waits, 5, 200, S("at last"));
	assert_closed_soon(waits);
	wait_until(&drained_count, 1);
	assert_silent(late);
	assert_int_equal(atomic_load(&waiting.gone_count), 0);
	close(idle);
	close(half);
	close(waits);
	close(late);
}

/* In the backlog, or sent but not looked at: it came in time. */
static void draining_serves_what_has_come(void **state)
{
	int fds[30];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = connected();
		ask(fds[i], 1, true, "/echo", S("in time"));
	}
	on_loop(&thread, drain_port, NULL);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		read_answer(fds[i], 1, 200, S("in time"));
		assert_closed_soon(fds[i]);
		close(fds[i]);
	}
	wait_until(&drained_count, 1);
}

/* The loop looks at every connection while workers are at theirs. */
static void draining_while_workers_read(void **state)
{
	int fds[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = connected();
		ask_part(fds[i], "/there-and-back", S("busy"), true);
	}
	sleep_ms(20);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (i == ARRAY_LEN(fds) / 2)
			on_loop(&thread, drain_port, NULL);
		ask_part(fds[i], "/there-and-back", S("busy"), false);
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		read_answer(fds[i], 1, 200, S("busy"));
		close(fds[i]);
	}
	wait_until(&drained_count, 1);
}

/* Even what would not end by itself. */
static void closing_ends_what_is_open(void **state)
{
	int idle = connected();
	int waits;

	ask(idle, 1, true, "/echo", S("idle"));
	read_answer(idle, 1, 200, S("idle"));
	waits = start_waiting();
	stop(state);
	assert_closed_soon(idle);
	assert_closed_soon(waits);
	assert_int_equal(atomic_load(&drained_count), 1);
	close(idle);
	close(waits);
	start(state);
}

#define CONNECTION_TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTION_TEST(a_kept_connection_serves_many),
		CONNECTION_TEST(one_that_is_not_kept_is_closed),
		CONNECTION_TEST(halves_go_through_a_worker),
		CONNECTION_TEST(a_single_byte_is_the_beginning_of_a_request),
		CONNECTION_TEST(a_large_request_and_a_large_answer),
		CONNECTION_TEST(work_changes_threads),
		CONNECTION_TEST(two_hundred_at_once),
		CONNECTION_TEST(without_descriptors_it_rests),
		CONNECTION_TEST(garbage_closes),
		CONNECTION_TEST(a_body_over_the_limit),
		CONNECTION_TEST(a_request_that_stalls),
		CONNECTION_TEST(a_full_queue_answers_503),
		CONNECTION_TEST(a_client_leaves_by_closing),
		CONNECTION_TEST(a_client_leaves_by_an_abort),
		CONNECTION_TEST(a_client_that_waits_gets_its_answer),
		CONNECTION_TEST(a_slow_owner_harms_nobody),
		CONNECTION_TEST(an_abort_tells_who_waits),
		CONNECTION_TEST(an_abort_after_gone_takes_nothing_away),
		CONNECTION_TEST(a_slow_reader_holds_the_writer_back),
		CONNECTION_TEST(a_reader_leaves_in_the_flow),
		CONNECTION_TEST(a_reader_leaves_before_the_end_is_sent),
		CONNECTION_TEST(an_idle_connection_costs_nothing),
		CONNECTION_TEST(a_port_without_connections_is_drained_at_once),
		CONNECTION_TEST(draining_finishes_what_runs),
		CONNECTION_TEST(draining_serves_what_has_come),
		CONNECTION_TEST(draining_while_workers_read),
		CONNECTION_TEST(closing_ends_what_is_open),
	};

	http_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
