/*
 * operation.h - what a route can do: a row of functions. And what a
 * provider's routes have in common: a dialect.
 */
#ifndef SIMULATOR_OPERATION_H
#define SIMULATOR_OPERATION_H

#include "ask.h"
#include "completion.h"

struct head_facts {
	uint64_t id; /* of the answer */
	int status;
	int delay_ms;                /* as the behaviour said */
	const struct error *refusal; /* NULL: it is none */
};

/* What is the same in all answers of one provider. */
struct dialect {
	/* Append the lines of the head that each answer has. */
	void (*write_head)(const struct head_facts *facts, struct buf *out);
	/* The body of an error of that status, in the provider's words. */
	void (*write_error)(int status, uint64_t id, struct buf *out);
	/* The body that says what was wrong with the request. */
	void (*write_refusal)(
		const struct error *err, uint64_t id, struct buf *out);
	/* Set *err to what the provider says of a model it does not have. */
	void (*refuse_model)(struct str name, struct error *err);
};

struct operation {
	const struct dialect *dialect;
	/* Find what is asked for. NULL: there is nothing to read. */
	MUST_USE bool (*read)(struct ask *ask, struct error *err);
	/* Examine it as the provider would; NULL: it takes everything. */
	MUST_USE bool (*check)(const struct ask *ask, struct error *err);

	/* Either the answer's whole body at once... */
	void (*answer)(const struct ask *ask, const struct behaviour *behaviour,
		struct buf *out);

	/* ...or what the model says: whole, */
	void (*write)(struct completion *completion, struct buf *out);
	/* piece by piece (no frame, one, or several), */
	void (*write_piece)(struct completion *completion,
		const struct piece *piece, struct buf *out);
	/* and the last frame of a stream that fails half way. */
	void (*write_failure)(struct completion *completion, struct buf *out);
	struct str delta_event; /* what a frame with text is called */
	int max_text_bytes;     /* 0: as many as a behaviour may ask for */
};

#endif
