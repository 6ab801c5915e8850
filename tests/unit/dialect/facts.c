/*
 * facts.c - what the gateway learns of an answer by way of the neutral form.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

static void everything_is_unknown_at_first(void **state)
{
	struct chat_facts facts;

	(void)state;
	memset(&facts, 0xff, sizeof(facts));
	chat_facts_init(&facts);
	assert_int_equal(facts.usage.prompt, -1);
	assert_int_equal(facts.usage.audio_completion, -1);
	assert_int_equal(facts.output_bytes, 0);
	assert_int_equal(facts.failure.retry_after_ms, -1);
	assert_false(facts.has_usage || facts.done || facts.failed);
	assert_string_equal(facts.model, "");
	assert_string_equal(facts.finish_reason, "");
}

static void events_add_up(void **state)
{
	struct chat_event event = { .kind = CHAT_EVENT_DELTA };
	struct chat_choice choice = { .index = 0 };
	struct chat_facts facts;
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_facts_init(&facts);
	chat_response_init(&event.delta, S("another"));
	chat_message_init(&choice.message);
	event.delta.model = S("m");
	event.delta.choices = &choice;
	event.delta.choice_count = 1;
	chat_facts_add_event(&facts, &event);
	assert_int_equal(facts.frame, FRAME_OTHER);

	part = chat_message_add(&choice.message, CHAT_TEXT, &arena);
	part->text = S("abc");
	part = chat_message_add(&choice.message, CHAT_TOOL_CALL, &arena);
	part->call.name = S("f");
	part->call.arguments = S("{}");
	event.delta.model = S("another one");
	chat_facts_add_event(&facts, &event);
	assert_int_equal(facts.frame, FRAME_CONTENT);
	assert_int_equal(facts.output_bytes, 6);
	assert_string_equal(facts.model, "m");

	choice.message.parts = NULL;
	choice.finish = CHAT_FINISH_OTHER;
	choice.finish_word = S("a_very_long_reason_that_does_not_fit_here");
	event.delta.has_usage = true;
	event.delta.usage.prompt = 3;
	event.done = true;
	chat_facts_add_event(&facts, &event);
	event.delta.usage.prompt = -1;
	event.delta.usage.completion = 4;
	chat_facts_add_event(&facts, &event);
	assert_int_equal(facts.usage.prompt, 3);
	assert_int_equal(facts.usage.completion, 4);
	assert_true(facts.done && facts.has_usage && !facts.failed);
	assert_string_equal(
		facts.finish_reason, "a_very_long_reason_that_does_no");
	arena_release(&arena);
}

static void other_events_are_told_apart(void **state)
{
	struct chat_event event = { .kind = CHAT_EVENT_NOTHING };
	struct chat_facts facts;

	(void)state;
	chat_facts_init(&facts);
	chat_facts_add_event(&facts, &event);
	assert_int_equal(facts.frame, FRAME_OTHER);
	event.kind = CHAT_EVENT_ERROR;
	event.error_message = S("no");
	event.error_status = 529;
	chat_facts_add_event(&facts, &event);
	assert_int_equal(facts.frame, FRAME_ERROR);
	assert_true(facts.failed);
	assert_int_equal(facts.failure.status, 529);
	assert_string_equal(facts.failure.message, "no");
	event.kind = CHAT_EVENT_DONE;
	chat_facts_add_event(&facts, &event);
	assert_int_equal(facts.frame, FRAME_DONE);
	assert_true(facts.done);
}

static const struct {
	const char *text;
	const char *expected;
} bodies[] = {
	{ "{}", "{\"metadata\":{\"x\":1}}" },
	{ " {\"a\": \"}\"} \n", " {\"a\": \"}\",\"metadata\":{\"x\":1}} \n" },
	{ "{\"metadata\":null}", "{\"metadata\":null}" },
};

static void metadata_goes_before_the_end(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct str text = str_of(bodies[i].text);
		struct error err = ERROR_INIT;
		struct chat_facts facts;
		struct splice splice;
		struct json root;

		chat_facts_init(&facts);
		assert_true(facts_check(text, &root, &err));
		facts_find_end(&facts, text, root);
		facts_splice_reply(text, &facts, S("{\"x\":1}"), &splice);
		assert_text(splice_join(&splice, &arena), bodies[i].expected);
	}
	arena_release(&arena);
}

static void garbage_is_no_answer(void **state)
{
	static const struct str texts[] = { STR(""), STR("[]"), STR("{"),
		STR("null"), STR("<html>") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error err = ERROR_INIT;
		struct json root;

		assert_false(facts_check(texts[i], &root, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
}

static void counts_that_make_no_sense_are_not_known(void **state)
{
	static const struct count_row rows[] = { COUNT_ROW("a", prompt),
		COUNT_ROW("b", completion), COUNT_ROW("c", cached),
		COUNT_ROW("d", reasoning) };
	struct error err = ERROR_INIT;
	struct chat_usage usage;
	struct json root;

	(void)state;
	chat_usage_init(&usage);
	usage.cached = 7;
	assert_true(facts_check(S("{\"a\":1,\"b\":-1,\"c\":9999999999,"
				  "\"d\":1.5,\"e\":2,\"a\":2}"),
		&root, &err));
	facts_read_counts(root, rows, ARRAY_LEN(rows), &usage);
	assert_int_equal(usage.prompt, 2);
	assert_int_equal(usage.completion, -1);
	assert_int_equal(usage.cached, 7);
	assert_int_equal(usage.reasoning, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_unknown_at_first),
		cmocka_unit_test(events_add_up),
		cmocka_unit_test(other_events_are_told_apart),
		cmocka_unit_test(metadata_goes_before_the_end),
		cmocka_unit_test(garbage_is_no_answer),
		cmocka_unit_test(counts_that_make_no_sense_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
