/*
 * answer.h - one answer on its way out: which bytes come next, how they are
 * cut, how long to wait, and how it ends. The connection does the sending.
 */
#ifndef SIMULATOR_ANSWER_H
#define SIMULATOR_ANSWER_H

#include "control.h"
#include "operation.h"
#include "recording.h"

enum answer_end {
	ANSWER_KEEP,   /* complete; the connection may be kept */
	ANSWER_CLOSE,  /* the connection is closed */
	ANSWER_DRAIN,  /* the same, but the client may still be sending */
	ANSWER_RESET,  /* the connection is reset */
	ANSWER_SILENT, /* nothing more comes, and it stays open */
};

struct answer {
	struct arena arena;
	struct behaviour behaviour;
	const struct dialect *dialect;
	const struct operation *operation; /* NULL: the route is unknown */
	enum { SOURCE_NONE, SOURCE_COMPLETION, SOURCE_RECORDING } source;
	const struct error *refusal; /* while one is being written */
	struct completion completion;
	enum fault fault; /* of a stream, still to come when half is said */
	struct recording recording;
	size_t recording_at; /* bytes of its body that were taken */
	uint64_t id;         /* unique among the answers of this process */
	bool counted;        /* among the requests of clients */
	bool keep_alive;     /* the client wants the connection kept */
	bool chunked;        /* frames are sent as chunks */
	size_t head_bytes;   /* at the front of the first bytes */
	int first_ms;        /* to wait behind the head */
	enum answer_end end; /* valid when there is no more */
};

struct answer_request {
	struct control *control;
	const struct http_request *http;
	struct str head;
	struct str body;
	uint64_t id;
	struct buf *scratch; /* for the time of the call */
	struct buf *out;     /* empty */
};

/*
 * Decide the answer and append its first bytes to `out`: the head and, unless
 * it comes in frames, the body. No view of the request is kept.
 */
void answer_begin(struct answer *answer, const struct answer_request *request);

/* Answer a request that could not be read; the connection ends with it. */
void answer_refuse(struct answer *answer, const struct error *err,
	struct buf *scratch, struct buf *out);

/* Append the next frames, perhaps none. Only while answer_has_more(). */
void answer_next(struct answer *answer, struct buf *scratch, struct buf *out);
bool answer_has_more(const struct answer *answer);

void answer_release(struct answer *answer);

#endif
