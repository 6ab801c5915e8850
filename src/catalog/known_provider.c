/*
 * known_provider.c - the addresses that recorded exchanges with these
 * providers went to, and what their references say they do not take.
 *
 * Mistral and the Hugging Face router end every recorded stream with its
 * usage although no request asked for it, and Mistral refuses members that it
 * does not know (its specification: ChatCompletionRequest). Sound is a plain
 * text to it: https://docs.mistral.ai/capabilities/audio_transcription
 *
 * `unsupported` only matters for what is translated. Sources:
 * https://developers.openai.com/api/reference (chat completions),
 * https://console.groq.com/docs/openai,
 * https://inference-docs.cerebras.ai/resources/openai,
 * https://api-docs.deepseek.com/api/create-chat-completion.
 *
 * How long the beginning of a prompt is kept that is not used again: 5 minutes,
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching; 5 to
 * 10, https://developers.openai.com/api/docs/guides/prompt-caching; 2 hours,
 * https://console.groq.com/docs/prompt-caching; hours to days,
 * https://api-docs.deepseek.com/guides/kv_cache. Others do not say, or only
 * the most (24 hours,
 * https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/context-cache/context-cache-overview):
 * the ordinary 5 minutes stand for them.
 */
#include "catalog/known_provider.h"

#define BEARER STR("bearer")
#define OPENAI_CHAT STR("openai_chat")
#define OPENAI_BOTH STR("openai_chat,openai_responses")

/* What OpenAI's older format has got from others since. */
#define NOT_OPENAI "top_k+min_p+repetition_penalty+cache_control"
/* What few others have taken over from OpenAI. */
#define ONLY_OPENAI "verbosity+custom+modalities+prompt_cache_key"

static const struct known_provider table[] = {
	{ STR("openai"), OPENAI_BOTH, STR("https://api.openai.com/v1"), BEARER,
		{ "max_tokens=max_completion_tokens",
			"unsupported=" NOT_OPENAI "+video_url" } },
	/* https://RESOURCE.openai.azure.com/openai/v1 or, by deployment,
	 * https://RESOURCE.openai.azure.com/openai/deployments/{model}
	 * ?api-version=2024-10-21 with openai_chat alone. */
	{ STR("azure"), OPENAI_BOTH, STR(""), STR("api-key"),
		{ "max_tokens=max_completion_tokens",
			"unsupported=" NOT_OPENAI "+video_url" } },
	{ STR("anthropic"), STR("anthropic"),
		STR("https://api.anthropic.com/v1"), STR("x-api-key"),
		{ NULL } },
	{ STR("gemini"), STR("gemini"),
		STR("https://generativelanguage.googleapis.com/v1beta"),
		STR("x-goog-api-key"), { NULL } },
	{ STR("mistral"), OPENAI_CHAT, STR("https://api.mistral.ai/v1"), BEARER,
		{ "stream_usage=always", "reasoning=high_or_none", "audio=text",
			"unsupported=" NOT_OPENAI "+" ONLY_OPENAI
			"+seed+logprobs+top_logprobs+logit_bias+user+"
			"service_tier+video_url+file+refusal" } },
	{ STR("deepseek"), OPENAI_BOTH, STR("https://api.deepseek.com"), BEARER,
		{ "reasoning=thinking", "prompt_cache=1h",
			"unsupported=" NOT_OPENAI "+" ONLY_OPENAI
			"+seed+n+logit_bias+metadata+service_tier+"
			"parallel_tool_calls+video_url" } },
	{ STR("cohere"), STR("cohere"), STR("https://api.cohere.com/v2"),
		BEARER, { NULL } },
	{ STR("voyage"), STR("voyage"), STR("https://api.voyageai.com/v1"),
		BEARER, { NULL } },
	{ STR("groq"), OPENAI_CHAT, STR("https://api.groq.com/openai/v1"),
		BEARER,
		{ "max_tokens=max_completion_tokens", "prompt_cache=1h",
			"unsupported=" NOT_OPENAI "+" ONLY_OPENAI
			"+logprobs+top_logprobs+logit_bias+name+n+"
			"video_url" } },
	{ STR("openrouter"), OPENAI_BOTH, STR("https://openrouter.ai/api/v1"),
		BEARER, { "reasoning=reasoning" } },
	{ STR("together"), OPENAI_CHAT, STR("https://api.together.xyz/v1"),
		BEARER, { "unsupported=" ONLY_OPENAI } },
	{ STR("xai"), OPENAI_BOTH, STR("https://api.x.ai/v1"), BEARER,
		{ "unsupported=" NOT_OPENAI "+logit_bias+video_url" } },
	{ STR("perplexity"), OPENAI_CHAT, STR("https://api.perplexity.ai"),
		BEARER, { "unsupported=" ONLY_OPENAI } },
	{ STR("cerebras"), OPENAI_CHAT, STR("https://api.cerebras.ai/v1"),
		BEARER,
		{ "max_tokens=max_completion_tokens",
			"unsupported=" NOT_OPENAI "+" ONLY_OPENAI
			"+frequency_penalty+presence_penalty+logit_bias+"
			"video_url" } },
	{ STR("zai"), OPENAI_CHAT, STR("https://api.z.ai/api/paas/v4"), BEARER,
		{ "reasoning=thinking" } },
	{ STR("huggingface"), OPENAI_CHAT,
		STR("https://router.huggingface.co/v1"), BEARER,
		{ "stream_usage=always" } },
	{ STR("ollama"), STR("ollama"), STR("http://127.0.0.1:11434"), BEARER,
		{ NULL } },
	/* https://bedrock-runtime.REGION.amazonaws.com */
	{ STR("bedrock"), STR("bedrock"), STR(""), STR("aws"), { NULL } },
};

const struct known_provider *known_provider_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (str_equal(name, table[i].name))
			return &table[i];
	}
	return NULL;
}

const struct known_provider *known_provider_at(size_t n)
{
	return n < ARRAY_LEN(table) ? &table[n] : NULL;
}

void known_provider_quirks(
	const struct known_provider *known, struct quirks *out)
{
	*out = (struct quirks){ 0 };
	for (size_t i = 0; i < KNOWN_QUIRKS && known->quirks[i]; i++) {
		struct error err;
		bool ok = quirks_set(out, str_of(known->quirks[i]), &err);

		assert(ok);
	}
}
