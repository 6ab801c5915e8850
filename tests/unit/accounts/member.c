/* member.c - roles are given and taken; an organisation keeps an owner. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "people.h"

#include <pthread.h>

static int64_t ana, ben, eve;
static struct project first, second;

static struct member_of whole(void)
{
	return (struct member_of){ .organisation_id = first.organisation_id };
}

static int set_up(void **state)
{
	start_people(state);
	ana = add_quick_user("ana@example.com");
	ben = add_quick_user("ben@example.com");
	eve = add_quick_user("eve@example.com");
	first = add_organisation("first", ana);
	second = add_organisation("second", eve);
	return 0;
}

static void an_organisation_is_made_whole(void **state)
{
	struct membership *places;
	struct member_project *projects;
	struct str name;
	size_t count;

	(void)state;
	MUST(member_organisations(db, ana, &arena, &places, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(places[0].organisation_id, first.organisation_id);
	assert_int_equal(places[0].role, ROLE_OWNER);
	assert_true(str_equal(places[0].organisation, S("first")));
	MUST(member_projects(db, ana, first.organisation_id, &arena, &projects,
		&count, &err));
	assert_int_equal(count, 1);
	assert_true(str_equal(projects[0].name, S("default")));
	MUST(organisation_name(db, first.organisation_id, &arena, &name, &err));
	assert_true(str_equal(name, S("first")));
}

static void a_name_is_taken_once(void **state)
{
	struct project project;

	(void)state;
	MUST_FAIL(organisation_create(db, S("first"), ben, &project, &err),
		ERR_DUPLICATE);
	MUST_FAIL(organisation_create(db, S(""), ben, &project, &err),
		ERR_BAD_FIELD);
	MUST_FAIL(organisation_create(db, S("a\nb"), ben, &project, &err),
		ERR_BAD_FIELD);
}

static void members_are_listed(void **state)
{
	struct member_of of = whole();
	struct member *members;
	size_t count;

	(void)state;
	MUST(member_set(db, &of, ben, ROLE_VIEWER, &err));
	MUST(member_set(db, &of, ben, ROLE_MEMBER, &err));
	MUST(member_list(
		db, &of, S(""), MEMBERS_ALL, &arena, &members, &count, &err));
	assert_int_equal(count, 2);
	assert_true(str_equal(members[1].email, S("ben@example.com")));
	assert_int_equal(members[1].role, ROLE_MEMBER);
	assert_int_equal(members[1].user_id, ben);
	assert_true(members[1].since_ms > 0);
	assert_false(members[1].is_disabled);
	MUST(member_list(db, &of, S(""), 1, &arena, &members, &count, &err));
	assert_int_equal(count, 1);
	MUST(member_list(
		db, &of, members[0].email, 9, &arena, &members, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(members[0].user_id, ben);
}

static void the_last_owner_stays(void **state)
{
	struct member_of of = whole();

	(void)state;
	MUST_FAIL(member_remove(db, &of, ana, &err), ERR_BAD_FIELD);
	MUST_FAIL(member_set(db, &of, ana, ROLE_ADMIN, &err), ERR_BAD_FIELD);
	MUST(member_set(db, &of, ben, ROLE_OWNER, &err));
	MUST(member_set(db, &of, ana, ROLE_ADMIN, &err));
	MUST_FAIL(member_remove(db, &of, ben, &err), ERR_BAD_FIELD);
	MUST(member_set(db, &of, ana, ROLE_OWNER, &err));
	MUST(member_remove(db, &of, ben, &err));
	MUST_FAIL(member_remove(db, &of, ben, &err), ERR_NOT_FOUND);
}

static void who_leaves_leaves_the_projects_too(void **state)
{
	struct member_of of = whole(),
			 project = { first.organisation_id, first.id };
	enum role role;

	(void)state;
	MUST(member_set(db, &of, ben, ROLE_VIEWER, &err));
	MUST(member_set(db, &project, ben, ROLE_ADMIN, &err));
	MUST(member_remove(db, &of, ben, &err));
	MUST(member_role(db, &project, ben, &role, &err));
	assert_int_equal(role, ROLE_NONE);
}

static void a_project_of_another_organisation_is_refused(void **state)
{
	struct member_of forged = { first.organisation_id, second.id };
	struct member *members;
	enum role role;
	size_t count;

	(void)state;
	MUST_FAIL(
		member_set(db, &forged, ana, ROLE_OWNER, &err), ERR_NOT_FOUND);
	MUST_FAIL(member_remove(db, &forged, eve, &err), ERR_NOT_FOUND);
	MUST_FAIL(member_role(db, &forged, eve, &role, &err), ERR_NOT_FOUND);
	MUST(member_list(db, &forged, S(""), MEMBERS_ALL, &arena, &members,
		&count, &err));
	assert_int_equal(count, 0);
}

static void who_is_in_a_project_alone_sees_that(void **state)
{
	struct member_of project = { first.organisation_id, first.id };
	struct membership *places;
	struct member_project *projects;
	struct project another;
	bool created;
	size_t count;

	(void)state;
	MUST(project_add(db, first.organisation_id, S("another"), &another,
		&created, &err));
	MUST(member_set(db, &project, ben, ROLE_MEMBER, &err));
	MUST(member_organisations(db, ben, &arena, &places, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(places[0].role, ROLE_NONE);
	MUST(member_projects(db, ben, first.organisation_id, &arena, &projects,
		&count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(projects[0].id, first.id);
	MUST(member_projects(db, eve, first.organisation_id, &arena, &projects,
		&count, &err));
	assert_int_equal(count, 0);
}

static void nobody_gives_more_than_they_have(void **state)
{
	static const struct {
		enum role actor, from, to;
		bool may;
	} cases[] = {
		{ ROLE_ADMIN, ROLE_NONE, ROLE_ADMIN, true },
		{ ROLE_ADMIN, ROLE_MEMBER, ROLE_VIEWER, true },
		{ ROLE_ADMIN, ROLE_ADMIN, ROLE_NONE, true },
		{ ROLE_ADMIN, ROLE_MEMBER, ROLE_OWNER, false },
		{ ROLE_ADMIN, ROLE_OWNER, ROLE_VIEWER, false },
		{ ROLE_ADMIN, ROLE_OWNER, ROLE_NONE, false },
		{ ROLE_OWNER, ROLE_OWNER, ROLE_NONE, true },
		{ ROLE_OWNER, ROLE_NONE, ROLE_OWNER, true },
		{ ROLE_OPERATOR, ROLE_OWNER, ROLE_NONE, true },
		{ ROLE_MEMBER, ROLE_NONE, ROLE_VIEWER, false },
		{ ROLE_MEMBER, ROLE_VIEWER, ROLE_NONE, false },
		{ ROLE_VIEWER, ROLE_VIEWER, ROLE_OWNER, false },
		{ ROLE_NONE, ROLE_NONE, ROLE_VIEWER, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(member_may_change(cases[i].actor,
					 cases[i].from, cases[i].to, &err),
			cases[i].may);
		assert_int_equal(
			err.kind, cases[i].may ? ERR_NONE : ERR_FORBIDDEN);
	}
}

struct leaver {
	pthread_t thread;
	int64_t user_id;
	struct member_of of;
	bool left;
};

/* A deadlock is refused as well: that leaves an owner, too. */
static void *leave(void *context)
{
	struct leaver *leaver = context;
	struct error err = ERROR_INIT;
	struct db *mine;

	if (!db_take(pool, &mine, &err))
		return NULL;
	leaver->left =
		db_begin(mine, &err) &&
		member_remove(mine, &leaver->of, leaver->user_id, &err) &&
		db_commit(mine, &err);
	db_give(pool, mine);
	return NULL;
}

static void of_owners_who_leave_at_once_one_stays(void **state)
{
	struct member_of of = whole();
	struct leaver leavers[8] = { 0 };
	int64_t left = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(leavers); i++) {
		char email[64];

		snprintf(email, sizeof(email), "owner%zu@example.com", i);
		leavers[i].of = of;
		leavers[i].user_id = add_quick_user(email);
		MUST(member_set(db, &of, leavers[i].user_id, ROLE_OWNER, &err));
	}
	MUST(member_remove(db, &of, ana, &err));
	for (size_t i = 0; i < ARRAY_LEN(leavers); i++)
		assert_int_equal(pthread_create(&leavers[i].thread, NULL, leave,
					 &leavers[i]),
			0);
	for (size_t i = 0; i < ARRAY_LEN(leavers); i++) {
		pthread_join(leavers[i].thread, NULL);
		left += leavers[i].left;
	}
	assert_true(left >= 1 && left < (int64_t)ARRAY_LEN(leavers));
	assert_int_equal(
		ask_sql("SELECT COUNT(*) FROM organisation_members m JOIN "
			"organisations o ON o.id = m.organisation_id "
			"WHERE o.name = 'first' AND m.role = 'owner'"),
		(int64_t)ARRAY_LEN(leavers) - left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_organisation_is_made_whole),
		cmocka_unit_test(a_name_is_taken_once),
		cmocka_unit_test(members_are_listed),
		cmocka_unit_test(the_last_owner_stays),
		cmocka_unit_test(who_leaves_leaves_the_projects_too),
		cmocka_unit_test(a_project_of_another_organisation_is_refused),
		cmocka_unit_test(who_is_in_a_project_alone_sees_that),
		cmocka_unit_test(nobody_gives_more_than_they_have),
		cmocka_unit_test(of_owners_who_leave_at_once_one_stays),
	};

	return cmocka_run_group_tests(tests, set_up, stop_people);
}
