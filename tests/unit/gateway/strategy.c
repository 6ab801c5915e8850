/* Tests of who is the best for a request: tables of cases. */
#include "gateway/strategy.h"

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "catalog/provider.h"

#define MANY 200

static struct provider providers[2] = { { .id = 1 }, { .id = 2 } };
static struct model models[MANY];
static struct price prices[MANY];
static struct strategy_candidate all[MANY];
static size_t count;

/* Prices in dollars per million tokens; negative: none. */
static struct strategy_candidate *add(
	const char *name, int64_t quality, double input, double output)
{
	struct strategy_candidate *candidate = &all[count];

	prices[count] = price_none();
	prices[count].input_picousd = (int64_t)(input * 1e6);
	prices[count].output_picousd = (int64_t)(output * 1e6);
	prices[count].cached_picousd = (int64_t)(input * 1e5);
	models[count] = (struct model){
		.id = (int64_t)count + 1,
		.name = str_of(name),
		.provider = &providers[0],
		.quality = quality,
		.prices = input < 0 ? NULL : &prices[count],
	};
	*candidate = (struct strategy_candidate){ .model = &models[count] };
	count++;
	return candidate;
}

static int begin(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

static struct strategy_need need_of(enum complexity complexity)
{
	return (struct strategy_need){
		.strength = strategy_strength(complexity, 0.5),
		.prompt_tokens = 200,
		.output_tokens = strategy_output_tokens(complexity),
		.unpriced_input_picousd = 30000000,
		.unpriced_output_picousd = 150000000,
	};
}

static const char *first(enum routing_preset preset, enum complexity complexity)
{
	struct strategy_need need = need_of(complexity);
	struct routing_policy policy = routing_policy_of(preset);

	strategy_rank(&need, &policy.weights, all, count);
	return all[0].dropped ? "" : all[0].model->name.p;
}

static void the_preset_and_the_class_decide(void **state)
{
	static const struct {
		enum routing_preset preset;
		enum complexity complexity;
		const char *expected;
	} cases[] = {
		{ ROUTING_CHEAP, COMPLEXITY_SIMPLE, "mini" },
		{ ROUTING_CHEAP, COMPLEXITY_MEDIUM, "mini" },
		{ ROUTING_CHEAP, COMPLEXITY_COMPLEX, "large" },
		{ ROUTING_BALANCED, COMPLEXITY_SIMPLE, "mini" },
		{ ROUTING_BALANCED, COMPLEXITY_MEDIUM, "mini" },
		{ ROUTING_BALANCED, COMPLEXITY_COMPLEX, "large" },
		{ ROUTING_QUALITY, COMPLEXITY_SIMPLE, "mini" },
		{ ROUTING_QUALITY, COMPLEXITY_MEDIUM, "large" },
		{ ROUTING_QUALITY, COMPLEXITY_COMPLEX, "large" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin(state);
		add("large", 92, 2.5, 10);
		add("mini", 55, 0.15, 0.6);
		assert_string_equal(first(cases[i].preset, cases[i].complexity),
			cases[i].expected);
	}
}

/* Twice as good for half as much more: then it is taken also where it is not
 * needed so much. */
static void what_better_costs_decides(void **state)
{
	(void)state;
	add("good", 90, 1.5, 6);
	add("poor", 50, 1, 4);
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_MEDIUM), "good");
	begin(state);
	add("good", 90, 60, 240);
	add("poor", 50, 1, 4);
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_MEDIUM), "poor");
}

static void of_equals_the_cheaper_one(void **state)
{
	(void)state;
	add("dear", 80, 3, 12);
	add("fair", 80, 2.9, 12);
	for (unsigned preset = 0; preset <= ROUTING_QUALITY; preset++)
		assert_string_equal(first(preset, COMPLEXITY_COMPLEX), "fair");
}

static void without_a_price_it_is_not_free(void **state)
{
	struct strategy_candidate *found;

	(void)state;
	add("unpriced", 80, -1, -1);
	add("priced", 80, 3, 12);
	assert_string_equal(
		first(ROUTING_BALANCED, COMPLEXITY_SIMPLE), "priced");
	found = &all[1];
	assert_false(found->is_priced);
	assert_int_equal(found->cost_picousd,
		200 * INT64_C(30000000) + 150 * INT64_C(150000000));
}

/* A model of unknown quality is judged by its price, and says so. */
static void an_unknown_quality_is_assumed(void **state)
{
	(void)state;
	add("dear", QUALITY_UNKNOWN, 2.5, 10);
	add("cheap", QUALITY_UNKNOWN, 0.15, 0.6);
	add("unknown", QUALITY_UNKNOWN, -1, -1);
	add("free", QUALITY_UNKNOWN, 0, 0);
	assert_string_equal(
		first(ROUTING_BALANCED, COMPLEXITY_COMPLEX), "dear");
	for (size_t i = 0; i < count; i++) {
		bool is_unknown = !all[i].is_priced;

		assert_int_equal(all[i].quality_source,
			is_unknown ? QUALITY_ASSUMED : QUALITY_OF_PRICE);
		assert_true(all[i].quality > 10 && all[i].quality <= 90);
	}
}

/* What is free is not worth any lack of quality. */
static void free_is_not_worth_everything(void **state)
{
	(void)state;
	add("free", 30, 0, 0);
	add("good", 90, 0.5, 2);
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_SIMPLE), "free");
	assert_string_equal(
		first(ROUTING_BALANCED, COMPLEXITY_COMPLEX), "good");
}

static void a_warm_cache_is_cheaper(void **state)
{
	struct strategy_need need = need_of(COMPLEXITY_SIMPLE);
	struct routing_policy policy = routing_policy_of(ROUTING_BALANCED);

	(void)state;
	need.prompt_tokens = 20000;
	add("a", 80, 2, 8);
	add("b", 80, 2, 8)->is_warm = true;
	strategy_rank(&need, &policy.weights, all, count);
	assert_string_equal(all[0].model->name.p, "b");
	assert_true(all[0].cost_picousd < all[1].cost_picousd);
}

static void failures_and_slowness_count(void **state)
{
	(void)state;
	add("a", 80, 2, 8)->failures = 2;
	add("b", 80, 2, 8);
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_MEDIUM), "b");
	begin(state);
	add("a", 80, 2, 8)->first_byte_us = 9000000;
	add("b", 80, 2, 8)->first_byte_us = 200000;
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_MEDIUM), "b");
}

static void what_is_dropped_comes_last(void **state)
{
	(void)state;
	add("a", 90, 1, 1)->dropped = "context";
	add("b", 50, 9, 9);
	add("c", 90, 1, 1)->dropped = "images";
	assert_string_equal(first(ROUTING_CHEAP, COMPLEXITY_SIMPLE), "b");
	assert_string_equal(all[1].dropped, "context");
	assert_string_equal(all[2].dropped, "images");
	assert_true(all[1].score == 0);
	begin(state);
	add("a", 90, 1, 1)->dropped = "context";
	assert_string_equal(first(ROUTING_CHEAP, COMPLEXITY_SIMPLE), "");
}

/* The order in which they come makes no difference. */
static void it_is_always_the_same(void **state)
{
	(void)state;
	add("b", 70, 1, 4);
	add("a", 70, 1, 4);
	models[1].provider = &providers[1];
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_MEDIUM), "a");
	begin(state);
	add("a", 70, 1, 4);
	add("b", 70, 1, 4);
	assert_string_equal(first(ROUTING_BALANCED, COMPLEXITY_MEDIUM), "a");
}

static void classes_do_not_overlap(void **state)
{
	(void)state;
	assert_true(strategy_strength(COMPLEXITY_SIMPLE, 1) <
		    strategy_strength(COMPLEXITY_MEDIUM, 0));
	assert_true(strategy_strength(COMPLEXITY_MEDIUM, 1) <
		    strategy_strength(COMPLEXITY_COMPLEX, 0));
	assert_true(strategy_strength(COMPLEXITY_COMPLEX, 1) <= 1);
}

/* All weights that a project may set leave an order. */
static void extreme_weights_leave_an_order(void **state)
{
	const struct routing_weights extremes[] = { { 0, 0, 0 }, { 100, 0, 0 },
		{ 0, 100, 0 }, { 0, 0, 100 }, { 100, 100, 100 } };
	struct strategy_need need = need_of(COMPLEXITY_COMPLEX);

	(void)state;
	add("large", 92, 250, 1000);
	add("free", 0, 0, 0);
	add("mini", 55, 0.15, 0.6);
	for (size_t i = 0; i < ARRAY_LEN(extremes); i++) {
		strategy_rank(&need, &extremes[i], all, count);
		for (size_t k = 0; k < count; k++) {
			assert_true(all[k].score >= 0);
			assert_true(k == 0 || all[k - 1].score >= all[k].score);
		}
		assert_true(all[0].score < 1000);
	}
}

static void print_the_time_of_many(void **state)
{
	static char names[MANY][16];
	int64_t begun;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "model-%zu", i);
		add(names[i], (int64_t)(i * 37 % 100), 0.1 * (double)(i + 1),
			0.3 * (double)(i + 1));
	}
	begun = clock_monotonic_ns();
	for (int i = 0; i < 100; i++)
		first(ROUTING_BALANCED, COMPLEXITY_MEDIUM);
	print_message("%d models are ranked in %" PRId64 " us\n", MANY,
		(clock_monotonic_ns() - begun) / 100000);
	assert_true(all[0].score >= all[MANY - 1].score);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_preset_and_the_class_decide, begin),
		cmocka_unit_test_setup(what_better_costs_decides, begin),
		cmocka_unit_test_setup(of_equals_the_cheaper_one, begin),
		cmocka_unit_test_setup(without_a_price_it_is_not_free, begin),
		cmocka_unit_test_setup(an_unknown_quality_is_assumed, begin),
		cmocka_unit_test_setup(free_is_not_worth_everything, begin),
		cmocka_unit_test_setup(a_warm_cache_is_cheaper, begin),
		cmocka_unit_test_setup(failures_and_slowness_count, begin),
		cmocka_unit_test_setup(what_is_dropped_comes_last, begin),
		cmocka_unit_test_setup(it_is_always_the_same, begin),
		cmocka_unit_test(classes_do_not_overlap),
		cmocka_unit_test_setup(extreme_weights_leave_an_order, begin),
		cmocka_unit_test_setup(print_the_time_of_many, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
