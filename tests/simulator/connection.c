/*
 * connection.c - one client's connection. The one hard thing: epoll tells
 * each change once (EPOLLET), so what it told is kept until it is used up.
 */
#include "connection.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "base/clock.h"
#include "base/log.h"

#define NS_PER_MS 1000000
#define MAX_IN_BYTES (2 * HTTP_MAX_BODY_BYTES)
#define MAX_OUT_BYTES (HTTP_MAX_BODY_BYTES + (16 << 20))
#define BATCH_BYTES 16384 /* frames of one write when nothing is timed */
#define KEEP_BYTES 16384  /* a larger buffer is given back at once */
#define WRITES_PER_TURN 64
#define SLOW_HEAD_MS 50
#define RESET_PAUSE_MS 20
#define DRAIN_MS 1000

enum stage { STAGE_READING, STAGE_ANSWERING, STAGE_DRAINING, STAGE_CLOSED };

struct connection {
	struct loop *loop;
	int fd;
	enum stage stage;
	bool readable;  /* there may be bytes to read */
	bool blocked;   /* a write waits for epoll */
	bool gone;      /* the client has closed its side */
	bool continued; /* this request got its "100 Continue" */
	bool decoding;  /* `chunks` is valid */
	struct http_chunks chunks;
	struct buf in;
	struct answer answer; /* valid while answering */
	struct buf out;
	size_t out_at;    /* bytes of it that were sent */
	size_t piece_end; /* how far the current piece reaches */
	size_t head_left; /* of the head, while it is sent on its own */
	int pause_ms;     /* behind the current piece */
	struct timer timer;
	int64_t due_ns; /* when the last piece was due */
};

static void run(struct connection *c);
static bool advance(struct connection *c);
static bool read_request(struct connection *c);
static bool take_request(struct connection *c);
static bool take_body(struct connection *c, struct http_request *http,
	size_t head_bytes, size_t *end, struct error *err);
static void send_continue(struct connection *c);
static bool receive(struct connection *c);
static void begin_answer(struct connection *c, const struct http_request *http,
	size_t head_bytes, struct str body);
static bool refuse(struct connection *c, const struct error *err);
static void start_sending(struct connection *c, int delay_ms);
static bool send_answer(struct connection *c);
static bool begin_piece(struct connection *c);
static void begin_head_piece(struct connection *c);
static void fill(struct connection *c, size_t wanted);
static bool send_bytes(struct connection *c);
static int pause_after(const struct connection *c);
static void wait_for(struct connection *c, int64_t ms);
static bool finish(struct connection *c);
static void close_reset(struct connection *c);
static bool begin_drain(struct connection *c);
static bool next_request(struct connection *c);
static bool drain(struct connection *c);
static void lose_client(struct connection *c);
static void free_connection(struct connection *c);

void connection_open(struct loop *loop, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = c,
	};

	if (!c)
		abort();
	c->loop = loop;
	c->fd = fd;
	buf_init(&c->in, MAX_IN_BYTES);
	buf_init(&c->out, MAX_OUT_BYTES);
	loop->control->connections++;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		log_error("a connection was closed: epoll does not take it");
		free_connection(c);
	}
}

void connection_handle(struct connection *c, uint32_t events)
{
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		c->gone = true;
	if (events & EPOLLIN || c->gone)
		c->readable = true;
	if (events & EPOLLOUT)
		c->blocked = false;
	run(c);
}

void connection_wake(struct timer *timer)
{
	struct connection *c = CONTAINER_OF(timer, struct connection, timer);

	if (c->stage == STAGE_DRAINING)
		c->stage = STAGE_CLOSED;
	run(c);
}

static void run(struct connection *c)
{
	while (advance(c))
		;
	/* An answer that waits has nobody left to wait for. */
	if (c->stage == STAGE_ANSWERING && c->gone)
		lose_client(c);
	if (c->stage == STAGE_CLOSED)
		free_connection(c);
}

/* One step; false when there is nothing to do before the next event. */
static bool advance(struct connection *c)
{
	switch (c->stage) {
	case STAGE_READING: return read_request(c);
	case STAGE_ANSWERING: return send_answer(c);
	case STAGE_DRAINING: return drain(c);
	case STAGE_CLOSED: return false;
	}
	return false;
}

static bool read_request(struct connection *c)
{
	return take_request(c) || receive(c);
}

/* True when a request was complete, or so wrong that it is answered. */
static bool take_request(struct connection *c)
{
	struct http_request http;
	struct error err = ERROR_INIT;
	size_t head_bytes =
		http_head_bytes(str_head(buf_str(&c->in), HTTP_MAX_HEAD_BYTES));
	size_t end = 0;

	if (head_bytes == 0 && c->in.n < HTTP_MAX_HEAD_BYTES)
		return false;
	if (head_bytes == 0) {
		error_refuse(&err, ERR_TOO_LARGE, NULL,
			"The head of the request is too large.");
		return refuse(c, &err);
	}
	if (!http_parse_head(
		    str_head(buf_str(&c->in), head_bytes), &http, &err) ||
		!take_body(c, &http, head_bytes, &end, &err))
		return refuse(c, &err);
	if (end == 0) {
		if (http.expects_continue && !c->continued)
			send_continue(c);
		return false;
	}
	begin_answer(c, &http, head_bytes,
		(struct str){ c->in.p + head_bytes,
			http.chunked ? c->chunks.write_at - head_bytes
				     : (size_t)http.body_bytes });
	buf_consume(&c->in, end);
	if (c->in.n == 0)
		buf_release(&c->in);
	c->continued = false;
	c->decoding = false;
	return true;
}

/* *end: where the request ends in `in`, 0 when it is not all there. */
static bool take_body(struct connection *c, struct http_request *http,
	size_t head_bytes, size_t *end, struct error *err)
{
	enum http_progress progress;
	size_t whole = head_bytes + (size_t)http->body_bytes;

	*end = 0;
	if (!http->chunked) {
		*end = c->in.n >= whole ? whole : 0;
		return true;
	}
	if (!c->decoding)
		http_chunks_init(&c->chunks, head_bytes);
	c->decoding = true;
	progress = http_chunks_decode(&c->chunks, c->in.p, c->in.n);
	if (progress == HTTP_BROKEN)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"The chunks of the body are broken.");
	if (c->chunks.write_at - head_bytes > HTTP_MAX_BODY_BYTES)
		return error_refuse(err, ERR_TOO_LARGE, NULL,
			"The body is larger than %d bytes.",
			HTTP_MAX_BODY_BYTES);
	if (progress == HTTP_COMPLETE)
		*end = c->chunks.read_at;
	return true;
}

static void send_continue(struct connection *c)
{
	struct str line = S("HTTP/1.1 100 Continue\r\n\r\n");

	/* Nothing else is on its way, so the socket has room for it all. */
	if (send(c->fd, line.p, line.n, MSG_NOSIGNAL) != (ssize_t)line.n)
		c->gone = true;
	c->continued = true;
}

static bool receive(struct connection *c)
{
	struct loop *loop = c->loop;
	ssize_t n;

	if (!c->readable)
		return false;
	n = recv(c->fd, loop->input, LOOP_INPUT_BYTES, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->readable = errno == EINTR;
		return c->readable;
	}
	if (n > 0)
		buf_append(&c->in, (struct str){ loop->input, (size_t)n });
	/* A chunked body of tiny chunks takes far more than its bytes. */
	if (n <= 0 || c->in.failed) {
		c->stage = STAGE_CLOSED;
		return false;
	}
	/* A short read emptied the socket, but for the end of a closed one. */
	c->readable = n == LOOP_INPUT_BYTES || c->gone;
	return true;
}

static void begin_answer(struct connection *c, const struct http_request *http,
	size_t head_bytes, struct str body)
{
	struct loop *loop = c->loop;

	loop->next_id += loop->id_step;
	answer_begin(&c->answer, &(struct answer_request){
					 .control = loop->control,
					 .http = http,
					 .head = { c->in.p, head_bytes },
					 .body = body,
					 .id = loop->next_id,
					 .scratch = &loop->scratch,
					 .out = &c->out,
				 });
	start_sending(c, c->answer.behaviour.delay_ms);
}

static bool refuse(struct connection *c, const struct error *err)
{
	answer_refuse(&c->answer, err, &c->loop->scratch, &c->out);
	start_sending(c, 0);
	return true;
}

static void start_sending(struct connection *c, int delay_ms)
{
	const struct answer *answer = &c->answer;
	const struct behaviour *behaviour = &answer->behaviour;
	bool head_alone = behaviour->chunk || answer->first_ms ||
			  behaviour->fault == FAULT_SLOW_HEAD ||
			  (behaviour->gap_ms && answer_has_more(answer));

	c->stage = STAGE_ANSWERING;
	c->out_at = 0;
	c->piece_end = 0;
	c->pause_ms = 0;
	c->head_left = head_alone ? answer->head_bytes : 0;
	c->due_ns = 0;
	if (c->loop->scratch.capacity > (1 << 20))
		buf_release(&c->loop->scratch);
	if (delay_ms > 0)
		wait_for(c, delay_ms);
}

static bool send_answer(struct connection *c)
{
	if (c->blocked || c->timer.place)
		return false;
	for (int i = 0; i < WRITES_PER_TURN; i++) {
		if (c->out_at == c->piece_end && !begin_piece(c))
			return finish(c);
		if (!send_bytes(c))
			return false;
		if (c->out_at < c->piece_end)
			continue;
		if (pause_after(c) > 0) {
			wait_for(c, pause_after(c));
			return false;
		}
	}
	/* Others have a turn before it goes on. */
	wait_for(c, 0);
	return false;
}

/* False when all was sent. */
static bool begin_piece(struct connection *c)
{
	const struct behaviour *behaviour = &c->answer.behaviour;
	size_t cut = (size_t)behaviour->chunk;

	if (c->head_left > 0) {
		begin_head_piece(c);
		return true;
	}
	fill(c, cut ? cut : BATCH_BYTES);
	c->piece_end = c->out.n;
	if (cut && c->out.n - c->out_at > cut)
		c->piece_end = c->out_at + cut;
	c->pause_ms = behaviour->gap_ms;
	return c->piece_end > c->out_at;
}

static void begin_head_piece(struct connection *c)
{
	bool slow = c->answer.behaviour.fault == FAULT_SLOW_HEAD;
	size_t piece = slow ? 1 : c->head_left;

	c->piece_end = c->out_at + piece;
	c->head_left -= piece;
	c->pause_ms = c->head_left > 0 ? SLOW_HEAD_MS : c->answer.first_ms;
}

/* Append frames until `wanted` bytes wait, or one frame when it is timed. */
static void fill(struct connection *c, size_t wanted)
{
	struct answer *answer = &c->answer;
	bool one = answer->behaviour.gap_ms > 0 && answer->behaviour.chunk == 0;

	if (!answer_has_more(answer) || c->out.n - c->out_at >= wanted)
		return;
	buf_consume(&c->out, c->out_at);
	c->out_at = 0;
	while (answer_has_more(answer) && c->out.n < wanted) {
		answer_next(answer, &c->loop->scratch, &c->out);
		if (one && c->out.n > 0)
			break;
	}
	assert(!c->out.failed && !c->loop->scratch.failed);
}

/* False when the rest has to wait, or the client is gone. */
static bool send_bytes(struct connection *c)
{
	ssize_t n = send(c->fd, c->out.p + c->out_at, c->piece_end - c->out_at,
		MSG_NOSIGNAL);

	if (n >= 0) {
		c->out_at += (size_t)n;
		return true;
	}
	if (errno == EAGAIN)
		c->blocked = true;
	else
		lose_client(c);
	return false;
}

static int pause_after(const struct connection *c)
{
	if (c->out_at < c->out.n || answer_has_more(&c->answer))
		return c->pause_ms;
	/* A reset overtakes bytes that the client has not read yet. */
	return c->answer.end == ANSWER_RESET ? RESET_PAUSE_MS : 0;
}

/* Counted from when the last piece was due, so that delays do not add up. */
static void wait_for(struct connection *c, int64_t ms)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t due_ns = c->due_ns + ms * NS_PER_MS;

	if (c->due_ns == 0)
		due_ns = now_ns + ms * NS_PER_MS;
	c->due_ns = due_ns > now_ns ? due_ns : now_ns;
	timers_set(&c->loop->timers, &c->timer, c->due_ns);
	if (c->out_at == c->out.n) {
		c->out_at = 0;
		c->piece_end = 0;
		buf_release(&c->out);
	}
}

/* All was sent: end it the way the answer says. */
static bool finish(struct connection *c)
{
	if (c->answer.end == ANSWER_SILENT) {
		buf_release(&c->out);
		c->out_at = 0;
		c->piece_end = 0;
		return false;
	}
	if (c->answer.counted)
		control_complete(c->loop->control);
	answer_release(&c->answer);
	c->stage = STAGE_CLOSED;
	switch (c->answer.end) {
	case ANSWER_RESET: close_reset(c); break;
	case ANSWER_DRAIN: return begin_drain(c);
	case ANSWER_KEEP: return next_request(c);
	default: break;
	}
	return false;
}

static void close_reset(struct connection *c)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)) != 0)
		log_error("a connection is closed without a reset: %s",
			strerror(errno));
}

/* Closing while bytes wait to be read would reset what was just sent. */
static bool begin_drain(struct connection *c)
{
	c->stage = STAGE_DRAINING;
	c->due_ns = 0;
	buf_release(&c->in);
	wait_for(c, DRAIN_MS);
	if (shutdown(c->fd, SHUT_WR) != 0)
		c->stage = STAGE_CLOSED;
	return true;
}

static bool next_request(struct connection *c)
{
	if (!c->answer.keep_alive)
		return false;
	c->stage = STAGE_READING;
	buf_clear(&c->out);
	if (c->out.capacity > KEEP_BYTES)
		buf_release(&c->out);
	return true;
}

static bool drain(struct connection *c)
{
	ssize_t n;

	if (!c->readable)
		return false;
	n = recv(c->fd, c->loop->input, LOOP_INPUT_BYTES, 0);
	if (n < 0 && errno == EAGAIN) {
		c->readable = false;
		return false;
	}
	if (n <= 0)
		c->stage = STAGE_CLOSED;
	return n > 0;
}

static void lose_client(struct connection *c)
{
	if (c->answer.counted)
		control_abort(c->loop->control);
	answer_release(&c->answer);
	c->stage = STAGE_CLOSED;
}

static void free_connection(struct connection *c)
{
	timers_cancel(&c->loop->timers, &c->timer);
	close(c->fd);
	c->loop->control->connections--;
	buf_release(&c->in);
	buf_release(&c->out);
	free(c);
}
