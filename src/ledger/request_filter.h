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
	/* How the request's id begins, where it is the beginning of one that
	 * says its second (request_filter_is_id()); else a part of the id, the
	 * user, a model, the alias, the provider, the error or its detail, the
	 * key's name or its tags, in any case. */
	struct str text;
};

/* Of the tables requests as `r` and gateway_keys as `k`;
 * request_filter_bind() binds all of it. */
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
	" AND (? = '' OR CONCAT_WS(' ', r.request_id, r.user,"         \
	" r.model_asked, r.model_used, r.alias, r.provider, r.error,"  \
	" r.error_detail, k.name, k.tags)"                             \
	" COLLATE utf8mb4_general_ci LIKE ?)"

/* The text is how an id begins, long enough to tell when the call was: it is
 * found whenever that was, without looking through others. */
bool request_filter_is_id(const struct request_filter *filter);

/* The index that leads to them with the fewest others on the way. */
enum request_index {
	REQUESTS_BY_TIME, /* of all organisations */
	REQUESTS_BY_ORGANISATION,
	REQUESTS_BY_PROJECT,
	REQUESTS_BY_KEY,
	REQUESTS_BY_USER,
	REQUESTS_IN_TROUBLE, /* what did not go well */
	REQUESTS_BY_ID,
};
enum request_index request_filter_index(const struct request_filter *filter);

/* Nothing but organisation, project and time is asked for: every call that
 * the index leads to is one of them. */
bool request_filter_is_plain(const struct request_filter *filter);

/* The texts live in the arena until the statement has run. */
void request_filter_bind(struct stmt *stmt, const struct request_filter *filter,
	struct arena *arena);

#endif
