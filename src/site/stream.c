/*
 * stream.c - between the worker that makes a piece and the loop that sends
 * it. An answer that breaks off has its connection cut, so that no client
 * takes a part for the whole.
 */
#include "site/stream.h"

#include <sys/socket.h>

#include "base/log.h"
#include "net/loop.h"

#define AGAIN_MS 100

struct site_stream {
	struct http_exchange *x;
	struct db_pool *pool;
	site_stream_fill *fill;
	void *owner;
	struct str file_name;
	struct buf piece;
	bool more;
	struct timer again; /* set while no worker has a place for it */
};

static void release(void *thing);
static void work(struct http_exchange *x, void *owner);
static bool make_piece(struct site_stream *stream, struct error *err);
static void cut(struct http_exchange *x);
static void send_piece(struct http_exchange *x, void *owner);
static void go_on(struct http_exchange *x, void *owner);
static void on_again(struct timer *timer);
static void on_gone(struct http_exchange *x, void *owner);

static const struct http_waiter waiter = { .gone = on_gone, .drained = go_on };

void site_stream(struct site_request *request, struct str file_name,
	size_t max_bytes, site_stream_fill *fill, void *owner)
{
	struct site_stream *stream =
		ARENA_NEW(request->arena, struct site_stream);

	*stream = (struct site_stream){
		.x = request->exchange,
		.pool = request->site->db,
		.fill = fill,
		.owner = owner,
		.file_name = arena_copy(request->arena, file_name),
		.again = { .expired = on_again },
	};
	buf_init(&stream->piece, max_bytes);
	arena_defer(request->arena, release, stream);
	request->stream = stream;
}

bool site_stream_begin(struct site_request *request, struct error *err)
{
	struct site_stream *stream = request->stream;

	return stream->fill(
		stream->owner, request->db, &stream->piece, &stream->more, err);
}

const char *site_stream_type(const struct site_request *request)
{
	return str_ends(request->stream->file_name, S(".json"))
		       ? "application/json"
		       : "text/csv; charset=utf-8";
}

void site_stream_head(struct site_request *request)
{
	struct str name = request->stream->file_name;

	http_header(request->exchange, "Content-Disposition",
		arena_printf(request->arena, "attachment; filename=\"%.*s\"",
			STR_ARG(name)));
	/* nginx would keep what is ahead of the client on its disk. */
	http_header(request->exchange, "X-Accel-Buffering", S("no"));
}

void site_stream_run(struct site_request *request)
{
	struct site_stream *stream = request->stream;
	struct http_exchange *x = request->exchange;

	x->owner = stream;
	x->waiter = &waiter;
	http_body(x, buf_str(&stream->piece));
	buf_clear(&stream->piece);
	if (stream->more) {
		x->server->to_loop(x, send_piece, stream);
		return;
	}
	x->waiter = NULL;
	http_end(x);
	http_push(x);
}

static void release(void *thing)
{
	struct site_stream *stream = thing;

	buf_release(&stream->piece);
}

static void work(struct http_exchange *x, void *owner)
{
	struct site_stream *stream = owner;
	struct error err;

	if (!make_piece(stream, &err)) {
		log_error("the download %.*s was cut: %s",
			STR_ARG(stream->file_name), error_detail(&err));
		cut(x);
	} else {
		http_body(x, buf_str(&stream->piece));
		buf_clear(&stream->piece);
		if (stream->more) {
			x->server->to_loop(x, send_piece, stream);
			return;
		}
	}
	x->waiter = NULL;
	http_end(x);
	http_push(x);
}

static bool make_piece(struct site_stream *stream, struct error *err)
{
	struct db *db;
	bool made;

	if (!db_take(stream->pool, &db, err))
		return false;
	made = stream->fill(
		stream->owner, db, &stream->piece, &stream->more, err);
	db_give(stream->pool, db);
	return made;
}

/* The web server sees that the answer did not end. */
static void cut(struct http_exchange *x)
{
	x->keep = false;
	if (x->fd >= 0)
		shutdown(x->fd, SHUT_RDWR);
}

/* The next piece is asked for at once, so that an event of the client's
 * leaving never has its turn: it is looked for, also where nothing was sent. */
static void send_piece(struct http_exchange *x, void *owner)
{
	http_push(x);
	if (http_pending(x) > 0)
		return;
	if (http_is_gone(x)) {
		x->waiter = NULL;
		x->keep = false;
		http_end(x);
		http_push(x);
		return;
	}
	go_on(x, owner);
}

static void go_on(struct http_exchange *x, void *owner)
{
	struct site_stream *stream = owner;

	if (!x->server->to_worker(x, work, stream))
		loop_timer_set(x->loop, &stream->again, AGAIN_MS);
}

static void on_again(struct timer *timer)
{
	struct site_stream *stream =
		CONTAINER_OF(timer, struct site_stream, again);

	go_on(stream->x, stream);
}

static void on_gone(struct http_exchange *x, void *owner)
{
	struct site_stream *stream = owner;

	loop_timer_clear(x->loop, &stream->again);
	http_end(x);
	http_push(x);
}
