/*
 * topics.h - which words occur in the same prompts.
 *
 * Hashes that share prompts share topics: the strongest directions (singular
 * vectors) of the table of rows and hashes. A row's share in a topic is the sum
 * of the loadings of its hashes over the root of their count, so the weight of
 * a topic is one for each of its hashes: what a common word taught holds for
 * the rarer words around it, and costs nothing when a prompt is scored.
 */
#ifndef CLASSIFY_TOPICS_H
#define CLASSIFY_TOPICS_H

#include "classify/train.h"

#define TOPICS 20

struct topics {
	double (*row)[TOPICS]; /* the share of each row; 0: may not teach */
	uint32_t *place;       /* of each hash in loading; 0: too rare */
	double (*loading)[TOPICS];
	size_t places;
};

/* From the rows that may teach, whatever their answers were worth. The same
 * rows give the same topics. */
struct topics *topics_find(const struct training *training);
/* Safe with NULL. */
void topics_free(struct topics *topics);

#endif
