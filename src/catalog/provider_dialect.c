/*
 * provider_dialect.c - which formats a provider takes.
 *
 * One that takes several spares its clients translation: OpenAI answers both
 * its older and its newer format.
 */
#include "catalog/provider.h"

#include "dialect/service/service.h"

static bool add(struct provider *provider, struct str name, struct error *err);

bool provider_read_dialects(struct provider *provider, struct error *err)
{
	struct str rest = provider->dialect;

	provider->dialect_count = 0;
	do {
		struct str name = str_head(rest, str_index(rest, ','));

		if (!add(provider, str_trim(name), err))
			return false;
		rest = str_from(rest, name.n + 1);
	} while (rest.n > 0);
	return true;
}

static bool add(struct provider *provider, struct str name, struct error *err)
{
	const struct dialect *dialect = dialect_find(name);

	if (!dialect && service_find(name, SERVICE_EMBEDDINGS))
		return true; /* it embeds, and does not chat */
	if (!dialect)
		return error_refuse(err, ERR_BAD_FIELD, "dialect",
			"There is no dialect '%.*s'.", STR_ARG(name));
	if (provider->dialect_count == PROVIDER_DIALECTS)
		return error_refuse(err, ERR_BAD_FIELD, "dialect",
			"A provider has at most %d dialects.",
			PROVIDER_DIALECTS);
	provider->dialects[provider->dialect_count++] = dialect;
	return true;
}

struct str provider_first_dialect(const struct provider *provider)
{
	return str_trim(
		str_head(provider->dialect, str_index(provider->dialect, ',')));
}

const struct dialect *provider_dialect_for(
	const struct provider *provider, const struct dialect *client)
{
	for (size_t i = 0; i < provider->dialect_count; i++)
		if (provider->dialects[i] == client)
			return client;
	return provider->dialect_count > 0 ? provider->dialects[0] : NULL;
}
