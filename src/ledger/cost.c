/*
 * cost.c - rows of a list of usage, for whoever pays.
 */
#include "ledger/cost.h"

#include "ledger/usage_list.h"

static bool load(struct db *db, const struct usage_scope *scope,
	enum usage_by by, struct arena *arena, struct cost **out, size_t *count,
	struct error *err);

bool cost_by_provider(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err)
{
	return load(db, scope, USAGE_BY_PROVIDER, arena, out, count, err);
}

bool cost_by_user(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err)
{
	assert(scope->project_id > 0 && scope->step == USAGE_DAYS);
	return load(db, scope, USAGE_BY_USER, arena, out, count, err);
}

static bool load(struct db *db, const struct usage_scope *scope,
	enum usage_by by, struct arena *arena, struct cost **out, size_t *count,
	struct error *err)
{
	struct usage_row *rows;

	if (!usage_list(db, scope, by, USAGE_DEAREST, 0, COST_MAX_ROWS, arena,
		    &rows, count, err))
		return false;
	*out = ARENA_ARRAY(arena, struct cost, *count + 1);
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = (struct cost){
			.name = rows[i].name,
			.requests = rows[i].requests,
			.errors = rows[i].errors,
			.prompt_tokens = rows[i].prompt_tokens,
			.completion_tokens = rows[i].completion_tokens,
			.cost_picousd = rows[i].cost_picousd,
			.saved_picousd = rows[i].saved_picousd,
		};
	return true;
}
