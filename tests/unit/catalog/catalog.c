/*
 * catalog.c - the snapshot as it comes out of the database: finding models
 * and aliases, near names, prices over time, sealed keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/catalog.h"
#include "db/migrate.h"

#include "../private_mariadb.h"

#define SECRET "sk-test-0123456789abcdef"

static struct private_mariadb server;
static struct db_pool *pool;
static struct db *db;
static struct vault *vault;

static bool set_alias(struct db *in, int64_t project_id, struct str name,
	const struct str *models, size_t count, int64_t *id, bool *created,
	struct error *err)
{
	struct alias_change change = { .project_id = project_id,
		.name = name,
		.models = models,
		.count = count };

	return alias_set(in, &change, id, created, err);
}

static void must(bool ok, const struct error *err)
{
	if (!ok)
		fail_msg("%s", error_detail(err));
}

static void run_sql(const char *sql)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	must(stmt_prepare(db, &stmt, sql, &err) && stmt_run(stmt, &err), &err);
}

static struct catalog *load(void)
{
	struct error err = ERROR_INIT;
	struct catalog *catalog = NULL;

	must(catalog_load(db, &catalog, &err), &err);
	return catalog;
}

static int64_t add_provider(const char *name)
{
	const struct provider provider = { .name = str_of(name),
		.dialect = S("openai_chat"),
		.base_url = S("https://example.com/v1"),
		.auth = S("bearer"),
		.weight = 1 };
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	must(provider_save(db, &provider, &id, &created, &err), &err);
	return id;
}

static int64_t add_model(int64_t provider_id, const char *name)
{
	struct model_change change = model_change_none();
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	change.provider_id = provider_id;
	change.name = str_of(name);
	must(model_save(db, &change, &id, &created, &err), &err);
	return id;
}

static size_t find(const struct catalog *catalog, const char *name,
	const struct model *const **out)
{
	return catalog_find_models(catalog, str_of(name), out);
}

static void models_are_found_by_name_and_provider(void **state)
{
	struct catalog *catalog = load();
	const struct model *const *found;

	(void)state;
	assert_int_equal(find(catalog, "gpt-4o", &found), 2);
	assert_true(str_equal(found[0]->provider->name, S("alpha")));
	assert_true(str_equal(found[1]->provider->name, S("beta")));
	assert_int_equal(find(catalog, "beta/gpt-4o", &found), 1);
	assert_true(str_equal(found[0]->provider->name, S("beta")));
	assert_int_equal(find(catalog, "gpt-4o-mini", &found), 1);
	assert_int_equal(find(catalog, "alpha/gpt-4o-mini", &found), 1);
	assert_int_equal(find(catalog, "beta/gpt-4o-mini", &found), 0);
	assert_int_equal(find(catalog, "gamma/gpt-4o", &found), 0);
	catalog_free(catalog);
}

/* Names of routers hold slashes themselves. */
static void names_may_hold_slashes(void **state)
{
	struct catalog *catalog = load();
	const struct model *const *found;

	(void)state;
	assert_int_equal(find(catalog, "meta/llama-3", &found), 1);
	assert_true(str_equal(found[0]->provider->name, S("beta")));
	assert_int_equal(find(catalog, "beta/meta/llama-3", &found), 1);
	assert_int_equal(find(catalog, "llama-3", &found), 0);
	catalog_free(catalog);
}

/* "alpha/gpt-4o" is alpha's, also when beta resells it by that name. */
static void a_provider_comes_before_a_reseller_s_name(void **state)
{
	const struct model *const *found;
	struct catalog *catalog;

	(void)state;
	add_model(add_provider("beta"), "alpha/gpt-4o");
	catalog = load();
	assert_int_equal(find(catalog, "alpha/gpt-4o", &found), 1);
	assert_true(str_equal(found[0]->provider->name, S("alpha")));
	assert_int_equal(find(catalog, "beta/alpha/gpt-4o", &found), 1);
	assert_true(str_equal(found[0]->provider->name, S("beta")));
	catalog_free(catalog);
	run_sql("DELETE FROM models WHERE name = 'alpha/gpt-4o'");
}

static void odd_names_find_nothing(void **state)
{
	static const char *const names[] = { "", "/", "gpt-4o/", "/gpt-4o",
		"gpt-4", "gpt-4oo", "GPT-4O", "alpha/", "zzz" };
	struct catalog *catalog = load();
	const struct model *const *found;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(find(catalog, names[i], &found), 0);
	catalog_free(catalog);
}

static void what_is_disabled_is_not_offered(void **state)
{
	const struct model *const *found;
	struct catalog *catalog;

	(void)state;
	run_sql("UPDATE providers SET enabled = 0 WHERE name = 'beta'");
	catalog = load();
	assert_int_equal(find(catalog, "gpt-4o", &found), 1);
	assert_int_equal(find(catalog, "meta/llama-3", &found), 0);
	assert_int_equal(catalog->model_count, 4);
	assert_int_equal(catalog->offered_count, 2);
	catalog_free(catalog);
	run_sql("UPDATE providers SET enabled = 1 WHERE name = 'beta'");
	run_sql("UPDATE models SET enabled = 0 WHERE name = 'gpt-4o-mini'");
	catalog = load();
	assert_int_equal(find(catalog, "gpt-4o-mini", &found), 0);
	catalog_free(catalog);
	run_sql("UPDATE models SET enabled = 1");
}

static void a_row_not_understood_is_not_used(void **state)
{
	const struct model *const *found;
	struct catalog *catalog;

	(void)state;
	run_sql("UPDATE providers SET quirks = '{\"new\":\"thing\"}' "
		"WHERE name = 'beta'");
	catalog = load();
	assert_int_equal(find(catalog, "gpt-4o", &found), 1);
	assert_true(str_equal(found[0]->provider->name, S("alpha")));
	catalog_free(catalog);
	run_sql("UPDATE providers SET quirks = '{}'");
}

static bool not_mini(const void *context, struct str name)
{
	(void)context;
	return !str_ends(name, S("-mini"));
}

static void near_names_are_named(void **state)
{
	struct catalog *catalog = load();
	struct str near[CATALOG_NEAR_NAMES];

	(void)state;
	assert_int_equal(
		catalog_near_names(catalog, 0, S("gtp-4o"), NULL, NULL, near),
		1);
	assert_true(str_equal(near[0], S("gpt-4o")));
	assert_int_equal(catalog_near_names(catalog, 0, S("gpt-4o-mimi"), NULL,
				 NULL, near),
		2);
	assert_true(str_equal(near[0], S("gpt-4o-mini")) ||
		    str_equal(near[1], S("gpt-4o-mini")));
	assert_int_equal(
		catalog_near_names(catalog, 0, S("GPT-4O"), NULL, NULL, near),
		1);
	assert_true(str_equal(near[0], S("gpt-4o")));
	assert_int_equal(catalog_near_names(catalog, 0, S("claude-opus"), NULL,
				 NULL, near),
		0);
	assert_int_equal(
		catalog_near_names(catalog, 0, S(""), NULL, NULL, near), 0);
	assert_int_equal(catalog_near_names(catalog, 0, S("gpt-4o-mini-1"),
				 not_mini, NULL, near),
		1);
	assert_true(str_equal(near[0], S("gpt-4o")));
	catalog_free(catalog);
}

static void a_project_s_own_alias_comes_first(void **state)
{
	const struct str everywhere[] = { STR("gpt-4o"), STR("gpt-4o-mini") };
	const struct str own[] = { STR("beta/gpt-4o") };
	struct str near[CATALOG_NEAR_NAMES];
	const struct alias *alias;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	(void)state;
	must(set_alias(db, 0, S("lawyer"), everywhere, 2, &id, &created, &err),
		&err);
	assert_true(created);
	must(set_alias(db, 7, S("lawyer"), own, 1, &id, &created, &err), &err);
	must(set_alias(db, 7, S("only-seven"), own, 1, &id, &created, &err),
		&err);
	catalog = load();
	alias = catalog_find_alias(catalog, 0, S("lawyer"));
	assert_int_equal(alias->target_count, 2);
	assert_true(str_equal(alias->targets->model, S("gpt-4o")));
	assert_true(str_equal(alias->targets->next->model, S("gpt-4o-mini")));
	assert_null(alias->targets->next->next);
	assert_ptr_equal(catalog_find_alias(catalog, 8, S("lawyer")), alias);
	alias = catalog_find_alias(catalog, 7, S("lawyer"));
	assert_int_equal(alias->target_count, 1);
	assert_true(str_equal(alias->targets->model, S("beta/gpt-4o")));
	assert_null(catalog_find_alias(catalog, 8, S("only-seven")));
	assert_null(catalog_find_alias(catalog, 7, S("nobody")));
	assert_int_equal(catalog_near_names(
				 catalog, 8, S("only-sevem"), NULL, NULL, near),
		0);
	assert_int_equal(catalog_near_names(
				 catalog, 7, S("only-sevem"), NULL, NULL, near),
		1);
	catalog_free(catalog);
}

static void an_alias_has_a_strategy(void **state)
{
	const struct str models[] = { STR("gpt-4o"), STR("gpt-4o-mini") };
	const int64_t weights[] = { 3, 1 };
	struct alias_change change = { .name = STR("shared"),
		.strategy = ALIAS_WEIGHTED,
		.models = models,
		.weights = weights,
		.count = 2 };
	enum alias_strategy strategy;
	const struct alias *alias;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	(void)state;
	must(alias_set(db, &change, &id, &created, &err), &err);
	catalog = load();
	alias = catalog_find_alias(catalog, 0, S("shared"));
	assert_int_equal(alias->strategy, ALIAS_WEIGHTED);
	assert_int_equal(alias->targets->position, 0);
	assert_int_equal(alias->targets->weight, 3);
	assert_int_equal(alias->targets->next->position, 0);
	assert_int_equal(alias->targets->next->weight, 1);
	catalog_free(catalog);
	change.strategy = ALIAS_LEAST_LATENCY;
	change.weights = NULL;
	must(alias_set(db, &change, &id, &created, &err), &err);
	catalog = load();
	alias = catalog_find_alias(catalog, 0, S("shared"));
	assert_int_equal(alias->strategy, ALIAS_LEAST_LATENCY);
	assert_int_equal(alias->targets->next->position, 1);
	assert_int_equal(alias->targets->next->weight, 1);
	catalog_free(catalog);
	assert_false(alias_strategy_read(S("random"), &strategy, &err));
}

static void an_alias_gets_new_targets(void **state)
{
	const struct str first[] = { STR("gpt-4o"), STR("gpt-4o-mini") };
	const struct str twice[] = { STR("gpt-4o"), STR("gpt-4o") };
	const struct alias *alias;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	(void)state;
	must(set_alias(db, 0, S("fast"), first, 2, &id, &created, &err), &err);
	must(set_alias(db, 0, S("fast"), first + 1, 1, &id, &created, &err),
		&err);
	assert_false(created);
	catalog = load();
	alias = catalog_find_alias(catalog, 0, S("fast"));
	assert_int_equal(alias->target_count, 1);
	assert_true(str_equal(alias->targets->model, S("gpt-4o-mini")));
	catalog_free(catalog);
	assert_false(
		set_alias(db, 0, S("fast"), twice, 2, &id, &created, &err));
	/* Then it is no longer the router. */
	must(set_alias(db, 0, S("auto"), first, 1, &id, &created, &err), &err);
	assert_false(set_alias(db, 0, S("a b"), first, 1, &id, &created, &err));
	assert_false(
		set_alias(db, 0, S("fast"), first, 0, &id, &created, &err));
}

static void a_new_price_does_not_touch_the_old_one(void **state)
{
	struct model_change change = model_change_none();
	const struct model *const *found;
	const struct price *price;
	struct catalog *catalog;
	struct error err = ERROR_INIT;
	int64_t id, first_ms;
	bool created;

	(void)state;
	change.provider_id = add_provider("alpha");
	change.name = S("gpt-4o-mini");
	change.input_picousd = 150000;
	assert_false(model_save(db, &change, &id, &created, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	change.output_picousd = 600000;
	must(model_save(db, &change, &id, &created, &err), &err);
	must(model_save(db, &change, &id, &created, &err), &err);
	first_ms = clock_unix_ms();
	usleep(3000);
	change = (struct model_change)model_change_none();
	change.provider_id = add_provider("alpha");
	change.name = S("gpt-4o-mini");
	change.cached_picousd = 75000;
	must(model_save(db, &change, &id, &created, &err), &err);
	assert_false(created);
	catalog = load();
	assert_int_equal(find(catalog, "gpt-4o-mini", &found), 1);
	price = model_price_at(found[0], clock_unix_ms());
	assert_int_equal(price->input_picousd, 150000);
	assert_int_equal(price->output_picousd, 600000);
	assert_int_equal(price->cached_picousd, 75000);
	assert_int_equal(price->reasoning_picousd, PRICE_NONE);
	price = model_price_at(found[0], first_ms);
	assert_int_equal(price->cached_picousd, PRICE_NONE);
	assert_null(price->older);
	assert_int_equal(find(catalog, "gpt-4o", &found), 2);
	assert_null(model_price_at(found[0], clock_unix_ms()));
	catalog_free(catalog);
}

static void check_key(const struct provider_key *key, const char *secret)
{
	char context[PROVIDER_KEY_CONTEXT_BYTES];
	struct buf plain = BUF_INIT(1024);
	struct error err = ERROR_INIT;

	must(vault_open(vault, provider_key_context(key->id, context),
		     key->sealed, &plain, &err),
		&err);
	assert_string_equal(buf_cstr(&plain), secret);
	vault_wipe(&plain);
}

static void keys_are_sealed_and_replaced(void **state)
{
	int64_t id = add_provider("alpha");
	const struct provider *provider;
	struct catalog *catalog;
	struct error err = ERROR_INIT;

	(void)state;
	must(provider_key_save(
		     db, vault, id, S("default"), S("short"), 1, &err),
		&err);
	must(provider_key_save(db, vault, id, S("default"), S(SECRET), 2, &err),
		&err);
	must(provider_key_save(db, vault, id, S("second"), S("short"), 3, &err),
		&err);
	catalog = load();
	provider = catalog_find_provider(catalog, S("alpha"));
	assert_int_equal(provider->key_count, 2);
	check_key(provider->keys, SECRET);
	assert_int_equal(provider->keys->weight, 2);
	assert_true(str_equal(provider->keys->hint, S("cdef")));
	assert_int_equal(str_find(provider->keys->sealed, S("sk-test")),
		provider->keys->sealed.n);
	check_key(provider->keys->next, "short");
	assert_int_equal(provider->keys->next->hint.n, 0);
	catalog_free(catalog);
	assert_false(provider_key_save(
		db, vault, id, S("x"), S("a\r\nHost: b"), 1, &err));
	assert_false(provider_key_save(db, vault, id, S("x"), S(""), 1, &err));
}

/* Two versions, then only the newer: all keys still open. */
static void keys_move_to_the_newest_master_key(void **state)
{
	char first[VAULT_KEY_TEXT_BYTES], second[VAULT_KEY_TEXT_BYTES];
	struct vault *both, *newer, *wrong;
	struct error err = ERROR_INIT;
	struct arena arena;
	char text[256];
	size_t count;

	(void)state;
	vault_new_key(second);
	vault_new_key(first);
	snprintf(text, sizeof(text), "2:%s,1:%064d", second, 1);
	must(vault_parse(str_of(text), &both, &err), &err);
	snprintf(text, sizeof(text), "2:%s", second);
	must(vault_parse(str_of(text), &newer, &err), &err);
	snprintf(text, sizeof(text), "2:%s", first);
	must(vault_parse(str_of(text), &wrong, &err), &err);
	arena_init(&arena, 4096);
	assert_false(provider_keys_rewrap(db, newer, &arena, &count, &err));
	assert_int_equal(err.kind, ERR_CRYPTO);
	must(provider_keys_rewrap(db, both, &arena, &count, &err), &err);
	assert_int_equal(count, 2);
	must(provider_keys_rewrap(db, both, &arena, &count, &err), &err);
	assert_int_equal(count, 0);
	must(provider_keys_check(db, newer, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_false(provider_keys_check(db, vault, &count, &err));
	assert_false(provider_keys_check(db, wrong, &count, &err));
	arena_release(&arena);
	vault_free(both);
	vault_free(newer);
	vault_free(wrong);
}

static void bad_providers_are_refused(void **state)
{
	struct provider provider = { .name = S("ok"),
		.dialect = S("openai_chat"),
		.base_url = S("https://example.com"),
		.auth = S("bearer") };
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	(void)state;
	provider.name = S("a/b");
	assert_false(provider_save(db, &provider, &id, &created, &err));
	provider.name = S("");
	assert_false(provider_save(db, &provider, &id, &created, &err));
	provider.name = S("ok");
	provider.auth = S("x-key: evil");
	assert_false(provider_save(db, &provider, &id, &created, &err));
	provider.auth = S("Content-Length");
	assert_false(provider_save(db, &provider, &id, &created, &err));
	provider.auth = S("x-api-key");
	must(provider_save(db, &provider, &id, &created, &err), &err);
	assert_true(created);
	must(provider_remove(db, S("ok"), &id, &err), &err);
	assert_false(provider_remove(db, S("ok"), &id, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void every_change_raises_the_version(void **state)
{
	struct catalog *before = load(), *after;

	(void)state;
	add_model(add_provider("gamma"), "gamma-1");
	after = load();
	assert_int_equal(after->version, before->version + 2);
	catalog_free(before);
	catalog_free(after);
}

static int set_up(void **state)
{
	struct settings settings;
	struct error err = ERROR_INIT;
	unsigned applied;
	char key[VAULT_KEY_TEXT_BYTES];
	int64_t alpha, beta;

	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	must(db_pool_new(&settings, &pool, &err) && db_take(pool, &db, &err) &&
			migrate_run(db, "sql", &applied, &err),
		&err);
	snprintf(key, sizeof(key), "%064d", 1);
	must(vault_parse(str_of(key), &vault, &err), &err);
	alpha = add_provider("alpha");
	beta = add_provider("beta");
	add_model(beta, "gpt-4o");
	add_model(alpha, "gpt-4o-mini");
	add_model(alpha, "gpt-4o");
	add_model(beta, "meta/llama-3");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vault_free(vault);
	db_give(pool, db);
	db_pool_free(pool);
	private_mariadb_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(models_are_found_by_name_and_provider),
		cmocka_unit_test(names_may_hold_slashes),
		cmocka_unit_test(a_provider_comes_before_a_reseller_s_name),
		cmocka_unit_test(odd_names_find_nothing),
		cmocka_unit_test(what_is_disabled_is_not_offered),
		cmocka_unit_test(a_row_not_understood_is_not_used),
		cmocka_unit_test(near_names_are_named),
		cmocka_unit_test(a_project_s_own_alias_comes_first),
		cmocka_unit_test(an_alias_has_a_strategy),
		cmocka_unit_test(an_alias_gets_new_targets),
		cmocka_unit_test(a_new_price_does_not_touch_the_old_one),
		cmocka_unit_test(keys_are_sealed_and_replaced),
		cmocka_unit_test(keys_move_to_the_newest_master_key),
		cmocka_unit_test(bad_providers_are_refused),
		cmocka_unit_test(every_change_raises_the_version),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
