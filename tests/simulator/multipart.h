/*
 * multipart.h - a body of multipart/form-data (RFC 7578), part by part.
 */
#ifndef SIMULATOR_MULTIPART_H
#define SIMULATOR_MULTIPART_H

#include "http.h"

struct multipart_part {
	struct str name;
	struct str file_name; /* empty: it is no file */
	struct str value;     /* any bytes */
};

struct multipart {
	struct str boundary;
	struct str rest;
};

/* False: the body is none, or its type does not say the boundary. */
MUST_USE bool multipart_begin(struct multipart *multipart,
	const struct http_request *http, struct str body);
/* False at the end, and where the body breaks off. */
bool multipart_next(struct multipart *multipart, struct multipart_part *part);

#endif
