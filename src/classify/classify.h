/*
 * classify.h - how much does a request need a strong model?
 *
 * Linear models over features of the prompt, whose weights are data, foresee
 * what the strong model gains and how good answers are at all. Pure: no
 * network, no allocation while it classifies, microseconds.
 */
#ifndef CLASSIFY_CLASSIFY_H
#define CLASSIFY_CLASSIFY_H

#include "base/error.h"
#include "base/str.h"

enum complexity {
	COMPLEXITY_SIMPLE,
	COMPLEXITY_MEDIUM,
	COMPLEXITY_COMPLEX,
};

/* What is looked at. Texts are UTF-8, whatever the client sent. */
struct prompt {
	struct str text;    /* what the user said last */
	struct str context; /* system prompt and earlier turns; may be "" */
	size_t turns;       /* messages of the user, the last one included */
	size_t tools;       /* offered */
	size_t images;
	bool wants_json;    /* a JSON answer was asked for */
	int64_t max_tokens; /* of the answer; -1: not said */
};

#define CLASSIFY_REASONS 6

/* A feature that decided; the strongest comes first. */
struct classify_reason {
	const char *feature; /* "mathematics", "code", "length", ... */
	double weight;       /* above 0: towards the strong model */
};

struct classification {
	/* 0 to 1; orders requests by how much they need the strong model. */
	double score;
	enum complexity complexity;
	const char *task; /* "code", "mathematics", "translation", ... */
	struct classify_reason reasons[CLASSIFY_REASONS];
	size_t reason_count;
};

struct classifier;

/* Map the weights; shared by all threads. ERR_IO; ERR_CONFIG for a file that
 * holds no weights. */
MUST_USE bool classifier_open(
	const char *path, struct classifier **out, struct error *err);
/* Safe with NULL. */
void classifier_close(struct classifier *classifier);

void classifier_run(const struct classifier *classifier,
	const struct prompt *prompt, struct classification *out);

/* "simple", "medium" or "complex". */
const char *complexity_name(enum complexity complexity);

#endif
