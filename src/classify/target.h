/*
 * target.h - what is to be learned of each row.
 */
#ifndef CLASSIFY_TARGET_H
#define CLASSIFY_TARGET_H

#include "classify/solve.h"

/* May this row teach? */
static inline bool target_teaches(const struct training *training, size_t row)
{
	return training->rows[row].may_train &&
	       !training->held_out[training->rows[row].data_set];
}

/* What each row says of both views: VIEWS arrays of training->count. */
void target_find(const struct training *training, double *value[VIEWS]);

/*
 * Targets of one view from what target_find() found, above the mean of the
 * data set; without the rows of one fold, -1: with all.
 */
void target_set(const struct training *training, const double *value, int fold,
	struct solve_target *targets);

#endif
