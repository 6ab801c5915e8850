/*
 * upstream_pool.c - libcurl's multi interface driven by our event loop.
 *
 * The one hard thing: libcurl must not be re-entered from its own callbacks.
 * So an exchange that is started or cancelled while libcurl is at work
 * (`driving`) waits in a list until it has returned. The owner of one that is
 * cancelled hears nothing more either way.
 */
#include "net/upstream_own.h"

#include <sys/epoll.h>

#define KEPT_CONNECTIONS 1024

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
	void *socket_context);
static void on_socket_ready(struct socket_set *set, int fd, uint32_t events);
static int on_timer_change(CURLM *multi, long timeout_ms, void *context);
static void on_timer(struct timer *timer);
static void drive(struct upstream_pool *pool, curl_socket_t fd, int events);
static void add_starting(struct upstream_pool *pool);
static bool drop_starting(struct upstream *upstream);
static void drop_cancelled(struct upstream_pool *pool);
static void end_finished(struct upstream_pool *pool);

void upstream_init(void)
{
	CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT);

	assert(!failed);
}

struct upstream_pool *upstream_pool_new(
	struct loop *loop, bool (*is_private)(const struct sockaddr *address))
{
	struct upstream_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		abort();
	pool->loop = loop;
	pool->is_private = is_private;
	pool->timer.expired = on_timer;
	socket_set_init(&pool->sockets, loop, on_socket_ready);
	pool->multi = curl_multi_init();
	if (!pool->multi)
		abort();
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(
		pool->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	return pool;
}

void upstream_pool_free(struct upstream_pool *pool)
{
	while (pool->idle) {
		struct upstream *upstream = pool->idle;

		pool->idle = upstream->next;
		curl_easy_cleanup(upstream->easy);
		free(upstream);
	}
	loop_timer_clear(pool->loop, &pool->timer);
	curl_multi_cleanup(pool->multi);
	socket_set_release(&pool->sockets);
	free(pool);
}

void upstream_pool_start(struct upstream *upstream)
{
	struct upstream_pool *pool = upstream->pool;

	upstream->next = pool->starting;
	pool->starting = upstream;
	if (!pool->driving)
		add_starting(pool);
}

void upstream_pool_resume(struct upstream *upstream)
{
	struct upstream_pool *pool = upstream->pool;

	pool->driving = true;
	curl_easy_pause(upstream->easy, CURLPAUSE_CONT);
	pool->driving = false;
	drop_cancelled(pool);
	add_starting(pool);
}

void upstream_pool_drop(struct upstream *upstream)
{
	struct upstream_pool *pool = upstream->pool;

	if (drop_starting(upstream) || !pool->driving) {
		upstream_give(upstream);
		return;
	}
	upstream->next = pool->cancelled;
	pool->cancelled = upstream;
}

/* libcurl wants other events, or none, for one of its sockets. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
	void *socket_context)
{
	struct upstream_pool *pool = context;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	struct error err;

	(void)easy;
	(void)socket_context;
	if (what == CURL_POLL_REMOVE)
		events = 0;
	return socket_set_want(&pool->sockets, fd, events, &err) ? 0 : -1;
}

static void on_socket_ready(struct socket_set *set, int fd, uint32_t events)
{
	int what = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		   (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		   (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	drive(CONTAINER_OF(set, struct upstream_pool, sockets), fd, what);
}

static int on_timer_change(CURLM *multi, long timeout_ms, void *context)
{
	struct upstream_pool *pool = context;

	(void)multi;
	if (timeout_ms < 0)
		loop_timer_clear(pool->loop, &pool->timer);
	else
		loop_timer_set(pool->loop, &pool->timer, timeout_ms);
	return 0;
}

static void on_timer(struct timer *timer)
{
	drive(CONTAINER_OF(timer, struct upstream_pool, timer),
		CURL_SOCKET_TIMEOUT, 0);
}

static void drive(struct upstream_pool *pool, curl_socket_t fd, int events)
{
	int running;

	pool->driving = true;
	curl_multi_socket_action(pool->multi, fd, events, &running);
	pool->driving = false;
	drop_cancelled(pool);
	end_finished(pool);
	add_starting(pool);
}

static void add_starting(struct upstream_pool *pool)
{
	while (pool->starting) {
		struct upstream *upstream = pool->starting;

		pool->starting = upstream->next;
		curl_multi_add_handle(pool->multi, upstream->easy);
	}
}

/* False when it does not wait to be started. */
static bool drop_starting(struct upstream *upstream)
{
	struct upstream **at = &upstream->pool->starting;

	while (*at && *at != upstream)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = upstream->next;
	return true;
}

static void drop_cancelled(struct upstream_pool *pool)
{
	while (pool->cancelled) {
		struct upstream *upstream = pool->cancelled;

		pool->cancelled = upstream->next;
		upstream_give(upstream);
	}
}

static void end_finished(struct upstream_pool *pool)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left))) {
		struct upstream *upstream;

		assert(message->msg == CURLMSG_DONE);
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
			(char **)&upstream);
		upstream_end(upstream, message->data.result);
	}
}
