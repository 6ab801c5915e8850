/*
 * solve.h - least squares with a ridge, over counted and hashed features.
 */
#ifndef CLASSIFY_SOLVE_H
#define CLASSIFY_SOLVE_H

#include "classify/train.h"

/* What a fit is made of: for each row of the training its target, and how
 * much it counts; 0: not at all. */
struct solve_target {
	double value;
	double weight;
};

/*
 * Find the weights (weight, usual, hash_scale, hash) that come nearest to the
 * targets, with a constant of its own for each data set, which is dropped:
 * only what tells prompts of one data set apart is learned.
 */
void solve(const struct training *training, const struct solve_target *targets,
	struct weights *out);

#endif
