/*
 * thinking.c - how a model is told to think when the client spoke
 * another dialect, and how many tokens it gets for it.
 *
 * Newer models are told an effort and choose the amount ("adaptive"); older
 * ones are told a budget, which counts towards max_tokens. Efforts become
 * budgets and back by the table below. What the API demands
 * (https://platform.claude.com/docs/en/build-with-claude/extended-thinking)
 * and what we make of it:
 *
 * - A tool cannot be forced on a model that thinks. The tool wins: without it
 *   the answer would be wrong.
 * - A model with a budget wants the thinking back that led to its last tool
 *   calls. When the client has none to give, it does not think.
 * - The budget is less than max_tokens: it is cut to half of that, but where
 *   less than the least budget would remain, max_tokens is raised.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/signature.h"

#define LEAST_BUDGET 1024

/* The largest budget leaves room for the usual max_tokens within the 32,000
 * tokens that Claude Opus 4 can write. */
static const struct effort {
	struct str name;
	const char *word; /* ours */
	int64_t budget_tokens;
} efforts[] = {
	{ STR("minimal"), "low", LEAST_BUDGET },
	{ STR("low"), "low", 2048 },
	{ STR("medium"), "medium", 8192 },
	{ STR("high"), "high", 16384 },
	{ STR("xhigh"), "xhigh", 23000 },
	{ STR("max"), "max", 23000 },
};
#define MEDIUM 2
#define HIGH 3

static bool is_asked(const struct chat_reasoning *reasoning);
static bool is_declined(const struct chat_reasoning *reasoning);
static bool forces_tool(const struct chat_request *request);
static void plan_none(struct anthropic_translation *t);
static void lose(struct anthropic_translation *t);
static void plan_adaptive(struct anthropic_translation *t);
static bool lacks_thinking(const struct chat_request *request);
static bool begins_with_thinking(const struct chat_message *message);
static void plan_budget(struct anthropic_translation *t);
static const struct effort *find_effort(struct anthropic_translation *t);

void anthropic_plan_thinking(struct anthropic_translation *t)
{
	const struct chat_reasoning *reasoning = &t->request->reasoning;
	bool wants = is_asked(reasoning) && !is_declined(reasoning);
	bool forced = forces_tool(t->request);

	t->max_tokens = t->request->max_tokens;
	if (t->max_tokens < 0)
		t->max_tokens = t->model.max_tokens;
	if (!anthropic_carries(t, FIELD_REASONING))
		return;
	if (is_declined(reasoning) || (forced && t->model.thinks_unasked))
		plan_none(t);
	else if (!wants)
		return;
	else if (forced || !t->model.thinks)
		lose(t);
	else if (t->model.adapts)
		plan_adaptive(t);
	else if (lacks_thinking(t->request))
		lose(t);
	else
		plan_budget(t);
}

static bool is_asked(const struct chat_reasoning *reasoning)
{
	return reasoning->effort.p || reasoning->budget_tokens != -1 ||
	       reasoning->enabled == CHAT_YES;
}

static bool is_declined(const struct chat_reasoning *reasoning)
{
	return reasoning->enabled == CHAT_NO || reasoning->budget_tokens == 0 ||
	       str_equal(reasoning->effort, S("none"));
}

static bool forces_tool(const struct chat_request *request)
{
	return request->tool_count > 0 &&
	       (request->tool_choice == CHAT_CHOICE_REQUIRED ||
		       request->tool_choice == CHAT_CHOICE_NAMED);
}

/* Some models cannot be told not to think, and some never do. */
static void plan_none(struct anthropic_translation *t)
{
	const struct chat_reasoning *reasoning = &t->request->reasoning;
	bool is_told = is_asked(reasoning) || is_declined(reasoning);

	if (t->model.thinks && !t->model.thinks_always)
		t->thinking = ANTHROPIC_THINKS_NOT;
	if (is_told && (t->model.thinks_always || !is_declined(reasoning)))
		lose(t);
}

static void lose(struct anthropic_translation *t)
{
	chat_losses_add_field(t->losses, NULL, FIELD_REASONING);
}

static void plan_adaptive(struct anthropic_translation *t)
{
	const struct chat_reasoning *reasoning = &t->request->reasoning;
	const struct effort *effort = find_effort(t);

	t->thinking = ANTHROPIC_THINKS_ADAPTIVELY;
	/* Not shown unless asked for, by the newest models. */
	t->thinking_display =
		reasoning->exclude == CHAT_YES ? "omitted" : "summarized";
	if (!reasoning->effort.p && reasoning->budget_tokens < 0)
		return; /* the model's own choice */
	if (!t->model.has_xhigh && strcmp(effort->word, "xhigh") == 0)
		effort = &efforts[HIGH];
	t->effort = effort->word;
}

static bool lacks_thinking(const struct chat_request *request)
{
	bool has_results = false;

	for (size_t i = request->message_count; i-- > 0;) {
		const struct chat_message *message = &request->messages[i];

		if (message->role == CHAT_TOOL ||
			message->role == CHAT_FUNCTION)
			has_results = true;
		else if (message->role == CHAT_ASSISTANT)
			return has_results && !begins_with_thinking(message);
	}
	return false;
}

static bool begins_with_thinking(const struct chat_message *message)
{
	const struct chat_part *part = message->parts;

	return part && anthropic_can_send_thinking(part);
}

bool anthropic_can_send_thinking(const struct chat_part *part)
{
	if (part->kind == CHAT_REDACTED_THINKING)
		return part->data.p &&
		       str_equal(part->signature.origin, S(ANTHROPIC_NAME));
	return part->kind == CHAT_THINKING &&
	       signature_is_from(&part->signature, S(ANTHROPIC_NAME));
}

static void plan_budget(struct anthropic_translation *t)
{
	const struct chat_reasoning *reasoning = &t->request->reasoning;
	int64_t budget = reasoning->budget_tokens;

	if (budget < 0)
		budget = find_effort(t)->budget_tokens;
	if (budget < LEAST_BUDGET)
		budget = LEAST_BUDGET;
	if (t->request->max_tokens < 0)
		t->max_tokens += budget;
	else if (budget >= t->max_tokens)
		budget = t->max_tokens / 2;
	if (budget < LEAST_BUDGET) {
		budget = LEAST_BUDGET;
		t->max_tokens += LEAST_BUDGET;
	}
	t->thinking = ANTHROPIC_THINKS_BY_BUDGET;
	t->thinking_budget = budget;
	if (reasoning->exclude == CHAT_YES)
		t->thinking_display = "omitted";
}

/* By its name, or by the budget: the largest that is not above it. Of
 * neither, or a name that is not known, a medium one. */
static const struct effort *find_effort(struct anthropic_translation *t)
{
	const struct chat_reasoning *reasoning = &t->request->reasoning;
	const struct effort *found = &efforts[MEDIUM];

	for (size_t i = 0; i < ARRAY_LEN(efforts); i++)
		if (str_equal(reasoning->effort, efforts[i].name))
			return &efforts[i];
	if (reasoning->effort.p)
		lose(t);
	if (reasoning->budget_tokens <= 0)
		return found;
	found = &efforts[0];
	for (size_t i = 1; i <= HIGH; i++)
		if (efforts[i].budget_tokens <= reasoning->budget_tokens)
			found = &efforts[i];
	return found;
}
