/*
 * keys.c - /keys: the gateway keys of an organisation, or of the project that
 * is looked at; and one of them, which is rotated or revoked there.
 */
#include "site/change.h"
#include "site/form.h"
#include "site/pages/key_json.h"
#include "site/pages/pages.h"

#define PAGE_KEYS 50
#define HOUR_MS INT64_C(3600000)

static bool list(struct site_request *request, json_t *out, struct error *err);
static void put_older(
	const struct site_request *request, json_t *out, int64_t before_id);
static bool show(struct site_request *request, json_t *out, struct error *err);
static bool rotate(
	struct site_request *request, json_t *out, struct error *err);
static bool revoke(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field list_fields[] = {
	{ .name = "text", .type = SITE_TEXT, .max_bytes = 191 },
	{ .name = "state", .type = SITE_CHOICE, .choices = "usable|all" },
	{ .name = "before", .type = SITE_INT, .min = 1, .max = INT64_MAX },
	{ .name = NULL },
};

static const struct site_field rotate_fields[] = {
	{ .name = "grace_hours",
		.type = SITE_INT,
		.required = true,
		.max = GATEWAY_KEY_MAX_GRACE_MS / HOUR_MS },
	{ .name = NULL },
};

const struct site_page pages_keys[] = {
	{ .path = STR("/keys"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = list_fields,
		.load = list,
		.template = "keys",
		.title = "keys.title",
		.nav = "keys" },
	{ .path = STR("/keys/{id}"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = show,
		.template = "key",
		.title = "keys.one",
		.nav = "keys" },
	{ .path = STR("/keys/{id}/rotate"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = rotate_fields,
		.load = rotate,
		.template = "key_made",
		.title = "keys.made",
		.nav = "keys" },
	{ .path = STR("/keys/{id}/revoke"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.load = revoke },
	{ .path = STR("/keys/{id}"),
		.method = SITE_DELETE,
		.who = SITE_VIEWER,
		.load = revoke },
	{ .path = STR("") },
};

static bool list(struct site_request *request, json_t *out, struct error *err)
{
	const struct gateway_key_filter filter = {
		.organisation_id = request->session.organisation_id,
		.project_id = request->session.project_id,
		.text = site_text(request, "text"),
		.is_usable = !str_equal(site_text(request, "state"), S("all")),
		.before_id = site_int(request, "before"),
		.limit = PAGE_KEYS + 1,
	};
	json_t *keys = json_array(), *json[PAGE_KEYS];
	struct gateway_key_row *rows;
	size_t count, shown;

	json_object_set_new(out, "keys", keys);
	if (!gateway_key_search(
		    request->db, &filter, request->arena, &rows, &count, err))
		return false;
	shown = count < PAGE_KEYS ? count : PAGE_KEYS;
	for (size_t i = 0; i < shown; i++) {
		json[i] = key_json(request, &rows[i]);
		json_array_append_new(keys, json[i]);
	}
	if (!key_put_spend(request, json, rows, shown, err))
		return false;
	if (count > shown)
		put_older(request, out, rows[PAGE_KEYS - 1].key.id);
	site_put_bool(out, "is_filtered",
		site_has(request, "text") || site_has(request, "before"));
	site_put_bool(out, "is_all", !filter.is_usable);
	site_put_bool(out, "may_create", request->session.role >= ROLE_MEMBER);
	return true;
}

/* The same list from there on. */
static void put_older(
	const struct site_request *request, json_t *out, int64_t before_id)
{
	struct buf query = BUF_INIT(2048);

	buf_printf(&query, "?before=%" PRId64, before_id);
	if (site_has(request, "state")) {
		buf_append(&query, S("&state="));
		form_encode(&query, site_text(request, "state"));
	}
	if (site_has(request, "text")) {
		buf_append(&query, S("&text="));
		form_encode(&query, site_text(request, "text"));
	}
	site_put(out, "older", buf_str(&query));
	buf_release(&query);
}

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct key_seen seen;
	json_t *json;

	if (!key_load(request, &seen, err))
		return false;
	json = key_json(request, &seen.row);
	json_object_set_new(out, "key", json);
	site_put_bool(out, "may_change_this", seen.may_change);
	site_put_bool(out, "may_rotate",
		seen.may_change && !seen.row.rotated_to &&
			json_is_true(json_object_get(json, "is_usable")));
	return key_put_spend(request, &json, &seen.row, 1, err);
}

static bool rotate(struct site_request *request, json_t *out, struct error *err)
{
	int64_t grace_ms = site_int(request, "grace_hours") * HOUR_MS;
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct key_seen seen;
	int64_t id;

	if (!db_begin(request->db, err) ||
		!key_load_to_change(request, &seen, err))
		return false;
	gateway_key_make(seen.row.key.kind, text);
	if (!gateway_key_rotate(request->db, &seen.row, grace_ms,
		    request->session.user_id, str_of(text), request->arena, &id,
		    err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = seen.row.key.organisation_id,
				.action = "key.rotate",
				.object_id = seen.row.key.id,
				.object_name = seen.row.key.name,
				.after = json_pack("{s:I,s:I}", "rotated_to",
					(json_int_t)id, "grace_ms",
					(json_int_t)grace_ms),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", id);
	site_put(out, "name", seen.row.key.name);
	site_put_int(out, "rotated_from", seen.row.key.id);
	key_put_secret(request, out, &seen.row.key, str_of(text));
	explicit_bzero(text, sizeof(text));
	return true;
}

static bool revoke(struct site_request *request, json_t *out, struct error *err)
{
	struct key_seen seen;

	if (!db_begin(request->db, err) ||
		!key_load_to_change(request, &seen, err) ||
		!gateway_key_revoke(request->db, seen.row.key.id, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = seen.row.key.organisation_id,
				.action = "key.revoke",
				.object_id = seen.row.key.id,
				.object_name = seen.row.key.name,
				.before = key_audit_json(&seen.row.key),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", seen.row.key.id);
	site_put_bool(out, "revoked", true);
	site_redirect(request, S("/keys"), "flash.key_revoked");
	return true;
}
