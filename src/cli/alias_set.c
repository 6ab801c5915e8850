/*
 * alias_set.c - a name that stands for models, tried in the order given.
 */
#include "accounts/names.h"
#include "accounts/project.h"
#include "catalog/catalog.h"
#include "cli/command.h"

static const struct option_row options[] = {
	{ "project", "PROJECT", "only there (default: in every project)" },
	{ NULL, NULL, NULL },
};

static bool check_models(
	struct session *session, struct name_list models, struct error *err);
static bool refuse_model(
	const struct catalog *catalog, struct str name, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct str project_name =
		arguments_text(&session->arguments, "project");
	struct output *output = &session->output;
	struct str name = session_operand(session, 0);
	struct project project = { .id = 0 };
	struct name_list models;
	bool created;
	int64_t id;

	if (!name_list_split(session_operand(session, 1), "models",
		    &session->arena, &models, err) ||
		!session_begin_change(session, err) ||
		!check_models(session, models, err) ||
		(project_name.n && !project_find(session->db, project_name,
					   &project, err)) ||
		!alias_set(session->db, project.id, name, models.names,
			models.count, &id, &created, err))
		return false;
	output_int(output, "id", id);
	output_str(output, "name", name);
	if (project_name.n)
		output_str(output, "project", project_name);
	else
		output_null(output, "project");
	output_names(output, "models", models.names, models.count);
	output_bool(output, "created", created);
	return session_commit_change(session, "alias.set", id, name, err);
}

static bool check_models(
	struct session *session, struct name_list models, struct error *err)
{
	const struct model *const *found;
	struct catalog *catalog;
	bool ok = true;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	for (size_t i = 0; ok && i < models.count; i++)
		ok = catalog_find_models(catalog, models.names[i], &found) ||
		     refuse_model(catalog, models.names[i], err);
	catalog_free(catalog);
	return ok;
}

static bool refuse_model(
	const struct catalog *catalog, struct str name, struct error *err)
{
	struct str near[CATALOG_NEAR_NAMES];

	if (catalog_near_names(catalog, 0, name, NULL, NULL, near) == 0)
		return error_refuse(err, ERR_MODEL_NOT_FOUND, "models",
			"There is no model '%.*s'.", STR_ARG(name));
	return error_refuse(err, ERR_MODEL_NOT_FOUND, "models",
		"There is no model '%.*s'. Did you mean '%.*s'?", STR_ARG(name),
		STR_ARG(near[0]));
}

const struct command command_alias_set = {
	.words = "alias set",
	.operands = "NAME MODEL[,MODEL...]",
	.help = "let a name stand for models, tried in this order",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
