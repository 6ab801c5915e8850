/*
 * service/reply.c - answers and streams of images, speech and transcriptions:
 * what is billed is read, whatever it is counted in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/service/service.h"

struct expected {
	int64_t prompt, completion, audio_prompt;
	int64_t images, characters, audio_ms, search_units;
	int64_t output_bytes;
	bool failed;
};

static const struct {
	enum service service;
	const char *type;
	const char *body;
	struct expected e;
} replies[] = {
	{ SERVICE_SPEECH, "audio/mpeg", "ID3\x04",
		{ -1, -1, -1, -1, 12, -1, -1, 0, false } },
	/* A type of JSON, and no JSON in it. */
	{ SERVICE_SPEECH, "", "\xff\xf3",
		{ -1, -1, -1, -1, 12, -1, -1, 0, false } },
	{ SERVICE_TRANSCRIPTIONS, "text/plain; charset=utf-8", "Hello.\n",
		{ -1, -1, -1, -1, 12, -1, -1, 7, false } },
	{ SERVICE_TRANSCRIPTIONS, "application/json", "1\n00:00 Hello\n",
		{ -1, -1, -1, -1, 12, -1, -1, 0, false } },
	{ SERVICE_TRANSCRIPTIONS, "application/json",
		"{\"text\":\"H\\u00e9\",\"usage\":{\"type\":\"duration\","
		"\"seconds\":9.0015}}",
		{ -1, -1, -1, -1, 12, 9002, -1, 3, false } },
	{ SERVICE_TRANSCRIPTIONS, "application/json",
		"{\"text\":\"Hi\",\"duration\":\"8.47\",\"segments\":[{"
		"\"text\":\"Hi\"}]}",
		{ -1, -1, -1, -1, 12, 8470, -1, 2, false } },
	{ SERVICE_TRANSLATIONS, "application/json",
		"{\"text\":\"Hi\",\"duration\":3,\"usage\":{\"type\":"
		"\"duration\",\"seconds\":4}}",
		{ -1, -1, -1, -1, 12, 4000, -1, 2, false } },
	{ SERVICE_TRANSCRIPTIONS, "application/json",
		"{\"text\":\"Hi\",\"usage\":{\"type\":\"tokens\","
		"\"input_tokens\":14,\"input_token_details\":{"
		"\"text_tokens\":0,\"audio_tokens\":14},"
		"\"output_tokens\":45,\"total_tokens\":59}}",
		{ 14, 45, 14, -1, 12, -1, -1, 2, false } },
	{ SERVICE_IMAGES, "application/json",
		"{\"created\":1,\"data\":[{\"b64_json\":\"AAAA\"},"
		"{\"url\":\"https://example.com/a\"}],\"usage\":{"
		"\"total_tokens\":100,\"input_tokens\":50,"
		"\"output_tokens\":50,\"input_tokens_details\":{"
		"\"text_tokens\":10,\"image_tokens\":40}}}",
		{ 50, 50, -1, 2, 12, -1, -1, 0, false } },
	{ SERVICE_IMAGES, "application/json",
		"{\"error\":{\"message\":\"no\",\"code\":400}}",
		{ -1, -1, -1, -1, 12, -1, -1, 0, true } },
	/* counts that make no sense are not known */
	{ SERVICE_TRANSCRIPTIONS, "application/json",
		"{\"text\":[],\"duration\":\"a\",\"usage\":{\"seconds\":-1,"
		"\"input_tokens\":-4,\"output_tokens\":1e99}}",
		{ -1, -1, -1, -1, 12, -1, -1, 0, false } },
	{ SERVICE_RERANK, "application/json",
		"{\"results\":[],\"meta\":{\"billed_units\":{"
		"\"search_units\":2.0,\"input_tokens\":1.5}}}",
		{ -1, -1, -1, -1, -1, -1, 2, 0, false } },
	{ SERVICE_EMBEDDINGS, "application/json",
		"{\"embeddings\":{},\"meta\":{\"billed_units\":{"
		"\"input_tokens\":3,\"image_tokens\":1000,\"images\":1}}}",
		{ 1003, 0, -1, 1, -1, -1, -1, 0, false } },
};

static void compare(const struct chat_facts *facts,
	const struct service_usage *usage, const struct expected *e,
	const char *body)
{
	const struct expected got = {
		facts->usage.prompt,
		facts->usage.completion,
		facts->usage.audio_prompt,
		usage->images,
		usage->characters,
		usage->audio_ms,
		usage->search_units,
		facts->output_bytes,
		facts->failed,
	};

	if (memcmp(&got, e, offsetof(struct expected, failed)) != 0 ||
		got.failed != e->failed)
		fail_msg("%s: tokens %" PRId64 " %" PRId64 " %" PRId64
			 ", units %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
			 ", %" PRId64 " bytes, %d",
			body, got.prompt, got.completion, got.audio_prompt,
			got.images, got.characters, got.audio_ms,
			got.search_units, got.output_bytes, got.failed);
}

static void units_are_read(void **state)
{
	const struct service_input input = { .characters = 12 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		const struct service_format *format =
			service_format_find(S("openai"), replies[i].service);
		struct error err = ERROR_INIT;
		struct chat_facts facts;
		struct service_usage usage;

		chat_facts_init(&facts);
		service_usage_init(&usage);
		if (!format->read_reply(str_of(replies[i].type),
			    str_of(replies[i].body), &input, &arena, &facts,
			    &usage, &err))
			fail_msg("%s: %s", replies[i].body, error_detail(&err));
		compare(&facts, &usage, &replies[i].e, replies[i].body);
	}
	arena_release(&arena);
}

static void garbage_is_told(void **state)
{
	static const struct {
		enum service service;
		const char *body;
	} cases[] = {
		{ SERVICE_EMBEDDINGS, "<html>" },
		{ SERVICE_EMBEDDINGS, "[]" },
		{ SERVICE_RERANK, "" },
		{ SERVICE_COMPLETIONS, "data: {}" },
		{ SERVICE_TRANSCRIPTIONS, "{\"text\":" },
	};
	const struct service_input input = { .characters = -1 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct service_format *format =
			service_format_find(S("openai"), cases[i].service);
		struct error err = ERROR_INIT;
		struct chat_facts facts;
		struct service_usage usage;

		chat_facts_init(&facts);
		service_usage_init(&usage);
		if (format->read_reply(S("application/json"),
			    str_of(cases[i].body), &input, &arena, &facts,
			    &usage, &err))
			fail_msg("%s was accepted", cases[i].body);
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
	arena_release(&arena);
}

/* --- streams --- */

struct stream {
	const struct service_format *format;
	struct chat_facts facts;
	struct service_usage usage;
	struct arena arena;
	unsigned kinds[FRAME_OTHER + 1];
};

static void read_frame(const struct frame *frame, void *opaque)
{
	struct stream *stream = opaque;
	struct error err = ERROR_INIT;

	if (!stream->format->read_frame(frame, &stream->facts, &stream->usage,
		    &stream->arena, &err))
		fail_msg("%.*s: %s", STR_ARG(frame->raw), error_detail(&err));
	stream->kinds[stream->facts.frame]++;
}

static void read_stream(
	struct stream *stream, enum service service, const char *text)
{
	*stream = (struct stream){
		.format = service_format_find(S("openai"), service),
	};
	chat_facts_init(&stream->facts);
	service_usage_init(&stream->usage);
	arena_init(&stream->arena, 4096);
	recording_frames(str_of(text), read_frame, stream);
	arena_release(&stream->arena);
}

static void streams_are_read(void **state)
{
	struct stream s;

	(void)state;
	read_stream(&s, SERVICE_TRANSCRIPTIONS,
		": hello\n\n"
		"data: {\"type\":\"transcript.text.delta\",\"delta\":\"He\"}"
		"\n\n"
		"data: {\"type\":\"transcript.text.delta\",\"delta\":\"y\"}\n\n"
		"data: {\"type\":\"transcript.text.done\",\"text\":\"Hey\","
		"\"usage\":{\"type\":\"tokens\",\"input_tokens\":5,"
		"\"output_tokens\":2,\"total_tokens\":7}}\n\n");
	assert_int_equal(s.facts.usage.prompt, 5);
	assert_int_equal(s.facts.usage.completion, 2);
	assert_int_equal(s.facts.output_bytes, 3);
	assert_true(s.facts.done && s.facts.has_usage);
	assert_int_equal(s.kinds[FRAME_CONTENT], 3);
	assert_int_equal(s.kinds[FRAME_COMMENT], 1);

	read_stream(&s, SERVICE_SPEECH,
		"data: {\"type\":\"speech.audio.delta\",\"audio\":\"AAAA\"}\n\n"
		"data: {\"type\":\"speech.audio.done\",\"usage\":{"
		"\"input_tokens\":14,\"output_tokens\":101,"
		"\"total_tokens\":115}}\n\n");
	assert_int_equal(s.facts.usage.completion, 101);
	assert_true(s.facts.done);

	read_stream(&s, SERVICE_IMAGES,
		"event: image_generation.partial_image\n"
		"data: {\"type\":\"image_generation.partial_image\","
		"\"b64_json\":\"AAAA\",\"partial_image_index\":0}\n\n"
		"event: image_generation.completed\n"
		"data: {\"type\":\"image_generation.completed\","
		"\"b64_json\":\"AAAA\",\"usage\":{\"total_tokens\":100,"
		"\"input_tokens\":50,\"output_tokens\":50}}\n\n"
		"data: [DONE]\n\n");
	assert_int_equal(s.usage.images, 1);
	assert_int_equal(s.facts.usage.prompt, 50);
	assert_int_equal(s.kinds[FRAME_CONTENT], 2);
	assert_int_equal(s.kinds[FRAME_DONE], 1);

	read_stream(&s, SERVICE_IMAGES,
		"event: error\n"
		"data: {\"type\":\"error\",\"error\":{\"message\":\"no\","
		"\"code\":\"moderation_blocked\"}}\n\n");
	assert_true(s.facts.failed && !s.facts.done);
	assert_string_equal(s.facts.failure.message, "no");
	assert_int_equal(s.kinds[FRAME_ERROR], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_are_read),
		cmocka_unit_test(garbage_is_told),
		cmocka_unit_test(streams_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
