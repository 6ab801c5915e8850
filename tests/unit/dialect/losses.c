/*
 * losses.c - what a format cannot say is named in the client's words, and
 * what the answer would be wrong without is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "dialect/losses.h"

static const struct dialect *openai;

/* A format that has nothing but texts. */
static const struct dialect poor = { .name = "poor", .messages = "turns" };

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

#define USER "{\"role\":\"user\",\"content\":\"Hi\"}"
#define WITH(member) "{\"messages\":[" USER "]," member "}"
#define TOOLS                                                       \
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":" \
	"\"f\",\"strict\":true},\"cache_control\":{},\"x\":1}]"
#define PART(part) \
	"{\"messages\":[" USER ",{\"role\":\"user\",\"content\":[" part "]}]}"

/* What the client wrote, in which of its words the poor one's losses are; or
 * the path at which it is refused. */
static const struct {
	const char *body;
	const char *lost;
	const char *refused; /* NULL: it goes out */
} cases[] = {
	{ WITH("\"temperature\":1"), "temperature", NULL },
	{ WITH("\"max_completion_tokens\":1"), "max_tokens", NULL },
	{ WITH("\"stop\":[\"a\"],\"seed\":1,\"top_k\":1,\"user\":\"u\""),
		"top_k, seed, stop, user", NULL },
	{ WITH("\"logprobs\":false,\"n\":1,\"top_logprobs\":0"), "top_logprobs",
		NULL },
	{ WITH("\"logprobs\":true"), "logprobs", NULL },
	{ WITH("\"reasoning\":{\"effort\":\"low\",\"y\":1}"),
		"reasoning_effort, reasoning.y", NULL },
	{ WITH("\"n\":2"), "", "n" },
	{ WITH("\"response_format\":{\"type\":\"text\"}"), "", NULL },
	{ WITH("\"response_format\":{\"type\":\"json_object\"}"), "",
		"response_format" },
	{ WITH("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
	       "{\"name\":\"n\",\"schema\":{}}}"),
		"", "response_format" },
	{ WITH(TOOLS), "", "tools" },
	{ WITH("\"tool_choice\":\"required\",\"parallel_tool_calls\":false"),
		"", NULL },
	/* Members that only the client's format has. */
	{ WITH("\"store\":true,\"prediction\":{\"x\":1},\"a\":null,\"b\":[],"
	       "\"c\":[1],\"d\":{}"),
		"store, prediction, c", NULL },
	/* What asks for what happens anyhow. */
	{ WITH("\"store\":false,\"presence_penalty\":0,\"verbosity\":"
	       "\"medium\",\"service_tier\":\"auto\",\"metadata\":{},"
	       "\"modalities\":[\"text\"]"),
		"", NULL },
	{ WITH("\"modalities\":[\"text\",\"audio\"]"), "", "modalities" },
	{ WITH("\"web_search_options\":{}"), "", "web_search_options" },
	{ WITH("\"functions\":[{\"name\":\"f\"}]"), "", "functions" },
	{ WITH("\"audio\":{\"voice\":\"x\"}"), "", "audio" },
	{ WITH("\"audio\":null,\"functions\":[]"), "", NULL },
	{ WITH("\"tool_choice\":{\"type\":\"allowed_tools\"}"), "",
		"tool_choice" },
	{ WITH("\"response_format\":{\"type\":\"grammar\"}"), "",
		"response_format" },
	/* Messages and their parts. */
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"name\":\"n\","
	  "\"x\":1,\"audio_x\":null}]}",
		"messages[0].name, messages[0].x", NULL },
	{ PART("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{},"
	       "\"y\":1},{\"type\":\"text\",\"text\":\"b\",\"cache_control\":"
	       "{}}"),
		"messages[1].cache_control, messages[1].y", NULL },
	{ PART("{\"type\":\"image_url\",\"image_url\":{\"url\":"
	       "\"https://x\"}}"),
		"", "messages[1]" },
	{ PART("{\"type\":\"image_url\",\"image_url\":{\"url\":"
	       "\"data:image/png;base64,AA\"}}"),
		"", "messages[1]" },
	{ PART("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AA\","
	       "\"format\":\"wav\"}}"),
		"", "messages[1]" },
	{ PART("{\"type\":\"video_url\",\"video_url\":{\"url\":\"u\"}}"), "",
		"messages[1]" },
	{ PART("{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}"), "",
		"messages[1]" },
	{ PART("{\"type\":\"file\",\"file\":{\"file_data\":\"https://x\"}}"),
		"", "messages[1]" },
	{ PART("{\"type\":\"hologram\"}"), "", "messages[1]" },
	{ "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\","
	  "\"refusal\":\"r\",\"reasoning_content\":\"t\",\"annotations\":["
	  "{\"type\":\"url_citation\",\"url_citation\":{}}]}]}",
		"messages[0].annotations, messages[0].reasoning_content, "
		"messages[0].refusal",
		NULL },
};

static void read_request(
	const char *body, struct arena *arena, struct chat_request *out)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!openai->read_head(str_of(body), arena, &head, &err) ||
		!openai->read_request(&head, arena, out, &err))
		fail_msg("%s (%s): %s", err.message, err.param, body);
}

static void check(const char *body, const struct dialect *to,
	const struct dialect_traits *traits, const char *lost,
	const char *refused)
{
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request request;
	struct arena arena;
	bool ok;

	arena_init(&arena, 4096);
	chat_losses_init(&losses, openai);
	read_request(body, &arena, &request);
	ok = chat_losses_find(&request, to, traits, &losses, &err);
	if (ok != !refused)
		fail_msg("%s: %s", body, ok ? "passes" : err.message);
	if (refused) {
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
		assert_string_equal(err.param, refused);
		assert_non_null(strstr(err.message, refused));
	} else if (!str_equal(buf_str(&losses.names), str_of(lost))) {
		fail_msg("%s: lost %s", body, buf_cstr(&losses.names));
	}
	chat_losses_release(&losses);
	arena_release(&arena);
}

static void losses_are_named_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(cases[i].body, &poor, NULL, cases[i].lost,
			cases[i].refused);
}

/* A format with words, but a provider that refuses some of them. */
static void traits_take_words_away(void **state)
{
	struct dialect_traits traits = {
		.unsupported = UINT64_C(1) << FIELD_SEED |
			       UINT64_C(1) << FIELD_IMAGE_URL |
			       UINT64_C(1) << FIELD_TOOL_STRICT,
	};

	(void)state;
	check(WITH("\"seed\":1,\"top_p\":1"), openai, NULL, "", NULL);
	check(WITH("\"seed\":1,\"top_p\":1"), openai, &traits, "seed", NULL);
	check(WITH(TOOLS), openai, &traits, "tools[0].strict, tools[0].x",
		NULL);
	check(PART("{\"type\":\"image_url\",\"image_url\":{\"url\":"
		   "\"https://x\"}}"),
		openai, &traits, "", "messages[1]");
}

static void tools_that_others_lack_are_refused(void **state)
{
	struct dialect functions = *openai;

	(void)state;
	functions.words[FIELD_CUSTOM_TOOLS] = NULL;
	check(WITH("\"tools\":[{\"type\":\"web_search\"}]"), openai, NULL, "",
		"tools[0]");
	check(WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":"
		   "\"c\"}}]"),
		&functions, NULL, "", "tools[0]");
	check(WITH("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":"
		   "\"c\"}}]"),
		openai, NULL, "", NULL);
}

/* What no member of its own tells goes as a text: nothing is lost. */
static void a_refusal_is_a_text_elsewhere(void **state)
{
	struct dialect_traits traits = {
		.unsupported = UINT64_C(1) << FIELD_REFUSAL,
	};

	(void)state;
	check("{\"messages\":[{\"role\":\"assistant\",\"refusal\":\"r\"}]}",
		openai, &traits, "", NULL);
}

/* What an OpenAI Responses client asks for or sends back, to all others. */
static const struct {
	const char *reasoning; /* an item of the input */
	const char *members;
	const char *lost;
} of_responses[] = {
	/* The id of a thought is no loss: only OpenAI knows it. */
	{ "{\"type\":\"reasoning\",\"id\":\"rs_7\",\"summary\":[]},", "", "" },
	{ "{\"type\":\"reasoning\",\"id\":\"rs_7\",\"summary\":[],"
	  "\"encrypted_content\":\"b3BhcXVl\"},",
		"", "input[1].encrypted_content" },
	{ "", ",\"reasoning\":{\"context\":\"all_turns\"}",
		"reasoning.context" },
};

static void thoughts_are_named_when_there_is_one(void **state)
{
	static const char *const names[] = { "openai_chat", "anthropic",
		"gemini", "cohere", "ollama", "bedrock" };
	const struct dialect *from = dialect_find(S("openai_responses"));
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of_responses) * ARRAY_LEN(names);
		i++) {
		size_t at = i / ARRAY_LEN(names);
		const char *name = names[i % ARRAY_LEN(names)];
		const struct dialect *to = dialect_find(str_of(name));
		struct buf out = BUF_INIT(65536);
		struct chat_request request;
		struct chat_losses losses;
		struct chat_head head;
		struct arena arena;
		struct str body;

		arena_init(&arena, 4096);
		chat_losses_init(&losses, from);
		body = arena_printf(&arena,
			"{\"model\":\"m\",\"max_output_tokens\":64,\"input\":["
			"{\"role\":\"user\",\"content\":\"a\"},%s{\"role\":"
			"\"assistant\",\"content\":\"b\"},{\"role\":\"user\","
			"\"content\":\"c\"}]%s}",
			of_responses[at].reasoning, of_responses[at].members);
		assert_true(from->read_head(body, &arena, &head, &err));
		assert_true(from->read_request(&head, &arena, &request, &err));
		assert_true(
			chat_losses_find(&request, to, NULL, &losses, &err));
		assert_true(
			to->write_request(&request, NULL, &losses, &out, &err));
		if (!str_equal(buf_str(&losses.names),
			    str_of(of_responses[at].lost)))
			fail_msg("%s: lost %s", name, buf_cstr(&losses.names));
		chat_losses_release(&losses);
		buf_release(&out);
		arena_release(&arena);
	}
}

/* Only a message in a list has a number. */
static void members_of_the_request_are_named_as_such(void **state)
{
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_message message;
	char path[32];

	(void)state;
	chat_losses_init(&losses, openai);
	chat_message_init(&message);
	message.member = S("system");
	chat_losses_add_in(&losses, &message, S("cache_control"));
	chat_message_path(openai, &message, path, sizeof(path));
	assert_string_equal(path, "system");
	message.wire_index = 3;
	chat_losses_add_field(&losses, &message, FIELD_MESSAGE_NAME);
	chat_losses_add_field(&losses, NULL, FIELD_SEED);
	/* Openai's clients have no word for this. */
	chat_losses_add_field(&losses, NULL, FIELD_SAFETY);
	assert_text(buf_str(&losses.names),
		"system.cache_control, messages[3].name, seed, unnamed");
	assert_false(chat_losses_refuse(&losses, &message, &err, "is odd"));
	assert_string_equal(err.message, "'messages[3]' is odd.");
	chat_losses_release(&losses);
}

static void a_name_stands_once_and_the_list_has_an_end(void **state)
{
	struct chat_losses losses;

	(void)state;
	chat_losses_init(&losses, openai);
	for (int i = 0; i < 100000; i++) {
		chat_losses_add(&losses, "seed");
		chat_losses_add(&losses, "messages[%d].name", i);
	}
	assert_false(losses.names.failed);
	assert_true(losses.names.n > 3000 && losses.names.n <= 4096);
	assert_true(str_starts(buf_str(&losses.names),
		S("seed, messages[0].name, messages[1].name, ")));
	chat_losses_release(&losses);
}

/* They go into a header of the answer. */
static void names_are_printable(void **state)
{
	struct chat_losses losses;

	(void)state;
	chat_losses_init(&losses, openai);
	chat_losses_add(&losses, "a\r\nB: c\xc3\xa9\x7f");
	assert_text(buf_str(&losses.names), "a??B: c???");
	chat_losses_release(&losses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_are_named_or_refused),
		cmocka_unit_test(traits_take_words_away),
		cmocka_unit_test(tools_that_others_lack_are_refused),
		cmocka_unit_test(a_refusal_is_a_text_elsewhere),
		cmocka_unit_test(thoughts_are_named_when_there_is_one),
		cmocka_unit_test(members_of_the_request_are_named_as_such),
		cmocka_unit_test(a_name_stands_once_and_the_list_has_an_end),
		cmocka_unit_test(names_are_printable),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
