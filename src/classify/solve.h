/*
 * solve.h - least squares with a ridge, over counted and hashed features.
 */
#ifndef CLASSIFY_SOLVE_H
#define CLASSIFY_SOLVE_H

#include "classify/topics.h"
#include "classify/train.h"

/* What a fit is made of: for each row of the training its target, and how
 * much it counts; 0: not at all. */
struct solve_target {
	double value;
	double weight;
};

/* No hash weighs anything yet. */
void solve_begin(struct weights *out);
/*
 * Find the weights of a view (also usual, usual_square and its part of hash)
 * that come nearest to the targets, with a constant of its own for each data
 * set, which is dropped: only what tells prompts of one data set apart is
 * learned. The mean of the view is 0 over the rows that count.
 */
void solve_view(const struct training *training,
	const struct solve_target *targets, const struct topics *topics,
	enum view view, struct weights *out);

#endif
