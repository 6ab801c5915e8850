/*
 * translation_cases.c - one conversation in several formats: each way of
 * asking says the same as the others, and goes to every other provider so.
 *
 * The answers are translation_answers.c's matter, the turns after them
 * translation_turns.c's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "translation_cases.h"

static struct conversations all;

/* --- a request for another provider --- */

/*
 * What the provider's format cannot say and the answer would be wrong without:
 * tools that only one provider has, files by their address, a choice of tools
 * that Ollama has no word for, several answers, JSON of any kind, speech.
 */
static struct refusal {
	enum format from;
	const char *name;
	const char *param;
	const char *to; /* all of them by name; NULL: every other dialect */
	unsigned seen;  /* a bit for each dialect */
} refusals[] = {
	{ CHAT, "chatCompletionsUrlBackedVideoFileParam", "messages[0]",
		"cohere ollama bedrock", 0 },
	{ CHAT, "imageUrlMimeTypeFallbackParam", "messages[0]",
		"ollama bedrock", 0 },
	{ CHAT, "multimodalRequest", "messages[0]", "ollama bedrock", 0 },
	{ CHAT, "nMultipleCompletionsParam", "n",
		"openai_responses anthropic cohere ollama bedrock", 0 },
	{ CHAT, "textFormatJsonObjectParam", "response_format",
		"anthropic bedrock", 0 },
	{ CHAT, "toolCallRequest", "tool_choice", "ollama", 0 },
	{ CHAT, "toolChoiceRequiredWithReasoningParam", "tool_choice", "ollama",
		0 },
	{ RESPONSES, "codeInterpreterToolParam", "tools[0]", NULL, 0 },
	{ RESPONSES, "multimodalRequest", "input[0]", "ollama bedrock", 0 },
	{ RESPONSES, "responsesAdditionalToolsMultipleToolsParam", "input[1]",
		NULL, 0 },
	{ RESPONSES, "responsesAdditionalToolsParam", "input[1]", NULL, 0 },
	{ RESPONSES, "responsesCustomToolCallStreamingParam", "tools[0]",
		"anthropic gemini cohere ollama bedrock", 0 },
	{ RESPONSES, "responsesInputFileUrlParam", "input[0]",
		"openai_chat cohere ollama bedrock", 0 },
	{ RESPONSES, "responsesToolSearchInputParam", "tools[0]", NULL, 0 },
	{ RESPONSES, "textFormatJsonObjectParam", "text.format",
		"anthropic bedrock", 0 },
	{ RESPONSES, "toolCallRequest", "tool_choice", "ollama", 0 },
	{ RESPONSES, "webSearchToolParam", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "codeInterpreterToolParam", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "responsesToolSearchInputParam", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "textEditorToolParam", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "textEditorToolV2Param", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "textEditorToolV3Param", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "toolCallRequest", "tool_choice", "ollama", 0 },
	{ ANTHROPIC, "webSearchToolAdvancedParam", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "webSearchToolParam", "tools[0]", NULL, 0 },
	{ ANTHROPIC, "webSearchUserLocationParam", "tools[0]", NULL, 0 },
	{ GEMINI, "codeInterpreterToolParam", "tools[0]", NULL, 0 },
	{ GEMINI, "imageUrlMimeTypeFallbackParam", "contents[0]",
		"ollama bedrock", 0 },
	{ GEMINI, "responseModalitiesAudioParam",
		"generationConfig.responseModalities", NULL, 0 },
	{ GEMINI, "textFormatJsonObjectParam",
		"generationConfig.responseMimeType", "anthropic bedrock", 0 },
	{ GEMINI, "toolCallRequest", "toolConfig", "ollama", 0 },
	{ GEMINI, "toolChoiceRequiredWithReasoningParam", "toolConfig",
		"ollama", 0 },
	{ GEMINI, "webSearchToolAdvancedParam", "tools[0]", NULL, 0 },
	{ GEMINI, "webSearchToolParam", "tools[0]", NULL, 0 },
};

static struct difference request_differences[] = {
	{ "openai_chat", "gemini", "chatCompletionsUrlBackedVideoFileParam",
		"request", "what a file's address holds, its name tells",
		false },
	{ "anthropic", "ollama", "imageContentParam", "request",
		"images stand beside the text, not before it", false },
};

static bool expects(const struct refusal *row, size_t dialect)
{
	if (!row->to)
		return dialect != (size_t)row->from;
	return strstr(row->to, all_dialects[dialect].p) != NULL;
}

static bool may_refuse(const struct conversation *row, enum format from,
	size_t to, const char *param)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct refusal *refusal = &refusals[i];

		if (refusal->from != from || !expects(refusal, to) ||
			strcmp(refusal->name, row->name) != 0 ||
			strcmp(refusal->param, param) != 0)
			continue;
		refusal->seen |= 1u << to;
		return true;
	}
	return false;
}

static void check_refusal(const struct refusal *row)
{
	for (size_t to = 0; to < DIALECTS; to++)
		if (expects(row, to) && !(row->seen & 1u << to))
			fail_msg("%s: %s to %s is not refused: strike it out",
				row->name, row->param, all_dialects[to].p);
	print_message("refused %s of %s: %s to %s\n", row->param, row->name,
		conversation_formats[row->from].dialect.p,
		row->to ? row->to : "any other");
}

/* How much the model shall think is told in one way or another. "high" is
 * what Cohere's models do when they think. */
static void compare_depth(struct pair *pair, const struct chat_request *said,
	struct str written, const struct chat_losses *losses,
	struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_request heard;
	const struct chat_reasoning *depth = &heard.reasoning;
	bool is_all = str_equal(said->reasoning.effort, S("high"));

	pair_visit(pair, pair->recording.name, "depth");
	if (!meaning_thinks(&said->reasoning) ||
		said->reasoning.effort.n == 0 ||
		meaning_is_lost(losses, losses->from->words[FIELD_REASONING]))
		return;
	if (!told_read(pair->across.to, written, said->model, arena, &heard,
		    &err) ||
		!(depth->effort.n > 0 || depth->budget_tokens > 0 ||
			(is_all && depth->enabled == CHAT_YES &&
				depth->budget_tokens == -1)))
		suite_fail(&pair->across.suite, "%.*s is not told: %.*s",
			STR_ARG(said->reasoning.effort),
			STR_ARG(str_head(written, 1000)));
}

/* The table is by the places of the dialects: formats come first. */
static void translate_request(struct pair *pair, const struct conversation *row,
	size_t from, size_t to, const struct told *told)
{
	struct across *a = &pair->across;
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct chat_request said;
	struct arena arena;

	arena_init(&arena, 65536);
	chat_losses_init(&losses, a->from);
	pair_visit(pair, row->name, "request");
	a->requests++;
	told_must_read(a->from, told, &arena, &said);
	if (chat_losses_find(&said, a->to, NULL, &losses, &err) &&
		a->to->write_request(&said, NULL, &losses, &out, &err)) {
		across_compare_requests(
			a, &said, buf_str(&out), &losses, &arena);
		compare_depth(pair, &said, buf_str(&out), &losses, &arena);
	} else {
		a->refused++;
		if (err.kind != ERR_UNSUPPORTED ||
			!may_refuse(row, (enum format)from, to, err.param))
			suite_fail(&a->suite, "refused: %s (%s)",
				error_message(&err), err.param);
	}
	a->lost += losses.names.n > 0;
	chat_losses_release(&losses);
	buf_release(&out);
	arena_release(&arena);
}

static size_t translate_requests(size_t from, size_t to)
{
	struct pair pair;

	pair_begin(&pair, format_dialect(from), dialect_find(all_dialects[to]),
		request_differences, ARRAY_LEN(request_differences));
	for (size_t i = 0; i < all.count; i++) {
		const struct conversation *row = &all.rows[i];

		if (row->first[from].request.p)
			translate_request(
				&pair, row, from, to, &row->first[from]);
		if (row->next[from].request.p)
			translate_request(
				&pair, row, from, to, &row->next[from]);
	}
	print_message("%-16s -> %-16s %3zu requests, %2zu refused, %2zu with "
		      "losses\n",
		pair.across.from->name, pair.across.to->name,
		pair.across.requests, pair.across.refused, pair.across.lost);
	return pair_end(&pair);
}

static void requests_say_the_same_elsewhere(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < FORMATS; i++)
		for (size_t j = 0; j < DIALECTS; j++)
			if (i != j)
				failed += translate_requests(i, j);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		check_refusal(&refusals[i]);
	differences_check(
		request_differences, ARRAY_LEN(request_differences), failed);
}

/* --- the same conversation, asked in two formats --- */

/* The collection asks for a thing in the words of one format and for
 * something like it in those of another. */
#define OTHER_WORDS "the question itself is another one"
#define OTHER_IMAGE "an image by its address, or another one"
#define OTHER_EFFORT "each was asked to think differently"
#define OTHER_TEMPERATURE "only one of them sets the temperature"
#define OTHER_STRICT "only one of them asks for strict arguments"
#define OTHER_CHOICE "only one of them says that the model chooses"

static struct difference asked_differences[] = {
	{ NULL, NULL, "instructionsParam", "words", OTHER_WORDS, false },
	{ NULL, NULL, "multimodalRequest", "words", OTHER_IMAGE, false },
	{ NULL, NULL, "parallelToolCallsDisabledParam", "words", OTHER_WORDS,
		false },
	{ NULL, NULL, "serviceTierParam", "words", OTHER_WORDS, false },
	{ NULL, NULL, "textFormatJsonObjectParam", "words", OTHER_WORDS,
		false },
	{ NULL, NULL, "textFormatJsonSchemaParam", "words", OTHER_WORDS,
		false },
	{ NULL, NULL, "codeInterpreterToolParam", "words", OTHER_WORDS, false },
	{ NULL, NULL, "storeDisabledParam", "words", OTHER_WORDS, false },
	{ NULL, NULL, "chatCompletionsAnthropicCacheControlParam", "words",
		OTHER_WORDS, false },
	{ NULL, NULL, "responsesToolSearchInputParam", "words",
		"only OpenAI's has the search and what it found", false },
	{ NULL, NULL, "responsesToolSearchInputParam", "tools",
		"OpenAI's keeps the function in a tool of its own", false },
	{ NULL, NULL, "parallelToolCallsDisabledParam", "tools", OTHER_STRICT,
		false },
	{ NULL, NULL, "toolChoiceRequiredWithReasoningParam", "tools",
		OTHER_STRICT, false },
	{ NULL, NULL, "complexReasoningRequest", "parameters", OTHER_EFFORT,
		false },
	{ NULL, NULL, "reasoningRequest", "parameters", OTHER_EFFORT, false },
	{ NULL, NULL, "reasoningWithOutput", "parameters", OTHER_EFFORT,
		false },
	{ NULL, NULL, "simpleRequest", "parameters", OTHER_EFFORT, false },
	{ NULL, NULL, "fableTemperatureParam", "parameters", OTHER_TEMPERATURE,
		false },
	{ NULL, "gemini", "jsonSchemaFormatParam", "parameters",
		OTHER_TEMPERATURE, false },
	{ NULL, "gemini", "jsonSchemaMinMaxItemsParam", "parameters",
		OTHER_TEMPERATURE, false },
	{ NULL, "gemini", "jsonSchemaMinimumMaximumParam", "parameters",
		OTHER_TEMPERATURE, false },
	{ NULL, "anthropic", "parallelToolCallsDisabledParam", "choices",
		OTHER_CHOICE, false },
	{ NULL, "anthropic gemini", "parallelToolCallsRequest", "choices",
		OTHER_CHOICE, false },
};

/* What the one or the other asks for is told of both. */
static struct chat_request asked_by_either(
	const struct chat_request *a, const struct chat_request *b)
{
	struct chat_request either = *a;

	if (either.tool_count == 0)
		either.tool_count = b->tool_count;
	if (either.tool_choice == CHAT_CHOICE_UNSET)
		either.tool_choice = b->tool_choice;
	if (b->parallel_tool_calls == CHAT_NO)
		either.parallel_tool_calls = CHAT_NO;
	if (either.format.kind == CHAT_FORMAT_UNSET ||
		either.format.kind == CHAT_FORMAT_TEXT)
		either.format = b->format;
	if (!meaning_thinks(&a->reasoning))
		either.reasoning = b->reasoning;
	/* A limit that only one of them has is its format's. */
	if (b->max_tokens < either.max_tokens)
		either.max_tokens = b->max_tokens;
	return either;
}

/* One side of a conversation's meaning. */
static const struct aspect {
	const char *check;
	void (*tell)(struct meaning *m, const struct chat_request *r);
} aspects[] = {
	{ "words", meaning_messages },
	{ "tools", meaning_tools },
	{ "parameters", meaning_parameters },
	{ "choices", meaning_choices },
};

static void tell(const struct aspect *aspect, const struct chat_request *r,
	const struct chat_request *wanted, struct buf *out)
{
	struct meaning m = {
		.across = true, .wanted = wanted, .out = out, .request = r
	};

	buf_init(&m.text, SIZE_MAX);
	aspect->tell(&m, r);
	buf_release(&m.text);
}

static void compare_aspect(struct pair *pair, const struct aspect *aspect,
	const struct chat_request *a, const struct chat_request *b)
{
	struct buf first = BUF_INIT(SUITE_MAX), second = BUF_INIT(SUITE_MAX);
	struct chat_request wanted = asked_by_either(a, b);

	tell(aspect, a, &wanted, &first);
	tell(aspect, b, &wanted, &second);
	suite_compare(&pair->across.suite, buf_str(&second), buf_str(&first));
	buf_release(&first);
	buf_release(&second);
}

static void compare_asked(struct pair *pair, const struct conversation *row,
	size_t from, size_t to)
{
	struct chat_request a, b;
	struct arena arena;

	arena_init(&arena, 65536);
	pair->across.requests++;
	told_must_read(pair->across.from, &row->first[from], &arena, &a);
	told_must_read(pair->across.to, &row->first[to], &arena, &b);
	for (size_t i = 0; i < ARRAY_LEN(aspects); i++) {
		pair_visit(pair, row->name, aspects[i].check);
		compare_aspect(pair, &aspects[i], &a, &b);
	}
	arena_release(&arena);
}

static size_t compare_formats(size_t from, size_t to)
{
	struct pair pair;

	pair_begin(&pair, format_dialect(from), format_dialect(to),
		asked_differences, ARRAY_LEN(asked_differences));
	for (size_t i = 0; i < all.count; i++)
		if (all.rows[i].first[from].request.p &&
			all.rows[i].first[to].request.p)
			compare_asked(&pair, &all.rows[i], from, to);
	print_message("%-16s == %-16s %3zu conversations\n",
		pair.across.from->name, pair.across.to->name,
		pair.across.requests);
	return pair_end(&pair);
}

static void formats_ask_the_same(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < FORMATS; i++)
		for (size_t j = i + 1; j < FORMATS; j++)
			failed += compare_formats(i, j);
	differences_check(
		asked_differences, ARRAY_LEN(asked_differences), failed);
}

static int load(void **state)
{
	(void)state;
	conversations_load(&all);
	return 0;
}

static int release(void **state)
{
	(void)state;
	conversations_release(&all);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_say_the_same_elsewhere),
		cmocka_unit_test(formats_ask_the_same),
	};

	return cmocka_run_group_tests(tests, load, release);
}
