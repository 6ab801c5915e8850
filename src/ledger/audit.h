/*
 * audit.h - who changed what, for callers above the floor of records.
 *
 * The row is written on the caller's connection: inside the transaction of
 * the change, both are there or neither is.
 */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

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

#endif
