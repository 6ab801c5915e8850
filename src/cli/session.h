/*
 * session.h - what the commands share: arguments, settings, vault, database,
 * the answer, and the transaction that a change is made in.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "base/arena.h"
#include "base/settings.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "crypto/seal.h"
#include "db/pool.h"

#define DEFAULT_CONFIG "/etc/llm-gateway/llm-gateway.conf"
/* Longer than any provider's key and any password. */
#define SESSION_SECRET_BYTES 8192

struct session {
	struct arguments arguments;
	struct arena arena;
	struct output output;
	struct settings settings;
	bool has_settings;       /* they were read */
	const char *config_path; /* NULL: defaults alone */
	struct vault *vault;     /* NULL unless the command needs it */
	struct db_pool *pool;
	struct db *db;
	bool has_schema;                   /* `check` found it current */
	char secret[SESSION_SECRET_BYTES]; /* wiped when it closes */
	/* Whose object a change is of: its audit row is theirs, too. 0: the
	 * whole installation's. */
	int64_t organisation_id;
	int exit_status; /* of a command that ran but found faults */
};

void session_init(struct session *session);
/* Gives back, wipes and closes all. */
void session_close(struct session *session);

/* The file and what --set changes; ERR_CONFIG names line and reason. */
MUST_USE bool session_read_settings(struct session *session, struct error *err);
MUST_USE bool session_open_vault(struct session *session, struct error *err);
MUST_USE bool session_open_database(struct session *session, struct error *err);

/* The n-th word behind the command's name. */
struct str session_operand(const struct session *session, size_t n);

/*
 * One secret from standard input: a line, or all there is. At a terminal it
 * is asked for and not echoed. `what` names it in the prompt and in errors.
 */
MUST_USE bool session_read_secret(struct session *session, const char *what,
	struct str *out, struct error *err);

/*
 * Changes are made between these two. The second writes the audit row and
 * commits: `action` is "key.revoke", its first word the kind of the object;
 * what the output's last row shows is kept as what is true now, so a secret
 * is added to the output after the commit. When a command fails in between,
 * closing the session rolls back. Processes that serve are told of the change
 * before the second returns.
 */
MUST_USE bool session_begin_change(struct session *session, struct error *err);
MUST_USE bool session_commit_change(struct session *session, const char *action,
	int64_t object_id, struct str object_name, struct error *err);
/* The audit row alone, for each but the last of several changes. */
MUST_USE bool session_note_change(struct session *session, const char *action,
	int64_t object_id, struct str object_name, struct error *err);

#endif
