/*
 * model_enable.c - whether calls go to a model: of one provider, or of all
 * that serve that name.
 */
#include "catalog/catalog.h"
#include "cli/command.h"

static const struct option_row options[] = {
	{ "provider", "PROVIDER", "the model of this provider alone" },
	{ NULL, NULL, NULL },
};

static bool set_all(struct session *session, const struct catalog *catalog,
	bool enabled, int64_t *id, int64_t *count, struct error *err);

static bool set_enabled(
	struct session *session, bool enabled, struct error *err)
{
	struct str name = session_operand(session, 0);
	int64_t id = 0, count = 0;
	struct catalog *catalog;
	bool ok;

	if (!session_begin_change(session, err) ||
		!catalog_load(session->db, &catalog, err))
		return false;
	ok = set_all(session, catalog, enabled, &id, &count, err);
	catalog_free(catalog);
	if (!ok)
		return false;
	if (count == 0)
		return error_refuse(err, ERR_NOT_FOUND, "model",
			"There is no model '%.*s'.", STR_ARG(name));
	output_str(&session->output, "name", name);
	output_bool(&session->output, "enabled", enabled);
	output_int(&session->output, "models", count);
	return session_commit_change(session,
		enabled ? "model.enable" : "model.disable", id, name, err);
}

/* *id is the last one's. */
static bool set_all(struct session *session, const struct catalog *catalog,
	bool enabled, int64_t *id, int64_t *count, struct error *err)
{
	struct str provider = arguments_text(&session->arguments, "provider");
	struct str name = session_operand(session, 0);

	for (size_t i = 0; i < catalog->model_count; i++) {
		const struct model *model = catalog->models[i];

		if (!str_equal(model->name, name) ||
			(provider.n &&
				!str_equal(model->provider->name, provider)))
			continue;
		if (!model_set_enabled(session->db, model->id, enabled, err))
			return false;
		*id = model->id;
		++*count;
	}
	return true;
}

static bool run_enable(struct session *session, struct error *err)
{
	return set_enabled(session, true, err);
}

static bool run_disable(struct session *session, struct error *err)
{
	return set_enabled(session, false, err);
}

const struct command command_model_enable = {
	.words = "model enable",
	.operands = "NAME",
	.help = "let calls go to a model again",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run_enable,
};

const struct command command_model_disable = {
	.words = "model disable",
	.operands = "NAME",
	.help = "let no call go to a model; aliases pass it over",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run_disable,
};
