/*
 * usage.c - records survive their way through JSON, whatever is in them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sample.h"

#define assert_text(a, b) assert_true(str_equal((a), (b)))

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct str write_record(const struct usage_record *record)
{
	struct buf json = BUF_INIT(1 << 20);
	struct str copy;

	usage_record_write(record, &json);
	assert_false(json.failed);
	copy = arena_copy(&arena, buf_str(&json));
	buf_release(&json);
	return copy;
}

static struct usage_record through_json(const struct usage_record *record)
{
	struct usage_record back;
	struct error err = ERROR_INIT;

	if (!usage_record_read(&back, write_record(record), &arena, &err))
		fail_msg("%s", error_detail(&err));
	return back;
}

static void assert_same_attempts(
	const struct attempt_record *a, const struct attempt_record *b)
{
	for (; a && b; a = a->next, b = b->next) {
		assert_text(a->model_used, b->model_used);
		assert_int_equal(a->model_id, b->model_id);
		assert_text(a->provider, b->provider);
		assert_int_equal(a->provider_id, b->provider_id);
		assert_int_equal(a->provider_key_id, b->provider_key_id);
		assert_text(a->upstream_request_id, b->upstream_request_id);
		assert_int_equal(a->status, b->status);
		assert_text(a->error, b->error);
		assert_text(a->error_detail, b->error_detail);
		assert_text(a->advice, b->advice);
		assert_int_equal(a->offset_us, b->offset_us);
		assert_int_equal(a->connect_us, b->connect_us);
		assert_int_equal(a->first_byte_us, b->first_byte_us);
		assert_int_equal(a->total_us, b->total_us);
	}
	assert_true(!a && !b);
}

static void assert_same(
	const struct usage_record *a, const struct usage_record *b)
{
	assert_text(a->request_id, b->request_id);
	assert_int_equal(a->organisation_id, b->organisation_id);
	assert_int_equal(a->project_id, b->project_id);
	assert_int_equal(a->key_id, b->key_id);
	assert_text(a->user, b->user);
	assert_text(a->client_ip, b->client_ip);
	assert_text(a->host, b->host);
	assert_int_equal(a->started_unix_ms, b->started_unix_ms);
	assert_text(a->route, b->route);
	assert_text(a->dialect, b->dialect);
	assert_text(a->model_asked, b->model_asked);
	assert_text(a->alias, b->alias);
	assert_text(a->complexity, b->complexity);
	assert_text(a->route_reason, b->route_reason);
	assert_text(a->route_candidates, b->route_candidates);
	assert_int_equal(a->streamed, b->streamed);
	assert_text(a->model_used, b->model_used);
	assert_int_equal(a->model_id, b->model_id);
	assert_text(a->provider, b->provider);
	assert_int_equal(a->provider_id, b->provider_id);
	assert_int_equal(a->provider_key_id, b->provider_key_id);
	assert_text(a->provider_dialect, b->provider_dialect);
	assert_text(a->affinity, b->affinity);
	assert_text(a->dropped, b->dropped);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->status, b->status);
	assert_text(a->error, b->error);
	assert_text(a->error_detail, b->error_detail);
	assert_text(a->finish_reason, b->finish_reason);
	assert_int_equal(a->complete, b->complete);
	assert_int_equal(a->cache_hit, b->cache_hit);
	assert_int_equal(a->coalesced, b->coalesced);
	assert_memory_equal(&a->tokens, &b->tokens, sizeof(a->tokens));
	assert_int_equal(a->usage_source, b->usage_source);
	assert_int_equal(a->priced, b->priced);
	assert_int_equal(a->cost_picousd, b->cost_picousd);
	assert_int_equal(a->saved_picousd, b->saved_picousd);
	assert_int_equal(a->charged_picousd, b->charged_picousd);
	assert_int_equal(a->admitted, b->admitted);
	assert_int_equal(a->price_from_ms, b->price_from_ms);
	assert_text(a->price_tier, b->price_tier);
	assert_int_equal(a->price_above_tokens, b->price_above_tokens);
	assert_int_equal(a->has_route_saved, b->has_route_saved);
	assert_int_equal(a->route_saved_picousd, b->route_saved_picousd);
	assert_text(a->sealed_request, b->sealed_request);
	assert_text(a->sealed_response, b->sealed_response);
	assert_int_equal(a->contents_redacted, b->contents_redacted);
	assert_int_equal(a->contents_cut, b->contents_cut);
	assert_int_equal(a->billing, b->billing);
	assert_text(a->billing_reason, b->billing_reason);
	assert_int_equal(a->queue_us, b->queue_us);
	assert_int_equal(a->gateway_us, b->gateway_us);
	assert_int_equal(a->connect_us, b->connect_us);
	assert_int_equal(a->first_token_us, b->first_token_us);
	assert_int_equal(a->total_us, b->total_us);
	assert_int_equal(a->request_bytes, b->request_bytes);
	assert_int_equal(a->response_bytes, b->response_bytes);
	assert_int_equal(a->billing, b->billing);
	assert_text(a->billing_reason, b->billing_reason);
	assert_same_attempts(a->attempt_list, b->attempt_list);
}

static void every_member_comes_back(void **state)
{
	(void)state;
	/* 0, 5, 10...: the unknown ones among them. */
	for (int64_t number = 0; number < 120; number++) {
		struct usage_record record = sample_record(&arena, number);
		struct usage_record back = through_json(&record);

		assert_same(&record, &back);
	}
}

/* Whatever is in the struct, its change must show in the JSON. */
static void no_member_is_forgotten(void **state)
{
	struct usage_record record = sample_record(&arena, 7);
	struct attempt_record attempt;
	struct str json;

	(void)state;
	attempt_record_init(&attempt);
	record.attempt_list = &attempt;
	json = write_record(&record);
	for (size_t at = 0; at + 8 <= sizeof(record); at += 8) {
		struct usage_record changed = record;
		uint64_t word;

		memcpy(&word, (char *)&changed + at, sizeof(word));
		/* A pointer; the length of that text is the next word. */
		if (word >> 44)
			continue;
		word ^= 1;
		memcpy((char *)&changed + at, &word, sizeof(word));
		if (str_equal(json, write_record(&changed)))
			fail_msg("the word at %zu is not written", at);
	}
}

static void extremes_come_back(void **state)
{
	static const int64_t extremes[] = { INT64_MIN, -2, -1, 0, 1,
		INT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(extremes); i++) {
		struct usage_record record = sample_record(&arena, 1);
		struct usage_record back;

		record.cost_picousd = extremes[i];
		record.started_unix_ms = extremes[i];
		record.tokens.prompt = extremes[i];
		record.queue_us = extremes[i];
		record.key_id = extremes[i];
		back = through_json(&record);
		assert_same(&record, &back);
	}
}

static void an_unset_record_is_short(void **state)
{
	struct usage_record record;

	(void)state;
	usage_record_init(&record);
	record.request_id = S("a");
	assert_text(write_record(&record), S("{\"request_id\":\"a\"}"));
}

/* A record that says nothing of it was charged what it cost. */
static void budgets_are_charged_something(void **state)
{
	struct usage_record record;

	(void)state;
	usage_record_init(&record);
	record.cost_picousd = 7;
	assert_int_equal(usage_record_charged(&record), 0);
	record.priced = true;
	assert_int_equal(usage_record_charged(&record), 7);
	record.charged_picousd = 0;
	assert_int_equal(usage_record_charged(&record), 0);
	record.charged_picousd = 9;
	assert_int_equal(usage_record_charged(&record), 9);
	record.charged_picousd = INT64_MIN;
	record.cost_picousd = -5;
	assert_int_equal(usage_record_charged(&record), 0);
}

static void versions_understand_each_other(void **state)
{
	struct usage_record record;
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(usage_record_read(&record,
		S("{\"colour\":{\"deep\":[1,2,{}]},\"status\":201,"
		  "\"request_id\":\"r1\",\"prompt_tokens\":null,"
		  "\"usage_source\":\"oracle\",\"\":0}"),
		&arena, &err));
	assert_int_equal(record.status, 201);
	assert_int_equal(record.tokens.prompt, -1);
	assert_int_equal(record.tokens.reasoning, -1);
	assert_int_equal(record.total_us, -1);
	assert_int_equal(record.cost_picousd, 0);
	assert_int_equal(record.user.n, 0);
	assert_false(record.priced);
	assert_int_equal(record.usage_source, USAGE_ESTIMATED);
}

static void what_is_no_record_is_refused(void **state)
{
	static const struct {
		const char *json;
		enum error_kind kind;
	} cases[] = {
		{ "", ERR_BAD_JSON },
		{ "{\"request_id\":\"a\"", ERR_BAD_JSON },
		{ "[]", ERR_BAD_FIELD },
		{ "null", ERR_BAD_FIELD },
		{ "{}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"\"}", ERR_BAD_FIELD },
		{ "{\"request_id\":7}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"a\",\"status\":\"200\"}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"a\",\"status\":1.5}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"a\",\"priced\":1}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"a\",\"user\":[]}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"a\",\"usage_source\":2}", ERR_BAD_FIELD },
		{ "{\"request_id\":\"a\",\"total_us\":9223372036854775808}",
			ERR_BAD_FIELD },
		{ "{\"request_id\":\"12345678901234567890123456789012345678901"
		  "\"}",
			ERR_BAD_FIELD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct usage_record record;
		struct error err = ERROR_INIT;

		if (usage_record_read(
			    &record, str_of(cases[i].json), &arena, &err))
			fail_msg("accepted: %s", cases[i].json);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

static void hostile_texts_come_back(void **state)
{
	static const struct {
		struct str text;
		struct str expected;
	} cases[] = {
		{ STR("\"'\\/;--\b\f\n\r\t\x01\x1f\x7f"),
			STR("\"'\\/;--\b\f\n\r\t\x01\x1f\x7f") },
		{ STR("a\0b\0"), STR("a\0b\0") },
		{ STR("\xf0\x9f\x98\x80 \xe2\x82\xac"),
			STR("\xf0\x9f\x98\x80 \xe2\x82\xac") },
		{ STR("a\xff"
		      "b"),
			STR("a\xef\xbf\xbd"
			    "b") },
		{ STR("</script>\xe2\x80\xa8"), STR("</script>\xe2\x80\xa8") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct usage_record record = sample_record(&arena, 1);
		struct usage_record back;

		record.user = cases[i].text;
		back = through_json(&record);
		assert_text(back.user, cases[i].expected);
		assert_text(back.model_asked, record.model_asked);
	}
}

/* The cut never leaves half a character behind. */
static void long_texts_are_cut(void **state)
{
	static const struct str characters[] = { STR("x"), STR("\xc3\xa9"),
		STR("\xe2\x82\xac"), STR("\xf0\x9f\x98\x80"), STR("\x80") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(characters); i++) {
		struct usage_record record = sample_record(&arena, 1);
		struct usage_record back;
		struct buf user = BUF_INIT(1 << 20);
		size_t n = characters[i].n;

		buf_append_char(&user, '.');
		while (user.n < 10240)
			buf_append(&user, characters[i]);
		record.user = buf_str(&user);
		back = through_json(&record);
		if (characters[i].p[0] != '\x80')
			assert_text(back.user,
				str_head(record.user,
					1 + (USAGE_MAX_TEXT_BYTES - 1) / n *
							n));
		assert_true(back.user.n > USAGE_MAX_TEXT_BYTES - 4);
		buf_release(&user);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_comes_back),
		cmocka_unit_test(no_member_is_forgotten),
		cmocka_unit_test(extremes_come_back),
		cmocka_unit_test(an_unset_record_is_short),
		cmocka_unit_test(budgets_are_charged_something),
		cmocka_unit_test(versions_understand_each_other),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(hostile_texts_come_back),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
