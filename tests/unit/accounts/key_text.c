/*
 * key_text.c - the form of gateway keys: every typo is found.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/gateway_key.h"
#include "crypto/digest.h"

#define LENGTH 52

static struct str made(char out[GATEWAY_KEY_TEXT_BYTES])
{
	gateway_key_make(GATEWAY_KEY_SECRET, out);
	return str_of(out);
}

static void a_key_has_its_form(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct str key = made(text);

	(void)state;
	assert_int_equal(key.n, LENGTH);
	assert_true(str_starts(key, S("gw_")));
	for (size_t i = 3; i < key.n; i++)
		assert_true(isalnum((unsigned char)key.p[i]));
	assert_true(gateway_key_check_format(key));
	gateway_key_make(GATEWAY_KEY_PUBLISHABLE, text);
	assert_int_equal(strlen(text), LENGTH + 1);
	assert_true(str_starts(str_of(text), S("gwp_")));
	assert_true(gateway_key_check_format(str_of(text)));
}

static void no_two_keys_are_equal(void **state)
{
	char first[GATEWAY_KEY_TEXT_BYTES], second[GATEWAY_KEY_TEXT_BYTES];

	(void)state;
	assert_false(str_equal(made(first), made(second)));
}

/* Every other byte at every position. */
static void one_wrong_character_is_found(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct str key = made(text);

	(void)state;
	for (size_t i = 0; i < key.n; i++) {
		char right = text[i];

		for (int c = 0; c < 256; c++) {
			if ((char)c == right)
				continue;
			text[i] = (char)c;
			assert_false(gateway_key_check_format(key));
		}
		text[i] = right;
	}
	assert_true(gateway_key_check_format(key));
}

static void swapped_neighbours_are_found(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct str key = made(text);
	unsigned swapped = 0;

	(void)state;
	for (size_t i = 0; i + 1 < key.n; i++) {
		char first = text[i], second = text[i + 1];

		if (first == second)
			continue;
		text[i] = second;
		text[i + 1] = first;
		assert_false(gateway_key_check_format(key));
		text[i] = first;
		text[i + 1] = second;
		swapped++;
	}
	assert_true(swapped > LENGTH / 2);
}

static void a_cut_or_longer_key_is_found(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES + 8];
	struct str key = made(text);

	(void)state;
	for (size_t n = 0; n < key.n; n++)
		assert_false(gateway_key_check_format(str_head(key, n)));
	for (size_t n = 1; n < key.n; n++)
		assert_false(gateway_key_check_format(str_from(key, n)));
	text[key.n] = 'A';
	key.n++;
	assert_false(gateway_key_check_format(key));
	assert_false(gateway_key_check_format((struct str){ NULL, 0 }));
}

/* The check sum covers the prefix: one kind does not pass for the other. */
static void a_secret_key_is_no_publishable_one(void **state)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	char other[GATEWAY_KEY_TEXT_BYTES + 1];

	(void)state;
	made(text);
	snprintf(other, sizeof(other), "gwp_%s", text + 3);
	assert_false(gateway_key_check_format(str_of(other)));
}

/* sha256sum of the text, as any other program computes it. */
static void the_hash_is_sha256(void **state)
{
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	char hex[2 * GATEWAY_KEY_HASH_BYTES + 1];

	(void)state;
	gateway_key_hash(S("abc"), hash);
	digest_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
}

/* Check sums by Python: zlib.crc32() written in base 62, digits first. Keys
 * that are out in the world must stay valid. */
static void keys_made_elsewhere_are_valid(void **state)
{
	(void)state;
	assert_true(gateway_key_check_format(
		S("gw_"
		  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
		  "1OmCvy")));
	assert_true(gateway_key_check_format(
		S("gwp_"
		  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
		  "4BFjYg")));
}

static void revoked_wins_over_expired(void **state)
{
	struct gateway_key key = { .id = 1 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(gateway_key_check(&key, 1000, &err));
	key.expires_ms = 1001;
	assert_true(gateway_key_check(&key, 1000, &err));
	assert_false(gateway_key_check(&key, 1001, &err));
	assert_int_equal(err.kind, ERR_KEY_EXPIRED);
	key.revoked_ms = 5;
	assert_false(gateway_key_check(&key, 1001, &err));
	assert_int_equal(err.kind, ERR_KEY_REVOKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_has_its_form),
		cmocka_unit_test(no_two_keys_are_equal),
		cmocka_unit_test(one_wrong_character_is_found),
		cmocka_unit_test(swapped_neighbours_are_found),
		cmocka_unit_test(a_cut_or_longer_key_is_found),
		cmocka_unit_test(a_secret_key_is_no_publishable_one),
		cmocka_unit_test(the_hash_is_sha256),
		cmocka_unit_test(keys_made_elsewhere_are_valid),
		cmocka_unit_test(revoked_wins_over_expired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
