/*
 * routes.h - the table of URLs: which operation answers what.
 */
#ifndef SIMULATOR_ROUTES_H
#define SIMULATOR_ROUTES_H

#include "operation.h"

/*
 * The operation of a request; ask->route_model is set where the path names
 * the model. Both need ask->http and ask->arena. NULL and ERR_NOT_FOUND or
 * ERR_METHOD: there is none.
 */
const struct operation *route_find(struct ask *ask, struct error *err);

#endif
