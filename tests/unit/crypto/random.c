/* random.c - the form of identifiers, and that none comes twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "crypto/random.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define IDS_EACH 20000

static char ids[THREADS * IDS_EACH][REQUEST_ID_BYTES];

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void *make_ids(void *place)
{
	char(*mine)[REQUEST_ID_BYTES] = place;

	for (size_t i = 0; i < IDS_EACH; i++)
		random_request_id(mine[i]);
	return NULL;
}

static void request_ids_are_unique(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_ids,
					 ids[i * IDS_EACH]),
			0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	qsort(ids, ARRAY_LEN(ids), sizeof(ids[0]), compare_ids);
	for (size_t i = 1; i < ARRAY_LEN(ids); i++)
		assert_string_not_equal(ids[i], ids[i - 1]);
}

/* The ten characters after "req_" are the time, most significant first. */
static int64_t time_of(const char *id)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	int64_t time_ms = 0;

	for (int i = 4; i < 14; i++)
		time_ms = time_ms * 32 + (strchr(digits, id[i]) - digits);
	return time_ms;
}

static void request_ids_tell_their_time(void **state)
{
	char earlier[REQUEST_ID_BYTES];
	char later[REQUEST_ID_BYTES];
	int64_t before_ms = clock_unix_ms();

	(void)state;
	random_request_id(earlier);
	assert_in_range(time_of(earlier), before_ms, clock_unix_ms());
	assert_int_equal(strlen(earlier), 30);
	assert_int_equal(strncmp(earlier, "req_", 4), 0);
	assert_int_equal(
		strspn(earlier + 4, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
	usleep(2000);
	random_request_id(later);
	assert_true(strcmp(earlier, later) < 0);
}

static void a_child_has_ids_of_its_own(void **state)
{
	char mine[REQUEST_ID_BYTES];
	char theirs[REQUEST_ID_BYTES];
	int ends[2];
	pid_t child;

	(void)state;
	random_request_id(mine);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		random_request_id(theirs);
		_exit(write(ends[1], theirs, sizeof(theirs)) != sizeof(theirs));
	}
	random_request_id(mine);
	assert_int_equal(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	/* The times may differ, the random parts must. */
	assert_string_not_equal(mine + 14, theirs + 14);
}

/* Every digit comes, about as often as the others, and nothing else does. */
static void assert_even(const char *text, size_t n, const char *digits)
{
	size_t kinds = strlen(digits);
	size_t expected = n / kinds;
	size_t counted = 0;

	assert_int_equal(strlen(text), n);
	for (size_t i = 0; i < kinds; i++) {
		size_t count = 0;

		for (size_t j = 0; j < n; j++)
			count += text[j] == digits[i];
		/* Six standard deviations are 190 of 1000. */
		assert_in_range(count, expected * 8 / 10, expected * 12 / 10);
		counted += count;
	}
	assert_int_equal(counted, n);
}

static void texts_use_their_digits_evenly(void **state)
{
	static char text[62001];

	(void)state;
	random_base62(text, 62000);
	assert_even(text, 62000,
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz");
	random_hex(text, 16000);
	assert_even(text, 16000, "0123456789abcdef");
}

static void no_more_than_asked_for(void **state)
{
	char text[8];

	(void)state;
	for (size_t n = 0; n < 6; n++) {
		memset(text, '#', sizeof(text));
		random_base62(text, n);
		assert_int_equal(text[n], '\0');
		assert_int_equal(text[n + 1], '#');
		memset(text, '#', sizeof(text));
		random_hex(text, n);
		assert_int_equal(text[n], '\0');
		assert_int_equal(text[n + 1], '#');
		memset(text, '#', sizeof(text));
		random_bytes(text, n);
		assert_int_equal(text[n], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_ids_are_unique),
		cmocka_unit_test(request_ids_tell_their_time),
		cmocka_unit_test(a_child_has_ids_of_its_own),
		cmocka_unit_test(texts_use_their_digits_evenly),
		cmocka_unit_test(no_more_than_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
