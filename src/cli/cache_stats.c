/*
 * cache_stats.c - what the response cache of this machine has and did, by
 * provider and model.
 */
#include "base/clock.h"
#include "cli/cache.h"

static const struct option_row options[] = {
	{ "project", "PROJECT", "of one project (default: of all)" },
	{ NULL, NULL, NULL },
};

static void show(struct output *output, const struct cache_share *share);

static bool run(struct session *session, struct error *err)
{
	struct cache_share *shares = NULL;
	struct cache *cache;
	int64_t project_id;
	bool ok;

	if (!cache_session_open(session, &cache, &project_id, err))
		return false;
	output_list(&session->output);
	ok = !cache || cache_shares(cache, project_id, clock_unix_ms(),
			       &session->arena, &shares, err);
	cache_close(cache);
	for (; ok && shares; shares = shares->next)
		show(&session->output, shares);
	return ok;
}

bool cache_session_open(struct session *session, struct cache **cache,
	int64_t *project_id, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "project");
	struct project project = { .id = CACHE_ALL_PROJECTS };

	if (name.n > 0 &&
		(!session_open_database(session, err) ||
			!project_find(session->db, name, &project, err)))
		return false;
	*project_id = project.id;
	return cache_open(&session->settings, false, cache, err);
}

static void show(struct output *output, const struct cache_share *share)
{
	output_row(output);
	output_str(output, "provider", share->provider);
	output_str(output, "model", share->model);
	output_int(output, "entries", share->entries);
	output_int(output, "bytes", share->bytes);
	output_int(output, "hits", share->counts.hits);
	output_int(output, "misses", share->counts.misses);
	output_int(output, "coalesced", share->counts.coalesced);
	output_usd(output, "saved_usd", share->counts.saved_picousd);
}

const struct command command_cache_stats = {
	.words = "cache stats",
	.operands = "",
	.help = "what the response cache has, and what it saved",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
