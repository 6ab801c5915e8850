/*
 * openai_chat/adapt.c - another dialect's request becomes one that providers
 * of this format take: each rule with what goes in and what comes out.
 *
 * What goes in is written in this format too, and read as if it came from
 * another one, so that a case is two bodies to compare.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

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
#define ASSISTANT(members) "{\"role\":\"assistant\"," members "}"
#define CALL(id)                                                  \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":{" \
	"\"name\":\"f\",\"arguments\":\"{}\"}}"
#define RESULT(id) \
	"{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"r\"}"
#define LONG_ID "a123456789b123456789c123456789d123456789e"
#define TOOLS                                                       \
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":" \
	"\"f\",\"parameters\":{},\"strict\":true}}]"

enum { EFFORT, OBJECT, THINKING, BARE, NEW_LIMIT, MISTRAL };

#define BIT(field) (UINT64_C(1) << FIELD_##field)

static const struct dialect_traits traits[] = {
	[EFFORT] = { .reasoning = REASONING_EFFORT },
	[OBJECT] = { .reasoning = REASONING_OBJECT },
	[THINKING] = { .reasoning = REASONING_THINKING },
	[BARE] = { .unsupported = BIT(TEMPERATURE) | BIT(SEED) | BIT(STOP) |
				  BIT(MAX_TOKENS) | BIT(TOOL_STRICT) |
				  BIT(CACHE_CONTROL) | BIT(IMAGE_DETAIL) |
				  BIT(MESSAGE_NAME) | BIT(REASONING) |
				  BIT(LOGPROBS) | BIT(PARALLEL_TOOL_CALLS) |
				  BIT(USER) },
	[NEW_LIMIT] = { .max_tokens = MAX_TOKENS_COMPLETION },
	[MISTRAL] = { .reasoning = REASONING_HIGH_OR_NONE,
		.audio = AUDIO_TEXT,
		.unsupported = BIT(REFUSAL) | BIT(FILE_DATA) | BIT(FILE_ID) },
};

static const struct {
	const char *what;
	int traits;
	const char *body;
	const char *expected;
	const char *lost;
} cases[] = {
	{ "the older name of the limit is known to all", EFFORT,
		WITH("\"max_completion_tokens\":5"), WITH("\"max_tokens\":5"),
		"" },
	{ "the newer one where it is wanted", NEW_LIMIT,
		WITH("\"max_tokens\":5"), WITH("\"max_completion_tokens\":5"),
		"" },
	{ "what the provider refuses is left out", BARE,
		WITH("\"temperature\":1,\"seed\":2,\"stop\":\"x\",\"user\":"
		     "\"u\",\"max_tokens\":3,\"reasoning_effort\":\"low\","
		     "\"logprobs\":true,\"top_logprobs\":2,"
		     "\"parallel_tool_calls\":false,\"top_p\":1," TOOLS),
		WITH("\"top_p\":1,\"tools\":[{\"type\":\"function\","
		     "\"function\":{\"name\":\"f\",\"parameters\":{}}}]"),
		"temperature, seed, max_tokens, stop, logprobs, user, "
		"reasoning_effort, parallel_tool_calls, tools[0].strict, "
		"top_logprobs" },
	{ "in messages, too", BARE,
		MESSAGES("{\"role\":\"user\",\"name\":\"n\",\"content\":[{"
			 "\"type\":\"text\",\"text\":\"a\",\"cache_control\":"
			 "{\"type\":\"ephemeral\"}},{\"type\":\"image_url\","
			 "\"image_url\":{\"url\":\"https://x\",\"detail\":"
			 "\"low\"}}]}"),
		MESSAGES("{\"role\":\"user\",\"content\":[{"
			 "\"type\":\"text\",\"text\":\"a\"},{\"type\":"
			 "\"image_url\",\"image_url\":{\"url\":"
			 "\"https://x\"}}]}"),
		"messages[0].name, messages[0].cache_control, "
		"messages[0].detail" },
	{ "metadata is for what is stored", EFFORT,
		WITH("\"metadata\":{\"a\":\"b\"}"), MESSAGES(USER),
		"metadata" },
	{ "a tier that OpenAI has", EFFORT, WITH("\"service_tier\":\"flex\""),
		WITH("\"service_tier\":\"flex\""), "" },
	{ "and one that it has not", EFFORT,
		WITH("\"service_tier\":\"standard_only\""), MESSAGES(USER),
		"service_tier" },
	{ "the choice of a tool needs tools", EFFORT,
		WITH("\"tool_choice\":\"auto\",\"parallel_tool_calls\":true"),
		MESSAGES(USER), "" },
	{ "any is required", EFFORT, WITH("\"tool_choice\":\"any\"," TOOLS),
		WITH("\"tool_choice\":\"required\"," TOOLS), "" },
	{ "how many probabilities means that there are some", EFFORT,
		WITH("\"top_logprobs\":3"),
		WITH("\"logprobs\":true,\"top_logprobs\":3"), "" },
	{ "developers are the system", EFFORT,
		MESSAGES("{\"role\":\"developer\",\"content\":\"d\"}," USER),
		MESSAGES("{\"role\":\"system\",\"content\":\"d\"}," USER), "" },
	{ "a schema has a name", EFFORT,
		WITH("\"response_format\":{\"type\":\"json_schema\","
		     "\"json_schema\":{\"schema\":{}}}"),
		WITH("\"response_format\":{\"type\":\"json_schema\","
		     "\"json_schema\":{\"name\":\"response\",\"schema\":{}}}"),
		"" },
	{ "custom tools stay", EFFORT,
		WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":"
		     "\"c\",\"format\":{\"type\":\"text\"}}}],\"tool_choice\":"
		     "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}"),
		WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":"
		     "\"c\",\"format\":{\"type\":\"text\"}}}],\"tool_choice\":"
		     "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}"),
		"" },
	{ "and their calls, that may leave out their type", EFFORT,
		MESSAGES(ASSISTANT("\"tool_calls\":[{\"id\":\"a\",\"custom\":{"
				   "\"name\":\"c\",\"input\":\"x\"}}]")),
		MESSAGES(ASSISTANT("\"tool_calls\":[{\"id\":\"a\",\"type\":"
				   "\"custom\",\"custom\":{\"name\":\"c\","
				   "\"input\":\"x\"}}]")),
		"" },
	{ "a limit of the thinking is a word", EFFORT,
		WITH("\"reasoning\":{\"max_tokens\":1024}"),
		WITH("\"reasoning_effort\":\"low\""), "" },
	{ "the next word", EFFORT, WITH("\"reasoning\":{\"max_tokens\":8192}"),
		WITH("\"reasoning_effort\":\"medium\""), "" },
	{ "the highest", EFFORT, WITH("\"reasoning\":{\"max_tokens\":32000}"),
		WITH("\"reasoning_effort\":\"high\""), "" },
	{ "to think is to think as usual", EFFORT,
		WITH("\"thinking\":{\"type\":\"enabled\"}"),
		WITH("\"reasoning_effort\":\"medium\""), "" },
	{ "a word stays", EFFORT, WITH("\"reasoning_effort\":\"none\""),
		WITH("\"reasoning_effort\":\"none\""), "" },
	{ "not to think is not known to all", EFFORT,
		WITH("\"thinking\":{\"type\":\"disabled\"}"), MESSAGES(USER),
		"reasoning_effort" },
	{ "no tokens is not to think", EFFORT,
		WITH("\"reasoning\":{\"max_tokens\":0}"), MESSAGES(USER),
		"reasoning_effort" },
	{ "OpenRouter takes the word", OBJECT,
		WITH("\"reasoning_effort\":\"high\""),
		WITH("\"reasoning\":{\"effort\":\"high\"}"), "" },
	{ "or the number", OBJECT,
		WITH("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9}"),
		WITH("\"reasoning\":{\"max_tokens\":9}"), "" },
	{ "or neither", OBJECT, WITH("\"thinking\":{\"type\":\"enabled\"}"),
		WITH("\"reasoning\":{\"enabled\":true}"), "" },
	{ "or is told not to think", OBJECT,
		WITH("\"reasoning_effort\":\"none\""),
		WITH("\"reasoning\":{\"enabled\":false}"), "" },
	{ "DeepSeek thinks or not, and how much", THINKING,
		WITH("\"reasoning_effort\":\"max\""),
		WITH("\"thinking\":{\"type\":\"enabled\"},"
		     "\"reasoning_effort\":\"max\""),
		"" },
	{ "or not", THINKING, WITH("\"reasoning_effort\":\"none\""),
		WITH("\"thinking\":{\"type\":\"disabled\"}"), "" },
	{ "OpenAI takes no thinking back", EFFORT,
		MESSAGES(USER "," ASSISTANT("\"content\":\"a\","
					    "\"reasoning_content\":\"t\"")),
		MESSAGES(USER "," ASSISTANT("\"content\":\"a\"")),
		"messages[1].reasoning_content" },
	{ "OpenRouter takes it as a text", OBJECT,
		MESSAGES(ASSISTANT("\"content\":\"a\","
				   "\"reasoning_content\":\"t\"")),
		MESSAGES(ASSISTANT("\"content\":\"a\",\"reasoning\":\"t\"")),
		"" },
	{ "or signed by its own, not by others", OBJECT,
		MESSAGES(ASSISTANT(
			"\"content\":\"a\",\"reasoning_details\":[{\"type\":"
			"\"reasoning.text\",\"text\":\"t\",\"signature\":"
			"\"s\"},{\"type\":\"reasoning.encrypted\",\"data\":"
			"\"d\"},{\"type\":\"reasoning.encrypted\",\"data\":"
			"\"anthropic:d\"}]")),
		MESSAGES(ASSISTANT(
			"\"content\":\"a\",\"reasoning_details\":[{\"type\":"
			"\"reasoning.text\",\"text\":\"t\",\"signature\":"
			"\"s\"},{\"type\":\"reasoning.encrypted\",\"data\":"
			"\"d\"}]")),
		"messages[0].reasoning_details" },
	{ "DeepSeek wants it with calls, if only empty", THINKING,
		MESSAGES(USER "," ASSISTANT("\"tool_calls\":[" CALL(
			"a") "]") "," RESULT("a") ","
						  "" ASSISTANT(
							  "\"content\":\"x\","
							  "\"reasoning\":"
							  "\"t\"")),
		MESSAGES(USER "," ASSISTANT(
			"\"reasoning_content\":\"\",\"tool_calls\":[" CALL(
				"a") "]") "," RESULT("a") ","
							  "" ASSISTANT(
								  "\"content\":"
								  "\"x\","
								  "\"reasoning_"
								  "content\":"
								  "\"t\"")),
		"" },
	{ "a call's signature goes to whom it is from", EFFORT,
		MESSAGES(ASSISTANT(
			"\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
			"\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},"
			"\"extra_content\":{\"google\":{\"thought_signature\":"
			"\"s\"}}},{\"id\":\"b\",\"type\":\"function\","
			"\"function\":{\"name\":\"f\",\"arguments\":\"\"},"
			"\"extra_content\":{\"google\":{\"thought_signature\":"
			"\"gemini:s\"}}}]")),
		MESSAGES(ASSISTANT(
			"\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\","
			"\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},"
			"\"extra_content\":{\"google\":{\"thought_signature\":"
			"\"s\"}}},{\"id\":\"b\",\"type\":\"function\","
			"\"function\":{\"name\":\"f\",\"arguments\":"
			"\"{}\"}}]")),
		"" },
	{ "calls of one turn stand in one message", EFFORT,
		MESSAGES(USER
			"," ASSISTANT("\"content\":\"x\"") "," ASSISTANT("\"tool_calls\":[" CALL("a") "]") "," ASSISTANT(
				"\"tool_calls\":[" CALL(
					"b") "]") "," RESULT("b") "," RESULT("a")),
		MESSAGES(USER "," ASSISTANT(
			"\"content\":\"x\","
			"\"tool_calls\":[" CALL("a") "," CALL(
				"b") "]") ","
					  "" RESULT("b") "," RESULT("a")),
		"" },
	{ "two answers without calls stay two", EFFORT,
		MESSAGES(USER "," ASSISTANT("\"content\":\"x\"") "," ASSISTANT(
			"\"content\":\"y\"")),
		MESSAGES(USER "," ASSISTANT("\"content\":\"x\"") "," ASSISTANT(
			"\"content\":\"y\"")),
		"" },
	{ "results come before what the user adds", EFFORT,
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL(
			"a") "]") "," USER "," RESULT("a")),
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL("a") "]") "," RESULT(
			"a") "," USER),
		"" },
	{ "ids that are too long are new ones, all of them", EFFORT,
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL(LONG_ID) "," CALL(
			"call_0") "]") "," RESULT("call_0") "," RESULT(LONG_ID)),
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL("call_0") "," CALL(
			"call_1") "]") "," RESULT("call_1") "," RESULT("call_"
								       "0")),
		"" },
	{ "a result has no name", EFFORT,
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL(
			"a") "]") ",{\"role\":\"tool\",\"tool_call_id\":\"a\","
				  "\"name\":\"f\",\"content\":\"\"}"),
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL(
			"a") "]") ",{\"role\":\"tool\",\"tool_call_id\":\"a\","
				  "\"content\":\"\"}"),
		"" },
	{ "the first function calling is the second", EFFORT,
		MESSAGES(ASSISTANT("\"function_call\":{\"name\":\"f\","
				   "\"arguments\":\"{}\"}") ","
							    "{\"role\":"
							    "\"function\","
							    "\"name\":\"f\","
							    "\"content\":"
							    "\"r\"}"),
		MESSAGES(ASSISTANT("\"tool_calls\":[" CALL(
			"call_0") "]") "," RESULT("call_0")),
		"" },
	{ "citations are for answers", EFFORT,
		MESSAGES(ASSISTANT("\"content\":\"a\",\"annotations\":[{"
				   "\"type\":\"url_citation\","
				   "\"url_citation\":{\"url\":\"u\"}}]")),
		MESSAGES(ASSISTANT("\"content\":\"a\"")),
		"messages[0].annotations" },
	{ "a message without content has an empty one", EFFORT,
		MESSAGES(USER "," ASSISTANT("\"content\":null") "," ASSISTANT(
			"\"refusal\":\"no\"")),
		MESSAGES(USER "," ASSISTANT("\"content\":\"\"") "," ASSISTANT(
			"\"refusal\":\"no\"")),
		"" },
	{ "sounds have OpenAI's names", EFFORT,
		MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":"
			 "\"input_audio\",\"input_audio\":{\"data\":\"AA\","
			 "\"format\":\"mpeg\"}}]}"),
		MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":"
			 "\"input_audio\",\"input_audio\":{\"data\":\"AA==\","
			 "\"format\":\"mp3\"}}]}"),
		"" },
	{ "two words for how much to think: low", MISTRAL,
		WITH("\"reasoning_effort\":\"low\""),
		WITH("\"reasoning_effort\":\"high\""), "" },
	{ "two words for how much to think: medium", MISTRAL,
		WITH("\"reasoning_effort\":\"medium\""),
		WITH("\"reasoning_effort\":\"high\""), "" },
	{ "two words for how much to think: high", MISTRAL,
		WITH("\"reasoning_effort\":\"high\""),
		WITH("\"reasoning_effort\":\"high\""), "" },
	{ "two words for how much to think: none", MISTRAL,
		WITH("\"reasoning_effort\":\"none\""),
		WITH("\"reasoning_effort\":\"none\""), "" },
	{ "a budget is one of the two, too", MISTRAL,
		WITH("\"reasoning\":{\"max_tokens\":1024}"),
		WITH("\"reasoning_effort\":\"high\""), "" },
	{ "nothing said about thinking is nothing said", MISTRAL,
		WITH("\"top_p\":1"), WITH("\"top_p\":1"), "" },
	{ "a refusal without a member of its own is content", MISTRAL,
		MESSAGES(USER "," ASSISTANT("\"refusal\":\"no\"")),
		MESSAGES(USER "," ASSISTANT("\"content\":\"no\"")), "" },
	{ "behind other words, too", MISTRAL,
		MESSAGES(USER
			"," ASSISTANT("\"content\":\"a\",\"refusal\":\"no\"")),
		MESSAGES(USER "," ASSISTANT(
			"\"content\":[{\"type\":\"text\",\"text\":\"a\"},{"
			"\"type\":\"text\",\"text\":\"no\"}]")),
		"" },
	{ "sounds without their names", MISTRAL,
		MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":"
			 "\"input_audio\",\"input_audio\":{\"data\":\"AA\","
			 "\"format\":\"wav\"}}]}"),
		MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":"
			 "\"input_audio\",\"input_audio\":\"AA==\"}]}"),
		"" },
};

static void read_as_foreign(
	const char *body, struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!openai->read_head(str_of(body), arena, &head, &err) ||
		!openai->read_request(&head, arena, out, &err))
		fail_msg("%s (%s): %s", err.message, err.param, body);
	out->dialect = S("another");
}

static void each_rule_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct dialect_traits *provider =
			&traits[cases[i].traits];
		struct buf out = BUF_INIT(65536);
		struct error err = ERROR_INIT;
		struct chat_losses losses;
		struct chat_request request;
		struct arena arena;

		arena_init(&arena, 4096);
		chat_losses_init(&losses, openai);
		read_as_foreign(cases[i].body, &arena, &request);
		if (!chat_losses_find(
			    &request, openai, provider, &losses, &err) ||
			!openai->write_request(
				&request, provider, &losses, &out, &err))
			fail_msg("%s: %s", cases[i].what, err.message);
		assert_same_json(buf_str(&out), str_of(cases[i].expected),
			cases[i].what);
		if (!str_equal(buf_str(&losses.names), str_of(cases[i].lost)))
			fail_msg("%s: lost %s", cases[i].what,
				buf_cstr(&losses.names));
		chat_losses_release(&losses);
		buf_release(&out);
		arena_release(&arena);
	}
}

static const struct {
	const char *body;
	const char *param;
} refusals[] = {
	{ MESSAGES("{\"role\":\"user\",\"content\":[{\"type\":\"hologram\"}]}"),
		"messages[0]" },
	{ MESSAGES(USER ",{\"role\":\"user\",\"content\":[{\"type\":\"file\","
			"\"file\":{\"file_data\":\"https://x\"}}]}"),
		"messages[1]" },
	{ MESSAGES(ASSISTANT("\"content\":[{\"type\":\"image_url\","
			     "\"image_url\":{\"url\":\"https://x\"}}]")),
		"messages[0]" },
	{ MESSAGES("{\"role\":\"system\",\"content\":[{\"type\":\"file\","
		   "\"file\":{\"file_id\":\"f\"}}]}"),
		"messages[0]" },
	{ MESSAGES(ASSISTANT("\"audio\":{\"id\":\"a\"}")), "messages[0]" },
};

static void what_providers_do_not_take_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct buf out = BUF_INIT(4096);
		struct error err = ERROR_INIT;
		struct chat_losses losses;
		struct chat_request request;
		struct arena arena;

		arena_init(&arena, 4096);
		chat_losses_init(&losses, openai);
		read_as_foreign(refusals[i].body, &arena, &request);
		if (openai->write_request(&request, NULL, &losses, &out, &err))
			fail_msg("%s", refusals[i].body);
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
		assert_int_equal(error_http_status(&err), 400);
		assert_string_equal(err.param, refusals[i].param);
		chat_losses_release(&losses);
		buf_release(&out);
		arena_release(&arena);
	}
}

/* --- what this format's reader never makes --- */

static struct chat_part *add(struct chat_message *message,
	enum chat_part_kind kind, struct arena *arena)
{
	return chat_message_add(message, kind, arena);
}

static void add_call(
	struct chat_message *message, const char *name, struct arena *arena)
{
	struct chat_part *part = add(message, CHAT_TOOL_CALL, arena);

	part->call.name = str_of(name);
}

/* Gemini's and Ollama's calls have no ids: results are told by their names,
 * or else by their order. */
static void calls_without_ids_get_some(void **state)
{
	struct chat_message messages[6];
	struct buf out = BUF_INIT(65536);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_losses_init(&losses, openai);
	chat_request_init(&r, S("another"));
	r.messages = messages;
	r.message_count = ARRAY_LEN(messages);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		chat_message_init(&messages[i]);
	messages[0].role = messages[4].role = CHAT_ASSISTANT;
	add_call(&messages[0], "f", &arena);
	add_call(&messages[0], "g", &arena);
	add_call(&messages[0], "f", &arena);
	messages[1].role = messages[2].role = messages[3].role = CHAT_TOOL;
	messages[1].name = S("g");
	messages[2].name = S("f");
	messages[3].name = S("unknown");
	add_call(&messages[4], "h", &arena);
	messages[5].role = CHAT_TOOL;
	assert_true(openai->write_request(&r, NULL, &losses, &out, &err));
#define NAMED(id, name)                                           \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":{" \
	"\"name\":\"" name "\",\"arguments\":\"{}\"}}"
#define EMPTY(id) \
	"{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"\"}"
	assert_same_json(buf_str(&out),
		S(MESSAGES(ASSISTANT("\"tool_calls\":[" NAMED("call_0",
			"f") "," NAMED("call_1", "g") "," NAMED("call_2",
			"f") "]") "," EMPTY("call_1") "," EMPTY("call_0") ","
									  "" EMPTY("call_2") "," ASSISTANT("\"tool_calls\":[" NAMED(
										  "call_3",
										  "h") "]") "," EMPTY("call_3"))),
		"ids");
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

/* Data without a URL, thinking, a turn in several messages. */
static void another_dialects_request_is_written(void **state)
{
	struct chat_message messages[3];
	struct buf out = BUF_INIT(65536);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_part *part;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_losses_init(&losses, openai);
	chat_request_init(&r, S("another"));
	r.model = S("m");
	r.messages = messages;
	r.message_count = ARRAY_LEN(messages);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		chat_message_init(&messages[i]);
	messages[0].role = CHAT_USER;
	part = add(&messages[0], CHAT_IMAGE, &arena);
	part->type = S("image");
	part->data = S("QUJ-");
	part->media_type = S("image/jpeg");
	part = add(&messages[0], CHAT_FILE, &arena);
	part->data = S("RA");
	part->name = S("d.pdf");
	part = add(&messages[0], CHAT_AUDIO, &arena);
	part->data = S("QQ");
	part->media_type = S("audio/x-wav");
	part = add(&messages[0], CHAT_VIDEO, &arena);
	part->data = S("QQ");
	messages[1].role = messages[2].role = CHAT_ASSISTANT;
	part = add(&messages[1], CHAT_THINKING, &arena);
	part->text = S("hm");
	part = add(&messages[1], CHAT_TEXT, &arena);
	part->text = S("one");
	messages[2].same_turn = true;
	part = add(&messages[2], CHAT_TEXT, &arena);
	part->text = S("two");
	assert_true(openai->write_request(&r, NULL, &losses, &out, &err));
	assert_same_json(buf_str(&out),
		S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
		  "\"content\":[{\"type\":\"image_url\",\"image_url\":{"
		  "\"url\":\"data:image/jpeg;base64,QUJ+\"}},{\"type\":"
		  "\"file\",\"file\":{\"file_data\":"
		  "\"data:application/pdf;base64,RA==\",\"filename\":"
		  "\"d.pdf\"}},{\"type\":\"input_audio\",\"input_audio\":{"
		  "\"data\":\"QQ==\",\"format\":\"wav\"}},{\"type\":"
		  "\"video_url\",\"video_url\":{\"url\":"
		  "\"data:video/mp4;base64,QQ==\"}}]},{\"role\":\"assistant\","
		  "\"content\":[{\"type\":\"text\",\"text\":\"one\"},"
		  "{\"type\":\"text\",\"text\":\"two\"}]}]}"),
		"translated");
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

/* As many calls as fit a large body, matched in time. */
static void very_many_calls_are_matched(void **state)
{
	const size_t count = 100000;
	struct buf out = BUF_INIT(64u << 20);
	struct error err = ERROR_INIT;
	struct chat_message *messages;
	struct chat_losses losses;
	struct chat_request r;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1u << 20);
	chat_losses_init(&losses, openai);
	messages = ARENA_ARRAY(&arena, struct chat_message, count + 1);
	chat_request_init(&r, S("another"));
	r.messages = messages;
	r.message_count = count + 1;
	chat_message_init(&messages[0]);
	messages[0].role = CHAT_ASSISTANT;
	for (size_t i = 1; i <= count; i++) {
		add_call(&messages[0], "f", &arena);
		chat_message_init(&messages[i]);
		messages[i].role = CHAT_TOOL;
		messages[i].name = S("none");
	}
	assert_true(openai->write_request(&r, NULL, &losses, &out, &err));
	assert_true(str_find(buf_str(&out),
			    S("\"tool_call_id\":\"call_99999\"")) < out.n);
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_is_kept),
		cmocka_unit_test(what_providers_do_not_take_is_refused),
		cmocka_unit_test(calls_without_ids_get_some),
		cmocka_unit_test(another_dialects_request_is_written),
		cmocka_unit_test(very_many_calls_are_matched),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
