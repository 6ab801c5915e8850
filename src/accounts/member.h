/*
 * member.h - the tables organisation_members and project_members: who has
 * which role where.
 *
 * An organisation always keeps an owner: the last one can neither leave nor
 * become less, however many processes try at once. Who may change whom is
 * member_may_change(): nobody gives a role above their own, or touches one
 * who has it. Whoever changes something writes the audit row in the same
 * transaction, which the functions that change need.
 */
#ifndef ACCOUNTS_MEMBER_H
#define ACCOUNTS_MEMBER_H

#include "accounts/permission.h"
#include "base/arena.h"

/* Of a whole organisation, or of one project of it. */
struct member_of {
	int64_t organisation_id;
	int64_t project_id; /* 0: the organisation */
};

struct member {
	int64_t user_id;
	struct str email;
	struct str name;
	enum role role;
	int64_t since_ms;
	int64_t last_login_ms; /* 0: never */
	bool is_disabled;
};

/* An organisation that somebody is in, by itself or through projects. */
struct membership {
	int64_t organisation_id;
	struct str organisation;
	enum role role; /* ROLE_NONE: in projects alone */
};

/* A project that somebody may look at. */
struct member_project {
	int64_t id;
	struct str name;
};

/* By e-mail address, those behind `after`, `most` at most; texts in the
 * arena. */
#define MEMBERS_ALL INT64_MAX
MUST_USE bool member_list(struct db *db, const struct member_of *of,
	struct str after, int64_t most, struct arena *arena,
	struct member **out, size_t *count, struct error *err);
/* Where one is a member, oldest first; without archived organisations. */
MUST_USE bool member_organisations(struct db *db, int64_t user_id,
	struct arena *arena, struct membership **out, size_t *count,
	struct error *err);

/* The projects of the organisation that one may look at, by name: all of them
 * for a member of the organisation and an operator, else those that one is a
 * member of. */
MUST_USE bool member_projects(struct db *db, int64_t user_id,
	int64_t organisation_id, struct arena *arena,
	struct member_project **out, size_t *count, struct error *err);

/* Add, or change the role. ERR_NOT_FOUND: the project is not of that
 * organisation; ERR_BAD_FIELD for the last owner. */
MUST_USE bool member_set(struct db *db, const struct member_of *of,
	int64_t user_id, enum role role, struct error *err);
/* Leaving an organisation leaves its projects too. ERR_NOT_FOUND when there
 * is no such member; ERR_BAD_FIELD for the last owner. */
MUST_USE bool member_remove(struct db *db, const struct member_of *of,
	int64_t user_id, struct error *err);
/* The role given there, ROLE_NONE for none; locked until the transaction
 * ends. */
MUST_USE bool member_role(struct db *db, const struct member_of *of,
	int64_t user_id, enum role *out, struct error *err);

/* May one of role `actor` change a member from role `from` to `to` (ROLE_NONE:
 * none)? ERR_FORBIDDEN. */
MUST_USE bool member_may_change(
	enum role actor, enum role from, enum role to, struct error *err);

#endif
