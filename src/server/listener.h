/*
 * listener.h - the socket on which the web server finds us.
 *
 * It is our own (unix:PATH or ADDRESS:PORT), or it was inherited: from
 * systemd (LISTEN_PID, LISTEN_FDS) or as descriptor 0, the way of spawn-fcgi
 * and mod_fcgid.
 */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include "base/settings.h"

/* True when descriptor 0 is a listening socket. */
bool listener_is_inherited(void);

/*
 * An inherited socket if there is one, else our own at `address`. A unix
 * socket takes the place of an older one in a single step, so that a restart
 * leaves no moment without; its file stays when the socket is closed, because
 * it may be a newer process's by then. Non-blocking. ERR_CONFIG, with what to
 * change.
 */
MUST_USE bool listener_open(struct str address, const struct settings *settings,
	int *fd, struct error *err);

#endif
