/*
 * timed_stream.c - a stream that the gateway makes itself, piece by piece at
 * known times: GET /v1/health/stream.
 *
 * It goes the way that a provider's answer goes, through the same web server
 * with the same headers, and costs nothing. Whoever reads it can tell from
 * the times of arrival what stands in between: buffers, compression,
 * time-outs. `llm-gateway doctor` does. The query may say how many `pieces`
 * there are, how long the gaps are (`gap_ms`), and how long nothing comes
 * before the last one (`silence_ms`).
 */
#include "gateway/stages.h"

#include "base/clock.h"

/* A key's holder cannot keep more of us busy than by an ordinary call. */
#define MAX_PIECES 100
#define MAX_GAP_MS 5000
#define MAX_SILENCE_MS 600000

struct timed_stream {
	struct call *call;
	struct timer timer;
	int64_t pieces;
	int64_t gap_ms;
	int64_t silence_ms; /* before the last piece */
	int64_t sent;
	int64_t began_ms;
};

static bool read_query(struct call *call, struct timed_stream *stream);
static bool query_int(
	struct call *call, const char *name, int64_t max, int64_t *out);
static void begin_on_loop(struct http_exchange *x, void *owner);
static void on_time(struct timer *timer);
static void write_piece(struct timed_stream *stream);
static void on_gone(struct http_exchange *x, void *owner);
static void on_drained(struct http_exchange *x, void *owner);

static const struct http_waiter waiter = {
	.gone = on_gone,
	.drained = on_drained,
};

enum verdict send_timed_stream(struct call *call)
{
	struct timed_stream *stream =
		ARENA_NEW(call->arena, struct timed_stream);
	struct http_exchange *x = call->x;

	stream->call = call;
	stream->timer.expired = on_time;
	if (!read_query(call, stream))
		return FAILED;
	x->waiter = &waiter;
	x->owner = stream;
	if (x->on_worker)
		x->server->to_loop(x, begin_on_loop, stream);
	else
		begin_on_loop(x, stream);
	return WAITING;
}

static bool read_query(struct call *call, struct timed_stream *stream)
{
	stream->pieces = 10;
	stream->gap_ms = 100;
	stream->silence_ms = 0;
	return query_int(call, "pieces", MAX_PIECES, &stream->pieces) &&
	       query_int(call, "gap_ms", MAX_GAP_MS, &stream->gap_ms) &&
	       query_int(
		       call, "silence_ms", MAX_SILENCE_MS, &stream->silence_ms);
}

/* Leaves *out as it is when the query does not speak of it. */
static bool query_int(
	struct call *call, const char *name, int64_t max, int64_t *out)
{
	struct str rest = call->x->query;
	struct str pair;

	while (str_next_field(&rest, '&', &pair)) {
		size_t equals = str_index(pair, '=');
		int64_t min = str_equal(str_of(name), S("pieces")) ? 1 : 0;

		if (!str_equal(str_head(pair, equals), str_of(name)))
			continue;
		if (!str_to_int64_in(str_from(pair, equals + 1), min, max, out))
			return error_refuse(&call->error, ERR_BAD_FIELD, name,
				"'%s' is a whole number from %" PRId64
				" to %" PRId64 ".",
				name, min, max);
	}
	return true;
}

static void begin_on_loop(struct http_exchange *x, void *owner)
{
	struct timed_stream *stream = owner;

	stream->began_ms = clock_monotonic_ms();
	http_begin(x, 200, "text/event-stream");
	http_header(x, "X-Request-Id", str_of(stream->call->request_id));
	http_header(x, "Cache-Control", S("no-store"));
	http_header(x, "X-Accel-Buffering", S("no"));
	on_time(&stream->timer);
}

static void on_time(struct timer *timer)
{
	struct timed_stream *stream =
		CONTAINER_OF(timer, struct timed_stream, timer);
	struct http_exchange *x = stream->call->x;
	bool is_last;

	write_piece(stream);
	if (stream->sent == stream->pieces) {
		x->waiter = NULL;
		http_end(x);
		http_push(x);
		return;
	}
	is_last = stream->sent + 1 == stream->pieces;
	http_push(x);
	loop_timer_set(x->loop, timer,
		stream->gap_ms + (is_last ? stream->silence_ms : 0));
}

static void write_piece(struct timed_stream *stream)
{
	struct buf event = BUF_INIT(256);

	buf_printf(&event,
		"data: {\"piece\":%" PRId64 ",\"of\":%" PRId64
		",\"sent_ms\":%" PRId64 "}\n\n",
		++stream->sent, stream->pieces,
		clock_monotonic_ms() - stream->began_ms);
	http_body(stream->call->x, buf_str(&event));
	buf_release(&event);
}

static void on_gone(struct http_exchange *x, void *owner)
{
	struct timed_stream *stream = owner;

	loop_timer_clear(x->loop, &stream->timer);
	x->waiter = NULL;
	http_end(x);
	http_push(x);
}

/* The next piece has its time. */
static void on_drained(struct http_exchange *x, void *owner)
{
	(void)x;
	(void)owner;
}
