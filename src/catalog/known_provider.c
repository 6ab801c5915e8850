/*
 * known_provider.c - the addresses that recorded exchanges with these
 * providers went to.
 *
 * Mistral and the Hugging Face router end every recorded stream with its
 * usage although no request asked for it, and Mistral refuses members that it
 * does not know.
 */
#include "catalog/known_provider.h"

#define BEARER STR("bearer")
#define OPENAI_CHAT STR("openai_chat")

static const struct known_provider table[] = {
	{ .name = STR("openai"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://api.openai.com/v1"),
		.auth = BEARER },
	{ .name = STR("deepseek"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://api.deepseek.com"),
		.auth = BEARER },
	{ .name = STR("groq"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://api.groq.com/openai/v1"),
		.auth = BEARER },
	{ .name = STR("mistral"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://api.mistral.ai/v1"),
		.auth = BEARER,
		.quirks = { .stream_usage = STREAM_USAGE_ALWAYS } },
	{ .name = STR("openrouter"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://openrouter.ai/api/v1"),
		.auth = BEARER },
	{ .name = STR("together"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://api.together.xyz/v1"),
		.auth = BEARER },
	{ .name = STR("xai"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://api.x.ai/v1"),
		.auth = BEARER },
	{ .name = STR("huggingface"),
		.dialect = OPENAI_CHAT,
		.base_url = STR("https://router.huggingface.co/v1"),
		.auth = BEARER,
		.quirks = { .stream_usage = STREAM_USAGE_ALWAYS } },
};

const struct known_provider *known_provider_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (str_equal(name, table[i].name))
			return &table[i];
	}
	return NULL;
}
