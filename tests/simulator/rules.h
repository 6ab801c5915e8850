/*
 * rules.h - behaviours that a test puts over what requests ask for: for the
 * next so many, or for those with a certain key. So a provider can die and
 * come back, and refuse one of its keys.
 *
 *	{"rules": [{"behaviour": "status=503", "times": 3},
 *		   {"behaviour": "status=401", "key": "sk-a"}]}
 *
 * The first rule that fits counts, and what it says stands above all else.
 */
#ifndef SIMULATOR_RULES_H
#define SIMULATOR_RULES_H

#include <pthread.h>
#include <stdatomic.h>

#include "http.h"

#define RULES_MAX 16
#define RULE_TEXT_BYTES 256

struct rule {
	char behaviour[RULE_TEXT_BYTES];
	char key[RULE_TEXT_BYTES]; /* "": any */
	int64_t times;             /* left; -1: always */
};

struct rules {
	pthread_mutex_t lock;
	atomic_bool has_any; /* read without the lock */
	struct rule all[RULES_MAX];
	size_t count;
};

void rules_init(struct rules *rules);
/* Replace them all. ERR_BAD_FIELD, ERR_BAD_JSON. */
MUST_USE bool rules_read(
	struct rules *rules, struct str body, struct error *err);
void rules_clear(struct rules *rules);
/* What this request is to do, in the arena; uses a rule's times up. "": what
 * it asks for. */
struct str rules_take(struct rules *rules, const struct http_request *request,
	struct arena *arena);

#endif
