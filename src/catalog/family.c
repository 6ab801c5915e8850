/*
 * family.c - the names that LiteLLM, models.dev, genai-prices and OpenRouter
 * have for providers, and the hosts by which ours are recognised.
 *
 * Google sells the same models by two services at mostly the same prices: what
 * a catalogue says of Vertex counts where it says nothing of the Gemini API.
 */
#include "catalog/family.h"

#define SAME(name)                      \
	{                               \
		STR(name), STR(name), 0 \
	}
#define NAME(name, family)                \
	{                                 \
		STR(name), STR(family), 0 \
	}
#define RELATED(name, family)             \
	{                                 \
		STR(name), STR(family), 1 \
	}

static const struct family_name names[] = {
	SAME("openai"),
	NAME("text-completion-openai", "openai"),
	SAME("azure"),
	NAME("azure_text", "azure"),
	SAME("anthropic"),
	SAME("gemini"),
	NAME("google", "gemini"),
	RELATED("vertex_ai-language-models", "gemini"),
	RELATED("vertex_ai-embedding-models", "gemini"),
	RELATED("google-vertex", "gemini"),
	SAME("mistral"),
	SAME("deepseek"),
	SAME("cohere"),
	NAME("cohere_chat", "cohere"),
	SAME("voyage"),
	NAME("voyageai", "voyage"),
	SAME("groq"),
	SAME("openrouter"),
	SAME("together"),
	NAME("together_ai", "together"),
	NAME("togetherai", "together"),
	SAME("xai"),
	NAME("x-ai", "xai"),
	SAME("perplexity"),
	SAME("cerebras"),
	SAME("zai"),
	SAME("huggingface"),
	SAME("bedrock"),
	NAME("bedrock_converse", "bedrock"),
	NAME("amazon-bedrock", "bedrock"),
	NAME("aws", "bedrock"),
};

/* What the Gemini API serves; Vertex has models of other houses, too. */
static const struct str gemini_names[] = {
	STR("gemini"),
	STR("gemma"),
	STR("learnlm"),
	STR("imagen"),
	STR("embedding"),
	STR("text-embedding"),
};

/* A host, or with a dot before it the end of one. */
static const struct {
	struct str host;
	struct str family;
} hosts[] = {
	{ STR("api.openai.com"), STR("openai") },
	{ STR(".openai.azure.com"), STR("azure") },
	{ STR(".services.ai.azure.com"), STR("azure") },
	{ STR("api.anthropic.com"), STR("anthropic") },
	{ STR("generativelanguage.googleapis.com"), STR("gemini") },
	{ STR("api.mistral.ai"), STR("mistral") },
	{ STR("api.deepseek.com"), STR("deepseek") },
	{ STR("api.cohere.com"), STR("cohere") },
	{ STR("api.cohere.ai"), STR("cohere") },
	{ STR("api.voyageai.com"), STR("voyage") },
	{ STR("api.groq.com"), STR("groq") },
	{ STR("openrouter.ai"), STR("openrouter") },
	{ STR("api.together.xyz"), STR("together") },
	{ STR("api.together.ai"), STR("together") },
	{ STR("api.x.ai"), STR("xai") },
	{ STR("api.perplexity.ai"), STR("perplexity") },
	{ STR("api.cerebras.ai"), STR("cerebras") },
	{ STR("api.z.ai"), STR("zai") },
	{ STR("router.huggingface.co"), STR("huggingface") },
	{ STR(".amazonaws.com"), STR("bedrock") },
};

static struct str host_of(struct str url);

const struct family_name *family_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_equal(name, names[i].name))
			return &names[i];
	}
	return NULL;
}

bool family_serves(struct str family, struct str id)
{
	if (!str_equal(family, S("gemini")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(gemini_names); i++) {
		if (str_starts(id, gemini_names[i]))
			return true;
	}
	return false;
}

struct str family_of_provider(struct str name, struct str base_url)
{
	struct str host = host_of(base_url);
	const struct family_name *known;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		if (hosts[i].host.p[0] == '.' ? str_ends(host, hosts[i].host)
					      : str_equal(host, hosts[i].host))
			return hosts[i].family;
	}
	known = family_find(name);
	return known && known->rank == 0 ? known->family : S("");
}

/* Of a URL that base_url_read() accepted: no credentials in it. */
static struct str host_of(struct str url)
{
	struct str rest = str_from(url, str_find(url, S("://")) + 3);

	rest = str_head(rest, str_index(rest, '/'));
	return str_head(rest, str_index(rest, ':'));
}
