/*
 * doctor.h - what `llm-gateway doctor` looks at: each looks at one thing and
 * says in words what it found, good or bad.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/session.h"

enum finding { FINDING_OK, FINDING_NOTE, FINDING_WARNING, FINDING_FAULT };

/* Say something about a thing ("stream"); a fault makes the command end with
 * 1. */
void doctor_says(struct session *session, const char *about,
	enum finding finding, const char *format, ...) PRINTF_LIKE(4, 5);

/* What to ask the web server for. */
struct doctor_stream {
	struct str url; /* of the gateway, as clients have it; no slash */
	struct str key; /* a gateway key */
	int64_t pieces;
	int64_t gap_ms;
	int64_t silence_ms; /* before the last piece; 0: none */
};

/* Read a stream of known times through the web server, and say what arrived
 * when. */
void doctor_look_at_stream(
	struct session *session, const struct doctor_stream *wanted);

/* These ask the database. ERR_DATABASE. */
MUST_USE bool doctor_look_at_prices(struct session *session, struct error *err);
MUST_USE bool doctor_look_at_keys(struct session *session, struct error *err);
MUST_USE bool doctor_look_at_journal(
	struct session *session, struct error *err);

#endif
