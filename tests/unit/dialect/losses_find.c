/*
 * losses_find.c - what clients of one format ask for and providers of another
 * cannot be told, with the real formats: it is carried, or it is named, or it
 * is refused; and what asks for nothing is none of these.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "dialect/check.h"
#include "dialect/losses.h"

static const char *const providers[] = { "openai_chat", "openai_responses",
	"anthropic", "gemini", "cohere", "ollama", "bedrock" };

#define PIXEL                                                         \
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mN" \
	"k+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
#define HELLO "{\"role\":\"user\",\"content\":\"Hello\"}"
#define CHAT(members) "{\"messages\":[" HELLO "]," members "}"
#define CLAUDE(members) \
	"{\"max_tokens\":99,\"messages\":[" HELLO "]," members "}"
#define GOOGLE(members) \
	"{\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]," members "}"
#define TURNS(said) "{\"messages\":[" HELLO "," said "," HELLO "]}"
#define TOOL                                                              \
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"," \
	"\"parameters\":{\"type\":\"object\"}}}]"

struct outcome {
	bool refused;
	char param[96];
	struct buf names;
	struct buf written;
};

static void ask(const char *client, const char *provider, const char *body,
	struct outcome *out)
{
	const struct dialect *from = dialect_find(str_of(client));
	const struct dialect *to = dialect_find(str_of(provider));
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request request;
	struct chat_head head;
	struct arena arena;

	arena_init(&arena, 65536);
	chat_losses_init(&losses, from);
	buf_init(&out->names, 4096);
	buf_init(&out->written, 65536);
	if (!from->read_head(str_of(body), &arena, &head, &err))
		fail_msg("%s: %s", err.message, body);
	out->refused = !from->read_request(&head, &arena, &request, &err) ||
		       !chat_request_check(&request, from, &err) ||
		       (request.model = S("m"), !chat_losses_find(&request, to,
							NULL, &losses, &err)) ||
		       !to->write_request(
			       &request, NULL, &losses, &out->written, &err);
	buf_append(&out->names, buf_str(&losses.names));
	memcpy(out->param, err.param, sizeof(out->param));
	if (out->refused && error_http_status(&err) != 400)
		fail_msg("%s: %s", body, error_message(&err));
	chat_losses_release(&losses);
	arena_release(&arena);
}

static void outcome_release(struct outcome *outcome)
{
	buf_release(&outcome->names);
	buf_release(&outcome->written);
}

/* What SDKs say though it is so anyhow. */
static const struct {
	const char *client;
	const char *body;
} defaults[] = {
	{ "openai_chat",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		"\"image_url\",\"image_url\":{\"detail\":\"auto\",\"url\":"
		"\"data:image/png;base64," PIXEL "\"}}]}],\"n\":1,\"store\":"
		"false,\"frequency_penalty\":0,\"presence_penalty\":0,"
		"\"logprobs\":false,\"service_tier\":\"auto\","
		"\"response_format\":{\"type\":\"text\"},\"modalities\":["
		"\"text\"],\"logit_bias\":{},\"metadata\":{},\"stop\":null,"
		"\"user\":null,\"verbosity\":\"medium\"}" },
	{ "openai_responses",
		"{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
		"\"input_image\",\"detail\":\"auto\",\"image_url\":"
		"\"data:image/png;base64," PIXEL "\"}]}],\"store\":false,"
		"\"truncation\":\"disabled\",\"background\":false,"
		"\"service_tier\":\"auto\",\"tool_choice\":\"auto\","
		"\"parallel_tool_calls\":true,\"include\":[],\"metadata\":{},"
		"\"previous_response_id\":null,\"top_logprobs\":0,\"text\":{"
		"\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"}}" },
	{ "anthropic",
		CLAUDE("\"thinking\":{\"type\":\"disabled\"},\"service_tier\":"
		       "\"auto\",\"metadata\":{},\"stop_sequences\":[],"
		       "\"tools\":[]") },
	{ "gemini", GOOGLE("\"safetySettings\":[],\"tools\":[],"
			   "\"generationConfig\":{\"candidateCount\":1,"
			   "\"responseModalities\":[\"TEXT\"],"
			   "\"responseMimeType\":\"text/plain\","
			   "\"frequencyPenalty\":0,\"presencePenalty\":0,"
			   "\"stopSequences\":[]}") },
	{ "cohere", CHAT("\"frequency_penalty\":0,\"presence_penalty\":0,"
			 "\"logprobs\":false,\"k\":0,\"documents\":[],"
			 "\"tools\":[],\"stop_sequences\":[],"
			 "\"response_format\":{\"type\":\"text\"},"
			 "\"strict_tools\":false") },
	{ "cohere", CHAT(TOOL ",\"strict_tools\":false") },
	{ "gemini", "{\"contents\":[{\"parts\":[{\"text\":\"Hello\","
		    "\"thought\":false}]}]}" },
	{ "ollama", CHAT("\"logprobs\":false,\"tools\":[],\"options\":{"
			 "\"presence_penalty\":0,\"frequency_penalty\":0}") },
};

static void what_asks_for_nothing_is_no_loss(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		for (size_t j = 0; j < ARRAY_LEN(providers); j++) {
			const char *client = defaults[i].client;
			struct outcome outcome;

			if (strcmp(client, providers[j]) == 0)
				continue;
			ask(client, providers[j], defaults[i].body, &outcome);
			if (outcome.refused || outcome.names.n > 0)
				fail_msg("%s to %s: %s%s", client, providers[j],
					outcome.param,
					buf_cstr(&outcome.names));
			outcome_release(&outcome);
		}
}

#define SECRET                                                              \
	"{\"input\":[" HELLO ",{\"type\":\"reasoning\",\"id\":\"rs_7\","    \
	"\"summary\":[],\"encrypted_content\":\"b3BhcXVlLTc=\"},{\"role\":" \
	"\"assistant\",\"content\":\"Well\"}," HELLO "]}"
#define SECRET_LOST "input[1].encrypted_content"
#define NO_THOUGHT                                                           \
	TURNS("{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\"," \
	      "\"thinking\":\"\",\"signature\":\"c2lnbmVkNw==\"},{\"type\":" \
	      "\"text\",\"text\":\"Well\"}]}")
#define CITED                                                                 \
	TURNS("{\"role\":\"assistant\",\"content\":\"Well\",\"annotations\":" \
	      "[{\"type\":\"url_citation\",\"url_citation\":{\"url\":"        \
	      "\"https://cited-7.example\",\"title\":\"C\",\"start_index\":"  \
	      "0,\"end_index\":4}}]}")
#define NO_CHOICE CHAT(TOOL ",\"tool_choice\":\"none\"")

static const struct {
	const char *client;
	const char *provider;
	const char *body;
	const char *lost;    /* what is named */
	const char *written; /* what goes out, and what not; or NULL */
	const char *absent;
} cases[] = {
	/* What the whole of an answer cites. */
	{ "openai_chat", "openai_responses", CITED, "",
		"\"annotations\":[{\"type\":\"url_citation\",\"url\":"
		"\"https://cited-7.example\",\"title\":\"C\",\"start_index\":"
		"0,\"end_index\":4}]",
		NULL },
	{ "openai_chat", "openai_responses",
		TURNS("{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
		      "\"text\":\"One\"},{\"type\":\"text\",\"text\":\"Two\"}],"
		      "\"annotations\":[{\"type\":\"url_citation\","
		      "\"url_citation\":{\"url\":\"https://c\"}}]}"),
		"",
		"[{\"type\":\"output_text\",\"text\":\"One\"},{\"type\":"
		"\"output_text\",\"text\":\"Two\",\"annotations\":[{",
		NULL },
	{ "cohere", "openai_responses",
		TURNS("{\"role\":\"assistant\",\"content\":\"Well\","
		      "\"citations\":[{\"start\":0,\"end\":4,\"text\":\"Well\","
		      "\"sources\":[{\"type\":\"document\",\"id\":\"cited-7\","
		      "\"document\":{\"id\":\"cited-7\"}}]}]}"),
		"messages[1].citations", NULL, "cited-7" },
	{ "openai_chat", "openai_responses",
		"{\"messages\":[{\"role\":\"user\",\"content\":\"a\","
		"\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":"
		"{\"url\":\"https://c\"}}]}]}",
		"messages[0].annotations", NULL, "https://c" },
	{ "openai_chat", "openai_responses",
		TURNS("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":"
		      "[{\"id\":\"c\",\"type\":\"function\",\"function\":{"
		      "\"name\":\"f\",\"arguments\":\"{}\"}}],"
		      "\"annotations\":[{\"type\":\"url_citation\","
		      "\"url_citation\":{\"url\":\"https://c\"}}]}"),
		"messages[1].annotations", NULL, "https://c" },
	/* What only OpenAI can read. */
	{ "openai_responses", "openai_chat", SECRET, SECRET_LOST, NULL,
		"b3BhcXVl" },
	{ "openai_responses", "anthropic", SECRET, SECRET_LOST, NULL, "think" },
	{ "openai_responses", "gemini", SECRET, SECRET_LOST, NULL, "thought" },
	{ "openai_responses", "cohere", SECRET, SECRET_LOST, NULL, "think" },
	{ "openai_responses", "ollama", SECRET, SECRET_LOST, NULL, "think" },
	{ "openai_responses", "bedrock", SECRET, SECRET_LOST, NULL,
		"reasoning" },
	/* A thought without words. */
	{ "anthropic", "cohere", NO_THOUGHT, "messages[1].thinking", NULL,
		"think" },
	{ "anthropic", "ollama", NO_THOUGHT, "messages[1].thinking", NULL,
		"think" },
	{ "openai_responses", "cohere",
		"{\"input\":[" HELLO ",{\"type\":\"reasoning\",\"id\":\"r\","
		"\"summary\":[]},{\"role\":\"assistant\",\"content\":\"a\"}," HELLO
		"]}",
		"", NULL, "think" },
	/* Not to think is what Claude does unasked, and Gemini does not. */
	{ "anthropic", "openai_chat",
		CLAUDE("\"thinking\":{\"type\":\"disabled\"}"), "", NULL,
		"reasoning" },
	{ "anthropic", "openai_responses",
		CLAUDE("\"thinking\":{\"type\":\"disabled\"}"), "", NULL,
		"reasoning" },
	{ "anthropic", "gemini", CLAUDE("\"thinking\":{\"type\":\"disabled\"}"),
		"", "\"thinkingConfig\":{", NULL },
	{ "gemini", "openai_chat",
		GOOGLE("\"generationConfig\":{\"thinkingConfig\":{"
		       "\"thinkingBudget\":0}}"),
		"generationConfig.thinkingConfig", NULL, "reasoning" },
	{ "gemini", "openai_responses",
		GOOGLE("\"generationConfig\":{\"thinkingConfig\":{"
		       "\"thinkingBudget\":0}}"),
		"generationConfig.thinkingConfig", NULL, "reasoning" },
	{ "anthropic", "openai_responses",
		CLAUDE("\"thinking\":{\"type\":\"disabled\"},\"output_config\":"
		       "{\"effort\":\"odd\"}"),
		"thinking", NULL, "reasoning" },
	/* Where no tool may be called, none need be shown. */
	{ "openai_chat", "bedrock", NO_CHOICE, "", NULL, "toolConfig" },
	{ "openai_chat", "ollama", NO_CHOICE, "", NULL, "tools" },
	/* Tiers are called by the provider's names. */
	{ "anthropic", "openai_chat",
		CLAUDE("\"service_tier\":\"standard_only\""), "",
		"\"service_tier\":\"default\"", NULL },
	{ "anthropic", "openai_responses",
		CLAUDE("\"service_tier\":\"standard_only\""), "",
		"\"service_tier\":\"default\"", NULL },
	{ "anthropic", "gemini", CLAUDE("\"service_tier\":\"standard_only\""),
		"", "\"serviceTier\":\"standard\"", NULL },
	{ "anthropic", "bedrock", CLAUDE("\"service_tier\":\"standard_only\""),
		"", "\"serviceTier\":{\"type\":\"default\"}", NULL },
	{ "anthropic", "openai_chat", CLAUDE("\"service_tier\":\"batch\""),
		"service_tier", NULL, "batch" },
	{ "openai_chat", "anthropic", CHAT("\"service_tier\":\"default\""), "",
		"\"service_tier\":\"standard_only\"", NULL },
	{ "openai_chat", "anthropic", CHAT("\"service_tier\":\"flex\""),
		"service_tier", NULL, "flex" },
	{ "gemini", "anthropic", GOOGLE("\"serviceTier\":\"standard\""), "",
		"\"service_tier\":\"standard_only\"", NULL },
	/* OpenAI's schema wants them. */
	{ "anthropic", "openai_responses",
		"{\"max_tokens\":99,\"messages\":[{\"role\":\"user\",\"content\""
		":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":"
		"\"https://i\"}}]}]}",
		"", "\"detail\":\"auto\"", NULL },
	{ "gemini", "openai_chat",
		"{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":"
		"\"application/pdf\",\"data\":\"JVBERg\"}}]}]}",
		"",
		"{\"filename\":\"file.pdf\",\"file_data\":"
		"\"data:application/pdf;base64,JVBERg==\"}",
		NULL },
	/* Base64 as everybody reads it. */
	{ "gemini", "ollama",
		"{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":"
		"\"image/png\",\"data\":\"-_-_-w\"}}]}]}",
		"", "\"images\":[\"+/+/+w==\"]", NULL },
	{ "gemini", "bedrock",
		"{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":"
		"\"image/png\",\"data\":\"-_-_-w\"}}]}]}",
		"", "\"bytes\":\"+/+/+w==\"", NULL },
	{ "gemini", "openai_chat",
		"{\"contents\":[{\"parts\":[{\"inlineData\":{\"mimeType\":"
		"\"audio/wav\",\"data\":\"-_-_-w\"}}]}]}",
		"", "{\"data\":\"+/+/+w==\",\"format\":\"wav\"}", NULL },
	/* By its whole path. */
	{ "ollama", "openai_chat", CHAT("\"options\":{\"num_ctx\":5}"),
		"options.num_ctx", NULL, "num_ctx" },
	{ "openai_chat", "cohere",
		CHAT("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
		     "\"f\",\"y\":1},\"x\":1}]"),
		"tools[0].x, tools[0].function.y", NULL, "\"x\"" },
};

static void what_is_not_carried_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome outcome;
		const char *written;

		ask(cases[i].client, cases[i].provider, cases[i].body,
			&outcome);
		written = buf_cstr(&outcome.written);
		if (outcome.refused)
			fail_msg("%s to %s: refused, %s: %s", cases[i].client,
				cases[i].provider, outcome.param,
				cases[i].body);
		if (strcmp(buf_cstr(&outcome.names), cases[i].lost) != 0)
			fail_msg("%s to %s: lost %s, not %s: %s",
				cases[i].client, cases[i].provider,
				buf_cstr(&outcome.names), cases[i].lost,
				cases[i].body);
		if (cases[i].written && !strstr(written, cases[i].written))
			fail_msg("%s is not in %s", cases[i].written, written);
		if (cases[i].absent && strstr(written, cases[i].absent))
			fail_msg("%s is in %s", cases[i].absent, written);
		outcome_release(&outcome);
	}
}

/* In words alone it would be another answer. */
static void sound_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		struct outcome outcome;

		if (strcmp(providers[i], "gemini") == 0)
			continue;
		ask("gemini", providers[i],
			GOOGLE("\"generationConfig\":{\"responseModalities\":"
			       "[\"AUDIO\"]}"),
			&outcome);
		if (!outcome.refused)
			fail_msg("%s: %s", providers[i],
				buf_cstr(&outcome.written));
		assert_string_equal(
			outcome.param, "generationConfig.responseModalities");
		outcome_release(&outcome);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_asks_for_nothing_is_no_loss),
		cmocka_unit_test(what_is_not_carried_is_named),
		cmocka_unit_test(sound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
