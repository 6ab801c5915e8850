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
	const char *path; /* of the file they came from; NULL: defaults */
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
	struct str cors_origins;  /* of pages that may call; "*": of all */
	struct str state_dir;     /* journal; survives a reboot */
	struct str hot_dir;       /* LMDB; on tmpfs */
	struct str data_dir;      /* "": see base/data_directory.h */
	struct str host_name;     /* see settings_host_name() */
	/* [database] */
	struct str database_socket; /* "" uses host and port */
	struct str database_host;
	int64_t database_port;
	struct str database_name;
	struct str database_user;
	struct str database_password_file; /* "" no password */
	bool database_tls;
	struct str database_ca_file;          /* "" the system's */
	struct str database_certificate_file; /* ours; "" none */
	struct str database_key_file;
	int64_t database_connections; /* pool size of one process */
	/* [redis] */
	struct str redis_url; /* "" there is none */
	struct str redis_user;
	struct str redis_password_file;    /* "" no password */
	struct str redis_ca_file;          /* "" the system's */
	struct str redis_certificate_file; /* ours; "" none */
	struct str redis_key_file;
	int64_t redis_timeout_ms;
	struct str redis_prefix; /* of all names that are ours */
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
	int64_t key_refused_ms; /* a provider's key that got 401 or 403 rests */
	int64_t key_limited_ms; /* one that got 429, unless it was told */
	bool affinity;          /* long prompts go to where they are cached */
	/* [retry] */
	int64_t retry_attempts; /* of a call, in all */
	int64_t retry_base_ms;
	int64_t retry_max_ms;
	int64_t retry_max_wait_ms; /* longest Retry-After that is waited for */
	int64_t retry_budget_percent;
	/* [breaker] */
	int64_t breaker_failures; /* in a row; 0: no breakers */
	int64_t breaker_window_ms;
	int64_t breaker_open_ms;
	int64_t breaker_max_open_ms;
	int64_t breaker_probe_ms;
	/* [limits] 0: none. Money is pico-dollars, a price that of a token. */
	struct str limits_shared; /* "no", "redis" or "mariadb" */
	int64_t user_rpm; /* of each user of a project, unless a quota says */
	int64_t user_tokens_daily;
	int64_t proxy_user_rpm; /* the same where a tenant's user asks */
	int64_t proxy_user_tokens_daily;
	int64_t user_concurrent; /* of each of either kind, likewise */
	int64_t ip_rpm;
	int64_t ip_tpm;
	int64_t ip_concurrent;
	int64_t output_tokens; /* taken where neither call nor model says */
	int64_t unpriced_input_picousd;
	int64_t unpriced_output_picousd;
	int64_t slice_picousd; /* of a budget that hosts share by grants */
	int64_t slice_idle_ms; /* until what is not spent of it goes back */
	int64_t outage_allowance_picousd;
	/* [batch] */
	int64_t batch_max_requests;
	int64_t batch_parallel; /* of one batch, at once */
	int64_t batch_max_answer_bytes;
	/* [stream] */
	int64_t keepalive_ms; /* silence before an SSE comment */
	int64_t keepalive_apache_ms;
	int64_t max_frame_bytes;
	/* [gateway] */
	bool metadata; /* `metadata` member in answers, unless a key says */
	/* [routing] */
	struct str routing_preset;      /* cheap, balanced or quality */
	int64_t routing_classify_bytes; /* also calls that name a model */
	struct str routing_classifier;  /* the weights; "" as installed */
	/* [cache] */
	bool cache_enabled; /* for keys that do not say */
	struct str cache_strategy;
	int64_t cache_ttl_ms;
	int64_t cache_max_bytes;        /* of the store's file */
	int64_t cache_max_answer_bytes; /* a larger one is not kept */
	struct str cache_max_temperature;
	struct str cache_assume_temperature; /* of who says none */
	bool cache_tools;
	bool cache_coalesce;
	/* [log] */
	struct str log_dir; /* of files; "" standard error */
	struct str log_level;
	int64_t log_keep_days; /* of the request log; 0: for ever */
	bool log_requests;     /* one line per call */
	/* [alerts] */
	int64_t alerts_interval_ms; /* between two looks at the rules */
	int64_t alerts_timeout_ms;  /* of one message */
	int64_t alerts_attempts;    /* of one message */
	int64_t alerts_retry_ms;    /* after the first of them; doubles */
	struct str smtp_url;        /* "" no e-mail */
	struct str smtp_from;
	struct str smtp_user;
	struct str smtp_password_file;
	struct str smtp_ca_file;
	bool smtp_require_tls;
	/* [site] */
	struct str site_url;    /* "" unknown; may end in '/' */
	struct str site_signup; /* open, invite or closed */
	int64_t site_idle_ms;
	int64_t site_session_ms;
	int64_t site_token_ms;
	int64_t site_login_window_ms;
	int64_t site_login_failures;
	int64_t site_login_failures_ip;
	struct str site_dir; /* "" as installed */
	bool site_reload;
	/* [catalog] */
	struct str catalog_sources; /* files and URLs, by commas; "" shipped */
	int64_t catalog_timeout_ms; /* for one of them */
	struct str catalog_ca_file; /* "" the system's */
	/* [metrics] */
	struct str metrics_token_file; /* "" none: for this machine alone */
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

#define SETTINGS_HOST_NAME_BYTES 65
/* server.host_name, or the system's own, which is written to `out`. */
struct str settings_host_name(
	const struct settings *settings, char out[SETTINGS_HOST_NAME_BYTES]);

/* The table as a commented INI file with the defaults, for the docs. */
void settings_describe(struct buf *out);

/* A file's path for those who open it; NULL when it is empty. */
const char *settings_path(struct arena *arena, struct str path);

/*
 * The content of a small file of secrets, white space at the ends removed.
 * ERR_CONFIG when it cannot be read or everybody may read it.
 */
MUST_USE bool settings_read_secret(struct str path, struct arena *arena,
	struct str *out, struct error *err);

#endif
