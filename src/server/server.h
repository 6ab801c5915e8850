/*
 * server.h - the daemon: event loops, workers, timed jobs, signals.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/settings.h"

struct serve_options {
	const char *listen; /* NULL: as the settings say */
};

/*
 * Serve until SIGTERM or SIGINT, then let running calls finish. Gives the
 * process's exit code: 0 after an orderly end, 1 when it could not start (the
 * reason is in the log).
 */
int server_run(
	const struct settings *settings, const struct serve_options *options);

#endif
