/*
 * translation.c - every dialect's recordings through every other dialect: a
 * client's requests to each provider, a provider's answers and streams to
 * each client. What was said must be heard.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "across.h"

#define MAX_FILES 8

static const struct speaker {
	struct str name;
	const char *files[MAX_FILES]; /* ends with NULL */
} speakers[] = {
	{ STR("openai_chat"),
		{ RECORDINGS "openai_chat_openai_azure.jsonl",
			RECORDINGS "openai_chat_openrouter_deepseek_perplexity"
				   ".jsonl",
			RECORDINGS "openai_chat_others.jsonl",
			RECORDINGS "openai_chat_edge_cases.jsonl",
			RECORDINGS "openai_chat_translation.jsonl",
			RECORDINGS "openai_chat_streams.jsonl" } },
	{ STR("openai_responses"),
		{ RECORDINGS "openai_responses.jsonl",
			RECORDINGS "openai_responses_edge_cases.jsonl",
			RECORDINGS "openai_responses_streams.jsonl" } },
	{ STR("anthropic"), { RECORDINGS "anthropic.jsonl",
				    RECORDINGS "anthropic_edge_cases.jsonl",
				    RECORDINGS "anthropic_streams.jsonl" } },
	{ STR("gemini"), { RECORDINGS "gemini.jsonl",
				 RECORDINGS "gemini_edge_cases.jsonl",
				 RECORDINGS "gemini_streams.jsonl" } },
	{ STR("cohere"), { RECORDINGS "cohere.jsonl",
				 RECORDINGS "cohere_streams.jsonl" } },
	{ STR("ollama"), { RECORDINGS "ollama.jsonl",
				 RECORDINGS "ollama_streams.jsonl" } },
	{ STR("bedrock"), { RECORDINGS "bedrock.jsonl",
				  RECORDINGS "bedrock_edge_cases.jsonl" } },
};

/* What cannot be the same, and why. */
static struct difference {
	const char *to;   /* NULL: to whichever dialect */
	const char *name; /* the beginning of the recording's */
	const char *check;
	const char *reason;
	bool seen;
} differences[] = {
	{ NULL, "openai/vercel-parallel-tool-call-wrapper.1", "stream",
		"the recording is not JSON", false },
	{ NULL, "openai/openllmetry-test_async_parsed_refused_completion-00",
		"reply", "a refusal is a text like any other", false },
	{ NULL, "openai/ddjs-openai_chat_completions_post_797109e5-00", "reply",
		"of an answer in sound the transcript remains", false },
	{ NULL, "openai/agentgateway-resp-truncated_tool_call", "reply",
		"arguments that were broken off are a text in an object",
		false },
	{ NULL, "openai/ddpy-response_custom_tool_call-00", "reply",
		"the input of a custom tool is a text in an object", false },
	{ NULL, "openai/agentgateway-resp-custom-tool", "reply",
		"the input of a custom tool is a text in an object", false },
	{ NULL, "openai/agentgateway-resp-stream-custom-tool", "stream",
		"the input of a custom tool is a text in an object", false },
	{ NULL, "deepseek/pydantic-test_deepseek_responses_rejects_interleaved",
		"request", "what is said between calls is said before them",
		false },
	{ NULL, "openai/agentgateway-req-assistant-history", "request",
		"an empty refusal says nothing", false },
	{ NULL, "anthropic/vercel-anthropic-tool-search-deferred-bm25",
		"stream", "the recording is of several answers", false },
	{ NULL, "anthropic/vercel-anthropic-tool-search-regex.1", "stream",
		"the recording is of several answers", false },
	{ "gemini", "openai/envoy-chat-streaming-detailed-usage-00", "request",
		"a system prompt alone is said by the user", false },
	{ "gemini", "openai/pydantic-test_multimodal_tool_return_matrix_direct",
		"request", "a URL in a tool's result stands behind it", false },
	{ "gemini", "anthropic/agentgateway-req-cache_control", "request",
		"pictures of a tool's result stand behind its texts", false },
	{ "gemini", "translation/chatCompletionsUrlBackedVideoFileParam",
		"request", "what a file's address holds, its name tells",
		false },
	{ "bedrock", "anthropic/agentgateway-req-cache_control", "request",
		"a result of a tool has no cache point within", false },
	{ "bedrock", "openrouter/pydantic-test_openrouter_google_nested_schema",
		"request", "a schema without \"nullable\"", false },
	{ "ollama", "openai/braintrust-strands-agent-sdk-v1-latest-03",
		"request", "images stand beside the text, not before it",
		false },
	{ "ollama", "anthropic/llm-anthropic-test_image_prompt-00", "request",
		"images stand beside the text, not before it", false },
};

#define DIFFERENCES ARRAY_LEN(differences)

struct totals {
	size_t requests, refused, lost, replies, streams, failed;
};

/* The differences that this dialect may have, by their places in the table. */
static size_t pick(const struct dialect *to, struct suite_exception *out,
	struct difference **from)
{
	size_t count = 0;

	for (size_t i = 0; i < DIFFERENCES; i++) {
		struct difference *d = &differences[i];

		if (d->to && strcmp(d->to, to->name) != 0)
			continue;
		from[count] = d;
		out[count++] = (struct suite_exception){ d->name, d->check,
			d->reason, false };
	}
	return count;
}

static void check_pair(const struct speaker *speaker,
	const struct dialect *from, const struct dialect *to,
	struct totals *totals)
{
	struct suite_exception exceptions[DIFFERENCES];
	struct difference *rows[DIFFERENCES];
	struct across a = { .suite = { .dialect = to,
				    .exceptions = exceptions },
		.from = from,
		.to = to };

	a.suite.exception_count = pick(to, exceptions, rows);
	for (size_t i = 0; i < MAX_FILES && speaker->files[i]; i++)
		assert_true(recordings_visit_file(
				    speaker->files[i], across_visit, &a) > 0);
	print_message("%-16s -> %-16s %4zu requests, %2zu refused, %3zu with "
		      "losses; %3zu replies, %3zu streams%s\n",
		from->name, to->name, a.requests, a.refused, a.lost, a.replies,
		a.streams, a.suite.failed ? "; FAILED" : "");
	for (size_t i = 0; i < a.suite.exception_count; i++)
		rows[i]->seen |= exceptions[i].seen;
	totals->requests += a.requests;
	totals->refused += a.refused;
	totals->lost += a.lost;
	totals->replies += a.replies;
	totals->streams += a.streams;
	totals->failed += a.suite.failed;
}

static bool is_known(const char *name)
{
	return !name || dialect_find(str_of(name));
}

static void all_understand_each_other(void **state)
{
	struct totals t = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(speakers); i++) {
		const struct dialect *from = dialect_find(speakers[i].name);

		if (!from)
			print_message(
				"%s is not in the table\n", speakers[i].name.p);
		for (size_t j = 0; j < ARRAY_LEN(speakers); j++) {
			const struct dialect *to =
				dialect_find(speakers[j].name);

			if (from && to && i != j)
				check_pair(&speakers[i], from, to, &t);
		}
	}
	print_message("together %zu requests (%zu refused, %zu with losses), "
		      "%zu replies, %zu streams\n",
		t.requests, t.refused, t.lost, t.replies, t.streams);
	for (size_t i = 0; i < DIFFERENCES; i++)
		if (!differences[i].seen && is_known(differences[i].to))
			fail_msg("%s: %s is no different: strike it out",
				differences[i].name, differences[i].check);
	if (t.failed > 0)
		fail_msg("%zu checks failed, see above", t.failed);
}

/* --- signatures --- */

static void note_signatures(const struct chat_message *message, struct buf *out)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		/* Of a text it proves nothing that the provider asks for. */
		if (part->signature.text.n > 0 && part->kind != CHAT_TEXT)
			json_append_quoted(out, part->signature.text);
		if (part->kind == CHAT_REDACTED_THINKING && part->data.p)
			json_append_quoted(out, part->data);
	}
}

/* How a client that keeps signatures asks on: the answer is the turn before
 * its next question. */
static const struct asker {
	const char *name;
	const char *list;      /* the member with the conversation */
	const char *question;  /* an item of it */
	const char *answer[4]; /* where in an answer the turn is */
	const char *role;      /* of the turn, when it is a content alone */
} askers[] = {
	{ "openai_chat", "messages", "{\"role\":\"user\",\"content\":\"Go\"}",
		{ "choices", "0", "message" }, NULL },
	{ "openai_responses", "input", "{\"role\":\"user\",\"content\":\"Go\"}",
		{ "output" }, NULL },
	{ "anthropic", "messages", "{\"role\":\"user\",\"content\":\"Go\"}",
		{ "content" }, "assistant" },
	{ "gemini", "contents",
		"{\"role\":\"user\",\"parts\":[{\"text\":\"Go\"}]}",
		{ "candidates", "0", "content" }, NULL },
	{ "bedrock", "messages",
		"{\"role\":\"user\",\"content\":[{\"text\":\"Go\"}]}",
		{ "output", "message" }, NULL },
};

static void ask_on(
	const struct asker *asker, struct str answer, struct buf *out)
{
	json_t *root = parse(answer), *turn = root;
	json_t *list = json_array(), *body = json_object();
	char *text;

	for (size_t i = 0; i < 4 && asker->answer[i]; i++)
		turn = json_is_array(turn)
			       ? json_array_get(turn, 0)
			       : json_object_get(turn, asker->answer[i]);
	assert_non_null(turn);
	json_array_append_new(list, parse(str_of(asker->question)));
	if (json_is_array(turn) && !asker->role)
		json_array_extend(list, turn);
	else if (asker->role)
		json_array_append_new(
			list, json_pack("{s:s, s:O}", "role", asker->role,
				      "content", turn));
	else
		json_array_append(list, turn);
	json_array_append_new(list, parse(str_of(asker->question)));
	json_object_set_new(body, "model", json_string("m"));
	json_object_set_new(body, asker->list, list);
	text = json_dumps(body, JSON_COMPACT);
	buf_append(out, str_of(text));
	free(text);
	json_decref(body);
	json_decref(root);
}

struct trip {
	const struct asker *asker;
	const struct dialect *client;
	const struct dialect *provider;
	size_t signed_answers;
	size_t same;
};

/* The client's next request as the provider gets it. */
static bool hear_request(const struct trip *trip, struct str body,
	struct arena *arena, struct chat_request *out)
{
	/* OpenRouter, which is where signed thinking in this format is from. */
	static const struct dialect_traits traits = {
		.reasoning = REASONING_OBJECT
	};
	struct buf written = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request request;
	struct chat_head head;
	bool ok;

	chat_losses_init(&losses, trip->client);
	ok = trip->client->read_head(body, arena, &head, &err) &&
	     trip->client->read_request(&head, arena, &request, &err) &&
	     trip->provider->write_request(
		     &request, &traits, &losses, &written, &err) &&
	     trip->provider->read_head(arena_copy(arena, buf_str(&written)),
		     arena, &head, &err) &&
	     trip->provider->read_request(&head, arena, out, &err);
	if (!ok)
		print_message("%s (%s)\n", error_message(&err), err.param);
	chat_losses_release(&losses);
	buf_release(&written);
	return ok;
}

/* What the gateway does for providers that have no ids. */
static void name_calls(struct chat_message *message, struct arena *arena)
{
	size_t count = 0;

	for (struct chat_part *part = message->parts; part; part = part->next)
		if (part->kind == CHAT_TOOL_CALL && part->call.id.n == 0)
			part->call.id =
				arena_printf(arena, "call_%zu", count++);
}

static void visit_signed(const struct recording *r, void *context)
{
	struct buf before = BUF_INIT(SUITE_MAX), after = BUF_INIT(SUITE_MAX);
	struct buf answer = BUF_INIT(SUITE_MAX), body = BUF_INIT(SUITE_MAX);
	struct trip *trip = context;
	struct error err = ERROR_INIT;
	struct chat_response said;
	struct chat_request again;
	struct arena arena;

	if (!r->response.p || r->status >= 400 || suite_is_stream(r))
		return;
	arena_init(&arena, 65536);
	if (trip->provider->read_response(r->response, &arena, &said, &err) &&
		said.choice_count > 0)
		note_signatures(&said.choices[0].message, &before);
	if (before.n > 0) {
		trip->signed_answers++;
		name_calls(&said.choices[0].message, &arena);
		trip->client->write_response(&said, &answer);
		ask_on(trip->asker, buf_str(&answer), &body);
		if (hear_request(trip, buf_str(&body), &arena, &again))
			for (size_t i = 0; i < again.message_count; i++)
				note_signatures(&again.messages[i], &after);
		trip->same += str_equal(buf_str(&before), buf_str(&after));
	}
	buf_release(&before);
	buf_release(&after);
	buf_release(&answer);
	buf_release(&body);
	arena_release(&arena);
}

/* Thinking that a provider signed comes back to it through any client. */
static void signatures_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(speakers); i++)
		for (size_t j = 0; j < ARRAY_LEN(askers); j++) {
			/* Not every client has room for all of it. */
			struct trip trip = { .asker = &askers[j],
				.client = dialect_find(str_of(askers[j].name)),
				.provider = dialect_find(speakers[i].name) };

			if (trip.client == trip.provider || !trip.client ||
				!trip.provider)
				continue;
			for (size_t f = 0;
				f < MAX_FILES && speakers[i].files[f]; f++)
				recordings_visit_file(speakers[i].files[f],
					visit_signed, &trip);
			if (trip.signed_answers == 0)
				continue;
			print_message("%-16s for %-16s %zu of %zu signed "
				      "answers\n",
				trip.provider->name, trip.client->name,
				trip.same, trip.signed_answers);
			if (strcmp(trip.client->name, "openai_chat") == 0)
				assert_int_equal(
					trip.same, trip.signed_answers);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_understand_each_other),
		cmocka_unit_test(signatures_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
