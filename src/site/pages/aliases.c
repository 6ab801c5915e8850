/*
 * aliases.c - /aliases: names of a project's own that stand for models.
 *
 * Admins of a project change its aliases; those of every project are the
 * operators'. What an alias may be is judged by catalog/alias.h alone.
 */
#include "catalog/catalog.h"
#include "site/change.h"
#include "site/form.h"
#include "site/pages/alias_json.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"
#include "site/pages/project_choice.h"

#define ROWS 8
/* Rows that wait for another model. */
#define SPARE_ROWS 2

static bool list(struct site_request *request, json_t *out, struct error *err);
static bool show_new(
	struct site_request *request, json_t *out, struct error *err);
static bool show_one(
	struct site_request *request, json_t *out, struct error *err);
static bool create(
	struct site_request *request, json_t *out, struct error *err);
static bool change(
	struct site_request *request, json_t *out, struct error *err);
static bool remove_alias(
	struct site_request *request, json_t *out, struct error *err);
static bool find(struct site_request *request, struct alias_sight *sight,
	const struct catalog **catalog, const struct alias **out,
	struct error *err);
static void put_form(struct site_request *request,
	const struct catalog *catalog, const struct alias *alias, json_t *out);
static json_t *row_json(
	const struct site_request *request, unsigned row, json_t *target);
static struct str field_name(
	const struct site_request *request, const char *name, unsigned row);
static struct str row_text(
	const struct site_request *request, const char *name, unsigned row);
static bool may_change(const struct site_request *request, int64_t project_id,
	struct error *err);
static bool check_new(const struct catalog *catalog,
	const struct alias_change *wanted, struct error *err);
static bool save(struct site_request *request, const struct catalog *catalog,
	struct alias_change *wanted, const struct alias *before, json_t *out,
	struct error *err);
static bool read_rows(const struct site_request *request,
	struct alias_change *wanted, struct error *err);
static bool read_row(const struct site_request *request, unsigned row,
	size_t model_bytes, int64_t *weight, struct alias_condition *condition,
	enum alias_strategy strategy, struct error *err);
static bool refuse_row(const struct site_request *request, const char *name,
	unsigned row, struct error *err, const char *why);

#define TARGET(N)                                                       \
	{ .name = "model" #N, .type = SITE_TEXT },                      \
		{ .name = "weight" #N,                                  \
			.type = SITE_INT,                               \
			.max = ALIAS_MAX_WEIGHT },                      \
		{ .name = "percent" #N, .type = SITE_INT, .max = 100 }, \
	{                                                               \
		.name = "when" #N, .type = SITE_TEXT, .max_bytes = 2000 \
	}
#define TARGETS                                                           \
	TARGET(1), TARGET(2), TARGET(3), TARGET(4), TARGET(5), TARGET(6), \
		TARGET(7), TARGET(8)
#define STRATEGY                                                          \
	{                                                                 \
		.name = "strategy", .type = SITE_CHOICE,                  \
		.choices = "ordered|weighted|least_latency|auto|cascade", \
	}

/* The pages take them, too, to show again what was filled in. */
static const struct site_field new_fields[] = {
	{ .name = "name", .type = SITE_TEXT },
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "everywhere", .type = SITE_BOOL },
	STRATEGY,
	TARGETS,
	{ .name = NULL },
};

static const struct site_field change_fields[] = {
	STRATEGY,
	TARGETS,
	{ .name = NULL },
};

const struct site_page pages_aliases[] = {
	{ .path = STR("/aliases"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = list,
		.template = "aliases",
		.title = "aliases.title",
		.nav = "aliases" },
	{ .path = STR("/aliases"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = new_fields,
		.load = create },
	{ .path = STR("/aliases/new"),
		.method = SITE_GET,
		.who = SITE_ADMIN,
		.fields = new_fields,
		.load = show_new,
		.template = "alias_edit",
		.title = "aliases.new",
		.nav = "aliases" },
	{ .path = STR("/aliases/new"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = new_fields,
		.load = create },
	{ .path = STR("/aliases/{id}"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = change_fields,
		.load = show_one,
		.template = "alias_edit",
		.title = "aliases.one",
		.nav = "aliases" },
	{ .path = STR("/aliases/{id}"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/aliases/{id}"),
		.method = SITE_PUT,
		.who = SITE_VIEWER,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/aliases/{id}/remove"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.load = remove_alias },
	{ .path = STR("/aliases/{id}"),
		.method = SITE_DELETE,
		.who = SITE_VIEWER,
		.load = remove_alias },
	{ .path = STR("") },
};

static bool list(struct site_request *request, json_t *out, struct error *err)
{
	const struct catalog *catalog;
	json_t *aliases = json_array();
	struct alias_sight sight;

	json_object_set_new(out, "aliases", aliases);
	if (!model_json_catalog(request, &catalog, err) ||
		!alias_sight_load(request, &sight, err))
		return false;
	for (size_t i = 0; i < catalog->alias_count; i++)
		if (alias_sees(&sight, catalog->aliases[i]))
			json_array_append_new(
				aliases, alias_json(request, &sight,
						 catalog->aliases[i]));
	site_put_bool(out, "may_create", request->session.role >= ROLE_ADMIN);
	return true;
}

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct catalog *catalog;
	int64_t project;

	if (!model_json_catalog(request, &catalog, err) ||
		!project_choice(request, out, &project, err))
		return false;
	site_put(out, "action", S("/aliases/new"));
	site_put_bool(out, "is_new", true);
	site_put_bool(out, "may_change_this", true);
	site_put_bool(out, "may_make_everywhere", request->session.is_operator);
	put_form(request, catalog, NULL, out);
	return true;
}

static bool show_one(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct catalog *catalog;
	struct alias_sight sight;
	const struct alias *alias;
	struct error no;
	json_t *json;

	if (!find(request, &sight, &catalog, &alias, err))
		return false;
	json = alias_json(request, &sight, alias);
	json_object_update_new(out, json);
	site_put(out, "action",
		arena_printf(request->arena, "/aliases/%" PRId64, alias->id));
	site_put_bool(out, "may_change_this",
		may_change(request, alias->project_id, &no));
	put_form(request, catalog, alias, out);
	return true;
}

static bool find(struct site_request *request, struct alias_sight *sight,
	const struct catalog **catalog, const struct alias **out,
	struct error *err)
{
	int64_t id;

	*out = NULL;
	if (!model_json_catalog(request, catalog, err) ||
		!alias_sight_load(request, sight, err))
		return false;
	if (str_to_int64_in(request->id, 1, INT64_MAX, &id))
		for (size_t i = 0; i < (*catalog)->alias_count; i++)
			if ((*catalog)->aliases[i]->id == id &&
				alias_sees(sight, (*catalog)->aliases[i]))
				*out = (*catalog)->aliases[i];
	return *out || error_refuse(err, ERR_NOT_FOUND, "alias",
			       "There is no such alias.");
}

/* Rows of the form: what was filled in before, else the alias's targets. */
static void put_form(struct site_request *request,
	const struct catalog *catalog, const struct alias *alias, json_t *out)
{
	static const struct str strategies[] = { STR("ordered"),
		STR("weighted"), STR("least_latency"), STR("auto"),
		STR("cascade") };
	bool is_again = site_has(request, "strategy");
	json_t *targets = json_object_get(out, "targets");
	size_t used = json_array_size(targets) + SPARE_ROWS;
	json_t *rows = json_array();
	json_t *names = json_array();

	for (unsigned i = 0; i < ROWS && (i < used || is_again); i++) {
		json_t *row = row_json(request, i + 1,
			is_again ? NULL : json_array_get(targets, i));

		/* It means nothing elsewhere. */
		if (alias && !is_again && alias->strategy != ALIAS_WEIGHTED)
			json_object_del(row, "weight");
		json_array_append_new(rows, row);
	}
	json_object_set_new(out, "rows", rows);
	json_object_set_new(out, "strategies",
		model_json_options(request, "alias_strategies", strategies,
			ARRAY_LEN(strategies),
			is_again ? site_text(request, "strategy")
			: alias  ? str_of(alias_strategy_name(alias->strategy))
				 : S("ordered")));
	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];

		json_array_append_new(
			names, json_pack("s%", model->name.p, model->name.n));
	}
	json_object_set_new(out, "model_names", names);
}

/* `target` NULL: as it was filled in. */
static json_t *row_json(
	const struct site_request *request, unsigned row, json_t *target)
{
	json_t *out = json_object();

	site_put_int(out, "row", row);
	if (target) {
		json_object_update(out, target);
		return out;
	}
	site_put(out, "model", row_text(request, "model", row));
	site_put(out, "weight", row_text(request, "weight", row));
	site_put(out, "percent", row_text(request, "percent", row));
	site_put(out, "when", row_text(request, "when", row));
	return out;
}

static struct str field_name(
	const struct site_request *request, const char *name, unsigned row)
{
	return arena_printf(request->arena, "%s%u", name, row);
}

static struct str row_text(
	const struct site_request *request, const char *name, unsigned row)
{
	return site_text(request, field_name(request, name, row).p);
}

static bool create(struct site_request *request, json_t *out, struct error *err)
{
	struct alias_change wanted = { .name = site_text(request, "name") };
	const struct catalog *catalog;
	json_t *ignored = json_object();
	bool ok;

	ok = site_bool(request, "everywhere") ||
	     project_choice(request, ignored, &wanted.project_id, err);
	json_decref(ignored);
	return ok && may_change(request, wanted.project_id, err) &&
	       model_json_catalog(request, &catalog, err) &&
	       check_new(catalog, &wanted, err) &&
	       save(request, catalog, &wanted, NULL, out, err);
}

static bool may_change(const struct site_request *request, int64_t project_id,
	struct error *err)
{
	const struct site_session *session = &request->session;

	if (project_id != 0)
		return permission_allows(request->db, session->user_id,
			ROLE_ADMIN, session->organisation_id, project_id, err);
	return session->is_operator ||
	       error_refuse(err, ERR_FORBIDDEN, "project",
		       "An alias of every project is made by operators.");
}

/* alias_set() would give the one that is there other targets. */
static bool check_new(const struct catalog *catalog,
	const struct alias_change *wanted, struct error *err)
{
	for (size_t i = 0; i < catalog->alias_count; i++) {
		const struct alias *alias = catalog->aliases[i];

		if (alias->project_id == wanted->project_id &&
			str_equal(alias->name, wanted->name))
			return error_refuse(err, ERR_DUPLICATE, "name",
				"There is an alias '%.*s' already.",
				STR_ARG(wanted->name));
	}
	return true;
}

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	const struct catalog *catalog;
	struct alias_change wanted;
	struct alias_sight sight;
	const struct alias *alias;

	if (!find(request, &sight, &catalog, &alias, err))
		return false;
	wanted = (struct alias_change){ .project_id = alias->project_id,
		.name = alias->name };
	return may_change(request, alias->project_id, err) &&
	       save(request, catalog, &wanted, alias, out, err);
}

static bool save(struct site_request *request, const struct catalog *catalog,
	struct alias_change *wanted, const struct alias *before, json_t *out,
	struct error *err)
{
	const struct alias_sight nobody = { .count = 0 };
	bool created;
	int64_t id;

	if (!alias_strategy_read(
		    site_text(request, "strategy"), &wanted->strategy, err) ||
		!read_rows(request, wanted, err) ||
		!alias_check_models(
			catalog, wanted->models, wanted->count, err) ||
		!db_begin(request->db, err) ||
		!alias_set(request->db, wanted, &id, &created, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					wanted->project_id
						? request->session
							  .organisation_id
						: 0,
				.action = "alias.set",
				.object_id = id,
				.object_name = wanted->name,
				.before = before ? alias_json(request, &nobody,
							   before)
						 : NULL,
				.after = form_json(request),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", id);
	site_put(out, "name", wanted->name);
	site_redirect(request,
		arena_printf(request->arena, "/aliases/%" PRId64, id),
		"flash.saved");
	return true;
}

static bool read_rows(const struct site_request *request,
	struct alias_change *wanted, struct error *err)
{
	struct str *models = ARENA_ARRAY(request->arena, struct str, ROWS);
	int64_t *weights = ARENA_ARRAY(request->arena, int64_t, ROWS);
	struct alias_condition *conditions =
		ARENA_ARRAY(request->arena, struct alias_condition, ROWS);

	for (unsigned row = 1; row <= ROWS; row++) {
		size_t index = wanted->count;

		models[index] = row_text(request, "model", row);
		if (!read_row(request, row, models[index].n, &weights[index],
			    &conditions[index], wanted->strategy, err))
			return false;
		if (models[index].n > 0)
			wanted->count++;
	}
	wanted->models = models;
	wanted->conditions = conditions;
	if (wanted->strategy == ALIAS_WEIGHTED)
		wanted->weights = weights;
	return true;
}

static bool read_row(const struct site_request *request, unsigned row,
	size_t model_bytes, int64_t *weight, struct alias_condition *condition,
	enum alias_strategy strategy, struct error *err)
{
	struct str weight_text = row_text(request, "weight", row);
	struct str percent = row_text(request, "percent", row);
	struct str when = row_text(request, "when", row);
	struct error why;

	alias_condition_init(condition);
	if (model_bytes == 0 && (percent.n > 0 || when.n > 0))
		return refuse_row(request, "model", row, err,
			"Say for which model this condition is.");
	*weight = weight_text.n ? site_int(request,
					  field_name(request, "weight", row).p)
				: 1;
	if (*weight != 1 && model_bytes > 0 && strategy != ALIAS_WEIGHTED)
		return refuse_row(request, "weight", row, err,
			"Weights go with the strategy 'weighted'.");
	if (percent.n > 0 && !alias_condition_add(condition,
				     arena_printf(request->arena,
					     "percent=%.*s", STR_ARG(percent)),
				     request->arena, &why))
		return refuse_row(
			request, "percent", row, err, error_message(&why));
	if (when.n > 0 &&
		!alias_condition_add(condition, when, request->arena, &why))
		return refuse_row(
			request, "when", row, err, error_message(&why));
	return true;
}

static bool refuse_row(const struct site_request *request, const char *name,
	unsigned row, struct error *err, const char *why)
{
	return error_refuse(err, ERR_BAD_FIELD,
		field_name(request, name, row).p, "%s", why);
}

static bool remove_alias(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct catalog *catalog;
	struct alias_sight sight;
	const struct alias *alias;

	if (!find(request, &sight, &catalog, &alias, err) ||
		!may_change(request, alias->project_id, err) ||
		!db_begin(request->db, err) ||
		!alias_remove(request->db, alias->id, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					alias->project_id
						? request->session
							  .organisation_id
						: 0,
				.action = "alias.remove",
				.object_id = alias->id,
				.object_name = alias->name,
				.before = alias_json(request, &sight, alias),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", alias->id);
	site_put_bool(out, "removed", true);
	site_redirect(request, S("/aliases"), "flash.alias_removed");
	return true;
}
