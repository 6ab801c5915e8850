/*
 * failure.h - what a provider says when it refuses.
 *
 * Providers agree least about errors, and one provider sends several shapes
 * (its own, its framework's, a proxy's page). So one reader understands all
 * that were seen, whatever the dialect. What a provider says may quote the
 * key it was sent: everything that looks like one is blotted out.
 */
#ifndef DIALECT_FAILURE_H
#define DIALECT_FAILURE_H

#include "base/arena.h"
#include "base/json.h"

/* What to do about a provider's refusal. */
enum failure_advice {
	ADVICE_RETRY,       /* the same target, after a while */
	ADVICE_NEXT_TARGET, /* this target cannot, another one may */
	ADVICE_GIVE_UP,     /* the request is at fault */
};

/* A provider's error answer. Texts are cut to fit, at whole characters. */
struct failure {
	int status; /* inside a 200 answer: what its code says, else 500 */
	char message[512]; /* "" when there was none; keys blotted out */
	char type[64];
	char code[64];
	char param[96];
	enum failure_advice advice;
	int64_t retry_after_ms; /* -1: not said */
};

/* Read an error answer, whatever it looks like; the header may be empty. */
void failure_read(int status, struct str retry_after_header, struct str body,
	struct failure *out);

/* What OpenAI says more exactly beside Retry-After; the header may be empty. */
void failure_read_wait_ms(
	struct str retry_after_ms_header, struct failure *out);

/* The same, of a checked value; status may be 200. */
void failure_read_json(
	int status, struct json root, struct arena *arena, struct failure *out);

/* Copy a text into `out` of that size: cut at a whole character, control
 * characters made spaces. */
void failure_fit(struct str text, char *out, size_t size);

#endif
