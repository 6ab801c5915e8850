/* permission.c - who may do what, and whom forged ids do not help. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/permission.h"

#include "people.h"

static int64_t operator_id, owner_id, member_id, stranger_id;
static struct project ours, theirs;
static int64_t second_project;

static enum role role_of(
	int64_t user_id, int64_t organisation_id, int64_t project_id)
{
	enum role role;

	MUST(permission_role(
		db, user_id, organisation_id, project_id, &role, &err));
	return role;
}

static int set_up(void **state)
{
	struct project project;
	bool created;

	start_people(state);
	operator_id = add_user("operator@example.com");
	owner_id = add_quick_user("owner@example.com");
	member_id = add_quick_user("member@example.com");
	stranger_id = add_quick_user("stranger@example.com");
	ours = add_organisation("ours", owner_id);
	theirs = add_organisation("theirs", stranger_id);
	MUST(project_add(db, ours.organisation_id, S("second"), &project,
		&created, &err));
	second_project = project.id;
	MUST(member_set(db,
		&(struct member_of){ .organisation_id = ours.organisation_id },
		member_id, ROLE_VIEWER, &err));
	MUST(member_set(db,
		&(struct member_of){ ours.organisation_id, ours.id }, member_id,
		ROLE_ADMIN, &err));
	return 0;
}

static void names_are_read(void **state)
{
	enum role role;

	(void)state;
	for (enum role each = ROLE_VIEWER; each <= ROLE_OWNER; each++) {
		MUST(role_parse(role_name(each), &role, &err));
		assert_int_equal(role, each);
	}
	MUST_FAIL(role_parse(S("operator"), &role, &err), ERR_BAD_FIELD);
	MUST_FAIL(role_parse(S("none"), &role, &err), ERR_BAD_FIELD);
	MUST_FAIL(role_parse(S(""), &role, &err), ERR_BAD_FIELD);
	MUST_FAIL(role_parse(S("Owner"), &role, &err), ERR_BAD_FIELD);
}

static void the_stronger_role_holds(void **state)
{
	int64_t organisation = ours.organisation_id;

	(void)state;
	assert_int_equal(role_of(owner_id, organisation, 0), ROLE_OWNER);
	assert_int_equal(role_of(owner_id, organisation, ours.id), ROLE_OWNER);
	assert_int_equal(role_of(member_id, organisation, 0), ROLE_VIEWER);
	assert_int_equal(role_of(member_id, organisation, ours.id), ROLE_ADMIN);
	assert_int_equal(
		role_of(member_id, organisation, second_project), ROLE_VIEWER);
	/* A weaker one in the project takes nothing away. */
	MUST(member_set(db, &(struct member_of){ organisation, ours.id },
		owner_id, ROLE_VIEWER, &err));
	assert_int_equal(role_of(owner_id, organisation, ours.id), ROLE_OWNER);
}

static void strangers_have_none(void **state)
{
	int64_t organisation = ours.organisation_id;

	(void)state;
	assert_int_equal(role_of(stranger_id, organisation, 0), ROLE_NONE);
	assert_int_equal(
		role_of(stranger_id, organisation, ours.id), ROLE_NONE);
	assert_int_equal(role_of(999999, organisation, 0), ROLE_NONE);
	assert_int_equal(role_of(0, organisation, 0), ROLE_NONE);
	assert_int_equal(role_of(owner_id, 0, 0), ROLE_NONE);
}

/* An owner here names a project of somebody else. */
static void a_project_of_another_organisation_is_none(void **state)
{
	(void)state;
	assert_int_equal(
		role_of(owner_id, ours.organisation_id, theirs.id), ROLE_NONE);
	assert_int_equal(
		role_of(owner_id, theirs.organisation_id, ours.id), ROLE_NONE);
	assert_int_equal(role_of(owner_id, 0, ours.id), ROLE_NONE);
	assert_int_equal(role_of(operator_id, ours.organisation_id, theirs.id),
		ROLE_NONE);
	assert_int_equal(
		role_of(owner_id, ours.organisation_id, 999999), ROLE_NONE);
	assert_int_equal(role_of(owner_id, -1, -1), ROLE_NONE);
}

static void an_operator_may_all(void **state)
{
	(void)state;
	assert_int_equal(role_of(operator_id, 0, 0), ROLE_OPERATOR);
	assert_int_equal(
		role_of(operator_id, ours.organisation_id, 0), ROLE_OPERATOR);
	assert_int_equal(
		role_of(operator_id, theirs.organisation_id, theirs.id),
		ROLE_OPERATOR);
}

static void what_is_less_is_refused(void **state)
{
	int64_t organisation = ours.organisation_id;

	(void)state;
	MUST(permission_allows(
		db, member_id, ROLE_ADMIN, organisation, ours.id, &err));
	MUST(permission_allows(
		db, member_id, ROLE_VIEWER, organisation, 0, &err));
	MUST_FAIL(permission_allows(
			  db, member_id, ROLE_ADMIN, organisation, 0, &err),
		ERR_FORBIDDEN);
	MUST_FAIL(permission_allows(db, member_id, ROLE_OWNER, organisation,
			  ours.id, &err),
		ERR_FORBIDDEN);
	MUST_FAIL(permission_allows(
			  db, owner_id, ROLE_OPERATOR, organisation, 0, &err),
		ERR_FORBIDDEN);
	/* Who is nobody there is not told that it exists. */
	MUST_FAIL(permission_allows(
			  db, stranger_id, ROLE_VIEWER, organisation, 0, &err),
		ERR_NOT_FOUND);
	MUST_FAIL(permission_allows(
			  db, stranger_id, ROLE_VIEWER, 999999, 0, &err),
		ERR_NOT_FOUND);
}

static void what_is_taken_away_is_gone_at_once(void **state)
{
	struct member_of of = { ours.organisation_id, ours.id };

	(void)state;
	MUST(member_remove(db, &of, member_id, &err));
	assert_int_equal(role_of(member_id, of.organisation_id, of.project_id),
		ROLE_VIEWER);
	MUST(user_set_disabled(db, member_id, true, &err));
	assert_int_equal(role_of(member_id, of.organisation_id, 0), ROLE_NONE);
	MUST(user_set_disabled(db, member_id, false, &err));
	run_sql("UPDATE projects SET archived_ms = 1 WHERE name = 'second'");
	assert_int_equal(role_of(owner_id, of.organisation_id, second_project),
		ROLE_NONE);
	run_sql("UPDATE organisations SET archived_ms = 1 "
		"WHERE name = 'ours'");
	assert_int_equal(role_of(owner_id, of.organisation_id, 0), ROLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(the_stronger_role_holds),
		cmocka_unit_test(strangers_have_none),
		cmocka_unit_test(a_project_of_another_organisation_is_none),
		cmocka_unit_test(an_operator_may_all),
		cmocka_unit_test(what_is_less_is_refused),
		cmocka_unit_test(what_is_taken_away_is_gone_at_once),
	};

	return cmocka_run_group_tests(tests, set_up, stop_people);
}
