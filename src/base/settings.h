/*
 * settings.h - what the operator decides, read once at start.
 *
 * An INI file, then `--set section.key=value` from the command line; every
 * setting is one row of a table in settings.c with its default, bounds and
 * meaning. An unknown name or a bad value is an error that names the file,
 * the line and the reason: a setting that does nothing is never accepted.
 * Secrets are not settings: they come from the environment or from files
 * that settings point at.
 *
 * Text values live in the arena given to settings_load().
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct settings {
	/* [server] */
	struct str listen;      /* unix:PATH or ADDRESS:PORT */
	struct str socket_mode; /* of a unix socket, octal */
	int64_t loops;          /* 0: one for every two cores */
	int64_t workers;
	int64_t queue; /* requests that may wait for a worker */
	int64_t backlog;
	int64_t max_body_bytes;
	int64_t read_timeout_ms;  /* for a request to arrive whole */
	int64_t drain_timeout_ms; /* for running calls after SIGTERM */
	struct str state_dir;     /* journal; survives a reboot */
	struct str hot_dir;       /* LMDB; on tmpfs */
	/* [database] */
	struct str database_socket; /* "" uses host and port */
	struct str database_host;
	int64_t database_port;
	struct str database_name;
	struct str database_user;
	struct str database_password_file; /* "" no password */
	int64_t database_connections;      /* pool size of one process */
	/* [crypto] */
	struct str master_key_file; /* "" LLM_GATEWAY_MASTER_KEY alone */
	/* [upstream] */
	int64_t connect_timeout_ms;
	int64_t first_byte_timeout_ms;
	int64_t idle_timeout_ms; /* between two pieces of an answer */
	int64_t total_timeout_ms;
	int64_t max_answer_bytes;
	bool allow_private_upstreams; /* base URLs on private networks */
	int64_t pool_interval_ms;     /* between two looks at a pool's hosts */
	/* [stream] */
	int64_t keepalive_ms; /* silence before an SSE comment */
	int64_t keepalive_apache_ms;
	int64_t max_frame_bytes;
	/* [gateway] */
	bool metadata; /* `metadata` member in answers, unless a key says */
	/* [log] */
	struct str log_level;
	int64_t log_keep_days; /* of the request log; 0: for ever */
	bool log_requests;     /* one line per call */
};

/* Every setting at its default. */
void settings_init(struct settings *settings);

/*
 * Read the file (NULL: only defaults). On failure err->message holds
 * "FILE:LINE: reason".
 */
MUST_USE bool settings_load(struct settings *settings, const char *path,
	struct arena *arena, struct error *err);

/* Apply one "section.key=value". */
MUST_USE bool settings_set(struct settings *settings, struct str assignment,
	struct arena *arena, struct error *err);

/* The table as a commented INI file with the defaults, for the docs. */
void settings_describe(struct buf *out);

/*
 * The content of a small file of secrets, white space at the ends removed.
 * ERR_CONFIG when it cannot be read or everybody may read it.
 */
MUST_USE bool settings_read_secret(struct str path, struct arena *arena,
	struct str *out, struct error *err);

#endif
