/*
 * admit_bound.c - what a call may use at most: by the dearest of those that
 * may serve it, and never less than it may really cost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/admission.h"

#define MESSAGE 16
#define IMAGE 48169
#define UNKNOWN 131072

static struct settings settings;
static struct gateway gateway = { .settings = &settings };
static struct http_exchange exchange;
static struct admission admission;
static struct target targets[3];
static struct price prices[3];
static struct model models[3];
static struct call call;

/* One target at 1 and 2 pico-dollars, and a prompt of 100 bytes in 2
 * messages; 50 tokens are asked for. */
static int begin(void **state)
{
	(void)state;
	settings_init(&settings);
	memset(&admission, 0, sizeof(admission));
	memset(&call, 0, sizeof(call));
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		prices[i] = (struct price){ .input_picousd = 1,
			.output_picousd = 2,
			.cached_picousd = PRICE_NONE,
			.cache_write_picousd = PRICE_NONE,
			.reasoning_picousd = PRICE_NONE };
		models[i] = (struct model){ .prices = &prices[i] };
		targets[i].model = &models[i];
	}
	exchange.arrived_unix_ms = 1000;
	call = (struct call){
		.gateway = &gateway,
		.x = &exchange,
		.admission = &admission,
		.targets = targets,
		.target_count = 1,
		.head = { .prompt_bytes = 100,
			.message_count = 2,
			.max_tokens = 50,
			.n = 1 },
		.request_bytes = 200,
	};
	return 0;
}

static void assert_bound(int64_t prompt, int64_t output)
{
	admission_bound(&call);
	assert_int_equal(admission.picousd, prompt + 2 * output);
}

static void test_text(void **state)
{
	(void)state;
	assert_bound(100 + 3 * MESSAGE, 50);
	/* A fourth of the bytes is the estimate. */
	assert_int_equal(admission.tokens, 25 + 50);
	call.head.n = 3;
	assert_bound(100 + 3 * MESSAGE, 150);
	assert_int_equal(admission.tokens, 25 + 150);
	call.head.has_tools = true;
	assert_bound(100 + 3 * MESSAGE + 1024, 150);
}

static void test_output_that_is_not_said(void **state)
{
	(void)state;
	call.head.max_tokens = -1;
	assert_bound(100 + 3 * MESSAGE, settings.output_tokens);
	models[0].max_output_tokens = 100000;
	assert_bound(100 + 3 * MESSAGE, 100000);
	/* Rates take what is likely. */
	assert_int_equal(admission.tokens, 25 + settings.output_tokens);
	models[0].max_output_tokens = 10;
	assert_bound(100 + 3 * MESSAGE, 10);
	assert_int_equal(admission.tokens, 25 + 10);
}

static void test_dearest(void **state)
{
	int64_t prompt = 100 + 3 * MESSAGE;

	(void)state;
	call.target_count = 3;
	prices[1].input_picousd = 7;
	prices[2].reasoning_picousd = 11;
	admission_bound(&call);
	assert_int_equal(admission.picousd, prompt * 7 + 50 * 2);
	call.head.max_tokens = 5000;
	admission_bound(&call);
	assert_int_equal(admission.picousd, prompt + 5000 * 11);
	prices[0].cache_write_picousd = 1000;
	prices[0].request_picousd = 5;
	admission_bound(&call);
	assert_int_equal(admission.picousd, prompt * 1000 + 5000 * 2 + 5);
}

static void test_price_of_long_prompts(void **state)
{
	struct price older = prices[0];

	(void)state;
	/* The bound is long, the prompt may be short: the dearer one counts. */
	older.input_picousd = 9;
	prices[0].above_prompt_tokens = 120;
	prices[0].older = &older;
	admission_bound(&call);
	assert_int_equal(admission.picousd, (100 + 3 * MESSAGE) * 9 + 50 * 2);
}

static void test_unpriced(void **state)
{
	(void)state;
	models[0].prices = NULL;
	admission_bound(&call);
	assert_int_equal(admission.picousd,
		(100 + 3 * MESSAGE) * settings.unpriced_input_picousd +
			50 * settings.unpriced_output_picousd);
	assert_int_equal(admission_ceiling(&gateway, -1, 2),
		2 * settings.unpriced_output_picousd);
}

static void test_context_is_the_end(void **state)
{
	(void)state;
	models[0].context_tokens = 60;
	assert_bound(60, 50);
}

static void read_body(const char *text)
{
	struct error err;

	if (!json_check(str_of(text), JSON_MAX_DEPTH, &call.head.root, &err))
		fail_msg("%s", error_message(&err));
	call.head.messages = json_find(call.head.root, S("messages"));
}

static void test_images(void **state)
{
	(void)state;
	call.head.has_images = true;
	read_body("{\"messages\":[{\"role\":\"user\",\"content\":["
		  "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}},"
		  "{\"type\":\"image_url\",\"image_url\":{\"url\":\"v\"}}]}]}");
	assert_bound(100 + 3 * MESSAGE + 2 * IMAGE, 50);
	/* Ollama's. */
	read_body("{\"messages\":[{\"images\":[\"a\",\"b\",\"c\"]}]}");
	assert_bound(100 + 3 * MESSAGE + 3 * IMAGE, 50);
	/* Gemini's. */
	read_body("{\"messages\":[{\"parts\":[{\"inlineData\":{}}]}]}");
	assert_bound(100 + 3 * MESSAGE + IMAGE, 50);
}

static void test_files(void **state)
{
	(void)state;
	call.head.has_files = true;
	call.request_bytes = 10100;
	read_body("{\"messages\":[{\"type\":\"file\"}]}");
	assert_bound(100 + 3 * MESSAGE + 10000, 50);
	read_body("{\"messages\":[{\"file_id\":\"f\"}]}");
	assert_bound(100 + 3 * MESSAGE + 10000 + UNKNOWN, 50);
	call.head.has_files = false;
	call.head.has_audio = true;
	read_body("{\"messages\":[{\"type\":\"input_audio\"}]}");
	assert_bound(100 + 3 * MESSAGE + 10000 / 32, 50);
}

static void test_what_the_provider_keeps(void **state)
{
	(void)state;
	call.head.leans_on_provider = true;
	assert_bound(100 + 3 * MESSAGE + UNKNOWN, 50);
	models[0].context_tokens = 1000;
	assert_bound(1000, 50);
	call.head.leans_on_provider = false;
	assert_bound(100 + 3 * MESSAGE, 50);
}

static void test_services(void **state)
{
	struct service_format format = { .service = SERVICE_EMBEDDINGS };

	(void)state;
	call.service = &format;
	call.head.max_tokens = -1;
	assert_bound(100 + 3 * MESSAGE, 0);
	assert_int_equal(admission.tokens, 25);
	format.service = SERVICE_IMAGES;
	call.service_input.image_count = 2;
	assert_bound(100 + 3 * MESSAGE, 2 * 6240);
	/* By the piece, or by tokens: nobody knows before the answer. */
	prices[0].image_output_picousd = 6240;
	assert_bound(100 + 3 * MESSAGE, 2 * 6240);
	prices[0].image_output_picousd = 6240 * 4;
	assert_bound(100 + 3 * MESSAGE, 4 * 6240);
	format.service = SERVICE_TRANSCRIPTIONS;
	call.service_input = (struct service_input){ .image_count = -1,
		.file_bytes = 64000 };
	assert_bound(100 + 3 * MESSAGE + 2000, settings.output_tokens);
	call.service_input.file_bytes = 640000;
	assert_bound(100 + 3 * MESSAGE + 20000, 20000);
	format.service = SERVICE_SPEECH;
	call.service_input =
		(struct service_input){ .image_count = -1, .characters = 2000 };
	assert_bound(100 + 3 * MESSAGE, 16000);
}

static void test_nothing_wraps_round(void **state)
{
	(void)state;
	call.head.max_tokens = INT64_MAX;
	call.head.n = 128;
	admission_bound(&call);
	assert_int_equal(admission.picousd, INT64_MAX);
	assert_int_equal(admission.tokens, INT64_MAX);
}

static void test_counting_is_free(void **state)
{
	(void)state;
	call.is_count = true;
	admission_bound(&call);
	assert_int_equal(admission.picousd, 0);
	assert_int_equal(admission.tokens, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_text, begin),
		cmocka_unit_test_setup(test_output_that_is_not_said, begin),
		cmocka_unit_test_setup(test_dearest, begin),
		cmocka_unit_test_setup(test_price_of_long_prompts, begin),
		cmocka_unit_test_setup(test_unpriced, begin),
		cmocka_unit_test_setup(test_context_is_the_end, begin),
		cmocka_unit_test_setup(test_images, begin),
		cmocka_unit_test_setup(test_files, begin),
		cmocka_unit_test_setup(test_what_the_provider_keeps, begin),
		cmocka_unit_test_setup(test_services, begin),
		cmocka_unit_test_setup(test_nothing_wraps_round, begin),
		cmocka_unit_test_setup(test_counting_is_free, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
