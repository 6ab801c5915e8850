/*
 * entry.c - lists of entries: found by name, by other names, and merged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/family.h"
#include "catalog/own.h"

#include "lists.h"

static struct arena arena;
static struct catalog_entries list;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	catalog_entries_init(&list, &arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct catalog_entry *add(
	struct catalog_entries *to, const char *id, int64_t input)
{
	struct catalog_entry *entry =
		catalog_entries_add(to, S("openai"), str_of(id));

	entry->kind = MODEL_CHAT;
	entry->kind_known = true;
	if (input >= 0) {
		struct price *price = catalog_entry_add_price(
			entry, &arena, PRICE_ORDINARY, 0);

		price->input_picousd = input;
		price->output_picousd = 4 * input;
	}
	return entry;
}

static struct catalog_entry *like(const char *id)
{
	return catalog_entries_find_like(&list, S("openai"), str_of(id));
}

static void of_two_the_provider_s_own_counts(void **state)
{
	struct catalog_entry *related, *own;

	(void)state;
	related = add(&list, "x", 1);
	related->rank = 1;
	own = add(&list, "x", 2);
	add(&list, "x", 3);
	catalog_entries_sort(&list);
	assert_int_equal(list.count, 1);
	assert_ptr_equal(list.items[0], own);
}

static void dates_lead_to_the_same_model(void **state)
{
	(void)state;
	add(&list, "gpt-4o", 1);
	add(&list, "gpt-4o-2024-05-13", 2);
	add(&list, "o9-20250101", 3);
	add(&list, "o9-20250301", 4);
	add(&list, "o9-mini-20260101", 5);
	catalog_entries_sort(&list);
	assert_int_equal(like("gpt-4o-2024-05-13")->prices->input_picousd, 2);
	assert_int_equal(like("gpt-4o-2024-08-06")->prices->input_picousd, 1);
	assert_int_equal(like("o9")->prices->input_picousd, 4);
	assert_null(like("o9-2025"));
	assert_null(like("gpt-4o-mini"));
	assert_null(like("gpt"));
	assert_null(like(""));
}

static void prices_stand_in_order(void **state)
{
	struct catalog_entry *entry = add(&list, "x", 1);
	static const struct {
		enum price_tier tier;
		int64_t above;
	} order[] = { { PRICE_ORDINARY, 0 }, { PRICE_ORDINARY, 128000 },
		{ PRICE_ORDINARY, 200000 }, { PRICE_BATCH, 0 },
		{ PRICE_PRIORITY, 0 } };
	const struct price *price;
	size_t i = 0;

	(void)state;
	for (size_t j = ARRAY_LEN(order); j > 0; j--)
		catalog_entry_add_price(
			entry, &arena, order[j - 1].tier, order[j - 1].above);
	for (price = entry->prices; price; price = price->older, i++) {
		assert_int_equal(price->tier, order[i].tier);
		assert_int_equal(price->above_prompt_tokens, order[i].above);
	}
	assert_int_equal(i, ARRAY_LEN(order));
}

static void a_merge_fills_in_what_is_unknown(void **state)
{
	struct catalog_entries other;
	struct catalog_entry *first, *second;

	(void)state;
	catalog_entries_init(&other, &arena);
	first = add(&list, "x", 10);
	first->context_tokens = 1000;
	first->capabilities_known = MODEL_CAN_TOOLS;
	second = add(&other, "x", 99);
	second->context_tokens = 2000;
	second->max_output_tokens = 500;
	second->capabilities = MODEL_CAN_TOOLS | MODEL_CAN_REASON;
	second->capabilities_known = second->capabilities;
	second->deprecated = true;
	second->deprecated_ms = 7;
	add(&other, "y", 5);
	catalog_entries_sort(&list);
	catalog_entries_sort(&other);
	catalog_entries_merge(&list, &other);
	assert_int_equal(list.count, 2);
	assert_ptr_equal(list.items[0], first);
	assert_int_equal(first->context_tokens, 1000);
	assert_int_equal(first->max_output_tokens, 500);
	assert_int_equal(first->capabilities, MODEL_CAN_REASON);
	assert_int_equal(first->prices->input_picousd, 10);
	assert_int_equal(first->deprecated_ms, 7);
	assert_true(str_equal(list.items[1]->id, S("y")));
}

static void tiers_are_added_where_prices_agree(void **state)
{
	struct catalog_entries other;
	struct catalog_entry *same, *differs;

	(void)state;
	catalog_entries_init(&other, &arena);
	same = add(&list, "same", 10);
	differs = add(&list, "differs", 10);
	catalog_entry_add_price(add(&other, "same", 10), &arena, PRICE_BATCH, 0)
		->input_picousd = 5;
	catalog_entry_add_price(
		add(&other, "differs", 20), &arena, PRICE_BATCH, 0)
		->input_picousd = 10;
	catalog_entries_sort(&list);
	catalog_entries_sort(&other);
	catalog_entries_merge(&list, &other);
	assert_int_equal(
		catalog_entry_price(same, PRICE_BATCH, 0)->input_picousd, 5);
	assert_ptr_equal(
		same->prices, catalog_entry_price(same, PRICE_ORDINARY, 0));
	assert_null(catalog_entry_price(differs, PRICE_BATCH, 0));
}

static void providers_are_recognised(void **state)
{
	static const struct {
		const char *name, *url, *family;
	} rows[] = {
		{ "mine", "https://api.openai.com/v1", "openai" },
		{ "openai", "http://127.0.0.1:9/v1", "openai" },
		{ "work", "https://x.openai.azure.com/openai/v1", "azure" },
		{ "aws", "https://bedrock-runtime.eu-west-1.amazonaws.com",
			"bedrock" },
		{ "gemini", "https://generativelanguage.googleapis.com/v1beta",
			"gemini" },
		{ "anthropic", "https://api.openai.com:443/v1", "openai" },
		{ "mine", "https://example.com/api.openai.com", "" },
		{ "mine", "https://api.openai.com.example.com/v1", "" },
		{ "simulator", "http://127.0.0.1:8001/v1", "" },
		{ "google-vertex", "https://example.com", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str family = family_of_provider(
			str_of(rows[i].name), str_of(rows[i].url));

		if (!str_equal(family, str_of(rows[i].family)))
			fail_msg("%s at %s is '%.*s'", rows[i].name,
				rows[i].url, STR_ARG(family));
	}
}

static void dearer_models_are_guessed_to_be_better(void **state)
{
	static const struct {
		int64_t input, output, prior;
	} rows[] = {
		{ 150000, 600000, 41 },     /* 4P = 1.05 */
		{ 250000, 250000, 40 },     /* 4P = 1 */
		{ 500000, 500000, 50 },     /* 2 */
		{ 2500000, 10000000, 81 },  /* 17.5 */
		{ 15000000, 75000000, 95 }, /* 120 */
		{ 150000000, 600000000, 95 },
		{ 1, 1, 5 },
		{ 0, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct catalog_entry *entry = add(&list, "x", rows[i].input);

		entry->prices->output_picousd = rows[i].output;
		assert_int_equal(price_prior(entry), rows[i].prior);
		entry->output_modalities = MODALITY_TEXT | MODALITY_IMAGE;
		assert_int_equal(price_prior(entry), -1);
		entry->output_modalities = MODALITY_TEXT;
		entry->kind = MODEL_EMBEDDING;
		assert_int_equal(price_prior(entry), -1);
	}
	assert_int_equal(price_prior(add(&list, "unpriced", -1)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			of_two_the_provider_s_own_counts, begin, end),
		cmocka_unit_test_setup_teardown(
			dates_lead_to_the_same_model, begin, end),
		cmocka_unit_test_setup_teardown(
			prices_stand_in_order, begin, end),
		cmocka_unit_test_setup_teardown(
			a_merge_fills_in_what_is_unknown, begin, end),
		cmocka_unit_test_setup_teardown(
			tiers_are_added_where_prices_agree, begin, end),
		cmocka_unit_test(providers_are_recognised),
		cmocka_unit_test_setup_teardown(
			dearer_models_are_guessed_to_be_better, begin, end),
	};

	return cmocka_run_group_tests_name("catalog/entry", tests, NULL, NULL);
}
