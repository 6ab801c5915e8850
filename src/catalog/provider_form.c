/*
 * provider_form.c - from what a person says of a provider to what is saved.
 */
#include "catalog/base_url.h"
#include "catalog/catalog.h"
#include "catalog/known_provider.h"
#include "catalog/sync_shipped.h"
#include "crypto/aws_sign.h"

static void copy_stored(struct provider *out, const struct provider *stored,
	struct arena *arena);

bool provider_prefill(struct db *db, struct str name, struct arena *arena,
	struct provider *out, struct error *err)
{
	const struct known_provider *known = known_provider_find(name);
	const struct provider *stored;
	struct catalog *catalog;

	*out = (struct provider){
		.name = name, .auth = STR("bearer"), .weight = 1
	};
	if (!catalog_load(db, &catalog, err))
		return false;
	stored = catalog_find_provider(catalog, name);
	if (stored) {
		copy_stored(out, stored, arena);
	} else if (known) {
		out->dialect = known->dialect;
		out->base_url = known->base_url;
		out->auth = known->auth;
		known_provider_quirks(known, &out->quirks);
	}
	catalog_free(catalog);
	return true;
}

static void copy_stored(struct provider *out, const struct provider *stored,
	struct arena *arena)
{
	out->id = stored->id;
	out->dialect = arena_copy(arena, stored->dialect);
	out->base_url = arena_copy(arena, stored->base_url);
	out->auth = arena_copy(arena, stored->auth);
	out->quirks = stored->quirks;
	out->weight = stored->weight;
	out->requests_per_minute = stored->requests_per_minute;
	out->tokens_per_minute = stored->tokens_per_minute;
	out->concurrent = stored->concurrent;
	out->timeouts = stored->timeouts;
	out->enabled = stored->enabled;
}

/* A stored address is checked again: the settings may have become stricter. */
bool provider_check_form(struct provider *provider, bool allow_private,
	struct arena *arena, struct error *err)
{
	if (provider->dialect.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "dialect",
			"This provider is not known here: give its dialect "
			"and its base URL.");
	if (!provider_read_dialects(provider, err))
		return false;
	if (provider->base_url.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "base_url",
			"The address of this provider is not known here: give "
			"its base URL.");
	return base_url_read(provider->base_url, allow_private, arena,
		&provider->base_url, err);
}

/* Who else is at another address may serve others. */
bool provider_add_models(struct db *db, const struct settings *settings,
	const struct provider *provider, struct arena *arena, size_t *added,
	struct error *err)
{
	const struct known_provider *known =
		known_provider_find(provider->name);

	*added = 0;
	return !known || !str_equal(known->base_url, provider->base_url) ||
	       sync_add_shipped(
		       db, settings, provider->name, arena, added, err);
}

bool provider_key_check_form(
	struct str auth, struct str text, struct error *err)
{
	struct aws_credentials credentials;

	return !str_equal(auth, S("aws")) ||
	       aws_credentials_read(text, &credentials, err);
}
