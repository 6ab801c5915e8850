/*
 * openai_chat/head.c - requests are understood or refused with the right
 * path, and go out with nothing changed but the model and the usage option.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

static void read_ok(struct str body, struct arena *arena, struct chat_head *out)
{
	struct error err = ERROR_INIT;

	if (!openai->read_head(body, arena, out, &err))
		fail_msg("refused: %s (%s): %.*s", err.message, err.param,
			STR_ARG(body));
}

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(member) "{\"messages\":[" USER "]," member "}"
#define MESSAGE(message) "{\"messages\":[" USER "," message "]}"
#define PART(part) "{\"messages\":[{\"role\":\"user\",\"content\":[" part "]}]}"

static const struct {
	const char *body;
	enum error_kind kind;
	const char *param;
} refusals[] = {
	{ "", ERR_BAD_JSON, "" },
	{ "{", ERR_BAD_JSON, "" },
	{ "[]", ERR_BAD_REQUEST, "" },
	{ "\"messages\"", ERR_BAD_REQUEST, "" },
	{ "null", ERR_BAD_REQUEST, "" },
	{ WITH("\"a\":1") "x", ERR_BAD_JSON, "" },
	{ "{\"messages\":[" USER "],}", ERR_BAD_JSON, "" },
	{ WITH("\"user\":\"\xff\""), ERR_BAD_JSON, "" },
	{ WITH("\"user\":\"\xed\xa0\x80\""), ERR_BAD_JSON, "" },
	{ WITH("\"user\":\"\n\""), ERR_BAD_JSON, "" },
	{ "{}", ERR_MISSING_FIELD, "messages" },
	{ "{\"model\":\"m\"}", ERR_MISSING_FIELD, "messages" },
	{ "{\"messages\":null}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":{}}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":\"Hi\"}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":[]}", ERR_BAD_FIELD, "messages" },
	{ "{\"messages\":[" USER "],\"messages\":[" USER "]}", ERR_BAD_FIELD,
		"messages" },
	{ "{\"messages\":[" USER "],\"m\\u0065ssages\":[" USER "]}",
		ERR_BAD_FIELD, "messages" },
	{ MESSAGE("1"), ERR_BAD_FIELD, "messages[1]" },
	{ MESSAGE("[]"), ERR_BAD_FIELD, "messages[1]" },
	{ MESSAGE("null"), ERR_BAD_FIELD, "messages[1]" },
	{ MESSAGE("{}"), ERR_MISSING_FIELD, "messages[1].role" },
	{ MESSAGE("{\"role\":null}"), ERR_BAD_FIELD, "messages[1].role" },
	{ MESSAGE("{\"role\":7}"), ERR_BAD_FIELD, "messages[1].role" },
	{ MESSAGE("{\"role\":\"\"}"), ERR_BAD_FIELD, "messages[1].role" },
	{ MESSAGE("{\"role\":\"User\",\"content\":\"\"}"), ERR_BAD_FIELD,
		"messages[1].role" },
	{ MESSAGE("{\"role\":\"user\"}"), ERR_MISSING_FIELD,
		"messages[1].content" },
	{ MESSAGE("{\"role\":\"user\",\"content\":null}"), ERR_BAD_FIELD,
		"messages[1].content" },
	{ MESSAGE("{\"role\":\"tool\",\"content\":null}"), ERR_BAD_FIELD,
		"messages[1].content" },
	{ MESSAGE("{\"role\":\"system\",\"content\":1}"), ERR_BAD_FIELD,
		"messages[1].content" },
	{ MESSAGE("{\"role\":\"developer\",\"content\":{}}"), ERR_BAD_FIELD,
		"messages[1].content" },
	{ MESSAGE("{\"role\":\"assistant\",\"content\":true}"), ERR_BAD_FIELD,
		"messages[1].content" },
	{ MESSAGE("{\"role\":\"assistant\",\"tool_calls\":{}}"), ERR_BAD_FIELD,
		"messages[1].tool_calls" },
	{ PART("\"Hi\""), ERR_BAD_FIELD, "messages[0].content[0]" },
	{ PART("{\"type\":\"text\",\"text\":\"\"},[]"), ERR_BAD_FIELD,
		"messages[0].content[1]" },
	{ PART("{}"), ERR_MISSING_FIELD, "messages[0].content[0].type" },
	{ PART("{\"type\":1}"), ERR_BAD_FIELD, "messages[0].content[0].type" },
	{ WITH("\"model\":1"), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":[\"m\"]"), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"\""), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"a\",\"model\":\"b\""), ERR_BAD_FIELD, "model" },
	{ WITH("\"model\":\"a\",\"mod\\u0065l\":\"b\""), ERR_BAD_FIELD,
		"model" },
	{ WITH("\"mod\\u0065l\":\"a\",\"model\":\"a\""), ERR_BAD_FIELD,
		"model" },
	{ WITH("\"stream\":1"), ERR_BAD_FIELD, "stream" },
	{ WITH("\"stream\":\"true\""), ERR_BAD_FIELD, "stream" },
	{ WITH("\"stream\":true,\"stream\":false"), ERR_BAD_FIELD, "stream" },
	{ WITH("\"stream_options\":true"), ERR_BAD_FIELD, "stream_options" },
	{ WITH("\"stream_options\":{},\"stream_options\":{}"), ERR_BAD_FIELD,
		"stream_options" },
	{ WITH("\"stream_options\":{\"include_usage\":1}"), ERR_BAD_FIELD,
		"stream_options.include_usage" },
	{ WITH("\"stream_options\":{\"include_usage\":true,"
	       "\"includ\\u0065_usage\":false}"),
		ERR_BAD_FIELD, "stream_options.include_usage" },
	{ WITH("\"max_tokens\":\"9\""), ERR_BAD_FIELD, "max_tokens" },
	{ WITH("\"max_tokens\":1.5"), ERR_BAD_FIELD, "max_tokens" },
	{ WITH("\"max_tokens\":0"), ERR_BAD_FIELD, "max_tokens" },
	{ WITH("\"max_tokens\":-1"), ERR_BAD_FIELD, "max_tokens" },
	{ WITH("\"max_tokens\":99999999999999999999"), ERR_BAD_FIELD,
		"max_tokens" },
	{ WITH("\"max_tokens\":1,\"max_tokens\":2"), ERR_BAD_FIELD,
		"max_tokens" },
	{ WITH("\"max_completion_tokens\":[]"), ERR_BAD_FIELD,
		"max_completion_tokens" },
	{ WITH("\"max_completion_tokens\":1,\"max_completion_tokens\":1"),
		ERR_BAD_FIELD, "max_completion_tokens" },
	{ WITH("\"n\":0"), ERR_BAD_FIELD, "n" },
	{ WITH("\"n\":129"), ERR_BAD_FIELD, "n" },
	{ WITH("\"n\":true"), ERR_BAD_FIELD, "n" },
	{ WITH("\"n\":1,\"\\u006e\":2"), ERR_BAD_FIELD, "n" },
	{ WITH("\"user\":5"), ERR_BAD_FIELD, "user" },
	{ WITH("\"temperature\":\"hot\""), ERR_BAD_FIELD, "temperature" },
	{ WITH("\"top_p\":[]"), ERR_BAD_FIELD, "top_p" },
	{ WITH("\"presence_penalty\":{}"), ERR_BAD_FIELD, "presence_penalty" },
	{ WITH("\"frequency_penalty\":false"), ERR_BAD_FIELD,
		"frequency_penalty" },
	{ WITH("\"seed\":\"1\""), ERR_BAD_FIELD, "seed" },
	{ WITH("\"stop\":3"), ERR_BAD_FIELD, "stop" },
	{ WITH("\"tools\":{}"), ERR_BAD_FIELD, "tools" },
	{ WITH("\"functions\":\"f\""), ERR_BAD_FIELD, "functions" },
	{ WITH("\"tool_choice\":[]"), ERR_BAD_FIELD, "tool_choice" },
	{ WITH("\"response_format\":\"json\""), ERR_BAD_FIELD,
		"response_format" },
	{ WITH("\"metadata\":[]"), ERR_BAD_FIELD, "metadata" },
	{ WITH("\"modalities\":\"audio\""), ERR_BAD_FIELD, "modalities" },
};

static void wrong_bodies_are_refused_with_their_path(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct error err = ERROR_INIT;
		struct chat_head head;
		bool ok = openai->read_head(
			str_of(refusals[i].body), &arena, &head, &err);

		if (ok || err.kind != refusals[i].kind ||
			strcmp(err.param, refusals[i].param) != 0)
			fail_msg("%s: %s, '%s', %s", refusals[i].body,
				error_name(err.kind), err.param, err.message);
		assert_true(error_http_status(&err) == 400);
		assert_true(strlen(error_message(&err)) > 0);
		/* A path in the wording, too, where there is one. */
		if (err.param[0])
			assert_non_null(strstr(err.message, err.param));
	}
	arena_release(&arena);
}

static void deep_bodies_are_refused(void **state)
{
	struct buf body = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	struct arena arena;
	struct chat_head head;

	(void)state;
	arena_init(&arena, 4096);
	buf_append(&body, S("{\"messages\":"));
	for (int i = 0; i < 10000; i++)
		buf_append(&body, S("["));
	assert_false(openai->read_head(buf_str(&body), &arena, &head, &err));
	assert_int_equal(err.kind, ERR_TOO_DEEP);
	for (int i = 0; i < 10000; i++)
		buf_append(&body, S("]"));
	buf_append(&body, S("}"));
	assert_false(openai->read_head(buf_str(&body), &arena, &head, &err));
	assert_int_equal(err.kind, ERR_TOO_DEEP);
	assert_int_equal(error_http_status(&err), 400);
	buf_release(&body);
	arena_release(&arena);
}

static void a_nul_byte_is_refused(void **state)
{
	static const struct str bodies[] = {
		STR("{\"messages\":[" USER "],\"user\":\"a\0b\"}"),
		STR("{\"messages\":[" USER "]}\0"),
		STR("{\"messages\":[" USER "],\0\"a\":1}"),
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct error err = ERROR_INIT;
		struct chat_head head;

		assert_false(openai->read_head(bodies[i], &arena, &head, &err));
		assert_int_equal(err.kind, ERR_BAD_JSON);
	}
	arena_release(&arena);
}

static void nulls_and_absence_mean_the_same(void **state)
{
	static const char *const bodies[] = {
		"{\"messages\":[" USER "]}",
		WITH("\"model\":null,\"stream\":null,\"stream_options\":null,"
		     "\"max_tokens\":null,\"max_completion_tokens\":null,"
		     "\"n\":null,\"user\":null,\"temperature\":null,"
		     "\"tools\":null,\"stop\":null,\"response_format\":null"),
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct chat_head head;

		read_ok(str_of(bodies[i]), &arena, &head);
		assert_int_equal(head.model.n, 0);
		assert_false(head.stream || head.wants_usage);
		assert_int_equal(head.max_tokens, -1);
		assert_int_equal(head.n, 1);
		assert_int_equal(head.user.n, 0);
		assert_false(head.has_tools || head.has_json_schema);
		assert_int_equal(head.message_count, 1);
	}
	arena_release(&arena);
}

static void what_matters_is_found(void **state)
{
	static const struct str body = STR(
		" {\"m\\u006fdel\":\"gp\\u0074-4o\",\"messages\":["
		"{\"role\":\"system\",\"content\":\"Be brief.\"},"
		"{\"role\":\"user\",\"content\":["
		"{\"type\":\"text\",\"text\":\"12345\"},"
		"{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}},"
		"{\"type\":\"input_audio\",\"input_audio\":{}},"
		"{\"type\":\"file\",\"file\":{}}]},"
		"{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]},"
		"{\"role\":\"assistant\"},"
		"{\"role\":\"tool\",\"content\":\"ok\"}],"
		"\"stream\":true,\"stream_options\":{\"include_usage\":true},"
		"\"user\":\"u\\\"1\",\"max_tokens\":5,"
		"\"max_completion_tokens\":9,\"n\":3,\"logprobs\":true,"
		"\"tools\":[{}],\"reasoning_effort\":\"low\","
		"\"response_format\":{\"type\":\"json_schema\"}} ");
	struct arena arena;
	struct chat_head head;

	(void)state;
	arena_init(&arena, 4096);
	read_ok(body, &arena, &head);
	assert_text(head.model, "gpt-4o");
	assert_text((struct str){ body.p + head.model_place.at,
			    head.model_place.bytes },
		"\"gp\\u0074-4o\"");
	assert_text((struct str){ body.p + head.stream_options_place.at,
			    head.stream_options_place.bytes },
		"{\"include_usage\":true}");
	assert_true(head.stream && head.wants_usage);
	assert_text(head.user, "u\"1");
	assert_int_equal(head.max_tokens, 9);
	assert_int_equal(head.n, 3);
	assert_int_equal(head.message_count, 5);
	assert_true(head.has_tools && head.has_images && head.has_audio);
	assert_true(head.has_files && head.has_json_schema);
	assert_true(head.has_reasoning && head.has_logprobs);
	assert_int_equal(head.prompt_text_bytes, 9 + 5 + 2);
	assert_int_equal(head.prompt_bytes,
		9 + 5 + 2 + 2 /* calls */ + 4 /* tools */ + 22 /* format */);
	arena_release(&arena);
}

/* A reservation must not be too small, whichever the provider obeys. */
static void the_larger_limit_counts(void **state)
{
	static const char *const bodies[] = {
		WITH("\"max_tokens\":5,\"max_completion_tokens\":9"),
		WITH("\"max_tokens\":9,\"max_completion_tokens\":5"),
		WITH("\"max_completion_tokens\":9,\"max_tokens\":5"),
		WITH("\"max_completion_tokens\":9,\"max_tokens\":null"),
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct chat_head head;

		read_ok(str_of(bodies[i]), &arena, &head);
		assert_int_equal(head.max_tokens, 9);
	}
	arena_release(&arena);
}

static const struct {
	const char *body;
	const char *model;
	bool ask_usage;
	const char *expected;
	unsigned pieces;
} splices[] = {
	/* nothing to change */
	{ "{\"model\":\"m\",\"messages\":[" USER "]}", "m", true,
		"{\"model\":\"m\",\"messages\":[" USER "]}", 1 },
	{ "{\"mod\\u0065l\":\"\\u006d\",\"messages\":[" USER "]}", "m", false,
		"{\"mod\\u0065l\":\"\\u006d\",\"messages\":[" USER "]}", 1 },
	/* the model */
	{ " {\"model\" : \"m\" ,\"messages\":[" USER "]}\n", "other", false,
		" {\"model\" : \"other\" ,\"messages\":[" USER "]}\n", 3 },
	{ "{\"messages\":[" USER "],\"model\":\"m\"}", "a\"b\\\n", false,
		"{\"messages\":[" USER "],\"model\":\"a\\\"b\\\\\\n\"}", 3 },
	{ "{\"messages\":[" USER "],\"model\":null}", "x", false,
		"{\"messages\":[" USER "],\"model\":\"x\"}", 3 },
	{ "{ \"messages\":[" USER "]}", "x", false,
		"{\"model\":\"x\", \"messages\":[" USER "]}", 3 },
	/* not a stream, or asked already: no usage option */
	{ "{\"model\":\"m\",\"messages\":[" USER "],\"stream\":false}", "m",
		true,
		"{\"model\":\"m\",\"messages\":[" USER "],\"stream\":false}",
		1 },
	{ "{\"model\":\"m\",\"messages\":[" USER "],\"stream\":true,"
	  "\"stream_options\":{\"include_usage\":true}}",
		"m", true,
		"{\"model\":\"m\",\"messages\":[" USER "],\"stream\":true,"
		"\"stream_options\":{\"include_usage\":true}}",
		1 },
	{ "{\"model\":\"m\",\"messages\":[" USER "],\"stream\":true}", "m",
		false,
		"{\"model\":\"m\",\"messages\":[" USER "],\"stream\":true}",
		1 },
	/* a stream that did not ask */
	{ "{\"model\":\"m\",\"messages\":[" USER "],\"stream\":true}", "m",
		true,
		"{\"stream_options\":{\"include_usage\":true},\"model\":\"m\","
		"\"messages\":[" USER "],\"stream\":true}",
		3 },
	{ "{\"messages\":[" USER "],\"stream\":true}", "x", true,
		"{\"model\":\"x\",\"stream_options\":{\"include_usage\":true},"
		"\"messages\":[" USER "],\"stream\":true}",
		4 },
	{ "{\"model\":\"m\",\"messages\":[" USER "],\"stream\":true,"
	  "\"stream_options\":null}",
		"x", true,
		"{\"model\":\"x\",\"messages\":[" USER "],\"stream\":true,"
		"\"stream_options\":{\"include_usage\":true}}",
		5 },
	{ "{\"stream_options\":{},\"messages\":[" USER "],\"stream\":true,"
	  "\"model\":\"m\"}",
		"x", true,
		"{\"stream_options\":{\"include_usage\":true},\"messages\":[" USER
		"],\"stream\":true,\"model\":\"x\"}",
		5 },
	{ "{\"stream_options\":{ \"include_obfuscation\":false },"
	  "\"messages\":[" USER "],\"stream\":true,\"model\":\"m\"}",
		"m", true,
		"{\"stream_options\":{\"include_usage\":true, "
		"\"include_obfuscation\":false },"
		"\"messages\":[" USER "],\"stream\":true,\"model\":\"m\"}",
		3 },
	{ "{\"stream_options\":{\"include_usage\":false,\"x\":1},"
	  "\"messages\":[" USER "],\"stream\":true,\"model\":\"m\"}",
		"m", true,
		"{\"stream_options\":{\"include_usage\":true,\"x\":1},"
		"\"messages\":[" USER "],\"stream\":true,\"model\":\"m\"}",
		3 },
	{ "{\"stream_options\":{\"include_usag\\u0065\":null},"
	  "\"messages\":[" USER "],\"stream\":true,\"model\":\"m\"}",
		"m", true,
		"{\"stream_options\":{\"include_usag\\u0065\":true},"
		"\"messages\":[" USER "],\"stream\":true,\"model\":\"m\"}",
		3 },
};

static void only_the_asked_places_change(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(splices); i++) {
		struct chat_head head;
		struct splice splice;
		struct str joined;

		read_ok(str_of(splices[i].body), &arena, &head);
		openai->splice_request(&head, str_of(splices[i].model),
			splices[i].ask_usage, &arena, &splice);
		joined = splice_join(&splice, &arena);
		assert_text(joined, splices[i].expected);
		assert_int_equal(splice.bytes, joined.n);
		assert_int_equal(splice.count, splices[i].pieces);
		if (splice.count == 1)
			assert_ptr_equal(joined.p, splices[i].body);
	}
	arena_release(&arena);
}

struct totals {
	size_t requests;
	size_t streams;
};

static void set_member(json_t *object, const char *name, const char *value)
{
	json_object_set_new(object, name,
		value ? json_stringn(value, strlen(value)) : json_true());
}

/* What Jansson makes of the recorded body, changed by Jansson, is what comes
 * out; and reading it again finds what was put in. */
static void check_splice(const struct recording *r,
	const struct chat_head *head, struct arena *arena)
{
	json_t *expected = parse(r->request);
	json_t *options = json_object_get(expected, "stream_options");
	struct splice splice;
	struct chat_head again;
	struct str joined;
	char *text;

	set_member(expected, "model", "a/new-model");
	if (head->stream) {
		if (json_typeof(options ? options : expected) != JSON_OBJECT ||
			!options) {
			options = json_object();
			json_object_set_new(
				expected, "stream_options", options);
		}
		set_member(options, "include_usage", NULL);
	}
	openai->splice_request(head, S("a/new-model"), true, arena, &splice);
	joined = splice_join(&splice, arena);
	text = json_dumps(expected, JSON_COMPACT);
	assert_same_json(joined, str_of(text), r->name);
	free(text);
	json_decref(expected);

	read_ok(joined, arena, &again);
	assert_text(again.model, "a/new-model");
	assert_int_equal(again.wants_usage, head->stream);
	assert_int_equal(again.message_count, head->message_count);
	openai->splice_request(&again, S("a/new-model"), true, arena, &splice);
	assert_int_equal(splice.count, 1);
}

static void visit(const struct recording *r, void *context)
{
	struct totals *totals = context;
	struct chat_head head;
	struct arena arena;
	json_t *body;

	if (!r->request.p)
		return;
	arena_init(&arena, 65536);
	read_ok(r->request, &arena, &head);
	body = parse(r->request);
	assert_int_equal(head.message_count,
		json_array_size(json_object_get(body, "messages")));
	assert_int_equal(head.stream, json_object_get(body, "stream") &&
					      json_typeof(json_object_get(body,
						      "stream")) == JSON_TRUE);
	if (json_object_get(body, "model"))
		assert_text(head.model, recorded_text(body, "model").p);
	assert_int_equal(head.has_tools,
		json_array_size(json_object_get(body, "tools")) +
				json_array_size(
					json_object_get(body, "functions")) >
			0);
	json_decref(body);
	check_splice(r, &head, &arena);
	totals->requests++;
	totals->streams += head.stream;
	arena_release(&arena);
}

static void visit_all(const struct recording *r, void *context)
{
	if (!r->request.p || !recording_has_no_messages(r)) {
		visit(r, context);
		return;
	}
	assert_int_equal(r->status, 400);
	print_message("%s: no messages, as it was refused\n", r->name);
}

static void recorded_requests_pass(void **state)
{
	struct totals totals = { 0, 0 };

	(void)state;
	recordings_visit(visit_all, &totals);
	print_message("%zu requests, %zu of them for streams\n",
		totals.requests, totals.streams);
	assert_true(totals.requests >= 420);
	assert_true(totals.streams >= 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_bodies_are_refused_with_their_path),
		cmocka_unit_test(deep_bodies_are_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(nulls_and_absence_mean_the_same),
		cmocka_unit_test(what_matters_is_found),
		cmocka_unit_test(the_larger_limit_counts),
		cmocka_unit_test(only_the_asked_places_change),
		cmocka_unit_test(recorded_requests_pass),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
