/*
 * invitation.h - the table invitations: somebody is asked to join an
 * organisation, or one project of it, with a role.
 *
 * The link in the invitation has a token that works once, until it expires or
 * is taken back. It is for whoever holds it: an account with another e-mail
 * address than the one invited cannot use it. One that is e-mailed as well
 * has a second token in the mail; the first of the two that is used is the
 * last. Whoever changes something writes the audit row in the same
 * transaction.
 */
#ifndef ACCOUNTS_INVITATION_H
#define ACCOUNTS_INVITATION_H

#include "accounts/member.h"
#include "accounts/one_time.h"

#define INVITATION_LASTS_MS (7 * INT64_C(86400000))

struct invitation {
	int64_t id;
	struct member_of of;
	struct str organisation;
	struct str project; /* "" the whole organisation */
	struct str email;
	enum role role;
	int64_t invited_by; /* 0: the command line */
	struct str inviter; /* that person's address; "" none */
	struct str locale;  /* that the organisation's new people begin with */
	int64_t created_ms;
	int64_t expires_ms;
};

/*
 * Invite: `of`, `email`, `role` and `invited_by` are given, the rest is
 * filled. An open invitation of the same person to the same place is taken
 * back. ERR_BAD_FIELD; ERR_NOT_FOUND for a project of another organisation;
 * ERR_DUPLICATE when that person is a member there already.
 */
MUST_USE bool invitation_create(struct db *db, struct invitation *invitation,
	struct one_time *token, struct arena *arena, struct error *err);

/* Have it e-mailed, in the transaction that makes it. */
MUST_USE bool invitation_ask_mail(struct db *db, int64_t id, struct error *err);

/* The next that is to be e-mailed, with the token of its link: of several
 * processes one gets it, once. *found is false when there is none. */
MUST_USE bool invitation_take_mail(struct db *db, struct arena *arena,
	bool *found, struct invitation *out, struct one_time *token,
	struct error *err);

/* Those that can be accepted still, newest first. */
MUST_USE bool invitation_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct invitation **out, size_t *count,
	struct error *err);

/* The open invitation of a token. ERR_NOT_FOUND says the same of one that
 * never was, has been used, has expired, or was taken back. */
MUST_USE bool invitation_find(struct db *db, struct str token,
	struct arena *arena, struct invitation *out, struct error *err);

/* Become a member, in a transaction; a stronger role that one has stays.
 * ERR_NOT_FOUND when another was quicker; ERR_FORBIDDEN when `email` is not
 * the invited one. */
MUST_USE bool invitation_accept(struct db *db,
	const struct invitation *invitation, int64_t user_id, struct str email,
	struct error *err);

/* ERR_NOT_FOUND: no open invitation of that organisation. */
MUST_USE bool invitation_revoke(
	struct db *db, int64_t organisation_id, int64_t id, struct error *err);

#endif
