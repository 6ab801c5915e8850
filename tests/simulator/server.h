/*
 * server.h - the listening socket and the threads' event loops.
 */
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "base/error.h"

struct server_options {
	struct str listen;      /* ADDRESS:PORT (0: a free one), unix:PATH */
	const char *recordings; /* directory; NULL: none */
	const char *models;     /* the only ones, by commas; NULL: any name */
	int64_t threads;
};

#define SERVER_MAX_THREADS 64

/*
 * Listen, print "listening on ..." and serve until the process ends. Comes
 * back only when it cannot begin: ERR_CONFIG or ERR_IO.
 */
MUST_USE bool server_run(
	const struct server_options *options, struct error *err);

#endif
