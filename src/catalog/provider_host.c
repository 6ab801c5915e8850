/*
 * provider_host.c - the table provider_hosts: more machines that are one
 * provider. One that is removed stays as a disabled row.
 */
#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/provider.h"
#include "db/stmt.h"

static bool check_room(struct db *db, int64_t provider_id, struct error *err);

bool provider_host_save(struct db *db, int64_t provider_id, struct str base_url,
	int64_t weight, struct error *err)
{
	struct stmt *stmt;

	if (!check_room(db, provider_id, err) ||
		!stmt_prepare(db, &stmt,
			"INSERT INTO provider_hosts (provider_id, base_url, "
			"weight, created_ms) VALUES (?, ?, ?, ?) "
			"ON DUPLICATE KEY UPDATE weight = VALUES(weight), "
			"enabled = 1",
			err))
		return false;
	stmt_bind_int(stmt, provider_id);
	stmt_bind_str(stmt, base_url);
	stmt_bind_int(stmt, weight);
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

static bool check_room(struct db *db, int64_t provider_id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT COUNT(*) FROM provider_hosts "
		    "WHERE provider_id = ? AND enabled = 1",
		    err))
		return false;
	stmt_bind_int(stmt, provider_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return stmt_int(stmt, 0) < PROVIDER_HOSTS ||
	       error_refuse(err, ERR_BAD_REQUEST, "host",
		       "A provider has at most %d hosts beside its own.",
		       PROVIDER_HOSTS);
}

bool provider_host_remove(struct db *db, int64_t provider_id,
	struct str base_url, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE provider_hosts SET enabled = 0 "
		    "WHERE provider_id = ? AND base_url = ? AND enabled = 1",
		    err))
		return false;
	stmt_bind_int(stmt, provider_id);
	stmt_bind_str(stmt, base_url);
	if (!stmt_run(stmt, err))
		return false;
	if (stmt_affected_rows(stmt) == 0)
		return error_refuse(err, ERR_NOT_FOUND, "host",
			"The provider has no host '%.*s'.", STR_ARG(base_url));
	return catalog_changed(db, err);
}
