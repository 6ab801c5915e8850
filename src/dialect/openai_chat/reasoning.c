/*
 * reasoning.c - how much a model is to think, in the three ways
 * in which providers of this format are told:
 *
 * reasoning_effort   OpenAI and most others: a word; Mistral knows two
 * reasoning          OpenRouter: an object with a word or a number of tokens
 * thinking           DeepSeek, Z.ai: on or off; DeepSeek takes the word too
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/losses.h"

#define REASONING(name, kind, field)                                           \
	{                                                                      \
		name, kind, offsetof(struct chat_reasoning, field), NULL, NULL \
	}

static bool read_thinking_type(
	struct json value, void *into, struct arena *arena);
static void write_thinking_type(const void *from, const struct shape_out *out);

static const struct shape_row reasoning_rows[] = {
	REASONING("effort", SHAPE_TEXT, effort),
	REASONING("max_tokens", SHAPE_COUNT, budget_tokens),
	REASONING("enabled", SHAPE_FLAG, enabled),
	REASONING("exclude", SHAPE_FLAG, exclude),
	REASONING("summary", SHAPE_TEXT, summary),
};
static const struct shape reasoning_shape = SHAPE_OF(reasoning_rows);

static const struct shape_row thinking_rows[] = {
	{ "type", SHAPE_SPECIAL, 0, read_thinking_type, write_thinking_type },
	REASONING("budget_tokens", SHAPE_COUNT, budget_tokens),
};
static const struct shape thinking_shape = SHAPE_OF(thinking_rows);

static bool read_object(struct json value, struct str member,
	const struct shape *shape, struct chat_request *request,
	struct arena *arena);
static bool is_off(const struct chat_reasoning *reasoning);
static bool is_said(const struct chat_reasoning *reasoning);
static struct str effort_of_budget(int64_t tokens);
static void adapt_to_effort(struct chat_reasoning *reasoning,
	const struct chat_reasoning *wanted, struct chat_losses *losses);
static void adapt_to_two_words(
	struct chat_reasoning *reasoning, const struct chat_reasoning *wanted);
static void adapt_to_object(
	struct chat_reasoning *reasoning, const struct chat_reasoning *wanted);
static void adapt_to_thinking(
	struct chat_reasoning *reasoning, const struct chat_reasoning *wanted);

bool openai_chat_read_effort(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (!json_text(value, arena, &request->reasoning.effort))
		return false;
	request->reasoning.member = S("reasoning_effort");
	return true;
}

bool openai_chat_read_reasoning(
	struct json value, void *into, struct arena *arena)
{
	return read_object(
		value, S("reasoning"), &reasoning_shape, into, arena);
}

bool openai_chat_read_thinking(
	struct json value, void *into, struct arena *arena)
{
	return read_object(value, S("thinking"), &thinking_shape, into, arena);
}

static bool read_object(struct json value, struct str member,
	const struct shape *shape, struct chat_request *request,
	struct arena *arena)
{
	struct chat_reasoning *reasoning = &request->reasoning;

	if (reasoning->member.p || value.type != JSON_TYPE_OBJECT)
		return false;
	reasoning->member = member;
	reasoning->extra.within = arena_cstr(arena, member);
	shape_read(shape, value, reasoning, &reasoning->extra, arena);
	return true;
}

void openai_chat_write_reasoning(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_reasoning *reasoning = &request->reasoning;
	struct str member = reasoning->member;

	if (str_equal(member, S("reasoning")))
		openai_chat_write_inner("reasoning", &reasoning_shape,
			reasoning, &reasoning->extra, out);
	else if (str_equal(member, S("thinking")))
		openai_chat_write_inner("thinking", &thinking_shape, reasoning,
			&reasoning->extra, out);
	if (reasoning->effort.p && !str_equal(member, S("reasoning")))
		json_member_str(out->w, "reasoning_effort", reasoning->effort);
}

static bool read_thinking_type(
	struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	(void)arena;
	if (json_text_is(value, S("enabled")))
		reasoning->enabled = CHAT_YES;
	else if (json_text_is(value, S("disabled")))
		reasoning->enabled = CHAT_NO;
	return reasoning->enabled != CHAT_UNSET;
}

static void write_thinking_type(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;

	if (reasoning->enabled != CHAT_UNSET)
		json_member_str(out->w, "type",
			reasoning->enabled == CHAT_YES ? S("enabled")
						       : S("disabled"));
}

void openai_chat_adapt_reasoning(struct chat_reasoning *reasoning,
	const struct dialect_traits *traits, struct chat_losses *losses)
{
	const struct chat_reasoning wanted = *reasoning;

	*reasoning = (struct chat_reasoning){ .budget_tokens = -1 };
	if (!is_said(&wanted))
		return;
	switch (traits ? traits->reasoning : REASONING_EFFORT) {
	case REASONING_EFFORT:
		adapt_to_effort(reasoning, &wanted, losses);
		break;
	case REASONING_HIGH_OR_NONE:
		adapt_to_two_words(reasoning, &wanted);
		break;
	case REASONING_OBJECT: adapt_to_object(reasoning, &wanted); break;
	case REASONING_THINKING: adapt_to_thinking(reasoning, &wanted); break;
	}
}

static bool is_off(const struct chat_reasoning *reasoning)
{
	return reasoning->enabled == CHAT_NO || reasoning->budget_tokens == 0 ||
	       str_equal(reasoning->effort, S("none"));
}

static bool is_said(const struct chat_reasoning *reasoning)
{
	return reasoning->effort.p || reasoning->budget_tokens != -1 ||
	       reasoning->enabled != CHAT_UNSET;
}

/*
 * Google tells what a word is worth in tokens (low 1024, medium 8192, high
 * 24576: https://ai.google.dev/gemini-api/docs/openai#thinking); a number
 * becomes the nearest of these. -2, as the model likes, is the middle.
 */
static struct str effort_of_budget(int64_t tokens)
{
	static const struct {
		int64_t below_tokens;
		struct str effort;
	} efforts[] = {
		{ 0, STR("medium") },
		{ 4608, STR("low") },
		{ 16384, STR("medium") },
		{ INT64_MAX, STR("high") },
	};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(efforts) && tokens >= efforts[i].below_tokens)
		i++;
	return efforts[i].effort;
}

/* "none" is for newer models alone, and an error for the others: so it is
 * sent only to those who say it themselves. */
static void adapt_to_effort(struct chat_reasoning *reasoning,
	const struct chat_reasoning *wanted, struct chat_losses *losses)
{
	if (wanted->effort.p)
		reasoning->effort = wanted->effort;
	else if (!is_off(wanted))
		reasoning->effort = effort_of_budget(
			wanted->budget_tokens < 0 ? -2 : wanted->budget_tokens);
	else if (!wanted->is_default)
		chat_losses_add_field(losses, NULL, FIELD_REASONING);
	reasoning->member = S("reasoning_effort");
}

/* Mistral's models think or do not (its specification: ChatCompletionRequest).
 * Not every one knows the member, so what is asked by default goes unsaid. */
static void adapt_to_two_words(
	struct chat_reasoning *reasoning, const struct chat_reasoning *wanted)
{
	if (is_off(wanted) && wanted->is_default)
		return;
	reasoning->member = S("reasoning_effort");
	reasoning->effort = is_off(wanted) ? S("none") : S("high");
}

/* A word or a number, not both: https://openrouter.ai/docs/use-cases/
 * reasoning-tokens */
static void adapt_to_object(
	struct chat_reasoning *reasoning, const struct chat_reasoning *wanted)
{
	reasoning->member = S("reasoning");
	reasoning->exclude = wanted->exclude;
	if (is_off(wanted))
		reasoning->enabled = CHAT_NO;
	else if (wanted->effort.p)
		reasoning->effort = wanted->effort;
	else if (wanted->budget_tokens > 0)
		reasoning->budget_tokens = wanted->budget_tokens;
	else
		reasoning->enabled = CHAT_YES;
}

/* https://api-docs.deepseek.com/guides/thinking_mode */
static void adapt_to_thinking(
	struct chat_reasoning *reasoning, const struct chat_reasoning *wanted)
{
	reasoning->member = S("thinking");
	reasoning->enabled = is_off(wanted) ? CHAT_NO : CHAT_YES;
	if (reasoning->enabled == CHAT_YES)
		reasoning->effort = wanted->effort;
}
