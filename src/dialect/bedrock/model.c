/*
 * model.c - what a model takes, by its name.
 *
 * The name begins with its maker's, behind a region at times:
 * "anthropic.claude-...", "us.amazon.nova-...". A name that says no maker (an
 * ARN of the client's own) is taken for Claude's: most are, and the others
 * have their provider's row to say what is not supported.
 *
 * From https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 * (Nova caches no tools), .../APIReference/API_runtime_ToolResultBlock.html
 * (who takes a status), .../userguide/structured-output.html (strict tools) and
 * .../nova/latest/nova2-userguide/using-converse-api.html
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/anthropic/anthropic.h"

/* The first that the name holds. */
static const struct maker {
	struct str word;
	enum bedrock_maker maker;
	bool takes_strict;
} makers[] = {
	{ STR("anthropic."), BEDROCK_ANTHROPIC, true },
	{ STR("amazon.nova-2"), BEDROCK_NOVA_2, false },
	{ STR("amazon.nova"), BEDROCK_NOVA, false },
	{ STR("openai.gpt-oss"), BEDROCK_GPT_OSS, true },
	{ STR("ai21."), BEDROCK_OTHER, false },
	{ STR("amazon."), BEDROCK_OTHER, false },
	{ STR("cohere."), BEDROCK_OTHER, false },
	{ STR("deepseek."), BEDROCK_OTHER, true },
	{ STR("google."), BEDROCK_OTHER, true },
	{ STR("meta."), BEDROCK_OTHER, false },
	{ STR("minimax."), BEDROCK_OTHER, true },
	{ STR("mistral."), BEDROCK_OTHER, true },
	{ STR("moonshot"), BEDROCK_OTHER, true },
	{ STR("nvidia."), BEDROCK_OTHER, true },
	{ STR("openai."), BEDROCK_OTHER, true },
	{ STR("qwen."), BEDROCK_OTHER, true },
	{ STR("writer."), BEDROCK_OTHER, false },
	{ STR("zai."), BEDROCK_OTHER, false },
};

static const struct maker *maker_of(struct str name);

struct bedrock_model bedrock_model_get(struct str name)
{
	const struct maker *row = maker_of(name);
	enum bedrock_maker maker = row->maker;
	bool is_nova = maker == BEDROCK_NOVA || maker == BEDROCK_NOVA_2;
	bool is_claude = maker == BEDROCK_ANTHROPIC;
	struct bedrock_model out = { .maker = maker,
		.caches = is_claude || is_nova,
		.caches_tools = is_claude,
		.takes_result_status = is_claude || is_nova,
		.takes_sampling = true,
		.takes_both_samplings = true,
		.takes_strict = row->takes_strict };
	struct anthropic_model claude = anthropic_model_get(name);

	if (!is_claude)
		return out;
	out.takes_sampling = claude.takes_sampling;
	out.takes_both_samplings = claude.takes_both;
	out.takes_strict = claude.takes_strict;
	out.thinks_unasked = claude.thinks_unasked && !claude.thinks_always;
	out.has_xhigh = claude.has_xhigh;
	if (claude.adapts)
		out.thinking = BEDROCK_THINKS_ADAPTIVE;
	else if (claude.thinks)
		out.thinking = BEDROCK_THINKS_BUDGET;
	return out;
}

static const struct maker *maker_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		if (str_find(name, makers[i].word) < name.n)
			return &makers[i];
	return &makers[0];
}
