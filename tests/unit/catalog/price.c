/*
 * price.c - what calls cost, to the last pico-dollar, and which price holds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/model.h"
#include "catalog/price.h"

/* USD per million tokens: 0.15 in, 0.60 out, 0.075 cached. */
static const struct price full = { .input_picousd = 150000,
	.output_picousd = 600000,
	.cached_picousd = 75000,
	.cache_write_picousd = 187500,
	.cache_write_1h_picousd = 300000,
	.reasoning_picousd = 700000,
	.audio_input_picousd = 1000000,
	.audio_output_picousd = 2000000 };
static const struct price plain = { .input_picousd = 150000,
	.output_picousd = 600000,
	.cached_picousd = PRICE_NONE,
	.cache_write_picousd = PRICE_NONE,
	.cache_write_1h_picousd = PRICE_NONE,
	.reasoning_picousd = PRICE_NONE,
	.audio_input_picousd = PRICE_NONE,
	.audio_output_picousd = PRICE_NONE };

static int64_t cost(const struct price *price, int64_t prompt, int64_t cached,
	int64_t written, int64_t completion, int64_t reasoning)
{
	const struct price_tokens tokens = { .prompt = prompt,
		.cached = cached,
		.cache_write = written,
		.completion = completion,
		.reasoning = reasoning };

	return price_cost(price, &tokens);
}

static void costs_are_exact(void **state)
{
	(void)state;
	assert_int_equal(
		cost(&plain, 1000, 0, 0, 500, 0), 1000 * 150000 + 500 * 600000);
	assert_int_equal(cost(&full, 1000, 400, 100, 500, 200),
		500 * 150000 + 400 * 75000 + 100 * 187500 + 300 * 600000 +
			200 * 700000);
	assert_int_equal(cost(&full, 0, 0, 0, 0, 0), 0);
	assert_int_equal(cost(&full, 1, 1, 0, 0, 0), 75000);
}

static void parts_without_a_price_cost_as_the_whole(void **state)
{
	(void)state;
	assert_int_equal(cost(&plain, 1000, 400, 100, 500, 200),
		cost(&plain, 1000, 0, 0, 500, 0));
}

static void a_cached_price_of_zero_is_a_price(void **state)
{
	struct price price = plain;

	(void)state;
	price.cached_picousd = 0;
	assert_int_equal(cost(&price, 1000, 1000, 0, 0, 0), 0);
}

static void what_was_not_told_costs_nothing(void **state)
{
	(void)state;
	assert_int_equal(cost(&full, -1, -1, -1, -1, -1), 0);
	assert_int_equal(
		cost(&full, 10, -1, -1, 5, -1), 10 * 150000 + 5 * 600000);
}

/* A provider that counts parts beside the whole must not lower a cost. */
static void a_part_is_never_larger_than_its_whole(void **state)
{
	(void)state;
	assert_int_equal(cost(&full, 100, 1000, 1000, 10, 99),
		100 * 75000 + 10 * 700000);
	assert_int_equal(
		cost(&full, 100, 60, 60, 0, 0), 60 * 75000 + 40 * 187500);
	assert_int_equal(cost(&full, -1, 50, 50, -1, 50), 0);
}

static void a_call_may_cost_apart_from_its_tokens(void **state)
{
	struct price price = plain;

	(void)state;
	price.request_picousd = 5000000000;
	assert_int_equal(cost(&price, 2, 0, 0, 1, 0),
		INT64_C(5000000000) + 2 * 150000 + 600000);
}

static void hours_and_sound_have_prices_of_their_own(void **state)
{
	const struct price_tokens tokens = { .prompt = 1000,
		.cached = 100,
		.cache_write = 300,
		.cache_write_1h = 200,
		.audio_prompt = 50,
		.completion = 500,
		.reasoning = 100,
		.audio_completion = 40 };

	(void)state;
	assert_int_equal(price_cost(&full, &tokens),
		550 * 150000 + 50 * 1000000 + 100 * 75000 + 100 * 187500 +
			200 * 300000 + 360 * 600000 + 40 * 2000000 +
			100 * 700000);
	assert_int_equal(
		price_cost(&plain, &tokens), 1000 * 150000 + 500 * 600000);
	assert_int_equal(price_dearest_input(&full), 1000000);
	assert_int_equal(price_dearest_output(&full), 2000000);
	assert_int_equal(price_dearest_output(&plain), 600000);
}

static void images_that_have_a_price_are_no_tokens(void **state)
{
	const struct price_tokens tokens = {
		.prompt = 10, .completion = 2 * 6240, .images = 2
	};
	struct price price = plain;

	(void)state;
	price.image_output_picousd = PRICE_NONE;
	assert_int_equal(price_cost(&price, &tokens),
		10 * 150000 + INT64_C(2) * 6240 * 600000);
	price.image_output_picousd = INT64_C(40000000000);
	assert_int_equal(price_cost(&price, &tokens),
		10 * 150000 + 2 * INT64_C(40000000000));
	/* Their tokens were told. */
	assert_int_equal(cost(&price, 10, 0, 0, 2 * 6240, 0),
		10 * 150000 + INT64_C(2) * 6240 * 600000);
}

static void a_tier_costs_its_own_or_the_ordinary_price(void **state)
{
	const struct price ordinary = { .valid_from_ms = 1 };
	const struct price flex = {
		.valid_from_ms = 1, .tier = PRICE_FLEX, .older = &ordinary
	};
	const struct model model = { .prices = &flex };

	(void)state;
	assert_ptr_equal(model_price_of_tier(&model, 5, 9, PRICE_FLEX), &flex);
	assert_ptr_equal(
		model_price_of_tier(&model, 5, 9, PRICE_BATCH), &ordinary);
	assert_ptr_equal(model_price_for(&model, 5, 9), &ordinary);
	assert_null(model_price_of_tier(&model, 0, 9, PRICE_FLEX));
	assert_int_equal(price_tier_of(S("priority")), PRICE_PRIORITY);
	assert_int_equal(price_tier_of(S("default")), PRICE_ORDINARY);
	assert_int_equal(price_tier_of(S("")), PRICE_ORDINARY);
}

static void huge_counts_saturate(void **state)
{
	(void)state;
	assert_int_equal(cost(&full, INT64_MAX, 0, 0, 0, 0), INT64_MAX);
	assert_int_equal(cost(&full, 0, 0, 0, INT64_MAX, INT64_MAX), INT64_MAX);
	assert_int_equal(cost(&full, INT64_MAX, INT64_MAX / 2, INT64_MAX / 4,
				 INT64_MAX, INT64_MAX / 2),
		INT64_MAX);
	/* 9.2 million dollars still fit, and one token more does not. */
	assert_int_equal(cost(&plain, INT64_MAX / 150000, 0, 0, 0, 0),
		INT64_MAX / 150000 * 150000);
	assert_int_equal(
		cost(&plain, INT64_MAX / 150000 + 1, 0, 0, 0, 0), INT64_MAX);
}

static void the_price_of_the_time_holds(void **state)
{
	const struct price first = { .valid_from_ms = 1000,
		.input_picousd = 1 };
	const struct price second = {
		.valid_from_ms = 2000, .input_picousd = 2, .older = &first
	};
	const struct model model = { .prices = &second };
	const struct model unpriced = { .prices = NULL };

	(void)state;
	assert_null(model_price_at(&unpriced, 5000));
	assert_null(model_price_at(&model, 999));
	assert_ptr_equal(model_price_at(&model, 1000), &first);
	assert_ptr_equal(model_price_at(&model, 1999), &first);
	assert_ptr_equal(model_price_at(&model, 2000), &second);
	assert_ptr_equal(model_price_at(&model, INT64_MAX), &second);
}

static void long_prompts_have_their_price(void **state)
{
	const struct price all = { .valid_from_ms = 1 };
	const struct price above = {
		.valid_from_ms = 1, .above_prompt_tokens = 200000, .older = &all
	};
	const struct price newer = { .valid_from_ms = 9, .older = &above };
	const struct model model = { .prices = &newer };

	(void)state;
	assert_ptr_equal(model_price_for(&model, 5, 200000), &all);
	assert_ptr_equal(model_price_for(&model, 5, 200001), &above);
	assert_ptr_equal(model_price_for(&model, 9, 200000), &newer);
	assert_ptr_equal(model_price_for(&model, 9, 200001), &above);
	assert_ptr_equal(model_price_at(&model, 9), &newer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_are_exact),
		cmocka_unit_test(parts_without_a_price_cost_as_the_whole),
		cmocka_unit_test(a_cached_price_of_zero_is_a_price),
		cmocka_unit_test(what_was_not_told_costs_nothing),
		cmocka_unit_test(a_part_is_never_larger_than_its_whole),
		cmocka_unit_test(a_call_may_cost_apart_from_its_tokens),
		cmocka_unit_test(hours_and_sound_have_prices_of_their_own),
		cmocka_unit_test(images_that_have_a_price_are_no_tokens),
		cmocka_unit_test(a_tier_costs_its_own_or_the_ordinary_price),
		cmocka_unit_test(huge_counts_saturate),
		cmocka_unit_test(the_price_of_the_time_holds),
		cmocka_unit_test(long_prompts_have_their_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
