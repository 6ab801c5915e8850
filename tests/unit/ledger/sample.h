/*
 * sample.h - records and folders for the tests of the ledger.
 */
#ifndef TESTS_LEDGER_SAMPLE_H
#define TESTS_LEDGER_SAMPLE_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/settings.h"
#include "ledger/frame.h"
#include "ledger/journal.h"
#include "ledger/usage.h"

/* 2026-11-21T00:00:00Z */
#define SAMPLE_DAY_MS INT64_C(1795219200000)

/* One to three: all but the last failed. */
static inline struct attempt_record *sample_attempts(
	struct arena *arena, int64_t number)
{
	struct attempt_record *first = NULL;

	for (int64_t i = number % 3; i >= 0; i--) {
		struct attempt_record *attempt =
			ARENA_NEW(arena, struct attempt_record);
		bool is_last = i == number % 3;

		attempt_record_init(attempt);
		attempt->model_used = S("gpt-4o-mini");
		attempt->model_id = 40 + i;
		attempt->provider = S("openai");
		attempt->provider_id = 5;
		attempt->provider_key_id = 6;
		attempt->upstream_request_id =
			arena_printf(arena, "up-%" PRId64, number);
		attempt->status = is_last ? 200 : i % 2 ? 503 : 0;
		attempt->error = is_last ? S("") : S("upstream_error");
		attempt->error_detail = is_last ? S("") : S("openai: busy");
		attempt->advice = is_last ? S("") : S("retry");
		attempt->offset_us = 1000 * i;
		attempt->connect_us = i % 2 ? 700 : -1;
		attempt->first_byte_us = is_last ? 5000 + number : -1;
		attempt->total_us = 9000 + number;
		attempt->next = first;
		first = attempt;
	}
	return first;
}

/* Every member is set, and differently for each number. */
static inline struct usage_record sample_record(
	struct arena *arena, int64_t number)
{
	struct usage_record record;

	usage_record_init(&record);
	record.request_id = arena_printf(arena, "req_%012" PRId64, number);
	record.organisation_id = 3;
	record.project_id = 10 + number % 3;
	record.key_id = 100 + number % 7;
	record.user = arena_printf(arena, "user-%" PRId64, number % 11);
	record.client_ip = S("2001:db8::7");
	record.host = number % 2 ? S("web-1") : S("web-2");
	record.started_unix_ms = SAMPLE_DAY_MS + number * 37;
	record.route = S("/v1/chat/completions");
	record.dialect = S("openai_chat");
	record.model_asked = S("law-assistant");
	record.alias = S("law-assistant");
	record.complexity = S("simple");
	if (number % 2) {
		record.route_reason = S("simple request: the cheapest of 2");
		record.route_candidates =
			S("[{\"model\":\"gpt-4o-mini\",\"score\":1.1}]");
	}
	record.provider_dialect = S("anthropic");
	record.affinity = number % 5 ? S("") : S("warm");
	record.dropped = S("seed, logit_bias");
	record.streamed = number % 2 == 0;
	record.model_used = S("gpt-4o-mini");
	record.model_id = 40 + number % 2;
	record.provider = S("openai");
	record.provider_id = 5;
	record.provider_key_id = 6;
	record.attempts = 1 + number % 3;
	record.status = 200;
	record.error = number % 5 == 0 ? S("upstream_cut") : S("");
	record.error_detail = number % 5 == 0 ? S("reset by peer") : S("");
	record.finish_reason = S("stop");
	record.complete = number % 5 != 0;
	record.cache_hit = number % 4 == 0;
	record.coalesced = number % 12 == 0;
	record.tokens = (struct token_counts){ 1000 + number, 200 + number, 64,
		32, number % 6 == 0 ? -1 : 17 };
	record.usage_source = number % 9 ? USAGE_PROVIDER : USAGE_ESTIMATED;
	record.priced = number % 8 != 0;
	record.cost_picousd = 270000000 + number;
	record.saved_picousd = number % 4 == 0 ? 270000000 : 0;
	/* As the cost, more where it was not priced, or not said. */
	record.charged_picousd = number % 3 == 0 ? -1
				 : record.priced ? record.cost_picousd
						 : 990000000 + number;
	record.admitted = number % 10 != 3;
	record.price_from_ms = number % 3 ? SAMPLE_DAY_MS - number : -1;
	record.price_tier = number % 2 ? S("batch") : S("");
	record.price_above_tokens = number % 4 * 1000;
	record.has_route_saved = number % 2 != 0;
	if (record.has_route_saved)
		record.route_saved_picousd =
			number % 4 == 1 ? -1000 * number : 700 * number;
	if (number % 5 == 2) {
		record.sealed_request =
			arena_printf(arena, "\xff%" PRId64 "\x01", number);
		record.sealed_response = (struct str){ "\0\xff", 2 };
		record.contents_redacted = number % 2 != 0;
		record.contents_cut = number % 3 != 0;
	}
	record.billing = number % 9 ? BILLING_BILLED : BILLING_ESTIMATED;
	record.billing_reason = number % 9 ? S("") : S("cut");
	record.billing = number % 9 ? BILLING_BILLED : BILLING_ESTIMATED;
	record.billing_reason = number % 9 ? S("") : S("no_usage");
	record.attempt_list = sample_attempts(arena, number);
	record.queue_us = 12 + number % 100;
	record.gateway_us = 85;
	record.connect_us = number % 10 == 0 ? -1 : 1500;
	record.first_token_us = number % 5 == 0 ? -1 : 240000 + number;
	record.total_us = 90000 + number * 1000 % 70000000;
	record.request_bytes = 2048 + number;
	record.response_bytes = 4096 + number;
	return record;
}

/* An empty folder as state_dir; sample_remove() when done. */
static inline void sample_make_state(struct settings *settings, char path[64])
{
	snprintf(path, 64, "/tmp/gateway-ledger-XXXXXX");
	assert(mkdtemp(path));
	settings->state_dir = str_of(path);
}

/* Remove a folder of the tests and what is in it. */
static inline void sample_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[PATH_MAX];

		if (entry->d_name[0] == '.' ||
			snprintf(name, sizeof(name), "%s/%s", path,
				entry->d_name) >= (int)sizeof(name))
			continue;
		if (unlink(name) < 0)
			sample_remove(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* A whole file in the arena. */
static inline struct str sample_read(struct arena *arena, const char *path)
{
	int file = open(path, O_RDONLY);
	struct stat status;
	char *bytes;

	assert(file >= 0 && fstat(file, &status) == 0);
	bytes = arena_alloc(arena, (size_t)status.st_size + 1);
	assert(read(file, bytes, (size_t)status.st_size) == status.st_size);
	close(file);
	return (struct str){ bytes, (size_t)status.st_size };
}

static inline void sample_write(const char *path, struct str bytes)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert(file >= 0 && write(file, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(file);
}

/* The path of the number-th journal file (from 0), or NULL. */
static inline char *sample_journal_path(
	struct arena *arena, const struct settings *settings, int number)
{
	struct dirent **entries;
	char *path = NULL;
	int count = scandir(arena_printf(arena, "%.*s/journal",
				    STR_ARG(settings->state_dir))
				    .p,
		&entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (str_ends(str_of(entries[i]->d_name), S(".journal")) &&
			number-- == 0)
			path = arena_cstr(
				arena, arena_printf(arena, "%.*s/journal/%s",
					       STR_ARG(settings->state_dir),
					       entries[i]->d_name));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return path;
}

/* How many entries state_dir/FOLDER has whose names end so. */
static inline int sample_count_files(
	const struct settings *settings, const char *folder, const char *end)
{
	char path[PATH_MAX];
	DIR *dir;
	struct dirent *entry;
	int count = 0;

	snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(settings->state_dir),
		folder);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += str_ends(str_of(entry->d_name), str_of(end));
	if (dir)
		closedir(dir);
	return count;
}

/* How many whole frames the bytes have; *lost counts bytes of none. */
static inline size_t sample_count_frames(struct str bytes, size_t *lost)
{
	size_t count = 0;

	*lost = 0;
	while (bytes.n > 0) {
		struct frame_found found = frame_find(bytes);

		if (found.state != FRAME_WHOLE) {
			*lost += bytes.n;
			break;
		}
		*lost += found.start;
		count++;
		bytes = str_from(bytes, found.end);
	}
	return count;
}

#endif
