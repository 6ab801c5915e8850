/* user.c - people are added, found, let in, changed and locked out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "people.h"

static bool logs_in(const char *email, struct str password, struct user *user)
{
	bool ok = false;

	MUST(user_log_in(db, str_of(email), password, &arena, &ok, user, &err));
	return ok;
}

static void the_first_is_the_operator(void **state)
{
	struct user first, second;
	bool any = true;

	(void)state;
	MUST(user_any(db, &any, &err));
	assert_false(any);
	MUST(user_add(db, S("First@Example.com"), S("Ana"), PASSWORD, &arena,
		&first, &err));
	MUST(user_add(db, S("second@example.com"), S(""), PASSWORD, &arena,
		&second, &err));
	MUST(user_any(db, &any, &err));
	assert_true(any);
	assert_true(first.is_operator);
	assert_false(second.is_operator);
	assert_true(str_equal(first.email, S("first@example.com")));
}

static void who_is_there_already_is_refused(void **state)
{
	struct user user;

	(void)state;
	MUST_FAIL(user_add(db, S("FIRST@example.com"), S(""), PASSWORD, &arena,
			  &user, &err),
		ERR_DUPLICATE);
}

static void what_is_no_account_is_refused(void **state)
{
	static const struct str emails[] = { STR(""), STR("ana"),
		STR("@example.com"), STR("ana@"), STR("a@b@c"),
		STR("a b@example.com"), STR(" a@example.com"),
		STR("a\r\nBcc: x@example.com") };
	struct user user;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(emails); i++)
		MUST_FAIL(user_add(db, emails[i], S(""), PASSWORD, &arena,
				  &user, &err),
			ERR_BAD_FIELD);
	MUST_FAIL(user_add(db, S("x@example.com"), S(""), S("1234567"), &arena,
			  &user, &err),
		ERR_BAD_FIELD);
	MUST_FAIL(user_add(db, S("x@example.com"), S(""), S("X@example.com"),
			  &arena, &user, &err),
		ERR_BAD_FIELD);
	MUST_FAIL(user_add(db, S("x@example.com"), S("a\nb"), PASSWORD, &arena,
			  &user, &err),
		ERR_BAD_FIELD);
}

static void the_right_password_logs_in(void **state)
{
	struct user user;

	(void)state;
	assert_true(logs_in("first@example.com", PASSWORD, &user));
	assert_true(str_equal(user.name, S("Ana")));
	assert_true(user.is_operator);
	assert_true(logs_in("FIRST@Example.COM", PASSWORD, &user));
	MUST(user_find(db, user.id, &arena, &user, &err));
	assert_true(user.last_login_ms > 0);
	assert_false(logs_in("first@example.com", S("wrong horse"), &user));
	assert_false(logs_in("first@example.com", S(""), &user));
	assert_false(logs_in("nobody@example.com", PASSWORD, &user));
	assert_false(logs_in("' OR 1=1 -- ", PASSWORD, &user));
}

/* Ulrich Drepper's test vector of SHA-512-crypt, "Hello world!". */
static void an_outdated_hash_is_made_anew(void **state)
{
	struct user user;

	(void)state;
	add_quick_user("old@example.com");
	run_sql("UPDATE users SET password_hash = '$6$saltstring$"
		"svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4"
		"OTLiBFdcbYEdFCoEOfaS35inz1' WHERE email = 'old@example.com'");
	assert_false(logs_in("old@example.com", PASSWORD, &user));
	assert_int_equal(ask_sql("SELECT password_hash LIKE '$6$%' FROM users "
				 "WHERE email = 'old@example.com'"),
		1);
	assert_true(logs_in("old@example.com", S("Hello world!"), &user));
	assert_int_equal(ask_sql("SELECT password_hash LIKE '$y$%' FROM users "
				 "WHERE email = 'old@example.com'"),
		1);
	assert_true(logs_in("old@example.com", S("Hello world!"), &user));
}

static void a_password_is_changed(void **state)
{
	struct user user;
	bool is = false;

	(void)state;
	MUST(user_find_email(db, S("Second@example.com"), &arena, &user, &err));
	MUST(user_set_password(
		db, user.id, user.email, S("another horse"), &err));
	assert_false(logs_in("second@example.com", PASSWORD, &user));
	assert_true(logs_in("second@example.com", S("another horse"), &user));
	MUST(user_password_is(db, user.id, S("another horse"), &is, &err));
	assert_true(is);
	MUST(user_password_is(db, user.id, PASSWORD, &is, &err));
	assert_false(is);
	MUST(user_password_is(db, 999999, PASSWORD, &is, &err));
	assert_false(is);
	MUST_FAIL(user_set_password(db, user.id, user.email, S("short"), &err),
		ERR_BAD_FIELD);
	MUST_FAIL(user_set_password(db, 999999, S("a@b"), PASSWORD, &err),
		ERR_NOT_FOUND);
}

static void a_profile_is_changed(void **state)
{
	struct user_profile profile = { S("Zoë"), S("es"), S("UTC"),
		S("dark") };
	struct user user;

	(void)state;
	MUST(user_find_email(db, S("second@example.com"), &arena, &user, &err));
	MUST(user_set_profile(db, user.id, &profile, &err));
	MUST(user_find(db, user.id, &arena, &user, &err));
	assert_true(str_equal(user.name, profile.name));
	assert_true(str_equal(user.locale, profile.locale));
	assert_true(str_equal(user.theme, profile.theme));
	profile.locale = S("xx");
	MUST_FAIL(user_set_profile(db, user.id, &profile, &err), ERR_BAD_FIELD);
	profile.locale = S("en");
	profile.time_zone = S("Atlantis/Center");
	MUST_FAIL(user_set_profile(db, user.id, &profile, &err), ERR_BAD_FIELD);
	profile.time_zone = S("UTC");
	profile.theme = S("plaid");
	MUST_FAIL(user_set_profile(db, user.id, &profile, &err), ERR_BAD_FIELD);
}

static void who_is_disabled_stays_out(void **state)
{
	struct user user;

	(void)state;
	MUST(user_find_email(db, S("second@example.com"), &arena, &user, &err));
	MUST(user_set_disabled(db, user.id, true, &err));
	assert_false(logs_in("second@example.com", S("another horse"), &user));
	MUST(user_find_email(db, S("second@example.com"), &arena, &user, &err));
	assert_true(user.disabled_ms > 0);
	MUST(user_set_disabled(db, user.id, false, &err));
	assert_true(logs_in("second@example.com", S("another horse"), &user));
}

static void the_last_operator_stays(void **state)
{
	struct user user;

	(void)state;
	MUST(user_find_email(db, S("first@example.com"), &arena, &user, &err));
	MUST_FAIL(user_set_disabled(db, user.id, true, &err), ERR_BAD_FIELD);
	run_sql("UPDATE users SET is_operator = 1 "
		"WHERE email = 'second@example.com'");
	MUST(user_set_disabled(db, user.id, true, &err));
	MUST(user_set_disabled(db, user.id, false, &err));
}

static void all_are_listed(void **state)
{
	struct user *users;
	size_t count;

	(void)state;
	for (int i = 0; i < 150; i++) {
		char email[64];

		snprintf(email, sizeof(email), "u%03d@many.example", i);
		add_quick_user(email);
	}
	MUST(user_list(db, &arena, &users, &count, &err));
	assert_int_equal(count, 153);
	for (size_t i = 1; i < count; i++)
		assert_true(strncmp(users[i - 1].email.p, users[i].email.p,
				    12) <= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_the_operator),
		cmocka_unit_test(who_is_there_already_is_refused),
		cmocka_unit_test(what_is_no_account_is_refused),
		cmocka_unit_test(the_right_password_logs_in),
		cmocka_unit_test(an_outdated_hash_is_made_anew),
		cmocka_unit_test(a_password_is_changed),
		cmocka_unit_test(a_profile_is_changed),
		cmocka_unit_test(who_is_disabled_stays_out),
		cmocka_unit_test(the_last_operator_stays),
		cmocka_unit_test(all_are_listed),
	};

	return cmocka_run_group_tests(tests, start_people, stop_people);
}
