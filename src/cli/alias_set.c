/*
 * alias_set.c - a name that stands for models, tried in the order given.
 */
#include "accounts/names.h"
#include "accounts/project.h"
#include "catalog/catalog.h"
#include "cli/command.h"

static const struct option_row options[] = {
	{ "project", "PROJECT", "only there (default: in every project)" },
	{ "strategy", "ordered|weighted|least_latency|auto|cascade",
		"which goes first; the others follow when it fails "
		"(default: ordered). auto: the router says; cascade: a poor "
		"answer of the first is asked for again of the second" },
	{ "weights", "N[,N...]", "of the models, in their order" },
	{ "when", "MODEL:CONDITION[;CONDITION...]",
		"use the model only where all hold: complexity=simple,medium "
		"min_tokens=N max_tokens=N tags=A,B; for several models, say "
		"it several times" },
	{ "canary", "MODEL:PERCENT",
		"this share of the users gets the model first, nobody else "
		"gets it" },
	{ NULL, NULL, NULL },
};

static bool check_models(
	struct session *session, struct name_list models, struct error *err);
static bool read_strategy(struct session *session, struct alias_change *change,
	struct error *err);
static bool read_weights(struct session *session, struct alias_change *change,
	struct error *err);
static bool read_conditions(struct session *session,
	struct alias_change *change, struct error *err);
static bool add_conditions(struct session *session, const char *option,
	const char *prefix, const struct alias_change *change,
	struct alias_condition *conditions, struct error *err);
static bool find_target(const struct alias_change *change, struct str name,
	size_t *index, const char *option, struct error *err);

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
		!read_conditions(session, &change, err) ||
		!alias_set(session->db, &change, &id, &created, err))
		return false;
	session->organisation_id = project.organisation_id;
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
	struct catalog *catalog;
	bool ok;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	ok = alias_check_models(catalog, models.names, models.count, err);
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
			!str_to_int64_in(str_trim(word), 0, ALIAS_MAX_WEIGHT,
				&weights[count]))
			break;
		count++;
	}
	if (rest.n > 0 || count != change->count)
		return error_refuse(err, ERR_BAD_REQUEST, "weights",
			"--weights are whole numbers from 0 to %d, one for "
			"each model.",
			ALIAS_MAX_WEIGHT);
	change->weights = weights;
	return true;
}

static bool read_conditions(
	struct session *session, struct alias_change *change, struct error *err)
{
	struct alias_condition *conditions = ARENA_ARRAY(
		&session->arena, struct alias_condition, change->count + 1);

	if (!arguments_has(&session->arguments, "when") &&
		!arguments_has(&session->arguments, "canary"))
		return true;
	for (size_t i = 0; i < change->count; i++)
		alias_condition_init(&conditions[i]);
	change->conditions = conditions;
	return add_conditions(session, "when", "", change, conditions, err) &&
	       add_conditions(
		       session, "canary", "percent=", change, conditions, err);
}

/* "MODEL:WORDS": a model's own name may have colons, the words have none. */
static bool add_conditions(struct session *session, const char *option,
	const char *prefix, const struct alias_change *change,
	struct alias_condition *conditions, struct error *err)
{
	struct str given;
	size_t at = 0, index;

	while (arguments_next(&session->arguments, option, &at, &given)) {
		size_t colon = given.n;
		struct str words;

		while (colon > 0 && given.p[colon - 1] != ':')
			colon--;
		if (colon == 0)
			return error_refuse(err, ERR_BAD_REQUEST, option,
				"--%s begins with the model: MODEL:%s...",
				option, *prefix ? "10" : "complexity=simple");
		words = arena_printf(&session->arena, "%s%.*s", prefix,
			STR_ARG(str_from(given, colon)));
		if (!find_target(change, str_head(given, colon - 1), &index,
			    option, err) ||
			!alias_condition_add(&conditions[index], words,
				&session->arena, err))
			return false;
	}
	return true;
}

static bool find_target(const struct alias_change *change, struct str name,
	size_t *index, const char *option, struct error *err)
{
	for (*index = 0; *index < change->count; ++*index)
		if (str_equal(change->models[*index], name))
			return true;
	return error_refuse(err, ERR_BAD_REQUEST, option,
		"'%.*s' of --%s is none of the alias's models.", STR_ARG(name),
		option);
}

const struct command command_alias_set = {
	.words = "alias set",
	.operands = "NAME MODEL[,MODEL...]",
	.help = "let a name stand for models, tried in this order",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
