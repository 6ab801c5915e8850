/* seal.c - envelopes: there and back, moved, damaged, and re-wrapped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/seal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_1                              \
	"000102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define KEY_1_BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_2                              \
	"ff0102030405060708090A0B0C0D0E0F" \
	"101112131415161718191a1b1c1d1e1f"

#define CONTEXT S("provider_key:17")
#define SECRET S("sk-test-abcdefghijklmnopqrstuvwxyz0123456789")
#define MAX_BYTES 4096

static struct error err;

static struct vault *vault_of(const char *text)
{
	struct vault *vault = NULL;

	if (!vault_parse(str_of(text), &vault, &err))
		fail_msg("%s", error_message(&err));
	return vault;
}

static void seal(const struct vault *vault, struct str context,
	struct str plain, struct buf *sealed)
{
	buf_init(sealed, MAX_BYTES);
	assert_true(vault_seal(vault, context, plain, sealed, &err));
}

static void assert_opens(const struct vault *vault, struct str context,
	struct str sealed, struct str expected)
{
	struct buf plain = BUF_INIT(MAX_BYTES);

	if (!vault_open(vault, context, sealed, &plain, &err))
		fail_msg("%s", error_detail(&err));
	assert_int_equal(plain.n, expected.n);
	if (expected.n)
		assert_memory_equal(plain.p, expected.p, expected.n);
	vault_wipe(&plain);
}

/* It does not open, and nothing is written. */
static void assert_refused(
	const struct vault *vault, struct str context, struct str sealed)
{
	struct buf out = BUF_INIT(MAX_BYTES);

	err = (struct error)ERROR_INIT;
	assert_false(vault_open(vault, context, sealed, &out, &err));
	assert_int_equal(err.kind, ERR_CRYPTO);
	assert_int_equal(out.n, 0);
	vault_wipe(&out);
}

static void there_and_back(void **state)
{
	struct vault *vault = vault_of(KEY_1);
	char bytes[1000];
	struct buf sealed;

	(void)state;
	random_bytes(bytes, sizeof(bytes));
	for (size_t n = 0; n <= sizeof(bytes); n += n < 70 ? 1 : 93) {
		struct str plain = { bytes, n };

		seal(vault, CONTEXT, plain, &sealed);
		assert_int_equal(sealed.n, n + VAULT_OVERHEAD_BYTES);
		assert_int_equal(vault_version(buf_str(&sealed)), 1);
		if (n >= 16)
			assert_int_equal(
				str_find(buf_str(&sealed), plain), sealed.n);
		assert_opens(vault, CONTEXT, buf_str(&sealed), plain);
		buf_release(&sealed);
	}
	vault_free(vault);
}

static void no_two_are_alike(void **state)
{
	struct vault *vault = vault_of(KEY_1);
	struct buf first, second;

	(void)state;
	seal(vault, CONTEXT, SECRET, &first);
	seal(vault, CONTEXT, SECRET, &second);
	/* From the first nonce on, in all their parts. */
	for (size_t at = 5; at + 12 <= first.n; at += 12)
		assert_memory_not_equal(first.p + at, second.p + at, 12);
	buf_release(&first);
	buf_release(&second);
	vault_free(vault);
}

static void bound_to_its_place(void **state)
{
	struct vault *vault = vault_of(KEY_1);
	struct buf sealed;

	(void)state;
	seal(vault, CONTEXT, SECRET, &sealed);
	assert_refused(vault, S("provider_key:18"), buf_str(&sealed));
	assert_refused(vault, S("provider_key:1"), buf_str(&sealed));
	assert_refused(vault, S("provider_key:170"), buf_str(&sealed));
	assert_refused(vault, S(""), buf_str(&sealed));
	assert_opens(vault, CONTEXT, buf_str(&sealed), SECRET);
	buf_release(&sealed);
	vault_free(vault);
}

static void another_key_does_not_open(void **state)
{
	struct vault *vault = vault_of(KEY_1);
	struct vault *other = vault_of(KEY_2);
	struct vault *newer = vault_of("2:" KEY_1);
	struct buf sealed;

	(void)state;
	seal(vault, CONTEXT, SECRET, &sealed);
	assert_refused(other, CONTEXT, buf_str(&sealed));
	/* The right key under another version. */
	assert_refused(newer, CONTEXT, buf_str(&sealed));
	assert_non_null(strstr(error_detail(&err), "master key 1"));
	assert_null(strstr(error_detail(&err), "000102"));
	buf_release(&sealed);
	vault_free(vault);
	vault_free(other);
	vault_free(newer);
}

static void every_bit_and_byte_matters(void **state)
{
	struct vault *vault = vault_of("1:" KEY_1 ",2:" KEY_2);
	struct buf sealed;
	char *copy;

	(void)state;
	seal(vault, CONTEXT, SECRET, &sealed);
	for (size_t bit = 0; bit < 8 * sealed.n; bit++) {
		sealed.p[bit / 8] ^= (char)(1 << bit % 8);
		assert_refused(vault, CONTEXT, buf_str(&sealed));
		sealed.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t n = 0; n < sealed.n; n++) {
		/* A copy of that size: a read beyond it would be seen. */
		copy = malloc(n ? n : 1);
		assert_non_null(copy);
		memcpy(copy, sealed.p, n);
		assert_refused(vault, CONTEXT, (struct str){ copy, n });
		free(copy);
	}
	buf_append_char(&sealed, '\0');
	assert_refused(vault, CONTEXT, buf_str(&sealed));
	sealed.n--;
	assert_opens(vault, CONTEXT, buf_str(&sealed), SECRET);
	buf_release(&sealed);
	vault_free(vault);
}

/* The content of one blob under the data key of another. */
static void parts_cannot_be_exchanged(void **state)
{
	struct vault *vault = vault_of(KEY_1);
	struct buf first, second;

	(void)state;
	seal(vault, CONTEXT, SECRET, &first);
	seal(vault, CONTEXT, SECRET, &second);
	memcpy(first.p, second.p, 65);
	assert_refused(vault, CONTEXT, buf_str(&first));
	buf_release(&first);
	buf_release(&second);
	vault_free(vault);
}

static void rewrapped_under_the_newest(void **state)
{
	struct vault *old_vault = vault_of(KEY_1);
	struct vault *both = vault_of(" 2:" KEY_2 ", 1:" KEY_1 "\n");
	struct vault *new_vault = vault_of("2:" KEY_2);
	struct buf rewrapped = BUF_INIT(MAX_BYTES);
	struct buf sealed;

	(void)state;
	assert_int_equal(vault_newest_version(both), 2);
	seal(old_vault, CONTEXT, SECRET, &sealed);
	assert_opens(both, CONTEXT, buf_str(&sealed), SECRET);
	assert_false(vault_rewrap(both, S("provider_key:18"), buf_str(&sealed),
		&rewrapped, &err));
	assert_int_equal(rewrapped.n, 0);
	assert_true(vault_rewrap(
		both, CONTEXT, buf_str(&sealed), &rewrapped, &err));
	assert_int_equal(vault_version(buf_str(&rewrapped)), 2);
	assert_int_equal(rewrapped.n, sealed.n);
	/* The secret's own bytes are as they were. */
	assert_memory_equal(rewrapped.p + 65, sealed.p + 65, sealed.n - 65);
	assert_opens(new_vault, CONTEXT, buf_str(&rewrapped), SECRET);
	assert_refused(old_vault, CONTEXT, buf_str(&rewrapped));
	assert_refused(new_vault, S("provider_key:18"), buf_str(&rewrapped));
	buf_release(&sealed);
	buf_release(&rewrapped);
	vault_free(old_vault);
	vault_free(both);
	vault_free(new_vault);
}

static void base64_is_the_same_key(void **state)
{
	struct vault *hex = vault_of(KEY_1);
	struct vault *base64 = vault_of("1:" KEY_1_BASE64);
	struct buf sealed;

	(void)state;
	seal(hex, CONTEXT, SECRET, &sealed);
	assert_opens(base64, CONTEXT, buf_str(&sealed), SECRET);
	buf_release(&sealed);
	vault_free(hex);
	vault_free(base64);
}

static void bad_keys_are_refused_unseen(void **state)
{
	static const char *const texts[] = { "", " ", "deadbeef", KEY_1 "0",
		"g" KEY_1, "0:" KEY_1, "-1:" KEY_1, "x:" KEY_1,
		"4294967296:" KEY_1, KEY_1 "," KEY_2, "2:" KEY_1 ",2:" KEY_2,
		"deadbeefAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx==",
		"deadbeefAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"deadbeefAwQF*gcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ":" KEY_1,
		"1:" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct vault *vault = NULL;

		err = (struct error)ERROR_INIT;
		assert_false(vault_parse(str_of(texts[i]), &vault, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_null(strstr(error_message(&err), "deadbeef"));
		assert_null(strstr(error_message(&err), "000102"));
	}
}

static void no_more_keys_than_fit(void **state)
{
	struct buf text = BUF_INIT(8192);
	struct vault *vault;

	(void)state;
	for (int version = VAULT_MAX_KEYS; version > 0; version--)
		buf_printf(&text, "%s%d:%s",
			version == VAULT_MAX_KEYS ? "" : ",", version, KEY_1);
	vault = vault_of(buf_cstr(&text));
	assert_int_equal(vault_newest_version(vault), VAULT_MAX_KEYS);
	vault_free(vault);
	buf_printf(&text, ",%d:%s", VAULT_MAX_KEYS + 1, KEY_1);
	assert_false(vault_parse(buf_str(&text), &vault, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	buf_release(&text);
}

static void a_full_buffer_is_an_error(void **state)
{
	struct vault *vault = vault_of(KEY_1);
	struct buf small = BUF_INIT(VAULT_OVERHEAD_BYTES + 3);
	struct buf exact = BUF_INIT(4);
	struct buf sealed;

	(void)state;
	assert_false(vault_seal(vault, CONTEXT, S("four"), &small, &err));
	assert_int_equal(err.kind, ERR_CRYPTO);
	assert_int_equal(small.n, 0);
	seal(vault, CONTEXT, S("four"), &sealed);
	assert_true(vault_open(vault, CONTEXT, buf_str(&sealed), &exact, &err));
	assert_false(
		vault_open(vault, CONTEXT, buf_str(&sealed), &exact, &err));
	assert_int_equal(exact.n, 4);
	vault_wipe(&exact);
	assert_null(exact.p);
	buf_release(&small);
	buf_release(&sealed);
	vault_free(vault);
}

static void write_key(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void environment_before_file(void **state)
{
	char path[] = "/tmp/master-key-XXXXXX";
	struct settings settings;
	struct vault *vault;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_key(path, "7:" KEY_1 "\n");
	settings_init(&settings);
	unsetenv("LLM_GATEWAY_MASTER_KEY");
	assert_false(vault_load(&settings, &vault, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	settings.master_key_file = str_of(path);
	assert_true(vault_load(&settings, &vault, &err));
	assert_int_equal(vault_newest_version(vault), 7);
	vault_free(vault);
	setenv("LLM_GATEWAY_MASTER_KEY", "9:" KEY_2, 1);
	assert_true(vault_load(&settings, &vault, &err));
	assert_int_equal(vault_newest_version(vault), 9);
	vault_free(vault);
	unsetenv("LLM_GATEWAY_MASTER_KEY");
	chmod(path, 0644);
	assert_false(vault_load(&settings, &vault, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	unlink(path);
}

static void a_new_key_is_one(void **state)
{
	char first[VAULT_KEY_TEXT_BYTES];
	char second[VAULT_KEY_TEXT_BYTES];
	uint8_t bytes[32];

	(void)state;
	vault_new_key(first);
	vault_new_key(second);
	assert_string_not_equal(first, second);
	assert_true(digest_unhex(str_of(first), bytes, sizeof(bytes)));
	vault_free(vault_of(first));
}

static void what_is_no_blob_has_no_version(void **state)
{
	char bytes[VAULT_OVERHEAD_BYTES] = { 2, 0, 0, 0, 1 };

	(void)state;
	assert_int_equal(vault_version(S("")), 0);
	assert_int_equal(
		vault_version((struct str){ bytes, sizeof(bytes) }), 0);
	bytes[0] = 1;
	assert_int_equal(
		vault_version((struct str){ bytes, sizeof(bytes) }), 1);
	assert_int_equal(
		vault_version((struct str){ bytes, sizeof(bytes) - 1 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(no_two_are_alike),
		cmocka_unit_test(bound_to_its_place),
		cmocka_unit_test(another_key_does_not_open),
		cmocka_unit_test(every_bit_and_byte_matters),
		cmocka_unit_test(parts_cannot_be_exchanged),
		cmocka_unit_test(rewrapped_under_the_newest),
		cmocka_unit_test(base64_is_the_same_key),
		cmocka_unit_test(bad_keys_are_refused_unseen),
		cmocka_unit_test(no_more_keys_than_fit),
		cmocka_unit_test(a_full_buffer_is_an_error),
		cmocka_unit_test(environment_before_file),
		cmocka_unit_test(a_new_key_is_one),
		cmocka_unit_test(what_is_no_blob_has_no_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
