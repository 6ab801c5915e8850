/*
 * service_tokens.c - what no provider counts is counted, and never as more
 * than was reserved for it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/service_tokens.h"

static struct service_format format;
static struct call call;

/* A request that says nothing, and an answer that tells nothing. */
static void begin(enum service service)
{
	format.service = service;
	memset(&call, 0, sizeof(call));
	call.service = &format;
	call.service_input = (struct service_input){
		.image_count = -1, .characters = -1, .file_bytes = 0
	};
	service_usage_init(&call.service_usage);
	chat_facts_init(&call.facts);
}

static void assert_counted(int64_t prompt, int64_t completion)
{
	call.tokens = (struct token_counts){ .prompt = 5, .completion = 7 };
	service_tokens_count(&call);
	assert_int_equal(call.tokens.prompt, 5 + prompt);
	assert_int_equal(call.tokens.completion, 7 + completion);
	assert_true(prompt <= service_tokens_most_sent(&call));
	assert_true(completion <= service_tokens_most_answered(&call));
}

static void test_images(void **state)
{
	(void)state;
	begin(SERVICE_IMAGES);
	call.service_input.image_count = 2;
	assert_int_equal(service_tokens_most_answered(&call), 2 * 6240);
	/* The client left: who knows what was made. */
	assert_counted(0, 2 * 6240);
	assert_int_equal(call.images_made, 2);
	call.service_usage.images = 1;
	assert_counted(0, 6240);
	assert_int_equal(call.images_made, 1);
	call.service_usage.images = 0;
	assert_counted(0, 0);
	call.service_usage.images = 9;
	assert_counted(0, 2 * 6240);
	call.service_input.image_count = INT64_MAX / 2;
	assert_int_equal(service_tokens_most_answered(&call), INT64_MAX);
	begin(SERVICE_IMAGE_EDITS);
	call.service_input.file_bytes = 1000;
	assert_int_equal(service_tokens_most_sent(&call), 1000);
	call.service_input.file_bytes = 1000000;
	assert_int_equal(service_tokens_most_sent(&call), READ_IMAGE_TOKENS);
}

static void test_speech(void **state)
{
	(void)state;
	begin(SERVICE_SPEECH);
	assert_counted(0, 0);
	call.service_input.characters = 901;
	assert_int_equal(service_tokens_most_answered(&call), 8 * 901);
	assert_counted(0, 1352);
	/* Sound may have a price of its own. */
	assert_int_equal(call.facts.usage.audio_completion, 1352);
}

static void test_sound(void **state)
{
	(void)state;
	begin(SERVICE_TRANSCRIPTIONS);
	assert_counted(0, 0);
	call.service_input.file_bytes = 64000;
	assert_int_equal(service_tokens_most_sent(&call), 2000);
	assert_int_equal(service_tokens_most_answered(&call), 0);
	assert_counted(500, 0);
	assert_int_equal(call.facts.usage.audio_prompt, 500);
	call.service_usage.audio_ms = 2001;
	assert_counted(65, 0);
	call.service_usage.audio_ms = INT64_C(1000) * INT32_MAX;
	assert_counted(2000, 0);
	/* What the provider has counted is not counted again. */
	call.facts.usage.prompt = 5;
	assert_counted(0, 0);
}

static void test_texts_are_no_media(void **state)
{
	static const enum service services[] = { SERVICE_COMPLETIONS,
		SERVICE_EMBEDDINGS, SERVICE_MODERATIONS, SERVICE_RERANK };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		begin(services[i]);
		call.service_input.file_bytes = 1000;
		assert_counted(0, 0);
		assert_int_equal(service_tokens_most_sent(&call), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_speech),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_texts_are_no_media),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
