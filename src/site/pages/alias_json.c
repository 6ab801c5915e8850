/*
 * alias_json.c - aliases as JSON.
 */
#include "site/pages/alias_json.h"

#include "site/templates.h"

#define MAX_WORDS_BYTES 8192

static json_t *target_json(
	const struct site_request *request, const struct alias_target *target);
static void put_condition(const struct site_request *request, json_t *out,
	const struct alias_condition *condition);
static struct str words_of(const struct site_request *request,
	const struct alias_condition *condition);
static void add_word(struct buf *out, const char *name);

bool alias_sight_load(struct site_request *request, struct alias_sight *out,
	struct error *err)
{
	return member_projects(request->db, request->session.user_id,
		request->session.organisation_id, request->arena,
		&out->projects, &out->count, err);
}

bool alias_sees(const struct alias_sight *sight, const struct alias *alias)
{
	for (size_t i = 0; i < sight->count; i++)
		if (sight->projects[i].id == alias->project_id)
			return true;
	return alias->project_id == 0;
}

json_t *alias_json(const struct site_request *request,
	const struct alias_sight *sight, const struct alias *alias)
{
	const char *strategy = alias_strategy_name(alias->strategy);
	json_t *targets = json_array();
	json_t *out = json_object();

	site_put_int(out, "id", alias->id);
	site_put(out, "name", alias->name);
	site_put(out, "strategy", str_of(strategy));
	site_put(out, "strategy_text",
		template_text(request->texts,
			arena_printf(request->arena, "alias_strategies.%s",
				strategy)));
	site_put_bool(out, "is_weighted", alias->strategy == ALIAS_WEIGHTED);
	json_object_set_new(out, "project", json_null());
	for (size_t i = 0; i < sight->count; i++)
		if (sight->projects[i].id == alias->project_id)
			json_object_set_new(out, "project",
				json_pack("{s:I,s:s%}", "id",
					(json_int_t)alias->project_id, "name",
					sight->projects[i].name.p,
					sight->projects[i].name.n));
	for (const struct alias_target *t = alias->targets; t; t = t->next)
		json_array_append_new(targets, target_json(request, t));
	json_object_set_new(out, "targets", targets);
	return out;
}

static json_t *target_json(
	const struct site_request *request, const struct alias_target *target)
{
	json_t *out = json_object();

	site_put(out, "model", target->model);
	site_put_int(out, "position", target->position);
	site_put_int(out, "weight", target->weight);
	site_put_bool(out, "is_off", target->is_off);
	if (target->condition)
		put_condition(request, out, target->condition);
	return out;
}

static void put_condition(const struct site_request *request, json_t *out,
	const struct alias_condition *condition)
{
	struct buf json = BUF_INIT(MAX_WORDS_BYTES);

	alias_condition_write(condition, &json);
	json_object_set_new(out, "condition",
		json.failed ? json_null()
			    : json_loadb(json.p, json.n, 0, NULL));
	buf_release(&json);
	site_put(out, "when", words_of(request, condition));
	if (condition->percent != ALIAS_EVERYBODY)
		site_put_int(out, "percent", condition->percent);
}

/* What alias_condition_add() takes; the share has a field of its own. */
static struct str words_of(const struct site_request *request,
	const struct alias_condition *condition)
{
	struct buf out = BUF_INIT(MAX_WORDS_BYTES);
	const char *comma = "";
	struct str copy;

	if (condition->complexities) {
		add_word(&out, "complexity");
		for (unsigned i = 0; i <= COMPLEXITY_COMPLEX; i++) {
			if (!(condition->complexities & 1U << i))
				continue;
			buf_printf(&out, "%s%s", comma,
				complexity_name((enum complexity)i));
			comma = ",";
		}
	}
	if (condition->min_tokens) {
		add_word(&out, "min_tokens");
		buf_printf(&out, "%" PRId64, condition->min_tokens);
	}
	if (condition->max_tokens) {
		add_word(&out, "max_tokens");
		buf_printf(&out, "%" PRId64, condition->max_tokens);
	}
	for (size_t i = 0; i < condition->tag_count; i++) {
		if (i == 0)
			add_word(&out, "tags");
		buf_printf(&out, "%s%.*s", i ? "," : "",
			STR_ARG(condition->tags[i]));
	}
	copy = arena_copy(request->arena, buf_str(&out));
	buf_release(&out);
	return copy;
}

static void add_word(struct buf *out, const char *name)
{
	buf_printf(out, "%s%s=", out->n ? ";" : "", name);
}
