/*
 * service/service.c - recorded services: what is read of requests and answers
 * is what an independent reader finds, and a splice changes the model alone.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/service/service.h"

#define MODEL "the/\"new\" model"

static struct arena arena;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 14);
	err = (struct error)ERROR_INIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void table_is_sound(void **state)
{
	static const struct {
		const char *dialect;
		enum service service;
		const char *format; /* NULL: none */
	} rows[] = {
		{ "openai_chat", SERVICE_EMBEDDINGS, "openai" },
		{ "openai_responses", SERVICE_SPEECH, "openai" },
		{ "openai_chat", SERVICE_RERANK, "openai" },
		{ "gemini", SERVICE_EMBEDDINGS, "gemini" },
		{ "cohere", SERVICE_EMBEDDINGS, "cohere" },
		{ "cohere", SERVICE_RERANK, "cohere" },
		{ "ollama", SERVICE_EMBEDDINGS, "ollama" },
		{ "voyage", SERVICE_RERANK, "voyage" },
		{ "openai_chat", SERVICE_CHAT, NULL },
		{ "anthropic", SERVICE_EMBEDDINGS, NULL },
		{ "bedrock", SERVICE_EMBEDDINGS, NULL },
		{ "gemini", SERVICE_IMAGES, NULL },
		{ "ollama", SERVICE_RERANK, NULL },
		{ "", SERVICE_EMBEDDINGS, NULL },
	};

	(void)state;
	service_check_table();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct service_format *found =
			service_find(str_of(rows[i].dialect), rows[i].service);

		assert_int_equal(found != NULL, rows[i].format != NULL);
		if (found)
			assert_string_equal(found->name, rows[i].format);
	}
	assert_string_equal(service_name(SERVICE_IMAGE_EDITS), "image edits");
}

/* --- recordings --- */

static const struct {
	const char *path;
	enum service service;
} files[] = {
	{ RECORDINGS "openai_completions.jsonl", SERVICE_COMPLETIONS },
	{ RECORDINGS "openai_completions_streams.jsonl", SERVICE_COMPLETIONS },
	{ RECORDINGS "openai_embeddings.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "openai_embeddings_edge_cases.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "openai_embeddings_streams.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "gemini_embed.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "gemini_embed_streams.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "cohere_embed.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "ollama_embed_streams.jsonl", SERVICE_EMBEDDINGS },
	{ RECORDINGS "openai_moderations.jsonl", SERVICE_MODERATIONS },
	{ RECORDINGS "openai_images.jsonl", SERVICE_IMAGES },
	{ RECORDINGS "rerank.jsonl", SERVICE_RERANK },
	{ RECORDINGS "rerank_edge_cases.jsonl", SERVICE_RERANK },
};

struct context {
	enum service service;
	const struct service_format *format;
	const struct recording *recording;
	struct service_input input;
	struct chat_facts facts;
	struct service_usage usage;
	unsigned requests, replies, streams, frames;
};

static void visit_all(void (*visit)(const struct recording *, void *),
	struct context *context)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		context->service = files[i].service;
		assert_true(recordings_visit_file(
				    files[i].path, visit, context) > 0);
	}
}

static const struct service_format *format_of(
	const struct recording *r, enum service service)
{
	const struct service_format *found =
		service_format_find(str_of(r->provider), service);

	return found ? found : service_format_find(S("openai"), service);
}

/* The request with another model, in Jansson's way. */
static json_t *with_model(struct str body, const struct service_format *format)
{
	bool is_gemini = strcmp(format->name, "gemini") == 0;
	json_t *root = parse(body);
	json_t *item;
	size_t i;

	assert_non_null(root);
	if (!is_gemini)
		json_object_set_new(root, "model", json_string(MODEL));
	json_array_foreach(json_object_get(root, "requests"), i,
		item) if (json_object_get(item, "model"))
		json_object_set_new(
			item, "model", json_string("models/" MODEL));
	return root;
}

static void splice(const struct recording *r, void *opaque)
{
	struct context *context = opaque;
	const struct service_format *format = format_of(r, context->service);
	struct chat_head head, again;
	struct service_input input;
	struct splice out;
	struct str text;
	json_t *expected, *got;

	if (!r->request.p)
		return;
	if (!format->read_head(S("application/json"), r->request, &arena, &head,
		    &input, &err)) {
		/* What OpenAI refused for the same reason. */
		assert_string_equal(
			r->name, "openai/envoy-completion-bad-request-00");
		assert_string_equal(err.param, "max_tokens");
		context->requests++;
		return;
	}
	format->splice_request(&head, &input, S(MODEL), false, &arena, &out);
	text = splice_join(&out, &arena);
	expected = with_model(r->request, format);
	got = parse(text);
	if (!json_equal(got, expected))
		fail_msg("%s: %.*s", r->name, STR_ARG(text));
	json_decref(expected);
	json_decref(got);
	/* A second time there is nothing to change. */
	assert_true(format->read_head(
		S("application/json"), text, &arena, &again, &input, &err));
	format->splice_request(&again, &input, S(MODEL), false, &arena, &out);
	assert_true(str_equal(splice_join(&out, &arena), text));
	assert_int_equal(again.prompt_bytes, head.prompt_bytes);
	assert_int_equal(again.stream, head.stream);
	context->requests++;
	arena_reset(&arena);
}

static void splices_change_the_model_alone(void **state)
{
	struct context context = { .requests = 0 };

	(void)state;
	visit_all(splice, &context);
	print_message("%u requests\n", context.requests);
	assert_true(context.requests >= 80);
}

/* --- answers: a second reader, over Jansson's tree --- */

struct expected {
	int64_t prompt, completion, search_units, images, output_bytes;
	bool failed;
};

static const json_t *at(const json_t *root, const char *a, const char *b)
{
	const json_t *inner = json_object_get(root, a);

	return b ? json_object_get(inner, b) : inner;
}

static void take(const json_t *value, int64_t *out)
{
	if (value && json_is_number(value))
		*out = (int64_t)json_number_value(value);
}

static void expect_texts(const json_t *root, struct expected *e)
{
	const json_t *choice;
	size_t i;

	json_array_foreach(json_object_get(root, "choices"), i, choice)
	{
		const json_t *chat = json_object_get(choice, "delta");
		const json_t *call;
		size_t k;

		if (!chat)
			chat = json_object_get(choice, "message");
		e->output_bytes += (int64_t)json_string_length(
			chat ? json_object_get(chat, "content")
			     : json_object_get(choice, "text"));
		json_array_foreach(json_object_get(chat, "tool_calls"), k, call)
			e->output_bytes +=
			(int64_t)(json_string_length(
					  at(call, "function", "name")) +
				  json_string_length(
					  at(call, "function", "arguments")));
	}
}

static void expect(const json_t *root, struct expected *e)
{
	const json_t *meta = json_object_get(root, "meta");
	const json_t *error = json_object_get(root, "error");
	int64_t total = -1;

	take(at(root, "usage", "prompt_tokens"), &e->prompt);
	take(at(root, "usage", "completion_tokens"), &e->completion);
	take(at(root, "usage", "total_tokens"), &total);
	if (e->prompt < 0)
		e->prompt = total;
	else if (e->completion >= 0 && total > e->prompt + e->completion)
		e->completion = total - e->prompt;
	take(at(root, "usageMetadata", "promptTokenCount"), &e->prompt);
	take(at(root, "prompt_eval_count", NULL), &e->prompt);
	take(at(meta, "tokens", "input_tokens"), &e->prompt);
	take(at(meta, "tokens", "output_tokens"), &e->completion);
	take(at(meta, "billed_units", "input_tokens"), &e->prompt);
	take(at(meta, "billed_units", "search_units"), &e->search_units);
	e->failed = error && !json_is_null(error);
	expect_texts(root, e);
}

static void compare(const struct context *context, const struct expected *e)
{
	const struct chat_facts *facts = &context->facts;

	if (facts->usage.prompt != e->prompt ||
		facts->usage.completion != e->completion ||
		facts->output_bytes != e->output_bytes ||
		facts->failed != e->failed ||
		context->usage.search_units != e->search_units ||
		context->usage.images != e->images)
		fail_msg("%s: read %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
			 " %d, expected %" PRId64 " %" PRId64 " %" PRId64
			 " %" PRId64 " %d",
			context->recording->name, facts->usage.prompt,
			facts->usage.completion, facts->output_bytes,
			context->usage.search_units, facts->failed, e->prompt,
			e->completion, e->output_bytes, e->search_units,
			e->failed);
	assert_int_equal(
		facts->has_usage, e->prompt >= 0 || e->completion >= 0);
}

static void read_reply(struct context *context)
{
	const struct recording *r = context->recording;
	struct expected e = { -1, -1, -1, -1, 0, false };
	json_t *root = parse(r->response);

	if (!context->format->read_reply(S("application/json"), r->response,
		    &context->input, &arena, &context->facts, &context->usage,
		    &err))
		fail_msg("%s: %s", r->name, error_detail(&err));
	expect(root, &e);
	/* These do not complete anything. */
	if (context->service != SERVICE_COMPLETIONS && e.prompt >= 0 &&
		e.completion < 0)
		e.completion = 0;
	if (context->service == SERVICE_IMAGES && !e.failed)
		e.images = 1;
	compare(context, &e);
	json_decref(root);
	context->replies++;
}

static void read_frame(const struct frame *frame, void *opaque)
{
	struct context *context = opaque;

	if (!context->format->read_frame(
		    frame, &context->facts, &context->usage, &arena, &err))
		fail_msg(
			"%s: %s", context->recording->name, error_detail(&err));
	context->frames++;
	arena_reset(&arena);
}

static void expect_frame(const struct frame *frame, void *opaque)
{
	struct expected *e = opaque;
	json_t *root = parse(frame->data);

	if (root)
		expect(root, e);
	json_decref(root);
}

static void read_stream(struct context *context)
{
	const struct recording *r = context->recording;
	struct expected e = { -1, -1, -1, -1, 0, false };

	recording_frames(r->response, read_frame, context);
	recording_frames(r->response, expect_frame, &e);
	compare(context, &e);
	assert_true(context->facts.done);
	assert_true(context->facts.finish_reason[0]);
	context->streams++;
}

static void read_answer(const struct recording *r, void *opaque)
{
	struct context *context = opaque;

	if (!r->response.p)
		return;
	context->recording = r;
	context->format = format_of(r, context->service);
	context->input.characters = -1;
	chat_facts_init(&context->facts);
	service_usage_init(&context->usage);
	if (recording_is(r, "sse"))
		read_stream(context);
	else
		read_reply(context);
	arena_reset(&arena);
}

static void answers_tell_what_they_say(void **state)
{
	struct context context = { .requests = 0 };

	(void)state;
	visit_all(read_answer, &context);
	print_message("%u replies, %u streams of %u frames\n", context.replies,
		context.streams, context.frames);
	assert_true(context.replies >= 85);
	assert_true(context.streams >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test_setup_teardown(
			splices_change_the_model_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			answers_tell_what_they_say, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
