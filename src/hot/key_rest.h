/*
 * key_rest.h - provider keys that are left alone for a while, on all
 * processes of the machine.
 *
 * A key that the provider refuses (401) is left alone for every model; one
 * that it limits (429) or denies a model (403), for that model. It is used
 * again when its time is over, or at once when its row is written anew: a
 * rest is bound to the sealed text that it was noted for.
 */
#ifndef HOT_KEY_REST_H
#define HOT_KEY_REST_H

#include "hot/store.h"

struct key_rest {
	int64_t until_ms; /* Unix; 0: it does not rest */
	int64_t status;   /* that the provider answered */
};

/* The key as the catalogue has it. */
struct key_of_rest {
	int64_t key_id;
	struct str sealed;
};

/* Does it rest for this model? One look into the store each for the key and
 * for the model. */
struct key_rest key_rest_read(struct hot *hot, const struct key_of_rest *key,
	int64_t model_id, int64_t now_ms);

/* Leave it alone; model_id 0: for every model. A store that cannot be changed
 * is logged. */
void key_rest_set(struct hot *hot, const struct key_of_rest *key,
	int64_t model_id, const struct key_rest *rest);

#endif
