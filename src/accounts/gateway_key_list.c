/*
 * gateway_key_list.c - the table gateway_keys, as people look at it.
 *
 * Every list is one statement: what is left open is bound as 0 or "".
 */
#include "accounts/gateway_key.h"
#include "base/clock.h"
#include "db/stmt.h"

static bool read_rows(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err);
static bool read_row(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row *row, struct error *err);
static void read_rights(struct stmt *stmt, struct gateway_key *key);
static void read_budgets(struct stmt *stmt, struct gateway_key_row *row);
static int compare_ids(const void *a, const void *b);

bool gateway_key_list(struct db *db, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err)
{
	const struct gateway_key_filter all = { .limit = SIZE_MAX };

	if (!gateway_key_search(db, &all, arena, out, count, err))
		return false;
	qsort(*out, *count, sizeof(**out), compare_ids);
	return true;
}

bool gateway_key_find(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct gateway_key_row *out, struct error *err)
{
	const struct gateway_key_filter filter = {
		.organisation_id = organisation_id, .id = id, .limit = 1
	};
	struct gateway_key_row *rows;
	size_t count = 0;

	if (id != 0 &&
		!gateway_key_search(db, &filter, arena, &rows, &count, err))
		return false;
	if (count == 0)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no gateway key %" PRId64 ".", id);
	*out = rows[0];
	return true;
}

bool gateway_key_search(struct db *db, const struct gateway_key_filter *filter,
	struct arena *arena, struct gateway_key_row **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT k.id, k.name, p.name, k.prefix, k.created_ms, "
		    "k.expires_ms, COALESCE(k.revoked_ms, p.archived_ms), "
		    "k.last_used_ms, k.rotated_to, k.project_id, "
		    "p.organisation_id, k.kind = 'publishable', k.strict, "
		    "k.created_by, p.time_zone, "
		    "k.rpm, k.tpm, k.concurrent, k.metadata_mode, "
		    "k.cache_policy, k.cache_ttl_ms, k.first_byte_timeout_ms, "
		    "k.total_timeout_ms, k.allowed_models, "
		    "k.allowed_providers, k.allowed_origins, k.tags, "
		    "d.id, d.limit_picousd, m.id, m.limit_picousd "
		    "FROM gateway_keys k "
		    "JOIN projects p ON p.id = k.project_id "
		    "LEFT JOIN budgets d ON d.scope_kind = 'key' AND "
		    "d.scope_id = k.id AND d.user_name = '' AND "
		    "d.period = 'daily' "
		    "LEFT JOIN budgets m ON m.scope_kind = 'key' AND "
		    "m.scope_id = k.id AND m.user_name = '' AND "
		    "m.period = 'monthly' "
		    "WHERE (? = 0 OR p.organisation_id = ?) "
		    "AND (? = 0 OR k.project_id = ?) AND (? = 0 OR k.id = ?) "
		    "AND (? = 0 OR k.id < ?) AND (? = 0 OR "
		    "(k.revoked_ms IS NULL AND p.archived_ms IS NULL AND "
		    "(k.expires_ms IS NULL OR k.expires_ms > ?))) "
		    "AND LOCATE(LOWER(?), "
		    "LOWER(CONCAT_WS(' ', k.name, k.prefix, k.tags))) > 0 "
		    "ORDER BY k.id DESC LIMIT ?",
		    err))
		return false;
	for (int twice = 0; twice < 2; twice++)
		stmt_bind_int(stmt, filter->organisation_id);
	for (int twice = 0; twice < 2; twice++)
		stmt_bind_int(stmt, filter->project_id);
	for (int twice = 0; twice < 2; twice++)
		stmt_bind_int(stmt, filter->id);
	for (int twice = 0; twice < 2; twice++)
		stmt_bind_int(stmt, filter->before_id);
	stmt_bind_int(stmt, filter->is_usable);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_str(stmt, filter->text);
	stmt_bind_int(stmt,
		filter->limit < INT64_MAX ? (int64_t)filter->limit : INT64_MAX);
	return stmt_run(stmt, err) && read_rows(stmt, arena, out, count, err);
}

static bool read_rows(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err)
{
	size_t room = 16;
	bool more;

	*out = ARENA_ARRAY(arena, struct gateway_key_row, room);
	*count = 0;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		if (!read_row(stmt, arena, &(*out)[(*count)++], err))
			return false;
	}
	return false;
}

static bool read_row(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row *row, struct error *err)
{
	struct gateway_key *key = &row->key;
	struct error unknown;

	key->id = stmt_int(stmt, 0);
	key->name = arena_copy(arena, stmt_str(stmt, 1));
	row->project = arena_copy(arena, stmt_str(stmt, 2));
	row->prefix = arena_copy(arena, stmt_str(stmt, 3));
	row->created_ms = stmt_int(stmt, 4);
	key->expires_ms = stmt_int(stmt, 5);
	key->revoked_ms = stmt_int(stmt, 6);
	row->last_used_ms = stmt_int(stmt, 7);
	row->rotated_to = stmt_int(stmt, 8);
	key->project_id = stmt_int(stmt, 9);
	key->organisation_id = stmt_int(stmt, 10);
	key->kind = stmt_int(stmt, 11) ? GATEWAY_KEY_PUBLISHABLE
				       : GATEWAY_KEY_SECRET;
	key->is_strict = stmt_int(stmt, 12) != 0;
	key->created_by = stmt_int(stmt, 13);
	if (!time_zone_load(stmt_str(stmt, 14), &row->zone, &unknown))
		row->zone = time_zone_utc();
	read_rights(stmt, key);
	read_budgets(stmt, row);
	return name_list_read(
		       stmt_str(stmt, 23), arena, &key->allowed_models, err) &&
	       name_list_read(stmt_str(stmt, 24), arena,
		       &key->allowed_providers, err) &&
	       name_list_read(
		       stmt_str(stmt, 25), arena, &key->allowed_origins, err) &&
	       name_list_read(stmt_str(stmt, 26), arena, &key->tags, err);
}

static void read_rights(struct stmt *stmt, struct gateway_key *key)
{
	struct str metadata = stmt_str(stmt, 18), cache = stmt_str(stmt, 19);

	key->limits.requests_per_minute = stmt_int(stmt, 15);
	key->limits.tokens_per_minute = stmt_int(stmt, 16);
	key->limits.concurrent = stmt_int(stmt, 17);
	key->metadata_mode = str_equal(metadata, S("off"))  ? METADATA_OFF
			     : str_equal(metadata, S("on")) ? METADATA_ON
							    : METADATA_DEFAULT;
	key->cache_policy = str_equal(cache, S("off"))  ? CACHE_POLICY_OFF
			    : str_equal(cache, S("on")) ? CACHE_POLICY_ON
							: CACHE_POLICY_DEFAULT;
	key->cache_ttl_ms = stmt_int(stmt, 20);
	key->first_byte_timeout_ms = stmt_int(stmt, 21);
	key->total_timeout_ms = stmt_int(stmt, 22);
}

static void read_budgets(struct stmt *stmt, struct gateway_key_row *row)
{
	row->daily_budget_id = stmt_int(stmt, 27);
	row->daily_picousd =
		stmt_is_null(stmt, 28) ? BUDGET_NONE : stmt_int(stmt, 28);
	row->monthly_budget_id = stmt_int(stmt, 29);
	row->monthly_picousd =
		stmt_is_null(stmt, 30) ? BUDGET_NONE : stmt_int(stmt, 30);
}

static int compare_ids(const void *a, const void *b)
{
	const struct gateway_key_row *x = a, *y = b;

	return (x->key.id > y->key.id) - (x->key.id < y->key.id);
}
