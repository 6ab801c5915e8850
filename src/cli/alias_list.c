/*
 * alias_list.c - all aliases with their models.
 */
#include "base/json.h"
#include "catalog/catalog.h"
#include "cli/command.h"

#define MAX_CONDITIONS_BYTES 65536

static void show(struct session *session, const struct alias *alias);
static struct str conditions_of(
	struct session *session, const struct alias *alias);

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
	output_json(output, "conditions", conditions_of(session, alias));
}

/* {"model": {...}}: those that not all requests go to. */
static struct str conditions_of(
	struct session *session, const struct alias *alias)
{
	struct buf json = BUF_INIT(MAX_CONDITIONS_BYTES);
	struct buf one = BUF_INIT(MAX_CONDITIONS_BYTES);
	struct json_writer w;
	struct str text;

	json_writer_init(&w, &json);
	json_begin_object(&w);
	for (const struct alias_target *target = alias->targets; target;
		target = target->next) {
		if (!target->condition)
			continue;
		buf_clear(&one);
		alias_condition_write(target->condition, &one);
		json_member_raw(&w, arena_cstr(&session->arena, target->model),
			buf_str(&one));
	}
	json_end_object(&w);
	text = arena_copy(&session->arena, buf_str(&json));
	buf_release(&one);
	buf_release(&json);
	return text;
}

const struct command command_alias_list = {
	.words = "alias list",
	.operands = "",
	.help = "list the aliases",
	.needs = NEEDS_DATABASE,
	.run = run,
};
