/* password.c - what is hashed is recognised, and nothing else is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "crypto/password.h"

static void hashed_and_recognised(void **state)
{
	char hash[PASSWORD_HASH_BYTES];
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(password_hash(S("correct horse \xc3\xb1"), hash, &err));
	assert_int_equal(strncmp(hash, "$y$", 3), 0);
	assert_true(password_verify(S("correct horse \xc3\xb1"), str_of(hash)));
	assert_false(password_verify(S("correct horse n"), str_of(hash)));
	assert_false(password_verify(S("correct horse"), str_of(hash)));
	assert_false(password_verify(S(""), str_of(hash)));
	assert_false(
		password_verify(S("correct horse \xc3\xb1\0"), str_of(hash)));
}

static void every_hash_has_its_own_salt(void **state)
{
	char first[PASSWORD_HASH_BYTES];
	char second[PASSWORD_HASH_BYTES];
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(password_hash(S("same"), first, &err));
	assert_true(password_hash(S("same"), second, &err));
	assert_string_not_equal(first, second);
}

/* Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", test vectors; the
 * bcrypt one is of Openwall's crypt_blowfish. */
static void hashes_of_other_methods(void **state)
{
	struct str sha512 =
		STR("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uB"
		    "nIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1");
	struct str bcrypt = STR("$2a$05$CCCCCCCCCCCCCCCCCCCCC."
				"E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");

	(void)state;
	assert_true(password_verify(S("Hello world!"), sha512));
	assert_false(password_verify(S("Hello world?"), sha512));
	assert_true(password_verify(S("U*U"), bcrypt));
	assert_false(password_verify(S("U*V"), bcrypt));
}

static void what_is_no_hash_matches_nothing(void **state)
{
	static const struct str hashes[] = { STR("x"), STR("*0"), STR("!"),
		STR("secret"), STR("$y$j9T$0000000000000000000000"), STR("$y$"),
		STR("$6$"), STR("$nonsense$") };
	char long_hash[PASSWORD_HASH_BYTES + 10];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		assert_false(password_verify(S("secret"), hashes[i]));
	memset(long_hash, 'a', sizeof(long_hash));
	assert_false(password_verify(
		S("secret"), (struct str){ long_hash, sizeof(long_hash) }));
}

static int64_t time_to_verify_us(struct str hash)
{
	int64_t began_ns = clock_monotonic_ns();

	assert_false(password_verify(S("wrong"), hash));
	return (clock_monotonic_ns() - began_ns) / 1000;
}

static void nobody_takes_as_long_as_somebody(void **state)
{
	char hash[PASSWORD_HASH_BYTES];
	struct error err = ERROR_INIT;
	int64_t somebody_us = INT64_MAX;
	int64_t nobody_us = INT64_MAX;

	(void)state;
	assert_true(password_hash(S("right"), hash, &err));
	for (int i = 0; i < 3; i++) {
		int64_t us = time_to_verify_us(str_of(hash));

		somebody_us = us < somebody_us ? us : somebody_us;
		us = time_to_verify_us(S(""));
		nobody_us = us < nobody_us ? us : nobody_us;
	}
	assert_true(nobody_us > somebody_us / 2);
	assert_true(nobody_us < somebody_us * 2);
}

static void only_what_crypt_can_see(void **state)
{
	char password[PASSWORD_MAX_BYTES + 1];
	char hash[PASSWORD_HASH_BYTES];
	struct error err = ERROR_INIT;
	struct str all = { password, sizeof(password) };

	(void)state;
	memset(password, 'p', sizeof(password));
	assert_false(password_hash(all, hash, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	assert_string_equal(err.param, "password");
	assert_false(password_hash(S(""), hash, &err));
	assert_false(password_hash(S("a\0b"), hash, &err));
	assert_true(
		password_hash(str_head(all, PASSWORD_MAX_BYTES), hash, &err));
	/* The last byte counts, too. */
	assert_true(password_verify(
		str_head(all, PASSWORD_MAX_BYTES), str_of(hash)));
	password[PASSWORD_MAX_BYTES - 1] = 'q';
	assert_false(password_verify(
		str_head(all, PASSWORD_MAX_BYTES), str_of(hash)));
}

static void what_is_outdated_is_told(void **state)
{
	char hash[PASSWORD_HASH_BYTES];
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(password_hash(S("now"), hash, &err));
	assert_false(password_is_outdated(str_of(hash)));
	assert_true(password_is_outdated(S("$y$j75$salt$hash")));
	assert_true(password_is_outdated(S("$6$saltstring$hash")));
	assert_true(password_is_outdated(S("$2a$05$CCCCCCCCCCCCCCCCCCCCC.")));
	assert_true(password_is_outdated(S("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashed_and_recognised),
		cmocka_unit_test(every_hash_has_its_own_salt),
		cmocka_unit_test(hashes_of_other_methods),
		cmocka_unit_test(what_is_no_hash_matches_nothing),
		cmocka_unit_test(nobody_takes_as_long_as_somebody),
		cmocka_unit_test(only_what_crypt_can_see),
		cmocka_unit_test(what_is_outdated_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
