/*
 * bedrock.h - Amazon Bedrock's Converse: what is asked, how it is examined,
 * and what answers it. The path names the model.
 */
#ifndef SIMULATOR_BEDROCK_H
#define SIMULATOR_BEDROCK_H

#include "operation.h"

extern const struct dialect bedrock_dialect;

/* POST /model/{id}/converse and /converse-stream */
extern const struct operation bedrock_converse;
extern const struct operation bedrock_converse_stream;

MUST_USE bool bedrock_check(const struct ask *ask, struct error *err);

/* A key or a signature; both stand in the Authorization header. */
MUST_USE bool bedrock_check_key(const struct ask *ask, struct error *err);

#endif
