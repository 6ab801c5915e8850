/*
 * thinking.c - how a model is told to think when the client spoke
 * another dialect.
 *
 * The format has an effort (outputConfig.effort); the rest is each maker's:
 * Claude's `thinking`, Nova's `reasoningConfig`, gpt-oss's
 * `reasoning_effort`, all in additionalModelRequestFields. A model that takes
 * none of them goes without, and so does Claude where its API would refuse:
 * with a forced tool, with a budget that max_tokens leaves no room for, and
 * with a budget when the turn that called a tool has lost its thinking. See
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking and
 * https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-converse-api.html
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/signature.h"

#define LEAST_BUDGET 1024

static const struct {
	struct str effort;
	struct str word; /* of this format; gpt-oss and Nova have three */
	struct str small_word;
	int64_t budget_tokens;
} efforts[] = {
	{ STR("minimal"), STR("low"), STR("low"), LEAST_BUDGET },
	{ STR("low"), STR("low"), STR("low"), 2048 },
	{ STR("medium"), STR("medium"), STR("medium"), 8192 },
	{ STR("high"), STR("high"), STR("high"), 16384 },
	{ STR("xhigh"), STR("xhigh"), STR("high"), 23000 },
	{ STR("max"), STR("max"), STR("high"), 23000 },
};

#define NOT_SAID ARRAY_LEN(efforts)

static bool is_asked(const struct chat_reasoning *reasoning);
static bool is_declined(const struct chat_reasoning *reasoning);
static size_t effort_of(const struct chat_reasoning *reasoning);
static bool plan_claude(struct bedrock_translation *t);
static bool plan_budget(struct bedrock_translation *t);
static bool plan_words(struct bedrock_translation *t);
static bool forces_tool(const struct chat_request *request);
static bool lacks_thinking(const struct chat_request *request);
static bool has_own_thinking(const struct chat_message *message);
static void write_claude(struct bedrock_translation *t);
static void write_nova_reasoning(struct bedrock_translation *t);
static bool takes_top_k(const struct bedrock_translation *t);
static void write_top_k(struct bedrock_translation *t);

void bedrock_plan_thinking(struct bedrock_translation *t)
{
	const struct chat_reasoning *reasoning = &t->request->reasoning;
	bool ok = false;

	if (!bedrock_carries(t, FIELD_REASONING))
		return;
	if (is_declined(reasoning)) {
		t->declines = t->model.thinks_unasked;
		return;
	}
	if (!is_asked(reasoning))
		return;
	switch (t->model.maker) {
	case BEDROCK_ANTHROPIC: ok = plan_claude(t); break;
	case BEDROCK_NOVA_2:
	case BEDROCK_GPT_OSS: ok = plan_words(t); break;
	case BEDROCK_NOVA:
	case BEDROCK_OTHER: break;
	}
	t->thinks = ok;
	if (!ok)
		bedrock_lose(t, NULL, FIELD_REASONING);
}

static bool is_asked(const struct chat_reasoning *reasoning)
{
	return reasoning->effort.n > 0 || reasoning->budget_tokens != -1 ||
	       reasoning->enabled == CHAT_YES;
}

static bool is_declined(const struct chat_reasoning *reasoning)
{
	return reasoning->enabled == CHAT_NO || reasoning->budget_tokens == 0 ||
	       str_equal(reasoning->effort, S("none"));
}

/* Said as such, or by a budget: the least effort that has it. */
static size_t effort_of(const struct chat_reasoning *reasoning)
{
	for (size_t i = 0; i < ARRAY_LEN(efforts); i++)
		if (str_equal(efforts[i].effort, reasoning->effort))
			return i;
	if (reasoning->budget_tokens < 0)
		return NOT_SAID;
	for (size_t i = 0; i < ARRAY_LEN(efforts); i++)
		if (efforts[i].budget_tokens >= reasoning->budget_tokens)
			return i;
	return ARRAY_LEN(efforts) - 1;
}

static bool plan_claude(struct bedrock_translation *t)
{
	size_t effort = effort_of(&t->request->reasoning);

	if (t->model.thinking == BEDROCK_THINKS_NOT || forces_tool(t->request))
		return false;
	if (t->model.thinking == BEDROCK_THINKS_BUDGET)
		return plan_budget(t);
	if (effort != NOT_SAID)
		t->effort = efforts[effort].word;
	if (str_equal(t->effort, S("xhigh")) && !t->model.has_xhigh)
		t->effort = S("high");
	return true;
}

static bool plan_budget(struct bedrock_translation *t)
{
	int64_t most = t->request->max_tokens;
	size_t effort = effort_of(&t->request->reasoning);

	t->budget_tokens = t->request->reasoning.budget_tokens;
	if (t->budget_tokens < 0 && effort != NOT_SAID)
		t->budget_tokens = efforts[effort].budget_tokens;
	else if (t->budget_tokens < 0)
		t->budget_tokens = 8192; /* medium */
	if (t->budget_tokens < LEAST_BUDGET)
		t->budget_tokens = LEAST_BUDGET;
	/* It counts towards max_tokens: the answer gets as much. */
	if (most >= 0 && t->budget_tokens >= most)
		t->budget_tokens = most / 2;
	return t->budget_tokens >= LEAST_BUDGET && !lacks_thinking(t->request);
}

static bool plan_words(struct bedrock_translation *t)
{
	const struct chat_request *request = t->request;
	size_t effort = effort_of(&request->reasoning);

	t->effort = S("medium");
	if (effort != NOT_SAID)
		t->effort = efforts[effort].small_word;
	/* Nova's high one wants the model alone to decide the rest. */
	if (t->model.maker == BEDROCK_NOVA_2 &&
		str_equal(t->effort, S("high")) &&
		(request->max_tokens >= 0 || request->temperature.p ||
			request->top_p.p))
		t->effort = S("medium");
	return true;
}

static bool forces_tool(const struct chat_request *request)
{
	return request->tool_count > 0 &&
	       (request->tool_choice == CHAT_CHOICE_REQUIRED ||
		       request->tool_choice == CHAT_CHOICE_NAMED);
}

/* Do results answer a turn that does not begin with its thinking? */
static bool lacks_thinking(const struct chat_request *request)
{
	bool has_results = false;

	for (size_t i = request->message_count; i-- > 0;) {
		const struct chat_message *message = &request->messages[i];

		if (message->role == CHAT_ASSISTANT)
			return has_results && !has_own_thinking(message);
		has_results |= message->role == CHAT_TOOL;
	}
	return false;
}

static bool has_own_thinking(const struct chat_message *message)
{
	const struct chat_part *part = message->parts;

	return part &&
	       (part->kind == CHAT_THINKING ||
		       part->kind == CHAT_REDACTED_THINKING) &&
	       bedrock_has_block(part) &&
	       str_equal(part->signature.origin, S(BEDROCK_NAME));
}

void bedrock_translate_additional(struct bedrock_translation *t)
{
	struct json_writer *w = t->out.w;
	bool has_top_k = t->request->top_k.p && takes_top_k(t);

	if (t->request->top_k.p && !has_top_k)
		bedrock_lose(t, NULL, FIELD_TOP_K);
	if (!has_top_k && !t->thinks && !t->declines)
		return;
	json_name(w, "additionalModelRequestFields");
	json_begin_object(w);
	if (has_top_k)
		write_top_k(t);
	if (t->model.maker == BEDROCK_ANTHROPIC)
		write_claude(t);
	else if (t->thinks && t->model.maker == BEDROCK_NOVA_2)
		write_nova_reasoning(t);
	else if (t->thinks)
		json_member_str(w, "reasoning_effort", t->effort);
	json_end_object(w);
}

/* The effort stands in outputConfig. */
static void write_claude(struct bedrock_translation *t)
{
	bool has_budget = t->model.thinking == BEDROCK_THINKS_BUDGET;
	struct json_writer *w = t->out.w;
	struct str type = has_budget ? S("enabled") : S("adaptive");

	if (!t->thinks && !t->declines)
		return;
	json_name(w, "thinking");
	json_begin_object(w);
	json_member_str(w, "type", t->declines ? S("disabled") : type);
	if (t->thinks && has_budget)
		json_member_int(w, "budget_tokens", t->budget_tokens);
	json_end_object(w);
}

static void write_nova_reasoning(struct bedrock_translation *t)
{
	struct json_writer *w = t->out.w;

	json_name(w, "reasoningConfig");
	json_begin_object(w);
	json_member_str(w, "type", S("enabled"));
	json_member_str(w, "maxReasoningEffort", t->effort);
	json_end_object(w);
}

/* Claude's own and Nova's own; Claude has none while it thinks. */
static bool takes_top_k(const struct bedrock_translation *t)
{
	if (!bedrock_carries(t, FIELD_TOP_K))
		return false;
	switch (t->model.maker) {
	case BEDROCK_ANTHROPIC: return t->model.takes_sampling && !t->thinks;
	case BEDROCK_NOVA:
	case BEDROCK_NOVA_2: return true;
	default: return false;
	}
}

static void write_top_k(struct bedrock_translation *t)
{
	struct json_writer *w = t->out.w;

	if (t->model.maker == BEDROCK_ANTHROPIC) {
		json_member_raw(w, "top_k", t->request->top_k);
		return;
	}
	json_name(w, "inferenceConfig");
	json_begin_object(w);
	json_member_raw(w, "topK", t->request->top_k);
	json_end_object(w);
}
