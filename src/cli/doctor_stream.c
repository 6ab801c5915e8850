/*
 * doctor_stream.c - does a stream reach clients as it is sent?
 *
 * GET /v1/health/stream sends pieces at known times. What the times of their
 * arrival look like tells what stands in between: pieces that come together
 * were collected by somebody, an encoding means that they were compressed, an
 * end too soon is a time-out.
 */
#include "base/clock.h"
#include "catalog/base_url.h"
#include "cli/doctor.h"
#include "net/upstream.h"

#define ABOUT "stream"
#define MAX_BYTES 65536
#define MAX_ARRIVALS 256
#define CONNECT_TIMEOUT_MS 5000
/* Beyond the times that were asked for. */
#define PATIENCE_MS 10000

/* Pieces that came in one moment. */
struct arrival {
	int64_t at_ms; /* from when the request was sent */
	size_t pieces; /* that were complete by then, in all */
};

struct probe {
	struct loop *loop;
	struct upstream *upstream;
	int64_t began_ms;
	int64_t head_ms;
	int status;
	struct str encoding; /* in the arena */
	struct str server;
	struct arena *arena;
	struct buf body;
	struct arrival arrivals[MAX_ARRIVALS];
	size_t count;
	struct upstream_result result;
};

static void run_probe(struct session *session,
	const struct doctor_stream *wanted, struct loop *loop,
	struct probe *probe);
static void on_head(void *owner, int status);
static enum upstream_flow on_body(void *owner, struct str bytes);
static void on_done(void *owner, const struct upstream_result *result);
static size_t count_pieces(struct str body);
static void judge(struct session *session, const struct doctor_stream *wanted,
	const struct probe *probe);
static void judge_refusal(struct session *session,
	const struct doctor_stream *wanted, const struct probe *probe);
static void judge_end(struct session *session,
	const struct doctor_stream *wanted, const struct probe *probe,
	size_t pieces);
static void judge_times(struct session *session,
	const struct doctor_stream *wanted, const struct probe *probe,
	size_t pieces);
static const char *remedy(const struct probe *probe);

static const struct upstream_events events = {
	.head = on_head,
	.body = on_body,
	.done = on_done,
};

void doctor_look_at_stream(
	struct session *session, const struct doctor_stream *wanted)
{
	struct probe probe = { .arena = &session->arena };
	struct loop *loop;
	struct error err;

	if (!loop_new(&loop, &err)) {
		doctor_says(session, ABOUT, FINDING_FAULT, "%s",
			error_detail(&err));
		return;
	}
	buf_init(&probe.body, MAX_BYTES);
	run_probe(session, wanted, loop, &probe);
	judge(session, wanted, &probe);
	buf_release(&probe.body);
	loop_free(loop);
}

static void run_probe(struct session *session,
	const struct doctor_stream *wanted, struct loop *loop,
	struct probe *probe)
{
	struct upstream_pool *pool;
	const char *headers[] = {
		arena_printf(&session->arena, "Authorization: Bearer %.*s",
			STR_ARG(wanted->key))
			.p,
		"Accept: text/event-stream",
		/* Whoever compresses streams does it for those who allow. */
		"Accept-Encoding: gzip, deflate, br",
	};
	int64_t total_ms = wanted->pieces * wanted->gap_ms +
			   wanted->silence_ms + PATIENCE_MS;
	struct upstream_request request = {
		.url = arena_printf(&session->arena,
			"%.*s/v1/health/stream?pieces=%" PRId64
			"&gap_ms=%" PRId64 "&silence_ms=%" PRId64,
			STR_ARG(wanted->url), wanted->pieces, wanted->gap_ms,
			wanted->silence_ms)
			       .p,
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.is_stream = true,
		.limits = {
			.connect_timeout_ms = CONNECT_TIMEOUT_MS,
			.first_byte_timeout_ms = total_ms,
			.idle_timeout_ms = total_ms,
			.total_timeout_ms = total_ms,
			.allow_private = true,
		},
	};

	upstream_init();
	pool = upstream_pool_new(loop, base_url_address_is_private);
	probe->loop = loop;
	probe->began_ms = clock_monotonic_ms();
	probe->upstream = upstream_start(pool, &request, &events, probe);
	loop_run(loop);
	upstream_pool_free(pool);
}

static void on_head(void *owner, int status)
{
	struct probe *probe = owner;

	probe->status = status;
	probe->head_ms = clock_monotonic_ms() - probe->began_ms;
	probe->encoding = arena_copy(probe->arena,
		upstream_header(probe->upstream, S("content-encoding")));
	probe->server = arena_copy(
		probe->arena, upstream_header(probe->upstream, S("server")));
}

static enum upstream_flow on_body(void *owner, struct str bytes)
{
	struct probe *probe = owner;
	size_t before =
		probe->count ? probe->arrivals[probe->count - 1].pieces : 0;
	size_t pieces;

	buf_append(&probe->body, bytes);
	pieces = count_pieces(buf_str(&probe->body));
	if (pieces > before && probe->count < MAX_ARRIVALS)
		probe->arrivals[probe->count++] = (struct arrival){
			clock_monotonic_ms() - probe->began_ms, pieces
		};
	return UPSTREAM_GO_ON;
}

static void on_done(void *owner, const struct upstream_result *result)
{
	struct probe *probe = owner;

	probe->result = *result;
	loop_stop(probe->loop);
}

static size_t count_pieces(struct str body)
{
	size_t pieces = 0;

	for (;;) {
		size_t end = str_find(body, S("\n\n"));

		if (end == body.n)
			return pieces;
		pieces++;
		body = str_from(body, end + 2);
	}
}

static void judge(struct session *session, const struct doctor_stream *wanted,
	const struct probe *probe)
{
	size_t pieces =
		probe->count ? probe->arrivals[probe->count - 1].pieces : 0;

	if (probe->status != 200) {
		judge_refusal(session, wanted, probe);
		return;
	}
	if (probe->encoding.n > 0 &&
		!str_equal_nocase(probe->encoding, S("identity"))) {
		doctor_says(session, ABOUT, FINDING_FAULT,
			"Streams are compressed (%.*s) on their way, which "
			"collects them. Switch it off for text/event-stream.",
			STR_ARG(probe->encoding));
		return;
	}
	judge_end(session, wanted, probe, pieces);
	judge_times(session, wanted, probe, pieces);
}

static void judge_refusal(struct session *session,
	const struct doctor_stream *wanted, const struct probe *probe)
{
	struct str url = wanted->url;

	if (probe->status == 0)
		doctor_says(session, ABOUT, FINDING_FAULT,
			"%.*s cannot be reached: %s", STR_ARG(url),
			error_detail(&probe->result.error));
	else if (probe->status == 401)
		doctor_says(session, ABOUT, FINDING_FAULT,
			"%.*s does not take this gateway key. If it is right, "
			"the web server keeps the Authorization header to "
			"itself (Apache: CGIPassAuth On).",
			STR_ARG(url));
	else if (probe->status == 404)
		doctor_says(session, ABOUT, FINDING_FAULT,
			"There is no gateway behind %.*s: /v1/health/stream "
			"is not found. Is /v1 passed on to it?",
			STR_ARG(url));
	else if (probe->status == 502 || probe->status == 503)
		doctor_says(session, ABOUT, FINDING_FAULT,
			"The web server at %.*s answers %d: it does not reach "
			"the gateway. Does 'llm-gateway serve' run, and may "
			"the web server's user open its socket?",
			STR_ARG(url), probe->status);
	else
		doctor_says(session, ABOUT, FINDING_FAULT,
			"%.*s answered %d instead of a stream.", STR_ARG(url),
			probe->status);
}

static void judge_end(struct session *session,
	const struct doctor_stream *wanted, const struct probe *probe,
	size_t pieces)
{
	int64_t ended_ms =
		probe->count ? probe->arrivals[probe->count - 1].at_ms : 0;

	if (probe->result.ok && pieces == (size_t)wanted->pieces) {
		if (wanted->silence_ms > 0)
			doctor_says(session, "time-outs", FINDING_OK,
				"A silence of %" PRId64 " s does not end an "
				"answer.",
				wanted->silence_ms / 1000);
		return;
	}
	doctor_says(session, "time-outs", FINDING_FAULT,
		"The stream broke off after %zu of %" PRId64 " pieces, %" PRId64
		" ms after it began%s. A time-out is too short: nginx's "
		"fastcgi_read_timeout, Apache's ProxyTimeout or "
		"FcgidIOTimeout, or that of a balancer.",
		pieces, wanted->pieces, ended_ms,
		wanted->silence_ms > 0 ? ", in a silence" : "");
}

/* Pieces that were sent apart and came together were collected. */
static void judge_times(struct session *session,
	const struct doctor_stream *wanted, const struct probe *probe,
	size_t pieces)
{
	int64_t first_ms = probe->count ? probe->arrivals[0].at_ms : 0;

	if (pieces < 2)
		return;
	/* Now and then two meet on a busy machine. */
	if (probe->count * 5 >= pieces * 4 &&
		first_ms < wanted->gap_ms * wanted->pieces / 2) {
		doctor_says(session, ABOUT, FINDING_OK,
			"%zu pieces, sent %" PRId64 " ms apart, came one by "
			"one; the first after %" PRId64 " ms.",
			pieces, wanted->gap_ms, first_ms);
		return;
	}
	doctor_says(session, ABOUT, FINDING_FAULT,
		"%zu pieces, sent %" PRId64 " ms apart, came in %zu lots, the "
		"first after %" PRId64 " ms: somebody collects them. %s",
		pieces, wanted->gap_ms, probe->count, first_ms, remedy(probe));
}

static const char *remedy(const struct probe *probe)
{
	if (str_find(probe->server, S("nginx")) < probe->server.n)
		return "In nginx, nothing may ignore or hide X-Accel-Buffering "
		       "(or set fastcgi_buffering off); a proxy before it "
		       "needs proxy_buffering off.";
	if (str_find(probe->server, S("Apache")) < probe->server.n)
		return "In Apache, mod_proxy_fcgi needs flushpackets=on, "
		       "mod_fcgid FcgidOutputBufferSize 0, and no output "
		       "filter may touch text/event-stream.";
	return "Look at the buffering of every proxy between here and the "
	       "gateway.";
}
