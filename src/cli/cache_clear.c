/*
 * cache_clear.c - remove answers from the response cache of this machine.
 */
#include "accounts/names.h"
#include "cli/cache.h"

static const struct option_row options[] = {
	{ "project", "PROJECT", "of one project (default: of all)" },
	{ NULL, NULL, NULL },
};

static bool fits(struct str name, const void *context);
static bool clear_fleet(
	struct session *session, int64_t project_id, struct error *err);

static bool run(struct session *session, struct error *err)
{
	bool has_pattern = session->arguments.word_count > 0;
	struct str pattern = has_pattern ? session_operand(session, 0) : S("");
	struct cache *cache;
	int64_t project_id;
	size_t removed = 0;
	bool ok;

	if (!cache_session_open(session, &cache, &project_id, err))
		return false;
	ok = !cache || cache_clear(cache, project_id, has_pattern ? fits : NULL,
			       &pattern, &removed, err);
	cache_close(cache);
	ok = ok && clear_fleet(session, project_id, err);
	output_int(&session->output, "removed", (int64_t)removed);
	return ok;
}

static bool fits(struct str name, const void *context)
{
	return name_list_allows((struct name_list){ context, 1 }, name);
}

/* Names in Redis do not tell the model: all of the project goes. */
static bool clear_fleet(
	struct session *session, int64_t project_id, struct error *err)
{
	struct cache_fleet *fleet;
	bool ok;

	if (!cache_fleet_open(&session->settings, &fleet, err))
		return false;
	ok = !fleet || cache_fleet_clear(fleet, project_id, err);
	cache_fleet_close(fleet);
	return ok;
}

const struct command command_cache_clear = {
	.words = "cache clear",
	.operands = "[PATTERN]",
	.help = "remove answers; PATTERN is of provider/model: 'openai/*'",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
