/*
 * provider_list.c - all providers; of their keys only the last characters.
 */
#include "catalog/catalog.h"
#include "cli/command.h"

#define MAX_QUIRKS_BYTES 4096

static void show(struct session *session, const struct provider *provider);
static void show_hosts(
	struct session *session, const struct provider *provider);

static bool run(struct session *session, struct error *err)
{
	struct catalog *catalog;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < catalog->provider_count; i++)
		show(session, catalog->providers[i]);
	catalog_free(catalog);
	return true;
}

static void show(struct session *session, const struct provider *provider)
{
	struct output *output = &session->output;
	struct str *hints = ARENA_ARRAY(
		&session->arena, struct str, provider->key_count + 1);
	struct buf quirks = BUF_INIT(MAX_QUIRKS_BYTES);
	size_t count = 0;

	for (const struct provider_key *key = provider->keys; key;
		key = key->next)
		hints[count++] = arena_printf(&session->arena, "%.*s ...%.*s",
			STR_ARG(key->name), STR_ARG(key->hint));
	quirks_write(&provider->quirks, &quirks);
	output_row(output);
	output_int(output, "id", provider->id);
	output_str(output, "name", provider->name);
	output_str(output, "dialect", provider->dialect);
	output_str(output, "base_url", provider->base_url);
	output_str(output, "auth", provider->auth);
	output_json(output, "quirks", buf_str(&quirks));
	output_int(output, "weight", provider->weight);
	output_bool(output, "enabled", provider->enabled);
	output_names(output, "keys", hints, count);
	show_hosts(session, provider);
	buf_release(&quirks);
}

static void show_hosts(struct session *session, const struct provider *provider)
{
	struct str *urls = ARENA_ARRAY(
		&session->arena, struct str, provider->host_count + 1);
	size_t count = 0;

	for (const struct provider_host *host = provider->hosts; host;
		host = host->next)
		urls[count++] = arena_copy(&session->arena, host->base_url);
	output_names(&session->output, "hosts", urls, count);
}

const struct command command_provider_list = {
	.words = "provider list",
	.operands = "",
	.help = "list the providers",
	.needs = NEEDS_DATABASE,
	.run = run,
};
