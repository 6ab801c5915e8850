/*
 * limit_owner.h - whose a budget or a quota is, as lists show it.
 *
 * Both tables have the same columns for it; a SELECT from one of them as `l`
 * has LIMIT_OWNER_COLUMNS first and LIMIT_OWNER_JOINS behind its FROM.
 */
#ifndef ACCOUNTS_LIMIT_OWNER_H
#define ACCOUNTS_LIMIT_OWNER_H

#include "accounts/limit_set.h"
#include "db/stmt.h"

struct limit_owner_row {
	struct str name;    /* of the organisation, project or key */
	int64_t project_id; /* 0 for an organisation's */
	struct str project; /* its name; "" for an organisation's */
	bool is_inactive;   /* archived, revoked, expired or gone */
};

#define LIMIT_OWNER_COLUMNS                                                \
	"l.id, l.organisation_id, l.scope_kind, l.scope_id, l.user_name, " \
	"l.period, l.created_ms, CASE l.scope_kind "                       \
	"WHEN 'organisation' THEN o.name WHEN 'key' THEN k.name "          \
	"ELSE p.name END, p.name, COALESCE(p.time_zone, o.time_zone), "    \
	"o.archived_ms IS NOT NULL OR p.archived_ms IS NOT NULL OR "       \
	"k.revoked_ms IS NOT NULL OR k.expires_ms <= "                     \
	"1000 * UNIX_TIMESTAMP() OR "                                      \
	"(l.scope_kind = 'key' AND k.id IS NULL) OR "                      \
	"(l.scope_kind <> 'organisation' AND p.id IS NULL), p.id"
#define LIMIT_OWNER_JOINS                                          \
	" l LEFT JOIN organisations o ON o.id = "                  \
	"l.organisation_id LEFT JOIN gateway_keys k ON "           \
	"l.scope_kind = 'key' AND k.id = l.scope_id "              \
	"LEFT JOIN projects p ON p.id = CASE l.scope_kind "        \
	"WHEN 'organisation' THEN 0 WHEN 'key' THEN k.project_id " \
	"ELSE l.scope_id END"
/* The column behind them. */
#define LIMIT_OWNER_NEXT 12

/* Columns 1 to 5, as both tables have them, into the arena. ERR_DATABASE. */
MUST_USE bool limit_owner_read(struct stmt *stmt, struct arena *arena,
	struct limit_owner *out, enum limit_period *period, struct error *err);

/*
 * Whose limits the organisation, project or key of that id would be, its texts
 * in the arena; SCOPE_USER: those of each user of the project. ERR_NOT_FOUND,
 * also for what another organisation has.
 */
MUST_USE bool limit_owner_find(struct db *db, struct arena *arena,
	int64_t organisation_id, enum limit_scope scope, int64_t scope_id,
	struct limit_owner *out, struct limit_owner_row *row,
	struct error *err);

struct limit_owner_choice {
	struct limit_owner owner;
	struct limit_owner_row row;
};
/* The keys that may be used, of all projects or of one, in the order of
 * projects and names: at most `max`, those used last. */
MUST_USE bool limit_owner_list_keys(struct db *db, struct arena *arena,
	int64_t organisation_id, int64_t project_id, size_t max,
	struct limit_owner_choice **out, size_t *count, struct error *err);

/* The five that say whose a row is and of which period, in their order. */
void limit_owner_bind(struct stmt *stmt, const struct limit_owner *owner,
	enum limit_period period);
/* Remove a row by `sql`, which takes its id, the organisation and that again:
 * 0 is any. `what` names it to people. ERR_NOT_FOUND. */
MUST_USE bool limit_owner_remove(struct db *db, const char *sql,
	const char *what, int64_t organisation_id, int64_t id,
	struct error *err);

/* Columns 7 to 11, and the calendar. */
void limit_owner_read_row(struct stmt *stmt, struct arena *arena,
	struct limit_owner_row *out, const struct time_zone **zone);

/* A key as an owner, its texts in the arena. ERR_NOT_FOUND. */
MUST_USE bool limit_owner_find_key(struct db *db, struct arena *arena,
	int64_t key_id, struct limit_owner *out, struct limit_owner_row *row,
	struct error *err);
/* Has the project a key that may be used? ERR_DATABASE. */
MUST_USE bool limit_owner_has_keys(
	struct db *db, int64_t project_id, bool *out, struct error *err);

/* ERR_BAD_FIELD: a user where none belongs, or too long a name. */
MUST_USE bool limit_owner_check(
	const struct limit_owner *owner, struct error *err);

#endif
