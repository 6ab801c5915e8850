/*
 * sync.c - the updater against a database of its own: what it changes, what it
 * leaves alone, what it refuses, and that twice is once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/price_rows.h"
#include "catalog/sync_record.h"
#include "catalog/sync_shipped.h"
#include "catalog/sync_sources.h"
#include "db/migrate.h"

#include "../private_mariadb.h"
#include "lists.h"

static struct private_mariadb server;
static struct settings settings;
static struct db_pool *pool;
static struct db *db;
static struct arena arena;

static void must(bool ok, const struct error *err)
{
	if (!ok)
		fail_msg("%s", err->message[0] ? err->message : err->detail);
}

static void run_sql(const char *sql)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	must(stmt_prepare(db, &stmt, sql, &err) && stmt_run(stmt, &err), &err);
}

static int64_t count_of(const char *sql)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool found = false;

	must(stmt_prepare(db, &stmt, sql, &err) && stmt_run(stmt, &err) &&
			stmt_fetch(stmt, &found, &err),
		&err);
	assert_true(found);
	return stmt_int(stmt, 0);
}

static void add_provider(const char *name, const char *url)
{
	const struct provider provider = { .name = str_of(name),
		.dialect = S("openai_chat"),
		.base_url = str_of(url),
		.auth = S("bearer"),
		.weight = 1 };
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	must(provider_save(db, &provider, &id, &created, &err), &err);
}

/* An empty catalogue but for the provider "openai". */
static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 65536);
	run_sql("DELETE FROM providers");
	run_sql("DELETE FROM catalog_syncs");
	run_sql("DELETE FROM catalog_sources");
	add_provider("openai", "https://api.openai.com/v1");
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* One model of our own form. */
static struct str model_line(const char *id, const char *more)
{
	return arena_printf(&arena,
		"{\"provider\":\"openai\",\"id\":\"%s\",\"kind\":\"chat\","
		"\"context\":1000,%s}",
		id, more);
}

static struct str list_of(const struct str *lines, size_t count)
{
	struct str text = S("");

	for (size_t i = 0; i < count; i++)
		text = arena_printf(&arena, "%.*s%s%.*s", STR_ARG(text),
			i ? "," : "", STR_ARG(lines[i]));
	return arena_printf(&arena,
		"{\"format\":\"llm-gateway\",\"models\":[%.*s]}",
		STR_ARG(text));
}

/* What `models sync` does with one text, in a transaction. */
static bool sync_text(struct str text, struct sync_request request,
	struct sync_plan *plan, struct error *err)
{
	struct sync_source source = { .text = { .source = S("a list") } };
	struct catalog_entries list;
	struct catalog *catalog;
	int64_t id;
	bool ok;

	*err = (struct error)ERROR_INIT;
	if (!request.now_ms)
		request.now_ms = clock_unix_ms();
	catalog_entries_init(&list, &arena);
	if (!catalog_read(text, request.now_ms, &source.format, &list, err))
		return false;
	source.models = list.count;
	must(db_begin(db, err), err);
	must(catalog_load(db, &catalog, err), err);
	ok = sync_check_sizes(db, &source, 1, &request, err) &&
	     sync_plan_make(
		     plan, &arena, catalog, &list, &source, 1, &request, err);
	if (ok) {
		must(sync_plan_apply(
			     db, plan, &source, 1, request.now_ms, &id, err),
			err);
		must(db_commit(db, err), err);
	} else {
		db_rollback(db);
	}
	catalog_free(catalog);
	return ok;
}

static void sync_must(struct str text, struct sync_request request,
	size_t added, size_t changed, size_t deprecated, size_t prices)
{
	struct sync_plan plan;
	struct error err;

	must(sync_text(text, request, &plan, &err), &err);
	assert_int_equal(plan.counts[SYNC_ADDED], added);
	assert_int_equal(plan.counts[SYNC_CHANGED], changed);
	assert_int_equal(plan.counts[SYNC_DEPRECATED], deprecated);
	assert_int_equal(plan.counts[SYNC_PRICE], prices);
}

static void sync_is_refused(
	struct str text, struct sync_request request, const char *why)
{
	int64_t prices = count_of("SELECT COUNT(*) FROM prices");
	int64_t models = count_of("SELECT COUNT(*) FROM models");
	struct sync_plan plan;
	struct error err;

	assert_false(sync_text(text, request, &plan, &err));
	if (!strstr(error_message(&err), why))
		fail_msg("'%s' instead of '%s'", error_message(&err), why);
	assert_int_equal(count_of("SELECT COUNT(*) FROM prices"), prices);
	assert_int_equal(count_of("SELECT COUNT(*) FROM models"), models);
}

static const struct sync_request add_all = { .adds_all = true };
static const struct sync_request plain = { .adds_all = false };

#define PRICES "\"prices\":[{\"input\":\"2\",\"output\":\"8\"}]"

static const struct model *find_model(
	const struct catalog *catalog, const char *name)
{
	const struct model *const *found;

	assert_int_equal(catalog_find_models(catalog, str_of(name), &found), 1);
	return found[0];
}

static void models_are_added_with_all_that_is_known(void **state)
{
	const struct model *model;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	const struct price *price;

	(void)state;
	sync_must(lists_file("litellm.json", &arena), add_all, 9, 0, 0, 0);
	must(catalog_load(db, &catalog, &err), &err);
	model = find_model(catalog, "gpt-5");
	assert_int_equal(model->kind, MODEL_CHAT);
	assert_int_equal(model->context_tokens, 272000);
	assert_int_equal(model->max_output_tokens, 128000);
	assert_true(model->capabilities & MODEL_CAN_REASON);
	assert_true(model->input_modalities & MODALITY_IMAGE);
	assert_true(str_equal(model->source, S("litellm")));
	assert_int_equal(model->quality, 78);
	assert_true(str_equal(model->quality_source, S("price prior")));
	price = model_price_of_tier(model, clock_unix_ms(), 10, PRICE_PRIORITY);
	assert_int_equal(price->input_picousd, 2500000);
	price = model_price_of_tier(model, clock_unix_ms(), 10, PRICE_BATCH);
	assert_int_equal(price->input_picousd, 1250000);
	assert_int_equal(find_model(catalog, "gpt-image-1")->kind, MODEL_IMAGE);
	catalog_free(catalog);
}

static void twice_is_once(void **state)
{
	struct str text = lists_file("litellm.json", &arena);
	int64_t version;

	(void)state;
	sync_must(text, add_all, 9, 0, 0, 0);
	version = count_of("SELECT version FROM snapshot_version "
			   "WHERE topic = 'catalog'");
	sync_must(text, add_all, 0, 0, 0, 0);
	sync_must(text, plain, 0, 0, 0, 0);
	assert_int_equal(count_of("SELECT version FROM snapshot_version "
				  "WHERE topic = 'catalog'"),
		version);
	assert_int_equal(count_of("SELECT COUNT(*) FROM catalog_syncs "
				  "WHERE result = 'unchanged'"),
		2);
	assert_int_equal(count_of("SELECT COUNT(*) FROM catalog_changes"), 9);
}

static void a_new_price_begins_and_the_old_one_stays(void **state)
{
	struct str line = model_line("m", PRICES);
	struct str dearer = model_line("m", "\"prices\":[{\"input\":\"3\","
					    "\"output\":\"8\"}]");
	const struct model *model;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	int64_t before_ms;

	(void)state;
	sync_must(list_of(&line, 1), add_all, 1, 0, 0, 0);
	before_ms = clock_unix_ms();
	usleep(3000);
	sync_must(list_of(&dearer, 1), plain, 0, 0, 0, 1);
	must(catalog_load(db, &catalog, &err), &err);
	model = find_model(catalog, "m");
	assert_int_equal(
		model_price_at(model, before_ms)->input_picousd, 2000000);
	assert_int_equal(
		model_price_at(model, clock_unix_ms())->input_picousd, 3000000);
	catalog_free(catalog);
	assert_int_equal(
		count_of("SELECT COUNT(*) FROM catalog_changes WHERE "
			 "kind = 'price_changed' AND "
			 "JSON_VALUE(before_json, '$[0].input') = '2' AND "
			 "JSON_VALUE(after_json, '$[0].input') = '3'"),
		1);
	assert_int_equal(count_of("SELECT prices_changed FROM catalog_syncs "
				  "ORDER BY id DESC LIMIT 1"),
		1);
}

/* A tier that is gone costs as the ordinary one, also when that changes. */
static void a_tier_that_ends_costs_what_others_do(void **state)
{
	struct str with = model_line("m",
		"\"prices\":[{\"input\":\"2\",\"output\":\"8\"},{\"above\":"
		"500,\"input\":\"4\",\"output\":\"9\"},{\"tier\":\"flex\","
		"\"input\":\"1\",\"output\":\"4\"}]");
	struct str without = model_line("m", PRICES);
	struct str later = model_line(
		"m", "\"prices\":[{\"input\":\"5\",\"output\":\"8\"}]");
	const struct model *model;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	int64_t now;

	(void)state;
	sync_must(list_of(&with, 1), add_all, 1, 0, 0, 0);
	usleep(3000);
	sync_must(list_of(&without, 1), plain, 0, 0, 0, 1);
	sync_must(list_of(&without, 1), plain, 0, 0, 0, 0);
	usleep(3000);
	sync_must(list_of(&later, 1), plain, 0, 0, 0, 1);
	must(catalog_load(db, &catalog, &err), &err);
	model = find_model(catalog, "m");
	now = clock_unix_ms();
	assert_int_equal(
		model_price_for(model, now, 900)->input_picousd, 5000000);
	assert_int_equal(
		model_price_of_tier(model, now, 10, PRICE_FLEX)->input_picousd,
		5000000);
	catalog_free(catalog);
}

static void what_is_manual_is_left_alone(void **state)
{
	struct model_change change = model_change_none();
	struct str lines[] = { model_line("mine", PRICES),
		model_line("theirs", PRICES) };
	struct error err = ERROR_INIT;
	struct catalog *catalog;
	bool created;
	int64_t id;

	(void)state;
	must(provider_find_id(db, S("openai"), &change.provider_id, &err),
		&err);
	change.name = S("mine");
	change.context_tokens = 77;
	change.input_picousd = change.output_picousd = 5;
	must(model_save(db, &change, &id, &created, &err), &err);
	/* All of its models are: it gets no others by itself. */
	sync_must(list_of(lines, 2), plain, 0, 0, 0, 0);
	sync_must(list_of(lines, 2), add_all, 1, 0, 0, 0);
	must(catalog_load(db, &catalog, &err), &err);
	assert_int_equal(find_model(catalog, "mine")->context_tokens, 77);
	assert_int_equal(
		model_price_at(find_model(catalog, "mine"), clock_unix_ms())
			->input_picousd,
		5);
	catalog_free(catalog);
}

/* From the first model of a catalogue on, new ones come by themselves. */
static void new_models_follow(void **state)
{
	struct str lines[] = { model_line("a", PRICES),
		model_line("b", PRICES) };

	(void)state;
	add_provider("other", "https://example.com/v1");
	sync_must(list_of(lines, 1), plain, 0, 0, 0, 0);
	sync_must(list_of(lines, 1),
		(struct sync_request){ .adds_to = S("openai") }, 1, 0, 0, 0);
	sync_must(list_of(lines, 2), plain, 1, 0, 0, 0);
	assert_int_equal(
		count_of("SELECT COUNT(*) FROM models m JOIN providers p ON "
			 "p.id = m.provider_id WHERE p.name = 'other'"),
		0);
}

static void who_cannot_be_added_to(void **state)
{
	struct str line = model_line("a", PRICES);

	(void)state;
	add_provider("other", "https://example.com/v1");
	sync_is_refused(list_of(&line, 1),
		(struct sync_request){ .adds_to = S("nobody") },
		"There is no provider 'nobody'");
	sync_is_refused(list_of(&line, 1),
		(struct sync_request){ .adds_to = S("other") },
		"know nothing about 'other'");
}

static void models_that_are_gone_are_deprecated(void **state)
{
	struct str lines[] = { model_line("a", PRICES), model_line("b", PRICES),
		model_line("c", PRICES) };
	struct str dated[] = { model_line("a", PRICES),
		model_line("b", PRICES ",\"deprecated\":\"2030-01-02\"") };
	struct catalog *catalog;
	struct error err = ERROR_INIT;

	(void)state;
	sync_must(list_of(lines, 3), add_all, 3, 0, 0, 0);
	run_sql("UPDATE models SET enabled = 0 WHERE name = 'a'");
	sync_must(list_of(dated, 2), plain, 0, 0, 2, 0);
	sync_must(list_of(dated, 2), plain, 0, 0, 0, 0);
	assert_int_equal(count_of("SELECT COUNT(*) FROM models"), 3);
	assert_int_equal(
		count_of("SELECT COUNT(*) FROM models WHERE name = 'a' AND "
			 "enabled = 0 AND deprecated_ms IS NULL"),
		1);
	must(catalog_load(db, &catalog, &err), &err);
	assert_int_equal(find_model(catalog, "b")->deprecated_ms,
		INT64_C(1893542400000));
	assert_true(find_model(catalog, "c")->deprecated_ms > 0);
	catalog_free(catalog);
	/* And are not when they come back. */
	sync_must(list_of(lines, 3), plain, 0, 2, 0, 0);
	assert_int_equal(count_of("SELECT COUNT(*) FROM models WHERE "
				  "deprecated_ms IS NOT NULL"),
		0);
}

static void what_is_not_plausible_is_refused(void **state)
{
	struct str lines[12];
	struct str dear = model_line("m0", "\"prices\":[{\"input\":\"40\","
					   "\"output\":\"8\"}]");
	struct str cheap = model_line("m0", "\"prices\":[{\"input\":\"2\","
					    "\"output\":\"0.4\"}]");
	struct str nearly = model_line("m0", "\"prices\":[{\"input\":\"39.9\","
					     "\"output\":\"0.41\"}]");
	struct sync_request large = { .allow_large_changes = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char name[8];

		snprintf(name, sizeof(name), "m%zu", i);
		lines[i] = model_line(name, PRICES);
	}
	sync_must(list_of(lines, 12), add_all, 12, 0, 0, 0);
	sync_is_refused(list_of(lines, 5), plain, "has 5 models where");
	sync_must(list_of(lines, 6), large, 0, 0, 6, 0);
	sync_must(list_of(lines, 12), plain, 0, 6, 0, 0);
	lines[0] = dear;
	sync_is_refused(list_of(lines, 12), plain, "'input' of openai/m0");
	lines[0] = cheap;
	sync_is_refused(list_of(lines, 12), plain, "'output' of openai/m0");
	lines[0] = nearly;
	sync_must(list_of(lines, 12), plain, 0, 0, 0, 1);
	lines[0] = model_line("m0", "\"prices\":[{\"input\":\"0\","
				    "\"output\":\"0.41\"}]");
	sync_is_refused(list_of(lines, 12), plain, "'input' of openai/m0");
	usleep(3000);
	sync_must(list_of(lines, 12), large, 0, 0, 0, 1);
}

/* The list is as long as before, but one provider's part of it is not. */
static void a_provider_does_not_lose_most_of_its_models(void **state)
{
	struct str lines[12];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char name[8];

		snprintf(name, sizeof(name), "m%zu", i);
		lines[i] = model_line(name, PRICES);
	}
	sync_must(list_of(lines, 8), add_all, 8, 0, 0, 0);
	for (size_t i = 3; i < 8; i++)
		lines[i] = lists_change(lines[i], "openai", "groq", &arena);
	sync_is_refused(list_of(lines, 8), plain, "5 of the 8 models of");
}

static void a_guess_is_made_once(void **state)
{
	struct str first = model_line("m", PRICES);
	struct str cheaper = model_line(
		"m", "\"prices\":[{\"input\":\"1\",\"output\":\"4\"}]");
	struct str measured = model_line("m",
		"\"quality\":64,\"quality_source\":\"a benchmark\"," PRICES);

	(void)state;
	sync_must(list_of(&first, 1), add_all, 1, 0, 0, 0);
	assert_int_equal(count_of("SELECT quality FROM models"), 78);
	usleep(3000);
	sync_must(list_of(&cheaper, 1), plain, 0, 0, 0, 1);
	assert_int_equal(count_of("SELECT quality FROM models"), 78);
	usleep(3000);
	sync_must(list_of(&measured, 1), plain, 0, 1, 0, 1);
	assert_int_equal(count_of("SELECT quality FROM models WHERE "
				  "quality_source = 'a benchmark'"),
		64);
}

static void a_manual_price_is_that_of_all_tiers(void **state)
{
	struct str with = model_line("m",
		"\"prices\":[{\"input\":\"2\",\"output\":\"8\"},{\"above\":"
		"500,\"input\":\"4\",\"output\":\"9\"},{\"tier\":\"flex\","
		"\"input\":\"1\",\"output\":\"4\"}]");
	struct model_change change = model_change_none();
	const struct model *model;
	struct error err = ERROR_INIT;
	struct catalog *catalog;
	int64_t id, now;
	bool created;

	(void)state;
	sync_must(list_of(&with, 1), add_all, 1, 0, 0, 0);
	usleep(3000);
	must(provider_find_id(db, S("openai"), &change.provider_id, &err),
		&err);
	change.name = S("m");
	change.input_picousd = 7;
	must(model_save(db, &change, &id, &created, &err), &err);
	must(catalog_load(db, &catalog, &err), &err);
	model = find_model(catalog, "m");
	now = clock_unix_ms();
	assert_true(str_equal(model->source, S("manual")));
	assert_int_equal(model_price_for(model, now, 900)->input_picousd, 7);
	assert_int_equal(
		model_price_of_tier(model, now, 9, PRICE_FLEX)->input_picousd,
		7);
	catalog_free(catalog);
	sync_must(list_of(&with, 1), plain, 0, 0, 0, 0);
}

static void one_updater_at_a_time(void **state)
{
	struct error err = ERROR_INIT;
	struct db *other;

	(void)state;
	must(db_take(pool, &other, &err), &err);
	must(sync_lock(other, &err), &err);
	assert_false(sync_lock(db, &err));
	assert_non_null(strstr(err.message, "at work"));
	db_give(pool, other);
	run_sql("SELECT RELEASE_ALL_LOCKS()");
}

/* The list that the program is installed with: it is ours, and it is sound. */
static void a_known_provider_gets_the_installed_models(void **state)
{
	struct error err = ERROR_INIT;
	size_t added = 0;

	(void)state;
	must(db_begin(db, &err), &err);
	must(sync_add_shipped(db, &settings, S("openai"), &arena, &added, &err),
		&err);
	must(db_commit(db, &err), &err);
	assert_true(added > 30);
	assert_int_equal(count_of("SELECT COUNT(*) FROM models WHERE name IN "
				  "('gpt-4o', 'gpt-4o-mini', "
				  "'text-embedding-3-small') AND enabled = 1"),
		3);
	assert_int_equal(count_of("SELECT COUNT(*) FROM models m WHERE NOT "
				  "EXISTS (SELECT 1 FROM prices p WHERE "
				  "p.model_id = m.id AND p.service_tier = '' "
				  "AND p.above_prompt_tokens = 0)"),
		0);
	assert_int_equal(
		count_of("SELECT COUNT(*) FROM models WHERE quality IS NOT "
			 "NULL AND quality_source = ''"),
		0);
}

static int start(void **state)
{
	struct error err = ERROR_INIT;
	unsigned applied;

	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	settings.data_dir = S("conf");
	must(db_pool_new(&settings, &pool, &err) && db_take(pool, &db, &err),
		&err);
	must(migrate_run(db, "sql", &applied, &err), &err);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	db_give(pool, db);
	db_pool_free(pool);
	private_mariadb_stop(&server);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(models_are_added_with_all_that_is_known),
		TEST(twice_is_once),
		TEST(a_new_price_begins_and_the_old_one_stays),
		TEST(a_tier_that_ends_costs_what_others_do),
		TEST(what_is_manual_is_left_alone),
		TEST(new_models_follow),
		TEST(who_cannot_be_added_to),
		TEST(models_that_are_gone_are_deprecated),
		TEST(what_is_not_plausible_is_refused),
		TEST(a_provider_does_not_lose_most_of_its_models),
		TEST(a_guess_is_made_once),
		TEST(a_manual_price_is_that_of_all_tiers),
		TEST(one_updater_at_a_time),
		TEST(a_known_provider_gets_the_installed_models),
	};

	return cmocka_run_group_tests_name("catalog/sync", tests, start, stop);
}
