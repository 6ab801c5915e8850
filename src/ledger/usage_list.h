/*
 * usage_list.h - who used what in a span of time, out of the rollups: one row
 * for each project, key, model, provider, or user that calls named.
 */
#ifndef LEDGER_USAGE_LIST_H
#define LEDGER_USAGE_LIST_H

#include "ledger/usage_sum.h"

enum usage_by {
	USAGE_BY_PROJECT,
	USAGE_BY_KEY,
	USAGE_BY_USER, /* of USAGE_DAYS alone: there is no other rollup */
	USAGE_BY_MODEL,
	USAGE_BY_PROVIDER,
};

enum usage_order {
	USAGE_DEAREST,
	USAGE_MOST_REQUESTS,
	USAGE_MOST_TOKENS,
	USAGE_MOST_ERRORS,
};

struct usage_row {
	int64_t id;         /* of the project, key...; 0: calls that had none */
	struct str name;    /* "": it is gone, or there was none */
	int64_t project_id; /* of a key's or user's row */
	struct str project;
	int64_t requests;
	int64_t errors;
	int64_t cache_hits; /* 0 of a user: that and saved_picousd are not kept
			     */
	int64_t prompt_tokens;
	int64_t completion_tokens;
	int64_t cost_picousd;
	int64_t saved_picousd;
};

/* Rows from `offset` on, `limit` at most, in the arena. ERR_DATABASE. */
MUST_USE bool usage_list(struct db *db, const struct usage_scope *scope,
	enum usage_by by, enum usage_order order, size_t offset, size_t limit,
	struct arena *arena, struct usage_row **rows, size_t *count,
	struct error *err);

#endif
