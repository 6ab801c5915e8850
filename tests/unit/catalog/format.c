/*
 * format.c - the real catalogues, read to the last digit, and what must not be
 * believed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "catalog/own.h"

#include "lists.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 65536);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const struct price *price_of(
	const struct catalog_entry *entry, enum price_tier tier, int64_t above)
{
	const struct price *price = catalog_entry_price(entry, tier, above);

	if (!price)
		fail_msg("%.*s has no such price", STR_ARG(entry->id));
	return price;
}

/* Dollars for a million tokens, times a million. */
static void assert_price(const struct price *price, int64_t input,
	int64_t output, int64_t cached)
{
	assert_int_equal(price->input_picousd, input);
	assert_int_equal(price->output_picousd, output);
	assert_int_equal(price->cached_picousd, cached);
}

static void assert_refused(struct str text, enum error_kind kind,
	const char *format, const char *why)
{
	const struct catalog_format *found = NULL;
	struct catalog_entries list;
	struct error err = ERROR_INIT;

	catalog_entries_init(&list, &arena);
	if (format)
		assert_true(catalog_format_find(str_of(format), &found, &err));
	if (catalog_read(text, LISTS_NOW_MS, &found, &list, &err))
		fail_msg("it was read, though: %s", why);
	if (err.kind != kind || !strstr(error_message(&err), why))
		fail_msg("'%s' instead of '%s'", error_message(&err), why);
}

static void litellm_is_read(void **state)
{
	struct catalog_entries list;
	const struct catalog_entry *entry;

	(void)state;
	assert_true(str_equal(
		lists_read(lists_file("litellm.json", &arena), &list, &arena),
		S("litellm")));
	entry = lists_find(&list, "openai", "gpt-4o");
	assert_int_equal(entry->kind, MODEL_CHAT);
	assert_int_equal(entry->context_tokens, 128000);
	assert_int_equal(entry->max_output_tokens, 16384);
	assert_int_equal(entry->input_modalities,
		MODALITY_TEXT | MODALITY_IMAGE | MODALITY_FILE);
	assert_int_equal(entry->output_modalities, MODALITY_TEXT);
	assert_int_equal(entry->capabilities, MODEL_CAN_TOOLS |
						      MODEL_CAN_PARALLEL_TOOLS |
						      MODEL_CAN_JSON_SCHEMA);
	assert_true(entry->capabilities_known & MODEL_CAN_REASON);
	assert_false(entry->deprecated);
	assert_price(
		price_of(entry, PRICE_ORDINARY, 0), 2500000, 10000000, 1250000);
	assert_price(
		price_of(entry, PRICE_BATCH, 0), 1250000, 5000000, PRICE_NONE);
	assert_price(
		price_of(entry, PRICE_PRIORITY, 0), 4250000, 17000000, 2125000);
	assert_null(catalog_entry_price(entry, PRICE_FLEX, 0));
}

static void litellm_tells_long_prompts_caches_and_sound(void **state)
{
	struct catalog_entries list;
	const struct price *price;

	(void)state;
	lists_read(lists_file("litellm.json", &arena), &list, &arena);
	price = price_of(lists_find(&list, "anthropic", "claude-sonnet-4-5"),
		PRICE_ORDINARY, 200000);
	assert_price(price, 6000000, 22500000, 600000);
	assert_int_equal(price->cache_write_picousd, 7500000);
	price = price_of(lists_find(&list, "anthropic", "claude-sonnet-4-5"),
		PRICE_ORDINARY, 0);
	assert_int_equal(price->cache_write_picousd, 3750000);
	assert_int_equal(price->cache_write_1h_picousd, 6000000);
	/* Its row has another model's. */
	price = price_of(
		lists_find(&list, "anthropic", "claude-3-haiku-20240307"),
		PRICE_ORDINARY, 0);
	assert_int_equal(price->cache_write_1h_picousd, PRICE_NONE);
	price = price_of(lists_find(&list, "openai", "gpt-4o-audio-preview"),
		PRICE_ORDINARY, 0);
	assert_int_equal(price->audio_input_picousd, 40000000);
	assert_int_equal(price->audio_output_picousd, 80000000);
	price = price_of(
		lists_find(&list, "openai", "gpt-image-1"), PRICE_ORDINARY, 0);
	assert_int_equal(price->output_picousd, 40000000);
	price = price_of(
		lists_find(&list, "openai", "gpt-5-mini"), PRICE_FLEX, 0);
	assert_price(price, 125000, 1000000, 12500);
}

static void models_dev_is_read(void **state)
{
	struct catalog_entries list;
	const struct catalog_entry *entry;

	(void)state;
	assert_true(str_equal(lists_read(lists_file("models.dev.json", &arena),
				      &list, &arena),
		S("models.dev")));
	entry = lists_find(&list, "gemini", "gemini-2.5-pro");
	assert_int_equal(entry->context_tokens, 1048576);
	assert_int_equal(entry->max_output_tokens, 65536);
	assert_true(entry->input_modalities & MODALITY_VIDEO);
	assert_true(entry->input_modalities & MODALITY_FILE);
	assert_price(
		price_of(entry, PRICE_ORDINARY, 0), 1250000, 10000000, 125000);
	assert_price(price_of(entry, PRICE_ORDINARY, 200000), 2500000, 15000000,
		250000);
	entry = lists_find(&list, "openai", "text-embedding-3-small");
	assert_int_equal(entry->kind, MODEL_EMBEDDING);
	assert_int_equal(entry->max_output_tokens, 0);
	assert_true(lists_find(&list, "anthropic", "claude-3-haiku-20240307")
			    ->deprecated);
	assert_false(
		lists_find(&list, "anthropic", "claude-haiku-4-5")->deprecated);
	/* Google's other service has other houses' models. */
	assert_null(catalog_entries_find(
		&list, S("gemini"), S("claude-opus-4-1@20250805")));
}

static void genai_prices_is_read(void **state)
{
	struct catalog_entries list;
	const struct catalog_entry *entry;

	(void)state;
	assert_true(
		str_equal(lists_read(lists_file("genai-prices.json", &arena),
				  &list, &arena),
			S("genai-prices")));
	entry = lists_find(&list, "anthropic", "claude-sonnet-4-5");
	assert_price(
		price_of(entry, PRICE_ORDINARY, 0), 3000000, 15000000, 300000);
	assert_price(price_of(entry, PRICE_ORDINARY, 200000), 6000000, 22500000,
		600000);
	/* What began last holds: no long prompts since 2026-03-13 ... */
	entry = lists_find(&list, "anthropic", "claude-opus-4-6");
	assert_null(catalog_entry_price(entry, PRICE_ORDINARY, 200000));
	/* ... and by day it costs more than by night. */
	assert_price(price_of(lists_find(&list, "deepseek", "deepseek-chat"),
			     PRICE_ORDINARY, 0),
		270000, 1100000, 70000);
	assert_int_equal(price_of(lists_find(&list, "perplexity", "sonar"),
				 PRICE_ORDINARY, 0)
				 ->request_picousd,
		INT64_C(12000000000));
	assert_price(price_of(lists_find(&list, "voyage", "voyage-3"),
			     PRICE_ORDINARY, 0),
		60000, 0, PRICE_NONE);
	/* A name that it says is the same. */
	assert_ptr_equal(catalog_entries_find_like(&list, S("deepseek"),
				 S("deepseek-chat-v3-0324")),
		lists_find(&list, "deepseek", "deepseek-chat"));
}

static void a_dated_price_waits_for_its_day(void **state)
{
	struct str text = lists_file("genai-prices.json", &arena);
	const struct catalog_format *format = NULL;
	struct catalog_entries list;
	struct error err = ERROR_INIT;
	int64_t before_ms;

	(void)state;
	assert_true(clock_parse(S("2026-03-12"), &before_ms));
	catalog_entries_init(&list, &arena);
	assert_true(catalog_read(text, before_ms, &format, &list, &err));
	assert_non_null(catalog_entry_price(
		lists_find(&list, "anthropic", "claude-opus-4-6"),
		PRICE_ORDINARY, 200000));
}

static void openrouter_is_read(void **state)
{
	struct catalog_entries list;
	const struct catalog_entry *entry;

	(void)state;
	assert_true(str_equal(lists_read(lists_file("openrouter.json", &arena),
				      &list, &arena),
		S("openrouter")));
	entry = lists_find(&list, "openrouter", "anthropic/claude-sonnet-4.5");
	assert_price(
		price_of(entry, PRICE_ORDINARY, 0), 3000000, 15000000, 300000);
	assert_true(entry->capabilities & MODEL_CAN_TOOLS);
	/* What depends on the model it chooses has no price. */
	assert_null(lists_find(&list, "openrouter", "openrouter/auto")->prices);
	/* 0.00000008333333333333334 for a token */
	entry = lists_find(&list, "openrouter", "google/gemini-3.1-flash-lite");
	assert_int_equal(
		price_of(entry, PRICE_ORDINARY, 0)->cache_write_picousd, 83333);
}

/* Whatever was read is written in our own form and read again the same. */
static void our_own_form_loses_nothing(void **state)
{
	static const char *const files[] = { "models.dev.json", "litellm.json",
		"genai-prices.json", "openrouter.json" };
	struct catalog_entries all, again;
	struct buf first = BUF_INIT(1u << 20), second = BUF_INIT(1u << 20);
	const struct str source = S("a test");

	(void)state;
	catalog_entries_init(&all, &arena);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct catalog_entries list;

		lists_read(lists_file(files[i], &arena), &list, &arena);
		catalog_entries_merge(&all, &list);
	}
	assert_true(all.count > 100);
	catalog_entries_write(&all, &source, 1, &first);
	assert_true(str_equal(
		lists_read(buf_str(&first), &again, &arena), S("llm-gateway")));
	catalog_entries_write(&again, &source, 1, &second);
	assert_true(str_equal(buf_str(&first), buf_str(&second)));
	buf_release(&first);
	buf_release(&second);
}

static void a_cut_text_is_refused(void **state)
{
	struct str text = lists_file("litellm.json", &arena);

	(void)state;
	for (size_t n = 0; n < text.n - 1; n += 997)
		assert_refused(str_head(text, n), ERR_BAD_JSON, NULL, "JSON");
	assert_refused(S(""), ERR_BAD_JSON, NULL, "JSON");
	assert_refused(S("<!DOCTYPE html>"), ERR_BAD_JSON, NULL, "JSON");
}

static void what_is_no_catalogue_is_refused(void **state)
{
	struct str text = lists_file("litellm.json", &arena);

	(void)state;
	assert_refused(S("{}"), ERR_BAD_FIELD, NULL, "not a list of models");
	assert_refused(S("[]"), ERR_BAD_FIELD, NULL, "not a list of models");
	assert_refused(S("7"), ERR_BAD_FIELD, NULL, "not a list of models");
	assert_refused(S("{\"message\":\"Not Found\"}"), ERR_BAD_FIELD, NULL,
		"not a list of models");
	assert_refused(text, ERR_BAD_FIELD, "openrouter",
		"in the format of openrouter");
	assert_refused(text, ERR_BAD_FIELD, "models.dev",
		"in the format of models.dev");
	assert_refused(S("{\"x\":{\"litellm_provider\":\"nobody\"}}"),
		ERR_BAD_FIELD, NULL, "no model of a provider");
}

/* Each in turn in the place of the price of gpt-4o's prompts. */
static void prices_that_are_none_are_refused(void **state)
{
	static const char *const wrong[] = { "-2.5e-06", "-0.0", "\"free\"",
		"true", "[1]", "{}", "\"NaN\"", "1e300", "2.5",
		"99999999999999999999999", "\"2.5e-06 USD\"" };
	struct str text = lists_file("litellm.json", &arena);
	const char *from = "\"input_cost_per_token\":2.5e-06";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char to[80];

		snprintf(to, sizeof(to), "\"input_cost_per_token\":%s",
			wrong[i]);
		assert_refused(lists_change(text, from, to, &arena),
			ERR_BAD_FIELD, NULL, "'gpt-4o");
	}
	assert_refused(lists_change(text, from, "\"input_cost_per_token\":NaN",
			       &arena),
		ERR_BAD_JSON, NULL, "JSON");
}

static void other_catalogues_refuse_such_prices_too(void **state)
{
	(void)state;
	assert_refused(lists_change(lists_file("models.dev.json", &arena),
			       "\"cost\":{\"input\":", "\"cost\":{\"input\":-",
			       &arena),
		ERR_BAD_FIELD, NULL, "input is no price");
	assert_refused(lists_change(lists_file("genai-prices.json", &arena),
			       "\"input_mtok\":", "\"input_mtok\":-", &arena),
		ERR_BAD_FIELD, NULL, "input_mtok is no price");
	assert_refused(lists_change(lists_file("openrouter.json", &arena),
			       "\"prompt\":\"", "\"prompt\":\"-", &arena),
		ERR_BAD_FIELD, NULL, "prompt is no price");
	assert_refused(
		S("{\"format\":\"llm-gateway\",\"models\":[{\"provider\":"
		  "\"openai\",\"id\":\"x\",\"prices\":[{\"input\":\"1\","
		  "\"output\":\"-1\"}]}]}"),
		ERR_BAD_FIELD, NULL, "output is no price");
}

/* A limit that makes no sense only is not known: nobody pays by it. */
static void limits_that_are_none_are_unknown(void **state)
{
	static const char *const wrong[] = { "-1", "\"many\"", "0", "1.5",
		"1e30", "null", "[]" };
	struct str text = lists_file("litellm.json", &arena);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct catalog_entries list;
		struct str changed = text;
		char to[64];

		snprintf(to, sizeof(to),
			"\"max_output_tokens\":%s,\"max_tokens\":16384",
			wrong[i]);
		changed = lists_change(changed,
			"\"max_output_tokens\":16384,\"max_tokens\":16384", to,
			&arena);
		lists_read(changed, &list, &arena);
		assert_int_equal(lists_find(&list, "openai", "gpt-4o")
					 ->max_output_tokens,
			0);
	}
}

static void two_models_of_one_name_are_refused(void **state)
{
	struct str text = lists_file("litellm.json", &arena);

	(void)state;
	assert_refused(
		lists_change(text, "\"gpt-5\":{", "\"gpt-4o\":{", &arena),
		ERR_BAD_FIELD, NULL, "'gpt-4o' is twice");
	assert_refused(lists_change(lists_file("models.dev.json", &arena),
			       "\"gpt-5\":{", "\"gpt-4o\":{", &arena),
		ERR_BAD_FIELD, NULL, "'gpt-4o' is twice");
}

static void deep_texts_are_refused(void **state)
{
	struct buf text = BUF_INIT(1u << 20);

	(void)state;
	buf_append(&text, S("{\"gpt-4o\":{\"litellm_provider\":\"openai\","
			    "\"x\":"));
	for (size_t i = 0; i < 10000; i++)
		buf_append_char(&text, '[');
	for (size_t i = 0; i < 10000; i++)
		buf_append_char(&text, ']');
	buf_append(&text, S("}}"));
	assert_refused(buf_str(&text), ERR_TOO_DEEP, NULL, "deep");
	buf_release(&text);
}

static void large_texts_are_refused(void **state)
{
	size_t n = CATALOG_MAX_BYTES + 1;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', n);
	assert_refused((struct str){ text, n }, ERR_TOO_LARGE, NULL, "bytes");
	free(text);
}

static void names_that_we_cannot_have_are_passed_over(void **state)
{
	struct catalog_entries list;

	(void)state;
	lists_read(S("{\"a b\":{\"litellm_provider\":\"openai\",\"mode\":"
		     "\"chat\"},\"auto\":{\"litellm_provider\":\"openai\","
		     "\"mode\":\"chat\"},\"openai/caf\\u00e9\":{"
		     "\"litellm_provider\":\"openai\",\"mode\":\"chat\"},"
		     "\"openai/g\\u0070t\":{\"litellm_provider\":\"openai\","
		     "\"mode\":\"chat\"}}"),
		&list, &arena);
	assert_int_equal(list.count, 1);
	lists_find(&list, "openai", "gpt");
}

static void formats_have_names(void **state)
{
	const struct catalog_format *format;
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(catalog_format_find(S("genai-prices"), &format, &err));
	assert_false(catalog_format_find(S("xml"), &format, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	assert_non_null(strstr(err.message, "litellm"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(litellm_is_read, begin, end),
		cmocka_unit_test_setup_teardown(
			litellm_tells_long_prompts_caches_and_sound, begin,
			end),
		cmocka_unit_test_setup_teardown(models_dev_is_read, begin, end),
		cmocka_unit_test_setup_teardown(
			genai_prices_is_read, begin, end),
		cmocka_unit_test_setup_teardown(
			a_dated_price_waits_for_its_day, begin, end),
		cmocka_unit_test_setup_teardown(openrouter_is_read, begin, end),
		cmocka_unit_test_setup_teardown(
			our_own_form_loses_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			a_cut_text_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_no_catalogue_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			prices_that_are_none_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			other_catalogues_refuse_such_prices_too, begin, end),
		cmocka_unit_test_setup_teardown(
			limits_that_are_none_are_unknown, begin, end),
		cmocka_unit_test_setup_teardown(
			two_models_of_one_name_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			deep_texts_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			large_texts_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(
			names_that_we_cannot_have_are_passed_over, begin, end),
		cmocka_unit_test(formats_have_names),
	};

	return cmocka_run_group_tests_name("catalog/format", tests, NULL, NULL);
}
