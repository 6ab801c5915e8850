/*
 * measure.c - numbers that nobody adds to: they are looked at.
 */
#include "server/measure.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/money.h"
#include "hot/store.h"
#include "server/metrics.h"

#define MINUTE_MS 60000

static int64_t resident_bytes(void);
static hot_change_record take_minute;
static void write_minute(const struct metrics_view *view, struct buf *line);

bool measure_process(struct gateway *gateway, struct error *err)
{
	struct metrics *metrics = gateway->metrics;
	int64_t dropped = log_dropped();

	metrics_set(metrics, METRIC_RESIDENT_BYTES, resident_bytes());
	metrics_add(metrics, METRIC_LOG_DROPPED, NULL,
		dropped - gateway->log_dropped);
	gateway->log_dropped = dropped;
	/* Who replays the journal complains about the database already. */
	return journal_depth_measure(&gateway->journal_depth, gateway->settings,
		       gateway->db, err) ||
	       err->kind == ERR_DATABASE;
}

bool measure_minute(struct gateway *gateway, struct error *err)
{
	struct buf line = BUF_INIT(16384);
	struct metrics_view view;
	int64_t now = clock_unix_ms();

	if (!log_wants(LOG_STREAM_METRICS))
		return true;
	if (!hot_change(
		    gateway->hot, HOT_METRICS_MINUTE, take_minute, &now, err))
		return false;
	/* Another process has it. */
	if (now < 0)
		return true;
	if (!metrics_gather(gateway, &view, err))
		return false;
	write_minute(&view, &line);
	metrics_view_release(&view);
	log_lines(LOG_STREAM_METRICS, buf_str(&line));
	buf_release(&line);
	return true;
}

static int64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	int64_t pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*d %" SCNd64, &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

/* The number of the minute that was told last; the context is the time, and
 * becomes -1 where there is nothing to tell. */
static bool take_minute(struct str old, struct buf *now, void *context)
{
	int64_t *unix_ms = context;
	int64_t minute = *unix_ms / MINUTE_MS;
	int64_t told = 0;

	if (old.n == sizeof(told))
		memcpy(&told, old.p, sizeof(told));
	if (told == minute) {
		*unix_ms = -1;
		return false;
	}
	buf_append(now, (struct str){ (char *)&minute, sizeof(minute) });
	return true;
}

static void write_minute(const struct metrics_view *view, struct buf *line)
{
	static const struct {
		const char *name;
		enum metric metric;
		unsigned label;
		const char *value;
	} sums[] = {
		{ "http_requests", METRIC_HTTP_REQUESTS, 0, "" },
		{ "llm_requests", METRIC_LLM_REQUESTS, 0, "" },
		{ "errors", METRIC_ERRORS, 0, "" },
		{ "limit_refusals", METRIC_REFUSALS, 0, "" },
		{ "cache_hits", METRIC_CACHE_REQUESTS, 0, "hit" },
		{ "cache_misses", METRIC_CACHE_REQUESTS, 0, "miss" },
		{ "prompt_tokens", METRIC_LLM_TOKENS, 2, "prompt" },
		{ "completion_tokens", METRIC_LLM_TOKENS, 2, "completion" },
		{ "active_connections", METRIC_ACTIVE_CONNECTIONS, 0, "" },
		{ "journal_bytes", METRIC_JOURNAL_BYTES, 0, "" },
		{ "worker_queue", METRIC_WORKER_QUEUE, 0, "" },
		{ "resident_bytes", METRIC_RESIDENT_BYTES, 0, "" },
		{ "processes", METRIC_PROCESSES, 0, "" },
		{ "log_lines_dropped", METRIC_LOG_DROPPED, 0, "" },
	};
	char text[CLOCK_TEXT_BYTES];
	char cost[MONEY_TEXT_BYTES];
	struct json_writer w;

	clock_format(clock_unix_ms(), text);
	json_writer_init(&w, line);
	json_begin_object(&w);
	json_member_str(&w, "time", str_of(text));
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		json_member_int(&w, sums[i].name,
			metrics_view_sum(view, sums[i].metric, sums[i].label,
				str_of(sums[i].value)));
	money_format_usd(
		metrics_view_sum(view, METRIC_LLM_COST, 0, S("")), cost);
	json_member_str(&w, "cost_usd", str_of(cost));
	json_end_object(&w);
	buf_append_char(line, '\n');
}
