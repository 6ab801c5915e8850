/*
 * exchange.h - one request of a web server and the answer to it (FastCGI).
 *
 * An exchange is read whole (request.c, which alone knows libfcgi), then
 * answered by appending to `out` (response.c), and `out` is sent without ever
 * blocking. It belongs to one thread at a time: the event loop that owns its
 * connection, or a worker it was handed to. The server fills in `loop`,
 * `push` and the like; whoever answers uses them:
 *
 *	http_begin(x, 200, "application/json");
 *	http_header(x, "X-Request-Id", id);
 *	http_body(x, text);
 *	http_end(x);
 *	http_push(x);            hand what was written to the server
 *
 * After http_end() and http_push() the exchange and everything in its arena
 * may be gone: that is always the last thing its owner does.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct loop;
struct task;
struct upstream_pool;
struct http_exchange;

struct http_param {
	struct str name; /* as FastCGI says it: "HTTP_ACCEPT" */
	struct str value;
};

/* What an owner that waits wants to hear, on the loop's thread. */
struct http_waiter {
	/* The client is gone. The owner ends its work and calls http_end()
	 * and http_push(); nothing it writes reaches anybody. */
	void (*gone)(struct http_exchange *x, void *owner);
	/* `out` has been sent to the last byte. */
	void (*drained)(struct http_exchange *x, void *owner);
};

typedef void http_work(struct http_exchange *x, void *owner);

/* What the server does for an exchange. */
struct http_server {
	/* `out` has grown, or the answer ended; on the loop's thread or from a
	 * worker that has ended its answer. */
	void (*push)(struct http_exchange *x);
	/* Go on with `work` on a worker (from the loop), or on the loop again
	 * (from a worker): the last thing the caller does with the exchange.
	 * to_worker() is false, and nothing happened, when too many wait for
	 * a worker. */
	bool (*to_worker)(
		struct http_exchange *x, http_work *work, void *owner);
	void (*to_loop)(struct http_exchange *x, http_work *work, void *owner);
	/* Run the task on a worker, while the exchange stays where it is; from
	 * its loop. False: too many wait. */
	bool (*post)(struct http_exchange *x, struct task *task);
};

/* What the client is sent, once more: the head and the first bytes of the
 * body, as many as its buffer takes. */
struct http_copy {
	struct buf head;
	struct buf body;
	bool is_cut; /* there were more, and some were wanted */
};

struct http_exchange {
	struct arena arena; /* lives as long as the exchange */

	/* The request. Views into the arena; empty when not sent. */
	struct http_param *params;
	size_t param_count;
	struct str method;
	struct str path;  /* decoded, without the query */
	struct str query; /* as sent */
	struct str content_type;
	struct str client_ip;
	struct str server_software;
	bool behind_apache; /* it does not tell when a client leaves */
	struct buf body;
	int64_t arrived_ns; /* its first byte, monotonic */
	int64_t arrived_unix_ms;

	/* The connection. */
	int fd;
	int fcgi_id;
	bool keep; /* the web server will use the connection again */

	/* The answer. */
	struct buf head;    /* while headers are being added */
	struct buf out;     /* FastCGI records not yet sent */
	size_t out_sent;    /* of them */
	int64_t body_bytes; /* of the answer so far, sent or not */
	int status;         /* of the answer; 0: it has not begun */
	bool in_head;
	bool began;
	bool ended;

	/* The origin of a page that may read the answer; "": no page of another
	 * origin may. Set before the answer begins. */
	struct str allow_origin;

	/* NULL: nobody wants one. Its owner's, who sets it before the answer
	 * begins and keeps it until the exchange ends. */
	struct http_copy *copy;

	/* Set by the server. */
	const struct http_server *server;
	void *app;                       /* what the server serves */
	struct loop *loop;               /* of the connection */
	struct upstream_pool *upstreams; /* of that loop */
	bool on_worker;                  /* its owner may block now */

	/* Set by the owner while it waits. */
	const struct http_waiter *waiter;
	void *owner;
};

/* Everything empty; the arena and the buffers are made. */
void http_exchange_init(struct http_exchange *x, size_t max_body_bytes);
/* Ready for the next request on the same connection. */
void http_exchange_reset(struct http_exchange *x);
void http_exchange_release(struct http_exchange *x);

/* --- request.c --- */

/* To be called once, before there are threads. */
void http_init(void);

enum http_waiting {
	HTTP_NOTHING, /* not a byte yet */
	HTTP_HUNG_UP, /* the web server closed the connection */
	HTTP_SOME,    /* incomplete, broken, or too large to tell */
	HTTP_WHOLE,   /* a whole request: reading it cannot block */
};

/* What waits in the socket. Sets fcgi_id when there is enough to know it. */
enum http_waiting http_request_waiting(struct http_exchange *x);

enum http_read {
	HTTP_READ,         /* a request is there */
	HTTP_READ_REFUSED, /* so is a part of it: answer *err and close */
	HTTP_READ_CLOSED,  /* nobody to answer; the descriptor is closed */
};

/*
 * Read one request with libfcgi. Blocks as long as the socket's receive time-
 * out allows. ERR_TOO_LARGE for a body over its limit, ERR_CLIENT_TIMEOUT for
 * one that breaks off.
 */
enum http_read http_request_read(struct http_exchange *x, struct error *err);

/* A parameter of the web server, "" when missing. */
struct str http_param(const struct http_exchange *x, struct str name);

/* --- response.c --- */

/* content_type NULL: it has no body. */
void http_begin(struct http_exchange *x, int status, const char *content_type);
/* Line breaks in a value become spaces: nobody smuggles a header in. One that
 * makes the head too long is left out. */
void http_header(struct http_exchange *x, const char *name, struct str value);
void http_header_int(struct http_exchange *x, const char *name, int64_t value);
/* Any number of times. */
void http_body(struct http_exchange *x, struct str bytes);
void http_end(struct http_exchange *x);
/* Hand what was written to the server (see struct http_server). */
void http_push(struct http_exchange *x);

/* The body of an answer that has ended and was not sent: what of `out` is
 * neither head nor records. Its buffer fails when it does not fit. */
void http_read_answer(const struct http_exchange *x, struct buf *body);

/* Bytes that wait to be sent. */
size_t http_pending(const struct http_exchange *x);

enum http_sent {
	HTTP_SENT,    /* all of it */
	HTTP_BLOCKED, /* the socket takes no more now */
	HTTP_GONE,    /* the web server closed the connection */
};

/* Send what the socket takes. For the server alone. */
enum http_sent http_send(struct http_exchange *x);

/* Look for news of the web server while an exchange runs: true when it
 * closed the connection or aborted the request. For the server alone. */
bool http_is_gone(struct http_exchange *x);

#endif
