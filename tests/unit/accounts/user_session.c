/* user_session.c - logins begin, renew themselves, and end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/user_session.h"

#include "people.h"

#include <pthread.h>

#define THREADS 8

static const struct user_session_life life = { .idle_ms = 3600000,
	.absolute_ms = 86400000 };
static int64_t user_id, other_id;

static struct user_session begin(int64_t of, struct one_time *token)
{
	struct user_session session = { .user_id = of,
		.client_ip = S("192.0.2.7"),
		.user_agent = S("Browser/1.0") };

	MUST(user_session_create(db, &session, &life, token, &err));
	return session;
}

static bool runs(int64_t id)
{
	struct user_session session;
	bool found = false;

	MUST(user_session_find(db, id, &life, &arena, &found, &session, &err));
	return found;
}

static bool renews(struct str token, struct one_time *renewed, int64_t *id)
{
	struct user_session session = { 0 };
	bool found = false;

	MUST(user_session_renew(
		db, token, &life, &arena, &found, &session, renewed, &err));
	*id = session.id;
	return found;
}

static void one_is_found_with_its_user(void **state)
{
	struct user_session made, session;
	struct one_time token;
	bool found = false;

	(void)state;
	user_id = add_quick_user("ana@example.com");
	other_id = add_quick_user("ben@example.com");
	made = begin(user_id, &token);
	MUST(user_session_find(
		db, made.id, &life, &arena, &found, &session, &err));
	assert_true(found);
	assert_int_equal(session.user_id, user_id);
	assert_true(str_equal(session.user.email, S("ana@example.com")));
	assert_true(str_equal(session.client_ip, S("192.0.2.7")));
	assert_true(str_equal(session.user_agent, S("Browser/1.0")));
	assert_int_equal(session.expires_ms, session.created_ms + life.idle_ms);
	assert_false(runs(made.id + 1000));
}

/* What is stored does not log in. */
static void the_table_does_not_know_the_token(void **state)
{
	struct one_time token, renewed;
	int64_t id;

	(void)state;
	begin(user_id, &token);
	assert_false(renews(one_time_bytes(token.hash), &renewed, &id));
	assert_true(renews(str_of(token.text), &renewed, &id));
}

static void a_token_renews_once(void **state)
{
	struct one_time first, second, third;
	struct user_session session = begin(user_id, &first);
	int64_t id;

	(void)state;
	assert_true(renews(str_of(first.text), &second, &id));
	assert_int_equal(id, session.id);
	assert_string_not_equal(first.text, second.text);
	assert_true(renews(str_of(second.text), &third, &id));
	assert_true(renews(str_of(third.text), &second, &id));
}

/* A page and its pictures ask together. */
static void the_one_before_is_good_for_a_moment(void **state)
{
	struct one_time first, second, none;
	struct user_session session = begin(user_id, &first);
	int64_t id;

	(void)state;
	assert_true(renews(str_of(first.text), &second, &id));
	assert_true(renews(str_of(first.text), &none, &id));
	assert_int_equal(id, session.id);
	assert_string_equal(none.text, "");
	assert_true(renews(str_of(second.text), &none, &id));
	assert_string_not_equal(none.text, "");
}

static void a_copy_that_comes_late_ends_the_login(void **state)
{
	struct one_time first, second, third;
	struct user_session session = begin(user_id, &first);
	int64_t id;

	(void)state;
	assert_true(renews(str_of(first.text), &second, &id));
	run_sql("UPDATE sessions SET rotated_ms = rotated_ms - 60000");
	assert_true(runs(session.id));
	assert_false(renews(str_of(first.text), &third, &id));
	assert_false(runs(session.id));
	assert_false(renews(str_of(second.text), &third, &id));
}

static void one_that_is_idle_ends(void **state)
{
	struct one_time token;
	struct user_session session = begin(user_id, &token);

	(void)state;
	run_sql("UPDATE sessions SET last_seen_ms = last_seen_ms - 3500000, "
		"expires_ms = expires_ms - 3500000, "
		"created_ms = created_ms - 3500000");
	assert_true(runs(session.id)); /* and is seen */
	run_sql("UPDATE sessions SET expires_ms = expires_ms - 3590000");
	assert_true(runs(session.id));
	run_sql("UPDATE sessions SET expires_ms = expires_ms - 3600000");
	assert_false(runs(session.id));
}

static void being_seen_is_noted_once_a_minute(void **state)
{
	struct one_time token;
	struct user_session session = begin(user_id, &token);

	(void)state;
	run_sql("UPDATE sessions SET last_seen_ms = last_seen_ms - 50000 "
		"ORDER BY id DESC LIMIT 1");
	assert_true(runs(session.id));
	assert_int_equal(
		ask_sql("SELECT created_ms - last_seen_ms FROM sessions "
			"ORDER BY id DESC LIMIT 1"),
		50000);
	run_sql("UPDATE sessions SET last_seen_ms = last_seen_ms - 11000 "
		"ORDER BY id DESC LIMIT 1");
	assert_true(runs(session.id));
	assert_true(ask_sql("SELECT last_seen_ms >= created_ms FROM sessions "
			    "ORDER BY id DESC LIMIT 1"));
}

/* A page that asks by itself is no person who is there. */
static void unattended_use_puts_off_nothing(void **state)
{
	struct user_session_life unattended = life;
	struct user_session session;
	struct one_time token;
	bool found;

	(void)state;
	session = begin(user_id, &token);
	unattended.is_unattended = true;
	run_sql("UPDATE sessions SET last_seen_ms = last_seen_ms - 61000, "
		"expires_ms = expires_ms - 61000 ORDER BY id DESC LIMIT 1");
	MUST(user_session_find(
		db, session.id, &unattended, &arena, &found, &session, &err));
	assert_true(found);
	assert_int_equal(ask_sql("SELECT created_ms - last_seen_ms FROM "
				 "sessions ORDER BY id DESC LIMIT 1"),
		61000);
	assert_int_equal(
		session.expires_ms, session.created_ms + life.idle_ms - 61000);
	assert_true(runs(session.id));
	assert_true(ask_sql("SELECT expires_ms >= created_ms + 3600000 FROM "
			    "sessions ORDER BY id DESC LIMIT 1"));
}

static void one_that_is_used_still_ends(void **state)
{
	struct one_time token;
	struct user_session session = begin(user_id, &token);

	(void)state;
	run_sql("UPDATE sessions SET created_ms = created_ms - 86390000, "
		"last_seen_ms = last_seen_ms - 3000000 "
		"ORDER BY id DESC LIMIT 1");
	assert_true(runs(session.id));
	assert_int_equal(ask_sql("SELECT expires_ms - created_ms FROM sessions "
				 "ORDER BY id DESC LIMIT 1"),
		86400000);
}

static void one_is_revoked_by_its_user_alone(void **state)
{
	struct one_time token, renewed;
	struct user_session session = begin(user_id, &token);
	int64_t id;

	(void)state;
	MUST_FAIL(user_session_revoke(db, other_id, session.id, &err),
		ERR_NOT_FOUND);
	assert_true(runs(session.id));
	MUST(user_session_revoke(db, user_id, session.id, &err));
	assert_false(runs(session.id));
	assert_false(renews(str_of(token.text), &renewed, &id));
	MUST_FAIL(user_session_revoke(db, user_id, session.id, &err),
		ERR_NOT_FOUND);
}

static void all_but_one_are_revoked(void **state)
{
	struct one_time token;
	struct user_session *list;
	struct user_session kept, gone, others;
	int64_t ended;
	size_t count;

	(void)state;
	MUST(user_session_revoke_all(db, user_id, 0, &ended, &err));
	gone = begin(user_id, &token);
	kept = begin(user_id, &token);
	begin(user_id, &token);
	others = begin(other_id, &token);
	MUST(user_session_list(db, user_id, &arena, &list, &count, &err));
	assert_int_equal(count, 3);
	MUST(user_session_revoke_all(db, user_id, kept.id, &ended, &err));
	assert_int_equal(ended, 2);
	assert_true(runs(kept.id));
	assert_false(runs(gone.id));
	assert_true(runs(others.id));
	MUST(user_session_list(db, user_id, &arena, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(list[0].id, kept.id);
}

static void who_is_disabled_has_none(void **state)
{
	struct one_time token, renewed;
	struct user_session session = begin(other_id, &token);
	int64_t id;

	(void)state;
	MUST(user_set_disabled(db, other_id, true, &err));
	assert_false(runs(session.id));
	assert_false(renews(str_of(token.text), &renewed, &id));
	MUST(user_set_disabled(db, other_id, false, &err));
}

static void a_jwt_says_which(void **state)
{
	struct jwt_keys keys = { .count = 1 }, strange = { .count = 1 };
	struct buf jwt = BUF_INIT(JWT_MAX_BYTES);
	struct one_time token;
	struct user_session session = begin(user_id, &token), found_session;
	bool found = false;

	(void)state;
	memset(strange.keys[0], 7, sizeof(strange.keys[0]));
	assert_in_range(user_session_write_jwt(&keys, &session, 900000, &jwt),
		session.created_ms / 1000 + 899,
		session.created_ms / 1000 + 901);
	MUST(user_session_of_jwt(db, &keys, buf_str(&jwt), &life, &arena,
		&found, &found_session, &err));
	assert_true(found);
	assert_int_equal(found_session.id, session.id);
	MUST(user_session_of_jwt(db, &strange, buf_str(&jwt), &life, &arena,
		&found, &found_session, &err));
	assert_false(found);
	/* A session of somebody else does not become mine by its id. */
	buf_clear(&jwt);
	session.user_id = other_id;
	user_session_write_jwt(&keys, &session, 900000, &jwt);
	MUST(user_session_of_jwt(db, &keys, buf_str(&jwt), &life, &arena,
		&found, &found_session, &err));
	assert_false(found);
	buf_release(&jwt);
}

/* A token never outlives its login. */
static void a_jwt_ends_with_the_login(void **state)
{
	struct jwt_keys keys = { .count = 1 };
	struct buf jwt = BUF_INIT(JWT_MAX_BYTES);
	struct one_time token;
	struct user_session session = begin(user_id, &token);

	(void)state;
	session.expires_ms = session.created_ms + 5000;
	assert_true(user_session_write_jwt(&keys, &session, 900000, &jwt) <=
		    session.created_ms / 1000 + 6);
	buf_release(&jwt);
}

static void what_is_long_over_is_swept(void **state)
{
	struct one_time token;
	struct user_session old = begin(user_id, &token);
	struct user_session fresh = begin(user_id, &token);
	int64_t removed;
	struct stmt *stmt;

	(void)state;
	MUST(stmt_prepare(db, &stmt,
		"UPDATE sessions SET expires_ms = 1000 WHERE id = ?", &err));
	stmt_bind_int(stmt, old.id);
	MUST(stmt_run(stmt, &err));
	MUST(user_session_sweep(db, &removed, &err));
	assert_int_equal(removed, 1);
	assert_true(runs(fresh.id));
}

/* Text that is cut is cut between characters; quotes are only text. */
static void whatever_a_browser_calls_itself(void **state)
{
	char agent[400];
	struct user_session session = { .user_id = user_id,
		.client_ip = S("2001:db8::1"),
		.user_agent = { agent, sizeof(agent) } };
	struct one_time token;

	(void)state;
	for (size_t i = 0; i < sizeof(agent); i += 2)
		memcpy(agent + i, "\xc3\xb1", 2);
	MUST(user_session_create(db, &session, &life, &token, &err));
	assert_true(runs(session.id));
	session.user_agent = S("'; DROP TABLE sessions; -- \x01\x7f");
	MUST(user_session_create(db, &session, &life, &token, &err));
	assert_true(runs(session.id));
}

struct racer {
	pthread_t thread;
	struct str token;
	bool found;
	struct one_time renewed;
};

static void *race(void *context)
{
	struct racer *racer = context;
	struct user_session session;
	struct error err = ERROR_INIT;
	struct arena own;
	struct db *mine;

	arena_init(&own, 4096);
	if (db_take(pool, &mine, &err)) {
		if (!user_session_renew(mine, racer->token, &life, &own,
			    &racer->found, &session, &racer->renewed, &err))
			racer->found = false;
		db_give(pool, mine);
	}
	arena_release(&own);
	return NULL;
}

static void of_many_at_once_one_renews(void **state)
{
	struct racer racers[THREADS] = { 0 };
	struct one_time token;
	int renewed = 0;

	(void)state;
	begin(user_id, &token);
	for (int i = 0; i < THREADS; i++) {
		racers[i].token = str_of(token.text);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race,
					 &racers[i]),
			0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(racers[i].thread, NULL);
		assert_true(racers[i].found);
		renewed += racers[i].renewed.text[0] != '\0';
	}
	assert_int_equal(renewed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_is_found_with_its_user),
		cmocka_unit_test(the_table_does_not_know_the_token),
		cmocka_unit_test(a_token_renews_once),
		cmocka_unit_test(the_one_before_is_good_for_a_moment),
		cmocka_unit_test(a_copy_that_comes_late_ends_the_login),
		cmocka_unit_test(one_that_is_idle_ends),
		cmocka_unit_test(being_seen_is_noted_once_a_minute),
		cmocka_unit_test(unattended_use_puts_off_nothing),
		cmocka_unit_test(one_that_is_used_still_ends),
		cmocka_unit_test(one_is_revoked_by_its_user_alone),
		cmocka_unit_test(all_but_one_are_revoked),
		cmocka_unit_test(who_is_disabled_has_none),
		cmocka_unit_test(a_jwt_says_which),
		cmocka_unit_test(a_jwt_ends_with_the_login),
		cmocka_unit_test(what_is_long_over_is_swept),
		cmocka_unit_test(whatever_a_browser_calls_itself),
		cmocka_unit_test(of_many_at_once_one_renews),
	};

	return cmocka_run_group_tests(tests, start_people, stop_people);
}
