/*
 * streams.c - many streamed completions at once, and what became of each.
 *
 *   streams --to ADDRESS:PORT --request FILE [--streams N] [--at-once N]
 *           [--ramp-ms N] [--timeout-ms N]
 *
 * FILE is one HTTP/1.1 request, head and body, sent as it is: so a key in it
 * is in no process list. N streams run, so many at once, each of those on one
 * connection that is kept as long as the server keeps it; the first ones
 * begin spread over the ramp. One JSON object says what happened. A stream is
 *
 *   complete   status 200, properly framed to its end, and [DONE] was said
 *   cut        status 200, but less than that
 *   refused    another status
 *   failed     no answer that could be read
 *   unfinished time was up
 *
 * The first chunk's time is from the first byte sent (or the attempt to
 * connect, where that had to be done) to the end of the first "data:" line.
 * Exit status: 0 when all were complete, 1 when not, 2 when nothing was tried.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "reply.h"

#define MAX_STREAMS 100000
#define MAX_REQUEST_BYTES (64 * 1024 * 1024)
#define INPUT_BYTES 65536
#define EVENTS_AT_ONCE 256

struct options {
	struct sockaddr_in address;
	const char *request_file;
	int64_t streams;
	int64_t at_once;
	int64_t ramp_ms;
	int64_t timeout_ms;
};

enum outcome { COMPLETE, CUT, REFUSED, FAILED, OUTCOMES };

/* Durations that were measured, in the order in which they came. */
struct samples {
	int64_t *ns;
	size_t count;
};

struct run {
	struct options options;
	struct buf request;
	char *input;
	int epoll;
	int64_t start_ns;
	int64_t begun; /* streams */
	int64_t running;
	int64_t most_at_once;
	int64_t outcomes[OUTCOMES];
	int64_t events;     /* of all streams */
	int64_t events_min; /* of a complete one; valid when there is one */
	int64_t events_max;
	struct samples first;
	struct samples whole; /* of complete ones */
};

/* A connection, or the place for one. */
struct slot {
	struct run *run;
	int fd; /* -1: none */
	size_t sent;
	int64_t begun_ns;
	bool is_idle; /* its stream has ended, or none has begun */
	bool has_first;
	struct reply reply;
};

static bool read_options(int argc, char **argv, struct options *options);
static bool read_option(
	struct options *options, struct str name, const char *value);
static bool read_address(struct str text, struct sockaddr_in *address);
static bool run_open(struct run *run, const struct options *options);
static bool read_request(struct buf *request, const char *file);
static void allow_descriptors(void);
static void run_all(struct run *run, struct slot *slots);
static size_t begin_due(struct run *run, struct slot *slots, size_t started);
static void slot_go_on(struct slot *slot);
static int wait_ms(const struct run *run, size_t started);
static int64_t due_ns(const struct run *run, size_t slot);
static void stream_begin(struct slot *slot);
static bool slot_connect(struct slot *slot);
static void slot_handle(struct slot *slot, uint32_t events);
static void slot_write(struct slot *slot);
static void slot_read(struct slot *slot);
static void stream_end(struct slot *slot);
static void count_outcome(struct run *run, struct slot *slot);
static void slot_close(struct slot *slot);
static void samples_init(struct samples *samples, size_t max);
static void samples_add(struct samples *samples, int64_t ns);
static void print_report(struct run *run);
static void print_samples(
	struct json_writer *w, const char *name, struct samples *samples);
static int compare(const void *a, const void *b);
static void run_release(struct run *run, struct slot *slots);

int main(int argc, char **argv)
{
	struct options options = {
		.streams = 1, .at_once = 1, .timeout_ms = 60000
	};
	struct run run;
	struct slot *slots;
	bool ok;

	if (!read_options(argc, argv, &options)) {
		fputs("usage: streams --to ADDRESS:PORT --request FILE "
		      "[--streams N] [--at-once N] [--ramp-ms N] "
		      "[--timeout-ms N]\n",
			stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	allow_descriptors();
	if (!run_open(&run, &options))
		return 2;
	slots = calloc((size_t)options.at_once, sizeof(*slots));
	assert(slots);
	run_all(&run, slots);
	print_report(&run);
	ok = run.outcomes[COMPLETE] == options.streams;
	run_release(&run, slots);
	return ok ? 0 : 1;
}

static bool read_options(int argc, char **argv, struct options *options)
{
	if (argc % 2 == 0)
		return false;
	for (int i = 1; i < argc; i += 2) {
		if (!read_option(options, str_of(argv[i]), argv[i + 1]))
			return false;
	}
	if (options->at_once > options->streams)
		options->at_once = options->streams;
	return options->address.sin_port && options->request_file;
}

static bool read_option(
	struct options *options, struct str name, const char *value)
{
	const struct {
		struct str name;
		int64_t max;
		int64_t *number;
	} numbers[] = {
		{ STR("--streams"), MAX_STREAMS, &options->streams },
		{ STR("--at-once"), MAX_STREAMS, &options->at_once },
		{ STR("--ramp-ms"), 600000, &options->ramp_ms },
		{ STR("--timeout-ms"), 600000, &options->timeout_ms },
	};

	if (str_equal(name, S("--to")))
		return read_address(str_of(value), &options->address);
	if (str_equal(name, S("--request"))) {
		options->request_file = value;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (str_equal(name, numbers[i].name))
			return str_to_int64_in(str_of(value), 1, numbers[i].max,
				numbers[i].number);
	}
	return false;
}

static bool read_address(struct str text, struct sockaddr_in *address)
{
	char host[INET_ADDRSTRLEN];
	size_t colon = str_index(text, ':');
	int64_t port;

	if (colon >= sizeof(host) ||
		!str_to_int64_in(str_from(text, colon + 1), 1, 65535, &port))
		return false;
	memcpy(host, text.p, colon);
	host[colon] = '\0';
	address->sin_family = AF_INET;
	address->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static bool run_open(struct run *run, const struct options *options)
{
	memset(run, 0, sizeof(*run));
	run->options = *options;
	run->events_min = INT64_MAX;
	buf_init(&run->request, MAX_REQUEST_BYTES);
	if (!read_request(&run->request, options->request_file)) {
		fprintf(stderr, "streams: cannot read %s\n",
			options->request_file);
		return false;
	}
	run->input = malloc(INPUT_BYTES);
	run->epoll = epoll_create1(EPOLL_CLOEXEC);
	assert(run->input && run->epoll >= 0);
	samples_init(&run->first, (size_t)options->streams);
	samples_init(&run->whole, (size_t)options->streams);
	return true;
}

static bool read_request(struct buf *request, const char *file)
{
	FILE *in = fopen(file, "re");
	char *room;
	size_t n;

	if (!in)
		return false;
	do {
		room = buf_reserve(request, INPUT_BYTES);
		n = room ? fread(room, 1, INPUT_BYTES, in) : 0;
		buf_advance(request, n);
	} while (n > 0);
	n = (size_t)ferror(in);
	fclose(in);
	return n == 0 && room && request->n > 0;
}

static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void run_all(struct run *run, struct slot *slots)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int64_t until_ns;
	size_t started = 0;

	run->start_ns = clock_monotonic_ns();
	until_ns = run->start_ns + run->options.timeout_ms * 1000000;
	while (clock_monotonic_ns() < until_ns) {
		int n;

		started = begin_due(run, slots, started);
		if (run->running == 0 && run->begun == run->options.streams)
			return;
		n = epoll_wait(run->epoll, events, EVENTS_AT_ONCE,
			wait_ms(run, started));
		for (int i = 0; i < n; i++)
			slot_handle(events[i].data.ptr, events[i].events);
	}
}

/* Slots take turns in the ramp; a slot that ended a stream begins another. */
static size_t begin_due(struct run *run, struct slot *slots, size_t started)
{
	size_t count = (size_t)run->options.at_once;

	while (started < count &&
		clock_monotonic_ns() >= due_ns(run, started)) {
		slots[started].run = run;
		slots[started].fd = -1;
		slots[started].is_idle = true;
		reply_init(&slots[started].reply);
		slot_go_on(&slots[started]);
		started++;
	}
	return started;
}

/* A loop, for streams that end in the moment in which they begin. */
static void slot_go_on(struct slot *slot)
{
	while (slot->is_idle && slot->run->begun < slot->run->options.streams)
		stream_begin(slot);
}

static int wait_ms(const struct run *run, size_t started)
{
	int64_t left_ns;

	if (started == (size_t)run->options.at_once)
		return 100;
	left_ns = due_ns(run, started) - clock_monotonic_ns();
	return left_ns > 0 ? (int)(left_ns / 1000000) : 0;
}

static int64_t due_ns(const struct run *run, size_t slot)
{
	return run->start_ns + run->options.ramp_ms * 1000000 * (int64_t)slot /
				       run->options.at_once;
}

static void stream_begin(struct slot *slot)
{
	struct run *run = slot->run;

	run->begun++;
	run->running++;
	if (run->running > run->most_at_once)
		run->most_at_once = run->running;
	slot->sent = 0;
	slot->is_idle = false;
	slot->has_first = false;
	slot->begun_ns = clock_monotonic_ns();
	reply_release(&slot->reply);
	reply_init(&slot->reply);
	if (slot->fd < 0 && !slot_connect(slot))
		stream_end(slot);
	else
		slot_write(slot);
}

/* The connection may still be on its way: writing waits for it. */
static bool slot_connect(struct slot *slot)
{
	const struct sockaddr_in *address = &slot->run->options.address;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = slot };
	int on = 1;

	slot->fd =
		socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (slot->fd < 0)
		return false;
	setsockopt(slot->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(slot->fd, (const struct sockaddr *)address,
		    sizeof(*address)) != 0 &&
		errno != EINPROGRESS)
		return false;
	return epoll_ctl(slot->run->epoll, EPOLL_CTL_ADD, slot->fd, &event) ==
	       0;
}

static void slot_handle(struct slot *slot, uint32_t events)
{
	if (!slot->is_idle && slot->sent < slot->run->request.n)
		slot_write(slot);
	if (!slot->is_idle && events & ~(uint32_t)EPOLLOUT)
		slot_read(slot);
	slot_go_on(slot);
}

static void slot_write(struct slot *slot)
{
	const struct buf *request = &slot->run->request;

	while (slot->sent < request->n) {
		ssize_t n = send(slot->fd, request->p + slot->sent,
			request->n - slot->sent, 0);

		if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		if (n < 0) {
			reply_close(&slot->reply);
			stream_end(slot);
			return;
		}
		slot->sent += (size_t)n;
	}
}

/* Edge-triggered: until there is nothing more. */
static void slot_read(struct slot *slot)
{
	struct run *run = slot->run;

	for (;;) {
		ssize_t n = recv(slot->fd, run->input, INPUT_BYTES, 0);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0)
			reply_read(&slot->reply,
				(struct str){ run->input, (size_t)n });
		if (n <= 0)
			reply_close(&slot->reply);
		if (!slot->has_first && slot->reply.events > 0) {
			slot->has_first = true;
			samples_add(&run->first,
				clock_monotonic_ns() - slot->begun_ns);
		}
		if (n <= 0 || slot->reply.state >= REPLY_END) {
			stream_end(slot);
			return;
		}
	}
}

static void stream_end(struct slot *slot)
{
	struct run *run = slot->run;

	count_outcome(run, slot);
	run->running--;
	if (slot->reply.closes || slot->reply.state != REPLY_END)
		slot_close(slot);
	slot->is_idle = true;
}

static void count_outcome(struct run *run, struct slot *slot)
{
	const struct reply *reply = &slot->reply;
	bool is_whole = reply->state == REPLY_END && reply->is_done;

	run->events += reply->events;
	if (reply->status == 0) {
		run->outcomes[FAILED]++;
	} else if (reply->status != 200) {
		run->outcomes[REFUSED]++;
	} else if (!is_whole) {
		run->outcomes[CUT]++;
	} else {
		run->outcomes[COMPLETE]++;
		samples_add(&run->whole, clock_monotonic_ns() - slot->begun_ns);
		if (reply->events < run->events_min)
			run->events_min = reply->events;
		if (reply->events > run->events_max)
			run->events_max = reply->events;
	}
}

static void slot_close(struct slot *slot)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
}

static void samples_init(struct samples *samples, size_t max)
{
	samples->ns = calloc(max, sizeof(*samples->ns));
	samples->count = 0;
	assert(samples->ns);
}

/* A stream adds one at most, so there is room. */
static void samples_add(struct samples *samples, int64_t ns)
{
	samples->ns[samples->count++] = ns;
}

static void print_report(struct run *run)
{
	static const char *const names[OUTCOMES] = { "complete", "cut",
		"refused", "failed" };
	struct buf out = BUF_INIT(4096);
	struct json_writer w;
	int64_t elapsed_ns = clock_monotonic_ns() - run->start_ns;

	json_writer_init(&w, &out);
	json_begin_object(&w);
	json_member_int(&w, "streams", run->options.streams);
	for (int i = 0; i < OUTCOMES; i++)
		json_member_int(&w, names[i], run->outcomes[i]);
	json_member_int(&w, "unfinished",
		run->running + run->options.streams - run->begun);
	json_member_int(&w, "most_at_once", run->most_at_once);
	json_member_int(&w, "events", run->events);
	json_member_int(&w, "events_min",
		run->outcomes[COMPLETE] ? run->events_min : 0);
	json_member_int(&w, "events_max", run->events_max);
	json_member_int(&w, "elapsed_ms", elapsed_ns / 1000000);
	print_samples(&w, "first_chunk_us", &run->first);
	print_samples(&w, "whole_us", &run->whole);
	json_end_object(&w);
	puts(buf_cstr(&out));
	buf_release(&out);
}

static void print_samples(
	struct json_writer *w, const char *name, struct samples *samples)
{
	static const struct {
		const char *name;
		size_t percent;
	} ranks[] = { { "p50", 50 }, { "p99", 99 }, { "max", 100 } };

	qsort(samples->ns, samples->count, sizeof(*samples->ns), compare);
	json_name(w, name);
	json_begin_object(w);
	for (size_t i = 0; i < ARRAY_LEN(ranks) && samples->count > 0; i++) {
		size_t at = (samples->count * ranks[i].percent + 99) / 100 - 1;

		json_member_int(w, ranks[i].name, samples->ns[at] / 1000);
	}
	json_end_object(w);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* A slot whose turn never came owns nothing, not even a descriptor. */
static void run_release(struct run *run, struct slot *slots)
{
	for (int64_t i = 0; i < run->options.at_once; i++) {
		if (!slots[i].run)
			continue;
		slot_close(&slots[i]);
		reply_release(&slots[i].reply);
	}
	free(slots);
	close(run->epoll);
	free(run->input);
	free(run->first.ns);
	free(run->whole.ns);
	buf_release(&run->request);
}
