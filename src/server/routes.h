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

/* A row of the table, for who must know all of them. */
struct route_row {
	struct str path;
	const char *method;
	bool is_prefix; /* more follows */
};
/* False: there are not so many. */
bool routes_row(size_t index, struct route_row *out);

#endif
