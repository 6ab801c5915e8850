/*
 * secret.h - reads one secret from where no process list shows it.
 */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include "base/error.h"

/*
 * All of fd, or one line of a terminal, which is asked for `what` and does
 * not echo. One line end at its end is dropped. *out is a view of `buffer`,
 * which the caller wipes. ERR_BAD_FIELD when it is empty, has several lines
 * or does not fit; ERR_IO.
 */
MUST_USE bool secret_read(int fd, const char *what, char *buffer,
	size_t buffer_bytes, struct str *out, struct error *err);

#endif
