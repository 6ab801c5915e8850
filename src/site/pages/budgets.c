/*
 * budgets.c - /budgets: all budgets and quotas, as a tree of what they limit:
 * the organisation, its projects, and of each of those the keys and users
 * that have limits of their own.
 *
 * The tree is a list of scopes in its order, each with its level; a page shows
 * some of them.
 */
#include "accounts/budget.h"
#include "accounts/member.h"
#include "accounts/quota.h"
#include "base/money.h"
#include "site/format.h"
#include "site/pages/limit_form.h"
#include "site/pages/pages.h"
#include "site/standing.h"

#define PAGE_PLACES 60

static const struct site_field list_fields[] = {
	{ .name = "from", .type = SITE_INT, .max = INT32_MAX },
	{ .name = NULL },
};

/* A place in the tree. */
struct place {
	struct limit_owner owner;
	struct limit_owner_row row;
	json_t *json; /* NULL: not on this page */
};

struct tree {
	struct site_request *request;
	struct format format;
	enum role role;                  /* in the organisation as a whole */
	struct member_project *projects; /* that the person may look at */
	size_t project_count;
	struct budget_row *budgets;
	struct budget_standing *budget_standings;
	size_t budget_count;
	struct quota_row *quotas;
	struct quota_standing *quota_standings;
	size_t quota_count;
	struct place *places;
	size_t count;
};

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool load(struct tree *tree, struct error *err);
static void keep_shown(struct tree *tree);
static bool load_standings(struct tree *tree, struct error *err);
static void plant(struct tree *tree);
static void add_owner(struct tree *tree, const struct limit_owner *owner,
	const struct limit_owner_row *row);
static bool may_see(const struct tree *tree, const struct limit_owner *owner,
	const struct limit_owner_row *row);
static int by_place(const void *a, const void *b);
static int level_of(enum limit_scope scope);
static void put_place(const struct tree *tree, struct place *place);
static void put_budget(const struct tree *tree, const struct budget *budget,
	const struct budget_standing *standing);
static void put_standing(const struct tree *tree, const struct budget *budget,
	const struct budget_standing *standing, json_t *out);
static void put_bar(const struct budget *budget,
	const struct budget_standing *standing, json_t *out);
static void put_quota(const struct tree *tree, const struct quota *quota,
	const struct quota_standing *standing);
static void put_use(const struct tree *tree, const char *name, int64_t limit,
	int64_t used, bool is_known, json_t *out);
static void put_percent(const struct tree *tree, int64_t used, int64_t limit,
	int64_t percent, json_t *out);
static void put_reset(const struct tree *tree, int64_t unix_ms, json_t *out);
static json_t *list_of(const struct tree *tree, const struct limit_owner *owner,
	const char *name);

const struct site_page pages_budgets[] = {
	{ .path = STR("/budgets"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = list_fields,
		.load = show,
		.template = "budgets",
		.title = "budgets.title",
		.nav = "budgets" },
	{ .path = STR("/quotas"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = list_fields,
		.load = show,
		.template = "budgets",
		.title = "budgets.title",
		.nav = "budgets" },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct tree tree = { .request = request, .format = format_of(request) };
	size_t from = (size_t)site_int(request, "from");
	json_t *scopes = json_array();

	json_object_set_new(out, "scopes", scopes);
	if (!load(&tree, err))
		return false;
	site_put_bool(
		out, "are_none", tree.budget_count + tree.quota_count == 0);
	plant(&tree);
	for (size_t i = from; i < tree.count && i < from + PAGE_PLACES; i++) {
		put_place(&tree, &tree.places[i]);
		json_array_append_new(scopes, tree.places[i].json);
	}
	if (from + PAGE_PLACES < tree.count)
		site_put_int(out, "next", (int64_t)from + PAGE_PLACES);
	keep_shown(&tree);
	if (!load_standings(&tree, err))
		return false;
	for (size_t i = 0; i < tree.budget_count; i++)
		put_budget(&tree, &tree.budgets[i].budget,
			&tree.budget_standings[i]);
	for (size_t i = 0; i < tree.quota_count; i++)
		put_quota(
			&tree, &tree.quotas[i].quota, &tree.quota_standings[i]);
	site_put_bool(out, "may_change", request->session.role >= ROLE_ADMIN);
	return true;
}

static void keep_shown(struct tree *tree)
{
	size_t kept = 0;

	for (size_t i = 0; i < tree->budget_count; i++)
		if (list_of(tree, &tree->budgets[i].budget.owner, "budgets"))
			tree->budgets[kept++] = tree->budgets[i];
	tree->budget_count = kept;
	kept = 0;
	for (size_t i = 0; i < tree->quota_count; i++)
		if (list_of(tree, &tree->quotas[i].quota.owner, "quotas"))
			tree->quotas[kept++] = tree->quotas[i];
	tree->quota_count = kept;
}

static bool load_standings(struct tree *tree, struct error *err)
{
	struct site_request *request = tree->request;

	return budget_standing_load(request->db,
		       standing_counters(
			       request->site->settings, request->site->limits),
		       tree->budgets, tree->budget_count, request->arena,
		       &tree->budget_standings, err) &&
	       quota_standing_load(request->db, tree->quotas, tree->quota_count,
		       request->arena, &tree->quota_standings, err);
}

static bool load(struct tree *tree, struct error *err)
{
	struct site_request *request = tree->request;
	int64_t organisation_id = request->session.organisation_id;

	return permission_role(request->db, request->session.user_id,
		       organisation_id, 0, &tree->role, err) &&
	       member_projects(request->db, request->session.user_id,
		       organisation_id, request->arena, &tree->projects,
		       &tree->project_count, err) &&
	       budget_list(request->db, organisation_id, request->arena,
		       &tree->budgets, &tree->budget_count, err) &&
	       quota_list(request->db, organisation_id, request->arena,
		       &tree->quotas, &tree->quota_count, err);
}

/* Every project has its place, also without limits; others come by those. */
static void plant(struct tree *tree)
{
	const struct site_session *session = &tree->request->session;
	int64_t organisation_id = session->organisation_id;

	tree->places = ARENA_ARRAY(tree->request->arena, struct place,
		1 + tree->project_count + tree->budget_count +
			tree->quota_count);
	add_owner(tree,
		&(struct limit_owner){ organisation_id, SCOPE_ORGANISATION,
			organisation_id, S("") },
		&(struct limit_owner_row){ .name = session->organisation });
	for (size_t i = 0; i < tree->project_count; i++)
		add_owner(tree,
			&(struct limit_owner){ organisation_id, SCOPE_PROJECT,
				tree->projects[i].id, S("") },
			&(struct limit_owner_row){
				.name = tree->projects[i].name,
				.project_id = tree->projects[i].id,
				.project = tree->projects[i].name });
	for (size_t i = 0; i < tree->budget_count; i++)
		add_owner(tree, &tree->budgets[i].budget.owner,
			&tree->budgets[i].owner);
	for (size_t i = 0; i < tree->quota_count; i++)
		add_owner(tree, &tree->quotas[i].quota.owner,
			&tree->quotas[i].owner);
	qsort(tree->places, tree->count, sizeof(*tree->places), by_place);
}

static void add_owner(struct tree *tree, const struct limit_owner *owner,
	const struct limit_owner_row *row)
{
	if (!may_see(tree, owner, row))
		return;
	for (size_t i = 0; i < tree->count; i++) {
		if (limit_owner_compare(&tree->places[i].owner, owner) == 0)
			return;
	}
	tree->places[tree->count++] = (struct place){ *owner, *row, NULL };
}

/* Who is in a project alone does not see what the others have. */
static bool may_see(const struct tree *tree, const struct limit_owner *owner,
	const struct limit_owner_row *row)
{
	int64_t chosen = tree->request->session.project_id;

	if (owner->scope != SCOPE_ORGANISATION && chosen &&
		row->project_id != chosen)
		return false;
	if (tree->role >= ROLE_VIEWER)
		return true;
	for (size_t i = 0; i < tree->project_count; i++) {
		if (owner->scope != SCOPE_ORGANISATION &&
			tree->projects[i].id == row->project_id)
			return true;
	}
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = (x->owner.scope != SCOPE_ORGANISATION) -
		    (y->owner.scope != SCOPE_ORGANISATION);

	if (order == 0)
		order = str_compare(x->row.project, y->row.project);
	if (order == 0)
		order = (x->row.project_id > y->row.project_id) -
			(x->row.project_id < y->row.project_id);
	if (order == 0)
		order = level_of(x->owner.scope) - level_of(y->owner.scope);
	if (order == 0)
		order = str_compare(x->row.name, y->row.name);
	return order != 0 ? order : limit_owner_compare(&x->owner, &y->owner);
}

/* Keys before users. */
static int level_of(enum limit_scope scope)
{
	static const int levels[] = { [SCOPE_ORGANISATION] = 0,
		[SCOPE_PROJECT] = 1,
		[SCOPE_KEY] = 2,
		[SCOPE_USER] = 3 };

	return levels[scope];
}

static void put_place(const struct tree *tree, struct place *place)
{
	const struct site_request *request = tree->request;
	enum limit_scope scope = place->owner.scope;
	enum role role = scope == SCOPE_ORGANISATION ? tree->role
						     : request->session.role;

	place->json = json_object();
	limit_form_put_owner(
		request->arena, &place->owner, &place->row, place->json);
	limit_form_put_scope_text(request, scope, place->json);
	site_put_int(place->json, "level", scope > SCOPE_PROJECT ? 2 : scope);
	site_put_bool(place->json, "is_inactive", place->row.is_inactive);
	site_put_bool(place->json, "is_each_user",
		scope == SCOPE_USER && place->owner.user.n == 0);
	site_put_bool(place->json, "may_change",
		role >= ROLE_ADMIN && !place->row.is_inactive);
	json_object_set_new(place->json, "budgets", json_array());
	json_object_set_new(place->json, "quotas", json_array());
}

static void put_budget(const struct tree *tree, const struct budget *budget,
	const struct budget_standing *standing)
{
	json_t *list = list_of(tree, &budget->owner, "budgets");
	json_t *json = json_object();

	site_put_int(json, "id", budget->id);
	site_put(json, "period", limit_period_name(budget->period));
	limit_form_put_period_text(tree->request, budget->period, json);
	format_put_usd(&tree->format, json, "limit", budget->limit_picousd);
	site_put(json, "mode", budget->is_hard ? S("hard") : S("soft"));
	site_put_bool(json, "is_hard", budget->is_hard);
	site_put_int(json, "threshold_percent", budget->threshold_percent);
	site_put(json, "time_zone", time_zone_name(budget->zone));
	put_standing(tree, budget, standing, json);
	json_array_append_new(list, json);
}

static void put_standing(const struct tree *tree, const struct budget *budget,
	const struct budget_standing *standing, json_t *out)
{
	put_reset(tree, standing->ends_ms, out);
	site_put_bool(out, "is_known", standing->is_known);
	if (!standing->is_known)
		return;
	format_put_usd(&tree->format, out, "spent", standing->spent_picousd);
	format_put_usd(
		&tree->format, out, "reserved", standing->reserved_picousd);
	site_put_bool(out, "is_reserved", standing->reserved_picousd > 0);
	format_put_usd(
		&tree->format, out, "remaining", standing->remaining_picousd);
	put_percent(tree, standing->spent_picousd + standing->reserved_picousd,
		budget->limit_picousd, standing->percent, out);
	site_put_bool(out, "is_full", standing->percent >= 100);
	site_put_bool(out, "is_warned",
		standing->percent >= budget->threshold_percent &&
			standing->percent < 100);
	put_bar(budget, standing, out);
}

/* In percent of its width. */
static void put_bar(const struct budget *budget,
	const struct budget_standing *standing, json_t *out)
{
	int64_t spent =
		standing->spent_percent < 100 ? standing->spent_percent : 100;
	int64_t all = standing->percent < 100 ? standing->percent : 100;
	json_t *bar = json_object();

	site_put_int(bar, "spent", spent);
	site_put_int(bar, "reserved", all - spent);
	site_put_int(bar, "threshold", budget->threshold_percent);
	json_object_set_new(out, "bar", bar);
}

static void put_quota(const struct tree *tree, const struct quota *quota,
	const struct quota_standing *standing)
{
	json_t *list = list_of(tree, &quota->owner, "quotas");
	json_t *json = json_object();

	site_put_int(json, "id", quota->id);
	site_put(json, "period", limit_period_name(quota->period));
	limit_form_put_period_text(tree->request, quota->period, json);
	site_put(json, "time_zone", time_zone_name(quota->zone));
	put_reset(tree, standing->ends_ms, json);
	if (standing->ends_ms == 0)
		limit_form_put_slides_text(tree->request, quota->period, json);
	put_use(tree, "requests", quota->limit_requests, standing->requests,
		standing->is_known, json);
	put_use(tree, "tokens", quota->limit_tokens, standing->tokens,
		standing->is_known, json);
	json_array_append_new(list, json);
}

/* {"limit", "used", "remaining", "percent"}; nothing without a limit. */
static void put_use(const struct tree *tree, const char *name, int64_t limit,
	int64_t used, bool is_known, json_t *out)
{
	json_t *json;
	int64_t percent;

	if (limit == 0)
		return;
	json = json_object();
	format_put_count(&tree->format, json, "limit", limit);
	site_put_bool(json, "is_known", is_known);
	if (is_known) {
		percent = (int64_t)((__int128)used * 100 / limit);
		format_put_count(&tree->format, json, "used", used);
		format_put_count(&tree->format, json, "remaining",
			used < limit ? limit - used : 0);
		put_percent(tree, used, limit, percent, json);
		site_put_int(json, "bar", percent < 100 ? percent : 100);
		site_put_bool(json, "is_full", percent >= 100);
	}
	json_object_set_new(out, name, json);
}

/* The text is of the page's language, and finer. */
static void put_percent(const struct tree *tree, int64_t used, int64_t limit,
	int64_t percent, json_t *out)
{
	site_put_int(out, "percent", percent);
	site_put(out, "percent_text",
		limit > 0 ? format_share(&tree->format, used, limit)
			  : format_share(&tree->format, percent, 100));
}

/* What slides is never reset. */
static void put_reset(const struct tree *tree, int64_t unix_ms, json_t *out)
{
	json_t *resets;

	if (unix_ms == 0) {
		json_object_set_new(out, "resets", json_null());
		return;
	}
	format_put_time(&tree->format, out, "resets", unix_ms);
	resets = json_object_get(out, "resets");
	site_put(resets, "text",
		format_time(&tree->format, unix_ms, FORMAT_MINUTES));
}

/* NULL: it is not shown. */
static json_t *list_of(const struct tree *tree, const struct limit_owner *owner,
	const char *name)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (limit_owner_compare(&tree->places[i].owner, owner) == 0)
			return json_object_get(tree->places[i].json, name);
	}
	return NULL;
}
