/* invitation.c - invitations and password links work once, for whom they
 * are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/invitation.h"
#include "accounts/user_link.h"

#include "people.h"

static int64_t ana, ben;
static struct project first, second;

static int set_up(void **state)
{
	start_people(state);
	ana = add_user("ana@example.com");
	ben = add_quick_user("ben@example.com");
	first = add_organisation("first", ana);
	second = add_organisation("second", ana);
	return 0;
}

static struct invitation invite(const char *email, enum role role,
	int64_t project_id, struct one_time *token)
{
	struct invitation invitation = {
		.of = { first.organisation_id, project_id },
		.email = str_of(email),
		.role = role,
		.invited_by = ana,
	};

	MUST(invitation_create(db, &invitation, token, &arena, &err));
	return invitation;
}

static enum role role_of(int64_t user_id, int64_t project_id)
{
	struct member_of of = { first.organisation_id, project_id };
	enum role role;

	MUST(member_role(db, &of, user_id, &role, &err));
	return role;
}

static void one_is_accepted_once(void **state)
{
	struct invitation found;
	struct one_time token;

	(void)state;
	invite("Ben@Example.com", ROLE_MEMBER, 0, &token);
	MUST(invitation_find(db, str_of(token.text), &arena, &found, &err));
	assert_true(str_equal(found.email, S("ben@example.com")));
	assert_true(str_equal(found.organisation, S("first")));
	assert_int_equal(found.role, ROLE_MEMBER);
	assert_int_equal(found.invited_by, ana);
	MUST_FAIL(
		invitation_accept(db, &found, ana, S("ana@example.com"), &err),
		ERR_FORBIDDEN);
	MUST(invitation_accept(db, &found, ben, S("ben@example.com"), &err));
	assert_int_equal(role_of(ben, 0), ROLE_MEMBER);
	MUST_FAIL(
		invitation_accept(db, &found, ben, S("ben@example.com"), &err),
		ERR_NOT_FOUND);
	MUST_FAIL(invitation_find(db, str_of(token.text), &arena, &found, &err),
		ERR_NOT_FOUND);
}

static void a_member_is_not_invited_again(void **state)
{
	struct invitation again = { .of = { first.organisation_id, 0 },
		.email = S("ben@example.com"),
		.role = ROLE_OWNER };
	struct one_time token;

	(void)state;
	MUST_FAIL(invitation_create(db, &again, &token, &arena, &err),
		ERR_DUPLICATE);
	again.email = S("no address");
	MUST_FAIL(invitation_create(db, &again, &token, &arena, &err),
		ERR_BAD_FIELD);
}

static void a_project_may_be_meant(void **state)
{
	struct invitation found,
		forged = { .of = { first.organisation_id, second.id },
			.email = S("x@example.com"),
			.role = ROLE_OWNER };
	struct one_time token;

	(void)state;
	invite("ben@example.com", ROLE_ADMIN, first.id, &token);
	MUST(invitation_find(db, str_of(token.text), &arena, &found, &err));
	assert_true(str_equal(found.project, S("default")));
	MUST(invitation_accept(db, &found, ben, S("ben@example.com"), &err));
	assert_int_equal(role_of(ben, first.id), ROLE_ADMIN);
	assert_int_equal(role_of(ben, 0), ROLE_MEMBER);
	MUST_FAIL(invitation_create(db, &forged, &token, &arena, &err),
		ERR_NOT_FOUND);
}

static void a_stronger_role_stays(void **state)
{
	struct invitation found;
	struct one_time token;
	int64_t eve = add_quick_user("eve@example.com");
	struct member_of of = { .organisation_id = first.organisation_id };

	(void)state;
	invite("eve@example.com", ROLE_VIEWER, 0, &token);
	MUST(member_set(db, &of, eve, ROLE_ADMIN, &err));
	MUST(invitation_find(db, str_of(token.text), &arena, &found, &err));
	MUST(invitation_accept(db, &found, eve, S("eve@example.com"), &err));
	assert_int_equal(role_of(eve, 0), ROLE_ADMIN);
}

static void one_is_taken_back(void **state)
{
	struct invitation made, found, *list;
	struct one_time token;
	size_t count;

	(void)state;
	made = invite("new@example.com", ROLE_MEMBER, 0, &token);
	MUST(invitation_list(
		db, first.organisation_id, &arena, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, made.id);
	MUST(invitation_list(
		db, second.organisation_id, &arena, &list, &count, &err));
	assert_int_equal(count, 0);
	MUST_FAIL(invitation_revoke(db, second.organisation_id, made.id, &err),
		ERR_NOT_FOUND);
	MUST(invitation_revoke(db, first.organisation_id, made.id, &err));
	MUST_FAIL(invitation_find(db, str_of(token.text), &arena, &found, &err),
		ERR_NOT_FOUND);
	MUST_FAIL(invitation_revoke(db, first.organisation_id, made.id, &err),
		ERR_NOT_FOUND);
}

static void a_newer_one_ends_the_older(void **state)
{
	struct one_time older, newer;
	struct invitation found;

	(void)state;
	invite("new@example.com", ROLE_ADMIN, 0, &older);
	invite("new@example.com", ROLE_VIEWER, 0, &newer);
	MUST_FAIL(invitation_find(db, str_of(older.text), &arena, &found, &err),
		ERR_NOT_FOUND);
	MUST(invitation_find(db, str_of(newer.text), &arena, &found, &err));
	run_sql("UPDATE invitations SET expires_ms = 1");
	MUST_FAIL(invitation_find(db, str_of(newer.text), &arena, &found, &err),
		ERR_NOT_FOUND);
}

static void the_table_does_not_know_the_token(void **state)
{
	struct one_time token;
	struct invitation found;

	(void)state;
	invite("secret@example.com", ROLE_MEMBER, 0, &token);
	MUST_FAIL(invitation_find(
			  db, one_time_bytes(token.hash), &arena, &found, &err),
		ERR_NOT_FOUND);
	MUST_FAIL(invitation_find(db, S(""), &arena, &found, &err),
		ERR_NOT_FOUND);
}

static void a_link_works_once(void **state)
{
	struct one_time older, token;
	int64_t expires_ms;
	struct user user;

	(void)state;
	MUST(user_link_create(db, ben, &older, &expires_ms, &err));
	MUST(user_link_create(db, ben, &token, &expires_ms, &err));
	MUST_FAIL(user_link_find(db, str_of(older.text), &arena, &user, &err),
		ERR_NOT_FOUND);
	MUST(user_link_find(db, str_of(token.text), &arena, &user, &err));
	assert_int_equal(user.id, ben);
	MUST(user_link_use(db, str_of(token.text), &err));
	MUST_FAIL(user_link_use(db, str_of(token.text), &err), ERR_NOT_FOUND);
	MUST_FAIL(user_link_find(db, str_of(token.text), &arena, &user, &err),
		ERR_NOT_FOUND);
}

static void a_link_ends(void **state)
{
	struct one_time token;
	int64_t expires_ms;
	struct user user;

	(void)state;
	MUST(user_link_create(db, ben, &token, &expires_ms, &err));
	run_sql("UPDATE user_links SET expires_ms = 1");
	MUST_FAIL(user_link_find(db, str_of(token.text), &arena, &user, &err),
		ERR_NOT_FOUND);
	MUST_FAIL(user_link_use(db, str_of(token.text), &err), ERR_NOT_FOUND);
	MUST(user_link_create(db, ben, &token, &expires_ms, &err));
	MUST(user_set_disabled(db, ben, true, &err));
	MUST_FAIL(user_link_find(db, str_of(token.text), &arena, &user, &err),
		ERR_NOT_FOUND);
	MUST(user_set_disabled(db, ben, false, &err));
}

static void a_link_that_was_asked_for_is_taken_once(void **state)
{
	struct one_time token;
	struct user user;
	bool found;

	(void)state;
	MUST(user_link_request(db, S("nobody@example.com"), &arena, &err));
	MUST(user_link_take(db, &arena, &found, &user, &token, &err));
	assert_false(found);
	MUST(user_link_request(db, S("BEN@example.com"), &arena, &err));
	MUST(user_link_take(db, &arena, &found, &user, &token, &err));
	assert_true(found);
	assert_int_equal(user.id, ben);
	MUST(user_link_find(db, str_of(token.text), &arena, &user, &err));
	MUST(user_link_take(db, &arena, &found, &user, &token, &err));
	assert_false(found);
}

/* By one process, once; its link and the one that was shown end together. */
static void one_is_mailed_once(void **state)
{
	struct one_time shown, mailed, none;
	struct invitation made, taken, found;
	struct error gone;
	bool any;

	(void)state;
	made = invite("dora@example.com", ROLE_VIEWER, first.id, &shown);
	MUST(invitation_take_mail(db, &arena, &any, &taken, &none, &err));
	assert_false(any);
	MUST(invitation_ask_mail(db, made.id, &err));
	MUST(invitation_take_mail(db, &arena, &any, &taken, &mailed, &err));
	assert_true(any);
	assert_int_equal(taken.id, made.id);
	assert_true(str_equal(taken.inviter, S("ana@example.com")));
	assert_true(str_equal(taken.locale, S("en")));
	assert_string_not_equal(mailed.text, shown.text);
	MUST(invitation_take_mail(db, &arena, &any, &taken, &none, &err));
	assert_false(any);
	for (size_t i = 0; i < 2; i++) {
		MUST(invitation_find(db, str_of((i ? mailed : shown).text),
			&arena, &found, &err));
		assert_int_equal(found.id, made.id);
	}
	MUST(invitation_revoke(db, first.organisation_id, made.id, &err));
	assert_false(invitation_find(
		db, str_of(mailed.text), &arena, &found, &gone));
	assert_int_equal(gone.kind, ERR_NOT_FOUND);
	/* What is over is not mailed. */
	made = invite("emil@example.com", ROLE_VIEWER, first.id, &shown);
	MUST(invitation_ask_mail(db, made.id, &err));
	MUST(invitation_revoke(db, first.organisation_id, made.id, &err));
	MUST(invitation_take_mail(db, &arena, &any, &taken, &none, &err));
	assert_false(any);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_accepted_once),
		cmocka_unit_test(a_member_is_not_invited_again),
		cmocka_unit_test(a_project_may_be_meant),
		cmocka_unit_test(a_stronger_role_stays),
		cmocka_unit_test(one_is_taken_back),
		cmocka_unit_test(a_newer_one_ends_the_older),
		cmocka_unit_test(the_table_does_not_know_the_token),
		cmocka_unit_test(a_link_works_once),
		cmocka_unit_test(a_link_ends),
		cmocka_unit_test(a_link_that_was_asked_for_is_taken_once),
		cmocka_unit_test(one_is_mailed_once),
	};

	return cmocka_run_group_tests(tests, set_up, stop_people);
}
