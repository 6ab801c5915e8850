/*
 * key_set.c - the set of all keys: what is stored is found, nothing else is;
 * a hundred thousand of them stay small.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/key_set.h"
#include "accounts/project.h"
#include "crypto/digest.h"
#include "db/migrate.h"

#include "../private_mariadb.h"

#include <malloc.h>

/* A sanitizer has an allocator of its own, which mallinfo2() does not see. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_ALLOCATOR
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR
#endif

#define MANY 100000
#define MANY_MAX_BYTES (40 * 1000 * 1000)

static struct private_mariadb server;
static struct db_pool *pool;
static struct db *db;
static struct project project;

static void run_sql(const char *sql)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
}

static int64_t create(
	const struct gateway_key *key, char text[GATEWAY_KEY_TEXT_BYTES])
{
	struct error err = ERROR_INIT;
	int64_t id;

	gateway_key_make(key->kind, text);
	if (!gateway_key_create(db, key, str_of(text), &id, &err))
		fail_msg("%s", error_detail(&err));
	return id;
}

static struct key_set *load(void)
{
	struct error err = ERROR_INIT;
	struct key_set *set;

	if (!key_set_load(db, &set, &err))
		fail_msg("%s", error_detail(&err));
	return set;
}

static const struct gateway_key *find(
	const struct key_set *set, struct str text)
{
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];

	gateway_key_hash(text, hash);
	return key_set_find(set, hash);
}

static struct gateway_key plain_key(void)
{
	return (struct gateway_key){ .name = S("plain"),
		.project_id = project.id,
		.organisation_id = project.organisation_id };
}

static void an_empty_set_knows_nothing(void **state)
{
	struct key_set *set = load();
	char text[GATEWAY_KEY_TEXT_BYTES];

	(void)state;
	gateway_key_make(GATEWAY_KEY_SECRET, text);
	assert_int_equal(key_set_count(set), 0);
	assert_null(find(set, str_of(text)));
	key_set_free(set);
}

static void every_field_comes_back(void **state)
{
	const struct str models[] = { STR("gpt-*"), STR("fast") };
	const struct str providers[] = { STR("groq") };
	const struct str origins[] = { STR("https://app.example.com") };
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct gateway_key key = plain_key();
	const struct gateway_key *found;
	struct key_set *set;
	int64_t id;

	(void)state;
	key.name = S("año \"x\"");
	key.kind = GATEWAY_KEY_PUBLISHABLE;
	key.metadata_mode = METADATA_OFF;
	key.expires_ms = INT64_C(1900000000123);
	key.limits = (struct key_limits){ 60, INT64_C(5000000000), 7 };
	key.first_byte_timeout_ms = 1500;
	key.total_timeout_ms = 90000;
	key.cache_policy = CACHE_POLICY_ON;
	key.cache_ttl_ms = INT64_C(86400000000);
	key.allowed_models = (struct name_list){ models, 2 };
	key.allowed_providers = (struct name_list){ providers, 1 };
	key.allowed_origins = (struct name_list){ origins, 1 };
	id = create(&key, text);
	set = load();
	found = find(set, str_of(text));
	assert_non_null(found);
	assert_int_equal(found->id, id);
	assert_int_equal(found->project_id, project.id);
	assert_int_equal(found->organisation_id, project.organisation_id);
	assert_true(str_equal(found->name, key.name));
	assert_int_equal(found->kind, GATEWAY_KEY_PUBLISHABLE);
	assert_int_equal(found->metadata_mode, METADATA_OFF);
	assert_int_equal(found->expires_ms, key.expires_ms);
	assert_int_equal(found->revoked_ms, 0);
	assert_memory_equal(&found->limits, &key.limits, sizeof(key.limits));
	assert_int_equal(found->first_byte_timeout_ms, 1500);
	assert_int_equal(found->total_timeout_ms, 90000);
	assert_int_equal(found->cache_policy, CACHE_POLICY_ON);
	assert_int_equal(found->cache_ttl_ms, key.cache_ttl_ms);
	assert_int_equal(found->limit_set->project_id, project.id);
	assert_int_equal(found->allowed_models.count, 2);
	assert_true(str_equal(found->allowed_models.names[0], models[0]));
	assert_true(str_equal(found->allowed_models.names[1], models[1]));
	assert_int_equal(found->allowed_providers.count, 1);
	assert_int_equal(found->allowed_origins.count, 1);
	assert_true(str_equal(found->allowed_origins.names[0], origins[0]));
	key_set_free(set);
}

static void what_is_not_set_is_none(void **state)
{
	struct gateway_key key = plain_key();
	char text[GATEWAY_KEY_TEXT_BYTES];
	const struct gateway_key *found;
	struct key_set *set;

	(void)state;
	create(&key, text);
	set = load();
	found = find(set, str_of(text));
	assert_non_null(found);
	assert_int_equal(found->kind, GATEWAY_KEY_SECRET);
	assert_int_equal(found->metadata_mode, METADATA_DEFAULT);
	assert_int_equal(found->expires_ms, 0);
	assert_int_equal(found->limits.requests_per_minute, 0);
	assert_int_equal(found->first_byte_timeout_ms, 0);
	assert_int_equal(found->total_timeout_ms, 0);
	assert_int_equal(found->cache_policy, CACHE_POLICY_DEFAULT);
	assert_int_equal(found->cache_ttl_ms, 0);
	assert_ptr_equal(found->limit_set->zone, time_zone_utc());
	assert_int_equal(found->limit_set->budgets[SCOPE_KEY].count, 0);
	assert_int_equal(found->allowed_models.count, 0);
	key_set_free(set);
}

static void a_revoked_key_stays_and_the_version_moves(void **state)
{
	struct gateway_key key = plain_key();
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct error err = ERROR_INIT;
	int64_t id = create(&key, text), version;
	struct key_set *before = load(), *after;
	const struct gateway_key *found;

	(void)state;
	assert_true(gateway_key_revoke(db, id, &err));
	assert_true(key_set_version_now(db, &version, &err));
	assert_int_equal(version, key_set_version(before) + 1);
	assert_int_equal(find(before, str_of(text))->revoked_ms, 0);
	after = load();
	assert_int_equal(key_set_version(after), version);
	found = find(after, str_of(text));
	assert_true(found->revoked_ms > 0);
	assert_false(gateway_key_check(found, 1, &err));
	assert_int_equal(err.kind, ERR_KEY_REVOKED);
	assert_false(gateway_key_revoke(db, INT64_C(1) << 40, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	key_set_free(before);
	key_set_free(after);
}

/* A list that cannot be read must not come out as "everything allowed". */
static void an_unreadable_list_is_refused(void **state)
{
	struct error err = ERROR_INIT;
	struct key_set *set;

	(void)state;
	run_sql("UPDATE gateway_keys SET allowed_models = '[1]' "
		"WHERE name = 'plain' LIMIT 1");
	assert_false(key_set_load(db, &set, &err));
	run_sql("UPDATE gateway_keys SET allowed_models = '[]' "
		"WHERE allowed_models = '[1]'");
}

static void many_keys_stay_small(void **state)
{
	struct mallinfo2 before, after;
	const struct gateway_key *found;
	struct key_set *set;
	char text[32];

	(void)state;
	run_sql("DELETE FROM budgets");
	run_sql("DELETE FROM gateway_keys");
	run_sql("INSERT INTO gateway_keys (project_id, name, hash, prefix, "
		"created_ms, allowed_models) SELECT "
		"(SELECT MIN(id) FROM projects), CONCAT('key ', seq), "
		"UNHEX(SHA2(CONCAT('key-', seq), 256)), 'gw_', 1, "
		"'[\"gpt-4o-mini\"]' FROM seq_1_to_100000");
	/* The connection keeps the rows of its last query: of both loads. */
	key_set_free(load());
	before = mallinfo2();
	set = load();
	after = mallinfo2();
	assert_int_equal(key_set_count(set), MANY);
	for (int i = 1; i <= MANY; i++) {
		snprintf(text, sizeof(text), "key-%d", i);
		found = find(set, str_of(text));
		assert_non_null(found);
		snprintf(text, sizeof(text), "key %d", i);
		assert_true(str_equal(found->name, str_of(text)));
		assert_null(find(set, str_of(text)));
	}
	print_message("%d keys: %zu bytes\n", MANY,
		after.uordblks + after.hblkhd - before.uordblks -
			before.hblkhd);
#ifndef OWN_ALLOCATOR
	assert_true(after.uordblks + after.hblkhd >
		    before.uordblks + before.hblkhd);
	assert_true(after.uordblks + after.hblkhd - before.uordblks -
			    before.hblkhd <
		    MANY_MAX_BYTES);
#endif
	key_set_free(set);
}

static int set_up(void **state)
{
	struct settings settings;
	struct error err = ERROR_INIT;
	unsigned applied;

	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	if (!db_pool_new(&settings, &pool, &err) || !db_take(pool, &db, &err) ||
		!migrate_run(db, "sql", &applied, &err) ||
		!project_default(db, &project, &err))
		fail_msg("%s", error_detail(&err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	db_give(pool, db);
	db_pool_free(pool);
	private_mariadb_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_set_knows_nothing),
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(what_is_not_set_is_none),
		cmocka_unit_test(a_revoked_key_stays_and_the_version_moves),
		cmocka_unit_test(an_unreadable_list_is_refused),
		cmocka_unit_test(many_keys_stay_small),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
