/*
 * openai_chat/request.c - a request read into the neutral form and written
 * again is the same request; one that cannot be understood is refused with
 * the place of the fault. What recordings hold is in openai_chat_suite.c.
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

static void read_request(
	struct str body, struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!openai->read_head(body, arena, &head, &err) ||
		!openai->read_request(&head, arena, out, &err))
		fail_msg(
			"%s (%s): %.*s", err.message, err.param, STR_ARG(body));
}

static void write_request(const struct chat_request *request, struct buf *out)
{
	struct error err = ERROR_INIT;

	buf_init(out, 16 << 20);
	if (!openai->write_request(request, NULL, NULL, out, &err))
		fail_msg("%s (%s)", err.message, err.param);
	assert_false(out->failed);
}

static void check_same(struct str body, const char *name)
{
	struct chat_request request;
	struct arena arena;
	struct buf out;

	arena_init(&arena, 65536);
	read_request(body, &arena, &request);
	write_request(&request, &out);
	assert_same_json(buf_str(&out), body, name);
	buf_release(&out);
	arena_release(&arena);
}

/* --- by hand: shapes that recordings do not have --- */

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(member) "{\"messages\":[" USER "]," member "}"
#define PARTS(parts) \
	"{\"messages\":[{\"role\":\"user\",\"content\":[" parts "]}]}"
#define CALLS(calls)                                               \
	"{\"messages\":[{\"role\":\"assistant\",\"content\":null," \
	"\"tool_calls\":" calls "}]}"

static const char *const odd_bodies[] = {
	WITH("\"temperature\":0.7,\"top_p\":1e-2,\"seed\":123456789012345678901"),
	WITH("\"temperature\":null,\"stop\":null,\"tools\":null,\"n\":null"),
	WITH("\"stop\":[]"),
	WITH("\"stop\":\"\""),
	WITH("\"stop\":[\"a\",\"b\\n\"]"),
	WITH("\"tools\":[]"),
	WITH("\"tools\":[{\"type\":\"web_search\"},{\"type\":\"function\","
	     "\"function\":{\"name\":\"f\",\"strict\":null,\"x\":1},"
	     "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}},7]"),
	WITH("\"tool_choice\":\"any\""),
	WITH("\"tool_choice\":\"none\""),
	WITH("\"tool_choice\":\"new\""),
	WITH("\"tool_choice\":{\"type\":\"function\",\"function\":"
	     "{\"name\":\"f\"}}"),
	WITH("\"tool_choice\":{\"type\":\"function\",\"function\":"
	     "{\"name\":\"f\",\"x\":1}}"),
	WITH("\"tool_choice\":{\"type\":\"allowed_tools\"}"),
	WITH("\"response_format\":{}"),
	WITH("\"response_format\":{\"type\":\"text\",\"x\":1}"),
	WITH("\"response_format\":{\"type\":\"grammar\",\"grammar\":\"g\"}"),
	WITH("\"response_format\":{\"type\":\"json_object\","
	     "\"json_schema\":{}}"),
	WITH("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
	     "{\"name\":\"n\",\"strict\":true,\"schema\":{\"a\":1},\"x\":2}}"),
	WITH("\"reasoning_effort\":\"low\",\"reasoning\":{\"effort\":\"high\"},"
	     "\"thinking\":{\"type\":\"enabled\"}"),
	WITH("\"reasoning\":{\"max_tokens\":9,\"exclude\":true,\"x\":1}"),
	WITH("\"reasoning\":{}"),
	WITH("\"thinking\":{\"type\":\"disabled\"}"),
	WITH("\"thinking\":{\"type\":\"adaptive\",\"budget_tokens\":5}"),
	WITH("\"max_tokens\":5,\"max_completion_tokens\":6"),
	WITH("\"max_tokens\":null,\"max_completion_tokens\":6"),
	WITH("\"logprobs\":5,\"top_logprobs\":0,\"logit_bias\":{}"),
	WITH("\"metadata\":{},\"modalities\":[],\"user\":\"\",\"n\":1"),
	WITH("\"a\\u0062c\":{\"deep\":[1,2,{\"x\":null}]},\"\":0"),
	WITH("\"stream\":true,\"stream_options\":{\"x\":1}"),
	PARTS(""),
	PARTS("{\"type\":\"text\",\"text\":\"\",\"cache_control\":null}"),
	PARTS("{\"type\":\"text\",\"text\":\"\",\"cache_control\":"
	      "{\"type\":\"ephemeral\"},\"x\":[]}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":\"https://x/y.png\"}"),
	PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":"
	      "\"data:image/png;base64,AAAA\",\"detail\":null,\"x\":1}}"),
	PARTS("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AA\","
	      "\"format\":\"wav\"}}"),
	PARTS("{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}"),
	PARTS("{\"type\":\"file_url\",\"file_url\":\"https://x\"}"),
	PARTS("{\"type\":\"video_url\",\"video_url\":{\"url\":\"u\"}}"),
	PARTS("{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
	      "\"text\":\"a\"},{\"type\":\"reference\",\"ids\":[1]}],"
	      "\"signature\":\"s\"}"),
	PARTS("{\"type\":\"thinking\",\"thinking\":\"t\"}"),
	PARTS("{\"type\":\"thinking\",\"thinking\":{}}"),
	PARTS("{\"type\":\"refusal\",\"refusal\":\"no\"}"),
	PARTS("{\"type\":\"hologram\",\"data\":[1]}"),
	CALLS("null"),
	CALLS("[]"),
	CALLS("[1]"),
	CALLS("[{\"id\":\"a\",\"type\":\"custom\",\"custom\":{\"name\":\"f\","
	      "\"input\":\"raw\"}},{\"id\":\"b\",\"type\":\"function\","
	      "\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}]"),
	"{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\","
	"\"reasoning_content\":\"r\",\"reasoning\":\"r\",\"refusal\":null,"
	"\"audio\":{\"id\":\"x\"},\"annotations\":[]}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"content\":\"\","
	"\"reasoning\":\"r\",\"reasoning_details\":["
	"{\"type\":\"reasoning.text\",\"text\":\"r\",\"signature\":\"s\","
	"\"format\":\"f\",\"index\":0},"
	"{\"type\":\"reasoning.encrypted\",\"data\":\"d\",\"id\":null},"
	"{\"type\":\"reasoning.summary\",\"summary\":\"u\"},"
	"{\"type\":\"reasoning.new\",\"x\":1}]}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"\","
	"\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"annotations\":["
	"{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"u\","
	"\"title\":\"t\",\"start_index\":0,\"end_index\":5,\"x\":1}},"
	"{\"type\":\"file\",\"file\":{}},{\"url_citation\":null}]}]}",
	CALLS("[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\"}}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":"
	      "\"f\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":"
	      "{\"thought_signature\":\"s\"}}}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":"
	      "\"f\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":"
	      "{\"thought_signature\":\"s\",\"x\":1}}}]"),
	CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":"
	      "\"f\"},\"custom\":{\"name\":\"g\"},\"extra_content\":null}]"),
	WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\","
	     "\"description\":\"d\",\"format\":{\"type\":\"grammar\","
	     "\"grammar\":{\"definition\":\"x\",\"syntax\":\"lark\"}},"
	     "\"x\":1},\"function\":{\"name\":\"no\"}}]"),
	WITH("\"tools\":[{\"type\":\"custom\",\"custom\":5}]"),
	WITH("\"tool_choice\":{\"type\":\"custom\",\"custom\":"
	     "{\"name\":\"c\"}}"),
	WITH("\"verbosity\":\"low\",\"safety_identifier\":\"s\","
	     "\"prompt_cache_retention\":\"24h\",\"store\":true,"
	     "\"prediction\":{\"type\":\"content\",\"content\":\"x\"},"
	     "\"web_search_options\":{},\"audio\":{\"voice\":\"ash\","
	     "\"format\":\"wav\"},\"cache_control\":{\"type\":"
	     "\"ephemeral\"}"),
	WITH("\"functions\":[{\"name\":\"f\"}],\"function_call\":"
	     "{\"name\":\"f\"}"),
	WITH("\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"}"),
	"{\"messages\":[{\"role\":\"assistant\",\"content\":\"\","
	"\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
	"\"data:image/png;base64,AA\"},\"index\":0},{\"type\":\"x\"}]}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"content\":\"\","
	"\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":"
	"\"a\",\"index\":0},{\"type\":\"reasoning.text\",\"text\":\"b\","
	"\"index\":0},{\"type\":\"reasoning.server_tool_call\"},"
	"{\"type\":\"reasoning.text\",\"signature\":\"gemini:s\"},"
	"{\"type\":\"reasoning.encrypted\",\"data\":\"openai_chat:d\"},"
	"{\"type\":\"reasoning.text\",\"text\":null}]}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"reasoning_details\":"
	"[{\"type\":\"reasoning.server_tool_call\"}],\"content\":\"a\"}]}",
	"{\"messages\":[{\"role\":\"assistant\",\"function_call\":"
	"{\"name\":\"f\",\"arguments\":\"{}\",\"x\":1}},{\"role\":"
	"\"function\",\"name\":\"f\",\"content\":\"r\","
	"\"tool_call_id\":\"odd\"}]}",
	"{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"a\",\"name\":"
	"null,\"content\":[{\"type\":\"text\",\"text\":\"x\"}]},"
	"{\"role\":\"assistant\",\"function_call\":{\"name\":\"f\"}},"
	"{\"role\":\"function\",\"name\":\"f\",\"content\":null}]}",
};

static void odd_requests_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd_bodies); i++)
		check_same(str_of(odd_bodies[i]), odd_bodies[i]);
}

/* Of two members of a name the last one counts, as for Jansson. */
static void the_last_duplicate_counts(void **state)
{
	(void)state;
	check_same(S("{\"messages\":[{\"role\":\"user\",\"content\":\"a\","
		     "\"content\":[{\"type\":\"text\",\"text\":\"b\"}],"
		     "\"cont\\u0065nt\":\"c\"}],"
		     "\"temperature\":1,\"temperature\":2}"),
		"duplicates");
}

static void the_neutral_form_is_filled(void **state)
{
	static const struct str body = STR(
		"{\"model\":\"m\",\"max_completion_tokens\":7,\"n\":2,"
		"\"temperature\":0.70,\"stop\":\"x\",\"tool_choice\":\"any\","
		"\"parallel_tool_calls\":false,\"service_tier\":\"flex\","
		"\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
		"{\"name\":\"s\",\"schema\":{\"type\":\"object\"}}},"
		"\"reasoning\":{\"effort\":\"high\",\"max_tokens\":64},"
		"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
		"\"f\",\"parameters\":{\"p\":1},\"strict\":true}}],"
		"\"messages\":[{\"role\":\"developer\",\"content\":\"d\"},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		"\"image_url\":{\"url\":\"data:image/png;base64,QUJD\","
		"\"detail\":\"low\"}},{\"type\":\"input_audio\","
		"\"input_audio\":{\"data\":\"WA\",\"format\":\"mp3\"}}]},"
		"{\"role\":\"assistant\",\"reasoning_content\":\"hm\","
		"\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"c1\","
		"\"content\":\"r\"}],\"logit_bias\":null,\"other\":[1]}");
	const struct chat_part *part;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request(body, &arena, &r);
	assert_text(r.dialect, "openai_chat");
	assert_int_equal(r.max_tokens, 7);
	assert_text(r.max_tokens_member, "max_completion_tokens");
	assert_int_equal(r.n, 2);
	assert_text(r.temperature, "0.70");
	assert_text(r.stop->text, "x");
	assert_int_equal(r.tool_choice, CHAT_CHOICE_REQUIRED);
	assert_int_equal(r.parallel_tool_calls, CHAT_NO);
	assert_int_equal(r.format.kind, CHAT_FORMAT_SCHEMA);
	assert_text(r.format.schema, "{\"type\":\"object\"}");
	assert_text(r.reasoning.effort, "high");
	assert_int_equal(r.reasoning.budget_tokens, 64);
	assert_text(r.tools[0].parameters, "{\"p\":1}");
	assert_int_equal(r.tools[0].strict, CHAT_YES);
	assert_int_equal(r.messages[0].role, CHAT_DEVELOPER);
	part = r.messages[1].parts;
	assert_int_equal(part->kind, CHAT_IMAGE);
	assert_text(part->media_type, "image/png");
	assert_text(part->data, "QUJD");
	assert_text(part->detail, "low");
	assert_int_equal(part->next->kind, CHAT_AUDIO);
	assert_text(part->next->media_type, "audio/mp3");
	part = r.messages[2].parts;
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->text, "hm");
	assert_int_equal(part->next->kind, CHAT_TOOL_CALL);
	assert_text(part->next->call.id, "c1");
	assert_text(part->next->call.arguments, "{}");
	assert_text(r.messages[3].tool_call_id, "c1");
	assert_text(r.extra.last->member.name, "logit_bias");
	assert_text(r.extra.first->member.name, "other");
	assert_int_equal(r.messages[3].wire_index, 3);
	arena_release(&arena);
}

static void legacy_calls_get_ids(void **state)
{
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request(S("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
		       "{\"role\":\"assistant\",\"content\":null,"
		       "\"function_call\":{\"name\":\"f\",\"arguments\":"
		       "\"{}\"}},{\"role\":\"function\",\"name\":\"f\","
		       "\"content\":\"r\"}]}"),
		&arena, &r);
	assert_int_equal(r.messages[1].parts->kind, CHAT_TOOL_CALL);
	assert_text(r.messages[1].parts->call.id, "call_1");
	assert_text(r.messages[1].parts->call.name, "f");
	assert_int_equal(r.messages[2].role, CHAT_FUNCTION);
	assert_text(r.messages[2].tool_call_id, "call_1");
	arena_release(&arena);
}

/* Pieces that a client kept one by one are one thought again. */
static void pieces_of_a_thought_are_joined(void **state)
{
	const struct chat_part *part;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	read_request(S("{\"messages\":[{\"role\":\"assistant\",\"content\":"
		       "\"x\",\"reasoning_content\":\"abc\","
		       "\"reasoning_details\":["
		       "{\"type\":\"reasoning.text\",\"text\":\"a\"},"
		       "{\"type\":\"reasoning.text\",\"text\":\"b\"},"
		       "{\"type\":\"reasoning.text\",\"text\":\"c\","
		       "\"signature\":\"anthropic:s\"},"
		       "{\"type\":\"reasoning.text\",\"text\":\"d\"},"
		       "{\"type\":\"reasoning.encrypted\",\"data\":"
		       "\"gemini:e\"}]}]}"),
		&arena, &r);
	part = r.messages[0].parts;
	assert_int_equal(part->kind, CHAT_THINKING);
	assert_text(part->text, "abc");
	assert_text(part->signature.text, "s");
	assert_text(part->signature.origin, "anthropic");
	part = part->next;
	assert_text(part->text, "d");
	assert_null(part->signature.text.p);
	part = part->next;
	assert_int_equal(part->kind, CHAT_REDACTED_THINKING);
	assert_text(part->data, "e");
	assert_text(part->signature.origin, "gemini");
	/* The plain text repeats them. */
	assert_int_equal(part->next->kind, CHAT_TEXT);
	arena_release(&arena);
}

static const struct {
	const char *body;
	enum error_kind kind;
	const char *param;
} refusals[] = {
	{ PARTS("{\"type\":\"text\"}"), ERR_MISSING_FIELD,
		"messages[0].content[0].text" },
	{ PARTS("{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\","
		"\"text\":null}"),
		ERR_MISSING_FIELD, "messages[0].content[1].text" },
	{ PARTS("{\"type\":\"image_url\"}"), ERR_MISSING_FIELD,
		"messages[0].content[0].image_url.url" },
	{ PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":\"\"}}"),
		ERR_MISSING_FIELD, "messages[0].content[0].image_url.url" },
	{ PARTS("{\"type\":\"video_url\",\"video_url\":{}}"), ERR_MISSING_FIELD,
		"messages[0].content[0].video_url.url" },
	{ PARTS("{\"type\":\"input_audio\",\"input_audio\":\"https://x\"}"),
		ERR_MISSING_FIELD, "messages[0].content[0].input_audio.data" },
	{ PARTS("{\"type\":\"file\",\"file\":{\"filename\":\"x\"}}"),
		ERR_MISSING_FIELD, "messages[0].content[0].file.file_data" },
	{ PARTS("{\"type\":\"refusal\"}"), ERR_MISSING_FIELD,
		"messages[0].content[0].refusal" },
	{ CALLS("[{\"id\":\"a\",\"function\":{\"name\":\"f\"}},{}]"),
		ERR_MISSING_FIELD, "messages[0].tool_calls[1].id" },
	{ CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":null}]"),
		ERR_MISSING_FIELD, "messages[0].tool_calls[0].function.name" },
	{ CALLS("[{\"id\":\"a\",\"type\":\"custom\",\"custom\":5}]"),
		ERR_MISSING_FIELD, "messages[0].tool_calls[0].custom.name" },
	{ CALLS("[{\"id\":\"a\",\"type\":\"function\",\"function\":{"
		"\"name\":\"f\",\"arguments\":{\"x\":1}}}]"),
		ERR_BAD_FIELD, "messages[0].tool_calls[0].function.arguments" },
	{ CALLS("[{\"id\":\"a\",\"type\":\"custom\",\"custom\":{"
		"\"name\":\"f\",\"input\":7}}]"),
		ERR_BAD_FIELD, "messages[0].tool_calls[0].custom.input" },
	{ "{\"messages\":[{\"role\":\"assistant\",\"function_call\":{}}]}",
		ERR_MISSING_FIELD, "messages[0].function_call.name" },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"a\","
	  "\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\"}}]}]}",
		ERR_BAD_FIELD, "messages[0].tool_calls" },
	{ "{\"messages\":[" USER ",{\"role\":\"tool\",\"content\":\"r\"}]}",
		ERR_MISSING_FIELD, "messages[1].tool_call_id" },
	{ "{\"messages\":[{\"role\":\"function\",\"name\":\"f\","
	  "\"content\":\"r\"}]}",
		ERR_BAD_FIELD, "messages[0].role" },
	{ WITH("\"stop\":[\"a\",1]"), ERR_BAD_FIELD, "stop" },
	{ WITH("\"tools\":[{\"type\":\"web_search\"},{\"type\":\"function\","
	       "\"function\":{}}]"),
		ERR_MISSING_FIELD, "tools[1].function.name" },
	{ WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{}}]"),
		ERR_MISSING_FIELD, "tools[0].custom.name" },
	{ WITH("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
	       "\"f\",\"parameters\":\"none\"}}]"),
		ERR_BAD_FIELD, "tools[0].function.parameters" },
	{ WITH("\"response_format\":{\"type\":\"json_schema\"}"),
		ERR_MISSING_FIELD, "response_format.json_schema.schema" },
};

static void what_cannot_be_understood_is_refused(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct chat_head head;

		assert_true(openai->read_head(
			str_of(refusals[i].body), &arena, &head, &err));
		if (openai->read_request(&head, &arena, &request, &err))
			fail_msg("%s", refusals[i].body);
		assert_int_equal(err.kind, refusals[i].kind);
		assert_string_equal(err.param, refusals[i].param);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_requests_come_back),
		cmocka_unit_test(the_last_duplicate_counts),
		cmocka_unit_test(the_neutral_form_is_filled),
		cmocka_unit_test(legacy_calls_get_ids),
		cmocka_unit_test(pieces_of_a_thought_are_joined),
		cmocka_unit_test(what_cannot_be_understood_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
