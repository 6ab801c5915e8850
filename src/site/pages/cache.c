/*
 * cache.c - /cache: what the response cache of this machine has, what it was
 * good for, and emptying it.
 */
#include "accounts/member.h"
#include "accounts/names.h"
#include "base/clock.h"
#include "base/money.h"
#include "hot/cache_fleet.h"
#include "site/change.h"
#include "site/format.h"
#include "site/pages/pages.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool load_projects(struct site_request *request,
	struct member_project **out, size_t *count, struct error *err);
static bool put_shares(struct site_request *request,
	const struct member_project *project, struct cache_share *sum,
	json_t *list, struct error *err);
static void put_counts(const struct format *format, json_t *json,
	const struct cache_share *share);
static bool put_size(
	struct site_request *request, json_t *out, struct error *err);
static bool clear(struct site_request *request, json_t *out, struct error *err);
static bool clear_project(struct site_request *request, int64_t project_id,
	struct str pattern, size_t *removed, struct error *err);
static bool fits(struct str name, const void *context);

static const struct site_field fields[] = {
	{ .name = "pattern", .type = SITE_TEXT },
	{ .name = "sure", .type = SITE_BOOL },
	{ .name = NULL },
};

const struct site_page pages_cache[] = {
	{ .path = STR("/cache"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = show,
		.template = "cache",
		.title = "cache.title",
		.nav = "cache" },
	{ .path = STR("/cache/clear"),
		.method = SITE_GET,
		.who = SITE_ADMIN,
		.load = show,
		.template = "cache",
		.title = "cache.title",
		.nav = "cache" },
	{ .path = STR("/cache/clear"),
		.method = SITE_POST,
		.who = SITE_ADMIN,
		.fields = fields,
		.load = clear },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct cache_share sum = { .entries = 0 };
	struct member_project *projects;
	json_t *models = json_array();
	size_t count;

	json_object_set_new(out, "models", models);
	site_put_bool(out, "is_open", request->site->cache != NULL);
	if (!request->site->cache)
		return true;
	if (!load_projects(request, &projects, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!put_shares(request, &projects[i], &sum, models, err))
			return false;
	put_counts(&format, out, &sum);
	format_put_count(
		&format, out, "asked", sum.counts.hits + sum.counts.misses);
	format_put_share(&format, out, "hit_rate", sum.counts.hits,
		sum.counts.hits + sum.counts.misses);
	return put_size(request, out, err);
}

/* The one that is looked at, or all that one may look at. */
static bool load_projects(struct site_request *request,
	struct member_project **out, size_t *count, struct error *err)
{
	const struct site_session *session = &request->session;

	if (!member_projects(request->db, session->user_id,
		    session->organisation_id, request->arena, out, count, err))
		return false;
	for (size_t i = 0; session->project_id && i < *count; i++) {
		if ((*out)[i].id != session->project_id)
			continue;
		*out += i;
		*count = 1;
		return true;
	}
	if (session->project_id)
		*count = 0;
	return true;
}

static bool put_shares(struct site_request *request,
	const struct member_project *project, struct cache_share *sum,
	json_t *list, struct error *err)
{
	struct format format = format_of(request);
	struct cache_share *share;

	if (!cache_shares(request->site->cache, project->id, clock_unix_ms(),
		    request->arena, &share, err))
		return false;
	for (; share; share = share->next) {
		json_t *json = json_object();

		site_put(json, "provider", share->provider);
		site_put(json, "model", share->model);
		site_put(json, "project", project->name);
		site_put_int(json, "project_id", project->id);
		put_counts(&format, json, share);
		json_array_append_new(list, json);
		sum->entries += share->entries;
		sum->bytes += share->bytes;
		sum->counts.hits += share->counts.hits;
		sum->counts.misses += share->counts.misses;
		sum->counts.coalesced += share->counts.coalesced;
		money_add(&sum->counts.saved_picousd, 1,
			share->counts.saved_picousd);
	}
	return true;
}

static void put_counts(const struct format *format, json_t *json,
	const struct cache_share *share)
{
	format_put_count(format, json, "entries", share->entries);
	format_put_count(format, json, "bytes", share->bytes);
	format_put_count(format, json, "hits", share->counts.hits);
	format_put_count(format, json, "misses", share->counts.misses);
	format_put_count(format, json, "coalesced", share->counts.coalesced);
	format_put_usd(format, json, "saved", share->counts.saved_picousd);
}

/* Of all projects together. */
static bool put_size(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct cache_size size;

	if (!cache_measure(request->site->cache, &size, err))
		return false;
	format_put_count(&format, out, "max_bytes", size.max_bytes);
	format_put_share(&format, out, "fill", size.bytes, size.max_bytes);
	return true;
}

static bool clear(struct site_request *request, json_t *out, struct error *err)
{
	struct str pattern = site_text(request, "pattern");
	struct member_project *projects;
	size_t count, removed = 0;

	if (!site_bool(request, "sure"))
		return error_refuse(err, ERR_MISSING_FIELD, "sure",
			"Say that you are sure.");
	if (!load_projects(request, &projects, &count, err))
		return false;
	for (size_t i = 0; request->site->cache && i < count; i++)
		if (!clear_project(
			    request, projects[i].id, pattern, &removed, err))
			return false;
	if (!db_begin(request->db, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					request->session.organisation_id,
				.action = "cache.clear",
				.object_id = request->session.project_id,
				.object_name = pattern,
				.after = json_pack("{s:I}", "removed",
					(json_int_t)removed),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "removed", (int64_t)removed);
	site_redirect(request, S("/cache"), "flash.cache_cleared");
	return true;
}

static bool clear_project(struct site_request *request, int64_t project_id,
	struct str pattern, size_t *removed, struct error *err)
{
	struct cache_fleet *fleet = request->site->cache_fleet;
	size_t here;

	if (!cache_clear(request->site->cache, project_id,
		    pattern.n ? fits : NULL, &pattern, &here, err))
		return false;
	*removed += here;
	/* Names in Redis do not tell the model: all of the project goes. */
	return !fleet || cache_fleet_clear(fleet, project_id, err);
}

static bool fits(struct str name, const void *context)
{
	return name_list_allows((struct name_list){ context, 1 }, name);
}
