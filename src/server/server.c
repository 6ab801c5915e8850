/*
 * server.c - start the threads, wait for a signal, end them in order.
 *
 * Signals are blocked in every thread and taken by the main one alone, with
 * sigwait(). SIGHUP opens the log's files anew. SIGTERM or SIGINT drains: loops
 * take no new connections, calls that run may finish within
 * server.drain_timeout_ms, then the journal is moved and the process ends. A
 * second signal ends what still runs.
 */
#include "server/server.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/base_url.h"
#include "gateway/gateway.h"
#include "server/alert_watch.h"
#include "server/connection.h"
#include "server/health.h"
#include "server/janitor.h"
#include "server/listener.h"
#include "server/openapi.h"
#include "server/page.h"
#include "server/routes.h"
#include "server/worker.h"
#include "site/folder.h"
#include "site/site.h"

#define MAX_LOOPS 64
#define DRAIN_POLL_MS 10

struct server;

/* One event loop and what belongs to it. */
struct lane {
	struct server *server;
	struct loop *loop;
	struct upstream_pool *upstreams;
	struct port *port;
	pthread_t thread;
	bool runs;
	struct task drain;
	struct task abort;
};

struct server {
	const struct settings *settings;
	struct gateway gateway;
	int listen_fd;
	struct workers *workers;
	struct janitor *janitor;
	struct alert_watch *alert_watch;
	struct lane lanes[MAX_LOOPS];
	size_t lane_count;
	struct pool_watch *pool_watch; /* on the first lane's loop */
	unsigned drained;              /* lanes that are; atomic */
};

static bool server_start(struct server *server,
	const struct serve_options *options, struct error *err);
static void make_openapi(struct gateway *gateway);
static bool open_site(struct gateway *gateway, struct error *err);
static bool lane_start(
	struct server *server, struct lane *lane, struct error *err);
static void watch_pools(struct server *server, struct lane *lane);
static void *lane_main(void *context);
static size_t count_loops(const struct settings *settings);
static void allow_descriptors(void);
static void block_signals(sigset_t *set);
static int wait_for_end(const sigset_t *signals);
static void drain(struct server *server, const sigset_t *signals);
static void lane_drain(struct task *task);
static void lane_abort(struct task *task);
static void on_drained(struct port *port);
static bool wait_drained(
	struct server *server, const sigset_t *signals, int64_t timeout_ms);
static void server_stop(struct server *server);

int server_run(
	const struct settings *settings, const struct serve_options *options)
{
	struct server *server = calloc(1, sizeof(*server));
	sigset_t signals;
	struct error err;
	int signal = 0;
	bool ok;

	if (!server)
		abort();
	server->settings = settings;
	server->listen_fd = -1;
	block_signals(&signals);
	allow_descriptors();
	http_init();
	upstream_init();
	dialect_check_table();
	service_check_table();
	ok = (settings->log_dir.n == 0 || log_open(settings->log_dir, &err)) &&
	     server_start(server, options, &err);
	if (ok) {
		log_info("serving with %zu event loops", server->lane_count);
		signal = wait_for_end(&signals);
		log_info("signal %d: no new requests, finishing %s", signal,
			"those that run");
		drain(server, &signals);
	} else {
		log_error("not started: %s", error_detail(&err));
	}
	server_stop(server);
	free(server);
	log_close();
	return ok ? 0 : 1;
}

static bool server_start(struct server *server,
	const struct serve_options *options, struct error *err)
{
	const struct settings *settings = server->settings;
	struct str address =
		options->listen ? str_of(options->listen) : settings->listen;
	size_t loops = count_loops(settings);

	if (!gateway_open(&server->gateway, settings, err) ||
		!page_load_token(&server->gateway, err))
		return false;
	make_openapi(&server->gateway);
	if (!open_site(&server->gateway, err) ||
		!workers_start((size_t)settings->workers,
			(size_t)settings->queue, &server->workers, err))
		return false;
	workers_tell_waiting(
		server->workers, metrics_find(server->gateway.metrics,
					 METRIC_WORKER_QUEUE, NULL));
	server->gateway.started_unix_ms = clock_unix_ms();
	metrics_set(server->gateway.metrics, METRIC_LOOPS, (int64_t)loops);
	if (!janitor_start(&server->gateway, &server->janitor, err) ||
		!alert_watch_start(
			&server->gateway, &server->alert_watch, err) ||
		!listener_open(address, settings, &server->listen_fd, err))
		return false;
	while (server->lane_count < loops) {
		struct lane *lane = &server->lanes[server->lane_count++];

		if (!lane_start(server, lane, err))
			return false;
	}
	return true;
}

/* Nobody's call needs it. */
static void make_openapi(struct gateway *gateway)
{
	struct error why;

	if (!openapi_make(gateway->settings, &gateway->openapi, &why))
		log_warn("there is no /openapi.json: %s", error_detail(&why));
}

/* Without its files the gateway still does what apps need. */
static bool open_site(struct gateway *gateway, struct error *err)
{
	const struct site_setup setup = {
		.settings = gateway->settings,
		.openapi = gateway->openapi,
		.db = gateway->db,
		.vault = gateway->vault,
		.hot = gateway->hot,
		.limits = gateway->local_limits,
		.cache = gateway->cache,
		.cache_fleet = gateway->cache_fleet,
		.explain_route = gateway_explain_route,
		.version = S(LLM_GATEWAY_VERSION),
	};

	if (site_is_installed(gateway->settings))
		return site_open(&setup, &gateway->site, err);
	log_warn("there is no dashboard: its files are not in %s",
		site_folder(gateway->settings));
	return true;
}

static bool lane_start(
	struct server *server, struct lane *lane, struct error *err)
{
	struct port_setup setup = {
		.settings = server->settings,
		.workers = server->workers,
		.listen_fd = server->listen_fd,
		.app = &server->gateway,
		.serve = routes_serve,
		.drained = on_drained,
		.owner = lane,
	};
	int failed;

	lane->server = server;
	lane->drain.run = lane_drain;
	lane->abort.run = lane_abort;
	if (!loop_new(&lane->loop, err))
		return false;
	lane->upstreams =
		upstream_pool_new(lane->loop, base_url_address_is_private);
	if (lane == &server->lanes[0])
		watch_pools(server, lane);
	setup.loop = lane->loop;
	setup.upstreams = lane->upstreams;
	if (!port_open(&setup, &lane->port, err))
		return false;
	failed = pthread_create(&lane->thread, NULL, lane_main, lane);
	if (failed)
		return error_set(err, ERR_IO, "cannot start a thread: %s",
			strerror(failed));
	lane->runs = true;
	return true;
}

static void watch_pools(struct server *server, struct lane *lane)
{
	const struct settings *settings = server->settings;

	server->pool_watch = pool_watch_new(&(struct pool_setup){
		.pool = server->gateway.pool,
		.snapshots = server->gateway.snapshots,
		.vault = server->gateway.vault,
		.loop = lane->loop,
		.upstreams = lane->upstreams,
		.interval_ms = settings->pool_interval_ms,
		.timeout_ms = settings->connect_timeout_ms,
		.allow_private = settings->allow_private_upstreams,
	});
}

static void *lane_main(void *context)
{
	struct lane *lane = context;

	pthread_setname_np(pthread_self(), "loop");
	loop_run(lane->loop);
	return NULL;
}

/* The web server and the database work on the same machine: with a loop on
 * every core all of them wait for each other more than they gain. */
static size_t count_loops(const struct settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->loops > 0)
		return (size_t)settings->loops;
	if (cores < 2)
		return 1;
	return cores / 2 > MAX_LOOPS ? MAX_LOOPS : (size_t)cores / 2;
}

/* A waiting stream takes two descriptors. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* SIGHUP is from whoever moved the log's files. */
static int wait_for_end(const sigset_t *signals)
{
	int signal = 0;

	while (sigwait(signals, &signal) != 0 || signal == SIGHUP)
		log_look_after(true);
	return signal;
}

static void drain(struct server *server, const sigset_t *signals)
{
	__atomic_store_n(&server->gateway.is_draining, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < server->lane_count; i++)
		loop_post(server->lanes[i].loop, &server->lanes[i].drain);
	if (wait_drained(server, signals, server->settings->drain_timeout_ms))
		return;
	log_warn("ending calls that still run");
	for (size_t i = 0; i < server->lane_count; i++)
		loop_post(server->lanes[i].loop, &server->lanes[i].abort);
	wait_drained(server, signals, 1000);
}

static void lane_drain(struct task *task)
{
	port_drain(CONTAINER_OF(task, struct lane, drain)->port);
}

static void lane_abort(struct task *task)
{
	port_abort(CONTAINER_OF(task, struct lane, abort)->port);
}

static void on_drained(struct port *port)
{
	struct lane *lane = port_owner(port);

	__atomic_add_fetch(&lane->server->drained, 1, __ATOMIC_RELEASE);
}

/* False when time is up or another signal came. */
static bool wait_drained(
	struct server *server, const sigset_t *signals, int64_t timeout_ms)
{
	const struct timespec poll = { .tv_nsec = DRAIN_POLL_MS * 1000000 };
	int64_t until_ms = clock_monotonic_ms() + timeout_ms;

	while (__atomic_load_n(&server->drained, __ATOMIC_ACQUIRE) <
		server->lane_count) {
		int signal = sigtimedwait(signals, NULL, &poll);

		if (signal == SIGHUP)
			log_look_after(true);
		else if (signal > 0 || clock_monotonic_ms() >= until_ms)
			return false;
	}
	return true;
}

/* Also after a start that failed half-way. */
static void server_stop(struct server *server)
{
	/* Workers first: what they still hold goes back to a loop. */
	if (server->workers)
		workers_stop(server->workers);
	for (size_t i = 0; i < server->lane_count; i++) {
		struct lane *lane = &server->lanes[i];

		if (lane->runs) {
			loop_stop(lane->loop);
			pthread_join(lane->thread, NULL);
		}
		if (i == 0)
			pool_watch_free(server->pool_watch);
		if (lane->port)
			port_close(lane->port);
		if (lane->upstreams)
			upstream_pool_free(lane->upstreams);
		if (lane->loop)
			loop_free(lane->loop);
	}
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->alert_watch)
		alert_watch_stop(server->alert_watch);
	if (server->janitor)
		janitor_stop(server->janitor);
	site_close(server->gateway.site);
	free(server->gateway.openapi);
	gateway_close(&server->gateway);
}
