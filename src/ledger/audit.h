/*
 * audit.h - who changed what, for callers above the floor of records.
 *
 * The row is written on the caller's connection: inside the transaction of
 * the change, both are there or neither is.
 */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include "base/arena.h"
#include "base/error.h"
#include "db/pool.h"

struct audit_entry {
	int64_t organisation_id; /* 0: the whole installation */
	int64_t actor_user_id;   /* 0: no person, `actor` says what */
	struct str actor;        /* e-mail address, or "cli", "janitor" */
	struct str action;       /* "key.revoke" */
	struct str object_kind;  /* "key" */
	int64_t object_id;
	struct str object_name;
	struct str before_json; /* without secrets; "" when there is none */
	struct str after_json;
	struct str client_ip;
};

/* ERR_BAD_JSON when before or after is not JSON; ERR_DATABASE. */
MUST_USE bool audit_write(
	struct db *db, const struct audit_entry *entry, struct error *err);

/* --- reading it, a page at a time --- */

struct audit_filter {
	int64_t organisation_id;
	bool with_installation; /* also what no organisation owns */
	int64_t from_ms;        /* then or later */
	int64_t to_ms;          /* and before that */
	struct str actor;       /* a part of it; "": any; so below */
	struct str action;      /* its beginning: "key", "key.revoke" */
	struct str object;      /* a part of its name, or its whole id */
	/* The last entry of the page before: older ones are wanted; 0: the
	 * newest. */
	int64_t before_ms;
	int64_t before_id;
	size_t limit;
};

struct audit_row {
	int64_t id;
	int64_t at_ms;
	struct audit_entry entry;
};

/* The newest first, at most filter->limit, in the arena. ERR_DATABASE. */
MUST_USE bool audit_list(struct db *db, const struct audit_filter *filter,
	struct arena *arena, struct audit_row **out, size_t *count,
	struct error *err);

#endif
