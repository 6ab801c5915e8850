/*
 * alias_set.c - a name that stands for models, tried in the order given.
 */
#include "accounts/names.h"
#include "accounts/project.h"
#include "catalog/catalog.h"
#include "cli/command.h"

#define MAX_WEIGHT 1000000

static const struct option_row options[] = {
	{ "project", "PROJECT", "only there (default: in every project)" },
	{ "strategy", "ordered|weighted|least_latency",
		"which goes first; the others follow when it fails "
		"(default: ordered)" },
	{ "weights", "N[,N...]", "of the models, in their order" },
	{ NULL, NULL, NULL },
};

static bool check_models(
	struct session *session, struct name_list models, struct error *err);
static bool read_strategy(struct session *session, struct alias_change *change,
	struct error *err);
static bool read_weights(struct session *session, struct alias_change *change,
	struct error *err);
static bool refuse_model(
	const struct catalog *catalog, struct str name, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct str project_name =
		arguments_text(&session->arguments, "project");
	struct output *output = &session->output;
	struct str name = session_operand(session, 0);
	struct project project = { .id = 0 };
	struct alias_change change;
	struct name_list models;
	bool created;
	int64_t id;

	if (!name_list_split(session_operand(session, 1), "models",
		    &session->arena, &models, err) ||
		!session_begin_change(session, err) ||
		!check_models(session, models, err) ||
		(project_name.n && !project_find(session->db, project_name,
					   &project, err)))
		return false;
	change = (struct alias_change){ .project_id = project.id,
		.name = name,
		.models = models.names,
		.count = models.count };
	if (!read_strategy(session, &change, err) ||
		!alias_set(session->db, &change, &id, &created, err))
		return false;
	output_int(output, "id", id);
	output_str(output, "name", name);
	if (project_name.n)
		output_str(output, "project", project_name);
	else
		output_null(output, "project");
	output_str(output, "strategy",
		str_of(alias_strategy_name(change.strategy)));
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

/* Weights without a strategy say which one is meant. */
static bool read_strategy(
	struct session *session, struct alias_change *change, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "strategy");
	bool has_weights = arguments_has(&session->arguments, "weights");

	change->strategy = has_weights ? ALIAS_WEIGHTED : ALIAS_ORDERED;
	if (name.n && !alias_strategy_read(name, &change->strategy, err))
		return false;
	if (change->strategy == ALIAS_AUTO)
		return error_refuse(err, ERR_BAD_REQUEST, "strategy",
			"Nothing chooses models by itself here: --strategy is "
			"ordered, weighted or least_latency.");
	if (has_weights && change->strategy != ALIAS_WEIGHTED)
		return error_refuse(err, ERR_BAD_REQUEST, "weights",
			"--weights go with --strategy weighted.");
	return !has_weights || read_weights(session, change, err);
}

static bool read_weights(
	struct session *session, struct alias_change *change, struct error *err)
{
	struct str rest = arguments_text(&session->arguments, "weights");
	int64_t *weights =
		ARENA_ARRAY(&session->arena, int64_t, change->count + 1);
	struct str word;
	size_t count = 0;

	while (str_next_field(&rest, ',', &word)) {
		if (count == change->count ||
			!str_to_int64_in(
				str_trim(word), 0, MAX_WEIGHT, &weights[count]))
			break;
		count++;
	}
	if (rest.n > 0 || count != change->count)
		return error_refuse(err, ERR_BAD_REQUEST, "weights",
			"--weights are whole numbers from 0 to %d, one for "
			"each model.",
			MAX_WEIGHT);
	change->weights = weights;
	return true;
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
