/*
 * task.h - what a prompt asks for, by the kinds of its words.
 */
#ifndef CLASSIFY_TASK_H
#define CLASSIFY_TASK_H

#include "classify/features.h"

/* "code", "mathematics", "translation"...; "other" when nothing tells. */
const char *task_of(const struct features *features);

#endif
