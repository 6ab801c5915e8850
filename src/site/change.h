/*
 * change.h - how pages change something: in a transaction, with its row in
 * the audit log.
 *
 *	return db_begin(request->db, err) &&
 *	       thing_do(request->db, ..., err) &&
 *	       site_change_note(request, &(struct site_change){ ... }, err) &&
 *	       site_change_commit(request, err);
 *
 * When a step fails the caller returns false, and what was done is rolled
 * back before anything else runs on that connection.
 */
#ifndef SITE_CHANGE_H
#define SITE_CHANGE_H

#include "site/page.h"

struct site_change {
	int64_t organisation_id; /* 0: the whole installation */
	const char *action; /* "key.revoke"; first word: the object's kind */
	int64_t object_id;
	struct str object_name;
	json_t *before; /* what was; taken over; NULL: nothing. No secrets. */
	json_t *after;
};

/* By whoever is logged in; else by the object's name (who logs in). */
MUST_USE bool site_change_note(struct site_request *request,
	const struct site_change *change, struct error *err);

/* Commit, and tell the processes that serve. */
MUST_USE bool site_change_commit(
	struct site_request *request, struct error *err);

#endif
