/*
 * report.c - every call of the time asked for, once and in order, in both
 * formats, whatever its texts are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"
#include "database.h"
#include "ledger/report.h"

#define COLUMNS 45

static void store(struct database *database, const struct usage_record *records,
	size_t count)
{
	struct journal *journal;
	struct error err = ERROR_INIT;
	size_t moved;

	assert_true(journal_open(&database->settings, &journal, &err));
	for (size_t i = 0; i < count; i++)
		assert_true(journal_append(journal, &records[i], &err));
	journal_close(journal);
	if (!journal_replay(
		    &database->settings, database->pool, NULL, &moved, &err))
		fail_msg("%s", error_detail(&err));
	assert_int_equal(moved, count);
}

static struct str export(struct database *database, int64_t from_ms,
	int64_t to_ms, enum report_format format)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);
	struct str copy;

	if (!report_export(db, from_ms, to_ms, format, out, &err))
		fail_msg("%s", error_detail(&err));
	fclose(out);
	copy = arena_copy(&database->arena, (struct str){ bytes, n });
	free(bytes);
	db_give(database->pool, db);
	return copy;
}

/* The next cell, its quotes resolved; *end_of_line after the row's last. */
static struct str next_cell(
	struct arena *arena, struct str *rest, bool *end_of_line)
{
	struct buf cell = BUF_INIT(1 << 20);
	bool quoted = rest->n > 0 && rest->p[0] == '"';
	size_t at = quoted;
	struct str copy;

	for (; at < rest->n; at++) {
		char c = rest->p[at];

		if (quoted && c == '"') {
			if (at + 1 == rest->n || rest->p[at + 1] != '"')
				break;
			at++;
		} else if (!quoted && (c == ',' || c == '\r')) {
			break;
		}
		buf_append_char(&cell, c);
	}
	*rest = str_from(*rest, at + quoted);
	*end_of_line = str_starts(*rest, S("\r\n"));
	assert_true(*end_of_line || str_starts(*rest, S(",")));
	*rest = str_from(*rest, *end_of_line ? 2 : 1);
	copy = arena_copy(arena, buf_str(&cell));
	buf_release(&cell);
	return copy;
}

static void next_row(
	struct arena *arena, struct str *rest, struct str cells[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		bool end_of_line;

		cells[i] = next_cell(arena, rest, &end_of_line);
		assert_int_equal(end_of_line, i == COLUMNS - 1);
	}
}

static const char *const names[COLUMNS] = { "request_id", "time", "project",
	"key", "model_asked", "model_used", "provider", "status", "error",
	"prompt_tokens", "completion_tokens", "cost_usd", "latency_ms",
	"first_token_ms", "cache_hit", "streamed", "complete", "cached_tokens",
	"cache_write_tokens", "reasoning_tokens", "usage_source", "saved_usd",
	"error_detail", "finish_reason", "attempts", "queue_us", "gateway_us",
	"connect_us", "request_bytes", "response_bytes", "user", "dialect",
	"route", "alias", "complexity", "priced", "charged_usd", "host",
	"client_ip", "provider_dialect", "dropped", "billing", "billing_reason",
	"coalesced", "affinity" };

/* Two calls: one with everything, one of which little is known. */
static void store_two(struct database *database)
{
	struct usage_record records[2];

	records[0] = sample_record(&database->arena, 7);
	records[0].project_id = 70;
	records[0].key_id = 700;
	records[0].first_token_us = 240499;
	records[0].total_us = 1500500;
	records[0].user = S("=cmd|'/c calc'!A1");
	records[0].model_asked = S("a \"quoted\", name\r\n\xe2\x82\xac");
	records[0].error_detail = S("-1");
	records[0].coalesced = true;
	usage_record_init(&records[1]);
	records[1].request_id = S("unknown");
	records[1].started_unix_ms = SAMPLE_DAY_MS + 999;
	records[1].status = 401;
	records[1].error = S("invalid_api_key");
	store(database, records, 2);
	database_run(database,
		"INSERT IGNORE INTO organisations (id, name, created_ms)"
		" VALUES (3, 'Bufete', 0)");
	database_run(database,
		"INSERT IGNORE INTO projects (id, organisation_id, name,"
		" created_ms) VALUES (70, 3, '+Derecho', 0)");
	database_run(database,
		"INSERT IGNORE INTO gateway_keys (id, project_id, name, hash,"
		" prefix, created_ms) VALUES (700, 70, 'web', 'h', 'gw_', 0)");
}

/* Call 7 had two attempts, the other one none. */
static void assert_attempts(struct json list, int number)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	int64_t value;

	if (number == 1) {
		assert_int_equal(list.type, JSON_TYPE_NULL);
		return;
	}
	assert_int_equal(json_length(list), 2);
	for (int64_t i = 1; i <= 2; i++) {
		assert_true(json_next(&cursor, &item));
		assert_true(
			json_int(json_find(item.value, S("attempt")), &value));
		assert_int_equal(value, i);
		assert_true(
			json_int(json_find(item.value, S("status")), &value));
		assert_int_equal(value, i == 1 ? 0 : 200);
		assert_true(json_text_is(json_find(item.value, S("error")),
			i == 1 ? S("upstream_error") : S("")));
		assert_true(json_text_is(
			json_find(item.value, S("provider")), S("openai")));
	}
}

static void json_has_every_member(void **state)
{
	struct database *database = *state;
	static const char *const expected[2][COLUMNS] = {
		{ "\"req_000000000007\"", "\"2026-11-21T00:00:00.259Z\"",
			"\"+Derecho\"", "\"web\"",
			"\"a \\\"quoted\\\", name\\r\\n\xe2\x82\xac\"",
			"\"gpt-4o-mini\"", "\"openai\"", "200", "null", "1007",
			"207", "\"0.000270000007\"", "1501", "240", "false",
			"false", "true", "64", "32", "17", "\"provider\"",
			"null", "\"-1\"", "\"stop\"", "2", "19", "85", "1500",
			"2055", "4103", "\"=cmd|'/c calc'!A1\"",
			"\"openai_chat\"", "\"/v1/chat/completions\"",
			"\"law-assistant\"", "\"simple\"", "true",
			"\"0.000270000007\"", "\"web-1\"", "\"2001:db8::7\"",
			"\"anthropic\"", "\"seed, logit_bias\"", "\"billed\"",
			"null", "true", "null" },
		{ "\"unknown\"", "\"2026-11-21T00:00:00.999Z\"", "null", "null",
			"null", "null", "null", "401", "\"invalid_api_key\"",
			"null", "null", "null", "null", "null", "false",
			"false", "false", "null", "null", "null", "\"none\"",
			"null", "null", "null", "0", "null", "null", "null",
			"0", "0", "null", "null", "null", "null", "null",
			"false", "\"0\"", "null", "null", "null", "null",
			"\"none\"", "null", "false", "null" },
	};
	struct error err = ERROR_INIT;
	struct json_cursor rows;
	struct json_member row;
	struct json array;
	int number = 0;

	store_two(database);
	assert_true(json_check(export(database, SAMPLE_DAY_MS,
				       SAMPLE_DAY_MS + 1000, REPORT_JSON),
		JSON_MAX_DEPTH, &array, &err));
	assert_int_equal(array.type, JSON_TYPE_ARRAY);
	assert_int_equal(json_length(array), 2);
	rows = json_members(array);
	for (; json_next(&rows, &row); number++) {
		struct json_cursor members = json_members(row.value);
		struct json_member member;

		for (int i = 0; i < COLUMNS; i++) {
			assert_true(json_next(&members, &member));
			assert_true(json_name_is(member, str_of(names[i])));
			if (!str_equal(member.value.text,
				    str_of(expected[number][i])))
				fail_msg("%s: %.*s", names[i],
					STR_ARG(member.value.text));
		}
		assert_true(json_next(&members, &member));
		assert_true(json_name_is(member, S("attempt_list")));
		assert_attempts(member.value, number);
		assert_false(json_next(&members, &member));
	}
}

static void csv_has_every_cell(void **state)
{
	struct database *database = *state;
	static const char *const expected[2][COLUMNS] = {
		{ "req_000000000007", "2026-11-21T00:00:00.259Z", "'+Derecho",
			"web", "a \"quoted\", name\r\n\xe2\x82\xac",
			"gpt-4o-mini", "openai", "200", "", "1007", "207",
			"0.000270000007", "1501", "240", "false", "false",
			"true", "64", "32", "17", "provider", "", "'-1", "stop",
			"2", "19", "85", "1500", "2055", "4103",
			"'=cmd|'/c calc'!A1", "openai_chat",
			"/v1/chat/completions", "law-assistant", "simple",
			"true", "0.000270000007", "web-1", "2001:db8::7",
			"anthropic", "seed, logit_bias", "billed", "", "true",
			"" },
		{ "unknown", "2026-11-21T00:00:00.999Z", "", "", "", "", "",
			"401", "invalid_api_key", "", "", "", "", "", "false",
			"false", "false", "", "", "", "none", "", "", "", "0",
			"", "", "", "0", "0", "", "", "", "", "", "false", "0",
			"", "", "", "", "none", "", "false", "" },
	};
	struct str cells[COLUMNS];
	struct str rest;

	store_two(database);
	rest = export(
		database, SAMPLE_DAY_MS, SAMPLE_DAY_MS + 1000, REPORT_CSV);
	next_row(&database->arena, &rest, cells);
	for (int i = 0; i < COLUMNS; i++)
		assert_true(str_equal(cells[i], str_of(names[i])));
	for (int number = 0; number < 2; number++) {
		next_row(&database->arena, &rest, cells);
		for (int i = 0; i < COLUMNS; i++) {
			if (!str_equal(cells[i], str_of(expected[number][i])))
				fail_msg("%s: %.*s", names[i],
					STR_ARG(cells[i]));
		}
	}
	assert_int_equal(rest.n, 0);
}

/* Many calls begin in the same millisecond, across the ends of pages. */
static void pages_join_without_a_seam(void **state)
{
	struct database *database = *state;
	struct usage_record *records =
		ARENA_ARRAY(&database->arena, struct usage_record, 3000);
	struct str cells[COLUMNS];
	struct str rest;

	for (int64_t i = 0; i < 3000; i++) {
		records[i] = sample_record(&database->arena, 2999 - i);
		records[i].started_unix_ms = SAMPLE_DAY_MS + (2999 - i) / 700;
	}
	store(database, records, 3000);
	rest = export(database, SAMPLE_DAY_MS, SAMPLE_DAY_MS + 100, REPORT_CSV);
	next_row(&database->arena, &rest, cells);
	for (int64_t i = 0; i < 3000; i++) {
		next_row(&database->arena, &rest, cells);
		assert_true(str_equal(cells[0], records[2999 - i].request_id));
	}
	assert_int_equal(rest.n, 0);
}

static void the_time_is_cut_exactly(void **state)
{
	struct database *database = *state;
	struct usage_record records[3];
	struct str cells[COLUMNS];
	struct str rest;

	for (int64_t i = 0; i < 3; i++) {
		records[i] = sample_record(&database->arena, i);
		records[i].started_unix_ms = SAMPLE_DAY_MS + i;
	}
	store(database, records, 3);
	rest = export(
		database, SAMPLE_DAY_MS + 1, SAMPLE_DAY_MS + 2, REPORT_CSV);
	next_row(&database->arena, &rest, cells);
	next_row(&database->arena, &rest, cells);
	assert_true(str_equal(cells[0], records[1].request_id));
	assert_int_equal(rest.n, 0);
	assert_true(
		str_equal(export(database, 0, 1, REPORT_JSON), S("[\n]\n")));
}

static void a_full_disk_is_told(void **state)
{
	struct database *database = *state;
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	FILE *full = fopen("/dev/full", "w");

	assert_false(report_export(db, 0, INT64_MAX, REPORT_CSV, full, &err));
	assert_int_equal(err.kind, ERR_IO);
	fclose(full);
	db_give(database->pool, db);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, database_clear, database_done)
	const struct CMUnitTest tests[] = {
		TEST(json_has_every_member),
		TEST(csv_has_every_cell),
		TEST(pages_join_without_a_seam),
		TEST(the_time_is_cut_exactly),
		TEST(a_full_disk_is_told),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
