/*
 * quirks.c - quirks are read, set and written; unknown ones are refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "catalog/base_url.h"
#include "catalog/known_provider.h"
#include "catalog/provider.h"
#include "catalog/quirks.h"
#include "dialect/dialect.h"

static void written_quirks_are_read_back(void **state)
{
	struct quirks quirks = { .stream_usage = STREAM_USAGE_ALWAYS }, again;
	struct buf json = BUF_INIT(256);
	struct error err = ERROR_INIT;

	(void)state;
	quirks_write(&quirks, &json);
	assert_string_equal(buf_cstr(&json), "{\"stream_usage\":\"always\"}");
	assert_true(quirks_read(buf_str(&json), &again, &err));
	assert_int_equal(again.stream_usage, STREAM_USAGE_ALWAYS);
	assert_true(quirks_set(&again, S("stream_usage=ask"), &err));
	buf_clear(&json);
	quirks_write(&again, &json);
	assert_string_equal(buf_cstr(&json), "{}");
	buf_release(&json);
}

static void a_prompt_is_kept_for_some_time(void **state)
{
	static const struct {
		const char *assignment;
		int64_t ms;
	} cases[] = {
		{ "prompt_cache=1h", 3600000 },
		{ "prompt_cache=24h", 86400000 },
		{ "prompt_cache=none", 0 },
		{ "prompt_cache=5m", 300000 },
	};
	struct quirks quirks = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(quirks_prompt_cache_ms(&quirks), 300000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(
			quirks_set(&quirks, str_of(cases[i].assignment), &err));
		assert_int_equal(quirks_prompt_cache_ms(&quirks), cases[i].ms);
	}
	assert_false(quirks_set(&quirks, S("prompt_cache=7m"), &err));
	known_provider_quirks(known_provider_find(S("groq")), &quirks);
	assert_int_equal(quirks_prompt_cache_ms(&quirks), 3600000);
}

/* Several fields may have one word; it is written once. */
static void a_set_of_members_is_read_back(void **state)
{
	struct quirks quirks = { 0 }, again;
	struct buf json = BUF_INIT(256);
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(quirks_set(
		&quirks, S("unsupported=seed+response_format"), &err));
	assert_true(quirks_set(&quirks, S("reasoning=thinking"), &err));
	assert_true(
		quirks.traits.unsupported ==
		(UINT64_C(1) << FIELD_SEED | UINT64_C(1) << FIELD_FORMAT_JSON |
			UINT64_C(1) << FIELD_FORMAT_SCHEMA));
	quirks_write(&quirks, &json);
	assert_string_equal(buf_cstr(&json),
		"{\"reasoning\":\"thinking\","
		"\"unsupported\":\"seed+response_format\"}");
	assert_true(quirks_read(buf_str(&json), &again, &err));
	assert_true(again.traits.unsupported == quirks.traits.unsupported);
	assert_int_equal(again.traits.reasoning, REASONING_THINKING);
	assert_true(quirks_set(&again, S("unsupported="), &err));
	assert_true(again.traits.unsupported == 0);
	assert_false(quirks_set(&again, S("unsupported=wings"), &err));
	buf_release(&json);
}

static void nothing_is_ordinary(void **state)
{
	struct quirks quirks = { .stream_usage = STREAM_USAGE_ALWAYS };
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(quirks_read(S(""), &quirks, &err));
	assert_int_equal(quirks.stream_usage, STREAM_USAGE_ASK);
	quirks.stream_usage = STREAM_USAGE_ALWAYS;
	assert_true(quirks_read(S("{}"), &quirks, &err));
	assert_int_equal(quirks.stream_usage, STREAM_USAGE_ASK);
}

static void what_is_unknown_is_refused(void **state)
{
	static const char *const assignments[] = { "", "stream_usage",
		"stream_usage=", "stream_usage=maybe", "usage_stream=ask",
		"=ask" };
	static const char *const texts[] = { "[]", "{", "\"ask\"",
		"{\"x\":\"y\"}", "{\"stream_usage\":1}",
		"{\"stream_usage\":true}" };
	struct quirks quirks = { .stream_usage = STREAM_USAGE_ASK };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(assignments); i++)
		assert_false(quirks_set(&quirks, str_of(assignments[i]), &err));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(quirks_read(str_of(texts[i]), &quirks, &err));
}

/* What the table says must pass the checks that an operator's input does. */
static void known_providers_are_sound(void **state)
{
	static const char *const names[] = { "openai", "azure", "anthropic",
		"gemini", "mistral", "deepseek", "cohere", "voyage", "groq",
		"openrouter", "together", "xai", "perplexity", "cerebras",
		"zai", "huggingface", "ollama", "bedrock" };
	struct quirks quirks;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct known_provider *known =
			known_provider_find(str_of(names[i]));
		struct error err = ERROR_INIT;
		struct str url;

		struct provider provider = { 0 };

		assert_non_null(known);
		known_provider_quirks(known, &provider.quirks);
		provider.dialect = known->dialect;
		assert_true(provider_read_dialects(&provider, &err));
		assert_true(provider.dialect_count > 0 ||
			    str_equal(known->name, S("voyage")));
		if (known->base_url.n == 0)
			continue; /* it depends on region or customer */
		assert_true(base_url_read(
			known->base_url, true, &arena, &url, &err));
		assert_true(str_equal(url, known->base_url));
	}
	known_provider_quirks(known_provider_find(S("mistral")), &quirks);
	assert_int_equal(quirks.stream_usage, STREAM_USAGE_ALWAYS);
	assert_true(quirks.traits.unsupported & UINT64_C(1) << FIELD_SEED);
	assert_true(quirks.traits.unsupported & UINT64_C(1) << FIELD_REFUSAL);
	assert_true(quirks.traits.unsupported & UINT64_C(1) << FIELD_FILE_DATA);
	assert_true(quirks.traits.unsupported & UINT64_C(1) << FIELD_FILE_ID);
	assert_int_equal(quirks.traits.reasoning, REASONING_HIGH_OR_NONE);
	assert_int_equal(quirks.traits.audio, AUDIO_TEXT);
	known_provider_quirks(known_provider_find(S("openai")), &quirks);
	assert_int_equal(quirks.stream_usage, STREAM_USAGE_ASK);
	assert_int_equal(quirks.traits.max_tokens, MAX_TOKENS_COMPLETION);
	assert_null(known_provider_find(S("OpenAI")));
	assert_null(known_provider_find(S("")));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_quirks_are_read_back),
		cmocka_unit_test(a_prompt_is_kept_for_some_time),
		cmocka_unit_test(a_set_of_members_is_read_back),
		cmocka_unit_test(nothing_is_ordinary),
		cmocka_unit_test(what_is_unknown_is_refused),
		cmocka_unit_test(known_providers_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
