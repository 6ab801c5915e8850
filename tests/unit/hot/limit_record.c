/*
 * limit_record.c - what was written is read again; anything else is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/limit_record.h"

#define START INT64_C(1790000000000)

static uint64_t random_state = 11;

static int64_t random_number(void)
{
	uint64_t bits;

	random_state = random_state * UINT64_C(6364136223846793005) + 1;
	bits = random_state >> 1;
	random_state = random_state * UINT64_C(6364136223846793005) + 1;
	return (int64_t)(bits >> (random_state >> 58));
}

static void expect_counter(const struct counter *counter)
{
	char bytes[COUNTER_MAX_BYTES];
	struct str written = counter_write(counter, bytes);
	struct counter read;

	assert_true(written.n <= sizeof(bytes));
	assert_true(counter_read(written, &read));
	assert_int_equal(read.kind, counter->kind);
	assert_true(read.generation == counter->generation);
	if (read.kind != LIMIT_RATE)
		assert_true(read.used == counter->used);
	if (read.kind == LIMIT_AMOUNT) {
		assert_true(read.granted == counter->granted);
		assert_true(read.ends_ms == counter->ends_ms);
		assert_true(read.touched_ms == counter->touched_ms);
	}
	if (read.kind == LIMIT_RATE) {
		assert_true(read.window.window_ms == counter->window.window_ms);
		assert_true(read.window.used == counter->window.used);
		assert_int_equal(read.window.count, counter->window.count);
		assert_memory_equal(read.window.entries,
			counter->window.entries,
			read.window.count * sizeof(read.window.entries[0]));
	}
	/* Neither cut off nor with something behind it. */
	for (size_t n = 0; n < written.n; n++)
		assert_false(counter_read(str_head(written, n), &read));
	if (written.n < sizeof(bytes)) {
		bytes[written.n] = 0;
		written.n++;
		assert_false(counter_read(written, &read));
	}
}

static void counters(void **state)
{
	static const int64_t numbers[] = { 0, 1, 63, 64, 8191, 8192, START,
		INT64_MAX };
	struct counter counter;

	(void)state;
	counter_init(&counter, LIMIT_AMOUNT, 0, START, 7);
	assert_int_equal(counter.used, -1);
	expect_counter(&counter);
	counter_init(&counter, LIMIT_AMOUNT, 0, INT64_MIN, INT64_MIN);
	expect_counter(&counter);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		counter.used = numbers[i];
		counter.granted = numbers[ARRAY_LEN(numbers) - 1 - i];
		counter.touched_ms = numbers[i];
		expect_counter(&counter);
	}
	counter_init(&counter, LIMIT_CONCURRENT, 0, 0, INT64_MAX);
	counter.used = 12;
	expect_counter(&counter);
}

static void windows(void **state)
{
	struct counter counter;

	(void)state;
	for (int i = 0; i < 300; i++) {
		int64_t now_ms = START;

		counter_init(&counter, LIMIT_RATE, 1 + random_number() % 600000,
			0, i);
		for (int j = 0; j < i; j++) {
			now_ms += random_number() % 4000;
			window_slide(&counter.window, now_ms);
			window_take(&counter.window, random_number(), now_ms);
		}
		expect_counter(&counter);
	}
}

static struct reservation make_reservation(size_t count, char names[][8])
{
	struct reservation reservation = { .process = UINT64_MAX - count,
		.reserved_unix_ms = START + (int64_t)count,
		.note = S("{\"note\":\0 1}"),
		.count = count };

	for (size_t i = 0; i < count; i++) {
		struct held *held = &reservation.held[i];

		snprintf(names[i], 8, "n%zu", i * 1000);
		*held = (struct held){ .kind = (enum limit_kind)(i % 3),
			.unit = (enum limit_unit)(i / 3 % 3),
			.name = str_of(names[i]),
			.generation = random_number(),
			.amount = random_number() };
		if (held->kind == LIMIT_RATE)
			held->taken_ms = START - 50 + random_number() % 100;
	}
	return reservation;
}

static void reservations(void **state)
{
	(void)state;
	for (size_t count = 0; count <= LIMITS_MAX; count++) {
		char bytes[RESERVATION_MAX_BYTES];
		char names[LIMITS_MAX][8];
		struct reservation made = make_reservation(count, names);
		struct str written = reservation_write(&made, bytes);
		struct reservation read;

		assert_true(reservation_read(written, &read));
		assert_true(read.process == made.process);
		assert_true(read.reserved_unix_ms == made.reserved_unix_ms);
		assert_true(str_equal(read.note, made.note));
		assert_int_equal(read.count, count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(read.held[i].kind, made.held[i].kind);
			assert_int_equal(read.held[i].unit, made.held[i].unit);
			assert_true(str_equal(
				read.held[i].name, made.held[i].name));
			assert_true(read.held[i].generation ==
				    made.held[i].generation);
			assert_true(read.held[i].amount == made.held[i].amount);
			assert_true(
				read.held[i].taken_ms == made.held[i].taken_ms);
		}
		for (size_t n = 0; n < written.n; n++)
			assert_false(
				reservation_read(str_head(written, n), &read));
	}
}

static void the_longest_fit(void **state)
{
	static char name[LIMIT_NAME_MAX_BYTES];
	static char note[LIMIT_NOTE_MAX_BYTES];
	char bytes[RESERVATION_MAX_BYTES];
	char counter_bytes[COUNTER_MAX_BYTES];
	struct reservation reservation = { .process = UINT64_MAX,
		.reserved_unix_ms = INT64_MAX,
		.note = { note, sizeof(note) },
		.count = LIMITS_MAX };
	struct counter counter = { .generation = INT64_MIN,
		.window = { .window_ms = INT64_MAX, .count = WINDOW_ENTRIES } };

	(void)state;
	for (size_t i = 0; i < LIMITS_MAX; i++)
		reservation.held[i] = (struct held){ LIMIT_RATE, LIMIT_PICOUSD,
			{ name, sizeof(name) }, INT64_MIN, INT64_MAX, -1 };
	assert_true(reservation_write(&reservation, bytes).n <= sizeof(bytes));
	assert_true(reservation_read(
		reservation_write(&reservation, bytes), &reservation));
	for (size_t i = 0; i < WINDOW_ENTRIES; i++)
		counter.window.entries[i] =
			(struct window_entry){ i % 2 ? INT64_MAX : 0,
				INT64_MAX };
	assert_true(counter_write(&counter, counter_bytes).n <=
		    sizeof(counter_bytes));
}

static void bytes_of_nothing_are_refused(void **state)
{
	struct reservation reservation;
	struct counter counter;
	char bytes[64];
	size_t accepted = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		size_t n = (size_t)random_number() % sizeof(bytes);

		for (size_t j = 0; j < n; j++)
			bytes[j] = (char)random_number();
		/* Now and then it is one; it must be a possible one. */
		if (counter_read((struct str){ bytes, n }, &counter)) {
			accepted++;
			assert_true(counter.kind <= LIMIT_AMOUNT);
			assert_true(counter.kind != LIMIT_RATE ||
				    counter.window.window_ms > 0);
			assert_true(counter.used >= -1);
		}
		accepted += reservation_read(
			(struct str){ bytes, n }, &reservation);
	}
	assert_true(accepted < 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters),
		cmocka_unit_test(windows),
		cmocka_unit_test(reservations),
		cmocka_unit_test(the_longest_fit),
		cmocka_unit_test(bytes_of_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
