/*
 * alias_list.c - all aliases with their models.
 */
#include "catalog/catalog.h"
#include "cli/command.h"

static void show(struct session *session, const struct alias *alias);

static bool run(struct session *session, struct error *err)
{
	struct catalog *catalog;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < catalog->alias_count; i++)
		show(session, catalog->aliases[i]);
	catalog_free(catalog);
	return true;
}

static void show(struct session *session, const struct alias *alias)
{
	struct output *output = &session->output;
	struct str *models =
		ARENA_ARRAY(&session->arena, struct str, alias->target_count);
	size_t count = 0;

	for (const struct alias_target *target = alias->targets; target;
		target = target->next)
		models[count++] = target->model;
	output_row(output);
	output_int(output, "id", alias->id);
	output_str(output, "name", alias->name);
	output_int_or_null(output, "project_id", alias->project_id);
	output_str(output, "strategy",
		str_of(alias_strategy_name(alias->strategy)));
	output_names(output, "models", models, count);
}

const struct command command_alias_list = {
	.words = "alias list",
	.operands = "",
	.help = "list the aliases",
	.needs = NEEDS_DATABASE,
	.run = run,
};
