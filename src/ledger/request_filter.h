/*
 * request_filter.h - which calls of the request log are meant: one WHERE for
 * the list, the export, and whatever else reads the log.
 */
#ifndef LEDGER_REQUEST_FILTER_H
#define LEDGER_REQUEST_FILTER_H

#include "base/arena.h"
#include "db/stmt.h"

enum request_outcome {
	REQUEST_ANY,
	REQUEST_OK,     /* a status below 400 */
	REQUEST_FAILED, /* one from 400 on */
	REQUEST_CACHED, /* answered from the cache */
	REQUEST_CUT,    /* the answer is not whole */
};

/* 0 and "" leave out what they stand for. */
struct request_filter {
	int64_t organisation_id;
	int64_t project_id;
	int64_t from_ms; /* they began then or later */
	int64_t to_ms;   /* and before that */
	enum request_outcome outcome;
	int64_t status; /* exactly this one */
	int64_t key_id;
	int64_t cost_from_picousd; /* they cost at least that */
	struct str error;          /* the name of its kind */
	struct str model;          /* as asked for, or used */
	struct str provider;
	struct str user;
	struct str alias;
	/* How the request's id begins, when it begins with "req_"; else how the
	 * user, a model, the error or its detail begins, in any case. */
	struct str text;
};

/* Of the table requests as `r`; request_filter_bind() binds all of it. */
#define REQUEST_FILTER_WHERE                                           \
	" WHERE (? = 0 OR r.organisation_id = ?)"                      \
	" AND r.started_ms >= ? AND r.started_ms < ?"                  \
	" AND (? = 0 OR r.project_id = ?) AND (? = 0 OR r.key_id = ?)" \
	" AND (? = 0 OR r.status = ?) AND r.status BETWEEN ? AND ?"    \
	" AND r.cache_hit >= ? AND r.complete <= ?"                    \
	" AND (? = 0 OR r.cost_picousd >= ?)"                          \
	" AND (? = '' OR r.error = ?)"                                 \
	" AND (? = '' OR r.model_used = ? OR r.model_asked = ?)"       \
	" AND (? = '' OR r.provider = ?) AND (? = '' OR r.user = ?)"   \
	" AND (? = '' OR r.alias = ?)"                                 \
	" AND (? = '' OR r.request_id LIKE ?)"                         \
	" AND (? = '' OR r.user COLLATE utf8mb4_general_ci LIKE ?"     \
	" OR r.model_asked COLLATE utf8mb4_general_ci LIKE ?"          \
	" OR r.model_used COLLATE utf8mb4_general_ci LIKE ?"           \
	" OR r.error COLLATE utf8mb4_general_ci LIKE ?"                \
	" OR r.error_detail COLLATE utf8mb4_general_ci LIKE ?)"

/* The texts live in the arena until the statement has run. */
void request_filter_bind(struct stmt *stmt, const struct request_filter *filter,
	struct arena *arena);

#endif
