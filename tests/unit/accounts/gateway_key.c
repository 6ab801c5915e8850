/* gateway_key.c - keys are searched, changed, rotated; publishable ones are
 * bound; projects are archived. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "people.h"

#include "accounts/budget.h"
#include "accounts/key_set.h"
#include "accounts/quota.h"
#include "base/clock.h"

static struct project ours, theirs;

static int set_up(void **state)
{
	start_people(state);
	ours = add_organisation("ours", add_quick_user("ana@example.com"));
	theirs = add_organisation("theirs", add_quick_user("eve@example.com"));
	return 0;
}

static int64_t make(struct gateway_key *key, char text[GATEWAY_KEY_TEXT_BYTES])
{
	int64_t id;

	gateway_key_make(key->kind, text);
	MUST(gateway_key_create(db, key, str_of(text), &id, &err));
	return id;
}

static struct gateway_key_row find(int64_t id)
{
	struct gateway_key_row row;

	MUST(gateway_key_find(db, 0, id, &arena, &row, &err));
	return row;
}

static void a_key_is_found_by_its_own_organisation(void **state)
{
	struct gateway_key key = {
		.project_id = ours.id,
		.name = S("found"),
		.tags = { &S("team"), 1 },
		.limits = { 7, 8, 9 },
	};
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct gateway_key_row row;
	int64_t id = make(&key, text);

	(void)state;
	MUST(gateway_key_find(
		db, ours.organisation_id, id, &arena, &row, &err));
	assert_int_equal(row.key.limits.concurrent, 9);
	assert_true(str_equal(row.key.tags.names[0], S("team")));
	assert_true(str_equal(row.prefix, str_head(str_of(text), 8)));
	assert_int_equal(row.daily_picousd, BUDGET_NONE);
	MUST_FAIL(gateway_key_find(
			  db, theirs.organisation_id, id, &arena, &row, &err),
		ERR_NOT_FOUND);
	MUST_FAIL(
		gateway_key_find(db, 0, 0, &arena, &row, &err), ERR_NOT_FOUND);
}

static void a_search_takes_text_as_text(void **state)
{
	struct gateway_key key = { .project_id = ours.id,
		.name = S("100% Sure_Thing") };
	static const struct {
		struct str text;
		size_t found;
	} cases[] = { { STR("100% SURE"), 1 }, { STR("%Sure_Thing"), 0 },
		{ STR("sure_t"), 1 }, { STR("sureXt"), 0 } };
	char text[GATEWAY_KEY_TEXT_BYTES];
	int64_t id = make(&key, text);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct gateway_key_filter filter = { .limit = 10,
			.text = cases[i].text };
		struct gateway_key_row *rows;
		size_t count;

		MUST(gateway_key_search(
			db, &filter, &arena, &rows, &count, &err));
		assert_int_equal(count, cases[i].found);
		if (count)
			assert_int_equal(rows[0].key.id, id);
	}
}

static void a_change_sets_all_and_raises_the_version(void **state)
{
	struct gateway_key key = { .project_id = ours.id, .name = S("one") };
	char text[GATEWAY_KEY_TEXT_BYTES];
	int64_t before, after;

	(void)state;
	key.id = make(&key, text);
	MUST(key_set_version_now(db, &before, &err));
	key.name = S("two");
	key.expires_ms = 1234;
	key.cache_policy = CACHE_POLICY_OFF;
	key.metadata_mode = METADATA_ON;
	MUST(gateway_key_change(db, &key, &err));
	MUST(key_set_version_now(db, &after, &err));
	assert_true(after > before);
	assert_true(str_equal(find(key.id).key.name, S("two")));
	assert_int_equal(find(key.id).key.expires_ms, 1234);
	assert_int_equal(find(key.id).key.cache_policy, CACHE_POLICY_OFF);
	assert_int_equal(find(key.id).key.metadata_mode, METADATA_ON);
	key.name = S("");
	MUST_FAIL(gateway_key_change(db, &key, &err), ERR_BAD_FIELD);
}

static void a_successor_takes_budgets_and_quotas_along(void **state)
{
	struct gateway_key key = { .project_id = ours.id,
		.organisation_id = ours.organisation_id,
		.name = S("old") };
	char text[GATEWAY_KEY_TEXT_BYTES];
	int64_t id = make(&key, text), next, quota_id, now = clock_unix_ms();
	struct quota quota = {
		.owner = { ours.organisation_id, SCOPE_KEY, id, S("") },
		.period = PERIOD_HOUR,
		.limit_tokens = 500,
	};
	struct gateway_key_row row = find(id);
	struct quota_row *quotas;
	size_t count, of_next = 0;
	bool created;

	(void)state;
	MUST(gateway_key_set_budget(db, &row, PERIOD_DAILY, 5000, &err));
	MUST(quota_set(db, &quota, &quota_id, &created, &err));
	gateway_key_make(GATEWAY_KEY_SECRET, text);
	row = find(id);
	MUST(gateway_key_rotate(
		db, &row, 60000, 0, str_of(text), &arena, &next, &err));
	assert_int_equal(find(id).rotated_to, next);
	assert_in_range(find(id).key.expires_ms, now + 60000, now + 120000);
	assert_int_equal(find(next).daily_picousd, 5000);
	assert_int_equal(find(next).monthly_picousd, BUDGET_NONE);
	assert_int_equal(find(next).key.expires_ms, 0);
	MUST(quota_list(
		db, ours.organisation_id, &arena, &quotas, &count, &err));
	for (size_t i = 0; i < count; i++)
		of_next += quotas[i].quota.owner.scope_id == next &&
			   quotas[i].quota.limit_tokens == 500;
	assert_int_equal(of_next, 1);
	/* Once, whatever an older look at the row said. */
	gateway_key_make(GATEWAY_KEY_SECRET, text);
	MUST_FAIL(gateway_key_rotate(
			  db, &row, 0, 0, str_of(text), &arena, &next, &err),
		ERR_BAD_REQUEST);
	row = find(id);
	MUST_FAIL(gateway_key_rotate(
			  db, &row, 0, 0, str_of(text), &arena, &next, &err),
		ERR_BAD_REQUEST);
}

static void a_budget_of_a_key_is_set_and_taken_away(void **state)
{
	struct gateway_key key = { .project_id = ours.id, .name = S("spend") };
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct gateway_key_row row;

	(void)state;
	row = find(make(&key, text));
	MUST(gateway_key_set_budget(db, &row, PERIOD_MONTHLY, 70, &err));
	row = find(row.key.id);
	assert_int_equal(row.monthly_picousd, 70);
	MUST(gateway_key_set_budget(
		db, &row, PERIOD_MONTHLY, BUDGET_NONE, &err));
	assert_int_equal(find(row.key.id).monthly_picousd, BUDGET_NONE);
	assert_int_equal(find(row.key.id).monthly_budget_id, 0);
}

static void a_publishable_key_is_bound(void **state)
{
	const struct gateway_key good = {
		.project_id = ours.id,
		.kind = GATEWAY_KEY_PUBLISHABLE,
		.name = S("page"),
		.allowed_origins = { &S("https://a.example:8443"), 1 },
		.allowed_models = { &S("small"), 1 },
		.limits = { .requests_per_minute = 5 },
	};
	static const struct str bad[] = { STR("*"), STR("https://"),
		STR("https://A.example"), STR("https://a.example/"),
		STR("ftp://a.example"), STR("a.example"), STR("https://:80") };
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct gateway_key key = good;
	struct key_set *set;
	int64_t id = make(&key, text);

	(void)state;
	assert_true(
		gateway_key_serves_origin(&good, S("https://a.example:8443")));
	assert_false(gateway_key_serves_origin(&good, S("https://a.example")));
	assert_false(gateway_key_serves_origin(&good, S("")));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		key.allowed_origins = (struct name_list){ &bad[i], 1 };
		MUST_FAIL(gateway_key_create(db, &key, str_of(text), &id, &err),
			ERR_BAD_FIELD);
	}
	MUST(key_set_load(db, &set, &err));
	assert_true(key_set_serves_origin(
		set, S("https://a.example:8443"), clock_unix_ms()));
	assert_false(key_set_serves_origin(
		set, S("https://b.example"), clock_unix_ms()));
	key_set_free(set);
	MUST(gateway_key_revoke(db, id, &err));
	MUST(key_set_load(db, &set, &err));
	assert_false(key_set_serves_origin(
		set, S("https://a.example:8443"), clock_unix_ms()));
	key_set_free(set);
}

static void keys_of_an_archived_project_are_revoked_as_long(void **state)
{
	struct project_row *rows, row;
	struct gateway_key key = { .name = S("shop") };
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct project project;
	size_t count;
	bool created;
	int64_t id;

	(void)state;
	MUST(project_add(
		db, ours.organisation_id, S("shop"), &project, &created, &err));
	key.project_id = project.id;
	id = make(&key, text);
	MUST(project_set_archived(db, &project, true, &err));
	assert_true(find(id).key.revoked_ms > 0);
	MUST(project_list(
		db, ours.organisation_id, &arena, &rows, &count, &err));
	assert_int_equal(count, 2);
	assert_true(rows[1].archived_ms > 0);
	MUST(project_set_archived(db, &project, false, &err));
	assert_int_equal(find(id).key.revoked_ms, 0);
	MUST(project_find_id(
		db, ours.organisation_id, project.id, &arena, &row, &err));
	assert_int_equal(row.keys, 1);
	MUST_FAIL(project_find_id(db, theirs.organisation_id, project.id,
			  &arena, &row, &err),
		ERR_NOT_FOUND);
	MUST_FAIL(project_rename(db, &project, S("default"), &err),
		ERR_DUPLICATE);
	MUST(project_rename(db, &project, S("store"), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_found_by_its_own_organisation),
		cmocka_unit_test(a_search_takes_text_as_text),
		cmocka_unit_test(a_change_sets_all_and_raises_the_version),
		cmocka_unit_test(a_successor_takes_budgets_and_quotas_along),
		cmocka_unit_test(a_budget_of_a_key_is_set_and_taken_away),
		cmocka_unit_test(a_publishable_key_is_bound),
		cmocka_unit_test(
			keys_of_an_archived_project_are_revoked_as_long),
	};

	return cmocka_run_group_tests(tests, set_up, stop_people);
}
