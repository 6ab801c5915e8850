/*
 * control.h - what a test sees and steers: counters, the last request, and
 * the answer that the next completion gets. Shared by all threads.
 *
 * A counted request is one of a client, complete with its body, to any route
 * but /_simulator/. Then requests = active + completed + client_aborts (until
 * a reset: it zeroes all but `active` and `connections`, which tell a state).
 */
#ifndef SIMULATOR_CONTROL_H
#define SIMULATOR_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "http.h"
#include "prompt_cache.h"
#include "recording.h"
#include "rules.h"

struct control {
	const char *recordings; /* directory; NULL: none */
	atomic_llong requests;
	atomic_llong active;        /* being answered */
	atomic_llong completed;     /* answered as it was asked for */
	atomic_llong client_aborts; /* the client left before that */
	atomic_llong last_abort_unix_ms;
	atomic_llong last_request_unix_ms;
	atomic_llong connections; /* open */
	atomic_bool plays;        /* `play` is set; read without the lock */
	pthread_mutex_t lock;     /* for what follows */
	struct buf last_head;     /* of the last request; empty: none */
	struct buf last_body;
	struct recording play;
	struct buf models; /* those that are there, one a line */
	atomic_bool lists; /* `models` is set: no other is there */
	struct rules rules;
	struct prompt_cache prompt_cache;
};

#define CONTROL_MAX_MODELS_BYTES 65536

void control_init(struct control *control);

/* A request is complete; its answer begins. */
void control_begin(struct control *control, struct str head, struct str body);
/* The answer ended as it should. */
void control_complete(struct control *control);
/* The client left before that. */
void control_abort(struct control *control);

/* Move the answer that waits into *out (initialised); false: none waits. */
MUST_USE bool control_take_play(struct control *control, struct recording *out);

/* The models that are there, separated by commas; NULL: any name is one. */
void control_set_models(struct control *control, const char *models);
/* True when it is in the list, or there is none. */
bool control_has_model(const struct control *control, struct str name);
/* Call visit(name, context) for each model, or for some when there is no
 * list. */
void control_each_model(const struct control *control,
	void (*visit)(struct str name, void *context), void *context);

/* True when the path is one of ours. */
bool control_owns(struct str path);

/*
 * Answer a control request. The result is the status; `headers` gets whole
 * lines, `body` the body.
 */
int control_answer(struct control *control, const struct http_request *request,
	struct str body, struct buf *headers, struct buf *out);

#endif
