/*
 * check.c - conversations that make no sense are refused with their place,
 * and those that providers had are not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "dialect/check.h"
#include "dialect/losses.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(member) "{\"messages\":[" USER "]," member "}"
#define MESSAGES(messages) "{\"messages\":[" messages "]}"
#define CALLS(calls) "{\"role\":\"assistant\",\"tool_calls\":[" calls "]}"
#define CALL(id)                                                  \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":{" \
	"\"name\":\"f\",\"arguments\":\"{}\"}}"
#define RESULT(id) \
	"{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"r\"}"
#define IMAGE(url)                                                 \
	"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"," \
	"\"image_url\":{\"url\":\"" url "\"}}]}"
#define TOOL(name)                                              \
	"{\"type\":\"function\",\"function\":{\"name\":\"" name \
	"\",\"parameters\":{}}}"

static const struct {
	const char *body;
	const char *param; /* NULL: it is sound */
} cases[] = {
	{ MESSAGES(USER), NULL },
	{ MESSAGES(CALLS(CALL("a") "," CALL("b")) "," RESULT("b") "," RESULT(
		  "a")),
		NULL },
	/* Providers that count their calls anew in each turn. */
	{ MESSAGES(CALLS(CALL("a")) "," RESULT("a") "," CALLS(
		  CALL("a")) "," RESULT("a")),
		NULL },
	{ MESSAGES(CALLS(CALL("a") "," CALL("a")) "," RESULT("a") "," RESULT(
		  "a")),
		NULL },
	{ MESSAGES(RESULT("a")), "messages[0]" },
	{ MESSAGES(CALLS(CALL("a")) "," RESULT("b")), "messages[1]" },
	{ MESSAGES(CALLS(CALL("a")) "," RESULT("a") "," RESULT("a")),
		"messages[2]" },
	{ MESSAGES(RESULT("a") "," CALLS(CALL("a"))), "messages[0]" },
	{ MESSAGES(IMAGE("https://x")), NULL },
	{ MESSAGES(IMAGE("data:image/png;base64,AA==")), NULL },
	{ MESSAGES(IMAGE("data:image/png;base64,A!==")), "messages[0]" },
	{ MESSAGES(USER "," IMAGE("data:image/png;base64,")), "messages[1]" },
	{ MESSAGES(IMAGE("data:application/pdf;base64,AA")), "messages[0]" },
	{ MESSAGES(IMAGE("data:;base64,AA")), "messages[0]" },
	{ MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\","
		   "\"input_audio\":{\"data\":\"AA\",\"format\":\"wav\"}}]}"),
		NULL },
	{ MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"file\","
		   "\"file\":{\"file_data\":\"data:any/thing;base64,?\"}}]}"),
		"messages[0]" },
	{ WITH("\"tools\":[" TOOL("a") "," TOOL("b") "]"), NULL },
	{ WITH("\"tools\":[" TOOL("a") "," TOOL("b") "," TOOL("a") "]"),
		"tools[2]" },
	{ WITH("\"tools\":[{\"type\":\"web\"},{\"type\":\"web\"}]"), NULL },
};

static bool check(const char *body, struct error *err)
{
	struct chat_request request;
	struct chat_head head;
	struct arena arena;
	bool ok;

	arena_init(&arena, 4096);
	if (!openai->read_head(str_of(body), &arena, &head, err) ||
		!openai->read_request(&head, &arena, &request, err))
		fail_msg("%s (%s): %s", err->message, err->param, body);
	ok = chat_request_check(&request, openai, err);
	arena_release(&arena);
	return ok;
}

static void sense_is_told_from_nonsense(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = ERROR_INIT;
		bool ok = check(cases[i].body, &err);

		if (ok != !cases[i].param)
			fail_msg("%s: %s", cases[i].body,
				ok ? "passes" : err.message);
		if (ok)
			continue;
		assert_int_equal(err.kind, ERR_BAD_FIELD);
		/* Of two tools with one name either may be the second. */
		if (strncmp(cases[i].param, "tools", 5) == 0)
			assert_memory_equal(err.param, "tools[", 6);
		else
			assert_string_equal(err.param, cases[i].param);
		assert_non_null(strstr(err.message, err.param));
	}
}

/* Members that a provider of the same format would refuse, where no such
 * provider is asked: NULL, when they ask for nothing or are merely unknown. */
#define CHAT(members) "{\"messages\":[" USER "]," members "}"
#define GOOGLE(members) \
	"{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]}]," members "}"
#define CONFIG(members) GOOGLE("\"generationConfig\":{" members "}")
#define CLAUDE(members) "{\"max_tokens\":9,\"messages\":[" USER "]," members "}"
#define CLAUDES_TOOL "\"tools\":[{\"name\":\"f\",\"input_schema\":{}}],"
#define CALLING(config)                                                     \
	GOOGLE("\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"}]}]," \
	       "\"toolConfig\":{\"functionCallingConfig\":{" config "}}")

static const struct {
	const char *dialect;
	const char *body;
	const char *param;
} members[] = {
	{ "gemini", CONFIG("\"temperature\":\"hot\""),
		"generationConfig.temperature" },
	{ "gemini", CONFIG("\"top_k\":true"), "generationConfig.top_k" },
	{ "gemini", CONFIG("\"seed\":\"7\""), "generationConfig.seed" },
	{ "gemini", CONFIG("\"logprobs\":\"3\""), "generationConfig.logprobs" },
	{ "gemini", CONFIG("\"responseLogprobs\":1"),
		"generationConfig.responseLogprobs" },
	{ "gemini", CONFIG("\"stopSequences\":\"a\""),
		"generationConfig.stopSequences" },
	{ "gemini", CONFIG("\"stopSequences\":[\"a\",5]"),
		"generationConfig.stopSequences" },
	{ "gemini", CONFIG("\"responseModalities\":[1]"),
		"generationConfig.responseModalities" },
	{ "gemini", CONFIG("\"responseSchema\":\"a\""),
		"generationConfig.responseSchema" },
	{ "gemini", CONFIG("\"thinkingConfig\":5"),
		"generationConfig.thinkingConfig" },
	{ "gemini", CONFIG("\"thinkingConfig\":{\"thinkingBudget\":\"a\"}"),
		"generationConfig.thinkingConfig.thinkingBudget" },
	{ "gemini", CONFIG("\"thinkingConfig\":{\"includeThoughts\":1}"),
		"generationConfig.thinkingConfig.includeThoughts" },
	{ "gemini", GOOGLE("\"safetySettings\":5"), "safetySettings" },
	{ "gemini", GOOGLE("\"toolConfig\":5"), "toolConfig" },
	{ "gemini", GOOGLE("\"serviceTier\":5"), "serviceTier" },
	{ "gemini", CALLING("\"mode\":\"SOMETIMES\""),
		"toolConfig.functionCallingConfig.mode" },
	{ "gemini", CALLING("\"mode\":5"),
		"toolConfig.functionCallingConfig.mode" },
	{ "gemini", CALLING("\"mode\":null"), NULL },
	{ "gemini", CALLING("\"mode\":\"validated\""), NULL },
	{ "gemini",
		"{\"contents\":[{\"parts\":[{\"text\":\"Hi\"}]},{\"role\":"
		"\"model\",\"parts\":[{\"text\":\"a\"},{\"functionCall\":{"
		"\"args\":{}}}]}]}",
		"contents[1].parts[1].functionCall.name" },
	{ "gemini",
		"{\"contents\":[{\"parts\":[{\"text\":\"Hi\",\"thought\":"
		"\"yes\"}]}]}",
		"contents[0].thought" },
	{ "gemini",
		CONFIG("\"temperature\":null,\"topP\":[],\"seed\":{},"
		       "\"stopSequences\":[],\"thinkingConfig\":{},\"new\":"
		       "\"a\",\"responseMimeType\":\"text/x.enum\""),
		NULL },
	{ "cohere", CHAT("\"temperature\":\"hot\""), "temperature" },
	{ "cohere", CHAT("\"k\":\"1\""), "k" },
	{ "cohere", CHAT("\"stop_sequences\":\"a\""), "stop_sequences" },
	{ "cohere", CHAT("\"tool_choice\":\"SOMETIMES\""), "tool_choice" },
	{ "cohere", CHAT("\"tool_choice\":5"), "tool_choice" },
	{ "cohere", CHAT("\"response_format\":{\"type\":\"xml\"}"),
		"response_format" },
	{ "cohere",
		CHAT("\"response_format\":{\"type\":\"json_object\","
		     "\"json_schema\":5}"),
		"response_format.json_schema" },
	{ "cohere", CHAT("\"thinking\":{\"type\":5}"), "thinking.type" },
	{ "cohere", CHAT("\"thinking\":{\"token_budget\":\"a\"}"),
		"thinking.token_budget" },
	{ "cohere",
		CHAT("\"tools\":[{\"type\":\"function\",\"function\":{"
		     "\"name\":\"f\",\"description\":5}}]"),
		"tools[0].function.description" },
	{ "cohere",
		CHAT("\"tool_choice\":null,\"response_format\":{},\"k\":[]"),
		NULL },
	{ "ollama", CHAT("\"options\":{\"temperature\":\"hot\"}"),
		"options.temperature" },
	{ "ollama", CHAT("\"options\":{\"stop\":5}"), "options.stop" },
	{ "ollama", CHAT("\"options\":{\"stop\":[\"a\",5]}"), "options.stop" },
	{ "ollama", CHAT("\"options\":{\"stop\":\"a\",\"num_predict\":-1}"),
		NULL },
	{ "ollama", CHAT("\"top_logprobs\":\"3\""), "top_logprobs" },
	{ "ollama", CHAT("\"format\":\"xml\""), "format" },
	{ "ollama", CHAT("\"format\":\"\",\"think\":null"), NULL },
	{ "ollama", CHAT("\"think\":\"deeply\""), "think" },
	{ "ollama", CHAT("\"think\":\"high\""), NULL },
	{ "anthropic", CLAUDE("\"service_tier\":5"), "service_tier" },
	{ "anthropic", CLAUDE("\"service_tier\":\"batch\""), NULL },
	{ "anthropic", CLAUDE("\"stop_sequences\":[5]"), "stop_sequences" },
	{ "anthropic", CLAUDE("\"thinking\":{\"type\":\"deep\"}"), "thinking" },
	{ "anthropic",
		CLAUDE("\"thinking\":{\"type\":\"enabled\","
		       "\"budget_tokens\":\"a\"}"),
		"thinking.budget_tokens" },
	{ "anthropic",
		CLAUDE(CLAUDES_TOOL "\"tool_choice\":{\"type\":\"sometimes\"}"),
		"tool_choice" },
	{ "anthropic", CLAUDE("\"output_config\":{\"effort\":5}"),
		"output_config.effort" },
	{ "openai_chat", CHAT("\"top_logprobs\":\"3\""), "top_logprobs" },
	{ "openai_chat", CHAT("\"reasoning\":{\"effort\":5}"),
		"reasoning.effort" },
	{ "openai_chat",
		CHAT("\"response_format\":{\"type\":\"json_schema\","
		     "\"json_schema\":{\"name\":5,\"schema\":{\"a\":1}}}"),
		"response_format.json_schema.name" },
	{ "openai_chat",
		CHAT("\"reasoning_effort\":{},\"logit_bias\":[],\"user\":null"),
		NULL },
	{ "openai_responses",
		"{\"input\":\"Hi\",\"reasoning\":{\"summary\":5}}",
		"reasoning.summary" },
	{ "openai_responses", "{\"input\":\"Hi\",\"text\":{\"verbosity\":5}}",
		"text.verbosity" },
};

/* In the words of the same format they come back as they were: a provider of
 * that format has its own opinion. */
static void check_own_words(const struct dialect *dialect,
	const struct chat_request *request, const char *body)
{
	struct buf out = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	struct chat_losses losses;

	chat_losses_init(&losses, dialect);
	assert_true(dialect->write_request(request, NULL, &losses, &out, &err));
	assert_same_json(buf_str(&out), str_of(body), body);
	chat_losses_release(&losses);
	buf_release(&out);
}

static void members_are_of_their_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const struct dialect *dialect =
			dialect_find(str_of(members[i].dialect));
		const char *body = members[i].body;
		struct error err = ERROR_INIT;
		struct chat_request request;
		struct chat_head head;
		struct arena arena;
		bool is_read, ok;

		arena_init(&arena, 4096);
		if (!dialect->read_head(str_of(body), &arena, &head, &err))
			fail_msg("%s: %s", err.message, body);
		is_read = dialect->read_request(&head, &arena, &request, &err);
		if (is_read)
			check_own_words(dialect, &request, body);
		ok = is_read && chat_request_check(&request, dialect, &err);
		if (ok != !members[i].param)
			fail_msg("%s: %s", body, ok ? "passes" : err.message);
		if (!ok) {
			assert_true(err.kind == ERR_BAD_FIELD ||
				    err.kind == ERR_MISSING_FIELD);
			assert_string_equal(err.param, members[i].param);
			assert_non_null(strstr(err.message, err.param));
		}
		arena_release(&arena);
	}
}

/* Formats without ids: a call before is all that can be asked for. */
static void results_without_ids_follow_a_call(void **state)
{
	struct chat_message messages[3];
	struct error err = ERROR_INIT;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_request_init(&r, S("openai_chat"));
	chat_message_init(&messages[0]);
	chat_message_init(&messages[1]);
	messages[0].role = CHAT_ASSISTANT;
	messages[0].member = S("history");
	messages[1].role = CHAT_TOOL;
	messages[1].member = S("history");
	r.messages = messages;
	r.message_count = 2;
	assert_false(chat_request_check(&r, openai, &err));
	assert_string_equal(err.param, "history");
	chat_message_add(&messages[0], CHAT_TOOL_CALL, &arena);
	assert_true(chat_request_check(&r, openai, &err));
	/* One call, two results. */
	messages[2] = messages[1];
	r.message_count = 3;
	assert_false(chat_request_check(&r, openai, &err));
	arena_release(&arena);
}

static void sizes_are_bearable(void **state)
{
	struct buf long_name = BUF_INIT(1024), schema = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;
	struct chat_tool tool = { .type = S("function") };
	struct chat_request r;

	(void)state;
	for (int i = 0; i < 128; i++)
		buf_append_char(&long_name, 'a');
	for (int i = 0; i < 512 << 10; i++)
		buf_append_char(&schema, ' ');
	chat_request_init(&r, S("openai_chat"));
	r.tools = &tool;
	r.tool_count = 1;
	assert_false(chat_request_check(&r, openai, &err));
	tool.name = buf_str(&long_name);
	tool.parameters = buf_str(&schema);
	r.format.schema = buf_str(&schema);
	assert_true(chat_request_check(&r, openai, &err));
	buf_append_char(&long_name, 'a');
	tool.name = buf_str(&long_name);
	assert_false(chat_request_check(&r, openai, &err));
	assert_string_equal(err.param, "tools[0]");
	tool.name = S("f");
	buf_append_char(&schema, ' ');
	tool.parameters = buf_str(&schema);
	assert_false(chat_request_check(&r, openai, &err));
	assert_string_equal(err.param, "tools[0]");
	tool.parameters = S("{}");
	r.format.schema = buf_str(&schema);
	assert_false(chat_request_check(&r, openai, &err));
	assert_string_equal(err.param, "response_format");
	buf_release(&long_name);
	buf_release(&schema);
}

/* Many calls and tools, looked up in time. */
static void large_conversations_are_checked(void **state)
{
	const size_t count = 200000;
	struct error err = ERROR_INIT;
	struct chat_message *messages;
	struct chat_tool *tools;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1u << 20);
	messages = ARENA_ARRAY(&arena, struct chat_message, count + 1);
	tools = ARENA_ARRAY(&arena, struct chat_tool, count);
	chat_request_init(&r, S("openai_chat"));
	r.messages = messages;
	r.message_count = count + 1;
	r.tools = tools;
	r.tool_count = count;
	chat_message_init(&messages[0]);
	messages[0].role = CHAT_ASSISTANT;
	for (size_t i = 0; i < count; i++) {
		struct chat_part *part =
			chat_message_add(&messages[0], CHAT_TOOL_CALL, &arena);

		part->call.id = arena_printf(&arena, "%zu", i);
		tools[i].name = part->call.id;
		chat_message_init(&messages[i + 1]);
		messages[i + 1].role = CHAT_TOOL;
		messages[i + 1].tool_call_id =
			arena_printf(&arena, "%zu", count - 1 - i);
	}
	assert_true(chat_request_check(&r, openai, &err));
	tools[count - 1].name = S("7");
	assert_false(chat_request_check(&r, openai, &err));
	arena_release(&arena);
}

static const struct {
	struct str dialect;
	const char *file;
} files[] = {
	{ STR("openai_chat"), RECORDINGS "openai_chat_openai_azure.jsonl" },
	{ STR("openai_chat"), RECORDINGS "openai_chat_openrouter_deepseek_"
					 "perplexity.jsonl" },
	{ STR("openai_chat"), RECORDINGS "openai_chat_others.jsonl" },
	{ STR("openai_responses"), RECORDINGS "openai_responses.jsonl" },
	{ STR("anthropic"), RECORDINGS "anthropic.jsonl" },
	{ STR("gemini"), RECORDINGS "gemini.jsonl" },
	{ STR("cohere"), RECORDINGS "cohere.jsonl" },
	{ STR("ollama"), RECORDINGS "ollama.jsonl" },
	{ STR("bedrock"), RECORDINGS "bedrock.jsonl" },
};

struct totals {
	const struct dialect *dialect;
	size_t requests;
	size_t refused;
};

/* What a provider answered was sound. */
static void visit(const struct recording *r, void *context)
{
	struct totals *totals = context;
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct chat_head head;
	struct arena arena;

	if (!r->request.p || r->status >= 400)
		return;
	/* It goes on where the provider left off: the calls are there. */
	if (strstr(r->request.p, "\"previous_response_id\":\""))
		return;
	arena_init(&arena, 65536);
	if (totals->dialect->read_head(r->request, &arena, &head, &err) &&
		totals->dialect->read_request(&head, &arena, &request, &err)) {
		totals->requests++;
		if (!chat_request_check(&request, totals->dialect, &err)) {
			print_message("%s: %s\n", r->name, err.message);
			totals->refused++;
		}
	}
	arena_release(&arena);
}

static void recorded_conversations_are_sound(void **state)
{
	struct totals totals = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		totals.dialect = dialect_find(files[i].dialect);
		if (totals.dialect)
			recordings_visit_file(files[i].file, visit, &totals);
	}
	print_message("%zu requests\n", totals.requests);
	assert_true(totals.requests >= 350);
	assert_int_equal(totals.refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sense_is_told_from_nonsense),
		cmocka_unit_test(members_are_of_their_types),
		cmocka_unit_test(results_without_ids_follow_a_call),
		cmocka_unit_test(sizes_are_bearable),
		cmocka_unit_test(large_conversations_are_checked),
		cmocka_unit_test(recorded_conversations_are_sound),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
