/*
 * error.h - what went wrong, once for the client and once for the log.
 *
 * A function that may fail returns bool and takes `struct error *err` last.
 * Every kind is one row of a table: its HTTP status, its name (`code` in an
 * answer, `error` in the request log) and the wording a client reads when
 * nobody knew better. `message` replaces that wording and must be fit for a
 * client's eyes; `detail` goes to the log alone. Neither ever holds a secret.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/str.h"

enum error_kind {
	ERR_NONE,
	/* the client's request */
	ERR_BAD_REQUEST,
	ERR_BAD_JSON,
	ERR_MISSING_FIELD,
	ERR_BAD_FIELD,
	ERR_UNSUPPORTED,
	ERR_CONTENT_TYPE,
	ERR_TOO_LARGE,
	ERR_TOO_DEEP,
	ERR_CLIENT_TIMEOUT,
	ERR_NOT_FOUND,
	ERR_METHOD,
	/* who asks */
	ERR_KEY_MISSING,
	ERR_KEY_MALFORMED,
	ERR_KEY_UNKNOWN,
	ERR_KEY_REVOKED,
	ERR_KEY_EXPIRED,
	ERR_ORIGIN,
	ERR_NOT_LOGGED_IN,
	ERR_LOGIN,
	ERR_CSRF,
	ERR_FORBIDDEN,
	/* what is asked for */
	ERR_MODEL_NOT_FOUND,
	ERR_MODEL_FORBIDDEN,
	ERR_NO_TARGET,
	ERR_CIRCUIT_OPEN,
	/* how much is asked for */
	ERR_RATE_LIMITED,
	ERR_CONCURRENCY,
	ERR_QUOTA,
	ERR_BUDGET,
	ERR_LIMITS_UNKNOWN,
	/* the provider */
	ERR_UPSTREAM_CONNECT,
	ERR_UPSTREAM_TIMEOUT,
	ERR_UPSTREAM_RESET,
	ERR_UPSTREAM_GARBAGE,
	ERR_UPSTREAM_CUT,
	ERR_UPSTREAM_STATUS,
	ERR_UPSTREAM_TOO_LARGE,
	/* the client left */
	ERR_CLIENT_GONE,
	/* us */
	ERR_OVERLOADED,
	ERR_DRAINING,
	ERR_PROCESS_DIED,
	ERR_DATABASE,
	ERR_DUPLICATE,
	ERR_CONFIG,
	ERR_CRYPTO,
	ERR_IO,
	ERR_INTERNAL,
	ERR_KINDS /* how many */
};

struct error {
	enum error_kind kind;
	int http_status;              /* 0: the kind's own */
	unsigned retry_after_seconds; /* 0: not said */
	char param[96];               /* the field at fault, "" when none */
	char message[512]; /* for the client, "" gives the kind's wording */
	char detail[256];  /* for the log */
};

/* An error that has not happened. */
#define ERROR_INIT               \
	{                        \
		.kind = ERR_NONE \
	}

/*
 * Both set *err and return false, so that `return error_set(...)` reads well.
 * error_set() says what the log should know; error_refuse() what the client
 * did wrong, naming the field (NULL when no single field is at fault).
 */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
	PRINTF_LIKE(3, 4);
bool error_refuse(struct error *err, enum error_kind kind, const char *param,
	const char *format, ...) PRINTF_LIKE(4, 5);

int error_http_status(const struct error *err);
/* The name of the kind, as in "model_not_found". */
const char *error_name(enum error_kind kind);
/* What the client reads. */
const char *error_message(const struct error *err);
/* What the operator reads: detail if there is one, else the message. */
const char *error_detail(const struct error *err);

#endif
