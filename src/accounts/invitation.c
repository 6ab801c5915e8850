/*
 * invitation.c - rows of invitations. One that is open is neither accepted nor
 * revoked, and its time is not over.
 */
#include "accounts/invitation.h"

#include "accounts/user.h"
#include "base/clock.h"
#include "db/stmt.h"

#define OPEN \
	"i.accepted_ms IS NULL AND i.revoked_ms IS NULL AND i.expires_ms > ?"
#define SELECT_OPEN                                                    \
	"SELECT i.id, i.organisation_id, COALESCE(i.project_id, 0), "  \
	"o.name, p.name, i.email, i.role, COALESCE(i.invited_by, 0), " \
	"i.created_ms, i.expires_ms, u.email, o.locale "               \
	"FROM invitations i "                                          \
	"JOIN organisations o ON o.id = i.organisation_id "            \
	"AND o.archived_ms IS NULL "                                   \
	"LEFT JOIN users u ON u.id = i.invited_by "                    \
	"LEFT JOIN projects p ON p.id = i.project_id WHERE " OPEN

static bool check_is_new(
	struct db *db, const struct invitation *invitation, struct error *err);
static bool replace_open(
	struct db *db, const struct invitation *invitation, struct error *err);
static bool insert(struct db *db, const struct invitation *invitation,
	const uint8_t hash[SHA256_BYTES], struct error *err);
static bool read_row(struct stmt *stmt, struct arena *arena,
	struct invitation *out, struct error *err);
static bool use_up(struct db *db, int64_t id, struct error *err);
static bool claim_mail(struct db *db, int64_t id, const struct one_time *token,
	bool *won, struct error *err);
static bool no_such(struct error *err);

bool invitation_create(struct db *db, struct invitation *invitation,
	struct one_time *token, struct arena *arena, struct error *err)
{
	struct str email = invitation->email;
	enum role ignored;

	invitation->created_ms = clock_unix_ms();
	invitation->expires_ms = invitation->created_ms + INVITATION_LASTS_MS;
	one_time_make(token);
	/* member_role() also refuses a project that is somewhere else. */
	return user_read_email(email, arena, &invitation->email, err) &&
	       member_role(db, &invitation->of, 0, &ignored, err) &&
	       check_is_new(db, invitation, err) &&
	       replace_open(db, invitation, err) &&
	       insert(db, invitation, token->hash, err) &&
	       invitation_find(db, str_of(token->text), arena, invitation, err);
}

bool invitation_ask_mail(struct db *db, int64_t id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE invitations SET mail_asked_ms = ? WHERE id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

bool invitation_take_mail(struct db *db, struct arena *arena, bool *found,
	struct invitation *out, struct one_time *token, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    SELECT_OPEN " AND i.mail_asked_ms IS NOT NULL "
				"ORDER BY i.mail_asked_ms LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (!*found)
		return true;
	one_time_make(token);
	return read_row(stmt, arena, out, err) &&
	       claim_mail(db, out->id, token, found, err);
}

bool invitation_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct invitation **out, size_t *count,
	struct error *err)
{
	size_t room = 16;
	struct stmt *stmt;
	bool more;

	*count = 0;
	*out = ARENA_ARRAY(arena, struct invitation, room);
	if (!stmt_prepare(db, &stmt,
		    SELECT_OPEN " AND i.organisation_id = ? "
				"ORDER BY i.id DESC",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		if (!read_row(stmt, arena, &(*out)[(*count)++], err))
			return false;
	}
	return false;
}

bool invitation_find(struct db *db, struct str token, struct arena *arena,
	struct invitation *out, struct error *err)
{
	uint8_t hash[SHA256_BYTES];
	struct stmt *stmt;
	bool found;

	one_time_read(token, hash);
	if (!stmt_prepare(db, &stmt,
		    SELECT_OPEN " AND (i.token_hash = ? OR i.mail_hash = ?)",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_str(stmt, one_time_bytes(hash));
	stmt_bind_str(stmt, one_time_bytes(hash));
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return found ? read_row(stmt, arena, out, err) : no_such(err);
}

bool invitation_accept(struct db *db, const struct invitation *invitation,
	int64_t user_id, struct str email, struct error *err)
{
	enum role role;

	if (!str_equal(invitation->email, email))
		return error_refuse(err, ERR_FORBIDDEN, "email",
			"This invitation is for another e-mail address than "
			"that of your account.");
	return use_up(db, invitation->id, err) &&
	       member_role(db, &invitation->of, user_id, &role, err) &&
	       (role >= invitation->role ||
		       member_set(db, &invitation->of, user_id,
			       invitation->role, err));
}

bool invitation_revoke(
	struct db *db, int64_t organisation_id, int64_t id, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE invitations i SET i.revoked_ms = ? "
		    "WHERE i.id = ? AND i.organisation_id = ? AND " OPEN,
		    err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	return stmt_affected_rows(stmt) == 1 || no_such(err);
}

static bool check_is_new(
	struct db *db, const struct invitation *invitation, struct error *err)
{
	const struct member_of *of = &invitation->of;
	struct stmt *stmt;
	bool found;

	if (!(of->project_id ? stmt_prepare(db, &stmt,
				       "SELECT u.id FROM users u "
				       "JOIN project_members m "
				       "ON m.user_id = u.id "
				       "WHERE u.email = ? AND m.project_id = ?",
				       err)
			     : stmt_prepare(db, &stmt,
				       "SELECT u.id FROM users u "
				       "JOIN organisation_members m "
				       "ON m.user_id = u.id WHERE "
				       "u.email = ? AND m.organisation_id = ?",
				       err)))
		return false;
	stmt_bind_str(stmt, invitation->email);
	stmt_bind_int(
		stmt, of->project_id ? of->project_id : of->organisation_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return !found || error_refuse(err, ERR_DUPLICATE, "email",
				 "'%.*s' is a member already.",
				 STR_ARG(invitation->email));
}

static bool replace_open(
	struct db *db, const struct invitation *invitation, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE invitations i SET i.revoked_ms = ? WHERE "
		    "i.organisation_id = ? AND i.email = ? "
		    "AND i.project_id <=> ? AND " OPEN,
		    err))
		return false;
	stmt_bind_int(stmt, invitation->created_ms);
	stmt_bind_int(stmt, invitation->of.organisation_id);
	stmt_bind_str(stmt, invitation->email);
	stmt_bind_int_or_null(stmt, invitation->of.project_id);
	stmt_bind_int(stmt, invitation->created_ms);
	return stmt_run(stmt, err);
}

static bool insert(struct db *db, const struct invitation *invitation,
	const uint8_t hash[SHA256_BYTES], struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO invitations (organisation_id, project_id, "
		    "email, role, token_hash, invited_by, created_ms, "
		    "expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, invitation->of.organisation_id);
	stmt_bind_int_or_null(stmt, invitation->of.project_id);
	stmt_bind_str(stmt, invitation->email);
	stmt_bind_str(stmt, role_name(invitation->role));
	stmt_bind_str(stmt, one_time_bytes(hash));
	stmt_bind_int_or_null(stmt, invitation->invited_by);
	stmt_bind_int(stmt, invitation->created_ms);
	stmt_bind_int(stmt, invitation->expires_ms);
	return stmt_run(stmt, err);
}

static bool read_row(struct stmt *stmt, struct arena *arena,
	struct invitation *out, struct error *err)
{
	*out = (struct invitation){
		.id = stmt_int(stmt, 0),
		.of = { stmt_int(stmt, 1), stmt_int(stmt, 2) },
		.organisation = arena_copy(arena, stmt_str(stmt, 3)),
		.project = arena_copy(arena, stmt_str(stmt, 4)),
		.email = arena_copy(arena, stmt_str(stmt, 5)),
		.invited_by = stmt_int(stmt, 7),
		.created_ms = stmt_int(stmt, 8),
		.expires_ms = stmt_int(stmt, 9),
		.inviter = arena_copy(arena, stmt_str(stmt, 10)),
		.locale = arena_copy(arena, stmt_str(stmt, 11)),
	};
	return role_parse(stmt_str(stmt, 6), &out->role, err);
}

/* Of two at once, one changes the row. */
static bool use_up(struct db *db, int64_t id, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE invitations i SET i.accepted_ms = ? "
		    "WHERE i.id = ? AND " OPEN,
		    err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	return stmt_affected_rows(stmt) == 1 || no_such(err);
}

/* Of several processes, one. */
static bool claim_mail(struct db *db, int64_t id, const struct one_time *token,
	bool *won, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE invitations SET mail_hash = ?, "
		    "mail_asked_ms = NULL "
		    "WHERE id = ? AND mail_asked_ms IS NOT NULL",
		    err))
		return false;
	stmt_bind_str(stmt, one_time_bytes(token->hash));
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err))
		return false;
	*won = stmt_affected_rows(stmt) == 1;
	return true;
}

static bool no_such(struct error *err)
{
	return error_refuse(err, ERR_NOT_FOUND, "token",
		"This invitation is not valid: it was used, taken back, or its "
		"time is over. Ask for another one.");
}
