/*
 * inner.c - what a server does for an exchange (struct http_server), done for
 * one that no web server has sent.
 */
#include "gateway/inner.h"

#include "base/clock.h"

static void inner_push(struct http_exchange *x);
static bool inner_to_worker(
	struct http_exchange *x, http_work *work, void *owner);
static void inner_to_loop(
	struct http_exchange *x, http_work *work, void *owner);
static bool inner_post(struct http_exchange *x, struct task *task);
static void run_on_worker(struct task *task);
static void run_on_loop(struct task *task);
static void tell_ended(struct task *task);
static void tell_gone(struct inner *inner);

static const struct http_server inner_server = {
	.push = inner_push,
	.to_worker = inner_to_worker,
	.to_loop = inner_to_loop,
	.post = inner_post,
};

struct inner *inner_new(struct http_exchange *outer, struct str body,
	void (*ended)(struct inner *inner), void *owner)
{
	struct inner *inner = calloc(1, sizeof(*inner));
	struct http_exchange *x;

	if (!inner)
		abort();
	inner->outer = outer;
	inner->ended = ended;
	inner->owner = owner;
	x = &inner->x;
	http_exchange_init(x, body.n);
	buf_append(&x->body, body);
	x->params = outer->params;
	x->param_count = outer->param_count;
	x->method = S("POST");
	x->path = outer->path;
	x->content_type = S("application/json");
	x->client_ip = outer->client_ip;
	x->server_software = outer->server_software;
	x->arrived_ns = clock_monotonic_ns();
	x->arrived_unix_ms = clock_unix_ms();
	x->server = &inner_server;
	x->app = outer->app;
	x->loop = outer->loop;
	x->upstreams = outer->upstreams;
	return inner;
}

void inner_free(struct inner *inner)
{
	http_exchange_release(&inner->x);
	free(inner);
}

void inner_cancel(struct inner *inner)
{
	inner->is_cancelled = true;
	/* One that is with a worker hears of it when it comes back. */
	if (!inner->x.on_worker)
		tell_gone(inner);
}

static void tell_gone(struct inner *inner)
{
	struct http_exchange *x = &inner->x;
	const struct http_waiter *waiter = x->waiter;

	if (x->ended || !waiter)
		return;
	x->waiter = NULL;
	waiter->gone(x, x->owner);
}

/* An answer that has not ended waits in `out`. */
static void inner_push(struct http_exchange *x)
{
	struct inner *inner = CONTAINER_OF(x, struct inner, x);

	if (!x->ended)
		return;
	inner->task.run = tell_ended;
	loop_post(x->loop, &inner->task);
}

static void tell_ended(struct task *task)
{
	struct inner *inner = CONTAINER_OF(task, struct inner, task);

	inner->x.on_worker = false;
	inner->ended(inner);
}

static bool inner_to_worker(
	struct http_exchange *x, http_work *work, void *owner)
{
	struct inner *inner = CONTAINER_OF(x, struct inner, x);

	assert(!x->on_worker);
	inner->work = work;
	inner->work_owner = owner;
	inner->task.run = run_on_worker;
	x->on_worker = true;
	if (inner_post(x, &inner->task))
		return true;
	x->on_worker = false;
	return false;
}

static void inner_to_loop(struct http_exchange *x, http_work *work, void *owner)
{
	struct inner *inner = CONTAINER_OF(x, struct inner, x);

	inner->work = work;
	inner->work_owner = owner;
	inner->task.run = run_on_loop;
	loop_post(x->loop, &inner->task);
}

static bool inner_post(struct http_exchange *x, struct task *task)
{
	const struct inner *inner = CONTAINER_OF(x, struct inner, x);

	return inner->outer->server->post(inner->outer, task);
}

static void run_on_worker(struct task *task)
{
	struct inner *inner = CONTAINER_OF(task, struct inner, task);

	inner->work(&inner->x, inner->work_owner);
}

static void run_on_loop(struct task *task)
{
	struct inner *inner = CONTAINER_OF(task, struct inner, task);

	inner->x.on_worker = false;
	inner->work(&inner->x, inner->work_owner);
	/* It is freed by a task of its own, so it is still there. */
	if (inner->is_cancelled && !inner->x.on_worker)
		tell_gone(inner);
}
