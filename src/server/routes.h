/*
 * routes.h - the table of URLs.
 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "http/exchange.h"

/*
 * Answer the exchange, or have it answered later. `err`, if not NULL, is why
 * its request could not be read: it is refused in the dialect of its path.
 */
void routes_serve(struct http_exchange *x, const struct error *err);

#endif
