/*
 * rerank.h - documents ordered by how many words of a query they have.
 */
#ifndef SIMULATOR_RERANK_H
#define SIMULATOR_RERANK_H

#include "ask.h"

struct rerank_result {
	int index;       /* among the documents */
	double score;    /* from 0 to 1 */
	struct str text; /* of the document */
};

/*
 * All documents, the best first; equal ones stay in their order. A document is
 * a string, or an object with a "text". *results is in the arena.
 */
int rerank_order(const struct ask *ask, struct str query, struct json documents,
	struct rerank_result **results);

/* How many of `count` results are wanted: the member `name`, or all. */
int rerank_limit(const struct ask *ask, struct str name, int count);

/* Refuse what has no query or no documents. ERR_MISSING_FIELD */
MUST_USE bool rerank_check(const struct ask *ask, struct error *err);

#endif
