/*
 * aws_signature.h - is a request signed as Amazon wants it? (Signature
 * Version 4, in the Authorization header.)
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/
 * (reference_sigv-create-signed-request.html)
 *
 * With our credentials the signature is computed and compared; with any other
 * access key its form alone is checked, because the secret is not known.
 */
#ifndef SIMULATOR_AWS_SIGNATURE_H
#define SIMULATOR_AWS_SIGNATURE_H

#include "base/arena.h"
#include "base/error.h"
#include "http.h"

#define AWS_ACCESS_KEY "AKIASIMULATOR"
#define AWS_SECRET_KEY "simulator-secret-access-key"

/*
 * ERR_FORBIDDEN: no; the exception's name is in err->detail. `service` is
 * what the scope must name.
 */
MUST_USE bool aws_signature_check(const struct http_request *http,
	struct str body, struct str service, struct arena *arena,
	struct error *err);

/* Refuse with the name of an exception. */
bool aws_refuse(struct error *err, enum error_kind kind, const char *exception,
	const char *format, ...) PRINTF_LIKE(4, 5);

#endif
